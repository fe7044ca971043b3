//! Draws the flow strip, which is Figure 2 of the paper on live weights: original, masked, generator, judge, one column for each
//! token.
//! readout -> columns that are aligned in all four rows and wrap at the window's edge; pointer or focus -> details.

mod details;

use super::chip::{self, Column, HEIGHT, Look};
use super::{Mark, PanelContext};
use crate::screen::chips::{self, RowOf};
use crate::t;
use crate::train::event::{BatchSample, ReadToken, Stage};
use details::spoken;
use egui::{
    Align2, CornerRadius, Rect, RichText, Role, Sense, Stroke, StrokeKind, Tooltip, Ui, WidgetInfo, pos2, vec2,
};

const ROWS: [(&str, Mark); 4] = [
    ("flow-row-original", Mark::OriginalRow),
    ("flow-row-masked", Mark::MaskedRow),
    ("flow-row-generator", Mark::GeneratorRow),
    ("flow-row-judge", Mark::JudgeRow),
];
/// The gap between rows.
const ROW_GAP: f32 = 5.0;
const LABEL_GAP: f32 = 14.0;
/// The width of the details.
const DETAILS_WIDTH: f32 = 360.0;

#[derive(Default)]
pub struct FlowPanel;

/// A sentence on its way through the stages.
struct Strip<'a> {
    row: RowOf,
    tokens: &'a [ReadToken],
    /// The last stage that is done, if the sentence has not come to the end.
    known: Option<Stage>,
}

impl FlowPanel {
    /// Draws the legend above the strips; it does not scroll with them.
    pub fn legend_ui(ui: &mut Ui, cx: &PanelContext) {
        let legend = ui.scope(|ui| chip::legend(ui, cx)).response;
        mark(ui, legend.rect, Mark::Legend, cx);
    }

    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext) {
        // Room for the lesson's mark around the first row.
        ui.add_space(4.0);
        let state = cx.state;
        let readout = state.readout_at(cx.view.scrub);
        let sentences = readout.map(|readout| readout.sentences.as_slice()).unwrap_or_default();
        let swaps = readout.map(|readout| readout.swaps.as_slice()).unwrap_or_default();
        let batch = state.batch.as_ref().filter(|_| cx.view.scrub.is_none());
        if sentences.is_empty() && batch.is_none() {
            ui.label(cx.t("flow-none"));
            return;
        }
        // First comes a readout sentence, then one with a wrong word, then a row of the training batch, then all others. In the
        // middle of a step the batch is what a person looks for.
        let strip = |number: usize, tokens| Strip { row: RowOf::Sentence(number), tokens, known: None };
        if let Some(first) = sentences.first() {
            ui.label(RichText::new(cx.t("flow-readout")).font(cx.theme.strong()));
            strip_ui(ui, &strip(0, first), cx);
        }
        let in_step = batch.filter(|sample| stage_key(sample.known).is_some());
        in_step.iter().for_each(|sample| batch_ui(ui, sample, cx));
        if let Some(first) = swaps.first() {
            swap_ui(ui, 0, first, cx);
        }
        batch.filter(|_| in_step.is_none()).iter().for_each(|sample| batch_ui(ui, sample, cx));
        for (number, tokens) in swaps.iter().enumerate().skip(1) {
            swap_ui(ui, number, tokens, cx);
        }
        if sentences.len() > 1 {
            ui.label(RichText::new(cx.t("flow-readouts-more")).font(cx.theme.strong()));
        }
        for (number, tokens) in sentences.iter().enumerate().skip(1) {
            strip_ui(ui, &strip(number, tokens), cx);
        }
        ui.label(RichText::new(cx.t("flow-details-hint")).color(cx.theme.weak).font(cx.theme.small()));
    }
}

/// Draws a row of the training batch, as far as its step has come.
fn batch_ui(ui: &mut Ui, sample: &BatchSample, cx: &mut PanelContext) {
    let known = stage_key(sample.known);
    let heading = t!(cx, "flow-batch", step = sample.step, row = u64::from(sample.first_row) + 1);
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(heading).font(cx.theme.strong()));
        if let Some(key) = known {
            ui.label(RichText::new(cx.t(key)).color(cx.theme.accent));
        }
    });
    if let Some(tokens) = sample.rows.first() {
        strip_ui(ui, &Strip { row: RowOf::Batch, tokens, known: known.map(|_| sample.known) }, cx);
    }
}

/// The name of the last stage that is done, if a step has not ended.
fn stage_key(stage: Stage) -> Option<&'static str> {
    match stage {
        Stage::MASK => Some("flow-stage-masked"),
        Stage::PROPOSE => Some("flow-stage-proposed"),
        Stage::REPLACE => Some("flow-stage-replaced"),
        _ => None,
    }
}

/// The row that a stage fills.
fn stage_row(stage: Stage) -> usize {
    match stage {
        Stage::MASK => 1,
        Stage::PROPOSE | Stage::REPLACE => 2,
        _ => 3,
    }
}

/// Draws four rows for one sentence, wrapped into as many lines as the width needs.
fn strip_ui(ui: &mut Ui, strip: &Strip, cx: &mut PanelContext) {
    let labels = ROWS.map(|(key, _)| cx.t(key));
    let width = labels.iter().map(|label| chip::label_width(ui, label, cx)).fold(0.0, f32::max) + LABEL_GAP;
    let mask = cx.state.specials().mask;
    let room = (ui.available_width() - width).max(120.0);
    for columns in chip::folds(ui, strip.tokens, room, &mask, cx) {
        let height = 4.0 * HEIGHT + 3.0 * ROW_GAP;
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
        let row = |n: usize| rect.top() + n as f32 * (HEIGHT + ROW_GAP);
        for (n, label) in labels.iter().enumerate() {
            let here = strip.known.is_some_and(|known| stage_row(known) == n);
            let (font, color) =
                if here { (cx.theme.strong(), cx.theme.accent) } else { (cx.theme.small(), cx.theme.weak) };
            let at = pos2(rect.left(), row(n) + HEIGHT / 2.0);
            ui.painter().text(at, Align2::LEFT_CENTER, label, font, color);
            let line = Rect::from_min_size(pos2(rect.left(), row(n)), vec2(rect.width(), HEIGHT));
            mark(ui, line, ROWS[n].1, cx);
        }
        for column in &columns {
            let left = rect.left() + width + column.left;
            let cells = [0, 1, 2, 3].map(|n| Rect::from_min_size(pos2(left, row(n)), vec2(column.width, HEIGHT)));
            column_ui(ui, strip, column, cells, &mask, cx);
        }
        ui.add_space(6.0);
    }
}

fn column_ui(ui: &Ui, strip: &Strip, column: &Column, cells: [Rect; 4], mask: &str, cx: &mut PanelContext) {
    let Column { token, index, .. } = *column;
    let painter = ui.painter();
    let (original, _) = chip::piece(&token.original);
    let (read, _) = chip::piece(token.read());
    let guess = token.proposals.first().map_or("", |best| chip::piece(&best.token).0);
    chip::text(painter, cells[0], original, Look::Plain, cx.theme);
    let looks = match (token.masked, token.sampled_original()) {
        (false, _) => [(original, Look::Faint), (original, Look::Faint)],
        // The token is picked, but the generator may read it: its own word stands in the box of a hidden one.
        (true, _) if token.left_visible && token.sampled.is_some() => {
            let drawn = if token.sampled_original() { Look::Lucky } else { Look::Replaced };
            [(original, Look::Masked), (read, drawn)]
        }
        // The token is hidden and no sample is drawn yet, because the step has stopped between two stages.
        (true, _) if token.sampled.is_none() => [(mask, Look::Masked), (guess, Look::Faint)],
        (true, false) => [(mask, Look::Masked), (read, Look::Replaced)],
        (true, true) => [(mask, Look::Masked), (read, Look::Lucky)],
    };
    for (cell, (text, look)) in cells[1..3].iter().zip(looks) {
        chip::text(painter, *cell, text, look, cx.theme);
    }
    chip::judged(painter, cells[3], token, token.verdict(), cx);
    for (cell, text) in [(cells[0], token.original.as_str()), (cells[2], token.read())] {
        if column.index > 0 && chip::piece(text).1 {
            chip::joint(painter, cell, cx.theme);
        }
    }
    token_ui(ui, (strip.row, index), token, cells[0].union(cells[3]), cx);
}

/// Draws a sentence with a wrong word in it, and below it what the judge says.
fn swap_ui(ui: &mut Ui, number: usize, tokens: &[ReadToken], cx: &mut PanelContext) {
    if let Some(wrong) = tokens.iter().find(|token| token.replaced) {
        let [word, original] = [wrong.read(), wrong.original.as_str()].map(|text| chip::piece(text).0);
        let heading = t!(cx, "flow-swap", word = word, original = original);
        ui.label(RichText::new(heading).font(cx.theme.strong())).on_hover_text(cx.t("flow-swap-about"));
    }
    let labels = ["flow-row-swap", "flow-row-judge"].map(|key| cx.t(key));
    let width = ROWS.iter().map(|(key, _)| chip::label_width(ui, &cx.t(key), cx)).fold(0.0, f32::max) + LABEL_GAP;
    let room = (ui.available_width() - width).max(120.0);
    for columns in chip::folds(ui, tokens, room, "", cx) {
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 2.0 * HEIGHT + ROW_GAP), Sense::hover());
        let row = |n: usize| rect.top() + n as f32 * (HEIGHT + ROW_GAP);
        for (n, label) in labels.iter().enumerate() {
            let at = pos2(rect.left(), row(n) + HEIGHT / 2.0);
            ui.painter().text(at, Align2::LEFT_CENTER, label, cx.theme.small(), cx.theme.weak);
        }
        for &Column { index, token, left, width: room, .. } in &columns {
            let left = rect.left() + width + left;
            let [text, judge] = [0, 1].map(|n| Rect::from_min_size(pos2(left, row(n)), vec2(room, HEIGHT)));
            let look = if token.replaced { Look::Replaced } else { Look::Plain };
            let (read, joined) = chip::piece(token.read());
            chip::text(ui.painter(), text, read, look, cx.theme);
            chip::judged(ui.painter(), judge, token, token.verdict(), cx);
            if index > 0 && joined {
                chip::joint(ui.painter(), text, cx.theme);
            }
            token_ui(ui, (RowOf::Swap(number), index), token, text.union(judge), cx);
        }
        ui.add_space(6.0);
    }
}

/// Shows the details of the token in `all` while a person points at it.
fn token_ui(ui: &Ui, id: (RowOf, usize), token: &ReadToken, all: Rect, cx: &mut PanelContext) {
    let response = ui.interact(all, ui.scope_id().with(("token", id)), Sense::click());
    let label = spoken(token, cx);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
    let focused = response.has_focus();
    if !response.hovered() && !focused {
        return;
    }
    let line = Stroke::new(if focused { 2.0 } else { 1.0 }, cx.theme.accent);
    ui.painter().rect_stroke(all.expand(2.0), CornerRadius::same(6), line, StrokeKind::Outside);
    Tooltip::for_widget(&response)
        .width(DETAILS_WIDTH)
        .show(|ui| details::details_ui(ui, token, &chips::history(cx.state, id.0, id.1, token), cx));
}

/// Marks a place for the lesson.
fn mark(ui: &Ui, rect: Rect, mark: Mark, cx: &PanelContext) {
    if cx.is_marked(mark) {
        let line = Stroke::new(2.0, cx.theme.accent);
        ui.painter().rect_stroke(rect.expand(2.0), CornerRadius::same(6), line, StrokeKind::Outside);
    }
}
