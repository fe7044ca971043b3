//! The names of the panels, and of the things in them that the lesson points at.

use serde::{Deserialize, Serialize};

/// Every panel, in the order of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PanelId {
    Flow,
    Sentence,
    Lesson,
    Curves,
    Verdicts,
    Attention,
    Map,
    Kernels,
    Data,
    Hardware,
    Log,
}

impl PanelId {
    pub const ALL: [Self; 11] = [
        Self::Flow,
        Self::Sentence,
        Self::Lesson,
        Self::Curves,
        Self::Verdicts,
        Self::Attention,
        Self::Map,
        Self::Kernels,
        Self::Data,
        Self::Hardware,
        Self::Log,
    ];

    /// The name that a person types on the command line. The key of the panel's heading begins with it.
    pub fn name(self) -> &'static str {
        self.heading().trim_end_matches("-heading")
    }

    /// The key of its heading.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Flow => "flow-heading",
            Self::Sentence => "sentence-heading",
            Self::Lesson => "lesson-heading",
            Self::Curves => "curves-heading",
            Self::Verdicts => "verdicts-heading",
            Self::Attention => "attention-heading",
            Self::Map => "map-heading",
            Self::Kernels => "kernels-heading",
            Self::Data => "data-heading",
            Self::Hardware => "hardware-heading",
            Self::Log => "log-heading",
        }
    }
}

/// The things that the lesson points at. The panel that draws one marks it if `PanelContext::is_marked` says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    OriginalRow,
    MaskedRow,
    GeneratorRow,
    JudgeRow,
    Legend,
    Sentence,
    Curves,
    Verdicts,
    Transport,
}
