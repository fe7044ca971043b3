//! `eval`: evaluates a run's newest checkpoint on held-out text.

use super::args::EvalArgs;
use super::output::Output;
use crate::Result;
use crate::host::native;
use crate::run::Evaluated;
use crate::t;
use crate::train::engine::Backend;
use crate::train::event::{EvalMetrics, Event, Preparing, SwapPart, SwapScore};
use crate::train::metrics::table::{Baseline, Metric};
use crate::view::words::{self, Strings};

pub async fn run(args: &EvalArgs, output: Output) -> Result<()> {
    let backend = Backend::open(&args.machine.device).await?;
    let corpus = [args.corpus.as_slice(), &args.more].concat();
    // The run's own text was listed when it was trained. Where its cache is kept may be new.
    let mut tell = |preparing: Preparing| {
        if !corpus.is_empty() || preparing.message.code.starts_with("cache-kept") {
            output.note(&words::text(&preparing.message, output.lang));
        }
    };
    let Evaluated { metrics, notices } =
        native::evaluate(&args.run, &corpus, args.text_field.as_deref(), args.unknown_max, &backend, &mut tell).await?;
    notices.iter().try_for_each(|notice| output.warning(notice))?;
    output.text(&table(&metrics, output))?;
    output.event(&Event::Eval(Box::new(metrics)))
}

/// What is printed first, and its indent. Other metrics that an evaluation measures follow.
const ROWS: [(&str, Metric); 16] = [
    ("", Metric::MlmLoss),
    ("  ", Metric::MlmAccuracy),
    ("  ", Metric::SampledAccuracy),
    ("", Metric::RtdLoss),
    ("  ", Metric::TokenRtdLoss),
    ("  ", Metric::RtdAuc),
    ("  ", Metric::RtdAucContext),
    ("  ", Metric::RtdAccuracy),
    ("  ", Metric::RtdPrecision),
    ("  ", Metric::RtdRecall),
    ("  ", Metric::ReplacedShare),
    ("", Metric::SwapAuc),
    ("  ", Metric::SwapPairsRight),
    ("  ", Metric::SwapCaught),
    ("  ", Metric::SwapFalseAlarms),
    ("  ", Metric::SwapBesideAuc),
];

/// What has no line of its own: numbers that stand beside another, and the sum of the losses.
const BESIDE: [Metric; 4] = [Metric::UnigramEntropy, Metric::TrivialRtdLoss, Metric::RtdAucRule, Metric::TotalLoss];

/// The metrics that [`ROWS`] does not place.
fn others(eval: &EvalMetrics) -> impl Iterator<Item = (&'static str, Metric)> {
    let placed = |metric: &Metric| BESIDE.contains(metric) || ROWS.iter().any(|(_, row)| row == metric);
    let measured = |metric: &Metric| metric.about().board && metric.of_eval(eval).is_some();
    Metric::ALL.into_iter().filter(move |metric| measured(metric) && !placed(metric)).map(|metric| ("", metric))
}

/// One line for each number, beside its baseline.
fn table(eval: &EvalMetrics, output: Output) -> String {
    let lang = output.lang;
    let strings = Strings::of(lang);
    let beside = |metric: Metric| {
        let other = match (metric, metric.about().baseline) {
            (Metric::RtdAuc, _) => Metric::RtdAucRule,
            (_, Some(Baseline::Of(other))) => other,
            _ => return None,
        };
        Some(format!("   ({} {})", strings.metric(other, "line"), lang.decimal(other.of_eval(eval)?, 3)))
    };
    let line = |(indent, metric): (&str, Metric)| {
        let name = format!("{indent}{}", strings.metric(metric, "eval"));
        let value = metric.of_eval(eval).map_or_else(|| "-".to_owned(), |value| lang.decimal(value, 3));
        format!("{name:<44} {value:>7}{}", beside(metric).unwrap_or_default())
    };
    let head = t!(strings, "terminal-eval", step = eval.step);
    let part = |score: &SwapScore| {
        let name = format!("    {} ({})", strings.t(score.part.label()), score.swaps);
        let auc = score.auc.map_or_else(|| "-".to_owned(), |auc| lang.decimal(auc, 3));
        let [caught, alarms] = [score.caught, score.false_alarms].map(|share| lang.percent(share, 0));
        t!(strings, "terminal-eval-part", name = format!("{name:<44}"), auc = auc, caught = caught, alarms = alarms)
    };
    let parts = eval.swaps.iter().filter(|score| score.part != SwapPart::All);
    let unknown = eval.unknown_share.map(|share| {
        let name = strings.t("terminal-eval-unknown");
        format!("{name:<44} {:>7}", lang.percent(share, 1))
    });
    let lines: Vec<String> =
        ROWS.into_iter().chain(others(eval)).map(line).chain(parts.map(part)).chain(unknown).collect();
    format!("{head}\n{}", lines.join("\n"))
}
