//! Computes what every screen shows of a run, without drawing: the fold of its events, smoothed curves, the recorded run, the
//! lesson, and the arithmetic of each panel. The desktop window draws from it, and a page in a browser can. The room names no
//! window library, no file and no thread, and it compiles for wasm32.
//!
//! - [`state`]: what the events of a run add up to; [`smooth`]: means over the steps.
//! - [`recorded`]: the run that comes with the program.
//! - [`panel`], [`lesson`]: names of the panels; the pages of the lesson and the numbers that they answer with.
//! - [`axis`], [`time`]: the axes of the curves. [`glossary`]: the words that the window explains.
//! - [`verdicts`], [`attention`], [`plane`], [`chips`], [`score`], [`sentences`], [`kernels`]: one panel each; [`finish`]: the card at a run's end.

pub mod attention;
pub mod axis;
pub mod chips;
pub mod finish;
pub mod glossary;
pub mod kernels;
pub mod lesson;
pub mod panel;
pub mod plane;
pub mod recorded;
pub mod score;
pub mod sentences;
pub mod smooth;
pub mod state;
#[cfg(test)]
mod tests;
pub mod time;
pub mod verdicts;
