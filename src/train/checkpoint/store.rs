//! Locks a run's folder, writes its checkpoints and removes old ones. Nothing else writes into checkpoints/.
//! [`RunFolder::create`] or [`RunFolder::open`] -> [`RunFolder::write`] at every checkpoint.

use super::runs::{CONFIG, STARTED, note_start};
use super::{STATE, Snapshot, checkpoints_of, folder_from_step, list, newest_whole, step_from_name};
use crate::hub::{self, Staging, hidden_target, remove_folder};
use crate::message::Message;
use crate::path::word_of;
use crate::{Error, Result};
use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

/// The file that the trainer of a run holds locked.
const LOCK: &str = ".lock";

/// A run's folder that this process has locked. No other trainer can write to it until this value is dropped or the process ends.
#[derive(Debug)]
pub struct RunFolder {
    run: PathBuf,
    /// A new run that has not begun. It is dropped before the lock, because nobody else may be there while files are removed.
    new: Option<New>,
    /// It stays open, because that holds the lock.
    _lock: File,
    /// Which file the lock is, as it was when it was opened.
    own: Metadata,
}

/// What taking a folder for a new run makes there. When this is dropped before the run has begun, it is removed again.
#[derive(Debug)]
struct New {
    run: PathBuf,
    /// The folders that were not there before, the innermost first.
    made: Vec<PathBuf>,
    /// Whether the lock is ours, and so whatever else taking a folder writes.
    locked: bool,
}

impl New {
    /// `run`: a folder that may be there already.
    fn at(run: &Path) -> Self {
        Self { run: run.to_owned(), made: missing(run), locked: false }
    }
}

impl Drop for New {
    fn drop(&mut self) {
        if self.locked {
            match fs::remove_dir(checkpoints_of(&self.run)) {
                // It holds a checkpoint, so the run has begun.
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => return,
                _ => {}
            }
            for name in [STARTED, LOCK] {
                fs::remove_file(self.run.join(name)).ok();
            }
        }
        for folder in &self.made {
            // This removes only empty folders.
            fs::remove_dir(folder).ok();
        }
    }
}

/// The folders of a path that are not there, the innermost first.
fn missing(path: &Path) -> Vec<PathBuf> {
    let missing = |folder: &&Path| !folder.as_os_str().is_empty() && fs::symlink_metadata(folder).is_err();
    path.ancestors().take_while(missing).map(Path::to_owned).collect()
}

/// What writing a checkpoint did.
#[derive(Debug)]
pub struct Written {
    pub dir: PathBuf,
    pub bytes: u64,
    /// Steps of older checkpoints that were removed.
    pub removed: Vec<u64>,
    /// Old checkpoints that could not be removed, and why.
    pub warnings: Vec<Error>,
}

impl RunFolder {
    /// Takes the folder for a new run. A folder that already holds a run is refused. Until the run has begun ([`RunFolder::begun`]), it
    /// leaves nothing when it is dropped.
    pub fn create(run: &Path) -> Result<Self> {
        Self::refuse_taken(run)?;
        Self::take_new(New::at(run))
    }

    fn take_new(mut new: New) -> Result<Self> {
        let run = new.run.clone();
        let lock = open_lock(&run)?;
        // Another process may have begun a run there in the meantime.
        Self::refuse_run(&run)?;
        new.locked = true;
        let folder = Self { new: Some(new), ..Self::locked(&run, lock)? };
        note_start(&run).map_err(|e| Error::io("io-create-runs-folder", &run, &e))?;
        folder.cleared()
    }

    /// Takes a new folder in `runs`, with this name. If there is something with this name already (another run began in the same
    /// second), the folder is `NAME-2`, `NAME-3` and so on.
    pub fn create_dated(runs: &Path, name: &str) -> Result<Self> {
        let fail = |e: &std::io::Error| Error::io("io-create-runs-folder", runs, e);
        let mut new = New { run: runs.join(name), made: missing(runs), locked: false };
        fs::create_dir_all(runs).map_err(|e| fail(&e))?;
        for number in 2_u64.. {
            // Only one process can create a folder.
            match fs::create_dir(&new.run) {
                Ok(()) => {
                    new.made.insert(0, new.run.clone());
                    return Self::take_new(new);
                }
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
                    new.run = runs.join(format!("{name}-{number}"));
                }
                Err(e) => return Err(fail(&e)),
            }
        }
        unreachable!("a folder holds fewer names than there are numbers")
    }

    /// Whether it is the folder of a new run that has not begun.
    pub fn is_new(&self) -> bool {
        self.new.is_some()
    }

    /// Says that the run has begun. From now on its folder stays.
    pub fn begun(&mut self) {
        if let Some(new) = &mut self.new {
            (new.locked, new.made) = (false, Vec::new());
        }
        self.new = None;
    }

    /// Refuses a folder that holds a run or in which a run is under way. A new run also asks this before it begins slow work.
    pub fn refuse_taken(run: &Path) -> Result<()> {
        let Err(taken) = Self::refuse_run(run) else { return Ok(()) };
        // Nobody may remove a folder in use or continue its run.
        Self::lock(run)?;
        Err(taken)
    }

    /// Refuses a folder in which another process trains. It changes nothing there.
    pub fn refuse_in_use(run: &Path) -> Result<()> {
        // Without a lock nobody trains there.
        let Ok(mut file) = File::open(run.join(LOCK)) else { return Ok(()) };
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(in_use(&mut file, run)),
            _ => Ok(()),
        }
    }

    fn refuse_run(run: &Path) -> Result<()> {
        let resumable = run.is_dir() && !list(run)?.is_empty();
        let written = [CONFIG, "metrics.jsonl"].iter().any(|name| run.join(name).exists());
        match (resumable, written) {
            (true, _) => Err(Error::usage("folder-holds-a-run")
                .with("run", word_of(run))
                .hint("help-resume-or-other-folder")
                .at_path(run)),
            // The run ended before its first checkpoint, so it cannot be continued.
            (false, true) => Err(Error::usage("folder-holds-a-run").hint("help-remove-or-other-folder").at_path(run)),
            (false, false) => Ok(()),
        }
    }

    /// Takes the folder of a run that is to continue, and removes what a killed writer left in it.
    pub fn open(run: &Path) -> Result<Self> {
        if !run.is_dir() {
            return Err(Error::usage("no-such-run").at_path(run));
        }
        Self::lock(run)?.cleared()
    }

    pub fn path(&self) -> &Path {
        &self.run
    }

    /// Whether the folder at its place is still the one that was taken.
    pub fn in_place(&self) -> bool {
        fs::metadata(self.run.join(LOCK)).is_ok_and(|there| hub::same_file(&self.own, &there))
    }

    /// Takes the folder's place again after somebody has removed it or moved it away. `ours`: whether what is there now belongs to this
    /// run. Another run is refused.
    pub fn take_again(&mut self, ours: bool) -> Result<()> {
        if !ours {
            Self::refuse_run(&self.run)?;
        }
        *self = Self::lock(&self.run)?.cleared()?;
        Ok(())
    }

    /// Whether the checkpoint of a step is still there. If it cannot be looked up, it counts as still there.
    pub fn holds(&self, step: u64) -> bool {
        let state = fs::metadata(folder_from_step(&self.run, step).join(STATE));
        state.map_or_else(|error| error.kind() != std::io::ErrorKind::NotFound, |state| state.is_file())
    }

    fn lock(run: &Path) -> Result<Self> {
        Self::locked(run, open_lock(run)?)
    }

    /// Writes into the lock who holds it.
    fn locked(run: &Path, mut lock: File) -> Result<Self> {
        let signed = lock
            .set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| write!(lock, "{}", std::process::id()))
            .and_then(|()| lock.metadata());
        let own = signed.map_err(|e| Error::io("io-lock-runs-folder", &run.join(LOCK), &e))?;
        Ok(Self { run: run.to_owned(), new: None, _lock: lock, own })
    }

    fn cleared(self) -> Result<Self> {
        let folder = checkpoints_of(&self.run);
        fs::create_dir_all(&folder).map_err(|e| Error::io("io-create-folder", &folder, &e))?;
        let entries = fs::read_dir(&folder).map_err(|e| Error::io("io-read-folder", &folder, &e))?;
        for entry in entries {
            let entry = entry.map_err(|e| Error::io("io-read-folder", &folder, &e))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if let Some(target) = hidden_target(&name).filter(|target| step_from_name(target).is_some()) {
                hub::recover(&folder.join(target))?;
            }
        }
        Ok(self)
    }

    /// Writes a checkpoint, which replaces one of the same step. Then it removes older ones, so that the newest `keep` stay. If it
    /// fails, no part of the checkpoint is left, and the earlier ones are untouched.
    pub fn write(&self, snapshot: &Snapshot, keep: usize) -> Result<Written> {
        let step = snapshot.state.step;
        let dir = folder_from_step(&self.run, step);
        let bytes = stage(&dir, snapshot).map_err(|mut e| {
            e.message = Message::new("checkpoint-lost").with("step", step).with("why", e.message);
            e
        })?;
        let mut written = Written { dir, bytes, removed: Vec::new(), warnings: Vec::new() };
        // The new checkpoint is whole and only older ones are removed, so the newest whole one always stays.
        for (old, dir) in list(&self.run)?.into_iter().filter(|(old, _)| *old < step).skip(keep.saturating_sub(1)) {
            match remove_folder(&dir) {
                Ok(()) => written.removed.push(old),
                Err(e) => written.warnings.push(e),
            }
        }
        Ok(written)
    }

    /// Moves every checkpoint after `step` out of the way, because a run that continues from `step` will write others. They stay in
    /// the run's folder under names that no command reads. Returns where they are now.
    pub fn set_aside_after(&self, step: u64) -> Result<Vec<PathBuf>> {
        let mut moved = Vec::new();
        for (later, dir) in list(&self.run)?.into_iter().filter(|(later, _)| *later > step) {
            let aside = (1..)
                .map(|n| checkpoints_of(&self.run).join(format!("set-aside-{n}-step-{later:09}")))
                .find(|path| !path.exists())
                .expect("a folder holds fewer names than there are numbers");
            fs::rename(&dir, &aside).map_err(|e| Error::io("io-set-checkpoint-aside", &dir, &e))?;
            moved.push(aside);
        }
        Ok(moved)
    }

    /// The newest whole checkpoint's step, if there is one.
    pub fn newest_step(&self) -> Result<Option<u64>> {
        Ok(newest_whole(&self.run)?.newest.map(|checkpoint| checkpoint.state.step))
    }
}

/// Makes a run's folder and takes its lock.
fn open_lock(run: &Path) -> Result<File> {
    fs::create_dir_all(run).map_err(|e| Error::io("io-create-runs-folder", run, &e))?;
    let path = run.join(LOCK);
    let fail = |e: &std::io::Error| Error::io("io-lock-runs-folder", &path, e);
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = opened.map_err(|e| fail(&e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(in_use(&mut file, run)),
        // Some network file systems have no locks. Training there must still be possible.
        Err(TryLockError::Error(e)) if e.kind() == std::io::ErrorKind::Unsupported => Ok(file),
        Err(TryLockError::Error(e)) => Err(fail(&e)),
    }
}

/// The error that names the process that holds the lock.
fn in_use(lock: &mut File, run: &Path) -> Error {
    let mut holder = String::new();
    // Windows does not let anybody read a locked file. Then the message does not name the process.
    lock.read_to_string(&mut holder).ok();
    let error = match holder.trim() {
        "" => Error::failed("folder-in-use"),
        process => Error::failed("folder-in-use-by").with("process", process),
    };
    error.at_path(run)
}

fn stage(dir: &Path, snapshot: &Snapshot) -> Result<u64> {
    let mut staging = Staging::begin(dir)?;
    snapshot.write(&mut staging)?;
    let bytes = staging.files().values().map(|file| file.bytes).sum();
    staging.commit()?;
    Ok(bytes)
}
