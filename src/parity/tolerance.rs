//! Says how far a device's number may be from the twin's, for each kernel, with the reason.
//!
//! Both sides compute in f32, in different orders, with or without fused multiply-adds, and with WGSL's accuracy of the elementary
//! functions (WGSL specification, "Floating point accuracy"; an ULP is 2^-23 relative at most, [`ROUND`] half of it): division 2.5
//! ULP, `inverseSqrt` 2 ULP, `sqrt` as 1 / `inverseSqrt`, `exp(x)` 3 + 2|x| ULP, `log` 2^-21 absolute in [0.5, 2], else 3 ULP. Each
//! rule below follows an error through the kernel's formula. No rule was widened to make a test pass.

use super::case::poisoned;
use crate::ops::{attention, embed, layernorm, matmul, optimizer, reduce, rtd, vocab};
use crate::plan::{Dispatch, Elem, Step};

/// One rounding: half an ULP.
const ROUND: f64 = 1.0 / 16_777_216.0;
/// The distance between two neighbours of the smallest normal number in f16. A device that stores a number may round to either
/// neighbour (to the nearest, or towards zero); the twin rounds to the nearest.
fn f16_step(value: f64) -> f64 {
    value.abs().max(6.104e-5).log2().floor().exp2() / 1024.0
}
/// A device may flush smaller numbers to zero.
const TINY: f64 = f32::MIN_POSITIVE as f64;
/// Two samples this close in score may change places (score errors: Gumbel noise through two logarithms, below 5e-6 a side).
const SCORE_GAP: f64 = 1e-5;

/// Two sums of the same n terms in different orders differ by this share of the sum of their magnitudes: each is within
/// λ √n of a rounding of the exact one (Higham and Mary 2019), and λ = 4 on both sides makes an exception unlikelier than 1e-6.
fn drift(n: u32) -> f64 {
    8.0 * ROUND * f64::from(n).sqrt()
}

/// The error of a number as a share of its tolerance, from its index and the device's bits.
pub type Share<'a> = Box<dyn Fn(usize, u32) -> f64 + 'a>;

/// One dispatch: what its slots held before, and what the twin left in them.
pub struct Scene<'a> {
    pub dispatch: &'a Dispatch,
    pub step: &'a Step,
    pub before: Vec<Vec<u32>>,
    pub want: Vec<Vec<u32>>,
}

impl Scene<'_> {
    fn dims<D: bytemuck::AnyBitPattern>(&self) -> D {
        bytemuck::pod_read_unaligned(&self.dispatch.dims)
    }

    fn slot(&self, name: &str) -> usize {
        let label = self.dispatch.kernel.label;
        let slots = self.dispatch.kernel.slots;
        slots.iter().position(|s| s.name == name).unwrap_or_else(|| panic!("{label} has no slot {name}"))
    }

    fn u32(&self, name: &str) -> &[u32] {
        &self.before[self.slot(name)]
    }

    /// The step at a slot's largest number where it is stored as f16, else 0.
    fn stored_step(&self, name: &str) -> f64 {
        let slot = self.slot(name);
        let largest = largest(bytemuck::cast_slice(&self.want[slot]));
        if self.dispatch.kernel.slots[slot].elem == Elem::F16 { f16_step(largest) } else { 0.0 }
    }

    fn f32(&self, name: &str) -> &[f32] {
        bytemuck::cast_slice(self.u32(name))
    }

    fn wanted(&self, name: &str) -> &[f32] {
        bytemuck::cast_slice(&self.want[self.slot(name)])
    }
}

/// The largest magnitude; poison (in parts that a kernel leaves alone) is no number.
fn largest(values: &[f32]) -> f64 {
    values.iter().filter(|v| v.is_finite()).fold(0.0, |max, v| f64::from(v.abs()).max(max))
}

/// A row of one channel is its own mean: its variance is rounding, and 1 / √eps of it is any number up to 10^6.
pub fn degenerate(s: &Scene) -> bool {
    let kernel = s.dispatch.kernel;
    // A row of a few channels in f16 has next to no variance where the channels are close.
    let few = if kernel.slots.iter().any(|slot| slot.elem == Elem::F16) { 16 } else { 2 };
    kernel.label.starts_with("layernorm.") && s.dims::<layernorm::Dims>().c < few
}

/// The rule for slot number `slot` of the scene.
pub fn of<'a>(s: &'a Scene<'a>, slot: usize) -> Share<'a> {
    let name = s.dispatch.kernel.slots[slot].name;
    let (file, entry) = s.dispatch.kernel.meaning().split_once('.').unwrap_or_default();
    match file {
        // Rounded once, which the slot's own step allows for.
        "cast" => within(s, name, TINY),
        "attention" => attention_rule(s, entry, name),
        "embed" => within(s, name, embed_rule(s, entry)),
        // As matmul's epilogues: the same functions of u, each within half of erf's error, and the gradient times dy.
        "gelu" if entry == "forward" => within(s, name, 2e-6 * largest(s.f32("u"))),
        "gelu" => within(s, name, 2e-6 * largest(s.f32("dy"))),
        "layernorm" => layernorm_rule(s, entry, name),
        "matmul" => within(s, name, matmul_rule(s, entry, name)),
        "optimizer" => optimizer_rule(s, entry, name),
        "reduce" => within(s, name, reduce_rule(s, entry, name)),
        "rtd" if name == "dlogits" => within(s, name, rtd_rule(s)),
        "vocab" => vocab_rule(s, entry, name),
        // fill and gather copy or add in a given order; corrupt is whole numbers; token_out is bits that were read.
        _ => exact(s, name),
    }
}

/// The same number (0 and -0 are).
fn exact<'a>(s: &'a Scene<'a>, name: &str) -> Share<'a> {
    within(s, name, 0.0)
}

/// The same tolerance for all.
fn within<'a>(s: &'a Scene<'a>, name: &str, tolerance: f64) -> Share<'a> {
    each(s, name, move |_| tolerance)
}

/// A tolerance an index.
fn each<'a>(s: &'a Scene<'a>, name: &str, tolerance: impl Fn(usize) -> f64 + 'a) -> Share<'a> {
    let slot = s.slot(name);
    let want = &s.want[slot];
    let elem = s.dispatch.kernel.slots[slot].elem;
    let poison = poisoned(elem);
    Box::new(move |at, got| {
        if got == want[at] {
            return 0.0;
        }
        if elem == Elem::U32 || got == poison || want[at] == poison {
            return f64::INFINITY;
        }
        let tolerance = tolerance(at);
        // What is computed is rounded to f16; what is copied (no tolerance) is not.
        let stored = elem == Elem::F16 && tolerance > 0.0;
        let step = if stored { f16_step(f32::from_bits(want[at]).into()) } else { 0.0 };
        share(got, want[at], tolerance + step)
    })
}

/// |got - want| over the tolerance, infinite where only one of them is a number.
fn share(got: u32, want: u32, tolerance: f64) -> f64 {
    let (got, want) = (f32::from_bits(got), f32::from_bits(want));
    let error = (f64::from(got) - f64::from(want)).abs();
    // Many bit patterns are not a number, and devices use different ones. A gradient that is not a number must stay one of them.
    if error == 0.0 || got.is_nan() && want.is_nan() {
        0.0
    } else if error.is_finite() {
        error / tolerance
    } else {
        f64::INFINITY
    }
}

/// Sums of at most n rows of dx, joined to what a gradient held.
fn embed_rule(s: &Scene, entry: &str) -> f64 {
    let d: embed::Dims = s.dims();
    match entry {
        // Two additions of three numbers.
        "forward" => {
            let sum: f64 = ["word", "position", "segment"].map(|name| largest(s.f32(name))).iter().sum();
            4.0 * ROUND * sum
        }
        "backward_word" => {
            let ids = s.u32("ids");
            let most = ids.iter().map(|id| ids.iter().filter(|other| *other == id).count()).max().unwrap_or(0) as u32;
            drift(most + 1) * (f64::from(most) * largest(s.f32("dx")) + largest(s.f32("dword")))
        }
        "backward_position" => {
            let rows = d.n / d.t;
            drift(rows + 1) * (f64::from(rows) * largest(s.f32("dx")) + largest(s.f32("dposition")))
        }
        "backward_type" => {
            let rows = d.rows_per_group.min(d.n);
            drift(rows) * f64::from(rows) * largest(s.f32("dx"))
        }
        _ => unknown(s),
    }
}

fn reduce_rule(s: &Scene, entry: &str, name: &str) -> f64 {
    let d: reduce::Dims = s.dims();
    let before = if entry == "rows_sum" { 0.0 } else { largest(s.f32(name)) };
    let (sum, partial) = if name.ends_with('2') { (d.second, "partial2") } else { (d.first, "partial") };
    drift(sum.rows + 1) * (f64::from(sum.rows) * largest(s.f32(partial)) + before)
}

/// sigmoid: `exp(-|x|)` is off by (3 + 2|x|) ULP of itself, at most 3 ULP of 1; a division and a difference add 3.5. On two sides.
fn rtd_rule(s: &Scene) -> f64 {
    let d: rtd::Dims = s.dims();
    16.0 * ROUND * f64::from(s.step.scales[d.scale as usize].abs())
}

/// A sum of k products, bounded by the norms of the row and the column it multiplies (Cauchy and Schwarz).
fn matmul_rule(s: &Scene, entry: &str, name: &str) -> f64 {
    let d: matmul::Dims = s.dims();
    let (m, n, k) = (d.m as usize, d.n as usize, d.k as usize);
    let (a, b) = (s.f32("a"), s.f32("b"));
    let size = match (entry, name) {
        // Sums of A, which are A times ones.
        ("backward_weight", "db") => norm_max(a, k, m, false) * f64::from(d.k).sqrt(),
        // Both side by side.
        ("backward_weight_partial", _) => {
            norm_max(a, k, m, false) * norm_max(b, k, n, false).max(f64::from(d.k).sqrt())
        }
        ("forward" | "forward_gelu", _) => norm_max(a, m, k, true) * norm_max(b, n, k, true),
        ("backward_input" | "backward_input_partial" | "backward_input_add" | "backward_input_gelu", _) => {
            norm_max(a, m, k, true) * norm_max(b, k, n, false)
        }
        ("backward_weight", _) => norm_max(a, k, m, false) * norm_max(b, k, n, false),
        _ => unknown(s),
    };
    let product = drift(d.k) * size;
    let bias = || 4.0 * ROUND * (largest(s.f32("bias")) + size);
    match (entry, name) {
        ("forward", _) | ("forward_gelu", "u_out") => product + bias(),
        // gelu's slope is below 1.13. Both erf are the same rational function, each within 6e-7 of erf; beyond 6 it is 1.
        ("forward_gelu", _) => {
            let u = largest(s.wanted("u_out"));
            1.13 * (product + bias() + s.stored_step("u_out")) + 0.5 * 1.2e-6 * u.min(6.0) + 4.0 * ROUND * u
        }
        // gelu' is below 1.13, and off by half of erf's error and an exponential's.
        ("backward_input_gelu", _) => 1.13 * product + 1.5e-6 * size,
        ("backward_input_add" | "backward_weight", _) => product + 4.0 * ROUND * (largest(s.f32(name)) + size),
        _ => product,
    }
}

/// The largest norm of a row (or a column) of a (rows, columns) matrix.
fn norm_max(x: &[f32], rows: usize, columns: usize, by_row: bool) -> f64 {
    let mut squares = vec![0.0; if by_row { rows } else { columns }];
    for (i, v) in x.iter().enumerate() {
        squares[if by_row { i / columns } else { i % columns }] += f64::from(*v).powi(2);
    }
    squares.into_iter().fold(0.0, f64::max).sqrt()
}

/// A mean over c channels: at least eight partial sums on either side, whose errors are independent; a division.
fn mean_share(c: u32) -> f64 {
    drift(c) / 8.0 + 8.0 * ROUND
}

fn layernorm_rule<'a>(s: &'a Scene<'a>, entry: &str, name: &'a str) -> Share<'a> {
    match entry {
        "forward" | "forward_residual" => layernorm_forward(s, entry, name),
        "backward" | "backward_residual" if name == "partial" => {
            let d: layernorm::Dims = s.dims();
            let rows = d.rows_per_group.min(d.n);
            let g = largest(s.f32("dy")) * f64::from(d.outer.scale);
            let normed = (0..d.n as usize).fold(0.0, |max, row| normed_max(s, &d, row).max(max));
            let (rows, drift, c) = (f64::from(rows), drift(rows) + 6.0 * ROUND, d.c as usize);
            // (blocks, 2, C): sums of dy x̂, then of dy
            each(s, name, move |at| drift * rows * g * if at / c % 2 == 0 { normed } else { 1.0 })
        }
        "backward" | "backward_residual" => layernorm_backward(s, name),
        _ => unknown(s),
    }
}

fn layernorm_forward<'a>(s: &'a Scene<'a>, entry: &str, name: &'a str) -> Share<'a> {
    let d: layernorm::Dims = s.dims();
    let c = d.c as usize;
    // residual + dropout(h): a product and a sum.
    let (x, x_error) = if entry == "forward" {
        (largest(s.f32("x")), 0.0)
    } else {
        let (h, residual) = (largest(s.f32("h")) * f64::from(d.inner.scale), largest(s.f32("residual")));
        (h + residual, 4.0 * ROUND * (h + residual) + s.stored_step("h"))
    };
    let mean_error = mean_share(d.c) * x + x_error;
    let rstd = s.wanted("rstd");
    let stored_step = if entry == "forward" { 0.0 } else { s.stored_step("h") };
    // 1 / √(var + eps): half of the variance's relative error, which a shift of the mean enters squared; and the root's own.
    let rstd_share = move |row: usize| {
        let shift = mean_error * f64::from(rstd[row]);
        // The variance of what is rounded to f16 moves with it; beside f32's roundings that is nothing.
        let rounded = f64::from(rstd[row]) * stored_step;
        0.5 * (mean_share(d.c) + shift * shift) + rounded + 8.0 * ROUND
    };
    let (w, b) = (largest(s.f32("w")), largest(s.f32("b")));
    let (y, w_least) = (s.wanted("y"), s.f32("w").iter().fold(f64::INFINITY, |least, w| f64::from(w.abs()).min(least)));
    match name {
        "h" => within(s, name, x_error),
        "mean" => within(s, name, mean_error),
        "rstd" => each(s, name, move |row| f64::from(rstd[row]) * rstd_share(row)),
        // y = dropout((x - mean) rstd w + b), |x̂| ≤ √c, and what y shows of it
        _ => each(s, name, move |at| {
            let row = at / c;
            let normed = (f64::from(y[at]).abs() / f64::from(d.outer.scale) + b) / w_least;
            let normed_error = f64::from(rstd[row]) * (mean_error + x_error + 2.0 * ROUND * x)
                + if stored_step > 0.0 { normed.min((c as f64).sqrt()) } else { (c as f64).sqrt() }
                    * (rstd_share(row) + 6.0 * ROUND);
            f64::from(d.outer.scale) * (w * normed_error + 4.0 * ROUND * b)
        }),
    }
}

/// The largest |x̂| of a row: x, mean and rstd are inputs of the backward.
fn normed_max(s: &Scene, d: &layernorm::Dims, row: usize) -> f64 {
    let c = d.c as usize;
    let (mean, rstd) = (f64::from(s.f32("mean")[row]), f64::from(s.f32("rstd")[row]));
    s.f32("x")[row * c..][..c].iter().fold(0.0, |max, x| ((f64::from(*x) - mean) * rstd).abs().max(max))
}

/// dx = rstd (g - mean(g) - x̂ mean(g x̂)) with g = dropout(dy) w
fn layernorm_backward<'a>(s: &'a Scene<'a>, name: &'a str) -> Share<'a> {
    let d: layernorm::Dims = s.dims();
    let g = largest(s.f32("dy")) * f64::from(d.outer.scale) * largest(s.f32("w"));
    let rstd = s.f32("rstd");
    let rows: Vec<f64> = (0..d.n as usize)
        .map(|row| {
            let normed = normed_max(s, &d, row);
            f64::from(rstd[row]) * g * (1.0 + normed * normed) * (mean_share(d.c) + 8.0 * ROUND)
        })
        .collect();
    let scale = if name == "dh" { f64::from(d.inner.scale) } else { 1.0 };
    each(s, name, move |at| scale * rows[at / d.c as usize])
}

fn optimizer_rule<'a>(s: &'a Scene<'a>, entry: &str, name: &'a str) -> Share<'a> {
    let d: optimizer::Dims = s.dims();
    match entry {
        // Squares are positive: the sum is its own magnitude.
        "norm_partial" => {
            let want = s.wanted(name);
            each(s, name, move |at| drift(d.per_group) * f64::from(want[at]) + TINY)
        }
        "norm_finish" => guard_rule(s, name, d.len),
        "adamw" => adamw_rule(s, name, d),
        _ => unknown(s),
    }
}

/// [flag, step, norms as f32 bits ...]; a norm that is no number has no bits to compare.
fn guard_rule<'a>(s: &'a Scene<'a>, name: &str, len: u32) -> Share<'a> {
    let want = &s.want[s.slot(name)];
    Box::new(move |at, got| {
        let is_norm = (2..2 + optimizer::GROUPS_MAX as usize).contains(&at);
        let number = f32::from_bits(want[at]);
        match (is_norm, number.is_finite()) {
            _ if got == want[at] => 0.0,
            (true, true) => share(got, want[at], (drift(len) + 8.0 * ROUND) * f64::from(number)),
            (true, false) if !f32::from_bits(got).is_finite() => 0.0,
            _ => f64::INFINITY,
        }
    })
}

/// Element by element, through m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g², p -= lr (m / (√v + eps) + decay p).
fn adamw_rule<'a>(s: &'a Scene<'a>, name: &'a str, d: optimizer::Dims) -> Share<'a> {
    let norm = f64::from(f32::from_bits(s.u32("guard")[2 + d.group as usize]));
    let clip = f64::from(d.clip) / norm.max(f64::from(d.clip));
    let (g, p, m, v) = (s.f32("g"), s.f32("p"), s.f32("m"), s.wanted("v"));
    let (beta1, eps) = (f64::from(d.beta1), f64::from(d.eps));
    let (c1, c2) = (f64::from(s.step.correction1), f64::from(s.step.correction2));
    let lr = f64::from(s.step.lr) * f64::from(d.lr_scale);
    // The clip factor (a division), three products and a sum.
    let m_error = move |at: usize| {
        12.0 * ROUND * (beta1 * f64::from(m[at]).abs() + (1.0 - beta1) * f64::from(g[at]).abs() * clip) + TINY
    };
    // All terms are positive: relative to the sum.
    let v_error = move |at: usize| 16.0 * ROUND * f64::from(v[at]) + TINY;
    match name {
        "m" => each(s, name, m_error),
        "v" => each(s, name, v_error),
        _ => {
            let m_after = s.wanted("m");
            each(s, name, move |at| {
                let root = (f64::from(v[at]) * c2).sqrt() + eps;
                let (step, p) = (f64::from(m_after[at]).abs() * c1 / root, f64::from(p[at]).abs());
                // √ and the quotient: 12 roundings; v's own error, halved by the root, another 8.
                let step_error = c1 * m_error(at) / root + 20.0 * ROUND * step;
                4.0 * ROUND * p + lr * (step_error + 8.0 * ROUND * f64::from(d.weight_decay) * p)
            })
        }
    }
}

fn vocab_rule<'a>(s: &'a Scene<'a>, entry: &str, name: &'a str) -> Share<'a> {
    let d: vocab::Dims = s.dims();
    if entry == "backward" {
        // p (3 + 2 |ln p|) ULP is largest at p = 1; logit - lse is rounded once, and enters p as it is.
        let size = largest(s.f32("logits")) + largest(s.f32("lse"));
        return within(s, name, f64::from(s.step.scales[d.scale as usize]) * ROUND * (12.0 + 2.0 * size));
    }
    let logits = s.f32("logits");
    let size = largest(logits);
    // exp's error over differences of at most 2 size, the sum's, log's, and the maximum added back.
    let lse_error = ROUND * (12.0 + 8.0 * size) + drift(d.v) / 8.0 + 1e-6 + 4.0 * ROUND * size;
    let sample_of = |slot: usize, stride: usize, at: usize| {
        let want = &s.want[slot];
        move |row: usize| want[row * stride + at]
    };
    match name {
        "lse" => within(s, name, lse_error),
        "sampled" => {
            let want = sample_of(s.slot(name), 1, 0);
            Box::new(move |row, got| sample_share(s, &d, row, got, want(row)))
        }
        // [loss, flags, sample, argmax]
        _ => {
            let slot = s.slot(name);
            let want = &s.want[slot];
            let sample = sample_of(slot, 4, 2);
            Box::new(move |at, got| match (at % 4, got == want[at]) {
                (_, true) => 0.0,
                (0, _) => share(got, want[at], lse_error + 2.0 * ROUND * size),
                // Flag 2 depends on the drawn sample. If the two best scores are nearly equal, both may differ.
                (1, _) if got ^ want[at] == 2 => close_call(s, &d, at / 4, sample(at / 4)),
                (2, _) => sample_share(s, &d, at / 4, got, sample(at / 4)),
                _ => f64::INFINITY,
            })
        }
    }
}

/// The score of a word in a slot, in f64.
fn score(s: &Scene, d: &vocab::Dims, row: usize, id: u32) -> f64 {
    let slot = s.step.slot_base + d.first_slot + row as u32;
    let unit = (f64::from(s.step.gumbel_key.word(id, slot)) + 0.5) / 4_294_967_296.0;
    let noise = -(-(-unit).ln_1p()).ln();
    f64::from(s.f32("logits")[row * d.v as usize + id as usize]) * f64::from(s.step.inv_temperature) + noise
}

/// Another sample than the twin's is right only where both scores are the best to within [`SCORE_GAP`].
fn sample_share(s: &Scene, d: &vocab::Dims, row: usize, got: u32, want: u32) -> f64 {
    match got {
        _ if got == want => 0.0,
        _ if got >= d.v || s.u32("labels")[row] == crate::batch::NONE => f64::INFINITY,
        _ => (score(s, d, row, got) - score(s, d, row, want)).abs() / SCORE_GAP,
    }
}

/// How close the best two scores of a slot are, as a share of [`SCORE_GAP`].
fn close_call(s: &Scene, d: &vocab::Dims, row: usize, best: u32) -> f64 {
    let top = score(s, d, row, best);
    let others = (0..d.v).filter(|&id| id != best).map(|id| (top - score(s, d, row, id)).abs());
    others.fold(f64::INFINITY, f64::min) / SCORE_GAP
}

/// Sizes that attention's errors scale with.
struct Heads {
    d: attention::Dims,
    /// Largest norm of a query, a key and a value of one head, and the largest element of each.
    norms: [f64; 3],
    largest: [f64; 3],
    /// Relative error of a probability.
    p_error: f64,
    drop: f64,
}

impl Heads {
    fn new(s: &Scene) -> Self {
        let d: attention::Dims = s.dims();
        let qkv = s.f32("qkv");
        let (c, width) = ((d.h * d.d) as usize, d.d as usize);
        let (mut norms, mut largest) = ([0.0f64; 3], [0.0f64; 3]);
        for (i, head) in qkv.chunks_exact(width).enumerate() {
            let part = i * width / c % 3;
            let square: f64 = head.iter().map(|x| f64::from(*x).powi(2)).sum();
            norms[part] = norms[part].max(square.sqrt());
            largest[part] = head.iter().fold(largest[part], |max, x| max.max(f64::from(x.abs())));
        }
        // score = scale q·k; the kernels may scale before or after.
        let size = f64::from(d.scale) * norms[0] * norms[1];
        let score_error = (drift(d.d) + 4.0 * ROUND) * size;
        // p = exp(score - lse): the exponential's own error over differences of at most 2 size, on two sides; the sum's.
        let p_error = 2.0 * score_error + ROUND * (16.0 + 12.0 * size) + drift(d.t) / 2.0;
        Self { d, norms, largest, p_error, drop: f64::from(d.dropout.scale) }
    }

    /// The largest norm of a query's probabilities, and of a key's, in f64: sums of terms p x whose errors are independent
    /// are off by that share of one term's error, not by their number.
    fn spread(&self, s: &Scene) -> [f64; 2] {
        let (d, mask) = (&self.d, s.u32("mask"));
        let t = d.t as usize;
        let [mut row_max, mut column_max] = [0.0f64; 2];
        for (b, h) in (0..d.b as usize).flat_map(|b| (0..d.h as usize).map(move |h| (b, h))) {
            let mut columns = vec![0.0; t];
            for q in 0..t {
                let sees = |k: &usize| mask[b * t + k] != 0 && (d.causal == 0 || *k <= q);
                let scores: Vec<(usize, f64)> = (0..t).filter(sees).map(|k| (k, self.score(s, b, h, [q, k]))).collect();
                let top = scores.iter().fold(f64::NEG_INFINITY, |top, (_, score)| top.max(*score));
                let sum: f64 = scores.iter().map(|(_, score)| (score - top).exp()).sum();
                let squares = scores.iter().map(|(k, score)| (k, ((score - top).exp() / sum).powi(2)));
                row_max = row_max.max(squares.map(|(k, p)| (columns[*k] += p, p).1).sum());
            }
            column_max = columns.into_iter().fold(column_max, f64::max);
        }
        [row_max.sqrt(), column_max.sqrt()]
    }

    fn score(&self, s: &Scene, b: usize, h: usize, [q, k]: [usize; 2]) -> f64 {
        let (t, hd, c) = (self.d.t as usize, self.d.d as usize, (self.d.h * self.d.d) as usize);
        let part = |part: usize, i: usize| &s.f32("qkv")[(b * t + i) * 3 * c + part * c + h * hd..][..hd];
        let products = part(0, q).iter().zip(part(1, k)).map(|(q, k)| f64::from(*q) * f64::from(*k));
        products.sum::<f64>() * f64::from(self.d.scale)
    }
}

fn attention_rule<'a>(s: &'a Scene<'a>, entry: &str, name: &'a str) -> Share<'a> {
    let a = Heads::new(s);
    let (c, t) = ((a.d.h * a.d.d) as usize, a.d.t);
    let scale = f64::from(a.d.scale);
    if entry == "forward" {
        return match name {
            "lse" => within(s, name, a.p_error + 1e-6 + 4.0 * ROUND * scale * a.norms[0] * a.norms[1]),
            // ctx = sum of p drop v, and the p sum to 1.
            _ => within(s, name, a.drop * a.largest[2] * (a.p_error + drift(t))),
        };
    }
    if entry == "map" {
        // A share is a probability: at most 1.
        return within(s, name, a.p_error);
    }
    // dp = drop dctx·v and delta = dctx·ctx: products over a head's channels; |delta| is at most the largest dp.
    let dctx = s.f32("dctx");
    let dctx_norm = norm_max(dctx, dctx.len() / a.d.d as usize, a.d.d as usize, true);
    let dp = a.drop * dctx_norm * a.norms[2];
    let dp_error = drift(a.d.d) * dp;
    // ds = p (dp - delta), in shares of p: p's own error on both, the sum's, and dp's.
    let ds_error = 2.0 * dp * (a.p_error + drift(t) + 4.0 * ROUND) + dp_error;
    let [row, column] = a.spread(s);
    // dq = scale sum over k of ds k; delta's error is the same for all k, and the p sum to 1.
    let dq_error = scale * a.largest[1] * (row * ds_error + dp_error);
    let dk_error = scale * a.largest[0] * column * (ds_error + dp_error);
    let dv_error = column * a.drop * largest(dctx) * (a.p_error + drift(t));
    each(s, name, move |at| [dq_error, dk_error, dv_error][at % (3 * c) / c])
}

fn unknown<T>(s: &Scene) -> T {
    panic!(
        "{} has no tolerance: say in parity::tolerance how far it may be from its twin, and why",
        s.dispatch.kernel.label
    )
}
