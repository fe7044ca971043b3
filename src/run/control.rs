//! What a run keeps besides its session: what a view asked for, what is due between two steps, and a measurement under way.

use super::minutes::Timing;
use crate::train::engine::{SLICE, SLICE_WATCHED};
use crate::train::event::{Roofs, Stage};
use std::time::Duration;
use web_time::Instant;

/// The state of a run besides its session.
pub struct Control {
    pub(super) watched: bool,
    pub(super) goal: Goal,
    pub(super) stopping: bool,
    pub(super) share: f32,
    pub(super) due: Due,
    pub(super) measuring: Option<Measuring>,
    pub(super) roofs: Option<Roofs>,
    pub(super) show_at: Instant,
    pub timing: Option<Timing>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    Run,
    /// Pause where the run is.
    Pause,
    /// Pause at the end of the step that is under way, or of the next one.
    Step,
    /// Pause at the end of this stage.
    Stage(Stage),
}

/// What the run must do between two steps.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Due {
    pub(super) evaluate: bool,
    /// Whether a person asked for the evaluation and waits for it, so that it is done even during a pause.
    pub(super) asked: bool,
    pub(super) keep: bool,
}

/// A measurement under way.
pub(super) struct Measuring {
    pub(super) left: u64,
    pub(super) timed: u64,
    /// The shortest time of every dispatch of the plan.
    pub(super) best_secs: Vec<f64>,
    pub(super) believable: bool,
    pub(super) pause_after: bool,
}

impl Control {
    pub fn new(watched: bool) -> Self {
        Self {
            watched,
            goal: Goal::Run,
            stopping: false,
            share: 1.0,
            due: Due::default(),
            measuring: None,
            roofs: None,
            show_at: Instant::now(),
            timing: None,
        }
    }

    pub(super) fn budget(&self) -> Duration {
        if self.watched { SLICE_WATCHED } else { SLICE }
    }
}
