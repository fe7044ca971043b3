//! Copies f32 tensors as f16. Kernel `shaders/cast.wgsl`, twin `cpu::cast`.

use crate::plan::kernel::{KernelSpec, Variant, read, variant, with_f16, write};
use crate::plan::{Recorder, Tensor};

const VARIANTS: &[Variant] = &with_f16([variant("wg256", &[("WG", 256)])]);
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

/// y = x, rounded
pub const NARROW: KernelSpec = KernelSpec {
    label: "cast.narrow",
    source: wgsl!(Stored = f16; "lib/grid.wgsl", "cast.wgsl"),
    entry: "narrow",
    slots: &[read(1, "x"), write(2, "y").in_f16()],
    dims_bytes: size_of::<Dims>(),
    uses_step: false,
    looks_up: false,
    variants: VARIANTS,
};

/// y = x as f16. x, y: any one shape
pub fn narrow(r: &mut Recorder, x: &Tensor, y: &Tensor) {
    assert_eq!(x.shape(), y.shape(), "cast.narrow: y");
    let wg = VARIANTS[0].constant("WG");
    let groups = x.len().div_ceil(wg * PER_LANE);
    let dims = Dims { len: x.len(), lanes: groups * wg, pad: [0; 2] };
    r.dispatch(&NARROW, 0, dims, &[x, y], groups, 0);
}
