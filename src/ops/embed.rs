//! Embedding lookup (word + position + segment) and its gradients, without float atomics.
//! Kernel `shaders/embed.wgsl`, twin `cpu::embed`.

use super::reduce;
use super::shared::stored_as;
use crate::plan::kernel::{KernelSpec, Variant, read, read_u32, update, variant, with_f16, write};
use crate::plan::{Recorder, Tensor};

const SOURCE: &str = wgsl!(Stored = f32; "lib/grid.wgsl", "embed.wgsl");
const SOURCE_F16: &str = wgsl!(Stored = f16; "lib/grid.wgsl", "embed.wgsl");
const VARIANTS: &[Variant] = &[variant("wg64", &[("WG", 64)])];
const WORD_VARIANTS: &[Variant] = &[
    variant("wg64", &[("WG", 64)]),
    variant("ballot", &[("WG", 8)]).of(wgsl!("lib/grid.wgsl", "embed.subgroup.wgsl")).with_subgroups(),
];

/// As `Dims` in the shader.
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Dims {
    /// Tokens in all, tokens of a row, embedding channels.
    pub n: u32,
    pub t: u32,
    pub e: u32,
    /// Segments.
    pub segments: u32,
    /// Its look-ups give no gradient (PyTorch's `padding_idx`).
    pub pad_id: u32,
    pub rows_per_group: u32,
    pub pad: [u32; 2],
}

const OF_FILE: KernelSpec = KernelSpec {
    label: "",
    source: SOURCE,
    entry: "",
    slots: &[],
    dims_bytes: size_of::<Dims>(),
    uses_step: false,
    looks_up: true,
    variants: VARIANTS,
};
const OF_FILE_F16: KernelSpec = KernelSpec { source: SOURCE_F16, variants: &with_f16([VARIANTS[0]]), ..OF_FILE };

twice! {
    /// `x[n]` = `word[ids[n]]` + `position[n % t]` + `segment[types[n]]`
    FORWARD, FORWARD_F16: "embed.forward", "forward",
    [
        read_u32(1, "ids"),
        read_u32(2, "types"),
        read(3, "word"),
        read(4, "position"),
        read(5, "segment"),
        write(6, "x").in_f16(),
    ],
    OF_FILE, OF_FILE_F16
}

/// `dword[ids[n]] += dx[n]`, except for the padding id. One workgroup owns a token; the first token with an id adds for all of them,
/// in order.
pub const BACKWARD_WORD: KernelSpec = KernelSpec {
    label: "embed.backward_word",
    source: SOURCE,
    entry: "backward_word",
    slots: &[read_u32(1, "ids"), read(7, "dx"), update(8, "dword")],
    dims_bytes: size_of::<Dims>(),
    uses_step: false,
    looks_up: true,
    variants: WORD_VARIANTS,
};

/// `dposition[t]` += sum over rows of `dx[row, t]`
pub const BACKWARD_POSITION: KernelSpec = KernelSpec {
    label: "embed.backward_position",
    source: SOURCE,
    entry: "backward_position",
    slots: &[read(7, "dx"), update(9, "dposition")],
    dims_bytes: size_of::<Dims>(),
    uses_step: false,
    looks_up: true,
    variants: VARIANTS,
};

/// partial (groups, segments, e) = sums of dx over blocks of tokens, by segment
pub const BACKWARD_TYPE: KernelSpec = KernelSpec {
    label: "embed.backward_type",
    source: SOURCE,
    entry: "backward_type",
    slots: &[read_u32(2, "types"), read(7, "dx"), write(10, "partial")],
    dims_bytes: size_of::<Dims>(),
    uses_step: false,
    looks_up: true,
    variants: VARIANTS,
};

/// word: (V, E), position: (P, E), segment: (2, E), or their gradients.
#[derive(Debug, Clone)]
pub struct Tables {
    pub word: Tensor,
    pub position: Tensor,
    pub segment: Tensor,
}

const ROWS_PER_GROUP: u32 = 64;

/// ids, types: (B, T) -> x: (N, E)
pub fn forward(r: &mut Recorder, label: &str, ids: &Tensor, types: &Tensor, p: &Tables) -> Tensor {
    let dims = dims(ids, p, 0);
    let x = r.stored(label, &[dims.n, dims.e]);
    let tensors = [ids, types, &p.word, &p.position, &p.segment, &x];
    r.dispatch(stored_as(x.elem, &FORWARD, &FORWARD_F16), 0, dims, &tensors, dims.n, 2 * u64::from(dims.n * dims.e));
    x
}

/// Gradients of all three tables +=. dx: (N, E)
pub fn backward(r: &mut Recorder, ids: &Tensor, types: &Tensor, dx: &Tensor, d: &Tables, pad_id: u32) {
    let dims = dims(ids, d, pad_id);
    let work = u64::from(dims.n * dims.e);
    let class = format!("n{}e{}", dims.n.next_power_of_two(), dims.e.next_power_of_two());
    let v = r.choices.variant(&BACKWARD_WORD, class, |_| true);
    r.dispatch(&BACKWARD_WORD, v, dims, &[ids, dx, &d.word], dims.n, work);
    let wg = VARIANTS[0].constant("WG");
    // A row of the grid a position, lanes over channels.
    r.dispatch(&BACKWARD_POSITION, 0, dims, &[dx, &d.position], (dims.t * dims.e).div_ceil(wg), work);
    let groups = dims.n.div_ceil(ROWS_PER_GROUP);
    let partial = r.activation("partial.segment", &[groups, dims.segments, dims.e]);
    r.dispatch(&BACKWARD_TYPE, 0, dims, &[types, dx, &partial], groups, work);
    let flat = dims.segments * dims.e;
    reduce::rows_add(r, &partial.reshaped(&[groups, flat]), &d.segment.reshaped(&[flat]));
}

fn dims(ids: &Tensor, p: &Tables, pad_id: u32) -> Dims {
    let [rows, t] = ids.dims();
    let [_, e] = p.word.dims();
    let [positions, _] = p.position.dims();
    let [segments, _] = p.segment.dims();
    assert!(t <= positions, "embed: rows of {t} tokens, {positions} positions");
    Dims { n: rows * t, t, e, segments, pad_id, rows_per_group: ROWS_PER_GROUP, pad: [0; 2] }
}
