//! What the page's tables hold: columns with their rows, and the facts of a plan and of a device.

use super::html::{escape, spoken};
use crate::train::event::{Device, EvalMetrics, RunPlan, StepMetrics};
use crate::view::words;

pub(super) const HELD_OUT_COLUMNS: [(&str, &str, usize); 10] = [
    ("generator loss", "perda do gerador", 3),
    ("unigram entropy", "entropia unigrama", 3),
    ("judge loss", "perda do discriminador", 4),
    ("trivial loss", "perda trivial", 4),
    ("AUC", "AUC", 3),
    ("precision", "precisão", 3),
    ("recall", "revocação", 3),
    ("accuracy", "acurácia", 3),
    ("sampled right", "amostras certas", 3),
    ("replaced", "substituídos", 3),
];

pub(super) fn held_out_row(eval: &EvalMetrics) -> [Option<f64>; 10] {
    let m = &eval.metrics;
    [
        m.mlm_loss,
        eval.unigram_entropy,
        m.rtd_loss,
        m.trivial_rtd_loss,
        m.rtd_auc,
        m.rtd_precision,
        m.rtd_recall,
        m.rtd_accuracy,
        m.sampled_accuracy,
        m.replaced_share,
    ]
}

pub(super) const TRAINING_COLUMNS: [(&str, &str, usize); 9] = [
    ("generator loss", "perda do gerador", 3),
    ("judge loss", "perda do discriminador", 4),
    ("trivial loss", "perda trivial", 4),
    ("AUC", "AUC", 3),
    ("precision", "precisão", 3),
    ("recall", "revocação", 3),
    ("learning rate", "taxa de aprendizado", 6),
    ("gradient norm", "norma do gradiente", 3),
    ("tokens/s", "tokens/s", 0),
];

pub(super) fn training_row(step: &StepMetrics) -> [Option<f64>; 9] {
    let m = &step.metrics;
    [
        m.mlm_loss,
        m.rtd_loss,
        m.trivial_rtd_loss,
        m.rtd_auc,
        m.rtd_precision,
        m.rtd_recall,
        step.lr,
        step.grad_norm,
        step.tokens_per_sec,
    ]
}

/// The key of its name, and its value.
pub(super) type Fact = (&'static str, String);

pub(super) fn plan_facts(plan: &RunPlan) -> Vec<Fact> {
    let whole = |value: u64| spoken(|lang| lang.whole(value));
    let mib = |bytes: u64| spoken(|lang| format!("{} MiB", lang.decimal(bytes as f64 / f64::from(1 << 20), 1)));
    let mut facts = vec![
        ("report-fact-parameters", whole(plan.parameters)),
        ("report-fact-judge", whole(plan.discriminator_parameters)),
        ("report-fact-generator", whole(plan.generator_parameters)),
        ("report-fact-rows", format!("{} × {}", plan.rows, plan.row_tokens)),
        ("report-fact-vocabulary", whole(plan.corpus.vocab_size)),
        ("report-fact-dispatches", whole(plan.dispatches)),
        ("report-fact-memory", mib(plan.peak_bytes)),
    ];
    let arenas = plan.arenas.iter().take(20).map(|arena| format!("{} {}", escape(&arena.name), mib(arena.bytes)));
    facts.push(("report-fact-arenas", arenas.collect::<Vec<_>>().join(" · ")));
    facts.push(("report-fact-engine", escape(&plan.engine)));
    facts.push(("report-fact-seed", plan.seed.to_string()));
    facts
}

pub(super) fn device_fact(device: &Device) -> Fact {
    let reason = spoken(|lang| escape(&words::text(&device.reason, lang)));
    let backend = device.backend.as_ref().map_or_else(String::new, |backend| format!(" ({})", escape(backend)));
    ("report-fact-device", format!("{}{backend}: {}", escape(&device.name), reason))
}
