//! Keeps token caches in files. It opens the cache that is there, or builds a new one beside it and then renames it into place.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::build::{Identity, Options, Progress, Section, encode_all};
use super::layout::{FORMAT, Field, HEADER_BYTES, Header, words_from_sha};
use super::{Storage, TokenCache};
use crate::message::Message;
use crate::path::part_ending;
use crate::text::mmap::Mapped;
use crate::text::tokenizer::Tokenizer;
use crate::text::{Chunk, hex};
use crate::{Error, Result};

/// The advice if a cache cannot be written.
const ELSEWHERE: &str = "help-caches-elsewhere";

/// Whether an error says that a folder cannot hold a cache. Another folder may.
pub fn is_refused(error: &Error) -> bool {
    error.hint == Some(ELSEWHERE)
}

/// Where a cache came from.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    /// The cache was there.
    Reused,
    /// There was none.
    Built,
    /// There was a cache that could not be used, for this reason.
    Rebuilt(Message),
}

/// The cache of `identity` under `dir`, built from `chunks` if it is not there, is out of date or is damaged.
/// The new cache is written beside its place and renamed, so that it is there whole or not at all.
pub fn open_or_build<I: Iterator<Item = Result<Chunk>>>(
    dir: &Path,
    identity: &Identity,
    tokenizer: &Tokenizer,
    options: &Options,
    chunks: impl FnOnce() -> I,
    progress: impl FnMut(Progress),
) -> Result<(TokenCache, Origin)> {
    let place = hash_of(&[&identity.name, tokenizer.hash(), &format!("{options:?}")]);
    let key =
        hash_of(&[&identity.name, &identity.state, tokenizer.hash(), &format!("{options:?}"), &FORMAT.to_string()]);
    let path = dir.join(format!("{}.tokens", &hex(bytemuck::cast_slice(&place))[..24]));
    let origin = match open(&path, key) {
        Ok(Some(cache)) => return Ok((cache, Origin::Reused)),
        Ok(None) => Origin::Built,
        Err(reason) => Origin::Rebuilt(reason),
    };
    std::fs::create_dir_all(dir).map_err(|e| Error::io("io-create-folder-of-caches", dir, &e).hint(ELSEWHERE))?;
    build(&path, key, tokenizer, options, chunks(), progress)?;
    match open(&path, key) {
        Ok(Some(cache)) => Ok((cache, origin)),
        Ok(None) => Err(Error::failed("cache-gone").at_path(&path)),
        Err(reason) => Err(Error::failed("cache-reads-back-wrong").with("why", reason).at_path(&path)),
    }
}

fn hash_of(parts: &[&str]) -> [u64; 4] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    words_from_sha(hasher)
}

/// Opens a cache; `None` if there is none. The error says why it cannot be used.
fn open(path: &Path, key: [u64; 4]) -> std::result::Result<Option<TokenCache>, Message> {
    if !path.exists() {
        return Ok(None);
    }
    let map = Mapped::open(path).map_err(|e| e.message)?;
    let cache = TokenCache::check(Storage::Mapped(map))?;
    if cache.header.four(Field::Key) == key { Ok(Some(cache)) } else { Err(Message::new("corpus-has-changed")) }
}

/// A file that is removed again unless it gets its final name.
struct Draft {
    path: PathBuf,
    file: Option<File>,
}

impl Draft {
    fn create(beside: &Path, what: &str) -> Result<Self> {
        // Two may build the same cache at once, and the later rename wins.
        let path = beside.with_extension(format!("{what}-{}", part_ending()));
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .map_err(|e| Error::io("io-create", &path, &e).hint(ELSEWHERE))?;
        // The lock tells others that somebody is writing here. A file system without locks does without.
        file.try_lock().ok();
        Ok(Self { path, file: Some(file) })
    }

    fn file(&self) -> &File {
        self.file.as_ref().expect("only `rename` and `drop` close it")
    }

    fn rename(mut self, to: &Path) -> Result<()> {
        // The file is closed first, because Windows renames no open file.
        self.file = None;
        std::fs::rename(&self.path, to).map_err(|e| Error::io("io-put-token-cache-in-place", to, &e).hint(ELSEWHERE))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        self.file = None;
        // After a rename the file is already gone, as it should be.
        std::fs::remove_file(&self.path).ok();
    }
}

fn build(
    path: &Path,
    key: [u64; 4],
    tokenizer: &Tokenizer,
    options: &Options,
    chunks: impl Iterator<Item = Result<Chunk>>,
    progress: impl FnMut(Progress),
) -> Result<()> {
    // The ids, by far the most, go to their final place; the two short sections wait in files of their own.
    let drafts = [Draft::create(path, "tokens")?, Draft::create(path, "sentences")?, Draft::create(path, "documents")?];
    let [tokens, sentences, documents] = &drafts;
    let full = |e: io::Error| Error::io("io-write-token-cache", path, &e).hint(ELSEWHERE);
    tokens.file().write_all(&[0; HEADER_BYTES]).map_err(full)?;
    let section = |draft| Section::new(BufWriter::with_capacity(1 << 20, Draft::file(draft)));
    let mut sections = [section(tokens), section(sentences), section(documents)];
    let built = encode_all(chunks, tokenizer, options, &mut sections, &full, progress)?;
    sections.iter_mut().try_for_each(|section| section.out.flush()).map_err(full)?;
    let header = built.header(tokenizer, key, &sections);
    assemble(tokens.file(), [sentences.file(), documents.file()], &header, &built.counts).map_err(full)?;
    drop(sections);
    let [tokens, ..] = drafts;
    tokens.rename(path)
}

/// `main` has a place for the header, and the ids. Appends the other sections, and writes the header last, which makes the file
/// whole.
fn assemble(mut main: &File, others: [&File; 2], header: &Header, counts: &[u64]) -> io::Result<()> {
    for mut other in others {
        other.seek(SeekFrom::Start(0))?;
        io::copy(&mut other, &mut main)?;
    }
    main.write_all(bytemuck::cast_slice(counts))?;
    main.seek(SeekFrom::Start(0))?;
    main.write_all(bytemuck::cast_slice(&header.0))?;
    main.sync_all()
}
