//! `--minutes`: the first steps are timed, then the number of steps is fixed.

use std::time::{Duration, Instant};

/// Times the first steps, then says how many fit. The first is left out (pages, caches, pipelines are cold).
pub struct Timing {
    budget: Duration,
    started: Instant,
    first_done: Option<Instant>,
}

/// Steps that are timed, unless this much of the budget is gone earlier.
const TIMED_STEPS: u64 = 20;
const TIMED_SHARE: f64 = 0.1;

impl Timing {
    pub fn new(minutes: f64, started: Instant) -> Self {
        Self { budget: Duration::from_secs_f64(minutes * 60.0), started, first_done: None }
    }

    /// After `done` steps: the planned number, once it is known.
    pub fn planned(&mut self, done: u64) -> Option<u64> {
        let now = Instant::now();
        let Some(first_done) = self.first_done else {
            self.first_done = Some(now);
            return None;
        };
        let elapsed = now - self.started;
        if done < TIMED_STEPS && elapsed.as_secs_f64() < TIMED_SHARE * self.budget.as_secs_f64() {
            return None;
        }
        let secs_per_step = (now - first_done).as_secs_f64() / (done - 1).max(1) as f64;
        // Evaluations, readouts and checkpoints take their share: a twentieth is left for them.
        let left = (self.budget.saturating_sub(elapsed)).as_secs_f64() * 0.95;
        Some(done + (left / secs_per_step.max(1e-6)) as u64)
    }
}
