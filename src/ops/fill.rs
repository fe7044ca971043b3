//! Sets a tensor to zero. Kernel `shaders/fill.wgsl`, twin `cpu::fill`.

use crate::plan::kernel::{KernelSpec, Variant, variant, write};
use crate::plan::{Recorder, Tensor};

const VARIANTS: &[Variant] = &[variant("wg256", &[("WG", 256)])];
/// Elements one lane writes.
const PER_LANE: u32 = 8;

/// As `Dims` in the shader.
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Dims {
    pub len: u32,
    /// Lanes of the whole grid: the stride between a lane's elements.
    pub lanes: u32,
    pub pad: [u32; 2],
}

/// y = 0
pub const ZERO: KernelSpec = KernelSpec {
    label: "fill.zero",
    source: wgsl!("lib/grid.wgsl", "fill.wgsl"),
    entry: "zero",
    slots: &[write(1, "y")],
    dims_bytes: size_of::<Dims>(),
    uses_step: false,
    looks_up: false,
    variants: VARIANTS,
};

/// y = 0, any shape.
pub fn zero(r: &mut Recorder, y: &Tensor) {
    let wg = VARIANTS[0].constant("WG");
    let groups = y.len().div_ceil(wg * PER_LANE);
    r.dispatch(&ZERO, 0, Dims { len: y.len(), lanes: groups * wg, pad: [0; 2] }, &[y], groups, 0);
}
