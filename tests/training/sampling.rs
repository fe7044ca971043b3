//! Tests that replacements come from the right distributions: the generator's softmax at a temperature, and the fixed
//! distributions. It uses chi-square tests with fixed seeds, on both executors.

use crate::adapter;
use crate::lab;
use electroscope::batch::Split;
use electroscope::ops::corrupt::{self, Inputs};
use electroscope::ops::vocab::{self, Slots};
use electroscope::plan::{Elem, KernelChoices, Recorder, Step, Tensor};
use electroscope::train::engine::Backend;
use electroscope::train::schedule;
use pollster::block_on;
use std::sync::Arc;

/// The normal deviate that a correct sampler exceeds once in a million tests.
const Z_MAX: f64 = 4.75;

/// The cpu executor, and a device if there is one.
fn backends(test: &str) -> Vec<Backend> {
    std::iter::once(Backend::cpu()).chain(adapter::gpu(test).map(Backend::on)).collect()
}

/// How many standard deviations the chi-square of `counts` against `probabilities` lies above its mean (Wilson and Hilferty 1931).
/// Neighbouring cells are joined until each expects five draws; a draw that cannot happen is infinitely far.
fn chi_square_z(counts: &[u64], probabilities: &[f64]) -> f64 {
    let total: f64 = counts.iter().sum::<u64>() as f64;
    let mut cells = vec![(0.0, 0.0)];
    for (&count, p) in counts.iter().zip(probabilities) {
        if *p == 0.0 && count > 0 {
            return f64::INFINITY;
        }
        let last: &mut (f64, f64) = cells.last_mut().expect("there is always one");
        last.0 += count as f64;
        last.1 += p * total;
        if last.1 >= 5.0 {
            cells.push((0.0, 0.0));
        }
    }
    let rest = cells.pop().expect("there is always one");
    let last = cells.last_mut().expect("enough draws for one cell");
    *last = (last.0 + rest.0, last.1 + rest.1);
    let chi: f64 = cells.iter().map(|(count, expected)| (count - expected).powi(2) / expected).sum();
    let freedom = (cells.len() - 1) as f64;
    let spread = 2.0 / (9.0 * freedom);
    ((chi / freedom).cbrt() - (1.0 - spread)) / spread.sqrt()
}

fn count(ids: &[u32], v: usize) -> Vec<u64> {
    let mut counts = vec![0; v];
    ids.iter().for_each(|&id| counts[id as usize] += 1);
    counts
}

fn softmax(logits: &[f32], temperature: f64) -> Vec<f64> {
    let weights: Vec<f64> = logits.iter().map(|&l| (f64::from(l) / temperature).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|w| w / sum).collect()
}

/// The results of `vocab.forward` for slots that all have the same logits and the label 0.
struct Drawn {
    sampled: Vec<u32>,
    /// (S, 4): loss, flags, sample, argmax
    slot_out: Vec<u32>,
}

/// `chunks`: how many slots each launch takes.
fn draw(backend: &Backend, logits: &[f32], slots: u32, chunk: u32, temperature: f32, step: &Step) -> Drawn {
    let v = logits.len() as u32;
    let mut r = Recorder::new(KernelChoices::default(), backend.limits());
    // There are only the rows of one chunk, and every launch reads them.
    let rows = r.state("logits", Elem::F32, &[chunk.min(slots), v]);
    let of = Slots {
        labels: r.state("labels", Elem::U32, &[slots]),
        sampled: r.state("sampled", Elem::U32, &[slots]),
        slot_out: r.state("slot_out", Elem::U32, &[slots, 4]),
    };
    for first in (0..slots).step_by(chunk as usize) {
        vocab::forward(&mut r, &rows.rows(0, chunk.min(slots - first)), &of, first);
    }
    let plan = Arc::new(r.finish());
    let mut engine = block_on(backend.engine(&plan)).unwrap();
    let rows = plan.resolve(&rows);
    let data: Vec<f32> = logits.iter().copied().cycle().take(rows.len() as usize).collect();
    engine.write_f32(&rows, &data);
    engine.set_step(&Step { inv_temperature: 1.0 / temperature, ..*step });
    block_on(engine.run_all(0..plan.dispatches.len())).unwrap();
    let mut read = |tensor: &Tensor| block_on(engine.read(&plan.resolve(tensor))).unwrap();
    Drawn { sampled: read(&of.sampled), slot_out: read(&of.slot_out) }
}

/// 61 logits: a few likely words and many unlikely ones, as a generator has them.
fn logits() -> Vec<f32> {
    lab::normals(61, 1).iter().map(|x| 1.5 * x).collect()
}

const SLOTS: u32 = 20_000;

#[test]
fn samples_follow_the_softmax_at_their_temperature() {
    for backend in backends("samples_follow_the_softmax") {
        let logits = logits();
        for temperature in [1.0f32, 0.5, 2.0] {
            let drawn = draw(&backend, &logits, SLOTS, SLOTS, temperature, &Step::seeded(3, 1));
            let counts = count(&drawn.sampled, logits.len());
            let z = chi_square_z(&counts, &softmax(&logits, temperature.into()));
            println!("{} T = {temperature}: z = {z:.2}", backend.event().name);
            assert!(z.abs() < Z_MAX, "temperature {temperature}: {z}");
            // The same counts do not fit a temperature that is a third off, so the test can fail.
            let other = chi_square_z(&counts, &softmax(&logits, f64::from(temperature) * 1.3));
            assert!(other > 2.0 * Z_MAX, "temperature {temperature}: {other}");
        }
        let drawn = draw(&backend, &[0.25; 50], SLOTS, SLOTS, 1.0, &Step::seeded(3, 1));
        let z = chi_square_z(&count(&drawn.sampled, 50), &[0.02; 50]);
        assert!(z.abs() < Z_MAX, "equal logits: {z}");
    }
}

#[test]
fn a_temperature_changes_the_sample_alone() {
    for backend in backends("a_temperature_changes_the_sample_alone") {
        let logits = logits();
        let best = (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap() as u32;
        let loss = -softmax(&logits, 1.0)[0].ln();
        let drawn = draw(&backend, &logits, 100, 100, 0.1, &Step::seeded(3, 1));
        for (slot, out) in drawn.slot_out.chunks(4).enumerate() {
            assert!((f64::from(f32::from_bits(out[0])) - loss).abs() < 1e-5 * loss, "slot {slot}");
            let flags = u32::from(best == 0) | u32::from(drawn.sampled[slot] == 0) << 1;
            assert_eq!(out[1..], [flags, drawn.sampled[slot], best], "slot {slot}");
        }
        // At a tenth, the best word is all but certain; at 100, all words are alike.
        assert!(drawn.sampled.iter().filter(|&&id| id == best).count() > 80);
        let hot = draw(&backend, &logits, SLOTS, SLOTS, 1e4, &Step::seeded(3, 1));
        let z = chi_square_z(&count(&hot.sampled, logits.len()), &vec![1.0 / logits.len() as f64; logits.len()]);
        assert!(z.abs() < Z_MAX, "{z}");
    }
}

#[test]
fn a_slots_sample_depends_on_its_number_and_its_step_alone() {
    let (backend, logits) = (Backend::cpu(), logits());
    let whole = draw(&backend, &logits, 1000, 1000, 1.0, &Step::seeded(3, 1)).sampled;
    // In launches of 64 slots, and as the later part of an accumulated step.
    assert_eq!(draw(&backend, &logits, 1000, 64, 1.0, &Step::seeded(3, 1)).sampled, whole);
    let later = Step { slot_base: 400, ..Step::seeded(3, 1) };
    assert_eq!(draw(&backend, &logits, 600, 600, 1.0, &later).sampled, whole[400..]);
    // Other steps and seeds draw other samples. They are equal as often as by chance, the sum of p².
    let agree: f64 = softmax(&logits, 1.0).iter().map(|p| p * p).sum();
    for step in [Step::seeded(3, 2), Step::seeded(4, 1)] {
        let other = draw(&backend, &logits, 1000, 1000, 1.0, &step).sampled;
        let same = whole.iter().zip(&other).filter(|(a, b)| a == b).count() as f64 / 1000.0;
        let spread = (agree * (1.0 - agree) / 1000.0).sqrt();
        assert!((same - agree).abs() < Z_MAX * spread, "{same} equal, want {agree}");
    }
}

#[test]
fn both_executors_draw_the_same() {
    let Some(gpu) = adapter::gpu("both_executors_draw_the_same") else { return };
    let (logits, step) = (logits(), Step::seeded(3, 1));
    let host = draw(&Backend::cpu(), &logits, SLOTS, SLOTS, 1.0, &step).sampled;
    let device = draw(&Backend::on(gpu), &logits, SLOTS, SLOTS, 1.0, &step).sampled;
    let other = host.iter().zip(&device).filter(|(a, b)| a != b).count();
    // Two scores within some 2^-22 of each other may be ordered differently: about 61 chances in a million a slot.
    assert!(other <= 6, "{other} of {SLOTS} samples differ");
}

/// `tokens` tokens of the id `original`, each under one slot whose own sample is `sampled`, corrupted with a fixed distribution.
fn replace(backend: &Backend, table: &[u32], tokens: u32, original: u32, sampled: u32, step: &Step) -> [Vec<u32>; 2] {
    let mut r = Recorder::new(KernelChoices::default(), backend.limits());
    let mut given = Vec::new();
    let mut words = |r: &mut Recorder, label: &str, shape: &[u32], data: Vec<u32>| {
        let tensor = r.state(label, Elem::U32, shape);
        given.push((tensor.clone(), data));
        tensor
    };
    let all = |word| vec![word; tokens as usize];
    let ids = words(&mut r, "ids", &[1, tokens], all(original));
    let first = words(&mut r, "first", &[1, tokens], (0..tokens).collect());
    let next = words(&mut r, "next", &[tokens], all(electroscope::batch::NONE));
    let sampled = words(&mut r, "sampled", &[tokens], all(sampled));
    let source = words(&mut r, "source", &[table.len() as u32], table.to_vec());
    let inputs = Inputs { ids: &ids, first: &first, next: &next, sampled: &sampled, source: &source, proposed: true };
    let (corrupted, replaced) = corrupt::replace(&mut r, "corrupted", inputs);
    let plan = Arc::new(r.finish());
    let mut engine = block_on(backend.engine(&plan)).unwrap();
    for (tensor, data) in &given {
        engine.write(&plan.resolve(tensor), data);
    }
    engine.set_step(step);
    block_on(engine.run_all(0..plan.dispatches.len())).unwrap();
    [corrupted, replaced].map(|tensor| block_on(engine.read(&plan.resolve(&tensor))).unwrap())
}

#[test]
fn fixed_distributions_are_drawn_by_weight() {
    // Words seen often, seldom and never; specials without weight in front.
    let weights: Vec<u64> = (0..80).map(|id| if id < 5 || id % 9 == 0 { 0 } else { 100_000 / (id * id) + 1 }).collect();
    let uniform: Vec<u64> = weights.iter().map(|&w| w.min(1)).collect();
    for backend in backends("fixed_distributions_are_drawn_by_weight") {
        for weights in [&weights, &uniform] {
            let total: u64 = weights.iter().sum();
            let step = Step { source_threshold: u32::MAX, ..Step::seeded(5, 2) };
            let [drawn, replaced] = replace(&backend, &schedule::source_table(weights), SLOTS, 7, 0, &step);
            let p: Vec<f64> = weights.iter().map(|&w| w as f64 / total as f64).collect();
            let z = chi_square_z(&count(&drawn, p.len()), &p);
            assert!(z.abs() < Z_MAX, "{z}");
            // Here too a word that is drawn for itself is no replacement.
            let consistent = drawn.iter().zip(&replaced).all(|(id, replaced)| *replaced == u32::from(*id != 7));
            assert!(consistent && replaced.contains(&0) && replaced.contains(&1));
        }
    }
}

#[test]
fn a_share_of_the_slots_takes_the_fixed_distribution() {
    // 3 is the generator's sample and never drawn from the table.
    let table = schedule::source_table(&[0, 0, 0, 0, 5, 5]);
    for backend in backends("a_share_of_the_slots") {
        for share in [0.0, 0.3, 0.9, 1.0] {
            let step = Step { source_threshold: schedule::threshold(share), ..Step::seeded(6, 2) };
            let [drawn, _] = replace(&backend, &table, SLOTS, 1, 3, &step);
            let fixed = drawn.iter().filter(|&&id| id != 3).count() as f64 / f64::from(SLOTS);
            let spread = (share * (1.0 - share) / f64::from(SLOTS)).sqrt();
            assert!((fixed - share).abs() <= Z_MAX * spread, "{fixed} of the slots, want {share}");
            // The source and the drawn word are independent, so the two words of the table stay equally frequent.
            if share > 0.0 {
                let z = chi_square_z(&count(&drawn, 6)[4..], &[0.5, 0.5]);
                assert!(z.abs() < Z_MAX, "share {share}: {z}");
            }
        }
    }
}

#[test]
fn a_session_hands_over_the_corpus_own_distribution() {
    let text = lab::text();
    let specials = text.tokenizer.specials();
    for kind in ["unigram", "unigram_to_generator", "uniform", "uniform_to_generator"] {
        let config = lab::config(&lab::with(lab::TINIEST, &[&format!("replacements={kind}")]));
        let mut session = lab::session(&config, &text, &Backend::cpu(), 1);
        let table = block_on(session.engine.read(&session.model.source)).unwrap();
        let counts = Split::new(&text.cache, 1, 12).unwrap().train_counts(&text.cache);
        let weight = |id: usize| match (specials.excludes(id as u32), kind.starts_with("uniform")) {
            (true, _) => 0.0,
            (false, true) => 1.0,
            (false, false) => counts[id] as f64,
        };
        let total: f64 = (0..counts.len()).map(weight).sum();
        assert_eq!(table.len(), counts.len());
        let mut before = 0;
        for (id, &bound) in table.iter().enumerate() {
            let share = f64::from(bound - before) / 4_294_967_296.0;
            // Each bound is cut to a 32-bit word.
            assert!((share - weight(id) / total).abs() < 2f64.powi(-31), "{kind}: {share} for {id}");
            before = bound;
        }
    }
}
