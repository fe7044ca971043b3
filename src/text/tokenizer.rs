//! WordPiece tokenizers, with the ids that transformers' ElectraTokenizer gives: `vocab.txt`, `tokenizer.json` and
//! `tokenizer_config.json` in and out, text -> ids.
//!
//! transformers rebuilds ELECTRA's normaliser from `tokenizer_config.json` and takes only the vocabulary from
//! `tokenizer.json`; so does this room. [`Tokenizer::encode`] reads `[MASK]` and the other special names in the text as
//! transformers does; [`Encoder`], for corpora, never does: a corpus that quotes "`[SEP]`" must not end a row.

use std::collections::HashMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokenizers::decoders::wordpiece::WordPiece as WordPieceDecoder;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, Model, Normalizer, OffsetType, PreTokenizedString, PreTokenizer, TokenizerImpl};

use super::{hex, map_parallel};
use crate::path::name_of;
use crate::{Error, Result};

pub const PAD: &str = "[PAD]";
pub const UNK: &str = "[UNK]";
pub const CLS: &str = "[CLS]";
pub const SEP: &str = "[SEP]";
pub const MASK: &str = "[MASK]";
/// The special tokens, in the order in which a trained vocabulary begins.
pub const SPECIALS: [&str; 5] = [PAD, UNK, CLS, SEP, MASK];

const VOCAB_FILE: &str = "vocab.txt";
const TOKENIZER_FILE: &str = "tokenizer.json";
const CONFIG_FILE: &str = "tokenizer_config.json";

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

    fn normalizer(self) -> BertNormalizer {
        BertNormalizer::new(true, self.split_chinese, self.strip_accents, self.lower_case)
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
    fn find(vocab: &[String], place: &str) -> Result<Self> {
        let id = |name: &str| {
            // The later of two equal entries counts, as in a dictionary that is read from the file.
            let found = vocab.iter().rposition(|token| token == name);
            found.map(|id| id as u32).ok_or_else(|| {
                Error::failed("vocabulary-lacks-special")
                    .with("entries", vocab.len())
                    .with("name", name)
                    .with("specials", SPECIALS.join(" "))
                    .at(place)
            })
        };
        Ok(Self { pad: id(PAD)?, unk: id(UNK)?, cls: id(CLS)?, sep: id(SEP)?, mask: id(MASK)? })
    }

    /// Whether `id` is never hidden, judged or counted. This holds for all special tokens except `[UNK]`, which stands for a word
    /// of the text.
    pub fn excludes(&self, id: u32) -> bool {
        id == self.pad || id == self.cls || id == self.sep || id == self.mask
    }
}

/// One text as ids, without `[CLS]` and `[SEP]`. All three lists have one entry for each token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Encoding {
    pub ids: Vec<u32>,
    pub tokens: Vec<String>,
    /// Byte range of each token in the text it came from.
    pub offsets: Vec<(usize, usize)>,
}

type Pipeline = TokenizerImpl<WordPiece, BertNormalizer, BertPreTokenizer, TemplateProcessing, WordPieceDecoder>;

/// A WordPiece vocabulary with its cleaning. Cheap to share behind an `Arc`; nothing in it changes.
#[derive(Clone)]
pub struct Tokenizer {
    pipeline: Pipeline,
    vocab: Vec<String>,
    cleaning: Cleaning,
    specials: Specials,
    hash: String,
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tokenizer({} entries, {:?}, {})", self.vocab.len(), self.cleaning, &self.hash[..12])
    }
}

/// The files of a tokenizer's folder, as far as they exist.
#[derive(Debug, Clone, Copy, Default)]
pub struct Files<'a> {
    pub vocab_txt: Option<&'a [u8]>,
    pub tokenizer_json: Option<&'a [u8]>,
    pub tokenizer_config: Option<&'a [u8]>,
}

impl Tokenizer {
    /// `vocab[id]` is the token of `id`; `place` names it in errors.
    pub fn new(vocab: Vec<String>, cleaning: Cleaning, place: &str) -> Result<Self> {
        let specials = Specials::find(&vocab, place)?;
        let hash = hash(&vocab, cleaning);
        let pipeline = pipeline(&vocab, cleaning, specials).map_err(|e| crate_error(place, e.as_ref()))?;
        Ok(Self { pipeline, vocab, cleaning, specials, hash })
    }

    /// Loads a folder (see [`Tokenizer::from_files`]) or one `vocab.txt`, whose text is cleaned as `bare` says, because the file
    /// does not say it.
    pub fn load(path: &Path, bare: Cleaning) -> Result<Self> {
        if !path.is_dir() {
            let bytes = std::fs::read(path).map_err(|e| Error::io("io-read", path, &e))?;
            let place = name_of(path);
            return Self::new(vocab_from_txt(&bytes, &place)?, bare, &place);
        }
        let read = |name: &str| {
            let file = path.join(name);
            match std::fs::read(&file) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(e) => Err(Error::io("io-read", &file, &e)),
            }
        };
        let (vocab, json, config) = (read(VOCAB_FILE)?, read(TOKENIZER_FILE)?, read(CONFIG_FILE)?);
        let files =
            Files { vocab_txt: vocab.as_deref(), tokenizer_json: json.as_deref(), tokenizer_config: config.as_deref() };
        Self::from_files(files, bare, &name_of(path))
    }

    /// The vocabulary from `tokenizer.json`, else from `vocab.txt`; the cleaning from `tokenizer_config.json`, else from
    /// `tokenizer.json`'s normaliser, else `bare`. Keys that `tokenizer_config.json` leaves out have transformers' defaults.
    pub fn from_files(files: Files<'_>, bare: Cleaning, place: &str) -> Result<Self> {
        let json = files.tokenizer_json.map(|bytes| read_tokenizer_json(bytes, place)).transpose()?;
        let vocab = match (&json, files.vocab_txt) {
            (Some(json), _) => vocab_from_json(json, place)?,
            (None, Some(bytes)) => vocab_from_txt(bytes, &format!("{place}/{VOCAB_FILE}"))?,
            (None, None) => {
                return Err(Error::failed("no-tokenizer-here").at(place));
            }
        };
        let cleaning = match (files.tokenizer_config, &json) {
            (Some(bytes), _) => {
                serde_json::from_slice(bytes).map_err(|e| bad_json(&format!("{place}/{CONFIG_FILE}"), &e))?
            }
            (None, Some(json)) => json.normalizer.and_then(JsonNormalizer::cleaning).unwrap_or(bare),
            (None, None) => bare,
        };
        Self::new(vocab, cleaning, place)
    }

    pub fn vocab_size(&self) -> usize {
        self.vocab.len()
    }

    /// `vocab()[id]` is the token of `id`.
    pub fn vocab(&self) -> &[String] {
        &self.vocab
    }

    pub fn cleaning(&self) -> Cleaning {
        self.cleaning
    }

    pub fn specials(&self) -> Specials {
        self.specials
    }

    /// The token of `id`; `[UNK]` for an id outside the vocabulary.
    pub fn token(&self, id: u32) -> &str {
        self.vocab.get(id as usize).map_or(UNK, String::as_str)
    }

    /// The SHA-256, in hexadecimal, over the vocabulary and the cleaning. Equal hashes give equal ids.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The ids of `text`, with the place of each in it. Special names such as `[MASK]` are read as the special token.
    pub fn encode(&self, text: &str) -> Result<Encoding> {
        let encoding = self.pipeline.encode(text, false).map_err(|e| crate_error("text", e.as_ref()))?;
        Ok(Encoding {
            ids: encoding.get_ids().to_vec(),
            tokens: encoding.get_tokens().to_vec(),
            offsets: encoding.get_offsets().to_vec(),
        })
    }

    /// [`Tokenizer::encode`] of many texts, on all cores.
    pub fn encode_batch<T: AsRef<str> + Sync>(&self, texts: &[T]) -> Result<Vec<Encoding>> {
        map_parallel(texts, |text| self.encode(text.as_ref())).into_iter().collect()
    }

    /// An encoder for the many lines of a corpus.
    pub fn encoder(&self) -> Encoder<'_> {
        Encoder { tokenizer: self, known: HashMap::new(), ids: Vec::new() }
    }

    /// The three files that transformers reads, by name. `max_positions` becomes `model_max_length`.
    pub fn to_files(&self, max_positions: usize) -> Result<[(&'static str, String); 3]> {
        let mut vocab = self.vocab.join("\n");
        vocab.push('\n');
        let json = self.pipeline.to_string(true).map_err(|e| crate_error(TOKENIZER_FILE, e.as_ref()))?;
        let config = serde_json::json!({
            "tokenizer_class": "ElectraTokenizer",
            "do_lower_case": self.cleaning.lower_case,
            "strip_accents": self.cleaning.strip_accents,
            "tokenize_chinese_chars": self.cleaning.split_chinese,
            "model_max_length": max_positions,
            "pad_token": PAD,
            "unk_token": UNK,
            "cls_token": CLS,
            "sep_token": SEP,
            "mask_token": MASK,
        });
        Ok([(VOCAB_FILE, vocab), (TOKENIZER_FILE, json), (CONFIG_FILE, format!("{config:#}\n"))])
    }
}

/// Encodes the lines of a corpus, and remembers the ids of pieces. It cuts text at ASCII white space, and no cleaning step reaches
/// across that. So the ids of a piece depend on the piece alone, and nine in ten pieces have been seen before.
pub struct Encoder<'t> {
    tokenizer: &'t Tokenizer,
    /// Piece -> its range of `ids`.
    known: HashMap<Box<str>, (u32, u32)>,
    ids: Vec<u32>,
}

/// The most pieces that one encoder remembers: about 20 MB.
const KNOWN_MAX: usize = 1 << 18;
/// Longer pieces hardly occur twice.
const KNOWN_BYTES_MAX: usize = 64;

impl Encoder<'_> {
    /// Appends the ids of `line` to `out`. The only special id among them is `[UNK]`.
    pub fn encode_into(&mut self, line: &str, out: &mut Vec<u32>) -> Result<()> {
        for piece in line.split_ascii_whitespace() {
            if let Some(&(start, end)) = self.known.get(piece) {
                out.extend_from_slice(&self.ids[start as usize..end as usize]);
            } else {
                let first = out.len();
                self.tokenizer.encode_piece(piece, out)?;
                self.remember(piece, &out[first..]);
            }
        }
        Ok(())
    }

    fn remember(&mut self, piece: &str, ids: &[u32]) {
        if self.known.len() < KNOWN_MAX && piece.len() <= KNOWN_BYTES_MAX {
            let start = self.ids.len() as u32;
            self.ids.extend_from_slice(ids);
            self.known.insert(piece.into(), (start, self.ids.len() as u32));
        }
    }
}

impl Tokenizer {
    /// Encodes without the special names, because a corpus may quote them.
    fn encode_piece(&self, piece: &str, out: &mut Vec<u32>) -> Result<()> {
        let mut words = cut_words(&self.cleaning.normalizer(), piece)?;
        let model = self.pipeline.get_model();
        words.tokenize(|word| model.tokenize(word.get())).map_err(|e| crate_error("text", e.as_ref()))?;
        let encoding = words.into_encoding(None, 0, OffsetType::None).map_err(|e| crate_error("text", e.as_ref()))?;
        out.extend_from_slice(encoding.get_ids());
        Ok(())
    }
}

/// Cleans `text` and cuts it into words.
fn cut_words(normalizer: &BertNormalizer, text: &str) -> Result<PreTokenizedString> {
    let mut words = PreTokenizedString::from(text);
    words
        .normalize(|piece| normalizer.normalize(piece))
        .and_then(|()| BertPreTokenizer.pre_tokenize(&mut words))
        .map_err(|e| crate_error("text", e.as_ref()))?;
    Ok(words)
}

impl Cleaning {
    /// Calls `each` with every word of `text`, cleaned.
    pub(super) fn for_each_word(self, text: &str, mut each: impl FnMut(&str)) -> Result<()> {
        let words = cut_words(&self.normalizer(), text)?;
        for (word, _, _) in words.get_splits(tokenizers::OffsetReferential::Normalized, OffsetType::None) {
            each(word);
        }
        Ok(())
    }
}

fn pipeline(vocab: &[String], cleaning: Cleaning, specials: Specials) -> tokenizers::Result<Pipeline> {
    // An empty vocabulary gives a value of the crate's own map type.
    let mut ids = WordPiece::read_bytes(b"")?;
    ids.extend(vocab.iter().zip(0..).map(|(token, id)| (token.clone(), id)));
    let model = WordPiece::builder().vocab(ids).unk_token(UNK.into()).build()?;
    let frame = TemplateProcessing::builder()
        .try_single(format!("{CLS}:0 $A:0 {SEP}:0"))?
        .try_pair(format!("{CLS}:0 $A:0 {SEP}:0 $B:1 {SEP}:1"))?
        .special_tokens(vec![(CLS, specials.cls), (SEP, specials.sep)])
        .build()?;
    let mut pipeline = TokenizerImpl::new(model);
    pipeline
        .with_normalizer(Some(cleaning.normalizer()))?
        .with_pre_tokenizer(Some(BertPreTokenizer))
        .with_post_processor(Some(frame))
        .with_decoder(Some(WordPieceDecoder::default()));
    pipeline.add_special_tokens(SPECIALS.map(|name| AddedToken::from(name, true)))?;
    Ok(pipeline)
}

fn hash(vocab: &[String], cleaning: Cleaning) -> String {
    let strips = cleaning.strip_accents.unwrap_or(cleaning.lower_case);
    let mut hasher = Sha256::new();
    hasher.update(b"electroscope wordpiece 1");
    hasher.update([cleaning.lower_case.into(), strips.into(), cleaning.split_chinese.into()]);
    for token in vocab {
        hasher.update((token.len() as u64).to_le_bytes());
        hasher.update(token.as_bytes());
    }
    hex(&hasher.finalize())
}

/// One token in each line. White space at the end of a line is cut off, as the crate and transformers do.
fn vocab_from_txt(bytes: &[u8], place: &str) -> Result<Vec<String>> {
    let text = std::str::from_utf8(bytes)
        .map_err(|e| Error::failed("vocabulary-not-utf8").with("byte", e.valid_up_to()).at(place))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Ok(text.lines().map(|line| line.trim_end().to_owned()).collect())
}

/// The part of a `tokenizer.json` that is read.
#[derive(Deserialize)]
struct TokenizerJson {
    model: JsonModel,
    #[serde(default)]
    normalizer: Option<JsonNormalizer>,
}

#[derive(Deserialize)]
struct JsonModel {
    /// Files of the first versions leave it out.
    #[serde(rename = "type")]
    kind: Option<String>,
    vocab: serde_json::Value,
}

#[derive(Deserialize, Clone, Copy)]
struct JsonNormalizer {
    lowercase: Option<bool>,
    strip_accents: Option<bool>,
    handle_chinese_chars: Option<bool>,
}

impl JsonNormalizer {
    /// `None` if it is not BERT's normaliser, which always says whether it lower-cases.
    fn cleaning(self) -> Option<Cleaning> {
        self.lowercase.map(|lower_case| Cleaning {
            lower_case,
            strip_accents: self.strip_accents,
            split_chinese: self.handle_chinese_chars.unwrap_or(true),
        })
    }
}

fn read_tokenizer_json(bytes: &[u8], place: &str) -> Result<TokenizerJson> {
    serde_json::from_slice(bytes).map_err(|e| bad_json(&format!("{place}/{TOKENIZER_FILE}"), &e))
}

fn vocab_from_json(json: &TokenizerJson, place: &str) -> Result<Vec<String>> {
    let place = format!("{place}/{TOKENIZER_FILE}");
    let kind = json.model.kind.as_deref().unwrap_or("WordPiece");
    let entries = match &json.model.vocab {
        serde_json::Value::Object(entries) if kind == "WordPiece" => entries,
        _ => {
            return Err(Error::failed("not-wordpiece").with("kind", kind.to_string()).at(place));
        }
    };
    let mut vocab = vec![None; entries.len()];
    for (token, id) in entries {
        let slot = id.as_u64().and_then(|id| usize::try_from(id).ok()).and_then(|id| vocab.get_mut(id));
        match slot {
            Some(slot @ None) => *slot = Some(token.clone()),
            _ => {
                return Err(Error::failed("vocabulary-id-wrong")
                    .with("id", id.to_string())
                    .with("token", format!("{token:?}"))
                    .with("entries", entries.len())
                    .at(place));
            }
        }
    }
    Ok(vocab.into_iter().flatten().collect())
}

fn bad_json(place: &str, source: &serde_json::Error) -> Error {
    Error::failed("not-tokenizer-json").with("detail", source.to_string()).at(place)
}

/// An error of the crate `tokenizers`. Its text says what failed, but not where.
fn crate_error(place: &str, source: &(dyn std::error::Error + Send + Sync)) -> Error {
    Error::failed("cannot-tokenize").with("detail", source.to_string()).at(place)
}

#[cfg(test)]
mod tests;
