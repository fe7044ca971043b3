//! `train`: runs a training. Events go to standard output (`--json`), progress goes to standard error. Each has a thread of its own,
//! so that a reader that takes nothing, or a terminal that is held, does not hold the run.

use super::args::TrainArgs;
use super::output::Output;
use crate::host::native;
use crate::host::native::feed::{Change, Feed, Lost, lines};
use crate::host::native::signals::{self, Asked};
use crate::message::Message;
use crate::t;
use crate::train::event::{Command, Event};
use crate::view::line::Line;
use crate::view::{Lang, words};
use crate::{Error, Result, machine};
use futures_channel::mpsc::{self, UnboundedSender};
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How many bytes of events memory holds for standard output, and how many events for the progress on standard error.
const BYTES_MAX: usize = 64 << 20;
const EVENTS_MAX: usize = 4096;

/// How long the program waits at its end for a reader that takes nothing, and for room if it is refused: if somebody watches, else,
/// and if the program must end.
const WATCHED: Duration = Duration::from_secs(600);
const UNREAD: Duration = Duration::from_secs(60);
const REFUSED: Duration = Duration::from_secs(1);
const HURRIED: Duration = Duration::from_millis(500);

pub async fn run(args: &TrainArgs, text_lang: Lang, output: Output) -> Result<()> {
    // First of all, because a program without threads cannot listen for Ctrl-C either.
    machine::start(args.threads)?;
    let (commands, received) = mpsc::unbounded();
    let ending = Arc::new(Ending::default());
    end_on_signals(commands.clone(), Arc::clone(&ending), output);
    let mut line = Line::stderr(output.lang);
    let shown = feed("progress", EVENTS_MAX, move |event: &Event| {
        line.show(event);
        Ok(())
    })?;
    let told = output.json.then(|| feed("events", BYTES_MAX, lines(io::stdout()))).transpose()?;
    let mut step = 0;
    let mut sink = |event: &Event| {
        shown.push(event.clone(), 1);
        step = event.step().unwrap_or(step);
        let Some(told) = &told else { return Ok(()) };
        let text = words::json_line(event);
        let size = text.len();
        match told.push(text, size) {
            Some(Change::Gone) => {
                output.note(&output.strings().t("terminal-train-unread"));
                commands.unbounded_send(Command::Stop).ok();
            }
            Some(change) => {
                shown.push(change.news(Message::new("record-output")).at(step), 1);
            }
            None => {}
        }
        Ok(())
    };
    let trained = native::train(args.options(text_lang), received, &mut sink).await;
    ending.over.store(true, Ordering::SeqCst);
    let lost = told.and_then(|told| told.finish(|refused| ending.patience(refused)));
    shown.finish(|_| ending.patience(false).min(Duration::from_secs(10)));
    match (trained, lost) {
        (trained, None) => trained,
        (Ok(()), Some(lost)) => Err(output_lost(&lost)),
        (Err(error), Some(lost)) => {
            output.note(&words::error(&output_lost(&lost), output.lang));
            Err(error)
        }
    }
}

fn feed<T: Send + 'static>(
    name: &str,
    size_max: usize,
    write: impl FnMut(&T) -> io::Result<()> + Send + 'static,
) -> Result<Feed<T>> {
    Feed::new(name, size_max, write).map_err(|e| Error::failed("no-trainer-thread").with("detail", e.to_string()))
}

fn output_lost(lost: &Lost) -> Error {
    let detail = match &lost.refused {
        Some(why) => Message::plain(why.clone()),
        None => Message::new("output-unread"),
    };
    Error::failed("output-lost").with("count", lost.items).with("detail", detail)
}

/// How the program ends.
#[derive(Default)]
struct Ending {
    /// The run has ended, and only its output is left.
    over: AtomicBool,
    /// Nobody waits any longer.
    hurried: AtomicBool,
}

impl Ending {
    fn hear(&self, asked: Asked) {
        if asked != Asked::Stop || self.over.load(Ordering::SeqCst) {
            self.hurried.store(true, Ordering::SeqCst);
        }
    }

    fn patience(&self, refused: bool) -> Duration {
        match (self.hurried.load(Ordering::SeqCst), io::stderr().is_terminal(), refused) {
            (true, ..) => HURRIED,
            (false, true, _) => WATCHED,
            (false, false, true) => REFUSED,
            (false, false, false) => UNREAD,
        }
    }
}

/// Lets the signals that ask the program to end, end the run with a checkpoint.
fn end_on_signals(commands: UnboundedSender<Command>, ending: Arc<Ending>, output: Output) {
    let hear = move |asked| {
        let (command, note) = match asked {
            Asked::Stop => (Command::Stop, "terminal-train-stopping"),
            Asked::Quit => (Command::Quit, "terminal-train-quitting"),
            Asked::Insist => (Command::Quit, "terminal-train-at-once"),
        };
        ending.hear(asked);
        // If the run has just ended by itself, nobody receives the command, and nothing is left to stop.
        commands.unbounded_send(command).ok();
        // A terminal that is held or closing may take no note, and the next signal must be heard all the same.
        std::thread::Builder::new().spawn(move || output.note(&output.strings().t(note))).ok();
    };
    if let Err(e) = signals::listen(hear) {
        output.note(&t!(output.strings(), "terminal-train-no-ctrl-c", detail = e.to_string()));
    }
}
