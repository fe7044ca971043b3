//! Reads and writes Hugging Face's ELECTRA layout: a folder of config.json and model.safetensors <-> [`Network`].
//! folder -> [`read_network`], [`read_pair`] -> `model`; `train` -> [`write_network`], [`write_pair`] -> a folder that transformers
//! loads. The room checks names, shapes, ranges and values of every outside file before it uses them.

mod config;
mod names;
mod network;
mod pair;
mod staging;
mod tensors;

use crate::model::ledger;

pub use config::ElectraConfig;
pub use names::{SHARED, TIED_HEAD, WORD_BIAS, WORD_EMBEDDINGS, expected_tensors};
pub use network::{
    Network, network_from_bytes, read_config, read_network, refuse_occupied, role_of, tokenizer_files, write_network,
};
pub use pair::{
    Networks, Pair, main_folder, networks_from_files, pair_from_networks, read_networks, read_pair, write_networks,
    write_pair,
};
pub use staging::{
    FileRecord, Files, Fill, MemoryFiles, NewFiles, Staging, hash_file, record_of, recover, remove_folder, replace_file,
};
pub use tensors::{HubTensor, TensorFile, Tensors, open_safetensors, parse_safetensors, write_safetensors};

pub(crate) use names::Mismatch;
pub(crate) use pair::stage_networks;
#[cfg(test)]
pub(crate) use pair::tests::random_pair;
pub(crate) use staging::{REPLACED, hash_bytes, hidden_target, same_file};

/// What a network's folder holds: its role in the run, and with it its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The main network if it judges every token: original or replaced (`ElectraForPreTraining`).
    Discriminator,
    /// The main network if it is a masked language model (`ElectraForMaskedLM`).
    Encoder,
    /// The auxiliary network: it proposes replacements for masked tokens (`ElectraForMaskedLM`).
    Generator,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Discriminator, Self::Encoder, Self::Generator];

    /// The transformers class that loads it.
    pub fn architecture(self) -> &'static str {
        match self {
            Self::Discriminator => "ElectraForPreTraining",
            Self::Encoder | Self::Generator => "ElectraForMaskedLM",
        }
    }

    /// Its folder in a checkpoint, and its name in messages.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Discriminator => ledger::DISCRIMINATOR,
            Self::Encoder => ledger::ENCODER,
            Self::Generator => ledger::GENERATOR,
        }
    }

    /// Whether its head proposes words.
    pub fn proposes(self) -> bool {
        self != Self::Discriminator
    }

    /// The prefix of the names of its head's tensors.
    pub(crate) fn head_prefix(self) -> &'static str {
        if self.proposes() { "generator_predictions." } else { "discriminator_predictions." }
    }
}
