//! The messages about output that cannot be written: that it waits and why, that memory holds no more of it, and that it is
//! written again.

use super::{Event, Warning, WarningKind};
use crate::message::Message;

/// A change in what can be written. `what` in its functions is the name of the output.
#[derive(Debug, Clone, PartialEq)]
pub struct News {
    pub kind: WarningKind,
    pub message: Message,
}

impl News {
    /// It was refused, and waits.
    pub fn refused(what: Message, error: impl Into<Message>) -> Self {
        Self::waits(Message::new("not-written").with("what", what).with("error", error.into()))
    }

    /// Memory holds no more of it. The oldest is dropped.
    pub fn full(what: Message) -> Self {
        Self::waits(Message::new("output-full").with("what", what))
    }

    /// Memory holds no more than `count` events of it. The oldest steps are dropped.
    pub fn more_than(count: usize, what: Message) -> Self {
        Self::waits(Message::new("memory-holds-no-more").with("what", what).with("count", count))
    }

    /// It is written again. `dropped` events are lost.
    pub fn again(what: Message, dropped: u64) -> Self {
        let message = match dropped {
            0 => Message::new("written-again").with("what", what),
            _ => Message::new("written-again-with-gap").with("what", what).with("count", dropped),
        };
        Self { kind: WarningKind::WrittenAgain, message }
    }

    /// The warning after `step` steps.
    pub fn at(self, step: u64) -> Event {
        Event::Warning(Warning { kind: self.kind, step, message: self.message })
    }

    fn waits(message: Message) -> Self {
        Self { kind: WarningKind::NotWritten, message }
    }
}
