//! Compares two runs on the memory host. One is paused, continued, checkpointed, stopped and resumed from the stored bytes; nobody
//! disturbs the other. The check ([`interrupted`]) is the same natively and in the browser, and needs only one thread and memory.

use super::memory::{KeptRun, Memory};
use crate::lang::Lang;
use crate::run;
use crate::text::grammar::{Grammar, Level};
use crate::train::event::{Command, Event, Outcome, Phase, Request};
use futures_channel::mpsc::{UnboundedSender, unbounded};
use std::cell::RefCell;

/// Steps of the whole run.
pub const STEPS: u64 = 50;
/// The run is paused after the event of the first of these steps, and stopped after that of the second.
const PAUSE_AT: u64 = 10;
const STOP_AT: u64 = 23;
/// Documents of the text.
const STORIES: u64 = 120;
/// How many turns a paused run is watched. It must not take a step in any of them.
const QUIET_TURNS: u32 = 20;

/// What differs between the runs, or what did not happen.
type Wrong = String;

/// A few stories of the built-in grammar, one document each.
pub(super) fn stories() -> Result<String, Wrong> {
    let grammar = Grammar::new(Lang::En, Level::FirstSteps).map_err(|e| e.to_string())?;
    let story = |number| {
        let story = grammar.document(1, number);
        story.sentences.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join("\n")
    };
    Ok((0..STORIES).map(story).collect::<Vec<_>>().join("\n\n"))
}

/// The nano networks with fewer rows in a step, so that the single thread of a browser is done soon.
pub(super) fn request(out: &str) -> Request {
    let set = ["batch=4", "seq_len=32", "dropout=0.1", "attention_dropout=0.1", "eval_every=20", "eval_rows=8"];
    let set = set.iter().chain(&["readout_every=15", "checkpoint_every=1000", "replacements=generator"]);
    Request {
        corpus: vec!["stories".to_owned()],
        lang: Lang::En,
        out: Some(out.to_owned()),
        preset: Some("nano".to_owned()),
        set: set.map(|setting| (*setting).to_owned()).collect(),
        steps: Some(STEPS),
        seed: Some(3),
        device: "cpu".to_owned(),
        watched: true,
        ..Request::default()
    }
}

/// A second party on the run's only thread. It hears the run's events, and acts whenever the run lets go of the thread.
#[derive(Default)]
struct Beside {
    /// The last step that the run sent.
    steps: u64,
    phase: Option<Phase>,
    paused_at: Option<u64>,
    quiet_turns: u32,
    asked_to_stop: bool,
    outcome: Option<Outcome>,
    failure: Option<String>,
}

impl Beside {
    fn hear(&mut self, event: &Event) {
        match event {
            Event::Step(step) => self.steps = step.step,
            Event::State(state) => self.phase = Some(state.phase),
            Event::Finished(finished) => self.outcome = Some(finished.outcome),
            Event::Failed(failure) => self.failure = Some(format!("{:?}", failure.message)),
            _ => {}
        }
    }

    /// Pauses the run, watches that it does not move, asks for a checkpoint, resumes the run and stops it.
    fn act(&mut self, commands: &UnboundedSender<Command>) {
        // A run that has ended takes no commands.
        let send = |command| commands.unbounded_send(command).ok();
        match self.paused_at {
            None if self.steps >= PAUSE_AT => {
                self.paused_at = Some(self.steps);
                send(Command::Pause);
            }
            Some(_) if self.phase == Some(Phase::Paused) => {
                self.quiet_turns += 1;
                if self.quiet_turns == QUIET_TURNS {
                    send(Command::Checkpoint);
                    send(Command::Resume);
                }
            }
            Some(_) if self.steps >= STOP_AT && !self.asked_to_stop => {
                self.asked_to_stop = true;
                send(Command::Stop);
            }
            _ => {}
        }
    }
}

/// Serves one request on `host` until its run has ended. `disturb`: whether `beside` acts meanwhile.
async fn serve(host: &Memory, request: Request, beside: &RefCell<Beside>, disturb: bool) -> Result<(), Wrong> {
    let (commands, received) = unbounded();
    commands.unbounded_send(Command::Start(Box::new(request))).map_err(|e| e.to_string())?;
    let mut commands = Some(commands);
    let mut host = host.clone();
    let mut sink = |event: &Event| {
        beside.borrow_mut().hear(event);
        Ok(())
    };
    let mut served = std::pin::pin!(run::serve(&mut host, received, &mut sink));
    let served = std::future::poll_fn(|cx| {
        let ended = beside.borrow().outcome.is_some() || beside.borrow().failure.is_some();
        if ended || !disturb {
            // Nobody asks for another run.
            commands = None;
        }
        if let Some(commands) = &commands {
            beside.borrow_mut().act(commands);
            // It acts again whenever the thread is free, even while the run waits for a command.
            cx.waker().wake_by_ref();
        }
        served.as_mut().poll(cx)
    });
    served.await.map_err(|e| e.to_string())?;
    match beside.borrow_mut().failure.take() {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}

/// Trains [`STEPS`] steps undisturbed. Trains them again with a pause, a checkpoint and a stop, and resumes on another host that
/// has only the stored bytes. Both runs must keep the same bytes.
///
/// # Errors
/// The bytes differ, or the run did not obey a command.
pub async fn interrupted() -> Result<(), String> {
    let text = stories()?;
    let whole = Memory::default();
    whole.add_text("stories", text.clone());
    let beside = RefCell::new(Beside::default());
    serve(&whole, request("run"), &beside, false).await?;
    let whole = kept(&whole)?;

    let first = Memory::default();
    first.add_text("stories", text.clone());
    let beside = RefCell::new(Beside::default());
    serve(&first, request("run"), &beside, true).await?;
    let beside = beside.into_inner();
    let paused_at = beside.paused_at.ok_or("the run was never paused")?;
    if beside.quiet_turns < QUIET_TURNS || beside.outcome != Some(Outcome::Stopped) {
        return Err(format!("paused for {} turns, ended as {:?}", beside.quiet_turns, beside.outcome));
    }
    let stopped = kept(&first)?;
    let steps: Vec<u64> = stopped.checkpoints.keys().copied().collect();
    // A run obeys a pause within a slice, and a slice is shorter than a step. So at most the step that was under way arrives later.
    if steps.len() != 2 || !(paused_at..=paused_at + 1).contains(&steps[0]) || steps[1] >= STEPS {
        return Err(format!("paused at step {paused_at}, checkpoints of {steps:?}"));
    }

    let second = Memory::default();
    second.add_text("stories", text);
    second.add_run("run", stopped);
    let resumed = Request { resume: true, ..plain("run") };
    serve(&second, resumed, &RefCell::new(Beside::default()), false).await?;
    same(&whole, &kept(&second)?)
}

/// A request that leaves all settings to the run that is resumed.
fn plain(out: &str) -> Request {
    Request { preset: None, set: Vec::new(), steps: None, seed: None, corpus: Vec::new(), ..request(out) }
}

fn kept(host: &Memory) -> Result<KeptRun, Wrong> {
    host.run("run").ok_or_else(|| "nothing was kept".to_owned())
}

/// Weights, moments and counts after the last step, byte by byte.
fn same(whole: &KeptRun, resumed: &KeptRun) -> Result<(), Wrong> {
    let [whole, resumed] = [whole, resumed].map(|run| run.checkpoints.get(&STEPS).ok_or("there is no last checkpoint"));
    let (whole, resumed) = (whole?, resumed?);
    let tensors: Vec<&String> = whole.keys().filter(|name| name.ends_with(".safetensors")).collect();
    if tensors.len() != 4 {
        return Err(format!("four files of tensors were expected, there are {tensors:?}"));
    }
    match tensors.into_iter().find(|name| whole.get(*name) != resumed.get(*name)) {
        Some(name) => Err(format!("{name} of the resumed run differs from that of the whole one")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_interrupted_run_in_memory_ends_with_the_bytes_of_a_whole_one() {
        pollster::block_on(super::interrupted()).unwrap();
    }
}
