//! Twin of `shaders/reduce.wgsl`.

use super::par::{self, RowsMut};
use super::{Args, Call};
use crate::ops::reduce::Dims;

/// partial (groups, columns): sums of a block of rows each
pub fn columns_partial(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (x, partial) = (a.f32(), a.f32_mut());
    let (rows, columns, block) = (d.rows as usize, d.columns as usize, d.rows_per_group as usize);
    par::rows(
        rows.div_ceil(block),
        block * columns,
        RowsMut(partial, columns),
        #[inline(always)]
        |first, RowsMut(partial, _), _| {
            for (g, sums) in partial.chunks_exact_mut(columns).enumerate() {
                sums.fill(0.0);
                for row in (first + g) * block..((first + g + 1) * block).min(rows) {
                    for (sum, x) in sums.iter_mut().zip(&x[row * columns..][..columns]) {
                        *sum += x;
                    }
                }
            }
        },
    );
}

/// y += the sum of all rows of partial
pub fn rows_add(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let (partial, y) = (a.f32(), a.f32_mut());
    let (rows, columns) = (d.rows as usize, d.columns as usize);
    par::rows(
        columns,
        rows,
        RowsMut(y, 1),
        #[inline(always)]
        |first, RowsMut(y, _), n| {
            for row in 0..rows {
                for (y, p) in y.iter_mut().zip(&partial[row * columns + first..][..n]) {
                    *y += p;
                }
            }
        },
    );
}
