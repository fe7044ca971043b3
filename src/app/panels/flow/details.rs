//! Shows what happened to one token: what the generator would have written, the judge's logit, the token's part of the loss, and
//! how p(replaced) changed over the run.
//! token and history -> a box beside it.

use super::super::PanelContext;
use super::super::chip;
use crate::t;
use crate::train::event::ReadToken;
use egui::{Align2, Grid, RichText, Sense, Shape, Stroke, Ui, pos2, vec2};

/// A token in words, for screen readers and tests.
pub fn spoken(token: &ReadToken, cx: &PanelContext) -> String {
    let p = cx.percent(token.p_replaced, 0);
    let verdict = cx.t(chip::verdict_key(token.verdict()));
    let (read, original) = (token.read(), token.original.as_str());
    if token.replaced {
        t!(cx, "flow-token-replaced", token = read, original = original, p = p, verdict = verdict)
    } else {
        t!(cx, "flow-token-original", token = read, p = p, verdict = verdict)
    }
}

pub fn details_ui(ui: &mut Ui, token: &ReadToken, history: &[(u64, f64)], cx: &PanelContext) {
    ui.label(RichText::new(spoken(token, cx)).font(cx.theme.strong()));
    if token.sampled_original() {
        ui.label(cx.t("flow-details-lucky"));
    }
    if !token.proposals.is_empty() {
        ui.add_space(2.0);
        ui.label(RichText::new(cx.t("flow-details-proposals")).color(cx.theme.weak));
        proposals_ui(ui, token, cx);
    }
    ui.add_space(2.0);
    let mut facts = Vec::new();
    if let Some(logit) = token.logit {
        facts.push(t!(cx, "flow-details-logit", logit = cx.number(Some(logit), 2)));
    }
    if let Some(share) = token.loss_share {
        facts.push(t!(cx, "flow-details-loss", share = cx.percent(Some(share), 1)));
    }
    if token.left_visible {
        facts.push(cx.t("flow-details-visible"));
    }
    if token.drawn {
        facts.push(cx.t("flow-details-drawn"));
    }
    for fact in facts {
        ui.label(fact);
    }
    if history.len() > 1 {
        history_ui(ui, history, cx);
    }
}

/// Draws the generator's best guesses with bars, and says which one was drawn.
fn proposals_ui(ui: &mut Ui, token: &ReadToken, cx: &PanelContext) {
    Grid::new("proposals").num_columns(3).min_row_height(18.0).spacing(vec2(10.0, 3.0)).show(ui, |ui| {
        for proposal in token.proposals.iter().take(5) {
            let drawn = Some(proposal.id) == token.sampled_id;
            let font = if drawn { cx.theme.strong() } else { cx.theme.body() };
            ui.label(RichText::new(&proposal.token).font(font));
            ui.label(cx.percent(Some(f64::from(proposal.probability)), 1));
            let (rect, _) = ui.allocate_exact_size(vec2(110.0, 10.0), Sense::hover());
            let mut bar = rect;
            bar.set_width(rect.width() * proposal.probability.clamp(0.0, 1.0));
            ui.painter().rect_filled(rect, 2.0, cx.theme.raised);
            ui.painter().rect_filled(bar, 2.0, cx.theme.accent);
            ui.end_row();
        }
    });
    if let Some(sampled) = &token.sampled {
        ui.label(t!(cx, "flow-details-sampled", token = sampled));
    }
}

/// Plots p(replaced) over the run, with the line above which the judge says "replaced".
fn history_ui(ui: &mut Ui, history: &[(u64, f64)], cx: &PanelContext) {
    let (Some(first), Some(last)) = (history.first(), history.last()) else { return };
    ui.add_space(2.0);
    ui.label(RichText::new(t!(cx, "flow-details-history", from = first.0, to = last.0)).color(cx.theme.weak));
    let (rect, _) = ui.allocate_exact_size(vec2(300.0, 56.0), Sense::hover());
    let painter = ui.painter();
    let steps = (last.0 - first.0).max(1) as f32;
    let plot = rect.with_max_x(rect.right() - 34.0);
    let at = |step: u64, p: f64| {
        let x = plot.left() + plot.width() * (step - first.0) as f32 / steps;
        pos2(x, plot.bottom() - plot.height() * p.clamp(0.0, 1.0) as f32)
    };
    painter.rect_filled(plot, 2.0, cx.theme.raised);
    let half = [at(first.0, 0.5), at(last.0, 0.5)];
    painter.extend(Shape::dashed_line(&half, Stroke::new(1.0, cx.theme.weak), 4.0, 4.0));
    let points = history.iter().map(|(step, p)| at(*step, *p)).collect();
    painter.add(Shape::line(points, Stroke::new(2.0, cx.theme.accent)));
    for (p, text) in [(0.0, "0"), (1.0, "1")] {
        let align = if p > 0.5 { Align2::LEFT_TOP } else { Align2::LEFT_BOTTOM };
        painter.text(at(last.0, p) + vec2(6.0, 0.0), align, text, cx.theme.small(), cx.theme.weak);
    }
}
