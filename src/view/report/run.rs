//! Sorts a run's events by what the page shows, and picks the numbers that stand for the run as a whole.

use super::data;
use crate::train::event::{
    Device, EvalMetrics, Event, Failure, Finished, Metrics, Readout, RunPlan, Settings, StepMetrics, SwapScore, Warning,
};
use crate::train::metrics::table::Metric;

/// A run's events, sorted by what the page shows.
#[derive(Default)]
pub(super) struct Run<'a> {
    pub(super) device: Option<&'a Device>,
    pub(super) plan: Option<&'a RunPlan>,
    pub(super) settings: Option<&'a Settings>,
    pub(super) steps: Vec<&'a StepMetrics>,
    pub(super) evals: Vec<&'a EvalMetrics>,
    pub(super) readouts: Vec<&'a Readout>,
    pub(super) warnings: Vec<&'a Warning>,
    pub(super) checkpoint: Option<&'a str>,
    pub(super) end: Option<End<'a>>,
}

pub(super) enum End<'a> {
    Finished(&'a Finished),
    Failed(&'a Failure),
}

impl<'a> Run<'a> {
    pub(super) fn from_events(events: &'a [Event]) -> Self {
        let mut run = Self::default();
        for event in events {
            match event {
                Event::Device(device) => run.device = Some(device),
                Event::Plan(plan) => run.plan = Some(plan),
                Event::Config { settings } => run.settings = Some(settings),
                Event::Step(step) => run.steps.push(step),
                Event::Eval(eval) => run.evals.push(eval),
                Event::Readout(readout) => run.readouts.push(readout),
                Event::Warning(warning) => run.warnings.push(warning),
                Event::Checkpoint { path, .. } => run.checkpoint = Some(path),
                // A resumed run has not ended.
                Event::Resumed { .. } => run.end = None,
                Event::Finished(finished) => run.end = Some(End::Finished(finished)),
                Event::Failed(failure) => run.end = Some(End::Failed(failure)),
                // The other events are not recorded, or say nothing about the run's course.
                _ => {}
            }
        }
        run
    }

    pub(super) fn last_step(&self) -> u64 {
        let eval = self.evals.last().map_or(0, |eval| eval.step);
        self.steps.last().map_or(0, |step| step.step).max(eval)
    }

    pub(super) fn elapsed_secs(&self) -> Option<f64> {
        self.steps.last().and_then(|step| step.elapsed_secs)
    }

    pub(super) fn tokens_seen(&self) -> u64 {
        self.steps.last().map_or(0, |step| step.tokens_seen)
    }

    /// The metrics of the last evaluation or, if there is none, of the last training step.
    pub(super) fn final_metrics(&self) -> Option<&'a Metrics> {
        let eval = self.evals.last().map(|eval| &eval.metrics);
        eval.or_else(|| self.steps.last().map(|step| &step.metrics))
    }

    /// The swaps of the last evaluation, if it measured them.
    pub(super) fn final_swaps(&self) -> Option<&'a SwapScore> {
        self.evals.last()?.all_swaps()
    }

    pub(super) fn unigram_entropy(&self) -> Option<f64> {
        let eval = self.evals.last().and_then(|eval| eval.unigram_entropy);
        eval.or_else(|| self.plan.and_then(|plan| plan.corpus.unigram_entropy))
    }

    pub(super) fn data(&self) -> data::Data {
        let judged = self.evals.iter().rev().find(|eval| eval.confusion.is_some());
        data::Data {
            planned_steps: self.plan.and_then(|plan| plan.planned_steps),
            last_step: self.last_step(),
            metrics: data::drawn(|metric| match metric {
                Metric::UnigramEntropy => self.unigram_entropy(),
                _ => None,
            }),
            series: data::series(&self.steps),
            evals: data::eval_points(&self.evals),
            readouts: data::readouts(&self.readouts),
            confusion: judged.and_then(|eval| eval.confusion),
            calibration: judged.and_then(|eval| eval.calibration),
        }
    }
}
