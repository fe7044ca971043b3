//! A run in progress: it takes batches, runs steps on the engine and gives events. This is the only loop body. The caller (a
//! thread, a worker, a test) decides when it runs. Nothing here blocks or touches a file.

mod evaluate;
mod evaluation;
mod explain;
mod kept;
mod own_text;
mod readback;
mod sample;
mod show;
mod spoiled;

pub use sample::proposals;
pub use show::{OWN_SLOTS, Shown};
pub use spoiled::SPOILED_ROWS;

use super::engine::Engine;
use super::event::{BatchSample, Clock, StepMetrics};
use super::metrics::{self, LossWeights, Measured};
use super::padding::Padding;
use super::rules::RuleRows;
use super::schedule::{self, HANDOVER_CHECK_EVERY, Source};
use super::shares::TokenShares;
use super::step;
use super::swaps::{Spoiled, Swaps};
use crate::batch::{Batch, Cursor, HeldOut, Loader, StepTotals};
use crate::config::{Config, Replacements};
use crate::model::Model;
use crate::model::io::Io;
use crate::objective::{self, Head};
use crate::ops::optimizer;
use crate::plan::{Runs, Stage, Step};
use crate::text::tokenizer::Tokenizer;
use crate::{Error, Result};
use evaluation::Evaluation;
use own_text::OwnRow;
use readback::Readback;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use web_time::Instant;

/// The seed of the noise in the held-out evaluation's samples. It is the same in every run.
const EVAL_SEED: u64 = 0x6576_616c;
/// The largest number of optimizer steps whose numbers may still be on their way from the device.
const PENDING_MAX: usize = 4;

/// How many dispatches are timed on a device before the run looks for commands.
const TIMED_DISPATCHES: usize = 64;

/// What a session is made from.
pub struct Parts {
    pub config: Config,
    pub model: Model,
    pub engine: Engine,
    pub loader: Loader,
    pub held_out: HeldOut,
    /// The rows of the readout. The readout stage of the model has their shape.
    pub readout_rows: HeldOut,
    /// Stories of the built-in grammar, if the run trains on the built-in text.
    pub rules: Option<RuleRows>,
    /// Swaps in held-out text, if the run trains a judge.
    pub swaps: Option<Swaps>,
    /// How often each token was replaced in the latest steps.
    pub shares: TokenShares,
    pub tokenizer: Arc<Tokenizer>,
    /// Occurrences of each id in the training text.
    pub counts: Vec<u64>,
    /// The unigram entropy of the held-out text, in nats.
    pub unigram_entropy: f64,
    /// The share of the held-out tokens that the tokenizer does not know.
    pub unknown_share: f64,
    /// What was hidden of the networks that the engine holds.
    pub padding: Padding,
    pub seed: u64,
    pub planned_steps: u64,
}

/// The step that is under way.
struct InStep {
    batches: Vec<Batch>,
    cursor: Cursor,
    tokens: usize,
    lr: f64,
    /// The number of the batch that is in the engine.
    micro: usize,
    /// The dispatches of this batch that have not run yet.
    left: Range<usize>,
    /// The source before this step checked for the handover, if it did. A checkpoint of the step before must hold this one.
    source_before: Option<Source>,
}

/// How far a slice came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// The slice ended within a step.
    Within,
    /// The end of the stage that was asked for.
    Stage,
    /// The step is complete.
    Step,
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

/// Numbers of the step that is under way, which somebody has waited for in the middle of it.
struct Early {
    step: u64,
    executed: Instant,
    words: Vec<u32>,
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
    readout_rows: HeldOut,
    rules: Option<RuleRows>,
    swaps: Option<Swaps>,
    shares: TokenShares,
    counts: Vec<u64>,
    unigram_entropy: f64,
    unknown_share: f64,
    padding: Padding,
    /// A view is watching: evaluations keep examples.
    watched: bool,
    in_step: Option<InStep>,
    evaluation: Option<Box<Evaluation>>,
    own_text: Option<OwnRow>,
    /// Sentences of new text with one wrong word, which every readout shows.
    spoiled: Vec<Spoiled>,
    /// Whether a sample of the next step that arrives was asked for, and the first row to show.
    sample_wanted: bool,
    sample_row: usize,
    /// The step block of the step that is under way. A readout or an evaluation puts it back afterwards.
    block: Step,
    /// Completed (submitted) optimizer steps.
    step: u64,
    source: Source,
    tokens_seen: u64,
    pending: VecDeque<Pending>,
    early: Vec<Early>,
    spare: Vec<Vec<Batch>>,
    readback: Readback,
    words: Vec<u32>,
    eval_batch: Batch,
    clock: WallClock,
}

/// Wall time of the run, over all its sittings.
struct WallClock {
    started: Instant,
    before_secs: f64,
    last_step_at: f64,
}

impl WallClock {
    fn secs(&self) -> f64 {
        self.at(Instant::now())
    }

    fn at(&self, then: Instant) -> f64 {
        self.before_secs + then.saturating_duration_since(self.started).as_secs_f64()
    }

    /// A step begins. The time between the previous step and this one belongs to neither.
    fn begin_step(&mut self) {
        self.last_step_at = self.secs();
    }

    /// The seconds of a step that ended at `then`, since the end of the step before or its own beginning.
    fn lap(&mut self, then: Instant) -> f64 {
        let then = self.at(then);
        then - std::mem::replace(&mut self.last_step_at, then)
    }
}

/// Where a session is, for its checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Position {
    pub step: u64,
    pub cursor: Cursor,
    pub source: Source,
    pub tokens_seen: u64,
    pub elapsed_secs: f64,
}

/// What the session gives after all numbers of a step have arrived.
#[derive(Debug)]
pub enum Arrived {
    Step(Box<StepMetrics>),
    /// A few rows of a step's batch, if somebody asked for them.
    Sample(Box<BatchSample>),
    /// A gradient norm was not finite, so no update since then changed the weights.
    NonFinite {
        step: u64,
        cursor: Cursor,
    },
}

impl Session {
    /// The engine must already hold weights and moments. `position`: where a resumed run is.
    pub fn new(parts: Parts, position: Option<Position>) -> Result<Self> {
        let Parts { config, model, mut engine, mut loader, held_out, readout_rows, rules, swaps, .. } = parts;
        let Parts { shares, tokenizer, counts, .. } = parts;
        let io = model.io.clone().ok_or_else(|| Error::failed("not-recorded-for-training"))?;
        let rows = model.spec.shape.main.vocab as usize;
        engine.write(&model.source, &replacement_table(&config, &tokenizer, &counts, rows));
        let at = position.unwrap_or(Position {
            step: 0,
            cursor: loader.cursor(),
            source: Source::default(),
            tokens_seen: 0,
            elapsed_secs: 0.0,
        });
        loader.seek(at.cursor)?;
        let eval_batch = held_out.buffer();
        let spoiled = match (&swaps, &model.readout) {
            (Some(swaps), Some(readout)) => {
                let room = (readout.size.rows as usize).saturating_sub(readout_rows.rows() + 1);
                swaps.spoiled(&tokenizer, room.min(SPOILED_ROWS as usize), readout.size.row_len as usize)
            }
            _ => Vec::new(),
        };
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
            readout_rows,
            rules,
            swaps,
            shares,
            counts,
            unigram_entropy: parts.unigram_entropy,
            unknown_share: parts.unknown_share,
            padding: parts.padding,
            watched: false,
            in_step: None,
            evaluation: None,
            own_text: None,
            spoiled,
            sample_wanted: false,
            sample_row: 0,
            block: Step::seeded(parts.seed, at.step),
            step: at.step,
            source: at.source,
            tokens_seen: at.tokens_seen,
            pending: VecDeque::with_capacity(PENDING_MAX),
            early: Vec::new(),
            spare: Vec::with_capacity(PENDING_MAX),
            readback: Readback::default(),
            words: Vec::new(),
            eval_batch,
            clock: WallClock { started: Instant::now(), before_secs: at.elapsed_secs, last_step_at: at.elapsed_secs },
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

    /// How often each token was replaced in the latest steps. A checkpoint keeps it.
    pub fn shares(&self) -> &TokenShares {
        &self.shares
    }

    pub fn unigram_entropy(&self) -> f64 {
        self.unigram_entropy
    }

    fn judged(&self) -> bool {
        objective::have(self.model.spec.shape.passes, Head::Rtd)
    }

    fn loss_weights(&self) -> LossWeights {
        metrics::loss_weights(&self.config)
    }

    /// Tells the session that a view is watching, so that evaluations keep examples.
    pub fn watch(&mut self) {
        self.watched = true;
    }

    /// Whether a step is under way.
    pub fn in_step(&self) -> bool {
        self.in_step.is_some()
    }

    /// Whether the step that is under way has begun to change the weights. Until it is complete, the weights belong to no step.
    pub fn updating(&self) -> bool {
        let update = self.model.plan.stage(Stage::UPDATE);
        self.in_step.as_ref().is_some_and(|now| now.left.start > update.start)
    }

    /// The last finished stage of the micro-batch that is under way.
    pub fn stage(&self) -> Option<Stage> {
        let now = self.in_step.as_ref()?;
        let plan = &self.model.plan;
        let done = |stage: &Stage| plan.stage(*stage).end <= now.left.start;
        let before_update = plan.stages().filter(|(_, runs, _)| matches!(runs, Runs::First | Runs::Each));
        before_update.map(|(stage, ..)| stage).rfind(done)
    }

    /// Submits one optimizer step, or the rest of it, in slices of `budget`. Adds the steps whose numbers have arrived to
    /// `arrived`.
    pub async fn advance(&mut self, budget: Duration, arrived: &mut Vec<Arrived>) -> Result<()> {
        while self.slice(budget, None, arrived).await? != Reached::Step {}
        Ok(())
    }

    /// Submits one slice of the step that is under way, or of the next one. The slice does not pass the end of stage `until`, if
    /// the micro-batch has not passed it yet. Slices do not change any number.
    pub async fn slice(
        &mut self,
        budget: Duration,
        until: Option<Stage>,
        arrived: &mut Vec<Arrived>,
    ) -> Result<Reached> {
        self.begin_step(arrived).await?;
        let Self { in_step: Some(now), engine, model, .. } = self else { unreachable!("it was begun") };
        let stop = until.map(|stage| model.plan.stage(stage).end).filter(|stop| now.left.contains(stop));
        let slice = now.left.start..stop.unwrap_or(now.left.end);
        now.left.start = engine.run(slice, budget).await?;
        if now.left.is_empty() {
            return self.end_micro(arrived).await;
        }
        Ok(if stop == Some(now.left.start) { Reached::Stage } else { Reached::Within })
    }

    /// Runs some dispatches of the step that is under way, or of the next one, and times each of them: `best[i]` becomes the shortest
    /// time of dispatch i of the plan. The step gives the same numbers as [`Session::advance`]. Returns false too if the device's
    /// clock cannot be trusted.
    pub async fn slice_timed(&mut self, best: &mut [f64], arrived: &mut Vec<Arrived>) -> Result<(Reached, bool)> {
        self.begin_step(arrived).await?;
        let Self { in_step: Some(now), engine, .. } = self else { unreachable!("it was begun") };
        // A device is waited for after every slice. The processor is not, and one of its dispatches may take long.
        let most = if engine.clock() == Some(Clock::Processor) { 1 } else { TIMED_DISPATCHES };
        let range = now.left.start..now.left.end.min(now.left.start + most);
        now.left.start = range.end;
        let times = engine.profile(range.clone()).await?;
        let believable = times.is_some();
        range.zip(times.unwrap_or_default()).for_each(|(i, secs)| best[i] = best[i].min(secs));
        let reached = if now.left.is_empty() { self.end_micro(arrived).await? } else { Reached::Within };
        Ok((reached, believable))
    }

    async fn begin_step(&mut self, arrived: &mut Vec<Arrived>) -> Result<()> {
        if self.in_step.is_some() {
            return Ok(());
        }
        let mut source_before = None;
        if self.step.is_multiple_of(HANDOVER_CHECK_EVERY) && self.step > 0 {
            self.settle(arrived).await?;
            source_before = Some(self.source);
            self.source.check_handover(&self.config, self.step, self.planned_steps);
        }
        if self.pending.is_empty() {
            self.clock.begin_step();
        }
        let mut batches = self.spare.pop().unwrap_or_else(|| self.loader.step_buffers());
        let cursor = self.loader.cursor();
        let totals = self.loader.fill(self.step, &mut batches)?;
        let lr = schedule::learning_rate(&self.config, self.step, self.planned_steps);
        self.block = self.step_block(&totals, lr);
        self.in_step = Some(InStep { batches, cursor, tokens: totals.tokens, lr, micro: 0, left: 0..0, source_before });
        self.begin_micro(0);
        Ok(())
    }

    /// Hands micro-batch number `micro` to the engine.
    fn begin_micro(&mut self, micro: usize) {
        let Self { in_step: Some(now), engine, io, words, block, model, .. } = self else { return };
        step::load(engine, io, block, &now.batches[micro], words);
        (now.micro, now.left) = (micro, model.plan.micro(micro == 0, micro + 1 == now.batches.len()));
    }

    /// The micro-batch in the engine is done. Begins the next one, or ends the step.
    async fn end_micro(&mut self, arrived: &mut Vec<Arrived>) -> Result<Reached> {
        self.engine.collect(self.step);
        let Some(now) = &self.in_step else { unreachable!("it ran just now") };
        let (next, batch) = (now.micro + 1, &now.batches[now.micro]);
        if next < now.batches.len() {
            step::move_on(&mut self.block, batch);
            self.begin_micro(next);
            return Ok(Reached::Within);
        }
        let Some(InStep { batches, cursor, tokens, lr, .. }) = self.in_step.take() else { unreachable!("as above") };
        self.pending.push_back(Pending { step: self.step, lr, cursor, batches, arrived: 0, tokens: tokens as u64 });
        self.step += 1;
        self.take_in(self.pending.len() >= PENDING_MAX, arrived).await?;
        Ok(Reached::Step)
    }

    /// Puts the step block back after a readout or an evaluation.
    fn put_back(&mut self) {
        self.engine.set_step(&self.block);
    }

    fn step_block(&self, totals: &StepTotals, lr: f64) -> Step {
        let (c, step) = (&self.config, self.step);
        let rates = step::Rates::of(c, step, lr);
        let seeded = (self.seed, step);
        let block = step::block(self.model.spec.shape.passes, self.loss_weights(), totals, seeded, rates);
        let source_threshold = schedule::threshold(self.source.share(c, step));
        Step { source_threshold, inv_temperature: self.inv_temperature(), ..block }
    }

    /// For a batch that is only looked at.
    fn block_to_look(&self, number: u64) -> Step {
        Step { inv_temperature: self.inv_temperature(), ..Step::seeded(EVAL_SEED, number) }
    }

    fn inv_temperature(&self) -> f32 {
        1.0 / schedule::temperature(&self.config, self.step, self.planned_steps) as f32
    }

    /// Waits for every number that is under way.
    pub async fn settle(&mut self, arrived: &mut Vec<Arrived>) -> Result<()> {
        self.take_in(true, arrived).await
    }

    async fn take_in(&mut self, wait: bool, arrived: &mut Vec<Arrived>) -> Result<()> {
        let (passes, weights) = (self.model.spec.shape.passes, self.loss_weights());
        let Self { engine, io, pending, early, readback, spare, source, shares, tokens_seen, clock, tokenizer, .. } =
            self;
        let (sample_wanted, sample_row) = (&mut self.sample_wanted, &mut self.sample_row);
        let before = std::mem::take(early);
        let mut take = |step: u64, executed, words: Cow<[u32]>| {
            let Some(front) = pending.front_mut().filter(|front| front.step == step) else {
                return early.push(Early { step, executed, words: words.into_owned() });
            };
            let words = &*words;
            let out = io.outputs(words);
            readback.add(passes, &out, &front.batches[front.arrived], shares);
            readback.count(&front.batches[front.arrived].eligible, shares);
            if std::mem::take(sample_wanted) {
                let seen = sample::Seen::of_outputs(&front.batches[front.arrived], words, io, passes);
                let first_row = sample::next_rows(sample_row, &front.batches, front.arrived);
                let sample = sample::batch(&seen, tokenizer, weights, first_row);
                arrived.push(Arrived::Sample(Box::new(BatchSample { step: front.step + 1, ..sample })));
            }
            front.arrived += 1;
            if front.arrived < front.batches.len() {
                return;
            }
            let Some(done) = pending.pop_front() else { return };
            let measured = readback.fold.finish(weights);
            // The guard of the last group includes those of the groups before it. Groups that a plan lacks are zeros.
            let guards = || (0..optimizer::GROUPS_MAX as usize).map(|group| out.guard(group));
            if guards().any(|guard| guard.stopped_at.is_some()) {
                arrived.push(Arrived::NonFinite { step: done.step, cursor: done.cursor });
            } else {
                *tokens_seen += done.tokens;
                shares.end_step();
                source.observe(measured.metrics.rtd_auc);
                let norm = guards().map(|guard| f64::from(guard.norm).powi(2)).sum::<f64>().sqrt();
                let secs = (clock.lap(executed), clock.at(executed));
                arrived.push(Arrived::Step(Box::new(step_metrics(&done, measured, norm, *tokens_seen, secs))));
            }
            spare.push(done.batches);
        };
        before.into_iter().for_each(|early| take(early.step, early.executed, early.words.into()));
        engine.drain(wait, |step, executed, blocks| take(step, executed, blocks[0].into())).await
    }

    /// Where the session is after its last complete step. Every number must have arrived.
    pub fn position(&self) -> Position {
        assert!(self.pending.is_empty() && !self.updating(), "settle before a checkpoint");
        let now = self.in_step.as_ref();
        Position {
            step: self.step,
            cursor: now.map_or_else(|| self.loader.cursor(), |now| now.cursor),
            source: now.and_then(|now| now.source_before).unwrap_or(self.source),
            tokens_seen: self.tokens_seen,
            elapsed_secs: self.clock.secs(),
        }
    }

    /// Forgets the step that is under way, as if it had not begun. Its update must not have begun, and every number must have arrived.
    ///
    /// # Errors
    /// The text has no such place.
    pub fn drop_step(&mut self) -> Result<()> {
        assert!(self.pending.is_empty() && !self.updating(), "settle before a step is dropped");
        let Some(dropped) = self.in_step.take() else { return Ok(()) };
        self.source = dropped.source_before.unwrap_or(self.source);
        self.early.clear();
        self.spare.push(dropped.batches);
        self.loader.seek(dropped.cursor)
    }

    /// Goes back to where the session was, between two steps. The weights stay as they are. Every number must have arrived.
    ///
    /// # Errors
    /// The text has no such place.
    pub fn return_to(&mut self, at: Position, shares: TokenShares) -> Result<()> {
        assert!(self.pending.is_empty() && self.in_step.is_none(), "settle before going back");
        self.loader.seek(at.cursor)?;
        (self.step, self.source, self.tokens_seen) = (at.step, at.source, at.tokens_seen);
        self.shares = shares;
        self.clock = WallClock { started: Instant::now(), before_secs: at.elapsed_secs, last_step_at: at.elapsed_secs };
        Ok(())
    }
}

/// `secs`: the seconds that the step took, and the seconds of the run when the step was done.
fn step_metrics(
    done: &Pending,
    measured: Measured,
    norm: f64,
    tokens_seen: u64,
    (secs, at_secs): (f64, f64),
) -> StepMetrics {
    StepMetrics {
        step: done.step + 1,
        metrics: measured.metrics,
        lr: Some(done.lr),
        grad_norm: Some(norm),
        tokens_per_sec: (secs > 0.0).then(|| done.tokens as f64 / secs),
        elapsed_secs: Some(at_secs),
        tokens_seen,
    }
}

/// The fixed distribution of replacements over the `rows` of the word embeddings. Special tokens and rows beyond the tokenizer are never
/// drawn.
fn replacement_table(c: &Config, tokenizer: &Tokenizer, counts: &[u64], rows: usize) -> Vec<u32> {
    let specials = tokenizer.specials();
    let uniform = matches!(c.replacements, Replacements::Uniform | Replacements::UniformToGenerator);
    let weight = |id: usize| match (specials.excludes(id as u32), uniform) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => counts[id],
    };
    let mut weights: Vec<u64> = (0..tokenizer.vocab_size()).map(weight).collect();
    weights.resize(rows.max(weights.len()), 0);
    schedule::source_table(&weights)
}
