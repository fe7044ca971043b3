//! Masked language modelling: for each slot a distribution over the vocabulary, its loss against the original, and a sample.

use super::Reading;
use crate::batch::Batch;
use crate::model::encoder::Lookup;
use crate::model::io::{Io, Outputs};
use crate::model::ledger::{Entry, Named, Rules, Tower, WORD_EMBEDDINGS, affine, bias, linear};
use crate::ops::layernorm::{self, Affine, Normed};
use crate::ops::matmul::{self, Linear};
use crate::ops::{Dropout, gather, gelu, vocab};
use crate::plan::{Recorder, Tensor};

/// The names in Hugging Face's ElectraForMaskedLM.
const DENSE: &str = "generator_predictions.dense";
const NORM: &str = "generator_predictions.LayerNorm";
/// The bias of each word in the output.
pub const WORD_BIAS: &str = "generator_lm_head.bias";

pub fn entries(list: &mut Vec<Entry>, network: Named, t: &Tower, rules: &Rules) {
    linear(list, network, DENSE, [t.embedding, t.hidden], rules.matrix(t.hidden));
    affine(list, network, NORM, t.embedding);
    bias(list, network, WORD_BIAS, t.vocab);
}

/// dense (E, C) with GELU, normalisation, then the word embeddings transposed plus a bias (V).
pub struct Weights {
    dense: Linear,
    norm: Affine,
    /// Word embeddings and output bias.
    output: Linear,
}

impl Weights {
    pub fn new(lookup: &Lookup) -> Self {
        Self {
            dense: lookup.linear(DENSE),
            norm: lookup.affine(NORM),
            output: Linear { w: lookup.operand(WORD_EMBEDDINGS), b: lookup.tensor(WORD_BIAS) },
        }
    }
}

/// What the head keeps for its backward.
pub struct Saved {
    picked: Tensor,
    dense_pre: Tensor,
    norm: Normed,
    /// The gradient of `norm.y`, complete after every chunk has run.
    dnorm: Option<Tensor>,
}

/// How many bytes the logits of a chunk of slots may take. It is small enough for a default binding, and for a processor's cache to
/// help.
const CHUNK_BYTES: u64 = 32 << 20;

/// h (N, C) -> a proposal, a loss and a sample for every slot. With `d`, the softmax's gradient follows each chunk at once, so that
/// the (S, V) logits never exist whole. Without `d`, the logits of all slots are returned.
pub fn forward(r: &mut Recorder, p: &Weights, d: Option<&Weights>, h: &Tensor, reading: &Reading) -> Saved {
    let (slots, position) = (&reading.io.slots, &reading.io.slot_position);
    let [s] = position.dims();
    let [v, e] = p.output.w.dims();
    let picked = gather::forward(r, "mlm.picked", h, position);
    let (dense_pre, dense) = matmul::forward_gelu(r, "mlm.dense", &picked, &p.dense);
    let norm = layernorm::forward(r, "mlm.norm", &dense, &p.norm, reading.eps, 1, Dropout::OFF);
    let dnorm = d.map(|_| r.activation("d.mlm.norm", &[s, e]));
    let chunk = chunk_rows(r, v);
    for first in (0..s).step_by(chunk as usize) {
        let rows = chunk.min(s - first);
        let x = norm.y.rows(first, rows);
        let logits = matmul::logits(r, "mlm.logits", &x, &p.output);
        let lse = vocab::forward(r, &logits, slots, first);
        if let (Some(d), Some(dnorm)) = (d, &dnorm) {
            vocab::backward(r, &logits, slots, first, &lse, reading.scale);
            matmul::backward_input_into(r, &logits, &p.output.w, &dnorm.rows(first, rows));
            matmul::backward_params(r, &x, &logits, &d.output);
        }
    }
    Saved { picked, dense_pre, norm, dnorm }
}

/// The number of slots in a chunk, a multiple of the alignment that bindings of any storage type need.
fn chunk_rows(r: &Recorder, v: u32) -> u32 {
    let align = r.stored.align();
    let bytes = CHUNK_BYTES.min(r.limits.binding_bytes_max);
    ((bytes / (u64::from(v) * 4)) as u32 / align * align).max(align)
}

/// The rest of the head's backward. -> dh (N, C)
pub fn backward(r: &mut Recorder, p: &Weights, d: &Weights, saved: &Saved, io: &Io) -> Tensor {
    let dnorm = saved.dnorm.as_ref().expect("the forward was recorded with gradients");
    let ddense = layernorm::backward(r, &saved.norm, &p.norm, &d.norm, dnorm);
    let dpre = gelu::backward(r, "d.mlm.pre", &ddense, &saved.dense_pre);
    matmul::backward_params(r, &saved.picked, &dpre, &d.dense);
    let dpicked = matmul::backward_input(r, "d.mlm.picked", &dpre, &p.dense.w);
    gather::backward(r, "d.mlm.h", &dpicked, &io.token_slot, &io.slot_next)
}

/// The sum of the cross-entropies of the used slots, in nats.
pub fn measure(out: &Outputs, batch: &Batch) -> f64 {
    (0..batch.slots).map(|slot| f64::from(out.slot(slot).loss)).sum()
}
