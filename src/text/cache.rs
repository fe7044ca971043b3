//! The token cache: a corpus as one flat file of ids, with the ends of its sentences and documents.
//! chunks of text + tokenizer -> [`TokenCache`], memory-mapped from a file or held in memory (tests, the browser).

mod build;
mod copies;
#[cfg(not(target_arch = "wasm32"))]
mod file;
mod layout;
#[cfg(test)]
mod tests;

use std::io;
use std::ops::Range;

use super::tokenizer::Tokenizer;
use super::unknown::Unknown;
use super::{Chunk, Role, hex};
use crate::message::Message;
use crate::{Error, Result};
use build::{Section, encode_all};
use layout::{Checksum, FORMAT, Field, HEADER_BYTES, HEADER_WORDS, HELD_OUT_BIT, Header, MAGIC, checksum, le_word};

pub use build::{Identity, Options, Progress};
pub use copies::{Copies, copies};
#[cfg(not(target_arch = "wasm32"))]
pub use file::{Origin, is_refused, open_or_build};

/// The ids of a whole corpus. Sentences and documents are consecutive ranges that cover it without gaps.
pub struct TokenCache {
    storage: Storage,
    header: Header,
    /// The bytes of ids, sentences, documents and counts, without their padding.
    sections: [Range<usize>; 4],
}

enum Storage {
    #[cfg(not(target_arch = "wasm32"))]
    Mapped(super::mmap::Mapped),
    /// Memory in words, not bytes, so that every section is aligned.
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
        let memory_full = |e: io::Error| Error::failed("cache-exceeds-memory").with("detail", e.to_string());
        let mut sections = [Section::new(Vec::new()), Section::new(Vec::new()), Section::new(Vec::new())];
        let built = encode_all(chunks, tokenizer, options, &mut sections, &memory_full, progress)?;
        let header = built.header(tokenizer, [0; 4], &sections);
        let mut words = header.0.to_vec();
        for section in sections {
            words.extend(section.out.chunks_exact(8).map(le_word));
        }
        words.extend_from_slice(&built.counts);
        Self::check(Storage::Owned(words)).map_err(|why| Error::failed("cache-unusable").with("why", why))
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

    /// How many documents and tokens [`Options::tokens_per_char_max`] left out.
    pub fn dropped(&self) -> (u64, u64) {
        (self.header.get(Field::DroppedDocuments), self.header.get(Field::DroppedTokens))
    }

    /// How many documents have no word, and are left out.
    pub fn empty_documents(&self) -> u64 {
        self.header.get(Field::EmptyDocuments)
    }

    /// The SHA-256, in hexadecimal, over the documents in their order. It does not depend on the files that they came from.
    pub fn corpus_hash(&self) -> String {
        hex(bytemuck::cast_slice(self.header.four(Field::Corpus)))
    }

    /// The tokens of sentence `sentence`.
    pub fn sentence(&self, sentence: u64) -> Range<u64> {
        let ends = self.sentence_ends();
        let start = if sentence == 0 { 0 } else { ends[sentence as usize - 1] };
        start..ends[sentence as usize]
    }

    /// For each sentence, the token after its last one.
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
        // A document has at least one sentence, because empty ones are left out.
        let sentences = self.document_sentences(document);
        self.sentence(sentences.start).start..self.sentence(sentences.end - 1).end
    }

    pub fn document_role(&self, document: u64) -> Role {
        let held_out = self.document_records()[document as usize][0] & HELD_OUT_BIT != 0;
        if held_out { Role::HeldOut } else { Role::Corpus }
    }

    /// A hash of the document's text. It does not depend on the tokenizer, the file, or the place in the file.
    pub fn document_hash(&self, document: u64) -> u64 {
        self.document_records()[document as usize][1]
    }

    /// How often each id occurs in the whole cache.
    pub fn counts(&self) -> &[u64] {
        bytemuck::cast_slice(self.section(3))
    }

    /// How much of the text the tokenizer does not know. `unk`: the id of its unknown token.
    pub fn unknown(&self, unk: u32) -> Unknown {
        Unknown {
            chars: self.header.get(Field::Chars),
            unknown_chars: self.header.get(Field::UnknownChars),
            long_chars: self.header.get(Field::LongChars),
            ..Unknown::of_counts(self.counts(), unk)
        }
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

    /// Checks all bytes. It is `Ok` only if every byte is as it was written; otherwise the message says what is wrong.
    fn check(storage: Storage) -> std::result::Result<Self, Message> {
        let short = || Message::new("cache-shorter-than-header");
        let damaged = |part: &str| Message::new("cache-damaged").with("part", part);
        let bytes = storage.bytes();
        let head: &[u8] = bytes.get(..HEADER_BYTES).ok_or_else(short)?;
        let words: Vec<u64> = head.chunks_exact(8).map(le_word).collect();
        let header = Header(words.try_into().map_err(|_| short())?);
        if header.get(Field::Magic) != MAGIC {
            return Err(Message::new("not-a-cache"));
        }
        if header.get(Field::Format) != FORMAT {
            let found = header.get(Field::Format);
            return Err(Message::new("cache-of-other-format").with("found", found).with("known", FORMAT));
        }
        if header.0[HEADER_WORDS - 1] != checksum(&header.0[..HEADER_WORDS - 1]) {
            return Err(damaged("header"));
        }
        let sections = header.sections().ok_or_else(|| damaged("header"))?;
        let end = sections[3].end;
        if bytes.len() != end {
            return Err(Message::new("cache-of-other-length").with("held", bytes.len()).with("wanted", end));
        }
        let sums = &header.0[Field::Checksums as usize..];
        for ((section, name), &want) in sections.iter().zip(["ids", "sentences", "documents", "counts"]).zip(sums) {
            let mut sum = Checksum::default();
            sum.add_bytes(&bytes[section.start..section.end.next_multiple_of(8)]);
            if sum.0 != want {
                return Err(damaged(name));
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
