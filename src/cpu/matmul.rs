//! Twin of `shaders/matmul.wgsl`, through the `gemm` crate.
#![allow(unsafe_code, reason = "gemm takes raw pointers; every call goes through one checked function")]

use super::half;
use super::math::{gelu, gelu_grad};
use super::par::{self, RowsMut};
use super::{Args, Call};
use crate::ops::matmul::Dims;

/// A matrix as it lies in memory: element (i, j) at `i * row + j * column`.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    data: &'a [f32],
    row: usize,
    column: usize,
}

impl<'a> View<'a> {
    /// Rows that start `stride` apart.
    pub(super) fn strided(data: &'a [f32], stride: usize) -> Self {
        Self { data, row: stride, column: 1 }
    }
    fn rows(data: &'a [f32], width: u32) -> Self {
        Self::strided(data, width as usize)
    }
    pub(super) fn transposed(self) -> Self {
        Self { data: self.data, row: self.column, column: self.row }
    }
    /// The first `width` elements of row `i`, where rows are dense.
    #[inline(always)]
    pub(super) fn row(self, i: usize, width: usize) -> &'a [f32] {
        &self.data[i * self.row..][..width]
    }
    /// Whether every element of a (rows, columns) matrix lies inside the slice.
    fn holds(&self, rows: usize, columns: usize) -> bool {
        rows == 0 || columns == 0 || (rows - 1) * self.row + (columns - 1) * self.column < self.data.len()
    }
}

/// A matrix that is written: rows `row` apart.
pub(super) struct ViewMut<'a> {
    data: &'a mut [f32],
    row: usize,
}

impl<'a> ViewMut<'a> {
    pub(super) fn strided(data: &'a mut [f32], stride: usize) -> Self {
        Self { data, row: stride }
    }
    pub(super) fn rows(data: &'a mut [f32], width: usize) -> Self {
        Self::strided(data, width)
    }
}

/// c (m, n) = a (m, k) · b (k, n), or += ; on this thread alone, for a twin that shares its rows among threads itself.
pub(super) fn product_here(sizes: [usize; 3], a: View, b: View, c: ViewMut, add: bool) {
    product_on(gemm::Parallelism::None, sizes, a, b, c, add);
}

/// c (m, n) = a (m, k) · b (k, n), or += ; c row-major and dense.
fn product(m: usize, n: usize, k: usize, a: View, b: View, c: &mut [f32], add: bool) {
    product_on(parallelism(m * n * k), [m, n, k], a, b, ViewMut::rows(c, n), add);
}

fn product_on(threads: gemm::Parallelism, [m, n, k]: [usize; 3], a: View, b: View, c: ViewMut, add: bool) {
    let c_len = c.data.len();
    let dense = View { data: c.data, row: c.row, column: 1 };
    assert!(
        a.holds(m, k) && b.holds(k, n) && dense.holds(m, n) && n <= c.row,
        "matmul: ({m}, {n}, {k}) exceeds {c_len}"
    );
    // SAFETY: the assert shows that every (i, j) of each operand lies inside its slice, and that no two of c's coincide; c is
    // borrowed mutably, so it overlaps neither a nor b; alignment is that of f32 slices.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.data.as_mut_ptr(),
            1,
            c.row as isize,
            add,
            a.data.as_ptr(),
            a.column as isize,
            a.row as isize,
            b.data.as_ptr(),
            b.column as isize,
            b.row as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            threads,
        );
    }
}

/// Below this many multiply-adds a second thread costs more than it brings.
#[cfg(not(target_arch = "wasm32"))]
const PARALLEL_MIN: usize = 64 * 64 * 64;

#[cfg(not(target_arch = "wasm32"))]
fn parallelism(work: usize) -> gemm::Parallelism {
    if work < PARALLEL_MIN { gemm::Parallelism::None } else { gemm::Parallelism::Rayon(0) }
}
#[cfg(target_arch = "wasm32")]
fn parallelism(_work: usize) -> gemm::Parallelism {
    gemm::Parallelism::None
}

fn sizes(d: &Dims) -> (usize, usize, usize) {
    (d.m as usize, d.n as usize, d.k as usize)
}

/// c = a bᵀ + bias
pub fn forward(call: &Call, mut args: Args) {
    let d: Dims = call.dims();
    let (a, b, bias, c) = (args.f32(), args.f32(), args.f32(), args.f32_mut());
    affine(&d, a, b, bias, c);
}

/// u = a bᵀ + bias; c = gelu(u)
pub fn forward_gelu(call: &Call, mut args: Args) {
    let d: Dims = call.dims();
    let (a, b, bias, stored) = (args.f32(), args.f32(), args.f32(), args.stored_as());
    let (u, c) = (args.f32_mut(), args.f32_mut());
    affine(&d, a, b, bias, u);
    let (m, n, _) = sizes(&d);
    par::rows(
        m,
        n * 20,
        (RowsMut(u, n), RowsMut(c, n)),
        #[inline(always)]
        |_, (RowsMut(u, _), RowsMut(c, _)), _| {
            // GELU is taken of the stored number, which the backward reads.
            half::round(stored, u);
            for (c, u) in c.iter_mut().zip(u) {
                *c = gelu(*u);
            }
        },
    );
}

fn affine(d: &Dims, a: &[f32], b: &[f32], bias: &[f32], c: &mut [f32]) {
    let (m, n, k) = sizes(d);
    // It writes the bias first and adds the product to it, which saves a pass over c.
    par::rows(
        m,
        n,
        RowsMut(&mut *c, n),
        #[inline(always)]
        |_, RowsMut(c, _), _| {
            for row in c.chunks_exact_mut(n) {
                row.copy_from_slice(bias);
            }
        },
    );
    product(m, n, k, View::rows(a, d.k), View::rows(b, d.k).transposed(), c, true);
}

/// c = a b
pub fn backward_input(call: &Call, mut args: Args) {
    let d: Dims = call.dims();
    let (m, n, k) = sizes(&d);
    product(m, n, k, View::rows(args.f32(), d.k), View::rows(args.f32(), d.n), args.f32_mut(), false);
}

/// `c[part]` = a b over the part's own columns of a
pub fn backward_input_partial(call: &Call, mut args: Args) {
    let d: Dims = call.dims();
    let (m, n, k) = sizes(&d);
    let (a, b, c) = (args.f32(), args.f32(), args.f32_mut());
    for (part, c) in c.chunks_exact_mut(m * n).enumerate() {
        let first = part * d.k_part as usize;
        let columns = (d.k_part as usize).min(k - first);
        product(m, n, columns, View::rows(&a[first..], d.k), View::rows(&b[first * n..], d.n), c, false);
    }
}

/// c += a b
pub fn backward_input_add(call: &Call, mut args: Args) {
    let d: Dims = call.dims();
    let (m, n, k) = sizes(&d);
    product(m, n, k, View::rows(args.f32(), d.k), View::rows(args.f32(), d.n), args.f32_mut(), true);
}

/// c = (a b) ∘ gelu'(u)
pub fn backward_input_gelu(call: &Call, mut args: Args) {
    let d: Dims = call.dims();
    let (m, n, k) = sizes(&d);
    let (a, b, u, c) = (args.f32(), args.f32(), args.f32(), args.f32_mut());
    product(m, n, k, View::rows(a, d.k), View::rows(b, d.n), c, false);
    par::rows(
        m,
        n * 30,
        RowsMut(c, n),
        #[inline(always)]
        |first, RowsMut(c, _), _| {
            for (c, u) in c.iter_mut().zip(&u[first * n..]) {
                *c *= gelu_grad(*u);
            }
        },
    );
}

/// How many rows of a weight's gradient are computed at a time.
const WEIGHT_ROWS: usize = 2048;

/// c += aᵀ b, a (k, m); db += the sums of a's columns
pub fn backward_weight(call: &Call, mut args: Args) {
    let d: Dims = call.dims();
    let (_, n, k) = sizes(&d);
    let (a, b, c, db) = (args.f32(), args.f32(), args.f32_mut(), args.f32_mut());
    // gemm packs all of a at once. A vocabulary goes part by part, so that each part fits in the cache.
    for (i, c) in c.chunks_mut(WEIGHT_ROWS * n).enumerate() {
        let a = View::rows(&a[i * WEIGHT_ROWS..], d.m).transposed();
        product(c.len() / n, n, k, a, View::rows(b, d.n), c, true);
    }
    add_columns(a, d.m as usize, db);
}

/// `c[part]` = aᵀ b over the part's own rows, then the sums of a's columns over them
pub fn backward_weight_partial(call: &Call, mut args: Args) {
    let d: Dims = call.dims();
    let (m, n, k) = sizes(&d);
    let (a, b, c) = (args.f32(), args.f32(), args.f32_mut());
    for (part, c) in c.chunks_exact_mut(m * n + m).enumerate() {
        let first = part * d.k_part as usize;
        let rows = (d.k_part as usize).min(k - first);
        let (a, b) = (&a[first * m..][..rows * m], &b[first * n..][..rows * n]);
        let (c, db) = c.split_at_mut(m * n);
        product(m, n, rows, View::rows(a, d.m).transposed(), View::rows(b, d.n), c, false);
        db.fill(0.0);
        add_columns(a, m, db);
    }
}

/// How many columns have their sums in registers.
const COLUMNS: usize = 64;

/// sums += the sums of a's columns, a (.., m)
fn add_columns(a: &[f32], m: usize, sums: &mut [f32]) {
    par::rows(
        m,
        a.len() / m,
        RowsMut(sums, 1),
        #[inline(always)]
        |first, RowsMut(sums, _), _| {
            for (i, sums) in sums.chunks_mut(COLUMNS).enumerate() {
                let mut own = [0.0; COLUMNS];
                let own = &mut own[..sums.len()];
                for row in a.chunks_exact(m) {
                    for (own, a) in own.iter_mut().zip(&row[first + i * COLUMNS..]) {
                        *own += a;
                    }
                }
                for (sum, own) in sums.iter_mut().zip(own) {
                    *sum += *own;
                }
            }
        },
    );
}
