//! `--minutes`: times the first steps, then fixes the number of steps.

use std::time::Duration;
use web_time::Instant;

/// Times the first steps of a sitting, then says how many steps fit. The very first step does not count (pages, caches and
/// pipelines are cold).
pub struct Timing {
    budget: Duration,
    started: Instant,
    /// The step after which the timing starts, and the time when it ended.
    first: Option<(u64, Instant)>,
}

/// The largest number of minutes that can be asked for: two years.
pub const MINUTES_MAX: f64 = 1e6;

/// How many steps are timed. The timing ends earlier if this share of the budget is used up.
const TIMED_STEPS: u64 = 20;
const TIMED_SHARE: f64 = 0.1;

impl Timing {
    /// `minutes`: at most [`MINUTES_MAX`].
    pub fn new(minutes: f64, started: Instant) -> Self {
        Self { budget: Duration::from_secs_f64(minutes * 60.0), started, first: None }
    }

    /// The minutes that a run that ends now has left for its next sitting.
    pub fn minutes_left(&self) -> f64 {
        self.budget.saturating_sub(self.started.elapsed()).as_secs_f64() / 60.0
    }

    /// The planned number of steps after `done` steps, once it is known.
    pub fn planned(&mut self, done: u64) -> Option<u64> {
        let now = Instant::now();
        let Some((first, first_done)) = self.first else {
            self.first = Some((done, now));
            return None;
        };
        let (timed, elapsed) = (done - first, now - self.started);
        if timed < TIMED_STEPS && elapsed.as_secs_f64() < TIMED_SHARE * self.budget.as_secs_f64() {
            return None;
        }
        let secs_per_step = (now - first_done).as_secs_f64() / timed.max(1) as f64;
        // A twentieth of the time is left for evaluations, readouts and checkpoints.
        let left = (self.budget.saturating_sub(elapsed)).as_secs_f64() * 0.95;
        Some(done + (left / secs_per_step.max(1e-6)) as u64)
    }
}
