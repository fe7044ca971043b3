//! Tiled multi-head self-attention with padding mask and dropout on the probabilities. The softmax is online, and the backward
//! computes it again, so there is no (B, H, T, T) tensor. Kernel `shaders/attention.wgsl`, twin `cpu::attention`.

use super::shared::{Dropout, stored_as};
use crate::plan::kernel::{KernelSpec, Variant, core_only, read, read_shared, read_u32, variant, with_f16, write};
use crate::plan::{Recorder, Tensor};

/// A text with the libraries that each of them uses.
macro_rules! text {
    ($elem:ident, $file:literal) => {
        wgsl!(Stored = $elem; "lib/step.wgsl", "lib/grid.wgsl", "lib/threefry.wgsl", "lib/dropout.wgsl", $file)
    };
}
/// Variants and texts, by the type that stores qkv and ctx. A workgroup owns `TILE` queries (or keys), and a tile has as many keys
/// (or queries), of heads up to `D`. Larger heads take smaller tiles (16 KiB of workgroup memory). Then come the variants where a
/// lane owns a row, and those with tiles in registers.
macro_rules! of_file {
    ($elem:ident, $variants:ident) => {
        KernelSpec {
            label: "",
            source: text!($elem, "attention.wgsl"),
            entry: "",
            slots: &[],
            dims_bytes: size_of::<Dims>(),
            uses_step: true,
            looks_up: false,
            variants: &$variants([
                variant("d16", &[("WG", 64), ("TILE", 16), ("D", 16)]),
                variant("d32", &[("WG", 64), ("TILE", 16), ("D", 32)]),
                variant("d64", &[("WG", 64), ("TILE", 16), ("D", 64)]),
                variant("d128", &[("WG", 64), ("TILE", 8), ("D", 128)]),
                variant("d256", &[("WG", 64), ("TILE", 4), ("D", 256)]),
                lanes(LANES32, text!($elem, "attention.subgroup.wgsl")),
                lanes(LANES64, text!($elem, "attention.subgroup.wgsl")),
                TILES32.of(text!($elem, "attention.tiles.wgsl")).in_quads().native_only(),
                TILES64.of(text!($elem, "attention.tiles.wgsl")).in_quads().native_only(),
            ]),
        }
    };
}
const LANES32: Variant = variant("lanes32", &[("WG", 8), ("TILE", 8), ("D", 32)]);
const LANES64: Variant = variant("lanes64", &[("WG", 8), ("TILE", 8), ("D", 64)]);
/// A square of lanes, each with four own rows and four that pass by.
/// Only native devices are offered it: in Chromium on SwiftShader its backward gives wrong numbers (docs/decisions/041).
const TILES32: Variant = variant("tiles32", &[("WG", 64), ("TILE", 32), ("D", 32)]);
const TILES64: Variant = variant("tiles64", &[("WG", 64), ("TILE", 32), ("D", 64)]);
const fn lanes(variant: Variant, text: &'static str) -> Variant {
    variant.of(text).with_subgroups().in_quads()
}
const OF_FILE: KernelSpec = of_file!(f32, core_only);
const OF_FILE_F16: KernelSpec = of_file!(f16, with_f16);
/// The variants of the plain text. Only it has `map`, which runs on request, where speed does not matter.
const fn plain(of_file: KernelSpec) -> KernelSpec {
    KernelSpec { uses_step: false, variants: of_file.variants.split_at(5).0, ..of_file }
}

/// As `Dims` in the shader.
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Dims {
    pub b: u32,
    pub t: u32,
    pub h: u32,
    /// Channels a head.
    pub d: u32,
    /// 1 if a query sees only the keys up to itself.
    pub causal: u32,
    /// 1 / sqrt(d)
    pub scale: f32,
    /// Probability (b, h, q, k) draws word (((row_base + b) * heads + h) * t + q) * t + k.
    pub dropout: Dropout,
    /// First workgroup of this dispatch: large ones are split.
    pub first_group: u32,
    pub pad: [u32; 2],
}

twice! {
    /// ctx = dropout(softmax(q kᵀ scale + mask)) v; keeps lse, the log-sum-exp of each query's scores
    FORWARD, FORWARD_F16: "attention.forward", "forward",
    [read(1, "qkv").in_f16(), read_u32(2, "mask"), write(3, "ctx").in_f16(), write(4, "lse")],
    OF_FILE, OF_FILE_F16
}
twice! {
    /// dqkv, all of it: workgroups that own queries compute the query part; then the same number of workgroups, which own keys,
    /// compute the key and value parts
    BACKWARD, BACKWARD_F16: "attention.backward", "backward",
    [
        read(1, "qkv").in_f16(),
        read_u32(2, "mask"),
        read_shared(3, "ctx").in_f16(),
        read_shared(4, "lse"),
        read(5, "dctx"),
        write(7, "dqkv"),
    ],
    OF_FILE, OF_FILE_F16
}
twice! {
    /// shares = softmax(q kᵀ scale + mask), the whole matrix, for people to look at
    MAP, MAP_F16: "attention.map", "map",
    [read(1, "qkv").in_f16(), read_u32(2, "mask"), read_shared(4, "lse"), write(8, "shares")],
    plain(OF_FILE), plain(OF_FILE_F16)
}

/// qkv: (N, 3C) = query, key, value side by side; ctx: (N, C); lse: (B, H, T)
#[derive(Debug, Clone)]
pub struct Attended {
    pub qkv: Tensor,
    pub ctx: Tensor,
    lse: Tensor,
    mask: Tensor,
    dims: Dims,
}

/// The shape of an attention: how rows and heads lie in qkv.
#[derive(Debug, Clone, Copy)]
pub struct Heads {
    pub count: u32,
    pub causal: bool,
}

/// The largest head that the variants support.
pub const HEAD_MAX: u32 = 256;

/// qkv: (N, 3C), mask: (B, T), 1 = token -> ctx: (N, C)
pub fn forward(r: &mut Recorder, label: &str, qkv: &Tensor, mask: &Tensor, heads: Heads, dropout: Dropout) -> Attended {
    let [n, c3] = qkv.dims();
    let [b, t] = mask.dims();
    let c = c3 / 3;
    let h = heads.count;
    assert_eq!((b * t, c * 3, c % h), (n, c3, 0), "attention.forward: {qkv:?} with {h} heads, mask {mask:?}");
    let d = c / h;
    let scale = 1.0 / (d as f32).sqrt();
    let dims = Dims { b, t, h, d, causal: heads.causal.into(), scale, dropout, first_group: 0, pad: [0; 2] };
    let out = Attended {
        qkv: qkv.clone(),
        ctx: r.activation_of(label, qkv.elem, &[n, c]),
        lse: r.activation(&format!("{label}.lse"), &[b, h, t]),
        mask: mask.clone(),
        dims,
    };
    launch(r, stored_as(qkv.elem, &FORWARD, &FORWARD_F16), &dims, &[qkv, mask, &out.ctx, &out.lse], 4);
    out
}

/// dctx: (N, C) -> dqkv: (N, 3C)
pub fn backward(r: &mut Recorder, saved: &Attended, dctx: &Tensor) -> Tensor {
    let dqkv = r.activation(&format!("d.{}", saved.qkv.label), saved.qkv.shape());
    let Attended { qkv, ctx, lse, mask, dims } = saved;
    assert_eq!(dctx.shape(), ctx.shape(), "attention.backward: dctx");
    // Scores, their gradient, then query, key and value: five products. Workgroups that own rows make the first two twice.
    launch(r, stored_as(qkv.elem, &BACKWARD, &BACKWARD_F16), dims, &[qkv, mask, ctx, lse, dctx, &dqkv], 10);
    dqkv
}

/// The attention weights, without dropout. shares: (B, H, T, T)
pub fn map(r: &mut Recorder, saved: &Attended, shares: &Tensor) {
    let Attended { qkv, lse, mask, dims, .. } = saved;
    assert_eq!(shares.dims(), [dims.b, dims.h, dims.t, dims.t], "attention.map: shares");
    launch(r, stored_as(qkv.elem, &MAP, &MAP_F16), dims, &[qkv, mask, lse, shares], 2);
}

fn launch(r: &mut Recorder, kernel: &'static KernelSpec, dims: &Dims, tensors: &[&Tensor], flops_per_pair: u64) {
    // Without a choice it takes the smallest head that fits. A choice may not take a head that is twice as large or more.
    let class = format!("d{}t{}", dims.d.next_power_of_two(), dims.t.next_power_of_two());
    let fits = |d: u32| d >= dims.d && (d < 2 * dims.d || d <= 32);
    // A variant in fours declares 16 bytes for every binding, even if a row has one number.
    let takes = |v: &Variant| v.takes(&[dims.d]) && (!v.quads || dims.b * dims.t >= 4);
    let v = r.choices.variant(kernel, class, |v| fits(v.constant("D")) && takes(v));
    let tile = kernel.variants[v.variant].constant("TILE");
    let halves = if kernel.entry == BACKWARD.entry { 2 } else { 1 };
    let groups = halves * dims.b * dims.h * dims.t.div_ceil(tile);
    let pairs = u64::from(dims.b * dims.h) * u64::from(dims.t) * u64::from(dims.t);
    r.dispatch(kernel, v, *dims, tensors, groups, flops_per_pair * pairs * u64::from(dims.d));
}
