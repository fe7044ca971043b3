//! Counts the words of a text: chunks -> pieces between white space -> cleaned words, each with its number.

use std::collections::{BTreeMap, HashMap};

use crate::Result;
use crate::text::tokenizer::{Cleaning, Word, for_each_word, is_between_pieces};
use crate::text::unknown::Unknown;
use crate::text::{Batches, Chunk, map_parallel};

/// When there are more different pieces, those that occurred once are forgotten, so that memory stays bounded on any corpus.
const PIECES_MAX: usize = 4_000_000;
/// A longer piece is hardly ever seen twice (a sentence without blanks, an address), so its words are counted at once.
const PIECE_BYTES_MAX: usize = 64;

/// The words of a text.
pub(super) struct Counted {
    /// Cleaned words and how often each occurs, in the order of their bytes.
    pub words: BTreeMap<String, u64>,
    /// The words that are too long for WordPiece. All of them are unknown.
    pub long: Unknown,
}

/// What one chunk has: short pieces as they are, the words of long ones, and the characters of words that are too long.
struct Pieces<'c> {
    pieces: HashMap<&'c str, u64>,
    words: HashMap<String, u64>,
    long: Unknown,
}

/// Reads all chunks. `progress` gets the bytes of text that are read, and their share of the whole if it is known.
pub(super) fn count_words(
    chunks: impl Iterator<Item = Result<Chunk>>,
    cleaning: Cleaning,
    mut progress: impl FnMut(u64, Option<f32>),
) -> Result<Counted> {
    // Pieces between white space are counted first, because cleaning is slow and needs to see each different piece only once.
    let mut pieces: HashMap<Box<str>, u64> = HashMap::new();
    let mut words: HashMap<String, u64> = HashMap::new();
    let (mut text_bytes, mut long) = (0, Unknown::default());
    let mut forget = [PIECES_MAX; 2];
    for batch in Batches(chunks) {
        let batch = batch?;
        for counts in map_parallel(&batch, |chunk| count_pieces(&chunk.text, cleaning)) {
            let counts = counts?;
            for (piece, count) in counts.pieces {
                match pieces.get_mut(piece) {
                    Some(total) => *total += count,
                    None => drop(pieces.insert(piece.into(), count)),
                }
            }
            for (word, count) in counts.words {
                *words.entry(word).or_insert(0) += count;
            }
            long += counts.long;
        }
        forget_rare(&mut pieces, &mut forget[0]);
        forget_rare(&mut words, &mut forget[1]);
        text_bytes += batch.iter().map(|chunk| chunk.text.len() as u64).sum::<u64>();
        progress(text_bytes, batch.last().and_then(|chunk| chunk.share));
    }
    let mut sorted: BTreeMap<String, u64> = words.into_iter().collect();
    for (piece, &count) in &pieces {
        for_each_word(cleaning, piece, |word| {
            match word {
                Word::Whole(word) => *sorted.entry(word.to_owned()).or_insert(0) += count,
                Word::TooLong(chars) => long += long_word(chars, count),
            }
            Ok(())
        })?;
    }
    Ok(Counted { words: sorted, long })
}

fn forget_rare<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, u64>, forget: &mut usize) {
    if counts.len() > *forget {
        counts.retain(|_, count| *count > 1);
        *forget = PIECES_MAX.max(2 * counts.len());
    }
}

/// What `count` occurrences of a word of too many characters add to the count: one unknown token each.
fn long_word(chars: usize, count: u64) -> Unknown {
    let chars = count * chars as u64;
    Unknown { tokens: count, unknown_tokens: count, chars, unknown_chars: chars, long_chars: chars }
}

fn count_pieces(text: &str, cleaning: Cleaning) -> Result<Pieces<'_>> {
    let mut counts = Pieces { pieces: HashMap::new(), words: HashMap::new(), long: Unknown::default() };
    for piece in text.split(is_between_pieces).filter(|piece| !piece.is_empty()) {
        if piece.len() <= PIECE_BYTES_MAX {
            *counts.pieces.entry(piece).or_insert(0) += 1;
            continue;
        }
        for_each_word(cleaning, piece, |word| {
            match word {
                Word::Whole(word) => match counts.words.get_mut(word) {
                    Some(total) => *total += 1,
                    None => drop(counts.words.insert(word.to_owned(), 1)),
                },
                Word::TooLong(chars) => counts.long += long_word(chars, 1),
            }
            Ok(())
        })?;
    }
    Ok(counts)
}
