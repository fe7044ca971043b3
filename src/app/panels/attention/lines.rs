//! Draws one network's attention: two columns of tokens, with lines from each token (left) to the tokens that it attends to
//! (right).
//! [`Shown`] -> lines whose width and strength show the weight. The token that has the focus also gets numbers.

use crate::app::panels::{PanelContext, chip};
use crate::screen::attention::Shown;
use crate::t;
use egui::{Align2, Color32, CornerRadius, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

const ROW: f32 = 22.0;
/// Weights below this draw no line, because too many lines show nothing.
const LEAST: f32 = 0.03;
/// How many tokens are named to a screen reader and below the lines.
const NAMED: usize = 3;

/// Draws `shown`. `focus` is the row that has the focus in both networks; pointer and keyboard move it.
pub fn lines_ui(ui: &mut Ui, cx: &PanelContext, network: &str, shown: &Shown, focus: &mut Option<usize>) {
    let width = ui.available_width();
    let column = (width * 0.36).clamp(60.0, 150.0);
    let (rect, _) = ui.allocate_exact_size(vec2(width, ROW * shown.tokens.len() as f32), Sense::hover());
    let cell =
        |left: f32, n: usize| Rect::from_min_size(pos2(left, rect.top() + ROW * n as f32), vec2(column, ROW - 2.0));
    let (left, right) = (rect.left(), rect.right() - column);
    let at = focus.filter(|n| *n < shown.tokens.len());
    let painter = ui.painter_at(rect.expand(2.0));
    for (from, row) in shown.rows.iter().enumerate().filter(|(from, _)| at.is_none_or(|at| at == *from)) {
        for (to, weight) in row.iter().enumerate().filter(|(_, weight)| **weight >= LEAST) {
            let ends = [cell(left, from).right_center(), cell(right, to).left_center()];
            let ink = faded(cx.theme.accent, 0.15 + 0.85 * weight.min(1.0));
            painter.line_segment(ends, Stroke::new(0.5 + 4.0 * weight.min(1.0), ink));
        }
    }
    for (n, token) in shown.tokens.iter().enumerate() {
        looked_at(ui, cx, cell(right, n), token, at.map(|at| shown.rows[at][n]));
    }
    for (n, token) in shown.tokens.iter().enumerate() {
        let place = cell(left, n);
        let response = ui.interact(place, ui.scope_id().with(("looks", network, n)), Sense::click());
        let label = spoken(cx, network, shown, n);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
        if response.hovered() || response.has_focus() {
            *focus = Some(n);
        }
        let chosen = *focus == Some(n);
        let (fill, line) = match (chosen, response.has_focus()) {
            (true, true) => (cx.theme.raised, Stroke::new(2.0, cx.theme.accent)),
            (true, false) => (cx.theme.raised, Stroke::new(1.0, cx.theme.accent)),
            _ => (Color32::TRANSPARENT, Stroke::NONE),
        };
        ui.painter().rect(place, CornerRadius::same(4), fill, line, StrokeKind::Inside);
        let at = place.right_center() - vec2(6.0, 0.0);
        ui.painter_at(place).text(at, Align2::RIGHT_CENTER, chip::piece(token).0, cx.theme.small(), cx.theme.text);
    }
}

/// Draws a token on the right. If a token has the focus, the weight that it gives to this one is shown.
fn looked_at(ui: &Ui, cx: &PanelContext, place: Rect, token: &str, weight: Option<f32>) {
    let painter = ui.painter_at(place);
    let mut ink = cx.theme.text;
    if let Some(weight) = weight {
        let fill = cx.theme.ramp(f64::from(weight));
        ink = cx.theme.on(fill);
        painter.rect_filled(place, CornerRadius::same(4), fill);
        let share = cx.percent(Some(f64::from(weight)), 0);
        painter.text(place.right_center() - vec2(5.0, 0.0), Align2::RIGHT_CENTER, share, cx.theme.small(), ink);
    }
    let at = place.left_center() + vec2(6.0, 0.0);
    painter.text(at, Align2::LEFT_CENTER, chip::piece(token).0, cx.theme.small(), ink);
}

/// The tokens that a token attends to, in words.
pub fn spoken(cx: &PanelContext, network: &str, shown: &Shown, from: usize) -> String {
    let named = shown.strongest(from, NAMED).into_iter().map(|(to, weight)| {
        let share = cx.percent(Some(f64::from(weight)), 0);
        t!(cx, "attention-gets", token = &shown.tokens[to], share = share)
    });
    let list = named.collect::<Vec<_>>().join(", ");
    t!(cx, "attention-looks", network = network, token = &shown.tokens[from], list = list)
}

fn faded(color: Color32, share: f32) -> Color32 {
    color.gamma_multiply(share)
}
