//! Reads and writes one network: a folder of config.json and weights -> [`read_network`] -> [`Network`] -> [`write_network`] -> a
//! folder. The reader compares names and shapes with the configuration before it reads a weight, so a wrong folder never loads in
//! part.

use super::names::Mismatch;
use super::tensors::TensorFile;
use super::{
    ElectraConfig, HubTensor, NewFiles, Role, Staging, TIED_HEAD, Tensors, WORD_EMBEDDINGS, expected_tensors,
    open_safetensors, write_safetensors,
};
use crate::message::Message;
use crate::path::{in_python, quoted};
use crate::{Error, Result};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Cursor, Read, Seek};
use std::path::{Path, PathBuf};

pub(super) const WEIGHTS: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

/// A network on the host: its configuration and exactly the tensors of [`expected_tensors`].
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    pub config: ElectraConfig,
    pub tensors: Tensors,
}

/// Reads the network of `role` from a Hugging Face folder, and what a person should know about it (warnings).
///
/// Weights may lie in one safetensors file or in shards, as F32, F16, BF16 or F64. Old names (`LayerNorm.gamma`) are
/// renamed, a wrapper's prefix (`module.`) is taken off, buffers (`position_ids`) and a tied output projection are left out.
pub fn read_network(dir: &Path, role: Role) -> Result<(Network, Vec<Message>)> {
    let config = read_config(dir)?;
    assemble(config, catalogue(dir, role)?, role).map_err(|e| e.at_path(dir))
}

/// The tensors of a folder's files. `role` is for the advice if there is none.
fn catalogue(dir: &Path, role: Role) -> Result<Catalogue<std::io::BufReader<fs::File>>> {
    let files = weight_files(dir, role)?;
    let opened = files.iter().map(|path| open_safetensors(path)).collect::<Result<Vec<_>>>()?;
    Catalogue::new(opened).map_err(|e| e.at_path(dir))
}

/// The same from memory: the bytes of config.json and of model.safetensors.
pub fn network_from_bytes(config: &[u8], weights: &[u8], role: Role) -> Result<(Network, Vec<Message>)> {
    let config = ElectraConfig::from_json(config).map_err(|e| e.at("config.json"))?;
    let file = TensorFile::new(Cursor::new(weights)).map_err(|e| e.at(WEIGHTS))?;
    assemble(config, Catalogue::new(vec![file])?, role)
}

/// Reads and checks `dir`/config.json.
pub fn read_config(dir: &Path) -> Result<ElectraConfig> {
    let path = dir.join("config.json");
    let bytes = fs::read(&path).map_err(|e| {
        let error = Error::io("io-read-configuration", &path, &e);
        if e.kind() == std::io::ErrorKind::NotFound {
            return error.hint("help-hub-folder");
        }
        error
    })?;
    ElectraConfig::from_json(&bytes).map_err(|e| e.at_path(&path))
}

/// Which network a folder holds, by its head's tensors. For a masked language model they do not show the role that it had in
/// training, so it is called a generator.
pub fn role_of(dir: &Path) -> Result<Role> {
    let names: BTreeSet<String> = catalogue(dir, Role::Discriminator)?.entries.into_keys().collect();
    let has_head = |role: &Role| names.iter().any(|name| name.starts_with(role.head_prefix()));
    let heads: Vec<Role> = [Role::Discriminator, Role::Generator].into_iter().filter(has_head).collect();
    match heads[..] {
        [role] => Ok(role),
        _ => Err(Error::failed("not-one-network").with("what", what_it_is(&names)).at_path(dir)),
    }
}

/// Writes config.json, model.safetensors (f32, no tied projection) and `extra` files (the tokenizer's) into a new folder.
/// The folder appears whole or not at all; one that exists and holds anything is refused.
pub fn write_network(dir: &Path, role: Role, network: &Network, extra: &[(String, Vec<u8>)]) -> Result<()> {
    refuse_occupied(dir)?;
    let mut staging = Staging::begin(dir)?;
    stage_network(&mut staging, "", role, network, extra)?;
    staging.commit()
}

/// Adds one network's files to a folder being written, below `prefix` (empty or ending in `/`).
pub(crate) fn stage_network(
    files: &mut dyn NewFiles,
    prefix: &str,
    role: Role,
    network: &Network,
    extra: &[(String, Vec<u8>)],
) -> Result<()> {
    check(&network.tensors, &network.config, role)?;
    files.write(&format!("{prefix}config.json"), &mut |out| out.write_all(&network.config.to_json(role)))?;
    files.write(&format!("{prefix}{WEIGHTS}"), &mut |out| {
        write_safetensors(out, network.tensors.iter().map(|(name, tensor)| (name.clone(), tensor)))
    })?;
    for (name, bytes) in extra {
        assert!(is_plain_file_name(name), "write_network: {name} is not a plain file name");
        files.write(&format!("{prefix}{name}"), &mut |out| out.write_all(bytes))?;
    }
    Ok(())
}

/// The unchanged files of the tokenizer in a network's folder, which are written beside another network.
pub fn tokenizer_files(dir: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for name in ["vocab.txt", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"]
    {
        let path = dir.join(name);
        match fs::read(&path) {
            Ok(bytes) => files.push((name.to_owned(), bytes)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(Error::io("io-read-tokenizers-file", &path, &e)),
        }
    }
    Ok(files)
}

/// A folder to be written whole must not exist yet, or be empty.
pub fn refuse_occupied(dir: &Path) -> Result<()> {
    let occupied = match fs::read_dir(dir) {
        Ok(mut entries) => entries.next().is_some(),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => false,
        Err(e) => return Err(Error::io("io-write-into-folder", dir, &e)),
    };
    if occupied {
        return Err(Error::usage("folder-occupied").at_path(dir));
    }
    Ok(())
}

fn check(tensors: &Tensors, config: &ElectraConfig, role: Role) -> Result<()> {
    let found = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor.shape.as_slice()));
    let mismatch = Mismatch::between(found, &expected_tensors(config, role));
    if mismatch.is_empty() {
        return Ok(());
    }
    Err(Error::failed("tensors-do-not-fit").with("network", role.folder()).with("mismatch", mismatch.message()))
}

/// The command that converts the weights of a folder, ready to paste.
fn conversion(dir: &Path, role: Role) -> String {
    let (class, folder) = (role.architecture(), in_python(dir));
    let import = if folder.starts_with("os.") { "import os; " } else { "" };
    let script = format!(
        "{import}from transformers import {class}; {class}.from_pretrained({folder}).save_pretrained({folder})"
    );
    format!("python -c {}", quoted(script))
}

/// The safetensors files of a folder: one, or the shards that its index names.
fn weight_files(dir: &Path, role: Role) -> Result<Vec<PathBuf>> {
    let (single, index) = (dir.join(WEIGHTS), dir.join(INDEX));
    if single.is_file() {
        return Ok(vec![single]);
    }
    if index.is_file() {
        return shards(dir, &index);
    }
    let others = ["pytorch_model.bin", "pytorch_model.bin.index.json", "tf_model.h5", "flax_model.msgpack"];
    let error = match others.iter().find(|name| dir.join(name).is_file()) {
        Some(other) => {
            Error::failed("weights-not-safetensors").with("file", *other).with("command", conversion(dir, role))
        }
        None => Error::failed("no-weights").with("file", WEIGHTS).hint("help-hub-folder"),
    };
    Err(error.at_path(dir))
}

#[derive(Deserialize)]
struct ShardIndex {
    weight_map: BTreeMap<String, String>,
}

fn shards(dir: &Path, index: &Path) -> Result<Vec<PathBuf>> {
    let bytes = fs::read(index).map_err(|e| Error::io("io-read-list-of-shards", index, &e))?;
    let parsed: ShardIndex = serde_json::from_slice(&bytes)
        .map_err(|e| Error::failed("shards-unreadable").with("detail", e.to_string()).at_path(index))?;
    let names: BTreeSet<String> = parsed.weight_map.into_values().collect();
    // A name with a separator could lead anywhere on the disk.
    if let Some(name) = names.iter().find(|name| !is_plain_file_name(name)) {
        return Err(Error::failed("shard-name-not-plain").with("name", format!("{name:?}")).at_path(index));
    }
    Ok(names.into_iter().map(|name| dir.join(name)).collect())
}

fn is_plain_file_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', ':', '\0'])
}

/// The tensors of all files of a folder under today's names.
struct Catalogue<R> {
    files: Vec<TensorFile<R>>,
    entries: BTreeMap<String, Entry>,
    /// The wrapper's prefix that the names in the files have.
    prefix: Option<String>,
}

struct Entry {
    file: usize,
    /// The name in the file.
    stored: String,
    shape: Vec<usize>,
    /// Whether it is no parameter, so that it may be left out.
    is_buffer: bool,
}

/// Tensors that transformers and others save beside the parameters and make again when they load.
const BUFFERS: [&str; 2] = ["position_ids", "token_type_ids"];
/// A tensor that every ELECTRA network has.
const ANCHOR: &str = "electra.embeddings.position_embeddings.weight";

/// What stands before the usual names of each network: `module.` of data-parallel training, `model.`, `_orig_mod.` and the like of
/// other wrappers, nothing if it is plain.
fn prefixes(names: &BTreeSet<String>) -> Vec<&str> {
    let whole = |prefix: &&str| prefix.is_empty() || prefix.ends_with('.');
    names.iter().filter_map(|name| name.strip_suffix(ANCHOR).filter(whole)).collect()
}

impl<R: Read + Seek> Catalogue<R> {
    fn new(files: Vec<TensorFile<R>>) -> Result<Self> {
        let names = files.iter().flat_map(|file| file.shapes().into_keys()).collect();
        // With several networks in the files it is not clear which one is meant.
        let prefix = match prefixes(&names)[..] {
            [prefix] if !prefix.is_empty() => Some(prefix.to_owned()),
            _ => None,
        };
        let mut entries = BTreeMap::new();
        for (file, tensors) in files.iter().enumerate() {
            for (stored, shape) in tensors.shapes() {
                let bare = prefix.as_ref().and_then(|prefix| stored.strip_prefix(prefix.as_str())).unwrap_or(&stored);
                let name = todays_name(bare);
                let last = name.rsplit('.').next().unwrap_or_default();
                let is_buffer = BUFFERS.contains(&last) || tensors.is_whole(&stored);
                if entries.insert(name.clone(), Entry { file, stored, shape, is_buffer }).is_some() {
                    return Err(Error::failed("tensor-twice").with("name", name));
                }
            }
        }
        Ok(Self { files, entries, prefix })
    }

    fn read(&mut self, name: &str) -> Result<HubTensor> {
        let entry = self.entries.get(name).ok_or_else(|| Error::failed("no-such-tensor").with("name", name))?;
        let tensor = self.files[entry.file].tensor(&entry.stored)?;
        if let Some(at) = tensor.data.iter().position(|number| !number.is_finite()) {
            return Err(Error::failed("tensor-not-finite")
                .with("at", at)
                .with("name", name)
                .with("value", tensor.data[at].to_string()));
        }
        Ok(tensor)
    }
}

/// Files converted from TensorFlow before 2020 call LayerNorm's parameters gamma and beta.
fn todays_name(stored: &str) -> String {
    if let Some(base) = stored.strip_suffix("LayerNorm.gamma") {
        return format!("{base}LayerNorm.weight");
    }
    if let Some(base) = stored.strip_suffix("LayerNorm.beta") {
        return format!("{base}LayerNorm.bias");
    }
    stored.to_owned()
}

fn assemble<R: Read + Seek>(
    config: ElectraConfig,
    mut catalogue: Catalogue<R>,
    role: Role,
) -> Result<(Network, Vec<Message>)> {
    let mut expected = expected_tensors(&config, role);
    let tied = role.proposes() && catalogue.entries.contains_key(TIED_HEAD);
    if tied {
        expected.push((TIED_HEAD.to_owned(), vec![config.vocab_size, config.embedding_size]));
        // Some writers keep one name of a tied pair, and not always the usual one.
        let (entries, word) = (&mut catalogue.entries, WORD_EMBEDDINGS.to_owned());
        if let (false, Some(Entry { file, stored, shape, .. })) = (entries.contains_key(&word), entries.get(TIED_HEAD))
        {
            let entry = Entry { file: *file, stored: stored.clone(), shape: shape.clone(), is_buffer: false };
            entries.insert(word, entry);
        }
    }
    let wanted: BTreeSet<&str> = expected.iter().map(|(name, _)| name.as_str()).collect();
    catalogue.entries.retain(|name, entry| !entry.is_buffer || wanted.contains(name.as_str()));
    let found = catalogue.entries.iter().map(|(name, entry)| (name.as_str(), entry.shape.as_slice()));
    let mismatch = Mismatch::between(found, &expected);
    if !mismatch.is_empty() {
        let names = catalogue.entries.keys().cloned().collect();
        return Err(wrong_folder(&names, role, &mismatch));
    }
    let mut tensors = Tensors::new();
    for (name, _) in expected.into_iter().filter(|(name, _)| name != TIED_HEAD) {
        let tensor = catalogue.read(&name)?;
        tensors.insert(name, tensor);
    }
    let unwrapped = |prefix: &String| Message::new("tensors-unwrapped").with("prefix", prefix);
    let mut warnings: Vec<Message> = catalogue.prefix.iter().map(unwrapped).collect();
    if tied {
        let gap = largest_difference(&catalogue.read(TIED_HEAD)?, &tensors[WORD_EMBEDDINGS]);
        if gap > 0.0 {
            let gap = format!("{gap:.3e}");
            warnings.push(Message::new("tied-head-differs").with("tensor", TIED_HEAD).with("gap", gap));
        }
    }
    Ok((Network { config, tensors }, warnings))
}

/// The largest difference between two tensors of one shape.
pub(crate) fn largest_difference(a: &HubTensor, b: &HubTensor) -> f32 {
    a.data.iter().zip(&b.data).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn wrong_folder(names: &BTreeSet<String>, role: Role, mismatch: &Mismatch) -> Error {
    let headed = names.iter().any(|name| name.starts_with(role.head_prefix()));
    Error::failed("tensors-of-another-network")
        .with("network", role.folder())
        .with("architecture", role.architecture())
        .with("mismatch", mismatch.message())
        .with("what", what_it_is(names))
        .with("head", role.head_prefix())
        .hint(if headed { "help-sizes-in-config" } else { "help-head-missing" })
}

/// Guesses, for a person, what was saved instead.
fn what_it_is(names: &BTreeSet<String>) -> Message {
    let has = |prefix: &str| names.iter().any(|name| name.starts_with(prefix));
    let within = |part: &str| names.iter().any(|name| name.contains(part));
    // The first part of names such as `bert.embeddings.word_embeddings.weight`.
    let other = || {
        let model = names.iter().find_map(|name| name.split_once(".embeddings.")).map(|(model, _)| model);
        model.filter(|model| !model.contains("electra"))
    };
    let networks: Vec<String> = prefixes(names).iter().map(|prefix| format!("{prefix}electra")).collect();
    match () {
        () if networks.len() > 1 => Message::new("tensors-of-several").with("prefixes", networks.join(", ")),
        () if within("lora_") || within(".adapter") => Message::new("tensors-of-adapter"),
        () if within(".qweight") || within(".SCB") || within("quant_") => Message::new("tensors-of-quantised"),
        () if within("exp_avg") || has("optimizer.") => Message::new("tensors-of-optimizer"),
        () if has(Role::Discriminator.head_prefix()) && has(Role::Generator.head_prefix()) => {
            Message::new("tensors-of-both-heads")
        }
        () if has(Role::Discriminator.head_prefix()) => Message::new("tensors-of-discriminator"),
        () if has(Role::Generator.head_prefix()) => Message::new("tensors-of-generator"),
        () if has("classifier.") => Message::new("tensors-of-classifier"),
        () if has("qa_outputs.") => Message::new("tensors-of-answerer"),
        () if has("embeddings.word_embeddings") || has("electra.") => Message::new("tensors-of-encoder"),
        () => match other() {
            Some(model) => Message::new("tensors-of-other-model").with("model", model),
            None => Message::new("tensors-of-something-else"),
        },
    }
}

#[cfg(test)]
pub(crate) mod tests;
