//! Says when the window takes a picture of itself and where it keeps it. The command line asks for the picture.

use std::path::PathBuf;

/// A picture of the window, after which it closes.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    pub path: PathBuf,
    pub after_secs: f64,
    /// The window takes the picture only after the run that it trains has taken this many steps, or has ended.
    pub after_step: Option<u64>,
}
