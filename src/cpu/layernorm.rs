//! Twin of `shaders/layernorm.wgsl`.

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
    par::rows(d.n as usize, c * 40, all, |first, (RowsMut(y, _), RowsMut(mean, _), RowsMut(rstd, _)), n| {
        for i in 0..n {
            let row = first + i;
            let y = &mut y[i * c..][..c];
            (mean[i], rstd[i]) = normalise(&x[row * c..][..c], w, b, d.eps, y);
            drop_row(call.step, &d, d.outer, row, y);
        }
    });
}

/// h = residual + dropout(h); y = (h - mean) * rstd * w + b
pub fn forward_residual(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let residual = a.f32();
    let h = a.f32_mut();
    let (w, b) = (a.f32(), a.f32());
    let (y, mean, rstd) = (a.f32_mut(), a.f32_mut(), a.f32_mut());
    let c = d.c as usize;
    let all = (RowsMut(h, c), RowsMut(y, c), RowsMut(mean, 1), RowsMut(rstd, 1));
    par::rows(
        d.n as usize,
        c * 40,
        all,
        |first, (RowsMut(h, _), RowsMut(y, _), RowsMut(mean, _), RowsMut(rstd, _)), n| {
            for i in 0..n {
                let row = first + i;
                let h = &mut h[i * c..][..c];
                drop_row(call.step, &d, d.inner, row, h);
                for (h, r) in h.iter_mut().zip(&residual[row * c..][..c]) {
                    *h += r;
                }
                (mean[i], rstd[i]) = normalise(h, w, b, d.eps, &mut y[i * c..][..c]);
            }
        },
    );
}

#[inline(always)]
fn normalise(x: &[f32], w: &[f32], b: &[f32], eps: f32, y: &mut [f32]) -> (f32, f32) {
    let c = x.len() as f32;
    let mean = sum(x.iter().copied()) / c;
    let var = sum(x.iter().map(|v| (v - mean) * (v - mean))) / c;
    let rstd = 1.0 / (var + eps).sqrt();
    for (((y, x), w), b) in y.iter_mut().zip(x).zip(w).zip(b) {
        *y = (x - mean) * rstd * w + b;
    }
    (mean, rstd)
}

/// Eight partial sums, added in order: vectorises, and loses less than one long sum.
#[inline(always)]
fn sum(values: impl ExactSizeIterator<Item = f32>) -> f32 {
    let mut lanes = [0.0f32; 8];
    for (i, value) in values.enumerate() {
        lanes[i % 8] += value;
    }
    lanes.iter().sum()
}

/// Multiplies a row by its dropout mask.
#[inline(always)]
fn drop_row(step: &Step, d: &Dims, dropout: Dropout, row: usize, values: &mut [f32]) {
    if dropout.threshold == 0 {
        return;
    }
    let base = (step.row_base * d.t + row as u32) * d.c;
    for (i, value) in values.iter_mut().enumerate() {
        let kept = step.dropout_key.word(base + i as u32, dropout.site) >= dropout.threshold;
        *value *= if kept { dropout.scale } else { 0.0 };
    }
}

/// Gradient of [`forward`]: dx from dy through the outer dropout.
pub fn backward(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (x, w, mean, rstd, dy) = (a.f32(), a.f32(), a.f32(), a.f32(), a.f32());
    let dx = a.f32_mut();
    let c = d.c as usize;
    par::rows(d.n as usize, c * 40, RowsMut(dx, c), |first, RowsMut(dx, _), n| {
        for i in 0..n {
            let row = first + i;
            let dx = &mut dx[i * c..][..c];
            dx.copy_from_slice(&dy[row * c..][..c]);
            drop_row(call.step, &d, d.outer, row, dx);
            backward_row(&x[row * c..][..c], w, mean[row], rstd[row], dx);
        }
    });
}

/// Gradient of [`forward_residual`]: dx of the sum (and so of the residual), dh through the inner dropout.
pub fn backward_residual(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (x, w, mean, rstd, dy) = (a.f32(), a.f32(), a.f32(), a.f32(), a.f32());
    let (dx, dh) = (a.f32_mut(), a.f32_mut());
    let c = d.c as usize;
    par::rows(d.n as usize, c * 40, (RowsMut(dx, c), RowsMut(dh, c)), |first, (RowsMut(dx, _), RowsMut(dh, _)), n| {
        for i in 0..n {
            let row = first + i;
            let (dx, dh) = (&mut dx[i * c..][..c], &mut dh[i * c..][..c]);
            dx.copy_from_slice(&dy[row * c..][..c]);
            backward_row(&x[row * c..][..c], w, mean[row], rstd[row], dx);
            dh.copy_from_slice(dx);
            drop_row(call.step, &d, d.inner, row, dh);
        }
    });
}

/// In place, dy to dx. With x̂ = (x - mean) rstd and g = dy w: dx = rstd (g - mean(g) - x̂ mean(g x̂))
#[inline(always)]
fn backward_row(x: &[f32], w: &[f32], mean: f32, rstd: f32, dy: &mut [f32]) {
    let c = x.len() as f32;
    let g_mean = sum(dy.iter().zip(w).map(|(dy, w)| dy * w)) / c;
    let gx_mean = sum(dy.iter().zip(w).zip(x).map(|((dy, w), x)| dy * w * ((x - mean) * rstd))) / c;
    for ((dy, w), x) in dy.iter_mut().zip(w).zip(x) {
        *dy = rstd * (*dy * w - g_mean - (x - mean) * rstd * gx_mean);
    }
}

/// partial (groups, 2, C): sums over a block of rows of dy x̂ and of dy
pub fn params_partial(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (x, mean, rstd, dy) = (a.f32(), a.f32(), a.f32(), a.f32());
    let partial = a.f32_mut();
    let (n, c, block) = (d.n as usize, d.c as usize, d.rows_per_group as usize);
    par::rows(n.div_ceil(block), block * c * 5, RowsMut(partial, 2 * c), |first, RowsMut(partial, _), groups| {
        // One row of dy at a time, dropped like the forward's output; only the embedding's has a mask.
        let mut dropped = Vec::new();
        for g in 0..groups {
            let (dw, db) = partial[g * 2 * c..][..2 * c].split_at_mut(c);
            dw.fill(0.0);
            db.fill(0.0);
            for row in (first + g) * block..((first + g + 1) * block).min(n) {
                let mut dy = &dy[row * c..][..c];
                if d.outer.threshold != 0 {
                    dropped.clear();
                    dropped.extend_from_slice(dy);
                    drop_row(call.step, &d, d.outer, row, &mut dropped);
                    dy = &dropped;
                }
                let (mean, rstd) = (mean[row], rstd[row]);
                for (((dw, db), dy), x) in dw.iter_mut().zip(&mut *db).zip(dy).zip(&x[row * c..][..c]) {
                    *dw += dy * ((x - mean) * rstd);
                    *db += dy;
                }
            }
        }
    });
}

/// dw += and db += the sums of the partial sums, in order
pub fn params_add(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let partial = a.f32();
    let (dw, db) = (a.f32_mut(), a.f32_mut());
    let c = d.c as usize;
    par::simd(|| {
        for group in partial.chunks_exact(2 * c) {
            for ((dw, db), (pw, pb)) in dw.iter_mut().zip(&mut *db).zip(group[..c].iter().zip(&group[c..])) {
                *dw += pw;
                *db += pb;
            }
        }
    });
}
