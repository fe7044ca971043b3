//! Writes the page's four numbers, each beside the number that it has to beat. Metrics -> a card's HTML.

use super::html::{said, spoken};
use crate::t;
use crate::train::event::{Metrics, SwapScore};
use crate::view::words::Strings;

/// A card: its name, its value, a scale from 0 to 1 on which the bound is marked, and a sentence.
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
        &said("report-card-auc"),
        &spoken(|lang| lang.decimal(auc, 2)),
        auc,
        0.5,
        &said("report-card-auc-scale"),
    ))
}

/// Whether the judge knows context: the AUC of swaps over pairs of one word.
pub(super) fn swaps_card(swaps: &SwapScore) -> Option<String> {
    let auc = swaps.auc?;
    let value = spoken(|lang| lang.decimal(auc, 2));
    let sentence =
        spoken(|lang| t!(Strings::of(lang), "report-card-swaps-caught", caught = lang.percent(swaps.caught, 0)));
    Some(card("judge", &said("report-card-swaps"), &value, auc, 0.5, &sentence))
}

pub(super) fn judge_card(m: &Metrics) -> Option<String> {
    let (rtd, trivial) = (m.rtd_loss?, m.trivial_rtd_loss.filter(|trivial| *trivial > 0.0)?);
    let ratio = rtd / trivial;
    let sentence = spoken(|lang| {
        let (bound, by) = (lang.decimal(trivial, 3), lang.percent((1.0 - ratio).abs(), 0));
        match ratio < 1.0 {
            true => t!(Strings::of(lang), "report-card-judge-below", by = by, bound = bound),
            false => t!(Strings::of(lang), "report-card-judge-above", by = by, bound = bound),
        }
    });
    // The scale ends a quarter beyond the bound, so that it shows a judge that is worse than the bound.
    let name = said("report-card-judge");
    Some(card("judge", &name, &spoken(|lang| lang.decimal(rtd, 3)), ratio / 1.25, 0.8, &sentence))
}

pub(super) fn generator_card(m: &Metrics, unigram: Option<f64>) -> Option<String> {
    let mlm = m.mlm_loss?;
    let name = said("report-card-generator");
    let value = spoken(|lang| lang.decimal(mlm, 2));
    let Some(unigram) = unigram.filter(|unigram| *unigram > 0.0) else {
        return Some(card("generator", &name, &value, 0.0, 0.0, &said("report-card-generator-alone")));
    };
    let sentence = spoken(|lang| {
        let (bound, hits) = (lang.decimal(unigram, 2), m.sampled_accuracy.map(|hits| lang.percent(hits, 0)));
        let strings = Strings::of(lang);
        let hits = hits.map(|hits| t!(strings, "report-card-generator-hits", hits = hits)).unwrap_or_default();
        t!(strings, "report-card-generator-bound", bound = bound) + &hits
    });
    Some(card("generator", &name, &value, mlm / unigram / 1.25, 0.8, &sentence))
}

pub(super) fn caught_card(m: &Metrics) -> Option<String> {
    let recall = m.rtd_recall?;
    let sentence = match m.rtd_precision {
        Some(precision) => {
            spoken(|lang| t!(Strings::of(lang), "report-card-caught-right", right = lang.percent(precision, 0)))
        }
        None => said("report-card-caught-none"),
    };
    let name = said("report-card-caught");
    Some(card("judge", &name, &spoken(|lang| lang.percent(recall, 0)), recall, 0.0, &sentence))
}
