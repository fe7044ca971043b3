//! The levels of the built-in stories: how rich they are.

use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// How rich the stories are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// A few hundred word forms, short sentences, strict rules.
    FirstSteps,
    /// A few thousand word forms, agreement across distance, reference and discourse.
    Stories,
}

impl FromStr for Level {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "first-steps" => Ok(Self::FirstSteps),
            "stories" => Ok(Self::Stories),
            other => Err(Error::usage("no-such-level").with("value", other)),
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FirstSteps => "first-steps",
            Self::Stories => "stories",
        })
    }
}
