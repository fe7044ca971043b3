//! The machine that a run is on, as the run sees it: a [`Host`] gives texts, a [`Store`] for events and checkpoints, and a turn to
//! whatever shares the thread. `host::native` uses folders and files for this, `host::memory` only memory.
#![allow(
    async_fn_in_trait,
    reason = "a run stays on the thread that it began on, so its futures need not be sent to another"
)]

use crate::Result;
use crate::config::Config;
use crate::hub::{Networks, Role};
use crate::machine::Pool;
use crate::message::Message;
use crate::objective::{self, Head, NetId, Pass};
use crate::text::Chunk;
use crate::text::cache::{Identity, Progress, TokenCache};
use crate::text::tokenizer::{Cleaning, Tokenizer};
use crate::train::checkpoint::{Checkpoint, Snapshot};
use crate::train::event::{Event, Outcome};
use crate::train::shelf::Shelf;
use std::pin::Pin;
use std::time::Duration;

/// Which networks a run starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworksWanted {
    /// A discriminator as the main network, and the generator that was trained with it.
    Pair,
    /// The main network alone, in this role.
    Main(Role),
}

impl NetworksWanted {
    /// The networks that these passes train.
    pub fn by(passes: &[Pass]) -> Self {
        let aux = passes.iter().any(|pass| pass.net == NetId::Aux);
        match objective::have(passes, Head::Rtd) {
            _ if aux => Self::Pair,
            true => Self::Main(Role::Discriminator),
            false => Self::Main(Role::Encoder),
        }
    }
}

/// The run that a text is for, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub struct Near<'n> {
    /// Its name, if it has one already.
    pub run: Option<&'n str>,
    /// The preset of a run that trains; none if a run is only looked at.
    pub preset: Option<&'n str>,
}

/// Documents, piece by piece.
pub type Chunks<'c> = Box<dyn Iterator<Item = Result<Chunk>> + 'c>;

/// The machine that a run is on. All names are text there: a path, an entry, a key.
pub trait Host {
    type Store: Store;

    /// Starts the threads that texts, twins and the compilation of kernels share, before anything uses them: `wanted`, or as many as
    /// suit the machine.
    fn threads(&self, wanted: Option<usize>) -> Result<Pool>;

    /// Gives the other users of the run's thread their turn. The run calls it after every slice.
    async fn turn(&mut self);

    /// Waits until `woken` is ready, but no longer than `time`.
    async fn rest(&mut self, time: Duration, woken: Pin<&mut dyn Future<Output = ()>>);

    /// The text of a file. `doing` is the code of the words that complete "cannot ...".
    fn read(&self, doing: &'static str, name: &str) -> Result<String>;

    /// A name that means the same in whatever folder the program is started.
    fn full_name(&self, name: &str) -> String;

    /// Whether a text is still there.
    fn has_text(&self, name: &str) -> bool;

    /// Texts to train on and texts to hold out. If there are none to train on, a model is judged on the others. `field`: the field of
    /// documents, if a person named it.
    fn texts(&self, corpus: &[String], valid: &[String], field: Option<&str>) -> Result<Box<dyn Texts>>;

    /// The token cache of a text, and what a person should know: it was built again, or it is kept elsewhere. `near`: the run that it
    /// is for. A host may keep with the run what it can keep nowhere else.
    fn token_cache<'c>(
        &self,
        near: Near<'_>,
        identity: &Identity,
        tokenizer: &Tokenizer,
        chunks: &dyn Fn() -> Chunks<'c>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(TokenCache, Vec<Message>)>;

    /// The tokenizer of this name.
    fn tokenizer(&self, name: &str, bare: Cleaning) -> Result<Tokenizer>;

    /// The tokenizer that an earlier run on the same text and recipe trained, if it was kept under `key`.
    fn known_tokenizer(&self, key: &str, bare: Cleaning) -> Option<Tokenizer>;

    /// Keeps a tokenizer for later runs. It can be made again, so a failure is not reported.
    fn keep_tokenizer(&self, key: &str, tokenizer: &Tokenizer, max_positions: usize);

    /// The networks of this name that are wanted, and what a person should know about them.
    fn networks(&self, name: &str, wanted: NetworksWanted) -> Result<(Networks, Vec<Message>)>;

    /// The name of the tokenizer that is stored with those networks.
    fn tokenizer_of_networks(&self, name: &str) -> String;

    /// Small texts that outlive the program.
    fn shelf(&self) -> Shelf;

    /// The run that was started last, and what a person should know about the choice.
    fn newest_run(&self) -> Result<(String, Vec<Message>)>;

    /// Where the configuration of a run is kept, for messages.
    fn config_place(&self, run: &str) -> String;

    /// The configuration of a run.
    fn config(&self, run: &str) -> Result<Config>;

    /// The newest checkpoint of a run, or that of `step`. The checkpoint is whole.
    fn resume_point(&self, run: &str, step: Option<u64>) -> Result<Checkpoint>;

    /// Refuses a name if a run is already kept under it. A new run asks this before it begins slow work.
    fn refuse_taken(&self, run: &str) -> Result<()>;

    /// Makes a place for a new run. If it has no name, its name says when it began.
    fn create(&mut self, run: Option<&str>, preset: &str) -> Result<Self::Store>;

    /// Takes the place of a run that is to continue. Nobody else writes there from now on.
    fn open(&mut self, run: &str) -> Result<Self::Store>;
}

/// Texts that a host has found.
pub trait Texts {
    /// Which texts they are and what state they are in.
    fn identity(&self) -> Identity;
    /// The list of what is read and what is not, for people.
    fn listing(&self) -> Vec<Message>;
    /// What a person should know about them before they are used.
    fn notices(&self) -> Vec<Message>;
    /// All documents.
    fn chunks(&self) -> Chunks<'_>;
    /// The documents that may be trained on.
    fn training_chunks(&self) -> Chunks<'_>;
    /// The name of the first text that is held out as a whole.
    fn first_held_out(&self) -> Option<String>;
}

/// How a run ended, for the advice about what to do next.
#[derive(Debug, Clone, Copy)]
pub struct Ending<'e> {
    pub outcome: Outcome,
    /// Whether it trained a network that judges tokens.
    pub judged: bool,
    /// A sentence to try the model on.
    pub example: Option<&'e str>,
    /// What its tokenizer calls a hidden word.
    pub mask: &'e str,
}

/// The result of keeping a checkpoint.
#[derive(Debug)]
pub struct Kept {
    /// Where the checkpoint is now.
    pub place: String,
    /// What went wrong beside it: older checkpoints could not be removed, or somebody had removed the place of the run.
    pub warnings: Vec<crate::Error>,
}

/// A part of a run's record. One part that cannot be written does not keep the other from being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All events.
    Events,
    /// The numbers of steps and evaluations, for other tools.
    Numbers,
}

impl Part {
    pub const ALL: [Self; 2] = [Self::Events, Self::Numbers];

    /// Whether an event belongs to this part.
    pub fn holds(self, event: &Event) -> bool {
        self == Self::Events || matches!(event, Event::Step(_) | Event::Eval(_) | Event::Resumed { .. })
    }

    /// Its name, for people.
    pub fn words(self) -> Message {
        match self {
            Self::Events => Message::new("record-events"),
            Self::Numbers => Message::new("record-numbers"),
        }
    }
}

/// Where one run is kept.
pub trait Store {
    /// Its name, for people and for later commands.
    fn name(&self) -> String;
    /// Begins the record or continues it. It is called once, before the first event.
    fn begin_record(&mut self) -> Result<()>;
    /// Adds an event to a part of the record, as the record keeps it ([`Event::recorded`]). If it fails, the part ends with the event before, and the event can be given again.
    fn append(&mut self, part: Part, event: &Event) -> Result<()>;
    /// The events of the record that still count.
    fn events(&self) -> Result<Vec<Event>>;
    /// Keeps the configuration. A run without it cannot be continued.
    fn write_config(&mut self, config: &Config) -> Result<()>;
    /// Keeps a checkpoint, whole or not at all, and at most `keep` of them.
    fn keep(&mut self, snapshot: &Snapshot, keep: usize) -> Result<Kept>;
    /// Whether the checkpoint of a step is still there.
    fn holds(&self, step: u64) -> bool;
    /// Puts every checkpoint after `step` out of the way. Returns where they are now.
    fn set_aside_after(&mut self, step: u64) -> Result<Vec<String>>;
    /// Commands worth trying now, ready to paste.
    fn next_steps(&self, ending: Ending<'_>) -> Vec<String>;
    /// Ends the record, whatever happened.
    fn close(&mut self) -> Result<()>;
}
