//! Drives a run: it runs slices of steps, evaluations and checkpoints in turn, and obeys every command between two slices. So no
//! command waits for a step to end.
//! session, commands -> events.

use super::commands::Inbox;
use super::control::{self, Due, Goal, Measuring};
use super::host::Host;
use super::{Run, Sink};
use crate::Result;
use crate::plan::Runs;
use crate::train::event::{Command, Event, Outcome, OwnText, Phase, State, WordEdit};
use crate::train::session::Reached;
use std::time::Duration;
use web_time::Instant;

/// A watched run shows its readout more often than it records it: at most once in this time, and for at most one part in
/// `SHOW_SHARE` of the time.
const SHOW_EVERY: Duration = Duration::from_millis(250);
const SHOW_SHARE: u32 = 10;
/// The smallest share of the time that a run can get. With it a person still sees the run move.
const SHARE_MIN: f32 = 0.01;

impl<H: Host> Run<'_, H> {
    /// Runs until the planned end, a stop, or a failure.
    pub(super) async fn drive(
        &mut self,
        stop_after: Option<u64>,
        commands: &mut Inbox,
        sink: &mut Sink<'_>,
    ) -> Result<Outcome> {
        if self.control.watched {
            self.session.watch();
            let listed = self.kernels_event(None);
            sink(&listed)?;
            self.tell_state(sink)?;
        }
        loop {
            while let Some(command) = commands.next(self.resting()).await {
                // A quit does not wait for what was asked before it.
                if command.ends() || commands.quit_is_heard() {
                    let quit = command == Command::Quit || commands.quit_is_heard();
                    self.control.stopping = true;
                    self.tell_state(sink)?;
                    return if quit {
                        self.quit(sink).await
                    } else {
                        self.stop(Outcome::Stopped, commands, sink).await
                    };
                }
                self.obey(command, sink).await?;
                self.tell_state(sink)?;
            }
            let began = Instant::now();
            if self.session.in_step() {
                self.slice(sink).await?;
            } else if self.control.due.evaluate || self.control.due.keep {
                self.do_what_is_due(sink).await?;
            } else if self.session.finished() {
                return self.stop(Outcome::Completed, commands, sink).await;
            } else if stop_after.is_some_and(|stop| self.session.completed() >= stop) {
                return self.stop(Outcome::Stopped, commands, sink).await;
            } else {
                self.slice(sink).await?;
            }
            if self.control.share < 1.0 {
                let busy = began.elapsed();
                let idle = busy.mul_f32(1.0 / self.control.share - 1.0);
                self.host.rest(idle, std::pin::pin!(commands.arrival())).await;
            }
            self.host.turn().await;
        }
    }

    /// Whether the run is paused and nobody waits for an evaluation.
    fn resting(&self) -> bool {
        let waited_for = self.control.due.asked && !self.session.in_step();
        self.control.goal == Goal::Pause && !waited_for
    }

    async fn obey(&mut self, command: Command, sink: &mut Sink<'_>) -> Result<()> {
        match command {
            Command::Pause => {
                self.control.goal = Goal::Pause;
                // From now on an evaluation that was asked for waits too.
                self.control.due.asked = false;
            }
            Command::Resume => self.control.goal = Goal::Run,
            Command::Step => self.begin_step(),
            Command::SeekStage { stage } => match self.session.model.plan.runs(stage) {
                Some(Runs::First | Runs::Each) => self.control.goal = Goal::Stage(stage),
                // The stage ends with the step. A stage that this objective does not have also ends with the step, so that nobody
                // waits for it in vain.
                Some(Runs::Last) | None => self.begin_step(),
                // Such a stage is no part of a step.
                Some(Runs::Between | Runs::Aside) => {}
            },
            Command::SetOwnText { text, edits } => self.take_text(text, &edits, sink).await?,
            Command::Checkpoint => {
                // Half-updated weights belong to no step, so the update is finished first.
                while self.session.updating() {
                    self.slice(sink).await?;
                }
                self.keep_if_possible(sink).await?;
            }
            Command::Evaluate => self.control.due = Due { evaluate: true, asked: true, ..self.control.due },
            Command::SpeedShare { share } => {
                self.control.share = if share.is_finite() { share.clamp(SHARE_MIN, 1.0) } else { 1.0 };
            }
            Command::Measure => self.begin_measuring(sink)?,
            Command::Attention { .. } | Command::EmbeddingMap { .. } => {
                if let Some(answer) = control::answer_about_weights(&mut self.session, &command).await? {
                    sink(&answer)?;
                }
            }
            Command::LoseDevice => self.session.engine.lose(),
            // The loop handles a stop. The inbox keeps a start until this run has ended.
            Command::Stop | Command::Quit | Command::Start(_) => {}
        }
        Ok(())
    }

    /// Runs to the end of the step that is under way, or of the next one.
    fn begin_step(&mut self) {
        self.control.goal = Goal::Step;
        if self.control.watched {
            self.session.want_sample();
        }
    }

    async fn take_text(&mut self, text: String, edits: &[WordEdit], sink: &mut Sink<'_>) -> Result<()> {
        if self.session.set_own_text(&text, edits) {
            self.show(false, sink).await
        } else {
            sink(&Event::OwnText(OwnText { step: self.session.completed(), text, ..OwnText::default() }))
        }
    }

    /// Runs one slice of training. Then it does what follows at the place that it reached.
    async fn slice(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        let mut arrived = std::mem::take(&mut self.arrived);
        let reached = match &mut self.control.measuring {
            Some(measuring) if measuring.within || !self.session.in_step() => {
                measuring.slice(&mut self.session, &mut arrived).await?
            }
            _ => {
                let until = if let Goal::Stage(stage) = self.control.goal { Some(stage) } else { None };
                self.session.slice(self.control.budget(), until, &mut arrived).await?
            }
        };
        if reached == Reached::Step
            && let Some(planned) = self.control.timing.as_mut().and_then(|t| t.planned(self.session.completed()))
        {
            self.fix_planned_steps(planned, sink)?;
            self.control.timing = None;
        }
        self.report(&mut arrived, sink).await?;
        self.arrived = arrived;
        match reached {
            Reached::Within => Ok(()),
            Reached::Stage => {
                self.control.goal = Goal::Pause;
                if let Some(sample) = self.session.sample().await? {
                    sink(&Event::Batch(sample))?;
                }
                self.tell_state(sink)
            }
            Reached::Step => self.step_done(sink).await,
        }
    }

    /// Does what is due after a step: what happens at regular steps, and what somebody waits for.
    async fn step_done(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        let step = self.session.completed();
        let config = &self.session.config;
        let [evaluate, read, keep] =
            [config.eval_every, config.readout_every, config.checkpoint_every].map(|every| step.is_multiple_of(every));
        self.control.due.evaluate |= evaluate && !self.session.finished();
        self.control.due.keep |= (keep || self.control.retry.is_due()) && !self.session.finished();
        if self.control.measuring.as_ref().is_some_and(|m| m.left == 0 || self.session.finished()) {
            self.end_measuring(sink).await?;
        }
        let stepped = self.control.goal == Goal::Step;
        if stepped {
            // A person who takes one step wants to see its numbers.
            self.settle(sink).await?;
            self.control.goal = Goal::Pause;
        }
        if step == 1 || read {
            self.show(true, sink).await?;
        } else if self.control.watched && (stepped || Instant::now() >= self.control.show_at) {
            self.show(false, sink).await?;
        }
        if stepped { self.tell_state(sink) } else { Ok(()) }
    }

    /// Runs one slice of an evaluation, or keeps a checkpoint.
    async fn do_what_is_due(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        if !self.control.due.evaluate {
            self.control.due.keep = false;
            return self.keep_if_possible(sink).await;
        }
        if !self.session.evaluating() {
            self.settle(sink).await?;
            if self.control.watched {
                self.tell_state(sink)?;
            }
        }
        if let Some(metrics) = self.session.evaluate_slice(self.control.budget()).await? {
            (self.control.due.evaluate, self.control.due.asked) = (false, false);
            self.tell_evaluation(metrics, sink)?;
            if self.control.watched {
                self.tell_state(sink)?;
            }
        }
        Ok(())
    }

    /// Reads the readout sentences and a person's text on the live weights. `record`: whether the readout goes into the record or
    /// only to views.
    pub(super) async fn show(&mut self, record: bool, sink: &mut Sink<'_>) -> Result<()> {
        let began = Instant::now();
        let shown = self.session.show().await?;
        let readout = Event::Readout(shown.readout);
        if record {
            self.tell(&readout, sink)?;
        } else {
            sink(&readout)?;
        }
        if let Some(own_text) = shown.own_text {
            sink(&Event::OwnText(own_text))?;
        }
        if self.control.watched {
            self.session.want_sample();
        }
        self.control.show_at = Instant::now() + SHOW_EVERY.max(began.elapsed() * SHOW_SHARE);
        Ok(())
    }

    pub(super) fn tell_state(&self, sink: &mut Sink<'_>) -> Result<()> {
        let control = &self.control;
        let phase = if control.stopping {
            Phase::Stopping
        } else if self.resting() {
            Phase::Paused
        } else if self.session.evaluating() || (control.due.evaluate && !self.session.in_step()) {
            Phase::Evaluating
        } else {
            Phase::Running
        };
        let stage = self.session.stage();
        sink(&Event::State(State { phase, step: self.session.completed(), stage, speed_share: control.share }))
    }

    fn begin_measuring(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        if self.session.engine.clock().is_none() || self.session.finished() {
            return sink(&self.kernels_event(None));
        }
        // If a second measurement is asked for during the first, a run that was paused before the first pauses after the second.
        let before = self.control.measuring.as_ref().is_some_and(|measuring| measuring.pause_after);
        let pause_after = before || self.control.goal == Goal::Pause;
        if pause_after {
            self.control.goal = Goal::Run;
        }
        self.control.measuring = Some(Measuring { pause_after, ..Measuring::new(&self.session) });
        Ok(())
    }

    async fn end_measuring(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        let Some(measured) = self.control.measuring.take() else { return Ok(()) };
        if self.control.roofs.is_none() {
            self.control.roofs = Some(control::roofs(&self.session).await?);
        }
        let event = self.kernels_event(Some(&measured));
        sink(&event)?;
        if measured.pause_after && self.control.goal == Goal::Run {
            self.control.goal = Goal::Pause;
            self.tell_state(sink)?;
        }
        Ok(())
    }

    /// The event with every dispatch of a step, with times if some were measured.
    fn kernels_event(&self, measured: Option<&Measuring>) -> Event {
        control::kernels(&self.session, measured, self.control.roofs.unwrap_or_default())
    }

    /// Keeps the last whole step, then makes the last readout and the last evaluation. They leave the weights as they are, so the
    /// checkpoint comes first: whatever happens later, it is there.
    async fn stop(&mut self, outcome: Outcome, commands: &mut Inbox, sink: &mut Sink<'_>) -> Result<Outcome> {
        self.keep_last(Some(&mut *commands), sink).await?;
        let step = self.session.completed();
        if step > 0 && !commands.stop_is_heard() {
            self.session.drop_step()?;
            self.show(true, sink).await?;
            while self.last_evaluation != Some(step) && !commands.stop_is_heard() {
                if let Some(metrics) = self.session.evaluate_slice(self.control.budget()).await? {
                    self.tell_evaluation(metrics, sink)?;
                }
                self.host.turn().await;
            }
        }
        Ok(if self.session.finished() { Outcome::Completed } else { outcome })
    }

    /// Keeps the last whole step, and nothing else.
    async fn quit(&mut self, sink: &mut Sink<'_>) -> Result<Outcome> {
        self.keep_last(None, sink).await?;
        Ok(if self.session.finished() { Outcome::Completed } else { Outcome::Stopped })
    }
}
