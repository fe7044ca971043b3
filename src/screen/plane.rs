//! Places words on the screen, without drawing: fitting, panning and zooming, the nearest word, and which names fit.
//! word coordinates -> [`Camera`] -> screen coordinates.

use crate::train::event::MapPoint;

/// The largest number of names that are drawn.
pub const NAMES_MAX: usize = 120;
const ZOOM: [f32; 2] = [0.5, 200.0];
/// From a word's point to its name's upper left corner.
const NAME_OFFSET: Pair = [5.0, -9.0];

/// A place on the screen, in points to the right and down; or a place in the plane, whose second number grows upwards.
pub type Pair = [f32; 2];

/// A rectangle of the screen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    pub min: Pair,
    pub max: Pair,
}

impl Area {
    pub fn at(min: Pair, size: Pair) -> Self {
        Self { min, max: [min[0] + size[0], min[1] + size[1]] }
    }

    pub fn size(&self) -> Pair {
        [0, 1].map(|axis| self.max[axis] - self.min[axis])
    }

    pub fn center(&self) -> Pair {
        [0, 1].map(|axis| (self.min[axis] + self.max[axis]) / 2.0)
    }

    pub fn contains(&self, at: Pair) -> bool {
        (0..2).all(|axis| (self.min[axis]..=self.max[axis]).contains(&at[axis]))
    }

    pub fn intersects(&self, other: &Self) -> bool {
        (0..2).all(|axis| self.min[axis] <= other.max[axis] && other.min[axis] <= self.max[axis])
    }
}

/// The part of the plane that the screen shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// A place in the plane.
    pub center: Pair,
    /// How many times larger than the scale at which everything fits.
    pub zoom: f32,
    /// Half the side of the square around all words.
    reach: f32,
    middle: Pair,
}

impl Camera {
    /// A camera that shows all points, with a margin.
    pub fn around(points: &[MapPoint]) -> Self {
        let finite = points.iter().filter(|p| p.x.is_finite() && p.y.is_finite());
        let bounds = finite.fold(None, |bounds: Option<Area>, p| {
            let at = [p.x, p.y];
            let Area { min, max } = bounds.unwrap_or(Area { min: at, max: at });
            let [min, max] = [[0, 1].map(|axis| min[axis].min(at[axis])), [0, 1].map(|axis| max[axis].max(at[axis]))];
            Some(Area { min, max })
        });
        let bounds = bounds.unwrap_or(Area { min: [-0.5; 2], max: [0.5; 2] });
        let [width, height] = bounds.size();
        let middle = bounds.center();
        let reach = (width.max(height) * 0.53).max(1e-6);
        Self { center: middle, zoom: 1.0, reach, middle }
    }

    /// Shows all points again.
    pub fn reset(&mut self) {
        (self.center, self.zoom) = (self.middle, 1.0);
    }

    fn scale(&self, canvas: Area) -> f32 {
        let [width, height] = canvas.size();
        width.min(height).max(1.0) / (2.0 * self.reach) * self.zoom
    }

    /// The plane's y grows upwards.
    pub fn screen(&self, canvas: Area, x: f32, y: f32) -> Pair {
        let ([left, top], scale) = (canvas.center(), self.scale(canvas));
        [left + (x - self.center[0]) * scale, top + (self.center[1] - y) * scale]
    }

    /// Moves the picture by `by` points.
    pub fn pan(&mut self, canvas: Area, by: Pair) {
        let scale = self.scale(canvas);
        let moved = [self.center[0] - by[0] / scale, self.center[1] + by[1] / scale];
        // It never moves so far that no word is left to see.
        self.center =
            [0, 1].map(|axis| moved[axis].clamp(self.middle[axis] - self.reach, self.middle[axis] + self.reach));
    }

    /// Zooms, keeping what lies under `at` where it is.
    pub fn zoom_at(&mut self, canvas: Area, at: Pair, factor: f32) {
        let middle = canvas.center();
        let offset = [0, 1].map(|axis| at[axis] - middle[axis]);
        let before = self.scale(canvas);
        self.zoom = (self.zoom * factor).clamp(ZOOM[0], ZOOM[1]);
        let after = self.scale(canvas);
        let moved = offset.map(|offset| offset / before - offset / after);
        self.center = [self.center[0] + moved[0], self.center[1] - moved[1]];
        self.pan(canvas, [0.0; 2]);
    }
}

/// The word nearest to `at`, within `reach` points of it.
pub fn nearest(screen: &[Pair], at: Pair, reach: f32) -> Option<usize> {
    let distance = |i: &usize| (screen[*i][0] - at[0]).powi(2) + (screen[*i][1] - at[1]).powi(2);
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

/// The words that contain the search text, whole matches and beginnings first; none if the search text is empty.
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

/// Chooses the names that are drawn: `first` always, then each of the others, in order, that covers no earlier name. `size` gives a
/// name's size on the screen.
pub fn names(
    screen: &[Pair],
    canvas: Area,
    first: &[usize],
    mut size: impl FnMut(usize) -> Pair,
) -> Vec<(usize, Area)> {
    let mut placed: Vec<(usize, Area)> = Vec::new();
    let mut seen = vec![false; screen.len()];
    let order = first.iter().copied().chain(0..screen.len());
    for i in order {
        if placed.len() >= NAMES_MAX {
            break;
        }
        if std::mem::replace(&mut seen[i], true) || !canvas.contains(screen[i]) {
            continue;
        }
        let area = Area::at([0, 1].map(|axis| screen[i][axis] + NAME_OFFSET[axis]), size(i));
        let free = || placed.iter().all(|(_, other)| !other.intersects(&area));
        if first.contains(&i) || free() {
            placed.push((i, area));
        }
    }
    placed
}

/// The next of the words that were found; of all words, by frequency, if a person searches for nothing.
pub fn next_word(chosen: Option<usize>, step: i32, count: usize, found: &[usize]) -> Option<usize> {
    let all: Vec<usize> = if found.is_empty() { (0..count).collect() } else { found.to_vec() };
    let last = all.len().checked_sub(1)?;
    let at = chosen.and_then(|chosen| all.iter().position(|i| *i == chosen));
    let next = match at {
        Some(at) => at.saturating_add_signed(step as isize).min(last),
        None if step > 0 => 0,
        None => last,
    };
    Some(all[next])
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

    fn apart(a: Pair, b: Pair) -> f32 {
        (a[0] - b[0]).hypot(a[1] - b[1])
    }

    fn canvas() -> Area {
        Area::at([100.0, 50.0], [400.0, 300.0])
    }

    #[test]
    fn everything_fits_at_first() {
        let points = points(&[(-3.0, 1.0), (5.0, 2.0), (0.0, -9.0)]);
        let camera = Camera::around(&points);
        for p in &points {
            assert!(canvas().contains(camera.screen(canvas(), p.x, p.y)), "{p:?}");
        }
        let [low, high] = [-9.0, 2.0].map(|y| camera.screen(canvas(), 0.0, y)[1]);
        assert!(low > high, "up is up");
        // One word, no word, and words whose coordinates are not finite have a camera too.
        for odd in [&[(2.0, 2.0)][..], &[], &[(f32::NAN, 0.0)]] {
            let camera = Camera::around(&self::points(odd));
            assert!(camera.screen(canvas(), 2.0, 2.0)[0].is_finite());
        }
    }

    #[test]
    fn zooming_keeps_what_is_under_the_pointer() {
        let mut camera = Camera::around(&points(&[(-1.0, -1.0), (1.0, 1.0)]));
        let at = camera.screen(canvas(), 0.4, 0.3);
        camera.zoom_at(canvas(), at, 3.0);
        let after = camera.screen(canvas(), 0.4, 0.3);
        assert!(apart(after, at) < 0.01, "{after:?} {at:?}");
        (0..100).for_each(|_| camera.zoom_at(canvas(), at, 3.0));
        assert_eq!(camera.zoom, ZOOM[1]);
    }

    #[test]
    fn panning_stays_near() {
        let mut camera = Camera::around(&points(&[(-1.0, -1.0), (1.0, 1.0)]));
        let before = camera.screen(canvas(), 0.0, 0.0);
        camera.pan(canvas(), [10.0, -20.0]);
        assert!(apart(camera.screen(canvas(), 0.0, 0.0), [before[0] + 10.0, before[1] - 20.0]) < 0.01);
        camera.pan(canvas(), [1e9, 1e9]);
        assert!(apart(camera.center, [0.0; 2]) < 3.0);
    }

    #[test]
    fn words_are_found_and_have_neighbours() {
        let points = points(&[(0.0, 0.0), (1.0, 0.0), (1.1, 0.0), (5.0, 5.0), (1.0, 0.2)]);
        assert_eq!(matches(&points, " DOG "), [1, 3, 2, 4]);
        assert_eq!(matches(&points, ""), Vec::<usize>::new());
        assert_eq!(neighbours(&points, 1, 2), [2, 4]);
        assert!(neighbours(&points, 99, 2).is_empty());
        let screen: Vec<Pair> = points.iter().map(|p| [p.x, p.y]).collect();
        assert_eq!(nearest(&screen, [4.0, 5.0], 2.0), Some(3));
        assert_eq!(nearest(&screen, [40.0, 5.0], 2.0), None);
    }

    #[test]
    fn names_do_not_cover_one_another() {
        let screen: Vec<Pair> =
            (0..500).map(|n| [110.0 + (n % 25) as f32 * 14.0, 60.0 + (n / 25) as f32 * 13.0]).collect();
        let names = names(&screen, canvas(), &[499], |_| [40.0, 16.0]);
        assert!(names.len() > 20 && names.len() <= NAMES_MAX);
        assert_eq!(names[0].0, 499, "what is searched has its name");
        for (n, (_, a)) in names.iter().enumerate() {
            assert!(names[n + 1..].iter().all(|(_, b)| !a.intersects(b)));
        }
    }

    #[test]
    fn the_keys_go_from_word_to_word() {
        assert_eq!(next_word(None, 1, 5, &[]), Some(0));
        assert_eq!(next_word(Some(4), 1, 5, &[]), Some(4));
        assert_eq!(next_word(Some(2), -1, 5, &[]), Some(1));
        assert_eq!(next_word(Some(2), 1, 5, &[4, 1]), Some(4));
        assert_eq!(next_word(Some(4), 1, 5, &[4, 1]), Some(1));
        assert_eq!(next_word(None, 1, 0, &[]), None);
    }
}
