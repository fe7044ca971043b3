//! The outputs of a batch, and the form in which the host gets them.
//! passes over a batch -> [`Outputs`] -> one tensor -> [`words_of`] -> token_out and slot_out as our kernels write them.

use super::towers::{Slots, Text};
use crate::batch::NONE;
use crate::ops::optimizer::GROUPS_MAX;
use burn::tensor::{Int, Tensor};

/// The outputs of a batch so far. In training `text`, `slots` and `loss` are on the autodiff side; the rest never is.
pub struct Outputs {
    pub text: Text,
    pub slots: Slots,
    /// The proposals, once a masked language model has run.
    pub proposed: Option<Proposed>,
    /// (N)
    pub corrupted: Option<Tensor<1, Int>>,
    /// (N)
    pub judged: Option<Tensor<1>>,
    /// The loss of the last pass, until the backward takes it.
    pub loss: Option<Tensor<1>>,
}

/// The outputs of a masked language model for the slots.
pub struct Proposed {
    /// (S, V), until the replacements are made.
    pub logits: Option<Tensor<2>>,
    pub losses: Tensor<1>,
    pub argmax: Tensor<1, Int>,
    pub sampled: Tensor<1, Int>,
}

/// The flag that a norm was not finite. It stays set, as in our own optimizer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Guard {
    /// The step (from 1) at which a norm was not finite.
    pub stopped_at: Option<u32>,
    pub norms: [f32; GROUPS_MAX as usize],
}

impl Outputs {
    /// Everything that goes to the host, in one tensor: judged (N, if it exists), losses, argmax, sampled (S each), corrupted (N,
    /// if it exists). Ids are whole numbers below 2^24, so f32 holds them.
    pub fn results(&self) -> Tensor<1> {
        let mut parts: Vec<Tensor<1>> = self.judged.iter().cloned().collect();
        match &self.proposed {
            Some(Proposed { losses, argmax, sampled, .. }) => {
                parts.extend([losses.clone(), argmax.clone().float(), sampled.clone().float()]);
            }
            None => parts.extend(std::iter::repeat_n(self.slots.used.clone().inner().zeros_like(), 3)),
        }
        parts.extend(self.corrupted.clone().map(|ids| ids.float()));
        Tensor::cat(parts, 0)
    }
}

impl Guard {
    pub fn words(&self) -> [u32; 2 + GROUPS_MAX as usize] {
        let mut words = [0; 2 + GROUPS_MAX as usize];
        words[0] = u32::from(self.stopped_at.is_some());
        words[1] = self.stopped_at.unwrap_or(0);
        for (word, norm) in words[2..].iter_mut().zip(self.norms) {
            *word = norm.to_bits();
        }
        words
    }
}

/// token_out (N, 2) and slot_out (S, 4) as our kernels write them, from [`Outputs::results`].
pub fn words_of(values: &[f32], judged: bool, ids: &[u32], labels: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let (n, s) = (ids.len(), labels.len());
    let (logits, rest) = values.split_at(if judged { n } else { 0 });
    let [losses, argmax, sampled] = [0, 1, 2].map(|i| &rest[i * s..(i + 1) * s]);
    let corrupted = &rest[3 * s..];
    let mut tokens = vec![0; 2 * n];
    for (i, logit) in logits.iter().enumerate() {
        let corrupted = corrupted[i] as u32;
        tokens[2 * i] = logit.to_bits();
        tokens[2 * i + 1] = corrupted * 2 + u32::from(corrupted != ids[i]);
    }
    let mut slots = vec![0; 4 * s];
    for i in (0..s).filter(|&i| labels[i] != NONE) {
        let (argmax, sampled) = (argmax[i] as u32, sampled[i] as u32);
        let flags = u32::from(argmax == labels[i]) | u32::from(sampled == labels[i]) << 1;
        slots[4 * i..][..4].copy_from_slice(&[losses[i].to_bits(), flags, sampled, argmax]);
    }
    (tokens, slots)
}
