//! The ledger of parameters: every trainable tensor, said once. Names, shapes, initial values, weight decay, groups and the
//! Hugging Face tensors inside (electra.md 2.2); offsets, checkpoints, the optimizer's ranges and the tests come from here.

use super::heads;
use super::neighbours::Neighbours;
use crate::config::{Config, InitRule};
use crate::objective::{self, At, Head, NetId, Pass};
use std::ops::Range;

/// Sizes of one network, as in its `config.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Tower {
    pub vocab: u32,
    pub positions: u32,
    pub segments: u32,
    pub embedding: u32,
    pub hidden: u32,
    pub layers: u32,
    pub heads: u32,
    pub ffn: u32,
    /// Layer normalisation's epsilon, as bits: 1e-12 in every ELECTRA.
    pub eps_bits: u32,
}

impl Tower {
    pub fn eps(&self) -> f32 {
        f32::from_bits(self.eps_bits)
    }
}

/// What is trained: the passes over a text, and the networks that they need. Embeddings and their normalisation are one set for
/// both networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Shape {
    pub passes: &'static [Pass],
    /// The network that is kept and fine-tuned.
    pub main: Tower,
    /// The network that is thrown away after training: the generator of ELECTRA.
    pub aux: Option<Tower>,
}

impl Shape {
    /// `vocab`: the tokenizer's true size, which may be below the configured one.
    pub fn from_config(c: &Config, vocab: u32) -> Self {
        let tower = |hidden, heads, ffn| Tower {
            vocab,
            positions: c.max_positions,
            segments: 2,
            embedding: c.embedding_size,
            hidden,
            layers: c.layers,
            heads,
            ffn,
            eps_bits: 1e-12f32.to_bits(),
        };
        let passes = c.passes();
        let aux = passes.iter().any(|pass| pass.net == NetId::Aux);
        Self {
            passes,
            main: tower(c.hidden_size, c.heads, c.ffn_size),
            aux: aux.then(|| tower(c.generator_hidden_size, c.generator_heads, c.generator_ffn_size)),
        }
    }

    pub fn tower(&self, net: NetId) -> Option<&Tower> {
        match net {
            NetId::Aux => self.aux.as_ref(),
            NetId::Main => Some(&self.main),
        }
    }

    /// The networks there are, the auxiliary one first.
    pub fn towers(&self) -> impl Iterator<Item = (NetId, &Tower)> {
        self.aux.as_ref().map(|tower| (NetId::Aux, tower)).into_iter().chain([(NetId::Main, &self.main)])
    }

    /// The heads of a network, in the order of the passes.
    pub fn heads(&self, net: NetId) -> impl Iterator<Item = Head> {
        objective::heads_of(self.passes, net)
    }

    /// Whether some loss counts the hidden tokens one by one, so that a batch must say which they are.
    pub fn counts_hidden(&self) -> bool {
        self.passes.iter().any(|pass| pass.head == Head::Rtd && pass.at == At::Slots)
    }

    /// The clipping group of a group of tensors: all together, or one for each there is.
    pub fn clip_group(&self, group: Group, separately: bool) -> u32 {
        match group {
            _ if !separately => 0,
            Group::Shared => 0,
            Group::Aux => 1,
            Group::Main => 1 + u32::from(self.aux.is_some()),
        }
    }

    /// What a network is called where people and files need a name: by its role and its head.
    pub fn name(&self, net: NetId) -> &'static str {
        match (net, self.heads(net).last()) {
            (NetId::Aux, _) => "generator",
            (NetId::Main, Some(Head::Mlm)) => "encoder",
            (NetId::Main, _) => "discriminator",
        }
    }
}

/// Which network a tensor belongs to: learning-rate and clipping group. The order is that of the arenas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    Shared,
    Aux,
    Main,
}

impl Group {
    /// The group of the tensors that a network alone has.
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
    /// Positions: waves in the first half of the channels, the rest normal of this deviation.
    Waves(f64),
    /// The projection from the embedding: waves handed on, the rest normal of 1/sqrt(fan-in).
    CarryWaves(Neighbours),
    /// Query, key and value of a layer: its heads look at their neighbours; the rest normal of 1/sqrt(fan-in).
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
    /// Ledger name, also in optimizer.safetensors.
    pub name: String,
    pub shape: Vec<u32>,
    pub group: Group,
    pub decay: bool,
    pub init: Init,
    /// The Hugging Face tensors in it: several blocks of rows (query, key, value), or one tensor in both networks (shared).
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

/// Every entry of what is trained, in the order of the arenas: group by group, decayed tensors first.
pub fn ledger(shape: &Shape, init: InitRule, std: f64) -> Vec<Entry> {
    let mut entries = in_model_order(shape, init, std);
    // Stable: within a group and kind the order is the model's.
    entries.sort_by_key(|e| (e.group, !e.decay));
    entries
}

/// The same in the order of the forward pass, network after network.
pub fn in_model_order(shape: &Shape, init: InitRule, std: f64) -> Vec<Entry> {
    let rules = Rules { rule: init, std };
    let nets: Vec<NetId> = shape.towers().map(|(net, _)| net).collect();
    let mut entries = shared_entries(&shape.main, &rules, &nets);
    for (net, tower) in shape.towers() {
        let network = Named { net, name: shape.name(net) };
        tower_entries(&mut entries, network, tower, &rules);
        for head in shape.heads(net) {
            heads::entries(&mut entries, head, network, tower, &rules);
        }
    }
    entries
}

/// A network and the name under which its tensors stand in the ledger.
#[derive(Debug, Clone, Copy)]
pub struct Named {
    pub net: NetId,
    pub name: &'static str,
}

/// How tensors start, by the rule that a run asks for.
pub struct Rules {
    rule: InitRule,
    std: f64,
}

impl Rules {
    pub fn matrix(&self, fan_in: u32) -> Init {
        match self.rule {
            InitRule::Reference => Init::TruncatedNormal(self.std),
            InitRule::FanIn | InitRule::Neighbours => Init::TruncatedNormal(1.0 / f64::from(fan_in).sqrt()),
        }
    }
    /// Where the reference leaves TensorFlow's default (electra.md 1.2).
    pub fn default_dense(&self, fan_in: u32) -> Init {
        match self.rule {
            InitRule::Reference => Init::Glorot,
            InitRule::FanIn | InitRule::Neighbours => self.matrix(fan_in),
        }
    }
    fn positions(&self) -> Init {
        match self.rule {
            InitRule::Reference | InitRule::FanIn => Init::TruncatedNormal(self.std),
            InitRule::Neighbours => Init::Waves(self.std),
        }
    }
    /// Only the main network starts by looking at its neighbours: a generator that does so too gets ahead of its judge.
    fn looks_beside(&self, net: NetId) -> bool {
        self.rule == InitRule::Neighbours && net == NetId::Main
    }
    fn projection(&self, net: NetId, t: &Tower) -> Init {
        if self.looks_beside(net) { Init::CarryWaves(Neighbours::of(t)) } else { self.default_dense(t.embedding) }
    }
    fn query_key_value(&self, net: NetId, t: &Tower, layer: u32) -> Init {
        if self.looks_beside(net) { Init::LookBeside(Neighbours::of(t), layer) } else { self.matrix(t.hidden) }
    }
}

/// An entry that is one tensor of one network.
fn own(network: Named, name: &str, shape: &[u32], init: Init) -> Entry {
    let part = Part { net: network.net, name: name.to_owned(), rows: 0..shape[0] };
    entry(Group::of(network.net), network.name, name, shape, init, vec![part])
}

fn entry(group: Group, prefix: &str, name: &str, shape: &[u32], init: Init, parts: Vec<Part>) -> Entry {
    let decay = !(name.contains("LayerNorm") || name.ends_with("bias"));
    Entry { name: format!("{prefix}.{name}"), shape: shape.to_vec(), group, decay, init, parts }
}

/// Word, position and segment tables and their normalisation: one tensor for all `nets`, the main network's name first.
fn shared_entries(t: &Tower, rules: &Rules, nets: &[NetId]) -> Vec<Entry> {
    let e = t.embedding;
    let table = Init::TruncatedNormal(rules.std);
    let shared = |s: &str, shape: &[u32], init| {
        let name = format!("electra.embeddings.{s}");
        let part = |&net: &NetId| Part { net, name: name.clone(), rows: 0..shape[0] };
        entry(Group::Shared, "shared", &name, shape, init, nets.iter().rev().map(part).collect())
    };
    vec![
        shared("word_embeddings.weight", &[t.vocab, e], table),
        shared("position_embeddings.weight", &[t.positions, e], rules.positions()),
        shared("token_type_embeddings.weight", &[t.segments, e], table),
        shared("LayerNorm.weight", &[e], Init::Ones),
        shared("LayerNorm.bias", &[e], Init::Zeros),
    ]
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

fn tower_entries(entries: &mut Vec<Entry>, network: Named, t: &Tower, rules: &Rules) {
    let (h, e, net) = (t.hidden, t.embedding, network.net);
    if h != e {
        linear(entries, network, "electra.embeddings_project", [h, e], rules.projection(net, t));
    }
    for l in 0..t.layers {
        let name = |s: &str| format!("electra.encoder.layer.{l}.{s}");
        let qkv = rules.query_key_value(net, t, l);
        for (kind, shape, init) in [("weight", vec![3 * h, h], qkv), ("bias", vec![3 * h], Init::Zeros)] {
            let part = |i: u32, s: &str| Part {
                net,
                name: name(&format!("attention.self.{s}.{kind}")),
                rows: i * h..(i + 1) * h,
            };
            let parts = vec![part(0, "query"), part(1, "key"), part(2, "value")];
            let block = name(&format!("attention.self.qkv.{kind}"));
            entries.push(entry(Group::of(net), network.name, &block, &shape, init, parts));
        }
        linear(entries, network, &name("attention.output.dense"), [h, h], rules.matrix(h));
        affine(entries, network, &name("attention.output.LayerNorm"), h);
        linear(entries, network, &name("intermediate.dense"), [t.ffn, h], rules.matrix(h));
        linear(entries, network, &name("output.dense"), [h, t.ffn], rules.matrix(t.ffn));
        affine(entries, network, &name("output.LayerNorm"), h);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(preset: &str) -> Vec<Entry> {
        let config = Config::preset(preset).unwrap();
        ledger(&Shape::from_config(&config, config.vocab_size), config.init, config.init_std)
    }

    fn names(entries: &[Entry], net: NetId) -> Vec<&str> {
        entries.iter().flat_map(|e| &e.parts).filter(|p| p.net == net).map(|p| p.name.as_str()).collect()
    }

    fn parameters(entries: &[Entry], net: NetId) -> usize {
        let of_network = |e: &&Entry| e.parts.iter().any(|p| p.net == net);
        entries.iter().filter(of_network).map(|e| e.len() as usize).sum()
    }

    #[test]
    fn small_and_base_have_the_tensors_and_parameters_of_the_paper() {
        // electra.md 1.2 and 2.2.
        for (preset, tensors, size) in [("small", 203, 13_549_057), ("base", 201, 109_483_009)] {
            let entries = of(preset);
            let mut found = names(&entries, NetId::Main);
            assert_eq!(found.len(), tensors, "{preset}");
            assert_eq!(parameters(&entries, NetId::Main), size, "{preset}");
            found.sort_unstable();
            found.dedup();
            assert_eq!(found.len(), tensors, "{preset}: a name occurs twice");
        }
    }

    #[test]
    fn the_main_network_alone_looks_beside() {
        let mut config = Config::preset("nano").unwrap();
        config.init = InitRule::Neighbours;
        let looking = |config: &Config| -> Vec<String> {
            let entries = ledger(&Shape::from_config(config, config.vocab_size), config.init, config.init_std);
            let looks = |e: &Entry| matches!(e.init, Init::LookBeside(..) | Init::CarryWaves(_));
            entries.into_iter().filter(looks).map(|e| e.name).collect()
        };
        let layer = |network, l| format!("{network}.electra.encoder.layer.{l}.attention.self.qkv.weight");
        assert_eq!(looking(&config), [0, 1].map(|l| layer("discriminator", l)));
        config.objective = &objective::MLM;
        assert_eq!(looking(&config), [0, 1].map(|l| layer("encoder", l)), "the only network of that objective");
        config.hidden_size = 128;
        assert_eq!(looking(&config)[0], "encoder.electra.embeddings_project.weight");
    }

    #[test]
    fn decay_spares_biases_and_normalisation_only() {
        for entry in of("nano") {
            let spared = entry.shape.len() == 1;
            assert_eq!(entry.decay, !spared, "{}", entry.name);
        }
    }

    #[test]
    fn parts_cover_their_entry() {
        for entry in of("tiny") {
            let covered: u32 = match entry.group {
                Group::Shared => entry.parts[0].rows.len() as u32,
                _ => entry.parts.iter().map(|p| p.rows.len() as u32).sum(),
            };
            assert_eq!(covered, entry.shape[0], "{}", entry.name);
        }
    }
}
