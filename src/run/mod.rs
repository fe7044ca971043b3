//! A run: request -> text, tokenizer, token cache, model, engine -> session -> record and events. The [`host`] knows where all that
//! is kept and who else needs the thread. This room touches no file, environment or thread, and does not ask the system's clock for
//! the date; it only measures how long something took (`web_time`). A run refuses whatever it must refuse before the store has a
//! place for it.

mod announce;
pub mod assemble;
mod checkpoints;
mod commands;
mod control;
mod drive;
mod evaluate;
pub mod host;
pub mod kernels;
mod look;
mod minutes;
mod opened;
mod prepare;
mod record;
mod report;
mod request;
pub mod short;
pub mod source;

pub use crate::train::event::Request;
pub use evaluate::{Evaluated, evaluate};
pub use look::look;
pub use opened::OtherText;
pub use request::effective_config;

use crate::message::Message;
use crate::objective::{self, Head};
use crate::plan::KernelChoices;
use crate::train::engine;
use crate::train::event::{Command, CorpusInfo, Event, Failure, FailureKind, Finished, News, Outcome, Saved};
use crate::train::session::{Arrived, Session};
use crate::train::warnings::Monitor;
use crate::{Error, Result};
use commands::Inbox;
use control::Control;
use futures_channel::mpsc::UnboundedReceiver;
use host::{Ending, Host, Store};
use record::Record;
use source::{Text, Wanted};
use std::cell::RefCell;
use std::collections::VecDeque;

/// Trains one run. Its events go to `sink` as they happen, and into the run's store.
///
/// # Errors
/// The request cannot be run (then nothing was written), or the run failed (then its last whole checkpoint stays).
pub async fn train<H: Host>(
    host: &mut H,
    request: Request,
    commands: UnboundedReceiver<Command>,
    sink: &mut Sink<'_>,
) -> Result<()> {
    one_run(host, &request, &mut Inbox::new(commands), sink).await
}

/// Trains one run after another. A [`Command::Start`] begins each. It ends when nobody is left to ask for a run, or when a stop
/// comes between two runs. A run that fails reports it and ends; the next one may still start.
///
/// # Errors
/// The listener is gone.
pub async fn serve<H: Host>(host: &mut H, commands: UnboundedReceiver<Command>, sink: &mut Sink<'_>) -> Result<()> {
    let mut inbox = Inbox::new(commands);
    while let Some(request) = inbox.start().await {
        let mut failure_told = false;
        let ran = {
            let mut listener = |event: &Event| {
                sink(event)?;
                failure_told |= matches!(event, Event::Failed(_));
                Ok(())
            };
            one_run(host, &request, &mut inbox, &mut listener).await
        };
        inbox.forget();
        if let (Err(error), false) = (ran, failure_told) {
            sink(&Event::Failed(Failure::new(&error, 0, None)))?;
        }
    }
    Ok(())
}

async fn one_run<H: Host>(host: &mut H, request: &Request, inbox: &mut Inbox, sink: &mut Sink<'_>) -> Result<()> {
    let shared = RefCell::new(&mut *inbox);
    let going = || if shared.borrow_mut().stop_is_heard() { Err(Error::failed("stopped-as-asked")) } else { Ok(()) };
    let prepared = Run::prepare(host, request, &going, sink).await;
    let mut run = match prepared {
        Ok(run) => run,
        Err(_) if inbox.stop_is_heard() => {
            // Nothing was written, so there is nothing to continue from.
            let finished = Finished { outcome: Outcome::Stopped, step: 0, run: None, next: Vec::new() };
            return sink(&Event::Finished(finished));
        }
        Err(error) => {
            if request.watched {
                sink(&Event::Failed(Failure::new(&error, 0, None)))?;
            }
            return Err(error);
        }
    };
    let outcome = run.drive(request.stop_after, inbox, sink).await;
    run.close(outcome, sink)
}

/// The listener of a run. If it is gone, the run ends.
type Sink<'a> = dyn FnMut(&Event) -> Result<()> + 'a;

struct Run<'h, H: Host> {
    host: &'h mut H,
    store: H::Store,
    session: Session,
    text: Text,
    corpus: CorpusInfo,
    wanted: Wanted,
    monitor: Monitor,
    arrived: Vec<Arrived>,
    last_checkpoint: Option<Saved>,
    /// The step of the last held-out evaluation of this sitting.
    last_evaluation: Option<u64>,
    kernels: KernelChoices,
    engine: engine::Kind,
    /// The device that trains it, as [`kernels::device`] names it.
    device: String,
    control: Control,
    /// Whether the run has warned that its text is gone.
    text_missed: bool,
    record: Record,
    /// Whether the configuration in the store is an older one, because the present one could not be written.
    config_stale: bool,
}

/// How much news about the record one event may make.
const NEWS_MAX: usize = 8;

impl<H: Host> Run<'_, H> {
    /// Sends an event to the run's record and to the listener. A record that cannot be written does not end the run.
    fn tell(&mut self, event: &Event, sink: &mut Sink<'_>) -> Result<()> {
        let news = self.record.append(&mut self.store, event);
        sink(event)?;
        self.tell_news(news, sink)
    }

    /// Tells what has changed about the record. This is an event too, which may again be written or not.
    fn tell_news(&mut self, news: Vec<News>, sink: &mut Sink<'_>) -> Result<()> {
        let mut left = VecDeque::from(news);
        // A disk that refuses every other write would make news for ever.
        for _ in 0..NEWS_MAX {
            let Some(news) = left.pop_front() else { break };
            let warning = news.at(self.session.completed());
            left.extend(self.record.append(&mut self.store, &warning));
            sink(&warning)?;
        }
        Ok(())
    }

    /// The newest checkpoint, if it is still there.
    fn saved(&self) -> Option<Saved> {
        self.last_checkpoint.clone().filter(|saved| self.store.holds(saved.step))
    }

    /// Which checkpoint is safe, in words.
    fn safe(&self) -> Message {
        match self.saved() {
            Some(saved) => Message::new("checkpoint-is-safe").with("step", saved.step),
            None => Message::new("no-checkpoint-yet"),
        }
    }

    /// Ends the run's record, whatever happened.
    fn close(mut self, outcome: Result<Outcome>, sink: &mut Sink<'_>) -> Result<()> {
        let result = match outcome {
            Ok(outcome) => {
                let judged = objective::have(self.session.config.passes(), Head::Rtd);
                let offered = self.corpus.swap_examples.iter().map(|example| example.wrong_text.as_str());
                // Any text can stand in a command, but one without marks is easier to read and to change.
                let plain = |text: &&str| !text.starts_with('-') && !text.contains(['"', '$', '`', '\\', '!']);
                let mut offered = offered.filter(plain);
                let example = self.text.example.as_deref().or_else(|| offered.next());
                let mask = self.text.tokenizer.names().mask.as_str();
                let next = self.store.next_steps(Ending { outcome, judged, example, mask });
                let (step, run) = (self.session.completed(), Some(self.store.name()));
                self.tell(&Event::Finished(Finished { outcome, step, run, next }), sink)
            }
            Err(error) => {
                let failure = Failure::new(&error, self.session.completed(), self.saved());
                // The listener gets the run's own failure, not one of writing about it.
                if failure.kind == FailureKind::DeviceLost {
                    self.tell(&Event::DeviceLost(failure.clone()), sink).ok();
                }
                self.tell(&Event::Failed(failure), sink).ok();
                Err(error)
            }
        };
        let record = self.record.finish(&mut self.store);
        let report = self.store.close().err();
        let report = report.map(|error| Message::new("report-lost").with("error", Message::from(&error)));
        let Some(lost) = record::together(record.into_iter().chain(report)) else { return result };
        Err(match result {
            Ok(()) => Error::failed("run-not-all-written").with("lost", lost).with("safe", self.safe()),
            Err(error) => {
                let kind = error.kind;
                Error::failed("run-failed-and-lost").with("error", Message::from(&error)).with("lost", lost).kind(kind)
            }
        })
    }
}
