//! The words of the glossary, and which of them a metric's name needs. Their sentences stand in `assets/strings/{en,pt}/glossary.ftl`:
//! `glossary-auc` is the word, `glossary-auc-about` its sentence.

use crate::train::metrics::table::Metric;

/// A word of the glossary: the keys of its name and of its sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub name: &'static str,
    pub about: &'static str,
}

macro_rules! entries {
    ($($constant:ident $key:literal),* $(,)?) => {
        $(pub const $constant: Entry = Entry { name: concat!("glossary-", $key), about: concat!("glossary-", $key, "-about") };)*
        /// All words, in the order in which a reader needs them.
        pub const ALL: &[Entry] = &[$($constant),*];
    };
}

entries! {
    TOKEN "token",
    VOCABULARY "vocabulary",
    GENERATOR "generator",
    JUDGE "judge",
    MASKED "masked",
    REPLACED "replaced",
    STEP "step",
    BATCH "batch",
    HELD_OUT "held-out",
    LOSS "loss",
    FREQUENCY "frequency",
    BASE_RATE "base-rate",
    AUC "auc",
    RECALL "recall",
    PRECISION "precision",
    ACCURACY "accuracy",
    THRESHOLD "threshold",
    RELIABILITY "reliability",
    CHECKPOINT "checkpoint",
    WEIGHTS "weights",
    DISPATCH "dispatch",
}

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
