//! Gradient norm, clipping and AdamW over arenas. Kernel `shaders/optimizer.wgsl`, twin `cpu::optimizer`.

use crate::plan::kernel::{KernelSpec, Variant, read_shared, update, update_u32, variant, write, write_u32};
use crate::plan::{Access, Elem, Recorder, Slot, Tensor};

const SOURCE: &str = wgsl!("lib/step.wgsl", "lib/grid.wgsl", "lib/reduce.wgsl", "optimizer.wgsl");
const VARIANTS: &[Variant] = &[variant("wg256", &[("WG", 256)])];
/// Few lanes meet at fewer barriers. Barriers are expensive where a processor runs them.
const SUM_VARIANTS: &[Variant] = &[variant("wg256", &[("WG", 256)]), variant("wg32", &[("WG", 32)])];
/// How many elements a workgroup of the norm adds up, and how many a workgroup of the update changes.
const PER_GROUP: u32 = 4096;
/// The largest number of clipping groups.
pub const GROUPS_MAX: u32 = 3;

/// As `Dims` in the shader.
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Dims {
    /// Elements (of the range, or of the partial sums).
    pub len: u32,
    pub per_group: u32,
    /// Clipping group whose norm is written, or read.
    pub group: u32,
    /// Largest global norm of a clipping group.
    pub clip: f32,
    pub beta1: f32,
    pub beta2: f32,
    pub eps: f32,
    pub weight_decay: f32,
    /// The factor on the step's learning rate.
    pub lr_scale: f32,
    pub pad: [u32; 3],
}

/// `partial[g]` = sum of squares of one block of the gradients
pub const NORM_PARTIAL: KernelSpec = KernelSpec {
    label: "optimizer.norm_partial",
    source: SOURCE,
    entry: "norm_partial",
    slots: &[read_shared(2, "g"), write(5, "partial")],
    dims_bytes: size_of::<Dims>(),
    uses_step: false,
    looks_up: false,
    variants: SUM_VARIANTS,
};

/// norm of the group from the partial sums, in order; a norm that is not finite sets the flag, which stays set.
/// guard: [flag, step of the flag + 1, norms (f32 bits) ...]; step_out: the same, for the host
pub const NORM_FINISH: KernelSpec = KernelSpec {
    label: "optimizer.norm_finish",
    source: SOURCE,
    entry: "norm_finish",
    slots: &[read_shared(5, "partial"), update_u32(6, "guard"), write_u32(7, "step_out")],
    dims_bytes: size_of::<Dims>(),
    uses_step: true,
    looks_up: false,
    variants: VARIANTS,
};

/// m, v, p from g, clipped by the group's norm; nothing changes if the flag is set
pub const ADAMW: KernelSpec = KernelSpec {
    label: "optimizer.adamw",
    source: SOURCE,
    entry: "adamw",
    slots: &[
        update(1, "p"),
        read_shared(2, "g"),
        update(3, "m"),
        update(4, "v"),
        Slot { access: Access::ReadShared, ..update_u32(6, "guard") },
    ],
    dims_bytes: size_of::<Dims>(),
    uses_step: true,
    looks_up: false,
    variants: VARIANTS,
};

/// A contiguous range of the arenas that is updated alike. All four: (len)
#[derive(Debug, Clone)]
pub struct Range {
    pub p: Tensor,
    pub g: Tensor,
    pub m: Tensor,
    pub v: Tensor,
    pub weight_decay: f32,
    pub lr_scale: f32,
    /// Clipping group.
    pub group: u32,
}

#[derive(Debug, Clone, Copy)]
pub struct Hyper {
    pub clip: f32,
    pub beta1: f32,
    pub beta2: f32,
    pub eps: f32,
}

/// Words of `guard` and `step_out`: flag, step, [`GROUPS_MAX`] norms, padding.
pub const GUARD_LEN: u32 = 8;

/// One optimizer step over all ranges. guard: (GUARD_LEN) state, step_out: (GROUPS_MAX, 64) output whose row g starts with group
/// g's guard.
pub fn update_all(r: &mut Recorder, ranges: &[Range], groups: u32, hyper: Hyper, guard: &Tensor, step_out: &Tensor) {
    assert!(groups <= GROUPS_MAX, "{groups} clipping groups");
    for group in 0..groups {
        norm(r, ranges, group, guard, step_out);
    }
    for range in ranges {
        let lens = [&range.g, &range.m, &range.v].map(Tensor::len);
        assert_eq!(lens, [range.p.len(); 3], "optimizer.adamw: g, m and v of {:?}", range.p);
        let dims = Dims { len: range.p.len(), group: range.group, ..dims(hyper, range) };
        let groups = range.p.len().div_ceil(PER_GROUP);
        let tensors = [&range.p, &range.g, &range.m, &range.v, guard];
        r.dispatch(&ADAMW, 0, dims, &tensors, groups, 16 * u64::from(range.p.len()));
    }
}

fn norm(r: &mut Recorder, ranges: &[Range], group: u32, guard: &Tensor, step_out: &Tensor) {
    let members: Vec<&Range> = ranges.iter().filter(|range| range.group == group).collect();
    // A row of partial sums a range, padded so that each starts at a binding's alignment.
    let longest = members.iter().map(|range| range.g.len().div_ceil(PER_GROUP)).max().unwrap_or(1);
    let stride = longest.next_multiple_of(crate::plan::ALIGN);
    let rows = members.len() as u32;
    let partial = r.activation(&format!("norm.{group}"), &[rows, stride]);
    for (row, range) in members.iter().enumerate() {
        let into = partial.rows(row as u32, 1).reshaped(&[stride]);
        let dims = Dims { len: range.g.len(), per_group: PER_GROUP, ..bytemuck::Zeroable::zeroed() };
        let choice = r.choices.variant(&NORM_PARTIAL, format!("n{}", dims.len.next_power_of_two()), |_| true);
        // Groups past the end of the range write the zeros of the padding.
        r.dispatch(&NORM_PARTIAL, choice, dims, &[&range.g, &into], stride, 2 * u64::from(range.g.len()));
    }
    let dims = Dims { len: rows * stride, group, ..bytemuck::Zeroable::zeroed() };
    let out = step_out.rows(group, 1).reshaped(&[step_out.shape()[1]]).elem_prefix(GUARD_LEN);
    r.dispatch(&NORM_FINISH, 0, dims, &[&partial.reshaped(&[rows * stride]), guard, &out], 1, u64::from(rows * stride));
}

fn dims(hyper: Hyper, range: &Range) -> Dims {
    Dims {
        len: range.p.len(),
        per_group: PER_GROUP,
        group: range.group,
        clip: hyper.clip,
        beta1: hyper.beta1,
        beta2: hyper.beta2,
        eps: hyper.eps,
        weight_decay: range.weight_decay,
        lr_scale: range.lr_scale,
        pad: [0; 3],
    }
}

/// The guard's tensor: sticky flag and norms.
pub fn guard(r: &mut Recorder) -> Tensor {
    r.state("optimizer.guard", Elem::U32, &[GUARD_LEN])
}
