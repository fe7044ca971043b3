//! How a token cache lies in its file or in memory: the header, its fields, and the checksums.
//!
//! Layout, all little-endian, each section padded to 8 bytes:
//! ```text
//! header      HEADER_WORDS × u64, the last a checksum of the others
//! ids         tokens × u16 (u32 where the vocabulary has more than 65,536 entries)
//! sentences   sentences × u64: the token after the sentence's last
//! documents   documents × [u64; 2]: the sentence after the document's last (top bit: held out by its file), hash of the text
//! counts      vocabulary × u64: how often each id occurs
//! ```

use std::ops::Range;

use sha2::{Digest, Sha256};

// The sections are read in place, as the machine's own integers.
const _: () =
    assert!(cfg!(target_endian = "little"), "the token cache is read in place and needs a little-endian machine");

/// The number changes whenever the layout or the meaning of a field changes. Then older files are built again.
pub(super) const FORMAT: u64 = 2;
pub(super) const MAGIC: u64 = u64::from_le_bytes(*b"ESTOKENS");
pub(super) const HEADER_WORDS: usize = 32;
pub(super) const HEADER_BYTES: usize = 8 * HEADER_WORDS;
pub(super) const HELD_OUT_BIT: u64 = 1 << 63;

/// The places of the header's numbers.
#[derive(Clone, Copy)]
pub(super) enum Field {
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
    /// Characters of words, those of them in unknown words, and those of these in words that are too long.
    Chars = 21,
    UnknownChars = 22,
    LongChars = 23,
    /// Documents without a word.
    EmptyDocuments = 24,
}

pub(super) struct Header(pub(super) [u64; HEADER_WORDS]);

impl Header {
    pub(super) fn get(&self, field: Field) -> u64 {
        self.0[field as usize]
    }

    pub(super) fn set(&mut self, field: Field, value: u64) {
        self.0[field as usize] = value;
    }

    pub(super) fn four(&self, field: Field) -> &[u64] {
        &self.0[field as usize..field as usize + 4]
    }

    /// The bytes of each section, without its padding; `None` if no file can hold them.
    pub(super) fn sections(&self) -> Option<[Range<usize>; 4]> {
        let lengths = [
            self.get(Field::Tokens).checked_mul(self.get(Field::IdBytes))?,
            self.get(Field::Sentences).checked_mul(8)?,
            self.get(Field::Documents).checked_mul(16)?,
            self.get(Field::Vocab).checked_mul(8)?,
        ];
        let mut sections: [Range<usize>; 4] = Default::default();
        let mut start = HEADER_BYTES;
        for (section, bytes) in sections.iter_mut().zip(lengths) {
            // Below an eighth of the address space, rounding up cannot overflow.
            let end = start.checked_add(usize::try_from(bytes).ok()?).filter(|&end| end < usize::MAX / 8)?;
            *section = start..end;
            start = end.next_multiple_of(8);
        }
        Some(sections)
    }
}

pub(super) fn le_word(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("chunks_exact(8) gives eight bytes"))
}

/// A checksum against damage, not against malice. It multiplies by an odd number at each word, so that any single changed word
/// shows.
#[derive(Default, Clone, Copy)]
pub(super) struct Checksum(pub(super) u64);

impl Checksum {
    pub(super) fn add(&mut self, word: u64) {
        // 2^64 / golden ratio, as in Fibonacci hashing.
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    /// The number of bytes must be a whole number of words.
    pub(super) fn add_bytes(&mut self, bytes: &[u8]) {
        bytes.chunks_exact(8).for_each(|word| self.add(le_word(word)));
    }
}

pub(super) fn checksum(words: &[u64]) -> u64 {
    let mut sum = Checksum::default();
    words.iter().for_each(|&word| sum.add(word));
    sum.0
}

pub(super) fn id_bytes(vocab_size: usize) -> u64 {
    if vocab_size <= 1 << 16 { 2 } else { 4 }
}

pub(super) fn words_from_sha(hasher: Sha256) -> [u64; 4] {
    let digest = hasher.finalize();
    std::array::from_fn(|i| le_word(&digest[8 * i..8 * i + 8]))
}
