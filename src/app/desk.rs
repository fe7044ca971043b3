//! All that the window holds, without a window: tests drive it as the real one does.
//! events -> state -> panels -> asks -> trainer; a recording plays until somebody trains.

use super::layout::{self, Look, Part};
use super::panels::{Ask, PanelContext, PanelId, Panels, View};
use super::places;
use super::recorded;
use super::settings::Settings;
use super::state::{Phase, RunState, Source};
use super::strings::Strings;
use super::theme::{self, Theme};
use super::trainer::{Trainer, Wake};
use super::transport::TransportBar;
use super::trouble::{self, Trouble};
use crate::gpu::Choice;
use crate::run::Options;
use crate::t;
use crate::train::event::{Command, Event, Failure, FailureKind, Stage, Warning, WarningKind};
use crate::view::Lang;
use crate::view::log::read_events;
use crate::{Error, Result};
use egui::{Color32, Context, Frame, Margin, RichText, Ui};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// Between two pictures of a recording that is replayed.
const REPLAY_SECS: f64 = 0.35;
/// How long a run that was asked to end may take for its last checkpoint before the program ends without waiting.
const PATIENCE: Duration = Duration::from_secs(60);
/// The preset of a run that names none.
const FIRST_PRESET: &str = "nano";
/// The stages that a person steps through.
const STAGES: [Stage; 4] = [Stage::MASK, Stage::PROPOSE, Stage::REPLACE, Stage::JUDGE];

/// What the desk is opened with.
#[derive(Debug, Clone, Default)]
pub struct Opening {
    /// Beside the saved settings: they are not changed by it.
    pub lang: Option<Lang>,
    /// The language of the system.
    pub system_lang: Lang,
    pub theme: Option<theme::ThemeChoice>,
    /// An earlier run to show.
    pub run: Option<PathBuf>,
    /// Events of the live run are written here.
    pub events: Option<PathBuf>,
    /// Whether the recording moves by itself at first.
    pub replay: bool,
}

pub struct Desk {
    pub state: RunState,
    pub view: View,
    pub settings: Settings,
    /// The run that is being prepared, while the one before is still shown.
    coming: Option<RunState>,
    panels: Panels,
    bar: TransportBar,
    strings: Strings,
    trainer: Option<Trainer>,
    /// Runs that write their last checkpoint.
    ending: Vec<JoinHandle<bool>>,
    opening: Opening,
    /// Language and theme as the settings had them when they were last looked at.
    chosen: (Option<Lang>, theme::ThemeChoice),
    /// The folder of the run that is shown, where it has one.
    shown_run: Option<PathBuf>,
    /// When the recording's next picture is due.
    replay_at: Option<f64>,
    /// Whoever draws the window fills it with the panels' colour first: a layer less, which a processor that draws can feel.
    pub cleared: bool,
    /// The shortest time between two frames that new data asks for.
    pub pace: Duration,
    /// What the live run was started with.
    pub started: Option<Options>,
    /// What went wrong, until something is done about it or it is put away.
    trouble: Option<Trouble>,
    /// What a person should know while the run goes on.
    notice: Option<Warning>,
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
        let replay_at = (opening.replay && shown_run.is_none()).then_some(0.0);
        Ok(Self {
            state,
            view: View { kept: settings.kept.clone(), ..View::default() },
            chosen: (settings.lang, settings.theme),
            settings,
            coming: None,
            panels: Panels::default(),
            bar: TransportBar::default(),
            strings: Strings::new(lang),
            trainer: None,
            ending: Vec::new(),
            opening,
            shown_run,
            replay_at,
            cleared: false,
            pace: Duration::from_millis(50),
            started: None,
            trouble: None,
            notice: None,
            asks: Vec::new(),
        })
    }

    /// A desk without a saved past, as tests want it.
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

    /// What happened since the last frame; also called while the window is hidden.
    pub fn receive(&mut self) {
        let Some(trainer) = &mut self.trainer else { return };
        let events = trainer.take();
        let over = trainer.is_over();
        for event in events {
            self.hear(event);
        }
        if over {
            (self.view.transport.live, self.view.transport.playing) = (false, false);
            self.dismiss_trainer();
        }
    }

    /// One event of the live run.
    pub fn hear(&mut self, event: Event) {
        self.notice_event(&event);
        if let Event::State(now) = &event {
            let transport = &mut self.view.transport;
            // A run that is still prepared has not heard yet what was asked for since.
            if self.coming.is_none() {
                transport.playing = !matches!(now.phase, crate::train::event::Phase::Paused);
            }
            (transport.stage, transport.share) = (now.stage, now.speed_share);
        }
        let [speaks, failed] = [
            matches!(event, Event::Step(_) | Event::Readout(_) | Event::Finished(_)),
            matches!(event, Event::Failed(_)),
        ];
        let Some(coming) = &mut self.coming else { return self.state.fold(event) };
        coming.fold(event);
        if failed {
            // It never came to a step: what was shown stays, and its log says what happened.
            coming.log.lines().cloned().for_each(|line| self.state.log.push(line));
            self.coming = None;
        } else if speaks && let Some(coming) = self.coming.take() {
            self.show(coming, None);
        }
    }

    /// What a person should not have to look for.
    fn notice_event(&mut self, event: &Event) {
        match event {
            Event::Failed(failure) => {
                let run = self.coming.as_ref().unwrap_or(&self.state);
                let settings = run.settings.clone().unwrap_or_default();
                let started = self.started.clone().map(|options| (options, settings));
                self.trouble = Some(Trouble { failure: failure.clone(), started });
            }
            Event::Warning(w) if matches!(w.kind, WarningKind::CheckpointNotWritten | WarningKind::CorpusGone) => {
                self.notice = Some(w.clone());
            }
            // What could not be saved is saved now.
            Event::Checkpoint { .. } => {
                self.notice = self.notice.take().filter(|w| w.kind != WarningKind::CheckpointNotWritten);
            }
            _ => {}
        }
    }

    fn show(&mut self, state: RunState, run: Option<PathBuf>) {
        let folder = state.plan.as_ref().and_then(|plan| plan.run.clone()).map(PathBuf::from);
        self.state = state;
        self.shown_run = run.or(folder);
        (self.view.scrub, self.view.token, self.replay_at) = (None, None, None);
        self.view.alarms_seen = 0;
    }

    /// A frame.
    pub fn ui(&mut self, ui: &mut Ui) {
        self.receive();
        self.follow_settings(ui.ctx());
        self.replay(ui.ctx());
        let replayed = self.view.scrub;
        let theme = Theme::of(ui.ctx());
        self.view.mark = self.view.marking.take();
        if self.panels.data.take_dropped(ui.ctx()) {
            self.settings.layout.show(PanelId::Data);
        }
        let Self { state, view, settings, coming, panels, bar, strings, asks, trouble, notice, cleared, .. } = self;
        let margin = Margin::symmetric(12, 8);
        let mut cx = PanelContext { state, view, strings, theme, asks };
        let behind = Frame::new().fill(if *cleared { Color32::TRANSPARENT } else { theme.panel });
        let top = behind.inner_margin(margin);
        egui::Panel::top("transport").frame(top).show(ui, |ui| {
            bar.ui(ui, &mut cx, coming.as_ref(), settings);
            notice_ui(ui, &cx, notice);
            trouble::ui(ui, &mut cx, trouble);
        });
        let look = Look { strings, theme };
        egui::CentralPanel::default().frame(behind).show(ui, |ui| {
            layout::ui(&mut settings.layout, ui, look, &mut |id, part, ui| match part {
                Part::Head => Panels::head_ui(id, ui, &cx),
                Part::Body => panels.ui(id, ui, &mut cx),
            });
        });
        // A hand on the time axis takes over from the recording.
        self.replay_at = self.replay_at.filter(|_| self.view.scrub == replayed);
        self.keep(ui.ctx());
        let wake = wake(ui.ctx());
        for ask in std::mem::take(&mut self.asks) {
            self.act(ask, &wake);
        }
    }

    /// Hands what panels want remembered to the settings, and draws once more where the lesson points elsewhere.
    fn keep(&mut self, ctx: &Context) {
        if self.settings.kept != self.view.kept {
            self.settings.kept = self.view.kept.clone();
        }
        if self.view.marking != self.view.mark {
            ctx.request_repaint();
        }
    }

    /// Language, theme and text size as chosen.
    fn follow_settings(&mut self, ctx: &Context) {
        // What is chosen in the window wins over what was typed when it was started.
        if self.settings.lang != self.chosen.0 {
            (self.opening.lang, self.chosen.0) = (None, self.settings.lang);
        }
        if self.settings.theme != self.chosen.1 {
            (self.opening.theme, self.chosen.1) = (None, self.settings.theme);
        }
        let lang = self.opening.lang.or(self.settings.lang).unwrap_or(self.opening.system_lang);
        if lang != self.strings.lang {
            self.strings = Strings::new(lang);
            // The recording speaks the person's language too.
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

    /// Moves a recording on, picture by picture, until its end or until somebody takes over.
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

    pub fn act(&mut self, ask: Ask, wake: &Wake) {
        match ask {
            Ask::Command(command) => self.send(command),
            Ask::Start(options) => self.start(*options, wake),
            Ask::Play => self.play(wake),
            Ask::Pause => {
                self.view.transport.playing = false;
                self.send(Command::Pause);
            }
            Ask::Step => {
                self.ensure_trainer(wake);
                self.view.transport.playing = false;
                self.send(Command::Step);
            }
            Ask::NextStage => {
                self.ensure_trainer(wake);
                self.view.transport.playing = false;
                let stage = next_stage(self.view.transport.stage);
                self.send(Command::SeekStage { stage });
            }
            Ask::Reset => self.reset(),
            Ask::Share(share) => {
                self.view.transport.share = share;
                self.send(Command::SpeedShare { share });
            }
            Ask::OpenRun(run) => match opened(&run) {
                Ok(state) => {
                    self.end_run();
                    self.show(state, Some(run));
                }
                Err(error) => self.refuse(&error),
            },
            Ask::Overlay(run) => match opened(&run) {
                Ok(state) => self.view.overlays.push((folder_name(&run), state)),
                Err(error) => self.refuse(&error),
            },
            Ask::Show(id) => self.settings.layout.show(id),
            Ask::ResetLayout => self.settings.layout = layout::Layout::default(),
        }
    }

    fn refuse(&mut self, error: &Error) {
        self.trouble = Some(Trouble::plain(t!(self.strings, "app-open-failed", error = error.to_string())));
    }

    fn send(&self, command: Command) {
        if let Some(trainer) = &self.trainer {
            trainer.send(command);
        }
    }

    fn play(&mut self, wake: &Wake) {
        if self.trainer.is_some() {
            self.view.transport.playing = true;
            return self.send(Command::Resume);
        }
        self.ensure_trainer(wake);
    }

    /// The first run where there is none; an opened one goes on from its checkpoint.
    fn ensure_trainer(&mut self, wake: &Wake) {
        if self.trainer.is_some() {
            return;
        }
        let mut options = first_run(self.strings.lang);
        if let (Source::Opened(_), Some(run)) = (&self.state.source, &self.shown_run) {
            (options.resume, options.out) = (true, Some(run.clone()));
        }
        self.start(options, wake);
    }

    fn start(&mut self, options: Options, wake: &Wake) {
        self.end_run();
        let out = match &options.out {
            None if !options.resume => Some(places::new_run(options.preset.as_deref().unwrap_or(FIRST_PRESET))),
            out => out.clone(),
        };
        let options = Options { watched: true, out, ..options };
        let coming = coming(&options);
        // A run that goes on needs the folder that one before it may still be writing to.
        let before = if options.resume { std::mem::take(&mut self.ending) } else { Vec::new() };
        let events = self.opening.events.as_deref();
        let trainer = Trainer::start(options.clone(), events, before, Arc::clone(wake), self.pace);
        match trainer {
            Ok(trainer) => {
                let share = self.view.transport.share;
                if share < 1.0 {
                    trainer.send(Command::SpeedShare { share });
                }
                self.trainer = Some(trainer);
                self.coming = Some(coming);
                let transport = &mut self.view.transport;
                (transport.live, transport.playing, transport.stage) = (true, true, None);
                transport.run += 1;
                self.started = Some(options);
                (self.replay_at, self.trouble, self.notice) = (None, None, None);
            }
            Err(error) => {
                let failure = Failure { message: error.to_string(), kind: FailureKind::Other, ..Failure::default() };
                self.trouble = Some(Trouble { failure, started: Some((options, Default::default())) });
            }
        }
    }

    /// Asks the live run to end with a checkpoint, without waiting for it.
    fn end_run(&mut self) {
        (self.view.transport.live, self.view.transport.playing, self.coming) = (false, false, None);
        self.dismiss_trainer();
    }

    /// Lets the trainer end on a thread that waits for it.
    fn dismiss_trainer(&mut self) {
        let Some(trainer) = self.trainer.take() else { return };
        self.ending.retain(|thread| !thread.is_finished());
        let thread = std::thread::Builder::new().name("ending".to_owned()).spawn(move || trainer.stop(PATIENCE));
        // Without a thread to wait on, the run ends by itself all the same: it has nobody left to listen to.
        self.ending.extend(thread.ok());
    }

    fn reset(&mut self) {
        self.end_run();
        if let Ok(events) = recorded::events(self.strings.lang) {
            self.show(RunState::from_events(Source::Recorded, events), None);
        }
    }

    /// Ends the run with a checkpoint and waits for it: the window is closed.
    pub fn close(&mut self) {
        self.end_run();
        for thread in self.ending.drain(..) {
            thread.join().ok();
        }
    }
}

/// The next stage to stop behind: after judging comes the next step's masking.
fn next_stage(done: Option<Stage>) -> Stage {
    let at = done.and_then(|done| STAGES.iter().position(|stage| *stage == done));
    STAGES[at.map_or(0, |at| (at + 1) % STAGES.len())]
}

/// The run of a first click: the smallest preset on the built-in text.
pub fn first_run(lang: Lang) -> Options {
    Options {
        corpus: Vec::new(),
        valid: Vec::new(),
        lang,
        level: None,
        tokenizer: None,
        init: None,
        out: None,
        preset: None,
        config: None,
        set: Vec::new(),
        steps: None,
        minutes: None,
        stop_after: None,
        seed: None,
        threads: None,
        device: Choice::Auto,
        engine: "wgsl".to_owned(),
        resume: false,
        resume_step: None,
        retune: false,
        kernels: None,
        watched: true,
    }
}

/// A run before its first event. One that goes on has a past.
fn coming(options: &Options) -> RunState {
    let past = options.out.as_deref().filter(|_| options.resume).and_then(|run| opened(run).ok());
    let mut run = past.unwrap_or_default();
    (run.source, run.phase) = (Source::Live, Phase::Preparing);
    run
}

fn opened(run: &Path) -> Result<RunState> {
    let events = read_events(run)?;
    if events.is_empty() {
        return Err(Error::failed("its log is empty")
            .at(run.display())
            .hint("was the run ended before its first step?"));
    }
    Ok(RunState::from_events(Source::Opened(folder_name(run)), events))
}

fn folder_name(run: &Path) -> String {
    run.file_name().map_or_else(|| run.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// A frame for this window, from any thread.
pub fn wake(ctx: &Context) -> Wake {
    let ctx = ctx.clone();
    Arc::new(move |wait| ctx.request_repaint_after(wait))
}

/// The run goes on, but something about it wants a person.
fn notice_ui(ui: &mut Ui, cx: &PanelContext, notice: &mut Option<Warning>) {
    let Some(warning) = notice.clone() else { return };
    ui.separator();
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(cx.t("app-notice")).font(cx.theme.strong()).color(cx.theme.alert));
        ui.label(cx.lang().pick(warning.message, warning.message_pt));
        if ui.button(cx.t("app-trouble-dismiss")).clicked() {
            *notice = None;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::event::StepMetrics;

    fn desk() -> Desk {
        Desk::fresh(&Context::default(), Lang::En).unwrap()
    }

    #[test]
    fn the_recording_stays_until_the_live_run_has_something_to_show() {
        let mut desk = desk();
        desk.coming = Some(RunState::new(Source::Live));
        let recorded = desk.state.step();
        desk.hear(Event::Config { settings: Default::default() });
        assert_eq!((&desk.state.source, desk.state.step()), (&Source::Recorded, recorded));
        desk.hear(Event::Step(Box::new(StepMetrics { step: 1, ..StepMetrics::default() })));
        assert_eq!((&desk.state.source, desk.state.step()), (&Source::Live, 1));
        assert!(desk.state.settings.is_some(), "what came before is not lost");
    }

    #[test]
    fn a_failure_is_shown_and_the_window_stays() {
        let mut desk = desk();
        desk.hear(Event::Failed(Failure { message: "disk full".into(), ..Failure::default() }));
        assert_eq!(desk.trouble.as_ref().map(|trouble| trouble.failure.message.as_str()), Some("disk full"));
        assert_eq!(desk.state.phase, Phase::Failed);
    }

    #[test]
    fn a_checkpoint_that_could_not_be_written_stays_in_sight_until_one_is() {
        let mut desk = desk();
        let kind = WarningKind::CheckpointNotWritten;
        desk.hear(Event::Warning(Warning {
            kind,
            step: 3,
            message: "read-only".into(),
            message_pt: "só leitura".into(),
        }));
        assert!(desk.notice.is_some());
        desk.hear(Event::Checkpoint { step: 4, path: String::new() });
        assert!(desk.notice.is_none());
    }

    #[test]
    fn stages_follow_one_another_and_begin_again() {
        let walk: Vec<_> = [None, Some(Stage::MASK), Some(Stage::PROPOSE), Some(Stage::REPLACE), Some(Stage::JUDGE)]
            .map(next_stage)
            .into();
        assert_eq!(walk, [Stage::MASK, Stage::PROPOSE, Stage::REPLACE, Stage::JUDGE, Stage::MASK]);
    }
}
