//! Writes the samples into the text and labels the tokens that changed. Kernel `shaders/corrupt.wgsl`, twin `cpu::corrupt`.

use crate::plan::kernel::{KernelSpec, Variant, read_u32, variant, write_u32};
use crate::plan::{Recorder, Tensor};

const SOURCE: &str = wgsl!("lib/step.wgsl", "lib/grid.wgsl", "lib/threefry.wgsl", "corrupt.wgsl");
const VARIANTS: &[Variant] = &[variant("wg64", &[("WG", 64)])];

/// As `Dims` in the shader.
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Dims {
    /// Tokens, words of the vocabulary.
    pub n: u32,
    pub v: u32,
    /// No chain is longer.
    pub slots: u32,
    /// 1 if a network proposes, 0 if every replacement comes from the fixed distribution.
    pub proposed: u32,
}

/// `corrupted[n]` = the slot's sample (or `ids[n]` where no slot points at n); `replaced[n]` = 1 where it differs from `ids[n]`.
/// A slot's sample comes from the fixed distribution `source` where its first word is below step.source_threshold, or where no
/// network proposes.
/// Several slots on one token (sampling with replacement) give the integer mean of their samples, as in the reference's scatter.
pub const REPLACE: KernelSpec = KernelSpec {
    label: "corrupt.replace",
    source: SOURCE,
    entry: "replace",
    slots: &[
        read_u32(1, "ids"),
        read_u32(2, "first"),
        read_u32(3, "next"),
        read_u32(4, "sampled"),
        read_u32(5, "source"),
        write_u32(6, "corrupted"),
        write_u32(7, "replaced"),
    ],
    dims_bytes: size_of::<Dims>(),
    uses_step: true,
    looks_up: true,
    variants: VARIANTS,
};

/// What the corruption reads. ids, first: (B, T); next, sampled: (S);
/// source: (V) cumulative probabilities in units of 2^-32, the last one saturated: the draw is the first entry above the word.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    pub ids: &'a Tensor,
    pub first: &'a Tensor,
    pub next: &'a Tensor,
    pub sampled: &'a Tensor,
    pub source: &'a Tensor,
    /// Whether a network wrote `sampled`.
    pub proposed: bool,
}

/// -> (corrupted, replaced): (B, T)
pub fn replace(r: &mut Recorder, label: &str, i: Inputs) -> (Tensor, Tensor) {
    let n = i.ids.len();
    let corrupted = r.activation_u32(label, i.ids.shape());
    let replaced = r.activation_u32(&format!("{label}.replaced"), i.ids.shape());
    let dims = Dims { n, v: i.source.len(), slots: i.next.len(), proposed: i.proposed.into() };
    let groups = n.div_ceil(VARIANTS[0].constant("WG"));
    r.dispatch(&REPLACE, 0, dims, &[i.ids, i.first, i.next, i.sampled, i.source, &corrupted, &replaced], groups, 0);
    (corrupted, replaced)
}
