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
pub(crate) mod tests {
    use super::*;
    use crate::rng::{Key, Stream};
    use proptest::prelude::*;

    /// A small configuration in which no two sizes are equal.
    pub fn small_config(role: Role) -> ElectraConfig {
        ElectraConfig {
            vocab_size: 11,
            embedding_size: 5,
            hidden_size: 6,
            num_hidden_layers: 2,
            num_attention_heads: 2,
            intermediate_size: 7,
            max_position_embeddings: 9,
            ..ElectraConfig::standard(role)
        }
    }

    /// Uniform weights in (-1, 1) from a seed.
    pub fn random_network(config: ElectraConfig, role: Role, seed: u64) -> Network {
        let key = Key::new(seed, 0, Stream::Init);
        let tensor = |(site, (name, shape)): (usize, (String, Vec<usize>))| {
            let count = shape.iter().product::<usize>() as u32;
            let data = (0..count).map(|i| key.unit(i, site as u32) as f32 * 2.0 - 1.0).collect();
            (name, HubTensor { shape, data })
        };
        let tensors = expected_tensors(&config, role).into_iter().enumerate().map(tensor).collect();
        Network { config, tensors }
    }

    fn bytes_of(tensors: &Tensors) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_safetensors(&mut bytes, tensors.iter().map(|(n, t)| (n.clone(), t))).unwrap();
        bytes
    }

    fn load(network: &Network, role: Role, change: impl FnOnce(&mut Tensors)) -> Result<(Network, Vec<Message>)> {
        let mut tensors = network.tensors.clone();
        change(&mut tensors);
        network_from_bytes(&network.config.to_json(role), &bytes_of(&tensors), role)
    }

    #[cfg(not(target_arch = "wasm32"))] // files
    #[test]
    fn a_folder_is_read_back_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        for role in Role::ALL {
            let network = random_network(small_config(role), role, 1);
            let folder = dir.path().join(role.folder());
            let vocab = vec![("vocab.txt".to_owned(), b"[PAD]\n".to_vec())];
            write_network(&folder, role, &network, &vocab).unwrap();
            assert_eq!(read_network(&folder, role).unwrap(), (network.clone(), vec![]));
            assert_eq!(tokenizer_files(&folder).unwrap(), vocab);
            // The tensors show the head, not the role: an encoder that was trained alone looks like a generator.
            assert_eq!(role_of(&folder).unwrap().proposes(), role.proposes());
            let again = write_network(&folder, role, &network, &vocab).unwrap_err();
            assert!(again.to_string().contains("folder-occupied"), "{again}");
        }
        let wrong = read_network(&dir.path().join("generator"), Role::Discriminator).unwrap_err().to_string();
        assert!(
            wrong.contains("tensors-of-generator, head = discriminator_predictions.")
                && wrong.contains("help: help-head-missing"),
            "{wrong}"
        );
    }

    #[test]
    fn old_names_position_ids_and_a_tied_head_are_understood() {
        let network = random_network(small_config(Role::Generator), Role::Generator, 2);
        let (back, warnings) = load(&network, Role::Generator, |tensors| {
            for (old, new) in [("gamma", "weight"), ("beta", "bias")] {
                let names: Vec<String> =
                    tensors.keys().filter(|n| n.ends_with(&format!("LayerNorm.{new}"))).cloned().collect();
                for name in names {
                    let tensor = tensors.remove(&name).unwrap();
                    tensors.insert(name.replace(&format!("LayerNorm.{new}"), &format!("LayerNorm.{old}")), tensor);
                }
            }
            let ids = HubTensor { shape: vec![1, 9], data: vec![0.0; 9] };
            tensors.insert("electra.embeddings.position_ids".to_owned(), ids);
            tensors.insert(TIED_HEAD.to_owned(), tensors[WORD_EMBEDDINGS].clone());
        })
        .unwrap();
        assert_eq!((back, warnings), (network.clone(), vec![]));

        let (back, warnings) = load(&network, Role::Generator, |tensors| {
            let mut head = tensors[WORD_EMBEDDINGS].clone();
            head.data[3] += 0.5;
            tensors.insert(TIED_HEAD.to_owned(), head);
        })
        .unwrap();
        assert_eq!(back, network);
        let told = format!("tied-head-differs (tensor = {TIED_HEAD}, gap = 5.000e-1)");
        assert_eq!(warnings.iter().map(Message::to_string).collect::<Vec<_>>(), [told]);

        let only_the_head = load(&network, Role::Generator, |tensors| {
            let word = tensors.remove(WORD_EMBEDDINGS).unwrap();
            tensors.insert(TIED_HEAD.to_owned(), word);
        });
        assert_eq!(only_the_head.unwrap().0, network);
    }

    #[test]
    fn a_wrapper_around_the_names_is_taken_off_and_told() {
        for role in Role::ALL {
            let network = random_network(small_config(role), role, 6);
            for prefix in ["module.", "model.", "_orig_mod.", "net.student.", "module._orig_mod.", "discriminator."] {
                let (back, warnings) = load(&network, role, |tensors| {
                    let named = std::mem::take(tensors).into_iter();
                    *tensors = named.map(|(name, tensor)| (format!("{prefix}{name}"), tensor)).collect();
                })
                .unwrap();
                assert_eq!(back, network, "{prefix}");
                let told = format!("tensors-unwrapped (prefix = {prefix})");
                assert_eq!(warnings.iter().map(Message::to_string).collect::<Vec<_>>(), [told]);
            }
        }
        // A wrapper around the encoder alone, and old names within it.
        let network = random_network(small_config(Role::Generator), Role::Generator, 6);
        let (back, _) = load(&network, Role::Generator, |tensors| {
            let renamed = |(name, tensor): (String, HubTensor)| match name.strip_suffix("LayerNorm.weight") {
                Some(base) if base.starts_with("electra.") => (format!("model.{base}LayerNorm.gamma"), tensor),
                _ if name.starts_with("electra.") => (format!("model.{name}"), tensor),
                _ => (name, tensor),
            };
            *tensors = std::mem::take(tensors).into_iter().map(renamed).collect();
        })
        .unwrap();
        assert_eq!(back, network);
    }

    #[cfg(not(target_arch = "wasm32"))] // files
    #[test]
    fn a_folder_with_a_wrapper_has_the_role_of_what_is_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let named = |prefix: &'static str, role: Role| {
            let tensors = random_network(small_config(role), role, 6).tensors.into_iter();
            tensors.map(move |(name, tensor)| (format!("{prefix}{name}"), tensor))
        };
        let role_with = |tensors: Tensors, role: Role| {
            fs::write(dir.path().join(WEIGHTS), bytes_of(&tensors)).unwrap();
            fs::write(dir.path().join("config.json"), small_config(role).to_json(role)).unwrap();
            (role_of(dir.path()), read_network(dir.path(), role))
        };
        for role in [Role::Discriminator, Role::Generator] {
            let (told, read) = role_with(named("module.", role).collect(), role);
            assert_eq!(told.unwrap(), role);
            assert!(read.is_ok());
        }
        // A wrapper beside a plain network is another network. Both readers leave it as it is.
        let both = named("", Role::Generator).chain(named("ema.", Role::Discriminator)).collect();
        let (told, read) = role_with(both, Role::Generator);
        assert_eq!(told.unwrap(), Role::Generator);
        let error = read.unwrap_err().to_string();
        assert!(error.contains("tensors-of-several (prefixes = electra, ema.electra)"), "{error}");
    }

    #[test]
    fn several_networks_in_one_file_are_named() {
        let network = random_network(small_config(Role::Discriminator), Role::Discriminator, 6);
        let error = load(&network, Role::Discriminator, |tensors| {
            let twice = |(name, tensor): (String, HubTensor)| {
                ["student.", "teacher."].map(|prefix| (format!("{prefix}{name}"), tensor.clone()))
            };
            *tensors = std::mem::take(tensors).into_iter().flat_map(twice).collect();
        });
        let error = error.unwrap_err().to_string();
        assert!(error.contains("tensors-of-several (prefixes = student.electra, teacher.electra)"), "{error}");
        for (name, told) in [
            ("electra.encoder.layer.0.attention.self.query.lora_A.weight", "tensors-of-adapter"),
            ("roberta.embeddings.word_embeddings.weight", "tensors-of-other-model (model = roberta)"),
            ("albert.embeddings.word_embeddings.weight", "tensors-of-other-model (model = albert)"),
            ("electra.encoder.layer.0.output.dense.qweight", "tensors-of-quantised"),
            ("exp_avg.0", "tensors-of-optimizer"),
        ] {
            let alone = load(&network, Role::Discriminator, |tensors| {
                *tensors = Tensors::from([(name.to_owned(), HubTensor { shape: vec![1], data: vec![0.0] })]);
            });
            let error = alone.unwrap_err().to_string();
            assert!(error.contains(told), "{name}: {error}");
        }
    }

    #[test]
    fn buffers_beside_the_parameters_are_left_out() {
        use safetensors::tensor::{Dtype, TensorView};
        let network = random_network(small_config(Role::Discriminator), Role::Discriminator, 7);
        let bytes = bytes_of(&network.tensors);
        let stored = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let (longs, small, flags) = ([0u8; 72], [1u8; 9], [1u8]);
        for (name, dtype, shape, data) in [
            ("electra.embeddings.position_ids", Dtype::I64, vec![1, 9], &longs[..]),
            ("electra.embeddings.token_type_ids", Dtype::I64, vec![1, 9], &longs[..]),
            ("position_ids", Dtype::U8, vec![9], &small[..]),
            ("num_batches_tracked", Dtype::I64, vec![], &longs[..8]),
            ("causal_mask", Dtype::BOOL, vec![1], &flags[..]),
        ] {
            let extra = (name.to_owned(), TensorView::new(dtype, shape, data).unwrap());
            let all = safetensors::serialize(stored.tensors().into_iter().chain([extra]), None).unwrap();
            let config = network.config.to_json(Role::Discriminator);
            let read = network_from_bytes(&config, &all, Role::Discriminator).unwrap();
            assert_eq!(read, (network.clone(), vec![]), "{name}");
        }
        // A parameter of whole numbers is none of them.
        let whole = (
            "electra.embeddings.LayerNorm.bias".to_owned(),
            TensorView::new(Dtype::I64, vec![5], &longs[..40]).unwrap(),
        );
        let others = stored.tensors().into_iter().filter(|(name, _)| *name != whole.0).chain([whole.clone()]);
        let all = safetensors::serialize(others, None).unwrap();
        let error = network_from_bytes(&network.config.to_json(Role::Discriminator), &all, Role::Discriminator);
        assert!(error.unwrap_err().to_string().contains("tensor-not-floats"));
    }

    #[test]
    fn every_wrong_tensor_is_named_in_one_error() {
        let network = random_network(small_config(Role::Discriminator), Role::Discriminator, 3);
        let read = |change: &dyn Fn(&mut Tensors)| load(&network, Role::Discriminator, change).unwrap_err().to_string();
        let error = read(&|tensors| {
            tensors.remove("electra.encoder.layer.1.output.dense.bias");
            tensors.insert("extra".to_owned(), HubTensor { shape: vec![], data: vec![1.0] });
            tensors.insert(
                "electra.embeddings.LayerNorm.bias".to_owned(),
                HubTensor { shape: vec![2], data: vec![0.0; 2] },
            );
        });
        for part in [
            "tensors-missing (count = 1, names = electra.encoder.layer.1.output.dense.bias, more = 0)",
            "tensors-unexpected (count = 1, names = extra, more = 0)",
            "tensor-of-other-shape (name = electra.embeddings.LayerNorm.bias, is = [2], expected = [5])",
        ] {
            assert!(error.contains(part), "{error}");
        }

        let bare = read(&|tensors| {
            let encoder =
                tensors.iter().filter_map(|(n, t)| n.strip_prefix("electra.").map(|n| (n.to_owned(), t.clone())));
            *tensors = encoder.collect();
        });
        assert!(bare.contains("tensors-of-encoder") && bare.contains("head = discriminator_predictions."), "{bare}");

        let classifier = read(&|tensors| {
            tensors.retain(|name, _| name.starts_with("electra."));
            tensors.insert("classifier.out_proj.bias".to_owned(), HubTensor { shape: vec![2], data: vec![0.0; 2] });
        });
        assert!(classifier.contains("tensors-of-classifier"), "{classifier}");

        let broken = read(&|tensors| tensors.get_mut(WORD_EMBEDDINGS).unwrap().data[7] = f32::NAN);
        assert!(broken.contains("(at = 7, name = electra.embeddings.word_embeddings.weight, value = NaN)"), "{broken}");

        let twice = read(&|tensors| {
            let bias = tensors["electra.embeddings.LayerNorm.bias"].clone();
            tensors.insert("electra.embeddings.LayerNorm.beta".to_owned(), bias);
        });
        assert!(twice.contains("tensor-twice (name = electra.embeddings.LayerNorm.bias)"), "{twice}");
    }

    #[cfg(not(target_arch = "wasm32"))] // files
    #[test]
    fn shards_are_joined_and_may_not_point_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        let network = random_network(small_config(Role::Discriminator), Role::Discriminator, 4);
        let mut first = network.tensors.clone();
        let second = first.split_off("electra.encoder.layer.1");
        let mut map = BTreeMap::new();
        for (file, tensors) in
            [("model-00001-of-00002.safetensors", first), ("model-00002-of-00002.safetensors", second)]
        {
            fs::write(dir.path().join(file), bytes_of(&tensors)).unwrap();
            map.extend(tensors.into_keys().map(|name| (name, file)));
        }
        fs::write(dir.path().join("config.json"), network.config.to_json(Role::Discriminator)).unwrap();
        let index = dir.path().join(INDEX);
        fs::write(&index, serde_json::json!({"metadata": {"total_size": 1}, "weight_map": map}).to_string()).unwrap();
        assert_eq!(read_network(dir.path(), Role::Discriminator).unwrap().0, network);
        fs::remove_file(dir.path().join("model-00002-of-00002.safetensors")).unwrap();
        let lost = read_network(dir.path(), Role::Discriminator).unwrap_err();
        assert!(lost.place.unwrap().to_string().ends_with("model-00002-of-00002.safetensors"));
        fs::write(&index, r#"{"weight_map": {"a": "../model.safetensors"}}"#).unwrap();
        let outside = read_network(dir.path(), Role::Discriminator).unwrap_err().to_string();
        assert!(outside.contains("shard-name-not-plain"), "{outside}");
    }

    #[cfg(not(target_arch = "wasm32"))] // files
    #[test]
    fn a_folder_without_safetensors_says_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let read = || read_network(dir.path(), Role::Generator).unwrap_err().to_string();
        assert!(read().contains("config.json: cannot-do (doing = io-read-configuration"));
        fs::write(dir.path().join("config.json"), ElectraConfig::standard(Role::Generator).to_json(Role::Generator))
            .unwrap();
        assert!(read().contains("no-weights (file = model.safetensors)"));
        fs::write(dir.path().join("pytorch_model.bin"), "pickle").unwrap();
        let error = read();
        assert!(
            error.contains(
                "(file = pytorch_model.bin, command = python -c \"from transformers import ElectraForMaskedLM; "
            ),
            "{error}"
        );
        fs::write(dir.path().join(WEIGHTS), [0; 20]).unwrap();
        let error = read();
        assert!(error.contains("model.safetensors: safetensors-damaged"), "{error}");
        for (bytes, told) in [
            (
                &b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 51\n"[..],
                "file-is-lfs-pointer (bytes = 51)",
            ),
            (b"<!DOCTYPE html><html><body>401</body></html>", "file-is-web-page"),
            (b"PK\x03\x04\x00\x00\x08\x08\x00\x00model/data.pkl", "file-is-zip"),
            (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "file-is-pickle"),
            (br#"{"error":"Repository not found"}"#, "file-is-text"),
            (b"Entry not found", "file-is-text"),
            (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", "file-is-format (format = gzip)"),
            (b"\x89HDF\r\n\x1a\n\x00\x00\x00", "file-is-format (format = HDF5)"),
            (b"GGUF\x03\x00\x00\x00\x00\x00", "file-is-format (format = GGUF)"),
        ] {
            fs::write(dir.path().join(WEIGHTS), bytes).unwrap();
            let error = read();
            assert!(error.contains("model.safetensors: not-the-file-itself") && error.contains(told), "{error}");
        }
        fs::write(dir.path().join("config.json"), "version https://git-lfs.github.com/spec/v1\nsize 9\n").unwrap();
        assert!(read().contains("config.json: not-the-file-itself (what = file-is-lfs-pointer (bytes = 9))"));
    }

    proptest! {
        #[test]
        fn a_mutated_network_is_read_or_refused(
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            head in any::<bool>(),
        ) {
            let network = random_network(small_config(Role::Generator), Role::Generator, 5);
            let mut bytes = bytes_of(&network.tensors);
            // Half of the cases change only the header, because the interesting part of a file is small.
            let span = if head { 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize } else { bytes.len() };
            for (at, byte) in edits {
                let at = at.index(span);
                bytes[at] = byte;
            }
            network_from_bytes(&network.config.to_json(Role::Generator), &bytes, Role::Generator).ok();
        }
    }
}
