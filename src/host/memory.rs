//! A host that keeps texts, runs and caches in memory, as long as the value lives. Tests use it, and it compiles for the browser.
//! The run shares one thread with other futures; a turn of the host lets those run.

use crate::config::Config;
use crate::hub::{Files, Networks, Role};
use crate::machine::{self, Pool};
use crate::message::Message;
use crate::run::host::{Chunks, Ending, Host, Kept, Near, NetworksWanted, Part, Store, Texts};
use crate::text::cache::{Identity, Options, Progress, TokenCache};
use crate::text::tokenizer::{Cleaning, Tokenizer};
use crate::text::{Chunk, Role as TextRole};
use crate::train::checkpoint::{Checkpoint, Snapshot};
use crate::train::event::Event;
use crate::train::shelf::Shelf;
use crate::view::log::push_event;
use crate::{Error, Result};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use web_time::Instant;

/// A host in memory. Its clones share what they hold.
#[derive(Clone, Default)]
pub struct Memory(Rc<RefCell<Held>>);

#[derive(Default)]
struct Held {
    /// Texts by name. Blank lines separate the documents of a text.
    texts: BTreeMap<String, String>,
    runs: BTreeMap<String, KeptRun>,
    tokenizers: BTreeMap<String, Tokenizer>,
    /// The run whose checkpoint was written last.
    newest: Option<String>,
    /// What cannot be written, in rehearsals.
    refuses: Option<Refuses>,
}

/// Whether the thing that a message names cannot be written.
type Refuses = Box<dyn FnMut(&Message) -> bool>;

/// What is kept of a run.
#[derive(Debug, Clone, Default)]
pub struct KeptRun {
    /// The text of config.toml.
    pub config: String,
    pub events: Vec<Event>,
    /// The files of each checkpoint, by step.
    pub checkpoints: BTreeMap<u64, Arc<Files>>,
    /// The files of checkpoints that a resumed run put out of the way.
    pub set_aside: BTreeMap<u64, Arc<Files>>,
    /// Whether a run is under way here.
    taken: bool,
}

impl Memory {
    /// Adds a text under a name.
    pub fn add_text(&self, name: &str, text: String) {
        self.0.borrow_mut().texts.insert(name.to_owned(), text);
    }

    /// What is kept of a run.
    pub fn run(&self, name: &str) -> Option<KeptRun> {
        self.0.borrow().runs.get(name).cloned()
    }

    /// Adds a run that another host kept.
    pub fn add_run(&self, name: &str, run: KeptRun) {
        let mut held = self.0.borrow_mut();
        held.newest = Some(name.to_owned());
        held.runs.insert(name.to_owned(), KeptRun { taken: false, ..run });
    }

    /// Lets a rehearsal decide what can be written, as a full disk does: `refuses` is asked about everything that is written, by its
    /// name.
    pub fn refuse_when(&self, refuses: impl FnMut(&Message) -> bool + 'static) {
        self.0.borrow_mut().refuses = Some(Box::new(refuses));
    }

    fn refuse(&self, what: Message) -> Result<()> {
        let mut refuses = self.0.borrow_mut().refuses.take();
        let refused = refuses.as_mut().is_some_and(|refuses| refuses(&what));
        self.0.borrow_mut().refuses = refuses;
        if refused { Err(Error::failed("memory-refuses").with("what", what)) } else { Ok(()) }
    }

    fn found(&self, name: &str) -> Result<KeptRun> {
        self.run(name).ok_or_else(|| Error::usage("no-such-run").at(name))
    }
}

/// Gives the thread to other futures once.
async fn yielded() {
    let mut done = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut done, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl Host for Memory {
    type Store = MemoryRun;

    fn threads(&self, wanted: Option<usize>) -> Result<Pool> {
        machine::start(wanted)
    }

    async fn turn(&mut self) {
        yielded().await;
    }

    async fn rest(&mut self, time: Duration, mut woken: Pin<&mut dyn Future<Output = ()>>) {
        let began = Instant::now();
        std::future::poll_fn(|cx| {
            if woken.as_mut().poll(cx).is_ready() || began.elapsed() >= time {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    fn read(&self, _doing: &'static str, name: &str) -> Result<String> {
        self.0.borrow().texts.get(name).cloned().ok_or_else(|| no_text(name))
    }

    fn full_name(&self, name: &str) -> String {
        name.to_owned()
    }

    fn has_text(&self, name: &str) -> bool {
        self.0.borrow().texts.contains_key(name)
    }

    fn texts(&self, corpus: &[String], valid: &[String], _field: Option<&str>) -> Result<Box<dyn Texts>> {
        let texts = |names: &[String], role| {
            let text = |name: &String| Ok((name.clone(), role, self.read("", name)?));
            names.iter().map(text).collect::<Result<Vec<_>>>()
        };
        let found = [texts(corpus, TextRole::Corpus)?, texts(valid, TextRole::HeldOut)?].concat();
        Ok(Box::new(TextsInMemory(found)))
    }

    fn token_cache<'c>(
        &self,
        _near: Near<'_>,
        _identity: &Identity,
        tokenizer: &Tokenizer,
        chunks: &dyn Fn() -> Chunks<'c>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(TokenCache, Vec<Message>)> {
        let cache = TokenCache::in_memory(chunks(), tokenizer, &Options::default(), progress)?;
        Ok((cache, Vec::new()))
    }

    /// A tokenizer is a text with one entry of the vocabulary in each line.
    fn tokenizer(&self, name: &str, bare: Cleaning) -> Result<Tokenizer> {
        let vocab = self.read("", name)?.lines().map(str::to_owned).collect();
        Tokenizer::new(vocab, bare, name)
    }

    fn known_tokenizer(&self, key: &str, _bare: Cleaning) -> Option<Tokenizer> {
        self.0.borrow().tokenizers.get(key).cloned()
    }

    fn keep_tokenizer(&self, key: &str, tokenizer: &Tokenizer, _max_positions: usize) {
        self.0.borrow_mut().tokenizers.insert(key.to_owned(), tokenizer.clone());
    }

    /// The networks of a run's newest checkpoint. As in a folder, a generator serves as the encoder of a masked language model.
    fn networks(&self, name: &str, wanted: NetworksWanted) -> Result<(Networks, Vec<Message>)> {
        let (networks, notices) = self.resume_point(name, None)?.networks()?;
        let found = networks.role;
        let kept = match (wanted, networks) {
            (NetworksWanted::Pair, pair @ Networks { aux: Some(_), .. }) => Ok(pair),
            (NetworksWanted::Main(role), Networks { main, .. }) if role == found => Ok(Networks::alone(main, role)),
            (NetworksWanted::Main(Role::Encoder), Networks { aux: Some(aux), .. }) => {
                Ok(Networks::alone(aux, Role::Encoder))
            }
            (NetworksWanted::Pair, _) => Err(Role::Generator),
            (NetworksWanted::Main(role), _) => Err(role),
        };
        let missing = |role: Role| {
            Error::failed("wrong-network-here")
                .with("found", found.folder())
                .with("wanted", role.folder())
                .with("architecture", role.architecture())
                .at(name)
        };
        Ok((kept.map_err(missing)?, notices))
    }

    fn tokenizer_of_networks(&self, name: &str) -> String {
        name.to_owned()
    }

    fn shelf(&self) -> Shelf {
        Shelf::nowhere()
    }

    fn newest_run(&self) -> Result<(String, Vec<Message>)> {
        let newest = self.0.borrow().newest.clone().ok_or_else(|| Error::usage("no-run-to-resume"))?;
        Ok((newest, Vec::new()))
    }

    fn config_place(&self, run: &str) -> String {
        format!("{run}/config.toml")
    }

    fn config(&self, run: &str) -> Result<Config> {
        Config::from_toml(&self.found(run)?.config, run)
    }

    fn resume_point(&self, run: &str, step: Option<u64>) -> Result<Checkpoint> {
        let checkpoints = self.found(run)?.checkpoints;
        let found = match step {
            Some(step) => checkpoints.get_key_value(&step),
            None => checkpoints.last_key_value(),
        };
        let steps: Vec<String> = checkpoints.keys().map(u64::to_string).collect();
        let missing = || match step {
            Some(step) => Error::usage("no-such-checkpoint")
                .with("step", step)
                .with("count", steps.len())
                .with("steps", steps.join(", ")),
            None => Error::failed("run-without-checkpoint"),
        };
        let (step, files) = found.ok_or_else(|| missing().at(run))?;
        Checkpoint::from_files(&place(run, *step), Arc::clone(files))
    }

    fn refuse_taken(&self, run: &str) -> Result<()> {
        match self.run(run) {
            Some(kept) if kept.taken => Err(Error::failed("run-in-use").at(run)),
            Some(_) => Err(Error::usage("run-name-taken").at(run)),
            None => Ok(()),
        }
    }

    fn create(&mut self, run: Option<&str>, preset: &str) -> Result<MemoryRun> {
        let numbered = || (1..).map(|n| format!("{preset}-{n}")).find(|name| self.run(name).is_none());
        let name = run.map(str::to_owned).or_else(numbered).expect("memory holds fewer runs than there are numbers");
        self.refuse_taken(&name)?;
        self.add_run(&name, KeptRun::default());
        self.open(&name)
    }

    fn open(&mut self, run: &str) -> Result<MemoryRun> {
        let mut held = self.0.borrow_mut();
        let kept = held.runs.get_mut(run).ok_or_else(|| Error::usage("no-such-run").at(run))?;
        if std::mem::replace(&mut kept.taken, true) {
            return Err(Error::failed("run-in-use").at(run));
        }
        Ok(MemoryRun { name: run.to_owned(), memory: self.clone() })
    }
}

fn no_text(name: &str) -> Error {
    Error::usage("no-such-text").at(name)
}

fn place(run: &str, step: u64) -> String {
    format!("{run}/step-{step:09}")
}

/// Texts with their names and roles.
struct TextsInMemory(Vec<(String, TextRole, String)>);

impl TextsInMemory {
    fn documents(&self, only: Option<TextRole>) -> Chunks<'_> {
        let texts = self.0.iter().filter(move |(_, role, _)| only.is_none_or(|only| only == *role));
        Box::new(texts.flat_map(|(_, role, text)| {
            text.split("\n\n").map(|document| Ok(Chunk { role: *role, ..Chunk::document(document) }))
        }))
    }
}

impl Texts for TextsInMemory {
    fn identity(&self) -> Identity {
        let names: Vec<String> = self.0.iter().map(|(name, role, _)| format!("{role:?} {name}\n")).collect();
        let lengths: Vec<String> = self.0.iter().map(|(.., text)| text.len().to_string()).collect();
        Identity { name: names.concat(), state: lengths.join(" ") }
    }

    fn listing(&self) -> Vec<Message> {
        let listed = |(name, role, text): &(String, TextRole, String)| {
            role.listed(name, text.len() as u64, Message::new("form-text"), Message::new("role-as-given"))
        };
        self.0.iter().map(listed).collect()
    }

    fn notices(&self) -> Vec<Message> {
        Vec::new()
    }

    fn chunks(&self) -> Chunks<'_> {
        self.documents(None)
    }

    fn training_chunks(&self) -> Chunks<'_> {
        self.documents(Some(TextRole::Corpus))
    }

    fn first_held_out(&self) -> Option<String> {
        self.0.iter().find(|(_, role, _)| *role == TextRole::HeldOut).map(|(name, ..)| name.clone())
    }
}

/// A run in memory that one training holds.
pub struct MemoryRun {
    name: String,
    memory: Memory,
}

impl MemoryRun {
    fn change<T>(&mut self, change: impl FnOnce(&mut KeptRun) -> T) -> T {
        change(self.memory.0.borrow_mut().runs.entry(self.name.clone()).or_default())
    }
}

impl Drop for MemoryRun {
    fn drop(&mut self) {
        self.change(|run| run.taken = false);
    }
}

impl Store for MemoryRun {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn begin_record(&mut self) -> Result<()> {
        Ok(())
    }

    /// Memory serves no other tools, so it has no numbers besides the events.
    fn append(&mut self, part: Part, event: &Event) -> Result<()> {
        self.memory.refuse(part.words())?;
        if part == Part::Events {
            self.change(|run| push_event(&mut run.events, event.clone()));
        }
        Ok(())
    }

    fn events(&self) -> Result<Vec<Event>> {
        Ok(self.memory.found(&self.name)?.events)
    }

    fn write_config(&mut self, config: &Config) -> Result<()> {
        self.memory.refuse(Message::new("record-configuration"))?;
        self.change(|run| run.config = config.to_toml());
        Ok(())
    }

    fn keep(&mut self, snapshot: &Snapshot, keep: usize) -> Result<Kept> {
        let (step, files) = (snapshot.state.step, Arc::new(snapshot.to_files()?));
        self.memory.refuse(Message::new("record-checkpoint").with("step", step))?;
        self.change(|run| {
            run.checkpoints.insert(step, files);
            while run.checkpoints.len() > keep.max(1) && run.checkpoints.keys().next() != Some(&step) {
                run.checkpoints.pop_first();
            }
        });
        self.memory.0.borrow_mut().newest = Some(self.name.clone());
        Ok(Kept { place: place(&self.name, step), warnings: Vec::new() })
    }

    fn holds(&self, step: u64) -> bool {
        self.memory.run(&self.name).is_some_and(|run| run.checkpoints.contains_key(&step))
    }

    fn set_aside_after(&mut self, step: u64) -> Result<Vec<String>> {
        let later = self.change(|run| {
            let later = run.checkpoints.split_off(&(step + 1));
            run.set_aside.extend(later.clone());
            later
        });
        Ok(later.into_keys().map(|step| format!("{} (set aside)", place(&self.name, step))).collect())
    }

    /// Memory has no commands.
    fn next_steps(&self, _ending: Ending<'_>) -> Vec<String> {
        Vec::new()
    }

    fn close(&mut self) -> Result<()> {
        self.memory.refuse(Message::new("record-report"))
    }
}
