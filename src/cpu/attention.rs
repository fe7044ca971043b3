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
    /// Part `part` of all tokens, transposed. into: (d, T)
    #[inline(always)]
    fn transpose(&self, part: usize, into: &mut [f32]) {
        let t = self.d.t as usize;
        for k in 0..t {
            for (i, x) in self.part(part, k).iter().enumerate() {
                into[i * t + k] = *x;
            }
        }
    }
    /// Where query `q` stands in (B, H, T).
    #[inline(always)]
    fn statistic(&self, q: usize) -> usize {
        (self.b * self.d.h as usize + self.h) * self.d.t as usize + q
    }
    /// The forward's probabilities of query `q` again, from the kept log-sum-exp; the gradient they get from dctx; the dropout.
    #[inline(always)]
    fn again(&self, q: usize, lse: &[f32], dctx: &[f32], w: &mut Working) {
        self.scores(q, w.keys, w.p);
        let lse = lse[self.statistic(q)];
        for p in w.p.iter_mut() {
            *p = exp(*p - lse);
        }
        dot_columns(dctx, w.values, w.dp);
        self.dropout(q, w.factors);
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

/// Working memory for one head: keys and values transposed (d, T), and three rows of T.
struct Working<'a> {
    keys: &'a mut [f32],
    values: &'a mut [f32],
    p: &'a mut [f32],
    dp: &'a mut [f32],
    factors: &'a mut [f32],
}

/// Every head of `rows` rows from `first`, with its row counted from there, and a thread's working memory, grown once and kept.
#[inline(always)]
fn for_each_head<'a>(
    d: &'a Dims,
    step: &'a Step,
    (qkv, mask): (&'a [f32], &'a [u32]),
    (first, rows): (usize, usize),
    mut f: impl FnMut(&Head<'a>, usize, &mut Working),
) {
    thread_local! {
        static MEMORY: std::cell::RefCell<Vec<f32>> = const { std::cell::RefCell::new(Vec::new()) };
    }
    let (t, hd) = (d.t as usize, d.d as usize);
    MEMORY.with_borrow_mut(|memory| {
        let len = 2 * hd * t + 3 * t;
        if memory.len() < len {
            memory.resize(len, 0.0);
        }
        let (keys, rest) = memory.split_at_mut(hd * t);
        let (values, rest) = rest.split_at_mut(hd * t);
        let (p, rest) = rest.split_at_mut(t);
        let (dp, rest) = rest.split_at_mut(t);
        let mut working = Working { keys, values, p, dp, factors: &mut rest[..t] };
        for (row, h) in (0..rows).flat_map(|row| (0..d.h as usize).map(move |h| (row, h))) {
            let head = Head { d, step, qkv, mask, b: first + row, h };
            head.transpose(1, working.keys);
            f(&head, row, &mut working);
        }
    });
}

/// ctx = dropout(softmax(q kᵀ scale)) v; keeps lse
pub fn forward(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (qkv, mask, ctx, lse) = (a.f32(), a.u32(), a.f32_mut(), a.f32_mut());
    let (t, h, hd) = (d.t as usize, d.h as usize, d.d as usize);
    let c = h * hd;
    let all = (RowsMut(ctx, t * c), RowsMut(lse, h * t));
    par::rows(d.b as usize, t * t * c * 4, all, |first, (RowsMut(ctx, _), RowsMut(lse, _)), rows| {
        for_each_head(&d, call.step, (qkv, mask), (first, rows), |head, row, w| {
            for q in 0..t {
                head.scores(q, w.keys, w.p);
                lse[(row * h + head.h) * t + q] = softmax(w.p);
                head.dropout(q, w.factors);
                let out = &mut ctx[(row * t + q) * c + head.h * hd..][..hd];
                out.fill(0.0);
                for k in 0..t {
                    axpy(out, w.p[k] * w.factors[k], head.part(2, k));
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

/// The query part of dqkv, and delta = sum of dctx ∘ ctx
pub fn backward_q(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (qkv, mask, ctx, lse, dctx) = (a.f32(), a.u32(), a.f32(), a.f32(), a.f32());
    let (delta, dqkv) = (a.f32_mut(), a.f32_mut());
    let (t, h, hd) = (d.t as usize, d.h as usize, d.d as usize);
    let c = h * hd;
    let all = (RowsMut(delta, h * t), RowsMut(dqkv, t * 3 * c));
    par::rows(d.b as usize, t * t * c * 6, all, |first, (RowsMut(delta, _), RowsMut(dqkv, _)), rows| {
        for_each_head(&d, call.step, (qkv, mask), (first, rows), |head, row, w| {
            head.transpose(2, w.values);
            for q in 0..t {
                let dctx = head.of(dctx, q);
                let sum: f32 = dctx.iter().zip(head.of(ctx, q)).map(|(a, b)| a * b).sum();
                delta[(row * h + head.h) * t + q] = sum;
                head.again(q, lse, dctx, w);
                let dq = &mut dqkv[(row * t + q) * 3 * c + head.h * hd..][..hd];
                dq.fill(0.0);
                for k in 0..t {
                    // in the forward: p = softmax(scale q·k), ctx = sum of p factor v
                    axpy(dq, w.p[k] * (w.dp[k] * w.factors[k] - sum) * d.scale, head.part(1, k));
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
        for_each_head(&d, call.step, (qkv, mask), (first, rows), |head, row, w| {
            head.transpose(2, w.values);
            let base = row * t * 3 * c + head.h * hd;
            for k in 0..t {
                dqkv[base + k * 3 * c + c..][..hd].fill(0.0);
                dqkv[base + k * 3 * c + 2 * c..][..hd].fill(0.0);
            }
            for q in 0..t {
                let (dctx, query) = (head.of(dctx, q), head.part(0, q));
                head.again(q, lse, dctx, w);
                let delta = delta[head.statistic(q)];
                for k in 0..t {
                    // in the forward: ctx[q] += p factor v[k]
                    axpy(&mut dqkv[base + k * 3 * c + 2 * c..][..hd], w.p[k] * w.factors[k], dctx);
                    // in the forward: score = scale q·k
                    let ds = w.p[k] * (w.dp[k] * w.factors[k] - delta) * d.scale;
                    axpy(&mut dqkv[base + k * 3 * c + c..][..hd], ds, query);
                }
            }
        });
    });
}

/// `shares[q][k]` = exp(scale q·k - lse), 0 where q does not see k
pub fn map(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (qkv, mask, lse, shares) = (a.f32(), a.u32(), a.f32(), a.f32_mut());
    let (t, h) = (d.t as usize, d.h as usize);
    let work = t * t * h * d.d as usize * 2;
    par::rows(d.b as usize, work, RowsMut(shares, h * t * t), |first, RowsMut(shares, _), rows| {
        for_each_head(&d, call.step, (qkv, mask), (first, rows), |head, row, w| {
            for q in 0..t {
                head.scores(q, w.keys, w.p);
                let lse = lse[head.statistic(q)];
                let shares = &mut shares[((row * h + head.h) * t + q) * t..][..t];
                for (share, score) in shares.iter_mut().zip(w.p.iter()) {
                    *share = exp(*score - lse);
                }
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use crate::cpu::Executor;
    use crate::ops::{Dropout, attention};
    use crate::plan::{Elem, Recorder, Tensor};
    use crate::rng::{Key, Sequence, Stream};
    use std::sync::Arc;
    use std::time::Duration;

    /// What is looked at is what was computed with: the shares times the values are the forward's result.
    #[test]
    fn the_map_weighs_the_values_as_the_forward_does() {
        for ([b, t, h, d], causal) in [([3, 7, 2, 5], false), ([2, 19, 1, 16], true), ([1, 1, 3, 4], false)] {
            let c = h * d;
            let mut r = Recorder::new(Default::default(), Default::default());
            let qkv = r.state("qkv", Elem::F32, &[b * t, 3 * c]);
            let mask = r.input_u32("mask", &[b, t]);
            let heads = attention::Heads { count: h, causal };
            let saved = attention::forward(&mut r, "ctx", &qkv, &mask, heads, Dropout::OFF);
            let shares = r.state("shares", Elem::F32, &[b, h, t, t]);
            attention::map(&mut r, &saved, &shares);
            let plan = Arc::new(r.finish());
            let at = |tensor: &Tensor| plan.resolve(tensor);
            let mut twin = Executor::new(plan.clone());
            let mut random = Sequence::new(Key::new(7, 0, Stream::Init), 0);
            let values: Vec<f32> = (0..b * t * 3 * c).map(|_| random.unit() as f32 * 4.0 - 2.0).collect();
            twin.write(&at(&qkv), bytemuck::cast_slice(&values));
            // The last third of every row but the first is padding; a row of nothing but padding sees nobody.
            let tokens = |row: u32| [t, t - t / 3, 0][row as usize % 3];
            let seen: Vec<u32> = (0..b * t).map(|i| u32::from(i % t < tokens(i / t))).collect();
            twin.write(&at(&mask), &seen);
            pollster::block_on(twin.run(0..plan.dispatches.len(), Duration::MAX)).unwrap();
            let read = |tensor: &Tensor| bytemuck::cast_slice::<u32, f32>(twin.view(&at(tensor))).to_vec();
            let (ctx, shares) = (read(&saved.ctx), read(&shares));
            let [b, t, h, d, c] = [b, t, h, d, c].map(|n| n as usize);
            for (row, head, q) in (0..b).flat_map(|b| (0..h).flat_map(move |h| (0..t).map(move |q| (b, h, q)))) {
                let of_query = &shares[((row * h + head) * t + q) * t..][..t];
                for (k, share) in of_query.iter().enumerate() {
                    let hidden = seen[row * t + k] == 0 || (causal && k > q);
                    assert!(if hidden { *share == 0.0 } else { *share > 0.0 }, "{row} {head} {q} {k}: {share}");
                }
                for channel in 0..d {
                    let value = |k: usize| values[(row * t + k) * 3 * c + 2 * c + head * d + channel];
                    let want: f32 = of_query.iter().enumerate().map(|(k, share)| share * value(k)).sum();
                    let got = ctx[(row * t + q) * c + head * d + channel];
                    // Sums of at most 19 shares of values below 2.
                    assert!((got - want).abs() < 1e-5, "{row} {head} {q} {channel}: {got}, want {want}");
                }
            }
        }
    }
}
