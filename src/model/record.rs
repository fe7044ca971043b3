//! The plan of a run: generator, corruption, discriminator, gradients, update, and the passes that only look.

use super::arena::Arenas;
use super::encoder::{self, Dropouts, Encoded, Lookup, Text, Weights};
use super::heads::{self, MlmSaved, MlmSlots, MlmWeights, RtdSaved, RtdTarget, RtdWeights};
use super::io::{Io, PassSize, Tables};
use super::ledger::{self, Entry, Group, Shape, Tower};
use crate::config::{Config, InitRule, Objective, Precision};
use crate::ops::corrupt::{self, Inputs};
use crate::ops::{fill, optimizer};
use crate::plan::{Choices, Elem, Limits, Plan, Recorder, Role, Stage, Tensor};
use crate::{Error, Result};
use std::sync::Arc;

/// Rows and row length of the readout pass.
pub type ProbeSize = PassSize;

/// Everything a plan is made from.
#[derive(Debug, Clone)]
pub struct ModelSpec {
    pub shape: Shape,
    /// A micro-batch of training and of evaluation; none for a model that only reads.
    pub train: Option<TrainSpec>,
    pub probe: Option<ProbeSize>,
    pub init: InitRule,
    pub init_std: f64,
    pub precision: Precision,
    pub pad_id: u32,
    pub temperature: f64,
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

impl ModelSpec {
    /// The model of a run. `vocab`: entries of the tokenizer; `pad_id`: of its padding token.
    pub fn from_config(c: &Config, vocab: u32, pad_id: u32, probe: Option<ProbeSize>) -> Self {
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
            probe,
            init: c.init,
            init_std: c.init_std,
            precision: c.precision,
            pad_id,
            temperature: c.temperature,
        }
    }
}

impl ModelSpec {
    /// Refuses what no plan within `limits` could bind, before anything is recorded.
    ///
    /// # Errors
    /// Usage errors with both numbers, and the largest batch that fits.
    pub fn check(&self, limits: &Limits) -> Result<()> {
        let limit = limits.binding_bytes_max.min(limits.buffer_bytes_max);
        let mebibytes = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
        for (_, t) in self.shape.towers() {
            let (vocab, embedding) = (u64::from(t.vocab), u64::from(t.embedding));
            for (what, words) in [
                ("the word embeddings", vocab * embedding),
                ("the position embeddings", u64::from(t.positions) * embedding),
                ("the embeddings' projection", u64::from(t.hidden) * embedding),
                ("the fewest rows of logits", vocab * u64::from(self.precision.stored().align())),
                ("a feed-forward matrix", u64::from(t.hidden) * u64::from(t.ffn)),
                ("the query, key and value matrix", 3 * u64::from(t.hidden) * u64::from(t.hidden)),
            ] {
                if words * 4 > limit {
                    let what = format!("{what} take {}, a binding may be {}", mebibytes(words * 4), mebibytes(limit));
                    return Err(Error::usage(what)
                        .hint("lower vocab_size, max_positions, embedding_size, hidden_size or ffn_size"));
                }
            }
            let Some(train) = &self.train else { continue };
            let row_words = u64::from(train.size.row_len)
                * u64::from(t.embedding).max(3 * u64::from(t.hidden)).max(u64::from(t.ffn));
            let bytes = u64::from(train.size.rows) * row_words * 4;
            if bytes > limit {
                let rows = limit / (row_words * 4);
                let hint = if rows == 0 {
                    "lower seq_len, hidden_size or ffn_size".to_owned()
                } else {
                    let micro = u64::from(train.size.rows).div_ceil(rows);
                    format!("the same rows in smaller pieces: --set batch={rows} --set accumulate={micro}")
                };
                let what = format!(
                    "batch = {}: an activation takes {}, a binding may be {}",
                    train.size.rows,
                    mebibytes(bytes),
                    mebibytes(limit)
                );
                return Err(Error::usage(what).hint(hint));
            }
        }
        Ok(())
    }
}

/// Slots of a row at most: int((mask_prob + 0.005) * row length), as the reference has it, and at least one.
pub fn slots_per_row(c: &Config) -> u32 {
    (((c.mask_prob + 0.005) * f64::from(c.seq_len)) as u32).max(1)
}

/// One parameter and what belongs to it, where the plan has them.
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
    /// Probe sentences.
    pub probe: Option<Io>,
    /// (V) the fixed distribution of replacements, cumulative in units of 2^-32.
    pub source: Tensor,
    /// The optimizer's guard; all zero at the start of a run.
    pub guard: Option<Tensor>,
}

/// The weights of both networks, or their gradients.
struct Networks {
    generator: Weights,
    mlm: MlmWeights,
    discriminator: Option<(Weights, RtdWeights)>,
}

impl Networks {
    fn new(r: &Recorder, arenas: &Arenas, shape: &Shape, gradients: bool) -> Self {
        let lookup = |group| Lookup { arenas, recorder: r, group, gradients };
        let generator = lookup(Group::Generator);
        let main = lookup(Group::Discriminator);
        Self {
            generator: Weights::new(&generator, &shape.generator),
            mlm: MlmWeights::new(&generator),
            discriminator: shape.discriminator.as_ref().map(|t| (Weights::new(&main, t), RtdWeights::new(&main))),
        }
    }
}

impl Model {
    pub fn record(spec: ModelSpec, choices: Choices, limits: Limits) -> Self {
        let mut r = Recorder::new(choices, limits);
        r.stored = spec.precision.stored();
        let entries = ledger::ledger(&spec.shape, spec.init, spec.init_std);
        let arenas = Arenas::new(&mut r, entries, spec.train.is_some());
        let source = r.state("replacements.source", Elem::U32, &[spec.shape.generator.vocab]);
        let networks = Networks::new(&r, &arenas, &spec.shape, false);
        let pass = Pass { spec: &spec, networks: &networks, source: &source, arenas: &arenas };
        let tables = Tables::of(&spec.shape.generator);
        let mut guard = None;
        let io = spec.train.as_ref().map(|train| {
            let io = Io::new(&mut r, "batch", train.size, tables, Role::Output);
            guard = Some(record_training(&mut r, &pass, train, &arenas, &io));
            r.begin(Stage::Evaluate);
            pass.look(&mut r, &io);
            io
        });
        let probe = spec.probe.map(|size| {
            let io = Io::new(&mut r, "probe", size, tables, Role::State);
            r.begin(Stage::Readout);
            pass.look(&mut r, &io);
            r.begin(Stage::Attention);
            pass.attention(&mut r, &io);
            io
        });
        let tensors = arenas.tensors(&r);
        let plan = r.finish();
        let at = |tensor: &Tensor| plan.resolve(tensor);
        let parameters = parameters(arenas, tensors, &plan);
        Self {
            io: io.map(|io| io.resolved(&plan)),
            probe: probe.map(|io| io.resolved(&plan)),
            source: at(&source),
            guard: guard.as_ref().map(at),
            parameters,
            plan: Arc::new(plan),
            spec,
        }
    }

    pub fn objective(&self) -> Objective {
        if self.spec.shape.discriminator.is_some() { Objective::Electra } else { Objective::Mlm }
    }

    /// Trainable numbers, shared ones once.
    pub fn parameter_count(&self) -> u64 {
        self.parameters.iter().map(|p| u64::from(p.entry.len())).sum()
    }
}

/// The entries of the arenas with their tensors where the finished plan has them.
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

/// A way through both networks; training and looking differ in dropout and gradients only.
struct Pass<'a> {
    spec: &'a ModelSpec,
    networks: &'a Networks,
    source: &'a Tensor,
    arenas: &'a Arenas,
}

impl Pass<'_> {
    fn propose(&self, r: &mut Recorder, io: &Io, drop: &mut Dropouts, d: Option<&MlmWeights>) -> (Encoded, MlmSaved) {
        let weights = (&self.networks.generator, &self.networks.mlm);
        propose(r, (&self.spec.shape.generator, weights), io, self.spec.temperature, drop, d, None)
    }

    fn judge(
        &self,
        r: &mut Recorder,
        io: &Io,
        (corrupted, replaced): (&Tensor, &Tensor),
        drop: &mut Dropouts,
    ) -> Option<(Encoded, RtdSaved)> {
        let (tower, (weights, head)) =
            self.spec.shape.discriminator.as_ref().zip(self.networks.discriminator.as_ref())?;
        Some(judge(r, (tower, (weights, head)), io, (corrupted, replaced), drop, None))
    }

    /// The whole way without dropout or gradients.
    fn look(&self, r: &mut Recorder, io: &Io) {
        self.arenas.copy_operands(r);
        self.propose(r, io, &mut Dropouts::off(), None);
        let (corrupted, replaced) = replace(r, io, self.source);
        self.judge(r, io, (&corrupted, &replaced), &mut Dropouts::off());
    }

    /// The same, with every layer's attention written out.
    fn attention(&self, r: &mut Recorder, io: &Io) {
        self.arenas.copy_operands(r);
        let shares = |r: &mut Recorder, name: &str, tower: &Tower| {
            let PassSize { rows, row_len, .. } = io.size;
            // The host reads it while the stage waits behind the layer that it asked for: no memory to lend.
            r.state(&format!("{name}.shares"), Elem::F32, &[rows, tower.heads, row_len, row_len])
        };
        let (shape, off) = (&self.spec.shape, &mut Dropouts::off());
        let of_generator = shares(r, "generator", &shape.generator);
        let generator = (&shape.generator, (&self.networks.generator, &self.networks.mlm));
        propose(r, generator, io, self.spec.temperature, off, None, Some(&of_generator));
        let (corrupted, replaced) = replace(r, io, self.source);
        if let (Some(tower), Some((weights, head))) = (&shape.discriminator, &self.networks.discriminator) {
            let of_judge = shares(r, "discriminator", tower);
            judge(r, (tower, (weights, head)), io, (&corrupted, &replaced), off, Some(&of_judge));
        }
    }
}

/// Masked text -> a proposal for every slot; each layer's attention to `shares`, if anywhere.
pub(super) fn propose(
    r: &mut Recorder,
    (tower, (weights, head)): (&Tower, (&Weights, &MlmWeights)),
    io: &Io,
    temperature: f64,
    drop: &mut Dropouts,
    d: Option<&MlmWeights>,
    shares: Option<&Tensor>,
) -> (Encoded, MlmSaved) {
    let text = Text { ids: &io.masked_ids, types: &io.types, attention: &io.attention, shares };
    let encoded = encoder::forward(r, "generator", tower, weights, text, drop);
    let slots = MlmSlots { position: &io.slot_position, slots: &io.slots, temperature: temperature as f32 };
    let saved = heads::mlm_forward(r, head, d, &encoded.y, &slots, tower.eps());
    (encoded, saved)
}

/// Samples into the text -> (corrupted, replaced)
pub(super) fn replace(r: &mut Recorder, io: &Io, source: &Tensor) -> (Tensor, Tensor) {
    let inputs =
        Inputs { ids: &io.ids, first: &io.token_slot, next: &io.slot_next, sampled: &io.slots.sampled, source };
    corrupt::replace(r, "corrupted", inputs)
}

/// Corrupted text -> a judgement of every token; each layer's attention to `shares`, if anywhere.
pub(super) fn judge(
    r: &mut Recorder,
    (tower, (weights, head)): (&Tower, (&Weights, &RtdWeights)),
    io: &Io,
    (corrupted, replaced): (&Tensor, &Tensor),
    drop: &mut Dropouts,
    shares: Option<&Tensor>,
) -> (Encoded, RtdSaved) {
    let text = Text { ids: corrupted, types: &io.types, attention: &io.attention, shares };
    let encoded = encoder::forward(r, "discriminator", tower, weights, text, drop);
    let target = RtdTarget { attention: &io.attention, corrupted, replaced, token_out: &io.token_out };
    let saved = heads::rtd_forward(r, head, &encoded.y, &target);
    (encoded, saved)
}

/// First dropout site of the discriminator: beyond any number of generator sites.
const DISCRIMINATOR_SITES: u32 = 1 << 16;

/// One optimizer step; returns the guard.
fn record_training(r: &mut Recorder, pass: &Pass, train: &TrainSpec, arenas: &Arenas, io: &Io) -> Tensor {
    let shape = &pass.spec.shape;
    let gradients = Networks::new(r, arenas, shape, true);
    let drop = |first_site| Dropouts::new(train.dropout, train.attention_dropout, first_site);

    r.begin(Stage::Mask);
    for segment in arenas.gradient_segments(r) {
        fill::zero(r, &segment);
    }
    // At the start of every pass, not after the update: whoever writes weights need not know of the copies.
    arenas.copy_operands(r);
    r.begin(Stage::Propose);
    let (generator, mlm) = pass.propose(r, io, &mut drop(0), Some(&gradients.mlm));
    // No gradient passes from the judge to the generator: its own backward ends here, and the judge gets its memory.
    let pad_id = pass.spec.pad_id;
    let slots = (&io.token_slot, &io.slot_next);
    let dh = heads::mlm_backward(r, &pass.networks.mlm, &gradients.mlm, &mlm, slots);
    encoder::backward(r, &pass.networks.generator, &gradients.generator, &generator, dh, pad_id);
    r.begin(Stage::Replace);
    let (corrupted, replaced) = replace(r, io, pass.source);
    r.begin(Stage::Judge);
    let judged = pass.judge(r, io, (&corrupted, &replaced), &mut drop(DISCRIMINATOR_SITES));

    r.begin(Stage::Backward);
    if let (Some((encoded, saved)), Some((weights, head)), Some((d_weights, d_head))) =
        (&judged, &pass.networks.discriminator, &gradients.discriminator)
    {
        let dh = heads::rtd_backward(r, head, d_head, saved);
        encoder::backward(r, weights, d_weights, encoded, dh, pad_id);
    }
    r.begin(Stage::Update);
    record_update(r, train, arenas, io)
}

fn record_update(r: &mut Recorder, train: &TrainSpec, arenas: &Arenas, io: &Io) -> Tensor {
    let guard = optimizer::guard(r);
    let clip_group = |group: Group| if train.clip_separately { group as u32 } else { 0 };
    let lr_scale = |group| if group == Group::Generator { train.generator_lr_scale as f32 } else { 1.0 };
    let ranges = arenas.ranges(r, train.weight_decay as f32, lr_scale, clip_group);
    let groups = ranges.iter().map(|range| range.group).max().map_or(0, |last| last + 1);
    let hyper = optimizer::Hyper {
        clip: train.clip as f32,
        beta1: train.beta1 as f32,
        beta2: train.beta2 as f32,
        eps: train.adam_eps as f32,
    };
    optimizer::update_all(r, &ranges, groups, hyper, &guard, &io.step_out);
    guard
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    fn refused(preset: &str, set: &[&str]) -> String {
        let set = set.iter().map(|s| (*s).to_owned()).collect();
        let c = Config::load(preset, &Overrides { set, ..Overrides::default() }).unwrap();
        let spec = ModelSpec::from_config(&c, c.vocab_size, 0, None);
        spec.check(&Limits::default()).unwrap_err().to_string()
    }

    #[test]
    fn what_no_binding_holds_is_refused_with_numbers_and_a_way_out() {
        let message = refused("nano", &["batch=100000"]);
        assert!(message.contains("a binding may be 128.0 MiB") && message.contains("--set batch="), "{message}");
        assert!(refused("base", &["vocab_size=200000"]).contains("the word embeddings take"));
        assert!(refused("nano", &["max_positions=1000000"]).contains("the position embeddings take"));
        let wide =
            ["vocab_size=100", "max_positions=64", "embedding_size=100000", "hidden_size=1024", "heads=4", "batch=1"];
        assert!(refused("nano", &wide).contains("the embeddings' projection take"));
        for (preset, _) in crate::config::PRESETS {
            let c = Config::preset(preset).unwrap();
            ModelSpec::from_config(&c, c.vocab_size, 0, None).check(&Limits::default()).unwrap();
        }
    }
}
