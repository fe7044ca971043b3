//! Tests the recorded step as data: every stage is there, no dispatch reads memory that nothing wrote, and it fits WebGPU's default
//! limits.

use crate::lab;
use electroscope::config::Config;
use electroscope::model::io::PassSize;
use electroscope::model::{Model, ModelSpec};
use electroscope::plan::{BufferId, KernelChoices, Limits, Plan, Role, Split, Stage, Tensor};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// WebGPU's default limits that a plan has to do with beyond sizes (specification, "limits").
const STORAGE_BUFFERS_MAX: usize = 8;
const WORKGROUPS_PER_AXIS_MAX: u32 = 65_535;
const INVOCATIONS_MAX: u32 = 256;
const UNIFORM_BYTES_MAX: usize = 64 << 10;

/// A readout's pass: a few short rows.
const READOUT: PassSize = PassSize { rows: 4, row_len: 16, slots: 8 };

/// A device that only few products fill.
const DISCRETE: Limits = Limits { split: Split::DISCRETE, ..Limits::WEBGPU };

fn record(config: &Config, vocab: u32) -> Model {
    record_for(config, vocab, Limits::default())
}

fn record_for(config: &Config, vocab: u32, limits: Limits) -> Model {
    let spec = ModelSpec::from_config(config, vocab, 0, Some(READOUT));
    Model::record(spec, KernelChoices::default(), limits)
}

/// The plans that the walks below are made over: every objective, chunked vocabulary, projections, separate clipping.
fn plans() -> Vec<(&'static str, Model)> {
    let nano = lab::config(&[]);
    let mlm = lab::config(&["objective=mlm", "clip_separately=true"]);
    let no_generator = lab::config(&["replacements=unigram", "clip_separately=true"]);
    // 4 rows of 128 with 30,522 words: the softmax takes more than one chunk of slots.
    let small = lab::preset("small", &["batch=32", "layers=3", "clip_separately=true"]);
    let halves = lab::config(&["precision=f16", "clip_separately=true"]);
    let wide = lab::preset("small", &["batch=32", "layers=2", "precision=f16"]);
    vec![
        ("nano", record(&nano, 300)),
        ("mlm", record(&mlm, 300)),
        ("no generator", record(&no_generator, 300)),
        ("small", record(&small, 30_522)),
        ("f16", record(&halves, 300)),
        ("small f16", record(&wide, 30_522)),
        ("small, discrete", record_for(&small, 30_522, DISCRETE)),
        ("small f16, discrete", record_for(&wide, 30_522, DISCRETE)),
    ]
}

/// `| 4-10 | `kernel` `kernel` ... | what happens |` -> 4, 10, the kernels; nothing for other lines.
fn walked(line: &str) -> Option<(usize, usize, Vec<&str>)> {
    let mut cells = line.split('|').map(str::trim).skip(1);
    let numbers = cells.next()?;
    let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
    let kernels = cells.next()?.split('`').skip(1).step_by(2).collect();
    Some((first.parse().ok()?, last.parse().ok()?, kernels))
}

#[test]
fn the_walk_through_nanos_step_in_the_docs_names_every_dispatch() {
    let docs = include_str!("../../docs/architecture.md");
    let (_, section) = docs.split_once("## One step of nano").expect("docs/architecture.md walks through a step");
    let rows: Vec<_> = section.lines().filter_map(walked).collect();
    let plan = record(&lab::config(&[]), 2048).plan;
    let last = plan.dispatches.iter().rposition(|d| d.kernel.label == "optimizer.adamw").expect("a step has an update");
    let mut next = 0;
    for (first, last, kernels) in rows {
        assert_eq!(first, next, "the rows follow one another");
        let recorded: Vec<&str> = plan.dispatches[first..=last].iter().map(|d| d.kernel.label).collect();
        assert_eq!(kernels, recorded, "dispatches {first} to {last}");
        next = last + 1;
    }
    assert_eq!(next, last + 1, "dispatches of the step");
}

/// For every element of the buffers, the tensor that was written there in a pass.
#[derive(Default)]
struct Written(BTreeMap<BufferId, BTreeMap<u32, (u32, String)>>);

impl Written {
    fn write(&mut self, tensor: &Tensor) {
        let (start, end) = (tensor.offset, tensor.offset + tensor.words());
        let ranges = self.0.entry(tensor.buffer).or_default();
        // What the new range covers is cut away; the ends of what it cuts in two stay.
        let cut: Vec<u32> = ranges.range(..end).filter(|(_, (e, _))| *e > start).map(|(s, _)| *s).collect();
        for s in cut {
            let (e, label) = ranges.remove(&s).expect("it was just listed");
            if s < start {
                ranges.insert(s, (start, label.clone()));
            }
            if e > end {
                ranges.insert(end, (e, label));
            }
        }
        ranges.insert(start, (end, tensor.label.to_string()));
    }

    /// The tensors whose elements lie in this range, and None where a part was never written.
    fn owners(&self, tensor: &Tensor) -> BTreeSet<Option<&str>> {
        let (start, end) = (tensor.offset, tensor.offset + tensor.words());
        let mut owners = BTreeSet::new();
        let mut at = start;
        let ranges = self.0.get(&tensor.buffer).into_iter().flatten();
        for (s, (e, label)) in ranges.filter(|(s, (e, _))| **s < end && *e > start) {
            if *s > at {
                owners.insert(None);
            }
            owners.insert(Some(label.as_str()));
            at = *e;
        }
        if at < end {
            owners.insert(None);
        }
        owners
    }
}

/// Walks a pass and returns every read of an activation that finds anything other than what this pass wrote under the same name.
fn stray_reads(plan: &Plan, pass: Range<usize>) -> Vec<String> {
    let mut written = Written::default();
    let mut stray = Vec::new();
    for i in pass {
        let d = &plan.dispatches[i];
        let bound = || d.kernel.slots.iter().zip(&d.tensors);
        for (slot, tensor) in bound().filter(|(slot, _)| slot.access.reads()) {
            let role = plan.buffers[tensor.buffer.0 as usize].role;
            // Everything else outlives the pass: parameters, inputs, state. Gradients are zeroed in the pass, but under another
            // name.
            if role != Role::Activation {
                continue;
            }
            let owners = written.owners(tensor);
            if owners != BTreeSet::from([Some(&*tensor.label)]) {
                stray.push(format!("dispatch {i} {}: {} {tensor:?} holds {owners:?}", d.kernel.label, slot.name));
            }
        }
        for (_, tensor) in bound().filter(|(slot, _)| slot.access.writes()) {
            written.write(tensor);
        }
    }
    stray
}

fn passes(plan: &Plan) -> [Range<usize>; 4] {
    let looks = [Stage::EVALUATE, Stage::READOUT, Stage::ATTENTION].map(|stage| plan.stage(stage));
    let [evaluate, readout, attention] = looks;
    [plan.step(), evaluate, readout, attention]
}

#[test]
fn no_dispatch_reads_what_nobody_wrote() {
    for (name, model) in plans() {
        for pass in passes(&model.plan) {
            assert!(!pass.is_empty(), "{name}");
            let stray = stray_reads(&model.plan, pass.clone());
            assert!(stray.is_empty(), "{name}, pass {pass:?}: {stray:#?}");
        }
    }
}

#[test]
fn the_walk_finds_a_read_that_nobody_wrote() {
    let (_, model) = plans().swap_remove(0);
    let pass = model.plan.step();
    // If any one writer of an activation is left out, a later reader notices.
    let writers = pass.clone().filter(|&i| {
        let d = &model.plan.dispatches[i];
        let role = |t: &Tensor| model.plan.buffers[t.buffer.0 as usize].role;
        d.kernel.slots.iter().zip(&d.tensors).any(|(slot, t)| !slot.access.reads() && role(t) == Role::Activation)
    });
    let writers: Vec<usize> = writers.collect();
    assert!(writers.len() > 50);
    for gone in writers {
        let mut plan = record(&lab::config(&[]), 300).plan;
        let plan = std::sync::Arc::get_mut(&mut plan).expect("nobody else holds it");
        plan.dispatches.remove(gone);
        let rest = pass.start..pass.end - 1;
        assert!(!stray_reads(plan, rest).is_empty(), "dispatch {gone} was not missed");
    }
}

#[test]
fn gradients_are_added_to_only_after_they_were_zeroed() {
    for (name, model) in plans() {
        let plan = &model.plan;
        let mut zeroed = Written::default();
        for i in plan.step() {
            let d = &plan.dispatches[i];
            for (slot, tensor) in d.kernel.slots.iter().zip(&d.tensors) {
                if plan.buffers[tensor.buffer.0 as usize].role != Role::Gradients {
                    continue;
                }
                if d.kernel.label == "fill.zero" {
                    zeroed.write(tensor);
                    continue;
                }
                let whole = BTreeSet::from([Some("gradients")]);
                assert_eq!(zeroed.owners(tensor), whole, "{name}, dispatch {i} {}: {}", d.kernel.label, slot.name);
            }
        }
        // Every parameter gets a gradient: something is added to it, and the update reads it.
        for parameter in &model.parameters {
            let gradient = parameter.gradient.as_ref().expect("recorded for training");
            let touches = |stage: Stage, writes: bool| {
                plan.stage(stage).any(|i| {
                    let d = &plan.dispatches[i];
                    d.kernel.slots.iter().zip(&d.tensors).any(|(slot, t)| {
                        let inside =
                            t.offset <= gradient.offset && t.offset + t.len() >= gradient.offset + gradient.len();
                        t.buffer == gradient.buffer && inside && slot.access.writes() == writes
                    })
                })
            };
            let added = touches(Stage::PROPOSE, true) || touches(Stage::BACKWARD, true);
            assert!(added && touches(Stage::UPDATE, false), "{name}: {}", parameter.entry.name);
        }
    }
}

#[test]
fn the_readout_shares_no_activation_with_training() {
    for (name, model) in plans() {
        let plan = &model.plan;
        let activations = |range: Range<usize>| -> BTreeSet<BufferId> {
            let bound = plan.dispatches[range].iter().flat_map(|d| &d.tensors).map(|t| t.buffer);
            bound.filter(|b| plan.buffers[b.0 as usize].role == Role::Activation).collect()
        };
        let readout = activations(plan.stage(Stage::READOUT));
        let others = activations(plan.span(Stage::MASK, Stage::EVALUATE));
        assert!(!readout.is_empty() && readout.is_disjoint(&others), "{name}");
    }
}

/// Bytes of activations that some later dispatch still reads, at the dispatch where they are most; and the sum of all.
fn live_bytes(plan: &Plan) -> (u64, u64) {
    let activation = |t: &Tensor| plan.buffers[t.buffer.0 as usize].role == Role::Activation;
    // An activation lives from the dispatch that first writes it to the last that binds it under its name.
    let mut lives: Vec<(BufferId, u32, String, usize, usize, u64)> = Vec::new();
    for (i, d) in plan.dispatches.iter().enumerate() {
        for (slot, t) in d.kernel.slots.iter().zip(&d.tensors).filter(|(_, t)| activation(t)) {
            let known = lives.iter_mut().rev().find(|life| (life.0, life.1) == (t.buffer, t.offset));
            match known {
                Some(life) if slot.access.reads() && *life.2 == *t.label => life.4 = i,
                _ if slot.access.writes() => lives.push((t.buffer, t.offset, t.label.to_string(), i, i, t.bytes())),
                // A part of what was written whole, or the whole of what was written in parts.
                _ => {
                    let parts = lives.iter_mut().filter(|life| life.0 == t.buffer && *life.2 == *t.label);
                    parts.for_each(|life| life.4 = i);
                }
            }
        }
    }
    let at = |i: usize| lives.iter().filter(|life| (life.3..=life.4).contains(&i)).map(|life| life.5).sum::<u64>();
    let peak = (0..plan.dispatches.len()).map(at).max().unwrap_or(0);
    (peak, lives.iter().map(|life| life.5).sum())
}

#[test]
fn activations_share_memory() {
    for (name, model) in plans() {
        let (peak, apart) = live_bytes(&model.plan);
        let shared = model.plan.bytes_of(Role::Activation);
        let mib = |bytes: u64| bytes >> 20;
        println!(
            "{name}: activations take {} MiB; {} are needed at once, {} in all",
            mib(shared),
            mib(peak),
            mib(apart)
        );
        // Activations share whole buffers, not ranges, so some memory is lost. The readout's buffers are apart.
        assert!(shared < 2 * peak && shared < apart / 2, "{name}: {shared} bytes, {peak} at once, {apart} in all");
    }
}

#[test]
fn the_plan_prints_its_stages_and_dispatches() {
    for (name, model) in plans() {
        let text = model.plan.to_string();
        let headings: Vec<&str> = text.lines().filter(|l| !l.starts_with(' ')).collect();
        let stages: &[&str] = match name {
            "mlm" => &["mask", "propose", "backward", "update"],
            "no generator" => &["mask", "replace", "judge", "backward", "update"],
            _ => &["mask", "propose", "replace", "judge", "backward", "update"],
        };
        let stages = [stages, &["evaluate", "readout", "attention"]].concat();
        assert_eq!(headings.len(), stages.len(), "{name}: {headings:?}");
        for (heading, word) in headings.iter().zip(stages) {
            let count = model.plan.stage(Stage::named(word)).len();
            assert!(heading.starts_with(&format!("{word}: {count} dispatches, ")), "{name}: {heading}");
        }
        let lines: Vec<&str> = text.lines().filter(|l| l.starts_with(' ')).collect();
        assert_eq!(lines.len(), model.plan.dispatches.len(), "{name}");
        for (i, (line, d)) in lines.iter().zip(&model.plan.dispatches).enumerate() {
            let words: Vec<&str> = line.split_whitespace().take(4).collect();
            let (number, groups) = (i.to_string(), d.groups.to_string());
            assert_eq!(words, [number.as_str(), d.kernel.label, d.variant().name, &groups], "{name}");
            assert!(line.contains(&format!("{:>10} B", d.bytes())), "{name}: {line}");
            assert!(d.tensors.iter().all(|t| line.contains(&format!("{t:?}"))), "{name}: {line}");
        }
    }
}

/// The kernels of a training step of the nano preset, in their order. A change of the recording changes this list on purpose.
#[test]
fn the_judge_of_a_one_layer_model_is_the_paper_read_downwards() {
    let model = record(&lab::config(&["layers=1"]), 300);
    let kernels =
        |stage| -> Vec<&str> { model.plan.stage(stage).map(|i| model.plan.dispatches[i].kernel.label).collect() };
    let encoder = [
        "embed.forward",
        "layernorm.forward",
        "matmul.forward",
        "attention.forward",
        "matmul.forward",
        "layernorm.forward_residual",
        "matmul.forward_gelu",
        "matmul.forward",
        "layernorm.forward_residual",
    ];
    let judge = [&encoder[..], &["matmul.forward_gelu", "matmul.forward", "rtd.loss"]].concat();
    assert_eq!(kernels(Stage::JUDGE), judge);
    assert_eq!(kernels(Stage::REPLACE), ["corrupt.replace"]);
    assert_eq!(kernels(Stage::MASK), ["fill.zero"]);
    let look: Vec<&str> = kernels(Stage::EVALUATE);
    assert!(look.ends_with(&[&["corrupt.replace"], &judge[..]].concat()), "{look:?}");
    assert!(!look.iter().any(|label| label.contains("backward")), "{look:?}");
}

#[test]
fn the_papers_small_model_keeps_to_webgpus_default_limits() {
    let config = lab::preset("small", &["batch=32"]);
    assert_eq!((config.seq_len, config.vocab_size), (128, 30_522));
    let model = record(&config, 30_522);
    let (plan, limits) = (&model.plan, Limits::default());
    assert_eq!((limits.binding_bytes_max, limits.buffer_bytes_max), (134_217_728, 268_435_456));
    for buffer in &plan.buffers {
        assert!(u64::from(buffer.len) * 4 <= limits.buffer_bytes_max, "{}", buffer.label);
    }
    for (i, d) in plan.dispatches.iter().enumerate() {
        let place = format!("dispatch {i} {}", d.kernel.label);
        assert!(d.tensors.len() <= STORAGE_BUFFERS_MAX && d.dims.len() <= UNIFORM_BYTES_MAX, "{place}");
        for tensor in &d.tensors {
            assert!(tensor.bytes() <= limits.binding_bytes_max, "{place}: {tensor:?}");
            assert!(tensor.offset.is_multiple_of(64), "{place}: {tensor:?} at {}", tensor.offset);
            let len = plan.buffers[tensor.buffer.0 as usize].len;
            assert!(tensor.offset + tensor.words() <= len, "{place}: {tensor:?} ends outside of its buffer");
        }
        // The workgroups are folded into two axes, and the first axis is full.
        assert!(d.groups.div_ceil(WORKGROUPS_PER_AXIS_MAX) <= WORKGROUPS_PER_AXIS_MAX, "{place}: {} groups", d.groups);
        let constants = d.variant().constants;
        let lanes: u32 = constants.iter().filter(|(name, _)| name.starts_with("WG")).map(|(_, n)| n).product();
        assert!((1..=INVOCATIONS_MAX).contains(&lanes), "{place}: {lanes} lanes");
    }
    // The (S, V) logits never exist whole: 608 slots would be 74 MB.
    let chunk =
        plan.dispatches.iter().flat_map(|d| &d.tensors).filter(|t| &*t.label == "mlm.logits").map(Tensor::bytes);
    assert!(chunk.max().is_some_and(|bytes| bytes <= 32 << 20));
    println!("small, 32 x 128: {} dispatches, {} MiB", plan.dispatches.len(), plan.bytes() >> 20);
}

/// Every launch costs the host about two microseconds.
#[test]
fn a_step_of_the_papers_small_model_takes_few_dispatches() {
    let config = lab::preset("small", &[]);
    assert_eq!((config.batch, config.seq_len, config.layers, config.accumulate), (128, 128, 12, 1));
    for limits in [Limits::WEBGPU, DISCRETE] {
        let plan = record_for(&config, 30_522, limits).plan;
        let step = plan.step();
        let mut kernels: BTreeMap<&str, usize> = BTreeMap::new();
        for i in step.clone() {
            *kernels.entry(plan.dispatches[i].kernel.label).or_default() += 1;
        }
        println!("small, 128 x 128: {} dispatches, {} MiB: {kernels:#?}", step.len(), plan.bytes() >> 20);
        assert!(step.len() <= 650, "{limits:?}: {} dispatches: {kernels:#?}", step.len());
    }
}

#[test]
fn f16_halves_what_the_papers_small_keeps() {
    let of = |precision: &str| {
        let config = lab::preset("small", &[&format!("precision={precision}")]);
        let model = record(&config, 30_522);
        // Only what the backward needs outlives its stage. The rest comes and goes layer by layer.
        let kept = kept_bytes(&model.plan);
        println!(
            "small, 128 x 128, {precision}: {} MiB in all, {} MiB of activations, {} MiB kept for the backward, {} MiB of f16 weights",
            model.plan.bytes() >> 20,
            model.plan.bytes_of(Role::Activation) >> 20,
            kept >> 20,
            model.plan.buffers.iter().filter(|b| b.label.contains(".f16.")).map(|b| u64::from(b.len) * 4).sum::<u64>()
                >> 20,
        );
        (model.plan.bytes_of(Role::Activation), kept, model.plan.bytes())
    };
    let (f32, f16) = (of("f32"), of("f16"));
    let share = |a: u64, b: u64| a as f64 / b as f64;
    assert!((0.49..0.52).contains(&share(f16.1, f32.1)), "kept: {f16:?} of {f32:?}");
    assert!(share(f16.0, f32.0) < 0.6, "activations: {f16:?} of {f32:?}");
    assert!(share(f16.2, f32.2) < 0.65, "in all: {f16:?} of {f32:?}");
    // Nothing changes if nothing was asked for.
    assert!(record(&lab::preset("small", &[]), 30_522).plan.dispatches.iter().all(|d| !d.kernel.label.contains("f16")));
}

/// Bytes of the judge's activations that its backward still reads.
fn kept_bytes(plan: &Plan) -> u64 {
    let bound = |stage: Stage, reads: bool| -> BTreeMap<String, u64> {
        let dispatches = &plan.dispatches[plan.stage(stage)];
        let tensors = dispatches.iter().flat_map(|d| d.kernel.slots.iter().zip(&d.tensors));
        let of_role = tensors.filter(|(slot, t)| {
            let used = if reads { slot.access.reads() } else { slot.access.writes() };
            used && plan.buffers[t.buffer.0 as usize].role == Role::Activation
        });
        of_role.map(|(_, t)| (t.label.to_string(), t.bytes())).collect()
    };
    let (written, read) = (bound(Stage::JUDGE, false), bound(Stage::BACKWARD, true));
    written.iter().filter(|(label, _)| read.contains_key(*label)).map(|(_, bytes)| bytes).sum()
}

#[test]
fn a_batch_that_is_not_refused_can_be_recorded() {
    // On the border: one row more is refused, this many are recorded, where a tensor too large to bind would panic.
    let shapes: [(&str, &[&str]); 4] = [
        ("nano", &["seq_len=512"]),
        ("small", &["layers=1"]),
        ("small", &["layers=1", "ffn_size=512", "objective=mlm"]),
        ("mini", &["layers=1", "embedding_size=1500", "mask_prob=0.9"]),
    ];
    let limits = Limits::default();
    for (preset, set) in shapes {
        let spec = |rows: u32| {
            let config = lab::preset(preset, &[set, &[format!("batch={rows}").as_str()]].concat());
            ModelSpec::from_config(&config, config.vocab_size, 0, Some(READOUT))
        };
        let passes = |rows: u32| spec(rows).check(&limits).is_ok();
        let (mut most, mut least) = (1, 1 << 10);
        assert!(passes(most) && !passes(least), "{preset} {set:?}");
        while least - most > 1 {
            let middle = most.midpoint(least);
            *(if passes(middle) { &mut most } else { &mut least }) = middle;
        }
        let plan = Model::record(spec(most), KernelChoices::default(), limits).plan;
        assert!(plan.buffers.iter().all(|b| u64::from(b.len) * 4 <= limits.buffer_bytes_max), "{preset} {most}");
    }
}
