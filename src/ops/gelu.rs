//! GELU and its gradient where no product is there to carry them. Kernel `shaders/gelu.wgsl`, twin `cpu::gelu`.

use crate::plan::kernel::{KernelSpec, Variant, read, variant, write};
use crate::plan::{Recorder, Tensor};

const VARIANTS: &[Variant] = &[variant("wg256", &[("WG", 256)])];

/// As `Dims` in the shader.
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Dims {
    pub len: u32,
    pub pad: [u32; 3],
}

const SOURCE: &str = wgsl!("lib/grid.wgsl", "lib/gelu.wgsl", "gelu.wgsl");

/// y = gelu(u)
pub const FORWARD: KernelSpec = KernelSpec {
    label: "gelu.forward",
    source: SOURCE,
    entry: "forward",
    slots: &[read(2, "u"), write(4, "y")],
    dims_bytes: size_of::<Dims>(),
    uses_step: false,
    variants: VARIANTS,
};

/// du = dy ∘ gelu'(u)
pub const BACKWARD: KernelSpec = KernelSpec {
    label: "gelu.backward",
    source: SOURCE,
    entry: "backward",
    slots: &[read(1, "dy"), read(2, "u"), write(3, "du")],
    dims_bytes: size_of::<Dims>(),
    uses_step: false,
    variants: VARIANTS,
};

/// u -> y, any one shape
pub fn forward(r: &mut Recorder, label: &str, u: &Tensor) -> Tensor {
    let y = r.activation(label, u.shape());
    let groups = u.len().div_ceil(VARIANTS[0].constant("WG"));
    r.dispatch(&FORWARD, 0, Dims { len: u.len(), pad: [0; 3] }, &[u, &y], groups, 20 * u64::from(u.len()));
    y
}

/// dy, u -> du, any one shape
pub fn backward(r: &mut Recorder, label: &str, dy: &Tensor, u: &Tensor) -> Tensor {
    assert_eq!(dy.shape(), u.shape(), "gelu.backward: u");
    let du = r.activation(label, u.shape());
    let groups = u.len().div_ceil(VARIANTS[0].constant("WG"));
    r.dispatch(&BACKWARD, 0, Dims { len: u.len(), pad: [0; 3] }, &[dy, u, &du], groups, 30 * u64::from(u.len()));
    du
}
