//! Runs training as the app does, on a thread of its own, with commands in and events out. It also makes a folder with a corpus.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use crate::lab;
use electroscope::host::native::{self, name_of};
use electroscope::run::Request;
use electroscope::text::grammar::Level;
use electroscope::train::event::*;
use electroscope::{Error, Result};
use futures_channel::mpsc::{UnboundedSender, unbounded};
use std::sync::{LazyLock, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A folder with a corpus; the token cache is kept there too.
pub static DESK: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    // SAFETY: every test comes here first and waits for it, so nothing of this program reads the environment meanwhile.
    unsafe { std::env::set_var("ELECTROSCOPE_CACHE", dir.path().join("cache")) };
    std::fs::write(dir.path().join("corpus.txt"), lab::stories(Level::FirstSteps, 200).join("\n\n")).unwrap();
    dir
});

/// A run on a thread, as in the app.
pub struct Watched {
    pub commands: UnboundedSender<Command>,
    pub events: mpsc::Receiver<Event>,
    thread: JoinHandle<Result<()>>,
    pub seen: Vec<Event>,
}

pub fn options(out: &str, set: &[&str]) -> Request {
    Request {
        corpus: vec![name_of(&DESK.path().join("corpus.txt"))],
        out: Some(name_of(&DESK.path().join(out))),
        preset: Some("nano".to_owned()),
        set: lab::with(lab::TINIEST, set).iter().map(|s| (*s).to_owned()).collect(),
        seed: Some(3),
        device: "cpu".to_owned(),
        watched: true,
        ..Request::default()
    }
}

/// No wait takes longer than this, even on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// More steps than any test waits for.
pub const ENDLESS: &[&str] =
    &["steps=1000000", "eval_every=1000000", "checkpoint_every=1000000", "readout_every=1000000"];

impl Watched {
    pub fn start(options: Request) -> Self {
        let (commands, received) = unbounded();
        let (told, events) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut sink = |event: &Event| {
                // If a test has seen enough, it stops listening, and the run ends.
                told.send(event.clone()).map_err(|_| Error::failed("stopped-as-asked"))
            };
            pollster::block_on(native::train(options, received, &mut sink))
        });
        Self { commands, events, thread, seen: Vec::new() }
    }

    pub fn send(&self, command: Command) {
        self.commands.unbounded_send(command).unwrap();
    }

    /// The next event for which `pick` has an answer.
    pub fn wait<T>(&mut self, mut pick: impl FnMut(&Event) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let event = match self.events.recv_timeout(left) {
                Ok(event) => event,
                Err(error) => {
                    panic!("{error}; the last events: {:?}", self.seen.iter().rev().take(3).collect::<Vec<_>>())
                }
            };
            let picked = pick(&event);
            self.seen.push(event);
            if let Some(picked) = picked {
                return picked;
            }
        }
    }

    pub fn state(&mut self, phase: Phase) -> State {
        self.wait(|event| match event {
            Event::State(state) if state.phase == phase => Some(*state),
            _ => None,
        })
    }

    pub fn steps_taken(&mut self, at_least: u64) {
        self.wait(|event| matches!(event, Event::Step(step) if step.step >= at_least).then_some(()));
    }

    pub fn pause(&mut self) -> State {
        self.send(Command::Pause);
        self.state(Phase::Paused)
    }

    /// Ends a run that would take long to end well.
    pub fn leave(self) {
        drop(self.events);
        // Nobody receives the run's answer.
        self.commands.unbounded_send(Command::Pause).ok();
        assert!(self.thread.join().unwrap().is_err());
    }

    /// All events, and how the run ended.
    pub fn end(mut self) -> (Vec<Event>, Result<()>) {
        drop(self.commands);
        let result = self.thread.join().unwrap();
        self.seen.extend(self.events.try_iter());
        (self.seen, result)
    }
}

/// The step events without times.
pub fn numbers(events: &[Event]) -> Vec<StepMetrics> {
    let step = |event: &Event| match event {
        Event::Step(step) => Some(StepMetrics { tokens_per_sec: None, elapsed_secs: None, ..(**step).clone() }),
        _ => None,
    };
    events.iter().filter_map(step).collect()
}
