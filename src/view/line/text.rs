//! The sentences and numbers of the lines, in the person's language. Plain functions from values to text.

use crate::message::{Fact, Message};
use crate::t;
use crate::train::event::{Device, EvalMetrics, Finished, Outcome, RunPlan, Warning, WarningKind};
use crate::train::metrics::table::{Baseline, Metric};
use crate::view::words::Strings;
use crate::view::{Lang, duration_text};

/// The numbers of a run that a line shows. Beside each stands its baseline, if that is a metric too.
const NUMBERS: [Metric; 4] = [Metric::MlmLoss, Metric::RtdLoss, Metric::RtdAuc, Metric::SwapAuc];

/// A value for a line of text, with fewer digits than in a table.
pub(super) fn glance(metric: Metric, value: f64, lang: Lang) -> String {
    lang.decimal(value, metric.about().decimals.saturating_sub(1))
}

/// `generator 2.59 (unigram 4.41)  judge 0.301 (trivial 0.372)  AUC 0.78, held out 0.77  swaps 0.93`
pub(super) fn numbers_text(lang: Lang, value: impl Fn(Metric) -> Option<f64>, held_out_auc: Option<f64>) -> String {
    let named = |metric: Metric| {
        let value = glance(metric, value(metric)?, lang);
        Some(format!("{} {value}", Strings::of(lang).metric(metric, "line")))
    };
    let mut parts = Vec::with_capacity(NUMBERS.len());
    for metric in NUMBERS {
        let Some(mut text) = named(metric) else { continue };
        if let Some(Baseline::Of(other)) = metric.about().baseline
            && let Some(baseline) = named(other)
        {
            text.push_str(&format!(" ({baseline})"));
        }
        if let Some(held_out) = held_out_auc.filter(|_| metric == Metric::RtdAuc) {
            let auc = glance(metric, held_out, lang);
            text.push_str(&format!(", {}", t!(Strings::of(lang), "terminal-run-held-out", auc = auc)));
        }
        parts.push(text);
    }
    parts.join("  ")
}

pub(super) fn eval_text(eval: &EvalMetrics, lang: Lang) -> String {
    let numbers = numbers_text(lang, |metric| metric.of_eval(eval), None);
    let share = |metric: Metric| {
        let name = Strings::of(lang).metric(metric, "line");
        Some(format!("  {name} {}", lang.percent(metric.of_eval(eval)?, 0)))
    };
    let shares: String = [Metric::RtdRecall, Metric::SwapCaught].into_iter().filter_map(share).collect();
    t!(Strings::of(lang), "terminal-run-eval", step = eval.step, numbers = numbers + &shares)
}

/// `device: llvmpipe (vulkan): it was asked for`
pub fn device_text(device: &Device, lang: Lang) -> String {
    let backend = device.backend.as_ref().map_or_else(String::new, |backend| format!(" ({backend})"));
    let (name, reason) = (&device.name, &device.reason);
    t!(Strings::of(lang), "terminal-run-device", name = name, backend = backend, reason = reason)
}

pub(super) fn plan_text(plan: &RunPlan, lang: Lang) -> String {
    let mut facts = vec![
        ("preset", Fact::from(&plan.preset)),
        ("parameters", lang.rough(plan.parameters).into()),
        ("tokens", (plan.rows * plan.row_tokens).into()),
        ("mib", plan.peak_bytes.div_ceil(1 << 20).into()),
        ("corpus", plan.corpus.described().into()),
    ];
    let key = match plan.planned_steps {
        Some(steps) => {
            facts.push(("steps", steps.into()));
            "terminal-run-plan"
        }
        None => "terminal-run-plan-endless",
    };
    Strings::of(lang).with(key, &facts)
}

pub(super) fn warning_text(warning: &Warning, lang: Lang) -> String {
    t!(Strings::of(lang), "terminal-run-warning", step = warning.step, what = &warning.message)
}

/// A few words about a warning that still stands, for every line until it no longer does.
pub(super) fn standing_text(warning: &Warning, lang: Lang) -> Option<String> {
    let what = match warning.kind {
        WarningKind::CheckpointNotWritten => Message::new("record-checkpoints").into(),
        WarningKind::NotWritten => warning.message.facts.get("what")?.clone(),
        _ => return None,
    };
    Some(t!(Strings::of(lang), "terminal-run-not-written", what = what))
}

pub(super) fn finished_text(finished: &Finished, elapsed_secs: f64, lang: Lang) -> String {
    let strings = Strings::of(lang);
    if finished.run.is_none() && finished.step == 0 {
        return strings.t("terminal-run-not-begun");
    }
    let (step, time) = (finished.step, duration_text(elapsed_secs));
    let mut lines = vec![match finished.outcome {
        Outcome::Completed => t!(strings, "terminal-run-completed", step = step, time = time),
        Outcome::Stopped => t!(strings, "terminal-run-stopped", step = step, time = time),
    }];
    lines.extend(finished.run.iter().map(|run| t!(strings, "terminal-run-folder", run = run)));
    if !finished.next.is_empty() {
        lines.push(strings.t("terminal-run-next"));
        lines.extend(finished.next.iter().map(|command| format!("  {command}")));
    }
    lines.join("\n")
}

/// `1:04` or `2:03:04`
pub(super) fn clock_text(secs: f64) -> String {
    let secs = secs.max(0.0).round() as u64;
    let (hours, minutes, secs) = (secs / 3600, secs / 60 % 60, secs % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{secs:02}") } else { format!("{minutes}:{secs:02}") }
}
