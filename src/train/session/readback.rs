//! Unpacks the outputs that the device returns for a batch, for the metrics.

use crate::batch::Batch;
use crate::model::io::Outputs;
use crate::objective::{self, Head, Pass};
use crate::train::metrics::{Fold, Slots, Tokens};
use crate::train::shares::TokenShares;

/// Collected outputs unpacked into the arrays that the metrics read.
#[derive(Default)]
pub(super) struct Readback {
    pub(super) fold: Fold,
    id: Vec<u32>,
    logit: Vec<f32>,
    replaced: Vec<u32>,
    loss: Vec<f32>,
    argmax_hit: Vec<u32>,
    sample_hit: Vec<u32>,
    sampled_id: Vec<u32>,
}

impl Readback {
    /// Adds a micro-batch. `shares` says how often each token was replaced in earlier steps.
    pub(super) fn add(&mut self, passes: &[Pass], out: &Outputs, batch: &Batch, shares: &TokenShares) {
        if objective::have(passes, Head::Rtd) {
            let tokens = || (0..batch.ids.len()).map(|n| out.token(n));
            self.id.clear();
            self.id.extend(tokens().map(|t| t.corrupted_id));
            self.logit.clear();
            self.logit.extend(tokens().map(|t| t.logit));
            self.replaced.clear();
            self.replaced.extend(tokens().map(|t| u32::from(t.replaced)));
            let tokens = Tokens {
                id: &self.id,
                logit: &self.logit,
                replaced: &self.replaced,
                attention: &batch.attention,
                eligible: &batch.eligible,
            };
            self.fold.add_tokens(tokens, shares);
        }
        if !objective::have(passes, Head::Mlm) {
            return;
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

    /// Adds the micro-batch that was added last to the shares of its step.
    pub(super) fn count(&self, eligible: &[u32], shares: &mut TokenShares) {
        for (n, _) in eligible.iter().enumerate().filter(|(n, counts)| **counts == 1 && *n < self.id.len()) {
            shares.count(self.id[n], self.replaced[n] == 1);
        }
    }
}
