//! Twin of `shaders/attention.wgsl`: a row of text and a head at a time, keys transposed so that scores vectorise over keys.

use super::math::exp;
use super::par::{self, RowsMut};
use super::{Args, Call};
use crate::ops::attention::Dims;
use crate::plan::Step;

/// One head of one row: where it lies in (N, 3C) and (N, C).
struct Head<'a> {
    d: &'a Dims,
    step: &'a Step,
    qkv: &'a [f32],
    mask: &'a [u32],
    b: usize,
    h: usize,
}

impl<'a> Head<'a> {
    fn channels(&self) -> usize {
        (self.d.h * self.d.d) as usize
    }
    /// Part 0 query, 1 key, 2 value of token `t`: (d)
    #[inline(always)]
    fn part(&self, part: usize, t: usize) -> &'a [f32] {
        let (c, d) = (self.channels(), self.d.d as usize);
        &self.qkv[(self.b * self.d.t as usize + t) * 3 * c + part * c + self.h * d..][..d]
    }
    /// Token `t` of a (N, C) tensor: (d)
    #[inline(always)]
    fn of<'x>(&self, x: &'x [f32], t: usize) -> &'x [f32] {
        let (c, d) = (self.channels(), self.d.d as usize);
        &x[(self.b * self.d.t as usize + t) * c + self.h * d..][..d]
    }
    /// (d, T): part `part` of all tokens, transposed.
    #[inline(always)]
    fn transpose(&self, t: usize, d: usize, at: impl Fn(usize) -> &'a [f32], into: &mut [f32]) {
        for k in 0..t {
            for (i, x) in at(k).iter().enumerate().take(d) {
                into[i * t + k] = *x;
            }
        }
    }
    /// Keys that query `q` sees: the causal bound; the mask is applied apart.
    fn visible(&self, q: usize, t: usize) -> usize {
        if self.d.causal == 0 { t } else { q + 1 }
    }
    fn attends(&self, k: usize) -> bool {
        self.mask[self.b * self.d.t as usize + k] != 0
    }
    /// `scores[k]` = scale q·k, -inf where the key is hidden
    #[inline(always)]
    fn scores(&self, q: usize, keys: &[f32], scores: &mut [f32]) {
        let t = scores.len();
        dot_columns(self.part(0, q), keys, scores);
        let visible = self.visible(q, t);
        for (k, s) in scores.iter_mut().enumerate() {
            *s = if k < visible && self.attends(k) { *s * self.d.scale } else { f32::NEG_INFINITY };
        }
    }
    /// `factors[k]` = the dropout factor of probability (b, h, q, k)
    #[inline(always)]
    fn dropout(&self, q: usize, factors: &mut [f32]) {
        let (d, dropout) = (self.d, self.d.dropout);
        if dropout.threshold == 0 {
            return factors.fill(1.0);
        }
        let row = ((self.step.row_base + self.b as u32) * d.h + self.h as u32) * d.t + q as u32;
        for (k, factor) in factors.iter_mut().enumerate() {
            let kept = self.step.dropout_key.word(row * d.t + k as u32, dropout.site) >= dropout.threshold;
            *factor = if kept { dropout.scale } else { 0.0 };
        }
    }
}

/// `out[k]` = x · `columns[:, k]`. columns: (d, T)
#[inline(always)]
fn dot_columns(x: &[f32], columns: &[f32], out: &mut [f32]) {
    out.fill(0.0);
    for (x, row) in x.iter().zip(columns.chunks_exact(out.len())) {
        axpy(out, *x, row);
    }
}

/// y += a x
#[inline(always)]
fn axpy(y: &mut [f32], a: f32, x: &[f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

/// A thread's working memory, grown once to the largest row and kept.
fn scratch<T>(len: usize, f: impl FnOnce(&mut [f32]) -> T) -> T {
    thread_local! {
        static SCRATCH: std::cell::RefCell<Vec<f32>> = const { std::cell::RefCell::new(Vec::new()) };
    }
    SCRATCH.with_borrow_mut(|scratch| {
        if scratch.len() < len {
            scratch.resize(len, 0.0);
        }
        f(&mut scratch[..len])
    })
}

/// ctx = dropout(softmax(q kᵀ scale)) v; keeps lse
pub fn forward(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (qkv, mask, ctx, lse) = (a.f32(), a.u32(), a.f32_mut(), a.f32_mut());
    let (t, h, hd) = (d.t as usize, d.h as usize, d.d as usize);
    let c = h * hd;
    let all = (RowsMut(ctx, t * c), RowsMut(lse, h * t));
    par::rows(d.b as usize, t * t * c * 4, all, |first, (RowsMut(ctx, _), RowsMut(lse, _)), rows| {
        scratch(hd * t + 2 * t, |memory| {
            let (keys, memory) = memory.split_at_mut(hd * t);
            let (p, factors) = memory.split_at_mut(t);
            for (row, h) in (0..rows).flat_map(|row| (0..h).map(move |h| (row, h))) {
                let head = Head { d: &d, step: call.step, qkv, mask, b: first + row, h };
                head.transpose(t, hd, |k| head.part(1, k), keys);
                for q in 0..t {
                    head.scores(q, keys, p);
                    lse[(row * d.h as usize + h) * t + q] = softmax(p);
                    head.dropout(q, factors);
                    let out = &mut ctx[(row * t + q) * c + h * hd..][..hd];
                    out.fill(0.0);
                    for k in 0..t {
                        axpy(out, p[k] * factors[k], head.part(2, k));
                    }
                }
            }
        });
    });
}

/// In place; returns the log-sum-exp. A query that sees no key gets probabilities 0 and 0.
#[inline(always)]
fn softmax(scores: &mut [f32]) -> f32 {
    let max = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if max == f32::NEG_INFINITY {
        scores.fill(0.0);
        return 0.0;
    }
    let mut sum = 0.0;
    for s in scores.iter_mut() {
        *s = exp(*s - max);
        sum += *s;
    }
    for s in scores.iter_mut() {
        *s /= sum;
    }
    max + sum.ln()
}

/// `p[k]` = softmax again, from the kept log-sum-exp
#[inline(always)]
fn probabilities(head: &Head, q: usize, keys: &[f32], lse: f32, p: &mut [f32]) {
    head.scores(q, keys, p);
    for p in p.iter_mut() {
        *p = exp(*p - lse);
    }
}

/// The query part of dqkv, and delta = sum of dctx ∘ ctx
pub fn backward_q(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (qkv, mask, ctx, lse, dctx) = (a.f32(), a.u32(), a.f32(), a.f32(), a.f32());
    let (delta, dqkv) = (a.f32_mut(), a.f32_mut());
    let (t, h, hd) = (d.t as usize, d.h as usize, d.d as usize);
    let c = h * hd;
    let all = (RowsMut(delta, h * t), RowsMut(dqkv, t * 3 * c));
    par::rows(d.b as usize, t * t * c * 6, all, |first, (RowsMut(delta, _), RowsMut(dqkv, _)), rows| {
        scratch(2 * hd * t + 3 * t, |memory| {
            let (keys, memory) = memory.split_at_mut(hd * t);
            let (values, memory) = memory.split_at_mut(hd * t);
            let (p, memory) = memory.split_at_mut(t);
            let (dp, factors) = memory.split_at_mut(t);
            for (row, h) in (0..rows).flat_map(|row| (0..h).map(move |h| (row, h))) {
                let head = Head { d: &d, step: call.step, qkv, mask, b: first + row, h };
                head.transpose(t, hd, |k| head.part(1, k), keys);
                head.transpose(t, hd, |k| head.part(2, k), values);
                for q in 0..t {
                    let at = (row * d.h as usize + h) * t + q;
                    let dctx = head.of(dctx, q);
                    delta[at] = dctx.iter().zip(head.of(ctx, q)).map(|(a, b)| a * b).sum();
                    probabilities(&head, q, keys, lse[((first + row) * d.h as usize + h) * t + q], p);
                    dot_columns(dctx, values, dp);
                    head.dropout(q, factors);
                    let dq = &mut dqkv[(row * t + q) * 3 * c + h * hd..][..hd];
                    dq.fill(0.0);
                    for k in 0..t {
                        // in the forward: p = softmax(scale q·k), ctx = sum of p factor v
                        axpy(dq, p[k] * (dp[k] * factors[k] - delta[at]) * d.scale, head.part(1, k));
                    }
                }
            }
        });
    });
}

/// The key and value parts of dqkv
pub fn backward_kv(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (qkv, mask, lse, dctx, delta, dqkv) = (a.f32(), a.u32(), a.f32(), a.f32(), a.f32(), a.f32_mut());
    let (t, h, hd) = (d.t as usize, d.h as usize, d.d as usize);
    let c = h * hd;
    par::rows(d.b as usize, t * t * c * 8, RowsMut(dqkv, t * 3 * c), |first, RowsMut(dqkv, _), rows| {
        scratch(2 * hd * t + 3 * t, |memory| {
            let (keys, memory) = memory.split_at_mut(hd * t);
            let (values, memory) = memory.split_at_mut(hd * t);
            let (p, memory) = memory.split_at_mut(t);
            let (dp, factors) = memory.split_at_mut(t);
            for (row, h) in (0..rows).flat_map(|row| (0..h).map(move |h| (row, h))) {
                let head = Head { d: &d, step: call.step, qkv, mask, b: first + row, h };
                head.transpose(t, hd, |k| head.part(1, k), keys);
                head.transpose(t, hd, |k| head.part(2, k), values);
                let base = row * t * 3 * c + h * hd;
                for k in 0..t {
                    dqkv[base + k * 3 * c + c..][..hd].fill(0.0);
                    dqkv[base + k * 3 * c + 2 * c..][..hd].fill(0.0);
                }
                for q in 0..t {
                    let at = ((first + row) * d.h as usize + h) * t + q;
                    let dctx = head.of(dctx, q);
                    probabilities(&head, q, keys, lse[at], p);
                    dot_columns(dctx, values, dp);
                    head.dropout(q, factors);
                    let query = head.part(0, q);
                    for k in 0..t {
                        // in the forward: ctx[q] += p factor v[k]
                        axpy(&mut dqkv[base + k * 3 * c + 2 * c..][..hd], p[k] * factors[k], dctx);
                        // in the forward: score = scale q·k
                        let ds = p[k] * (dp[k] * factors[k] - delta[at]) * d.scale;
                        axpy(&mut dqkv[base + k * 3 * c + c..][..hd], ds, query);
                    }
                }
            }
        });
    });
}
