//! Scores of controlled swaps: how well a judge tells a word in a wrong place from the same word in a right one. And what the
//! grammar of the built-in text says of a generator's replacements.

use serde::{Deserialize, Serialize};

/// The swaps that a score is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SwapPart {
    All,
    /// The built-in text: a character in another's place.
    Who,
    Verb,
    /// What is eaten, made or used.
    Food,
    Place,
    /// What somebody or something is like.
    Look,
    Thing,
    /// The nearest word that decides is next to the swapped one.
    #[serde(rename = "distance_1")]
    Distance1,
    #[serde(rename = "distance_2")]
    Distance2,
    #[serde(rename = "distance_3")]
    Distance3,
    /// It is four words away or more.
    #[serde(rename = "distance_4")]
    Distance4,
    /// Any other text: the 400 most frequent words, most of which are function words.
    Frequent,
    /// All words after those, most of which are content words.
    Content,
    /// The 100 most frequent words.
    #[serde(rename = "rank_100")]
    Rank100,
    /// The words after those, to the 400th.
    #[serde(rename = "rank_400")]
    Rank400,
    /// To the 1,000th.
    #[serde(rename = "rank_1000")]
    Rank1000,
    /// All rarer words.
    RankRest,
    /// Words of one to three letters.
    ShortWords,
    /// Of four to six.
    MiddleWords,
    LongWords,
}

/// Words up to this rank of frequency are mostly function words.
const FREQUENT: usize = 400;

impl SwapPart {
    /// Every part, in the order in which views show them.
    pub const ALL: [Self; 20] = [
        Self::All,
        Self::Who,
        Self::Verb,
        Self::Food,
        Self::Place,
        Self::Look,
        Self::Thing,
        Self::Distance1,
        Self::Distance2,
        Self::Distance3,
        Self::Distance4,
        Self::Frequent,
        Self::Content,
        Self::Rank100,
        Self::Rank400,
        Self::Rank1000,
        Self::RankRest,
        Self::ShortWords,
        Self::MiddleWords,
        Self::LongWords,
    ];

    /// The part of a word that stands `words` words from the nearest one that decides it.
    pub fn of_distance(words: usize) -> Self {
        match words {
            0 | 1 => Self::Distance1,
            2 => Self::Distance2,
            3 => Self::Distance3,
            _ => Self::Distance4,
        }
    }

    /// The part of a word by its rank of frequency, from 1.
    pub fn of_rank(rank: usize) -> Self {
        match rank {
            0..=100 => Self::Rank100,
            101..=400 => Self::Rank400,
            401..=1000 => Self::Rank1000,
            _ => Self::RankRest,
        }
    }

    /// Frequent words or content words, by the rank of frequency, from 1.
    pub fn of_kind(rank: usize) -> Self {
        if rank <= FREQUENT { Self::Frequent } else { Self::Content }
    }

    /// The part of a word by its letters.
    pub fn of_length(letters: usize) -> Self {
        match letters {
            0..=3 => Self::ShortWords,
            4..=6 => Self::MiddleWords,
            _ => Self::LongWords,
        }
    }

    /// The Fluent message that names it.
    pub fn label(self) -> &'static str {
        match self {
            Self::All => "metrics-swaps-all",
            Self::Who => "metrics-swaps-who",
            Self::Verb => "metrics-swaps-verb",
            Self::Food => "metrics-swaps-food",
            Self::Place => "metrics-swaps-place",
            Self::Look => "metrics-swaps-look",
            Self::Thing => "metrics-swaps-thing",
            Self::Distance1 => "metrics-swaps-distance-1",
            Self::Distance2 => "metrics-swaps-distance-2",
            Self::Distance3 => "metrics-swaps-distance-3",
            Self::Distance4 => "metrics-swaps-distance-4",
            Self::Frequent => "metrics-swaps-frequent",
            Self::Content => "metrics-swaps-content",
            Self::Rank100 => "metrics-swaps-rank-100",
            Self::Rank400 => "metrics-swaps-rank-400",
            Self::Rank1000 => "metrics-swaps-rank-1000",
            Self::RankRest => "metrics-swaps-rank-rest",
            Self::ShortWords => "metrics-swaps-short-words",
            Self::MiddleWords => "metrics-swaps-middle-words",
            Self::LongWords => "metrics-swaps-long-words",
        }
    }
}

/// How a judge did on some swaps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SwapScore {
    pub part: SwapPart,
    /// How many swaps it is about.
    pub swaps: u64,
    /// How often a word scores above itself, in a wrong place against its right one; none if no word stands in both kinds of place.
    #[serde(default, with = "super::finite_or_null")]
    pub auc: Option<f64>,
    /// The same for an untouched word in the same row, some way off the wrong one: 0.5 if the judge knows where the wrong word is,
    /// above it if it only senses that the row is spoiled.
    #[serde(default, with = "super::finite_or_null")]
    pub beside_auc: Option<f64>,
    /// How often, in one place, the wrong word scores above the right one; ties count a half.
    pub pairs_right: f64,
    /// The share of the wrong words that are judged replaced at threshold one half.
    pub caught: f64,
    /// The share of the right words, in the same places, that are judged replaced.
    pub false_alarms: f64,
}

/// A sentence of the run's text that no run trains on, and a word that is wrong in it: something to try a judge on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwapExample {
    pub text: String,
    /// The number of the word in the text, as [`super::WordEdit`] counts.
    pub word: u32,
    pub right: String,
    pub wrong: String,
    /// The text with the wrong word in it.
    pub wrong_text: String,
}

/// What the grammar says of a generator's replacements in stories, as the judge reads them, and what the judge said of them at
/// threshold one half.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCounts {
    /// Replacements that break a rule, in sentences that cannot be mended without changing this word: a reader who knows the grammar
    /// can see them.
    pub breaks: u64,
    pub breaks_caught: u64,
    /// Replacements that break a rule, but another word could be the wrong one, or only other sentences show it.
    #[serde(default)]
    pub unclear: u64,
    #[serde(default)]
    pub unclear_flagged: u64,
    /// Replacements that fit as well as the original. Nobody can see them.
    pub fits: u64,
    pub fits_flagged: u64,
}

impl RuleCounts {
    /// All replacements.
    pub fn all(&self) -> u64 {
        self.breaks + self.unclear + self.fits
    }

    /// The share of the replacements that a judge who knows the whole grammar would surely catch; none without replacements.
    pub fn ceiling(&self) -> Option<f64> {
        share(self.breaks, self.all())
    }

    /// The share of the replacements that are plainly wrong and were caught.
    pub fn caught(&self) -> Option<f64> {
        share(self.breaks_caught, self.breaks)
    }

    /// The share of the other replacements that were called replaced.
    pub fn flagged(&self) -> Option<f64> {
        share(self.unclear_flagged + self.fits_flagged, self.unclear + self.fits)
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
