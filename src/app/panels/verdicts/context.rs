//! Says whether the judge knows context: the controlled swaps, part by part, and the generator's replacements that can be seen at
//! all. The AUC alone does not show it.

use crate::app::panels::PanelContext;
use crate::t;
use crate::train::event::{EvalMetrics, SwapPart, SwapScore};
use egui::{Align2, CornerRadius, Rect, RichText, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

/// The same-word AUC of a judge that knows nothing of context.
const CHANCE: f64 = 0.5;
const ROW_HEIGHT: f32 = 20.0;
/// The narrowest and the widest bar.
const BAR: [f32; 2] = [60.0, 320.0];

/// Draws what the evaluation says of context; nothing if it was not measured.
pub fn ui(ui: &mut Ui, cx: &PanelContext, eval: &EvalMetrics) {
    let Some(all) = eval.all_swaps() else { return };
    ui.label(RichText::new(cx.t("verdicts-context")).font(cx.theme.strong()));
    let times = all.auc.map_or_else(|| "-".to_owned(), |auc| cx.lang().decimal(100.0 * auc, 0));
    let [caught, alarms] = [all.caught, all.false_alarms].map(|share| cx.percent(Some(share), 0));
    let words = t!(cx, "verdicts-context-swaps", swaps = all.swaps, caught = caught, alarms = alarms, times = times);
    ui.label(words).on_hover_text(cx.t("verdicts-context-why"));
    let parts: Vec<&SwapScore> = eval.swaps.iter().filter(|score| score.part != SwapPart::All).collect();
    ui.collapsing(cx.t("verdicts-context-parts"), |ui| {
        for score in parts {
            part_ui(ui, cx, score);
        }
        ui.label(RichText::new(cx.t("verdicts-swaps-axis")).font(cx.theme.small()).color(cx.theme.weak));
    });
    if let Some(rules) = &eval.rules {
        let [ceiling, caught] = [rules.ceiling(), rules.caught()].map(|share| cx.percent(share, 0));
        let words = match rules.flagged() {
            Some(flagged) => {
                let fits = cx.percent(rules.ceiling().map(|share| 1.0 - share), 0);
                let flagged = cx.percent(Some(flagged), 0);
                t!(cx, "verdicts-context-rules", ceiling = ceiling, caught = caught, fits = fits, flagged = flagged)
            }
            None => t!(cx, "verdicts-context-rules-all", caught = caught),
        };
        ui.label(words).on_hover_text(cx.t("verdicts-context-ceiling"));
    }
    ui.separator();
}

/// Draws one part: its name, its same-word AUC as a bar from chance to perfect, and its share of caught words.
fn part_ui(ui: &mut Ui, cx: &PanelContext, score: &SwapScore) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::hover());
    let (painter, theme) = (ui.painter(), cx.theme);
    let name = t!(cx, "verdicts-context-part", part = cx.t(score.part.label()), swaps = score.swaps);
    let middle = rect.center().y;
    painter.text(pos2(rect.left(), middle), Align2::LEFT_CENTER, name, theme.small(), theme.text);
    let left = rect.left() + rect.width() * 0.5;
    let width = (rect.width() * 0.3).clamp(BAR[0], BAR[1]);
    let bar = Rect::from_min_size(pos2(left, rect.top() + 5.0), vec2(width, ROW_HEIGHT - 10.0));
    painter.rect(bar, CornerRadius::same(3), theme.raised, Stroke::new(1.0, theme.line), StrokeKind::Inside);
    let known = score.auc.map_or(0.0, |auc| ((auc - CHANCE) / (1.0 - CHANCE)).clamp(0.0, 1.0));
    let done = Rect::from_min_size(bar.min, vec2(width * known as f32, bar.height()));
    painter.rect_filled(done, CornerRadius::same(3), theme.ramp(0.75));
    let numbers = format!("{}   {}", cx.number(score.auc, 2), cx.percent(Some(score.caught), 0));
    painter.text(pos2(bar.right() + 8.0, middle), Align2::LEFT_CENTER, numbers, theme.small(), theme.text);
}
