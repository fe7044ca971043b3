//! Reads the files of a tokenizer: what they say is honoured exactly or refused by name. [`Files`] -> [`parts`] -> [`Parts`].
//!
//! transformers makes ELECTRA's and BERT's tokenizers from `tokenizer_config.json`, and takes only the vocabulary and the added tokens
//! from `tokenizer.json`. For the class that stands for "as tokenizer.json says" it takes everything from there. So does this file.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use tokenizers::AddedToken;

use super::parts::{Cleaning, Names, Parts, SPECIALS};
use super::words::WORD_CHARS_MAX;
use crate::text::impostor::instead;
use crate::{Error, Result};

pub const VOCAB_FILE: &str = "vocab.txt";
pub const TOKENIZER_FILE: &str = "tokenizer.json";
pub const CONFIG_FILE: &str = "tokenizer_config.json";
pub const SPECIALS_FILE: &str = "special_tokens_map.json";
pub const ADDED_FILE: &str = "added_tokens.json";
pub const MODEL_FILE: &str = "config.json";

/// The classes of transformers that are BERT's tokenizer under another name.
const BERTS: [&str; 9] = [
    "ElectraTokenizer",
    "BertTokenizer",
    "ConvBertTokenizer",
    "DistilBertTokenizer",
    "LayoutLMTokenizer",
    "LxmertTokenizer",
    "MobileBertTokenizer",
    "RetriBertTokenizer",
    "SqueezeBertTokenizer",
];
/// The classes that take everything from `tokenizer.json`.
const AS_WRITTEN: [&str; 2] = ["PreTrainedTokenizer", "TokenizersBackend"];
/// The keys of `tokenizer_config.json` that name the special tokens, in the order of [`SPECIALS`].
const ROLES: [&str; 5] = ["pad_token", "unk_token", "cls_token", "sep_token", "mask_token"];
/// What special tokens are called where no file names them, by role.
const USUAL: [&[&str]; 5] = [
    &["[PAD]", "<pad>"],
    &["[UNK]", "<unk>"],
    &["[CLS]", "<s>", "<cls>"],
    &["[SEP]", "</s>", "<sep>"],
    &["[MASK]", "<mask>"],
];

/// The files of a tokenizer's folder, as far as they exist.
#[derive(Debug, Clone, Copy, Default)]
pub struct Files<'a> {
    pub vocab_txt: Option<&'a [u8]>,
    pub tokenizer_json: Option<&'a [u8]>,
    pub tokenizer_config: Option<&'a [u8]>,
    pub special_tokens_map: Option<&'a [u8]>,
    pub added_tokens: Option<&'a [u8]>,
    /// The network's `config.json`, which may name the class of the tokenizer.
    pub model_config: Option<&'a [u8]>,
}

/// What the files say. `bare` is the cleaning of a vocabulary alone, which does not say it; `place` names the folder in errors.
pub(super) fn parts(files: Files<'_>, bare: Cleaning, place: &str) -> Result<Parts> {
    let at = |file: &str| format!("{place}/{file}");
    let json = files.tokenizer_json.map(|bytes| read_json::<TokenizerJson>(bytes, &at(TOKENIZER_FILE))).transpose()?;
    let config = files.tokenizer_config.map(|bytes| read_json::<Config>(bytes, &at(CONFIG_FILE))).transpose()?;
    let model = files.model_config.and_then(|bytes| serde_json::from_slice::<ModelConfig>(bytes).ok());
    let as_written = is_as_written(config.as_ref(), model.as_ref(), json.is_some(), place)?;
    let vocab = match (&json, files.vocab_txt) {
        (Some(json), _) => json.vocab(as_written, &at(TOKENIZER_FILE))?,
        (None, Some(bytes)) => vocab_from_txt(bytes, &at(VOCAB_FILE))?,
        (None, None) => return Err(Error::failed("no-tokenizer-here").at(place)),
    };
    if let Some(config) = &config {
        config.check(&at(CONFIG_FILE))?;
    }
    let of_json = || json.as_ref().and_then(TokenizerJson::cleaning);
    let cleaning = match &config {
        Some(config) if !as_written => config.cleaning,
        _ => of_json().unwrap_or(bare),
    };
    let map = match &config {
        // Newer folders say in tokenizer_config.json whatever an old special_tokens_map.json beside it says.
        Some(Config { added_tokens_decoder: Some(_), .. }) => None,
        _ => files
            .special_tokens_map
            .map(|bytes| read_json::<Map<String, Value>>(bytes, &at(SPECIALS_FILE)))
            .transpose()?,
    };
    let listed = match files.added_tokens {
        Some(bytes) => read_json::<BTreeMap<String, u32>>(bytes, &at(ADDED_FILE))?,
        None => BTreeMap::new(),
    };
    let told = [map.as_ref(), config.as_ref().map(|config| &config.rest)];
    let more = more_specials(&told);
    let added = added_tokens(config.as_ref(), json.as_ref(), &listed, &more);
    let names = names(&told, json.as_ref(), &vocab, &added);
    let mut added = in_order(added, &vocab, place)?;
    // These have no id of their own: transformers gives them the next ones.
    let unlisted = |token: &&String| !added.iter().any(|known| known.content == **token);
    let unlisted: Vec<AddedToken> =
        more.iter().filter(unlisted).map(|token| AddedToken::from(token.clone(), true)).collect();
    added.extend(unlisted);
    if let Some(json) = json.as_ref().filter(|_| as_written) {
        json.check_frame(&names, &at(TOKENIZER_FILE))?;
    }
    Ok(Parts { vocab, cleaning, names, added })
}

/// A vocabulary alone, one token in each line.
pub(super) fn parts_of_vocab(bytes: &[u8], cleaning: Cleaning, place: &str) -> Result<Parts> {
    let vocab = vocab_from_txt(bytes, place)?;
    let names = names(&[], None, &vocab, &[]);
    Ok(Parts { vocab, cleaning, names, added: Vec::new() })
}

/// One `tokenizer.json` alone. It says everything.
pub(super) fn parts_of_json(bytes: &[u8], place: &str) -> Result<Parts> {
    let json: TokenizerJson = read_json(bytes, place)?;
    let vocab = json.vocab(true, place)?;
    let added = added_tokens(None, Some(&json), &BTreeMap::new(), &[]);
    let names = names(&[], Some(&json), &vocab, &added);
    json.check_frame(&names, place)?;
    let cleaning = json.cleaning().ok_or_else(|| step_unknown("normalizer", "lowercase = ?", place))?;
    let added = in_order(added, &vocab, place)?;
    Ok(Parts { vocab, cleaning, names, added })
}

/// Whether a file begins as an object of JSON does. No vocabulary does: its first line is a token.
pub(super) fn is_object(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    text.strip_prefix(b"{").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"\""))
}

/// Whether everything is as `tokenizer.json` says.
///
/// # Errors
/// The class is not BERT's tokenizer, or it needs a `tokenizer.json` that is not there.
fn is_as_written(config: Option<&Config>, model: Option<&ModelConfig>, has_json: bool, place: &str) -> Result<bool> {
    if config.is_some_and(|config| config.rest.get("auto_map").is_some_and(|map| map.get("AutoTokenizer").is_some())) {
        return Err(Error::failed("tokenizer-has-own-code").at(format!("{place}/{CONFIG_FILE}")));
    }
    let named = |of: Option<&String>, file: &str| of.map(|class| (class.clone(), format!("{place}/{file}")));
    let class = named(config.and_then(|config| config.tokenizer_class.as_ref()), CONFIG_FILE)
        .or_else(|| named(model.and_then(|model| model.tokenizer_class.as_ref()), MODEL_FILE));
    let Some((class, at)) = class else { return Ok(config.is_none() && has_json) };
    let plain = class.strip_suffix("Fast").unwrap_or(&class);
    match plain {
        _ if BERTS.contains(&plain) => Ok(false),
        _ if AS_WRITTEN.contains(&plain) && has_json => Ok(true),
        _ => Err(Error::failed("tokenizer-of-other-kind")
            .with("class", &class)
            .with("known", BERTS[..2].join(", "))
            .at(at)),
    }
}

/// The added tokens in the order of their ids.
///
/// # Errors
/// The id of one is neither the vocabulary's nor the next one after it.
fn in_order(added: Vec<(u32, AddedToken)>, vocab: &[String], place: &str) -> Result<Vec<AddedToken>> {
    let mut next = vocab.len();
    for (id, token) in &added {
        let known = vocab.iter().rposition(|known| *known == token.content);
        let right = known.unwrap_or(next);
        if right != *id as usize {
            return Err(Error::failed("added-token-id-wrong")
                .with("token", format!("{:?}", token.content))
                .with("id", id.to_string())
                .with("right", right.to_string())
                .at(place));
        }
        next += usize::from(known.is_none());
    }
    Ok(added.into_iter().map(|(_, token)| token).collect())
}

/// The added tokens that the files list, by id: those of `tokenizer_config.json` or, if it lists none, of the other files. `listed` are
/// those of `added_tokens.json`, which does not say which of them are special; `specials` are.
fn added_tokens(
    config: Option<&Config>,
    json: Option<&TokenizerJson>,
    listed: &BTreeMap<String, u32>,
    specials: &[String],
) -> Vec<(u32, AddedToken)> {
    let mut found: BTreeMap<u32, AddedToken> = BTreeMap::new();
    match config.and_then(|config| config.added_tokens_decoder.as_ref()) {
        Some(decoder) => found.extend(decoder.iter().map(|(id, token)| (*id, token.token()))),
        None => {
            let is_special = |token: &String| specials.contains(token);
            found.extend(listed.iter().map(|(token, id)| (*id, AddedToken::from(token.clone(), is_special(token)))));
            let of_json = json.into_iter().flat_map(|json| &json.added_tokens);
            found.extend(of_json.filter_map(|token| Some((token.id?, token.token()))));
        }
    }
    found.into_iter().collect()
}

/// The names of the special tokens: as the files name them, else as `tokenizer.json` uses them, else the usual ones that are there.
fn names(
    told: &[Option<&Map<String, Value>>],
    json: Option<&TokenizerJson>,
    vocab: &[String],
    added: &[(u32, AddedToken)],
) -> Names {
    let is_there =
        |name: &str| vocab.iter().any(|token| token == name) || added.iter().any(|(_, token)| token.content == name);
    let of_role = |role: usize| {
        let named = told.iter().flatten().find_map(|map| content(map.get(ROLES[role])?));
        let used = || json.and_then(|json| json.special(role)).filter(|name| is_there(name));
        let usual = || USUAL[role].iter().find(|name| is_there(name)).map(|name| (*name).to_owned());
        named.or_else(used).or_else(usual).unwrap_or_else(|| SPECIALS[role].to_owned())
    };
    Names { pad: of_role(0), unk: of_role(1), cls: of_role(2), sep: of_role(3), mask: of_role(4) }
}

/// Further special tokens that the files name, without ids.
fn more_specials(told: &[Option<&Map<String, Value>>]) -> Vec<String> {
    let keys = ["additional_special_tokens", "extra_special_tokens"];
    let lists = told.iter().flatten().flat_map(|map| keys.iter().filter_map(move |key| map.get(*key)));
    let mut found: Vec<String> = Vec::new();
    for list in lists {
        let tokens: Vec<String> = match list {
            Value::Array(tokens) => tokens.iter().filter_map(content).collect(),
            Value::Object(tokens) => tokens.values().filter_map(content).collect(),
            _ => Vec::new(),
        };
        for token in tokens {
            if !found.contains(&token) {
                found.push(token);
            }
        }
    }
    found
}

/// A token as the files write it: its text, or an object that holds it.
fn content(value: &Value) -> Option<String> {
    let text = value.as_str().or_else(|| value.get("content")?.as_str())?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// An added token in a file. What it leaves out is as in transformers.
#[derive(Deserialize)]
struct WrittenToken {
    id: Option<u32>,
    content: String,
    #[serde(default)]
    single_word: bool,
    #[serde(default)]
    lstrip: bool,
    #[serde(default)]
    rstrip: bool,
    normalized: Option<bool>,
    #[serde(default)]
    special: bool,
}

impl WrittenToken {
    fn token(&self) -> AddedToken {
        AddedToken {
            content: self.content.clone(),
            single_word: self.single_word,
            lstrip: self.lstrip,
            rstrip: self.rstrip,
            normalized: self.normalized.unwrap_or(!self.special),
            special: self.special,
        }
    }
}

/// The part of `config.json` that is read.
#[derive(Deserialize)]
struct ModelConfig {
    tokenizer_class: Option<String>,
}

/// `tokenizer_config.json`.
#[derive(Deserialize)]
struct Config {
    tokenizer_class: Option<String>,
    added_tokens_decoder: Option<BTreeMap<u32, WrittenToken>>,
    #[serde(flatten)]
    cleaning: Cleaning,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Config {
    /// Refuses settings that change what is done to a text, if they are not BERT's.
    fn check(&self, place: &str) -> Result<()> {
        let is = |key: &str, right: &[Value]| {
            let value = self.rest.get(key).filter(|value| !value.is_null());
            value.filter(|value| !right.contains(value)).map(|value| (key.to_owned(), value.to_string()))
        };
        let wrong = is("do_basic_tokenize", &[true.into()])
            .or_else(|| is("do_word_tokenize", &[true.into()]))
            .or_else(|| is("do_subword_tokenize", &[true.into()]))
            .or_else(|| is("clean_text", &[true.into()]))
            .or_else(|| is("never_split", &[Value::Array(Vec::new())]))
            .or_else(|| is("wordpieces_prefix", &["##".into()]))
            .or_else(|| is("word_tokenizer_type", &["basic".into()]))
            .or_else(|| is("subword_tokenizer_type", &["wordpiece".into()]))
            .or_else(|| is("split_special_tokens", &[false.into()]));
        match wrong {
            None => Ok(()),
            Some((key, value)) => {
                Err(Error::failed("tokenizer-setting-unknown").with("key", key).with("value", value).at(place))
            }
        }
    }
}

/// The part of a `tokenizer.json` that is read.
#[derive(Deserialize)]
struct TokenizerJson {
    model: JsonModel,
    #[serde(default)]
    added_tokens: Vec<WrittenToken>,
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(default)]
    post_processor: Value,
    #[serde(default)]
    padding: Value,
}

#[derive(Deserialize)]
struct JsonModel {
    /// Files of the first versions leave it out.
    #[serde(rename = "type")]
    kind: Option<String>,
    vocab: Value,
    unk_token: Option<String>,
    continuing_subword_prefix: Option<String>,
    max_input_chars_per_word: Option<usize>,
}

impl TokenizerJson {
    /// The vocabulary, once it is clear that all steps around it are BERT's.
    fn vocab(&self, as_written: bool, place: &str) -> Result<Vec<String>> {
        let kind = self.model.kind.as_deref().unwrap_or("WordPiece");
        let entries = match &self.model.vocab {
            Value::Object(entries) if kind == "WordPiece" => entries,
            _ => return Err(Error::failed("not-wordpiece").with("kind", kind).at(place)),
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
        self.check_steps(as_written, place)?;
        Ok(vocab.into_iter().flatten().collect())
    }

    /// Refuses steps that are not BERT's. Where `tokenizer_config.json` says how text is cleaned, there may be none.
    fn check_steps(&self, as_written: bool, place: &str) -> Result<()> {
        let other = |step: &str, found: String| Err(step_unknown(step, &found, place));
        for (step, value, right) in [
            ("normalizer", &self.normalizer, "BertNormalizer"),
            ("pre_tokenizer", &self.pre_tokenizer, "BertPreTokenizer"),
        ] {
            match single(value) {
                Value::Null if !as_written => {}
                Value::Null => return other(step, "null".to_owned()),
                step_found if step_found["type"] == right => {}
                step_found => return other(step, kinds(step_found)),
            }
        }
        if single(&self.normalizer).get("clean_text").is_some_and(|clean| *clean == Value::Bool(false)) {
            return other("normalizer", "clean_text = false".to_owned());
        }
        if let Some(prefix) = self.model.continuing_subword_prefix.as_ref().filter(|prefix| *prefix != "##") {
            return other("model", format!("continuing_subword_prefix = {prefix:?}"));
        }
        if let Some(most) = self.model.max_input_chars_per_word.filter(|most| *most != WORD_CHARS_MAX) {
            return other("model", format!("max_input_chars_per_word = {most}"));
        }
        Ok(())
    }

    /// `None` if there is no normaliser.
    fn cleaning(&self) -> Option<Cleaning> {
        let normalizer = single(&self.normalizer);
        let flag = |key: &str| normalizer.get(key).and_then(Value::as_bool);
        Some(Cleaning {
            lower_case: flag("lowercase")?,
            strip_accents: flag("strip_accents"),
            split_chinese: flag("handle_chinese_chars").unwrap_or(true),
        })
    }

    /// The special token of a role, by its place in [`ROLES`], as this file uses it.
    fn special(&self, role: usize) -> Option<String> {
        let frame = &self.post_processor;
        let framed = |short: &str, last: bool| {
            let of_bert = || frame.get(short)?.get(0)?.as_str().map(str::to_owned);
            let single = frame.get("single").and_then(Value::as_array);
            let mut specials =
                single.into_iter().flatten().filter_map(|piece| piece.get("SpecialToken")?.get("id")?.as_str());
            let found = if last { specials.next_back() } else { specials.next() };
            found.map(str::to_owned).or_else(of_bert)
        };
        match role {
            0 => self.padding.get("pad_token").and_then(content),
            1 => self.model.unk_token.clone(),
            2 => framed("cls", false),
            3 => framed("sep", true),
            _ => None,
        }
    }

    /// Refuses a frame around a text other than the one that ELECTRA was trained with.
    fn check_frame(&self, names: &Names, place: &str) -> Result<()> {
        let Some(single) = self.post_processor.get("single").and_then(Value::as_array) else { return Ok(()) };
        let told: Vec<&str> = single
            .iter()
            .map(|piece| piece.get("SpecialToken").and_then(|token| token.get("id")?.as_str()).unwrap_or("A"))
            .collect();
        if told == [names.cls.as_str(), "A", names.sep.as_str()] {
            return Ok(());
        }
        Err(step_unknown("post_processor", &told.join(" "), place))
    }
}

/// A step of a `tokenizer.json` that would be done differently here, or not at all.
fn step_unknown(step: &str, found: &str, place: &str) -> Error {
    Error::failed("tokenizer-step-unknown").with("step", step).with("found", found).at(place)
}

/// A step, or the only member of a sequence of one.
fn single(step: &Value) -> &Value {
    let members = ["normalizers", "pretokenizers"].iter().find_map(|key| step.get(key)?.as_array());
    match members.map(Vec::as_slice) {
        Some([only]) => only,
        _ => step,
    }
}

/// The kinds of a step and its members, for people.
fn kinds(step: &Value) -> String {
    let kind = |step: &Value| step.get("type").and_then(Value::as_str).unwrap_or("?").to_owned();
    let members = ["normalizers", "pretokenizers"].iter().find_map(|key| step.get(key)?.as_array());
    match members {
        Some(members) => members.iter().map(kind).collect::<Vec<_>>().join(", "),
        None => kind(step),
    }
}

/// Reads a file of JSON. If it is something else altogether, the error says what.
fn read_json<'b, T: Deserialize<'b>>(bytes: &'b [u8], place: &str) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|e| {
        let unreadable = || Error::failed("not-tokenizer-json").with("detail", e.to_string());
        instead(bytes, true).unwrap_or_else(unreadable).at(place)
    })
}

/// One token in each line. White space at the end of a line is cut off, as the crate and transformers do.
fn vocab_from_txt(bytes: &[u8], place: &str) -> Result<Vec<String>> {
    if let Some(error) = instead(bytes, true) {
        return Err(error.at(place));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|e| Error::failed("vocabulary-not-utf8").with("byte", e.valid_up_to()).at(place))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Ok(text.lines().map(|line| line.trim_end().to_owned()).collect())
}
