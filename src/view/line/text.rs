//! The sentences and numbers of the lines, in the person's language. Plain functions from values to text.

use crate::train::event::{Device, EvalMetrics, Finished, Outcome, RunPlan, Warning};
use crate::train::metrics::table::{Baseline, Metric};
use crate::view::words::{self, Strings};
use crate::view::{Lang, duration_text};

/// What a line says of a run's numbers; each has its baseline beside it where that is a metric too.
const NUMBERS: [Metric; 3] = [Metric::MlmLoss, Metric::RtdLoss, Metric::RtdAuc];

/// A value for a line of text: shorter than in a table.
pub(super) fn glance(metric: Metric, value: f64, lang: Lang) -> String {
    lang.decimal(value, metric.about().decimals.saturating_sub(1))
}

/// `generator 2.59 (unigram 4.41)  judge 0.301 (trivial 0.372)  AUC 0.78, held out 0.77`
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
            let words = lang.pick("held out", "reservado");
            text.push_str(&format!(", {words} {}", glance(metric, held_out, lang)));
        }
        parts.push(text);
    }
    parts.join("  ")
}

pub(super) fn eval_text(eval: &EvalMetrics, lang: Lang) -> String {
    let numbers = numbers_text(lang, |metric| metric.of_eval(eval), None);
    let recall = Metric::RtdRecall.of_eval(eval).map_or_else(String::new, |recall| {
        let name = Strings::of(lang).metric(Metric::RtdRecall, "line");
        format!("  {name} {}", lang.percent(recall, 0))
    });
    match lang {
        Lang::En => format!("held out, step {}: {numbers}{recall}", lang.whole(eval.step)),
        Lang::Pt => format!("texto reservado, passo {}: {numbers}{recall}", lang.whole(eval.step)),
    }
}

/// `device: llvmpipe (vulkan): it was asked for`
pub fn device_text(device: &Device, lang: Lang) -> String {
    let backend = device.backend.as_ref().map_or_else(String::new, |backend| format!(" ({backend})"));
    let reason = words::text(&device.reason, lang);
    format!("{}: {}{backend}: {reason}", lang.pick("device", "dispositivo"), device.name)
}

pub(super) fn plan_text(plan: &RunPlan, lang: Lang) -> String {
    let mib = lang.whole(plan.peak_bytes.div_ceil(1 << 20));
    let (parameters, tokens) = (lang.rough(plan.parameters), lang.whole(plan.rows * plan.row_tokens));
    let steps = plan.planned_steps.map(|steps| lang.whole(steps));
    let corpus = &plan.corpus.name;
    match lang {
        Lang::En => format!(
            "{}: {parameters} parameters, {} of {tokens} tokens, {mib} MiB, on {corpus}",
            plan.preset,
            steps.map_or_else(|| "steps".to_owned(), |steps| format!("{steps} steps")),
        ),
        Lang::Pt => format!(
            "{}: {parameters} parâmetros, {} de {tokens} tokens, {mib} MiB, com {corpus}",
            plan.preset,
            steps.map_or_else(|| "passos".to_owned(), |steps| format!("{steps} passos")),
        ),
    }
}

pub(super) fn warning_text(warning: &Warning, lang: Lang) -> String {
    let label = lang.pick("warning", "aviso");
    let step = lang.pick("step", "passo");
    format!("{label} ({step} {}): {}", lang.whole(warning.step), words::text(&warning.message, lang))
}

pub(super) fn finished_text(finished: &Finished, elapsed_secs: f64, lang: Lang) -> String {
    if finished.run.is_none() && finished.step == 0 {
        return lang
            .pick(
                "stopped before the first step; no run was begun",
                "parado antes do primeiro passo; nenhum treino começou",
            )
            .to_owned();
    }
    let (step, time) = (lang.whole(finished.step), duration_text(elapsed_secs));
    let mut text = match (finished.outcome, lang) {
        (Outcome::Completed, Lang::En) => format!("done: {step} steps in {time}"),
        (Outcome::Completed, Lang::Pt) => format!("pronto: {step} passos em {time}"),
        (Outcome::Stopped, Lang::En) => format!("stopped after step {step}, {time}; --resume goes on from here"),
        (Outcome::Stopped, Lang::Pt) => format!("parado depois do passo {step}, {time}; --resume continua daqui"),
    };
    if let Some(run) = &finished.run {
        text.push_str(&format!("\n{}: {run}", lang.pick("the run", "o treino")));
    }
    if !finished.next.is_empty() {
        text.push_str(lang.pick("\ntry next:", "\nagora experimente:"));
        finished.next.iter().for_each(|command| text.push_str(&format!("\n  {command}")));
    }
    text
}

/// `1:04` or `2:03:04`
pub(super) fn clock_text(secs: f64) -> String {
    let secs = secs.max(0.0).round() as u64;
    let (hours, minutes, secs) = (secs / 3600, secs / 60 % 60, secs % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{secs:02}") } else { format!("{minutes}:{secs:02}") }
}

pub(super) fn legend_text(lang: Lang) -> &'static str {
    lang.pick(
        "the judge's marks: [original > replacement p(replaced)], o caught, x missed, ^ false alarm",
        "as marcas do discriminador: [original > substituto p(substituído)], o detectado, x não detectado, ^ alarme falso",
    )
}
