//! The token cache: a corpus as one flat file of ids with the ends of its sentences and documents.
//! chunks of text + tokenizer -> [`TokenCache`], memory-mapped from a file or held in memory (tests, the browser).
//!
//! Layout, all little-endian, each section padded to 8 bytes:
//! ```text
//! header      HEADER_WORDS × u64, the last a checksum of the others
//! ids         tokens × u16 (u32 where the vocabulary has more than 65,536 entries)
//! sentences   sentences × u64: the token after the sentence's last
//! documents   documents × [u64; 2]: the sentence after the document's last (top bit: held out by its file), hash of the text
//! counts      vocabulary × u64: how often each id occurs
//! ```

use std::io::{self, Write};
use std::ops::Range;

use sha2::{Digest, Sha256};

use super::tokenizer::{Encoder, Tokenizer};
use super::{Batches, Chunk, Role, hex, map_parallel};
use crate::{Error, Result};

// The sections are read in place, as the machine's own integers.
const _: () =
    assert!(cfg!(target_endian = "little"), "the token cache is read in place and needs a little-endian machine");

/// Changes whenever the layout or the meaning of a field does: older files are then built again.
const FORMAT: u64 = 1;
const MAGIC: u64 = u64::from_le_bytes(*b"ESTOKENS");
const HEADER_WORDS: usize = 32;
const HEADER_BYTES: usize = 8 * HEADER_WORDS;
const HELD_OUT_BIT: u64 = 1 << 63;

/// Where the header's numbers stand.
#[derive(Clone, Copy)]
enum Field {
    Magic,
    Format,
    IdBytes,
    Tokens,
    Sentences,
    Documents,
    Vocab,
    DroppedDocuments,
    DroppedTokens,
    /// Four words, one for each section.
    Checksums = 9,
    /// Four words: SHA-256 of what the cache was built from.
    Key = 13,
    /// Four words: SHA-256 of the documents' hashes.
    Corpus = 17,
}

/// How a cache is built.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Options {
    /// Documents with more tokens a character are dropped: tables, code, another script. `None` keeps all;
    /// English and Portuguese prose lie between 0.2 and 0.3. A long document is judged by its first megabyte.
    pub tokens_per_char_max: Option<f64>,
}

/// How far the building is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    pub text_bytes: u64,
    pub documents: u64,
    pub tokens: u64,
    /// Of the whole source, 0 to 1, where that is known.
    pub share: Option<f32>,
}

/// What a cache is built from. Equal identities with equal tokenizers give equal caches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Which sources: the cache of the same sources takes the place of an older one.
    pub name: String,
    /// What they hold now (sizes and times of files, a seed): when it changes the cache is built again.
    pub state: String,
}

/// Ids of a whole corpus. Sentences and documents are consecutive ranges that cover it without gaps.
pub struct TokenCache {
    storage: Storage,
    header: Header,
    /// The bytes of ids, sentences, documents and counts, without their padding.
    sections: [Range<usize>; 4],
}

enum Storage {
    #[cfg(not(target_arch = "wasm32"))]
    Mapped(super::mmap::Mapped),
    /// Words, not bytes, so that every section is aligned.
    Owned(Vec<u64>),
}

impl std::fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [tokens, sentences, documents] = [self.tokens(), self.sentences(), self.documents()];
        write!(f, "TokenCache({tokens} tokens, {sentences} sentences, {documents} documents)")
    }
}

impl TokenCache {
    /// Builds a cache in memory.
    pub fn in_memory(
        chunks: impl Iterator<Item = Result<Chunk>>,
        tokenizer: &Tokenizer,
        options: &Options,
        progress: impl FnMut(Progress),
    ) -> Result<Self> {
        let memory_full = |e: io::Error| Error::failed(format!("cannot hold the token cache in memory: {e}"));
        let mut sections = [Section::new(Vec::new()), Section::new(Vec::new()), Section::new(Vec::new())];
        let built = encode_all(chunks, tokenizer, options, &mut sections, &memory_full, progress)?;
        let header = built.header(tokenizer, [0; 4], &sections);
        let mut words = header.0.to_vec();
        for section in sections {
            words.extend(section.out.chunks_exact(8).map(le_word));
        }
        words.extend_from_slice(&built.counts);
        Self::check(Storage::Owned(words)).map_err(Error::failed)
    }

    pub fn tokens(&self) -> u64 {
        self.header.get(Field::Tokens)
    }

    pub fn sentences(&self) -> u64 {
        self.header.get(Field::Sentences)
    }

    pub fn documents(&self) -> u64 {
        self.header.get(Field::Documents)
    }

    pub fn vocab_size(&self) -> usize {
        self.header.get(Field::Vocab) as usize
    }

    /// Documents and tokens left out by [`Options::tokens_per_char_max`].
    pub fn dropped(&self) -> (u64, u64) {
        (self.header.get(Field::DroppedDocuments), self.header.get(Field::DroppedTokens))
    }

    /// SHA-256 in hexadecimal over the documents in their order, whatever files they came from.
    pub fn corpus_hash(&self) -> String {
        hex(bytemuck::cast_slice(self.header.four(Field::Corpus)))
    }

    /// The tokens of sentence `sentence`.
    pub fn sentence(&self, sentence: u64) -> Range<u64> {
        let ends = self.sentence_ends();
        let start = if sentence == 0 { 0 } else { ends[sentence as usize - 1] };
        start..ends[sentence as usize]
    }

    /// For each sentence the token after its last.
    pub fn sentence_ends(&self) -> &[u64] {
        bytemuck::cast_slice(self.section(1))
    }

    /// The sentences of document `document`.
    pub fn document_sentences(&self, document: u64) -> Range<u64> {
        let records = self.document_records();
        let start = if document == 0 { 0 } else { records[document as usize - 1][0] & !HELD_OUT_BIT };
        start..records[document as usize][0] & !HELD_OUT_BIT
    }

    /// The tokens of document `document`.
    pub fn document_tokens(&self, document: u64) -> Range<u64> {
        // A document has at least one sentence: empty ones are not entered.
        let sentences = self.document_sentences(document);
        self.sentence(sentences.start).start..self.sentence(sentences.end - 1).end
    }

    pub fn document_role(&self, document: u64) -> Role {
        let held_out = self.document_records()[document as usize][0] & HELD_OUT_BIT != 0;
        if held_out { Role::HeldOut } else { Role::Corpus }
    }

    /// A hash of the document's text: the same whatever the tokenizer, the file and the place in it.
    pub fn document_hash(&self, document: u64) -> u64 {
        self.document_records()[document as usize][1]
    }

    /// How often each id occurs in the whole cache.
    pub fn counts(&self) -> &[u64] {
        bytemuck::cast_slice(self.section(3))
    }

    /// Calls `each` with the ids of `tokens`, in order.
    pub fn for_each_id(&self, tokens: Range<u64>, each: impl FnMut(u32)) {
        match self.ids(tokens) {
            Ids::Short(ids) => ids.iter().copied().map(u32::from).for_each(each),
            Ids::Long(ids) => ids.iter().copied().for_each(each),
        }
    }

    /// Copies the ids of `tokens` to the front of `out`, which must have room for them.
    pub fn copy_ids(&self, tokens: Range<u64>, out: &mut [u32]) {
        match self.ids(tokens) {
            Ids::Short(ids) => out.iter_mut().zip(ids).for_each(|(out, &id)| *out = id.into()),
            Ids::Long(ids) => out[..ids.len()].copy_from_slice(ids),
        }
    }

    fn ids(&self, tokens: Range<u64>) -> Ids<'_> {
        let (bytes, range) = (self.section(0), tokens.start as usize..tokens.end as usize);
        match self.header.get(Field::IdBytes) {
            2 => Ids::Short(&bytemuck::cast_slice(bytes)[range]),
            _ => Ids::Long(&bytemuck::cast_slice(bytes)[range]),
        }
    }

    fn document_records(&self) -> &[[u64; 2]] {
        bytemuck::cast_slice(self.section(2))
    }

    fn section(&self, section: usize) -> &[u8] {
        &self.storage.bytes()[self.sections[section].clone()]
    }

    /// Everything that can be wrong with the bytes, said in words; `Ok` only if every one of them is as it was written.
    fn check(storage: Storage) -> std::result::Result<Self, String> {
        let bytes = storage.bytes();
        let head: &[u8] = bytes.get(..HEADER_BYTES).ok_or("shorter than its header")?;
        let words: Vec<u64> = head.chunks_exact(8).map(le_word).collect();
        let header = Header(words.try_into().map_err(|_| "shorter than its header")?);
        if header.get(Field::Magic) != MAGIC {
            return Err("not a token cache".into());
        }
        if header.get(Field::Format) != FORMAT {
            return Err(format!("format {}, where this version writes {FORMAT}", header.get(Field::Format)));
        }
        if header.0[HEADER_WORDS - 1] != checksum(&header.0[..HEADER_WORDS - 1]) {
            return Err("its header is damaged".into());
        }
        let sections = header.sections().ok_or("its header is damaged")?;
        let end = sections[3].end;
        if bytes.len() != end {
            return Err(format!("{} bytes long instead of {end}", bytes.len()));
        }
        let sums = &header.0[Field::Checksums as usize..];
        for ((section, name), &want) in sections.iter().zip(["ids", "sentences", "documents", "counts"]).zip(sums) {
            let mut sum = Checksum::default();
            sum.add_bytes(&bytes[section.start..section.end.next_multiple_of(8)]);
            if sum.0 != want {
                return Err(format!("its {name} are damaged"));
            }
        }
        Ok(Self { header, sections, storage })
    }
}

enum Ids<'c> {
    Short(&'c [u16]),
    Long(&'c [u32]),
}

impl Storage {
    fn bytes(&self) -> &[u8] {
        match self {
            #[cfg(not(target_arch = "wasm32"))]
            Self::Mapped(map) => map,
            Self::Owned(words) => bytemuck::cast_slice(words),
        }
    }
}

struct Header([u64; HEADER_WORDS]);

impl Header {
    fn get(&self, field: Field) -> u64 {
        self.0[field as usize]
    }

    fn set(&mut self, field: Field, value: u64) {
        self.0[field as usize] = value;
    }

    fn four(&self, field: Field) -> &[u64] {
        &self.0[field as usize..field as usize + 4]
    }

    /// The bytes of each section, without its padding; `None` if they cannot lie in any file.
    fn sections(&self) -> Option<[Range<usize>; 4]> {
        let lengths = [
            self.get(Field::Tokens).checked_mul(self.get(Field::IdBytes))?,
            self.get(Field::Sentences).checked_mul(8)?,
            self.get(Field::Documents).checked_mul(16)?,
            self.get(Field::Vocab).checked_mul(8)?,
        ];
        let mut sections: [Range<usize>; 4] = Default::default();
        let mut start = HEADER_BYTES;
        for (section, bytes) in sections.iter_mut().zip(lengths) {
            // Below an eighth of the address space no rounding up overflows.
            let end = start.checked_add(usize::try_from(bytes).ok()?).filter(|&end| end < usize::MAX / 8)?;
            *section = start..end;
            start = end.next_multiple_of(8);
        }
        Some(sections)
    }
}

fn le_word(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("chunks_exact(8) gives eight bytes"))
}

/// Tells damage, not malice: each word is mixed in by an odd multiplier, so that every single changed word shows.
#[derive(Default, Clone, Copy)]
struct Checksum(u64);

impl Checksum {
    fn add(&mut self, word: u64) {
        // 2^64 / golden ratio, as in Fibonacci hashing.
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    /// A whole number of words.
    fn add_bytes(&mut self, bytes: &[u8]) {
        bytes.chunks_exact(8).for_each(|word| self.add(le_word(word)));
    }
}

fn checksum(words: &[u64]) -> u64 {
    let mut sum = Checksum::default();
    words.iter().for_each(|&word| sum.add(word));
    sum.0
}

/// One section while it is written: whole words go to `out`, and into the checksum.
struct Section<W> {
    out: W,
    sum: Checksum,
    /// Bytes that do not make a word yet.
    rest: Vec<u8>,
}

impl<W: Write> Section<W> {
    fn new(out: W) -> Self {
        Self { out, sum: Checksum::default(), rest: Vec::new() }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.rest.extend_from_slice(bytes);
        let whole = self.rest.len() / 8 * 8;
        self.sum.add_bytes(&self.rest[..whole]);
        self.out.write_all(&self.rest[..whole])?;
        self.rest.drain(..whole);
        Ok(())
    }

    fn pad(&mut self) -> io::Result<()> {
        let missing = self.rest.len().next_multiple_of(8) - self.rest.len();
        self.write(&[0; 8][..missing])
    }
}

/// What the header tells about the sections just written.
struct Built {
    tokens: u64,
    sentences: u64,
    documents: u64,
    dropped_documents: u64,
    dropped_tokens: u64,
    counts: Vec<u64>,
    corpus: [u64; 4],
}

impl Built {
    fn header<W>(&self, tokenizer: &Tokenizer, key: [u64; 4], sections: &[Section<W>; 3]) -> Header {
        let mut header = Header([0; HEADER_WORDS]);
        header.set(Field::Magic, MAGIC);
        header.set(Field::Format, FORMAT);
        header.set(Field::IdBytes, id_bytes(tokenizer.vocab_size()));
        header.set(Field::Tokens, self.tokens);
        header.set(Field::Sentences, self.sentences);
        header.set(Field::Documents, self.documents);
        header.set(Field::Vocab, tokenizer.vocab_size() as u64);
        header.set(Field::DroppedDocuments, self.dropped_documents);
        header.set(Field::DroppedTokens, self.dropped_tokens);
        let sums = sections.iter().map(|section| section.sum.0).chain([checksum(&self.counts)]);
        for (word, sum) in header.0[Field::Checksums as usize..].iter_mut().zip(sums) {
            *word = sum;
        }
        header.0[Field::Key as usize..][..4].copy_from_slice(&key);
        header.0[Field::Corpus as usize..][..4].copy_from_slice(&self.corpus);
        header.0[HEADER_WORDS - 1] = checksum(&header.0[..HEADER_WORDS - 1]);
        header
    }
}

fn id_bytes(vocab_size: usize) -> u64 {
    if vocab_size <= 1 << 16 { 2 } else { 4 }
}

/// A chunk's ids: one entry of `lengths` a sentence, none empty.
struct EncodedChunk {
    ids: Vec<u32>,
    lengths: Vec<u32>,
    chars: usize,
}

/// Encodes every chunk, on all cores, and writes ids, sentences and documents in order. An error of `out` is told by `full`.
fn encode_all<W: Write>(
    chunks: impl Iterator<Item = Result<Chunk>>,
    tokenizer: &Tokenizer,
    options: &Options,
    sections: &mut [Section<W>; 3],
    full: &dyn Fn(io::Error) -> Error,
    mut progress: impl FnMut(Progress),
) -> Result<Built> {
    // An encoder for each thread, which keeps what it has learned from batch to batch.
    let encoders = std::sync::Mutex::new(Vec::<Encoder<'_>>::new());
    let take = || encoders.lock().ok().and_then(|mut pool| pool.pop()).unwrap_or_else(|| tokenizer.encoder());
    let mut writer = Writer::new(tokenizer, options, sections);
    let mut text_bytes = 0;
    for batch in Batches(chunks) {
        let batch = batch?;
        let encoded = map_parallel(&batch, |chunk| {
            let mut encoder = take();
            let encoded = encode_chunk(&mut encoder, &chunk.text);
            if let Ok(mut pool) = encoders.lock() {
                pool.push(encoder);
            }
            encoded
        });
        for (chunk, encoded) in batch.iter().zip(encoded) {
            writer.chunk(chunk, &encoded?).map_err(full)?;
            text_bytes += chunk.text.len() as u64;
        }
        let share = batch.last().and_then(|chunk| chunk.share);
        let Built { documents, tokens, .. } = writer.built;
        progress(Progress { text_bytes, documents, tokens, share });
    }
    let built = writer.finish().map_err(full)?;
    if built.tokens == 0 {
        return Err(Error::failed(match built.dropped_documents {
            0 => "the corpus holds no text".to_owned(),
            dropped => format!("all {dropped} documents have too many tokens a character for this tokenizer"),
        })
        .hint("check the files, and that the tokenizer fits their language"));
    }
    Ok(built)
}

fn encode_chunk(encoder: &mut Encoder<'_>, text: &str) -> Result<EncodedChunk> {
    let mut encoded = EncodedChunk { ids: Vec::with_capacity(text.len() / 4), lengths: Vec::new(), chars: 0 };
    for line in text.lines() {
        let before = encoded.ids.len();
        encoder.encode_into(line, &mut encoded.ids)?;
        encoded.chars += line.chars().count();
        if encoded.ids.len() > before {
            encoded.lengths.push((encoded.ids.len() - before) as u32);
        }
    }
    Ok(encoded)
}

/// Puts chunks together to documents and writes them.
struct Writer<'a, W> {
    options: &'a Options,
    id_bytes: u64,
    sections: &'a mut [Section<W>; 3],
    built: Built,
    corpus: Sha256,
    /// The document that the next chunk belongs to.
    open: Option<OpenDocument>,
}

struct OpenDocument {
    text: Sha256,
    first_sentence: u64,
    role: Role,
    dropped: bool,
}

impl<'a, W: Write> Writer<'a, W> {
    fn new(tokenizer: &Tokenizer, options: &'a Options, sections: &'a mut [Section<W>; 3]) -> Self {
        let built = Built {
            tokens: 0,
            sentences: 0,
            documents: 0,
            dropped_documents: 0,
            dropped_tokens: 0,
            counts: vec![0; tokenizer.vocab_size()],
            corpus: [0; 4],
        };
        Self { options, id_bytes: id_bytes(tokenizer.vocab_size()), sections, built, corpus: Sha256::new(), open: None }
    }

    fn chunk(&mut self, chunk: &Chunk, encoded: &EncodedChunk) -> io::Result<()> {
        let document = self.open.get_or_insert_with(|| OpenDocument {
            text: Sha256::new(),
            first_sentence: self.built.sentences,
            role: chunk.role,
            dropped: self
                .options
                .tokens_per_char_max
                .is_some_and(|max| encoded.ids.len() as f64 > max * encoded.chars as f64),
        });
        if document.dropped {
            self.built.dropped_tokens += encoded.ids.len() as u64;
        } else {
            document.text.update(chunk.text.as_bytes());
            self.sentences(encoded)?;
        }
        if chunk.last { self.end_document() } else { Ok(()) }
    }

    fn sentences(&mut self, encoded: &EncodedChunk) -> io::Result<()> {
        let [ids, ends, _] = &mut *self.sections;
        if self.id_bytes == 2 {
            let short: Vec<u16> = encoded.ids.iter().map(|&id| id as u16).collect();
            ids.write(bytemuck::cast_slice(&short))?;
        } else {
            ids.write(bytemuck::cast_slice(&encoded.ids))?;
        }
        for &id in &encoded.ids {
            self.built.counts[id as usize] += 1;
        }
        for &length in &encoded.lengths {
            self.built.tokens += u64::from(length);
            ends.write(&self.built.tokens.to_le_bytes())?;
        }
        self.built.sentences += encoded.lengths.len() as u64;
        Ok(())
    }

    fn end_document(&mut self) -> io::Result<()> {
        let Some(document) = self.open.take() else { return Ok(()) };
        if document.dropped {
            self.built.dropped_documents += 1;
            return Ok(());
        }
        if document.first_sentence == self.built.sentences {
            return Ok(());
        }
        let hash = document.text.finalize();
        let hash = le_word(&hash[..8]);
        let role = if document.role == Role::HeldOut { HELD_OUT_BIT } else { 0 };
        self.sections[2].write(&(self.built.sentences | role).to_le_bytes())?;
        self.sections[2].write(&hash.to_le_bytes())?;
        self.corpus.update(hash.to_le_bytes());
        self.corpus.update([u8::from(role != 0)]);
        self.built.documents += 1;
        Ok(())
    }

    fn finish(mut self) -> io::Result<Built> {
        self.end_document()?;
        self.sections.iter_mut().try_for_each(Section::pad)?;
        self.built.corpus = words_from_sha(self.corpus);
        Ok(self.built)
    }
}

fn words_from_sha(hasher: Sha256) -> [u64; 4] {
    let digest = hasher.finalize();
    std::array::from_fn(|i| le_word(&digest[8 * i..8 * i + 8]))
}

#[cfg(not(target_arch = "wasm32"))]
pub use file::{Origin, open_or_build};

/// Caches in files.
#[cfg(not(target_arch = "wasm32"))]
mod file {
    use std::fs::File;
    use std::io::{BufWriter, Seek, SeekFrom};
    use std::path::{Path, PathBuf};
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::text::mmap::Mapped;

    /// What to do where a cache cannot be written.
    const ELSEWHERE: &str = "make room for it there, or name another folder for caches in ELECTROSCOPE_CACHE";

    /// Where a cache came from.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum Origin {
        /// It was there.
        Reused,
        /// There was none.
        Built,
        /// There was one, but: the reason, for people.
        Rebuilt(String),
    }

    /// The cache of `identity` under `dir`, built from `chunks` if it is not there, is out of date or is damaged.
    /// It is written beside and renamed, so that a cache is whole or not there.
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
        std::fs::create_dir_all(dir).map_err(|e| Error::io("create the folder of caches", dir, &e).hint(ELSEWHERE))?;
        build(&path, key, tokenizer, options, chunks(), progress)?;
        match open(&path, key) {
            Ok(Some(cache)) => Ok((cache, origin)),
            Ok(None) => Err(Error::failed("the token cache is gone right after it was written").at(path.display())),
            Err(reason) => Err(Error::failed(format!("the token cache was written, but reads back as {reason}"))
                .at(path.display())
                .hint("the disk may be failing; choose another folder")),
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

    /// `None`: not there. An error says why it cannot be used.
    fn open(path: &Path, key: [u64; 4]) -> std::result::Result<Option<TokenCache>, String> {
        if !path.exists() {
            return Ok(None);
        }
        let map = Mapped::open(path).map_err(|e| e.message.to_string())?;
        let cache = TokenCache::check(Storage::Mapped(map))?;
        if cache.header.four(Field::Key) == key { Ok(Some(cache)) } else { Err("the corpus has changed".into()) }
    }

    /// A file that is removed again unless it gets its name.
    struct Draft {
        path: PathBuf,
        file: Option<File>,
    }

    impl Draft {
        fn create(beside: &Path, what: &str) -> Result<Self> {
            // Unique among processes and threads: two may build the same cache at once, and the later rename wins.
            static NEXT: AtomicU64 = AtomicU64::new(0);
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = beside.with_extension(format!("{what}-{}-{number}.part", std::process::id()));
            let file = File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(true)
                .open(&path)
                .map_err(|e| Error::io("create", &path, &e))?;
            Ok(Self { path, file: Some(file) })
        }

        fn file(&self) -> &File {
            self.file.as_ref().expect("only `rename` and `drop` close it")
        }

        fn rename(mut self, to: &Path) -> Result<()> {
            // Closed first: Windows renames no open file.
            self.file = None;
            std::fs::rename(&self.path, to).map_err(|e| Error::io("put the token cache in place", to, &e))
        }
    }

    impl Drop for Draft {
        fn drop(&mut self) {
            self.file = None;
            // After a rename it is gone already, which is what is wanted.
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
        let drafts =
            [Draft::create(path, "tokens")?, Draft::create(path, "sentences")?, Draft::create(path, "documents")?];
        let [tokens, sentences, documents] = &drafts;
        let full = |e: io::Error| Error::io("write the token cache", path, &e).hint(ELSEWHERE);
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

    /// `main` holds a place for the header, and the ids: the other sections follow, and last the header, which makes it whole.
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
}

#[cfg(test)]
mod tests;
