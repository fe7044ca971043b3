//! Draws one line of the list: one dispatch, or all dispatches of one kernel together.

use crate::app::panels::PanelContext;
use crate::screen::kernels::sum::{Sum, bytes_text, flops_text, secs_text, shape_text};
use crate::t;
use crate::train::event::DispatchCost;
use egui::{Align2, CornerRadius, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

const HEIGHT: f32 = 44.0;
/// The widest row. The kernel's name and its numbers stand at its two ends, and a reader must connect them.
pub const WIDTH_MAX: f32 = 1100.0;
/// The width of a share, before the bar.
const SHARE: f32 = 60.0;
const BAR: f32 = 70.0;
/// The width of a dispatch's number.
const PLACE: f32 = 46.0;
/// From this width on a row names the tensor that the dispatch writes.
const NAME_ROOM: f32 = 640.0;

/// What a row shows beside a kernel's name.
#[derive(Clone, Copy)]
pub struct Row {
    pub sum: Sum,
    pub whole: Sum,
    /// The dispatch's place in the step, from 1; none for a kernel's dispatches together.
    pub place: Option<usize>,
}

/// Draws the row. Returns whether it was pressed.
pub fn ui(ui: &mut Ui, cx: &PanelContext, cost: &DispatchCost, row: Row, open: bool) -> bool {
    let width = ui.available_width().min(WIDTH_MAX);
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::click());
    let share = row.sum.share(row.whole);
    let detail = detail_text(cx, cost, row, rect.width() >= NAME_ROOM);
    let spoken = format!("{}, {}, {detail}", cost.kernel, cx.percent(share, 1));
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, open, &spoken));
    if ui.is_rect_visible(rect) {
        draw(ui, cx, cost, row, rect, open || response.hovered() || response.has_focus(), &detail);
    }
    response.clicked()
}

fn draw(ui: &Ui, cx: &PanelContext, cost: &DispatchCost, row: Row, rect: Rect, active: bool, detail: &str) {
    let theme = cx.theme;
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    if active {
        painter.rect_stroke(rect, CornerRadius::same(4), Stroke::new(1.5, theme.accent), StrokeKind::Inside);
    }
    let [first, second] = [rect.top() + 13.0, rect.top() + 32.0];
    let left = rect.left() + 6.0;
    let mut at = left;
    if let Some(place) = row.place {
        let end = pos2(left + PLACE - 12.0, first);
        painter.text(end, Align2::RIGHT_CENTER, cx.lang().whole(place as u64), theme.mono(), theme.weak);
        at += PLACE;
    }
    painter.text(pos2(at, first), Align2::LEFT_CENTER, &cost.kernel, theme.mono(), theme.text);
    let indent = if row.place.is_some() { PLACE } else { 0.0 };
    painter.text(pos2(left + indent, second), Align2::LEFT_CENTER, detail, theme.small(), theme.weak);
    let bar = Rect::from_min_size(pos2(rect.right() - BAR - 6.0, first - 6.0), vec2(BAR, 12.0));
    let share = row.sum.share(row.whole);
    painter.rect(bar, CornerRadius::same(3), theme.raised, Stroke::new(1.0, theme.line), StrokeKind::Inside);
    let width = bar.width() * share.unwrap_or(0.0).clamp(0.0, 1.0) as f32;
    painter.rect_filled(
        Rect::from_min_size(bar.min, vec2(width, bar.height())),
        CornerRadius::same(3),
        theme.ramp(0.8),
    );
    // Shares and times end at the same place in all rows.
    let end = bar.left() - 8.0;
    painter.text(pos2(end, first), Align2::RIGHT_CENTER, cx.percent(share, 1), theme.small(), theme.text);
    if let Some(secs) = row.sum.secs {
        let time = secs_text(cx.lang(), secs);
        painter.text(pos2(end - SHARE, first), Align2::RIGHT_CENTER, time, theme.small(), theme.text);
    }
}

/// `1024 × 192 · 1.2 MB · 12.3 MFLOP · 4.0 GB/s · 39 GFLOP/s`; for a kernel as a whole the number of dispatches stands in place of
/// the shape.
fn detail_text(cx: &PanelContext, cost: &DispatchCost, row: Row, named: bool) -> String {
    let lang = cx.lang();
    let written = cost.tensors.iter().find(|bound| bound.writes).map(|bound| match shape_text(&bound.shape) {
        shape if named => format!("{} {shape}", bound.label),
        shape => shape,
    });
    let first = match row.place {
        Some(_) => written.unwrap_or_default(),
        None => t!(cx, "kernels-times", count = row.sum.dispatches),
    };
    let mut parts = vec![first, bytes_text(lang, row.sum.bytes)];
    if row.sum.flops > 0 {
        parts.push(flops_text(lang, row.sum.flops));
    }
    let rates = [(row.sum.gbytes_per_sec(), "GB/s"), (row.sum.gflops_per_sec().filter(|rate| *rate > 0.0), "GFLOP/s")];
    parts.extend(rates.iter().filter_map(|(rate, unit)| Some(format!("{} {unit}", lang.decimal((*rate)?, 1)))));
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}
