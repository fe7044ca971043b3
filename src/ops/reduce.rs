//! Sums over rows in a fixed order: the second pass of every two-pass sum. Kernel `shaders/reduce.wgsl`, twin `cpu::reduce`.

use crate::plan::kernel::{KernelSpec, Variant, read, update, variant, write};
use crate::plan::{Recorder, Tensor};

const SOURCE: &str = wgsl!("lib/grid.wgsl", "reduce.wgsl");
/// A lane a column, or sixteen where rows are many and columns few.
const VARIANTS: &[Variant] =
    &[variant("wg64", &[("WG", 64), ("SLICES", 1)]), variant("slices16", &[("WG", 256), ("SLICES", 16)])];

/// Elsewhere a lane a column is as good: rows are few, or the columns fill the device.
const SLICED_ROWS_MIN: u32 = 64;
const SLICED_COLUMNS_MAX: u32 = 4096;

/// As `Dims` in the shader.
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Dims {
    pub rows: u32,
    pub columns: u32,
    /// Of which y's.
    pub y_columns: u32,
    pub pad: u32,
}

/// y (columns) = sums of partial (rows, columns) over all rows
pub const ROWS_SUM: KernelSpec = KernelSpec {
    label: "reduce.rows_sum",
    source: SOURCE,
    entry: "rows_sum",
    slots: &[read(1, "partial"), write(2, "y")],
    dims_bytes: size_of::<Dims>(),
    uses_step: false,
    looks_up: false,
    variants: VARIANTS,
};

/// y (columns) += sums of partial (rows, columns) over all rows
pub const ROWS_ADD: KernelSpec = KernelSpec {
    label: "reduce.rows_add",
    source: SOURCE,
    entry: "rows_add",
    slots: &[read(1, "partial"), update(2, "y")],
    dims_bytes: size_of::<Dims>(),
    uses_step: false,
    looks_up: false,
    variants: VARIANTS,
};

/// y (y_columns), then z (the others) += sums of partial (rows, columns) over all rows
pub const ROWS_ADD_PAIR: KernelSpec = KernelSpec {
    label: "reduce.rows_add_pair",
    source: SOURCE,
    entry: "rows_add_pair",
    slots: &[read(1, "partial"), update(2, "y"), update(3, "z")],
    dims_bytes: size_of::<Dims>(),
    uses_step: false,
    looks_up: false,
    variants: VARIANTS,
};

/// y = sum of the rows of `partial`. partial: (rows, columns), y: (columns)
pub fn rows_sum(r: &mut Recorder, partial: &Tensor, y: &Tensor) {
    let [_, columns] = partial.dims();
    assert_eq!(y.dims(), [columns], "reduce.rows_sum: y");
    launch(r, &ROWS_SUM, columns, &[partial, y]);
}

/// y += sum of the rows of `partial`. partial: (rows, columns), y: (columns)
pub fn rows_add(r: &mut Recorder, partial: &Tensor, y: &Tensor) {
    let [_, columns] = partial.dims();
    assert_eq!(y.dims(), [columns], "reduce.rows_add: y");
    launch(r, &ROWS_ADD, columns, &[partial, y]);
}

/// y and z += sum of the rows of `partial`, which has y's columns, then z's. partial: (rows, a + b), y: (a), z: (b)
pub fn rows_add_pair(r: &mut Recorder, partial: &Tensor, y: &Tensor, z: &Tensor) {
    let [_, columns] = partial.dims();
    let ([a], [b]) = (y.dims(), z.dims());
    assert_eq!(a + b, columns, "reduce.rows_add_pair: y and z");
    launch(r, &ROWS_ADD_PAIR, a, &[partial, y, z]);
}

fn launch(r: &mut Recorder, kernel: &'static KernelSpec, y_columns: u32, tensors: &[&Tensor]) {
    let [rows, columns] = tensors[0].dims();
    let dims = Dims { rows, columns, y_columns, pad: 0 };
    let class = format!("r{}c{}", rows.next_power_of_two(), columns.next_power_of_two());
    let tall = rows >= SLICED_ROWS_MIN && columns <= SLICED_COLUMNS_MAX;
    let v = r.choices.variant(kernel, class, |v| tall || v.constant("SLICES") == 1);
    let variant = &kernel.variants[v.variant];
    let groups = columns.div_ceil(variant.constant("WG") / variant.constant("SLICES"));
    r.dispatch(kernel, v, dims, tensors, groups, u64::from(rows) * u64::from(columns));
}
