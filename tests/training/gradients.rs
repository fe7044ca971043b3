//! Compares the twins' gradients with finite differences, kernel by kernel and for the whole loss. It also tests which loss reaches
//! which parameters, and accumulation. (`parity` compares the GPU's kernels with the twins.)

use crate::lab;
use crate::lab::Rig;
use electroscope::model::ledger::Group;
use electroscope::ops::vocab::Slots;
use electroscope::ops::{Dropout, attention, embed, gather, gelu, layernorm, matmul, rtd, vocab};
use electroscope::plan::{Elem, KernelChoices, Limits, Plan, Recorder, Runs, Split, Stage, Step, Tensor};
use electroscope::rng::{Key, Sequence, Stream};
use electroscope::train::engine::{Backend, Engine};
use electroscope::train::metrics::bce_with_logits;
use pollster::block_on;
use std::sync::Arc;

/// d/dh of f(h) at 0 from four values: the error is of the fourth power of `h`, so that `h` may be large against f32's rounding.
fn derivative(h: f64, mut f: impl FnMut(f64) -> f64) -> f64 {
    (8.0 * (f(h) - f(-h)) - (f(2.0 * h) - f(-2.0 * h))) / (12.0 * h)
}

/// `values` moved by `distance` along `direction`, rounded to f32; and the distance in f64 that each element really went.
fn moved(values: &[f32], direction: &[f64], distance: f64) -> Vec<f32> {
    values.iter().zip(direction).map(|(v, d)| (f64::from(*v) + distance * d) as f32).collect()
}

/// Unit vectors to try: the gradient's own direction (its length), and random ones (its other components).
fn directions(gradient: &[f32], site: u32) -> Vec<Vec<f64>> {
    const RANDOM: u32 = 3;
    let random = (0..RANDOM).map(|i| lab::normals(gradient.len(), site * RANDOM + i));
    let all = std::iter::once(gradient.to_vec()).chain(random);
    let unit = |v: Vec<f32>| {
        let norm = lab::norm(v.iter().copied()).max(f64::MIN_POSITIVE);
        v.iter().map(|x| f64::from(*x) / norm).collect()
    };
    all.map(unit).collect()
}

fn dot(gradient: &[f32], direction: &[f64]) -> f64 {
    gradient.iter().zip(direction).map(|(g, d)| f64::from(*g) * d).sum()
}

// ---------------------------------------------------------------------------------------------------------------- kernels

/// A few launches forward, a scalar made of their output on the host, and the launches that give its gradients.
struct Bench {
    r: Recorder,
    random: Sequence,
    /// Tensors to differentiate by, and where they start.
    inputs: Vec<(Tensor, Vec<f32>)>,
    /// Tensors that are given and stay.
    fixed: Vec<(Tensor, Vec<u32>)>,
}

/// The scalar that is differentiated, from the output's words.
type Scalar = Box<dyn Fn(&[u32]) -> f64>;

impl Bench {
    fn new() -> Self {
        let mut r = Recorder::new(KernelChoices::default(), Limits::default());
        r.begin(Stage::JUDGE, Runs::Each);
        Self { r, random: Sequence::new(Key::new(9, 0, Stream::Init), 0), inputs: Vec::new(), fixed: Vec::new() }
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.random.unit().ln()).sqrt() * (std::f64::consts::TAU * self.random.unit()).cos()
    }

    /// A tensor to differentiate by, normal around `mean`.
    fn input(&mut self, label: &str, shape: &[u32], mean: f64, std: f64) -> Tensor {
        let tensor = self.r.state(label, Elem::F32, shape);
        let data = (0..tensor.len()).map(|_| (mean + std * self.normal()) as f32).collect();
        self.inputs.push((tensor.clone(), data));
        tensor
    }

    fn words(&mut self, label: &str, shape: &[u32], data: Vec<u32>) -> Tensor {
        let tensor = self.r.state(label, Elem::U32, shape);
        assert_eq!(tensor.len() as usize, data.len(), "{label}");
        self.fixed.push((tensor.clone(), data));
        tensor
    }

    fn below(&mut self, label: &str, shape: &[u32], n: usize) -> Tensor {
        let data = (0..shape.iter().product()).map(|_| self.random.below(n) as u32).collect();
        self.words(label, shape, data)
    }

    /// A gradient that kernels add to, zero at the start.
    fn sum(&mut self, label: &str, shape: &[u32]) -> Tensor {
        let tensor = self.r.state(label, Elem::F32, shape);
        self.fixed.push((tensor.clone(), vec![0; tensor.len() as usize]));
        tensor
    }

    fn affine(&mut self, c: u32) -> (layernorm::Affine, layernorm::Affine) {
        let p = layernorm::Affine { w: self.input("w", &[c], 1.0, 0.3), b: self.input("b", &[c], 0.0, 0.3) };
        (p, layernorm::Affine { w: self.sum("dw", &[c]), b: self.sum("db", &[c]) })
    }

    fn linear(&mut self, [out, fan_in]: [u32; 2]) -> (matmul::Linear, matmul::Linear) {
        let std = 1.0 / f64::from(fan_in).sqrt();
        let p = matmul::Linear { w: self.input("w", &[out, fan_in], 0.0, std), b: self.input("b", &[out], 0.0, 0.3) };
        (p, matmul::Linear { w: self.sum("dw", &[out, fan_in]), b: self.sum("db", &[out]) })
    }

    /// Ends the forward: the scalar is the sum of `y` times random weights, which are its gradient dy.
    fn weighted(&mut self, y: &Tensor) -> (Tensor, Scalar) {
        let weights: Vec<f32> = (0..y.len()).map(|_| self.normal() as f32).collect();
        let dy = self.r.state("dy", Elem::F32, y.shape());
        self.fixed.push((dy.clone(), bytemuck::cast_slice(&weights).to_vec()));
        self.r.begin(Stage::BACKWARD, Runs::Each);
        let scalar =
            move |y: &[u32]| y.iter().zip(&weights).map(|(y, w)| f64::from(f32::from_bits(*y)) * f64::from(*w)).sum();
        (dy, Box::new(scalar))
    }

    /// The gradients as they are computed.
    fn computed(self, y: &Tensor, gradients: &[&Tensor]) -> Vec<Vec<f32>> {
        let step = Step::seeded(0, 0);
        let (mut run, gradients) = self.start(y, gradients, step);
        run.gradients(&gradients)
    }

    fn start(self, y: &Tensor, gradients: &[&Tensor], step: Step) -> (Run, Vec<Tensor>) {
        let plan = Arc::new(self.r.finish());
        let at = |t: &Tensor| plan.resolve(t);
        let run = Run {
            engine: block_on(Backend::cpu().engine(&plan)).unwrap(),
            inputs: self.inputs.iter().map(|(t, data)| (at(t), data.clone())).collect(),
            fixed: self.fixed.iter().map(|(t, data)| (at(t), data.clone())).collect(),
            y: at(y),
            step,
            plan: plan.clone(),
        };
        (run, gradients.iter().map(|t| at(t)).collect())
    }

    /// Compares `gradients` (of the inputs, in their order) with finite differences of `scalar`, a function of `y`. -> what ran
    fn check(self, name: &str, y: &Tensor, scalar: &Scalar, gradients: &[&Tensor], step: Step) -> Arc<Plan> {
        assert_eq!(gradients.len(), self.inputs.len(), "{name}");
        let (mut run, resolved) = self.start(y, gradients, step);
        let computed = run.gradients(&resolved);
        let mut worst = 0.0f64;
        for (i, gradient) in computed.iter().enumerate() {
            let (label, start) = (run.inputs[i].0.label.clone(), run.inputs[i].1.clone());
            let length = lab::norm(gradient.iter().copied());
            for direction in directions(gradient, i as u32) {
                let found = derivative(KERNEL_STEP, |h| {
                    let values = moved(&start, &direction, h);
                    run.value(i, &values, scalar)
                });
                let error = (found - dot(gradient, &direction)).abs();
                assert!(error < KERNEL_TOLERANCE * length, "{name}, {label}: {error:.1e} of {length:.1e}");
                worst = worst.max(error / length);
            }
        }
        println!("{name}: {worst:.1e} of the gradient's norm");
        run.plan
    }
}

/// The whole distance by which an input is moved, and the error that this may cause, as a share of the gradient's norm. The scalar
/// is a sum of about a hundred f32 numbers of about 1, each rounded to 2^-24 about ten times, so it is known to about 1e-6. Over a
/// distance of a hundredth that is 1e-4 of gradients of 1 and more; it is doubled here. The formula leaves out 1e-8 of a fifth
/// derivative.
const KERNEL_STEP: f64 = 1e-2;
const KERNEL_TOLERANCE: f64 = 2e-4;

struct Run {
    plan: Arc<Plan>,
    engine: Engine,
    inputs: Vec<(Tensor, Vec<f32>)>,
    fixed: Vec<(Tensor, Vec<u32>)>,
    y: Tensor,
    step: Step,
}

impl Run {
    /// Resets everything, because some kernels overwrite what they read.
    fn start(&mut self) {
        for (tensor, data) in &self.inputs {
            self.engine.write_f32(tensor, data);
        }
        for (tensor, data) in &self.fixed {
            self.engine.write(tensor, data);
        }
        self.engine.set_step(&self.step);
    }

    /// The scalar where input `index` has other values.
    fn value(&mut self, index: usize, values: &[f32], scalar: &Scalar) -> f64 {
        self.start();
        self.engine.write_f32(&self.inputs[index].0, values);
        block_on(self.engine.run_all(self.plan.stage(Stage::JUDGE))).unwrap();
        scalar(&block_on(self.engine.read(&self.y)).unwrap())
    }

    /// Gradients are read right after the launch that writes them last, because the plan reuses their memory.
    fn gradients(&mut self, tensors: &[Tensor]) -> Vec<Vec<f32>> {
        self.start();
        block_on(self.engine.run_all(self.plan.stage(Stage::JUDGE))).unwrap();
        let mut found = vec![Vec::new(); tensors.len()];
        let plan = self.plan.clone();
        for i in plan.stage(Stage::BACKWARD) {
            block_on(self.engine.run_all(i..i + 1)).unwrap();
            let d = &plan.dispatches[i];
            let written = d.kernel.slots.iter().zip(&d.tensors).filter(|(slot, _)| slot.access.writes());
            for (_, t) in written {
                for (found, wanted) in found.iter_mut().zip(tensors) {
                    if (t.buffer, &t.label) == (wanted.buffer, &wanted.label) {
                        *found = block_on(self.engine.read_f32(wanted)).unwrap();
                    }
                }
            }
        }
        assert!(found.iter().zip(tensors).all(|(f, t)| f.len() == t.len() as usize), "a gradient was never written");
        found
    }
}

/// Rows 3.. of a step: dropout masks are those of an accumulated micro-batch.
fn later_rows() -> Step {
    Step { row_base: 3, ..Step::seeded(11, 4) }
}

#[test]
fn layernorm() {
    for (c, p) in [(7, 0.0), (7, 0.4), (33, 0.4)] {
        let mut b = Bench::new();
        let x = b.input("x", &[10, c], 0.5, 1.0);
        let (p_ln, d_ln) = b.affine(c);
        let out = layernorm::forward(&mut b.r, "y", &x, &p_ln, 1e-12, 5, dropout(p, 1));
        let (dy, scalar) = b.weighted(&out.y);
        let dx = layernorm::backward(&mut b.r, &out, &p_ln, &d_ln, &dy);
        b.check(&format!("layernorm {c} {p}"), &out.y, &scalar, &[&dx, &d_ln.w, &d_ln.b], later_rows());
    }
}

#[test]
fn layernorm_with_residual_and_dropout() {
    for (c, p) in [(6, 0.0), (6, 0.4), (35, 0.4)] {
        let mut b = Bench::new();
        let residual = b.input("residual", &[10, c], -0.5, 1.0);
        let h = b.input("h", &[10, c], 0.5, 1.0);
        let (p_ln, d_ln) = b.affine(c);
        let out = layernorm::forward_residual(&mut b.r, "y", &residual, &h, &p_ln, 1e-12, 5, dropout(p, 2));
        let (dy, scalar) = b.weighted(&out.y);
        let (dresidual, dh) = layernorm::backward_residual(&mut b.r, &out, &p_ln, &d_ln, &dy);
        let gradients = [&dresidual, &dh, &d_ln.w, &d_ln.b];
        b.check(&format!("layernorm residual {c} {p}"), &out.y, &scalar, &gradients, later_rows());
    }
}

fn dropout(p: f32, site: u32) -> Dropout {
    if p == 0.0 { Dropout::OFF } else { Dropout::new(p, site) }
}

#[test]
fn attention_with_padding_causality_and_dropout() {
    for (causal, p) in [(false, 0.0), (true, 0.0), (false, 0.3), (true, 0.3)] {
        let mut b = Bench::new();
        let (rows, t, heads, d) = (3, 7, 2, 5);
        let qkv = b.input("qkv", &[rows * t, 3 * heads * d], 0.0, 1.0);
        // One full row, one with padding behind, one of a single token.
        let lens = [7, 4, 1];
        let mask = lens.iter().flat_map(|&len| (0..t).map(move |i| u32::from(i < len))).collect();
        let mask = b.words("mask", &[rows, t], mask);
        let of = attention::Heads { count: heads, causal };
        let out = attention::forward(&mut b.r, "ctx", &qkv, &mask, of, dropout(p, 3));
        let (dy, scalar) = b.weighted(&out.ctx);
        let dqkv = attention::backward(&mut b.r, &out, &dy);
        b.check(&format!("attention causal {causal} dropout {p}"), &out.ctx, &scalar, &[&dqkv], later_rows());
    }
}

#[test]
fn attention_over_several_tiles() {
    let mut b = Bench::new();
    let (t, heads, d) = (37, 1, 16);
    let qkv = b.input("qkv", &[t, 3 * heads * d], 0.0, 1.0);
    let mask = b.words("mask", &[1, t], (0..t).map(|i| u32::from(i < 35)).collect());
    let out = attention::forward(
        &mut b.r,
        "ctx",
        &qkv,
        &mask,
        attention::Heads { count: heads, causal: false },
        dropout(0.2, 3),
    );
    let (dy, scalar) = b.weighted(&out.ctx);
    let dqkv = attention::backward(&mut b.r, &out, &dy);
    b.check("attention tiles", &out.ctx, &scalar, &[&dqkv], later_rows());
}

#[test]
fn linear_layers() {
    for [n, fan_in, out] in [[1, 1, 1], [9, 13, 5], [40, 7, 33]] {
        linear_layer(Bench::new(), [n, fan_in, out]);
    }
}

#[test]
fn linear_layers_whose_sums_are_split() {
    // On a device that they do not fill: over many rows for the weight, over many outputs for the input.
    for (shape, kernels) in [
        ([700, 3, 5], ["matmul.backward_weight_partial", "reduce.rows_add_pair"]),
        ([4, 3, 100], ["matmul.backward_input_partial", "reduce.rows_sum"]),
    ] {
        let mut b = Bench::new();
        b.r.limits = Limits { split: Split { tiles_full: 64, part_min: 32 }, ..Limits::WEBGPU };
        let plan = linear_layer(b, shape);
        let ran = |label| plan.dispatches.iter().any(|d| d.kernel.label == label);
        assert!(kernels.into_iter().all(ran), "{shape:?}\n{plan}");
    }
}

fn linear_layer(mut b: Bench, [n, fan_in, out]: [u32; 3]) -> Arc<Plan> {
    let x = b.input("x", &[n, fan_in], 0.0, 1.0);
    let (p, d) = b.linear([out, fan_in]);
    let y = matmul::forward(&mut b.r, "y", &x, &p);
    let (dy, scalar) = b.weighted(&y);
    let dx = matmul::backward_input(&mut b.r, "dx", &dy, &p.w);
    matmul::backward_params(&mut b.r, &x, &dy, &d);
    b.check(&format!("linear {n} {fan_in} {out}"), &y, &scalar, &[&dx, &d.w, &d.b], Step::seeded(0, 0))
}

#[test]
fn gelu_inside_a_product_and_alone() {
    let mut b = Bench::new();
    let x = b.input("x", &[9, 13], 0.0, 2.0);
    let (p, d) = b.linear([11, 13]);
    let (u, y) = matmul::forward_gelu(&mut b.r, "y", &x, &p);
    let (dy, scalar) = b.weighted(&y);
    let du = gelu::backward(&mut b.r, "du", &dy, &u);
    let dx = matmul::backward_input(&mut b.r, "dx", &du, &p.w);
    matmul::backward_params(&mut b.r, &x, &du, &d);
    b.check("gelu", &y, &scalar, &[&dx, &d.w, &d.b], Step::seeded(0, 0));
}

#[test]
fn a_feed_forward_block_with_its_residual() {
    // y = LN(x + gelu(x W1ᵀ + b1) W2ᵀ + b2): the epilogues of the backward products, and the join of two branches.
    let mut b = Bench::new();
    let x = b.input("x", &[10, 6], 0.0, 1.0);
    let (p1, d1) = b.linear([14, 6]);
    let (p2, d2) = b.linear([6, 14]);
    let (p_ln, d_ln) = b.affine(6);
    let (u, up) = matmul::forward_gelu(&mut b.r, "up", &x, &p1);
    let down = matmul::forward(&mut b.r, "down", &up, &p2);
    let out = layernorm::forward_residual(&mut b.r, "y", &x, &down, &p_ln, 1e-12, 5, dropout(0.2, 1));
    let (dy, scalar) = b.weighted(&out.y);
    let (dx, ddown) = layernorm::backward_residual(&mut b.r, &out, &p_ln, &d_ln, &dy);
    matmul::backward_params(&mut b.r, &up, &ddown, &d2);
    let du = matmul::backward_input_gelu(&mut b.r, "du", &ddown, &p2.w, &u);
    matmul::backward_params(&mut b.r, &x, &du, &d1);
    matmul::backward_input_add(&mut b.r, &du, &p1.w, &dx);
    let gradients = [&dx, &d1.w, &d1.b, &d2.w, &d2.b, &d_ln.w, &d_ln.b];
    b.check("feed-forward", &out.y, &scalar, &gradients, later_rows());
}

#[test]
fn the_vocabulary_softmax_in_place() {
    let mut b = Bench::new();
    let (s, v) = (9, 23);
    let logits = b.input("logits", &[s, v], 0.0, 1.5);
    let mut labels: Vec<u32> = (0..s).map(|i| (i * 7) % v).collect();
    // Unused slots at the end: no loss, no gradient.
    labels[7..].fill(electroscope::batch::NONE);
    let slots = Slots {
        labels: b.words("labels", &[s], labels),
        sampled: b.r.state("sampled", Elem::U32, &[s]),
        slot_out: b.r.state("slot_out", Elem::U32, &[s, 4]),
    };
    // The temperature of the sample does not change the loss.
    let lse = vocab::forward(&mut b.r, &logits, &slots, 0);
    b.r.begin(Stage::BACKWARD, Runs::Each);
    vocab::backward(&mut b.r, &logits, &slots, 0, &lse, 2);
    let step = Step { scales: [0.0, 0.0, 1.0 / 7.0, 0.0], inv_temperature: 2.0, ..Step::seeded(1, 1) };
    let scale = f64::from(step.scales[2]);
    let scalar = move |out: &[u32]| out.chunks(4).map(|o| scale * f64::from(f32::from_bits(o[0]))).sum();
    b.check("vocab", &slots.slot_out, &(Box::new(scalar) as Scalar), &[&logits], step);
}

#[test]
fn replaced_token_detection() {
    let mut b = Bench::new();
    let n = 24;
    let logits = b.input("logits", &[n, 1], 0.0, 2.0);
    let attention: Vec<u32> = (0..n).map(|i| u32::from(i % 7 != 6)).collect();
    let mask = b.words("attention", &[4, 6], attention.clone());
    let corrupted = b.below("corrupted", &[4, 6], 50);
    let replaced = b.below("replaced", &[4, 6], 2);
    let token_out = b.r.state("token_out", Elem::U32, &[n, 2]);
    // The kernel makes the gradient on its way; the loss itself is made on the host, from what the kernel hands over.
    rtd::loss(&mut b.r, &logits, &mask, (&corrupted, &replaced), &token_out, 3);
    b.r.begin(Stage::BACKWARD, Runs::Each);
    let dlogits = rtd::loss(&mut b.r, &logits, &mask, (&corrupted, &replaced), &token_out, 3);
    let step = Step { scales: [0.0, 0.0, 0.0, 50.0 / 21.0], ..Step::seeded(1, 1) };
    let scale = f64::from(step.scales[3]);
    let scalar = move |out: &[u32]| {
        let judged = out.chunks(2).zip(&attention).filter(|(_, real)| **real == 1);
        judged.map(|(o, _)| scale * bce_with_logits(f32::from_bits(o[0]).into(), o[1] % 2 == 1)).sum()
    };
    b.check("rtd", &token_out, &(Box::new(scalar) as Scalar), &[&dlogits], step);
}

/// Gradients of the three tables for `pad_id`, compared with finite differences where nothing is left out.
fn embedding(pad_id: u32) -> Vec<Vec<f32>> {
    let mut b = Bench::new();
    let (rows, t, e, v) = (4, 9, 6, 8);
    // Few words, so that most occur several times.
    let ids = b.below("ids", &[rows, t], v as usize);
    let types = b.below("types", &[rows, t], 2);
    let p = embed::Tables {
        word: b.input("word", &[v, e], 0.0, 1.0),
        // More positions than a row has: those behind it get no gradient.
        position: b.input("position", &[t + 3, e], 0.0, 1.0),
        segment: b.input("segment", &[2, e], 0.0, 1.0),
    };
    let d = embed::Tables {
        word: b.sum("dword", &[v, e]),
        position: b.sum("dposition", &[t + 3, e]),
        segment: b.sum("dsegment", &[2, e]),
    };
    let x = embed::forward(&mut b.r, "x", &ids, &types, &p);
    let (dx, scalar) = b.weighted(&x);
    embed::backward(&mut b.r, &ids, &types, &dx, &d, pad_id);
    let gradients = [&d.word, &d.position, &d.segment];
    if pad_id == u32::MAX {
        b.check("embed", &x, &scalar, &gradients, Step::seeded(0, 0));
        return Vec::new();
    }
    b.computed(&x, &gradients)
}

#[test]
fn embeddings() {
    embedding(u32::MAX);
}

#[test]
fn look_ups_of_the_padding_word_give_no_gradient() {
    // An id that no look-up has takes nothing out; id 3 loses its own row and nothing else.
    let (all, padded) = (embedding(8), embedding(3));
    let e = 6;
    assert!(all[0][3 * e..4 * e].iter().all(|g| *g != 0.0));
    assert!(padded[0][3 * e..4 * e].iter().all(|g| *g == 0.0));
    let others = |table: &[f32]| [&table[..3 * e], &table[4 * e..]].concat();
    assert_eq!(others(&all[0]), others(&padded[0]));
    assert_eq!(all[1..], padded[1..]);
}

#[test]
fn the_masked_positions_are_picked_and_given_back() {
    let mut b = Bench::new();
    let (tokens, c) = (12, 5);
    let h = b.input("h", &[tokens, c], 0.0, 1.0);
    const NONE: u32 = electroscope::batch::NONE;
    // Slots 0 and 2 point at token 4, slot 1 at token 9, slot 3 at none.
    let position = b.words("position", &[4], vec![4, 9, 4, NONE]);
    let mut first = vec![NONE; 12];
    (first[4], first[9]) = (0, 1);
    let first = b.words("first", &[1, tokens], first);
    let next = b.words("next", &[4], vec![2, NONE, NONE, NONE]);
    let y = gather::forward(&mut b.r, "y", &h, &position);
    let (dy, scalar) = b.weighted(&y);
    let dh = gather::backward(&mut b.r, "dh", &dy, &first, &next);
    b.check("gather", &y, &scalar, &[&dh], Step::seeded(0, 0));
}

// -------------------------------------------------------------------------------------------------------------- whole model

/// Sizes that no tile divides, a projection in both networks, dropout everywhere.
const RAGGED: &[&str] = &[
    "embedding_size=9",
    "hidden_size=22",
    "heads=2",
    "ffn_size=27",
    "generator_hidden_size=14",
    "generator_heads=2",
    "generator_ffn_size=19",
    "max_positions=13",
    "seq_len=11",
    "batch=5",
    // Heads that look sharply at one word bend the loss more over a finite step than the tolerance allows.
    "init=fan_in",
    "mask_prob=0.3",
];
const VOCAB: u32 = 37;

fn ragged(more: &[&str]) -> Rig {
    let config = lab::config(&lab::with(RAGGED, more));
    let batch = lab::random_batch(5, 11, VOCAB, lab::recipe(&config, 1).masking, 7);
    assert!(batch.slots < batch.slot_label.len() && batch.tokens < 55, "some slots and tokens are unused");
    let mut rig = Rig::new(&Backend::cpu(), &config, VOCAB, batch);
    // Biases that are not zero and scales that are not one, because mistakes could hide behind those.
    for i in 0..rig.model.parameters.len() {
        let value = rig.model.parameters[i].value.clone();
        let noise = lab::normals(value.len() as usize, 1000 + i as u32);
        let values: Vec<f32> = rig.read_f32(&value).iter().zip(noise).map(|(v, n)| v + 0.1 * n).collect();
        rig.engine.write_f32(&value, &values);
    }
    rig
}

/// A sample for every slot, none of them padding (whose look-ups give no gradient), some of them right.
fn samples(rig: &Rig) -> Vec<u32> {
    let slots = rig.batch.slot_label.len();
    let label = |s: usize| rig.batch.slot_label[s];
    (0..slots)
        .map(|s| if s % 4 == 0 && s < rig.batch.slots { label(s) } else { 1 + (s as u32 * 11) % (VOCAB - 1) })
        .collect()
}

/// The whole loss, in f64 from the numbers that the step hands over, with these samples.
fn loss(rig: &mut Rig, sampled: &[u32]) -> f64 {
    let io = rig.io();
    rig.run(Stage::PROPOSE, Stage::PROPOSE);
    rig.engine.write(&io.slots.sampled, sampled);
    rig.run(Stage::REPLACE, Stage::JUDGE);
    let (tokens, slots) = (rig.read(&io.token_out), rig.read(&io.slots.slot_out));
    let mlm: f64 = slots.chunks(4).map(|s| f64::from(f32::from_bits(s[0]))).sum();
    let judged = tokens.chunks(2).zip(&rig.batch.attention).filter(|(_, real)| **real == 1);
    let rtd: f64 = judged.map(|(t, _)| bce_with_logits(f32::from_bits(t[0]).into(), t[1] % 2 == 1)).sum();
    f64::from(rig.step.scales[0]) * mlm + f64::from(rig.step.scales[1]) * rtd
}

/// Gradients of [`loss`].
fn loss_gradients(rig: &mut Rig, sampled: &[u32]) -> Vec<(String, Group, Vec<f32>)> {
    rig.run(Stage::MASK, Stage::MASK);
    loss(rig, sampled);
    rig.run(Stage::BACKWARD, Stage::BACKWARD);
    rig.gradients()
}

#[test]
fn the_whole_loss_against_finite_differences() {
    let mut rig = ragged(&[]);
    let sampled = samples(&rig);
    let gradients = loss_gradients(&mut rig, &sampled);
    let (mut worst, mut largest) = ((0.0, String::new()), 0.0f64);
    for (i, (name, _, gradient)) in gradients.iter().enumerate() {
        let value = rig.model.parameters[i].value.clone();
        let start = rig.read_f32(&value);
        let length = lab::norm(gradient.iter().copied());
        for direction in directions(gradient, i as u32) {
            let found = derivative(MODEL_STEP, |h| {
                rig.engine.write_f32(&value, &moved(&start, &direction, h));
                loss(&mut rig, &sampled)
            });
            let error = (found - dot(gradient, &direction)).abs();
            largest = largest.max(error);
            let share = error / (MODEL_TOLERANCE * length + MODEL_NOISE);
            if share > worst.0 {
                worst = (
                    share,
                    format!("{name}: {found:.6} found, {:.6} computed, norm {length:.4}", dot(gradient, &direction)),
                );
            }
        }
        rig.engine.write_f32(&value, &start);
    }
    println!("worst {:.3} of the tolerance: {}; largest error {largest:.1e}", worst.0, worst.1);
    assert!(worst.0 < 1.0, "{worst:?}");
}

/// The loss is about 40, the mean of about fifty f32 numbers that went through thirty launches. So it is known to about 3e-6, which
/// is 3e-4 over a distance of 0.02, for any gradient. The gradient's own f32 sums are good to 1e-5 of it. A random direction in a
/// tensor of n elements has 1/√n of the gradient's norm, here 3 % and more, which is a hundred times the tolerance.
const MODEL_STEP: f64 = 0.02;
const MODEL_TOLERANCE: f64 = 2e-4;
const MODEL_NOISE: f64 = 3e-4;

#[test]
fn no_gradient_reaches_the_generator_from_the_judge_but_through_the_shared_embeddings() {
    let mut rig = ragged(&[]);
    let sampled = samples(&rig);
    let both = loss_gradients(&mut rig, &sampled);
    let mut alone = |mlm: bool| {
        let step = rig.step;
        rig.step.scales[usize::from(mlm)] = 0.0;
        rig.load();
        let gradients = loss_gradients(&mut rig, &sampled);
        rig.step = step;
        gradients
    };
    let (judge, generator) = (alone(false), alone(true));
    let zero = |values: &[f32]| values.iter().all(|g| *g == 0.0);
    for (((name, group, both), (_, _, judge)), (_, _, generator)) in both.iter().zip(&judge).zip(&generator) {
        match group {
            Group::Aux => assert!(zero(judge) && !zero(generator), "{name}"),
            Group::Main => assert!(zero(generator) && !zero(judge), "{name}"),
            Group::Shared => {
                assert!(!zero(judge) && !zero(generator), "{name}");
                // Both add up to the gradient of the whole loss.
                let sum: Vec<f32> = judge.iter().zip(generator).map(|(a, b)| a + b).collect();
                assert!(lab::distance(&sum, both) < 1e-6, "{name}: {}", lab::distance(&sum, both));
            }
        }
    }
}

#[test]
fn unused_slots_change_nothing() {
    let gradients = |extra: usize| {
        let config = lab::config(RAGGED);
        let mut batch = lab::random_batch(5, 11, VOCAB, lab::recipe(&config, 1).masking, 7);
        for slots in [&mut batch.slot_position, &mut batch.slot_label, &mut batch.slot_next] {
            slots.extend(vec![electroscope::batch::NONE; extra]);
        }
        let mut rig = Rig::new(&Backend::cpu(), &config, VOCAB, batch);
        rig.run(Stage::MASK, Stage::BACKWARD);
        rig.gradients()
    };
    for ((name, _, few), (_, _, many)) in gradients(0).iter().zip(&gradients(70)) {
        // Only the places where sums are cut may differ.
        assert!(lab::distance(few, many) < 1e-6, "{name}: {}", lab::distance(few, many));
    }
}

#[test]
fn accumulated_rows_give_the_gradient_of_one_batch() {
    let text = lab::text();
    for more in [&[][..], &["replacements=generator", "mask_with_replacement=true", "packing=segments"]] {
        let after = |rows: &str, accumulate: &str| {
            let sizes = ["seq_len=24", "dropout=0.1", "attention_dropout=0.1", rows, accumulate];
            let config = lab::config(&lab::with(&sizes, more));
            let mut session = lab::session(&config, &text, &Backend::cpu(), 3);
            let metrics = lab::train(&mut session, 1).remove(0);
            (metrics, lab::gradients(&session.model, &mut session.engine))
        };
        let (whole, gradients) = after("batch=32", "accumulate=1");
        let (parts, accumulated) = after("batch=8", "accumulate=4");
        for ((name, _, one), (_, _, four)) in gradients.iter().zip(&accumulated) {
            assert!(lab::distance(four, one) < 1e-5, "{name}: {}", lab::distance(four, one));
        }
        for (what, one, four) in [
            ("mlm_loss", whole.metrics.mlm_loss, parts.metrics.mlm_loss),
            ("rtd_loss", whole.metrics.rtd_loss, parts.metrics.rtd_loss),
            ("grad_norm", whole.grad_norm, parts.grad_norm),
            ("replaced_share", whole.metrics.replaced_share, parts.metrics.replaced_share),
        ] {
            let (one, four) = (one.unwrap(), four.unwrap());
            assert!((one - four).abs() < 1e-5 * one, "{what}: {one} in one batch, {four} in four");
        }
        assert_eq!(whole.metrics.sampled_accuracy, parts.metrics.sampled_accuracy);
    }
}
