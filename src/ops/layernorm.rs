//! Layer normalisation fused with dropout and the residual join. Kernel `shaders/layernorm.wgsl`, twin `cpu::layernorm`.

use super::Dropout;
use crate::plan::kernel::{KernelSpec, Variant, read, read_shared, update, variant, write};
use crate::plan::{Chosen, Recorder, Tensor};

const SOURCE: &str = wgsl!(
    "lib/step.wgsl",
    "lib/grid.wgsl",
    "lib/threefry.wgsl",
    "lib/dropout.wgsl",
    "lib/reduce.wgsl",
    "layernorm.wgsl"
);
/// Where a lane owns a row.
const ROWS: &str =
    wgsl!("lib/step.wgsl", "lib/grid.wgsl", "lib/threefry.wgsl", "lib/dropout.wgsl", "layernorm.rows.wgsl");
const VARIANTS: &[Variant] = &[
    variant("wg64", &[("WG", 64)]),
    variant("wg256", &[("WG", 256)]),
    variant("rows8", &[("WG", 8)]).of(ROWS).in_quads(),
];
const PARAMS_VARIANTS: &[Variant] = &[variant("wg64", &[("WG", 64)]), variant("wg256", &[("WG", 256)])];

/// As `Dims` in the shader.
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Dims {
    /// Rows and channels.
    pub n: u32,
    pub c: u32,
    pub eps: f32,
    /// Rows that one partial sum of the parameter gradients covers.
    pub rows_per_group: u32,
    /// Tokens a row of text has: places the dropout words of an accumulated micro-batch (index = (row_base * t + n) * c + channel).
    pub t: u32,
    /// On what joins the residual.
    pub inner: Dropout,
    /// On the normalised output.
    pub outer: Dropout,
    pub pad: u32,
}

pub const FORWARD: KernelSpec = KernelSpec {
    label: "layernorm.forward",
    source: SOURCE,
    entry: "forward",
    slots: &[read(1, "x"), read(2, "w"), read(3, "b"), write(4, "y"), write(5, "mean"), write(6, "rstd")],
    dims_bytes: size_of::<Dims>(),
    uses_step: true,
    variants: VARIANTS,
};

pub const FORWARD_RESIDUAL: KernelSpec = KernelSpec {
    label: "layernorm.forward_residual",
    source: SOURCE,
    entry: "forward_residual",
    slots: &[
        read(7, "residual"),
        update(8, "h"),
        read(2, "w"),
        read(3, "b"),
        write(4, "y"),
        write(5, "mean"),
        write(6, "rstd"),
    ],
    dims_bytes: size_of::<Dims>(),
    uses_step: true,
    variants: VARIANTS,
};

pub const BACKWARD: KernelSpec = KernelSpec {
    label: "layernorm.backward",
    source: SOURCE,
    entry: "backward",
    slots: &[
        read(1, "x"),
        read(2, "w"),
        read_shared(5, "mean"),
        read_shared(6, "rstd"),
        read(9, "dy"),
        write(10, "dx"),
    ],
    dims_bytes: size_of::<Dims>(),
    uses_step: true,
    variants: VARIANTS,
};

pub const BACKWARD_RESIDUAL: KernelSpec = KernelSpec {
    label: "layernorm.backward_residual",
    source: SOURCE,
    entry: "backward_residual",
    slots: &[
        read(1, "x"),
        read(2, "w"),
        read_shared(5, "mean"),
        read_shared(6, "rstd"),
        read(9, "dy"),
        write(10, "dx"),
        write(11, "dh"),
    ],
    dims_bytes: size_of::<Dims>(),
    uses_step: true,
    variants: VARIANTS,
};

pub const PARAMS_PARTIAL: KernelSpec = KernelSpec {
    label: "layernorm.params_partial",
    source: SOURCE,
    entry: "params_partial",
    slots: &[read(1, "x"), read_shared(5, "mean"), read_shared(6, "rstd"), read(9, "dy"), write(12, "partial")],
    dims_bytes: size_of::<Dims>(),
    uses_step: true,
    variants: PARAMS_VARIANTS,
};

pub const PARAMS_ADD: KernelSpec = KernelSpec {
    label: "layernorm.params_add",
    source: SOURCE,
    entry: "params_add",
    slots: &[read_shared(12, "partial"), update(13, "dw"), update(14, "db")],
    dims_bytes: size_of::<Dims>(),
    uses_step: false,
    variants: PARAMS_VARIANTS,
};

/// Scale and shift, or their gradients. w, b: (C)
#[derive(Debug, Clone)]
pub struct Affine {
    pub w: Tensor,
    pub b: Tensor,
}

/// What the forward keeps for the backward. x (what was normalised) and y: (N, C); mean, rstd: (N)
#[derive(Debug, Clone)]
pub struct Normed {
    pub x: Tensor,
    pub y: Tensor,
    pub mean: Tensor,
    pub rstd: Tensor,
    dims: Dims,
}

/// Rows that one partial sum of the parameter gradients covers.
const ROWS_PER_GROUP: u32 = 32;

/// y = dropout(LN(x)). x: (N, C) -> y: (N, C); `t` tokens a row of text.
pub fn forward(r: &mut Recorder, label: &str, x: &Tensor, p: &Affine, eps: f32, t: u32, outer: Dropout) -> Normed {
    let out = normed(r, label, x, eps, t, Dropout::OFF, outer);
    let [n, c] = x.dims();
    assert_eq!(p.w.dims(), [c], "layernorm.forward: w");
    let v = choose(r, &FORWARD, c);
    let groups = groups(&FORWARD, &v, n);
    r.dispatch(&FORWARD, v, out.dims, &[x, &p.w, &p.b, &out.y, &out.mean, &out.rstd], groups, 8 * u64::from(n * c));
    out
}

/// y = LN(residual + dropout(h)); `h` becomes that sum, for the backward. residual, h: (N, C) -> y: (N, C)
#[allow(clippy::too_many_arguments, reason = "each is a separate operand of the formula")]
pub fn forward_residual(
    r: &mut Recorder,
    label: &str,
    residual: &Tensor,
    h: &Tensor,
    p: &Affine,
    eps: f32,
    t: u32,
    inner: Dropout,
) -> Normed {
    let out = normed(r, label, h, eps, t, inner, Dropout::OFF);
    let [n, c] = h.dims();
    assert_eq!(residual.dims(), [n, c], "layernorm.forward_residual: residual");
    assert_eq!(p.w.dims(), [c], "layernorm.forward_residual: w");
    let v = choose(r, &FORWARD_RESIDUAL, c);
    let tensors = [residual, h, &p.w, &p.b, &out.y, &out.mean, &out.rstd];
    let groups = groups(&FORWARD_RESIDUAL, &v, n);
    r.dispatch(&FORWARD_RESIDUAL, v, out.dims, &tensors, groups, 10 * u64::from(n * c));
    out
}

/// dx from dy, and dw, db += . Of [`forward`]. dy: (N, C) -> dx: (N, C)
pub fn backward(r: &mut Recorder, saved: &Normed, p: &Affine, d: &Affine, dy: &Tensor) -> Tensor {
    let [n, c] = saved.x.dims();
    let dx = r.activation(&format!("d.{}", saved.x.label), &[n, c]);
    let v = choose(r, &BACKWARD, c);
    let tensors = [&saved.x, &p.w, &saved.mean, &saved.rstd, dy, &dx];
    let groups = groups(&BACKWARD, &v, n);
    r.dispatch(&BACKWARD, v, saved.dims, &tensors, groups, 12 * u64::from(n * c));
    backward_params(r, saved, d, dy);
    dx
}

/// Of [`forward_residual`]: gradients of the residual branch (=) and of `h` (=), and dw, db += . dy: (N, C) -> (dresidual, dh)
pub fn backward_residual(r: &mut Recorder, saved: &Normed, p: &Affine, d: &Affine, dy: &Tensor) -> (Tensor, Tensor) {
    let [n, c] = saved.x.dims();
    let dx = r.activation(&format!("d.residual.{}", saved.x.label), &[n, c]);
    let dh = r.activation(&format!("d.{}", saved.x.label), &[n, c]);
    let v = choose(r, &BACKWARD_RESIDUAL, c);
    let tensors = [&saved.x, &p.w, &saved.mean, &saved.rstd, dy, &dx, &dh];
    let groups = groups(&BACKWARD_RESIDUAL, &v, n);
    r.dispatch(&BACKWARD_RESIDUAL, v, saved.dims, &tensors, groups, 13 * u64::from(n * c));
    backward_params(r, saved, d, dy);
    (dx, dh)
}

fn backward_params(r: &mut Recorder, saved: &Normed, d: &Affine, dy: &Tensor) {
    let [n, c] = saved.x.dims();
    let groups = n.div_ceil(ROWS_PER_GROUP);
    let partial = r.activation(&format!("partial.{}", d.w.label), &[groups, 2, c]);
    let v = choose(r, &PARAMS_PARTIAL, c);
    let tensors = [&saved.x, &saved.mean, &saved.rstd, dy, &partial];
    r.dispatch(&PARAMS_PARTIAL, v, saved.dims, &tensors, groups, 5 * u64::from(n * c));
    let v = choose(r, &PARAMS_ADD, c);
    let wg = PARAMS_ADD.variants[v.variant].constant("WG");
    let dims = Dims { n: groups, ..saved.dims };
    r.dispatch(&PARAMS_ADD, v, dims, &[&partial, &d.w, &d.b], c.div_ceil(wg), 2 * u64::from(groups * c));
}

fn choose(r: &Recorder, kernel: &'static KernelSpec, c: u32) -> Chosen {
    r.choices.variant(kernel, format!("c{}", c.next_power_of_two()), |v| v.takes(&[c]))
}

/// A workgroup a row, or one for as many rows as it has lanes.
fn groups(kernel: &KernelSpec, chosen: &Chosen, n: u32) -> u32 {
    let variant = &kernel.variants[chosen.variant];
    if variant.source.is_some() { n.div_ceil(variant.constant("WG")) } else { n }
}

fn normed(r: &mut Recorder, label: &str, x: &Tensor, eps: f32, t: u32, inner: Dropout, outer: Dropout) -> Normed {
    let [n, c] = x.dims();
    Normed {
        x: x.clone(),
        y: r.activation(label, &[n, c]),
        mean: r.activation(&format!("{label}.mean"), &[n]),
        rstd: r.activation(&format!("{label}.rstd"), &[n]),
        dims: Dims { n, c, eps, rows_per_group: ROWS_PER_GROUP, t, inner, outer, pad: 0 },
    }
}
