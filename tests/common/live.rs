//! A window over a run that is under way: asking for something, and drawing until it has happened.
//! ask -> desk -> [`until`] the desk or the picture says so.

use super::desk::{App, desk};
use electroscope::app::desk::Desk;
use electroscope::app::panels::Ask;
use electroscope::app::trainer::Wake;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longer than anything here takes on the slowest machine.
pub const PATIENCE: Duration = Duration::from_secs(180);

fn wake() -> Wake {
    Arc::new(|_| {})
}

/// As a click on the control that asks for it.
pub fn act(app: &mut App, ask: Ask) {
    desk(app).act(ask, &wake());
}

/// Frames until `ready`; how long that took.
pub fn until(app: &mut App, what: &str, mut ready: impl FnMut(&Desk) -> bool) -> Duration {
    let started = Instant::now();
    loop {
        app.run_steps(1);
        let desk = desk(app);
        if ready(desk) {
            return started.elapsed();
        }
        let state = &desk.state;
        let now = (&state.source, state.phase, state.step(), state.log.lines().last());
        assert!(started.elapsed() < PATIENCE, "{what}: {now:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
