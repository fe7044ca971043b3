//! Lets the panels ask about the weights of a run that is not training: its newest checkpoint is opened as soon as somebody asks.
//! question -> [`KeptWeights`] -> answers -> the shown run's state.

use super::{Desk, past};
use crate::app::kept::KeptWeights;
use crate::app::panels::{Answers, Next};
use crate::app::trainer::Wake;
use crate::screen::state::Source;
use crate::train::event::Command;
use std::sync::Arc;

impl Desk {
    /// Looks who can answer, because another run is shown or the shown one has ended.
    pub(super) fn look_anew(&mut self) {
        self.weights = None;
        let may_answer = self.trainer.is_none() && self.state.source != Source::Recorded;
        self.kept = self.shown_run.as_deref().filter(|_| may_answer).and_then(past::newest_step);
        // Whoever has asked a question asks it again.
        self.view.transport.run += 1;
    }

    /// What Train continues. A run that is finished goes on for as many steps as it has.
    pub(super) fn next(&self) -> Next {
        match (self.kept, self.state.planned_steps()) {
            (Some(step), Some(planned)) if step >= planned => Next::Extend { steps: 2 * step },
            (Some(_), _) => Next::GoOn,
            // An opened run without a checkpoint is refused with advice, because another run is not what the person asked for.
            (None, _) if matches!(self.state.source, Source::Opened(_)) => Next::GoOn,
            (None, _) => Next::First,
        }
    }

    pub(super) fn answers(&self) -> Answers {
        if self.view.transport.live {
            return Answers::Live;
        }
        if self.state.source == Source::Recorded {
            return Answers::Recorded;
        }
        let Some(step) = self.kept else { return Answers::NoCheckpoint };
        match &self.weights {
            Some(KeptWeights { failed: Some(error), .. }) => Answers::Failed(error.clone()),
            Some(weights) if !weights.ready => Answers::Loading(step),
            _ => Answers::Kept(step),
        }
    }

    /// Asks the checkpoint of the shown run. The first question opens it.
    pub(super) fn ask_kept(&mut self, question: Command, wake: &Wake) {
        let (Some(run), Some(_), None) = (&self.shown_run, self.kept, &self.trainer) else { return };
        let device = self.started.as_ref().map_or_else(|| "auto".to_owned(), |started| started.device.clone());
        let open = || KeptWeights::open(run.clone(), device, Arc::clone(wake), self.pace);
        self.weights.get_or_insert_with(open).ask(question);
    }

    /// Takes in the answers since the last frame.
    pub(super) fn receive_answers(&mut self) {
        let answers = self.weights.as_mut().map(KeptWeights::take).unwrap_or_default();
        answers.into_iter().for_each(|answer| self.state.fold(answer));
    }
}
