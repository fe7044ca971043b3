//! The sentences and numbers of the lines, in the person's language. Plain functions from values to text.

use crate::message::Fact;
use crate::t;
use crate::train::event::{Device, EvalMetrics, Finished, Outcome, RunPlan, Warning};
use crate::view::words::Strings;
use crate::view::{Lang, duration_text};

/// `generator 2.59 (unigram 4.41)  judge 0.301 (trivial 0.372)  AUC 0.78, held out 0.77`
pub(super) fn numbers_text(
    lang: Lang,
    [mlm, rtd, trivial, auc]: [Option<f64>; 4],
    unigram: Option<f64>,
    held_out: Option<f64>,
) -> String {
    let beside = |name: &str, value: Option<f64>, decimals| {
        value.map_or_else(String::new, |value| format!(" ({name} {})", lang.decimal(value, decimals)))
    };
    let mut parts = Vec::with_capacity(3);
    if let Some(mlm) = mlm {
        let unigram = beside(lang.pick("unigram", "unigrama"), unigram, 2);
        parts.push(format!("{} {}{unigram}", lang.pick("generator", "gerador"), lang.decimal(mlm, 2)));
    }
    if let Some(rtd) = rtd {
        let trivial = beside(lang.pick("trivial", "trivial"), trivial, 3);
        parts.push(format!("{} {}{trivial}", lang.pick("judge", "discriminador"), lang.decimal(rtd, 3)));
    }
    if let Some(auc) = auc {
        let held_out = held_out.map_or_else(String::new, |held_out| {
            format!(", {} {}", lang.pick("held out", "reservado"), lang.decimal(held_out, 2))
        });
        parts.push(format!("AUC {}{held_out}", lang.decimal(auc, 2)));
    }
    parts.join("  ")
}

pub(super) fn eval_text(eval: &EvalMetrics, lang: Lang) -> String {
    let m = &eval.metrics;
    let numbers =
        numbers_text(lang, [m.mlm_loss, m.rtd_loss, m.trivial_rtd_loss, m.rtd_auc], eval.unigram_entropy, None);
    let recall = m.rtd_recall.map_or_else(String::new, |recall| {
        format!("  {} {}", lang.pick("caught", "detectados"), lang.percent(recall, 0))
    });
    match lang {
        Lang::En => format!("held out, step {}: {numbers}{recall}", lang.whole(eval.step)),
        Lang::Pt => format!("texto reservado, passo {}: {numbers}{recall}", lang.whole(eval.step)),
    }
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
        ("corpus", (&plan.corpus.name).into()),
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
