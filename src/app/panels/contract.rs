//! The contract between the panels and the desk: what every panel is given, and what it may ask for.

use crate::app::theme::Theme;
use crate::message::{Fact, Message};
use crate::run::Request;
use crate::screen::panel::{Mark, PanelId};
use crate::screen::state::RunState;
use crate::train::event::{Command, Stage};
use crate::view::Lang;
use crate::view::words::Strings;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What the window asked of the trainer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transport {
    /// A trainer is at work or paused; otherwise a recording or an earlier run is shown.
    pub live: bool,
    pub playing: bool,
    /// The part of the time that training may take, above 0, at most 1.
    pub share: f32,
    /// The last finished stage of a step that is taken stage by stage.
    pub stage: Option<Stage>,
    /// How many runs this window has started. A new number means another run.
    pub run: u64,
    /// What training would continue, if it started now.
    pub next: Next,
}

/// What the window trains if a person presses Train and nothing trains yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Next {
    /// The first run, on the built-in text.
    #[default]
    First,
    /// The shown run, from its newest checkpoint on: it is not finished.
    GoOn,
    /// The shown run, which is finished: it is extended to this many steps.
    Extend { steps: u64 },
}

impl Default for Transport {
    fn default() -> Self {
        Self { live: false, playing: false, share: 1.0, stage: None, run: 0, next: Next::default() }
    }
}

/// Who answers questions about the weights of the shown run.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Answers {
    /// The run itself, which trains or is paused.
    Live,
    /// The checkpoint of this step. Its weights are loaded as soon as somebody asks.
    Kept(u64),
    /// The same, while its weights are being loaded. Questions wait.
    Loading(u64),
    /// Nobody: this is the recording, which comes without weights.
    #[default]
    Recorded,
    /// Nobody: the run kept no checkpoint.
    NoCheckpoint,
    /// Nobody: the weights could not be read.
    Failed(Message),
}

/// What the panels share. Each of them may change it. Only `kept` outlives the window.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The step that the strips and the numbers show, or none to follow the run.
    pub scrub: Option<u64>,
    /// The p(replaced) from which the verdicts panel calls a token replaced.
    pub threshold: Option<f64>,
    pub mark: Option<Mark>,
    /// What the lesson wants to mark from the next frame on; nothing if the lesson is not drawn.
    pub marking: Option<Mark>,
    pub transport: Transport,
    pub answers: Answers,
    /// Whether the recording plays by itself.
    pub replaying: bool,
    /// Runs that are drawn under the curves, by their folder's name.
    pub overlays: Vec<(String, RunState)>,
    /// How many alarms of the log a person has seen.
    pub alarms_seen: u64,
    /// Times of the last frames, milliseconds: the median and the 95th of 100.
    pub frame_ms: Option<[f32; 2]>,
    /// What panels want to keep until the next start, by panel: the settings' `kept`.
    pub kept: BTreeMap<String, serde_json::Value>,
}

/// What a panel may ask for.
#[derive(Debug, Clone)]
pub enum Ask {
    /// A command for the trainer. If there is none, a question goes to the shown run's checkpoint; other commands are dropped.
    Command(Command),
    /// Start a run. A run that is training ends with a checkpoint first.
    Start(Box<Request>),
    Play,
    Pause,
    /// Take one optimizer step. If there is no run, this starts the first run.
    Step,
    /// Run to the end of the next stage.
    NextStage,
    /// End the run with a checkpoint and show the recorded run again.
    Reset,
    Share(f32),
    /// Continue the shown run from its checkpoint; `steps`: the length of its schedule from now on, if that changes.
    GoOn {
        steps: Option<u64>,
    },
    /// Open the form that exports the shown run.
    Export,
    /// Show an earlier run.
    OpenRun(PathBuf),
    /// Draw an earlier run under the curves.
    Overlay(PathBuf),
    /// Bring a panel to the front.
    Show(PanelId),
    ResetLayout,
}

/// What a panel draws from.
pub struct PanelContext<'a> {
    pub state: &'a RunState,
    pub view: &'a mut View,
    pub strings: &'a Strings,
    pub theme: Theme,
    pub asks: &'a mut Vec<Ask>,
}

impl PanelContext<'_> {
    /// The text of a message. If the message has values, use `t!(cx, "key", name = value)`.
    pub fn t(&self, key: &str) -> String {
        self.strings.t(key)
    }

    pub fn with(&self, key: &str, values: &[(&'static str, Fact)]) -> String {
        self.strings.with(key, values)
    }

    pub fn lang(&self) -> Lang {
        self.strings.lang
    }

    /// Asks the desk to send a command to the trainer.
    pub fn send(&mut self, command: Command) {
        self.ask(Ask::Command(command));
    }

    /// Whether somebody answers questions about the weights of the shown run.
    pub fn answered(&self) -> bool {
        matches!(self.view.answers, Answers::Live | Answers::Kept(_) | Answers::Loading(_))
    }

    /// Says what a person who asks about the weights waits for, or why nobody answers and what to do; none if the answer comes at once.
    pub fn about_answers(&self) -> Option<String> {
        Some(match &self.view.answers {
            Answers::Live | Answers::Kept(_) => return None,
            Answers::Loading(step) => crate::t!(self, "app-answers-loading", step = *step),
            Answers::Recorded => self.t("app-answers-recorded"),
            Answers::NoCheckpoint => self.t("app-answers-no-checkpoint"),
            Answers::Failed(error) => crate::t!(self, "app-answers-failed", error = error),
        })
    }

    pub fn ask(&mut self, ask: Ask) {
        self.asks.push(ask);
    }

    pub fn is_marked(&self, mark: Mark) -> bool {
        self.view.mark == Some(mark)
    }

    /// A number that may be undefined, as the language writes it: `0,91`, or a dash.
    pub fn number(&self, value: Option<f64>, decimals: usize) -> String {
        match value.filter(|v| v.is_finite()) {
            Some(value) => self.lang().decimal(value, decimals),
            None => "–".to_owned(),
        }
    }

    /// An amount of memory: `22.3 MiB`. Every panel writes it in this way.
    pub fn mib(&self, bytes: u64) -> String {
        let value = bytes as f64 / 1_048_576.0;
        format!("{} MiB", self.lang().decimal(value, usize::from(value < 99.95)))
    }

    /// A share as a percentage: `91%`, or a dash.
    pub fn percent(&self, share: Option<f64>, decimals: usize) -> String {
        match share.filter(|v| v.is_finite()) {
            Some(share) => self.lang().percent(share, decimals),
            None => "–".to_owned(),
        }
    }
}

/// Says which step the panel's data is of, if a person looks back and the strips show another step.
pub(super) fn elsewhen_ui(ui: &mut egui::Ui, cx: &PanelContext, key: &str, step: u64) {
    let Some(shown) = cx.state.readout_at(cx.view.scrub).map(|readout| readout.step) else { return };
    if cx.view.scrub.is_some() && shown != step {
        ui.label(egui::RichText::new(crate::t!(cx, key, shown = shown, step = step)).color(cx.theme.accent));
    }
}
