//! `eval`: evaluates a run's newest checkpoint on held-out text.

use super::args::EvalArgs;
use super::output::Output;
use crate::Result;
use crate::host::native;
use crate::train::engine::Backend;
use crate::train::event::{EvalMetrics, Event};

pub async fn run(args: &EvalArgs, output: Output) -> Result<()> {
    let backend = Backend::open(&args.machine.device).await?;
    let metrics = native::evaluate(&args.run, &args.corpus, &backend).await?;
    output.text(&table(&metrics, output))?;
    output.event(&Event::Eval(Box::new(metrics)))
}

/// One line a number, next to what it should be compared with.
fn table(eval: &EvalMetrics, output: Output) -> String {
    let (m, lang) = (&eval.metrics, output.lang);
    let beside = |name: &str, value: Option<f64>| {
        value.map_or_else(String::new, |value| format!("   ({name} {})", lang.decimal(value, 3)))
    };
    let unigram = beside(lang.pick("unigram", "unigrama"), eval.unigram_entropy);
    let trivial = beside(lang.pick("trivial", "trivial"), m.trivial_rtd_loss);
    let rule = beside(lang.pick("broken rules", "regras quebradas"), eval.rtd_auc_rule);
    let rows = [
        (lang.pick("generator loss", "perda do gerador"), m.mlm_loss, unigram),
        (lang.pick("  first guess right", "  primeiro palpite certo"), m.mlm_accuracy, String::new()),
        (lang.pick("  sample right", "  amostra certa"), m.sampled_accuracy, String::new()),
        (lang.pick("judge loss", "perda do discriminador"), m.rtd_loss, trivial),
        ("  AUC", m.rtd_auc, rule),
        (lang.pick("  accuracy", "  acurácia"), m.rtd_accuracy, String::new()),
        (lang.pick("  precision", "  precisão"), m.rtd_precision, String::new()),
        (lang.pick("  recall", "  revocação"), m.rtd_recall, String::new()),
        (lang.pick("  share replaced", "  parte substituída"), m.replaced_share, String::new()),
    ];
    let line = |(name, value, beside): (&str, Option<f64>, String)| {
        let value = value.map_or_else(|| "-".to_owned(), |value| lang.decimal(value, 3));
        format!("{name:<26} {value:>7}{beside}")
    };
    let head = lang.pick("held out, after step", "texto reservado, depois do passo");
    let lines: Vec<String> = rows.into_iter().map(line).collect();
    format!("{head} {}\n{}", lang.whole(eval.step), lines.join("\n"))
}
