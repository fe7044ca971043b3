//! Replaced-token detection: binary cross-entropy with logits over the tokens that count. Kernel `shaders/rtd.wgsl`, twin
//! `cpu::rtd`.

use crate::plan::kernel::{KernelSpec, Variant, read, read_u32, variant, write, write_u32};
use crate::plan::{Recorder, Tensor};

const VARIANTS: &[Variant] = &[variant("wg64", &[("WG", 64)])];

/// As `Dims` in the shader.
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Dims {
    pub n: u32,
    /// Which of the step's scales weighs this loss.
    pub scale: u32,
    pub pad: [u32; 2],
}

/// `dlogits[n]` = (sigmoid(logit) - replaced) * `step.scales[scale]` on tokens that count, 0 elsewhere;
/// `token_out[n]` = [logit (f32 bits), corrupted id * 2 + replaced]
pub const LOSS: KernelSpec = KernelSpec {
    label: "rtd.loss",
    source: wgsl!("lib/step.wgsl", "lib/grid.wgsl", "rtd.wgsl"),
    entry: "loss",
    slots: &[
        read(1, "logits"),
        read_u32(2, "counted"),
        read_u32(3, "corrupted"),
        read_u32(4, "replaced"),
        write(5, "dlogits"),
        write_u32(6, "token_out"),
    ],
    dims_bytes: size_of::<Dims>(),
    uses_step: true,
    looks_up: true,
    variants: VARIANTS,
};

/// logits: (N, 1), counted (1 where a token's loss counts), corrupted, replaced: (B, T), token_out: (N, 2) -> dlogits: (N, 1)
pub fn loss(
    r: &mut Recorder,
    logits: &Tensor,
    counted: &Tensor,
    (corrupted, replaced): (&Tensor, &Tensor),
    token_out: &Tensor,
    scale: u32,
) -> Tensor {
    let [n, _] = logits.dims();
    let dlogits = r.activation("d.rtd.logits", &[n, 1]);
    let groups = n.div_ceil(VARIANTS[0].constant("WG"));
    let tensors = [logits, counted, corrupted, replaced, &dlogits, token_out];
    r.dispatch(&LOSS, 0, Dims { n, scale, pad: [0; 2] }, &tensors, groups, 0);
    dlogits
}
