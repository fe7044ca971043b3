//! The two lists of a plan: its buffers and its launches.

use super::kernel::{Access, KernelSpec, Variant};
use super::tensor::Tensor;
use std::sync::Arc;

/// What a buffer is for: who writes it and how long it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Parameters,
    Gradients,
    /// Adam's first and second moments.
    Moment1,
    Moment2,
    /// Written by the host before a run.
    Input,
    /// Survives between runs of the plan and is never shared (optimizer state, sampling tables).
    State,
    /// Copied back to the host after each micro-batch.
    Output,
    /// Lives from its first to its last dispatch; shares memory with others.
    Activation,
}

#[derive(Debug, Clone)]
pub struct Buffer {
    pub label: Arc<str>,
    pub role: Role,
    /// Words of 4 bytes.
    pub len: u32,
}

/// One kernel launch.
#[derive(Debug, Clone)]
pub struct Dispatch {
    pub kernel: &'static KernelSpec,
    pub variant: usize,
    /// The shapes for which the variant was chosen, such as `m64n256k64`; empty if there is nothing to choose.
    pub class: Box<str>,
    /// The uniform block, as the shader's `Dims`.
    pub dims: Box<[u8]>,
    /// One for each of the kernel's slots, in their order.
    pub tensors: Box<[Tensor]>,
    /// The number of workgroups. If one axis is too short for them, the executor folds them into two.
    pub groups: u32,
    pub flops: u64,
}

impl Dispatch {
    /// The bytes that the kernel must move at least: every bound range once in each direction.
    pub fn bytes(&self) -> u64 {
        self.kernel
            .slots
            .iter()
            .zip(&self.tensors)
            .map(|(slot, tensor)| tensor.bytes() * if slot.access == Access::Update { 2 } else { 1 })
            .sum()
    }

    pub fn variant(&self) -> &'static Variant {
        &self.kernel.variants[self.variant]
    }
}
