//! Picks the rows of the masked positions, and puts their gradients back. Kernel `shaders/gather.wgsl`, twin `cpu::gather`.

use super::shared::stored_as;
use crate::plan::kernel::{KernelSpec, Variant, read, read_u32, variant, with_f16, write};
use crate::plan::{Recorder, Tensor};

const VARIANTS: &[Variant] = &[variant("wg64", &[("WG", 64)])];
const VARIANTS_F16: &[Variant] = &with_f16([VARIANTS[0]]);

/// As `Dims` in the shader.
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Dims {
    /// Rows of the result.
    pub rows: u32,
    pub c: u32,
    /// No chain is longer.
    pub slots: u32,
    pub pad: u32,
}

macro_rules! of_file {
    ($elem:ident, $variants:expr) => {
        KernelSpec {
            label: "gather.backward",
            source: wgsl!(Stored = $elem; "lib/grid.wgsl", "gather.wgsl"),
            entry: "backward",
            slots: &[read_u32(4, "first"), read_u32(5, "next"), read(6, "dy"), write(7, "dh")],
            dims_bytes: size_of::<Dims>(),
            uses_step: false,
            looks_up: true,
            variants: $variants,
        }
    };
}

twice! {
    /// `y[s]` = `h[position[s]]`, or 0 where the slot is unused
    FORWARD, FORWARD_F16: "gather.forward", "forward", [read_u32(1, "position"), read(2, "h").in_f16(), write(3, "y").in_f16()],
    BACKWARD, of_file!(f16, VARIANTS_F16)
}

/// `dh[n]` = sum of dy over the slots that point at n (0 where none does), along the chain first, `next[first]`, ...
pub const BACKWARD: KernelSpec = of_file!(f32, VARIANTS);

/// h: (N, C), position: (S) -> y: (S, C)
pub fn forward(r: &mut Recorder, label: &str, h: &Tensor, position: &Tensor) -> Tensor {
    let [_, c] = h.dims();
    let [s] = position.dims();
    let y = r.activation_of(label, h.elem, &[s, c]);
    r.dispatch(
        stored_as(h.elem, &FORWARD, &FORWARD_F16),
        0,
        Dims { rows: s, c, slots: s, pad: 0 },
        &[position, h, &y],
        s,
        0,
    );
    y
}

/// dy: (S, C), first: (B, T), next: (S) -> dh: (N, C)
pub fn backward(r: &mut Recorder, label: &str, dy: &Tensor, first: &Tensor, next: &Tensor) -> Tensor {
    let [_, c] = dy.dims();
    let n = first.len();
    let dh = r.activation(label, &[n, c]);
    r.dispatch(&BACKWARD, 0, Dims { rows: n, c, slots: next.len(), pad: 0 }, &[first, next, dy, &dh], n, 0);
    dh
}
