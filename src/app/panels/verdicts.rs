//! Shows how good the judge's verdicts on held-out text are: the counts at any threshold, beside the counts of a judge that knows
//! only the base rate; the curves over all thresholds; and the calibration. A cell of the counts lists its tokens in their text.

mod context;
mod plots;

use super::chip::{self, GLYPH};
use super::{Mark, PanelContext};
use crate::screen::glossary;
use crate::screen::verdicts::{counts_at, easier, edge, verdict_of};
use crate::t;
use crate::train::event::{Command, Confusion, EvalMetrics, JUDGE_BINS, JudgedExample, Verdict};
use egui::text::{LayoutJob, TextFormat};
use egui::{Align2, CornerRadius, Rect, RichText, Role, Sense, Slider, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

/// The threshold that counts unless a person chooses another.
const HALF: f64 = 0.5;
const CELL_HEIGHT: f32 = 48.0;
const ROW_GAP: f32 = 4.0;

/// The four kinds of tokens, by what they are and what the judge says, in reading order.
const CELLS: [(Verdict, &str); 4] = [
    (Verdict::Caught, "verdicts-caught"),
    (Verdict::Missed, "verdicts-missed"),
    (Verdict::FalseAlarm, "verdicts-false-alarm"),
    (Verdict::Passed, "verdicts-passed"),
];

#[derive(Default)]
pub struct VerdictsPanel {
    /// The cell whose tokens are listed: an index of [`CELLS`].
    open: Option<usize>,
}

impl VerdictsPanel {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext) {
        let state = cx.state;
        let Some(eval) = state.eval_at(cx.view.scrub) else {
            ui.label(cx.t(match (cx.view.replaying, cx.view.transport.live) {
                (true, _) => "verdicts-none-replaying",
                (false, true) => "verdicts-none-live",
                (false, false) => "verdicts-none",
            }));
            evaluate_ui(ui, cx);
            return;
        };
        context::ui(ui, cx, eval);
        let bin = threshold_ui(ui, cx, eval);
        let Some(counts) = counts_at(eval, bin) else {
            ui.label(cx.t("verdicts-no-counts"));
            return;
        };
        let cells = ui.scope(|ui| self.cells_ui(ui, cx, &counts)).response;
        if cx.is_marked(Mark::Verdicts) {
            let finger = Stroke::new(2.0, cx.theme.accent);
            ui.painter().rect_stroke(cells.rect.expand(2.0), CornerRadius::same(6), finger, StrokeKind::Outside);
        }
        if let Some(open) = self.open {
            examples_ui(ui, cx, eval, CELLS[open], edge(bin));
        }
        accuracy_ui(ui, cx, &counts);
        harder_ui(ui, cx, eval);
        ui.add_space(4.0);
        if let Some(threshold) = plots::ui(ui, cx, eval, bin) {
            cx.view.threshold = Some(threshold);
        }
    }

    /// Draws the four cells: the truth downwards, the judge's verdict across.
    fn cells_ui(&mut self, ui: &mut Ui, cx: &PanelContext, counts: &Confusion) {
        let rows = ["verdicts-row-replaced", "verdicts-row-original"].map(|key| cx.t(key));
        let width = |text: &String| {
            ui.painter().layout_no_wrap(text.clone(), cx.theme.small(), cx.theme.weak).size().x.ceil() + 10.0
        };
        let side = rows.iter().map(width).fold(0.0, f32::max);
        let (head, _) = ui.allocate_exact_size(vec2(ui.available_width(), 20.0), Sense::hover());
        let cell_width = ((head.width() - side - ROW_GAP) / 2.0).max(60.0);
        for (n, key) in ["verdicts-column-replaced", "verdicts-column-original"].into_iter().enumerate() {
            let at = pos2(head.left() + side + (cell_width + ROW_GAP) * n as f32 + 4.0, head.center().y);
            ui.painter().text(at, Align2::LEFT_CENTER, cx.t(key), cx.theme.small(), cx.theme.weak);
        }
        let numbers = [counts.caught, counts.missed, counts.false_alarm, counts.passed];
        for (row, name) in rows.iter().enumerate() {
            let (rect, _) = ui.allocate_exact_size(vec2(head.width(), CELL_HEIGHT), Sense::hover());
            ui.painter().text(rect.left_center(), Align2::LEFT_CENTER, name, cx.theme.small(), cx.theme.weak);
            let whole = numbers[2 * row] + numbers[2 * row + 1];
            for column in 0..2 {
                let cell = 2 * row + column;
                let left = rect.left() + side + (cell_width + ROW_GAP) * column as f32;
                let place = Rect::from_min_size(pos2(left, rect.top()), vec2(cell_width, CELL_HEIGHT));
                self.cell_ui(ui, cx, cell, place, numbers[cell], whole);
            }
        }
    }

    /// Draws one cell: its count in digits, its share of the row in digits and as luminance, its kind as a glyph and a word. A cell of
    /// mistakes has another hue than one of right answers.
    fn cell_ui(&mut self, ui: &mut Ui, cx: &PanelContext, cell: usize, place: Rect, count: u64, whole: u64) {
        let (verdict, key) = CELLS[cell];
        let share = (whole > 0).then(|| count as f64 / whole as f64);
        let percent = cx.percent(share, 1);
        let response = ui.interact(place, ui.scope_id().with(("cell", cell)), Sense::click());
        let chosen = self.open == Some(cell);
        let name = t!(cx, "verdicts-cell", kind = cx.t(key), count = count, share = &percent);
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, &name));
        let right = matches!(verdict, Verdict::Caught | Verdict::Passed);
        let share = share.unwrap_or(0.0);
        let fill = if right { cx.theme.ramp(share) } else { cx.theme.wrong_ramp(share) };
        let ink = cx.theme.on(fill);
        let outlined = chosen || response.hovered() || response.has_focus();
        let line = if outlined { Stroke::new(2.5, cx.theme.accent) } else { Stroke::new(1.0, cx.theme.line) };
        let painter = ui.painter().with_clip_rect(place.intersect(ui.clip_rect()));
        painter.rect(place, CornerRadius::same(6), fill, line, StrokeKind::Inside);
        let left = place.left() + 10.0;
        chip::glyph(&painter, verdict, pos2(left + GLYPH / 2.0, place.top() + 15.0), ink);
        let indent = if verdict == Verdict::Passed { 0.0 } else { GLYPH + 6.0 };
        painter.text(pos2(left + indent, place.top() + 15.0), Align2::LEFT_CENTER, cx.t(key), cx.theme.small(), ink);
        let numbers = format!("{}   {percent}", cx.lang().whole(count));
        painter.text(pos2(left, place.bottom() - 14.0), Align2::LEFT_CENTER, numbers, cx.theme.strong(), ink);
        if response.on_hover_text(cx.t("verdicts-cell-hint")).clicked() {
            self.open = (!chosen).then_some(cell);
        }
    }
}

fn evaluate_ui(ui: &mut Ui, cx: &mut PanelContext) {
    if cx.answered() && ui.button(cx.t("verdicts-evaluate")).clicked() {
        cx.send(Command::Evaluate);
    }
}

/// Draws what was measured and the slider of the threshold. Returns the threshold's bin.
fn threshold_ui(ui: &mut Ui, cx: &mut PanelContext, eval: &EvalMetrics) -> usize {
    let lang = cx.lang();
    let movable = eval.histogram.is_some();
    let mut threshold = if movable { cx.view.threshold.unwrap_or(HALF) } else { HALF };
    ui.horizontal_wrapped(|ui| {
        let whole = counts_at(eval, JUDGE_BINS / 2).map_or(0, |c| c.caught + c.missed + c.false_alarm + c.passed);
        let replaced = cx.percent(eval.metrics.replaced_share, 1);
        let summary = ui.label(t!(cx, "verdicts-summary", step = eval.step, tokens = whole, replaced = replaced));
        summary.on_hover_text(cx.t("verdicts-held-out"));
    });
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().slider_width = (ui.available_width() - 290.0).clamp(90.0, 260.0);
        let slider = Slider::new(&mut threshold, 0.0..=1.0)
            .step_by(1.0 / JUDGE_BINS as f64)
            .text(cx.t("verdicts-threshold"))
            .custom_formatter(move |value, _| lang.decimal(value, 3))
            .custom_parser(|text| text.trim().replace(',', ".").parse().ok());
        let response = ui.add_enabled(movable, slider);
        if response.changed() {
            cx.view.threshold = Some(threshold);
        }
        evaluate_ui(ui, cx);
        if !movable {
            ui.label(RichText::new(cx.t("verdicts-fixed")).font(cx.theme.small()).color(cx.theme.weak));
        }
    });
    (threshold * JUDGE_BINS as f64).round().clamp(0.0, JUDGE_BINS as f64) as usize
}

/// Lists a cell's tokens in their text.
fn examples_ui(ui: &mut Ui, cx: &PanelContext, eval: &EvalMetrics, cell: (Verdict, &str), threshold: f64) {
    let (verdict, key) = cell;
    ui.label(RichText::new(t!(cx, "verdicts-examples", kind = cx.t(key))).font(cx.theme.strong()));
    if eval.examples.is_empty() {
        ui.label(RichText::new(cx.t("verdicts-examples-none")).color(cx.theme.weak));
        return;
    }
    let mut of_cell: Vec<&JudgedExample> =
        eval.examples.iter().filter(|example| verdict_of(example, threshold) == verdict).collect();
    if of_cell.is_empty() {
        ui.label(RichText::new(cx.t("verdicts-examples-empty")).color(cx.theme.weak));
    }
    // The tokens of which the judge was surest come first, whether it was right or wrong.
    of_cell.sort_by(|a, b| (b.p_replaced - HALF).abs().total_cmp(&(a.p_replaced - HALF).abs()));
    for example in of_cell {
        ui.horizontal(|ui| {
            let (rect, _) = ui.allocate_exact_size(vec2(52.0, 22.0), Sense::hover());
            let fill = cx.theme.ramp(example.p_replaced);
            let line = Stroke::new(1.0, cx.theme.line);
            ui.painter().rect(rect, CornerRadius::same(5), fill, line, StrokeKind::Inside);
            let number = cx.number(Some(example.p_replaced), 2);
            let ink = cx.theme.on(fill);
            ui.painter().text(rect.center(), Align2::CENTER_CENTER, number, cx.theme.body(), ink);
            ui.add(egui::Label::new(example_text(cx, example)).wrap());
        });
    }
}

fn example_text(cx: &PanelContext, example: &JudgedExample) -> LayoutJob {
    let theme = cx.theme;
    let mut job = LayoutJob::default();
    let plain = TextFormat::simple(theme.body(), theme.weak);
    let token =
        TextFormat { underline: Stroke::new(1.5, theme.accent), ..TextFormat::simple(theme.strong(), theme.text) };
    if !example.before.is_empty() {
        job.append(&format!("{} ", example.before), 0.0, plain.clone());
    }
    job.append(&example.token, 0.0, token);
    if !example.after.is_empty() {
        job.append(&format!(" {}", example.after), 0.0, plain.clone());
    }
    if example.replaced {
        job.append(&t!(cx, "verdicts-in-place", original = &example.original), 12.0, plain);
    } else if example.masked {
        job.append(&cx.t("verdicts-lucky"), 12.0, plain);
    }
    job
}

/// Shows recall and precision, and the accuracy beside that of a judge that always says "original". That judge is nearly always
/// right, because nearly all tokens are original.
fn accuracy_ui(ui: &mut Ui, cx: &PanelContext, counts: &Confusion) {
    let whole = counts.caught + counts.missed + counts.false_alarm + counts.passed;
    let share = |part: u64| (whole > 0).then(|| part as f64 / whole as f64);
    let (accuracy, base) = (share(counts.caught + counts.passed), share(counts.false_alarm + counts.passed));
    let [recall, precision] = [counts.recall(), counts.precision()].map(|share| cx.percent(share, 1));
    let rates = ui.label(t!(cx, "verdicts-rates", recall = recall, precision = precision));
    rates.on_hover_text(explained(cx, &[glossary::RECALL, glossary::PRECISION]));
    let words = t!(cx, "verdicts-accuracy", accuracy = cx.percent(accuracy, 1), base = cx.percent(base, 1));
    let (Some(accuracy), Some(base)) = (accuracy, base) else { return };
    ui.label(words).on_hover_text(explained(cx, &[glossary::ACCURACY, glossary::BASE_RATE]));
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 18.0), Sense::hover());
    let bar = Rect::from_min_max(rect.min + vec2(0.0, 4.0), rect.max - vec2(0.0, 4.0));
    let to = |share: f64| bar.left() + bar.width() * share as f32;
    let painter = ui.painter();
    painter.rect(bar, CornerRadius::same(4), cx.theme.raised, Stroke::new(1.0, cx.theme.line), StrokeKind::Inside);
    let done = Rect::from_min_max(bar.min, pos2(to(accuracy), bar.bottom()));
    painter.rect_filled(done, CornerRadius::same(4), cx.theme.ramp(0.75));
    let x = to(base);
    painter.line_segment([pos2(x, rect.top()), pos2(x, rect.bottom())], Stroke::new(2.5, cx.theme.text));
}

/// Words of the glossary, each with its sentence.
fn explained(cx: &PanelContext, entries: &[glossary::Entry]) -> String {
    let line = |entry: &glossary::Entry| format!("{}: {}", cx.t(entry.name), cx.t(entry.about));
    entries.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn harder_ui(ui: &mut Ui, cx: &PanelContext, eval: &EvalMetrics) {
    if let Some((step, replaced)) = easier(cx.state, eval) {
        let replaced = cx.percent(Some(replaced), 1);
        ui.label(RichText::new(t!(cx, "verdicts-harder", step = step, replaced = replaced)).color(cx.theme.weak));
    }
}
