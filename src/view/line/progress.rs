//! What the line knows of a run so far.
//! events -> `Progress` -> the texts of the bar, of a log's line, and of what is announced once.

use super::example::{fit, is_marked, words_from_sentence};
use super::text::{
    clock_text, device_text, eval_text, finished_text, glance, numbers_text, plan_text, standing_text, warning_text,
};
use crate::message::Message;
use crate::t;
use crate::train::event::{Event, Preparing, ReadToken, Readout, StepMetrics};
use crate::train::metrics::table::Metric;
use crate::train::standing::Standing;
use crate::view::Lang;
use crate::view::words::{self, Strings};

/// What a line can say about a run so far.
pub(super) struct Progress {
    lang: Lang,
    pub(super) planned_steps: Option<u64>,
    unigram_entropy: Option<f64>,
    pub(super) step: u64,
    elapsed_secs: f64,
    /// The pace is measured from here: the first step of this sitting.
    since: Option<(u64, f64)>,
    averages: [Average; Metric::ALL.len()],
    held_out_auc: Option<f64>,
    /// The swaps of the latest evaluation.
    swap_auc: Option<f64>,
    pub(super) readouts: u64,
    sentence: Vec<ReadToken>,
    prepared: Prepared,
    standing: Standing,
}

/// What was last said about the time before the first step. Lines stay on the terminal, so the share of a piece of work is printed
/// only at each quarter.
#[derive(Default)]
struct Prepared {
    message: Option<Message>,
    share: f32,
    news: bool,
}

impl Prepared {
    fn take(&mut self, preparing: &Preparing) {
        let share = preparing.share.unwrap_or(1.0);
        self.news =
            self.message.as_ref() != Some(&preparing.message) || share >= self.share + 0.25 || share < self.share;
        if self.news {
            self.message = Some(preparing.message.clone());
            self.share = share;
        }
    }
}

impl Progress {
    pub(super) fn new(lang: Lang) -> Self {
        Self {
            lang,
            planned_steps: None,
            unigram_entropy: None,
            step: 0,
            elapsed_secs: 0.0,
            since: None,
            averages: [Average::default(); Metric::ALL.len()],
            held_out_auc: None,
            swap_auc: None,
            readouts: 0,
            sentence: Vec::new(),
            prepared: Prepared::default(),
            standing: Standing::default(),
        }
    }

    pub(super) fn take(&mut self, event: &Event) {
        self.standing.take(event);
        match event {
            Event::Plan(plan) => {
                self.planned_steps = plan.planned_steps;
                self.unigram_entropy = plan.corpus.unigram_entropy;
            }
            Event::Step(step) => self.take_step(step),
            Event::Eval(eval) => {
                self.held_out_auc = eval.metrics.rtd_auc;
                self.swap_auc = eval.swap_auc;
                self.unigram_entropy = self.unigram_entropy.or(eval.unigram_entropy);
            }
            Event::Readout(readout) => self.take_readout(readout),
            Event::Resumed { step } => self.step = *step,
            Event::Preparing(preparing) => self.prepared.take(preparing),
            _ => {}
        }
    }

    fn take_step(&mut self, step: &StepMetrics) {
        self.step = step.step;
        self.elapsed_secs = step.elapsed_secs.unwrap_or(self.elapsed_secs);
        self.since.get_or_insert((step.step, self.elapsed_secs));
        for metric in Metric::ALL {
            self.averages[metric as usize].update(metric.of_step(step));
        }
    }

    fn value(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::UnigramEntropy => self.unigram_entropy,
            Metric::SwapAuc => self.swap_auc,
            _ => self.averages[metric as usize].value(),
        }
    }

    /// The sentences take turns, except those that have nothing to show.
    fn take_readout(&mut self, readout: &Readout) {
        let all: Vec<_> = readout.sentences.iter().chain(&readout.swaps).collect();
        let (n, first) = (all.len(), self.readouts as usize);
        let turn = (0..n).map(|i| all[(first + i) % n]);
        if let Some(sentence) = turn.clone().find(|sentence| sentence.iter().any(is_marked)).or(turn.clone().next()) {
            self.sentence = sentence.clone();
            self.readouts += 1;
        }
    }

    pub(super) fn secs_left(&self) -> Option<f64> {
        let (first_step, first_secs) = self.since?;
        let made = self.step.checked_sub(first_step).filter(|made| *made > 0)?;
        let left = self.planned_steps?.checked_sub(self.step).filter(|left| *left > 0)?;
        Some((self.elapsed_secs - first_secs) / made as f64 * left as f64)
    }

    /// `1,200/4,000  1:04 left  21,300 tokens/s`
    pub(super) fn pace_text(&self) -> String {
        let lang = self.lang;
        let mut parts = vec![match self.planned_steps {
            Some(planned) => format!("{}/{}", lang.whole(self.step), lang.whole(planned)),
            None => t!(Strings::of(lang), "terminal-run-step", step = self.step),
        }];
        if let Some(secs) = self.secs_left() {
            parts.push(t!(Strings::of(lang), "terminal-run-left", clock = clock_text(secs)));
        }
        if let Some(rate) = self.value(Metric::TokensPerSec) {
            let unit = Strings::of(lang).metric(Metric::TokensPerSec, "line");
            parts.push(format!("{} {unit}", glance(Metric::TokensPerSec, rate, lang)));
        }
        parts.join("  ")
    }

    /// The same, for a line without a bar.
    pub(super) fn place_text(&self) -> String {
        let done = self.planned_steps.map(|planned| self.step as f64 / planned.max(1) as f64);
        let percent = done.map_or_else(String::new, |done| format!(" ({:.0}%)", done * 100.0));
        format!("[{}]{percent} {}", clock_text(self.elapsed_secs), self.pace_text())
    }

    pub(super) fn numbers_text(&self) -> String {
        let numbers = numbers_text(self.lang, |metric| self.value(metric), self.held_out_auc);
        // What cannot be written stays in sight.
        let standing = self.standing.all().iter().filter_map(|warning| standing_text(warning, self.lang));
        standing.chain([numbers]).collect::<Vec<_>>().join("  ")
    }

    pub(super) fn example_text(&self, width: usize, bold: bool) -> Option<String> {
        let words = words_from_sentence(&self.sentence, self.lang);
        let test = self.sentence.iter().any(ReadToken::is_test);
        let test = if test { format!("{} ", Strings::of(self.lang).t("terminal-run-test")) } else { String::new() };
        let width = width.saturating_sub(test.chars().count());
        (!words.is_empty()).then(|| format!("{test}{}", fit(&words, width, bold)))
    }

    /// The line for an event that is announced once.
    pub(super) fn announcement(&self, event: &Event) -> Option<String> {
        let lang = self.lang;
        match event {
            Event::Device(device) => Some(device_text(device, lang)),
            Event::Plan(plan) => Some(plan_text(plan, lang)),
            Event::Preparing(preparing) if self.prepared.news => {
                let message = words::text(&preparing.message, lang);
                let share = preparing.share.map(|share| format!(" {}", lang.percent(f64::from(share), 0)));
                Some(format!("{message}{}", share.unwrap_or_default()))
            }
            Event::Eval(eval) => Some(eval_text(eval, lang)),
            Event::Readout(_) if self.readouts == 1 => Some(Strings::of(lang).t("terminal-run-marks")),
            Event::Warning(warning) => Some(warning_text(warning, lang)),
            Event::Checkpoint { step, path } => {
                Some(t!(Strings::of(lang), "terminal-run-checkpoint", step = *step, path = path))
            }
            Event::Resumed { step } => Some(t!(Strings::of(lang), "terminal-run-resumed", step = *step)),
            Event::Finished(finished) => Some(finished_text(finished, self.elapsed_secs, lang)),
            // The command prints the error that ended the run. Events for views get no line.
            _ => None,
        }
    }
}

/// An average over about the last twenty values, because single steps jump.
#[derive(Debug, Clone, Copy, Default)]
struct Average {
    value: f64,
    count: u32,
}

impl Average {
    fn update(&mut self, value: Option<f64>) {
        let Some(value) = value else { return };
        self.count = (self.count + 1).min(20);
        self.value += (value - self.value) / f64::from(self.count);
    }

    fn value(&self) -> Option<f64> {
        (self.count > 0).then_some(self.value)
    }
}
