//! Fills the page's tables: the metrics that are columns, and the facts of a plan and of a device.

use super::html::{escape, spoken};
use crate::train::event::{Arena, Device, RunPlan};
use crate::train::metrics::table::{Columns, Metric};
use crate::view::words::{self, Strings};

/// The metrics that have a column in a table: that of held-out text or that of training, as `columns` says.
pub(super) fn metrics(columns: Columns) -> Vec<Metric> {
    let in_it = |metric: &Metric| {
        let own = metric.about().columns;
        own == columns || own == Columns::Both
    };
    Metric::reading_order().into_iter().filter(in_it).collect()
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
        ("report-fact-rows", format!("{} × {}", whole(plan.rows), whole(plan.row_tokens))),
        ("report-fact-vocabulary", whole(plan.corpus.vocab_size)),
        ("report-fact-dispatches", whole(plan.dispatches)),
        ("report-fact-memory", mib(plan.peak_bytes)),
    ];
    if let Some(unknown) = plan.corpus.unknown_share {
        facts.push(("report-fact-unknown", spoken(|lang| lang.percent(unknown, 1))));
    }
    let name = |arena: &Arena| spoken(|lang| escape(&Strings::of(lang).arena(&arena.name)));
    let arenas = plan.arenas.iter().take(20).map(|arena| format!("{} {}", name(arena), mib(arena.bytes)));
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
