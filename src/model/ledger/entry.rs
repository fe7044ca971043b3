//! One trainable tensor: its name, shape, group, decay and initial values, and the Hugging Face tensors inside.

use super::tower::Tower;
use crate::config::InitRule;
use crate::model::neighbours::Neighbours;
use crate::objective::NetId;
use std::ops::Range;

/// The table of words, which the head of a masked language model reads too.
pub const WORD_EMBEDDINGS: &str = "electra.embeddings.word_embeddings.weight";

/// The networks that a tensor belongs to. It decides the learning rate and the clipping group. The order is that of the arenas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    Shared,
    Aux,
    Main,
}

impl Group {
    /// The group of the tensors that belong to one network alone.
    pub fn of(net: NetId) -> Self {
        match net {
            NetId::Aux => Self::Aux,
            NetId::Main => Self::Main,
        }
    }
}

/// How a tensor starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    Zeros,
    Ones,
    /// Normal, cut at two standard deviations and drawn again (TensorFlow's truncated normal).
    TruncatedNormal(f64),
    /// Uniform on ±sqrt(6 / (fan in + fan out)).
    Glorot,
    /// For positions: waves in the first half of the channels, the rest normal with this deviation.
    Waves(f64),
    /// For the projection from the embedding: it passes the waves on; the rest is normal with deviation 1/sqrt(fan-in).
    CarryWaves(Neighbours),
    /// For query, key and value of a layer: its heads look at their neighbours; the rest is normal with deviation 1/sqrt(fan-in).
    LookBeside(Neighbours, u32),
}

/// One Hugging Face tensor inside a ledger entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub net: NetId,
    /// Name in that network's checkpoint.
    pub name: String,
    /// Rows of the entry (its first axis) that it covers.
    pub rows: Range<u32>,
}

/// One trainable tensor.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The name in the ledger and in optimizer.safetensors.
    pub name: String,
    pub shape: Vec<u32>,
    pub group: Group,
    pub decay: bool,
    pub init: Init,
    /// The Hugging Face tensors in it: several blocks of rows (query, key, value), or one tensor that both networks share.
    pub parts: Vec<Part>,
}

impl Entry {
    pub fn len(&self) -> u32 {
        self.shape.iter().product()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Elements of one row of the first axis.
    pub fn row_len(&self) -> u32 {
        self.shape[1..].iter().product()
    }

    /// Shape of a part as its checkpoint has it.
    pub fn part_shape(&self, part: &Part) -> Vec<usize> {
        let mut shape: Vec<usize> = self.shape.iter().map(|&n| n as usize).collect();
        shape[0] = (part.rows.end - part.rows.start) as usize;
        shape
    }
}

/// A network and its name in the ledger.
#[derive(Debug, Clone, Copy)]
pub struct Named {
    pub net: NetId,
    pub name: &'static str,
}

/// How tensors start, by the rule that a run asks for.
pub struct Rules {
    pub(super) rule: InitRule,
    pub(super) std: f64,
}

impl Rules {
    pub fn matrix(&self, fan_in: u32) -> Init {
        match self.rule {
            InitRule::Reference => Init::TruncatedNormal(self.std),
            InitRule::FanIn | InitRule::Neighbours => Init::TruncatedNormal(1.0 / f64::from(fan_in).sqrt()),
        }
    }
    /// The rule for layers where the reference code (google-research/electra) uses TensorFlow's default.
    pub fn default_dense(&self, fan_in: u32) -> Init {
        match self.rule {
            InitRule::Reference => Init::Glorot,
            InitRule::FanIn | InitRule::Neighbours => self.matrix(fan_in),
        }
    }
    pub(super) fn positions(&self) -> Init {
        match self.rule {
            InitRule::Reference | InitRule::FanIn => Init::TruncatedNormal(self.std),
            InitRule::Neighbours => Init::Waves(self.std),
        }
    }
    /// Only the main network starts with heads that look at their neighbours. A generator that does so too gets ahead of its judge.
    fn looks_beside(&self, net: NetId) -> bool {
        self.rule == InitRule::Neighbours && net == NetId::Main
    }
    pub(super) fn projection(&self, net: NetId, t: &Tower) -> Init {
        if self.looks_beside(net) { Init::CarryWaves(Neighbours::of(t)) } else { self.default_dense(t.embedding) }
    }
    pub(super) fn query_key_value(&self, net: NetId, t: &Tower, layer: u32) -> Init {
        if self.looks_beside(net) { Init::LookBeside(Neighbours::of(t), layer) } else { self.matrix(t.hidden) }
    }
}

/// An entry that is one tensor of one network.
fn own(network: Named, name: &str, shape: &[u32], init: Init) -> Entry {
    let part = Part { net: network.net, name: name.to_owned(), rows: 0..shape[0] };
    entry(Group::of(network.net), network.name, name, shape, init, vec![part])
}

pub(super) fn entry(group: Group, prefix: &str, name: &str, shape: &[u32], init: Init, parts: Vec<Part>) -> Entry {
    let decay = !(name.contains("LayerNorm") || name.ends_with("bias"));
    Entry { name: format!("{prefix}.{name}"), shape: shape.to_vec(), group, decay, init, parts }
}

/// weight: (out, fan_in), bias: (out)
pub fn linear(entries: &mut Vec<Entry>, network: Named, name: &str, [out, fan_in]: [u32; 2], init: Init) {
    entries.push(own(network, &format!("{name}.weight"), &[out, fan_in], init));
    bias(entries, network, &format!("{name}.bias"), out);
}

/// (n), zero at the start.
pub fn bias(entries: &mut Vec<Entry>, network: Named, name: &str, n: u32) {
    entries.push(own(network, name, &[n], Init::Zeros));
}

/// Scale and shift of a layer normalisation: (n) each.
pub fn affine(entries: &mut Vec<Entry>, network: Named, name: &str, n: u32) {
    entries.push(own(network, &format!("{name}.weight"), &[n], Init::Ones));
    bias(entries, network, &format!("{name}.bias"), n);
}
