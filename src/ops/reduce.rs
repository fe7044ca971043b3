//! Sums over rows in a fixed order: bias gradients and the second pass of every two-pass sum.
//! Kernel `shaders/reduce.wgsl`, twin `cpu::reduce`.

use crate::plan::kernel::{KernelSpec, Variant, read, read_shared, update, variant, write};
use crate::plan::{Recorder, Tensor};

const SOURCE: &str = wgsl!("lib/grid.wgsl", "reduce.wgsl");
const VARIANTS: &[Variant] = &[variant("wg64", &[("WG", 64)])];

/// As `Dims` in the shader.
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Dims {
    pub rows: u32,
    pub columns: u32,
    pub rows_per_group: u32,
    pub pad: u32,
}

/// partial (groups, columns) = sums of x (rows, columns) over blocks of rows
pub const COLUMNS_PARTIAL: KernelSpec = KernelSpec {
    label: "reduce.columns_partial",
    source: SOURCE,
    entry: "columns_partial",
    slots: &[read(1, "x"), write(2, "partial")],
    dims_bytes: size_of::<Dims>(),
    uses_step: false,
    variants: VARIANTS,
};

/// y (columns) += sums of partial (rows, columns) over all rows, first to last
pub const ROWS_ADD: KernelSpec = KernelSpec {
    label: "reduce.rows_add",
    source: SOURCE,
    entry: "rows_add",
    slots: &[read_shared(2, "partial"), update(3, "y")],
    dims_bytes: size_of::<Dims>(),
    uses_step: false,
    variants: VARIANTS,
};

const ROWS_PER_GROUP: u32 = 64;

/// y += column sums of x. x: (rows, columns), y: (columns)
pub fn columns_add(r: &mut Recorder, x: &Tensor, y: &Tensor) {
    let [rows, columns] = x.dims();
    assert_eq!(y.dims(), [columns], "reduce.columns_add: y");
    let groups = rows.div_ceil(ROWS_PER_GROUP);
    let partial = r.activation(&format!("partial.{}", y.label), &[groups, columns]);
    let wg = VARIANTS[0].constant("WG");
    let dims = Dims { rows, columns, rows_per_group: ROWS_PER_GROUP, pad: 0 };
    let grid = groups * columns.div_ceil(wg);
    r.dispatch(&COLUMNS_PARTIAL, 0, dims, &[x, &partial], grid, u64::from(rows) * u64::from(columns));
    rows_add(r, &partial, y);
}

/// y += sum of the rows of `partial`. partial: (rows, columns), y: (columns)
pub fn rows_add(r: &mut Recorder, partial: &Tensor, y: &Tensor) {
    let [rows, columns] = partial.dims();
    assert_eq!(y.dims(), [columns], "reduce.rows_add: y");
    let dims = Dims { rows, columns, rows_per_group: rows, pad: 0 };
    let groups = columns.div_ceil(VARIANTS[0].constant("WG"));
    r.dispatch(&ROWS_ADD, 0, dims, &[partial, y], groups, u64::from(rows) * u64::from(columns));
}
