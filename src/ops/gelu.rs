//! GELU and its gradient, where no matrix product can compute them in its epilogue. Kernel `shaders/gelu.wgsl`, twin `cpu::gelu`.

use super::shared::stored_as;
use crate::plan::kernel::{KernelSpec, Variant, read, variant, with_f16, write};
use crate::plan::{Recorder, Tensor};

const VARIANTS: &[Variant] = &[variant("wg256", &[("WG", 256)])];
const VARIANTS_F16: &[Variant] = &with_f16([VARIANTS[0]]);

/// As `Dims` in the shader.
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Dims {
    pub len: u32,
    pub pad: [u32; 3],
}

macro_rules! of_file {
    ($elem:ident, $variants:expr) => {
        KernelSpec {
            label: "",
            source: wgsl!(Stored = $elem; "lib/grid.wgsl", "lib/gelu.wgsl", "gelu.wgsl"),
            entry: "",
            slots: &[],
            dims_bytes: size_of::<Dims>(),
            uses_step: false,
            looks_up: false,
            variants: $variants,
        }
    };
}
const OF_FILE: KernelSpec = of_file!(f32, VARIANTS);
const OF_FILE_F16: KernelSpec = of_file!(f16, VARIANTS_F16);

twice! {
    /// y = gelu(u)
    FORWARD, FORWARD_F16: "gelu.forward", "forward", [read(2, "u").in_f16(), write(4, "y").in_f16()], OF_FILE, OF_FILE_F16
}
twice! {
    /// du = dy ∘ gelu'(u)
    BACKWARD, BACKWARD_F16: "gelu.backward", "backward", [read(1, "dy"), read(2, "u").in_f16(), write(3, "du")], OF_FILE, OF_FILE_F16
}

/// u -> y, any one shape
pub fn forward(r: &mut Recorder, label: &str, u: &Tensor) -> Tensor {
    let y = r.activation_of(label, u.elem, u.shape());
    let groups = u.len().div_ceil(VARIANTS[0].constant("WG"));
    r.dispatch(
        stored_as(u.elem, &FORWARD, &FORWARD_F16),
        0,
        Dims { len: u.len(), pad: [0; 3] },
        &[u, &y],
        groups,
        20 * u64::from(u.len()),
    );
    y
}

/// dy, u -> du, any one shape
pub fn backward(r: &mut Recorder, label: &str, dy: &Tensor, u: &Tensor) -> Tensor {
    assert_eq!(dy.shape(), u.shape(), "gelu.backward: u");
    let du = r.activation(label, u.shape());
    let groups = u.len().div_ceil(VARIANTS[0].constant("WG"));
    r.dispatch(
        stored_as(u.elem, &BACKWARD, &BACKWARD_F16),
        0,
        Dims { len: u.len(), pad: [0; 3] },
        &[dy, u, &du],
        groups,
        30 * u64::from(u.len()),
    );
    du
}
