//! The one error that reaches a person: what went wrong, where, and what to do about it.
//! A room returns it without words, as a code and facts. `view::words::error` makes the sentence and its advice from them; the
//! command line turns its kind into the exit status.

use crate::message::{Fact, Message};
use crate::path::name_of;
use std::fmt;
use std::path::Path;

pub type Result<T> = std::result::Result<T, Error>;

/// The kind of an error. It decides the exit status (2 for [`Kind::Usage`], 1 for the others) and what views offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The command or the configuration cannot be run.
    Usage,
    /// The outside world (a file, an adapter, a disk) refused.
    Failed,
    /// The device was lost.
    DeviceLost,
    /// The device's memory does not suffice.
    OutOfMemory,
    /// The numbers of a run are no longer finite.
    NonFinite,
}

/// What happened (with numbers), where (a file, a line, a key) and what to do.
#[derive(Debug, Clone)]
pub struct Error {
    pub kind: Kind,
    pub message: Message,
    pub place: Option<Fact>,
    /// The code of the advice, if it is not the message's own (its attribute `.help`). It uses the facts of the message.
    pub hint: Option<&'static str>,
}

impl Error {
    pub fn new(kind: Kind, message: Message) -> Self {
        Self { kind, message, place: None, hint: None }
    }

    pub fn usage(code: &'static str) -> Self {
        Self::new(Kind::Usage, Message::new(code))
    }

    pub fn failed(code: &'static str) -> Self {
        Self::new(Kind::Failed, Message::new(code))
    }

    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Adds a fact of the sentence or of its advice.
    #[must_use]
    pub fn with(mut self, name: &'static str, fact: impl Into<Fact>) -> Self {
        self.message.facts.set(name, fact);
        self
    }

    /// `doing` is the code of the words that complete "cannot ...": `Error::io("io-read-state", path, &e)`.
    pub fn io(doing: &'static str, path: &Path, source: &std::io::Error) -> Self {
        let hint = match source.kind() {
            std::io::ErrorKind::NotFound => Some("help-check-path"),
            std::io::ErrorKind::PermissionDenied => Some("help-check-permissions"),
            std::io::ErrorKind::ReadOnlyFilesystem => Some("help-choose-writable"),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Some("help-free-space"),
            _ => None,
        };
        Self {
            kind: Kind::Failed,
            message: Message::new("cannot-do").with("doing", Message::new(doing)).with("detail", source.to_string()),
            place: Some(name_of(path).into()),
            hint,
        }
    }

    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.place = Some(Fact::Text(place.to_string()));
        self
    }

    /// A place that is a file or a folder.
    #[must_use]
    pub fn at_path(self, path: &Path) -> Self {
        self.at(name_of(path))
    }

    /// A place that is described in words.
    #[must_use]
    pub fn at_place(mut self, place: Message) -> Self {
        self.place = Some(place.into());
        self
    }

    /// Sets advice other than the message's own.
    #[must_use]
    pub fn hint(mut self, code: &'static str) -> Self {
        self.hint = Some(code);
        self
    }

    pub fn code(&self) -> &str {
        &self.message.code
    }

    pub fn exit_status(&self) -> u8 {
        match self.kind {
            Kind::Usage => 2,
            Kind::Failed | Kind::DeviceLost | Kind::OutOfMemory | Kind::NonFinite => 1,
        }
    }
}

/// For logs and tests: `place: code (facts)`. People see the sentence that `view::words::error` makes.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        write!(f, "{}", self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  help: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Puts the whole error, with place and advice, inside another message.
impl From<&Error> for Message {
    fn from(error: &Error) -> Self {
        Self::of_error(&error.message, error.place.as_ref(), error.hint)
    }
}
