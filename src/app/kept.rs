//! The weights of a run that is not training: a thread loads its newest checkpoint and answers questions about it.
//! question -> [`Trainer::look`] -> answers.

use super::trainer::{Trainer, Wake};
use crate::message::Message;
use crate::train::event::{Command, Event};
use std::path::PathBuf;
use std::time::Duration;

/// A checkpoint that answers questions.
pub struct KeptWeights {
    /// None once it has failed.
    thread: Option<Trainer>,
    /// Whether the weights are loaded.
    pub ready: bool,
    pub failed: Option<Message>,
}

impl KeptWeights {
    pub fn open(run: PathBuf, device: String, wake: Wake, pace: Duration) -> Self {
        match Trainer::look(run, device, wake, pace) {
            Ok(thread) => Self { thread: Some(thread), ready: false, failed: None },
            Err(error) => Self { thread: None, ready: false, failed: Some(Message::from(&error)) },
        }
    }

    pub fn ask(&self, question: Command) {
        if let Some(thread) = &self.thread {
            thread.send(question);
        }
    }

    /// The answers since the last call.
    pub fn take(&mut self) -> Vec<Event> {
        let mut events = self.thread.as_mut().map(Trainer::take).unwrap_or_default();
        for event in &events {
            match event {
                Event::Failed(failure) => (self.thread, self.failed) = (None, Some(Message::from(failure))),
                _ => self.ready = true,
            }
        }
        events.retain(|event| !matches!(event, Event::Failed(_)));
        events
    }
}

impl Drop for KeptWeights {
    fn drop(&mut self) {
        // It ends by itself, even while it loads the weights.
        self.ask(Command::Stop);
    }
}

/// Whether a command asks about the weights, and does not move the run.
pub fn is_question(command: &Command) -> bool {
    matches!(
        command,
        Command::SetOwnText { .. }
            | Command::Attention { .. }
            | Command::EmbeddingMap { .. }
            | Command::Measure
            | Command::Evaluate
    )
}
