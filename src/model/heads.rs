//! The two heads: words for the masked slots (generator), replaced or not for every token (discriminator).

use super::encoder::Lookup;
use crate::ops::layernorm::{self, Affine, Normed};
use crate::ops::matmul::{self, Linear};
use crate::ops::vocab::{self, Slots};
use crate::ops::{Dropout, gather, gelu, rtd};
use crate::plan::{Recorder, Tensor};

/// dense (E, C) with GELU, normalisation, then the word embeddings transposed plus a bias (V).
pub struct MlmWeights {
    dense: Linear,
    norm: Affine,
    /// Word embeddings and output bias.
    output: Linear,
}

impl MlmWeights {
    pub fn new(lookup: &Lookup) -> Self {
        Self {
            dense: lookup.linear("generator_predictions.dense"),
            norm: lookup.affine("generator_predictions.LayerNorm"),
            output: Linear {
                w: lookup.operand("electra.embeddings.word_embeddings.weight"),
                b: lookup.tensor("generator_lm_head.bias"),
            },
        }
    }
}

/// What the masked-language-model head keeps for its backward.
pub struct MlmSaved {
    picked: Tensor,
    dense_pre: Tensor,
    norm: Normed,
    /// The gradient of `norm.y`, complete once every chunk ran.
    dnorm: Option<Tensor>,
}

/// The slots of a batch as the generator's head sees them.
pub struct MlmSlots<'a> {
    pub position: &'a Tensor,
    pub slots: &'a Slots,
    pub temperature: f32,
}

/// Bytes of logits one chunk of slots may take: small enough for a processor's cache to help, and for a default binding.
const CHUNK_BYTES: u64 = 32 << 20;

/// h (N, C) -> a proposal, a loss and a sample for every slot. With `d`, the softmax's gradient follows each chunk at once, so that
/// the (S, V) logits never exist whole; without, the logits of all slots are returned to look at.
pub fn mlm_forward(
    r: &mut Recorder,
    p: &MlmWeights,
    d: Option<&MlmWeights>,
    h: &Tensor,
    i: &MlmSlots,
    eps: f32,
) -> MlmSaved {
    let [s] = i.position.dims();
    let [v, e] = p.output.w.dims();
    let picked = gather::forward(r, "mlm.picked", h, i.position);
    let (dense_pre, dense) = matmul::forward_gelu(r, "mlm.dense", &picked, &p.dense);
    let norm = layernorm::forward(r, "mlm.norm", &dense, &p.norm, eps, 1, Dropout::OFF);
    let dnorm = d.map(|_| r.activation("d.mlm.norm", &[s, e]));
    let chunk = chunk_rows(r, v);
    for first in (0..s).step_by(chunk as usize) {
        let rows = chunk.min(s - first);
        let x = norm.y.rows(first, rows);
        let logits = matmul::logits(r, "mlm.logits", &x, &p.output);
        let lse = vocab::forward(r, &logits, i.slots, first, i.temperature);
        if let (Some(d), Some(dnorm)) = (d, &dnorm) {
            vocab::backward(r, &logits, i.slots, first, &lse);
            matmul::backward_input_into(r, &logits, &p.output.w, &dnorm.rows(first, rows));
            matmul::backward_params(r, &x, &logits, &d.output);
        }
    }
    MlmSaved { picked, dense_pre, norm, dnorm }
}

/// Slots a chunk: a multiple of the binding alignment of whatever is stored.
fn chunk_rows(r: &Recorder, v: u32) -> u32 {
    let align = r.stored.align();
    let bytes = CHUNK_BYTES.min(r.limits.binding_bytes_max);
    ((bytes / (u64::from(v) * 4)) as u32 / align * align).max(align)
}

/// The rest of the head's backward. -> dh (N, C)
pub fn mlm_backward(
    r: &mut Recorder,
    p: &MlmWeights,
    d: &MlmWeights,
    saved: &MlmSaved,
    (token_slot, slot_next): (&Tensor, &Tensor),
) -> Tensor {
    let dnorm = saved.dnorm.as_ref().expect("the forward was recorded with gradients");
    let ddense = layernorm::backward(r, &saved.norm, &p.norm, &d.norm, dnorm);
    let dpre = gelu::backward(r, "d.mlm.pre", &ddense, &saved.dense_pre);
    matmul::backward_params(r, &saved.picked, &dpre, &d.dense);
    let dpicked = matmul::backward_input(r, "d.mlm.picked", &dpre, &p.dense.w);
    gather::backward(r, "d.mlm.h", &dpicked, token_slot, slot_next)
}

/// dense (C, C) with GELU, then one unit.
pub struct RtdWeights {
    dense: Linear,
    prediction: Linear,
}

impl RtdWeights {
    pub fn new(lookup: &Lookup) -> Self {
        Self {
            dense: lookup.linear("discriminator_predictions.dense"),
            prediction: lookup.linear("discriminator_predictions.dense_prediction"),
        }
    }
}

/// What the detection head keeps for its backward.
pub struct RtdSaved {
    h: Tensor,
    dense_pre: Tensor,
    dense: Tensor,
    dlogits: Tensor,
}

/// What the judgement is compared with, and where it is written. attention, corrupted, replaced: (B, T); token_out: (N, 2)
pub struct RtdTarget<'a> {
    pub attention: &'a Tensor,
    pub corrupted: &'a Tensor,
    pub replaced: &'a Tensor,
    pub token_out: &'a Tensor,
}

/// h (N, C) -> a judgement of every token
pub fn rtd_forward(r: &mut Recorder, p: &RtdWeights, h: &Tensor, target: &RtdTarget) -> RtdSaved {
    let (dense_pre, dense) = matmul::forward_gelu(r, "rtd.dense", h, &p.dense);
    let logits = matmul::logits(r, "rtd.logits", &dense, &p.prediction);
    let labels = (target.corrupted, target.replaced);
    let dlogits = rtd::loss(r, &logits, target.attention, labels, target.token_out);
    RtdSaved { h: h.clone(), dense_pre, dense, dlogits }
}

/// -> dh (N, C)
pub fn rtd_backward(r: &mut Recorder, p: &RtdWeights, d: &RtdWeights, saved: &RtdSaved) -> Tensor {
    matmul::backward_params(r, &saved.dense, &saved.dlogits, &d.prediction);
    let dpre = matmul::backward_input_gelu(r, "d.rtd.pre", &saved.dlogits, &p.prediction.w, &saved.dense_pre);
    matmul::backward_params(r, &saved.h, &dpre, &d.dense);
    matmul::backward_input(r, "d.rtd.h", &dpre, &p.dense.w)
}
