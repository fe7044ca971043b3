//! The kinds of built-in stories: their language, and how rich they are.

use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// The language of a story, and of what is told about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Language {
    #[serde(rename = "en")]
    English,
    #[serde(rename = "pt")]
    Portuguese,
}

/// How rich the stories are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// A few hundred word forms, short sentences, strict rules.
    FirstSteps,
    /// A few thousand word forms, agreement across distance, reference and discourse.
    Stories,
}

impl FromStr for Language {
    type Err = Error;

    fn from_str(code: &str) -> Result<Self> {
        match code {
            "en" => Ok(Self::English),
            "pt" => Ok(Self::Portuguese),
            other => Err(Error::usage("no-builtin-language").with("value", other)),
        }
    }
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

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::English => "en",
            Self::Portuguese => "pt",
        })
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
