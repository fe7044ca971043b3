//! What a run keeps besides its session: what a view asked for, what is due between two steps, and a measurement under way.

use super::minutes::Timing;
use crate::Result;
use crate::error::Kind;
use crate::train::engine::{SLICE, SLICE_WATCHED};
use crate::train::event::{Command, Event, Kernels, Roofs, Stage};
use crate::train::kernels as dispatches;
use crate::train::session::{Arrived, Reached, Session};
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
    /// Whether somebody is there who can make room if the last checkpoint cannot be written.
    pub(super) patient: bool,
    pub(super) retry: Retry,
}

/// When a checkpoint that could not be written is tried again.
#[derive(Debug, Default)]
pub(super) struct Retry(Option<(Instant, Duration)>);

/// A checkpoint that could not be written is tried again after this time, and after twice the time whenever it fails again.
const RETRY_FIRST: Duration = Duration::from_secs(15);
const RETRY_LAST: Duration = Duration::from_secs(240);

impl Retry {
    pub(super) fn failed(&mut self) {
        let wait = self.0.map_or(RETRY_FIRST, |(_, wait)| (wait * 2).min(RETRY_LAST));
        self.0 = Some((Instant::now() + wait, wait));
    }

    pub(super) fn is_due(&self) -> bool {
        self.0.is_some_and(|(at, _)| Instant::now() >= at)
    }
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

/// How many steps a measurement times, dispatch by dispatch.
pub(super) const TIMED_STEPS: u64 = 3;

/// A measurement under way.
pub(super) struct Measuring {
    pub(super) left: u64,
    pub(super) timed: u64,
    /// The shortest time of every dispatch of the plan.
    pub(super) best_secs: Vec<f64>,
    pub(super) believable: bool,
    pub(super) pause_after: bool,
    /// Whether the step that is under way is being timed.
    pub(super) within: bool,
}

impl Control {
    pub fn new(watched: bool, patient: bool) -> Self {
        Self {
            watched,
            patient,
            retry: Retry::default(),
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

impl Measuring {
    pub(super) fn new(session: &Session) -> Self {
        Self {
            left: TIMED_STEPS,
            timed: 0,
            best_secs: vec![f64::INFINITY; session.model.plan.dispatches.len()],
            believable: true,
            pause_after: false,
            within: false,
        }
    }

    /// Takes a slice of a step and times its dispatches.
    pub(super) async fn slice(&mut self, session: &mut Session, arrived: &mut Vec<Arrived>) -> Result<Reached> {
        let (reached, believable) = session.slice_timed(&mut self.best_secs, arrived).await?;
        self.believable &= believable;
        self.within = reached != Reached::Step;
        if !self.within {
            self.left -= 1;
            self.timed += 1;
        }
        Ok(reached)
    }

    /// Takes one step and times its dispatches.
    pub(super) async fn take_step(&mut self, session: &mut Session, arrived: &mut Vec<Arrived>) -> Result<()> {
        while self.slice(session, arrived).await? != Reached::Step {}
        Ok(())
    }
}

/// What the device reaches at best. The times of a measurement are worth showing even without it, so only a lost device is an error.
pub(super) async fn roofs(session: &Session) -> Result<Roofs> {
    match dispatches::roofs(&session.engine.backend()).await {
        Err(error) if error.kind != Kind::DeviceLost => Ok(Roofs::default()),
        roofs => roofs,
    }
}

/// The event with every dispatch of a step, with times if some were measured.
pub(super) fn kernels(session: &Session, measured: Option<&Measuring>, roofs: Roofs) -> Event {
    let mut dispatches = dispatches::dispatches(&session.model.plan, session.config.accumulate);
    let measured = measured.filter(|measured| measured.believable);
    if let Some(measured) = measured {
        for dispatch in &mut dispatches {
            dispatch.secs = Some(measured.best_secs[dispatch.index as usize]).filter(|secs| secs.is_finite());
        }
    }
    Event::Kernels(Box::new(Kernels {
        step: session.completed(),
        timed_steps: measured.map_or(0, |measured| measured.timed),
        clock: measured.and_then(|_| session.engine.clock()),
        roofs,
        dispatches,
    }))
}

/// The answer to a question about the weights as they are: attention or embeddings. None if the run has no such network, or if the
/// command is another one.
pub(super) async fn answer_about_weights(session: &mut Session, command: &Command) -> Result<Option<Event>> {
    Ok(match *command {
        Command::Attention { network, layer } => session.attention(network, layer).await?.map(Event::Attention),
        Command::EmbeddingMap { tokens } => Some(Event::EmbeddingMap(session.embedding_map(tokens as usize).await?)),
        _ => None,
    })
}
