//! Draws small plots with egui's painter: axes by value or by decades, their marks, dashed lines, points thinned to pixels.
//! values -> [`Axis`] -> [`Plot`] -> shapes. The caller decides what is drawn.

use crate::app::theme::Theme;
use crate::screen::axis::{Axis, tick_text};
use crate::view::Lang;
use egui::{Align2, Color32, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

/// Room for the marks' texts beside and below the lines.
pub const LEFT: f32 = 50.0;
pub const BELOW: f32 = 20.0;
/// The least distance between two marks of an axis.
const TICK_ROOM: [f32; 2] = [64.0, 30.0];

/// The dashes that distinguish a curve from others without its colour.
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

/// Two axes and their place.
#[derive(Debug, Clone, Copy)]
pub struct Plot {
    /// The area of the lines, without the texts.
    pub rect: Rect,
    pub x: Axis,
    pub y: Axis,
}

impl Plot {
    /// A plot within `outer`, with room for the marks' texts.
    pub fn new(outer: Rect, x: Axis, y: Axis) -> Self {
        let min = pos2(outer.left() + LEFT, outer.top() + 6.0);
        let max = pos2((outer.right() - 8.0).max(min.x + 10.0), (outer.bottom() - BELOW).max(min.y + 10.0));
        Self { rect: Rect::from_min_max(min, max), x, y }
    }

    /// The place of a pair of values, inside or outside of the rectangle; none if an axis has no place for it.
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

    /// Draws the frame, the marks and their texts, and the unit of the horizontal axis if there is room.
    pub fn grid(&self, painter: &Painter, theme: Theme, lang: Lang, unit: &str) {
        let line = Stroke::new(1.0, theme.line);
        let most = |room: f32, each: f32| ((room / each) as usize).clamp(3, 8);
        let ticks = self.x.ticks(most(self.rect.width(), TICK_ROOM[0]));
        let below = |left: f32| pos2(left, self.rect.bottom() + 2.0);
        let end = painter.clip_rect().right().min(self.rect.right() + 8.0);
        let unit = painter.layout_no_wrap(unit.to_owned(), theme.small(), theme.weak);
        let unit_left = end - unit.size().x;
        // The unit gets its room first, because it says more than one more number.
        let room_end = if unit.is_empty() { painter.clip_rect().right() } else { unit_left - 6.0 };
        painter.galley(below(unit_left), unit, theme.weak);
        let mut free = f32::NEG_INFINITY;
        for tick in &ticks {
            let Some(x) = self.at_x(*tick) else { continue };
            painter.line_segment([pos2(x, self.rect.top()), pos2(x, self.rect.bottom())], line);
            let text = painter.layout_no_wrap(tick_text(lang, *tick, &ticks), theme.small(), theme.weak);
            let left = (x - text.size().x / 2.0).min(painter.clip_rect().right() - text.size().x);
            // The marks of a decade crowd at its end. A text that would touch the one before is left out.
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

    /// Draws a curve through pairs of values. The curve breaks where a value is missing.
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

/// Thins a path to at most four points in each column of pixels: the first, lowest, highest and last, in their order. The thinned
/// path covers the same pixels.
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

/// A diamond, which marks a value on held-out text.
pub fn diamond(painter: &Painter, at: Pos2, fill: Color32, stroke: Stroke) {
    const R: f32 = 5.0;
    let corners = [vec2(0.0, -R), vec2(R, 0.0), vec2(0.0, R), vec2(-R, 0.0)].map(|corner| at + corner);
    painter.add(Shape::convex_polygon(corners.to_vec(), fill, stroke));
}

/// A pin that points down at `at`, which marks a checkpoint.
pub fn pin(painter: &Painter, at: Pos2, fill: Color32) {
    let corners = vec![at, at + vec2(-5.0, -8.0), at + vec2(5.0, -8.0)];
    painter.add(Shape::convex_polygon(corners, fill, Stroke::NONE));
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
