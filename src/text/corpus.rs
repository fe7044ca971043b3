//! Lists a corpus: files and folders -> which files are read, as what, and why; which are not, and why -> chunks of text.
//!
//! A file is what its bytes say ([`recognise`]). Its name and the names of its folders say what it is read for ([`name`]): text that they
//! call held out is never trained on. A file or folder that is given alone is read whatever it is called.

mod field;
mod file;
mod list;
mod magic;
mod name;
mod program;
mod recognise;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::cache::Identity;
use super::readers::Reader;
use super::{Chunk, Role};
use crate::message::{self, Message};
use crate::path::name_of as path_name;
use crate::{Error, Result};
use name::{Kept, Word, name_of};
use recognise::Refusal;

pub use file::{CorpusFile, Encoding, Form, Format, Packing};
pub use list::{is_there, listed_name};

/// All files that are read, and all files that were found but are not read.
#[derive(Debug, Clone, PartialEq)]
pub struct Corpus {
    /// The files in the order in which they are read: as given, and within a folder by name.
    pub files: Vec<CorpusFile>,
    pub skipped: Vec<(PathBuf, Skipped)>,
}

/// The reason for which a file is not read.
#[derive(Debug, Clone, PartialEq)]
pub enum Skipped {
    /// A note about the data: its licence, its description.
    Note,
    /// Program text, markup, settings; with the ending of its name.
    OtherKind(String),
    Empty,
    /// Its name says that it is held out, and `--valid` replaces it.
    Replaced(Word),
    /// Its name says that it is for judging a finished model.
    ForJudging(Word),
    /// It was found before.
    Twice,
    /// Its bytes are no text, or it has no field for documents.
    Refused(Message),
    /// It cannot be read: a link to nothing, a pipe, a file of somebody else.
    Unreadable(Message),
}

impl Skipped {
    fn message(&self) -> Message {
        match self {
            Self::Note => Message::new("skipped-note"),
            Self::OtherKind(ending) => Message::new("skipped-other-kind").with("ending", ending),
            Self::Empty => Message::new("skipped-empty"),
            Self::Replaced(word) => Message::new("skipped-replaced").with("why", why(word)),
            Self::ForJudging(word) => Message::new("skipped-for-judging").with("why", why(word)),
            Self::Twice => Message::new("skipped-twice"),
            Self::Refused(message) | Self::Unreadable(message) => message.clone(),
        }
    }
}

fn why(word: &Word) -> Message {
    match word.of_folder {
        true => Message::new("word-of-folder").with("word", &word.word),
        false => Message::new("word-of-file").with("word", &word.word),
    }
}

impl Corpus {
    /// `given`: files and folders to train on. `valid`: files and folders to hold out; they replace those that names call held out.
    /// `field`: the field of documents, if a person named it. `@LIST` stands for the paths in a file.
    pub fn open(given: &[PathBuf], valid: &[PathBuf], field: Option<&str>) -> Result<Self> {
        let [given, valid] = [list::expanded(given)?, list::expanded(valid)?];
        let mut found = Finder::new(field);
        // Held-out files come first, because a file that is named twice must not be trained on.
        for path in &valid {
            found.add(path, Purpose::HeldOut, valid.len() == 1, None)?;
        }
        if found.files.is_empty() && !valid.is_empty() {
            return Err(found.instead(Error::failed("no-text-file-found"), &valid));
        }
        let purpose = if valid.is_empty() { Purpose::Corpus } else { Purpose::CorpusOnly };
        let words: Vec<Option<Word>> = given.iter().map(|path| word_of_path(path)).collect();
        // A shell lists the held-out files of a folder beside the others. If all are such files, a person means them.
        let names_count = words.iter().any(Option::is_none);
        for (path, word) in given.iter().zip(words) {
            found.add(path, purpose, given.len() == 1, word.filter(|_| names_count))?;
        }
        let Finder { mut files, skipped, .. } = found;
        files.sort_by_key(|file| file.role == Role::HeldOut);
        let corpus = Self { files, skipped };
        if !corpus.files.iter().any(|file| file.role == Role::Corpus) {
            let read_before = corpus.skipped.iter().find(|(_, reason)| *reason == Skipped::Twice);
            if let Some((path, _)) = read_before.filter(|_| !valid.is_empty()) {
                return Err(Error::failed("all-text-held-out").at_path(path));
            }
            return Err(corpus.instead(Error::failed("nothing-to-train-on"), &given));
        }
        Ok(corpus)
    }

    /// A corpus to judge a model on: everything that is found is [`Role::HeldOut`], whatever it is called.
    pub fn open_held_out(paths: &[PathBuf], field: Option<&str>) -> Result<Self> {
        let paths = list::expanded(paths)?;
        let mut found = Finder::new(field);
        for path in &paths {
            found.add(path, Purpose::HeldOut, paths.len() == 1, None)?;
        }
        if found.files.is_empty() {
            return Err(found.instead(Error::failed("no-text-file-found"), &paths));
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

    /// For each file what becomes of it, and why; then how many there are. A run reports this before it reads them.
    pub fn listing(&self) -> Vec<Message> {
        let read = self
            .files
            .iter()
            .map(|file| file.role.listed(&path_name(&file.path), file.bytes, file.form.message(), file.why.clone()));
        let skipped = self
            .skipped
            .iter()
            .map(|(path, reason)| Message::new("corpus-file-skipped").with("path", path).with("why", reason.message()));
        let count = |role| self.files.iter().filter(|file| file.role == role).count();
        let counted = Message::new("corpus-files-counted")
            .with("train", count(Role::Corpus))
            .with("held_out", count(Role::HeldOut))
            .with("skipped", self.skipped.len());
        read.chain(skipped).chain([counted]).collect()
    }

    /// What a person should know about the files before they are trained on: which could not be read.
    pub fn notices(&self) -> Vec<Message> {
        let unreadable = self.skipped.iter().filter(|(_, reason)| matches!(reason, Skipped::Unreadable(_)));
        let count = unreadable.clone().count();
        let places = message::listed(unreadable.take(3).map(|(path, reason)| place(path, reason)));
        let notice = || Message::new("files-not-read").with("count", count).with("files", places);
        (count > 0).then(notice).into_iter().collect()
    }

    /// `error`, at a few of the files that were found, with the reason why none is used; else at what was given.
    fn instead(&self, error: Error, given: &[PathBuf]) -> Error {
        let skipped = self.skipped.iter().map(|(path, reason)| place(path, reason));
        let held_out = self.files.iter().map(|file| {
            let why = Message::new("skipped-held-out").with("why", &file.why);
            Message::new("file-and-reason").with("path", &file.path).with("why", why)
        });
        let mut places: Vec<Message> = skipped.chain(held_out).take(8).collect();
        if places.is_empty() {
            places = given.iter().take(8).map(|path| Message::plain(path_name(path))).collect();
        }
        error.at_place(message::listed(places))
    }

    /// The files' names, sizes and times. A token cache is kept under them.
    pub fn identity(&self) -> Identity {
        let (mut name, mut state) = (String::new(), String::new());
        for file in &self.files {
            let path = std::fs::canonicalize(&file.path).unwrap_or_else(|_| file.path.clone());
            name += &format!("{:?} {}\n", file.role, path_name(&path));
            state += &format!("{} {} {:?}\n", file.bytes, file.modified_nanos, file.form);
        }
        Identity { name, state }
    }
}

fn place(path: &Path, reason: &Skipped) -> Message {
    Message::new("file-and-reason").with("path", path).with("why", reason.message())
}

/// The purpose for which a path is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Corpus,
    /// To train on, but without what names call held out, because something else is held out.
    CorpusOnly,
    HeldOut,
}

struct Finder<'f> {
    field: Option<&'f str>,
    files: Vec<CorpusFile>,
    skipped: Vec<(PathBuf, Skipped)>,
    /// The real paths of files and folders, so that none is read twice and a loop of links ends.
    seen: HashSet<PathBuf>,
}

impl<'f> Finder<'f> {
    fn new(field: Option<&'f str>) -> Self {
        Self { field, files: Vec::new(), skipped: Vec::new(), seen: HashSet::new() }
    }

    /// Adds a path that was given by name. `alone`: no other was given, so what is wrong with it is an error. `word`: what its own name
    /// says, if that counts.
    fn add(&mut self, path: &Path, purpose: Purpose, alone: bool, word: Option<Word>) -> Result<()> {
        let meta = match std::fs::metadata(path) {
            Ok(meta) => meta,
            // A path that is not there at all is a mistake in writing. One that leads to nothing may have come with others.
            Err(e) if alone || std::fs::symlink_metadata(path).is_err() => return Err(Error::io("io-read", path, &e)),
            Err(e) => return self.skip_unreadable(path, &Error::io("io-read", path, &e)),
        };
        if meta.is_dir() {
            return self.add_folder(path, purpose, alone, word);
        }
        let wrong = if !meta.is_file() {
            // The file is read more than once, and a pipe gives its text only once.
            Some((Error::failed("not-a-file"), Skipped::Unreadable(Message::new("not-a-file"))))
        } else {
            (meta.len() == 0).then(|| (Error::failed("empty-file"), Skipped::Empty))
        };
        match wrong {
            Some((error, _)) if alone => Err(error.at_path(path)),
            Some((_, reason)) => self.skip(path, reason),
            None => self.add_file(path, &meta, purpose, word.as_ref(), Given::ByName { alone }),
        }
    }

    fn add_folder(&mut self, folder: &Path, purpose: Purpose, alone: bool, word: Option<Word>) -> Result<()> {
        let entries = std::fs::read_dir(folder).and_then(|entries| {
            let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<Vec<_>>>()?;
            Ok((paths, std::fs::canonicalize(folder)?))
        });
        let (mut paths, real) = match entries {
            Ok(found) => found,
            Err(e) if alone => return Err(Error::io("io-list", folder, &e)),
            Err(e) => return self.skip_unreadable(folder, &Error::io("io-list", folder, &e)),
        };
        if !self.seen.insert(real) {
            return Ok(());
        }
        paths.sort();
        // Hidden files and folders belong to the system or to git.
        paths.retain(|path| !name_of(path).starts_with('.'));
        for path in paths {
            let meta = match std::fs::metadata(&path) {
                Ok(meta) => meta,
                Err(e) => {
                    self.skip_unreadable(&path, &Error::io("io-read", &path, &e))?;
                    continue;
                }
            };
            let own = name::word_of(&name_of(&path), meta.is_dir()).or_else(|| word.clone());
            if meta.is_dir() {
                self.add_folder(&path, purpose, false, own)?;
            } else {
                self.add_member(&path, &meta, purpose, own)?;
            }
        }
        Ok(())
    }

    /// Adds a file that was found in a folder.
    fn add_member(
        &mut self,
        path: &Path,
        meta: &std::fs::Metadata,
        purpose: Purpose,
        word: Option<Word>,
    ) -> Result<()> {
        let name = name_of(path);
        if name::is_note(&name) {
            return self.skip(path, Skipped::Note);
        }
        let other = name::ending_without_corpus(&name);
        if let Some(ending) = other.filter(|ending| !name::is_language(ending) || recognise::is_program(path)) {
            return self.skip(path, Skipped::OtherKind(ending));
        }
        if !meta.is_file() {
            return self.skip(path, Skipped::Unreadable(Message::new("not-a-file")));
        }
        if meta.len() == 0 {
            return self.skip(path, Skipped::Empty);
        }
        self.add_file(path, meta, purpose, word.as_ref(), Given::InFolder)
    }

    /// Adds a file that holds something. `word`: what the names say that it is kept for.
    fn add_file(
        &mut self,
        path: &Path,
        meta: &std::fs::Metadata,
        purpose: Purpose,
        word: Option<&Word>,
        given: Given,
    ) -> Result<()> {
        let (role, why) = match (purpose, word) {
            (Purpose::HeldOut, _) => (Role::HeldOut, Message::new("role-held-out-as-given")),
            (_, None) if given == Given::InFolder => (Role::Corpus, Message::new("role-no-word")),
            (_, None) => (Role::Corpus, Message::new("role-as-given")),
            (_, Some(word)) if word.kept == Kept::Judging => {
                return self.skip(path, Skipped::ForJudging(word.clone()));
            }
            (Purpose::CorpusOnly, Some(word)) => return self.skip(path, Skipped::Replaced(word.clone())),
            (Purpose::Corpus, Some(word)) => (Role::HeldOut, why(word)),
        };
        let real = std::fs::canonicalize(path).map_err(|e| Error::io("io-read", path, &e))?;
        if self.seen.contains(&real) {
            return self.skip(path, Skipped::Twice);
        }
        let form = match recognise::recognise(path, given != Given::InFolder, self.field) {
            Ok(form) => form,
            Err(refusal) if given == (Given::ByName { alone: true }) => return Err(refusal.error()),
            Err(Refusal::Damaged(error)) => return Err(error),
            Err(Refusal::Unreadable(error)) => return self.skip_unreadable(path, &error),
            Err(Refusal::OfKind(error)) => return self.skip(path, Skipped::Refused(error.message)),
        };
        self.seen.insert(real);
        let since_1970 = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified_nanos = since_1970.map_or(0, |time| time.as_nanos());
        self.files.push(CorpusFile { path: path.to_owned(), form, role, why, bytes: meta.len(), modified_nanos });
        Ok(())
    }

    fn skip(&mut self, path: &Path, reason: Skipped) -> Result<()> {
        self.skipped.push((path.to_owned(), reason));
        Ok(())
    }

    fn skip_unreadable(&mut self, path: &Path, error: &Error) -> Result<()> {
        self.skip(path, Skipped::Unreadable(error.message.clone()))
    }

    /// `error`, with the files that were found instead.
    fn instead(self, error: Error, given: &[PathBuf]) -> Error {
        Corpus { files: self.files, skipped: self.skipped }.instead(error, given)
    }
}

/// How a file came into a corpus.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    ByName { alone: bool },
    InFolder,
}

/// What the last name of a path says.
fn word_of_path(path: &Path) -> Option<Word> {
    name::word_of(&name_of(path), path.is_dir())
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
