//! Twin of `shaders/reduce.wgsl`.

use super::par::{self, RowsMut};
use super::{Args, Call};
use crate::ops::reduce::{Dims, Sum};

/// y = the sum of all rows of partial
pub fn rows_sum(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (partial, y) = (a.f32(), a.f32_mut());
    y.fill(0.0);
    add(&d.first, partial, 0, y);
}

/// y += the sum of all rows of partial
pub fn rows_add(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (partial, y) = (a.f32(), a.f32_mut());
    add(&d.first, partial, 0, y);
}

/// As [`rows_add`], where z takes the columns behind y's
pub fn rows_add_pair(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    add_pair(&d.first, &mut a);
}

/// As [`rows_add_pair`], for two matrices
pub fn rows_add_pairs(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    add_pair(&d.first, &mut a);
    add_pair(&d.second, &mut a);
}

fn add_pair(sum: &Sum, a: &mut Args) {
    let (partial, y, z) = (a.f32(), a.f32_mut(), a.f32_mut());
    add(sum, partial, 0, y);
    add(sum, partial, sum.y_columns as usize, z);
}

/// y += the sums of partial's columns from `from` on
fn add(d: &Sum, partial: &[f32], from: usize, y: &mut [f32]) {
    par::rows(
        y.len(),
        d.rows as usize,
        RowsMut(y, 1),
        #[inline(always)]
        |first, RowsMut(y, _), n| {
            for row in partial.chunks_exact(d.columns as usize) {
                for (y, p) in y.iter_mut().zip(&row[from + first..][..n]) {
                    *y += p;
                }
            }
        },
    );
}
