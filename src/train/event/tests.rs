//! Tests that every event and command stays the same through JSON, and has the fields that programs rely on.

use serde_json::{Value, json};

use super::*;

pub(crate) fn plan() -> RunPlan {
    RunPlan {
        preset: "nano".into(),
        engine: "wgsl".into(),
        seed: 1,
        parameters: 187_521,
        discriminator_parameters: 141_185,
        generator_parameters: 60_210,
        dispatches: 214,
        peak_bytes: 48_300_000,
        arenas: vec![Arena { name: "parameters".into(), bytes: 786_432 }],
        planned_steps: Some(1200),
        warmup_steps: 100,
        rows: 128,
        row_tokens: 16,
        corpus: CorpusInfo {
            name: "built-in, first-steps".into(),
            lang: Some("en".into()),
            level: Some(Level::FirstSteps),
            train_tokens: None,
            valid_tokens: Some(20_000),
            vocab_size: 400,
            unknown_share: Some(0.0),
            unknown_char_share: Some(0.0),
            unigram_entropy: Some(4.41),
            swap_examples: vec![SwapExample {
                text: "the dog gnaws the bone.".into(),
                word: 4,
                right: "bone".into(),
                wrong: "song".into(),
                wrong_text: "the dog gnaws the song.".into(),
            }],
        },
        specials: Names::default(),
        run: Some("runs/x".into()),
    }
}

fn samples() -> Vec<Event> {
    let settings = Settings::from([("lr".to_owned(), json!(0.002)), ("dropout".to_owned(), json!(0.1))]);
    let token = ReadToken {
        original_id: 7,
        original: "ate".into(),
        masked: true,
        proposals: vec![Proposal { id: 9, token: "drank".into(), probability: 0.25 }],
        sampled_id: Some(9),
        sampled: Some("drank".into()),
        p_replaced: Some(0.91),
        replaced: true,
        logit: Some(2.3),
        loss_share: Some(0.01),
        p_original: Some(0.5),
        best_id: Some(9),
        best: Some("drank".into()),
        ..Default::default()
    };
    let failure = Failure {
        message: Message::plain("disk full"),
        place: Some("a/b".into()),
        advice: Some("help-free-space".into()),
        kind: FailureKind::Other,
        step: 4,
        checkpoint: Some(Saved { step: 3, path: "p".into() }),
    };
    let example = JudgedExample {
        before: "the dog".into(),
        token: "drank".into(),
        after: "the bone".into(),
        original: "ate".into(),
        replaced: true,
        masked: true,
        p_replaced: 0.91,
    };
    let eval = EvalMetrics {
        step: 1,
        confusion: Some(Confusion::default()),
        histogram: Some(JudgeHistogram { original: vec![1, 0], replaced: vec![0, 2] }),
        examples: vec![example],
        ..Default::default()
    };
    vec![
        Event::Device(Device {
            executor: Executor::Cpu,
            name: "2 threads".into(),
            backend: None,
            reason: Message::new("device-none-found"),
        }),
        Event::Plan(Box::new(plan())),
        Event::Preparing(Preparing { message: Message::new("m").with("n", 1_u64), share: Some(0.5) }),
        Event::Config { settings },
        Event::Step(Box::new(StepMetrics { step: 1, ..Default::default() })),
        Event::Eval(Box::new(eval)),
        Event::Readout(Readout { step: 1, sentences: vec![vec![token.clone()]], swaps: Vec::new() }),
        Event::Warning(Warning { kind: WarningKind::NonFinite, step: 2, message: Message::new("m").with("x", 0.5) }),
        Event::Checkpoint { step: 3, path: "p".into() },
        Event::Resumed { step: 3 },
        Event::DeviceLost(Failure { kind: FailureKind::DeviceLost, ..failure.clone() }),
        Event::Finished(Finished {
            outcome: Outcome::Completed,
            step: 4,
            run: None,
            next: vec!["electroscope detect".into()],
        }),
        Event::Failed(failure),
    ]
    .into_iter()
    .chain(for_views(token))
    .collect()
}

/// The events that are never recorded.
fn for_views(token: ReadToken) -> [Event; 6] {
    let own_text =
        OwnToken { token: token.clone(), start: 4, end: 7, word: 1, change: Some(Change::Sample { draw: 2 }) };
    let cost = DispatchCost {
        index: 7,
        stage: Stage::JUDGE,
        kernel: "rtd.loss".into(),
        variant: "wg64".into(),
        tensors: vec![Bound {
            slot: "logit".into(),
            label: "rtd.logits".into(),
            shape: vec![8, 1],
            reads: true,
            writes: false,
        }],
        workgroups: 1,
        times: 1,
        bytes: 64,
        flops: 16,
        secs: Some(1e-6),
    };
    let map = AttentionMap {
        step: 4,
        network: Network::Generator,
        layer: 0,
        layers: 2,
        heads: 1,
        tokens: vec!["[CLS]".into(), "[SEP]".into()],
        probabilities: vec![0.5, 0.5, 0.25, 0.75],
    };
    assert_eq!(map.row(0, 1), [0.25, 0.75]);
    let point = MapPoint { id: 9, token: "drank".into(), count: 12, x: 0.5, y: -1.0 };
    [
        Event::State(State { phase: Phase::Paused, step: 4, stage: Some(Stage::REPLACE), speed_share: 0.5 }),
        Event::Batch(BatchSample { step: 5, known: Stage::MASK, first_row: 2, rows: vec![vec![token]] }),
        Event::OwnText(OwnText { step: 4, text: "he drank".into(), tokens: vec![own_text], ..Default::default() }),
        Event::Kernels(Box::new(Kernels {
            step: 4,
            timed_steps: 1,
            clock: Some(Clock::Processor),
            roofs: Roofs { copy_gbytes_per_sec: Some(9.0), product_gflops_per_sec: None },
            dispatches: vec![cost],
        })),
        Event::Attention(map),
        Event::EmbeddingMap(EmbeddingMap { step: 4, points: vec![point], explained: [0.25, 0.125] }),
    ]
}

#[test]
fn the_record_keeps_nothing_that_only_views_can_use() {
    for event in samples() {
        let kept = event.recorded().map(|event| serde_json::to_value(&*event).unwrap());
        let kind = serde_json::to_value(&event).unwrap()["event"].clone();
        let for_views = ["state", "batch", "own_text", "kernels", "attention", "embedding_map"];
        assert_eq!(kept.is_none(), for_views.iter().any(|k| *k == kind), "{kind}");
        let Some(kept) = kept else { continue };
        assert_eq!(kept["event"], kind);
        assert!(kept.get("examples").is_none() && kept["sentences"][0][0].get("logit").is_none());
    }
}

#[test]
fn a_plan_tells_the_special_tokens_unless_they_are_the_usual_ones() {
    let written = serde_json::to_value(plan()).unwrap();
    assert!(written.get("specials").is_none());
    assert_eq!(
        serde_json::from_value::<RunPlan>(written).unwrap(),
        plan(),
        "logs of earlier versions have none either"
    );
    let specials = Names { cls: "<s>".into(), sep: "</s>".into(), mask: "<mask>".into(), ..Names::default() };
    let other = RunPlan { specials, ..plan() };
    let written = serde_json::to_value(&other).unwrap();
    assert_eq!(written["specials"]["mask"], "<mask>");
    assert_eq!(serde_json::from_value::<RunPlan>(written).unwrap(), other);
}

#[test]
fn every_command_survives_the_round_trip() {
    let edits = vec![
        WordEdit { word: 1, change: Change::Mask },
        WordEdit { word: 2, change: Change::Sample { draw: 0 } },
        WordEdit { word: 3, change: Change::Replace { word: "ação".into() } },
    ];
    for command in [
        Command::Start(Box::default()),
        Command::Pause,
        Command::Resume,
        Command::Step,
        Command::SeekStage { stage: Stage::REPLACE },
        Command::SetOwnText { text: "olá".into(), edits },
        Command::Checkpoint,
        Command::Evaluate,
        Command::SpeedShare { share: 0.25 },
        Command::Measure,
        Command::Attention { network: Network::Discriminator, layer: 3 },
        Command::EmbeddingMap { tokens: 500 },
        Command::Stop,
        Command::Quit,
        Command::LoseDevice,
    ] {
        let text = serde_json::to_string(&command).unwrap();
        assert_eq!(serde_json::from_str::<Command>(&text).unwrap(), command, "{text}");
    }
}

#[test]
fn every_threshold_is_read_from_the_histogram() {
    let histogram = JudgeHistogram { original: vec![5, 3, 1], replaced: vec![1, 0, 4] };
    assert_eq!(histogram.confusion(0), Confusion { caught: 5, missed: 0, false_alarm: 9, passed: 0 });
    assert_eq!(histogram.confusion(2), Confusion { caught: 4, missed: 1, false_alarm: 1, passed: 8 });
    let never = histogram.confusion(3);
    assert_eq!(never, Confusion { caught: 0, missed: 5, false_alarm: 0, passed: 9 });
    assert_eq!((never.recall(), never.precision(), never.false_alarm_rate()), (Some(0.0), None, Some(0.0)));
    assert_eq!(histogram.curve(), (0..=3).map(|t| histogram.confusion(t)).collect::<Vec<_>>());
}

#[test]
fn every_kind_survives_the_round_trip_and_is_listed() {
    let mut kinds = Vec::new();
    for event in samples() {
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event, "{text}");
        let value: Value = serde_json::from_str(&text).unwrap();
        kinds.push(value["event"].as_str().unwrap().to_owned());
    }
    assert_eq!(kinds, Event::KINDS);
}

#[test]
fn a_step_has_every_field_of_the_contract_and_null_where_undefined() {
    let mut step = StepMetrics { step: 1, ..Default::default() };
    step.metrics.mlm_loss = Some(f64::NAN);
    step.grad_norm = Some(f64::INFINITY);
    step.metrics.rtd_loss = Some(0.25);
    let text = serde_json::to_string(&Event::Step(Box::new(step))).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let contract = "step mlm_loss rtd_loss total_loss lr grad_norm tokens_per_sec elapsed_secs mlm_accuracy \
        sampled_accuracy rtd_accuracy rtd_auc rtd_precision rtd_recall replaced_share trivial_rtd_loss";
    for field in contract.split_whitespace() {
        assert!(value.get(field).is_some(), "{field} is missing: {text}");
    }
    assert_eq!(value["event"], "step");
    assert_eq!(value["rtd_loss"], 0.25);
    for field in ["mlm_loss", "grad_norm", "rtd_auc"] {
        assert!(value[field].is_null(), "{field}: {text}");
    }
}

#[test]
fn an_evaluation_is_a_step_without_rates_and_with_the_unigram_entropy() {
    let eval = EvalMetrics { rtd_auc_rule: Some(0.9), ..Default::default() };
    let value = serde_json::to_value(Event::Eval(Box::new(eval))).unwrap();
    for absent in ["lr", "grad_norm", "tokens_per_sec", "confusion"] {
        assert!(value.get(absent).is_none(), "{absent}");
    }
    assert!(value.get("unigram_entropy").is_some());
    assert_eq!(value["rtd_auc_rule"], 0.9);
    let plain = serde_json::to_value(Event::Eval(Box::default())).unwrap();
    assert!(plain.get("rtd_auc_rule").is_none());
}

#[test]
fn a_step_written_by_an_older_version_still_reads() {
    let Event::Step(step) = serde_json::from_str(r#"{"event":"step","step":3,"mlm_loss":2}"#).unwrap() else {
        panic!("not a step")
    };
    assert_eq!((step.step, step.metrics.mlm_loss, step.lr), (3, Some(2.0), None));
}

#[test]
fn the_built_in_text_is_known_in_logs_of_every_version() {
    let title = |json: Value| serde_json::from_value::<CorpusInfo>(json).unwrap().title();
    let built_in = Message::new("corpus-built-in").with("level", "stories");
    assert_eq!(title(json!({"name": "built-in, stories", "lang": "pt", "vocab_size": 9})), built_in);
    let info = CorpusInfo { lang: Some("en".into()), level: Some(Level::Stories), ..Default::default() };
    assert_eq!(title(serde_json::to_value(info).unwrap()), built_in);
    let file = json!({"name": "built-in, stories", "lang": null, "vocab_size": 9});
    assert_eq!(title(file).as_plain(), Some("built-in, stories"), "a file may have this name");
}

#[test]
fn commands_are_tagged_by_name() {
    let command = Command::SeekStage { stage: Stage::JUDGE };
    assert_eq!(serde_json::to_value(&command).unwrap(), json!({"command": "seek_stage", "stage": "judge"}));
    let text = r#"{"command":"speed_share","share":0.5}"#;
    assert_eq!(serde_json::from_str::<Command>(text).unwrap(), Command::SpeedShare { share: 0.5 });
}

#[test]
fn verdicts_follow_label_threshold_and_mask() {
    let verdict =
        |replaced, p, masked| ReadToken { replaced, p_replaced: Some(p), masked, ..Default::default() }.verdict();
    assert_eq!(verdict(true, 0.51, true), Verdict::Caught);
    assert_eq!(verdict(true, 0.5, true), Verdict::Missed);
    assert_eq!(verdict(false, 0.9, false), Verdict::FalseAlarm);
    assert_eq!(verdict(false, 0.1, true), Verdict::LuckyGuess);
    assert_eq!(verdict(false, 0.1, false), Verdict::Passed);
    let special = ReadToken { special: true, p_replaced: Some(0.9), ..Default::default() };
    assert_eq!(special.verdict(), Verdict::None);
}

#[test]
fn a_sample_is_the_original_by_its_word_and_needs_no_judge() {
    let drew = |sampled: Option<&str>, masked| {
        let sampled = sampled.map(str::to_owned);
        ReadToken { original: "dog".into(), sampled, masked, ..Default::default() }.sampled_original()
    };
    assert!(drew(Some("dog"), true));
    assert!(!drew(Some("cat"), true), "no label says so in a run without a judge");
    assert!(!drew(None, true) && !drew(Some("dog"), false));
}
