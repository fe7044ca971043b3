//! Lets a run use this machine: folders, files, the cache folder, the clock, and a thread of its own.
//! [`train`], [`evaluate`], [`look`] -> `run` -> [`Native`] -> RUN/, the token cache, `runs/DATE-TIME-PRESET`.

pub mod feed;
mod folder;
pub mod kernels;
pub mod signals;
mod tokenizer;

pub use folder::Folder;
pub use tokenizer::train_tokenizer;

use crate::config::Config;
use crate::hub::{Networks, hash_bytes};
use crate::lang::Lang;
use crate::message::Message;
use crate::run::host::{Chunks, Host, NetworksWanted, Texts};
use crate::run::{self, Request};
use crate::text::Role as TextRole;
use crate::text::cache::{self, Identity, Options, Origin, Progress, TokenCache};
use crate::text::corpus::Corpus;
use crate::text::tokenizer::{Cleaning, Tokenizer};
use crate::train::checkpoint::{self, Checkpoint, RunFolder};
use crate::train::engine::Backend;
use crate::train::event::{Command, EvalMetrics, Event};
use crate::train::shelf::Shelf;
use crate::{Error, Result};
use futures_channel::mpsc::UnboundedReceiver;
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
    let mut host = Native { lang: request.lang };
    run::train(&mut host, request, commands, sink).await
}

/// Measures a run's newest checkpoint on held-out text. See [`run::evaluate`].
///
/// # Errors
/// As [`run::evaluate`].
pub async fn evaluate(run: &Path, corpus: &[PathBuf], backend: &Backend) -> Result<EvalMetrics> {
    let corpus: Vec<String> = corpus.iter().map(|path| name_of(path)).collect();
    run::evaluate(&Native { lang: Lang::default() }, &name_of(run), &corpus, backend).await
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
    run::look(&Native { lang: Lang::default() }, &name_of(folder), device, commands, sink).await
}

/// The name of a path in a request.
pub fn name_of(path: &Path) -> String {
    path.display().to_string()
}

/// The configuration that a run's folder holds.
pub fn stored_config(run: &Path) -> Result<Config> {
    let path = run.join("config.toml");
    let text = std::fs::read_to_string(&path).map_err(|e| Error::io("io-read-configuration", &path, &e))?;
    Config::from_toml(&text, &name_of(&path))
}

/// The configuration that a request gives, and the level of the built-in text if that is used.
///
/// # Errors
/// A setting is wrong by itself or together with another, or a file of settings cannot be read.
pub fn effective_config(request: &Request) -> Result<(Config, Option<crate::text::grammar::Level>)> {
    run::effective_config(&Native { lang: request.lang }, request, None)
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
#[derive(Debug, Clone, Copy)]
pub struct Native {
    /// The language of reports and of advice.
    pub lang: Lang,
}

impl Native {
    fn tokenizer_folder(key: &str) -> PathBuf {
        cache_dir().join(format!("tokenizer-{}", &hash_bytes(key.as_bytes())[..24]))
    }

    fn folder(&self, folder: RunFolder) -> Folder {
        Folder::new(folder, self.lang)
    }
}

impl Host for Native {
    type Store = Folder;

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
        std::fs::read_to_string(name).map_err(|e| Error::io(doing, Path::new(name), &e))
    }

    /// The absolute path, so that a run can be resumed from another folder. A missing path is reported when it is opened.
    fn full_name(&self, name: &str) -> String {
        std::fs::canonicalize(name).map_or_else(|_| name.to_owned(), |path| name_of(&path))
    }

    fn has_text(&self, name: &str) -> bool {
        Path::new(name).exists()
    }

    fn texts(&self, corpus: &[String], valid: &[String]) -> Result<Box<dyn Texts>> {
        let [corpus, valid] = [corpus, valid].map(|names| names.iter().map(PathBuf::from).collect::<Vec<_>>());
        let found = if corpus.is_empty() { Corpus::open_held_out(&valid) } else { Corpus::open(&corpus, &valid) };
        Ok(Box::new(found?))
    }

    fn token_cache<'c>(
        &self,
        identity: &Identity,
        tokenizer: &Tokenizer,
        chunks: &dyn Fn() -> Chunks<'c>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(TokenCache, Option<Message>)> {
        let dir = cache_dir();
        let (cache, origin) = cache::open_or_build(&dir, identity, tokenizer, &Options::default(), chunks, progress)?;
        Ok((cache, if let Origin::Rebuilt(reason) = origin { Some(reason) } else { None }))
    }

    fn tokenizer(&self, name: &str, bare: Cleaning) -> Result<Tokenizer> {
        Tokenizer::load(Path::new(name), bare)
    }

    fn known_tokenizer(&self, key: &str, bare: Cleaning) -> Option<Tokenizer> {
        Tokenizer::load(&Self::tokenizer_folder(key), bare).ok()
    }

    fn keep_tokenizer(&self, key: &str, tokenizer: &Tokenizer, max_positions: usize) {
        // This only saves work for the next run. If the disk is full, a later write that must succeed reports it.
        tokenizer::write(tokenizer, max_positions, &Self::tokenizer_folder(key)).ok();
    }

    fn networks(&self, name: &str, wanted: NetworksWanted) -> Result<(Networks, Vec<Message>)> {
        match wanted {
            NetworksWanted::Pair => {
                checkpoint::read_pair(Path::new(name)).map(|(pair, notices)| (pair.into(), notices))
            }
            NetworksWanted::Main(role) => {
                let (main, notices) = checkpoint::resolve_model(Path::new(name))?.read(role)?;
                Ok((Networks::alone(main, role), notices))
            }
        }
    }

    fn tokenizer_of_networks(&self, name: &str) -> String {
        let model = checkpoint::resolve_model(Path::new(name)).ok();
        let folder = model.and_then(|model| model.discriminator.or(model.generator));
        folder.map_or_else(|| name.to_owned(), |folder| name_of(&folder))
    }

    fn shelf(&self) -> Shelf {
        Shelf::folder(cache_dir())
    }

    fn newest_run(&self) -> Result<String> {
        let newest = checkpoint::newest_run(Path::new(RUNS))?;
        let newest = newest.ok_or_else(|| Error::usage("no-run-to-resume").at(RUNS))?;
        Ok(name_of(&newest))
    }

    fn config_place(&self, run: &str) -> String {
        name_of(&Path::new(run).join("config.toml"))
    }

    fn config(&self, run: &str) -> Result<Config> {
        stored_config(Path::new(run))
    }

    fn resume_point(&self, run: &str, step: Option<u64>) -> Result<Checkpoint> {
        checkpoint::resume_point(Path::new(run), step)
    }

    fn refuse_taken(&self, run: &str) -> Result<()> {
        RunFolder::refuse_taken(Path::new(run))
    }

    /// Without a name the run gets one such as runs/20261123-060102-nano, in UTC.
    fn create(&mut self, run: Option<&str>, preset: &str) -> Result<Folder> {
        let dated = || Path::new(RUNS).join(format!("{}-{preset}", chrono::Utc::now().format("%Y%m%d-%H%M%S")));
        let folder = RunFolder::create(&run.map_or_else(dated, PathBuf::from))?;
        Ok(self.folder(folder))
    }

    fn open(&mut self, run: &str) -> Result<Folder> {
        let folder = RunFolder::open(Path::new(run))?;
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
