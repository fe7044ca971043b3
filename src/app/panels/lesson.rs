//! Draws the lesson: nine short pages on the four stages and the reasons behind them. Each page points at one thing and asks for a
//! prediction. Then it answers with numbers of the run that is shown.
//! pages + state -> page on the screen; ticks -> `view.kept`, which the settings remember.

use super::{Ask, PanelContext};
use crate::app::theme;
use crate::screen::lesson::facts::{Facts, facts};
use crate::screen::lesson::pages::{OBJECTIVES, PAGES, Page};
use crate::t;
use egui::{
    Align, Align2, CornerRadius, Key, Label, Layout, Modifiers, Rect, RichText, Role, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};
use serde::{Deserialize, Serialize};

/// Where the ticks are kept.
const KEPT: &str = "lesson";
/// The widest line, because wider lines are hard to read.
const TEXT_WIDTH: f32 = 640.0;
/// From this width on, text and question stand beside each other.
const TWO_COLUMNS: f32 = 600.0;

#[derive(Default)]
pub struct LessonPanel {
    kept: Option<Kept>,
    /// The person's predictions, page by page. They end with the window, so that a person can take a page again.
    predicted: [Option<usize>; PAGES.len()],
}

/// What is kept until the next start.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    /// The page's number, from 0.
    page: usize,
    done: [bool; PAGES.len()],
}

impl LessonPanel {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext) {
        let before = self.kept.get_or_insert_with(|| recall(cx)).clone();
        let mut kept = before.clone();
        turn_by_keys(ui, &mut kept.page);
        pages_ui(ui, cx, &mut kept);
        let number = kept.page;
        let page = &PAGES[number];
        cx.view.marking = Some(page.mark);
        ui.add_space(4.0);
        ui.label(RichText::new(cx.t(page.title)).heading());
        let facts = facts(cx.state, cx.view.scrub);
        let predicted = &mut self.predicted[number];
        if ui.available_width() >= TWO_COLUMNS {
            ui.spacing_mut().item_spacing.x = 24.0;
            ui.columns_const(|columns: &mut [Ui; 2]| {
                // Columns justify their text, which leaves wide gaps in narrow lines.
                let ragged = Layout::top_down(Align::LEFT);
                columns[1].with_layout(ragged, |ui| question_ui(ui, cx, page, predicted));
                columns[0].with_layout(ragged, |ui| {
                    // The answer comes first, so that it is in sight without scrolling. The text that was read goes below it.
                    answer_ui(ui, cx, page, number, *predicted, &facts);
                    ui.label(cx.t(page.text));
                });
            });
        } else {
            ui.set_max_width(ui.available_width().min(TEXT_WIDTH));
            ui.label(cx.t(page.text));
            ui.add_space(6.0);
            let before = *predicted;
            question_ui(ui, cx, page, predicted);
            let answer = ui.scope(|ui| answer_ui(ui, cx, page, number, *predicted, &facts)).response;
            if *predicted != before {
                answer.scroll_to_me(Some(Align::BOTTOM));
            }
        }
        kept.done[number] |= predicted.is_some();
        if kept.done.iter().all(|done| *done) {
            ui.add_space(6.0);
            ui.label(RichText::new(cx.t("lesson-end")).color(cx.theme.accent));
        }
        if kept != before {
            let value = serde_json::to_value(&kept).expect("numbers and booleans are JSON");
            cx.view.kept.insert(KEPT.to_owned(), value);
            ui.ctx().request_repaint();
        }
        self.kept = Some(kept);
    }
}

fn recall(cx: &PanelContext) -> Kept {
    let value = cx.view.kept.get(KEPT).cloned().unwrap_or_default();
    let mut kept: Kept = serde_json::from_value(value).unwrap_or_default();
    kept.page = kept.page.min(PAGES.len() - 1);
    kept
}

fn turn_by_keys(ui: &Ui, page: &mut usize) {
    // A focused control elsewhere uses these keys itself, and so does a text field.
    let focused = ui.memory(|memory| memory.focused());
    let here = |id| ui.ctx().read_response(id).is_some_and(|r| ui.clip_rect().contains(r.rect.center()));
    if ui.ctx().text_edit_focused() || focused.is_some_and(|id| !here(id)) {
        return;
    }
    if ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::PageDown)) {
        *page = (*page + 1).min(PAGES.len() - 1);
    }
    if ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::PageUp)) {
        *page = page.saturating_sub(1);
    }
}

/// Draws the buttons: previous, the nine numbers with their ticks, next.
fn pages_ui(ui: &mut Ui, cx: &mut PanelContext, kept: &mut Kept) {
    ui.horizontal_wrapped(|ui| {
        let keys = cx.t("lesson-keys");
        let previous = ui.add_enabled(kept.page > 0, egui::Button::new(cx.t("lesson-previous")));
        if previous.on_hover_text(&keys).clicked() {
            kept.page -= 1;
        }
        for (number, page) in PAGES.iter().enumerate() {
            let key = if kept.done[number] { "lesson-page-done" } else { "lesson-page" };
            let name = t!(cx, key, number = number + 1, title = cx.t(page.title));
            if number_ui(ui, cx, number, kept, &name) {
                kept.page = number;
            }
        }
        let next = ui.add_enabled(kept.page + 1 < PAGES.len(), egui::Button::new(cx.t("lesson-next")));
        if next.on_hover_text(&keys).clicked() {
            kept.page += 1;
        }
        if ui.button(cx.t("lesson-show")).on_hover_text(cx.t("lesson-show-hint")).clicked() {
            cx.ask(Ask::Show(PAGES[kept.page].panel));
        }
        let done = kept.done.iter().filter(|done| **done).count();
        let short = RichText::new(t!(cx, "lesson-progress-short", done = done)).color(cx.theme.weak);
        let spoken = t!(cx, "lesson-progress", done = done);
        let response = ui.add(Label::new(short).extend());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
        response.on_hover_text(&spoken);
    });
}

/// Draws a page's number, with a tick if the page is done. Returns whether it was pressed.
fn number_ui(ui: &mut Ui, cx: &PanelContext, number: usize, kept: &Kept, name: &str) -> bool {
    let theme = cx.theme;
    let (rect, response) = ui.allocate_exact_size(vec2(30.0, 28.0), Sense::click());
    let open = number == kept.page;
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, open, name));
    let (fill, ink) = if open { (theme.accent, theme.on_accent) } else { (theme.raised, theme.text) };
    let active = response.hovered() || response.has_focus();
    let line = if active {
        Stroke::new(2.0, if open { theme.text } else { theme.accent })
    } else {
        Stroke::new(1.0, theme.line)
    };
    let painter = ui.painter();
    painter.rect(rect, CornerRadius::same(6), fill, line, StrokeKind::Inside);
    let at = if kept.done[number] { rect.center() - vec2(6.0, 0.0) } else { rect.center() };
    painter.text(at, Align2::CENTER_CENTER, cx.lang().whole(number as u64 + 1), theme.body(), ink);
    if kept.done[number] {
        let corner = rect.center() + vec2(6.0, 3.0);
        let stroke = Stroke::new(2.0, ink);
        painter.line_segment([corner + vec2(-4.0, -3.0), corner], stroke);
        painter.line_segment([corner, corner + vec2(5.0, -8.0)], stroke);
    }
    response.on_hover_text(name).clicked()
}

fn question_ui(ui: &mut Ui, cx: &PanelContext, page: &Page, predicted: &mut Option<usize>) {
    ui.label(RichText::new(cx.t("lesson-predict")).font(cx.theme.small()).color(cx.theme.weak));
    ui.label(RichText::new(cx.t(page.question)).font(cx.theme.strong()));
    ui.scope(|ui| {
        theme::hollow(ui);
        ui.spacing_mut().item_spacing.y = 1.0;
        for (option, key) in page.options.iter().enumerate() {
            let mut text = RichText::new(cx.t(key));
            if predicted.is_some() && option == page.right {
                text = text.font(cx.theme.strong());
            }
            if ui.radio(*predicted == Some(option), text).clicked() {
                *predicted = Some(option);
            }
        }
    });
}

/// Draws whether the prediction was right, the answer, and the numbers of the shown run; nothing before a prediction.
fn answer_ui(ui: &mut Ui, cx: &PanelContext, page: &Page, number: usize, predicted: Option<usize>, facts: &Facts) {
    let Some(predicted) = predicted else { return };
    // The words differ as well as the colour.
    let (verdict, color) =
        if predicted == page.right { ("lesson-right", cx.theme.accent) } else { ("lesson-wrong", cx.theme.alert) };
    ui.label(RichText::new(cx.t(verdict)).font(cx.theme.strong()).color(color));
    ui.label(cx.t(page.answer));
    if number == PAGES.len() - 1 {
        chart_ui(ui, cx);
    }
    let lines = here(cx, number, facts);
    if !lines.is_empty() {
        ui.label(RichText::new(cx.t("lesson-here")).font(cx.theme.strong()));
        for line in lines {
            ui.label(line);
        }
    }
    ui.add_space(8.0);
}

/// The sentences that the shown run adds to a page's answer; none if the run does not have their numbers yet.
fn here(cx: &PanelContext, number: usize, f: &Facts) -> Vec<String> {
    let line = match number {
        0 => f
            .vocab
            .filter(|_| f.tokens > 0)
            .map(|vocab| t!(cx, "lesson-1-live", vocab = vocab, tokens = f.tokens, words = f.words)),
        1 => f.mask_share.zip(f.step_slots).zip(f.step_tokens).map(|((share, slots), tokens)| {
            t!(cx, "lesson-2-live", share = cx.percent(Some(share), 0), slots = slots, tokens = tokens)
        }),
        2 => f.guess.as_ref().map(|guess| {
            let p = cx.percent(Some(guess.probability), 0);
            let (original, best, sampled) = (&guess.original, &guess.best, &guess.sampled);
            t!(cx, "lesson-3-live", original = original, best = best, p = p, sampled = sampled)
        }),
        3 => (f.masked > 0).then(|| t!(cx, "lesson-4-live", masked = f.masked, swapped = f.swapped)),
        4 => f.replaced.zip(f.auc).map(|(replaced, auc)| {
            let [replaced, lazy] = [replaced, 1.0 - replaced].map(|share| cx.percent(Some(share), 1));
            let (auc, recall) = (cx.number(Some(auc), 2), cx.percent(f.recall, 0));
            t!(cx, "lesson-5-live", step = f.step, replaced = replaced, lazy = lazy, auc = auc, recall = recall)
        }),
        5 => f.lucky.map(|lucky| t!(cx, "lesson-6-live", step = f.step, lucky = cx.percent(Some(lucky), 0))),
        6 => f
            .step_tokens
            .zip(f.step_slots)
            .map(|(tokens, slots)| t!(cx, "lesson-7-live", tokens = tokens, slots = slots)),
        7 => f.sizes.zip(f.parameters).map(|([judge, generator], all)| {
            let shared = (judge + generator).saturating_sub(all);
            t!(cx, "lesson-8-live", judge = judge, generator = generator, shared = shared, all = all)
        }),
        _ => f.auc.map(|auc| t!(cx, "lesson-9-live", step = f.step, auc = cx.number(Some(auc), 2))),
    };
    let swaps = f.swaps.filter(|_| number == 4).map(|(step, swaps)| {
        let [caught, alarms] = [swaps.caught, swaps.false_alarms].map(|share| cx.percent(Some(share), 0));
        let times = swaps.auc.map_or_else(|| "-".to_owned(), |auc| cx.lang().decimal(100.0 * auc, 0));
        t!(cx, "lesson-5-swaps", step = step, caught = caught, alarms = alarms, times = times)
    });
    let odds = (number == 2 && f.other_odds).then(|| cx.t("lesson-3-odds"));
    line.into_iter().chain(swaps).chain(odds).collect()
}

/// Draws the five objectives as bars with their numbers. The bars begin at 80, because bars from zero would all look alike.
fn chart_ui(ui: &mut Ui, cx: &PanelContext) {
    const FROM: f64 = 80.0;
    const TO: f64 = 86.0;
    const ROW: f32 = 24.0;
    ui.label(RichText::new(cx.t("lesson-9-chart")).font(cx.theme.strong()));
    let width = |text: &str| ui.painter().layout_no_wrap(text.to_owned(), cx.theme.small(), cx.theme.text).size().x;
    let names = OBJECTIVES.iter().map(|(name, _)| width(name)).fold(0.0, f32::max) + 10.0;
    for (name, points) in OBJECTIVES {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
        let number = cx.number(Some(points), 1);
        let spoken = t!(cx, "lesson-9-bar", name = name, points = &number);
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
        let room = (rect.width() - names - 44.0).max(20.0);
        let length = room * ((points - FROM) / (TO - FROM)) as f32;
        let bar = Rect::from_min_size(pos2(rect.left() + names, rect.top() + 4.0), vec2(length, ROW - 8.0));
        let painter = ui.painter();
        painter.text(rect.left_center(), Align2::LEFT_CENTER, name, cx.theme.small(), cx.theme.text);
        painter.rect_filled(bar, CornerRadius::same(3), cx.theme.ramp((points - FROM) / (TO - FROM)));
        painter.rect_stroke(bar, CornerRadius::same(3), Stroke::new(1.0, cx.theme.line), StrokeKind::Outside);
        painter.text(bar.right_center() + vec2(6.0, 0.0), Align2::LEFT_CENTER, number, cx.theme.small(), cx.theme.text);
    }
    ui.label(RichText::new(cx.t("lesson-9-caution")).font(cx.theme.small()).color(cx.theme.weak));
}
