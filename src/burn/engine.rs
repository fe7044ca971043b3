//! The Burn engine. It runs the stages of a training plan with Burn's modules instead of the plan's launches, and gives its results
//! under the names of the plan's tensors. So sessions, checkpoints, readouts and comparisons use it like our own executors.
//! step block, input block, weights -> stage by stage -> outputs, weights, gradients, moments.
//!
//! **Limits:** a stage is one slice, even if it takes longer than the budget. Burn draws its own dropout (seeded by run, step and
//! row).

use super::Device;
use super::entries::{AnyState, Leaf, Pieces, leaves_and_pieces};
use super::inputs::{Batch, ints};
use super::meaning::{Meaning, key, meanings};
use super::optimizer::Hyper;
use super::outputs::{Guard, Outputs, Proposed, words_of};
use super::towers::{self, Dropouts, Towers, Values};
use crate::model::io::Io;
use crate::model::ledger::{Group, Shape};
use crate::model::{Model, TrainSpec};
use crate::objective::{self, At, Head, Input};
use crate::ops::optimizer::GROUPS_MAX;
use crate::plan::{ALIGN, Plan, Stage, Step, Tensor as Planned};
use crate::{Error, Result};
use burn::module::Module;
use burn::tensor::{Distribution, IndexingUpdateOp, Int, Tensor};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use web_time::Instant;

pub struct Executor {
    device: Device,
    plan: Arc<Plan>,
    settings: Settings,
    towers: Towers,
    leaves: Vec<Leaf>,
    places: Vec<Pieces>,
    meanings: HashMap<(u32, u32), Meaning>,
    /// Training and evaluation first, then the readout sentences, if there are any.
    feeds: Vec<Feed>,
    /// Cumulative fixed distribution of replacements.
    source: Vec<u32>,
    step: Step,
    guard: Guard,
    free_noise: bool,
    collected: Vec<Collected>,
    /// The last dispatch of the plan that ran.
    last: usize,
}

/// The settings that stay the same in every step.
struct Settings {
    shape: Shape,
    train: TrainSpec,
    vocab: usize,
    pad_id: u32,
}

/// One input block, and the outputs of the passes over it.
struct Feed {
    io: Io,
    words: Vec<u32>,
    /// Samples that replace the generator's own.
    given: Option<Vec<u32>>,
    outputs: Option<Outputs>,
}

/// A micro-batch's results on their way to the host.
struct Collected {
    tag: u64,
    values: Tensor<1>,
    judged: bool,
    ids: Vec<u32>,
    labels: Vec<u32>,
    guard: Guard,
}

impl Executor {
    /// An engine in which everything is zero. `model` must have been recorded for training.
    pub fn new(device: &Device, model: &Model) -> Self {
        let train = model.spec.train.clone().expect("a model that is trained has its settings");
        let io = model.io.clone().expect("a model that is trained has its batches");
        let dropouts = Dropouts { hidden: train.dropout, attention: train.attention_dropout };
        let mut towers = Towers::new(&model.spec.shape, dropouts, &device.handle.clone().autodiff());
        let (leaves, places) = leaves_and_pieces(&mut towers, &model.parameters);
        let feed = |io: Io| Feed { words: vec![0; io.input.len() as usize], io, given: None, outputs: None };
        Self {
            settings: Settings {
                shape: model.spec.shape,
                vocab: model.spec.shape.main.vocab as usize,
                pad_id: model.spec.pad_id,
                train,
            },
            meanings: meanings(model),
            feeds: [Some(io), model.readout.clone()].into_iter().flatten().map(feed).collect(),
            source: vec![u32::MAX; model.source.len() as usize],
            device: device.clone(),
            plan: model.plan.clone(),
            towers,
            leaves,
            places,
            step: Step::seeded(0, 0),
            guard: Guard::default(),
            free_noise: false,
            collected: Vec::new(),
            last: 0,
        }
    }

    pub fn device(&self) -> &Device {
        &self.device
    }

    pub fn set_step(&mut self, step: &Step) {
        self.step = *step;
    }

    /// Draws the sampling noise with Burn's own generator from now on, on the device.
    pub fn free_noise(&mut self) {
        self.free_noise = true;
    }

    fn meaning(&self, tensor: &Planned) -> Option<Meaning> {
        self.meanings.get(&key(tensor)).copied()
    }

    /// Overwrites a tensor of the plan from its start.
    ///
    /// # Panics
    /// If this engine has nothing that corresponds to the tensor.
    pub fn write(&mut self, tensor: &Planned, data: &[u32]) {
        match self.meaning(tensor) {
            Some(Meaning::Entry(entry, kind)) => {
                self.places[entry].write(&mut self.towers, &mut self.leaves, kind, bytemuck::cast_slice(data));
            }
            Some(Meaning::Input(feed)) => self.feeds[feed].words[..data.len()].copy_from_slice(data),
            Some(Meaning::Samples(feed)) => self.feeds[feed].given = Some(data.to_vec()),
            Some(Meaning::Source) => self.source[..data.len()].copy_from_slice(data),
            Some(Meaning::Guard) => self.guard = Guard::default(),
            // These are results, which the next pass writes.
            Some(Meaning::Tokens(_) | Meaning::SlotResults(_)) => {}
            None => panic!("burn: {tensor:?} is not written from outside"),
        }
    }

    /// The current contents of a tensor of the plan.
    ///
    /// # Errors
    /// The tensor exists only in our own executors, or the device failed.
    pub async fn read(&mut self, tensor: &Planned) -> Result<Vec<u32>> {
        match self.meaning(tensor) {
            Some(Meaning::Entry(entry, kind)) => {
                let mut pieces = Vec::new();
                for handle in self.places[entry].handles(&mut self.towers, &self.leaves, kind) {
                    pieces.push(match handle {
                        Some(handle) => Some(self.fetch(handle).await?),
                        None => None,
                    });
                }
                Ok(self.places[entry].assemble(pieces).into_iter().map(f32::to_bits).collect())
            }
            Some(Meaning::Source) => Ok(self.source.clone()),
            Some(Meaning::Input(feed)) => Ok(self.feeds[feed].words.clone()),
            Some(Meaning::Samples(feed)) => self.samples(feed).await,
            Some(Meaning::Tokens(feed)) => Ok(self.results(feed).await?.0),
            Some(Meaning::SlotResults(feed)) => Ok(self.results(feed).await?.1),
            Some(Meaning::Guard) => Ok(self.guard.words().to_vec()),
            None => self.intermediate(tensor).await,
        }
    }

    /// Runs the stages whose first dispatch lies in `range`; returns the end of `range`.
    pub async fn run(&mut self, range: Range<usize>, _budget: Duration) -> Result<usize> {
        let begun = |dispatches: &Range<usize>| !dispatches.is_empty() && range.contains(&dispatches.start);
        let stages: Vec<Stage> =
            self.plan.stages().filter(|(_, _, dispatches)| begun(dispatches)).map(|(stage, ..)| stage).collect();
        for stage in stages {
            self.stage(stage).await?;
        }
        self.last = range.end.saturating_sub(1);
        self.device.check()?;
        Ok(range.end)
    }

    async fn stage(&mut self, stage: Stage) -> Result<()> {
        match stage {
            Stage::MASK => self.leaves.iter_mut().for_each(Leaf::forget_gradient),
            Stage::REPLACE => self.replace(TRAINING, true),
            Stage::BACKWARD => self.backward(),
            Stage::UPDATE => self.update().await?,
            Stage::EVALUATE => self.infer(TRAINING),
            Stage::READOUT | Stage::ATTENTION => self.infer(READOUT),
            _ => {
                let passes = self.settings.shape.passes;
                if let Some(index) = passes.iter().position(|pass| pass.stage == stage) {
                    self.pass(TRAINING, index, true);
                }
            }
        }
        Ok(())
    }

    /// Runs every pass without dropout or gradients.
    fn infer(&mut self, feed: usize) {
        let passes = self.settings.shape.passes;
        let mut logits = None;
        for (index, pass) in passes.iter().enumerate() {
            let so_far = if index == 0 { None } else { self.feeds[feed].outputs.as_mut() };
            if pass.input == Input::Corrupted && so_far.as_ref().is_none_or(|so_far| so_far.corrupted.is_none()) {
                logits = so_far.and_then(|so_far| so_far.proposed.as_mut()?.logits.take());
                self.replace(feed, false);
            }
            self.pass(feed, index, false);
        }
        // Readouts need the logits after the pass.
        let proposed = self.feeds[feed].outputs.as_mut().and_then(|outputs| outputs.proposed.as_mut());
        if let (Some(logits), Some(proposed)) = (logits, proposed) {
            proposed.logits = Some(logits);
        }
    }

    /// Begins a batch: makes what all passes over it read.
    fn begin(&mut self, feed: usize, training: bool) {
        let device = self.side(training);
        if training {
            self.seed_dropout();
        }
        let Feed { io, words, outputs, .. } = &mut self.feeds[feed];
        let batch = Batch::new(io, words);
        *outputs = Some(Outputs {
            text: batch.text(self.settings.pad_id, &device),
            slots: batch.slot_tensors(&device),
            proposed: None,
            corrupted: None,
            judged: None,
            loss: None,
        });
    }

    /// Whether a batch begins with its replacements, because no network draws them.
    fn replaces_first(&self) -> bool {
        self.settings.shape.passes[0].input == Input::Corrupted
    }

    /// Runs one pass of the objective: its network over its form of the text, its loss and, if another pass follows, the gradients.
    fn pass(&mut self, feed: usize, index: usize, training: bool) {
        let passes = self.settings.shape.passes;
        if index == 0 && !self.replaces_first() {
            self.begin(feed, training);
        }
        let loss = match passes[index].head {
            Head::Mlm => self.propose(feed, index, training),
            Head::Rtd => self.judge(feed, index, training),
        };
        let Some(loss) = loss else { return };
        // No gradient goes from one pass to another. As in the plan, the backward of a pass ends before the next pass begins.
        if index + 1 < passes.len() {
            self.differentiate(&loss);
        } else if let Some(outputs) = &mut self.feeds[feed].outputs {
            outputs.loss = Some(loss);
        }
    }

    fn seed_dropout(&self) {
        let train = &self.settings.train;
        if train.dropout > 0.0 || train.attention_dropout > 0.0 {
            let [low, high] = self.step.dropout_key.0;
            self.device.handle.seed((u64::from(high) << 32 | u64::from(low)) ^ u64::from(self.step.row_base));
        }
    }

    /// The encoder's output for a pass: (N, C)
    fn encode(&self, towers: &Towers, feed: usize, index: usize, training: bool) -> Option<Tensor<2>> {
        let device = &self.side(training);
        let Feed { io, words, outputs, .. } = &self.feeds[feed];
        let (wanted, outputs) = (&self.settings.shape.passes[index], outputs.as_ref()?);
        let batch = Batch::new(io, words);
        let [rows, row_len] = [io.size.rows as usize, io.size.row_len as usize];
        let ids = match wanted.input {
            Input::Original => batch.original_ids(device),
            Input::Masked => batch.masked_ids(device),
            Input::Corrupted => {
                let corrupted = outputs.corrupted.clone()?;
                let corrupted = if training { corrupted.autodiff() } else { corrupted };
                corrupted.reshape([rows, row_len])
            }
        };
        Some(towers.encode(wanted.net, ids, &outputs.text, wanted.sees))
    }

    /// The device of tensors with or without gradients.
    fn side(&self, training: bool) -> burn::tensor::Device {
        let plain = self.device.handle.clone();
        if training { plain.autodiff() } else { plain }
    }

    /// Proposals for the slots -> the loss, in training.
    fn propose(&mut self, feed: usize, index: usize, training: bool) -> Option<Tensor<1>> {
        let valid;
        let towers = if training {
            &self.towers
        } else {
            valid = self.towers.valid();
            &valid
        };
        let h = self.encode(towers, feed, index, training)?;
        let s = &self.settings;
        let Feed { io, words, given, outputs } = &mut self.feeds[feed];
        let (batch, outputs) = (Batch::new(io, words), outputs.as_mut()?);
        let logits = towers.propose(s.shape.passes[index].net, h, &outputs.slots);
        let losses = towers::proposal_losses(logits.clone(), &outputs.slots);
        let loss = training.then(|| losses.clone().sum() * self.step.scales[index]);
        let logits = logits.inner();
        let noise = if self.free_noise {
            gumbel(logits.random_like(Distribution::Uniform(0.0, 1.0)))
        } else {
            batch.noise(&self.step, s.vocab, &self.device.handle)
        };
        let sampled = (logits.clone() * self.step.inv_temperature + noise).argmax(1).squeeze_dim(1);
        *given = None;
        outputs.proposed = Some(Proposed {
            argmax: logits.clone().argmax(1).squeeze_dim(1),
            logits: Some(logits),
            losses: losses.inner(),
            sampled,
        });
        loss
    }

    /// Writes samples into the text. Several samples on one token give the integer mean of their ids, as in the reference's
    /// scatter.
    fn replace(&mut self, feed: usize, training: bool) {
        let draws = self.settings.shape.passes.iter().any(|pass| pass.draws);
        if self.replaces_first() {
            self.begin(feed, training);
        }
        let device = &self.device.handle;
        let Feed { io, words, given, outputs } = &mut self.feeds[feed];
        let Some(outputs) = outputs else { return };
        let batch = Batch::new(io, words);
        let mut sampled = match (&*given, &outputs.proposed) {
            (Some(given), _) => ints(given, [batch.slots()], device),
            (None, Some(proposed)) => proposed.sampled.clone(),
            (None, None) => Tensor::zeros([batch.slots()], device),
        };
        if let Some([takes, drawn]) = batch.drawn(&self.step, &self.source, draws, device) {
            sampled = sampled.mask_where(takes.equal_scalar(1), drawn);
        }
        let ids: Tensor<1, Int> = batch.original_ids(device).flatten(0, 1);
        let sums = ids.zeros_like().select_assign(
            0,
            outputs.slots.position.clone().inner(),
            sampled * outputs.slots.used.clone().inner().int(),
            IndexingUpdateOp::Add,
        );
        let means = match batch.slot_counts(device) {
            Some(counts) => sums / counts,
            None => sums,
        };
        outputs.corrupted = Some(ids.mask_where(batch.hidden(device).equal_scalar(1), means));
        if let Some(proposed) = &mut outputs.proposed {
            proposed.logits = None;
        }
    }

    /// A judgement of every token -> the loss, in training.
    fn judge(&mut self, feed: usize, index: usize, training: bool) -> Option<Tensor<1>> {
        let device = self.side(training);
        let valid;
        let towers = if training {
            &self.towers
        } else {
            valid = self.towers.valid();
            &valid
        };
        let wanted = &self.settings.shape.passes[index];
        let h = self.encode(towers, feed, index, training)?;
        let judged = towers.judge(wanted.net, h);
        let Feed { io, words, outputs, .. } = &mut self.feeds[feed];
        let outputs = outputs.as_mut()?;
        let batch = Batch::new(io, words);
        let ids: Tensor<1, Int> = batch.original_ids(&device).flatten(0, 1);
        let corrupted = match outputs.corrupted.clone() {
            Some(corrupted) if training => corrupted.autodiff(),
            Some(corrupted) => corrupted,
            None => ids.clone(),
        };
        outputs.judged = Some(judged.clone().inner());
        training.then(|| {
            let counted = match wanted.at {
                At::Tokens => outputs.text.attention.clone().flatten(0, 1),
                At::Slots => batch.hidden(&device).float(),
            };
            let losses = towers::judgement_losses(judged, corrupted.not_equal(ids).float(), counted);
            losses.sum() * self.step.scales[index]
        })
    }

    fn backward(&mut self) {
        if let Some(loss) = self.feeds[TRAINING].outputs.as_mut().and_then(|outputs| outputs.loss.take()) {
            self.differentiate(&loss);
        }
    }

    /// Adds the gradients of `loss` to those of all weights.
    fn differentiate(&mut self, loss: &Tensor<1>) {
        let mut gradients = loss.backward();
        for (weight, leaf) in self.towers.weights().into_iter().zip(&mut self.leaves) {
            match (weight.values, &mut leaf.state) {
                (Values::Vector(values), AnyState::Vector(state)) => {
                    values.val().grad_remove(&mut gradients).into_iter().for_each(|g| state.accumulate(g));
                }
                (Values::Matrix(values), AnyState::Matrix(state)) => {
                    values.val().grad_remove(&mut gradients).into_iter().for_each(|g| state.accumulate(g));
                }
                _ => unreachable!("a leaf is made with its module's rank"),
            }
        }
    }

    /// Computes norms and the guard, then AdamW. It waits for the norms, so that it knows whether the update is allowed.
    async fn update(&mut self) -> Result<()> {
        let norms = self.norms().await?;
        self.guard.norms = norms;
        if self.guard.stopped_at.is_none() && norms.iter().any(|norm| !norm.is_finite()) {
            self.guard.stopped_at = Some(self.step.step + 1);
        }
        if self.guard.stopped_at.is_some() {
            return Ok(());
        }
        let (t, step) = (&self.settings.train, &self.step);
        for (weight, leaf) in self.towers.weights().into_iter().zip(&mut self.leaves) {
            let norm = f64::from(norms[self.settings.clip_group(leaf.group)]);
            let scale = t.lr_scale(leaf.group);
            let hyper = Hyper {
                lr: f64::from(step.lr) * scale,
                beta1: t.beta1,
                beta2: t.beta2,
                eps: t.adam_eps,
                weight_decay: if leaf.decay { t.weight_decay } else { 0.0 },
                corrections: [step.correction1.into(), step.correction2.into()],
                clip: t.clip / norm.max(t.clip),
            };
            match (weight.values, &mut leaf.state) {
                (Values::Vector(values), AnyState::Vector(state)) => state.update(values, &hyper),
                (Values::Matrix(values), AnyState::Matrix(state)) => state.update(values, &hyper),
                _ => unreachable!("a leaf is made with its module's rank"),
            }
        }
        Ok(())
    }

    /// The norm of each clipping group; 0 if a group has no gradient.
    async fn norms(&self) -> Result<[f32; GROUPS_MAX as usize]> {
        let mut norms = [0.0; GROUPS_MAX as usize];
        for (group, norm) in norms.iter_mut().enumerate() {
            let of_group = self.leaves.iter().filter(|leaf| self.settings.clip_group(leaf.group) == group);
            let squares: Vec<Tensor<1>> = of_group.filter_map(Leaf::squares).collect();
            if !squares.is_empty() {
                *norm = self.fetch(Tensor::cat(squares, 0).sum()).await?[0].sqrt();
            }
        }
        Ok(norms)
    }

    /// Keeps the outputs of the pass under `tag`.
    pub fn collect(&mut self, tag: u64) {
        let Feed { io, words, outputs, .. } = &self.feeds[TRAINING];
        let Some(outputs) = outputs else { return };
        let batch = Batch::new(io, words);
        self.collected.push(Collected {
            tag,
            values: outputs.results(),
            judged: outputs.judged.is_some(),
            ids: batch.ids().to_vec(),
            labels: batch.labels().to_vec(),
            guard: self.guard,
        });
    }

    /// Gives everything that was collected, oldest first, with the time when it was ready.
    pub async fn drain(&mut self, _wait: bool, mut row: impl FnMut(u64, Instant, &[&[u32]])) -> Result<()> {
        for c in std::mem::take(&mut self.collected) {
            let values = self.fetch(c.values).await?;
            let executed = Instant::now();
            let (tokens, slots) = words_of(&values, c.judged, &c.ids, &c.labels);
            let io = &self.feeds[TRAINING].io;
            let mut block = vec![0; self.plan.buffers[io.token_out.buffer.0 as usize].len as usize];
            block[io.token_out.offset as usize..][..tokens.len()].copy_from_slice(&tokens);
            block[io.slots.slot_out.offset as usize..][..slots.len()].copy_from_slice(&slots);
            for group in 0..GROUPS_MAX {
                let words = c.guard.words();
                block[(io.step_out.offset + group * ALIGN) as usize..][..words.len()].copy_from_slice(&words);
            }
            row(c.tag, executed, &[&block]);
        }
        Ok(())
    }

    /// token_out and slot_out of a pass.
    async fn results(&self, feed: usize) -> Result<(Vec<u32>, Vec<u32>)> {
        let Feed { io, words, outputs, .. } = &self.feeds[feed];
        let outputs = outputs.as_ref().ok_or_else(|| Error::failed("burn-without-pass"))?;
        let batch = Batch::new(io, words);
        let values = self.fetch(outputs.results()).await?;
        Ok(words_of(&values, outputs.judged.is_some(), batch.ids(), batch.labels()))
    }

    async fn samples(&self, feed: usize) -> Result<Vec<u32>> {
        let Feed { given, .. } = &self.feeds[feed];
        match given {
            Some(given) => Ok(given.clone()),
            None => Ok(self.results(feed).await?.1.chunks(4).map(|slot| slot[2]).collect()),
        }
    }

    /// What a view reads between two launches: a chunk of logits, the corrupted text, a layer's attention. Our executors reuse such
    /// memory, so the launches that have run decide what a tensor holds.
    async fn intermediate(&self, tensor: &Planned) -> Result<Vec<u32>> {
        let missing = || Error::failed("burn-lacks").with("tensor", &*tensor.label);
        let stage = self.plan.stage_of(self.last).ok_or_else(missing)?;
        let writes = |&i: &usize| {
            let dispatch = &self.plan.dispatches[i];
            let written = VIEWED.iter().find(|(label, _)| *label == dispatch.kernel.label);
            written.is_some_and(|(_, slot)| key(&dispatch.tensors[*slot]) == key(tensor))
        };
        let start = self.plan.stage(stage).start;
        let writer = (start..=self.last).rev().find(writes).ok_or_else(missing)?;
        let before = || (start..writer).filter(writes).map(|i| &self.plan.dispatches[i].tensors[0]);
        let reading_out = matches!(stage, Stage::READOUT | Stage::ATTENTION);
        let feed = &self.feeds[if reading_out { READOUT } else { TRAINING }];
        let outputs = feed.outputs.as_ref().ok_or_else(missing)?;
        let shape = &self.settings.shape;
        if self.plan.dispatches[writer].kernel.label == LOGITS {
            // All chunks use the same memory, one after another.
            let first: usize = before().map(|chunk| chunk.shape()[0] as usize).sum();
            let rows = tensor.shape()[0] as usize;
            let proposed = outputs.proposed.as_ref().ok_or_else(missing)?;
            let logits = proposed.logits.clone().ok_or_else(missing)?;
            let chunk: Tensor<1> = logits.narrow(0, first, rows).flatten(0, 1);
            return Ok(self.fetch(chunk).await?.into_iter().map(f32::to_bits).collect());
        }
        if self.plan.dispatches[writer].kernel.label == CORRUPTED {
            let corrupted = outputs.corrupted.clone().ok_or_else(missing)?;
            return Ok(self.fetch(corrupted.float()).await?.into_iter().map(|id| id as u32).collect());
        }
        let layer = before().count();
        let label = &self.plan.dispatches[writer].tensors[0].label;
        let of_network = |pass: &&objective::Pass| label.starts_with(&format!("{}.", shape.name(pass.net)));
        let wanted = shape.passes.iter().find(of_network).ok_or_else(missing)?;
        let [rows, row_len] = [feed.io.size.rows as usize, feed.io.size.row_len as usize];
        let (device, batch) = (&self.device.handle, Batch::new(&feed.io, &feed.words));
        let ids = match wanted.input {
            Input::Original => batch.original_ids(device),
            Input::Masked => batch.masked_ids(device),
            Input::Corrupted => outputs.corrupted.clone().ok_or_else(missing)?.reshape([rows, row_len]),
        };
        let shares = self.towers.valid().shares(wanted.net, layer, ids, &outputs.text, wanted.sees);
        Ok(self.fetch(shares.flatten(0, 3)).await?.into_iter().map(f32::to_bits).collect())
    }

    async fn fetch(&self, tensor: Tensor<1>) -> Result<Vec<f32>> {
        let data = tensor.into_data_async().await.map_err(|e| self.device.failed(e))?;
        data.try_into_vec().map_err(|e| self.device.failed(format!("{e:?}")))
    }
}

/// Kernels whose results views read between two launches, with the slot of the result.
const VIEWED: [(&str, usize); 3] = [(LOGITS, 0), (CORRUPTED, 5), ("attention.map", 3)];
const LOGITS: &str = "vocab.forward";
const CORRUPTED: &str = "corrupt.replace";
const TRAINING: usize = 0;
const READOUT: usize = 1;

impl Leaf {
    fn forget_gradient(&mut self) {
        match &mut self.state {
            AnyState::Vector(state) => state.gradient = None,
            AnyState::Matrix(state) => state.gradient = None,
        }
    }

    fn squares(&self) -> Option<Tensor<1>> {
        match &self.state {
            AnyState::Vector(state) => state.squares(),
            AnyState::Matrix(state) => state.squares(),
        }
    }
}

impl Settings {
    fn clip_group(&self, group: Group) -> usize {
        self.shape.clip_group(group, self.train.clip_separately) as usize
    }
}

/// Standard Gumbel noise from uniform numbers, which are kept away from 0 and 1.
fn gumbel(uniform: Tensor<2>) -> Tensor<2> {
    let inside = uniform.clamp(1e-7, 1.0 - 1e-7);
    inside.log().neg().log().neg()
}
