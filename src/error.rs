//! The one error that reaches a person: what went wrong, where, and what to do about it.
//! Every room returns it; the command line prints it and turns its kind into the exit status.

use std::fmt;
use std::path::Path;

pub type Result<T> = std::result::Result<T, Error>;

/// Who has to act: decides the exit status (2 for [`Kind::Usage`], 1 for the others), and what views offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What was typed or configured cannot be run.
    Usage,
    /// The outside world (a file, an adapter, a disk) refused.
    Failed,
    /// The device went away.
    DeviceLost,
    /// The device's memory does not suffice.
    OutOfMemory,
    /// The numbers of a run left the finite.
    NonFinite,
}

/// What happened (with numbers), where (a file, a line, a key) and what to do.
#[derive(Debug, Clone)]
pub struct Error {
    pub kind: Kind,
    pub what: String,
    pub place: Option<String>,
    pub hint: Option<String>,
}

impl Error {
    pub fn usage(what: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, what: what.into(), place: None, hint: None }
    }

    pub fn failed(what: impl Into<String>) -> Self {
        Self { kind: Kind::Failed, what: what.into(), place: None, hint: None }
    }

    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// `doing` completes "cannot ...": `Error::io("read", path, &e)`.
    pub fn io(doing: &str, path: &Path, source: &std::io::Error) -> Self {
        let hint = match source.kind() {
            std::io::ErrorKind::NotFound => Some("check the path; relative paths start at the current folder"),
            std::io::ErrorKind::PermissionDenied => Some("check the permissions of the file and of its folder"),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Some("free some space, or choose another folder with --out")
            }
            _ => None,
        };
        Self {
            kind: Kind::Failed,
            what: format!("cannot {doing}: {source}"),
            place: Some(path.display().to_string()),
            hint: hint.map(str::to_owned),
        }
    }

    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.place = Some(place.to_string());
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub fn exit_status(&self) -> u8 {
        match self.kind {
            Kind::Usage => 2,
            Kind::Failed | Kind::DeviceLost | Kind::OutOfMemory | Kind::NonFinite => 1,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.what)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  help: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
