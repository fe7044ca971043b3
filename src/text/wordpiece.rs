//! Trains a WordPiece vocabulary: chunks of text -> word counts -> merges of the most frequent pair -> [`Tokenizer`].
//!
//! The merges are those that the tokenizer crate's trainer makes (byte-pair encoding over characters, `##` inside a word). This
//! file does not use that trainer, for three reasons: it numbers the characters in the order of a randomly seeded hash map, so two
//! runs differ; it counts pairs in 32 bits; and it reports progress only to a terminal. Here words and characters are sorted, and
//! ties go to the lower ids.

mod alphabet;
mod count;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use super::tokenizer::{Cleaning, SPECIALS, Tokenizer};
use super::unknown::Unknown;
use super::{Chunk, map_parallel};
use crate::message::Message;
use crate::{Error, Result};
use alphabet::Alphabet;
use count::{Counted, count_words};

/// What the training aims at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recipe {
    /// The wanted number of entries, special tokens included. A small corpus may give fewer.
    pub vocab_size: usize,
    pub cleaning: Cleaning,
    /// A pair that occurs less often is not merged.
    pub min_frequency: u64,
    /// The share of the text's characters that the alphabet covers at least: its characters are the most frequent ones. Words with
    /// another character are unknown.
    pub coverage: f64,
    /// This many characters are kept whatever share they cover.
    pub alphabet_free: usize,
}

/// The share of a text's characters that its alphabet covers, unless a person says otherwise. It is what SentencePiece recommends for
/// languages with many characters.
pub const COVERAGE: f64 = 0.9995;

impl Recipe {
    /// Pairs count if they occur twice or more. An eighth of the entries may be single characters, up to a thousand as in BERT's
    /// English vocabulary, even if fewer cover the text.
    pub fn new(vocab_size: usize, cleaning: Cleaning) -> Self {
        let alphabet_free = (vocab_size / 8).clamp(64, 1000);
        Self { vocab_size, cleaning, min_frequency: 2, coverage: COVERAGE, alphabet_free }
    }
}

/// A trained tokenizer, and what a person should know of it.
#[derive(Debug, Clone)]
pub struct Trained {
    pub tokenizer: Tokenizer,
    /// How much of the text that it was trained on it does not know.
    pub unknown: Unknown,
    /// Different characters of the text, and how many of them the alphabet has.
    pub characters: usize,
    pub kept_characters: usize,
    /// The share of the text that these cover.
    pub covered: f64,
    /// Whether most words are single characters, which are never joined: text in Chinese.
    pub single_characters: bool,
}

impl Trained {
    /// Why the vocabulary is smaller than `wanted`; none if it is not.
    pub fn fewer_than(&self, wanted: usize) -> Option<Message> {
        let entries = self.tokenizer.vocab_size();
        let why = match self.single_characters {
            true => Message::new("fewer-because-of-single-characters").with("characters", self.kept_characters),
            false => Message::new("fewer-because-no-pair-is-left").with("characters", self.kept_characters),
        };
        let told = || {
            Message::new("fewer-entries-than-asked").with("entries", entries).with("wanted", wanted).with("why", why)
        };
        (entries < wanted).then(told)
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

/// Merges between two progress calls.
const MERGES_PER_REPORT: usize = 256;

/// Reads all chunks, counts their words and grows a vocabulary. The result depends on the text and the recipe alone.
pub fn train(
    chunks: impl Iterator<Item = Result<Chunk>>,
    recipe: &Recipe,
    mut progress: impl FnMut(Progress),
) -> Result<Trained> {
    let counting = |text_bytes, share| progress(Progress::Counting { text_bytes, share });
    let Counted { words, long } = count_words(chunks, recipe.cleaning, counting)?;
    if words.is_empty() {
        return Err(match long.tokens {
            0 => Error::failed("no-word-for-tokenizer"),
            count => Error::failed("only-long-words-for-tokenizer").with("count", count),
        });
    }
    let alphabet = Alphabet::of(&words, recipe.coverage, recipe.alphabet_free);
    let vocab = grow(&words, &alphabet, recipe, &mut progress)?;
    let tokenizer = Tokenizer::new(vocab, recipe.cleaning, "trained tokenizer")?;
    let unknown = measure(&tokenizer, &words, long)?;
    let single: u64 = words.iter().filter(|(word, _)| word.chars().nth(1).is_none()).map(|(_, count)| count).sum();
    Ok(Trained {
        tokenizer,
        unknown,
        characters: alphabet.found,
        kept_characters: alphabet.kept.len(),
        covered: alphabet.covered,
        single_characters: 2 * single > words.values().sum::<u64>(),
    })
}

/// Encodes every word once and counts it as often as it occurs.
fn measure(tokenizer: &Tokenizer, words: &BTreeMap<String, u64>, long: Unknown) -> Result<Unknown> {
    let words: Vec<(&String, &u64)> = words.iter().collect();
    let unk = tokenizer.specials().unk;
    let blocks: Vec<&[(&String, &u64)]> = words.chunks(4096).collect();
    let counted = map_parallel(&blocks, |block| {
        let (mut counted, mut ids) = (Unknown::default(), Vec::new());
        for &(word, &count) in *block {
            ids.clear();
            let one = tokenizer.encode_word(word, &mut ids)?;
            counted += Unknown {
                tokens: count * ids.len() as u64,
                unknown_tokens: count * ids.iter().filter(|&&id| id == unk).count() as u64,
                chars: count * one.chars,
                unknown_chars: count * one.unknown_chars,
                long_chars: count * one.long_chars,
            };
        }
        Ok::<_, Error>(counted)
    });
    let mut unknown = long;
    for block in counted {
        unknown += block?;
    }
    Ok(unknown)
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

fn grow(
    counts: &BTreeMap<String, u64>,
    alphabet: &Alphabet,
    recipe: &Recipe,
    progress: &mut impl FnMut(Progress),
) -> Result<Vec<String>> {
    let mut vocab = Vocab { entries: Vec::new(), ids: HashMap::new() };
    for name in SPECIALS {
        vocab.id(name.to_owned());
    }
    let mut words = spell(counts, &alphabet.kept, &mut vocab);
    if vocab.entries.len() > recipe.vocab_size {
        return Err(Error::usage("vocabulary-too-small")
            .with("vocab_size", recipe.vocab_size)
            .with("needed", vocab.entries.len())
            .with("characters", alphabet.kept.len())
            .with("covered", alphabet.covered)
            .with("enough", (3 * vocab.entries.len() / 2).next_power_of_two())
            .with("coverage", alphabet.coverage_within(recipe.vocab_size)));
    }
    merge(&mut words, &mut vocab, recipe, progress);
    Ok(vocab.entries)
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
        train(chunks(text), &Recipe::new(vocab_size, cleaning), |_| ()).unwrap().tokenizer
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
        let recipe = Recipe { coverage: 0.8, alphabet_free: 0, ..Recipe::new(100, Cleaning::UNCASED) };
        let trained = train(chunks("abc abc abc z abz"), &recipe, |_| ()).unwrap();
        let tokenizer = &trained.tokenizer;
        assert!(!tokenizer.vocab().iter().any(|entry| entry.contains('z')));
        assert_eq!(tokenizer.encode("abz").unwrap().ids, [tokenizer.specials().unk]);
        assert_eq!((trained.characters, trained.kept_characters), (4, 3));
        // 11 of 13 characters are a, b or c. Of the five words, "z" and "abz" are unknown, with four characters.
        assert!((trained.covered - 11.0 / 13.0).abs() < 1e-12, "{}", trained.covered);
        let unknown = trained.unknown;
        assert_eq!((unknown.unknown_tokens, unknown.chars, unknown.unknown_chars), (2, 13, 4));
    }

    /// A text in a script with `characters` letters. The rarer a letter, the larger its number.
    fn script(first: u32, characters: u32, between: &str) -> String {
        let letter = |n: u32| char::from_u32(first + n).unwrap();
        let line = |round: u32| {
            (0..characters)
                .filter(|n| round.is_multiple_of(1 + n / 40))
                .map(letter)
                .map(String::from)
                .collect::<Vec<_>>()
                .join(between)
        };
        (0..60).map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_alphabet_covers_scripts_of_many_characters() {
        // Chinese, Korean syllables, Japanese kana with Chinese, Ethiopic: no blank helps, and a thousand characters are too few.
        for (name, text) in [
            ("Chinese", script(0x4e00, 2200, "")),
            ("Korean", script(0xac00, 1800, " ")),
            ("Yi", script(0xa000, 1160, " ")),
            ("Egyptian", script(0x13000, 1070, " ")),
            ("Cuneiform", script(0x12000, 900, " ")),
        ] {
            let trained = train(chunks(&text), &Recipe::new(8000, Cleaning::UNCASED), |_| ()).unwrap();
            assert!(trained.covered >= COVERAGE, "{name}: {}", trained.covered);
            assert!(trained.unknown.share() < 0.01, "{name}: {:?}", trained.unknown);
            let mut ids = Vec::new();
            trained.tokenizer.encoder().encode_into(&text, &mut ids).unwrap();
            let unk = trained.tokenizer.specials().unk;
            let unknown = ids.iter().filter(|&&id| id == unk).count() as u64;
            assert_eq!((trained.unknown.tokens, trained.unknown.unknown_tokens), (ids.len() as u64, unknown), "{name}");
        }
    }

    #[test]
    fn what_an_alphabet_needs_and_covers_is_told() {
        let text = script(0x4e00, 2200, "");
        let error = train(chunks(&text), &Recipe::new(1000, Cleaning::UNCASED), |_| ()).unwrap_err();
        let told = |name: &str| error.message.facts.get(name).unwrap().to_string();
        assert_eq!(error.code(), "vocabulary-too-small");
        let (needed, enough): (usize, usize) = (told("needed").parse().unwrap(), told("enough").parse().unwrap());
        assert!(needed > 1000 && enough > needed, "{error}");
        train(chunks(&text), &Recipe::new(enough, Cleaning::UNCASED), |_| ()).unwrap();
        // The other way out that is offered works too.
        let coverage: f64 = told("coverage").parse().unwrap();
        let less = Recipe { coverage, alphabet_free: 64, ..Recipe::new(1000, Cleaning::UNCASED) };
        let trained = train(chunks(&text), &less, |_| ()).unwrap();
        assert!(trained.covered >= coverage && trained.covered < 0.99, "{}", trained.covered);
    }

    #[test]
    fn a_small_vocabulary_has_a_true_reason() {
        let why = |text: &str| {
            let trained = train(chunks(text), &Recipe::new(5000, Cleaning::UNCASED), |_| ()).unwrap();
            trained.fewer_than(5000).unwrap().to_string()
        };
        assert!(why(TEXT).contains("fewer-because-no-pair-is-left"));
        assert!(why(&script(0x4e00, 300, "")).contains("fewer-because-of-single-characters"));
        let full = train(chunks(TEXT), &Recipe::new(50, Cleaning::UNCASED), |_| ()).unwrap();
        assert_eq!(full.fewer_than(50), None);
    }

    #[test]
    fn long_words_are_counted_as_unknown_and_never_learned() {
        let thai = "ก".repeat(150);
        let text = format!("{thai}\n{}\nthe cat sat on the mat\n{}", "x".repeat(101), "y".repeat(9000));
        let trained = train(chunks(&text), &Recipe::new(100, Cleaning::UNCASED), |_| ()).unwrap();
        let unknown = trained.unknown;
        assert_eq!((unknown.unknown_tokens, unknown.long_chars), (3, 150 + 101 + 9000));
        assert!(unknown.share() > 0.9, "three tokens hide most of the text: {unknown:?}");
        let only_long = train(chunks(&thai), &Recipe::new(100, Cleaning::UNCASED), |_| ()).unwrap_err().to_string();
        assert!(only_long.contains("only-long-words-for-tokenizer (count = 1)"), "{only_long}");
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
