//! The dispatches of a training step, as a view shows them: their sizes, and the time that each of them takes.

use super::finite_or_null;
use crate::plan::Stage;
use serde::{Deserialize, Serialize};

/// Every dispatch of an optimizer step, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kernels {
    /// Completed optimizer steps.
    pub step: u64,
    /// How many steps were timed; 0 if this only lists the dispatches.
    pub timed_steps: u64,
    /// None if nothing was timed, or if the device's clock cannot be trusted.
    pub clock: Option<Clock>,
    #[serde(default)]
    pub roofs: Roofs,
    pub dispatches: Vec<DispatchCost>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// The device's own timestamps.
    Timestamps,
    /// The processor's clock around each twin.
    Processor,
}

/// The measured best of this executor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Roofs {
    /// A copy in memory; bytes read and bytes written both count.
    #[serde(default, with = "finite_or_null")]
    pub copy_gbytes_per_sec: Option<f64>,
    /// A large matrix product.
    #[serde(default, with = "finite_or_null")]
    pub product_gflops_per_sec: Option<f64>,
}

/// One kernel launch of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DispatchCost {
    /// Its number in the plan.
    pub index: u32,
    pub stage: Stage,
    /// `matmul.forward`: file and entry point; [`crate::train::kernels::source`] has its text.
    pub kernel: String,
    pub variant: String,
    pub tensors: Vec<Bound>,
    pub workgroups: u32,
    /// How often it runs in one optimizer step: more than once with accumulation.
    pub times: u32,
    /// The bytes that one run must move, and the FLOPs that it computes.
    pub bytes: u64,
    pub flops: u64,
    /// The shortest of the timed runs.
    #[serde(default, with = "finite_or_null")]
    pub secs: Option<f64>,
}

impl DispatchCost {
    pub fn gbytes_per_sec(&self) -> Option<f64> {
        self.secs.filter(|secs| *secs > 0.0).map(|secs| self.bytes as f64 / secs / 1e9)
    }

    pub fn gflops_per_sec(&self) -> Option<f64> {
        self.secs.filter(|secs| *secs > 0.0).map(|secs| self.flops as f64 / secs / 1e9)
    }
}

/// A tensor as a kernel uses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// Its name in the shader: `x`, `dw`.
    pub slot: String,
    /// Its name in the plan: `discriminator.0.qkv`.
    pub label: String,
    pub shape: Vec<u32>,
    pub reads: bool,
    pub writes: bool,
}
