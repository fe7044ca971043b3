//! Small plots drawn by hand: axes by value or by decades, their marks, lines that differ by their dashes, points thinned to pixels.
//! values -> [`Axis`] -> [`Plot`] -> shapes. It uses egui's painter alone; the caller decides what is drawn.

use crate::app::theme::Theme;
use crate::view::Lang;
use egui::{Align2, Color32, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

/// Room for the marks' texts beside and below the lines.
pub const LEFT: f32 = 50.0;
pub const BELOW: f32 = 20.0;
/// The least distance between two marks of an axis.
const TICK_ROOM: [f32; 2] = [64.0, 30.0];

/// A range of values that can be drawn: finite, not empty, positive where it goes by decades.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    pub min: f64,
    pub max: f64,
    pub log: bool,
}

impl Axis {
    pub fn new(min: f64, max: f64, log: bool) -> Self {
        let [mut min, mut max] = [min, max].map(|v| if v.is_finite() { v } else { 0.0 });
        if log {
            max = if max > 0.0 { max } else { 1.0 };
            min = if min > 0.0 { min } else { max / 1e3 };
        }
        if max <= min {
            let half = if log { min * 0.1 } else { (min.abs() * 0.05).max(0.5) };
            (min, max) = (min - half, max + half);
        }
        Self { min, max, log }
    }

    fn scaled(&self, value: f64) -> f64 {
        if self.log { value.log10() } else { value }
    }

    /// Where a value stands: 0 at `min`, 1 at `max`; none where decades have no place for it.
    pub fn share(&self, value: f64) -> Option<f32> {
        let [min, max, value] = [self.min, self.max, value].map(|v| self.scaled(v));
        let share = (value - min) / (max - min);
        share.is_finite().then_some(share as f32)
    }

    pub fn value(&self, share: f32) -> f64 {
        let [min, max] = [self.min, self.max].map(|v| self.scaled(v));
        let at = min + (max - min) * f64::from(share);
        if self.log { 10f64.powf(at) } else { at }
    }

    /// Round values within the range, `most` or fewer.
    pub fn ticks(&self, most: usize) -> Vec<f64> {
        let decades = if self.log { self.decade_ticks(most) } else { Vec::new() };
        if decades.len() >= 2 { decades } else { self.even_ticks(most) }
    }

    fn even_ticks(&self, most: usize) -> Vec<f64> {
        let power = 10f64.powf(((self.max - self.min) / most.max(1) as f64).log10().floor());
        let bounds = |step: f64| ((self.min / step - 1e-9).ceil(), (self.max / step + 1e-9).floor());
        let fits = |step: &f64| bounds(*step).1 - bounds(*step).0 < most.max(1) as f64;
        let step = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0].map(|n| n * power).into_iter().find(fits).unwrap_or(100.0 * power);
        let (first, last) = bounds(step);
        // Multiples, not sums: those drift.
        let ticks = (0..=(last - first).max(0.0) as usize).map(|n| (first + n as f64) * step);
        ticks.filter(|tick| !self.log || *tick > 0.0).collect()
    }

    fn decade_ticks(&self, most: usize) -> Vec<f64> {
        let (first, last) = (self.min.log10().floor() as i32, self.max.log10().ceil() as i32);
        let within = |v: &f64| *v >= self.min * 0.999 && *v <= self.max * 1.001;
        for parts in [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]] {
            let all = (first..=last).flat_map(|power| parts.iter().map(move |part| part * 10f64.powi(power)));
            let ticks: Vec<f64> = all.filter(within).collect();
            if ticks.len() <= most {
                return ticks;
            }
        }
        let stride = ((last - first) as usize).div_ceil(most.max(2) - 1).max(1);
        (first..=last).step_by(stride).map(|power| 10f64.powi(power)).filter(within).collect()
    }
}

/// A mark's text: as many digits as tell it from its neighbours.
fn tick_text(lang: Lang, tick: f64, ticks: &[f64]) -> String {
    let (unit, suffix) = match tick.abs() {
        size if size >= 1e9 => (1e9, " G"),
        size if size >= 1e6 => (1e6, " M"),
        size if size >= 1e4 => (1e3, " k"),
        _ => (1.0, ""),
    };
    let apart = ticks.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    let apart = if apart.is_finite() && apart > 0.0 { apart } else { tick.abs().max(1e-9) };
    let decimals = (-((apart / unit).log10() + 1e-6).floor()).clamp(0.0, 6.0) as usize;
    format!("{}{suffix}", lang.decimal(tick / unit, decimals))
}

/// How a curve is told from others without its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dash {
    Solid,
    Dashed,
    Dotted,
    DashDot,
}

impl Dash {
    fn lengths(self) -> Option<(&'static [f32], &'static [f32])> {
        match self {
            Self::Solid => None,
            Self::Dashed => Some((&[8.0], &[5.0])),
            Self::Dotted => Some((&[2.0], &[4.0])),
            Self::DashDot => Some((&[8.0, 2.0], &[4.0, 4.0])),
        }
    }

    pub fn draw(self, painter: &Painter, path: &[Pos2], stroke: Stroke) {
        match (self.lengths(), path) {
            (_, [] | [_]) => {}
            (None, path) => drop(painter.add(Shape::line(path.to_vec(), stroke))),
            (Some((dashes, gaps)), path) => {
                painter.extend(Shape::dashed_line_with_offset(path, stroke, dashes, gaps, 0.0));
            }
        }
    }
}

/// Two axes and where they stand.
#[derive(Debug, Clone, Copy)]
pub struct Plot {
    /// The area of the lines alone.
    pub rect: Rect,
    pub x: Axis,
    pub y: Axis,
}

impl Plot {
    /// In `outer`, with room for the marks' texts.
    pub fn new(outer: Rect, x: Axis, y: Axis) -> Self {
        let min = pos2(outer.left() + LEFT, outer.top() + 6.0);
        let max = pos2((outer.right() - 8.0).max(min.x + 10.0), (outer.bottom() - BELOW).max(min.y + 10.0));
        Self { rect: Rect::from_min_max(min, max), x, y }
    }

    /// Where a pair of values stands, inside or outside of the rectangle; none where an axis has no place for it.
    pub fn at(&self, x: f64, y: f64) -> Option<Pos2> {
        Some(pos2(self.at_x(x)?, self.rect.bottom() - self.rect.height() * self.y.share(y)?))
    }

    pub fn at_x(&self, x: f64) -> Option<f32> {
        Some(self.rect.left() + self.rect.width() * self.x.share(x)?)
    }

    /// The values at a place.
    pub fn values_at(&self, at: Pos2) -> [f64; 2] {
        let share = (at - self.rect.left_top()) / self.rect.size();
        [self.x.value(share.x), self.y.value(1.0 - share.y)]
    }

    /// Frame, marks and their texts; what the horizontal axis counts, where its marks leave room for it.
    pub fn grid(&self, painter: &Painter, theme: Theme, lang: Lang, unit: &str) {
        let line = Stroke::new(1.0, theme.line);
        let most = |room: f32, each: f32| ((room / each) as usize).clamp(3, 8);
        let ticks = self.x.ticks(most(self.rect.width(), TICK_ROOM[0]));
        let below = |left: f32| pos2(left, self.rect.bottom() + 2.0);
        let end = painter.clip_rect().right().min(self.rect.right() + 8.0);
        let unit = painter.layout_no_wrap(unit.to_owned(), theme.small(), theme.weak);
        let unit_left = end - unit.size().x;
        // The unit comes first: a number more says less.
        let room_end = if unit.is_empty() { painter.clip_rect().right() } else { unit_left - 6.0 };
        painter.galley(below(unit_left), unit, theme.weak);
        let mut free = f32::NEG_INFINITY;
        for tick in &ticks {
            let Some(x) = self.at_x(*tick) else { continue };
            painter.line_segment([pos2(x, self.rect.top()), pos2(x, self.rect.bottom())], line);
            let text = painter.layout_no_wrap(tick_text(lang, *tick, &ticks), theme.small(), theme.weak);
            let left = (x - text.size().x / 2.0).min(painter.clip_rect().right() - text.size().x);
            // Decades crowd at their end: a text that would touch the one before stays out.
            if left > free && left + text.size().x <= room_end {
                free = left + text.size().x + 6.0;
                painter.galley(below(left), text, theme.weak);
            }
        }
        let ticks = self.y.ticks(most(self.rect.height(), TICK_ROOM[1]));
        for tick in &ticks {
            let Some(at) = self.at(self.x.min, *tick) else { continue };
            painter.line_segment([at, pos2(self.rect.right(), at.y)], line);
            let text = tick_text(lang, *tick, &ticks);
            painter.text(at - vec2(6.0, 0.0), Align2::RIGHT_CENTER, text, theme.small(), theme.weak);
        }
    }

    /// A curve through pairs of values; where a value is missing it breaks.
    pub fn curve(
        &self,
        painter: &Painter,
        points: impl IntoIterator<Item = (f64, Option<f64>)>,
        dash: Dash,
        stroke: Stroke,
    ) {
        let painter = painter.with_clip_rect(self.rect.expand(1.0).intersect(painter.clip_rect()));
        let mut path = Vec::new();
        for (x, y) in points {
            match y.and_then(|y| self.at(x, y)) {
                Some(at) => path.push(at),
                None => dash.draw(&painter, &thinned(&std::mem::take(&mut path)), stroke),
            }
        }
        dash.draw(&painter, &thinned(&path), stroke);
    }
}

/// A path with at most four points a column of pixels: its first, lowest, highest and last, in their order. It covers the same
/// pixels; what it was smoothed by is no longer its business.
pub fn thinned(path: &[Pos2]) -> Vec<Pos2> {
    let mut thin: Vec<Pos2> = Vec::new();
    let mut rest = path;
    while let [first, ..] = rest {
        let count = rest.iter().take_while(|at| at.x.floor() == first.x.floor()).count().max(1);
        let (column, behind) = rest.split_at(count);
        rest = behind;
        let extreme = |pick: fn(f32, f32) -> bool| {
            (1..column.len()).fold(0, |best, n| if pick(column[n].y, column[best].y) { n } else { best })
        };
        let mut kept = [0, extreme(|a, b| a < b), extreme(|a, b| a > b), column.len() - 1];
        kept.sort_unstable();
        let mut before = None;
        for n in kept {
            if before.replace(n) != Some(n) {
                thin.push(column[n]);
            }
        }
    }
    thin
}

/// The range of most of the values: one in 200 at either end may lie outside, so that a single spike does not flatten the rest.
pub fn range(mut values: Vec<f64>) -> Option<[f64; 2]> {
    values.retain(|v| v.is_finite());
    if values.is_empty() {
        return None;
    }
    let cut = values.len() / 200;
    let at = |values: &mut Vec<f64>, n: usize| *values.select_nth_unstable_by(n, f64::total_cmp).1;
    let last = values.len() - 1;
    Some([at(&mut values, cut), at(&mut values, last - cut)])
}

/// A diamond: a value on held-out text.
pub fn diamond(painter: &Painter, at: Pos2, fill: Color32, stroke: Stroke) {
    const R: f32 = 5.0;
    let corners = [vec2(0.0, -R), vec2(R, 0.0), vec2(0.0, R), vec2(-R, 0.0)].map(|corner| at + corner);
    painter.add(Shape::convex_polygon(corners.to_vec(), fill, stroke));
}

/// A pin that points down at `at`: a checkpoint.
pub fn pin(painter: &Painter, at: Pos2, fill: Color32) {
    let corners = vec![at, at + vec2(-5.0, -8.0), at + vec2(5.0, -8.0)];
    painter.add(Shape::convex_polygon(corners, fill, Stroke::NONE));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_few_and_within() {
        for (min, max, log) in [(0.0, 1.0, false), (1.0, 1200.0, false), (-0.3, 0.31, false), (1.0, 1e6, true)] {
            for most in [2, 4, 8] {
                let axis = Axis::new(min, max, log);
                let ticks = axis.ticks(most);
                assert!((1..=most).contains(&ticks.len()), "{axis:?}, {most}: {ticks:?}");
                assert!(ticks.iter().all(|t| *t >= min - 1e-9 && *t <= max + 1e-9), "{axis:?}: {ticks:?}");
                assert!(ticks.is_sorted_by(|a, b| a < b));
            }
        }
        assert_eq!(Axis::new(0.0, 1.0, false).ticks(5), [0.0, 0.5, 1.0]);
        assert_eq!(Axis::new(1.0, 1000.0, true).ticks(5), [1.0, 10.0, 100.0, 1000.0]);
        // Less than a decade has no round powers: even marks instead.
        assert!(Axis::new(2.1, 4.5, true).ticks(4).len() >= 2);
    }

    #[test]
    fn an_axis_goes_both_ways_and_survives_bad_ranges() {
        for axis in [Axis::new(2.0, 10.0, false), Axis::new(0.01, 100.0, true)] {
            for share in [0.0, 0.25, 1.0] {
                assert!((axis.share(axis.value(share)).unwrap() - share).abs() < 1e-5, "{axis:?}");
            }
        }
        for axis in [Axis::new(f64::NAN, f64::INFINITY, false), Axis::new(3.0, 3.0, false), Axis::new(-1.0, 0.0, true)]
        {
            assert!(axis.max > axis.min && axis.share(axis.min) == Some(0.0), "{axis:?}");
        }
        assert_eq!(Axis::new(1.0, 10.0, true).share(0.0), None);
        assert_eq!(Axis::new(1.0, 10.0, true).share(-3.0), None);
    }

    #[test]
    fn marks_have_as_many_digits_as_they_need() {
        let text = |lang, ticks: &[f64]| ticks.iter().map(|t| tick_text(lang, *t, ticks)).collect::<Vec<_>>();
        assert_eq!(text(Lang::Pt, &[0.0, 0.5]), ["0,0", "0,5"]);
        assert_eq!(text(Lang::En, &[0.0, 0.2, 0.4]), ["0.0", "0.2", "0.4"]);
        assert_eq!(text(Lang::En, &[0.0, 500.0]), ["0", "500"]);
        assert_eq!(text(Lang::En, &[1.5e6, 2e6]), ["1.5 M", "2.0 M"]);
        assert_eq!(text(Lang::En, &[10_000.0, 20_000.0]), ["10 k", "20 k"]);
    }

    #[test]
    fn thinning_keeps_every_spike_and_few_points() {
        let mut path: Vec<Pos2> = (0..10_000).map(|n| pos2(n as f32 / 100.0, (n % 7) as f32)).collect();
        path[5_050].y = 99.0;
        let thin = thinned(&path);
        assert!(thin.len() <= 4 * 100, "{}", thin.len());
        assert!(thin.contains(&path[5_050]) && thin.first() == path.first() && thin.last() == path.last());
        assert!(thin.is_sorted_by(|a, b| a.x <= b.x));
        assert!(thinned(&[]).is_empty());
    }

    #[test]
    fn a_single_spike_does_not_flatten_a_curve() {
        let mut values: Vec<f64> = (0..1000).map(|n| n as f64 / 1000.0).collect();
        values.extend([1e9, f64::NAN]);
        let [min, max] = range(values).unwrap();
        assert!(min < 0.01 && max < 1.0, "{min} {max}");
        assert_eq!(range(vec![2.0]), Some([2.0, 2.0]));
        assert_eq!(range(vec![f64::NAN]), None);
    }
}
