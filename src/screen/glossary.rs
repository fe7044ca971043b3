//! The words of the glossary, and which of them a metric's name needs. Their sentences stand in `assets/strings/{en,pt}/glossary.ftl`:
//! `glossary-auc` is the word, `glossary-auc-about` its sentence.

use crate::train::metrics::table::Metric;

/// A word of the glossary: the keys of its name and of its sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub name: &'static str,
    pub about: &'static str,
}

pub const TOKEN: Entry = Entry { name: "glossary-token", about: "glossary-token-about" };
pub const VOCABULARY: Entry = Entry { name: "glossary-vocabulary", about: "glossary-vocabulary-about" };
pub const GENERATOR: Entry = Entry { name: "glossary-generator", about: "glossary-generator-about" };
pub const JUDGE: Entry = Entry { name: "glossary-judge", about: "glossary-judge-about" };
pub const MASKED: Entry = Entry { name: "glossary-masked", about: "glossary-masked-about" };
pub const REPLACED: Entry = Entry { name: "glossary-replaced", about: "glossary-replaced-about" };
pub const STEP: Entry = Entry { name: "glossary-step", about: "glossary-step-about" };
pub const BATCH: Entry = Entry { name: "glossary-batch", about: "glossary-batch-about" };
pub const HELD_OUT: Entry = Entry { name: "glossary-held-out", about: "glossary-held-out-about" };
pub const LOSS: Entry = Entry { name: "glossary-loss", about: "glossary-loss-about" };
pub const FREQUENCY: Entry = Entry { name: "glossary-frequency", about: "glossary-frequency-about" };
pub const BASE_RATE: Entry = Entry { name: "glossary-base-rate", about: "glossary-base-rate-about" };
pub const AUC: Entry = Entry { name: "glossary-auc", about: "glossary-auc-about" };
pub const RECALL: Entry = Entry { name: "glossary-recall", about: "glossary-recall-about" };
pub const PRECISION: Entry = Entry { name: "glossary-precision", about: "glossary-precision-about" };
pub const ACCURACY: Entry = Entry { name: "glossary-accuracy", about: "glossary-accuracy-about" };
pub const THRESHOLD: Entry = Entry { name: "glossary-threshold", about: "glossary-threshold-about" };
pub const RELIABILITY: Entry = Entry { name: "glossary-reliability", about: "glossary-reliability-about" };
pub const CHECKPOINT: Entry = Entry { name: "glossary-checkpoint", about: "glossary-checkpoint-about" };
pub const WEIGHTS: Entry = Entry { name: "glossary-weights", about: "glossary-weights-about" };
pub const DISPATCH: Entry = Entry { name: "glossary-dispatch", about: "glossary-dispatch-about" };

/// All words, in the order in which a reader needs them.
pub const ALL: [Entry; 21] = [
    TOKEN,
    VOCABULARY,
    GENERATOR,
    JUDGE,
    MASKED,
    REPLACED,
    STEP,
    BATCH,
    HELD_OUT,
    LOSS,
    FREQUENCY,
    BASE_RATE,
    AUC,
    RECALL,
    PRECISION,
    ACCURACY,
    THRESHOLD,
    RELIABILITY,
    CHECKPOINT,
    WEIGHTS,
    DISPATCH,
];

/// The word that explains a metric; none if the metric's name explains itself.
pub fn of_metric(metric: Metric) -> Option<Entry> {
    Some(match metric {
        Metric::MlmLoss | Metric::RtdLoss | Metric::TotalLoss => LOSS,
        Metric::UnigramEntropy => FREQUENCY,
        Metric::TrivialRtdLoss | Metric::BaseAccuracy | Metric::ReplacedShare => BASE_RATE,
        Metric::RtdAuc | Metric::RtdAucRule => AUC,
        Metric::RtdRecall => RECALL,
        Metric::RtdPrecision => PRECISION,
        Metric::RtdAccuracy => ACCURACY,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Lang;
    use crate::view::words::Strings;

    #[test]
    fn every_word_has_a_sentence_in_both_languages() {
        for strings in [Lang::En, Lang::Pt].map(Strings::of) {
            for entry in ALL {
                assert!(strings.t(entry.name) != entry.name && strings.t(entry.about).ends_with('.'), "{entry:?}");
            }
        }
    }
}
