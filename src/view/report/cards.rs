//! Writes the page's four numbers, each beside the number that it has to beat. Metrics -> a card's HTML.

use super::html::{both, spoken};
use crate::train::event::Metrics;

/// A card: name, value, a scale from 0 to 1 with what is to be beaten marked on it, and a sentence.
fn card(class: &str, name: &str, value: &str, reached: f64, mark: f64, sentence: &str) -> String {
    let [reached, mark] = [reached, mark].map(|place| place.clamp(0.0, 1.0) * 100.0);
    format!(
        "<div class=\"card {class}\"><h3>{name}</h3><p class=\"value\">{value}</p>\
         <div class=\"scale\" aria-hidden=\"true\"><i style=\"width:{reached:.1}%\"></i><b style=\"left:{mark:.1}%\"></b></div><p>{sentence}</p></div>"
    )
}

pub(super) fn auc_card(m: &Metrics) -> Option<String> {
    let auc = m.rtd_auc?;
    Some(card(
        "judge",
        &both("Judge: AUC", "Discriminador: AUC"),
        &spoken(|lang| lang.decimal(auc, 2)),
        auc,
        0.5,
        &spoken(|lang| {
            lang.pick("chance is 0.50 (the mark), perfect is 1.00", "o acaso dá 0,50 (a marca), o perfeito 1,00")
                .to_owned()
        }),
    ))
}

pub(super) fn judge_card(m: &Metrics) -> Option<String> {
    let (rtd, trivial) = (m.rtd_loss?, m.trivial_rtd_loss.filter(|trivial| *trivial > 0.0)?);
    let ratio = rtd / trivial;
    let sentence = spoken(|lang| {
        let (bound, by) = (lang.decimal(trivial, 3), lang.percent((1.0 - ratio).abs(), 0));
        let side = if ratio < 1.0 { lang.pick("below", "abaixo de") } else { lang.pick("above", "acima de") };
        lang.pick(
            format!("{by} {side} {bound}, what knowing only the base rate gives"),
            format!("{by} {side} {bound}, que é o que só a taxa-base dá"),
        )
    });
    // The scale ends a quarter beyond the bound, so that a judge worse than it shows.
    let name = both("Judge: loss", "Discriminador: perda");
    Some(card("judge", &name, &spoken(|lang| lang.decimal(rtd, 3)), ratio / 1.25, 0.8, &sentence))
}

pub(super) fn generator_card(m: &Metrics, unigram: Option<f64>) -> Option<String> {
    let mlm = m.mlm_loss?;
    let name = both("Generator: loss", "Gerador: perda");
    let value = spoken(|lang| lang.decimal(mlm, 2));
    let Some(unigram) = unigram.filter(|unigram| *unigram > 0.0) else {
        return Some(card(
            "generator",
            &name,
            &value,
            0.0,
            0.0,
            &both("nats a masked token", "nats por token mascarado"),
        ));
    };
    let sentence = spoken(|lang| {
        let (bound, hits) = (lang.decimal(unigram, 2), m.sampled_accuracy.map(|hits| lang.percent(hits, 0)));
        let hits = hits.map_or_else(String::new, |hits| {
            lang.pick(
                format!("; {hits} of its samples are the original"),
                format!("; {hits} das amostras são o original"),
            )
        });
        lang.pick(
            format!("nats a token; counting words alone gives {bound}{hits}"),
            format!("nats por token; só contar palavras dá {bound}{hits}"),
        )
    });
    Some(card("generator", &name, &value, mlm / unigram / 1.25, 0.8, &sentence))
}

pub(super) fn caught_card(m: &Metrics) -> Option<String> {
    let recall = m.rtd_recall?;
    let sentence = spoken(|lang| match m.rtd_precision {
        Some(precision) => {
            let right = lang.percent(precision, 0);
            lang.pick(
                format!("of the replaced tokens; when it raises a flag it is right {right} of the time"),
                format!("dos tokens substituídos; quando acusa, acerta {right} das vezes"),
            )
        }
        None => lang
            .pick("of the replaced tokens: it flags nothing yet", "dos tokens substituídos: ainda não acusa nada")
            .to_owned(),
    });
    let name = both("Judge: caught", "Discriminador: detectados");
    Some(card("judge", &name, &spoken(|lang| lang.percent(recall, 0)), recall, 0.0, &sentence))
}
