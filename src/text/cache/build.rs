//! Builds a token cache: it encodes chunks of text on all cores, joins them into documents, and writes section by section.
//! chunks + tokenizer -> ids, sentences, documents -> [`Built`] -> header.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

use super::layout::{
    Checksum, FORMAT, Field, HEADER_WORDS, HELD_OUT_BIT, Header, MAGIC, checksum, id_bytes, le_word, words_from_sha,
};
use crate::text::tokenizer::{Encoder, Tokenizer};
use crate::text::unknown::Unknown;
use crate::text::{Batches, Chunk, Role, map_parallel};
use crate::{Error, Result};

/// How a cache is built.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Options {
    /// Documents with more tokens per character are dropped: tables, code, another script. `None` keeps all. English and Portuguese
    /// prose has 0.2 to 0.3. Only the first megabyte of a long document is measured.
    pub tokens_per_char_max: Option<f64>,
}

/// How far the build is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    pub text_bytes: u64,
    pub documents: u64,
    pub tokens: u64,
    /// The share of the whole source that is done, 0 to 1, if it is known.
    pub share: Option<f32>,
}

/// The source of a cache. Equal identities with equal tokenizers give equal caches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The names of the sources. A new cache of the same sources replaces the older one.
    pub name: String,
    /// The state of the sources (sizes and times of files, a seed). When it changes, the cache is built again.
    pub state: String,
}

/// One section that is being written. Whole words go to `out` and into the checksum.
pub(super) struct Section<W> {
    pub(super) out: W,
    sum: Checksum,
    /// Bytes that do not fill a word yet.
    rest: Vec<u8>,
}

impl<W: Write> Section<W> {
    pub(super) fn new(out: W) -> Self {
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

/// What the header says about the sections that were written.
pub(super) struct Built {
    tokens: u64,
    sentences: u64,
    documents: u64,
    dropped_documents: u64,
    dropped_tokens: u64,
    empty_documents: u64,
    pub(super) counts: Vec<u64>,
    /// Characters alone. `counts` has the tokens.
    unknown: Unknown,
    corpus: [u64; 4],
}

impl Built {
    pub(super) fn header<W>(&self, tokenizer: &Tokenizer, key: [u64; 4], sections: &[Section<W>; 3]) -> Header {
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
        header.set(Field::Chars, self.unknown.chars);
        header.set(Field::UnknownChars, self.unknown.unknown_chars);
        header.set(Field::LongChars, self.unknown.long_chars);
        header.set(Field::EmptyDocuments, self.empty_documents);
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

/// A chunk's ids. `lengths` has an entry for each sentence, and none is 0.
struct EncodedChunk {
    ids: Vec<u32>,
    lengths: Vec<u32>,
    chars: usize,
    unknown: Unknown,
}

/// Encodes every chunk, on all cores, and writes ids, sentences and documents in order. `full` makes the error if `out` cannot be
/// written.
pub(super) fn encode_all<W: Write>(
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
        return Err(match built.dropped_documents {
            0 => Error::failed("corpus-holds-no-text"),
            dropped => Error::failed("tokenizer-does-not-fit").with("documents", dropped),
        });
    }
    Ok(built)
}

fn encode_chunk(encoder: &mut Encoder<'_>, text: &str) -> Result<EncodedChunk> {
    let mut encoded = EncodedChunk {
        ids: Vec::with_capacity(text.len() / 4),
        lengths: Vec::new(),
        chars: 0,
        unknown: Unknown::default(),
    };
    for line in text.lines() {
        let before = encoded.ids.len();
        encoded.unknown += encoder.encode_into(line, &mut encoded.ids)?;
        encoded.chars += line.chars().count();
        if encoded.ids.len() > before {
            encoded.lengths.push((encoded.ids.len() - before) as u32);
        }
    }
    Ok(encoded)
}

/// Joins chunks into documents and writes them.
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
    pub(super) fn new(tokenizer: &Tokenizer, options: &'a Options, sections: &'a mut [Section<W>; 3]) -> Self {
        let built = Built {
            tokens: 0,
            sentences: 0,
            documents: 0,
            dropped_documents: 0,
            dropped_tokens: 0,
            empty_documents: 0,
            counts: vec![0; tokenizer.vocab_size()],
            unknown: Unknown::default(),
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
            self.built.unknown += encoded.unknown;
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
            self.built.empty_documents += 1;
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
