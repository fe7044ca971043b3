//! Twin of `shaders/layernorm.wgsl`.

use super::half;
use super::math::{dropout_factors, sum};
use super::par::{self, RowsMut};
use super::{Args, Call};
use crate::ops::Dropout;
use crate::ops::layernorm::Dims;
use crate::plan::Step;

/// y = dropout((x - mean) * rstd * w + b); keeps mean, rstd
pub fn forward(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (x, w, b) = (a.f32(), a.f32(), a.f32());
    let (y, mean, rstd) = (a.f32_mut(), a.f32_mut(), a.f32_mut());
    let c = d.c as usize;
    let all = (RowsMut(y, c), RowsMut(mean, 1), RowsMut(rstd, 1));
    par::rows(
        d.n as usize,
        c * 40,
        all,
        #[inline(always)]
        |first, (RowsMut(y, _), RowsMut(mean, _), RowsMut(rstd, _)), n| {
            for i in 0..n {
                let row = first + i;
                let y = &mut y[i * c..][..c];
                (mean[i], rstd[i]) = normalise(&x[row * c..][..c], w, b, d.eps, y);
                drop_row(call.step, &d, d.outer, row, y);
            }
        },
    );
}

/// h = residual + dropout(h); y = (h - mean) * rstd * w + b
pub fn forward_residual(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let residual = a.f32();
    let stored = a.stored_as();
    let h = a.f32_mut();
    let (w, b) = (a.f32(), a.f32());
    let (y, mean, rstd) = (a.f32_mut(), a.f32_mut(), a.f32_mut());
    let c = d.c as usize;
    let all = (RowsMut(h, c), RowsMut(y, c), RowsMut(mean, 1), RowsMut(rstd, 1));
    par::rows(
        d.n as usize,
        c * 40,
        all,
        #[inline(always)]
        |first, (RowsMut(h, _), RowsMut(y, _), RowsMut(mean, _), RowsMut(rstd, _)), n| {
            for i in 0..n {
                let row = first + i;
                let h = &mut h[i * c..][..c];
                drop_row(call.step, &d, d.inner, row, h);
                for (h, r) in h.iter_mut().zip(&residual[row * c..][..c]) {
                    *h += r;
                }
                // The statistics are taken of the stored numbers, which the backward reads.
                half::round(stored, h);
                (mean[i], rstd[i]) = normalise(h, w, b, d.eps, &mut y[i * c..][..c]);
            }
        },
    );
}

#[inline(always)]
fn normalise(x: &[f32], w: &[f32], b: &[f32], eps: f32, y: &mut [f32]) -> (f32, f32) {
    let c = x.len() as f32;
    let mean = sum(
        [x],
        #[inline(always)]
        |[x]| x,
    ) / c;
    let var = sum(
        [x],
        #[inline(always)]
        |[x]| (x - mean) * (x - mean),
    ) / c;
    let rstd = 1.0 / (var + eps).sqrt();
    for (((y, x), w), b) in y.iter_mut().zip(x).zip(w).zip(b) {
        *y = (x - mean) * rstd * w + b;
    }
    (mean, rstd)
}

/// Multiplies columns `first`.. of a row by its dropout mask.
#[inline(always)]
fn drop_part(step: &Step, d: &Dims, dropout: Dropout, (row, first): (usize, usize), values: &mut [f32]) {
    if dropout.threshold == 0 {
        return;
    }
    let base = (step.row_base * d.t + row as u32) * d.c + first as u32;
    let mut factors = [0.0; PART];
    for (part, values) in values.chunks_mut(PART).enumerate() {
        let factors = &mut factors[..values.len()];
        dropout_factors(step.dropout_key, dropout, base + (part * PART) as u32, factors);
        for (value, factor) in values.iter_mut().zip(factors) {
            *value *= *factor;
        }
    }
}

/// How many elements of a row stand on the stack at a time.
const PART: usize = 128;

/// Multiplies a row by its dropout mask.
#[inline(always)]
fn drop_row(step: &Step, d: &Dims, dropout: Dropout, row: usize, values: &mut [f32]) {
    drop_part(step, d, dropout, (row, 0), values);
}

/// Gradient of [`forward`]: dx from dy through the outer dropout; partial (blocks, 2, C): sums over a block of rows of dy x̂ and of
/// dy.
pub fn backward(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (x, w, mean, rstd, dy) = (a.f32(), a.f32(), a.f32(), a.f32(), a.f32());
    let (dx, partial) = (a.f32_mut(), a.f32_mut());
    let (c, block) = (d.c as usize, d.rows_per_group as usize);
    par::rows(
        (d.n as usize).div_ceil(block),
        block * c * 40,
        (RowsMut(dx, block * c), RowsMut(partial, 2 * c)),
        #[inline(always)]
        |first, (RowsMut(dx, _), RowsMut(partial, _)), _| {
            partial.fill(0.0);
            for (i, dx) in dx.chunks_exact_mut(c).enumerate() {
                let row = first * block + i;
                dx.copy_from_slice(&dy[row * c..][..c]);
                drop_row(call.step, &d, d.outer, row, dx);
                let x = &x[row * c..][..c];
                add_params(x, dx, mean[row], rstd[row], &mut partial[i / block * 2 * c..][..2 * c]);
                backward_row(x, w, mean[row], rstd[row], dx);
            }
        },
    );
}

/// Gradient of [`forward_residual`]: dx of the sum (and so of the residual), dh through the inner dropout; partial as in
/// [`backward`].
pub fn backward_residual(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (x, w, mean, rstd, dy) = (a.f32(), a.f32(), a.f32(), a.f32(), a.f32());
    let (dx, dh, partial) = (a.f32_mut(), a.f32_mut(), a.f32_mut());
    let (c, block) = (d.c as usize, d.rows_per_group as usize);
    par::rows(
        (d.n as usize).div_ceil(block),
        block * c * 40,
        (RowsMut(dx, block * c), RowsMut(dh, block * c), RowsMut(partial, 2 * c)),
        #[inline(always)]
        |first, (RowsMut(dx, _), RowsMut(dh, _), RowsMut(partial, _)), _| {
            partial.fill(0.0);
            for (i, (dx, dh)) in dx.chunks_exact_mut(c).zip(dh.chunks_exact_mut(c)).enumerate() {
                let row = first * block + i;
                let x = &x[row * c..][..c];
                dx.copy_from_slice(&dy[row * c..][..c]);
                add_params(x, dx, mean[row], rstd[row], &mut partial[i / block * 2 * c..][..2 * c]);
                backward_row(x, w, mean[row], rstd[row], dx);
                dh.copy_from_slice(dx);
                drop_row(call.step, &d, d.inner, row, dh);
            }
        },
    );
}

/// In place, dy to dx. With x̂ = (x - mean) rstd and g = dy w: dx = rstd (g - mean(g) - x̂ mean(g x̂))
#[inline(always)]
fn backward_row(x: &[f32], w: &[f32], mean: f32, rstd: f32, dy: &mut [f32]) {
    let c = x.len() as f32;
    let g_mean = sum(
        [dy, w],
        #[inline(always)]
        |[dy, w]| dy * w,
    ) / c;
    let gx_mean = sum(
        [dy, w, x],
        #[inline(always)]
        |[dy, w, x]| dy * w * ((x - mean) * rstd),
    ) / c;
    for ((dy, w), x) in dy.iter_mut().zip(w).zip(x) {
        *dy = rstd * (*dy * w - g_mean - (x - mean) * rstd * gx_mean);
    }
}

/// Adds one row: sums (2, C) += dy x̂ and dy
#[inline(always)]
fn add_params(x: &[f32], dy: &[f32], mean: f32, rstd: f32, sums: &mut [f32]) {
    let (dw, db) = sums.split_at_mut(x.len());
    for (((dw, db), dy), x) in dw.iter_mut().zip(db).zip(dy).zip(x) {
        *dw += dy * ((x - mean) * rstd);
        *db += dy;
    }
}
