//! The ledger of parameters lists every trainable tensor once: names, shapes, initial values, weight decay, groups and the Hugging
//! Face tensors inside. Offsets, checkpoints, the optimizer's ranges and the tests come from here.

mod entry;
mod tower;

use super::heads;
use crate::config::{Config, InitRule};
use crate::objective::{self, At, Head, NetId, Pass};
use entry::entry;

pub use entry::{Entry, Group, Init, Named, Part, Rules, WORD_EMBEDDINGS, affine, bias, linear};
pub use tower::Tower;

/// What is trained: the passes over a text, and the networks that they need. Both networks share one set of embeddings and their
/// normalisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Shape {
    pub passes: &'static [Pass],
    /// The network that is kept and fine-tuned.
    pub main: Tower,
    /// The network that is thrown away after training: the generator of ELECTRA.
    pub aux: Option<Tower>,
}

impl Shape {
    /// `vocab`: the tokenizer's true size, which may be smaller than the configured one.
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

    /// The networks, the auxiliary one first if there is one.
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

    /// The clipping group of a group of tensors: one for all, or one for each group.
    pub fn clip_group(&self, group: Group, separately: bool) -> u32 {
        match group {
            _ if !separately => 0,
            Group::Shared => 0,
            Group::Aux => 1,
            Group::Main => 1 + u32::from(self.aux.is_some()),
        }
    }

    /// The name of a network for people and files. Its role and its head decide it.
    pub fn name(&self, net: NetId) -> &'static str {
        match (net, self.heads(net).last()) {
            (NetId::Aux, _) => "generator",
            (NetId::Main, Some(Head::Mlm)) => "encoder",
            (NetId::Main, _) => "discriminator",
        }
    }
}

/// Every trained entry, in the order of the arenas: group by group, tensors with weight decay first.
pub fn ledger(shape: &Shape, init: InitRule, std: f64) -> Vec<Entry> {
    let mut entries = in_model_order(shape, init, std);
    // The sort is stable, so within a group and kind the order is the model's.
    entries.sort_by_key(|e| (e.group, !e.decay));
    entries
}

/// The same entries in the order of the forward pass, network after network.
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

/// Word, position and segment tables and their normalisation. Each is one tensor for all `nets`; the main network's name comes
/// first.
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
        // Counted in the published discriminators.
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
