//! Small plans that together run every kernel and every variant: ragged shapes on, below and above the tiles, far means, masks,
//! padding, unused slots, repeated ids, chains, ties. They use the launches of `ops`, as the training step does.

use super::case::{Case, MARGIN, POISON_F32};
use crate::batch::NONE;
use crate::gpu::Features;
use crate::ops::{
    self, Dropout, attention, cast, corrupt, embed, fill, gather, gelu, layernorm, matmul, optimizer, reduce, rtd,
    vocab,
};
use crate::plan::{Elem, KernelChoices, KernelSpec, Limits, Recorder, Role, Split, Step, Tensor};
use crate::rng::{Key, Sequence, Stream};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A device that a small product does not fill: long sums are split.
const SPLITTING: Limits = Limits { split: Split { tiles_full: 64, part_min: 256 }, ..Limits::WEBGPU };

/// Every case that the device can run: each op once for every variant name that its kernels have.
pub fn all(features: Features) -> impl Iterator<Item = Case> {
    const OPS: [(&str, Record); 13] = [
        ("fill", fills),
        ("cast", casts),
        ("gather", gathers),
        ("gelu", gelus),
        ("embed", embeds),
        ("reduce", reduces),
        ("layernorm", layernorms),
        ("matmul", matmuls),
        ("attention", attentions),
        ("corrupt", corruptions),
        ("rtd", detections),
        ("vocab", vocabularies),
        ("optimizer", optimizers),
    ];
    OPS.into_iter().flat_map(move |(op, record)| {
        variants(op, features).into_iter().flat_map(move |variant| {
            steps(op).into_iter().flat_map(move |step| {
                stored(op, features).into_iter().map(move |stored| {
                    let mut lab = Lab::new(op, variant, step, stored);
                    record(&mut lab);
                    lab.finish()
                })
            })
        })
    })
}

/// Variant names of a file's kernels that the device offers.
fn variants(op: &str, features: Features) -> BTreeSet<&'static str> {
    let kernels = ops::ALL.iter().filter(|kernel| kernel.label.split('.').next() == Some(op));
    kernels.flat_map(|kernel| kernel.variants).filter(|v| features.offer(v.needs)).map(|v| v.name).collect()
}

/// The types in which activations are stored: f32, and also f16 where the op has kernels for it and the device can run them.
fn stored(op: &str, features: Features) -> Vec<Elem> {
    let halves = |kernel: &&&KernelSpec| kernel.slots.iter().any(|slot| slot.elem == Elem::F16);
    let of_op = ops::ALL.iter().filter(|kernel| kernel.label.split('.').next() == Some(op));
    if features.f16 && of_op.filter(halves).count() > 0 { vec![Elem::F32, Elem::F16] } else { vec![Elem::F32] }
}

/// Step blocks that an op is tried with; most read little of it.
fn steps(op: &str) -> Vec<Step> {
    let plain = Step {
        row_base: 3,
        slot_base: 17,
        correction1: 1.0,
        correction2: 1.0,
        scales: [1.0 / 37.0, 50.0 / 211.0, 0.7, 1.0 / 3.0],
        ..Step::seeded(7, 11)
    };
    match op {
        // The generator's samples, half and half, the fixed distribution.
        "corrupt" => [0, 1 << 31, u32::MAX].map(|source_threshold| Step { source_threshold, ..plain }).to_vec(),
        // Samples that are colder and warmer than the loss.
        "vocab" => [1.0, 0.7, 1.3].map(|t: f32| Step { inv_temperature: 1.0 / t, ..plain }).to_vec(),
        // With and without bias correction, at the first step and later.
        // The rate is large, because otherwise a part of the update would hide in the rounding of the parameter.
        "optimizer" => {
            let plain = Step { lr: 0.05, ..plain };
            vec![plain, Step { correction1: 10.0, correction2: 1000.0, step: 0, ..plain }]
        }
        _ => vec![plain],
    }
}

/// Fills the half of a word that an odd number of f16 leaves over; it is not a number.
const LEFT_OVER: u16 = 0x7ead;

/// Records one op's shapes.
type Record = fn(&mut Lab);

/// A case being recorded.
pub struct Lab {
    r: Recorder,
    random: Sequence,
    inputs: Vec<(Tensor, Vec<u32>)>,
    name: String,
    step: Step,
}

impl Lab {
    fn new(op: &'static str, variant: &'static str, step: Step, stored: Elem) -> Self {
        let of_op = ops::ALL.iter().filter(|k| k.label.split('.').next() == Some(op));
        let choices = of_op.map(|k| (k.label.to_owned(), variant.to_owned())).collect();
        let mut r = Recorder::new(KernelChoices(choices), SPLITTING);
        r.stored = stored;
        Self {
            r,
            random: Sequence::new(Key::new(2026, 0, Stream::Init), 0),
            inputs: Vec::new(),
            name: format!("{op} {variant}{}", if stored == Elem::F16 { " f16" } else { "" }),
            step,
        }
    }

    /// Standard normal numbers times `std`, around `mean`.
    fn normals(&mut self, len: u32, mean: f64, std: f64) -> Vec<f32> {
        let mut normal = || {
            let radius = (-2.0 * self.random.unit().ln()).sqrt();
            radius * (std::f64::consts::TAU * self.random.unit()).cos()
        };
        (0..len).map(|_| (mean + std * normal()) as f32).collect()
    }

    fn given(&mut self, label: &str, shape: &[u32], data: &[f32]) -> Tensor {
        let tensor = self.r.state(label, Elem::F32, shape);
        self.inputs.push((tensor.clone(), bytemuck::cast_slice(data).to_vec()));
        tensor
    }

    /// [`Lab::normal_around`], as activations and weights are stored.
    fn stored_around(&mut self, label: &str, shape: &[u32], mean: f64, std: f64) -> Tensor {
        let data = self.normals(shape.iter().product(), mean, std);
        if self.r.stored == Elem::F32 {
            return self.given(label, shape, &data);
        }
        let tensor = self.r.state(label, Elem::F16, shape);
        let halves: Vec<u16> = data.iter().map(|x| half::f16::from_f32(*x).to_bits()).collect();
        let word = |pair: &[u16]| u32::from(pair[0]) | u32::from(pair.get(1).map_or(LEFT_OVER, |half| *half)) << 16;
        self.inputs.push((tensor.clone(), halves.chunks(2).map(word).collect()));
        tensor
    }

    fn stored(&mut self, label: &str, shape: &[u32]) -> Tensor {
        self.stored_around(label, shape, 0.0, 1.0)
    }

    fn normal_around(&mut self, label: &str, shape: &[u32], mean: f64, std: f64) -> Tensor {
        let data = self.normals(shape.iter().product(), mean, std);
        self.given(label, shape, &data)
    }

    fn normal(&mut self, label: &str, shape: &[u32]) -> Tensor {
        self.normal_around(label, shape, 0.0, 1.0)
    }

    fn words(&mut self, label: &str, shape: &[u32], data: Vec<u32>) -> Tensor {
        let tensor = self.r.state(label, Elem::U32, shape);
        self.inputs.push((tensor.clone(), data));
        tensor
    }

    /// Whole numbers below `n`.
    fn below(&mut self, label: &str, shape: &[u32], n: u32) -> Tensor {
        let len: u32 = shape.iter().product();
        let data = (0..len).map(|_| self.random.below(n as usize) as u32).collect();
        self.words(label, shape, data)
    }

    /// A tensor of the host's that kernels write.
    fn output(&mut self, label: &str, elem: Elem, shape: &[u32]) -> Tensor {
        self.r.state(label, elem, shape)
    }

    fn affine(&mut self, c: u32) -> layernorm::Affine {
        layernorm::Affine { w: self.normal_around("w", &[c], 1.0, 0.1), b: self.normal_around("b", &[c], 0.0, 0.1) }
    }

    /// Gives every buffer a margin on both sides, so that what lies beside a tensor can be checked.
    fn finish(self) -> Case {
        let mut plan = self.r.finish();
        for buffer in &mut plan.buffers {
            buffer.len += 2 * MARGIN;
        }
        for tensor in plan.dispatches.iter_mut().flat_map(|d| &mut d.tensors) {
            tensor.offset += MARGIN;
        }
        let inputs = self.inputs.into_iter().map(|(tensor, data)| {
            let mut tensor = plan.resolve(&tensor);
            tensor.offset += MARGIN;
            (tensor, data)
        });
        Case { name: self.name, inputs: inputs.collect(), plan: Arc::new(plan), step: self.step }
    }
}

fn fills(lab: &mut Lab) {
    for len in [1, 3, 7, 255, 256, 257, 2047, 2048, 2049, 10_000] {
        let y = lab.output("y", Elem::F32, &[len]);
        fill::zero(&mut lab.r, &y);
    }
}

fn casts(lab: &mut Lab) {
    for len in [1, 3, 7, 255, 256, 257, 2049, 10_001] {
        // The numbers range from those that are too small for f16, through its smallest, to those that it rounds coarsely.
        let x = lab.normals(len, 0.0, 1.0).iter().map(|x| x * (12.0 * x).exp2()).collect::<Vec<f32>>();
        let x = lab.given("x", &[len], &x.iter().map(|x| x.clamp(-6e4, 6e4)).collect::<Vec<f32>>());
        let y = lab.output("y", Elem::F16, &[len]);
        if lab.r.stored == Elem::F16 {
            cast::narrow(&mut lab.r, &x, &y);
        }
    }
}

/// Slots that point at tokens, as a batch has them: the last ones unused, some tokens under several slots.
struct SlotLists {
    position: Vec<u32>,
    first: Vec<u32>,
    next: Vec<u32>,
}

fn slot_lists(lab: &mut Lab, tokens: u32, slots: u32) -> SlotLists {
    let used = slots - slots / 4;
    let mut lists = SlotLists {
        position: vec![NONE; slots as usize],
        first: vec![NONE; tokens as usize],
        next: vec![NONE; slots as usize],
    };
    // From the last to the first, so that a token's chain starts at its first slot.
    for slot in (0..used as usize).rev() {
        // Squared: early tokens are drawn often, and make chains.
        let at = (lab.random.unit().powi(2) * f64::from(tokens)) as usize;
        lists.position[slot] = at as u32;
        lists.next[slot] = std::mem::replace(&mut lists.first[at], slot as u32);
    }
    lists
}

fn gathers(lab: &mut Lab) {
    for [tokens, slots, c] in [[1, 1, 1], [7, 3, 3], [33, 9, 255], [40, 21, 256], [65, 64, 257], [512, 77, 64]] {
        let lists = slot_lists(lab, tokens, slots);
        let h = lab.stored("h", &[tokens, c]);
        let position = lab.words("position", &[slots], lists.position);
        gather::forward(&mut lab.r, "y", &h, &position);
        let dy = lab.normal("dy", &[slots, c]);
        let first = lab.words("first", &[1, tokens], lists.first);
        let next = lab.words("next", &[slots], lists.next);
        gather::backward(&mut lab.r, "dh", &dy, &first, &next);
    }
}

fn gelus(lab: &mut Lab) {
    for len in [1, 3, 7, 255, 256, 257, 5000] {
        let (dy, u) = (lab.normal("dy", &[len]), lab.stored_around("u", &[len], 0.0, 3.0));
        gelu::forward(&mut lab.r, "y", &u);
        gelu::backward(&mut lab.r, "du", &dy, &u);
    }
}

fn embeds(lab: &mut Lab) {
    const PAD: u32 = 0;
    for [rows, t, e, v] in
        [[1, 1, 1, 1], [2, 7, 3, 11], [3, 65, 64, 50], [4, 33, 257, 300], [2, 130, 255, 9], [20, 130, 3, 3000]]
    {
        let p = embed::Tables {
            word: lab.normal("word", &[v, e]),
            position: lab.normal("position", &[t + 5, e]),
            segment: lab.normal("segment", &[2, e]),
        };
        // Padding at the end of each row, and repeated ids before it.
        let mut ids =
            lab.normals(rows * t, 0.0, 0.4).iter().map(|x| (x.abs() * v as f32) as u32 % v).collect::<Vec<_>>();
        for row in ids.chunks_exact_mut(t as usize).skip(1) {
            row[t as usize - t as usize / 3..].fill(PAD);
        }
        let ids = lab.words("ids", &[rows, t], ids);
        let types = lab.below("types", &[rows, t], 2);
        embed::forward(&mut lab.r, "x", &ids, &types, &p);
        let dx = lab.normal("dx", &[rows * t, e]);
        // Gradients are joined to what they hold.
        let d = embed::Tables {
            word: lab.normal("dword", &[v, e]),
            position: lab.normal("dposition", &[t + 5, e]),
            segment: lab.normal("dsegment", &[2, e]),
        };
        embed::backward(&mut lab.r, &ids, &types, &dx, &d, PAD);
    }
}

fn reduces(lab: &mut Lab) {
    // Pairs are launched two by two; the last one is alone.
    for [rows, columns] in [[1, 1], [3, 7], [64, 64], [65, 255], [200, 257], [1000, 3], [300, 5]] {
        let partial = lab.normal("partial", &[rows, columns]);
        let y = lab.normal("y", &[columns]);
        reduce::rows_add(&mut lab.r, &partial, &y);
        let y = lab.r.activation("sum", &[columns]);
        reduce::rows_sum(&mut lab.r, &partial, &y);
        let more = columns.div_ceil(3);
        let partial = lab.normal("partial", &[rows, columns + more]);
        let (y, z) = (lab.normal("y", &[columns]), lab.normal("z", &[more]));
        reduce::rows_add_pair(&mut lab.r, &partial, &y, &z);
    }
}

fn layernorms(lab: &mut Lab) {
    // BERT's epsilon.
    const EPS: f32 = 1e-12;
    // A far mean shows a variance that is not centred.
    let shapes = [
        ([1, 1], 0.0),
        ([3, 7], 1e4),
        ([2, 255], 0.0),
        ([5, 256], 1e4),
        ([33, 257], 0.0),
        ([70, 64], 1e4),
        ([65, 3], 0.0),
        ([9, 4], 0.0),
        ([2, 8], 0.0),
        ([17, 260], 1e4),
    ];
    for (i, ([n, c], mean)) in shapes.into_iter().enumerate() {
        let site = i as u32;
        for dropout in [Dropout::OFF, Dropout::new(0.1, site)] {
            // A mean as large as the f32 one would leave f16 no variance.
            let mean = if lab.r.stored == Elem::F32 { mean } else { 1.0 };
            let x = lab.stored_around("x", &[n, c], mean, 1.0);
            let (p, d, dy) = (lab.affine(c), lab.affine(c), lab.normal("dy", &[n, c]));
            let saved = layernorm::forward(&mut lab.r, "y", &x, &p, EPS, n, dropout);
            layernorm::backward(&mut lab.r, &saved, &p, &d, &dy);
            let h = lab.stored("h", &[n, c]);
            let saved = layernorm::forward_residual(&mut lab.r, "y", &x, &h, &p, EPS, n, dropout);
            layernorm::backward_residual(&mut lab.r, &saved, &p, &d, &dy);
        }
    }
}

fn matmuls(lab: &mut Lab) {
    // (rows, in, out): on, below and above the tiles; [600 ..] to [780 ..] have few outputs and long sums over the rows, [5 ..] and
    // [35 ..] over the outputs, which are split.
    // Rows of multiples of four are bound in fours where a variant does.
    let shapes = [
        [1, 1, 1],
        [3, 7, 5],
        [7, 3, 65],
        [33, 65, 31],
        [64, 64, 64],
        [65, 256, 63],
        [70, 257, 129],
        [255, 17, 1],
        [256, 33, 130],
        [600, 20, 9],
        [1030, 7, 3],
        [780, 12, 8],
        [5, 7, 1030],
        [35, 12, 780],
        [1, 4, 4],
        [17, 12, 36],
        [33, 132, 260],
    ];
    for [n, input, output] in shapes {
        let x = lab.stored("x", &[n, input]);
        let p = matmul::Linear { w: lab.stored("w", &[output, input]), b: lab.normal("b", &[output]) };
        let d = matmul::Linear { w: lab.normal("dw", &[output, input]), b: lab.normal("db", &[output]) };
        matmul::forward(&mut lab.r, "y", &x, &p);
        matmul::logits(&mut lab.r, "logits", &x, &p);
        // Scaled so that gelu's bend is met, not only its straight ends.
        let narrow = lab.stored_around("narrow", &[n, input], 0.0, 1.5 / f64::from(input).sqrt());
        let (u, _) = matmul::forward_gelu(&mut lab.r, "g", &narrow, &p);
        let dy = lab.normal("dy", &[n, output]);
        matmul::backward_input(&mut lab.r, "dx", &dy, &p.w);
        let joined = lab.normal("joined", &[n, input]);
        matmul::backward_input_add(&mut lab.r, &dy, &p.w, &joined);
        // gelu sits before a second layer (output -> input): its input gradient meets gelu' at u.
        let w2 = lab.stored("w2", &[input, output]);
        let dx = lab.normal("dx2", &[n, input]);
        matmul::backward_input_gelu(&mut lab.r, "du", &dx, &w2, &u);
        matmul::backward_params(&mut lab.r, &x, &dy, &d);
    }
}

fn attentions(lab: &mut Lab) {
    // (rows, tokens, heads, channels a head)
    let shapes = [
        [1, 1, 1, 1],
        [2, 3, 2, 7],
        [3, 17, 2, 16],
        [2, 65, 2, 33],
        [2, 64, 4, 32],
        [1, 257, 1, 64],
        [2, 33, 1, 128],
        [2, 21, 1, 130],
        [1, 20, 1, 256],
        [2, 9, 3, 4],
        [1, 2, 1, 8],
        [1, 40, 2, 36],
    ];
    for (i, [b, t, h, d]) in shapes.into_iter().enumerate() {
        for causal in [false, true] {
            let dropout = if causal == (i % 2 == 0) { Dropout::OFF } else { Dropout::new(0.1, i as u32) };
            let c = h * d;
            // Scores of a few units, so that the softmax is neither flat nor a step.
            let std = (3.0 / f64::from(d).sqrt()).sqrt();
            let qkv = lab.stored_around("qkv", &[b * t, 3 * c], 0.0, std);
            // A full row, a padded one, and one that is nothing but padding.
            let tokens = |row: u32| [t, t - t / 3, 0][row as usize % 3];
            let mask = (0..b * t).map(|i| u32::from(i % t < tokens(i / t))).collect();
            let mask = lab.words("mask", &[b, t], mask);
            let saved =
                attention::forward(&mut lab.r, "ctx", &qkv, &mask, attention::Heads { count: h, causal }, dropout);
            let dctx = lab.normal("dctx", &[b * t, c]);
            attention::backward(&mut lab.r, &saved, &dctx);
            let shares = lab.r.activation("shares", &[b, h, t, t]);
            attention::map(&mut lab.r, &saved, &shares);
        }
    }
}

fn corruptions(lab: &mut Lab) {
    for [tokens, slots, v] in [[1, 1, 2], [7, 3, 5], [65, 20, 257], [257, 77, 2048], [512, 200, 30_522]] {
        let lists = slot_lists(lab, tokens, slots);
        let ids = lab.below("ids", &[1, tokens], v);
        let first = lab.words("first", &[1, tokens], lists.first);
        let next = lab.words("next", &[slots], lists.next);
        let sampled = lab.below("sampled", &[slots], v);
        // Cumulative probabilities in units of 2^-32, rarer towards the end, the last saturated.
        let share = |i: u32| 1.0 - (-4.0 * f64::from(i + 1) / f64::from(v)).exp();
        let source = (0..v).map(|i| if i + 1 == v { u32::MAX } else { (share(i) * 4_294_967_295.0) as u32 }).collect();
        let source = lab.words("source", &[v], source);
        for proposed in [true, false] {
            let (first, next, sampled, source) = (&first, &next, &sampled, &source);
            let inputs = corrupt::Inputs { ids: &ids, first, next, sampled, source, proposed };
            corrupt::replace(&mut lab.r, "corrupted", inputs);
        }
    }
}

fn detections(lab: &mut Lab) {
    for n in [1, 3, 7, 63, 64, 65, 257] {
        let mut logits = lab.normals(n, 0.0, 4.0);
        // Far ends of the sigmoid.
        for (logit, far) in logits.iter_mut().skip(1).zip([100.0, -100.0, 0.0, 88.0, -88.0]) {
            *logit = far;
        }
        let logits = lab.given("logits", &[n, 1], &logits);
        let counted = lab.below("counted", &[1, n], 2);
        let (corrupted, replaced) = (lab.below("corrupted", &[1, n], 30_522), lab.below("replaced", &[1, n], 2));
        let token_out = lab.output("token_out", Elem::U32, &[n, 2]);
        rtd::loss(&mut lab.r, &logits, &counted, (&corrupted, &replaced), &token_out, n % 4);
    }
}

fn vocabularies(lab: &mut Lab) {
    // (slots, words, slots a chunk); a chunk starts at a multiple of the binding alignment.
    let shapes = [(1, 1, 1), (3, 7, 3), (5, 255, 5), (4, 256, 4), (69, 257, 64), (130, 33, 64), (2, 30_522, 2)];
    for (slots, v, chunk) in shapes {
        let mut labels: Vec<u32> = (0..slots).map(|_| lab.random.below(v as usize) as u32).collect();
        if slots > 2 {
            labels[slots as usize - 1] = NONE;
        }
        let out = vocab::Slots {
            labels: lab.words("labels", &[slots], labels),
            sampled: lab.output("sampled", Elem::U32, &[slots]),
            slot_out: lab.output("slot_out", Elem::U32, &[slots, 4]),
        };
        for first in (0..slots).step_by(chunk as usize) {
            let rows = chunk.min(slots - first);
            let mut logits = lab.normals(rows * v, -3.0, 3.0);
            // Two equal best logits: the lower id wins.
            let (low, high) = (v as usize / 3, v as usize - 1);
            (logits[low], logits[high]) = (20.0, 20.0);
            let logits = lab.given("logits", &[rows, v], &logits);
            let lse = vocab::forward(&mut lab.r, &logits, &out, first);
            vocab::backward(&mut lab.r, &logits, &out, first, &lse, slots % 4);
        }
    }
}

fn optimizers(lab: &mut Lab) {
    // Clipped, not clipped, and a gradient that is not a number: the flag must stop the update.
    for (clip, broken) in [(1.0, None), (1e6, None), (1.0, Some(f32::NAN)), (1.0, Some(f32::INFINITY))] {
        let ranges: Vec<optimizer::Range> = [1, 7, 4095, 4096, 4097, 10_001]
            .into_iter()
            .enumerate()
            .map(|(i, len)| {
                let mut g = lab.normals(len, 0.0, 0.3);
                if let (Some(broken), 3) = (broken, i) {
                    g[len as usize / 2] = broken;
                }
                let v: Vec<f32> = lab.normals(len, 0.0, 0.1).iter().map(|x| x * x).collect();
                optimizer::Range {
                    p: lab.normal("p", &[len]),
                    g: lab.given("g", &[len], &g),
                    m: lab.normal_around("m", &[len], 0.0, 0.1),
                    v: lab.given("v", &[len], &v),
                    weight_decay: if i % 2 == 0 { 0.1 } else { 0.0 },
                    lr_scale: 0.8f32.powi(i as i32),
                    group: i as u32 % 2,
                }
            })
            .collect();
        let guard = optimizer::guard(&mut lab.r);
        lab.inputs.push((guard.clone(), vec![0; optimizer::GUARD_LEN as usize]));
        let step_out = lab.r.buffer("step_out", Role::Output, optimizer::GROUPS_MAX * 64);
        let step_out = lab.r.view("step_out", step_out, 0, Elem::U32, &[optimizer::GROUPS_MAX, 64]);
        let hyper = optimizer::Hyper { clip, beta1: 0.9, beta2: 0.999, eps: 1e-6 };
        optimizer::update_all(&mut lab.r, &ranges, 2, hyper, &guard, &step_out);
    }
}

const _: () = assert!(POISON_F32 & 0x7f80_0000 == 0x7f80_0000 && POISON_F32 & 0x007f_ffff != 0, "a NaN");
