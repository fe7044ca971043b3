//! Twin of `shaders/embed.wgsl`. It adds in the order of the tokens, as the owner of each sum does in the shader.

use super::par::{self, RowsMut};
use super::{Args, Call};
use crate::ops::embed::Dims;

/// `x[n]` = `word[ids[n]]` + `position[n % t]` + `segment[types[n]]`
pub fn forward(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (ids, types, word, position, segment) = (a.u32(), a.u32(), a.f32(), a.f32(), a.f32());
    let x = a.f32_mut();
    let e = d.e as usize;
    par::rows(
        d.n as usize,
        e * 4,
        RowsMut(x, e),
        #[inline(always)]
        |first, RowsMut(x, _), _| {
            for (i, x) in x.chunks_exact_mut(e).enumerate() {
                let n = first + i;
                let word = &word[ids[n] as usize * e..][..e];
                let position = &position[n % d.t as usize * e..][..e];
                let segment = &segment[types[n] as usize * e..][..e];
                for (((x, w), p), s) in x.iter_mut().zip(word).zip(position).zip(segment) {
                    *x = w + p + s;
                }
            }
        },
    );
}

/// `dword[ids[n]]` += `dx[n]`, but for the padding id
pub fn backward_word(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (ids, dx, dword) = (a.u32(), a.f32(), a.f32_mut());
    let e = d.e as usize;
    par::simd(
        #[inline(always)]
        || {
            for (id, dx) in ids.iter().zip(dx.chunks_exact(e)) {
                if *id != d.pad_id {
                    add(&mut dword[*id as usize * e..][..e], dx);
                }
            }
        },
    );
}

/// `dposition[t]` += sum over rows of dx
pub fn backward_position(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (dx, dposition) = (a.f32(), a.f32_mut());
    let row = (d.t * d.e) as usize;
    par::simd(
        #[inline(always)]
        || {
            for dx in dx.chunks_exact(row) {
                add(&mut dposition[..row], dx);
            }
        },
    );
}

/// partial (groups, segments, e): sums of dx over a block of tokens, by segment
pub fn backward_type(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (types, dx, partial) = (a.u32(), a.f32(), a.f32_mut());
    let (e, block, width) = (d.e as usize, d.rows_per_group as usize, (d.segments * d.e) as usize);
    par::rows(
        d.n.div_ceil(d.rows_per_group) as usize,
        block * e,
        RowsMut(partial, width),
        #[inline(always)]
        |first, RowsMut(p, _), _| {
            for (g, partial) in p.chunks_exact_mut(width).enumerate() {
                partial.fill(0.0);
                for n in (first + g) * block..((first + g + 1) * block).min(d.n as usize) {
                    add(&mut partial[types[n] as usize * e..][..e], &dx[n * e..][..e]);
                }
            }
        },
    );
}

#[inline(always)]
fn add(y: &mut [f32], x: &[f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += x;
    }
}
