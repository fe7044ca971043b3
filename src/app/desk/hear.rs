//! Takes in the run's events: it updates the state that the panels show, and puts what a person must know where they see it.

use super::Desk;
use crate::app::trouble::Trouble;
use crate::train::event::Event;

impl Desk {
    /// Takes in what happened since the last frame. It is also called while the window is hidden.
    pub fn receive(&mut self) {
        self.receive_answers();
        let Some(trainer) = &mut self.trainer else { return };
        let events = trainer.take();
        let over = trainer.is_over();
        for event in events {
            self.hear(event);
        }
        if over {
            (self.view.transport.live, self.view.transport.playing) = (false, false);
            self.dismiss_trainer();
            self.look_anew();
        }
    }

    /// Takes in one event of the live run.
    pub fn hear(&mut self, event: Event) {
        self.notice_event(&event);
        if let Event::State(now) = &event {
            let transport = &mut self.view.transport;
            // A run that is still being prepared has not yet obeyed the commands that were sent since it started.
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
            // The run never took a step. The window still shows the previous run, and its log says what happened.
            coming.log.lines().cloned().for_each(|line| self.state.log.push(line));
            self.coming = None;
        } else if speaks && let Some(coming) = self.coming.take() {
            self.show(coming, None);
        }
    }

    /// Shows a banner for an event that a person should not miss.
    fn notice_event(&mut self, event: &Event) {
        self.notice.take(event);
        if let Event::Failed(failure) = event {
            let run = self.coming.as_ref().unwrap_or(&self.state);
            let settings = run.settings.clone().unwrap_or_default();
            let started = self.started.clone().map(|options| (options, settings));
            self.trouble = Some(Trouble { failure: failure.clone(), started });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;
    use crate::screen::state::{Phase, RunState, Source};
    use crate::train::event::{Failure, StepMetrics, Warning, WarningKind};
    use crate::view::Lang;
    use egui::Context;

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
        desk.hear(Event::Failed(Failure { message: Message::plain("disk full"), ..Failure::default() }));
        assert_eq!(desk.trouble.as_ref().and_then(|trouble| trouble.failure.message.as_plain()), Some("disk full"));
        assert_eq!(desk.state.phase, Phase::Failed);
    }

    #[test]
    fn a_checkpoint_that_could_not_be_written_stays_in_sight_until_one_is() {
        let mut desk = desk();
        let kind = WarningKind::CheckpointNotWritten;
        desk.hear(Event::Warning(Warning { kind, step: 3, message: Message::plain("read-only") }));
        assert_eq!(desk.notice.all().len(), 1);
        desk.hear(Event::Checkpoint { step: 4, path: String::new() });
        assert!(desk.notice.all().is_empty());
    }
}
