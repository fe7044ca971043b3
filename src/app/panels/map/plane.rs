//! Where words stand on the screen, computed without drawing: fitting, panning and zooming, the nearest word, which names fit.
//! word coordinates -> [`Camera`] -> screen coordinates.

use crate::train::event::MapPoint;
use egui::{Pos2, Rect, Vec2, pos2, vec2};

/// Names drawn at most.
pub const NAMES_MAX: usize = 120;
const ZOOM: [f32; 2] = [0.5, 200.0];

/// Which part of the plane is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// In the plane.
    pub center: Vec2,
    /// Times the scale at which everything fits.
    pub zoom: f32,
    /// Half the side of the square around all words.
    reach: f32,
    middle: Vec2,
}

impl Camera {
    /// Everything, with a margin.
    pub fn around(points: &[MapPoint]) -> Self {
        let finite = points.iter().filter(|p| p.x.is_finite() && p.y.is_finite());
        let bounds = finite.fold(Rect::NOTHING, |mut rect, p| {
            rect.extend_with(pos2(p.x, p.y));
            rect
        });
        let bounds = if bounds.is_finite() { bounds } else { Rect::from_center_size(Pos2::ZERO, Vec2::splat(1.0)) };
        let middle = bounds.center().to_vec2();
        let reach = (bounds.width().max(bounds.height()) * 0.53).max(1e-6);
        Self { center: middle, zoom: 1.0, reach, middle }
    }

    /// Everything again.
    pub fn reset(&mut self) {
        (self.center, self.zoom) = (self.middle, 1.0);
    }

    fn scale(&self, canvas: Rect) -> f32 {
        canvas.width().min(canvas.height()).max(1.0) / (2.0 * self.reach) * self.zoom
    }

    /// The plane's y grows upwards.
    pub fn screen(&self, canvas: Rect, x: f32, y: f32) -> Pos2 {
        canvas.center() + vec2(x - self.center.x, self.center.y - y) * self.scale(canvas)
    }

    /// Moves the picture by so many points.
    pub fn pan(&mut self, canvas: Rect, by: Vec2) {
        self.center += vec2(-by.x, by.y) / self.scale(canvas);
        // Never so far that nothing is left to see.
        let far = Vec2::splat(self.reach);
        self.center = self.center.clamp(self.middle - far, self.middle + far);
    }

    /// Zooms, keeping what lies under `at` where it is.
    pub fn zoom_at(&mut self, canvas: Rect, at: Pos2, factor: f32) {
        let offset = at - canvas.center();
        let before = offset / self.scale(canvas);
        self.zoom = (self.zoom * factor).clamp(ZOOM[0], ZOOM[1]);
        let moved = before - offset / self.scale(canvas);
        self.center += vec2(moved.x, -moved.y);
        self.pan(canvas, Vec2::ZERO);
    }
}

/// The word nearest to `at`, within `reach` points of it.
pub fn nearest(screen: &[Pos2], at: Pos2, reach: f32) -> Option<usize> {
    let distance = |i: &usize| screen[*i].distance_sq(at);
    let nearest = (0..screen.len()).min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    (distance(&nearest) <= reach * reach).then_some(nearest)
}

/// The `count` words nearest to word `of` in the plane, nearest first.
pub fn neighbours(points: &[MapPoint], of: usize, count: usize) -> Vec<usize> {
    let Some(center) = points.get(of) else { return Vec::new() };
    let distance = |i: &usize| (points[*i].x - center.x).powi(2) + (points[*i].y - center.y).powi(2);
    let mut order: Vec<usize> = (0..points.len()).filter(|i| *i != of).collect();
    order.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
    order.truncate(count);
    order
}

/// Words that contain what is searched for, whole matches and beginnings first; none where nothing is searched.
pub fn matches(points: &[MapPoint], search: &str) -> Vec<usize> {
    let search = search.trim().to_lowercase();
    if search.is_empty() {
        return Vec::new();
    }
    let rank = |i: usize| {
        let token = points[i].token.to_lowercase();
        let bare = token.trim_start_matches("##");
        if bare == search {
            Some(0)
        } else if bare.starts_with(&search) {
            Some(1)
        } else {
            token.contains(&search).then_some(2)
        }
    };
    let mut found: Vec<(i32, usize)> = (0..points.len()).filter_map(|i| rank(i).map(|rank| (rank, i))).collect();
    found.sort_unstable();
    found.into_iter().map(|(_, i)| i).collect()
}

/// Which names are drawn: `first` always, then the others in their order, as long as they cover no name before them.
/// `size` gives a name's size on the screen.
pub fn names(
    screen: &[Pos2],
    canvas: Rect,
    first: &[usize],
    mut size: impl FnMut(usize) -> Vec2,
) -> Vec<(usize, Rect)> {
    let mut placed: Vec<(usize, Rect)> = Vec::new();
    let mut seen = vec![false; screen.len()];
    let order = first.iter().copied().chain(0..screen.len());
    for i in order {
        if placed.len() >= NAMES_MAX {
            break;
        }
        if std::mem::replace(&mut seen[i], true) || !canvas.contains(screen[i]) {
            continue;
        }
        let rect = Rect::from_min_size(screen[i] + vec2(5.0, -9.0), size(i));
        let free = || placed.iter().all(|(_, other)| !other.intersects(rect));
        if first.contains(&i) || free() {
            placed.push((i, rect));
        }
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(places: &[(f32, f32)]) -> Vec<MapPoint> {
        let point = |(id, (x, y)): (usize, &(f32, f32))| MapPoint {
            id: id as u32,
            token: ["the", "dog", "dogs", "##dog", "hotdog"][id % 5].to_owned(),
            count: 10,
            x: *x,
            y: *y,
        };
        places.iter().enumerate().map(point).collect()
    }

    fn canvas() -> Rect {
        Rect::from_min_size(pos2(100.0, 50.0), vec2(400.0, 300.0))
    }

    #[test]
    fn everything_fits_at_first() {
        let points = points(&[(-3.0, 1.0), (5.0, 2.0), (0.0, -9.0)]);
        let camera = Camera::around(&points);
        for p in &points {
            assert!(canvas().contains(camera.screen(canvas(), p.x, p.y)), "{p:?}");
        }
        let [low, high] = [-9.0, 2.0].map(|y| camera.screen(canvas(), 0.0, y).y);
        assert!(low > high, "up is up");
        // One word, no word, and words of a broken run have a camera too.
        for odd in [&[(2.0, 2.0)][..], &[], &[(f32::NAN, 0.0)]] {
            let camera = Camera::around(&self::points(odd));
            assert!(camera.screen(canvas(), 2.0, 2.0).x.is_finite());
        }
    }

    #[test]
    fn zooming_keeps_what_is_under_the_pointer() {
        let mut camera = Camera::around(&points(&[(-1.0, -1.0), (1.0, 1.0)]));
        let at = camera.screen(canvas(), 0.4, 0.3);
        camera.zoom_at(canvas(), at, 3.0);
        let after = camera.screen(canvas(), 0.4, 0.3);
        assert!((after - at).length() < 0.01, "{after:?} {at:?}");
        (0..100).for_each(|_| camera.zoom_at(canvas(), at, 3.0));
        assert_eq!(camera.zoom, ZOOM[1]);
    }

    #[test]
    fn panning_stays_near() {
        let mut camera = Camera::around(&points(&[(-1.0, -1.0), (1.0, 1.0)]));
        let before = camera.screen(canvas(), 0.0, 0.0);
        camera.pan(canvas(), vec2(10.0, -20.0));
        assert!((camera.screen(canvas(), 0.0, 0.0) - before - vec2(10.0, -20.0)).length() < 0.01);
        camera.pan(canvas(), vec2(1e9, 1e9));
        assert!(camera.center.length() < 3.0);
    }

    #[test]
    fn words_are_found_and_have_neighbours() {
        let points = points(&[(0.0, 0.0), (1.0, 0.0), (1.1, 0.0), (5.0, 5.0), (1.0, 0.2)]);
        assert_eq!(matches(&points, " DOG "), [1, 3, 2, 4]);
        assert_eq!(matches(&points, ""), Vec::<usize>::new());
        assert_eq!(neighbours(&points, 1, 2), [2, 4]);
        assert!(neighbours(&points, 99, 2).is_empty());
        let screen: Vec<Pos2> = points.iter().map(|p| pos2(p.x, p.y)).collect();
        assert_eq!(nearest(&screen, pos2(4.0, 5.0), 2.0), Some(3));
        assert_eq!(nearest(&screen, pos2(40.0, 5.0), 2.0), None);
    }

    #[test]
    fn names_do_not_cover_one_another() {
        let screen: Vec<Pos2> =
            (0..500).map(|n| pos2(110.0 + (n % 25) as f32 * 14.0, 60.0 + (n / 25) as f32 * 13.0)).collect();
        let names = names(&screen, canvas(), &[499], |_| vec2(40.0, 16.0));
        assert!(names.len() > 20 && names.len() <= NAMES_MAX);
        assert_eq!(names[0].0, 499, "what is searched has its name");
        for (n, (_, a)) in names.iter().enumerate() {
            assert!(names[n + 1..].iter().all(|(_, b)| !a.intersects(*b)));
        }
    }
}
