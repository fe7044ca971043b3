//! Holds everything of the app except the real window, so that tests can drive the app without one.
//! events -> state -> panels -> asks -> trainer. The recorded run plays until somebody starts to train.

mod act;
mod hear;
mod look;
mod past;

use super::finish::FinishCard;
use super::kept::KeptWeights;
use super::layout::{self, Part, Setting};
use super::panels::{Ask, PanelContext, PanelId, Panels, View};
use super::settings::Settings;
use super::theme::{self, Theme};
use super::trainer::{Trainer, Wake};
use super::transport::TransportBar;
use super::trouble::{self, Trouble};
use crate::Result;
use crate::path::path_of;
use crate::run::Request;
use crate::screen::recorded;
use crate::screen::state::{RunState, Source};
use crate::train::event::Command;
use crate::train::standing::Standing;
use crate::view::Lang;
use crate::view::words::Strings;
use egui::{Color32, Context, Frame, Margin, Ui};
use futures_channel::mpsc::UnboundedSender;
use past::opened;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// The time between two pictures of the recorded run, in seconds.
const REPLAY_SECS: f64 = 0.35;

/// How the desk is opened.
#[derive(Debug, Clone, Default)]
pub struct Opening {
    /// A language for this start only; it does not change the saved settings.
    pub lang: Option<Lang>,
    /// The language of the system.
    pub system_lang: Lang,
    pub theme: Option<theme::ThemeChoice>,
    /// An earlier run to show.
    pub run: Option<PathBuf>,
    /// Events of the live run are written here.
    pub events: Option<PathBuf>,
    /// Whether the recorded run plays by itself at first.
    pub replay: bool,
}

/// A run that is writing its last checkpoint, and the thread that waits for it.
struct Ending {
    thread: JoinHandle<bool>,
    commands: UnboundedSender<Command>,
}

pub struct Desk {
    pub state: RunState,
    pub view: View,
    pub settings: Settings,
    /// The run that is being prepared, while the window still shows the previous one.
    coming: Option<RunState>,
    panels: Panels,
    bar: TransportBar,
    finish: FinishCard,
    strings: &'static Strings,
    trainer: Option<Trainer>,
    /// Answers questions about the shown run's checkpoint, once somebody has asked.
    weights: Option<KeptWeights>,
    /// The step of the shown run's newest checkpoint; none while it trains.
    kept: Option<u64>,
    /// The threads of runs that are writing their last checkpoint.
    ending: Vec<Ending>,
    opening: Opening,
    /// The language and theme of the settings at the last frame.
    chosen: (Option<Lang>, theme::ThemeChoice),
    /// The folder of the shown run, if it has one.
    shown_run: Option<PathBuf>,
    /// When the recording's next picture is due.
    replay_at: Option<f64>,
    /// Whether the window is cleared to the panels' colour before a frame. That saves a layer, which matters if a processor draws.
    pub cleared: bool,
    /// The shortest time between two frames that show new data.
    pub pace: Duration,
    /// The request of the live run.
    pub started: Option<Request>,
    /// What went wrong, until a person presses one of its buttons or closes it.
    trouble: Option<Trouble>,
    /// What a person should know while the run goes on.
    notice: Standing,
    asks: Vec<Ask>,
}

impl Desk {
    /// # Errors
    /// The run to open cannot be read.
    pub fn open(ctx: &Context, settings: Settings, opening: Opening) -> Result<Self> {
        theme::install(ctx);
        let lang = opening.lang.or(settings.lang).unwrap_or(opening.system_lang);
        let (state, shown_run) = match &opening.run {
            Some(run) => (opened(run)?, Some(run.clone())),
            None => (RunState::from_events(Source::Recorded, recorded::events(lang)?), None),
        };
        let kept = shown_run.as_deref().and_then(past::newest_step);
        let replay_at = (opening.replay && shown_run.is_none()).then_some(0.0);
        Ok(Self {
            state,
            view: View { kept: settings.kept.clone(), ..View::default() },
            chosen: (settings.lang, settings.theme),
            settings,
            coming: None,
            panels: Panels::default(),
            bar: TransportBar::default(),
            finish: FinishCard::default(),
            strings: Strings::of(lang),
            trainer: None,
            weights: None,
            kept,
            ending: Vec::new(),
            opening,
            shown_run,
            replay_at,
            cleared: false,
            pace: Duration::from_millis(50),
            started: None,
            trouble: None,
            notice: Standing::default(),
            asks: Vec::new(),
        })
    }

    /// A desk with new settings, for tests.
    ///
    /// # Errors
    /// The recording is damaged.
    pub fn fresh(ctx: &Context, lang: Lang) -> Result<Self> {
        let opening = Opening { lang: Some(lang), ..Opening::default() };
        Self::open(ctx, Settings::default(), opening)
    }

    pub fn lang(&self) -> Lang {
        self.strings.lang
    }

    /// Opens a kernel's texts in their panel.
    pub fn open_kernel(&mut self, kernel: &str) {
        self.panels.kernels.open(kernel);
    }

    fn show(&mut self, state: RunState, run: Option<PathBuf>) {
        let folder = state.plan.as_ref().and_then(|plan| plan.run.as_deref()).map(path_of);
        self.state = state;
        self.shown_run = run.or(folder);
        self.look_anew();
        (self.view.scrub, self.replay_at) = (None, None);
        self.view.alarms_seen = 0;
    }

    /// Draws a frame.
    pub fn ui(&mut self, ui: &mut Ui) {
        self.receive();
        self.follow_settings(ui.ctx());
        self.replay(ui.ctx());
        let replayed = self.view.scrub;
        let theme = Theme::of(ui.ctx());
        self.view.answers = self.answers();
        self.view.transport.next = self.next();
        self.view.replaying = self.replay_at.is_some();
        self.view.mark = self.view.marking.take();
        if self.panels.data.take_dropped(ui.ctx()) {
            self.settings.layout.show(PanelId::Data);
        }
        let Self {
            state, view, settings, coming, panels, bar, finish, strings, asks, trouble, notice, cleared, ..
        } = self;
        let margin = Margin::symmetric(12, 8);
        let mut cx = PanelContext { state, view, strings, theme, asks };
        let behind = Frame::new().fill(if *cleared { Color32::TRANSPARENT } else { theme.panel });
        let top = behind.inner_margin(margin);
        egui::Panel::top("transport").frame(top).show(ui, |ui| {
            bar.ui(ui, &mut cx, coming.as_ref(), settings);
            trouble::notice_ui(ui, &cx, notice);
            trouble::ui(ui, &mut cx, trouble);
            let shown = cx.view.transport.run;
            finish.ui(ui, &mut cx, shown);
        });
        let setting = Setting { strings, theme };
        egui::CentralPanel::default().frame(behind).show(ui, |ui| {
            layout::ui(&mut settings.layout, ui, setting, &mut |id, part, ui| match part {
                Part::Head => Panels::head_ui(id, ui, &cx),
                Part::Body => panels.ui(id, ui, &mut cx),
            });
        });
        // If a person moves the time axis, the recording stops.
        self.replay_at = self.replay_at.filter(|_| self.view.scrub == replayed);
        self.keep(ui.ctx());
        let wake = wake(ui.ctx());
        for ask in std::mem::take(&mut self.asks) {
            self.act(ask, &wake);
        }
    }

    /// Gives the settings what panels want to keep, and asks for one more frame if the lesson now points elsewhere.
    fn keep(&mut self, ctx: &Context) {
        if self.settings.kept != self.view.kept {
            self.settings.kept = self.view.kept.clone();
        }
        if self.view.marking != self.view.mark {
            ctx.request_repaint();
        }
    }

    /// Applies the chosen language, theme and text size.
    fn follow_settings(&mut self, ctx: &Context) {
        // A choice in the window wins over the one on the command line.
        if self.settings.lang != self.chosen.0 {
            (self.opening.lang, self.chosen.0) = (None, self.settings.lang);
        }
        if self.settings.theme != self.chosen.1 {
            (self.opening.theme, self.chosen.1) = (None, self.settings.theme);
        }
        let lang = self.opening.lang.or(self.settings.lang).unwrap_or(self.opening.system_lang);
        if lang != self.strings.lang {
            self.strings = Strings::of(lang);
            // The recorded run is in the person's language too.
            if self.state.source == Source::Recorded
                && let Ok(events) = recorded::events(lang)
            {
                self.show(RunState::from_events(Source::Recorded, events), None);
            }
        }
        ctx.set_theme(self.opening.theme.unwrap_or(self.settings.theme).preference());
        if (ctx.zoom_factor() - self.settings.scale).abs() > 0.001 {
            ctx.set_zoom_factor(self.settings.scale);
        }
    }

    /// Plays the recording, picture by picture, until its end or until a person takes over.
    fn replay(&mut self, ctx: &Context) {
        let Some(due) = self.replay_at else { return };
        let now = ctx.input(|i| i.time);
        if now >= due {
            let after = self.view.scrub;
            let next = self.state.readouts.iter().map(|r| r.step).find(|step| after.is_none_or(|after| *step > after));
            self.view.scrub = next;
            self.replay_at = next.map(|_| now + REPLAY_SECS);
        }
        if let Some(due) = self.replay_at {
            ctx.request_repaint_after(Duration::from_secs_f64((due - now).max(0.0)));
        }
    }
}

/// Lets any thread ask this window for a frame.
pub fn wake(ctx: &Context) -> Wake {
    let ctx = ctx.clone();
    Arc::new(move |wait| ctx.request_repaint_after(wait))
}
