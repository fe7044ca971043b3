//! WordPiece tokenizers, with the ids that transformers' ElectraTokenizer gives: `vocab.txt`, `tokenizer.json` and
//! `tokenizer_config.json` in and out, text -> ids.
//!
//! [`files`] says what is read from which file. [`Tokenizer::encode`] reads `[MASK]` and the other special names in the text as
//! transformers does; [`Encoder`], for corpora, never does: a corpus that quotes "`[SEP]`" must not end a row. Both find tokens that
//! were added to the vocabulary for other purposes.

mod files;
mod parts;
mod words;

use std::collections::HashMap;
use std::path::Path;

use sha2::{Digest, Sha256};
use tokenizers::decoders::wordpiece::WordPiece as WordPieceDecoder;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, Model, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer, TokenizerImpl};

use super::unknown::Unknown;
use super::{hex, map_parallel};
use crate::path::name_of;
use crate::{Error, Result};
use files::{ADDED_FILE, CONFIG_FILE, MODEL_FILE, SPECIALS_FILE, TOKENIZER_FILE, VOCAB_FILE};
use parts::Parts;
use words::{SLICE_BYTES, WORD_CHARS_MAX, crate_error, cut_words};

pub use files::Files;
pub use parts::{CLS, Cleaning, MASK, Names, PAD, SEP, SPECIALS, Specials, UNK};
pub(super) use words::{Word, for_each_word, is_between_pieces};

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
    /// The same without the special tokens, if other tokens were added.
    in_corpora: Option<Box<Pipeline>>,
    /// All tokens by id: the model's, then those that were added.
    vocab: Vec<String>,
    /// How many of them are the model's.
    of_model: usize,
    cleaning: Cleaning,
    names: Names,
    specials: Specials,
    hash: String,
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tokenizer({} entries, {:?}, {})", self.vocab.len(), self.cleaning, &self.hash[..12])
    }
}

impl Tokenizer {
    /// A tokenizer with BERT's special tokens. `vocab[id]` is the token of `id`; `place` names it in errors.
    pub fn new(vocab: Vec<String>, cleaning: Cleaning, place: &str) -> Result<Self> {
        Self::of(Parts { vocab, cleaning, names: Names::default(), added: Vec::new() }, place)
    }

    fn of(parts: Parts, place: &str) -> Result<Self> {
        let Parts { vocab: model, cleaning, names, added } = parts;
        let of_model = model.len();
        let mut vocab = model;
        for token in &added {
            if !vocab.contains(&token.content) {
                vocab.push(token.content.clone());
            }
        }
        let specials = Specials::find(&vocab, &names, place)?;
        let is_special = |token: &AddedToken| names.all().contains(&token.content.as_str());
        let found_alone = |name: &str| AddedToken::from(name, true);
        // In the order of their ids, so that the crate gives those that the model lacks the same ones.
        let mut all: Vec<AddedToken> = added.clone();
        for token in all.iter_mut().filter(|token| is_special(token)) {
            token.special = true;
        }
        let listed = |name: &&str| added.iter().any(|token| token.content == **name);
        all.extend(names.all().into_iter().filter(|name| !listed(name)).map(found_alone));
        let built = |vocab: &[String], added: &[AddedToken]| {
            pipeline(vocab, cleaning, &names, specials, added).map_err(|e| crate_error(place, e.as_ref()))
        };
        let whole = built(&vocab[..of_model], &all)?;
        for (id, token) in vocab.iter().enumerate().skip(of_model) {
            let given = whole.token_to_id(token);
            if given != Some(id as u32) {
                return Err(Error::failed("added-token-id-wrong")
                    .with("token", format!("{token:?}"))
                    .with("id", id.to_string())
                    .with("right", given.map_or_else(|| "?".to_owned(), |id| id.to_string()))
                    .at(place));
            }
        }
        let plain: Vec<AddedToken> = added.iter().filter(|token| !is_special(token)).cloned().collect();
        let hash = hash(&vocab[..of_model], cleaning, &names, &all);
        // It only finds the added tokens. All ids are known to it, so leaving special tokens out moves none.
        let in_corpora = if plain.is_empty() { None } else { Some(Box::new(built(&vocab, &plain)?)) };
        Ok(Self { pipeline: whole, in_corpora, vocab, of_model, cleaning, names, specials, hash })
    }

    /// Loads a folder (see [`Tokenizer::from_files`]), one `tokenizer.json`, which says everything, or one `vocab.txt`, whose text is
    /// cleaned as `bare` says, because the file does not say it.
    pub fn load(path: &Path, bare: Cleaning) -> Result<Self> {
        let place = name_of(path);
        if !path.is_dir() {
            let bytes = std::fs::read(path).map_err(|e| Error::io("io-read", path, &e))?;
            let is_json = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
            let parts = match is_json || files::is_object(&bytes) {
                true => files::parts_of_json(&bytes, &place)?,
                false => files::parts_of_vocab(&bytes, bare, &place)?,
            };
            return Self::of(parts, &place);
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
        let (specials, added, model) = (read(SPECIALS_FILE)?, read(ADDED_FILE)?, read(MODEL_FILE)?);
        let files = Files {
            vocab_txt: vocab.as_deref(),
            tokenizer_json: json.as_deref(),
            tokenizer_config: config.as_deref(),
            special_tokens_map: specials.as_deref(),
            added_tokens: added.as_deref(),
            model_config: model.as_deref(),
        };
        Self::from_files(files, bare, &place)
    }

    /// The vocabulary from `tokenizer.json`, else from `vocab.txt`; the cleaning from `tokenizer_config.json`, else from
    /// `tokenizer.json`'s normaliser, else `bare`. Keys that `tokenizer_config.json` leaves out have transformers' defaults.
    ///
    /// # Errors
    /// The files are damaged, or they ask for something that is not done here; the error names it.
    pub fn from_files(files: Files<'_>, bare: Cleaning, place: &str) -> Result<Self> {
        Self::of(files::parts(files, bare, place)?, place)
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

    /// What its special tokens are called.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The token of `id`; the unknown token for an id outside the vocabulary.
    pub fn token(&self, id: u32) -> &str {
        self.vocab.get(id as usize).map_or(&self.names.unk, String::as_str)
    }

    /// The SHA-256, in hexadecimal, over all that decides ids. Equal hashes give equal ids.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The ids of `text`, with the place of each in it. Special names such as `[MASK]` are read as the special token.
    pub fn encode(&self, text: &str) -> Result<Encoding> {
        self.encode_in_slices(text, ENCODE_BYTES)
    }

    /// The same, in slices of about so many bytes.
    fn encode_in_slices(&self, text: &str, bytes: usize) -> Result<Encoding> {
        let (mut whole, mut start) = (Encoding::default(), 0);
        while start < text.len() {
            let end = start + self.slice_end(&text[start..], bytes);
            let slice = self.pipeline.encode(&text[start..end], false).map_err(|e| crate_error("text", e.as_ref()))?;
            whole.ids.extend_from_slice(slice.get_ids());
            whole.tokens.extend_from_slice(slice.get_tokens());
            whole.offsets.extend(slice.get_offsets().iter().map(|(from, to)| (start + from, start + to)));
            start = end;
        }
        Ok(whole)
    }

    /// Where the first slice of a text ends: after white space, or after a punctuation mark that stands in no added token, so that
    /// what stands on both sides does not depend on each other.
    fn slice_end(&self, text: &str, bytes: usize) -> usize {
        let spans = |token: &AddedToken| token.lstrip || token.rstrip || token.content.contains(char::is_whitespace);
        if text.len() <= bytes || self.pipeline.get_added_vocabulary().get_added_tokens_decoder().values().any(spans) {
            return text.len();
        }
        let only_specials = self.in_corpora.is_none();
        let is_mark = |c: char| c.is_ascii_punctuation() || "\u{3002}\u{ff0c}\u{3001}\u{ff01}\u{ff1f}".contains(c);
        let is_end = |c: char| {
            is_between_pieces(c)
                || (only_specials && is_mark(c) && !self.names.all().iter().any(|name| name.contains(c)))
        };
        let limit = text.floor_char_boundary(bytes);
        let end = text[..limit].rfind(is_end).or_else(|| Some(limit + text[limit..].find(is_end)?));
        end.map_or(text.len(), |at| text.ceil_char_boundary(at + 1))
    }

    /// [`Tokenizer::encode`] of many texts, on all cores.
    pub fn encode_batch<T: AsRef<str> + Sync>(&self, texts: &[T]) -> Result<Vec<Encoding>> {
        map_parallel(texts, |text| self.encode(text.as_ref())).into_iter().collect()
    }

    /// An encoder for the many lines of a corpus.
    pub fn encoder(&self) -> Encoder<'_> {
        let spans_pieces = self.in_corpora.as_ref().is_some_and(|pipeline| spans_pieces(pipeline));
        Encoder { tokenizer: self, spans_pieces, known: HashMap::new(), ids: Vec::new() }
    }

    /// The three files that transformers reads, by name. `max_positions` becomes `model_max_length`.
    pub fn to_files(&self, max_positions: usize) -> Result<[(&'static str, String); 3]> {
        let mut vocab = self.vocab[..self.of_model].join("\n");
        vocab.push('\n');
        let json = self.pipeline.to_string(true).map_err(|e| crate_error(TOKENIZER_FILE, e.as_ref()))?;
        let mut config = serde_json::json!({
            "tokenizer_class": "ElectraTokenizer",
            "do_lower_case": self.cleaning.lower_case,
            "strip_accents": self.cleaning.strip_accents,
            "tokenize_chinese_chars": self.cleaning.split_chinese,
            "model_max_length": max_positions,
            "pad_token": self.names.pad,
            "unk_token": self.names.unk,
            "cls_token": self.names.cls,
            "sep_token": self.names.sep,
            "mask_token": self.names.mask,
        });
        let added = self.pipeline.get_added_vocabulary().get_added_tokens_decoder();
        if self.in_corpora.is_some() || !added.values().all(is_usual) {
            // By id, as transformers writes them.
            let by_id: std::collections::BTreeMap<String, &AddedToken> =
                added.iter().map(|(id, token)| (id.to_string(), token)).collect();
            config["added_tokens_decoder"] = serde_json::json!(by_id);
        }
        Ok([(VOCAB_FILE, vocab), (TOKENIZER_FILE, json), (CONFIG_FILE, format!("{config:#}\n"))])
    }
}

/// Whether this is a special token with transformers' default settings.
fn is_usual(token: &AddedToken) -> bool {
    *token == AddedToken::from(token.content.clone(), true)
}

/// Whether an added token has white space in it, so that pieces of text do not stand by themselves.
fn spans_pieces(pipeline: &Pipeline) -> bool {
    let added = pipeline.get_added_vocabulary().get_added_tokens_decoder();
    added.values().any(|token| token.content.contains(char::is_whitespace))
}

/// A longer text is encoded in slices of about this many bytes. The crate keeps some hundred bytes for each character of a slice.
const ENCODE_BYTES: usize = 1 << 16;

/// Encodes the lines of a corpus, and remembers the ids of pieces. It cuts text at blanks, tabs and ends of lines, and no cleaning step
/// reaches across those. So the ids of a piece depend on the piece alone, and nine in ten pieces have been seen before.
pub struct Encoder<'t> {
    tokenizer: &'t Tokenizer,
    /// Whether some added token has white space in it. Then lines are encoded whole.
    spans_pieces: bool,
    known: HashMap<Box<str>, Known>,
    ids: Vec<u32>,
}

/// What is remembered of a piece: its range of the encoder's ids, and its characters.
#[derive(Clone, Copy)]
struct Known {
    start: u32,
    end: u32,
    chars: u32,
    unknown_chars: u32,
}

/// The largest number of pieces that one encoder remembers: about 20 MB.
const KNOWN_MAX: usize = 1 << 18;
/// Longer pieces hardly occur twice. None of those that are remembered has a word that is too long.
const KNOWN_BYTES_MAX: usize = 64;

impl Encoder<'_> {
    /// Appends the ids of `line` to `out`. The only special id among them is that of the unknown token. Returns what it counted.
    pub fn encode_into(&mut self, line: &str, out: &mut Vec<u32>) -> Result<Unknown> {
        let mut counted = Unknown::default();
        if self.spans_pieces {
            self.tokenizer.encode_piece(line, out, &mut counted)?;
            return Ok(counted);
        }
        for piece in line.split(is_between_pieces).filter(|piece| !piece.is_empty()) {
            if let Some(known) = self.known.get(piece) {
                out.extend_from_slice(&self.ids[known.start as usize..known.end as usize]);
                counted.chars += u64::from(known.chars);
                counted.unknown_chars += u64::from(known.unknown_chars);
            } else {
                let (first, mut own) = (out.len(), Unknown::default());
                self.tokenizer.encode_piece(piece, out, &mut own)?;
                self.remember(piece, &out[first..], own);
                counted += own;
            }
        }
        Ok(counted)
    }

    fn remember(&mut self, piece: &str, ids: &[u32], counted: Unknown) {
        if self.known.len() < KNOWN_MAX && piece.len() <= KNOWN_BYTES_MAX && counted.long_chars == 0 {
            let start = self.ids.len() as u32;
            self.ids.extend_from_slice(ids);
            let known = Known {
                start,
                end: self.ids.len() as u32,
                chars: counted.chars as u32,
                unknown_chars: counted.unknown_chars as u32,
            };
            self.known.insert(piece.into(), known);
        }
    }
}

impl Tokenizer {
    /// The same as [`Encoder::encode_into`] for one word, of which nothing is remembered.
    pub(super) fn encode_word(&self, word: &str, out: &mut Vec<u32>) -> Result<Unknown> {
        let mut counted = Unknown::default();
        self.encode_piece(word, out, &mut counted)?;
        Ok(counted)
    }

    /// Encodes without the special names, because a corpus may quote them. Counts characters, and no tokens.
    fn encode_piece(&self, piece: &str, out: &mut Vec<u32>, counted: &mut Unknown) -> Result<()> {
        let model = self.pipeline.get_model();
        if piece.len() > SLICE_BYTES && self.in_corpora.is_none() {
            return for_each_word(self.cleaning, piece, |word| {
                match word {
                    Word::TooLong(chars) => {
                        out.push(self.specials.unk);
                        self.count(chars, true, counted);
                    }
                    Word::Whole(word) => {
                        let tokens = model.tokenize(word).map_err(|e| crate_error("text", e.as_ref()))?;
                        let unknown = matches!(&tokens[..], [token] if token.id == self.specials.unk);
                        out.extend(tokens.iter().map(|token| token.id));
                        self.count(word.chars().count(), unknown, counted);
                    }
                }
                Ok(())
            });
        }
        let mut words = match &self.in_corpora {
            None => cut_words(&self.cleaning.normalizer(), piece)?,
            Some(pipeline) => cut_with_added(pipeline, self.cleaning, piece)?,
        };
        words.tokenize(|word| model.tokenize(word.get())).map_err(|e| crate_error("text", e.as_ref()))?;
        for (word, _, tokens) in words.get_splits(OffsetReferential::Normalized, OffsetType::None) {
            let tokens = tokens.as_deref().unwrap_or_default();
            let unknown = matches!(tokens, [token] if token.id == self.specials.unk);
            out.extend(tokens.iter().map(|token| token.id));
            self.count(word.chars().count(), unknown, counted);
        }
        Ok(())
    }

    fn count(&self, chars: usize, unknown: bool, counted: &mut Unknown) {
        let chars = chars as u64;
        counted.chars += chars;
        if unknown {
            counted.unknown_chars += chars;
            counted.long_chars += if chars > WORD_CHARS_MAX as u64 { chars } else { 0 };
        }
    }
}

/// Finds the added tokens, then cleans the rest and cuts it into words.
fn cut_with_added(pipeline: &Pipeline, cleaning: Cleaning, text: &str) -> Result<PreTokenizedString> {
    let mut words = pipeline.get_added_vocabulary().extract_and_normalize(Some(&cleaning.normalizer()), text);
    BertPreTokenizer.pre_tokenize(&mut words).map_err(|e| crate_error("text", e.as_ref()))?;
    Ok(words)
}

fn pipeline(
    vocab: &[String],
    cleaning: Cleaning,
    names: &Names,
    specials: Specials,
    added: &[AddedToken],
) -> tokenizers::Result<Pipeline> {
    // An empty vocabulary gives a value of the crate's own map type.
    let mut ids = WordPiece::read_bytes(b"")?;
    ids.extend(vocab.iter().zip(0..).map(|(token, id)| (token.clone(), id)));
    let model = WordPiece::builder().vocab(ids).unk_token(names.unk.clone()).build()?;
    let (cls, sep) = (names.cls.as_str(), names.sep.as_str());
    let frame = TemplateProcessing::builder()
        .try_single(format!("{cls}:0 $A:0 {sep}:0"))?
        .try_pair(format!("{cls}:0 $A:0 {sep}:0 $B:1 {sep}:1"))?
        .special_tokens(vec![(cls, specials.cls), (sep, specials.sep)])
        .build()?;
    let mut pipeline = TokenizerImpl::new(model);
    pipeline
        .with_normalizer(Some(cleaning.normalizer()))?
        .with_pre_tokenizer(Some(BertPreTokenizer))
        .with_post_processor(Some(frame))
        .with_decoder(Some(WordPieceDecoder::default()));
    pipeline.add_tokens(added.iter().cloned())?;
    Ok(pipeline)
}

/// What is not said of a tokenizer as most are (BERT's special names, no other added token) is left out, so that its hash is that of
/// earlier versions.
fn hash(vocab: &[String], cleaning: Cleaning, names: &Names, added: &[AddedToken]) -> String {
    let strips = cleaning.strip_accents.unwrap_or(cleaning.lower_case);
    let mut hasher = Sha256::new();
    hasher.update(b"electroscope wordpiece 1");
    hasher.update([cleaning.lower_case.into(), strips.into(), cleaning.split_chinese.into()]);
    let mut text = |text: &str| {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    vocab.iter().for_each(|token| text(token));
    if *names != Names::default() {
        names.all().into_iter().for_each(&mut text);
    }
    for token in added.iter().filter(|token| !(is_usual(token) && names.all().contains(&token.content.as_str()))) {
        let flags = [token.single_word, token.lstrip, token.rstrip, token.normalized, token.special];
        text(&token.content);
        text(&flags.map(|flag| if flag { '1' } else { '0' }).iter().collect::<String>());
    }
    hex(&hasher.finalize())
}

#[cfg(test)]
mod tests;
