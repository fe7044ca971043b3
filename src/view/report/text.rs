//! Writes the page's sentences about a run: its result, what was trained, and how far it is. Values -> text, in one language.

use super::html::escape;
use super::run::{End, Run};
use crate::train::event::RunPlan;
use crate::view::{Lang, duration_text};

/// The run's result in one sentence, which is also what AUC means.
pub(super) fn headline(run: &Run, lang: Lang) -> String {
    let Some(m) = run.final_metrics() else {
        return lang.pick("This run has not measured anything yet", "Este treino ainda não mediu nada").to_owned();
    };
    match (m.rtd_auc, m.mlm_loss) {
        (Some(auc), _) => {
            let times = lang.decimal(auc * 100.0, 0);
            lang.pick(
                format!("Shown a replaced token and an original one, the judge tells which is which <em>{times} times in 100</em>"),
                format!("Diante de um token substituído e um original, o discriminador acerta qual é qual <em>{times} vezes em 100</em>"),
            )
        }
        (None, Some(loss)) => {
            let loss = lang.decimal(loss, 2);
            lang.pick(
                format!("The generator guesses hidden words at <em>{loss} nats</em> a token"),
                format!("O gerador adivinha palavras escondidas com <em>{loss} nats</em> por token"),
            )
        }
        (None, None) => lang.pick("This run gave no loss to report", "Este treino não deu nenhuma perda").to_owned(),
    }
}

/// What was trained and for how long; how good the judge is beside one that does not look.
pub(super) fn lede(run: &Run, lang: Lang) -> Vec<String> {
    let mut paragraphs = Vec::new();
    if let Some(plan) = run.plan {
        paragraphs.push(trained_text(run, plan, lang));
    }
    let Some(m) = run.final_metrics() else { return paragraphs };
    if let (Some(auc), Some(share), Some(accuracy)) = (m.rtd_auc, m.replaced_share, m.rtd_accuracy) {
        let auc = lang.decimal(auc, 2);
        let [share, blind, accuracy] = [share, share.max(1.0 - share), accuracy].map(|value| lang.percent(value, 1));
        paragraphs.push(lang.pick(
            format!(
                "That figure is the AUC, {auc}: a coin gets 0.50, a perfect judge 1.00. Accuracy says less: {share} of the tokens were \
                 replaced, so always answering the commoner of the two is right for {blind} of them. The judge is right for {accuracy}."
            ),
            format!(
                "Esse número é a AUC, {auc}: uma moeda tira 0,50, um discriminador perfeito 1,00. A acurácia diz menos: {share} dos tokens \
                 foram substituídos, então responder sempre o mais comum dos dois acerta {blind}. O discriminador acerta {accuracy}."
            ),
        ));
    }
    paragraphs
}

fn trained_text(run: &Run, plan: &RunPlan, lang: Lang) -> String {
    let preset = escape(&plan.preset);
    let (parameters, corpus) = (lang.rough(plan.parameters), escape(&plan.corpus.name));
    let (steps, tokens) = (lang.whole(run.last_step()), lang.rough(run.tokens_seen()));
    let time = run
        .elapsed_secs()
        // held together: "1 min 58 s" must not end a line after "1"
        .map_or_else(String::new, |secs| {
            format!(" {} {}", lang.pick("in", "em"), duration_text(secs).replace(' ', "\u{a0}"))
        });
    let device =
        run.device.map_or_else(String::new, |device| format!(" {} {}", lang.pick("on", "em"), escape(&device.name)));
    lang.pick(
        format!("A {preset} ELECTRA ({parameters} parameters) learnt from {tokens} tokens of “{corpus}”: {steps} steps{time}{device}."),
        format!("Um ELECTRA {preset} ({parameters} parâmetros) aprendeu com {tokens} tokens de “{corpus}”: {steps} passos{time}{device}."),
    )
}

pub(super) fn unfinished_text(run: &Run, lang: Lang) -> String {
    let step = lang.whole(run.last_step());
    let of = run
        .plan
        .and_then(|plan| plan.planned_steps)
        .map_or_else(String::new, |planned| format!(" {} {}", lang.pick("of", "de"), lang.whole(planned)));
    match run.end {
        Some(End::Finished(_)) => lang.pick(
            format!("Stopped at step {step}{of}; --resume goes on from here"),
            format!("Parado no passo {step}{of}; --resume continua daqui"),
        ),
        _ => lang.pick(
            format!("Not finished when this was written: step {step}{of}"),
            format!("Não terminado quando isto foi escrito: passo {step}{of}"),
        ),
    }
}
