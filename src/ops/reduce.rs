//! Sums over rows in a fixed order: the second pass of every two-pass sum. Kernel `shaders/reduce.wgsl`, twin `cpu::reduce`.

use crate::plan::kernel::{KernelSpec, Variant, read, update, variant, write};
use crate::plan::{Recorder, Tensor, Waiting};

const OF_FILE: KernelSpec = KernelSpec {
    label: "",
    source: wgsl!("lib/grid.wgsl", "reduce.wgsl"),
    entry: "",
    slots: &[],
    dims_bytes: size_of::<Dims>(),
    uses_step: false,
    looks_up: false,
    variants: VARIANTS,
};
/// One variant has one lane for each column. The other has several lanes for each, with the barrier that they need. The shape decides, not
/// a measurement.
const VARIANTS: &[Variant] =
    &[variant("wg64", &[("WG", 64), ("SLICED", 0)]), variant("sliced256", &[("WG", 256), ("SLICED", 1)])];
/// Lanes of a column in a sum of at least [`SLICED_ROWS_MIN`] rows, where one lane for each column would leave most of the device
/// without work.
const SLICES: u32 = 16;
const SLICED_ROWS_MIN: u32 = 64;

/// As `Sum` in the shader.
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Sum {
    pub rows: u32,
    pub columns: u32,
    /// How many of the columns are y's.
    pub y_columns: u32,
    /// Lanes of a column.
    pub slices: u32,
}

/// As `Dims` in the shader.
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Dims {
    pub first: Sum,
    pub second: Sum,
    /// The workgroups of the first sum.
    pub groups: u32,
    pub pad: [u32; 3],
}

/// y (columns) = sums of partial (rows, columns) over all rows
pub const ROWS_SUM: KernelSpec =
    KernelSpec { label: "reduce.rows_sum", entry: "rows_sum", slots: &[read(1, "partial"), write(2, "y")], ..OF_FILE };

/// y (columns) += sums of partial (rows, columns) over all rows
pub const ROWS_ADD: KernelSpec =
    KernelSpec { label: "reduce.rows_add", entry: "rows_add", slots: &[read(1, "partial"), update(2, "y")], ..OF_FILE };

/// y (y_columns), then z (the others) += sums of partial (rows, columns) over all rows
pub const ROWS_ADD_PAIR: KernelSpec = KernelSpec {
    label: "reduce.rows_add_pair",
    entry: "rows_add_pair",
    slots: &[read(1, "partial"), update(2, "y"), update(3, "z")],
    ..OF_FILE
};

/// [`ROWS_ADD_PAIR`] of two independent matrices, in one launch instead of two
pub const ROWS_ADD_PAIRS: KernelSpec = KernelSpec {
    label: "reduce.rows_add_pairs",
    entry: "rows_add_pairs",
    slots: &[read(1, "partial"), update(2, "y"), update(3, "z"), read(4, "partial2"), update(5, "y2"), update(6, "z2")],
    ..OF_FILE
};

/// y = sum of the rows of `partial`. partial: (rows, columns), y: (columns)
pub fn rows_sum(r: &mut Recorder, partial: &Tensor, y: &Tensor) {
    one(r, &ROWS_SUM, partial, y);
}

/// y += sum of the rows of `partial`. partial: (rows, columns), y: (columns)
pub fn rows_add(r: &mut Recorder, partial: &Tensor, y: &Tensor) {
    one(r, &ROWS_ADD, partial, y);
}

fn one(r: &mut Recorder, kernel: &'static KernelSpec, partial: &Tensor, y: &Tensor) {
    let [_, columns] = partial.dims();
    assert_eq!(y.dims(), [columns], "{}: y", kernel.label);
    let sum = sum(r, partial, y);
    launch(r, kernel, [sum, NOTHING], &[partial, y]);
}

/// y and z += sum of the rows of `partial`, which has y's columns, then z's. partial: (rows, a + b), y: (a), z: (b)
///
/// It is recorded with the next such sum, or at the end of the stage, because nothing in a stage reads the gradients that it
/// writes.
pub fn rows_add_pair(r: &mut Recorder, partial: &Tensor, y: &Tensor, z: &Tensor) {
    let [_, columns] = partial.dims();
    let ([a], [b]) = (y.dims(), z.dims());
    assert_eq!(a + b, columns, "reduce.rows_add_pair: y and z");
    let own = [partial, y, z].map(Tensor::clone);
    match r.waiting.take() {
        Some(Waiting { tensors: first, .. }) if !first[1..].iter().any(|t| own[1..].iter().any(|u| t.overlaps(u))) => {
            let sums = [sum(r, &first[0], &first[1]), sum(r, &own[0], &own[1])];
            let [partial, y, z] = &first;
            let [partial2, y2, z2] = &own;
            launch(r, &ROWS_ADD_PAIRS, sums, &[partial, y, z, partial2, y2, z2]);
        }
        other => {
            if let Some(first) = other {
                alone(r, first.tensors);
            }
            r.waiting = Some(Waiting { tensors: own, alone });
        }
    }
}

fn alone(r: &mut Recorder, [partial, y, z]: [Tensor; 3]) {
    let sum = sum(r, &partial, &y);
    launch(r, &ROWS_ADD_PAIR, [sum, NOTHING], &[&partial, &y, &z]);
}

const NOTHING: Sum = Sum { rows: 0, columns: 0, y_columns: 0, slices: 1 };

fn sum(r: &Recorder, partial: &Tensor, y: &Tensor) -> Sum {
    let [rows, columns] = partial.dims();
    // More columns than that fill the device even with one lane for each column.
    let sliced = rows >= SLICED_ROWS_MIN && columns <= r.limits.split.tiles_full;
    Sum { rows, columns, y_columns: y.len(), slices: if sliced { SLICES } else { 1 } }
}

fn launch(r: &mut Recorder, kernel: &'static KernelSpec, sums: [Sum; 2], tensors: &[&Tensor]) {
    let v = usize::from(sums.iter().any(|sum| sum.slices > 1));
    let [groups, more] = sums.map(|sum| sum.columns.div_ceil(VARIANTS[v].constant("WG") / sum.slices));
    let [first, second] = sums;
    let flops = sums.iter().map(|sum| u64::from(sum.rows) * u64::from(sum.columns)).sum();
    r.dispatch(kernel, v, Dims { first, second, groups, pad: [0; 3] }, tensors, groups + more, flops);
}
