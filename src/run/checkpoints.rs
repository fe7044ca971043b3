//! Keeps checkpoints while a run trains: it reads everything from the device first, then the store keeps the checkpoint whole or
//! not at all.

use super::commands::Inbox;
use super::control::{Goal, Retry};
use super::host::{Host, Store};
use super::{Run, Sink, request};
use crate::error::Kind;
use crate::hub::{HubTensor, Networks, Tensors};
use crate::message::Message;
use crate::train::checkpoint::{self, Moments, Snapshot, State};
use crate::train::event::{Event, Saved, Warning, WarningKind};
use crate::train::session::Position;
use crate::train::weights;
use crate::{Error, Result};
use std::time::Duration;
use web_time::Instant;

/// How long a run that has ended waits for somebody to make room for its last checkpoint, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(600);
const TRY_EVERY: Duration = Duration::from_secs(1);

/// The part of a checkpoint that is read from the device.
struct Taken {
    position: Position,
    networks: Networks,
    moments: Moments,
    statistics: Tensors,
}

impl<H: Host> Run<'_, H> {
    /// Writes a checkpoint while the run trains. If it cannot be written (the disk is full, the folder became read-only), the run
    /// continues: the earlier checkpoints stay, and it is tried again soon.
    pub(super) async fn keep_if_possible(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        self.look_for_text(sink)?;
        let taken = self.take_checkpoint(sink).await?;
        match self.write_checkpoint(&taken, sink) {
            Err(error) if error.kind == Kind::Failed => {
                self.control.retry.failed();
                let error = Message::from(&error);
                let message = Message::new("checkpoint-not-written").with("error", error).with("safe", self.safe());
                self.tell_not_written(message, sink)
            }
            other => other,
        }
    }

    fn tell_not_written(&mut self, message: Message, sink: &mut Sink<'_>) -> Result<()> {
        let (kind, step) = (WarningKind::CheckpointNotWritten, self.session.completed());
        self.tell(&Event::Warning(Warning { kind, step, message }), sink)
    }

    /// Keeps the last whole step. A step that is under way is put aside: the weights, the moments and the place in the text are still
    /// those of the step before, until the update begins. An update that has begun is finished, because half of it belongs to no step.
    ///
    /// If the checkpoint cannot be written and somebody is there who can make room, the run waits for that, until another stop comes.
    /// Without `commands` it does not wait.
    pub(super) async fn keep_last(&mut self, commands: Option<&mut Inbox>, sink: &mut Sink<'_>) -> Result<()> {
        (self.control.goal, self.control.measuring) = (Goal::Run, None);
        let mut arrived = std::mem::take(&mut self.arrived);
        while self.session.updating() {
            self.session.slice(self.control.budget(), None, &mut arrived).await?;
        }
        self.report(&mut arrived, sink).await?;
        self.arrived = arrived;
        self.settle(sink).await?;
        if self.saved().map(|saved| saved.step) == Some(self.session.completed()) {
            return Ok(());
        }
        let taken = self.take_checkpoint(sink).await?;
        match self.write_checkpoint(&taken, sink) {
            Err(error) if error.kind == Kind::Failed => self.wait_for_room(&taken, error, commands, sink).await,
            other => other,
        }
    }

    /// Tries to write a checkpoint until it is written, as long as that makes sense.
    async fn wait_for_room(
        &mut self,
        taken: &Taken,
        mut error: Error,
        commands: Option<&mut Inbox>,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        let Some(commands) = commands.filter(|_| self.control.patient) else { return Err(self.lost(&error)) };
        let (why, minutes) = (Message::from(&error), PATIENCE.as_secs() / 60);
        let message = Message::new("checkpoint-waits-for-room").with("error", why).with("minutes", minutes);
        self.tell_not_written(message, sink)?;
        let until = Instant::now() + PATIENCE;
        while !commands.stop_is_heard() && Instant::now() < until {
            self.host.rest(TRY_EVERY, std::pin::pin!(commands.arrival())).await;
            match self.write_checkpoint(taken, sink) {
                Err(again) if again.kind == Kind::Failed => error = again,
                other => return other,
            }
        }
        Err(self.lost(&error))
    }

    /// The error of a run whose last steps could not be kept: which they are, and why.
    fn lost(&self, error: &Error) -> Error {
        let (first, last) = (self.saved().map_or(0, |saved| saved.step) + 1, self.session.completed());
        if last < first {
            // The run had not finished a step, so only the reason is left to tell.
            return error.clone();
        }
        Error::failed("steps-lost")
            .with("error", Message::from(error))
            .with("first", first)
            .with("last", last)
            .with("safe", self.safe())
    }

    /// Warns once if the text is no longer where it was.
    pub(super) fn look_for_text(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        let gone = self.wanted.corpus.iter().chain(&self.wanted.valid).find(|name| !self.host.has_text(name));
        let Some(path) = gone.filter(|_| !self.text_missed).cloned() else { return Ok(()) };
        self.text_missed = true;
        let warning = Warning {
            kind: WarningKind::CorpusGone,
            step: self.session.completed(),
            message: Message::new("corpus-gone").with("path", path),
        };
        self.tell(&Event::Warning(warning), sink)
    }

    /// Reads everything that the checkpoint needs from the device. A failure here is the device's, not the disk's.
    async fn take_checkpoint(&mut self, sink: &mut Sink<'_>) -> Result<Taken> {
        self.settle(sink).await?;
        let session = &mut self.session;
        let position = session.position();
        let networks = session.networks().await?;
        let moments = weights::read_moments(&session.model, &mut session.engine).await?;
        let statistics = session.shares().to_tensors();
        // The guard stops updates by gradients that are not finite. A step that was too long shows only in the weights.
        let finite = |tensor: &HubTensor| tensor.data.iter().all(|value| value.is_finite());
        if !networks.all().all(|(_, network)| network.tensors.values().all(finite)) {
            return Err(self.not_finite(Error::failed("networks-not-finite-after").with("step", position.step)));
        }
        Ok(Taken { position, networks, moments, statistics })
    }

    fn write_checkpoint(&mut self, taken: &Taken, sink: &mut Sink<'_>) -> Result<()> {
        if self.config_stale {
            self.write_config(sink)?;
        }
        let Taken { position, networks, moments, statistics } = taken;
        let session = &self.session;
        let mut extra = serde_json::Map::new();
        extra.insert(request::POSITION.into(), serde_json::to_value(position).expect("numbers are JSON"));
        extra.insert(request::ADAPTER.into(), self.device.clone().into());
        extra
            .insert(request::CONFIG.into(), serde_json::to_value(&session.config).expect("numbers and names are JSON"));
        if let Some(timing) = &self.control.timing {
            extra.insert(request::MINUTES_LEFT.into(), timing.minutes_left().into());
        }
        extra.insert(request::TRAINED_ON.into(), serde_json::to_value(&self.wanted).expect("paths and names are JSON"));
        let state = State {
            format_version: checkpoint::FORMAT_VERSION,
            step: position.step,
            planned_steps: session.planned_steps,
            seed: session.seed,
            cursor: serde_json::to_value(position.cursor).expect("two numbers are JSON"),
            corpus_hash: self.text.cache.corpus_hash(),
            tokenizer_hash: self.text.tokenizer.hash().to_owned(),
            kernels: serde_json::to_value(&self.kernels).expect("a map of strings is JSON"),
            extra,
        };
        let max_positions = session.config.max_positions as usize;
        let files: Vec<(String, Vec<u8>)> = self
            .text
            .tokenizer
            .to_files(max_positions)?
            .into_iter()
            .map(|(name, text)| (name.to_owned(), text.into_bytes()))
            .collect();
        let snapshot = Snapshot { networks, moments, statistics, tokenizer_files: &files, state: &state };
        let kept = self.store.keep(&snapshot, session.config.keep_checkpoints as usize)?;
        let path = kept.place;
        self.control.retry = Retry::default();
        self.last_checkpoint = Some(Saved { step: position.step, path: path.clone() });
        self.tell(&Event::Checkpoint { step: position.step, path }, sink)?;
        for warning in kept.warnings {
            self.warn(Message::from(&warning), sink)?;
        }
        Ok(())
    }
}
