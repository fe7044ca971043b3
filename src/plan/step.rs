//! The one block of numbers that changes between steps. Everything else that a plan binds is fixed.

use crate::rng::{Key, Stream};
use bytemuck::{Pod, Zeroable};

/// How many losses one step can weigh: [`Step::scales`] has a number for each pass of the objective.
pub const SCALES: usize = 4;

/// The same as `Step` in `shaders/lib/step.wgsl`: 80 bytes. The shader's `vec4f` begins at a multiple of 16 bytes, so there is a
/// `pad`.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Step {
    pub dropout_key: Key,
    pub gumbel_key: Key,
    pub source_key: Key,
    /// A slot takes its replacement from the fixed distribution (unigram or uniform) if its random word is below this, else from
    /// the network that draws. 0 means always that network, and `u32::MAX` never (except for a share of 2^-32).
    pub source_threshold: u32,
    /// The rows of this optimizer step that ran in earlier micro-batches, and the slots that they used. They place this
    /// micro-batch's random numbers, so that accumulation changes none of them.
    pub row_base: u32,
    pub slot_base: u32,
    /// Completed optimizer steps.
    pub step: u32,
    /// The learning rate of this step.
    pub lr: f32,
    /// 1 / (1 - beta1^t) and 1 / (1 - beta2^t), or 1 without bias correction.
    pub correction1: f32,
    pub correction2: f32,
    /// 1 / temperature of the samples of the network that draws. Its loss is at temperature 1.
    pub inv_temperature: f32,
    pub pad: [u32; 2],
    /// For each loss, its weight divided by the number of positions that it counts in the whole optimizer step. A kernel that
    /// computes the gradient of a loss reads the number whose index is in its `dims`.
    pub scales: [f32; 4],
}

impl Step {
    /// A block with the keys of `step` and temperature 1. Everything else is 0 (no dropout offset, samples of the network that draws,
    /// no update).
    pub fn seeded(seed: u64, step: u64) -> Self {
        Self {
            dropout_key: Key::new(seed, step, Stream::Dropout),
            gumbel_key: Key::new(seed, step, Stream::Gumbel),
            source_key: Key::new(seed, step, Stream::Source),
            step: step as u32,
            inv_temperature: 1.0,
            ..Self::zeroed()
        }
    }
}

const _: () = assert!(size_of::<Step>() == 80 && SCALES == 4);
