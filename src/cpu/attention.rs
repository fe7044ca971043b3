//! Twin of `shaders/attention.wgsl`. It takes one head and one tile of queries at a time and computes their scores against all keys
//! as one product.

use super::math::{self, exp};
use super::matmul::{View, ViewMut, product_here};
use super::par::{self, RowsMut};
use super::{Args, Call};
use crate::ops::attention::Dims;
use crate::plan::Step;

/// How many queries a tile has. With rows of 512 tokens its two matrices take a quarter of a typical second-level cache. The number
/// fixes the order of sums over queries, so it is the same everywhere.
const TILE: usize = 64;

/// One head of one row, and a tile of its queries: their places in (N, 3C), (N, C) and (B, H, T).
struct Tile<'a> {
    d: &'a Dims,
    step: &'a Step,
    qkv: &'a [f32],
    mask: &'a [u32],
    /// The number of the row in the batch, and among the rows that this thread owns.
    b: usize,
    row: usize,
    h: usize,
    /// The first query, and the number of queries.
    first: usize,
    queries: usize,
}

/// A thread's working memory: two matrices (queries, T), and a row of T.
struct Working<'a> {
    p: &'a mut [f32],
    dp: &'a mut [f32],
    factors: &'a mut [f32],
}

impl<'a> Tile<'a> {
    fn t(&self) -> usize {
        self.d.t as usize
    }
    fn width(&self) -> usize {
        self.d.d as usize
    }
    fn channels(&self) -> usize {
        (self.d.h * self.d.d) as usize
    }
    /// Part 0 query, 1 key, 2 value from token `t` on: (.., d)
    fn part(&self, part: usize, t: usize) -> View<'a> {
        let c = self.channels();
        View::strided(&self.qkv[(self.b * self.t() + t) * 3 * c + part * c + self.h * self.width()..], 3 * c)
    }
    /// The tile's tokens of a (N, C) tensor: (queries, d)
    fn of<'x>(&self, x: &'x [f32]) -> View<'x> {
        let c = self.channels();
        View::strided(&x[(self.b * self.t() + self.first) * c + self.h * self.width()..], c)
    }
    /// The place of query `first` + `i` in (B, H, T), counted from row `b`.
    fn statistic(&self, b: usize, i: usize) -> usize {
        (b * self.d.h as usize + self.h) * self.t() + self.first + i
    }

    /// p = scale q kᵀ, -inf where a query does not see a key
    fn scores(&self, p: &mut [f32]) {
        let (t, scale) = (self.t(), self.d.scale);
        let sizes = [self.queries, t, self.width()];
        product_here(sizes, self.part(0, self.first), self.part(1, 0).transposed(), ViewMut::rows(p, t), false);
        let mask = &self.mask[self.b * t..][..t];
        par::simd(
            #[inline(always)]
            || {
                for (i, scores) in p.chunks_exact_mut(t).enumerate() {
                    for (s, attends) in scores.iter_mut().zip(mask) {
                        *s = if *attends != 0 { *s * scale } else { f32::NEG_INFINITY };
                    }
                    if self.d.causal != 0 {
                        scores[self.first + i + 1..].fill(f32::NEG_INFINITY);
                    }
                }
            },
        );
    }

    /// The forward's probabilities, from the kept log-sum-exp: p
    fn probabilities(&self, lse: &[f32], p: &mut [f32]) {
        let t = self.t();
        self.scores(p);
        par::simd(
            #[inline(always)]
            || {
                for (i, p) in p.chunks_exact_mut(t).enumerate() {
                    let lse = lse[self.statistic(self.b, i)];
                    for p in p {
                        *p = exp(*p - lse);
                    }
                }
            },
        );
    }

    /// Computes the forward's probabilities again, w.p, and the gradient that they get, before dropout: w.dp = dctx vᵀ
    fn again(&self, lse: &[f32], dctx: &[f32], w: &mut Working) {
        let t = self.t();
        self.probabilities(lse, w.p);
        let sizes = [self.queries, t, self.width()];
        product_here(sizes, self.of(dctx), self.part(2, 0).transposed(), ViewMut::rows(w.dp, t), false);
    }

    /// `factors[k]` = the dropout factor of probability (b, h, q, k), q the tile's `i`-th
    #[inline(always)]
    fn dropout(&self, i: usize, factors: &mut [f32]) {
        let (d, q) = (self.d, (self.first + i) as u32);
        let row = ((self.step.row_base + self.b as u32) * d.h + self.h as u32) * d.t + q;
        math::dropout_factors(self.step.dropout_key, d.dropout, row * d.t, factors);
    }

    /// delta = sum over channels of dctx ∘ ctx, of the tile's queries
    fn delta(&self, ctx: &[f32], dctx: &[f32], delta: &mut [f32]) {
        par::simd(
            #[inline(always)]
            || {
                for (i, delta) in delta.iter_mut().enumerate() {
                    let row = |x| self.of(x).row(i, self.width());
                    *delta = math::sum(
                        [row(dctx), row(ctx)],
                        #[inline(always)]
                        |[dctx, ctx]| dctx * ctx,
                    );
                }
            },
        );
    }

    /// w.dp becomes the gradient of q·k, w.p the dropped probabilities. delta: of the tile's queries
    fn backward(&self, delta: &[f32], w: &mut Working) {
        let (t, scale) = (self.t(), self.d.scale);
        par::simd(
            #[inline(always)]
            || {
                for (i, (p, dp)) in w.p.chunks_exact_mut(t).zip(w.dp.chunks_exact_mut(t)).enumerate() {
                    self.dropout(i, w.factors);
                    for ((p, dp), factor) in p.iter_mut().zip(dp).zip(&*w.factors) {
                        // in the forward: p = softmax(scale q·k), ctx = sum of p factor v
                        *dp = *p * (*dp * factor - delta[i]) * scale;
                        *p *= factor;
                    }
                }
            },
        );
    }
}

/// Visits every tile of every head of `rows` rows from `first`, in order, with a thread's working memory, which grows once and is
/// kept.
fn for_each_tile<'a>(
    d: &'a Dims,
    step: &'a Step,
    (qkv, mask): (&'a [f32], &'a [u32]),
    (first_row, rows): (usize, usize),
    mut f: impl FnMut(&Tile<'a>, &mut Working),
) {
    thread_local! {
        static MEMORY: std::cell::RefCell<Vec<f32>> = const { std::cell::RefCell::new(Vec::new()) };
    }
    let (t, h) = (d.t as usize, d.h as usize);
    MEMORY.with_borrow_mut(|memory| {
        let len = (2 * TILE.min(t) + 1) * t;
        if memory.len() < len {
            memory.resize(len, 0.0);
        }
        for (row, h) in (0..rows).flat_map(|row| (0..h).map(move |h| (row, h))) {
            for first in (0..t).step_by(TILE) {
                let queries = TILE.min(t - first);
                let (p, rest) = memory.split_at_mut(queries * t);
                let (dp, rest) = rest.split_at_mut(queries * t);
                let mut working = Working { p, dp, factors: &mut rest[..t] };
                let tile = Tile { d, step, qkv, mask, b: first_row + row, row, h, first, queries };
                f(&tile, &mut working);
            }
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
    par::rows(
        d.b as usize,
        t * t * c * 4,
        all,
        #[inline(always)]
        |first, (RowsMut(ctx, _), RowsMut(lse, _)), rows| {
            for_each_tile(&d, call.step, (qkv, mask), (first, rows), |tile, w| {
                tile.scores(w.p);
                let lse = &mut lse[tile.statistic(tile.row, 0)..][..tile.queries];
                par::simd(
                    #[inline(always)]
                    || {
                        for (i, (p, lse)) in w.p.chunks_exact_mut(t).zip(lse).enumerate() {
                            *lse = softmax(p);
                            tile.dropout(i, w.factors);
                            for (p, factor) in p.iter_mut().zip(&*w.factors) {
                                *p *= factor;
                            }
                        }
                    },
                );
                let out = &mut ctx[(tile.row * t + tile.first) * c + tile.h * hd..];
                let sizes = [tile.queries, hd, t];
                product_here(sizes, View::strided(w.p, t), tile.part(2, 0), ViewMut::strided(out, c), false);
            });
        },
    );
}

/// Turns scores into probabilities in place and returns the log-sum-exp. A query that sees no key gets probabilities 0 and returns
/// 0.
#[inline(always)]
fn softmax(scores: &mut [f32]) -> f32 {
    let max = math::max(scores);
    if max == f32::NEG_INFINITY {
        scores.fill(0.0);
        return 0.0;
    }
    for s in scores.iter_mut() {
        *s = exp(*s - max);
    }
    let sum = math::sum(
        [scores],
        #[inline(always)]
        |[s]| s,
    );
    let inverse = 1.0 / sum;
    for s in scores.iter_mut() {
        *s *= inverse;
    }
    max + sum.ln()
}

/// dqkv from dctx
pub fn backward(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (qkv, mask, ctx, lse, dctx, dqkv) = (a.f32(), a.u32(), a.f32(), a.f32(), a.f32(), a.f32_mut());
    let (t, h, hd) = (d.t as usize, d.h as usize, d.d as usize);
    let c = h * hd;
    par::rows(
        d.b as usize,
        t * t * c * 10,
        RowsMut(dqkv, t * 3 * c),
        #[inline(always)]
        |first, RowsMut(dqkv, _), rows| {
            for_each_tile(&d, call.step, (qkv, mask), (first, rows), |tile, w| {
                let mut delta = [0.0; TILE];
                tile.delta(ctx, dctx, &mut delta[..tile.queries]);
                tile.again(lse, dctx, w);
                tile.backward(&delta, w);
                let row = &mut dqkv[tile.row * t * 3 * c + tile.h * hd..];
                // in the forward: score = scale q·k
                let dq = ViewMut::strided(&mut row[tile.first * 3 * c..], 3 * c);
                product_here([tile.queries, hd, t], View::strided(w.dp, t), tile.part(1, 0), dq, false);
                let (sizes, add) = ([t, hd, tile.queries], tile.first > 0);
                let dk = ViewMut::strided(&mut row[c..], 3 * c);
                product_here(sizes, View::strided(w.dp, t).transposed(), tile.part(0, tile.first), dk, add);
                // in the forward: ctx[q] += p factor v[k]
                let dv = ViewMut::strided(&mut row[2 * c..], 3 * c);
                product_here(sizes, View::strided(w.p, t).transposed(), tile.of(dctx), dv, add);
            });
        },
    );
}

/// `shares[q][k]` = exp(scale q·k - lse), 0 where q does not see k
pub fn map(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (qkv, mask, lse, shares) = (a.f32(), a.u32(), a.f32(), a.f32_mut());
    let (t, h) = (d.t as usize, d.h as usize);
    let work = t * t * h * d.d as usize * 2;
    par::rows(
        d.b as usize,
        work,
        RowsMut(shares, h * t * t),
        #[inline(always)]
        |first, RowsMut(shares, _), rows| {
            for_each_tile(&d, call.step, (qkv, mask), (first, rows), |tile, w| {
                tile.probabilities(lse, w.p);
                let start = (tile.row * h + tile.h) * t + tile.first;
                shares[start * t..][..tile.queries * t].copy_from_slice(w.p);
            });
        },
    );
}

#[cfg(test)]
mod tests {
    use crate::cpu::Executor;
    use crate::ops::{Dropout, attention};
    use crate::plan::{Elem, Recorder, Tensor};
    use crate::rng::{Key, Sequence, Stream};
    use std::sync::Arc;
    use std::time::Duration;

    /// The map has the probabilities that the forward used: their products with the values give the forward's result.
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
            // The last third of every row but the first is padding. A row that is all padding sees no key.
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
