//! The heads: each computes the result of a pass from an encoder's output. There is one file for each head, and all have one shape:
//! the entries of its parameters, a forward that writes its results and its loss's gradient, a backward, and a measure of its loss
//! on the host.

pub mod mlm;
mod reading;
pub mod rtd;

use super::encoder::Lookup;
use super::io::{Io, Outputs};
use super::ledger::{Entry, Named, Rules, Tower};
use crate::batch::{Batch, StepTotals};
use crate::objective::{At, Head};
use crate::plan::{Recorder, Tensor};

pub use reading::Reading;

/// The parameters that a head has of its own.
pub fn entries(list: &mut Vec<Entry>, head: Head, network: Named, tower: &Tower, rules: &Rules) {
    match head {
        Head::Mlm => mlm::entries(list, network, tower, rules),
        Head::Rtd => rtd::entries(list, network, tower, rules),
    }
}

/// A head's parameters, or their gradients.
pub enum Weights {
    Mlm(mlm::Weights),
    Rtd(rtd::Weights),
}

/// What a head keeps for its backward.
pub enum Saved {
    Mlm(mlm::Saved),
    Rtd(rtd::Saved),
}

impl Weights {
    pub fn new(head: Head, lookup: &Lookup) -> Self {
        match head {
            Head::Mlm => Self::Mlm(mlm::Weights::new(lookup)),
            Head::Rtd => Self::Rtd(rtd::Weights::new(lookup)),
        }
    }

    /// h: (N, C) -> results in `io`. `d`: the gradients' tensors, if a backward follows.
    pub fn forward(&self, r: &mut Recorder, d: Option<&Self>, h: &Tensor, reading: &Reading) -> Saved {
        match self {
            Self::Mlm(p) => Saved::Mlm(mlm::forward(r, p, d.map(Self::mlm), h, reading)),
            Self::Rtd(p) => Saved::Rtd(rtd::forward(r, p, h, reading)),
        }
    }

    /// Adds the gradients of the head's weights -> dh: (N, C)
    pub fn backward(&self, r: &mut Recorder, d: &Self, saved: &Saved, io: &Io) -> Tensor {
        match (self, saved) {
            (Self::Mlm(p), Saved::Mlm(saved)) => mlm::backward(r, p, d.mlm(), saved, io),
            (Self::Rtd(p), Saved::Rtd(saved)) => rtd::backward(r, p, d.rtd(), saved),
            _ => unreachable!("a head saves its own kind"),
        }
    }

    fn mlm(&self) -> &mlm::Weights {
        match self {
            Self::Mlm(weights) => weights,
            Self::Rtd(_) => unreachable!("the gradients are made for the same heads"),
        }
    }

    fn rtd(&self) -> &rtd::Weights {
        match self {
            Self::Rtd(weights) => weights,
            Self::Mlm(_) => unreachable!("the gradients are made for the same heads"),
        }
    }
}

/// The sum of a loss over the positions of one micro-batch that count, in nats, from what the device returned.
pub fn measure(head: Head, at: At, out: &Outputs, batch: &Batch) -> f64 {
    match head {
        Head::Mlm => mlm::measure(out, batch),
        Head::Rtd => rtd::measure(at, out, batch),
    }
}

/// The number of positions in an optimizer step whose loss counts. The sum of the loss is divided by it.
pub fn positions(head: Head, at: At, totals: &StepTotals) -> usize {
    match (head, at) {
        (_, At::Tokens) => totals.tokens,
        // Two slots on one token count as two guesses, but as one judgement.
        (Head::Mlm, At::Slots) => totals.slots,
        (Head::Rtd, At::Slots) => totals.hidden,
    }
}
