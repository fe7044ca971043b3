//! Keeps checkpoints while a run trains: it reads everything from the device first, then the store keeps the checkpoint whole or
//! not at all.

use super::host::{Host, Store};
use super::{Run, Sink, request};
use crate::Result;
use crate::error::Kind;
use crate::hub::{Networks, Tensors};
use crate::message::Message;
use crate::train::checkpoint::{self, Moments, Snapshot, State};
use crate::train::event::{Event, Saved, Warning, WarningKind};
use crate::train::session::Position;
use crate::train::weights;

/// The part of a checkpoint that is read from the device.
struct Taken {
    position: Position,
    networks: Networks,
    moments: Moments,
    statistics: Tensors,
}

impl<H: Host> Run<'_, H> {
    /// Writes a checkpoint while the run trains. If it cannot be written (the disk is full, the folder became read-only), the run
    /// continues: the earlier checkpoints stay, and the next one may succeed.
    pub(super) async fn keep_if_possible(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        self.look_for_text(sink)?;
        let taken = self.take_checkpoint(sink).await?;
        match self.write_checkpoint(taken, sink) {
            Err(error) if error.kind == Kind::Failed => {
                let step = self.session.completed();
                let safe = match &self.last_checkpoint {
                    Some(saved) => Message::new("checkpoint-is-safe").with("step", saved.step),
                    None => Message::new("no-checkpoint-yet"),
                };
                let warning = Warning {
                    kind: WarningKind::CheckpointNotWritten,
                    step,
                    message: Message::new("checkpoint-not-written")
                        .with("error", Message::from(&error))
                        .with("safe", safe),
                };
                self.tell(&Event::Warning(warning), sink)
            }
            other => other,
        }
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

    /// Writes a checkpoint of the weights as they are.
    pub(super) async fn keep(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        let taken = self.take_checkpoint(sink).await?;
        self.write_checkpoint(taken, sink)
    }

    /// Reads everything that the checkpoint needs from the device. A failure here is the device's, not the disk's.
    async fn take_checkpoint(&mut self, sink: &mut Sink<'_>) -> Result<Taken> {
        self.settle(sink).await?;
        let session = &mut self.session;
        let position = session.position();
        let networks = session.networks().await?;
        let moments = weights::read_moments(&session.model, &mut session.engine).await?;
        Ok(Taken { position, networks, moments, statistics: session.shares().to_tensors() })
    }

    fn write_checkpoint(&mut self, taken: Taken, sink: &mut Sink<'_>) -> Result<()> {
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
        let snapshot = Snapshot {
            networks: &networks,
            moments: &moments,
            statistics: &statistics,
            tokenizer_files: &files,
            state: &state,
        };
        let kept = self.store.keep(&snapshot, session.config.keep_checkpoints as usize)?;
        let path = kept.place;
        self.last_checkpoint = Some(Saved { step: position.step, path: path.clone() });
        self.tell(&Event::Checkpoint { step: position.step, path }, sink)?;
        for warning in kept.warnings {
            self.warn(Message::from(&warning), sink)?;
        }
        Ok(())
    }
}
