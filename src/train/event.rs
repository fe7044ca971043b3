//! The border between a run and its views: a view sends [`Command`]s, the run sends [`Event`]s.
//! session -> `Event` -> line, log, report, TensorBoard, app, page; `Command` goes the other way. Both are plain data and borrow
//! nothing.
//!
//! An event is one JSON object whose `"event"` names its kind. A value that is undefined or not finite is `null`, never NaN.

mod kernels;
mod news;
mod read;
mod request;
mod swaps;
mod verdicts;

/// A run's numbers, which the table of metrics defines.
pub use crate::train::metrics::table::{EvalMetrics, Metrics, StepMetrics};
pub use kernels::{Bound, Clock, DispatchCost, Kernels, Roofs};
pub use news::News;
pub use read::{
    AttentionMap, BatchSample, Change, EmbeddingMap, MapPoint, Network, OwnText, OwnToken, Proposal, ReadToken,
    Readout, Verdict, WordEdit,
};
pub use request::Request;
pub use swaps::{RuleCounts, SwapExample, SwapPart, SwapScore};
pub use verdicts::{
    CALIBRATION_BINS, Calibration, CalibrationBin, Confusion, JUDGE_BINS, JudgeHistogram, JudgedExample,
};

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::error::{Error, Kind};
use crate::message::{Fact, Message};
use crate::text::grammar::Level;
use crate::text::tokenizer::Names;
use serde::{Deserialize, Serialize};

/// The named ranges of a step's plan, in order. Views take them from here.
pub use crate::plan::Stage;

/// The effective configuration, key by key, as in `RUN/config.toml`.
pub type Settings = BTreeMap<String, serde_json::Value>;

/// What a view may ask of a run. The run answers each command with [`Event::State`] at once (within 100 ms, also in the middle of a
/// step). A command that asks for something is also answered by the event that its line names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Begin a run. While another run is under way, this waits until that run has ended.
    Start(Box<Request>),
    /// Pause between two slices of a step.
    Pause,
    /// Continue after a pause.
    Resume,
    /// Finish the step that is under way, or take one, then pause.
    Step,
    /// Run to the end of `stage` (mask, propose, replace or judge), then pause there and send the batch as far as it is known:
    /// [`Event::Batch`]. If the run is already there, it sends the batch again. If the step has passed the stage, the run stops
    /// there in the next step (with accumulation, in the next micro-batch). The numbers of the run do not change.
    SeekStage { stage: Stage },
    /// A person's own text and their edits to its words; an empty text removes it. It is judged at once, even during a pause, and
    /// with every later readout: [`Event::OwnText`].
    SetOwnText {
        text: String,
        #[serde(default)]
        edits: Vec<WordEdit>,
    },
    /// Write a checkpoint now.
    Checkpoint,
    /// Measure on the held-out text now: [`Event::Eval`].
    Evaluate,
    /// Limit the share of the time in which the run may keep the device busy: above 0, at most 1.
    SpeedShare { share: f32 },
    /// Time the next steps dispatch by dispatch: [`Event::Kernels`]. Their results are the same as without timing, to the bit. A
    /// paused run takes these steps and pauses again.
    Measure,
    /// Send the attention in a layer (from 0) of a network, on the person's text or, if there is none, on the first readout
    /// sentence: [`Event::Attention`].
    Attention { network: Network, layer: u32 },
    /// Send the `tokens` most frequent words of the text on two axes: [`Event::EmbeddingMap`].
    EmbeddingMap { tokens: u32 },
    /// End the run cleanly: keep the last whole step, then make the last readout and the last evaluation. Another stop leaves out
    /// what has not been done by then.
    Stop,
    /// The program will soon be ended by force: keep the last whole step, and do nothing else that takes time.
    Quit,
    /// For tests: take the device away, as a driver's reset does. The cpu executor has no device to lose.
    #[doc(hidden)]
    LoseDevice,
}

impl Command {
    /// Whether it ends the run.
    pub fn ends(&self) -> bool {
        matches!(self, Self::Stop | Self::Quit)
    }
}

/// What a run reports to its views.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first event of every run.
    Device(Device),
    /// What will be trained. Sent again when `--minutes` has fixed the planned steps: the later one counts.
    Plan(Box<RunPlan>),
    /// Work before the first step: which text is read, how far a tokenizer or a token cache is.
    Preparing(Preparing),
    Config {
        settings: Settings,
    },
    Step(Box<StepMetrics>),
    Eval(Box<EvalMetrics>),
    Readout(Readout),
    Warning(Warning),
    /// A whole checkpoint is at `path`.
    Checkpoint {
        step: u64,
        path: String,
    },
    /// The run continues after `step`. Earlier events about later steps no longer count.
    Resumed {
        step: u64,
    },
    /// The device was lost; `failed` follows.
    DeviceLost(Failure),
    Finished(Finished),
    /// The run ended with an error: what, where, what to do, and which checkpoint is safe.
    Failed(Failure),
    /// Whether the run runs or pauses, and where it is: the answer to every command. This event and all that follow are for views
    /// only.
    State(State),
    /// A few rows of a training batch: after each readout of a watched run, and after every [`Command::SeekStage`].
    Batch(BatchSample),
    OwnText(OwnText),
    /// Sent once before the first step of a watched run, without times, and as the answer to [`Command::Measure`].
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

    /// The number of completed optimizer steps that this event belongs to; none if it belongs to the run as a whole.
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

    /// What a run's record keeps of this event: nothing if only views can use it, evaluations without their examples, and of a
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

/// Whether a run runs or pauses, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub phase: Phase,
    /// Completed optimizer steps.
    pub step: u64,
    /// The last finished stage of the step that is under way; none between two steps and before the first stage is done.
    pub stage: Option<Stage>,
    /// The share of the time in which the run may keep the device busy.
    pub speed_share: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Running,
    Paused,
    /// The run evaluates on the held-out text, between two steps.
    Evaluating,
    /// The run was asked to end: the last readout, evaluation and checkpoint are under way.
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

/// Work before the first step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preparing {
    #[serde(flatten)]
    pub message: Message,
    /// How much of this work is done, 0 to 1, if it is known.
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
    /// The number of parameters; shared ones count once.
    pub parameters: u64,
    pub discriminator_parameters: u64,
    pub generator_parameters: u64,
    /// Dispatches of one optimizer step.
    pub dispatches: u64,
    /// The largest amount of device memory in use.
    pub peak_bytes: u64,
    pub arenas: Vec<Arena>,
    /// None while `--minutes` still times its first steps.
    pub planned_steps: Option<u64>,
    pub warmup_steps: u64,
    /// The rows of one optimizer step, accumulation included, and the tokens of a row.
    pub rows: u64,
    pub row_tokens: u64,
    pub corpus: CorpusInfo,
    /// What the tokenizer calls its special tokens. Left out if they have BERT's names.
    #[serde(default, skip_serializing_if = "Names::is_default")]
    pub specials: Names,
    /// The run's folder, if it has one.
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
    /// For programs: `built-in, first-steps` or the paths as given. People read [`CorpusInfo::title`].
    pub name: String,
    /// The language of the built-in text, `en` or `pt`.
    pub lang: Option<String>,
    /// The level of the built-in text. Logs of earlier versions have it in the name alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// None if the text is generated without end.
    pub train_tokens: Option<u64>,
    pub valid_tokens: Option<u64>,
    pub vocab_size: u64,
    /// The shares of tokens and of characters that the tokenizer does not know, in all the text. Logs of earlier versions do not have
    /// them.
    #[serde(default, with = "finite_or_null")]
    pub unknown_share: Option<f64>,
    #[serde(default, with = "finite_or_null")]
    pub unknown_char_share: Option<f64>,
    /// The unigram entropy of the held-out text, in nats a token, without special tokens.
    #[serde(default, with = "finite_or_null")]
    pub unigram_entropy: Option<f64>,
    /// A few held-out sentences to try the judge on, each with a word that would be wrong in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub swap_examples: Vec<SwapExample>,
}

impl CorpusInfo {
    /// The name for people: that of the built-in text in their language, or the paths as given.
    pub fn title(&self) -> Message {
        let in_name = || self.lang.as_ref().and_then(|_| self.name.strip_prefix("built-in, ")?.parse().ok());
        match self.level.or_else(in_name) {
            Some(level) => Message::new("corpus-built-in").with("level", level.to_string()),
            None => Message::plain(self.name.clone()),
        }
    }

    /// The same and, if the text is a person's own, how much of it is unknown.
    pub fn described(&self) -> Message {
        match self.unknown_share.filter(|_| self.lang.is_none()) {
            Some(share) => Message::new("corpus-and-unknown").with("corpus", self.title()).with("share", share),
            None => self.title(),
        }
    }
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
    /// The judge knows which words are often replaced, and nothing of what stands around them.
    JudgeBlindToContext,
    /// A checkpoint could not be written. Training continues, and it is tried again.
    CheckpointNotWritten,
    /// A part of the run's record or of its output could not be written. Training continues. What is missing waits in memory.
    NotWritten,
    /// It is written again. The fact `what` is that of the warning before.
    WrittenAgain,
    /// The training text is no longer where it was. Training continues from its token cache.
    CorpusGone,
    /// Whatever else a person should know (another adapter on resume, shared tensors that differ).
    Notice,
}

/// Why a run could not continue.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Failure {
    #[serde(flatten)]
    pub message: Message,
    /// The file, the folder, the line or the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Fact>,
    /// The code of the advice, if it differs from the message's code.
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
    /// Makes the failure that views get for an error.
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
        Self::of_error(&failure.message, failure.place.as_ref(), failure.advice.as_deref())
    }
}

/// The kinds of failures. Views offer something else to do about each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The request cannot be run.
    Usage,
    /// Remedy: continue from the checkpoint, on this device or another.
    DeviceLost,
    /// Remedy: a smaller preset, fewer rows in a micro-batch, or the cpu executor.
    OutOfMemory,
    /// Remedy: a lower learning rate, from the checkpoint's weights.
    NonFinite,
    /// Anything else, such as a file, a disk or a driver. The message says what.
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

/// A checkpoint that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    pub step: u64,
    pub path: String,
}

/// How a run ended, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    pub outcome: Outcome,
    pub step: u64,
    /// The run's folder, if it has one.
    pub run: Option<String>,
    /// Commands worth trying now, ready to paste.
    pub next: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The planned schedule is complete.
    Completed,
    /// The run ended early, as asked (`--stop-after`, stop, interrupt). `--resume` continues it.
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
