//! Tests how the app steers a run: a run on a thread of its own, commands in, events out. It uses small networks on the cpu
//! executor.

use crate::lab;
use crate::watched::{DESK, ENDLESS, Watched, numbers, options};
use electroscope::plan::Stage;
use electroscope::train::event::*;
use std::path::PathBuf;
use std::time::{Duration, Instant};

fn text(text: &str, edits: Vec<WordEdit>) -> Command {
    Command::SetOwnText { text: text.to_owned(), edits }
}

fn own_text(event: &Event) -> Option<OwnText> {
    if let Event::OwnText(own_text) = event { Some(own_text.clone()) } else { None }
}

fn weights(out: &str, step: u64) -> [Vec<u8>; 3] {
    let dir = DESK.path().join(out).join(format!("checkpoints/step-{step:09}"));
    ["discriminator/model.safetensors", "generator/model.safetensors", "optimizer.safetensors"]
        .map(|file| std::fs::read(dir.join(file)).unwrap())
}

// ------------------------------------------------------------------------------------------------------------ stages

/// 60 steps with everything a step may hold; looks at steps that have nothing to do with the pauses.
const SHORT: &[&str] = &[
    "steps=60",
    "accumulate=2",
    "dropout=0.1",
    "attention_dropout=0.1",
    "replacements=unigram_to_generator",
    "takeoff_auc=0",
    "handover_steps=20",
    "eval_every=25",
    "eval_rows=16",
    "readout_every=20",
    "checkpoint_every=30",
];

fn sample(event: &Event) -> Option<BatchSample> {
    if let Event::Batch(sample) = event { Some(sample.clone()) } else { None }
}

#[test]
fn a_run_that_is_looked_at_from_all_sides_ends_with_the_same_bytes() {
    let mut plain = options("plain", SHORT);
    plain.watched = false;
    let (plain, result) = Watched::start(plain).end();
    result.unwrap();

    let mut watched = Watched::start(options("looked-at", SHORT));
    // Before the first step, in the middle of steps, at their ends, and right at the look at step 50.
    watched.pause();
    let own = || text("the dog chased the cat", vec![WordEdit { word: 1, change: Change::Sample { draw: 0 } }]);
    for round in 0..3 {
        for stage in [Stage::MASK, Stage::PROPOSE, Stage::REPLACE, Stage::JUDGE] {
            watched.send(Command::SeekStage { stage });
            let sample = watched.wait(sample);
            let state = watched.state(Phase::Paused);
            assert_eq!((state.stage, sample.known), (Some(stage), stage), "round {round}");
            assert_eq!(sample.step, state.step + 1);
            watched.send(own());
            watched.wait(own_text);
            watched.send(Command::Attention { network: Network::Discriminator, layer: 1 });
            watched.wait(|event| matches!(event, Event::Attention(_)).then_some(()));
        }
        let step = watched.seen.iter().rev().find_map(|e| if let Event::State(s) = e { Some(s.step) } else { None });
        watched.send(Command::EmbeddingMap { tokens: 50 });
        watched.send(Command::Checkpoint);
        watched.send(Command::Step);
        let state = watched.wait(|event| match event {
            Event::State(state) if state.phase == Phase::Paused && Some(state.step) > step => Some(*state),
            _ => None,
        });
        assert_eq!(state.stage, None);
        watched.send(Command::Measure);
        watched.wait(|event| matches!(event, Event::Kernels(kernels) if kernels.timed_steps > 0).then_some(()));
        watched.state(Phase::Paused);
    }
    // On to the look at the training AUC at step 50, with a pause inside of the step after it and a checkpoint there.
    watched.send(Command::Resume);
    watched.steps_taken(48);
    watched.pause();
    while watched.pause().step < 50 {
        watched.send(Command::Step);
        watched.wait(|event| matches!(event, Event::Step(_)).then_some(()));
    }
    watched.send(Command::Evaluate);
    watched.wait(|event| matches!(event, Event::Eval(_)).then_some(()));
    let at_50 = watched.pause().step == 50;
    watched.send(Command::SeekStage { stage: Stage::PROPOSE });
    watched.wait(sample);
    watched.send(Command::Checkpoint);
    let (step, path) = watched.wait(|event| match event {
        Event::Checkpoint { step, path } => Some((*step, PathBuf::from(path))),
        _ => None,
    });
    assert!(at_50 && step == 50 && path.is_dir(), "step {step}");
    watched.send(Command::SpeedShare { share: 0.9 });
    watched.send(Command::Resume);
    let (events, result) = watched.end();
    result.unwrap();

    assert_eq!(numbers(&plain).len(), 60);
    assert_eq!(numbers(&events), numbers(&plain));
    assert!(weights("looked-at", 60) == weights("plain", 60), "the weights or moments differ");

    // The checkpoint that was written within step 51 is that of the steps before.
    let mut resumed = options("looked-at", &[]);
    (resumed.resume, resumed.resume_step, resumed.preset, resumed.seed) = (true, Some(50), None, None);
    (resumed.set, resumed.watched) = (Vec::new(), false);
    let (events, result) = Watched::start(resumed).end();
    result.unwrap();
    assert_eq!(numbers(&events), numbers(&plain)[50..]);
    assert!(weights("looked-at", 60) == weights("plain", 60), "the resumed weights or moments differ");
}

#[test]
fn a_batch_is_told_as_far_as_its_stages_are_done() {
    let mut watched = Watched::start(options("stages", &lab::with(ENDLESS, &["replacements=generator"])));
    watched.steps_taken(3);
    watched.pause();
    let mut samples = Vec::new();
    // The first may finish the step in which the pause fell.
    for stage in [Stage::MASK, Stage::PROPOSE, Stage::REPLACE, Stage::JUDGE] {
        watched.send(Command::SeekStage { stage });
        samples.push(watched.wait(sample));
        watched.state(Phase::Paused);
    }
    let [mask, propose, replace, judge] = &samples[..] else { panic!() };
    let tokens = |sample: &BatchSample| sample.rows.concat();
    for sample in &samples {
        assert_eq!((sample.step, sample.first_row), (mask.step, mask.first_row), "the same rows through all stages");
        let ids = |sample: &BatchSample| tokens(sample).iter().map(|t| (t.original_id, t.masked)).collect::<Vec<_>>();
        assert_eq!(ids(sample), ids(mask));
    }
    let masked = |sample: &BatchSample| tokens(sample).into_iter().filter(|t| t.masked).collect::<Vec<_>>();
    assert!(!masked(mask).is_empty() && masked(mask).iter().all(|t| t.sampled.is_none() && t.best.is_none()));
    for token in masked(propose) {
        let p = token.p_original.unwrap();
        assert!(token.sampled.is_some() && token.best.is_some() && p > 0.0 && p <= 1.0, "{token:?}");
        assert!(!token.replaced && token.p_replaced.is_none());
    }
    let words = |sample: &BatchSample| masked(sample).iter().map(|t| t.sampled_id).collect::<Vec<_>>();
    assert_eq!(words(replace), words(propose), "what is proposed is written into the text");
    for token in tokens(replace) {
        assert_eq!(token.replaced, token.sampled_id.is_some_and(|id| id != token.original_id), "{token:?}");
        assert!(!token.drawn && token.p_replaced.is_none());
    }
    let share: f64 = tokens(judge).iter().map(|t| t.loss_share.unwrap()).sum();
    assert!(tokens(judge).iter().all(|t| t.p_replaced.is_some() && t.logit.is_some()));
    // All four rows of the batch are shown, so their shares are those of the whole loss.
    assert!(judge.rows.len() == 4 && (share - 1.0).abs() < 1e-6, "{share}");
    assert_eq!(words(judge), words(replace));
    watched.send(Command::Stop);
    watched.state(Phase::Stopping);
    watched.end().1.unwrap();
}

// ------------------------------------------------------------------------------------------------------- pause, speed

#[test]
fn a_pause_is_answered_in_the_middle_of_a_step_and_of_an_evaluation() {
    // Steps of the nano preset that take many times as long as the answer may.
    let set = [
        "vocab_size=300",
        "batch=512",
        "seq_len=64",
        "steps=1000000",
        "eval_every=1000000",
        "eval_rows=2000",
        "checkpoint_every=1000000",
    ];
    let mut o = options("pause", &[]);
    o.set = set.map(str::to_owned).to_vec();
    let mut watched = Watched::start(o);
    watched.state(Phase::Running);
    for evaluate in [false, true] {
        let going = if evaluate { Phase::Evaluating } else { Phase::Running };
        if evaluate {
            watched.send(Command::Step);
            watched.state(Phase::Paused);
            watched.send(Command::Evaluate);
            watched.state(going);
        }
        let mut answered_ms = Vec::new();
        let mut inside = 0;
        while answered_ms.len() < 7 {
            std::thread::sleep(Duration::from_millis(10));
            let sent = Instant::now();
            let state = watched.pause();
            answered_ms.push(sent.elapsed().as_secs_f64() * 1e3);
            watched.send(Command::Resume);
            let resumed = watched.wait(|event| match event {
                Event::State(state) if state.phase != Phase::Paused => Some(state.phase),
                _ => None,
            });
            inside += usize::from(resumed == going && (evaluate || state.stage.is_some()));
        }
        println!("answered in ms, {going:?}: {answered_ms:.1?}; {inside} of 7 inside of it");
        assert!(inside > 0, "it is too short to test this");
        answered_ms.sort_by(f64::total_cmp);
        // The median: the machine may be busy with other things.
        assert!(answered_ms[3] < 100.0, "{going:?}: {answered_ms:?}");
    }
    watched.leave();
}

#[test]
fn a_smaller_share_of_the_time_takes_fewer_steps_and_still_answers_at_once() {
    let mut watched = Watched::start(options("share", ENDLESS));
    watched.steps_taken(20);
    let mut secs_of_steps = |share: f32| {
        let sent = Instant::now();
        watched.send(Command::SpeedShare { share });
        let state = watched.state(Phase::Running);
        assert_eq!(state.speed_share, share);
        let answered = sent.elapsed();
        // What was under way goes by first.
        watched.steps_taken(state.step + 5);
        let began = Instant::now();
        watched.steps_taken(state.step + 35);
        (began.elapsed().as_secs_f64(), answered)
    };
    let [full, quarter, again] = [1.0, 0.25, 1.0].map(&mut secs_of_steps);
    println!("30 steps: {full:.3?} at full share, {quarter:.3?} at a quarter, {again:.3?} at full share again");
    // Four times as long, but for what else the machine does.
    assert!(quarter.0 > 2.0 * full.0.min(again.0), "{full:?}, {quarter:?}, {again:?}");
    // In the middle of a nap.
    assert!(again.1 < Duration::from_secs(2), "{:?}", again.1);
    watched.send(Command::SpeedShare { share: f32::NAN });
    assert_eq!(watched.state(Phase::Running).speed_share, 1.0);
    watched.send(Command::Stop);
    watched.end().1.unwrap();
}

// -------------------------------------------------------------------------------------------------------- own sentence

#[test]
fn a_persons_text_is_judged_at_once_also_while_paused() {
    let mut watched = Watched::start(options("own", ENDLESS));
    watched.steps_taken(5);
    watched.pause();
    watched.send(text("The dog chased the cat.", Vec::new()));
    let plain = watched.wait(own_text);
    assert_eq!(plain.text, "The dog chased the cat.");
    assert!(!plain.truncated && plain.edits_left_out == 0 && !plain.tokens.is_empty());
    for token in &plain.tokens {
        assert!(token.token.p_replaced.is_some() && !token.token.masked && !token.token.replaced, "{token:?}");
        // The pieces of the text, whatever the tokenizer made of it.
        assert!(plain.text.get(token.start as usize..token.end as usize).is_some_and(|piece| !piece.is_empty()));
    }
    let shares: f64 = plain.tokens.iter().map(|t| t.token.loss_share.unwrap()).sum();
    assert!((shares - 1.0).abs() < 1e-6, "{shares}");
    // The same text, the same weights: the same judgement.
    watched.send(text("The dog chased the cat.", Vec::new()));
    assert_eq!(watched.wait(own_text), plain);

    let edits = vec![
        WordEdit { word: 1, change: Change::Mask },
        WordEdit { word: 2, change: Change::Replace { word: "the".into() } },
        WordEdit { word: 4, change: Change::Sample { draw: 3 } },
        WordEdit { word: 99, change: Change::Mask },
    ];
    watched.send(text("The dog chased the cat.", edits));
    let edited = watched.wait(own_text);
    assert_eq!(edited.edits_left_out, 1);
    let of_word = |word: u32| edited.tokens.iter().filter(move |t| t.word == word);
    for token in of_word(1).chain(of_word(4)) {
        let sum: f32 = token.token.proposals.iter().map(|p| p.probability).sum();
        assert!(token.token.masked && token.token.proposals.len() == 5 && sum > 0.0 && sum <= 1.0001, "{token:?}");
        assert_eq!(token.token.best_id, Some(token.token.proposals[0].id));
    }
    // Only hidden: the judge still reads the word itself. Sampled: what the generator wrote.
    assert!(of_word(1).all(|t| t.token.sampled.is_none() && !t.token.replaced));
    assert!(of_word(4).all(|t| t.token.sampled.is_some()));
    assert!(of_word(4).all(|t| t.token.replaced == (t.token.sampled_id != Some(t.token.original_id))));
    let by_hand: Vec<_> = of_word(2).collect();
    assert!(by_hand.iter().all(|t| t.token.original == "chased" && t.token.read() == "the" && t.token.replaced));
    // Another word in its neighbourhood: the judge says something else about the rest.
    assert_ne!(edited.tokens[0].token.logit, plain.tokens[0].token.logit);

    watched.send(text(&"the dog ".repeat(40), Vec::new()));
    let long = watched.wait(own_text);
    assert!(long.truncated && long.tokens.len() == 10, "{}", long.tokens.len());
    watched.send(text("ação 🐕 \u{0}", Vec::new()));
    watched.wait(own_text);
    watched.send(text("", Vec::new()));
    assert_eq!(watched.wait(own_text).tokens, []);

    // And with every readout from then on.
    watched.send(text("a cat", Vec::new()));
    let step = watched.wait(own_text).step;
    watched.send(Command::Resume);
    watched.wait(|event| own_text(event).filter(|own_text| own_text.step > step));
    watched.send(Command::Stop);
    watched.end().1.unwrap();
}

#[test]
fn attention_is_a_distribution_over_the_tokens_that_are_read() {
    let mut watched = Watched::start(options("attention", ENDLESS));
    watched.steps_taken(2);
    watched.pause();
    watched.send(text("the dog", vec![WordEdit { word: 1, change: Change::Mask }]));
    watched.wait(own_text);
    let map = |event: &Event| if let Event::Attention(map) = event { Some(map.clone()) } else { None };
    for (network, layer, heads) in
        [(Network::Generator, 0, 1), (Network::Discriminator, 1, 2), (Network::Discriminator, 9, 2)]
    {
        watched.send(Command::Attention { network, layer });
        let got = watched.wait(map);
        assert_eq!((got.network, got.layer, got.layers, got.heads), (network, layer.min(1), 2, heads));
        let t = got.tokens.len();
        assert_eq!(got.probabilities.len(), heads as usize * t * t);
        assert_eq!((got.tokens[0].as_str(), got.tokens[t - 1].as_str()), ("[CLS]", "[SEP]"));
        // What is hidden from the generator, the judge reads.
        assert_eq!(got.tokens.iter().any(|token| token == "[MASK]"), network == Network::Generator);
        let rows = (0..heads as usize).flat_map(|head| (0..t).map(move |from| (head, from)));
        for row in rows.map(|(head, from)| got.row(head, from)) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5 && row.iter().all(|p| *p >= 0.0), "{row:?}");
        }
        watched.send(Command::Attention { network, layer });
        assert_eq!(watched.wait(map), got);
    }
    // Without a person's text it is the first readout sentence.
    watched.send(text("", Vec::new()));
    watched.send(Command::Attention { network: Network::Discriminator, layer: 0 });
    assert!(watched.wait(map).tokens.len() > 4);
    watched.send(Command::Stop);
    watched.end().1.unwrap();
}

#[test]
fn embeddings_lie_on_two_axes_most_frequent_words_first() {
    let mut watched = Watched::start(options("map", ENDLESS));
    watched.steps_taken(2);
    watched.pause();
    let map = |event: &Event| if let Event::EmbeddingMap(map) = event { Some(map.clone()) } else { None };
    watched.send(Command::EmbeddingMap { tokens: 40 });
    let got = watched.wait(map);
    assert_eq!(got.points.len(), 40);
    assert!(got.points.is_sorted_by_key(|point| std::cmp::Reverse(point.count)));
    assert!(got.points.iter().all(|point| !point.token.starts_with('[') && point.count > 0));
    let [first, second] = got.explained;
    assert!(first >= second && second > 0.0 && first + second <= 1.0, "{first}, {second}");
    // The variance along an axis is what it says.
    let of_axis = |axis: fn(&MapPoint) -> f32| got.points.iter().map(|p| f64::from(axis(p)).powi(2)).sum::<f64>();
    let ratio = of_axis(|p| p.y) / of_axis(|p| p.x);
    assert!((ratio - second / first).abs() < 1e-2, "{ratio} against {}", second / first);
    watched.send(Command::EmbeddingMap { tokens: 40 });
    assert_eq!(watched.wait(map), got);
    watched.send(Command::Stop);
    watched.end().1.unwrap();
}

#[test]
fn a_run_is_stepped_through_the_stages_that_it_has_and_waits_for_no_other() {
    let mlm = [Stage::MASK, Stage::PROPOSE];
    let fixed = [Stage::MASK, Stage::REPLACE, Stage::JUDGE];
    for (setting, stages, missing) in [
        ("objective=mlm", &mlm[..], Stage::JUDGE),
        ("replacements=unigram", &fixed[..], Stage::PROPOSE),
        ("seed=3", &[Stage::MASK, Stage::PROPOSE, Stage::REPLACE, Stage::JUDGE][..], Stage::named("tidy")),
    ] {
        let set = if setting == "seed=3" { ENDLESS.to_vec() } else { lab::with(ENDLESS, &[setting]) };
        let mut watched = Watched::start(options(&format!("stages-{setting}"), &set));
        watched.steps_taken(2);
        watched.pause();
        // To the end of the step: the next stage is the first of a step.
        watched.send(Command::Step);
        watched.wait(|event| match event {
            Event::State(state) => (state.phase == Phase::Paused && state.stage.is_none()).then_some(()),
            _ => None,
        });
        let mut before = 0;
        for &stage in stages {
            watched.send(Command::SeekStage { stage });
            watched.wait(sample);
            let state = watched.state(Phase::Paused);
            assert_eq!(state.stage, Some(stage), "{setting}");
            before = state.step;
        }
        // A stage that the run does not have: the step is finished, and nobody waits in vain.
        watched.send(Command::SeekStage { stage: missing });
        let after = watched.wait(|event| match event {
            Event::State(state) if state.phase == Phase::Paused && state.step > before => Some(*state),
            _ => None,
        });
        assert_eq!((after.step, after.stage), (before + 1, None), "{setting}");
        // A range that is no part of a step changes nothing.
        watched.send(Command::SeekStage { stage: Stage::READOUT });
        assert_eq!(watched.state(Phase::Paused).step, before + 1, "{setting}");
        watched.send(Command::Stop);
        watched.end().1.unwrap();
    }
}

// -------------------------------------------------------------------------------------------------- verdicts, kernels

#[test]
fn an_evaluation_can_be_read_at_any_threshold_and_shows_its_tokens() {
    let mut watched = Watched::start(options("verdicts", &lab::with(ENDLESS, &["eval_rows=64"])));
    watched.steps_taken(30);
    watched.pause();
    // Also while paused.
    watched.send(Command::SeekStage { stage: Stage::UPDATE });
    watched.state(Phase::Paused);
    watched.send(Command::Evaluate);
    let eval = watched.wait(|event| if let Event::Eval(eval) = event { Some((**eval).clone()) } else { None });
    let (histogram, confusion) = (eval.histogram.clone().unwrap(), eval.confusion.unwrap());
    assert_eq!(histogram.confusion(JUDGE_BINS / 2), confusion);
    assert_eq!((histogram.original.len(), histogram.replaced.len()), (JUDGE_BINS, JUDGE_BINS));
    // The area under the curve of the bins is the AUC, but for ties within a bin.
    let curve = histogram.curve();
    let area: f64 = curve
        .windows(2)
        .map(|pair| {
            let [a, b] = [&pair[0], &pair[1]].map(|c| (c.false_alarm_rate().unwrap(), c.recall().unwrap()));
            (a.0 - b.0) * (a.1 + b.1) / 2.0
        })
        .sum();
    let auc = eval.metrics.rtd_auc.unwrap();
    assert!((area - auc).abs() < 0.05, "{area} against {auc}");
    assert!(!eval.examples.is_empty() && eval.examples.len() <= 120);
    for replaced in [false, true] {
        assert!(eval.examples.iter().any(|example| example.replaced == replaced));
    }
    for example in &eval.examples {
        assert_eq!(example.replaced, example.token != example.original, "{example:?}");
        assert!(!example.before.contains('[') && !example.after.contains("##"), "{example:?}");
    }
    watched.send(Command::Stop);
    watched.end().1.unwrap();
    // The record keeps the histogram, and nothing that only a view can use.
    let record = std::fs::read_to_string(DESK.path().join("verdicts/metrics.jsonl")).unwrap();
    let kinds = |kind: &str| record.lines().filter(|line| line.contains(&format!("\"event\":\"{kind}\""))).count();
    assert!(kinds("eval") >= 1 && record.contains("\"histogram\"") && !record.contains("\"examples\""));
    for kind in ["state", "batch", "own_text", "kernels", "attention", "embedding_map"] {
        assert_eq!(kinds(kind), 0, "{kind}");
    }
    let longest = record.lines().map(str::len).max().unwrap();
    assert!(longest < 20_000, "a line of {longest} bytes");
}

#[test]
fn every_dispatch_of_a_step_is_listed_and_timed_against_the_roofs() {
    let mut watched = Watched::start(options("kernels", &lab::with(ENDLESS, &["accumulate=2"])));
    let kernels = |event: &Event| if let Event::Kernels(kernels) = event { Some((**kernels).clone()) } else { None };
    let listed = watched.wait(kernels);
    assert!(listed.timed_steps == 0 && listed.clock.is_none() && listed.dispatches.iter().all(|d| d.secs.is_none()));
    watched.pause();
    watched.send(Command::Measure);
    let measured = watched.wait(kernels);
    let before = measured.step;
    assert_eq!(watched.state(Phase::Paused).step, before);
    assert_eq!((measured.timed_steps, measured.clock), (3, Some(Clock::Processor)));
    assert_eq!(measured.dispatches.len(), listed.dispatches.len());
    for (d, plain) in measured.dispatches.iter().zip(&listed.dispatches) {
        assert_eq!(DispatchCost { secs: None, ..d.clone() }, *plain);
        assert!(d.secs.is_some_and(|secs| secs > 0.0 && secs < 60.0) && d.bytes > 0 && d.workgroups > 0, "{d:?}");
        assert_eq!(d.times, if matches!(d.stage, Stage::MASK | Stage::UPDATE) { 1 } else { 2 });
        let source = electroscope::train::kernels::source(&d.kernel).expect(&d.kernel);
        assert!(source.entry_lines().iter().all(Option::is_some), "{}", d.kernel);
    }
    assert!(measured.dispatches.iter().any(|d| d.tensors.iter().any(|t| t.label == "discriminator.0.qkv" && t.writes)));
    let plan = watched.seen.iter().find_map(|e| if let Event::Plan(plan) = e { Some(plan.dispatches) } else { None });
    assert_eq!(plan, Some(measured.dispatches.iter().map(|d| u64::from(d.times)).sum()));
    let Roofs { copy_gbytes_per_sec: Some(copy), product_gflops_per_sec: Some(product) } = measured.roofs else {
        panic!("{:?}", measured.roofs)
    };
    println!("copy {copy:.1} GB/s, product {product:.1} GFLOP/s");
    assert!((0.01..10_000.0).contains(&copy) && (0.01..100_000.0).contains(&product));
    watched.send(Command::Stop);
    watched.end().1.unwrap();
}

// ------------------------------------------------------------------------------------------------- sentences with a wrong word

/// Tokens as a person would type them.
fn typed<'t>(tokens: impl Iterator<Item = &'t str>) -> String {
    tokens.fold(String::new(), |text, token| match token.strip_prefix("##") {
        Some(rest) => text + rest,
        None => text + " " + token,
    })
}

#[test]
fn every_readout_judges_the_same_wrong_words_as_if_a_person_had_typed_them() {
    let readout = |event: &Event| if let Event::Readout(readout) = event { Some(readout.clone()) } else { None };
    let mut watched = Watched::start(options("wrong-words", &lab::with(ENDLESS, &["readout_every=2"])));
    let first = watched.wait(|event| readout(event).filter(|readout| readout.step > 0));
    assert_eq!(first.swaps.len(), 4);
    for row in &first.swaps {
        let wrong: Vec<&ReadToken> = row.iter().filter(|token| token.replaced).collect();
        let [wrong] = wrong[..] else { panic!("one word is wrong: {row:?}") };
        assert!(!wrong.masked && wrong.sampled.as_ref().is_some_and(|sampled| *sampled != wrong.original));
        assert!(matches!(wrong.verdict(), Verdict::Caught | Verdict::Missed));
    }
    let row: Vec<&ReadToken> = first.swaps[0].iter().filter(|token| !token.special).collect();
    watched.send(text(&typed(row.iter().map(|token| token.read())), Vec::new()));
    // A person's text is judged with every later readout, on the same weights.
    let (mut last, mut told) = (None, None);
    let (readout, own) = watched.wait(|event| {
        last = readout(event).or(last.take());
        told = own_text(event).or(told.take());
        last.clone().zip(told.clone()).filter(|(readout, own)| readout.step == own.step)
    });
    let of_run: Vec<_> = readout.swaps[0].iter().filter(|token| !token.special).map(|t| (t.read(), t.logit)).collect();
    let of_person: Vec<_> = own.tokens.iter().map(|t| (t.token.read(), t.token.logit)).collect();
    assert_eq!(of_run, of_person);
    let words = |readout: &Readout| readout.swaps.concat().iter().map(|t| t.read().to_owned()).collect::<Vec<_>>();
    assert_eq!(words(&readout), words(&first));
    watched.leave();
}

#[test]
fn samples_warm_up_in_the_second_half_of_a_run_and_not_before() {
    let run = |out, rise| {
        let mut plain = options(out, &["steps=40", "batch=16", "eval_every=1000", "readout_every=1000", rise]);
        plain.watched = false;
        let (events, result) = Watched::start(plain).end();
        result.unwrap();
        numbers(&events)
    };
    let [cold, warm] = [run("cold", "temperature_rise=0"), run("warm", "temperature_rise=50")];
    // The step after the 20th is the last one at the first temperature.
    assert_eq!(cold[..21], warm[..21]);
    let replaced = |steps: &[StepMetrics]| steps.iter().map(|s| s.metrics.replaced_share.unwrap()).sum::<f64>();
    assert!(cold[22..] != warm[22..], "{} and {}", replaced(&cold[22..]), replaced(&warm[22..]));
}
