//! Twin of `shaders/matmul.wgsl`, through the `gemm` crate.
#![allow(unsafe_code, reason = "gemm takes raw pointers; every call goes through one checked function")]

use super::math::{gelu, gelu_grad};
use super::par::{self, RowsMut};
use super::{Args, Call};
use crate::ops::matmul::Dims;

/// A matrix as it lies in memory: element (i, j) at `i * row + j * column`.
#[derive(Clone, Copy)]
struct View<'a> {
    data: &'a [f32],
    row: usize,
    column: usize,
}

impl<'a> View<'a> {
    fn rows(data: &'a [f32], width: u32) -> Self {
        Self { data, row: width as usize, column: 1 }
    }
    fn transposed(data: &'a [f32], width: u32) -> Self {
        Self { data, row: 1, column: width as usize }
    }
    /// Whether every element of a (rows, columns) matrix lies inside the slice.
    fn holds(&self, rows: usize, columns: usize) -> bool {
        rows == 0 || columns == 0 || (rows - 1) * self.row + (columns - 1) * self.column < self.data.len()
    }
}

/// c (m, n) = a (m, k) · b (k, n), or += ; c row-major and dense.
fn product(m: usize, n: usize, k: usize, a: View, b: View, c: &mut [f32], add: bool) {
    assert!(a.holds(m, k) && b.holds(k, n) && c.len() == m * n, "matmul: ({m}, {n}, {k}) exceeds its operands");
    // SAFETY: the assert shows that every (i, j) of each operand lies inside its slice; c is borrowed mutably, so it
    // overlaps neither a nor b; alignment is that of f32 slices.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.as_mut_ptr(),
            1,
            n as isize,
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
            parallelism(m * n * k),
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
    let (a, b, bias, u, c) = (args.f32(), args.f32(), args.f32(), args.f32_mut(), args.f32_mut());
    affine(&d, a, b, bias, u);
    let (m, n, _) = sizes(&d);
    par::rows(m, n * 20, RowsMut(c, n), |first, RowsMut(c, _), _| {
        for (c, u) in c.iter_mut().zip(&u[first * n..]) {
            *c = gelu(*u);
        }
    });
}

fn affine(d: &Dims, a: &[f32], b: &[f32], bias: &[f32], c: &mut [f32]) {
    let (m, n, k) = sizes(d);
    // The bias is laid down first and the product added: one pass fewer over c.
    for row in c.chunks_exact_mut(n) {
        row.copy_from_slice(bias);
    }
    product(m, n, k, View::rows(a, d.k), View::transposed(b, d.k), c, true);
}

/// c = a b
pub fn backward_input(call: &Call, mut args: Args) {
    let d: Dims = call.dims();
    let (m, n, k) = sizes(&d);
    product(m, n, k, View::rows(args.f32(), d.k), View::rows(args.f32(), d.n), args.f32_mut(), false);
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
    par::rows(m, n * 30, RowsMut(c, n), |first, RowsMut(c, _), _| {
        for (c, u) in c.iter_mut().zip(&u[first * n..]) {
            *c *= gelu_grad(*u);
        }
    });
}

/// c += aᵀ b, a (k, m)
pub fn backward_weight(call: &Call, mut args: Args) {
    let d: Dims = call.dims();
    let (m, n, k) = sizes(&d);
    product(m, n, k, View::transposed(args.f32(), d.m), View::rows(args.f32(), d.n), args.f32_mut(), true);
}

/// `c[part]` = aᵀ b over the part's own rows
pub fn backward_weight_partial(call: &Call, mut args: Args) {
    let d: Dims = call.dims();
    let (m, n, k) = sizes(&d);
    let (a, b, c) = (args.f32(), args.f32(), args.f32_mut());
    for (part, c) in c.chunks_exact_mut(m * n).enumerate() {
        let first = part * d.k_part as usize;
        let rows = (d.k_part as usize).min(k - first);
        let (a, b) = (&a[first * m..][..rows * m], &b[first * n..][..rows * n]);
        product(m, n, rows, View::transposed(a, d.m), View::rows(b, d.n), c, false);
    }
}
