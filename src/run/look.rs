//! Answers what a view asks about a run that is not training: a person's text, attention, embeddings, kernels, an evaluation. It
//! works on the weights of the newest checkpoint. It changes no weight, and it has no store, so it can write nothing of
//! the run.
//! run -> [`opened::open`] -> session; commands -> events.

use super::Sink;
use super::commands::Inbox;
use super::control::{Measuring, TIMED_STEPS, answer_about_weights, roofs};
use super::host::Host;
use super::opened::{self, Opened, OtherText};
use crate::gpu::DeviceName;
use crate::train::engine::Backend;
use crate::train::event::{Command, Event, OwnText, Roofs};
use crate::train::session::{Position, Session};
use crate::{Error, Result};
use futures_channel::mpsc::UnboundedReceiver;
use std::cell::RefCell;

/// Opens the newest checkpoint of `run` on `device` and answers questions until a stop comes or nobody is left to ask. The first
/// event is the list of the kernels; it says that the weights are loaded. Commands that would train or write are ignored.
///
/// # Errors
/// The run cannot be opened (see [`super::evaluate()`]), the device failed, or the listener is gone.
pub async fn look(
    host: &impl Host,
    run: &str,
    device: &str,
    commands: UnboundedReceiver<Command>,
    sink: &mut Sink<'_>,
) -> Result<()> {
    let mut inbox = Inbox::new(commands);
    let backend = Backend::open(&DeviceName::from(device)).await?;
    let opened = {
        let shared = RefCell::new(&mut inbox);
        let going =
            || if shared.borrow_mut().stop_is_heard() { Err(Error::failed("stopped-as-asked")) } else { Ok(()) };
        opened::open(host, run, OtherText::default(), None, &backend, &going, &mut |_| {}).await
    };
    let Opened { mut session, position, .. } = match opened {
        Err(_) if inbox.stop_is_heard() => return Ok(()),
        opened => opened?,
    };
    session.watch();
    // The steps that a measurement takes must not move a weight.
    session.config.lr = 0.0;
    let mut look = Look { session, position, roofs: None };
    sink(&look.kernels(None))?;
    while let Some(command) = inbox.question().await {
        look.answer(command, sink).await?;
    }
    Ok(())
}

struct Look {
    session: Session,
    position: Position,
    /// What the device reaches at best, once it was measured.
    roofs: Option<Roofs>,
}

impl Look {
    async fn answer(&mut self, command: Command, sink: &mut Sink<'_>) -> Result<()> {
        let session = &mut self.session;
        match command {
            Command::SetOwnText { text, edits } => {
                let empty = OwnText { step: session.completed(), text: text.clone(), ..OwnText::default() };
                let told = if session.set_own_text(&text, &edits) { session.show().await?.own_text } else { None };
                sink(&Event::OwnText(told.unwrap_or(empty)))
            }
            Command::Attention { .. } | Command::EmbeddingMap { .. } => {
                answer_about_weights(session, &command).await?.map_or(Ok(()), |answer| sink(&answer))
            }
            Command::Evaluate => {
                let metrics = session.evaluate().await?;
                sink(&Event::Eval(Box::new(metrics)))
            }
            Command::Measure => {
                let measured = self.measure().await?;
                sink(&self.kernels(measured.as_ref()))
            }
            Command::Start(_)
            | Command::Pause
            | Command::Resume
            | Command::Step
            | Command::SeekStage { .. }
            | Command::Checkpoint
            | Command::SpeedShare { .. }
            | Command::Stop
            | Command::Quit
            | Command::LoseDevice => Ok(()),
        }
    }

    /// Times steps at rate 0, then goes back to where the checkpoint stands. None if the device has no clock.
    async fn measure(&mut self) -> Result<Option<Measuring>> {
        if self.session.engine.clock().is_none() {
            return Ok(None);
        }
        let shares = self.session.shares().clone();
        let mut measuring = Measuring::new(&self.session);
        let mut arrived = Vec::new();
        for _ in 0..TIMED_STEPS {
            measuring.take_step(&mut self.session, &mut arrived).await?;
        }
        self.session.settle(&mut arrived).await?;
        self.session.return_to(self.position, shares)?;
        if self.roofs.is_none() {
            self.roofs = Some(roofs(&self.session).await?);
        }
        Ok(Some(measuring))
    }

    fn kernels(&self, measured: Option<&Measuring>) -> Event {
        super::control::kernels(&self.session, measured, self.roofs.unwrap_or_default())
    }
}
