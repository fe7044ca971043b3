//! What a run keeps besides its session: what a view asked for, what is due between two steps, and a measurement under way.

use super::minutes::Timing;
use crate::train::engine::{SLICE, SLICE_WATCHED};
use crate::train::event::{Roofs, Stage};
use std::time::Duration;
use web_time::Instant;

/// What a run is up to, beside its session.
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
    /// Where it stands.
    Pause,
    /// At the end of the step that is under way, or of the next.
    Step,
    /// At the end of this stage.
    Stage(Stage),
}

/// What is to be done between two steps.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Due {
    pub(super) evaluate: bool,
    /// By a person, who waits for it: also while the run is paused.
    pub(super) asked: bool,
    pub(super) keep: bool,
}

/// Steps being timed.
pub(super) struct Measuring {
    pub(super) left: u64,
    pub(super) timed: u64,
    /// Of every dispatch of the plan.
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
