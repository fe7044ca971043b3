//! What a tokenizer is made of: its vocabulary, how it cleans text, the names of its special tokens, and the tokens that were added
//! to it. [`Parts`] -> [`super::Tokenizer`].

use serde::{Deserialize, Serialize};
use tokenizers::AddedToken;
use tokenizers::normalizers::BertNormalizer;

use crate::{Error, Result};

pub const PAD: &str = "[PAD]";
pub const UNK: &str = "[UNK]";
pub const CLS: &str = "[CLS]";
pub const SEP: &str = "[SEP]";
pub const MASK: &str = "[MASK]";
/// The special tokens, in the order in which a trained vocabulary begins.
pub const SPECIALS: [&str; 5] = [PAD, UNK, CLS, SEP, MASK];

/// How text is cleaned before it is cut into words. The names are those of `tokenizer_config.json`, and so are the defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleaning {
    #[serde(rename = "do_lower_case", default = "yes")]
    pub lower_case: bool,
    /// `None` means the same as `lower_case`, which is BERT's rule. Portuguese needs `Some(false)`.
    #[serde(default)]
    pub strip_accents: Option<bool>,
    #[serde(rename = "tokenize_chinese_chars", default = "yes")]
    pub split_chinese: bool,
}

fn yes() -> bool {
    true
}

impl Cleaning {
    pub const UNCASED: Self = Self { lower_case: true, strip_accents: None, split_chinese: true };
    pub const CASED: Self = Self { lower_case: false, strip_accents: None, split_chinese: true };

    pub(super) fn normalizer(self) -> BertNormalizer {
        BertNormalizer::new(true, self.split_chinese, self.strip_accents, self.lower_case)
    }
}

/// The names of the special tokens by their roles, in the order of [`SPECIALS`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    pub pad: String,
    pub unk: String,
    pub cls: String,
    pub sep: String,
    pub mask: String,
}

impl Default for Names {
    /// BERT's names.
    fn default() -> Self {
        let [pad, unk, cls, sep, mask] = SPECIALS.map(str::to_owned);
        Self { pad, unk, cls, sep, mask }
    }
}

impl Names {
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub fn all(&self) -> [&str; 5] {
        [&self.pad, &self.unk, &self.cls, &self.sep, &self.mask]
    }
}

/// The ids of the special tokens, found by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Specials {
    pub pad: u32,
    pub unk: u32,
    pub cls: u32,
    pub sep: u32,
    pub mask: u32,
}

impl Specials {
    pub(super) fn find(vocab: &[String], names: &Names, place: &str) -> Result<Self> {
        let id = |name: &str| {
            // The later of two equal entries counts, as in a dictionary that is read from the file.
            let found = vocab.iter().rposition(|token| token == name);
            found.map(|id| id as u32).ok_or_else(|| {
                Error::failed("vocabulary-lacks-special")
                    .with("entries", vocab.len())
                    .with("name", name)
                    .with("specials", names.all().join(" "))
                    .at(place)
            })
        };
        Ok(Self {
            pad: id(&names.pad)?,
            unk: id(&names.unk)?,
            cls: id(&names.cls)?,
            sep: id(&names.sep)?,
            mask: id(&names.mask)?,
        })
    }

    /// Whether `id` is never hidden, judged or counted. This holds for all special tokens except `[UNK]`, which stands for a word
    /// of the text.
    pub fn excludes(&self, id: u32) -> bool {
        id == self.pad || id == self.cls || id == self.sep || id == self.mask
    }
}

/// What a tokenizer is made of.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    /// The vocabulary of the model: `vocab[id]` is the token of `id`.
    pub vocab: Vec<String>,
    pub cleaning: Cleaning,
    pub names: Names,
    /// Tokens that are found in a text before it is cut into words, in the order of their ids. Those that the vocabulary lacks get
    /// the ids after it.
    pub added: Vec<AddedToken>,
}
