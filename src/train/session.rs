//! A run in progress: batches in, steps through the engine, events out. The only loop body there is; who calls it (a thread, a
//! worker, a test) decides when, and nothing here blocks or touches a file.

use super::engine::Engine;
use super::event::{EvalMetrics, ReadToken, Readout, StepMetrics};
use super::metrics::{Fold, LossWeights, Measured, Slots, Tokens};
use super::rules::{Judged, RuleRows};
use super::schedule::{self, LOOK_EVERY, Source};
use super::weights;
use crate::batch::{Batch, Cursor, HeldOut, Loader, NONE};
use crate::config::{Config, Objective, Replacements};
use crate::cpu;
use crate::model::Model;
use crate::model::io::{Io, Outputs};
use crate::plan::{Access, Elem, Stage, Step};
use crate::text::tokenizer::Tokenizer;
use crate::{Error, Result};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use web_time::Instant;

/// Noise of the held-out evaluation's samples: the same in every run.
const EVAL_SEED: u64 = 0x6576_616c;
/// Optimizer steps whose numbers may be under way.
const PENDING_MAX: usize = 4;

/// What a session is made from.
pub struct Parts {
    pub config: Config,
    pub model: Model,
    pub engine: Engine,
    pub loader: Loader,
    pub held_out: HeldOut,
    /// Rows of the readout; the model's probe has their shape.
    pub probes: HeldOut,
    /// Stories of the built-in grammar, where the text is its own.
    pub rules: Option<RuleRows>,
    pub tokenizer: Arc<Tokenizer>,
    /// Occurrences of each id in the training text.
    pub counts: Vec<u64>,
    /// Of the held-out text, nats.
    pub unigram_entropy: f64,
    pub seed: u64,
    pub planned_steps: u64,
}

/// A step that was submitted and whose numbers have not all arrived.
struct Pending {
    step: u64,
    lr: f64,
    cursor: Cursor,
    batches: Vec<Batch>,
    arrived: usize,
    tokens: u64,
}

pub struct Session {
    pub config: Config,
    pub model: Model,
    pub engine: Engine,
    pub planned_steps: u64,
    pub seed: u64,
    tokenizer: Arc<Tokenizer>,
    io: Io,
    loader: Loader,
    held_out: HeldOut,
    probes: HeldOut,
    rules: Option<RuleRows>,
    unigram_entropy: f64,
    /// Completed (submitted) optimizer steps.
    step: u64,
    source: Source,
    tokens_seen: u64,
    pending: VecDeque<Pending>,
    spare: Vec<Vec<Batch>>,
    readback: Readback,
    words: Vec<u32>,
    eval_batch: Batch,
    clock: Clock,
}

/// Wall time of the run, over all its sittings.
struct Clock {
    started: Instant,
    before_secs: f64,
    last_step_at: f64,
}

impl Clock {
    fn secs(&self) -> f64 {
        self.before_secs + self.started.elapsed().as_secs_f64()
    }
}

/// Where a session stands, for its checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Position {
    pub step: u64,
    pub cursor: Cursor,
    pub source: Source,
    pub tokens_seen: u64,
    pub elapsed_secs: f64,
}

/// Collected outputs unpacked into the arrays that the metrics read.
#[derive(Default)]
struct Readback {
    fold: Fold,
    logit: Vec<f32>,
    replaced: Vec<u32>,
    loss: Vec<f32>,
    argmax_hit: Vec<u32>,
    sample_hit: Vec<u32>,
    sampled_id: Vec<u32>,
}

impl Readback {
    fn add(&mut self, out: &Outputs, batch: &Batch, judged: bool) {
        if judged {
            let tokens = || (0..batch.ids.len()).map(|n| out.token(n));
            self.logit.clear();
            self.logit.extend(tokens().map(|t| t.logit));
            self.replaced.clear();
            self.replaced.extend(tokens().map(|t| u32::from(t.replaced)));
            self.fold.add_tokens(Tokens {
                logit: &self.logit,
                replaced: &self.replaced,
                attention: &batch.attention,
                eligible: &batch.eligible,
            });
        }
        let slots = || (0..batch.slots).map(|s| out.slot(s));
        self.loss.clear();
        self.loss.extend(slots().map(|s| s.loss));
        self.argmax_hit.clear();
        self.argmax_hit.extend(slots().map(|s| u32::from(s.argmax_hit)));
        self.sample_hit.clear();
        self.sample_hit.extend(slots().map(|s| u32::from(s.sample_hit)));
        self.sampled_id.clear();
        self.sampled_id.extend(slots().map(|s| s.sampled_id));
        self.fold.add_slots(Slots {
            loss: &self.loss,
            argmax_hit: &self.argmax_hit,
            sample_hit: &self.sample_hit,
            sampled_id: Some(&self.sampled_id),
        });
    }
}

/// What a step came to once all its numbers arrived.
#[derive(Debug)]
pub enum Arrived {
    Step(Box<StepMetrics>),
    /// A gradient norm was not finite: every update since did nothing.
    NonFinite {
        step: u64,
        cursor: Cursor,
    },
}

impl Session {
    /// Weights and moments are already in the engine; `position`: where a resumed run stands.
    pub fn new(parts: Parts, position: Option<Position>) -> Result<Self> {
        let Parts { config, model, mut engine, mut loader, held_out, probes, rules, tokenizer, counts, .. } = parts;
        let io = model.io.clone().ok_or_else(|| Error::failed("the model was not recorded for training"))?;
        engine.write(&model.source, &replacement_table(&config, &tokenizer, &counts));
        let at = position.unwrap_or(Position {
            step: 0,
            cursor: loader.cursor(),
            source: Source::default(),
            tokens_seen: 0,
            elapsed_secs: 0.0,
        });
        loader.seek(at.cursor)?;
        let eval_batch = held_out.buffer();
        Ok(Self {
            config,
            model,
            engine,
            planned_steps: parts.planned_steps,
            seed: parts.seed,
            tokenizer,
            io,
            loader,
            held_out,
            probes,
            rules,
            unigram_entropy: parts.unigram_entropy,
            step: at.step,
            source: at.source,
            tokens_seen: at.tokens_seen,
            pending: VecDeque::with_capacity(PENDING_MAX),
            spare: Vec::with_capacity(PENDING_MAX),
            readback: Readback::default(),
            words: Vec::new(),
            eval_batch,
            clock: Clock { started: Instant::now(), before_secs: at.elapsed_secs, last_step_at: at.elapsed_secs },
        })
    }

    /// Completed optimizer steps.
    pub fn completed(&self) -> u64 {
        self.step
    }

    pub fn finished(&self) -> bool {
        self.step >= self.planned_steps
    }

    pub fn elapsed_secs(&self) -> f64 {
        self.clock.secs()
    }

    pub fn tokenizer(&self) -> &Arc<Tokenizer> {
        &self.tokenizer
    }

    pub fn unigram_entropy(&self) -> f64 {
        self.unigram_entropy
    }

    fn judged(&self) -> bool {
        self.config.objective == Objective::Electra
    }

    fn loss_weights(&self) -> LossWeights {
        LossWeights { mlm: self.config.mlm_weight, rtd: self.config.rtd_weight }
    }

    /// Submits one optimizer step, in slices of `budget`, and hands over the steps whose numbers have arrived by now.
    pub async fn advance(&mut self, budget: Duration, arrived: &mut Vec<Arrived>) -> Result<()> {
        if self.step.is_multiple_of(LOOK_EVERY) && self.step > 0 {
            self.settle(arrived).await?;
            self.source.look(&self.config, self.step, self.planned_steps);
        }
        let mut batches = self.spare.pop().unwrap_or_else(|| self.loader.step_buffers());
        let cursor = self.loader.cursor();
        let totals = self.loader.fill(self.step, &mut batches)?;
        let lr = schedule::learning_rate(&self.config, self.step, self.planned_steps);
        let mut block = self.step_block(totals.slots, totals.tokens, lr);
        let plan = self.model.plan.clone();
        let last = batches.len() - 1;
        for (micro, batch) in batches.iter().enumerate() {
            self.engine.set_step(&block);
            self.io.pack(batch, &mut self.words);
            self.engine.write(&self.io.input, &self.words);
            let first = if micro == 0 { Stage::Mask } else { Stage::Propose };
            let until = if micro == last { Stage::Update } else { Stage::Backward };
            let range = plan.span(first, until);
            let mut reached = range.start;
            while reached < range.end {
                reached = self.engine.run(reached..range.end, budget).await?;
            }
            self.engine.collect(self.step);
            block.row_base += batch.rows as u32;
            block.slot_base += batch.slots as u32;
        }
        self.pending.push_back(Pending {
            step: self.step,
            lr,
            cursor,
            batches,
            arrived: 0,
            tokens: totals.tokens as u64,
        });
        self.step += 1;
        self.take_in(self.pending.len() >= PENDING_MAX, arrived).await
    }

    fn step_block(&self, slots: usize, tokens: usize, lr: f64) -> Step {
        let c = &self.config;
        Step {
            source_threshold: schedule::threshold(self.source.share(c, self.step)),
            lr: lr as f32,
            correction1: schedule::correction(c, c.beta1, self.step + 1),
            correction2: schedule::correction(c, c.beta2, self.step + 1),
            // The reference adds 1e-6 to both counts.
            mlm_scale: (c.mlm_weight / (slots as f64 + 1e-6)) as f32,
            rtd_scale: (c.rtd_weight / (tokens as f64 + 1e-6)) as f32,
            ..Step::seeded(self.seed, self.step)
        }
    }

    /// Waits for every number that is under way.
    pub async fn settle(&mut self, arrived: &mut Vec<Arrived>) -> Result<()> {
        self.take_in(true, arrived).await
    }

    async fn take_in(&mut self, wait: bool, arrived: &mut Vec<Arrived>) -> Result<()> {
        let (judged, weights) = (self.judged(), self.loss_weights());
        let Self { engine, io, pending, readback, spare, source, tokens_seen, clock, .. } = self;
        let groups = if self.config.clip_separately { 3 } else { 1 };
        engine
            .drain(wait, |_, blocks| {
                let out = io.outputs(blocks[0]);
                let Some(front) = pending.front_mut() else { return };
                readback.add(&out, &front.batches[front.arrived], judged);
                front.arrived += 1;
                if front.arrived < front.batches.len() {
                    return;
                }
                let Some(done) = pending.pop_front() else { return };
                let measured = readback.fold.finish(weights);
                if out.guard(groups - 1).stopped_at.is_some() {
                    arrived.push(Arrived::NonFinite { step: done.step, cursor: done.cursor });
                } else {
                    *tokens_seen += done.tokens;
                    source.observe(measured.metrics.rtd_auc);
                    let norm = (0..groups).map(|g| f64::from(out.guard(g).norm).powi(2)).sum::<f64>().sqrt();
                    arrived.push(Arrived::Step(Box::new(step_metrics(&done, measured, norm, *tokens_seen, clock))));
                }
                spare.push(done.batches);
            })
            .await
    }

    /// Held-out metrics: fixed masks, fixed noise, replacements drawn by the generator as it is now.
    pub async fn evaluate(&mut self) -> Result<EvalMetrics> {
        let measured = self.measure_held_out().await?;
        let rtd_auc_rule = self.rule_auc().await?;
        Ok(EvalMetrics {
            step: self.step,
            metrics: measured.metrics,
            elapsed_secs: Some(self.clock.secs()),
            tokens_seen: self.tokens_seen,
            unigram_entropy: Some(self.unigram_entropy),
            rtd_auc_rule,
            confusion: self.judged().then_some(measured.confusion),
            calibration: self.judged().then_some(measured.calibration),
            ..Default::default()
        })
    }

    async fn measure_held_out(&mut self) -> Result<Measured> {
        // Training numbers first: the outputs share one buffer.
        assert!(self.pending.is_empty(), "settle before an evaluation");
        let judged = self.judged();
        let mut block = Step::seeded(EVAL_SEED, 0);
        let mut fold = Readback::default();
        for index in 0..self.held_out.batches() {
            self.held_out.fill(index, &mut self.eval_batch);
            let batch = &self.eval_batch;
            self.engine.set_step(&block);
            self.io.pack(batch, &mut self.words);
            self.engine.write(&self.io.input, &self.words);
            self.engine.run_all(self.model.plan.stage(Stage::Evaluate)).await?;
            self.engine.collect(index as u64);
            let io = &self.io;
            self.engine.drain(true, |_, blocks| fold.add(&io.outputs(blocks[0]), batch, judged)).await?;
            block.row_base += batch.rows as u32;
            block.slot_base += batch.slots as u32;
        }
        Ok(fold.fold.finish(self.loss_weights()))
    }

    /// On the built-in text: the AUC of replacements that break a rule of the grammar against originals.
    async fn rule_auc(&mut self) -> Result<Option<f64>> {
        let Some(rules) = self.rules.take().filter(|_| self.judged()) else { return Ok(None) };
        let mut judged = Judged::default();
        let mut block = Step::seeded(EVAL_SEED, 2);
        for batch in rules.batches() {
            self.engine.set_step(&block);
            self.io.pack(&batch.batch, &mut self.words);
            self.engine.write(&self.io.input, &self.words);
            self.engine.run_all(self.model.plan.stage(Stage::Evaluate)).await?;
            self.engine.collect(0);
            let (io, tokenizer) = (&self.io, &self.tokenizer);
            self.engine
                .drain(true, |_, blocks| rules.judge(batch, &io.outputs(blocks[0]), tokenizer, &mut judged))
                .await?;
            block.row_base += batch.batch.rows as u32;
            block.slot_base += batch.batch.slots as u32;
        }
        self.rules = Some(rules);
        Ok(judged.auc())
    }

    /// The probe sentences on the live weights.
    pub async fn readout(&mut self) -> Result<Readout> {
        let Some(io) = self.model.probe.clone() else {
            return Ok(Readout { step: self.step, sentences: Vec::new() });
        };
        let mut batch = self.probes.buffer();
        self.probes.fill(0, &mut batch);
        self.engine.set_step(&Step::seeded(EVAL_SEED, 1));
        let mut words = Vec::new();
        io.pack(&batch, &mut words);
        self.engine.write(&io.input, &words);
        let logits = self.probe_logits().await?;
        let block = self.engine.read(&io.token_out).await?;
        let slot_out = self.engine.read(&io.slots.slot_out).await?;
        Ok(Readout { step: self.step, sentences: self.sentences(&batch, &logits, &block, &slot_out) })
    }

    /// Runs the readout stage and keeps each chunk's logits before their memory is used again: (S, V).
    async fn probe_logits(&mut self) -> Result<Vec<f32>> {
        let plan = self.model.plan.clone();
        let stage = plan.stage(Stage::Readout);
        let (mut logits, mut reached) = (Vec::new(), stage.start);
        let softmaxes = stage.clone().filter(|&i| plan.dispatches[i].kernel.label == "vocab.forward");
        for softmax in softmaxes {
            self.engine.run_all(reached..softmax + 1).await?;
            logits.extend(self.engine.read_f32(&plan.dispatches[softmax].tensors[0]).await?);
            reached = softmax + 1;
        }
        self.engine.run_all(reached..stage.end).await?;
        Ok(logits)
    }

    fn sentences(&self, batch: &Batch, logits: &[f32], tokens: &[u32], slots: &[u32]) -> Vec<Vec<ReadToken>> {
        let vocab = self.tokenizer.vocab_size();
        let specials = self.tokenizer.specials();
        let text = |id: u32| self.tokenizer.token(id).to_owned();
        let judged = self.judged();
        let token = |n: usize| {
            let id = batch.ids[n];
            let slot = batch.token_slot[n];
            let mut read =
                ReadToken { original_id: id, original: text(id), special: specials.excludes(id), ..Default::default() };
            if judged {
                let logit = f64::from(f32::from_bits(tokens[2 * n]));
                read.p_replaced = Some(1.0 / (1.0 + (-logit).exp()));
                read.replaced = tokens[2 * n + 1] % 2 == 1;
            }
            if slot != NONE {
                let sampled = slots[4 * slot as usize + 2];
                read.masked = true;
                read.proposals = proposals(&logits[slot as usize * vocab..][..vocab], PROPOSALS, &text);
                read.sampled_id = Some(sampled);
                read.sampled = Some(text(sampled));
            }
            read
        };
        (0..batch.rows)
            .map(|row| {
                let cells = row * batch.row_len..(row + 1) * batch.row_len;
                cells.filter(|&n| batch.attention[n] == 1).map(token).collect::<Vec<_>>()
            })
            .filter(|sentence| !sentence.is_empty())
            .collect()
    }

    /// Where the session stands; every number must have arrived.
    pub fn position(&self) -> Position {
        assert!(self.pending.is_empty(), "settle before a checkpoint");
        Position {
            step: self.step,
            cursor: self.loader.cursor(),
            source: self.source,
            tokens_seen: self.tokens_seen,
            elapsed_secs: self.clock.secs(),
        }
    }

    /// config.json's facts beyond sizes.
    pub fn facts(&self) -> weights::ConfigFacts {
        weights::ConfigFacts {
            dropout: self.config.dropout,
            attention_dropout: self.config.attention_dropout,
            initializer_range: self.config.init_std,
            pad_id: self.tokenizer.specials().pad,
        }
    }

    /// Replays `step` on the twins, dispatch by dispatch, and names the first tensor that is not finite, with its kernel: a clause.
    /// The weights are still those of that step: the guard stopped every update since.
    pub async fn explain_non_finite(&mut self, step: u64, cursor: Cursor) -> Result<String> {
        let plan = self.model.plan.clone();
        let mut twin = Engine::Cpu(Box::new(cpu::Executor::new(plan.clone())));
        for parameter in &self.model.parameters {
            let values = self.engine.read(&parameter.value).await?;
            twin.write(&parameter.value, &values);
        }
        let source = self.engine.read(&self.model.source).await?;
        twin.write(&self.model.source, &source);
        self.loader.seek(cursor)?;
        let mut batches = self.loader.step_buffers();
        let totals = self.loader.fill(step, &mut batches)?;
        self.step = step;
        let mut block = self.step_block(totals.slots, totals.tokens, 0.0);
        for batch in &batches {
            twin.set_step(&block);
            self.io.pack(batch, &mut self.words);
            twin.write(&self.io.input, &self.words);
            for i in plan.span(Stage::Propose, Stage::Backward) {
                twin.run_all(i..i + 1).await?;
                let dispatch = &plan.dispatches[i];
                for (slot, tensor) in dispatch.kernel.slots.iter().zip(&dispatch.tensors) {
                    let written = slot.elem == Elem::F32 && matches!(slot.access, Access::Write | Access::Update);
                    if written && twin.read_f32(tensor).await?.iter().any(|v| !v.is_finite()) {
                        return Ok(format!("first in {} in {} (dispatch {i})", tensor.label, dispatch.kernel.label));
                    }
                }
            }
            block.row_base += batch.rows as u32;
            block.slot_base += batch.slots as u32;
        }
        Ok(match self.engine {
            Engine::Cpu(_) => "each of its values is finite, but the sum of their squares overflows",
            _ => "its replay on the processor stayed finite: the device's own result is at fault",
        }
        .to_owned())
    }
}

/// Proposals a readout shows for a slot.
const PROPOSALS: usize = 5;

/// The `count` most probable ids of a row of logits, with their softmax probabilities; none where a logit is NaN or infinite.
pub fn proposals(logits: &[f32], count: usize, text: &impl Fn(u32) -> String) -> Vec<super::event::Proposal> {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|l| f64::from(l - max).exp()).sum();
    if !sum.is_finite() {
        return Vec::new();
    }
    let mut order: Vec<u32> = (0..logits.len() as u32).collect();
    let count = count.min(order.len());
    order.sort_by(|&a, &b| logits[b as usize].total_cmp(&logits[a as usize]).then(a.cmp(&b)));
    let probability = |id: u32| (f64::from(logits[id as usize] - max).exp() / sum) as f32;
    order[..count]
        .iter()
        .map(|&id| super::event::Proposal { id, token: text(id), probability: probability(id) })
        .collect()
}

fn step_metrics(done: &Pending, measured: Measured, norm: f64, tokens_seen: u64, clock: &mut Clock) -> StepMetrics {
    let now = clock.secs();
    let secs = now - std::mem::replace(&mut clock.last_step_at, now);
    StepMetrics {
        step: done.step + 1,
        metrics: measured.metrics,
        lr: Some(done.lr),
        grad_norm: Some(norm),
        tokens_per_sec: (secs > 0.0).then(|| done.tokens as f64 / secs),
        elapsed_secs: Some(now),
        tokens_seen,
    }
}

/// The fixed distribution of replacements over the vocabulary; specials are never drawn.
fn replacement_table(c: &Config, tokenizer: &Tokenizer, counts: &[u64]) -> Vec<u32> {
    let specials = tokenizer.specials();
    let uniform = matches!(c.replacements, Replacements::Uniform | Replacements::UniformToGenerator);
    let weight = |id: usize| match (specials.excludes(id as u32), uniform) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => counts[id],
    };
    let weights: Vec<u64> = (0..tokenizer.vocab_size()).map(weight).collect();
    schedule::source_table(&weights)
}
