//! Twin of `shaders/gather.wgsl`.

use super::par::{self, RowsMut};
use super::{Args, Call};
use crate::batch::NONE;
use crate::ops::gather::Dims;

/// `y[s]` = `h[position[s]]`, 0 where the slot is unused
pub fn forward(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (position, h, y) = (a.u32(), a.f32(), a.f32_mut());
    let c = d.c as usize;
    par::rows(
        d.rows as usize,
        c,
        RowsMut(y, c),
        #[inline(always)]
        |row, RowsMut(y, _), _| {
            for (y, position) in y.chunks_exact_mut(c).zip(&position[row..]) {
                match *position {
                    NONE => y.fill(0.0),
                    n => y.copy_from_slice(&h[n as usize * c..][..c]),
                }
            }
        },
    );
}

/// `dh[n]` = sum of dy along the chain of slots that point at n
pub fn backward(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (first, next, dy, dh) = (a.u32(), a.u32(), a.f32(), a.f32_mut());
    let c = d.c as usize;
    par::rows(
        d.rows as usize,
        c,
        RowsMut(dh, c),
        #[inline(always)]
        |row, RowsMut(dh, _), _| {
            for (dh, first) in dh.chunks_exact_mut(c).zip(&first[row..]) {
                dh.fill(0.0);
                let mut slot = *first;
                while slot != NONE {
                    for (dh, dy) in dh.iter_mut().zip(&dy[slot as usize * c..][..c]) {
                        *dh += dy;
                    }
                    slot = next[slot as usize];
                }
            }
        },
    );
}
