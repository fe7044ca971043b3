//! Trains a WordPiece vocabulary: chunks of text -> word counts -> merges of the most frequent pair -> [`Tokenizer`].
//!
//! The merges are those that the tokenizer crate's trainer makes (byte-pair encoding over characters, `##` inside a word). This
//! file does not use that trainer, for three reasons: it numbers the characters in the order of a randomly seeded hash map, so two
//! runs differ; it counts pairs in 32 bits; and it reports progress only to a terminal. Here words and characters are sorted, and
//! ties go to the lower ids.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use super::tokenizer::{Cleaning, SPECIALS, Tokenizer};
use super::{Batches, Chunk, map_parallel};
use crate::{Error, Result};

/// What the training aims at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recipe {
    /// The wanted number of entries, special tokens included. A small corpus may give fewer.
    pub vocab_size: usize,
    pub cleaning: Cleaning,
    /// A pair that occurs less often is not merged.
    pub min_frequency: u64,
    /// How many characters are kept, the most frequent first. Words with another character are `[UNK]`.
    pub alphabet_max: usize,
}

impl Recipe {
    /// Pairs count if they occur twice or more. At most an eighth of the entries are single characters, and no more than a
    /// thousand, as in BERT's English vocabulary.
    pub fn new(vocab_size: usize, cleaning: Cleaning) -> Self {
        Self { vocab_size, cleaning, min_frequency: 2, alphabet_max: (vocab_size / 8).clamp(64, 1000) }
    }
}

/// How far the training is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Progress {
    /// Counting words. `share` is the share of the text, 0 to 1, if it is known.
    Counting { text_bytes: u64, share: Option<f32> },
    /// Growing the vocabulary.
    Merging { entries: usize, target: usize },
}

/// A word longer than this is `[UNK]` to WordPiece anyway.
const WORD_CHARS_MAX: usize = 100;
/// When there are more different pieces, those that occurred once are forgotten, so that memory stays bounded on any corpus.
const PIECES_MAX: usize = 4_000_000;
/// Merges between two progress calls.
const MERGES_PER_REPORT: usize = 256;

/// Reads all chunks, counts their words and grows a vocabulary. The result depends on the text and the recipe alone.
pub fn train(
    chunks: impl Iterator<Item = Result<Chunk>>,
    recipe: &Recipe,
    mut progress: impl FnMut(Progress),
) -> Result<Tokenizer> {
    let words = count_words(chunks, recipe.cleaning, &mut progress)?;
    if words.is_empty() {
        return Err(Error::failed("no-word-for-tokenizer"));
    }
    let vocab = grow(&words, recipe, &mut progress)?;
    Tokenizer::new(vocab, recipe.cleaning, "trained tokenizer")
}

/// Cleaned words and how often each occurs, in the order of their bytes.
fn count_words(
    chunks: impl Iterator<Item = Result<Chunk>>,
    cleaning: Cleaning,
    progress: &mut impl FnMut(Progress),
) -> Result<BTreeMap<String, u64>> {
    // Pieces between white space are counted first, because cleaning is slow and needs to see each different piece only once.
    let mut pieces: HashMap<Box<str>, u64> = HashMap::new();
    let (mut text_bytes, mut forget) = (0, PIECES_MAX);
    for batch in Batches(chunks) {
        let batch = batch?;
        for counts in map_parallel(&batch, |chunk| count_pieces(&chunk.text)) {
            for (piece, count) in counts {
                match pieces.get_mut(piece) {
                    Some(total) => *total += count,
                    None => drop(pieces.insert(piece.into(), count)),
                }
            }
        }
        if pieces.len() > forget {
            pieces.retain(|_, count| *count > 1);
            forget = PIECES_MAX.max(2 * pieces.len());
        }
        text_bytes += batch.iter().map(|chunk| chunk.text.len() as u64).sum::<u64>();
        progress(Progress::Counting { text_bytes, share: batch.last().and_then(|chunk| chunk.share) });
    }
    let mut words = BTreeMap::new();
    for (piece, count) in &pieces {
        cleaning.for_each_word(piece, |word| {
            if word.chars().nth(WORD_CHARS_MAX).is_none() {
                *words.entry(word.to_owned()).or_insert(0) += count;
            }
        })?;
    }
    Ok(words)
}

fn count_pieces(text: &str) -> HashMap<&str, u64> {
    let mut counts = HashMap::new();
    for piece in text.split_ascii_whitespace() {
        *counts.entry(piece).or_insert(0) += 1;
    }
    counts
}

/// The entries of a vocabulary while it grows.
struct Vocab {
    entries: Vec<String>,
    ids: HashMap<String, u32>,
}

impl Vocab {
    fn id(&mut self, token: String) -> u32 {
        *self.ids.entry(token).or_insert_with_key(|token| {
            self.entries.push(token.clone());
            (self.entries.len() - 1) as u32
        })
    }
}

/// A word as the ids of its current pieces.
struct Word {
    pieces: Vec<u32>,
    count: u64,
}

type Pair = (u32, u32);

fn grow(counts: &BTreeMap<String, u64>, recipe: &Recipe, progress: &mut impl FnMut(Progress)) -> Result<Vec<String>> {
    let mut vocab = Vocab { entries: Vec::new(), ids: HashMap::new() };
    for name in SPECIALS {
        vocab.id(name.to_owned());
    }
    let alphabet = alphabet(counts, recipe.alphabet_max);
    let mut words = spell(counts, &alphabet, &mut vocab);
    if vocab.entries.len() > recipe.vocab_size {
        return Err(Error::usage("vocabulary-too-small")
            .with("vocab_size", recipe.vocab_size)
            .with("needed", vocab.entries.len())
            .with("enough", (2 * vocab.entries.len()).next_power_of_two()));
    }
    merge(&mut words, &mut vocab, recipe, progress);
    Ok(vocab.entries)
}

/// The most frequent characters, in the order of their code points.
fn alphabet(counts: &BTreeMap<String, u64>, limit: usize) -> Vec<char> {
    let mut chars: BTreeMap<char, u64> = BTreeMap::new();
    for (word, count) in counts {
        for char in word.chars() {
            *chars.entry(char).or_insert(0) += count;
        }
    }
    let mut kept: Vec<(char, u64)> = chars.into_iter().collect();
    kept.sort_by_key(|&(char, count)| (Reverse(count), char));
    kept.truncate(limit);
    let mut kept: Vec<char> = kept.into_iter().map(|(char, _)| char).collect();
    kept.sort_unstable();
    kept
}

/// Enters every kept character and, if it occurs inside a word, the character with `##`. Words with another character are left out.
fn spell(counts: &BTreeMap<String, u64>, alphabet: &[char], vocab: &mut Vocab) -> Vec<Word> {
    for char in alphabet {
        vocab.id(char.to_string());
    }
    let spelled = || counts.iter().filter(|(word, _)| word.chars().all(|char| alphabet.binary_search(&char).is_ok()));
    let mut inner: Vec<char> = spelled().flat_map(|(word, _)| word.chars().skip(1)).collect();
    inner.sort_unstable();
    inner.dedup();
    for char in inner {
        vocab.id(format!("##{char}"));
    }
    let piece = |(place, char): (usize, char)| if place == 0 { char.to_string() } else { format!("##{char}") };
    spelled()
        .map(|(word, &count)| Word { pieces: word.chars().enumerate().map(|at| vocab.id(piece(at))).collect(), count })
        .collect()
}

/// Joins the most frequent pair of neighbouring pieces, again and again. Of equally frequent pairs it takes the one with the lowest
/// ids.
fn merge(words: &mut [Word], vocab: &mut Vocab, recipe: &Recipe, progress: &mut impl FnMut(Progress)) {
    let mut pairs = Pairs::count(words);
    let mut queue: BinaryHeap<(u64, Reverse<Pair>)> =
        pairs.counts.iter().map(|(&pair, &count)| (count, Reverse(pair))).collect();
    let mut merges = 0;
    while vocab.entries.len() < recipe.vocab_size {
        let Some((count, Reverse(pair))) = queue.pop() else { break };
        let current = pairs.counts.get(&pair).copied().unwrap_or(0);
        if current != count {
            // The count of this pair has changed since the entry was made.
            if current > 0 {
                queue.push((current, Reverse(pair)));
            }
            continue;
        }
        if count < recipe.min_frequency.max(1) {
            break;
        }
        let right = &vocab.entries[pair.1 as usize];
        let joined = format!("{}{}", vocab.entries[pair.0 as usize], right.strip_prefix("##").unwrap_or(right));
        let id = vocab.id(joined);
        for grown in pairs.join(words, pair, id) {
            queue.push((pairs.counts[&grown], Reverse(grown)));
        }
        merges += 1;
        if merges % MERGES_PER_REPORT == 0 {
            progress(Progress::Merging { entries: vocab.entries.len(), target: recipe.vocab_size });
        }
    }
    progress(Progress::Merging { entries: vocab.entries.len(), target: recipe.vocab_size });
}

/// How often each pair occurs, and in which words it has occurred.
struct Pairs {
    counts: HashMap<Pair, u64>,
    places: HashMap<Pair, Vec<u32>>,
}

impl Pairs {
    fn count(words: &[Word]) -> Self {
        let mut pairs = Self { counts: HashMap::new(), places: HashMap::new() };
        for (index, word) in words.iter().enumerate() {
            for pair in word.pieces.windows(2) {
                let pair = (pair[0], pair[1]);
                pairs.add(pair, word.count);
                pairs.note_place(pair, index as u32);
            }
        }
        pairs
    }

    fn add(&mut self, pair: Pair, count: u64) {
        *self.counts.entry(pair).or_insert(0) += count;
    }

    fn note_place(&mut self, pair: Pair, word: u32) {
        let places = self.places.entry(pair).or_default();
        // Words come one at a time, so a repetition within a word comes right after the first occurrence.
        if places.last() != Some(&word) {
            places.push(word);
        }
    }

    fn remove(&mut self, pair: Pair, count: u64) {
        if let Some(total) = self.counts.get_mut(&pair) {
            *total -= count;
            if *total == 0 {
                self.counts.remove(&pair);
            }
        }
    }

    /// Replaces `pair` by `id` in every word; returns the pairs that now occur more often, each once, in order.
    fn join(&mut self, words: &mut [Word], pair: Pair, id: u32) -> Vec<Pair> {
        let mut grown = Vec::new();
        for index in self.places.remove(&pair).unwrap_or_default() {
            let word = &mut words[index as usize];
            if !word.pieces.windows(2).any(|w| (w[0], w[1]) == pair) {
                continue;
            }
            // The whole word is removed and added again, which is simple, because words are short.
            for old in word.pieces.windows(2) {
                self.remove((old[0], old[1]), word.count);
            }
            join_pieces(&mut word.pieces, pair, id);
            for new in word.pieces.windows(2) {
                let new = (new[0], new[1]);
                self.add(new, word.count);
                if new.0 == id || new.1 == id {
                    self.note_place(new, index);
                    grown.push(new);
                }
            }
        }
        grown.sort_unstable();
        grown.dedup();
        grown
    }
}

/// Joins from left to right, as the words are read.
fn join_pieces(pieces: &mut Vec<u32>, pair: Pair, id: u32) {
    let (mut read, mut write) = (0, 0);
    while read < pieces.len() {
        let found = read + 1 < pieces.len() && (pieces[read], pieces[read + 1]) == pair;
        pieces[write] = if found { id } else { pieces[read] };
        read += if found { 2 } else { 1 };
        write += 1;
    }
    pieces.truncate(write);
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "the cat sat on the mat\nthe dog sat on the log\n\
        o gato não viu a ação do cão\na nação não viu o pão\nunhappily unhappy happily happy";

    fn chunks(text: &str) -> impl Iterator<Item = Result<Chunk>> {
        text.lines().map(|line| Ok(Chunk::document(line))).collect::<Vec<_>>().into_iter()
    }

    fn trained(text: &str, vocab_size: usize, cleaning: Cleaning) -> Tokenizer {
        train(chunks(text), &Recipe::new(vocab_size, cleaning), |_| ()).unwrap()
    }

    #[test]
    fn two_trainings_give_the_same_vocabulary() {
        let first = trained(&TEXT.repeat(3), 120, Cleaning::UNCASED);
        for _ in 0..4 {
            assert_eq!(trained(&TEXT.repeat(3), 120, Cleaning::UNCASED).vocab(), first.vocab());
        }
    }

    #[test]
    fn special_tokens_come_first_and_the_size_is_kept() {
        let tokenizer = trained(TEXT, 50, Cleaning::UNCASED);
        assert_eq!(tokenizer.vocab()[..5], SPECIALS);
        assert_eq!(tokenizer.vocab_size(), 50);
        let mut sorted = tokenizer.vocab().to_vec();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), 50, "no entry twice");
        let exhausted = trained(TEXT, 10_000, Cleaning::UNCASED);
        assert!(exhausted.vocab_size() < 200, "a small corpus gives {} entries", exhausted.vocab_size());
    }

    #[test]
    fn frequent_words_become_entries_and_nothing_is_unknown() {
        let tokenizer = trained(TEXT, 10_000, Cleaning { strip_accents: Some(false), ..Cleaning::UNCASED });
        for word in ["the", "sat", "não", "viu"] {
            assert!(tokenizer.vocab().iter().any(|entry| entry == word), "{word}");
        }
        let encoding = tokenizer.encode(TEXT).unwrap();
        assert!(!encoding.ids.contains(&tokenizer.specials().unk));
        assert_eq!(tokenizer.encode("happy").unwrap().tokens.concat().replace("##", ""), "happy");
    }

    #[test]
    fn the_most_frequent_pair_is_merged_first_and_ties_go_to_the_lower_ids() {
        // ids: specials 0-4, a 5, b 6, c 7, ##a 8, ##b 9, ##c 10. "ab" three times, then "ac" and "ba" twice each.
        let tokenizer = trained("ab ab ab ac ac ba ba cc", 14, Cleaning::CASED);
        assert_eq!(tokenizer.vocab()[5..], ["a", "b", "c", "##a", "##b", "##c", "ab", "ac", "ba"]);
    }

    #[test]
    fn repeated_letters_are_merged_from_the_left() {
        let mut pieces = vec![1, 1, 1, 2, 1, 1];
        join_pieces(&mut pieces, (1, 1), 3);
        assert_eq!(pieces, [3, 1, 2, 3]);
        // Three times the pair "##a ##a" in a word, once "a ##a": "##aa" first, then "a ##aa" before "##aa ##aa".
        let tokenizer = trained("aaaaa aaaaa aaaaa", 9, Cleaning::CASED);
        assert_eq!(tokenizer.vocab()[5..], ["a", "##a", "##aa", "aaa"]);
    }

    #[test]
    fn rare_characters_are_left_out() {
        let recipe = Recipe { alphabet_max: 3, ..Recipe::new(100, Cleaning::UNCASED) };
        let tokenizer = train(chunks("abc abc abc z abz"), &recipe, |_| ()).unwrap();
        assert!(!tokenizer.vocab().iter().any(|entry| entry.contains('z')));
        assert_eq!(tokenizer.encode("abz").unwrap().ids, [tokenizer.specials().unk]);
    }

    #[test]
    fn impossible_wishes_are_told() {
        let train = |text, size| train(chunks(text), &Recipe::new(size, Cleaning::UNCASED), |_| ()).unwrap_err();
        assert!(train(TEXT, 20).to_string().contains("vocabulary-too-small (vocab_size = 20"));
        assert!(train(" \n ", 100).to_string().contains("no-word-for-tokenizer"));
    }

    #[test]
    fn progress_reaches_the_end() {
        let mut seen = Vec::new();
        train(chunks(TEXT), &Recipe::new(50, Cleaning::UNCASED), |progress| seen.push(progress)).unwrap();
        let bytes = TEXT.lines().map(|line| line.len() as u64).sum();
        assert_eq!(seen.first(), Some(&Progress::Counting { text_bytes: bytes, share: None }));
        assert_eq!(seen.last(), Some(&Progress::Merging { entries: 50, target: 50 }));
    }
}
