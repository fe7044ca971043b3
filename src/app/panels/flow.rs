//! The flow strip, the paper's Figure 2 on live weights: original, masked, generator, judge, one column a token.
//! readout -> columns that are aligned in all four rows and fold where the window ends.

use super::chip::{self, HEIGHT, Look};
use super::{Mark, PanelContext};
use crate::t;
use crate::train::event::{BatchSample, ReadToken, Readout};
use egui::{Align2, CornerRadius, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

const ROWS: [(&str, Mark); 4] = [
    ("flow-row-original", Mark::OriginalRow),
    ("flow-row-masked", Mark::MaskedRow),
    ("flow-row-generator", Mark::GeneratorRow),
    ("flow-row-judge", Mark::JudgeRow),
];
/// Between rows; between columns; between the pieces of one word.
const ROW_GAP: f32 = 5.0;
const COLUMN_GAP: f32 = 5.0;
const PIECE_GAP: f32 = 0.0;
const LABEL_GAP: f32 = 14.0;

#[derive(Default)]
pub struct FlowPanel;

/// A token's place on a line of columns.
struct Column<'a> {
    index: usize,
    token: &'a ReadToken,
    left: f32,
    width: f32,
    joined: bool,
}

impl FlowPanel {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext) {
        let legend = ui.scope(|ui| chip::legend(ui, cx)).response;
        mark(ui, legend.rect, Mark::Legend, cx);
        ui.add_space(4.0);
        let state = cx.state;
        let Some(readout) = state.readout_at(cx.view.scrub) else {
            ui.label(cx.t("flow-none"));
            return;
        };
        for (number, sentence) in readout.sentences.iter().enumerate() {
            strip_ui(ui, number, sentence, cx);
        }
        if let (Some(sample), None) = (&state.batch, cx.view.scrub) {
            batch_ui(ui, sample, readout.sentences.len(), cx);
        }
        details_ui(ui, readout, cx);
    }
}

/// A few rows of the batch in training, as far as its step has come.
fn batch_ui(ui: &mut Ui, sample: &BatchSample, before: usize, cx: &mut PanelContext) {
    let heading = t!(cx, "flow-batch", step = sample.step, row = u64::from(sample.first_row) + 1);
    ui.label(egui::RichText::new(heading).font(cx.theme.strong()));
    for (number, row) in sample.rows.iter().take(1).enumerate() {
        strip_ui(ui, before + number, row, cx);
    }
}

/// Four rows over one sentence, in as many folds as the width asks for.
fn strip_ui(ui: &mut Ui, number: usize, sentence: &[ReadToken], cx: &mut PanelContext) {
    let labels = ROWS.map(|(key, _)| cx.t(key));
    let label_width = labels.iter().map(|label| text_width(ui, label, cx)).fold(0.0, f32::max) + LABEL_GAP;
    let mask = cx.t("flow-mask");
    let room = (ui.available_width() - label_width).max(120.0);
    for columns in folds(ui, sentence, room, &mask, cx) {
        let height = 4.0 * HEIGHT + 3.0 * ROW_GAP;
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
        let row = |n: usize| rect.top() + n as f32 * (HEIGHT + ROW_GAP);
        for (n, label) in labels.iter().enumerate() {
            let at = pos2(rect.left(), row(n) + HEIGHT / 2.0);
            ui.painter().text(at, Align2::LEFT_CENTER, label, cx.theme.small(), cx.theme.weak);
            let line = Rect::from_min_size(pos2(rect.left(), row(n)), vec2(rect.width(), HEIGHT));
            mark(ui, line, ROWS[n].1, cx);
        }
        for column in &columns {
            let left = rect.left() + label_width + column.left;
            let cells = [0, 1, 2, 3].map(|n| Rect::from_min_size(pos2(left, row(n)), vec2(column.width, HEIGHT)));
            column_ui(ui, (number, column), cells, &mask, cx);
        }
        ui.add_space(6.0);
    }
}

fn text_width(ui: &Ui, text: &str, cx: &PanelContext) -> f32 {
    ui.painter().layout_no_wrap(text.to_owned(), cx.theme.small(), cx.theme.text).size().x
}

/// Lines of columns no wider than `room`; special tokens are judged but never counted, and are left out.
fn folds<'a>(ui: &Ui, sentence: &'a [ReadToken], room: f32, mask: &str, cx: &PanelContext) -> Vec<Vec<Column<'a>>> {
    let mut lines: Vec<Vec<Column>> = vec![Vec::new()];
    let mut left = 0.0;
    for (index, token) in sentence.iter().enumerate().filter(|(_, token)| !token.special) {
        let width = chip::column_width(ui, token, cx, mask);
        let joined = chip::piece(&token.original).1;
        let line = lines.last().expect("there is a first line");
        let gap = if line.is_empty() {
            0.0
        } else if joined {
            PIECE_GAP
        } else {
            COLUMN_GAP
        };
        if left + gap + width > room && !line.is_empty() {
            lines.push(Vec::new());
            left = 0.0;
        } else {
            left += gap;
        }
        lines.last_mut().expect("there is a last line").push(Column { index, token, left, width, joined });
        left += width;
    }
    lines
}

fn column_ui(ui: &mut Ui, (sentence, column): (usize, &Column), cells: [Rect; 4], mask: &str, cx: &mut PanelContext) {
    let Column { token, index, .. } = *column;
    let painter = ui.painter().clone();
    let (original, _) = chip::piece(&token.original);
    let (read, _) = chip::piece(token.read());
    chip::text(&painter, cells[0], original, Look::Plain, cx.theme);
    let looks = match (token.masked, token.replaced) {
        (false, _) => [(original, Look::Faint), (original, Look::Faint)],
        // Hidden, and nothing is drawn yet: a step that stands between two stages.
        (true, _) if token.sampled.is_none() => [(mask, Look::Masked), ("", Look::Plain)],
        (true, true) => [(mask, Look::Masked), (read, Look::Replaced)],
        (true, false) => [(mask, Look::Masked), (read, Look::Lucky)],
    };
    for (cell, (text, look)) in cells[1..3].iter().zip(looks) {
        chip::text(&painter, *cell, text, look, cx.theme);
    }
    chip::judged(&painter, cells[3], token, cx);
    if column.joined {
        // The pieces of a word hold hands under their text.
        let y = cells[0].bottom() - 3.0;
        let joint = [pos2(cells[0].left() - chip::PAD, y), pos2(cells[0].left() + chip::PAD, y)];
        painter.line_segment(joint, Stroke::new(1.5, cx.theme.weak));
    }
    let all = cells[0].union(cells[3]);
    let response = ui.interact(all, ui.scope_id().with(("token", sentence, index)), Sense::click());
    let label = spoken(token, cx);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
    if response.hovered() || response.has_focus() {
        cx.view.token = Some((sentence, index));
    }
    if cx.view.token == Some((sentence, index)) {
        let width = if response.has_focus() { 2.0 } else { 1.0 };
        let line = Stroke::new(width, cx.theme.accent);
        painter.rect_stroke(all.expand(2.0), CornerRadius::same(6), line, StrokeKind::Outside);
    }
}

/// A column in words: for a screen reader, and for the tests.
fn spoken(token: &ReadToken, cx: &PanelContext) -> String {
    let p = cx.percent(token.p_replaced, 0);
    let verdict = cx.t(chip::verdict_key(token.verdict()));
    let (read, original) = (token.read(), token.original.as_str());
    if token.replaced {
        t!(cx, "flow-token-replaced", token = read, original = original, p = p, verdict = verdict)
    } else {
        t!(cx, "flow-token-original", token = read, p = p, verdict = verdict)
    }
}

/// What the token under the pointer or the focus went through.
fn details_ui(ui: &mut Ui, readout: &Readout, cx: &PanelContext) {
    let token = cx.view.token.and_then(|(sentence, index)| readout.sentences.get(sentence)?.get(index));
    let Some(token) = token else {
        ui.label(egui::RichText::new(cx.t("flow-details-hint")).color(cx.theme.weak).font(cx.theme.small()));
        return;
    };
    ui.label(egui::RichText::new(spoken(token, cx)).font(cx.theme.strong()));
    if token.proposals.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.label(egui::RichText::new(cx.t("flow-details-proposals")).color(cx.theme.weak));
        for proposal in token.proposals.iter().take(5) {
            let share = cx.percent(Some(f64::from(proposal.probability)), 0);
            ui.label(format!("{} {share}", proposal.token));
        }
        ui.label(t!(cx, "flow-details-sampled", token = token.read()));
    });
}

/// The lesson's finger.
fn mark(ui: &Ui, rect: Rect, mark: Mark, cx: &PanelContext) {
    if cx.is_marked(mark) {
        let line = Stroke::new(2.0, cx.theme.accent);
        ui.painter().rect_stroke(rect.expand(2.0), CornerRadius::same(6), line, StrokeKind::Outside);
    }
}
