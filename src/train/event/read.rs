//! Tokens on their way through the four stages (readout sentences, a training batch, a person's own text), attention, and
//! embeddings.

use super::finite_or_null;
use crate::plan::Stage;
use serde::{Deserialize, Serialize};

/// The four stages on a few sentences, under the weights after `step`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Readout {
    pub step: u64,
    pub sentences: Vec<Vec<ReadToken>>,
    /// Sentences of new text into which one wrong word was put, the same one in every readout. No generator takes part: the word
    /// counts as replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub swaps: Vec<Vec<ReadToken>>,
}

impl Readout {
    /// The readout without the data that only details need.
    pub(super) fn brief(&self) -> Self {
        let brief = |token: &ReadToken| ReadToken {
            best_id: None,
            best: None,
            p_original: None,
            logit: None,
            loss_share: None,
            ..token.clone()
        };
        let all = |sentences: &[Vec<ReadToken>]| {
            sentences.iter().map(|sentence| sentence.iter().map(brief).collect()).collect::<Vec<Vec<ReadToken>>>()
        };
        Self { step: self.step, sentences: all(&self.sentences), swaps: all(&self.swaps) }
    }
}

/// One token on its way: original -> masked -> proposed -> sampled -> judged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ReadToken {
    pub original_id: u32,
    pub original: String,
    /// Whether the token was hidden from the generator, which then drew a sample here.
    pub masked: bool,
    /// The generator's best guesses, best first; empty if the token was not masked.
    pub proposals: Vec<Proposal>,
    /// The sample that was written here, which may be the original again; none if the token was not masked.
    pub sampled_id: Option<u32>,
    pub sampled: Option<String>,
    /// None for padding, in runs without a judge, and before the judge has read the token.
    #[serde(default, with = "finite_or_null")]
    pub p_replaced: Option<f64>,
    /// The label: whether the token that the judge reads differs from the original.
    pub replaced: bool,
    /// Whether it is `[CLS]` or `[SEP]`, which are judged but never counted.
    pub special: bool,
    /// Whether it is one of the 15 % of the masked tokens that the generator may still read.
    #[serde(default, skip_serializing_if = "is_false")]
    pub left_visible: bool,
    /// Whether `sampled` was drawn by the words' frequency, not by the generator (early in runs whose `replacements` says so).
    #[serde(default, skip_serializing_if = "is_false")]
    pub drawn: bool,
    /// The generator's best guess, which is the first of `proposals` if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_id: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<String>,
    /// The generator's probability of the original; none if the token was not masked.
    #[serde(default, with = "finite_or_null", skip_serializing_if = "Option::is_none")]
    pub p_original: Option<f64>,
    /// The judge's logit: above 0 it says "replaced".
    #[serde(default, with = "finite_or_null", skip_serializing_if = "Option::is_none")]
    pub logit: Option<f64>,
    /// This token's share of the loss: its judgement and its proposal, weighed as the run weighs them, divided by the loss of
    /// everything that is shown (for a training batch, of the whole step).
    #[serde(default, with = "finite_or_null", skip_serializing_if = "Option::is_none")]
    pub loss_share: Option<f64>,
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    pub id: u32,
    pub token: String,
    pub probability: f32,
}

/// How a judgement turned out, at threshold one half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Caught,
    Missed,
    FalseAlarm,
    /// The token was masked, but the sample is the original, so it counts as original.
    LuckyGuess,
    Passed,
    /// The token is not judged, or its judgement does not count.
    None,
}

impl ReadToken {
    /// Whether it is a piece that continues the word before it.
    pub fn continues(&self) -> bool {
        self.read().starts_with("##")
    }

    /// Whether another word was put here that no generator drew: by the program, as a test.
    pub fn is_test(&self) -> bool {
        self.replaced && !self.masked
    }

    /// The text the judge reads here.
    pub fn read(&self) -> &str {
        self.sampled.as_deref().unwrap_or(&self.original)
    }

    /// Whether the token was hidden and the sample is the original again. This is known in runs without a judge too, where no token
    /// is labelled.
    pub fn sampled_original(&self) -> bool {
        self.masked && self.sampled.as_deref() == Some(&self.original)
    }

    pub fn verdict(&self) -> Verdict {
        let Some(p) = self.p_replaced.filter(|_| !self.special) else { return Verdict::None };
        match (self.replaced, p > 0.5, self.masked) {
            (true, true, _) => Verdict::Caught,
            (true, false, _) => Verdict::Missed,
            (false, true, _) => Verdict::FalseAlarm,
            (false, false, true) => Verdict::LuckyGuess,
            (false, false, false) => Verdict::Passed,
        }
    }
}

/// A few rows of the batch of a training step, as far as the step has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchSample {
    /// The step (from 1) that trains on it.
    pub step: u64,
    /// The last finished stage. After mask nothing is proposed yet, after propose nothing is replaced, after replace nothing is
    /// judged.
    pub known: Stage,
    /// The number of the first shown row among the rows of the optimizer step. The next sample shows the next rows.
    pub first_row: u32,
    /// The rows, without padding.
    pub rows: Vec<Vec<ReadToken>>,
}

/// What a person does to a word of their text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordEdit {
    /// The number of the word, as in [`OwnToken::word`].
    pub word: u32,
    pub change: Change,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// Hide the word from the generator, which says what it would write. The judge still reads the original.
    Mask,
    /// Hide the word from the generator and write its sample into the text. Another `draw` gives another sample.
    Sample {
        #[serde(default)]
        draw: u32,
    },
    /// Write another word by hand. The generator reads the original.
    Replace { word: String },
}

/// A person's text under the weights after `step`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnText {
    pub step: u64,
    pub text: String,
    /// The tokens, without `[CLS]` and `[SEP]`. A word that was replaced by hand has the pieces of the new word.
    pub tokens: Vec<OwnToken>,
    /// Whether the text is longer than the row, so that its end is left out.
    pub truncated: bool,
    /// How many edits were left out, because their word does not exist or no slot was free.
    pub edits_left_out: u32,
}

/// A token of a person's text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OwnToken {
    #[serde(flatten)]
    pub token: ReadToken,
    /// The range of the token in the typed text, in bytes.
    pub start: u32,
    pub end: u32,
    /// The number of its word in the typed text, by which edits name the word. All pieces of a word have the same number.
    pub word: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    Generator,
    Discriminator,
}

/// The attention in one layer of a network: for each head, how much each token attends to each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttentionMap {
    pub step: u64,
    pub network: Network,
    /// The layer's number, from 0, of `layers`.
    pub layer: u32,
    pub layers: u32,
    pub heads: u32,
    /// The T tokens that this network reads, `[CLS]` first and `[SEP]` last.
    pub tokens: Vec<String>,
    /// (heads, T, T): the share of its attention that a token (second axis) gives to another (third axis). A row sums to 1.
    pub probabilities: Vec<f32>,
}

impl AttentionMap {
    /// The weights that token `from` gives to each token, in head `head`.
    pub fn row(&self, head: usize, from: usize) -> &[f32] {
        let t = self.tokens.len();
        &self.probabilities[(head * t + from) * t..][..t]
    }
}

/// Word embeddings on the two axes along which they differ most (principal components).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EmbeddingMap {
    pub step: u64,
    /// The words, the most frequent first, without special tokens.
    pub points: Vec<MapPoint>,
    /// The share of all their variance that each axis shows.
    pub explained: [f64; 2],
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MapPoint {
    pub id: u32,
    pub token: String,
    /// How often the word occurs in the training text.
    pub count: u64,
    pub x: f32,
    pub y: f32,
}
