//! The contract between the panels and the desk: what every panel is given, and what it may ask for.

use crate::app::theme::Theme;
use crate::message::Fact;
use crate::run::Request;
use crate::screen::panel::{Mark, PanelId};
use crate::screen::state::RunState;
use crate::train::event::{Command, Stage};
use crate::view::Lang;
use crate::view::words::Strings;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The run's motor as the window asked for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transport {
    /// A trainer is at work or paused; otherwise a recording or an earlier run is shown.
    pub live: bool,
    pub playing: bool,
    /// The part of the time that training may take, above 0, at most 1.
    pub share: f32,
    /// Where a step stands that was taken stage by stage.
    pub stage: Option<Stage>,
    /// How many runs this window has started: another number, another run.
    pub run: u64,
}

impl Default for Transport {
    fn default() -> Self {
        Self { live: false, playing: false, share: 1.0, stage: None, run: 0 }
    }
}

/// What the panels share; changed by any of them. All but `kept` is lost with the window.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The step that the strips and the numbers show; none follows the run.
    pub scrub: Option<u64>,
    /// The token whose details are open: sentence and position in the readout.
    pub token: Option<(usize, usize)>,
    /// From what p(replaced) on a token is called replaced, in the verdicts.
    pub threshold: Option<f64>,
    pub mark: Option<Mark>,
    /// What the lesson wants marked from the next frame on; a lesson that is not drawn points at nothing.
    pub marking: Option<Mark>,
    pub transport: Transport,
    /// Runs laid under the curves, by their folder's name.
    pub overlays: Vec<(String, RunState)>,
    /// Alarms of the log that were seen.
    pub alarms_seen: u64,
    /// Times of the last frames, milliseconds: the median and the 95th of 100.
    pub frame_ms: Option<[f32; 2]>,
    /// What panels want remembered from one time to the next, by panel: the settings' `kept`.
    pub kept: BTreeMap<String, serde_json::Value>,
}

/// What a panel may ask for.
#[derive(Debug, Clone)]
pub enum Ask {
    /// To the trainer; without one it is dropped.
    Command(Command),
    /// Start a run; one that is at work ends with a checkpoint first.
    Start(Box<Request>),
    Play,
    Pause,
    /// One optimizer step; starts the first run where there is none.
    Step,
    /// To the next stage of a step.
    NextStage,
    /// End the run with a checkpoint, and back to the recording.
    Reset,
    Share(f32),
    /// Show an earlier run.
    OpenRun(PathBuf),
    /// Lay an earlier run under the curves.
    Overlay(PathBuf),
    /// Bring a panel to the front.
    Show(PanelId),
    ResetLayout,
}

/// What a panel is drawn from.
pub struct PanelContext<'a> {
    pub state: &'a RunState,
    pub view: &'a mut View,
    pub strings: &'a Strings,
    pub theme: Theme,
    pub asks: &'a mut Vec<Ask>,
}

impl PanelContext<'_> {
    /// A message; `t!(cx, "key", name = value)` where it has values.
    pub fn t(&self, key: &str) -> String {
        self.strings.t(key)
    }

    pub fn with(&self, key: &str, values: &[(&'static str, Fact)]) -> String {
        self.strings.with(key, values)
    }

    pub fn lang(&self) -> Lang {
        self.strings.lang
    }

    /// A command to the trainer.
    pub fn send(&mut self, command: Command) {
        self.ask(Ask::Command(command));
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

    /// A share of one: `91%`, or a dash.
    pub fn percent(&self, share: Option<f64>, decimals: usize) -> String {
        match share.filter(|v| v.is_finite()) {
            Some(share) => self.lang().percent(share, decimals),
            None => "–".to_owned(),
        }
    }
}

/// Where the strips look back at a step that nothing was read at: says which step this is of instead.
pub(super) fn elsewhen_ui(ui: &mut egui::Ui, cx: &PanelContext, key: &str, step: u64) {
    let Some(shown) = cx.state.readout_at(cx.view.scrub).map(|readout| readout.step) else { return };
    if cx.view.scrub.is_some() && shown != step {
        ui.label(egui::RichText::new(crate::t!(cx, key, shown = shown, step = step)).color(cx.theme.accent));
    }
}
