//! Twin of `shaders/optimizer.wgsl`.

use super::math;
use super::par::{self, RowsMut};
use super::{Args, Call};
use crate::ops::optimizer::{Dims, GUARD_LEN};

/// `partial[g]` = sum of squares of block g, 0 past the end
pub fn norm_partial(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (g, partial) = (a.f32(), a.f32_mut());
    let block = d.per_group as usize;
    par::rows(
        partial.len(),
        block,
        RowsMut(partial, 1),
        #[inline(always)]
        |first, RowsMut(partial, _), _| {
            for (i, sum) in partial.iter_mut().enumerate() {
                let start = ((first + i) * block).min(g.len());
                *sum = math::sum([&g[start..(start + block).min(g.len())]], |[g]| g * g);
            }
        },
    );
}

/// guard = [flag, step of the flag + 1, norms]; the flag is sticky
pub fn norm_finish(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let partial = a.f32();
    let (guard, step_out) = (a.u32_mut(), a.u32_mut());
    let norm = partial.iter().sum::<f32>().sqrt();
    guard[2 + d.group as usize] = norm.to_bits();
    if !norm.is_finite() && guard[0] == 0 {
        guard[0] = 1;
        guard[1] = call.step.step + 1;
    }
    step_out[..GUARD_LEN as usize].copy_from_slice(guard);
}

/// AdamW (Loshchilov and Hutter 2019), the reference's flavour where both corrections are 1
pub fn adamw(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let p = a.f32_mut();
    let g = a.f32();
    let (m, v) = (a.f32_mut(), a.f32_mut());
    let guard = a.u32();
    if guard[0] != 0 {
        return;
    }
    let norm = f32::from_bits(guard[2 + d.group as usize]);
    let clip = d.clip / norm.max(d.clip);
    let lr = call.step.lr * d.lr_scale;
    let (c1, c2) = (call.step.correction1, call.step.correction2);
    par::rows(
        p.len(),
        20,
        (RowsMut(p, 1), RowsMut(m, 1), RowsMut(v, 1)),
        #[inline(always)]
        |first, (RowsMut(p, _), RowsMut(m, _), RowsMut(v, _)), n| {
            for (((p, m), v), g) in p.iter_mut().zip(m).zip(v).zip(&g[first..][..n]) {
                let g = g * clip;
                *m = d.beta1 * *m + (1.0 - d.beta1) * g;
                *v = d.beta2 * *v + (1.0 - d.beta2) * (g * g);
                let step = (*m * c1) / ((*v * c2).sqrt() + d.eps) + d.weight_decay * *p;
                *p -= lr * step;
            }
        },
    );
}
