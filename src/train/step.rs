//! Builds one optimizer step: its step block, how a micro-batch is handed to the engine, and the losses that come back.
//! Sessions, drills, fixtures and comparisons all build their steps here.

use super::engine::Engine;
use super::metrics::LossWeights;
use super::schedule;
use crate::batch::{Batch, StepTotals};
use crate::config::Config;
use crate::model::heads;
use crate::model::io::{Io, Outputs};
use crate::objective::{Head, Pass};
use crate::plan::Step;
use crate::plan::step::SCALES;

/// The learning rate of a step, and Adam's corrections of its bias.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    pub lr: f64,
    /// 1 / (1 - beta^t) for both moments, or 1 without correction.
    pub corrections: [f32; 2],
}

impl Rates {
    /// The rates of a step (from 0) under a configuration, at the learning rate `lr`.
    pub fn of(c: &Config, step: u64, lr: f64) -> Self {
        Self { lr, corrections: [c.beta1, c.beta2].map(|beta| schedule::correction(c, beta, step + 1)) }
    }
}

/// The reference code (google-research/electra) adds this to the counts by which losses are divided.
const COUNT_EPS: f64 = 1e-6;

/// The number by which a pass's loss is divided: the positions that it counts in the whole optimizer step.
fn divisor(pass: &Pass, totals: &StepTotals) -> f64 {
    heads::positions(pass.head, pass.at, totals) as f64 + COUNT_EPS
}

/// The step block: random numbers of `seed` and `step`, rates, and each loss's weight over the positions that it counts.
pub fn block(
    passes: &[Pass],
    weights: LossWeights,
    totals: &StepTotals,
    (seed, step): (u64, u64),
    rates: Rates,
) -> Step {
    let mut scales = [0.0; SCALES];
    for (scale, pass) in scales.iter_mut().zip(passes) {
        *scale = (weights.of(pass.head) / divisor(pass, totals)) as f32;
    }
    let [correction1, correction2] = rates.corrections;
    Step { lr: rates.lr as f32, correction1, correction2, scales, ..Step::seeded(seed, step) }
}

/// Hands a micro-batch to the engine. `words` is kept between calls, so that nothing is allocated.
pub fn load(engine: &mut Engine, io: &Io, block: &Step, batch: &Batch, words: &mut Vec<u32>) {
    engine.set_step(block);
    io.pack(batch, words);
    engine.write(&io.input, words);
}

/// Moves the block on to the next micro-batch of the same step: its random numbers come after those of `batch`.
pub fn move_on(block: &mut Step, batch: &Batch) {
    block.row_base += batch.rows as u32;
    block.slot_base += batch.slots as u32;
}

/// The losses of one optimizer step, summed on the host in f64 from what the device returned.
#[derive(Debug, Clone, Default)]
pub struct LossSums {
    sums: [f64; SCALES],
    /// The norm of the gradient, of the first clipping group.
    pub grad_norm: f64,
}

impl LossSums {
    /// Adds a micro-batch.
    pub fn add(&mut self, passes: &[Pass], out: &Outputs, batch: &Batch) {
        for (sum, pass) in self.sums.iter_mut().zip(passes) {
            *sum += heads::measure(pass.head, pass.at, out, batch);
        }
        self.grad_norm = out.guard(0).norm.into();
    }

    /// The mean loss of the first pass with this head; 0 if no pass has it.
    pub fn mean(&self, passes: &[Pass], head: Head, totals: &StepTotals) -> f64 {
        let found = self.sums.iter().zip(passes).find(|(_, pass)| pass.head == head);
        found.map_or(0.0, |(sum, pass)| sum / divisor(pass, totals))
    }
}
