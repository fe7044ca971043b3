//! The card at the end of a run: what was learned, in words, and what a person may do next.
//! state -> `screen::finish` -> sentences and buttons -> asks.

use super::panels::{Answers, Ask, Next, PanelContext, PanelId};
use crate::screen::finish::{Context, Example, Judge, Learned, learned};
use crate::screen::state::{Phase, Source};
use crate::t;
use egui::{RichText, Ui};

/// The runs whose card a person has closed: the number of the shown run.
#[derive(Debug, Default)]
pub struct FinishCard {
    closed: Option<u64>,
}

impl FinishCard {
    /// Draws the card if the shown run has ended and the person has not closed its card. `shown`: a number that changes with the
    /// run that is shown.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext, shown: u64) {
        let ended = cx.state.phase == Phase::Finished && cx.state.source != Source::Recorded;
        if !ended || cx.view.transport.live || self.closed == Some(shown) {
            return;
        }
        let Some(learned) = learned(cx.state) else { return };
        ui.separator();
        ui.label(RichText::new(heading(cx, &learned)).font(cx.theme.strong()));
        ui.label(sentences(cx, &learned).join(" "));
        ui.horizontal_wrapped(|ui| {
            let kept = matches!(cx.view.answers, Answers::Kept(_) | Answers::Loading(_));
            if kept && ui.button(cx.t("app-finish-sentence")).clicked() {
                cx.ask(Ask::Show(PanelId::Sentence));
            }
            if kept && ui.button(cx.t("app-finish-export")).clicked() {
                cx.ask(Ask::Export);
            }
            let (step, planned) = (cx.state.step(), cx.state.planned_steps().unwrap_or(0));
            let next = cx.view.transport.next;
            if kept && next == Next::GoOn && ui.button(t!(cx, "app-finish-go-on", steps = planned - step)).clicked() {
                cx.ask(Ask::GoOn { steps: None });
            }
            if let (true, Next::Extend { steps }) = (kept, next) {
                let extend = ui.button(t!(cx, "app-finish-extend", steps = steps - step));
                if extend.on_hover_text(t!(cx, "app-finish-extend-hint", steps = steps)).clicked() {
                    cx.ask(Ask::GoOn { steps: Some(steps) });
                }
            }
            if ui.button(cx.t("app-trouble-dismiss")).clicked() {
                self.closed = Some(shown);
            }
        });
    }
}

fn heading(cx: &PanelContext, learned: &Learned) -> String {
    let key = match (learned.context, learned.judge) {
        (Some(Context::Knows), _) => "app-finish-knows",
        (Some(Context::Leans), _) => "app-finish-leans",
        (Some(Context::Blind), Some(Judge::Guesses)) => "app-finish-guesses",
        (Some(Context::Blind), _) => "app-finish-blind",
        (None, Some(Judge::Finds)) => "app-finish-finds",
        (None, Some(Judge::Ranks)) => "app-finish-ranks",
        (None, Some(Judge::Guesses)) => "app-finish-guesses",
        (None, None) => "app-finish-no-judge",
    };
    t!(cx, key, step = cx.state.step())
}

/// What was measured, in words, then the words of the last readout that show it.
fn sentences(cx: &PanelContext, learned: &Learned) -> Vec<String> {
    let mut said = Vec::new();
    let percent = |share: Option<f64>| share.map(|_| cx.percent(share, 0));
    if let Some(swaps) = &learned.swaps {
        let [caught, alarms] = [swaps.caught, swaps.false_alarms].map(|share| cx.percent(Some(share), 0));
        said.push(t!(cx, "app-finish-swaps", swaps = swaps.swaps, caught = caught, alarms = alarms));
    }
    if let Some(rules) = &learned.rules {
        let [ceiling, caught] = [rules.ceiling(), rules.caught()].map(|share| cx.percent(share, 0));
        said.push(match rules.all() - rules.breaks {
            _ if rules.breaks == 0 => cx.t("app-finish-rules-none"),
            0 => t!(cx, "app-finish-rules-all", caught = caught),
            _ => t!(cx, "app-finish-rules", ceiling = ceiling, caught = caught),
        });
    } else if let (Some(recall), Some(alarms)) = (percent(learned.recall), learned.false_alarms) {
        let alarms = cx.percent(Some(alarms), 1);
        said.push(t!(cx, "app-finish-judge", recall = recall, alarms = alarms, step = learned.step));
    }
    if let Some(guessed) = percent(learned.guessed) {
        said.push(t!(cx, "app-finish-generator", guessed = guessed));
    }
    if learned.beyond_frequency == Some(false) {
        said.push(cx.t("app-finish-frequency"));
    }
    let example =
        |key: &str, e: &Example| t!(cx, key, word = &e.word, original = &e.original, p = cx.percent(Some(e.p), 0));
    let key = |e: &Example, [of_generator, of_test]: [&'static str; 2]| if e.test { of_test } else { of_generator };
    let caught = |e: &Example| example(key(e, ["app-finish-caught", "app-finish-caught-test"]), e);
    said.extend(learned.caught.iter().map(caught));
    if let Some(missed) = learned.missed.as_ref().filter(|_| learned.caught.len() < 2) {
        said.push(example(key(missed, ["app-finish-missed", "app-finish-missed-test"]), missed));
    }
    said
}
