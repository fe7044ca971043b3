//! Judges a sentence that a person types, on the weights of the shown run. The person can hide words, let the generator draw words,
//! or swap words by hand.
//! text and edits -> `SetOwnText` -> `OwnText` -> two rows of chips, tools for the chosen word, a running score.

use super::chip::{self, Column, HEIGHT, Look};
use super::{Ask, Mark, PanelContext};
use crate::screen::score::{Score, Word, words};
use crate::screen::sentences;
use crate::t;
use crate::train::event::{Change, Command, OwnText, OwnToken, ReadToken, Verdict, WordEdit};
use egui::{
    Align2, CornerRadius, Rect, RichText, Role, Sense, Stroke, StrokeKind, TextEdit, Ui, WidgetInfo, pos2, vec2,
};
use std::collections::BTreeMap;

/// The longest text, which is more than a row of any preset holds.
const CHARACTERS_MAX: usize = 1000;
/// The pause in typing after which the text is judged, in seconds.
const PAUSE_SECS: f64 = 0.25;
/// The largest number of sentences that are offered.
const OFFERED: usize = 3;
const ROW_GAP: f32 = 5.0;
const LABEL_GAP: f32 = 14.0;

#[derive(Default)]
pub struct SentencePanel {
    typed: String,
    /// The example that stands in the field, until a person types something.
    example: Option<String>,
    edits: BTreeMap<u32, Change>,
    /// The word whose tools are open.
    chosen: Option<u32>,
    /// The word that a person types to put in its place.
    hand: String,
    /// The time at which the pause in typing is over.
    due: f64,
    /// What was last sent to the trainer.
    sent: Option<Sent>,
    score: Score,
    /// The run's number, and how many of its texts the score has read.
    read: (u64, u64),
}

#[derive(PartialEq)]
struct Sent {
    run: u64,
    text: String,
    edits: Vec<WordEdit>,
}

impl SentencePanel {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext) {
        let offered = offered(cx);
        self.follow_run(cx, &offered);
        self.field_ui(ui, cx);
        self.tell(ui, cx);
        let state = cx.state;
        let before = cx.view.scrub.unwrap_or(u64::MAX);
        let judged = |own_text: &&OwnText| own_text.text == self.typed;
        // Whoever looks back before the first answer sees the first answer, which says its step.
        let then = state.own_texts.iter().rev().filter(judged).find(|own_text| own_text.step <= before);
        match then.or_else(|| state.own_texts.iter().find(judged)) {
            Some(own_text) => self.answer_ui(ui, own_text, cx),
            None => self.waiting_ui(ui, cx),
        }
        self.count(cx);
        self.score_ui(ui, cx);
        if cx.answered() {
            self.offers_ui(ui, cx, &offered);
        }
    }

    /// Shows an example until the person types: in their language, and from the run's text if that is their own.
    fn follow_run(&mut self, cx: &PanelContext, offered: &[String]) {
        let untouched = self.typed.is_empty() && self.sent.is_none() || self.example.is_some();
        let example = offered.first().filter(|_| has_own_text(cx)).cloned();
        let example = example.unwrap_or_else(|| cx.t("sentence-example"));
        if untouched && self.example.as_ref() != Some(&example) {
            self.set_text(example.clone());
            self.example = Some(example);
        }
    }

    /// Draws sentences of the run's text that a person can try with a click.
    fn offers_ui(&mut self, ui: &mut Ui, cx: &PanelContext, offered: &[String]) {
        if offered.is_empty() {
            return;
        }
        ui.horizontal_wrapped(|ui| {
            let from = if has_own_text(cx) { "sentence-offers-own" } else { "sentence-offers" };
            // A sentence that is tried can be spoiled, to see whether the judge notices.
            let tried = cx.state.plan.iter().flat_map(|plan| &plan.corpus.swap_examples).find(|e| e.text == self.typed);
            if let Some(example) = tried.filter(|example| !self.edits.contains_key(&example.word)) {
                let name = t!(cx, "sentence-spoil", right = &example.right, wrong = &example.wrong);
                if ui.button(RichText::new(name).font(cx.theme.small())).clicked() {
                    self.edits.insert(example.word, Change::Replace { word: example.wrong.clone() });
                }
            }
            ui.label(RichText::new(cx.t(from)).font(cx.theme.small()).color(cx.theme.weak));
            let offered = offered.iter().filter(|offer| **offer != self.typed).cloned().collect::<Vec<_>>();
            for offer in offered {
                if ui.button(RichText::new(&offer).font(cx.theme.small())).clicked() {
                    self.set_text(offer);
                    (self.example, self.due) = (None, 0.0);
                }
            }
        });
    }

    fn set_text(&mut self, text: String) {
        self.typed = text;
        // The numbers in the edits would name other words now.
        self.edits.clear();
        self.chosen = None;
    }

    fn field_ui(&mut self, ui: &mut Ui, cx: &PanelContext) {
        let label = ui.label(RichText::new(cx.t("sentence-label")).font(cx.theme.small()).color(cx.theme.weak));
        let mut text = self.typed.clone();
        let field = TextEdit::singleline(&mut text)
            .id(egui::Id::unique("sentence"))
            .hint_text(cx.t("sentence-hint"))
            .char_limit(CHARACTERS_MAX)
            .desired_width(f32::INFINITY)
            .margin(vec2(8.0, 6.0));
        let response = ui.add(field).labelled_by(label.id);
        if cx.is_marked(Mark::Sentence) {
            let line = Stroke::new(2.0, cx.theme.accent);
            ui.painter().rect_stroke(response.rect.expand(2.0), CornerRadius::same(6), line, StrokeKind::Outside);
        }
        if text != self.typed {
            self.set_text(text);
            self.example = None;
            self.due = ui.input(|i| i.time) + PAUSE_SECS;
        }
    }

    /// Sends the text to whoever answers once the pause in typing is over. A new run gets it again.
    fn tell(&mut self, ui: &Ui, cx: &mut PanelContext) {
        if !cx.answered() {
            return;
        }
        let edit = |(word, change): (&u32, &Change)| WordEdit { word: *word, change: change.clone() };
        let now =
            Sent { run: cx.view.transport.run, text: self.typed.clone(), edits: self.edits.iter().map(edit).collect() };
        if self.sent.as_ref() == Some(&now) {
            return;
        }
        let wait = self.due - ui.input(|i| i.time);
        if wait > 0.0 {
            return ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(wait));
        }
        cx.send(Command::SetOwnText { text: now.text.clone(), edits: now.edits.clone() });
        self.sent = Some(now);
    }

    /// Says why this text is not judged yet, and what to press.
    fn waiting_ui(&self, ui: &mut Ui, cx: &mut PanelContext) {
        ui.horizontal_wrapped(|ui| {
            if self.typed.trim().is_empty() {
                ui.label(RichText::new(cx.t("sentence-empty")).color(cx.theme.weak));
            } else {
                let about = cx.about_answers().unwrap_or_else(|| cx.t("sentence-waiting"));
                ui.label(RichText::new(about).color(cx.theme.weak));
                if !cx.answered() && ui.button(cx.t("sentence-train")).clicked() {
                    cx.ask(Ask::Play);
                }
            }
        });
    }

    fn answer_ui(&mut self, ui: &mut Ui, own_text: &OwnText, cx: &mut PanelContext) {
        let words = words(own_text);
        ui.add_space(4.0);
        self.rows_ui(ui, own_text, &words, cx);
        let mut said = t!(cx, "sentence-judged-at", step = own_text.step);
        if own_text.truncated {
            said = format!("{said} {}", cx.t("sentence-truncated"));
        }
        ui.label(suspicion(&words, own_text, cx));
        ui.label(RichText::new(said).font(cx.theme.small()).color(cx.theme.weak));
        match words.iter().find(|word| Some(word.number) == self.chosen) {
            Some(word) => self.tools_ui(ui, own_text, word, cx),
            None => {
                ui.label(RichText::new(cx.t("sentence-click")).font(cx.theme.small()).color(cx.theme.weak));
            }
        }
    }

    /// Draws two rows for the text: what the judge reads, and what it says.
    fn rows_ui(&mut self, ui: &mut Ui, own_text: &OwnText, words: &[Word], cx: &mut PanelContext) {
        let labels = [cx.t("sentence-row-text"), cx.t("flow-row-judge")];
        let width = labels.iter().map(|label| chip::label_width(ui, label, cx)).fold(0.0, f32::max) + LABEL_GAP;
        let mask = cx.state.specials().mask;
        let room = (ui.available_width() - width).max(120.0);
        let tokens: Vec<ReadToken> = own_text.tokens.iter().map(shown).collect();
        for columns in chip::folds(ui, &tokens, room, &mask, cx) {
            let height = 2.0 * HEIGHT + ROW_GAP;
            let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
            let row = |n: usize| rect.top() + n as f32 * (HEIGHT + ROW_GAP);
            for (n, label) in labels.iter().enumerate() {
                let at = pos2(rect.left(), row(n) + HEIGHT / 2.0);
                ui.painter().text(at, Align2::LEFT_CENTER, label, cx.theme.small(), cx.theme.weak);
            }
            let cells = |column: &Column| {
                let left = rect.left() + width + column.left;
                [0, 1].map(|n| Rect::from_min_size(pos2(left, row(n)), vec2(column.width, HEIGHT)))
            };
            for column in &columns {
                piece_ui(ui, column, cells(column), &own_text.tokens[column.index], &mask, cx);
            }
            // If a word is wrapped, either part of it chooses the word.
            for word in words {
                let here = columns.iter().filter(|column| word.tokens.contains(&column.index)).map(cells);
                let Some(all) = here.map(|[text, judge]| text.union(judge)).reduce(Rect::union) else { continue };
                self.word_ui(ui, word, all, own_text, cx);
            }
            ui.add_space(4.0);
        }
    }

    fn word_ui(&mut self, ui: &Ui, word: &Word, rect: Rect, own_text: &OwnText, cx: &PanelContext) {
        let response = ui.interact(rect, ui.scope_id().with(("word", word.number)), Sense::click());
        let name = spoken(word, own_text, cx);
        let chosen = self.chosen == Some(word.number);
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, &name));
        if response.clicked() {
            self.chosen = (!chosen).then_some(word.number);
            self.hand.clear();
        }
        if chosen || response.hovered() || response.has_focus() {
            let width = if chosen || response.has_focus() { 2.0 } else { 1.0 };
            let line = Stroke::new(width, cx.theme.accent);
            ui.painter().rect_stroke(rect.expand(2.0), CornerRadius::same(6), line, StrokeKind::Outside);
        }
        response.on_hover_text(name);
    }

    /// Draws the tools for the chosen word.
    fn tools_ui(&mut self, ui: &mut Ui, own_text: &OwnText, word: &Word, cx: &PanelContext) {
        let number = word.number;
        let mut change = None;
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(t!(cx, "sentence-chosen", word = &word.original)).font(cx.theme.strong()));
            if ui.button(cx.t("sentence-hide")).on_hover_text(cx.t("sentence-hide-hint")).clicked() {
                change = Some(Change::Mask);
            }
            let draw = match self.edits.get(&number) {
                Some(Change::Sample { draw }) => Some(draw + 1),
                _ => None,
            };
            let name = cx.t(if draw.is_some() { "sentence-draw-again" } else { "sentence-draw" });
            if ui.button(name).on_hover_text(cx.t("sentence-draw-hint")).clicked() {
                change = Some(Change::Sample { draw: draw.unwrap_or(0) });
            }
            let label = ui.label(RichText::new(cx.t("sentence-swap-label")).color(cx.theme.weak));
            let field = TextEdit::singleline(&mut self.hand)
                .id(egui::Id::unique("word by hand"))
                .char_limit(40)
                .desired_width(110.0);
            let field = ui.add(field.margin(vec2(8.0, 5.0))).labelled_by(label.id);
            let enter = field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
            let swap = ui.button(cx.t("sentence-swap")).clicked() || enter;
            let hand = self.hand.trim();
            if swap && !hand.is_empty() {
                change = Some(Change::Replace { word: hand.to_owned() });
            }
            let changed = self.edits.contains_key(&number);
            if ui.add_enabled(changed, egui::Button::new(cx.t("sentence-back"))).clicked() {
                self.edits.remove(&number);
            }
        });
        let proposals = &own_text.tokens[word.tokens.start].token.proposals;
        if !proposals.is_empty() {
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new(cx.t("sentence-proposals")).font(cx.theme.small()).color(cx.theme.weak));
                for proposal in proposals.iter().take(5) {
                    let share = cx.percent(Some(f64::from(proposal.probability)), 0);
                    if ui.button(format!("{} {share}", chip::piece(&proposal.token).0)).clicked() {
                        change = Some(Change::Replace { word: chip::piece(&proposal.token).0.to_owned() });
                    }
                }
            });
        }
        if let Some(change) = change {
            self.edits.insert(number, change);
        }
    }

    /// Adds the swaps of the newest answer to the score.
    fn count(&mut self, cx: &PanelContext) {
        let now = (cx.view.transport.run, cx.state.own_texts.seen());
        if cx.answered() && self.read != now {
            self.read = now;
            if let Some(own_text) = cx.state.own_texts.last() {
                self.score.read(own_text);
            }
        }
    }

    fn score_ui(&self, ui: &mut Ui, cx: &PanelContext) {
        ui.add_space(2.0);
        let Score { judged, fooled, best, .. } = &self.score;
        if *judged == 0 {
            ui.label(RichText::new(cx.t("sentence-game")).color(cx.theme.weak));
            return;
        }
        ui.horizontal_wrapped(|ui| {
            ui.label(
                RichText::new(t!(cx, "sentence-score", fooled = *fooled, judged = *judged)).font(cx.theme.strong()),
            );
            if let Some(best) = best {
                let p = cx.number(Some(best.p), 2);
                ui.label(t!(cx, "sentence-best", word = &best.word, original = &best.original, p = p));
            }
        });
    }
}

/// A token as its chip shows it. A token that is only hidden was not sampled, so it is no lucky guess.
fn shown(token: &OwnToken) -> ReadToken {
    let drawn = token.token.sampled.is_some();
    ReadToken { masked: token.token.masked && drawn, ..token.token.clone() }
}

fn piece_ui(ui: &Ui, column: &Column, [text, judge]: [Rect; 2], token: &OwnToken, mask: &str, cx: &PanelContext) {
    let painter = ui.painter();
    let (read, _) = chip::piece(token.token.read());
    let look = match (&token.change, token.token.replaced) {
        (Some(Change::Mask), _) => Look::Masked,
        (Some(_), true) => Look::Replaced,
        (Some(_), false) => Look::Lucky,
        (None, _) => Look::Plain,
    };
    let shown_text = if look == Look::Masked { mask } else { read };
    chip::text(painter, text, shown_text, look, cx.theme);
    if column.joined {
        chip::joint(painter, text, cx.theme);
    }
    // Whether a word that the person typed is right, nobody knows. So only a word that was put in the place of another has a verdict.
    let swapped = matches!(token.change, Some(Change::Replace { .. } | Change::Sample { .. }));
    let verdict = if swapped { column.token.verdict() } else { Verdict::None };
    chip::judged(painter, judge, column.token, verdict, cx);
}

/// The sentences of the run's text that a person can try. A run on the built-in text brings some along.
fn offered(cx: &PanelContext) -> Vec<String> {
    let examples = cx.state.plan.as_ref().map(|plan| plan.corpus.swap_examples.as_slice()).unwrap_or_default();
    if !examples.is_empty() {
        return examples.iter().take(OFFERED).map(|example| example.text.clone()).collect();
    }
    cx.state.readouts.last().map(sentences::of_readout).unwrap_or_default()
}

/// Whether the run trains on a person's own files.
fn has_own_text(cx: &PanelContext) -> bool {
    cx.state.plan.as_ref().is_some_and(|plan| plan.corpus.lang.is_none())
}

/// The judge's answer in one sentence: the words that it takes for replaced, or that there are none.
fn suspicion(words: &[Word], own_text: &OwnText, cx: &PanelContext) -> String {
    let sure = |word: &Word| {
        let pieces = &own_text.tokens[word.tokens.clone()];
        pieces.iter().filter_map(|piece| piece.token.p_replaced).reduce(f64::max)
    };
    let judged: Vec<(&Word, f64)> = words.iter().filter_map(|word| Some((word, sure(word)?))).collect();
    let said = |(word, p): &(&Word, f64)| t!(cx, "sentence-suspect", word = &word.read, p = cx.percent(Some(*p), 0));
    let suspects: Vec<String> = judged.iter().filter(|(_, p)| *p > 0.5).map(said).collect();
    match judged.iter().max_by(|(_, a), (_, b)| a.total_cmp(b)) {
        _ if !suspects.is_empty() => t!(cx, "sentence-suspects", words = suspects.join(", ")),
        Some(most) => t!(cx, "sentence-suspects-none", most = said(most)),
        None => String::new(),
    }
}

/// A word in words: its text, the original, and what the judge says.
fn spoken(word: &Word, own_text: &OwnText, cx: &PanelContext) -> String {
    let pieces = &own_text.tokens[word.tokens.clone()];
    let p = pieces.iter().filter_map(|piece| piece.token.p_replaced).reduce(f64::max);
    let p = cx.percent(p, 0);
    match &word.change {
        None => t!(cx, "sentence-word", word = &word.read, p = p),
        Some(Change::Mask) => t!(cx, "sentence-word-hidden", word = &word.original, p = p),
        Some(_) => t!(cx, "sentence-word-swapped", word = &word.read, original = &word.original, p = p),
    }
}
