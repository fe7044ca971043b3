//! Reads and writes the networks of a run: a checkpoint's folder -> [`read_networks`] -> [`Networks`], or [`read_pair`] ->
//! [`Pair`], which holds the shared tensors once. [`write_networks`] and [`write_pair`] write the folder again.

use super::network::{WEIGHTS, network_from_bytes};
use super::network::{largest_difference, refuse_occupied, stage_network};
use super::{Files, Network, NewFiles, Role, SHARED, Staging, read_network};
use crate::message::{self, Fact, Message};
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// A discriminator and its generator. The tensors of [`SHARED`] are equal in both.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    pub discriminator: Network,
    pub generator: Network,
}

/// The networks that a run trains: the main one and, if the objective has it, the auxiliary one. The tensors of [`SHARED`] are
/// equal in both.
#[derive(Debug, Clone, PartialEq)]
pub struct Networks {
    pub main: Network,
    /// What the main network is: a discriminator or an encoder.
    pub role: Role,
    pub aux: Option<Network>,
}

impl From<Pair> for Networks {
    fn from(pair: Pair) -> Self {
        Self { main: pair.discriminator, role: Role::Discriminator, aux: Some(pair.generator) }
    }
}

impl Networks {
    /// A main network without an auxiliary one.
    pub fn alone(main: Network, role: Role) -> Self {
        Self { main, role, aux: None }
    }

    /// Each network with its role, the main one first.
    pub fn all(&self) -> impl Iterator<Item = (Role, &Network)> {
        std::iter::once((self.role, &self.main)).chain(self.aux.iter().map(|aux| (Role::Generator, aux)))
    }
}

/// The role of the main network in a checkpoint's folder, and the folder of that network.
///
/// Before there was `encoder/`, a masked language model that was trained alone lay in `generator/`.
pub fn main_folder(dir: &Path) -> (Role, PathBuf) {
    let there = |role: &Role| dir.join(role.folder()).exists();
    let role = [Role::Discriminator, Role::Encoder].into_iter().find(there);
    match role {
        Some(role) => (role, dir.join(role.folder())),
        None => (Role::Encoder, dir.join(Role::Generator.folder())),
    }
}

/// Reads the networks of a run's checkpoint, and what a person should know about them (warnings).
pub fn read_networks(dir: &Path) -> Result<(Networks, Vec<Message>)> {
    let (role, main) = main_folder(dir);
    if role == Role::Discriminator && dir.join(Role::Generator.folder()).exists() {
        return read_pair(dir).map(|(pair, warnings)| (pair.into(), warnings));
    }
    let (network, warnings) = read_network(&main, role)?;
    Ok((Networks::alone(network, role), warnings))
}

/// The same from files in memory, as [`stage_networks`] wrote them.
pub fn networks_from_files(files: &Files) -> Result<(Networks, Vec<Message>)> {
    let network = |role: Role| {
        let file = |name: &str| files.get(&format!("{}/{name}", role.folder())).map(Vec::as_slice);
        let parts = file("config.json").zip(file(WEIGHTS));
        parts.map(|(config, weights)| network_from_bytes(config, weights, role)).transpose()
    };
    match (network(Role::Discriminator)?, network(Role::Encoder)?, network(Role::Generator)?) {
        (Some((main, mut warnings)), _, Some((aux, more))) => {
            warnings.extend(more);
            let (pair, more) = pair_from_networks(main, aux)?;
            warnings.extend(more);
            Ok((pair.into(), warnings))
        }
        (Some((main, warnings)), _, None) => Ok((Networks::alone(main, Role::Discriminator), warnings)),
        (None, Some((main, warnings)), _) => Ok((Networks::alone(main, Role::Encoder), warnings)),
        (None, None, _) => Err(Error::failed("no-main-network")),
    }
}

/// Reads `dir`/discriminator and `dir`/generator, and what a person should know about them (warnings).
pub fn read_pair(dir: &Path) -> Result<(Pair, Vec<Message>)> {
    for role in [Role::Discriminator, Role::Generator] {
        if !dir.join(role.folder()).is_dir() {
            return Err(Error::failed("no-network-folder").with("folder", role.folder()).at_path(dir));
        }
    }
    let (discriminator, mut warnings) = read_network(&dir.join("discriminator"), Role::Discriminator)?;
    let (generator, more) = read_network(&dir.join("generator"), Role::Generator)?;
    warnings.extend(more);
    let (pair, more) = pair_from_networks(discriminator, generator).map_err(|e| e.at_path(dir))?;
    warnings.extend(more);
    Ok((pair, warnings))
}

/// Makes a pair of two networks. The sizes of shared tensors must agree. If their values differ, both get the discriminator's, with
/// a warning.
pub fn pair_from_networks(discriminator: Network, mut generator: Network) -> Result<(Pair, Vec<Message>)> {
    let (d, g) = (&discriminator.config, &generator.config);
    for (what, d, g) in [
        ("vocab_size", d.vocab_size, g.vocab_size),
        ("embedding_size", d.embedding_size, g.embedding_size),
        ("max_position_embeddings", d.max_position_embeddings, g.max_position_embeddings),
        ("type_vocab_size", d.type_vocab_size, g.type_vocab_size),
    ] {
        if d != g {
            return Err(Error::failed("networks-differ-in-size")
                .with("size", what)
                .with("discriminator", d)
                .with("generator", g));
        }
    }
    let mut warnings = Vec::new();
    if d.layer_norm_eps != g.layer_norm_eps {
        warnings.push(
            Message::new("networks-differ-in-epsilon")
                .with("discriminator", d.layer_norm_eps.to_string())
                .with("generator", g.layer_norm_eps.to_string()),
        );
    }
    if d.pad_token_id != g.pad_token_id {
        let id = |id: Option<u32>| id.map_or_else(|| Fact::from(Message::new("no-id")), Fact::from);
        warnings.push(
            Message::new("networks-differ-in-padding")
                .with("discriminator", id(d.pad_token_id))
                .with("generator", id(g.pad_token_id)),
        );
    }
    let mut differing = Vec::new();
    for name in SHARED {
        let (theirs, ours) = (&discriminator.tensors[name], &generator.tensors[name]);
        let gap = largest_difference(theirs, ours);
        if gap > 0.0 {
            differing.push(Message::new("tensor-gap").with("name", name).with("gap", format!("{gap:.3e}")));
            generator.tensors.insert(name.to_owned(), theirs.clone());
        }
    }
    if !differing.is_empty() {
        warnings.push(Message::new("shared-tensors-differ").with("tensors", message::listed(differing)));
    }
    Ok((Pair { discriminator, generator }, warnings))
}

/// Writes `dir`/discriminator and `dir`/generator, each with `extra` files (the tokenizer's): both whole or neither.
/// A folder that exists and holds anything is refused.
pub fn write_pair(dir: &Path, pair: &Pair, extra: &[(String, Vec<u8>)]) -> Result<()> {
    write_networks(dir, &pair.clone().into(), extra)
}

/// The same for the networks that a run trains.
pub fn write_networks(dir: &Path, networks: &Networks, extra: &[(String, Vec<u8>)]) -> Result<()> {
    refuse_occupied(dir)?;
    let mut staging = Staging::begin(dir)?;
    stage_networks(&mut staging, networks, extra)?;
    staging.commit()
}

pub(crate) fn stage_networks(files: &mut dyn NewFiles, networks: &Networks, extra: &[(String, Vec<u8>)]) -> Result<()> {
    for (role, network) in networks.all() {
        stage_network(files, &format!("{}/", role.folder()), role, network, extra)?;
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::network::tests::{random_network, small_config};
    use super::super::{ElectraConfig, WORD_EMBEDDINGS};
    use super::*;

    /// A pair of small networks with weights from a seed.
    pub fn random_pair(seed: u64) -> Pair {
        let generator = ElectraConfig { hidden_size: 4, intermediate_size: 3, ..small_config(Role::Generator) };
        let discriminator = random_network(small_config(Role::Discriminator), Role::Discriminator, seed);
        let generator = random_network(generator, Role::Generator, seed ^ 0xff);
        pair_from_networks(discriminator, generator).unwrap().0
    }

    #[cfg(not(target_arch = "wasm32"))] // files
    #[test]
    fn a_pair_is_read_back_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let pair = random_pair(1);
        write_pair(&dir.path().join("out"), &pair, &[]).unwrap();
        assert_eq!(read_pair(&dir.path().join("out")).unwrap(), (pair.clone(), vec![]));
        assert!(write_pair(&dir.path().join("out"), &pair, &[]).is_err());
        std::fs::remove_dir_all(dir.path().join("out/generator")).unwrap();
        assert!(
            read_pair(&dir.path().join("out"))
                .unwrap_err()
                .to_string()
                .contains("no-network-folder (folder = generator)")
        );
    }

    #[test]
    fn the_discriminator_wins_where_shared_tensors_differ() {
        let Pair { discriminator, mut generator } = random_pair(2);
        generator.tensors.get_mut(WORD_EMBEDDINGS).unwrap().data[0] += 1.0;
        generator.config.layer_norm_eps = 1e-5;
        let (pair, warnings) = pair_from_networks(discriminator.clone(), generator).unwrap();
        assert_eq!(pair.generator.tensors[WORD_EMBEDDINGS], discriminator.tensors[WORD_EMBEDDINGS]);
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert_eq!(warnings[0].code, "networks-differ-in-epsilon");
        let told = "tensor-gap (name = electra.embeddings.word_embeddings.weight, gap = 1.000e0)";
        assert_eq!(warnings[1].to_string(), format!("shared-tensors-differ (tensors = {told})"));
    }

    #[test]
    fn different_vocabularies_are_an_error() {
        let Pair { discriminator, generator } = random_pair(3);
        let other = ElectraConfig { vocab_size: 12, ..generator.config };
        let error =
            pair_from_networks(discriminator, random_network(other, Role::Generator, 3)).unwrap_err().to_string();
        assert!(error.contains("(size = vocab_size, discriminator = 11, generator = 12)"), "{error}");
    }

    #[cfg(not(target_arch = "wasm32"))] // files
    #[test]
    fn a_checkpoint_tells_its_main_network_by_its_folder() {
        use super::super::write_network;

        let dir = tempfile::tempdir().unwrap();
        let network = |role| random_network(small_config(role), role, 4);
        // Before there was `encoder/`, a masked language model that was trained alone lay in `generator/`.
        for (folder, role) in [("old", Role::Generator), ("new", Role::Encoder), ("judge", Role::Discriminator)] {
            let path = dir.path().join(folder);
            write_network(&path.join(role.folder()), role, &network(role), &[]).unwrap();
            let (read, warnings) = read_networks(&path).unwrap();
            let main = if role == Role::Discriminator { role } else { Role::Encoder };
            assert_eq!((read, warnings), (Networks::alone(network(role), main), vec![]), "{folder}");
        }
        let again = dir.path().join("again");
        write_networks(&again, &Networks::alone(network(Role::Encoder), Role::Encoder), &[]).unwrap();
        assert!(again.join("encoder/model.safetensors").is_file() && !again.join("generator").exists());
    }
}
