//! Writes a folder whole or not at all. It writes the folder beside its final place, syncs every file and folder, and renames it.
//! [`Staging::begin`] -> [`Staging::write`] for each file -> [`Staging::commit`]. If a [`Staging`] is dropped without a commit,
//! nothing is left of it.
//!
//! At every instant a reader finds the old folder or the new one. While an old folder is being replaced, it waits under a hidden
//! name, and [`recover`] renames it back if the process died in between.

use crate::path::part_ending;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// A folder being written; never read.
const PARTIAL: &str = ".partial-";
/// An old folder while it is being replaced. It counts if the new one is missing.
pub(crate) const REPLACED: &str = ".replaced-";
/// A folder being deleted; never read.
const REMOVING: &str = ".removing-";

/// The length and hash of a file, which distinguish a whole file from a damaged one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Length.
    pub bytes: u64,
    /// Lower-case hexadecimal.
    pub sha256: String,
}

/// Fills one file.
pub type Fill<'f> = dyn FnMut(&mut dyn Write) -> io::Result<()> + 'f;

/// Files that are being written, each under a name whose parts are joined by `/`: into a folder or into memory.
pub trait NewFiles {
    /// Writes one file and notes its length and its hash.
    ///
    /// # Errors
    /// The disk is full or gone.
    fn write(&mut self, name: &str, fill: &mut Fill<'_>) -> Result<()>;

    /// What has been written so far, by name.
    fn records(&self) -> &BTreeMap<String, FileRecord>;
}

impl NewFiles for Staging {
    fn write(&mut self, name: &str, fill: &mut Fill<'_>) -> Result<()> {
        Self::write(self, name, fill)
    }

    fn records(&self) -> &BTreeMap<String, FileRecord> {
        self.files()
    }
}

/// Files in memory, by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Files that are written into memory.
#[derive(Debug, Default)]
pub struct MemoryFiles {
    pub files: Files,
    records: BTreeMap<String, FileRecord>,
}

impl NewFiles for MemoryFiles {
    fn write(&mut self, name: &str, fill: &mut Fill<'_>) -> Result<()> {
        let mut bytes = Vec::new();
        fill(&mut bytes).map_err(|e| Error::failed("cannot-write-file").with("detail", e.to_string()).at(name))?;
        self.records.insert(name.to_owned(), record_of(&bytes));
        self.files.insert(name.to_owned(), bytes);
        Ok(())
    }

    fn records(&self) -> &BTreeMap<String, FileRecord> {
        &self.records
    }
}

/// Length and SHA-256 of bytes in memory.
pub fn record_of(bytes: &[u8]) -> FileRecord {
    FileRecord { bytes: bytes.len() as u64, sha256: hash_bytes(bytes) }
}

/// A folder on its way to `target`.
#[derive(Debug)]
pub struct Staging {
    target: PathBuf,
    partial: PathBuf,
    folders: BTreeSet<PathBuf>,
    files: BTreeMap<String, FileRecord>,
}

impl Staging {
    /// Starts beside `target`, creating the folders above it and clearing what a killed write left.
    pub fn begin(target: &Path) -> Result<Self> {
        recover(target)?;
        Self::at(target, beside(target, PARTIAL)?)
    }

    fn at(target: &Path, partial: PathBuf) -> Result<Self> {
        fs::create_dir_all(&partial).map_err(|e| Error::io("io-create-folder", &partial, &e))?;
        Ok(Self { target: target.to_owned(), partial, folders: BTreeSet::new(), files: BTreeMap::new() })
    }

    /// The same for a place that several processes may fill at once. Each has a folder of its own beside it, and the last one stays.
    pub fn begin_shared(target: &Path) -> Result<Self> {
        let mut partial = beside(target, PARTIAL)?.into_os_string();
        partial.push(format!(".{}", part_ending()));
        Self::at(target, PathBuf::from(partial))
    }

    /// Writes one file, hashing it on the way, and syncs it. `name` is relative, its parts joined by `/`.
    pub fn write(&mut self, name: &str, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
        let final_path = name.split('/').fold(self.target.clone(), |path, part| path.join(part));
        let path = name.split('/').fold(self.partial.clone(), |path, part| path.join(part));
        let record = self.fill_file(&path, fill).map_err(|e| Error::io("io-write-file", &final_path, &e))?;
        self.files.insert(name.to_owned(), record);
        Ok(())
    }

    fn fill_file(
        &mut self,
        path: &Path,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<FileRecord> {
        if let Some(folder) = path.parent().filter(|folder| *folder != self.partial) {
            fs::create_dir_all(folder)?;
            self.folders.insert(folder.to_owned());
        }
        let mut out = Hashing {
            inner: BufWriter::with_capacity(1 << 18, File::create_new(path)?),
            hash: Sha256::new(),
            bytes: 0,
        };
        fill(&mut out)?;
        let file = out.inner.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(FileRecord { bytes: out.bytes, sha256: hex(&out.hash.finalize()) })
    }

    /// What has been written so far, by name.
    pub fn files(&self) -> &BTreeMap<String, FileRecord> {
        &self.files
    }

    /// Moves the folder to its final place, and replaces an older one there.
    pub fn commit(self) -> Result<()> {
        self.exchange().map_err(|e| Error::io("io-put-finished-folder-in-its-place", &self.target, &e))
    }

    fn exchange(&self) -> io::Result<()> {
        for folder in self.folders.iter().rev() {
            sync_folder(folder)?;
        }
        sync_folder(&self.partial)?;
        let old = hidden_sibling(&self.target, REPLACED)?;
        let replaces = self.target.exists();
        if replaces {
            fs::rename(&self.target, &old)?;
        }
        if let Err(error) = fs::rename(&self.partial, &self.target) {
            if replaces {
                fs::rename(&old, &self.target)?;
            }
            return Err(error);
        }
        sync_folder(parent(&self.target))?;
        if replaces {
            // The next `recover` removes whatever is left of it. The new folder is complete in any case.
            fs::remove_dir_all(&old).ok();
        }
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // After a commit the folder has moved and there is nothing to remove; otherwise the next `begin` tries again.
        fs::remove_dir_all(&self.partial).ok();
    }
}

/// Clears what a killed process left around `target`, and puts an old folder back if its successor never arrived.
pub fn recover(target: &Path) -> Result<()> {
    let old = beside(target, REPLACED)?;
    if old.exists() && !target.exists() {
        fs::rename(&old, target).map_err(|e| Error::io("io-put-folder-back", target, &e))?;
    }
    for leftover in [old, beside(target, PARTIAL)?, beside(target, REMOVING)?] {
        remove_tree(&leftover).map_err(|e| Error::io("io-remove-unfinished-folder", &leftover, &e))?;
    }
    Ok(())
}

/// Deletes a folder. It is renamed first, so that a kill halfway leaves nothing that looks whole.
pub fn remove_folder(target: &Path) -> Result<()> {
    let removing = beside(target, REMOVING)?;
    remove_tree(&removing)
        .and_then(|()| fs::rename(target, &removing))
        .and_then(|()| remove_tree(&removing))
        .map_err(|e| Error::io("io-remove-folder", target, &e))
}

/// The final name hidden in the name of an unfinished, replaced or half-removed folder.
pub(crate) fn hidden_target(name: &str) -> Option<&str> {
    [PARTIAL, REPLACED, REMOVING].iter().find_map(|prefix| name.strip_prefix(prefix))
}

/// Writes a file beside its place, syncs and renames it: a reader finds the old one or the new one, and a full disk leaves the old.
/// Two processes that do so at once leave one whole file.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", part_ending()));
    let written = File::create(&beside).and_then(|mut file| {
        // The lock tells others that this is no leftover of a process that died.
        file.try_lock().ok();
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&beside, path)).inspect_err(|_| {
        // This removes at most half a file. The error itself says what matters.
        fs::remove_file(&beside).ok();
    })
}

/// Whether two descriptions are of one file.
#[cfg(unix)]
pub(crate) fn same_file(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Whether two descriptions are of one file. Other systems do not let anybody remove or replace a file that is open.
#[cfg(not(unix))]
pub(crate) fn same_file(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    true
}

/// Length and SHA-256 of a file.
pub fn hash_file(path: &Path) -> io::Result<FileRecord> {
    let mut file = File::open(path)?;
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut block = vec![0; 1 << 18];
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            return Ok(FileRecord { bytes, sha256: hex(&hash.finalize()) });
        }
        hash.update(&block[..read]);
        bytes += read as u64;
    }
}

pub(crate) fn hash_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn beside(target: &Path, prefix: &str) -> Result<PathBuf> {
    hidden_sibling(target, prefix).map_err(|e| Error::io("io-write-there", target, &e))
}

fn hidden_sibling(target: &Path, prefix: &str) -> io::Result<PathBuf> {
    let name =
        target.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path ends in no name"))?;
    let mut hidden = std::ffi::OsString::from(prefix);
    hidden.push(name);
    Ok(parent(target).join(hidden))
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Makes the names in a folder durable. Windows has no call for this, because NTFS logs renames itself.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

struct Hashing<W> {
    inner: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(data)?;
        self.hash.update(&data[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))] // files
mod tests {
    use super::*;

    fn stage(target: &Path, text: &str) -> Staging {
        let mut staging = Staging::begin(target).unwrap();
        staging.write("inner/file.txt", |out| out.write_all(text.as_bytes())).unwrap();
        staging
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_is_seen_before_the_commit_and_nothing_else_after() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("above/folder");
        let staging = stage(&target, "one");
        assert!(!target.exists());
        // FIPS 180-2 gives the hash of "abc"; this is `printf one | sha256sum`.
        let want = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";
        assert_eq!(staging.files()["inner/file.txt"], FileRecord { bytes: 3, sha256: want.to_owned() });
        staging.commit().unwrap();
        assert_eq!(hash_file(&target.join("inner/file.txt")).unwrap().sha256, want);
        stage(&target, "two").commit().unwrap();
        assert_eq!(fs::read(target.join("inner/file.txt")).unwrap(), b"two");
        drop(stage(&target, "three"));
        assert_eq!(fs::read(target.join("inner/file.txt")).unwrap(), b"two");
        assert_eq!(names(target.parent().unwrap()), ["folder"]);
    }

    #[test]
    fn several_may_fill_one_place_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("folder");
        let begun: Vec<Staging> = (0..3).map(|_| Staging::begin_shared(&target).unwrap()).collect();
        for (number, mut staging) in begun.into_iter().enumerate() {
            staging.write("file.txt", |out| write!(out, "{number}")).unwrap();
            staging.commit().unwrap();
            assert_eq!(fs::read_to_string(target.join("file.txt")).unwrap(), number.to_string());
        }
        drop(Staging::begin_shared(&target).unwrap());
        assert_eq!(names(dir.path()), ["folder"]);
    }

    #[test]
    fn what_a_kill_leaves_is_cleared_and_a_replaced_folder_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("folder");
        stage(&target, "old").commit().unwrap();
        std::mem::forget(stage(&target, "new"));
        fs::create_dir(dir.path().join(".removing-folder")).unwrap();
        fs::rename(&target, dir.path().join(".replaced-folder")).unwrap();
        recover(&target).unwrap();
        assert_eq!(fs::read(target.join("inner/file.txt")).unwrap(), b"old");
        assert_eq!(names(dir.path()), ["folder"]);
        remove_folder(&target).unwrap();
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn a_failed_file_is_named_by_its_final_path() {
        let dir = tempfile::tempdir().unwrap();
        let mut staging = Staging::begin(&dir.path().join("folder")).unwrap();
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let error = staging.write("a.bin", |_| Err(full())).unwrap_err();
        assert_eq!(error.place, Some((&dir.path().join("folder/a.bin")).into()));
        assert!(error.hint == Some("help-free-space"));
        assert!(Staging::begin(Path::new("/")).is_err());
    }
}
