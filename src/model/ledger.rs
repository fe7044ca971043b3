//! The ledger of parameters: every trainable tensor, said once. Names, shapes, initial values, weight decay, groups and the
//! Hugging Face tensors inside (electra.md 2.2); offsets, checkpoints, the optimizer's ranges and the tests come from here.

use super::neighbours::Neighbours;
use crate::config::{Config, InitRule, Objective};
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

/// What is trained together; embeddings and their normalisation are one set for both networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Shape {
    /// The network with the masked-language-model head: the small generator, or the main network of the MLM objective.
    pub generator: Tower,
    /// The main network with the detection head; none in the MLM objective.
    pub discriminator: Option<Tower>,
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
        let main = tower(c.hidden_size, c.heads, c.ffn_size);
        match c.objective {
            Objective::Electra => Self {
                generator: tower(c.generator_hidden_size, c.generator_heads, c.generator_ffn_size),
                discriminator: Some(main),
            },
            Objective::Mlm => Self { generator: main, discriminator: None },
        }
    }

    /// The networks there are.
    pub fn towers(&self) -> impl Iterator<Item = (Group, &Tower)> {
        let main = self.discriminator.as_ref().map(|tower| (Group::Discriminator, tower));
        std::iter::once((Group::Generator, &self.generator)).chain(main)
    }
}

/// Which network a tensor belongs to: learning-rate and clipping group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    Shared,
    Generator,
    Discriminator,
}

impl Group {
    pub const ALL: [Self; 3] = [Self::Shared, Self::Generator, Self::Discriminator];
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
    pub network: Group,
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
    let towers: Vec<(Group, &Tower)> = shape.towers().collect();
    ledger_of(&towers, init, std)
}

/// The same for any of the networks: one, or both with equal embeddings.
pub fn ledger_of(towers: &[(Group, &Tower)], init: InitRule, std: f64) -> Vec<Entry> {
    let main = towers.last().map_or(Group::Discriminator, |(group, _)| *group);
    let rules = Rules { rule: init, std, main };
    let mut entries = towers.first().map_or_else(Vec::new, |(_, tower)| shared_entries(tower, &rules));
    for (group, tower) in towers {
        tower_entries(&mut entries, *group, tower, &rules);
    }
    for (group, tower) in towers {
        head_entries(&mut entries, *group, tower, &rules);
    }
    for entry in entries.iter_mut().filter(|e| e.group == Group::Shared) {
        entry.parts.retain(|part| towers.iter().any(|(group, _)| *group == part.network));
    }
    // Stable: within a group and kind the order is the model's.
    entries.sort_by_key(|e| (e.group, !e.decay));
    entries
}

struct Rules {
    rule: InitRule,
    std: f64,
    /// The network that the run is for. It alone starts by looking at its neighbours: a generator that does so too gets ahead of its judge.
    main: Group,
}

impl Rules {
    fn matrix(&self, fan_in: u32) -> Init {
        match self.rule {
            InitRule::Reference => Init::TruncatedNormal(self.std),
            InitRule::FanIn | InitRule::Neighbours => Init::TruncatedNormal(1.0 / f64::from(fan_in).sqrt()),
        }
    }
    /// Where the reference leaves TensorFlow's default (electra.md 1.2).
    fn default_dense(&self, fan_in: u32) -> Init {
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
    fn looks_beside(&self, group: Group) -> bool {
        self.rule == InitRule::Neighbours && group == self.main
    }
    fn projection(&self, group: Group, t: &Tower) -> Init {
        if self.looks_beside(group) { Init::CarryWaves(Neighbours::of(t)) } else { self.default_dense(t.embedding) }
    }
    fn query_key_value(&self, group: Group, t: &Tower, layer: u32) -> Init {
        if self.looks_beside(group) { Init::LookBeside(Neighbours::of(t), layer) } else { self.matrix(t.hidden) }
    }
}

fn prefix(group: Group) -> &'static str {
    match group {
        Group::Shared => "shared",
        Group::Generator => "generator",
        Group::Discriminator => "discriminator",
    }
}

/// An entry that is one tensor of one network (of both, if shared).
fn single(group: Group, name: &str, shape: &[u32], init: Init) -> Entry {
    let networks: &[Group] = match group {
        Group::Shared => &[Group::Discriminator, Group::Generator],
        Group::Generator => &[Group::Generator],
        Group::Discriminator => &[Group::Discriminator],
    };
    let rows = 0..shape[0];
    Entry {
        name: format!("{}.{name}", prefix(group)),
        shape: shape.to_vec(),
        group,
        decay: !(name.contains("LayerNorm") || name.ends_with("bias")),
        init,
        parts: networks.iter().map(|&network| Part { network, name: name.to_owned(), rows: rows.clone() }).collect(),
    }
}

fn shared_entries(t: &Tower, rules: &Rules) -> Vec<Entry> {
    let e = t.embedding;
    let table = Init::TruncatedNormal(rules.std);
    let name = |s: &str| format!("electra.embeddings.{s}");
    vec![
        single(Group::Shared, &name("word_embeddings.weight"), &[t.vocab, e], table),
        single(Group::Shared, &name("position_embeddings.weight"), &[t.positions, e], rules.positions()),
        single(Group::Shared, &name("token_type_embeddings.weight"), &[t.segments, e], table),
        single(Group::Shared, &name("LayerNorm.weight"), &[e], Init::Ones),
        single(Group::Shared, &name("LayerNorm.bias"), &[e], Init::Zeros),
    ]
}

fn linear(entries: &mut Vec<Entry>, group: Group, name: &str, [out, fan_in]: [u32; 2], init: Init) {
    entries.push(single(group, &format!("{name}.weight"), &[out, fan_in], init));
    entries.push(single(group, &format!("{name}.bias"), &[out], Init::Zeros));
}

fn affine(entries: &mut Vec<Entry>, group: Group, name: &str, n: u32) {
    entries.push(single(group, &format!("{name}.weight"), &[n], Init::Ones));
    entries.push(single(group, &format!("{name}.bias"), &[n], Init::Zeros));
}

fn tower_entries(entries: &mut Vec<Entry>, group: Group, t: &Tower, rules: &Rules) {
    let (h, e) = (t.hidden, t.embedding);
    if h != e {
        linear(entries, group, "electra.embeddings_project", [h, e], rules.projection(group, t));
    }
    for l in 0..t.layers {
        let name = |s: &str| format!("electra.encoder.layer.{l}.{s}");
        let qkv = rules.query_key_value(group, t, l);
        for (kind, shape, init) in [("weight", vec![3 * h, h], qkv), ("bias", vec![3 * h], Init::Zeros)] {
            let part = |i: u32, s: &str| Part {
                network: group,
                name: name(&format!("attention.self.{s}.{kind}")),
                rows: i * h..(i + 1) * h,
            };
            entries.push(Entry {
                name: format!("{}.{}", prefix(group), name(&format!("attention.self.qkv.{kind}"))),
                shape,
                group,
                decay: kind == "weight",
                init,
                parts: vec![part(0, "query"), part(1, "key"), part(2, "value")],
            });
        }
        linear(entries, group, &name("attention.output.dense"), [h, h], rules.matrix(h));
        affine(entries, group, &name("attention.output.LayerNorm"), h);
        linear(entries, group, &name("intermediate.dense"), [t.ffn, h], rules.matrix(h));
        linear(entries, group, &name("output.dense"), [h, t.ffn], rules.matrix(t.ffn));
        affine(entries, group, &name("output.LayerNorm"), h);
    }
}

fn head_entries(entries: &mut Vec<Entry>, group: Group, t: &Tower, rules: &Rules) {
    if group == Group::Generator {
        linear(entries, group, "generator_predictions.dense", [t.embedding, t.hidden], rules.matrix(t.hidden));
        affine(entries, group, "generator_predictions.LayerNorm", t.embedding);
        entries.push(single(group, "generator_lm_head.bias", &[t.vocab], Init::Zeros));
    } else {
        let dense = rules.matrix(t.hidden);
        linear(entries, group, "discriminator_predictions.dense", [t.hidden, t.hidden], dense);
        let last = rules.default_dense(t.hidden);
        linear(entries, group, "discriminator_predictions.dense_prediction", [1, t.hidden], last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(preset: &str) -> Vec<Entry> {
        let config = Config::preset(preset).unwrap();
        ledger(&Shape::from_config(&config, config.vocab_size), config.init, config.init_std)
    }

    fn names(entries: &[Entry], network: Group) -> Vec<&str> {
        entries.iter().flat_map(|e| &e.parts).filter(|p| p.network == network).map(|p| p.name.as_str()).collect()
    }

    fn parameters(entries: &[Entry], network: Group) -> usize {
        let of_network = |e: &&Entry| e.parts.iter().any(|p| p.network == network);
        entries.iter().filter(of_network).map(|e| e.len() as usize).sum()
    }

    #[test]
    fn small_and_base_have_the_tensors_and_parameters_of_the_paper() {
        // electra.md 1.2 and 2.2.
        for (preset, tensors, size) in [("small", 203, 13_549_057), ("base", 201, 109_483_009)] {
            let entries = of(preset);
            let mut found = names(&entries, Group::Discriminator);
            assert_eq!(found.len(), tensors, "{preset}");
            assert_eq!(parameters(&entries, Group::Discriminator), size, "{preset}");
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
        config.objective = Objective::Mlm;
        assert_eq!(looking(&config), [0, 1].map(|l| layer("generator", l)), "the only network of that objective");
        config.hidden_size = 128;
        assert_eq!(looking(&config)[0], "generator.electra.embeddings_project.weight");
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
