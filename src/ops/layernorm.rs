//! Layer normalisation fused with dropout and the residual join. Kernel `shaders/layernorm.wgsl`, twin `cpu::layernorm`.

use super::reduce;
use super::shared::{Dropout, stored_as};
use crate::plan::kernel::{KernelSpec, Variant, core_only, read, read_shared, update, variant, with_f16, write};
use crate::plan::{Chosen, Recorder, Tensor};

/// Variants and text, by the type that is stored: in the plain one a workgroup owns a row, in the others a lane.
macro_rules! of_file {
    ($elem:ident, $variants:ident) => {
        KernelSpec {
            label: "",
            source: wgsl!(
                Stored = $elem;
                "lib/step.wgsl",
                "lib/grid.wgsl",
                "lib/threefry.wgsl",
                "lib/dropout.wgsl",
                "lib/reduce.wgsl",
                "layernorm.wgsl"
            ),
            entry: "",
            slots: &[],
            dims_bytes: size_of::<Dims>(),
            uses_step: true,
            looks_up: false,
            variants: &$variants([
                variant("wg64", &[("WG", 64)]),
                variant("wg256", &[("WG", 256)]),
                variant("rows8", &[("WG", 8)])
                    .of(wgsl!(
                        Stored = $elem;
                        "lib/step.wgsl",
                        "lib/grid.wgsl",
                        "lib/threefry.wgsl",
                        "lib/dropout.wgsl",
                        "layernorm.rows.wgsl"
                    ))
                    .in_quads(),
            ]),
        }
    };
}
const OF_FILE: KernelSpec = of_file!(f32, core_only);
const OF_FILE_F16: KernelSpec = of_file!(f16, with_f16);

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
    /// The dropout of the branch that joins the residual.
    pub inner: Dropout,
    /// The dropout of the normalised output.
    pub outer: Dropout,
    pub pad: u32,
}

twice! {
    /// y = outer_dropout(LN(x))
    FORWARD, FORWARD_F16: "layernorm.forward", "forward",
    [
        read(1, "x").in_f16(),
        read(2, "w"),
        read(3, "b"),
        write(4, "y").in_f16(),
        write(5, "mean"),
        write(6, "rstd"),
    ],
    OF_FILE, OF_FILE_F16
}
twice! {
    /// h = residual + inner_dropout(h); y = LN(h)
    FORWARD_RESIDUAL, FORWARD_RESIDUAL_F16: "layernorm.forward_residual", "forward_residual",
    [
        read(7, "residual").in_f16(),
        update(8, "h").in_f16(),
        read(2, "w"),
        read(3, "b"),
        write(4, "y").in_f16(),
        write(5, "mean"),
        write(6, "rstd"),
    ],
    OF_FILE, OF_FILE_F16
}
twice! {
    /// dx of [`FORWARD`], and sums of dw and db over blocks of rows
    BACKWARD, BACKWARD_F16: "layernorm.backward", "backward",
    [
        read(1, "x").in_f16(),
        read(2, "w"),
        read_shared(5, "mean"),
        read_shared(6, "rstd"),
        read(9, "dy"),
        write(10, "dx"),
        write(12, "partial"),
    ],
    OF_FILE, OF_FILE_F16
}
twice! {
    /// dx of the sum in [`FORWARD_RESIDUAL`], dh of what it joined, and sums of dw and db over blocks of rows
    BACKWARD_RESIDUAL, BACKWARD_RESIDUAL_F16: "layernorm.backward_residual", "backward_residual",
    [
        read(1, "x").in_f16(),
        read(2, "w"),
        read_shared(5, "mean"),
        read_shared(6, "rstd"),
        read(9, "dy"),
        write(10, "dx"),
        write(11, "dh"),
        write(12, "partial"),
    ],
    OF_FILE, OF_FILE_F16
}

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
    assert_eq!((p.w.dims(), p.b.dims()), ([c], [c]), "layernorm.forward: w and b");
    let kernel = stored_as(out.x.elem, &FORWARD, &FORWARD_F16);
    let v = choose(r, kernel, [n, c]);
    let groups = groups(kernel, &v, n);
    r.dispatch(kernel, v, out.dims, &[x, &p.w, &p.b, &out.y, &out.mean, &out.rstd], groups, 8 * u64::from(n * c));
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
    assert_eq!((p.w.dims(), p.b.dims()), ([c], [c]), "layernorm.forward_residual: w and b");
    let kernel = stored_as(out.x.elem, &FORWARD_RESIDUAL, &FORWARD_RESIDUAL_F16);
    let v = choose(r, kernel, [n, c]);
    let tensors = [residual, h, &p.w, &p.b, &out.y, &out.mean, &out.rstd];
    let groups = groups(kernel, &v, n);
    r.dispatch(kernel, v, out.dims, &tensors, groups, 10 * u64::from(n * c));
    out
}

/// The gradient of [`forward`]: dx from dy, and dw, db += . dy: (N, C) -> dx: (N, C)
pub fn backward(r: &mut Recorder, saved: &Normed, p: &Affine, d: &Affine, dy: &Tensor) -> Tensor {
    let dx = r.activation(&format!("d.{}", saved.x.label), saved.x.shape());
    backward_with(r, stored_as(saved.x.elem, &BACKWARD, &BACKWARD_F16), saved, p, d, dy, &[&dx]);
    dx
}

/// The gradient of [`forward_residual`]: of the residual branch (=) and of `h` (=), and dw, db += . dy: (N, C) -> (dresidual, dh)
pub fn backward_residual(r: &mut Recorder, saved: &Normed, p: &Affine, d: &Affine, dy: &Tensor) -> (Tensor, Tensor) {
    let dx = r.activation(&format!("d.residual.{}", saved.x.label), saved.x.shape());
    let dh = r.activation(&format!("d.{}", saved.x.label), saved.x.shape());
    let kernel = stored_as(saved.x.elem, &BACKWARD_RESIDUAL, &BACKWARD_RESIDUAL_F16);
    backward_with(r, kernel, saved, p, d, dy, &[&dx, &dh]);
    (dx, dh)
}

fn backward_with(
    r: &mut Recorder,
    kernel: &'static KernelSpec,
    saved: &Normed,
    p: &Affine,
    d: &Affine,
    dy: &Tensor,
    dx: &[&Tensor],
) {
    let [n, c] = saved.x.dims();
    assert_eq!((p.w.dims(), dy.dims()), ([c], [n, c]), "{}: w and dy", kernel.label);
    assert_eq!((d.w.dims(), d.b.dims()), ([c], [c]), "{}: gradients", kernel.label);
    let blocks = n.div_ceil(ROWS_PER_GROUP);
    // dw and db of a block of rows side by side.
    let partial = r.activation(&format!("partial.{}", d.w.label), &[blocks, 2 * c]);
    let v = choose(r, kernel, [n, c]);
    let groups = blocks + groups(kernel, &v, n);
    let mut tensors = vec![&saved.x, &p.w, &saved.mean, &saved.rstd, dy];
    tensors.extend(dx);
    tensors.push(&partial);
    r.dispatch(kernel, v, saved.dims, &tensors, groups, (16 + dx.len() as u64) * u64::from(n * c));
    reduce::rows_add_pair(r, &partial, &d.w, &d.b);
}

fn choose(r: &Recorder, kernel: &'static KernelSpec, [n, c]: [u32; 2]) -> Chosen {
    // A variant in fours declares 16 bytes for every binding, even if a row has one number.
    let takes = |v: &Variant| v.takes(&[c]) && (!v.quads || n >= 4);
    r.choices.variant(kernel, format!("c{}", c.next_power_of_two()), takes)
}

/// The workgroups: one for each row, or one for as many rows as it has lanes.
fn groups(kernel: &KernelSpec, chosen: &Chosen, n: u32) -> u32 {
    let variant = &kernel.variants[chosen.variant];
    if variant.source.is_some() { n.div_ceil(variant.constant("WG")) } else { n }
}

fn normed(r: &mut Recorder, label: &str, x: &Tensor, eps: f32, t: u32, inner: Dropout, outer: Dropout) -> Normed {
    let [n, c] = x.dims();
    Normed {
        x: x.clone(),
        y: r.activation_of(label, x.elem, &[n, c]),
        mean: r.activation(&format!("{label}.mean"), &[n]),
        rstd: r.activation(&format!("{label}.rstd"), &[n]),
        dims: Dims { n, c, eps, rows_per_group: ROWS_PER_GROUP, t, inner, outer, pad: 0 },
    }
}
