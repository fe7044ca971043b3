//! The border between a run and its views: a view sends [`Command`]s, the run sends [`Event`]s.
//! session -> `Event` -> line, log, report, TensorBoard, app, page; `Command` goes the other way. Both are plain data and borrow
//! nothing.
//!
//! An event is one JSON object whose `"event"` names its kind. A value that is undefined or not finite is `null`, never NaN.

mod kernels;
mod read;
mod request;
mod verdicts;

/// A run's numbers, which the table of metrics defines.
pub use crate::train::metrics::table::{EvalMetrics, Metrics, StepMetrics};
pub use kernels::{Bound, Clock, DispatchCost, Kernels, Roofs};
pub use read::{
    AttentionMap, BatchSample, Change, EmbeddingMap, MapPoint, Network, OwnText, OwnToken, Proposal, ReadToken,
    Readout, Verdict, WordEdit,
};
pub use request::Request;
pub use verdicts::{
    CALIBRATION_BINS, Calibration, CalibrationBin, Confusion, JUDGE_BINS, JudgeHistogram, JudgedExample,
};

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::error::{Error, Kind};
use crate::message::Message;
use serde::{Deserialize, Serialize};

/// The named ranges of a step's plan, in order: views know them from here.
pub use crate::plan::Stage;

/// The effective configuration, key by key, as in `RUN/config.toml`.
pub type Settings = BTreeMap<String, serde_json::Value>;

/// What a view may ask of a run. Each is answered by [`Event::State`] at once (within 100 ms, also in the middle of a step), and
/// those that ask for something by its event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Begin a run as asked; heard where none is under way.
    Start(Box<Request>),
    /// Stop where the run stands, between two slices of a step.
    Pause,
    /// Go on from there.
    Resume,
    /// Finish the step the run is in, or take one, then pause.
    Step,
    /// Run to the end of `stage` (mask, propose, replace or judge), then pause there and tell the batch as far as it is known:
    /// [`Event::Batch`]. Where it stands there already it is told again; a stage that the step has passed is reached in the next one
    /// (with accumulation, in the next micro-batch). The numbers of the run do not change.
    SeekStage { stage: Stage },
    /// The person's own text, and what they did to its words; an empty one takes it away. It is judged at once, also while paused,
    /// and with every readout from then on: [`Event::OwnText`].
    SetOwnText {
        text: String,
        #[serde(default)]
        edits: Vec<WordEdit>,
    },
    /// Write a checkpoint now.
    Checkpoint,
    /// Measure on the held-out text now: [`Event::Eval`].
    Evaluate,
    /// The part of the time the run may keep the device busy, above 0, at most 1.
    SpeedShare { share: f32 },
    /// Time the next steps dispatch by dispatch: [`Event::Kernels`]. They are steps as any others, to the bit; a paused run takes
    /// them and pauses again.
    Measure,
    /// Who looks at whom in a layer (from 0) of a network, on the person's text, or where there is none on the first readout sentence:
    /// [`Event::Attention`].
    Attention { network: Network, layer: u32 },
    /// The `tokens` most frequent words of the text on two axes: [`Event::EmbeddingMap`].
    EmbeddingMap { tokens: u32 },
    /// End the run cleanly, with a checkpoint.
    Stop,
    /// For tests of what happens then: takes the device away, as a driver's reset does. The cpu executor has none to lose.
    #[doc(hidden)]
    LoseDevice,
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
    /// The device went away; `failed` follows.
    DeviceLost(Failure),
    Finished(Finished),
    /// The run ended with an error: what, where, what to do, and which checkpoint is safe.
    Failed(Failure),
    /// Whether the run runs, and where it stands: the answer to every command. For views only, as all that follow.
    State(State),
    /// A few rows of a training batch: after each readout of a watched run, and after every [`Command::SeekStage`].
    Batch(BatchSample),
    OwnText(OwnText),
    /// Once before the first step of a watched run, without times, and as the answer to [`Command::Measure`].
    Kernels(Box<Kernels>),
    Attention(AttentionMap),
    EmbeddingMap(EmbeddingMap),
}

impl Event {
    /// Every value that `"event"` takes.
    pub const KINDS: [&str; 19] = [
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
        "state",
        "batch",
        "own_text",
        "kernels",
        "attention",
        "embedding_map",
    ];

    /// The completed optimizer steps this event speaks of; none where it belongs to the run as a whole.
    pub fn step(&self) -> Option<u64> {
        match self {
            Self::Step(metrics) => Some(metrics.step),
            Self::Eval(metrics) => Some(metrics.step),
            Self::Readout(readout) => Some(readout.step),
            Self::Warning(warning) => Some(warning.step),
            Self::Checkpoint { step, .. } | Self::Resumed { step } => Some(*step),
            Self::DeviceLost(failure) => Some(failure.step),
            Self::Finished(finished) => Some(finished.step),
            Self::State(state) => Some(state.step),
            Self::Batch(sample) => Some(sample.step),
            Self::OwnText(own_text) => Some(own_text.step),
            Self::Kernels(kernels) => Some(kernels.step),
            Self::Attention(map) => Some(map.step),
            Self::EmbeddingMap(map) => Some(map.step),
            Self::Device(_) | Self::Plan(_) | Self::Preparing(_) | Self::Config { .. } | Self::Failed(_) => None,
        }
    }

    /// What a run's record keeps of this event: nothing of those that only views can use, evaluations without their examples, and of a
    /// readout what the report shows.
    pub fn recorded(&self) -> Option<Cow<'_, Self>> {
        match self {
            Self::State(_)
            | Self::Batch(_)
            | Self::OwnText(_)
            | Self::Kernels(_)
            | Self::Attention(_)
            | Self::EmbeddingMap(_) => None,
            Self::Eval(metrics) if !metrics.examples.is_empty() => {
                let metrics = EvalMetrics { examples: Vec::new(), ..(**metrics).clone() };
                Some(Cow::Owned(Self::Eval(Box::new(metrics))))
            }
            Self::Readout(readout) => Some(Cow::Owned(Self::Readout(readout.brief()))),
            _ => Some(Cow::Borrowed(self)),
        }
    }
}

/// Whether a run runs, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub phase: Phase,
    /// Completed optimizer steps.
    pub step: u64,
    /// The last stage that is done of the step the run is in; none between two steps and before its first stage is done.
    pub stage: Option<Stage>,
    /// The part of the time the run may keep the device busy.
    pub speed_share: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Running,
    Paused,
    /// Between two steps, on the held-out text.
    Evaluating,
    /// Asked to end: the last readout, evaluation and checkpoint are under way.
    Stopping,
}

/// Which executor was chosen, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Device {
    pub executor: Executor,
    /// The adapter's name, or the processor's with its threads.
    pub name: String,
    /// Vulkan, Metal, DX12 or WebGPU; none on the cpu executor.
    pub backend: Option<String>,
    #[serde(flatten)]
    pub reason: Message,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Executor {
    Gpu,
    Cpu,
}

/// What is done before the first step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preparing {
    #[serde(flatten)]
    pub message: Message,
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

/// Something a person should know while the run goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    pub kind: WarningKind,
    pub step: u64,
    #[serde(flatten)]
    pub message: Message,
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
    /// A checkpoint could not be written; training goes on, and the next one is tried.
    CheckpointNotWritten,
    /// The text the run is trained on is no longer where it was; training goes on from its token cache.
    CorpusGone,
    /// Anything a room tells about its own work (another adapter on resume, shared tensors that differ).
    Notice,
}

/// Why a run could not go on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Failure {
    #[serde(flatten)]
    pub message: Message,
    /// The file, the folder, the line or the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The code of the advice, where it is not the message's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    pub kind: FailureKind,
    /// Completed optimizer steps.
    pub step: u64,
    /// The newest checkpoint, which is whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Saved>,
}

impl Failure {
    /// An error as views are told it.
    pub fn new(error: &Error, step: u64, checkpoint: Option<Saved>) -> Self {
        Self {
            message: error.message.clone(),
            place: error.place.clone(),
            advice: error.hint.map(str::to_owned),
            kind: error.kind.into(),
            step,
            checkpoint,
        }
    }
}

/// The whole failure, place and advice included, as a message.
impl From<&Failure> for Message {
    fn from(failure: &Failure) -> Self {
        Self::of_error(&failure.message, failure.place.as_deref(), failure.advice.as_deref())
    }
}

/// What views tell apart, because there is something to do about each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// What was asked for cannot be run.
    Usage,
    /// Go on from the checkpoint, on this device or another.
    DeviceLost,
    /// A smaller preset, fewer rows a step, or the cpu executor.
    OutOfMemory,
    /// A lower learning rate, from the checkpoint's weights.
    NonFinite,
    /// A file, a disk, a driver: the message says.
    #[default]
    Other,
}

impl From<Kind> for FailureKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Usage => Self::Usage,
            Kind::DeviceLost => Self::DeviceLost,
            Kind::OutOfMemory => Self::OutOfMemory,
            Kind::NonFinite => Self::NonFinite,
            Kind::Failed => Self::Other,
        }
    }
}

/// A checkpoint that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    pub step: u64,
    pub path: String,
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
pub(crate) mod tests;
