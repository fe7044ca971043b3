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
}

impl Readout {
    /// Without what details are made of.
    pub(super) fn brief(&self) -> Self {
        let brief = |token: &ReadToken| ReadToken {
            best_id: None,
            best: None,
            p_original: None,
            logit: None,
            loss_share: None,
            ..token.clone()
        };
        let sentences = self.sentences.iter().map(|sentence| sentence.iter().map(brief).collect());
        Self { step: self.step, sentences: sentences.collect() }
    }
}

/// One token on its way: original -> masked -> proposed -> sampled -> judged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ReadToken {
    pub original_id: u32,
    pub original: String,
    /// Hidden from the generator, which then sampled here.
    pub masked: bool,
    /// The generator's best guesses, best first; empty where nothing was masked.
    pub proposals: Vec<Proposal>,
    /// What was written here instead, which may be the original again; none where nothing was masked.
    pub sampled_id: Option<u32>,
    pub sampled: Option<String>,
    /// None for padding, in runs without a judge, and before it judged.
    #[serde(default, with = "finite_or_null")]
    pub p_replaced: Option<f64>,
    /// The label: the token the judge reads is not the original.
    pub replaced: bool,
    /// `[CLS]`, `[SEP]`: judged, never counted.
    pub special: bool,
    /// Masked, but one of the few that the generator may read all the same (15 % of them).
    #[serde(default, skip_serializing_if = "is_false")]
    pub left_visible: bool,
    /// `sampled` was drawn by how frequent words are, not by the generator (early in runs whose `replacements` says so).
    #[serde(default, skip_serializing_if = "is_false")]
    pub drawn: bool,
    /// The generator's best guess; where `proposals` are told, the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_id: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<String>,
    /// The generator's probability of the original; none where nothing was masked.
    #[serde(default, with = "finite_or_null", skip_serializing_if = "Option::is_none")]
    pub p_original: Option<f64>,
    /// The judge's: above 0, replaced.
    #[serde(default, with = "finite_or_null", skip_serializing_if = "Option::is_none")]
    pub logit: Option<f64>,
    /// Of the loss of everything that is shown (of a training batch: of the whole step), what this token's judgement and its
    /// proposal make up, weighed as the run weighs them.
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
    /// Masked, but the sample is the original: it counts as original.
    LuckyGuess,
    Passed,
    /// No judgement to speak of.
    None,
}

impl ReadToken {
    /// A piece that goes on with the word before it.
    pub fn continues(&self) -> bool {
        self.read().starts_with("##")
    }

    /// The text the judge reads here.
    pub fn read(&self) -> &str {
        self.sampled.as_deref().unwrap_or(&self.original)
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
    /// The last stage that is done: up to mask nothing is proposed, up to propose nothing replaced, up to replace nothing judged.
    pub known: Stage,
    /// The number, among the optimizer step's rows, of the first row shown. It moves on with every sample.
    pub first_row: u32,
    /// Padding left out.
    pub rows: Vec<Vec<ReadToken>>,
}

/// What a person does to a word of their text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordEdit {
    /// [`OwnToken::word`].
    pub word: u32,
    pub change: Change,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// The generator does not see it and says what it would write; the judge still reads the original.
    Mask,
    /// The generator does not see it, and what it samples is written into the text. Another `draw`, another sample.
    Sample {
        #[serde(default)]
        draw: u32,
    },
    /// Another word, by hand; the generator reads the original.
    Replace { word: String },
}

/// A person's text under the weights after `step`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnText {
    pub step: u64,
    pub text: String,
    /// `[CLS]` and `[SEP]` left out. Of a word replaced by hand, the pieces of the new one.
    pub tokens: Vec<OwnToken>,
    /// The text is longer than the row: its end is left out.
    pub truncated: bool,
    /// Edits of words that are not there, or more masks than there are slots.
    pub edits_left_out: u32,
}

/// A token of a person's text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OwnToken {
    #[serde(flatten)]
    pub token: ReadToken,
    /// Bytes of the text as it was typed.
    pub start: u32,
    pub end: u32,
    /// The number of its word in the text as it was typed; the pieces of a word share it. Edits name it.
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

/// Who looks at whom in one layer of a network, head by head.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttentionMap {
    pub step: u64,
    pub network: Network,
    /// From 0, of `layers`.
    pub layer: u32,
    pub layers: u32,
    pub heads: u32,
    /// What this network reads, `[CLS]` first and `[SEP]` last. T of them.
    pub tokens: Vec<String>,
    /// (heads, T, T): the share of its attention that a token (second axis) gives to another (third axis). A row sums to 1.
    pub probabilities: Vec<f32>,
}

impl AttentionMap {
    /// What token `from` gives to each token, in head `head`.
    pub fn row(&self, head: usize, from: usize) -> &[f32] {
        let t = self.tokens.len();
        &self.probabilities[(head * t + from) * t..][..t]
    }
}

/// Word embeddings on the two axes along which they differ most (principal components).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EmbeddingMap {
    pub step: u64,
    /// Most frequent first; special tokens left out.
    pub points: Vec<MapPoint>,
    /// The share of all their variance that each axis shows.
    pub explained: [f64; 2],
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MapPoint {
    pub id: u32,
    pub token: String,
    /// Occurrences in the text that is trained on.
    pub count: u64,
    pub x: f32,
    pub y: f32,
}
