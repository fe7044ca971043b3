//! Training steps on made-up rows, for measuring and checking. The plan, the batches and the step blocks are those of a real run;
//! only the words are random.
//! config -> [`Drill::new`] -> [`Drill::step`], as often as wanted.

use crate::batch::{Batch, Masking, StepTotals, mask};
use crate::config::Config;
use crate::model::io::Io;
use crate::model::{Model, ModelSpec};
use crate::objective::Head;
use crate::plan::{KernelChoices, Step};
use crate::rng::{Key, Sequence, Stream};
use crate::text::tokenizer::Specials;
use crate::train::engine::{Backend, Engine};
use crate::train::event::Preparing;
use crate::train::shelf::Shelf;
use crate::train::{metrics, step, tuning, weights};
use crate::{Error, Result};
use std::time::Duration;
use web_time::Instant;

/// The ids that a trained vocabulary starts with.
const SPECIALS: Specials = Specials { pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 };
const FIRST_WORD: u32 = 5;

/// The results of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepLoss {
    pub mlm_loss: f64,
    pub rtd_loss: f64,
    pub total_loss: f64,
    /// The gradient norm of the last clipping group.
    pub grad_norm: f64,
}

/// The variants for the steps of a drill of `config`. They are known, or measured now and kept, as in [`tuning::choose`].
///
/// # Errors
/// The device failed, or the model does not fit it.
pub async fn choose(
    config: &Config,
    backend: &Backend,
    shelf: &Shelf,
    retune: bool,
    tell: &mut dyn FnMut(Preparing),
) -> Result<KernelChoices> {
    backend.check(config.precision)?;
    Drill::spec(config).check(&backend.limits())?;
    let record = |choices| Model::record(Drill::spec(config), choices, backend.limits()).plan;
    tuning::choose(backend, &record, shelf, retune, tell).await
}

/// A model in training on full rows of random words.
pub struct Drill {
    pub model: Model,
    pub engine: Engine,
    config: Config,
    io: Io,
    seed: u64,
    batches: Vec<Batch>,
    words: Vec<u32>,
    candidates: Vec<u32>,
    /// The time of the host alone, for making batches, writing them and reading results.
    pub host: Duration,
}

impl Drill {
    /// The model, with the whole vocabulary of the preset.
    pub fn spec(config: &Config) -> ModelSpec {
        ModelSpec::from_config(config, config.vocab_size, SPECIALS.pad, None)
    }

    /// Initial weights and rows from `seed`.
    pub async fn new(config: &Config, backend: &Backend, kernels: KernelChoices, seed: u64) -> Result<Self> {
        let spec = Self::spec(config);
        backend.check(config.precision)?;
        spec.check(&backend.limits())?;
        let model = Model::record(spec, kernels, backend.limits());
        let io = model.io.clone().ok_or_else(|| Error::failed("not-recorded-for-training"))?;
        let mut engine = backend.trainer(&model).await?;
        weights::initialise(&model, &mut engine, seed);
        let batches = (0..config.accumulate).map(|micro| rows(config, &io, seed, micro)).collect();
        Ok(Self {
            model,
            engine,
            config: config.clone(),
            io,
            seed,
            batches,
            words: Vec::new(),
            candidates: Vec::new(),
            host: Duration::ZERO,
        })
    }

    /// Tokens that are not padding in a step: the rows are full.
    pub fn tokens(&self) -> u64 {
        u64::from(self.config.rows()) * u64::from(self.config.seq_len)
    }

    /// Micro-batches of a step.
    pub fn micro_batches(&self) -> usize {
        self.batches.len()
    }

    /// Micro-batches a step.
    pub fn accumulate(&self) -> u32 {
        self.config.accumulate
    }

    /// Takes one optimizer step (from 0), with masks, dropout and noise of its own. Its numbers wait to be drained.
    pub async fn step(&mut self, step: u64) -> Result<()> {
        let totals = self.mask(step);
        let mut block = self.block(step, totals);
        let plan = self.model.plan.clone();
        let last = self.batches.len() - 1;
        for micro in 0..=last {
            self.write(micro, &block);
            self.engine.run_all(plan.micro(micro == 0, micro == last)).await?;
            self.engine.collect(step);
            self.move_on(&mut block, micro);
        }
        Ok(())
    }

    /// Moves the block on past micro-batch `micro`.
    pub fn move_on(&self, block: &mut Step, micro: usize) {
        step::move_on(block, &self.batches[micro]);
    }

    /// Hides words, others in each step. Returns the totals by which the losses are divided.
    pub fn mask(&mut self, step: u64) -> StepTotals {
        let started = Instant::now();
        let masking = Masking { mask_prob: self.config.mask_prob, with_replacement: self.config.mask_with_replacement };
        let key = Key::new(self.seed, step, Stream::Mask);
        let mut first_row = 0;
        for batch in &mut self.batches {
            mask::hide(batch, &masking, key, first_row, SPECIALS, &mut self.candidates);
            first_row += batch.rows as u32;
        }
        self.host += started.elapsed();
        StepTotals::of(&self.batches)
    }

    /// The step block of a constant rate.
    pub fn block(&self, step: u64, totals: StepTotals) -> Step {
        let c = &self.config;
        let rates = step::Rates::of(c, step, c.lr);
        step::block(self.model.spec.shape.passes, metrics::loss_weights(c), &totals, (self.seed, step), rates)
    }

    /// Gives the engine micro-batch `micro` and its step block.
    pub fn write(&mut self, micro: usize, block: &Step) {
        let started = Instant::now();
        step::load(&mut self.engine, &self.io, block, &self.batches[micro], &mut self.words);
        self.host += started.elapsed();
    }

    /// The losses of the micro-batches that were collected since the last call, summed as one step.
    pub async fn losses(&mut self) -> Result<StepLoss> {
        let (io, batches, passes) = (&self.io, &self.batches, self.model.spec.shape.passes);
        let (mut sums, mut micro) = (step::LossSums::default(), 0);
        self.engine
            .drain(true, |_, _, blocks| {
                sums.add(passes, &io.outputs(blocks[0]), &batches[micro % batches.len()]);
                micro += 1;
            })
            .await?;
        let totals = StepTotals::of(batches);
        let weights = metrics::loss_weights(&self.config);
        let [mlm_loss, rtd_loss] = [Head::Mlm, Head::Rtd].map(|head| sums.mean(passes, head, &totals));
        let total_loss = weights.mlm * mlm_loss + weights.rtd * rtd_loss;
        Ok(StepLoss { mlm_loss, rtd_loss, total_loss, grad_norm: sums.grad_norm })
    }
}

/// Full rows, `[CLS] words [SEP]`, in which all words are equally likely.
fn rows(config: &Config, io: &Io, seed: u64, micro: u32) -> Batch {
    let (rows, row_len) = (io.size.rows as usize, io.size.row_len as usize);
    let mut batch = Batch::new(rows, row_len, io.size.slots as usize);
    let mut random = Sequence::new(Key::new(seed, micro.into(), Stream::Shuffle), 0);
    let words = (config.vocab_size - FIRST_WORD) as usize;
    for row in batch.ids.chunks_exact_mut(row_len) {
        row.fill_with(|| FIRST_WORD + random.below(words) as u32);
        row[0] = SPECIALS.cls;
        row[row_len - 1] = SPECIALS.sep;
    }
    batch.attention.fill(1);
    batch
}
