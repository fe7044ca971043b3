//! Finds the model that RUN or MODEL names on the command line: a run's folder, a checkpoint's, a pair's or one network's.
//! path -> [`resolve_model`] -> [`Model`] -> networks.

use super::{Checkpoint, STATE, checkpoints_of, list, whole_or_offer};
use crate::hub::{self, Network, Pair, Role, read_network, role_of};
use crate::message::Message;
use crate::path::{name_of, quoted, word_of};
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// How often a run is read again because it went on meanwhile.
const READS_MAX: usize = 5;

/// Which checkpoint of a run is the newest while it is read. Another process may train the run, and removes old checkpoints.
#[derive(Debug, PartialEq)]
pub struct Newest {
    step: Option<u64>,
    reads: usize,
}

impl Newest {
    /// `path`: a run, or any other place, which has no checkpoints.
    pub fn of(path: &Path) -> Self {
        Self { step: step_of_newest(path), reads: 1 }
    }

    /// Whether a reading that has failed may succeed now, because the run has a newer checkpoint.
    pub fn has_changed(&mut self, path: &Path) -> bool {
        let before = std::mem::replace(&mut self.step, step_of_newest(path));
        self.reads += 1;
        self.step != before && self.reads <= READS_MAX
    }
}

fn step_of_newest(path: &Path) -> Option<u64> {
    Some(list(path).ok()?.first()?.0)
}

/// Reads from a run that another process may train. If that removes the checkpoint that is being read, the newest is read.
pub fn read_steadily<T>(path: &Path, mut read: impl FnMut() -> Result<T>) -> Result<T> {
    let mut newest = Newest::of(path);
    loop {
        match read() {
            Err(_) if newest.has_changed(path) => {}
            done => return done,
        }
    }
}

/// The networks that a path names. At least one of the two is there.
#[derive(Debug)]
pub struct Model {
    /// The path that was asked for.
    pub path: PathBuf,
    /// A network that judges tokens.
    pub discriminator: Option<PathBuf>,
    /// A network that proposes words: a generator, or an encoder that was trained alone.
    pub generator: Option<PathBuf>,
    /// The verified checkpoint they come from, if they come from one.
    pub checkpoint: Option<Checkpoint>,
}

/// Finds the networks of a run (its newest checkpoint), of a checkpoint, of a pair's folder or of one network's folder.
/// Checkpoints are verified. If the newest is damaged, the error names it and the path of the one before it.
pub fn resolve_model(path: &Path) -> Result<Model> {
    if !path.is_dir() {
        return Err(not_a_folder(path));
    }
    if checkpoints_of(path).is_dir() {
        let checkpoint =
            whole_or_offer(path, |error, before| error.with("before", word_of(&before.dir)).hint("help-use-before"))?;
        return Ok(from_checkpoint(path, checkpoint));
    }
    if path.join(STATE).is_file() {
        return Ok(from_checkpoint(path, Checkpoint::open(path)?));
    }
    let [discriminator, generator] = folders(path);
    let mut model = Model { path: path.to_owned(), discriminator, generator, checkpoint: None };
    if model.discriminator.is_none() && model.generator.is_none() {
        if !path.join("config.json").is_file() {
            return Err(Error::failed("neither-run-nor-model").at_path(path));
        }
        match role_of(path)? {
            Role::Discriminator => model.discriminator = Some(path.to_owned()),
            Role::Encoder | Role::Generator => model.generator = Some(path.to_owned()),
        }
    }
    Ok(model)
}

/// The folder of a network that judges, and of one that proposes words: a generator, or an encoder that was trained alone.
fn folders(path: &Path) -> [Option<PathBuf>; 2] {
    let there = |role: Role| Some(path.join(role.folder())).filter(|dir| dir.is_dir());
    [there(Role::Discriminator), there(Role::Generator).or_else(|| there(Role::Encoder))]
}

/// Both networks of a run, a checkpoint or a pair's folder, and what a person should know about them (warnings).
pub fn read_pair(path: &Path) -> Result<(Pair, Vec<Message>)> {
    let model = resolve_model(path)?;
    model.folder(Role::Discriminator)?;
    let generator = model.folder(Role::Generator)?;
    hub::read_pair(generator.parent().unwrap_or(path))
}

impl Model {
    /// The folder of one network; an error says what the path holds instead.
    pub fn folder(&self, role: Role) -> Result<&Path> {
        let (wanted, other) = match role {
            Role::Discriminator => (&self.discriminator, Role::Generator),
            Role::Encoder | Role::Generator => (&self.generator, Role::Discriminator),
        };
        wanted.as_deref().ok_or_else(|| {
            // The name of its folder shows the role of a network that proposes words.
            let encoder = self.generator.as_ref().filter(|dir| dir.ends_with(Role::Encoder.folder()));
            let found = if role == Role::Discriminator && encoder.is_some() { Role::Encoder } else { other };
            Error::failed("wrong-network-here")
                .with("found", found.folder())
                .with("wanted", role.folder())
                .with("architecture", role.architecture())
                .at_path(&self.path)
        })
    }

    /// Reads one network, and what a person should know about it (warnings).
    pub fn read(&self, role: Role) -> Result<(Network, Vec<Message>)> {
        read_network(self.folder(role)?, role)
    }
}

fn from_checkpoint(path: &Path, checkpoint: Checkpoint) -> Model {
    let [discriminator, generator] = folders(&checkpoint.dir);
    Model { path: path.to_owned(), discriminator, generator, checkpoint: Some(checkpoint) }
}

fn not_a_folder(path: &Path) -> Error {
    if path.is_file() {
        return Error::failed("file-in-place-of-folder").at_path(path);
    }
    let text = name_of(path);
    // A name like OWNER/NAME is a model on Hugging Face's hub. This program downloads nothing.
    if !path.is_absolute() && text.split('/').count() == 2 && !text.starts_with('.') {
        return Error::failed("no-such-folder")
            .with("model", quoted(&text))
            .with("folder", quoted(text.replace('/', "-")))
            .hint("help-download-first")
            .at(&text);
    }
    Error::failed("no-such-folder").hint("help-check-path").at(&text)
}
