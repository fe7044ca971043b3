//! The border between an engine and its views: what a run is told ([`Command`]) and what it tells ([`Event`]).
//! session -> `Event` -> line, log, report, TensorBoard, app, page; `Command` goes the other way. Plain data, nothing borrowed.
//!
//! An event is one JSON object whose `"event"` says its kind. A measured value that is undefined or not finite is `null`, never NaN.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The named ranges of a step's plan, in order: views know them from here.
pub use crate::plan::Stage;

/// The effective configuration, key by key, as in `RUN/config.toml`.
pub type Settings = BTreeMap<String, serde_json::Value>;

/// What a view may ask of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Begin a run with these settings.
    Start {
        settings: Settings,
    },
    Pause,
    Resume,
    /// One optimizer step, then pause.
    Step,
    /// Run up to the start of `stage`, then pause there.
    SeekStage {
        stage: Stage,
    },
    /// Replace the person's own probe sentence.
    SetProbeText {
        text: String,
    },
    /// Write a checkpoint now.
    Checkpoint,
    /// The part of the time the run may keep the device busy, above 0, at most 1.
    SpeedShare {
        share: f32,
    },
    /// End the run cleanly, with a checkpoint.
    Stop,
}

/// What a run tells its views.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first event of every run.
    Device(Device),
    /// What will be trained. Sent again when `--minutes` has fixed the planned steps: the later one counts.
    Plan(Box<RunPlan>),
    /// What is done before the first step: which text is read, how far a tokenizer or a token cache is.
    Preparing(Preparing),
    Config {
        settings: Settings,
    },
    Step(Box<StepMetrics>),
    Eval(Box<EvalMetrics>),
    Readout(Readout),
    Warning(Warning),
    /// A checkpoint stands, whole, at `path`.
    Checkpoint {
        step: u64,
        path: String,
    },
    /// The run goes on after `step`: events of later steps that stand before this one no longer count.
    Resumed {
        step: u64,
    },
    /// The device went away after `step`; `message` says why and what happens now.
    DeviceLost {
        step: u64,
        message: String,
    },
    Finished(Finished),
    /// The run ended with an error: what, where, what to do.
    Failed {
        message: String,
    },
}

impl Event {
    /// Every value that `"event"` takes in `metrics.jsonl`.
    pub const KINDS: [&str; 13] = [
        "device",
        "plan",
        "preparing",
        "config",
        "step",
        "eval",
        "readout",
        "warning",
        "checkpoint",
        "resumed",
        "device_lost",
        "finished",
        "failed",
    ];

    /// The completed optimizer steps this event speaks of; none where it belongs to the run as a whole.
    pub fn step(&self) -> Option<u64> {
        match self {
            Self::Step(metrics) => Some(metrics.step),
            Self::Eval(metrics) => Some(metrics.step),
            Self::Readout(readout) => Some(readout.step),
            Self::Warning(warning) => Some(warning.step),
            Self::Checkpoint { step, .. } | Self::Resumed { step } | Self::DeviceLost { step, .. } => Some(*step),
            Self::Finished(finished) => Some(finished.step),
            Self::Device(_) | Self::Plan(_) | Self::Preparing(_) | Self::Config { .. } | Self::Failed { .. } => None,
        }
    }
}

/// Which executor was chosen, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub executor: Executor,
    /// The adapter's name, or the processor's with its threads.
    pub name: String,
    /// Vulkan, Metal, DX12 or WebGPU; none on the cpu executor.
    pub backend: Option<String>,
    pub reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_pt: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Executor {
    Gpu,
    Cpu,
}

/// A line for people about the time before the first step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preparing {
    pub message: String,
    pub message_pt: String,
    /// Of this piece of work, 0 to 1, where it is known.
    #[serde(default)]
    pub share: Option<f32>,
}

/// What will be trained, how large it is and on what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunPlan {
    pub preset: String,
    /// `wgsl` or `burn`.
    pub engine: String,
    pub seed: u64,
    /// Trained values, shared ones counted once.
    pub parameters: u64,
    pub discriminator_parameters: u64,
    pub generator_parameters: u64,
    /// Dispatches of one optimizer step.
    pub dispatches: u64,
    /// Device memory at its fullest.
    pub peak_bytes: u64,
    pub arenas: Vec<Arena>,
    /// None while `--minutes` still times its first steps.
    pub planned_steps: Option<u64>,
    pub warmup_steps: u64,
    /// Rows of one optimizer step, accumulation included, and tokens a row.
    pub rows: u64,
    pub row_tokens: u64,
    pub corpus: CorpusInfo,
    /// The run's folder, where there is one.
    pub run: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arena {
    pub name: String,
    pub bytes: u64,
}

/// The text behind a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CorpusInfo {
    /// For people: `built-in, first steps` or the paths as given.
    pub name: String,
    /// `en`, `pt`, or what the settings say.
    pub lang: Option<String>,
    /// None where the text is generated without end.
    pub train_tokens: Option<u64>,
    pub valid_tokens: Option<u64>,
    pub vocab_size: u64,
    /// Nats a token of the training text, special tokens left out.
    #[serde(default, with = "finite_or_null")]
    pub unigram_entropy: Option<f64>,
}

/// What a step and an evaluation both measure. Losses in nats; shares and accuracies from 0 to 1.
/// Accuracy, AUC, precision, recall and `replaced_share` are over eligible tokens: neither padding nor special.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metrics {
    /// Mean over the masked slots.
    #[serde(with = "finite_or_null")]
    pub mlm_loss: Option<f64>,
    /// Mean over all tokens but padding, special ones included (the paper's).
    #[serde(with = "finite_or_null")]
    pub rtd_loss: Option<f64>,
    /// Both, weighted as the run weighs them.
    #[serde(with = "finite_or_null")]
    pub total_loss: Option<f64>,
    /// The generator's first choice is the original: share of the slots.
    #[serde(with = "finite_or_null")]
    pub mlm_accuracy: Option<f64>,
    /// The generator's sample is the original: share of the slots.
    #[serde(with = "finite_or_null")]
    pub sampled_accuracy: Option<f64>,
    #[serde(with = "finite_or_null")]
    pub rtd_accuracy: Option<f64>,
    #[serde(with = "finite_or_null")]
    pub rtd_auc: Option<f64>,
    #[serde(with = "finite_or_null")]
    pub rtd_precision: Option<f64>,
    #[serde(with = "finite_or_null")]
    pub rtd_recall: Option<f64>,
    #[serde(with = "finite_or_null")]
    pub replaced_share: Option<f64>,
    /// What a judge that knows only the base rate and the special tokens would get as `rtd_loss`.
    #[serde(with = "finite_or_null")]
    pub trivial_rtd_loss: Option<f64>,
    /// Entropy of the sampled ids, nats (at most the logarithm of the number of slots).
    #[serde(with = "finite_or_null")]
    pub sampled_entropy: Option<f64>,
    /// The share of the samples that are the most frequent one.
    #[serde(with = "finite_or_null")]
    pub sampled_top_share: Option<f64>,
    /// Some value behind these numbers was NaN or infinite.
    #[serde(skip_serializing_if = "is_false")]
    pub non_finite: bool,
}
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// One optimizer step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StepMetrics {
    /// Completed optimizer steps, from 1.
    pub step: u64,
    #[serde(flatten)]
    pub metrics: Metrics,
    /// The one used in this step.
    #[serde(with = "finite_or_null")]
    pub lr: Option<f64>,
    #[serde(with = "finite_or_null")]
    pub grad_norm: Option<f64>,
    /// Tokens that are not padding.
    #[serde(with = "finite_or_null")]
    pub tokens_per_sec: Option<f64>,
    /// Since the run began, interruptions left out.
    #[serde(with = "finite_or_null")]
    pub elapsed_secs: Option<f64>,
    /// Tokens that are not padding, since the run began.
    pub tokens_seen: u64,
}

/// One pass over the held-out text: fixed masks and noise, replacements by the current generator.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EvalMetrics {
    pub step: u64,
    #[serde(flatten)]
    pub metrics: Metrics,
    #[serde(with = "finite_or_null")]
    pub elapsed_secs: Option<f64>,
    pub tokens_seen: u64,
    /// Nats a token of the held-out text.
    #[serde(with = "finite_or_null")]
    pub unigram_entropy: Option<f64>,
    /// Built-in corpus only: replacements that break a rule against originals.
    #[serde(with = "finite_or_null", skip_serializing_if = "Option::is_none")]
    pub rtd_auc_rule: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confusion: Option<Confusion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
}

/// Eligible tokens by what they are and what the judge says at threshold one half.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// Replaced, and judged so.
    pub caught: u64,
    /// Replaced, judged original.
    pub missed: u64,
    /// Original, judged replaced.
    pub false_alarm: u64,
    /// Original, and judged so.
    pub passed: u64,
}

/// Equal bins of p(replaced) in a calibration table.
pub const CALIBRATION_BINS: usize = 10;

/// How far the judge's probabilities can be taken at their word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    pub bins: [CalibrationBin; CALIBRATION_BINS],
    /// Expected calibration error: mean distance between said and true, weighted by tokens.
    #[serde(default, with = "finite_or_null")]
    pub expected_error: Option<f64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CalibrationBin {
    pub tokens: u64,
    #[serde(with = "finite_or_null")]
    pub mean_p_replaced: Option<f64>,
    #[serde(with = "finite_or_null")]
    pub replaced_share: Option<f64>,
}

/// The four stages on a few sentences, under the weights after `step`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Readout {
    pub step: u64,
    pub sentences: Vec<Vec<ReadToken>>,
}

/// One token on its way: original -> masked -> proposed -> sampled -> judged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ReadToken {
    pub original_id: u32,
    pub original: String,
    /// Hidden from the generator, which then sampled here.
    pub masked: bool,
    /// The generator's best guesses, best first; empty where nothing was masked.
    pub proposals: Vec<Proposal>,
    /// What the generator sampled; none where nothing was masked.
    pub sampled_id: Option<u32>,
    pub sampled: Option<String>,
    /// None for padding and in runs without a judge.
    #[serde(default, with = "finite_or_null")]
    pub p_replaced: Option<f64>,
    /// The label: the token the judge reads is not the original.
    pub replaced: bool,
    /// `[CLS]`, `[SEP]`: judged, never counted.
    pub special: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    pub id: u32,
    pub token: String,
    pub probability: f32,
}

/// How a judgement turned out, at threshold one half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Caught,
    Missed,
    FalseAlarm,
    /// Masked, but the sample is the original: it counts as original.
    LuckyGuess,
    Passed,
    /// No judgement to speak of.
    None,
}

impl ReadToken {
    /// The text the judge reads here.
    pub fn read(&self) -> &str {
        self.sampled.as_deref().unwrap_or(&self.original)
    }

    pub fn verdict(&self) -> Verdict {
        let Some(p) = self.p_replaced.filter(|_| !self.special) else { return Verdict::None };
        match (self.replaced, p > 0.5, self.masked) {
            (true, true, _) => Verdict::Caught,
            (true, false, _) => Verdict::Missed,
            (false, true, _) => Verdict::FalseAlarm,
            (false, false, true) => Verdict::LuckyGuess,
            (false, false, false) => Verdict::Passed,
        }
    }
}

/// Something a person should know while the run goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    pub kind: WarningKind,
    pub step: u64,
    pub message: String,
    pub message_pt: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningKind {
    NonFinite,
    LossDiverging,
    GeneratorCollapsed,
    GeneratorStuck,
    GeneratorTooStrong,
    JudgeAtBaseRate,
    /// Anything a room tells about its own work (another adapter on resume, shared tensors that differ).
    Notice,
}

/// How a run ended, and what to do with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    pub outcome: Outcome,
    pub step: u64,
    /// The run's folder, where there is one.
    pub run: Option<String>,
    /// Commands worth trying now, ready to paste.
    pub next: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The planned schedule is complete.
    Completed,
    /// Ended early, as asked (`--stop-after`, stop, interrupt); `--resume` goes on.
    Stopped,
}

/// Serialises a missing, NaN or infinite value as `null`, and reads `null` as missing.
pub(crate) mod finite_or_null {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    pub fn serialize<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        value.filter(|value| value.is_finite()).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
        Option::deserialize(deserializer)
    }
}

#[cfg(test)]
pub(crate) mod tests {
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
                name: "built-in, first steps".into(),
                lang: Some("en".into()),
                train_tokens: None,
                valid_tokens: Some(20_000),
                vocab_size: 400,
                unigram_entropy: Some(4.41),
            },
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
            special: false,
        };
        vec![
            Event::Device(Device {
                executor: Executor::Cpu,
                name: "2 threads".into(),
                backend: None,
                reason: "no adapter found".into(),
                reason_pt: None,
            }),
            Event::Plan(Box::new(plan())),
            Event::Preparing(Preparing { message: "m".into(), message_pt: "p".into(), share: Some(0.5) }),
            Event::Config { settings },
            Event::Step(Box::new(StepMetrics { step: 1, ..Default::default() })),
            Event::Eval(Box::new(EvalMetrics { step: 1, confusion: Some(Confusion::default()), ..Default::default() })),
            Event::Readout(Readout { step: 1, sentences: vec![vec![token]] }),
            Event::Warning(Warning {
                kind: WarningKind::NonFinite,
                step: 2,
                message: "m".into(),
                message_pt: "p".into(),
            }),
            Event::Checkpoint { step: 3, path: "p".into() },
            Event::Resumed { step: 3 },
            Event::DeviceLost { step: 3, message: "gone".into() },
            Event::Finished(Finished {
                outcome: Outcome::Completed,
                step: 4,
                run: None,
                next: vec!["electroscope detect".into()],
            }),
            Event::Failed { message: "disk full".into() },
        ]
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
    fn commands_are_tagged_by_name() {
        let command = Command::SeekStage { stage: Stage::Judge };
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
}
