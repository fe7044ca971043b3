//! Replaced-token detection: for each token, a dense layer and one unit give the logit that the token was replaced.

use super::Reading;
use crate::batch::{Batch, NONE};
use crate::model::encoder::Lookup;
use crate::model::io::Outputs;
use crate::model::ledger::{Entry, Named, Rules, Tower, linear};
use crate::objective::At;
use crate::ops::matmul::{self, Linear};
use crate::ops::rtd;
use crate::plan::{Recorder, Tensor};

/// The names in Hugging Face's ElectraForPreTraining.
const DENSE: &str = "discriminator_predictions.dense";
const PREDICTION: &str = "discriminator_predictions.dense_prediction";

pub fn entries(list: &mut Vec<Entry>, network: Named, t: &Tower, rules: &Rules) {
    linear(list, network, DENSE, [t.hidden, t.hidden], rules.matrix(t.hidden));
    linear(list, network, PREDICTION, [1, t.hidden], rules.default_dense(t.hidden));
}

/// dense (C, C) with GELU, then one unit.
pub struct Weights {
    dense: Linear,
    prediction: Linear,
}

impl Weights {
    pub fn new(lookup: &Lookup) -> Self {
        Self { dense: lookup.linear(DENSE), prediction: lookup.linear(PREDICTION) }
    }
}

/// What the head keeps for its backward.
pub struct Saved {
    h: Tensor,
    dense_pre: Tensor,
    dense: Tensor,
    dlogits: Tensor,
}

/// h (N, C) -> a judgement of every token, in `io.token_out` (N, 2)
pub fn forward(r: &mut Recorder, p: &Weights, h: &Tensor, reading: &Reading) -> Saved {
    let io = reading.io;
    let (dense_pre, dense) = matmul::forward_gelu(r, "rtd.dense", h, &p.dense);
    let logits = matmul::logits(r, "rtd.logits", &dense, &p.prediction);
    let replaced = reading.replaced.expect("a pass that detects has its labels");
    let text = (reading.ids, replaced);
    let dlogits = rtd::loss(r, &logits, io.counted(reading.at), text, &io.token_out, reading.scale);
    Saved { h: h.clone(), dense_pre, dense, dlogits }
}

/// -> dh (N, C)
pub fn backward(r: &mut Recorder, p: &Weights, d: &Weights, saved: &Saved) -> Tensor {
    matmul::backward_params(r, &saved.dense, &saved.dlogits, &d.prediction);
    let dpre = matmul::backward_input_gelu(r, "d.rtd.pre", &saved.dlogits, &p.prediction.w, &saved.dense_pre);
    matmul::backward_params(r, &saved.h, &dpre, &d.dense);
    matmul::backward_input(r, "d.rtd.h", &dpre, &p.dense.w)
}

/// The sum of the binary cross-entropies, in nats.
pub fn measure(at: At, out: &Outputs, batch: &Batch) -> f64 {
    let counts = |&n: &usize| match at {
        At::Tokens => batch.attention[n] == 1,
        At::Slots => batch.token_slot[n] != NONE,
    };
    let judged = (0..batch.ids.len()).filter(counts).map(|n| out.token(n));
    judged.map(|token| bce_with_logits(token.logit.into(), token.replaced)).sum()
}

/// The binary cross-entropy of one logit, in nats. It is stable for logits of any size.
pub fn bce_with_logits(logit: f64, replaced: bool) -> f64 {
    let toward_label = if replaced { -logit } else { logit };
    toward_label.max(0.0) + (-logit.abs()).exp().ln_1p()
}
