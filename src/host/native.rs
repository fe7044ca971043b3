//! Lets a run use this machine: folders, files, the cache folder, the system's clock. A run stays on the thread of its caller.
//! [`train`], [`evaluate`], [`look`] -> `run` -> [`Native`] -> RUN/, the token cache, `runs/DATE-TIME-PRESET`.

pub mod feed;
mod folder;
pub mod kernels;
mod leftovers;
pub mod signals;
mod tokenizer;

pub use crate::path::name_of;
pub use crate::train::checkpoint::stored_config;
pub use folder::Folder;
pub use tokenizer::train_tokenizer;

use crate::config::Config;
use crate::hub::{Networks, Staging, hash_bytes};
use crate::lang::Lang;
use crate::machine::Pool;
use crate::message::{Message, listed};
use crate::path::{path_of, word_of};
use crate::run::host::{Chunks, Host, Near, NetworksWanted, Texts};
use crate::run::{self, Evaluated, OtherText, Request};
use crate::text::Role as TextRole;
use crate::text::cache::{self, Identity, Options, Origin, Progress, TokenCache};
use crate::text::corpus::{self, Corpus};
use crate::text::tokenizer::{Cleaning, Tokenizer};
use crate::train::checkpoint::{self, CONFIG, Checkpoint, Newest, RunFolder, Runs};
use crate::train::engine::Backend;
use crate::train::event::{Command, Event, Preparing};
use crate::train::shelf::Shelf;
use crate::{Error, Result, machine};
use futures_channel::mpsc::UnboundedReceiver;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// The folder of runs that have no `--out`.
const RUNS: &str = "runs";

/// Trains as asked on this machine, on this thread. See [`run::train`].
///
/// # Errors
/// As [`run::train`].
pub async fn train(
    request: Request,
    commands: UnboundedReceiver<Command>,
    sink: &mut dyn FnMut(&Event) -> Result<()>,
) -> Result<()> {
    train_in(Path::new(RUNS), request, commands, sink).await
}

/// The same, with another folder of runs that have no name.
///
/// # Errors
/// As [`run::train`].
pub async fn train_in(
    runs: &Path,
    request: Request,
    commands: UnboundedReceiver<Command>,
    sink: &mut dyn FnMut(&Event) -> Result<()>,
) -> Result<()> {
    let mut host = Native::new(request.lang);
    runs.clone_into(&mut host.runs);
    run::train(&mut host, request, commands, sink).await
}

/// Measures a run's newest checkpoint on held-out text. See [`run::evaluate`].
///
/// # Errors
/// As [`run::evaluate`].
pub async fn evaluate(
    run: &Path,
    corpus: &[PathBuf],
    field: Option<&str>,
    unknown_max: Option<f64>,
    backend: &Backend,
    tell: &mut dyn FnMut(Preparing),
) -> Result<Evaluated> {
    let corpus: Vec<String> = corpus.iter().map(|path| name_of(path)).collect();
    let other = OtherText { corpus: &corpus, field, unknown_max };
    let (host, name) = (Native::new(Lang::default()), name_of(run));
    let mut newest = Newest::of(run);
    loop {
        match run::evaluate(&host, &name, other, backend, tell).await {
            // Another process trains the run, and has removed the checkpoint.
            Err(_) if newest.has_changed(run) => {}
            done => return done,
        }
    }
}

/// Answers questions about the weights of a run's newest checkpoint. See [`run::look`].
///
/// # Errors
/// As [`run::look`].
pub async fn look(
    folder: &Path,
    device: &str,
    commands: UnboundedReceiver<Command>,
    sink: &mut dyn FnMut(&Event) -> Result<()>,
) -> Result<()> {
    run::look(&Native::new(Lang::default()), &name_of(folder), device, commands, sink).await
}

/// The configuration that a request gives, and the level of the built-in text if that is used.
///
/// # Errors
/// A setting is wrong by itself or together with another, or a file of settings cannot be read.
pub fn effective_config(request: &Request) -> Result<(Config, Option<crate::text::grammar::Level>)> {
    run::effective_config(&Native::new(request.lang), request, None)
}

/// The folder of token caches: `ELECTROSCOPE_CACHE`, else the user's cache folder, else beside the run.
pub fn cache_dir() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let home = || match std::env::consts::OS {
        "windows" => set("LOCALAPPDATA"),
        "macos" => set("HOME").map(|home| home.join("Library/Caches")),
        _ => set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache"))),
    };
    set("ELECTROSCOPE_CACHE")
        .or_else(|| home().map(|dir| dir.join("electroscope")))
        .unwrap_or_else(|| PathBuf::from(".electroscope-cache"))
}

/// This machine.
#[derive(Debug)]
pub struct Native {
    /// The language of reports and of advice.
    lang: Lang,
    /// The folder of runs that have no name.
    runs: PathBuf,
    /// A new run's folder that had to be made early, because nothing else could hold the run's token cache.
    early: RefCell<Option<RunFolder>>,
}

/// The folder of a run's own token cache. Nothing else in a folder that a person names has this name.
const OWN_CACHE: &str = "token-cache";

impl Native {
    fn new(lang: Lang) -> Self {
        Self { lang, runs: PathBuf::from(RUNS), early: RefCell::default() }
    }

    /// The folder for a token cache that the folder of caches cannot hold: one in the run's own folder. There is none for a run that
    /// is only looked at and has no folder.
    fn own_cache_dir(&self, near: Near<'_>) -> Result<Option<PathBuf>> {
        let mut early = self.early.borrow_mut();
        let folder = match (early.take(), near.run.map(path_of), near.preset) {
            (Some(folder), ..) => folder,
            (None, Some(run), _) if run.join(CONFIG).exists() => return Ok(Some(run.join(OWN_CACHE))),
            (None, Some(run), Some(_)) => RunFolder::create(&run)?,
            (None, None, Some(preset)) => self.create_dated(preset)?,
            (None, _, None) => return Ok(None),
        };
        let dir = folder.path().join(OWN_CACHE);
        *early = Some(folder);
        Ok(Some(dir))
    }

    /// Makes a folder such as runs/20261123-060102-nano, in UTC.
    fn create_dated(&self, preset: &str) -> Result<RunFolder> {
        let name = format!("{}-{preset}", chrono::Utc::now().format("%Y%m%d-%H%M%S"));
        RunFolder::create_dated(&self.runs, &name)
    }

    fn tokenizer_folder(key: &str) -> PathBuf {
        cache_dir().join(format!("tokenizer-{}", &hash_bytes(key.as_bytes())[..24]))
    }

    fn folder(&self, folder: RunFolder) -> Folder {
        Folder::new(folder, self.lang)
    }
}

/// A run that is refused leaves nothing, not even a folder that was made early.
impl Drop for Native {
    fn drop(&mut self) {
        if let Some(folder) = self.early.take() {
            remove_own_cache(folder.path());
        }
    }
}

/// Removes the token caches that a new run has kept in its folder, and nothing that a person may keep there.
fn remove_own_cache(run: &Path) {
    let own = run.join(OWN_CACHE);
    for entry in std::fs::read_dir(&own).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|ending| ending == "tokens") {
            std::fs::remove_file(path).ok();
        }
    }
    std::fs::remove_dir(own).ok();
}

/// How many unfinished runs are named beside the one that goes on.
const OTHERS_MAX: usize = 8;

impl Host for Native {
    type Store = Folder;

    fn threads(&self, wanted: Option<usize>) -> Result<Pool> {
        machine::start(wanted)
    }

    /// The run has its thread to itself, and the system gives other threads their turn.
    async fn turn(&mut self) {}

    async fn rest(&mut self, time: Duration, mut woken: Pin<&mut dyn Future<Output = ()>>) {
        let until = Instant::now() + time;
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let mut cx = Context::from_waker(&waker);
        while woken.as_mut().poll(&mut cx).is_pending() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::park_timeout(left);
        }
    }

    fn read(&self, doing: &'static str, name: &str) -> Result<String> {
        let path = path_of(name);
        std::fs::read_to_string(&path).map_err(|e| Error::io(doing, &path, &e))
    }

    /// The absolute path, so that a run can be resumed from another folder. A missing path is reported when it is opened.
    fn full_name(&self, name: &str) -> String {
        name_of(&corpus::listed_name(&path_of(name)))
    }

    fn has_text(&self, name: &str) -> bool {
        corpus::is_there(&path_of(name))
    }

    fn texts(&self, corpus: &[String], valid: &[String], field: Option<&str>) -> Result<Box<dyn Texts>> {
        let [corpus, valid] = [corpus, valid].map(|names| names.iter().map(|name| path_of(name)).collect::<Vec<_>>());
        let found = match corpus.is_empty() {
            true => Corpus::open_held_out(&valid, field),
            false => Corpus::open(&corpus, &valid, field),
        };
        Ok(Box::new(found?))
    }

    fn token_cache<'c>(
        &self,
        near: Near<'_>,
        identity: &Identity,
        tokenizer: &Tokenizer,
        chunks: &dyn Fn() -> Chunks<'c>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(TokenCache, Vec<Message>)> {
        let mut open = |dir: &Path| {
            leftovers::sweep(dir);
            let opened = cache::open_or_build(dir, identity, tokenizer, &Options::default(), chunks, &mut *progress);
            opened.map(|(cache, origin)| match origin {
                Origin::Rebuilt(why) => (cache, vec![Message::new("cache-built-again").with("why", why)]),
                Origin::Reused | Origin::Built => (cache, Vec::new()),
            })
        };
        let dir = cache_dir();
        let refused = match open(&dir) {
            Err(error) if cache::is_refused(&error) => error,
            other => return other,
        };
        if let Some(own) = self.own_cache_dir(near)? {
            match open(&own) {
                Ok((cache, mut notices)) => {
                    let kept = Message::new("cache-kept-with-run")
                        .with("dir", &dir)
                        .with("why", &refused.message)
                        .with("place", &own);
                    notices.insert(0, kept);
                    return Ok((cache, notices));
                }
                // A run that trains needs a folder that can be written in any case.
                Err(error) if near.preset.is_some() || !cache::is_refused(&error) => return Err(error),
                Err(_) => {}
            }
        }
        let cache = TokenCache::in_memory(chunks(), tokenizer, &Options::default(), progress)?;
        Ok((cache, vec![Message::new("cache-kept-in-memory").with("dir", &dir).with("why", &refused.message)]))
    }

    fn tokenizer(&self, name: &str, bare: Cleaning) -> Result<Tokenizer> {
        Tokenizer::load(&path_of(name), bare)
    }

    fn known_tokenizer(&self, key: &str, bare: Cleaning) -> Option<Tokenizer> {
        Tokenizer::load(&Self::tokenizer_folder(key), bare).ok()
    }

    fn keep_tokenizer(&self, key: &str, tokenizer: &Tokenizer, max_positions: usize) {
        // This only saves work for the next run. If the disk is full, a later write that must succeed reports it.
        let staging = Staging::begin_shared(&Self::tokenizer_folder(key));
        staging.and_then(|staging| tokenizer::fill(staging, tokenizer, max_positions)).ok();
    }

    fn networks(&self, name: &str, wanted: NetworksWanted) -> Result<(Networks, Vec<Message>)> {
        let path = path_of(name);
        checkpoint::read_steadily(&path, || match wanted {
            NetworksWanted::Pair => checkpoint::read_pair(&path).map(|(pair, notices)| (pair.into(), notices)),
            NetworksWanted::Main(role) => {
                let (main, notices) = checkpoint::resolve_model(&path)?.read(role)?;
                Ok((Networks::alone(main, role), notices))
            }
        })
    }

    fn tokenizer_of_networks(&self, name: &str) -> String {
        let model = checkpoint::resolve_model(&path_of(name)).ok();
        let folder = model.and_then(|model| model.discriminator.or(model.generator));
        folder.map_or_else(|| name.to_owned(), |folder| name_of(&folder))
    }

    fn shelf(&self) -> Shelf {
        Shelf::folder(cache_dir())
    }

    fn newest_run(&self) -> Result<(String, Vec<Message>)> {
        let Runs { newest, unfinished, skipped } = checkpoint::survey_runs(&self.runs)?;
        let mut about: Vec<Message> =
            skipped.iter().map(|why| Message::new("run-skipped").with("why", Message::from(why))).collect();
        let Some(newest) = newest else {
            let error = Error::usage("no-run-to-resume");
            return Err(if about.is_empty() { error.at(name_of(&self.runs)) } else { error.at_place(listed(about)) });
        };
        about.push(Message::new("resume-newest").with("run", word_of(&newest)));
        let others: Vec<String> = unfinished.iter().filter(|run| **run != newest).map(|run| word_of(run)).collect();
        if !others.is_empty() {
            let (shown, more) = (others.len().min(OTHERS_MAX), others.len().saturating_sub(OTHERS_MAX));
            let runs = others[..shown].join(", ");
            about.push(Message::new("resume-others").with("runs", runs).with("more", more));
        }
        Ok((name_of(&newest), about))
    }

    fn config_place(&self, run: &str) -> String {
        name_of(&path_of(run).join(CONFIG))
    }

    fn config(&self, run: &str) -> Result<Config> {
        stored_config(&path_of(run))
    }

    fn resume_point(&self, run: &str, step: Option<u64>) -> Result<Checkpoint> {
        let run = path_of(run);
        checkpoint::read_steadily(&run, || checkpoint::resume_point(&run, step))
    }

    fn refuse_taken(&self, run: &str) -> Result<()> {
        RunFolder::refuse_taken(&path_of(run))
    }

    /// Without a name the run gets one such as runs/20261123-060102-nano, in UTC.
    fn create(&mut self, run: Option<&str>, preset: &str) -> Result<Folder> {
        let folder = match (self.early.take(), run) {
            (Some(folder), _) => folder,
            (None, Some(run)) => RunFolder::create(&path_of(run))?,
            (None, None) => self.create_dated(preset)?,
        };
        Ok(self.folder(folder))
    }

    fn open(&mut self, run: &str) -> Result<Folder> {
        let folder = RunFolder::open(&path_of(run))?;
        Ok(self.folder(folder))
    }
}

impl Texts for Corpus {
    fn identity(&self) -> Identity {
        Self::identity(self)
    }

    fn listing(&self) -> Vec<Message> {
        Self::listing(self)
    }

    fn notices(&self) -> Vec<Message> {
        Self::notices(self)
    }

    fn chunks(&self) -> Chunks<'_> {
        Box::new(Self::chunks(self))
    }

    fn training_chunks(&self) -> Chunks<'_> {
        Box::new(Self::training_chunks(self))
    }

    fn first_held_out(&self) -> Option<String> {
        self.files.iter().find(|file| file.role == TextRole::HeldOut).map(|file| name_of(&file.path))
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
