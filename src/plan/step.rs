//! The one block of numbers that changes between steps. Everything else that a plan binds is fixed.

use crate::rng::{Key, Stream};
use bytemuck::{Pod, Zeroable};

/// Losses that one step can weigh: one number of [`Step::scales`] for each pass of the objective.
pub const SCALES: usize = 4;

/// As `Step` in `shaders/lib/step.wgsl`: 80 bytes. The shader's `vec4f` begins at a multiple of 16 bytes, hence `pad`.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Step {
    pub dropout_key: Key,
    pub gumbel_key: Key,
    pub source_key: Key,
    /// A slot takes its replacement from the fixed distribution (unigram or uniform) where its word is below this,
    /// from the generator elsewhere. 0: always the generator; `u32::MAX`: never (but for 2^-32).
    pub source_threshold: u32,
    /// Rows of this optimizer step that ran in earlier micro-batches, and the slots they used: they place this micro-batch's
    /// random numbers, so that accumulation changes none of them.
    pub row_base: u32,
    pub slot_base: u32,
    /// Completed optimizer steps.
    pub step: u32,
    /// The learning rate of this step.
    pub lr: f32,
    /// 1 / (1 - beta1^t) and 1 / (1 - beta2^t), or 1 without bias correction.
    pub correction1: f32,
    pub correction2: f32,
    pub pad: [u32; 3],
    /// For each loss: its weight over the number of positions that it counts in the whole optimizer step. A kernel that makes the
    /// gradient of a loss reads the number whose index its `dims` hold.
    pub scales: [f32; 4],
}

impl Step {
    /// The keys of `step`; everything else 0 (no dropout offset, the generator's samples, no update).
    pub fn seeded(seed: u64, step: u64) -> Self {
        Self {
            dropout_key: Key::new(seed, step, Stream::Dropout),
            gumbel_key: Key::new(seed, step, Stream::Gumbel),
            source_key: Key::new(seed, step, Stream::Source),
            step: step as u32,
            ..Self::zeroed()
        }
    }
}

const _: () = assert!(size_of::<Step>() == 80 && SCALES == 4);
