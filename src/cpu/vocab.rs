//! Twin of `shaders/vocab.wgsl`.

use super::math::{self, exp, gumbel};
use super::par::{self, RowsMut};
use super::{Args, Call};
use crate::batch::NONE;
use crate::ops::vocab::Dims;

/// Per slot: loss, accuracy, sample, argmax and log-sum-exp
pub fn forward(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (logits, labels) = (a.f32(), a.u32());
    let (lse, sampled, slot_out) = (a.f32_mut(), a.u32_mut(), a.u32_mut());
    let v = d.v as usize;
    let all = (RowsMut(lse, 1), RowsMut(sampled, 1), RowsMut(slot_out, 4));
    par::rows(
        d.rows as usize,
        v * 100,
        all,
        #[inline(always)]
        |first, (RowsMut(lse, _), RowsMut(sampled, _), RowsMut(slot_out, _)), n| {
            for i in 0..n {
                let label = labels[first + i];
                let out = &mut slot_out[i * 4..][..4];
                if label == NONE {
                    (lse[i], sampled[i]) = (0.0, 0);
                    out.fill(0);
                    continue;
                }
                let row = &logits[(first + i) * v..][..v];
                let slot = call.step.slot_base + d.first_slot + (first + i) as u32;
                lse[i] = log_sum_exp(row);
                let best = argmax(
                    row,
                    #[inline(always)]
                    |_, x| x,
                );
                sampled[i] = argmax(
                    row,
                    #[inline(always)]
                    |id, x| x * call.step.inv_temperature + gumbel(call.step.gumbel_key.word(id, slot)),
                );
                let flags = u32::from(best == label) | u32::from(sampled[i] == label) << 1;
                out.copy_from_slice(&[(lse[i] - row[label as usize]).to_bits(), flags, sampled[i], best]);
            }
        },
    );
}

/// Elements of a row that stand on the stack at a time.
const BLOCK: usize = 64;

#[inline(always)]
fn log_sum_exp(row: &[f32]) -> f32 {
    let max = math::max(row);
    let (mut sum, mut terms) = (0.0, [0.0; BLOCK]);
    for block in row.chunks(BLOCK) {
        let terms = &mut terms[..block.len()];
        for (term, x) in terms.iter_mut().zip(block) {
            *term = exp(x - max);
        }
        sum += math::sum(
            [terms],
            #[inline(always)]
            |[term]| term,
        );
    }
    max + sum.ln()
}

/// The lowest id with the largest score. Scores are made a block at a time, which vectorises; a block is searched only if it wins.
#[inline(always)]
fn argmax(row: &[f32], score: impl Fn(u32, f32) -> f32) -> u32 {
    let (mut best, mut best_id) = (f32::NEG_INFINITY, 0);
    let mut scores = [0.0; BLOCK];
    for (b, block) in row.chunks(BLOCK).enumerate() {
        let first = (b * BLOCK) as u32;
        for (i, (s, x)) in scores.iter_mut().zip(block).enumerate() {
            *s = score(first + i as u32, *x);
        }
        let scores = &scores[..block.len()];
        let max = math::max(scores);
        if max > best {
            best = max;
            best_id = first + scores.iter().position(|s| *s == max).unwrap_or(0) as u32;
        }
    }
    best_id
}

/// logits become (softmax - onehot(label)) * scale
pub fn backward(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let logits = a.f32_mut();
    let (labels, lse) = (a.u32(), a.f32());
    let v = d.v as usize;
    let scale = call.step.scales[d.scale as usize];
    par::rows(
        d.rows as usize,
        v * 20,
        RowsMut(logits, v),
        #[inline(always)]
        |first, RowsMut(logits, _), _| {
            for (i, row) in logits.chunks_exact_mut(v).enumerate() {
                let (label, lse) = (labels[first + i], lse[first + i]);
                if label == NONE {
                    row.fill(0.0);
                    continue;
                }
                for x in row.iter_mut() {
                    *x = exp(*x - lse) * scale;
                }
                row[label as usize] -= scale;
            }
        },
    );
}
