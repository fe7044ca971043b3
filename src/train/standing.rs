//! The warnings that still stand: something could not be written, and has not been written since. Views keep them in sight.

use super::event::{Event, Warning, WarningKind};

/// The warnings that still stand, oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing(Vec<Warning>);

impl Standing {
    /// Takes in an event. Returns whether something has changed.
    pub fn take(&mut self, event: &Event) -> bool {
        let before = self.0.len();
        match event {
            Event::Warning(warning) => match warning.kind {
                WarningKind::NotWritten | WarningKind::CheckpointNotWritten | WarningKind::CorpusGone => {
                    self.0.retain(|other| !about_the_same(warning, other));
                    self.0.push(warning.clone());
                    return true;
                }
                WarningKind::WrittenAgain => self.0.retain(|other| !about_the_same(warning, other)),
                _ => {}
            },
            Event::Checkpoint { .. } => self.0.retain(|other| other.kind != WarningKind::CheckpointNotWritten),
            _ => {}
        }
        self.0.len() != before
    }

    /// The warnings.
    pub fn all(&self) -> &[Warning] {
        &self.0
    }

    /// Forgets them, because a person has read them.
    pub fn dismiss(&mut self) {
        self.0.clear();
    }
}

fn about_the_same(one: &Warning, other: &Warning) -> bool {
    let part = |warning: &Warning| warning.message.facts.get("what").cloned();
    let kind = |warning: &Warning| match warning.kind {
        WarningKind::WrittenAgain => WarningKind::NotWritten,
        kind => kind,
    };
    kind(one) == kind(other) && part(one) == part(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;

    fn warning(kind: WarningKind, what: &'static str) -> Event {
        let message = Message::new("written-again").with("what", Message::new(what));
        Event::Warning(Warning { kind, step: 1, message })
    }

    #[test]
    fn each_warning_stands_until_what_it_is_about_is_written() {
        use WarningKind::{CheckpointNotWritten, NotWritten, Notice, WrittenAgain};
        let mut standing = Standing::default();
        let parts = ["record-events", "record-numbers", "record-output"];
        parts.iter().for_each(|part| assert!(standing.take(&warning(NotWritten, part))));
        assert!(standing.take(&warning(CheckpointNotWritten, "record-checkpoint")));
        assert!(!standing.take(&warning(Notice, "record-report")));
        assert_eq!(standing.all().len(), 4);
        // The same part is reported again: memory holds no more.
        assert!(standing.take(&warning(NotWritten, "record-numbers")));
        assert_eq!(standing.all().len(), 4);
        for (left, part) in [(3, "record-events"), (2, "record-output"), (1, "record-numbers")] {
            assert!(standing.take(&warning(WrittenAgain, part)));
            assert!(!standing.take(&warning(WrittenAgain, part)));
            assert_eq!(standing.all().len(), left);
        }
        assert!(standing.take(&Event::Checkpoint { step: 2, path: String::new() }));
        assert!(standing.all().is_empty());
    }
}
