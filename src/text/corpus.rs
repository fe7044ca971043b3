//! Lists a corpus: files and folders -> which files are read, which are not, and why -> chunks of text.
//!
//! In a folder `valid.*`, `dev.*` and `test.*` are never trained on (`valid.*` becomes the held-out text), and `SOURCE*`,
//! `LICENSE*`, `README*`, `manifest*` and files of other kinds are skipped. A file that is given by its own name is always read.

mod file;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::cache::Identity;
use super::readers::Reader;
use super::{Chunk, Role};
use crate::message::{self, Message};
use crate::path::name_of as path_name;
use crate::{Error, Result};

pub use file::{CorpusFile, Format};

/// All files that are read, and all files that were found but are not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corpus {
    /// The files in the order in which they are read: as given, and within a folder by name.
    pub files: Vec<CorpusFile>,
    pub skipped: Vec<(PathBuf, Skipped)>,
}

/// The reason for which a file is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skipped {
    /// A note about the data: its licence, its description.
    Note,
    OtherKind,
    Empty,
    /// A `valid.*` that `--valid` replaces.
    Replaced,
    /// A `dev.*` or `test.*`, which is never trained on.
    ForJudging,
    /// It was found before.
    Twice,
}

impl Skipped {
    fn message(self) -> Message {
        match self {
            Self::Note => Message::new("skipped-note"),
            Self::OtherKind => Message::new("skipped-other-kind"),
            Self::Empty => Message::new("skipped-empty"),
            Self::Replaced => Message::new("skipped-replaced"),
            Self::ForJudging => Message::new("skipped-for-judging"),
            Self::Twice => Message::new("skipped-twice"),
        }
    }
}

impl Corpus {
    /// `given`: files and folders to train on. `valid`: files and folders to hold out; they replace `valid.*`.
    pub fn open(given: &[PathBuf], valid: &[PathBuf]) -> Result<Self> {
        let mut found = Finder { files: Vec::new(), skipped: Vec::new(), seen: HashSet::new() };
        // Held-out files come first, because a file that is named twice must not be trained on.
        for path in valid {
            found.add(path, Purpose::HeldOut)?;
        }
        for path in given {
            found.add(path, if valid.is_empty() { Purpose::Corpus } else { Purpose::CorpusOnly })?;
        }
        let Finder { mut files, skipped, .. } = found;
        files.sort_by_key(|file| file.role == Role::HeldOut);
        let corpus = Self { files, skipped };
        if !corpus.files.iter().any(|file| file.role == Role::Corpus) {
            if let Some((path, _)) = corpus.skipped.iter().find(|(_, reason)| *reason == Skipped::Twice) {
                return Err(Error::failed("all-text-held-out").at_path(path));
            }
            let mut places = found_instead(&corpus, valid);
            if places.is_empty() {
                places = given.iter().map(|path| Message::plain(path_name(path))).collect();
            }
            return Err(Error::failed("nothing-to-train-on").at_place(message::listed(places)));
        }
        Ok(corpus)
    }

    /// A corpus to judge a model on: everything that is found is [`Role::HeldOut`], including `valid.*` and `test.*`.
    pub fn open_held_out(paths: &[PathBuf]) -> Result<Self> {
        let mut found = Finder { files: Vec::new(), skipped: Vec::new(), seen: HashSet::new() };
        for path in paths {
            found.add(path, Purpose::HeldOut)?;
        }
        if found.files.is_empty() {
            let places: Vec<String> = paths.iter().map(|path| path_name(path)).collect();
            return Err(Error::failed("no-text-file-found").at(places.join(", ")));
        }
        Ok(Self { files: found.files, skipped: found.skipped })
    }

    /// Streams every document. At most a few megabytes are in memory. The first error is the last item.
    pub fn chunks(&self) -> Chunks<'_> {
        Chunks::new(self.files.iter().collect())
    }

    /// The documents that may be trained on, for a tokenizer.
    pub fn training_chunks(&self) -> Chunks<'_> {
        Chunks::new(self.files.iter().filter(|file| file.role == Role::Corpus).collect())
    }

    /// For each file what becomes of it. A run tells this before it reads them.
    pub fn listing(&self) -> Vec<Message> {
        let read = self.files.iter().map(|file| file.role.listed(&path_name(&file.path), file.bytes));
        let skipped = self
            .skipped
            .iter()
            .map(|(path, reason)| Message::new("corpus-file-skipped").with("path", path).with("why", reason.message()));
        read.chain(skipped).collect()
    }

    /// The files' names, sizes and times. A token cache is kept under them.
    pub fn identity(&self) -> Identity {
        let (mut name, mut state) = (String::new(), String::new());
        for file in &self.files {
            let path = std::fs::canonicalize(&file.path).unwrap_or_else(|_| file.path.clone());
            name += &format!("{:?} {}\n", file.role, path_name(&path));
            state += &format!("{} {}\n", file.bytes, file.modified_nanos);
        }
        Identity { name, state }
    }
}

/// A few of the files that a corpus without text to train on found instead, with the reason why none is trained on.
fn found_instead(corpus: &Corpus, valid: &[PathBuf]) -> Vec<Message> {
    let place = |path: &Path, why: Message| Message::new("file-and-reason").with("path", path).with("why", &why);
    let skipped = corpus.skipped.iter().map(|(path, reason)| place(path, reason.message()));
    let held_out = valid.iter().map(|path| place(path, Message::new("skipped-held-out")));
    skipped.chain(held_out).take(8).collect()
}

/// The purpose for which a path is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Corpus,
    /// To train on, but without `valid.*` of a folder, because something else is held out.
    CorpusOnly,
    HeldOut,
}

struct Finder {
    files: Vec<CorpusFile>,
    skipped: Vec<(PathBuf, Skipped)>,
    /// The real paths of files and folders, so that none is read twice and a loop of links ends.
    seen: HashSet<PathBuf>,
}

impl Finder {
    /// Adds a path that was given by name.
    fn add(&mut self, path: &Path, purpose: Purpose) -> Result<()> {
        let meta = std::fs::metadata(path).map_err(|e| Error::io("io-read", path, &e))?;
        if meta.is_dir() {
            return self.add_folder(path, purpose);
        }
        if !meta.is_file() {
            // The file is read more than once, and a pipe gives its text only once.
            return Err(Error::failed("not-a-file").at_path(path));
        }
        if meta.len() == 0 {
            return Err(Error::failed("empty-file").at_path(path));
        }
        // A file of an unknown kind counts as text, until a byte of it says otherwise.
        let (format, gzip) = kind_of(path).unwrap_or((Format::Text, has_suffix(path, ".gz")));
        let role = if purpose == Purpose::HeldOut { Role::HeldOut } else { Role::Corpus };
        self.push(path, &meta, format, gzip, role)
    }

    fn add_folder(&mut self, folder: &Path, purpose: Purpose) -> Result<()> {
        if !self.first_visit(folder)? {
            return Ok(());
        }
        let entries = std::fs::read_dir(folder).map_err(|e| Error::io("io-list", folder, &e))?;
        let mut paths = entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<std::io::Result<Vec<_>>>()
            .map_err(|e| Error::io("io-list", folder, &e))?;
        paths.sort();
        for path in paths {
            // Hidden files and folders belong to the system or to git.
            if name_of(&path).starts_with('.') {
                continue;
            }
            let meta = std::fs::metadata(&path).map_err(|e| Error::io("io-read", &path, &e))?;
            if meta.is_dir() {
                self.add_folder(&path, purpose)?;
            } else {
                self.add_member(&path, &meta, purpose)?;
            }
        }
        Ok(())
    }

    /// Adds a file that was found in a folder, by the rules for folders.
    fn add_member(&mut self, path: &Path, meta: &std::fs::Metadata, purpose: Purpose) -> Result<()> {
        let name = name_of(path);
        let usual = if purpose == Purpose::HeldOut { Role::HeldOut } else { Role::Corpus };
        let verdict = match (member(&name), kind_of(path)) {
            (Member::Note, _) => Err(Skipped::Note),
            (_, None) => Err(Skipped::OtherKind),
            _ if meta.len() == 0 => Err(Skipped::Empty),
            (Member::Text, Some(kind)) => Ok((kind, usual)),
            (Member::Valid, Some(_)) if purpose == Purpose::CorpusOnly => Err(Skipped::Replaced),
            (Member::Valid, Some(kind)) => Ok((kind, Role::HeldOut)),
            (Member::Test, Some(kind)) if purpose == Purpose::HeldOut => Ok((kind, Role::HeldOut)),
            (Member::Test, Some(_)) => Err(Skipped::ForJudging),
        };
        match verdict {
            Ok(((format, gzip), role)) => self.push(path, meta, format, gzip, role),
            Err(reason) => {
                self.skipped.push((path.to_owned(), reason));
                Ok(())
            }
        }
    }

    fn push(&mut self, path: &Path, meta: &std::fs::Metadata, format: Format, gzip: bool, role: Role) -> Result<()> {
        if !self.first_visit(path)? {
            self.skipped.push((path.to_owned(), Skipped::Twice));
            return Ok(());
        }
        let since_1970 = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        self.files.push(CorpusFile {
            path: path.to_owned(),
            format,
            gzip,
            role,
            bytes: meta.len(),
            modified_nanos: since_1970.map_or(0, |time| time.as_nanos()),
        });
        Ok(())
    }

    fn first_visit(&mut self, path: &Path) -> Result<bool> {
        let real = std::fs::canonicalize(path).map_err(|e| Error::io("io-read", path, &e))?;
        Ok(self.seen.insert(real))
    }
}

/// What the name of a file in a folder means.
enum Member {
    Text,
    Valid,
    Test,
    Note,
}

fn member(name: &str) -> Member {
    let lower = name.to_lowercase();
    if ["source", "license", "readme", "manifest"].iter().any(|note| lower.starts_with(note)) {
        return Member::Note;
    }
    let stem = lower.split('.').next().unwrap_or_default();
    // Data sets are published in pieces such as "validation-00000-of-00001.parquet".
    let stem = stem.split_once("-0").map_or(stem, |(stem, _)| stem);
    match stem {
        "valid" | "validation" => Member::Valid,
        "dev" | "test" => Member::Test,
        _ => Member::Text,
    }
}

/// The format by the end of the name: "train.jsonl.gz" is jsonl in gzip, "train.gz" is text in gzip.
fn kind_of(path: &Path) -> Option<(Format, bool)> {
    let gzip = has_suffix(path, ".gz");
    let name = name_of(path).to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("txt") => Some((Format::Text, gzip)),
        Some("jsonl") => Some((Format::Jsonl, gzip)),
        Some("parquet") if !gzip => Some((Format::Parquet, false)),
        None if gzip => Some((Format::Text, true)),
        _ => None,
    }
}

fn has_suffix(path: &Path, suffix: &str) -> bool {
    name_of(path).to_lowercase().ends_with(suffix)
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The documents of a corpus, one file after another.
pub struct Chunks<'c> {
    files: Vec<&'c CorpusFile>,
    next: usize,
    reader: Option<Reader>,
    /// The bytes of the files that are done.
    bytes_done: u64,
    bytes_total: u64,
}

impl<'c> Chunks<'c> {
    fn new(files: Vec<&'c CorpusFile>) -> Self {
        let bytes_total = files.iter().map(|file| file.bytes).sum();
        Self { files, next: 0, reader: None, bytes_done: 0, bytes_total }
    }

    fn try_next(&mut self) -> Result<Option<Chunk>> {
        loop {
            if let Some(reader) = &mut self.reader {
                let file = self.files[self.next - 1];
                if let Some((text, last)) = reader.next()? {
                    let bytes = self.bytes_done as f64 + reader.share() * file.bytes as f64;
                    let share = Some((bytes / self.bytes_total as f64) as f32);
                    return Ok(Some(Chunk { text, last, role: file.role, share }));
                }
                self.bytes_done += file.bytes;
                self.reader = None;
            }
            let Some(file) = self.files.get(self.next) else { return Ok(None) };
            self.next += 1;
            self.reader = Some(Reader::open(file)?);
        }
    }
}

impl Iterator for Chunks<'_> {
    type Item = Result<Chunk>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.try_next().transpose();
        if matches!(item, Some(Err(_))) {
            // An error ends it, because the rest of the file could not be trusted.
            self.reader = None;
            self.next = self.files.len();
        }
        item
    }
}

#[cfg(test)]
mod tests;
