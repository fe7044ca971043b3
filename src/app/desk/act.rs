//! Does what a panel asks for: it starts, steers and ends the run, and opens earlier runs.

use super::past::{coming, folder_name, opened};
use super::{Desk, Ending};
use crate::Error;
use crate::app::ending::PATIENCE;
use crate::app::first_run::first_run;
use crate::app::kept::is_question;
use crate::app::panels::{Ask, Next, PanelId};
use crate::app::trainer::{Trainer, Wake};
use crate::app::trouble::Trouble;
use crate::app::{layout, places};
use crate::host::native::name_of;
use crate::message::Message;
use crate::run::Request;
use crate::screen::recorded;
use crate::screen::state::{RunState, Source};
use crate::train::event::{Command, Failure, FailureKind, Stage};
use crate::train::standing::Standing;
use std::sync::Arc;

/// The stages that a person steps through. A run may lack some of them.
const STAGES: [Stage; 4] = [Stage::MASK, Stage::PROPOSE, Stage::REPLACE, Stage::JUDGE];

impl Desk {
    pub fn act(&mut self, ask: Ask, wake: &Wake) {
        match ask {
            Ask::Command(question) if self.trainer.is_none() && is_question(&question) => self.ask_kept(question, wake),
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
                // The dispatches of the run's step, once the run has sent them.
                let kernels = self.state.kernels.as_deref();
                let has = |stage| kernels.is_none_or(|kernels| kernels.dispatches.iter().any(|d| d.stage == stage));
                let stage = next_stage(self.view.transport.stage, has);
                self.send(Command::SeekStage { stage });
            }
            Ask::Reset => self.reset(),
            Ask::Share(share) => {
                self.view.transport.share = share;
                self.send(Command::SpeedShare { share });
            }
            Ask::GoOn { steps } => self.go_on(steps, wake),
            Ask::Export => {
                if let Some(run) = self.shown_run.clone() {
                    self.panels.data.show_export(run);
                    self.settings.layout.show(PanelId::Data);
                }
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
        self.trouble = Some(Trouble::new(Message::new("app-open-failed").with("error", Message::from(error))));
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

    /// Starts a trainer if there is none: for the shown run from its checkpoint, or for the first run.
    fn ensure_trainer(&mut self, wake: &Wake) {
        if self.trainer.is_some() {
            return;
        }
        match self.next() {
            Next::First => self.start(first_run(self.strings.lang), wake),
            Next::GoOn => self.go_on(None, wake),
            Next::Extend { steps } => self.go_on(Some(steps), wake),
        }
    }

    /// Continues the shown run from its newest checkpoint.
    fn go_on(&mut self, steps: Option<u64>, wake: &Wake) {
        let Some(run) = &self.shown_run else { return };
        let device = self.started.as_ref().map_or_else(|| "auto".to_owned(), |started| started.device.clone());
        let out = Some(name_of(run));
        self.start(Request { resume: true, out, steps, device, ..first_run(self.strings.lang) }, wake);
    }

    fn start(&mut self, options: Request, wake: &Wake) {
        self.end_run();
        self.weights = None;
        let options = Request { watched: true, patient: true, ..options };
        let coming = coming(&options);
        // A resumed run needs its folder, and the previous run may still be writing to it.
        let before = if options.resume { std::mem::take(&mut self.ending) } else { Vec::new() };
        let before = before.into_iter().map(|ending| ending.thread).collect();
        let events = self.opening.events.as_deref();
        let runs = places::for_new_runs();
        let trainer = Trainer::start(options.clone(), runs, events, before, Arc::clone(wake), self.pace);
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
                (self.replay_at, self.trouble, self.notice) = (None, None, Standing::default());
            }
            Err(error) => {
                let failure = Failure { kind: FailureKind::Other, ..Failure::new(&error, 0, None) };
                self.trouble = Some(Trouble { failure, started: Some((options, Default::default())) });
            }
        }
    }

    /// Asks the live run to end with a checkpoint, and does not wait for it.
    fn end_run(&mut self) {
        (self.view.transport.live, self.view.transport.playing, self.coming) = (false, false, None);
        self.dismiss_trainer();
    }

    /// Lets the trainer end on a thread that waits for it.
    pub(super) fn dismiss_trainer(&mut self) {
        let Some(trainer) = self.trainer.take() else { return };
        self.ending.retain(|ending| !ending.thread.is_finished());
        let commands = trainer.commands();
        let thread = std::thread::Builder::new().name("ending".to_owned()).spawn(move || trainer.stop(PATIENCE));
        // If the system refuses a thread, the trainer is dropped here, and the run ends by that.
        self.ending.extend(thread.ok().map(|thread| Ending { thread, commands }));
    }

    fn reset(&mut self) {
        self.end_run();
        if let Ok(events) = recorded::events(self.strings.lang) {
            self.show(RunState::from_events(Source::Recorded, events), None);
        }
    }

    /// Ends the run with a checkpoint and waits for it, because the window closes. Nobody is left to look at a last evaluation.
    pub fn close(&mut self) {
        self.end_run();
        self.weights = None;
        for ending in &self.ending {
            ending.commands.unbounded_send(Command::Quit).ok();
        }
        for ending in self.ending.drain(..) {
            ending.thread.join().ok();
        }
    }
}

/// The next stage after which the run stops. After the last stage comes the masking of the next step. `has`: whether the run has a
/// stage.
fn next_stage(done: Option<Stage>, has: impl Fn(Stage) -> bool) -> Stage {
    let after = done.and_then(|done| STAGES.iter().position(|stage| *stage == done)).map_or(0, |at| at + 1);
    STAGES[after..].iter().copied().find(|stage| has(*stage)).unwrap_or(STAGES[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_follow_one_another_and_begin_again() {
        let walk: Vec<_> = [None, Some(Stage::MASK), Some(Stage::PROPOSE), Some(Stage::REPLACE), Some(Stage::JUDGE)]
            .map(|done| next_stage(done, |_| true))
            .into();
        assert_eq!(walk, [Stage::MASK, Stage::PROPOSE, Stage::REPLACE, Stage::JUDGE, Stage::MASK]);
        // A masked language model replaces and judges nothing; with fixed replacements nothing is proposed.
        let mlm = |stage| [Stage::MASK, Stage::PROPOSE].contains(&stage);
        assert_eq!(
            [Stage::MASK, Stage::PROPOSE].map(|done| next_stage(Some(done), mlm)),
            [Stage::PROPOSE, Stage::MASK]
        );
        assert_eq!(next_stage(Some(Stage::MASK), |stage| stage != Stage::PROPOSE), Stage::REPLACE);
    }
}
