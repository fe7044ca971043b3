//! The plan of a run: the passes of its objective, their gradients, the update, and the stages that only infer.

use super::arena::Arenas;
use super::encoder::Dropouts;
use super::io::{Io, PassSize, Tables};
use super::ledger::{self, Entry, Group, Shape};
use super::walk::{self, Forms, How, Networks, Walk};
use crate::config::{Config, InitRule, Precision};
use crate::ops::{fill, optimizer};
use crate::plan::{KernelChoices, Limits, Plan, Recorder, Role, Runs, Stage, Tensor};
use crate::{Error, Result};
use std::sync::Arc;

/// Everything a plan is made from.
#[derive(Debug, Clone)]
pub struct ModelSpec {
    pub shape: Shape,
    /// The micro-batch of training and evaluation; none for a model that only reads.
    pub train: Option<TrainSpec>,
    pub readout: Option<PassSize>,
    pub init: InitRule,
    pub init_std: f64,
    pub precision: Precision,
    pub pad_id: u32,
}

#[derive(Debug, Clone)]
pub struct TrainSpec {
    pub size: PassSize,
    pub dropout: f64,
    pub attention_dropout: f64,
    pub weight_decay: f64,
    pub beta1: f64,
    pub beta2: f64,
    pub adam_eps: f64,
    pub clip: f64,
    pub clip_separately: bool,
    pub generator_lr_scale: f64,
}

impl TrainSpec {
    /// The factor of the learning rate for a group of tensors. Only the auxiliary network has a rate of its own.
    pub fn lr_scale(&self, group: Group) -> f64 {
        match group {
            Group::Aux => self.generator_lr_scale,
            Group::Shared | Group::Main => 1.0,
        }
    }
}

impl ModelSpec {
    /// The model of a run. `vocab`: the size of the tokenizer's vocabulary; `pad_id`: the id of its padding token.
    pub fn from_config(c: &Config, vocab: u32, pad_id: u32, readout: Option<PassSize>) -> Self {
        Self {
            shape: Shape::from_config(c, vocab),
            train: Some(TrainSpec {
                size: PassSize { rows: c.batch, row_len: c.seq_len, slots: c.batch * slots_per_row(c) },
                dropout: c.dropout,
                attention_dropout: c.attention_dropout,
                weight_decay: c.weight_decay,
                beta1: c.beta1,
                beta2: c.beta2,
                adam_eps: c.adam_eps,
                clip: c.clip,
                clip_separately: c.clip_separately,
                generator_lr_scale: c.generator_lr_scale,
            }),
            readout,
            init: c.init,
            init_std: c.init_std,
            precision: c.precision,
            pad_id,
        }
    }
}

impl ModelSpec {
    /// Refuses what no plan within `limits` could bind, before anything is recorded.
    ///
    /// # Errors
    /// The model does not fit; the error has both numbers and the largest batch that fits.
    pub fn check(&self, limits: &Limits) -> Result<()> {
        let limit = limits.binding_bytes_max.min(limits.buffer_bytes_max);
        let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        for (_, t) in self.shape.towers() {
            let (vocab, embedding) = (u64::from(t.vocab), u64::from(t.embedding));
            for (part, words) in [
                ("word-embeddings", vocab * embedding),
                ("position-embeddings", u64::from(t.positions) * embedding),
                ("projection", u64::from(t.hidden) * embedding),
                ("logits", vocab * u64::from(self.precision.stored().align())),
                ("feed-forward", u64::from(t.hidden) * u64::from(t.ffn)),
                ("attention", 3 * u64::from(t.hidden) * u64::from(t.hidden)),
            ] {
                if words * 4 > limit {
                    return Err(Error::usage("network-exceeds-binding")
                        .with("part", part)
                        .with("needs", mebibytes(words * 4))
                        .with("max", mebibytes(limit)));
                }
            }
            let Some(train) = &self.train else { continue };
            let row_words = u64::from(train.size.row_len)
                * u64::from(t.embedding).max(3 * u64::from(t.hidden)).max(u64::from(t.ffn));
            let bytes = u64::from(train.size.rows) * row_words * 4;
            if bytes > limit {
                let rows = limit / (row_words * 4);
                return Err(Error::usage("rows-exceed-binding")
                    .with("batch", train.size.rows)
                    .with("needs", mebibytes(bytes))
                    .with("max", mebibytes(limit))
                    .with("rows", rows)
                    .with("pieces", u64::from(train.size.rows).div_ceil(rows.max(1)))
                    .hint(if rows == 0 { "help-narrower" } else { "help-smaller-pieces" }));
            }
        }
        Ok(())
    }
}

/// The largest number of slots of a row: int((mask_prob + 0.005) * row length), as in the reference code, and at least one.
pub fn slots_per_row(c: &Config) -> u32 {
    (((c.mask_prob + 0.005) * f64::from(c.seq_len)) as u32).max(1)
}

/// One parameter, with its tensors at their places in the plan.
pub struct Parameter {
    pub entry: Entry,
    pub value: Tensor,
    pub gradient: Option<Tensor>,
    pub moments: Option<[Tensor; 2]>,
}

/// A recorded model: the plan, and the tensors that the host writes and reads.
pub struct Model {
    pub spec: ModelSpec,
    pub plan: Arc<Plan>,
    pub parameters: Vec<Parameter>,
    /// Training and evaluation batches.
    pub io: Option<Io>,
    /// Readout sentences.
    pub readout: Option<Io>,
    /// (V) the fixed distribution of replacements, cumulative in units of 2^-32.
    pub source: Tensor,
    /// The optimizer's guard; all zero at the start of a run.
    pub guard: Option<Tensor>,
}

/// What all passes over the batches of a model need.
struct Ways<'a> {
    spec: &'a ModelSpec,
    networks: &'a Networks,
    source: &'a Tensor,
}

impl Ways<'_> {
    fn over<'w>(&'w self, io: &'w Io) -> Walk<'w> {
        let Self { spec, networks, source } = self;
        Walk { shape: &spec.shape, networks, io, source }
    }
}

impl Model {
    pub fn record(spec: ModelSpec, choices: KernelChoices, limits: Limits) -> Self {
        let mut r = Recorder::new(choices, limits);
        r.stored = spec.precision.stored();
        let entries = ledger::ledger(&spec.shape, spec.init, spec.init_std);
        let arenas = Arenas::new(&mut r, entries, spec.train.is_some());
        let source = walk::source(&mut r, &spec.shape);
        let networks = Networks::new(&r, &arenas, &spec.shape, false);
        let ways = Ways { spec: &spec, networks: &networks, source: &source };
        let (tables, hidden) = (Tables::of(&spec.shape.main), spec.shape.counts_hidden());
        let mut guard = None;
        let io = spec.train.as_ref().map(|train| {
            let io = Io::new(&mut r, "batch", train.size, tables, hidden, Role::Output);
            guard = Some(record_training(&mut r, &ways.over(&io), train, &arenas, spec.pad_id));
            r.begin(Stage::EVALUATE, Runs::Between);
            arenas.copy_operands(&mut r);
            ways.over(&io).infer(&mut r, false);
            io
        });
        let readout = spec.readout.map(|size| {
            let io = Io::new(&mut r, "readout", size, tables, hidden, Role::State);
            for (stage, attention) in [(Stage::READOUT, false), (Stage::ATTENTION, true)] {
                r.begin(stage, Runs::Aside);
                arenas.copy_operands(&mut r);
                ways.over(&io).infer(&mut r, attention);
            }
            io
        });
        let tensors = arenas.tensors(&r);
        let plan = r.finish();
        let at = |tensor: &Tensor| plan.resolve(tensor);
        let parameters = parameters(arenas, tensors, &plan);
        Self {
            io: io.map(|io| io.resolved(&plan)),
            readout: readout.map(|io| io.resolved(&plan)),
            source: at(&source),
            guard: guard.as_ref().map(at),
            parameters,
            plan: Arc::new(plan),
            spec,
        }
    }

    /// The number of trainable values. Shared ones count once.
    pub fn parameter_count(&self) -> u64 {
        self.parameters.iter().map(|p| u64::from(p.entry.len())).sum()
    }
}

/// The entries of the arenas, with their tensors at their places in the finished plan.
pub(super) fn parameters(arenas: Arenas, tensors: Vec<[Option<Tensor>; 4]>, plan: &Plan) -> Vec<Parameter> {
    let at = |tensor: &Tensor| plan.resolve(tensor);
    let parameter = |(entry, [value, gradient, m, v]): (Entry, [Option<Tensor>; 4])| Parameter {
        entry,
        value: at(value.as_ref().expect("every arena has parameters")),
        gradient: gradient.as_ref().map(at),
        moments: m.as_ref().zip(v.as_ref()).map(|(m, v)| [at(m), at(v)]),
    };
    arenas.entries.into_iter().zip(tensors).map(parameter).collect()
}

/// The dropout sites reserved for a pass. No network has as many, so the passes of a step draw different random words.
const SITES: u32 = 1 << 16;

/// Records one optimizer step. Returns the guard.
fn record_training(r: &mut Recorder, walk: &Walk, train: &TrainSpec, arenas: &Arenas, pad_id: u32) -> Tensor {
    let gradients = Networks::new(r, arenas, walk.shape, true);
    r.begin(Stage::MASK, Runs::First);
    for segment in arenas.gradient_segments(r) {
        fill::zero(r, &segment);
    }
    // The copies are made at the start of every step, not after the update, so that code that writes weights need not know of them.
    arenas.copy_operands(r);
    let mut forms = Forms::default();
    for (index, pass) in walk.passes().iter().enumerate() {
        walk.begin(r, pass, &mut forms);
        let drop = Dropouts::new(train.dropout, train.attention_dropout, index as u32 * SITES);
        let how = How { drop, gradients: Some(&gradients), attention: false };
        let passed = walk.forward(r, index, &mut forms, how);
        // No gradient goes from one pass to another. The backward of a pass ends before the next pass begins, so the next pass can
        // use its memory.
        if index + 1 == walk.passes().len() {
            r.begin(Stage::BACKWARD, Runs::Each);
        }
        walk.backward(r, index, &gradients, &passed, pad_id);
    }
    r.begin(Stage::UPDATE, Runs::Last);
    record_update(r, train, arenas, walk)
}

fn record_update(r: &mut Recorder, train: &TrainSpec, arenas: &Arenas, walk: &Walk) -> Tensor {
    let guard = optimizer::guard(r);
    let clip_group = |group| walk.shape.clip_group(group, train.clip_separately);
    let ranges = arenas.ranges(r, train.weight_decay as f32, |group| train.lr_scale(group) as f32, clip_group);
    let groups = ranges.iter().map(|range| range.group).max().map_or(0, |last| last + 1);
    let hyper = optimizer::Hyper {
        clip: train.clip as f32,
        beta1: train.beta1 as f32,
        beta2: train.beta2 as f32,
        eps: train.adam_eps as f32,
    };
    optimizer::update_all(r, &ranges, groups, hyper, &guard, &walk.io.step_out);
    guard
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;
    use crate::message::Fact;

    fn refused(preset: &str, set: &[&str]) -> Error {
        let set = set.iter().map(|s| (*s).to_owned()).collect();
        let c = Config::load(preset, &Overrides { set, ..Overrides::default() }).unwrap();
        let spec = ModelSpec::from_config(&c, c.vocab_size, 0, None);
        spec.check(&Limits::default()).unwrap_err()
    }

    #[test]
    fn what_no_binding_holds_is_refused_with_numbers_and_a_way_out() {
        let error = refused("nano", &["batch=100000"]);
        assert_eq!((error.code(), error.hint), ("rows-exceed-binding", Some("help-smaller-pieces")));
        assert_eq!(error.message.facts.get("max"), Some(&128.0.into()));
        let part = |preset: &str, set: &[&str]| match refused(preset, set).message.facts.get("part") {
            Some(Fact::Text(part)) => part.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(part("base", &["vocab_size=200000"]), "word-embeddings");
        assert_eq!(part("nano", &["max_positions=1000000"]), "position-embeddings");
        let wide =
            ["vocab_size=100", "max_positions=64", "embedding_size=100000", "hidden_size=1024", "heads=4", "batch=1"];
        assert_eq!(part("nano", &wide), "projection");
        for (preset, _) in crate::config::PRESETS {
            let c = Config::preset(preset).unwrap();
            ModelSpec::from_config(&c, c.vocab_size, 0, None).check(&Limits::default()).unwrap();
        }
    }
}
