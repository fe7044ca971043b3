//! The matrix-product family of a linear layer y = x Wᵀ + b, W stored (out, in) as in PyTorch: forward (NT), gradient of the
//! input (NN), gradient of the weight (TN), each with its epilogues. Kernel `shaders/matmul.wgsl`, twin `cpu::matmul`.

use super::reduce;
use super::shared::stored_as;
use crate::plan::kernel::{KernelSpec, Matrices, core_only, read, update, variant, with_f16, write};
use crate::plan::{Chosen, Elem, Recorder, Tensor};

/// The shader texts in which a lane holds four blocks. Operands are bound number by number or in fours; rows of A are read by every
/// lane, passed around, or fetched ahead.
macro_rules! rows {
    ($a:ident, $b:ident, $c:ident, $operands:literal, $product:literal) => {
        wgsl!(
            ElemA = $a, ElemB = $b, ElemC = $c;
            "lib/grid.wgsl",
            "lib/gelu.wgsl",
            "lib/tiles.wgsl",
            $operands,
            $product,
            "matmul.rows.wgsl"
        )
    };
}
/// The texts with workgroup memory: the files of a product, behind those that name its entry points.
macro_rules! tiles {
    ($a:ident, $b:ident, $c:ident, $($product:literal),+) => {
        wgsl!(
            ElemA = $a, ElemB = $b, ElemC = $c;
            "lib/grid.wgsl", "lib/gelu.wgsl", "lib/tiles.wgsl", "matmul.wgsl", $($product),+
        )
    };
}
/// What the family shares, by the element types of A, of B and u, and of C. A workgroup has `TILE_M` × `TILE_N` outputs. First come
/// the variants of `WG_M` × `WG_N` lanes with 4 × 4 outputs each, `TILE_K` deep in workgroup memory. Then come those without
/// workgroup memory: `WG` lanes of 16 × 4. Then `WG` lanes of 8 × 8, with two halves of workgroup memory.
macro_rules! of_file {
    ($a:ident, $b:ident, $c:ident, $variants:ident $(, $more:expr)?) => {
        KernelSpec {
            label: "",
            source: tiles!($a, $b, $c, "matmul.staged.wgsl"),
            entry: "",
            slots: &[],
            dims_bytes: size_of::<Dims>(),
            uses_step: false,
            looks_up: false,
            variants: &$variants([
                variant("t32x32", &[("TILE_M", 32), ("TILE_N", 32), ("TILE_K", 16), ("WG_M", 8), ("WG_N", 8)]),
                variant("t64x64", &[("TILE_M", 64), ("TILE_N", 64), ("TILE_K", 16), ("WG_M", 16), ("WG_N", 16)]),
                variant("t64x32", &[("TILE_M", 64), ("TILE_N", 32), ("TILE_K", 32), ("WG_M", 16), ("WG_N", 8)]),
                variant("broadcast32", NARROW)
                    .of(rows!($a, $b, $c, "matmul.scalar.wgsl", "matmul.subgroup.wgsl"))
                    .with_subgroups(),
                variant("broadcast32q", NARROW)
                    .of(rows!($a, $b, $c, "matmul.quad.wgsl", "matmul.subgroup.wgsl"))
                    .with_subgroups()
                    .in_quads(),
                variant("broadcast128q", WIDE)
                    .of(rows!($a, $b, $c, "matmul.quad.wgsl", "matmul.subgroup.wgsl"))
                    .with_subgroups()
                    .in_quads(),
                variant("direct32", NARROW).of(rows!($a, $b, $c, "matmul.scalar.wgsl", "matmul.direct.wgsl")),
                variant("direct128q", WIDE).of(rows!($a, $b, $c, "matmul.quad.wgsl", "matmul.direct.wgsl")).in_quads(),
                variant("ahead64", AHEAD64).of(rows!($a, $b, $c, "matmul.scalar.wgsl", "matmul.ahead.wgsl")),
                variant("ahead64q", AHEAD64).of(rows!($a, $b, $c, "matmul.quad.wgsl", "matmul.ahead.wgsl")).in_quads(),
                variant("ahead128q", AHEAD128).of(rows!($a, $b, $c, "matmul.quad.wgsl", "matmul.ahead.wgsl")).in_quads(),
                variant("cooperative8", COOPERATIVE)
                    .of(tiles!($a, $b, $c, "lib/matrices8.wgsl", "matmul.cooperative.wgsl"))
                    .with_matrices(Matrices::F32),
                $($more,)?
            ]),
        }
    };
}
const OF_FILE: KernelSpec = of_file!(f32, f32, f32, core_only);
/// The forward's types: weights and everything that is kept are f16.
const OF_FILE_F16: KernelSpec = of_file!(
    f16,
    f16,
    f16,
    with_f16,
    variant("cooperative16", COOPERATIVE)
        .of(tiles!(f16, f16, f16, "lib/matrices16.wgsl", "matmul.cooperative.wgsl"))
        .with_matrices(Matrices::F16)
);
/// The forward's types if a loss is computed from the output.
const OF_FILE_LOGITS: KernelSpec = of_file!(
    f16,
    f16,
    f32,
    with_f16,
    variant("cooperative16", COOPERATIVE)
        .of(tiles!(f16, f16, f32, "lib/matrices16.wgsl", "matmul.cooperative.wgsl"))
        .with_matrices(Matrices::F16)
);
/// The backward's types: gradients are f32, the operands beside them f16.
const OF_FILE_BACKWARD: KernelSpec = of_file!(f32, f16, f32, with_f16);
const NARROW: &[(&str, u32)] = &[("TILE_M", 16), ("TILE_N", 32), ("WG", 8)];
/// One subgroup, which holds the tile in cooperative matrices.
const COOPERATIVE: &[(&str, u32)] = &[("TILE_M", 32), ("TILE_N", 16), ("TILE_K", 32), ("WG_M", 8), ("WG_N", 4)];
const WIDE: &[(&str, u32)] = &[("TILE_M", 16), ("TILE_N", 128), ("WG", 32)];
const AHEAD64: &[(&str, u32)] = &[("TILE_M", 64), ("TILE_N", 64), ("TILE_K", 8), ("WG", 64), ("WG_N", 8)];
const AHEAD128: &[(&str, u32)] = &[("TILE_M", 128), ("TILE_N", 128), ("TILE_K", 8), ("WG", 256), ("WG_N", 16)];

/// As `Dims` in the shader: C (m, n) = A · B over k.
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Dims {
    pub m: u32,
    pub n: u32,
    pub k: u32,
    /// k of one partial product (split-K); k itself elsewhere.
    pub k_part: u32,
}

twice! {
    /// c (m, n) = a (m, k) · b (n, k)ᵀ + bias (n)
    FORWARD, FORWARD_F16: "matmul.forward", "forward",
    [read(1, "a").in_f16(), read(2, "b").in_f16(), read(3, "bias"), write(4, "c").in_f16()],
    OF_FILE, OF_FILE_F16
}
/// [`FORWARD_F16`] with c as f32.
pub const FORWARD_F16_LOGITS: KernelSpec = KernelSpec {
    label: "matmul.forward.f16.logits",
    entry: "forward",
    slots: &[read(1, "a").in_f16(), read(2, "b").in_f16(), read(3, "bias"), write(4, "c")],
    ..OF_FILE_LOGITS
};
twice! {
    /// u (m, n) = a · bᵀ + bias; c = gelu(u)
    FORWARD_GELU, FORWARD_GELU_F16: "matmul.forward_gelu", "forward_gelu",
    [read(1, "a").in_f16(), read(2, "b").in_f16(), read(3, "bias"), write(5, "u_out").in_f16(), write(4, "c").in_f16()],
    OF_FILE, OF_FILE_F16
}
twice! {
    /// c (m, n) = a (m, k) · b (k, n)
    BACKWARD_INPUT, BACKWARD_INPUT_F16: "matmul.backward_input", "backward_input",
    [read(1, "a"), read(2, "b").in_f16(), write(4, "c")],
    OF_FILE, OF_FILE_BACKWARD
}
twice! {
    /// c (parts, m · n) = a (m, k) · b (k, n); part p over its own k_part of k
    BACKWARD_INPUT_PARTIAL, BACKWARD_INPUT_PARTIAL_F16: "matmul.backward_input_partial", "backward_input_partial",
    [read(1, "a"), read(2, "b").in_f16(), write(4, "c")],
    OF_FILE, OF_FILE_BACKWARD
}
twice! {
    /// c (m, n) += a (m, k) · b (k, n)
    BACKWARD_INPUT_ADD, BACKWARD_INPUT_ADD_F16: "matmul.backward_input_add", "backward_input_add",
    [read(1, "a"), read(2, "b").in_f16(), update(4, "c")],
    OF_FILE, OF_FILE_BACKWARD
}
twice! {
    /// c (m, n) = (a (m, k) · b (k, n)) ∘ gelu'(u)
    BACKWARD_INPUT_GELU, BACKWARD_INPUT_GELU_F16: "matmul.backward_input_gelu", "backward_input_gelu",
    [read(1, "a"), read(2, "b").in_f16(), read(6, "u").in_f16(), write(4, "c")],
    OF_FILE, OF_FILE_BACKWARD
}
twice! {
    /// c (m, n) += a (k, m)ᵀ · b (k, n); db (m) += column sums of a
    BACKWARD_WEIGHT, BACKWARD_WEIGHT_F16: "matmul.backward_weight", "backward_weight",
    [read(1, "a"), read(2, "b").in_f16(), update(4, "c"), update(7, "db")],
    OF_FILE, OF_FILE_BACKWARD
}
twice! {
    /// c (parts, m · n + m) = a (k, m)ᵀ · b (k, n), then the column sums of a; part p over its own k_part rows
    BACKWARD_WEIGHT_PARTIAL, BACKWARD_WEIGHT_PARTIAL_F16: "matmul.backward_weight_partial", "backward_weight_partial",
    [read(1, "a"), read(2, "b").in_f16(), write(4, "c")],
    OF_FILE, OF_FILE_BACKWARD
}

/// Weight (out, in) and bias (out) of a linear layer, or their gradients.
#[derive(Debug, Clone)]
pub struct Linear {
    pub w: Tensor,
    pub b: Tensor,
}

/// The largest number of FLOPs of one dispatch. Larger products are split by rows, so that no dispatch holds the device for long. The
/// feed-forward of the paper's small batch (16,384 rows of 256 by 1,024) stays whole; it takes a quarter of a second where a
/// processor runs the shaders.
const FLOPS_MAX: u64 = 1 << 33;
/// The length of a part is a multiple of this where rows are read along k: no step of a tile, and no quad, straddles two parts.
const K_PART_UNIT: u32 = 32;

/// y = x Wᵀ + b, stored as x is. x: (N, in) -> y: (N, out)
pub fn forward(r: &mut Recorder, label: &str, x: &Tensor, p: &Linear) -> Tensor {
    forward_as(r, label, x, p, x.elem)
}

/// [`forward`] for an output from which a loss is computed. It is f32, even if x is stored as f16.
pub fn logits(r: &mut Recorder, label: &str, x: &Tensor, p: &Linear) -> Tensor {
    forward_as(r, label, x, p, Elem::F32)
}

fn forward_as(r: &mut Recorder, label: &str, x: &Tensor, p: &Linear, elem: Elem) -> Tensor {
    let [rows_all, _] = x.dims();
    let [out, _] = p.w.dims();
    let y = r.activation_of(label, elem, &[rows_all, out]);
    let kernel = match (x.elem, elem) {
        (Elem::F16, Elem::F16) => &FORWARD_F16,
        (Elem::F16, _) => &FORWARD_F16_LOGITS,
        _ => &FORWARD,
    };
    let [_, k] = x.dims();
    let [n, w_in] = p.w.dims();
    assert_eq!(w_in, k, "matmul.forward: {:?} by {:?}", x, p.w);
    assert_eq!(p.b.dims(), [n], "matmul.forward: bias");
    for (first, rows) in blocks(x, n) {
        let (x, y) = (x.rows(first, rows), y.rows(first, rows));
        product(r, kernel, [rows, n, k], &[&x, &p.w, &p.b, &y]);
    }
    y
}

/// u = x Wᵀ + b, y = gelu(u). x: (N, in) -> (u, y): (N, out)
pub fn forward_gelu(r: &mut Recorder, label: &str, x: &Tensor, p: &Linear) -> (Tensor, Tensor) {
    let [rows_all, k] = x.dims();
    let [n, w_in] = p.w.dims();
    assert_eq!(w_in, k, "matmul.forward_gelu: {:?} by {:?}", x, p.w);
    assert_eq!(p.b.dims(), [n], "matmul.forward_gelu: bias");
    let u = r.activation_of(&format!("{label}.pre"), x.elem, &[rows_all, n]);
    let y = r.activation_of(label, x.elem, &[rows_all, n]);
    let kernel = stored_as(x.elem, &FORWARD_GELU, &FORWARD_GELU_F16);
    for (first, rows) in blocks(x, n) {
        let (x, u, y) = (x.rows(first, rows), u.rows(first, rows), y.rows(first, rows));
        product(r, kernel, [rows, n, k], &[&x, &p.w, &p.b, &u, &y]);
    }
    (u, y)
}

/// dx = dy W. dy: (N, out), w: (out, in) -> dx: (N, in)
pub fn backward_input(r: &mut Recorder, label: &str, dy: &Tensor, w: &Tensor) -> Tensor {
    let [n, _] = dy.dims();
    let [_, k] = w.dims();
    let dx = r.activation(label, &[n, k]);
    backward_input_with(r, [&BACKWARD_INPUT, &BACKWARD_INPUT_F16], dy, w, None, &dx);
    dx
}

/// dx = dy W, into a tensor that exists.
pub fn backward_input_into(r: &mut Recorder, dy: &Tensor, w: &Tensor, dx: &Tensor) {
    backward_input_with(r, [&BACKWARD_INPUT, &BACKWARD_INPUT_F16], dy, w, None, dx);
}

/// dx += dy W: joins the residual branch.
pub fn backward_input_add(r: &mut Recorder, dy: &Tensor, w: &Tensor, dx: &Tensor) {
    backward_input_with(r, [&BACKWARD_INPUT_ADD, &BACKWARD_INPUT_ADD_F16], dy, w, None, dx);
}

/// du = (dy W) ∘ gelu'(u). u: (N, in) -> du: (N, in)
pub fn backward_input_gelu(r: &mut Recorder, label: &str, dy: &Tensor, w: &Tensor, u: &Tensor) -> Tensor {
    let du = r.activation(label, u.shape());
    backward_input_with(r, [&BACKWARD_INPUT_GELU, &BACKWARD_INPUT_GELU_F16], dy, w, Some(u), &du);
    du
}

fn backward_input_with(
    r: &mut Recorder,
    [plain, half]: [&'static KernelSpec; 2],
    dy: &Tensor,
    w: &Tensor,
    u: Option<&Tensor>,
    dx: &Tensor,
) {
    let [_, k] = dy.dims();
    let [w_out, n] = w.dims();
    let kernel = stored_as(w.elem, plain, half);
    assert_eq!(w_out, k, "{}: {dy:?} by {w:?}", kernel.label);
    let [rows_all, _] = dy.dims();
    let outputs = [rows_all, n];
    assert!(dx.dims() == outputs && u.is_none_or(|u| u.dims() == outputs), "{}: {dx:?}, {u:?}", kernel.label);
    for (first, rows) in blocks(dy, n) {
        let (dy, dx) = (dy.rows(first, rows), dx.rows(first, rows));
        if kernel.entry == BACKWARD_INPUT.entry && backward_input_in_parts(r, &dy, w, &dx) {
            continue;
        }
        let u = u.map(|u| u.rows(first, rows));
        let mut tensors = vec![&dy, w];
        tensors.extend(u.as_ref());
        tensors.push(&dx);
        product(r, kernel, [rows, n, k], &tensors);
    }
}

/// Records [`BACKWARD_INPUT`] in parts if its sums are long and its outputs few, as for a vocabulary. Returns false otherwise.
fn backward_input_in_parts(r: &mut Recorder, dy: &Tensor, w: &Tensor, dx: &Tensor) -> bool {
    let ([m, k], [_, n]) = (dy.dims(), w.dims());
    let k_part = k.div_ceil(parts(r, [m, n, k])).next_multiple_of(K_PART_UNIT);
    let parts = k.div_ceil(k_part);
    if parts == 1 {
        return false;
    }
    let partial = r.activation(&format!("partial.{}", dx.label), &[parts, m * n]);
    let kernel = stored_as(w.elem, &BACKWARD_INPUT_PARTIAL, &BACKWARD_INPUT_PARTIAL_F16);
    let v = choose(r, kernel, [m, n, k]);
    let groups = tiles(kernel, &v, m, n) * parts;
    r.dispatch(kernel, v, Dims { m, n, k, k_part }, &[dy, w, &partial], groups, flops([m, n, k]));
    reduce::rows_sum(r, &partial, &dx.reshaped(&[m * n]));
    true
}

/// dW += dyᵀ x and db += column sums of dy. x: (N, in), dy: (N, out)
pub fn backward_params(r: &mut Recorder, x: &Tensor, dy: &Tensor, d: &Linear) {
    let [k, n] = x.dims();
    let [rows, m] = dy.dims();
    assert_eq!(rows, k, "matmul.backward_params: {dy:?} by {x:?}");
    assert_eq!((d.w.dims(), d.b.dims()), ([m, n], [m]), "matmul.backward_params: gradients");
    let parts = parts(r, [m, n, k]);
    if parts == 1 {
        product(r, stored_as(x.elem, &BACKWARD_WEIGHT, &BACKWARD_WEIGHT_F16), [m, n, k], &[dy, x, &d.w, &d.b]);
        return;
    }
    let partial = r.activation(&format!("partial.{}", d.w.label), &[parts, m * n + m]);
    let kernel = stored_as(x.elem, &BACKWARD_WEIGHT_PARTIAL, &BACKWARD_WEIGHT_PARTIAL_F16);
    let v = choose(r, kernel, [m, n, k]);
    let tiles = tiles(kernel, &v, m, n);
    let dims = Dims { m, n, k, k_part: k.div_ceil(parts) };
    r.dispatch(kernel, v, dims, &[dy, x, &partial], tiles * parts, flops([m, n, k]));
    reduce::rows_add_pair(r, &partial, &d.w.reshaped(&[m * n]), &d.b);
}

/// The number of parts of a product's sum: enough to fill the device, but none too short for a workgroup. It counts the plain
/// variant's tiles, so that the choice of another variant does not change which kernels run.
fn parts(r: &Recorder, [m, n, k]: [u32; 3]) -> u32 {
    let wanted = r.limits.split.tiles_full.div_ceil(tiles(&BACKWARD_WEIGHT, &Chosen::default(), m, n));
    let parts = wanted.min(k / r.limits.split.part_min).max(1);
    // Every part must have rows of its own: k = 5, parts = 4 would leave the last one empty.
    k.div_ceil(k.div_ceil(parts))
}

fn product(r: &mut Recorder, kernel: &'static KernelSpec, [m, n, k]: [u32; 3], tensors: &[&Tensor]) {
    let v = choose(r, kernel, [m, n, k]);
    let groups = tiles(kernel, &v, m, n);
    r.dispatch(kernel, v, Dims { m, n, k, k_part: k }, tensors, groups, flops([m, n, k]));
}

fn tiles(kernel: &KernelSpec, chosen: &Chosen, m: u32, n: u32) -> u32 {
    let variant = &kernel.variants[chosen.variant];
    m.div_ceil(variant.constant("TILE_M")) * n.div_ceil(variant.constant("TILE_N"))
}

fn flops([m, n, k]: [u32; 3]) -> u64 {
    2 * u64::from(m) * u64::from(n) * u64::from(k)
}

/// Row blocks of `x` (N, k) so that no product with n outputs exceeds [`FLOPS_MAX`]; starts keep the binding alignment.
fn blocks(x: &Tensor, n: u32) -> impl Iterator<Item = (u32, u32)> + use<> {
    let [rows_all, k] = x.dims();
    let per_row = flops([1, n, k]).max(1);
    // The starts must also suit the gradient and u, whichever is narrower.
    let unit = Elem::F16.align();
    let rows = ((FLOPS_MAX / per_row).max(1).min(u64::from(u32::MAX)) as u32 / unit).max(1) * unit;
    (0..rows_all).step_by(rows as usize).map(move |first| (first, rows.min(rows_all - first)))
}

/// Choices are made per power of two: a shape class.
fn choose(r: &Recorder, kernel: &'static KernelSpec, [m, n, k]: [u32; 3]) -> Chosen {
    let p = u32::next_power_of_two;
    // The operands' rows: weight gradients read A by columns.
    let by_columns = kernel.entry.starts_with("backward_weight");
    let rows = [if by_columns { m } else { k }, n];
    r.choices.variant(kernel, format!("m{}n{}k{}", p(m), p(n), p(k)), |v| v.takes(&rows))
}
