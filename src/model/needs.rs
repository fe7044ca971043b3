//! Says what a training step of a preset needs: memory by kind, the largest buffer, and how much it computes. It records the plan
//! and never runs it.
//! preset -> recorded plan within WebGPU's default limits -> [`Needs`], for `info` and for whoever asks before a run.

use super::{Model, ModelSpec};
use crate::Result;
use crate::config::{Config, PRESETS};
use crate::message::Message;
use crate::plan::{KernelChoices, Limits, Role};
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Needs {
    pub preset: &'static str,
    /// What the preset is for, in English, as its file says. People read [`Needs::purpose`].
    pub about: String,
    pub parameters: u64,
    pub parameters_bytes: u64,
    pub gradients_bytes: u64,
    pub moments_bytes: u64,
    pub activations_bytes: u64,
    pub peak_bytes: u64,
    /// What a checkpoint copies into main memory: the parameters and both moments.
    pub copied_bytes: u64,
    /// The largest buffer, and the largest range of one that a kernel binds.
    pub buffer_bytes: u64,
    pub binding_bytes: u64,
    pub dispatches: usize,
    pub flops: u64,
    pub rows: u32,
    pub row_tokens: u32,
}

impl Needs {
    /// # Errors
    /// There is no such preset.
    pub fn of(preset: &'static str) -> Result<Self> {
        Self::from_config(&Config::preset(preset)?)
    }

    /// The needs of a configuration.
    ///
    /// # Errors
    /// No device can hold these sizes; the error suggests smaller ones.
    pub fn from_config(config: &Config) -> Result<Self> {
        // The padding's id does not change any size.
        let spec = ModelSpec::from_config(config, config.vocab_size, 0, None);
        spec.check(&Limits::default())?;
        let model = Model::record(spec, KernelChoices::default(), Limits::default());
        let plan = &model.plan;
        let bytes = |role| plan.bytes_of(role);
        let buffer_bytes = plan.buffers.iter().map(|b| u64::from(b.len) * 4).max().unwrap_or(0);
        let bound = plan.dispatches.iter().flat_map(|d| d.tensors.iter()).map(|t| t.bytes());
        let binding_bytes = bound.max().unwrap_or(0);
        let step = plan.step();
        Ok(Self {
            preset: PRESETS.iter().map(|(name, _)| *name).find(|name| *name == config.preset).unwrap_or_default(),
            about: config.about.clone(),
            parameters: model.parameter_count(),
            parameters_bytes: bytes(Role::Parameters),
            gradients_bytes: bytes(Role::Gradients),
            moments_bytes: bytes(Role::Moment1) + bytes(Role::Moment2),
            activations_bytes: bytes(Role::Activation),
            peak_bytes: plan.bytes(),
            copied_bytes: bytes(Role::Parameters) + bytes(Role::Moment1) + bytes(Role::Moment2),
            buffer_bytes,
            binding_bytes,
            dispatches: step.len(),
            flops: plan.flops(step) * u64::from(config.accumulate),
            rows: config.rows(),
            row_tokens: config.seq_len,
        })
    }

    /// What the preset is for, for people.
    pub fn purpose(&self) -> Message {
        match self.preset {
            "nano" => Message::new("preset-nano"),
            "tiny" => Message::new("preset-tiny"),
            "mini" => Message::new("preset-mini"),
            "small" => Message::new("preset-small"),
            "base" => Message::new("preset-base"),
            _ => Message::plain(self.about.clone()),
        }
    }

    /// Whether a device with these limits allows it. No adapter says how much memory is free; the step needs `peak_bytes`.
    pub fn fits(&self, buffer_bytes_max: u64, binding_bytes_max: u64) -> bool {
        self.buffer_bytes <= buffer_bytes_max && self.binding_bytes <= binding_bytes_max
    }
}
