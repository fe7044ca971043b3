//! Cuts text into cleaned words, a slice at a time, so that a line of many megabytes costs time in proportion to its length and hardly
//! any memory. text -> [`for_each_word`] -> [`Word`]s.

use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{NormalizedString, Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};

use super::parts::Cleaning;
use crate::{Error, Result};

/// A longer word is unknown to WordPiece, whatever its characters are.
pub const WORD_CHARS_MAX: usize = 100;
/// A longer text is cleaned in slices of about this many bytes. The crate keeps some hundred bytes for each character of a slice.
pub const SLICE_BYTES: usize = 4096;
/// How far back a slice may end, so that it ends before a character that begins something.
const SLICE_SEARCH: usize = 256;

/// A cleaned word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word<'w> {
    Whole(&'w str),
    /// A word of more than [`WORD_CHARS_MAX`] characters. Nothing but their number is kept.
    TooLong(usize),
}

/// The characters between which a piece of text stands by itself, in every step of cleaning. Other white space does not separate
/// pieces: a form feed is a control character for BERT and is removed, so that it glues what stands beside it.
pub fn is_between_pieces(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// Calls `each` with every word of `text`, cleaned.
pub fn for_each_word(cleaning: Cleaning, text: &str, mut each: impl FnMut(Word<'_>) -> Result<()>) -> Result<()> {
    let normalizer = cleaning.normalizer();
    let mut open = None;
    let mut rest = text;
    while !rest.is_empty() {
        let (slice, after) = rest.split_at(slice_end(rest));
        rest = after;
        slice_words(&normalizer, slice, &mut open, &mut each)?;
    }
    open.map_or(Ok(()), |open: Open| open.tell(&mut each))
}

/// Cleans `text` and cuts it into words, as one slice.
pub fn cut_words(normalizer: &BertNormalizer, text: &str) -> Result<PreTokenizedString> {
    let mut words = PreTokenizedString::from(text);
    words
        .normalize(|piece| normalizer.normalize(piece))
        .and_then(|()| BertPreTokenizer.pre_tokenize(&mut words))
        .map_err(|e| crate_error("text", e.as_ref()))?;
    Ok(words)
}

/// The word at the end of a slice, which may go on in the next one.
struct Open {
    /// Empty once the word is too long.
    text: String,
    chars: usize,
    last: char,
}

impl Open {
    fn new(word: &str) -> Option<Self> {
        let mut open = Self { text: String::new(), chars: 0, last: word.chars().next_back()? };
        open.add(word);
        Some(open)
    }

    fn add(&mut self, word: &str) {
        self.chars += word.chars().count();
        self.last = word.chars().next_back().unwrap_or(self.last);
        if self.chars > WORD_CHARS_MAX {
            self.text = String::new();
        } else {
            self.text.push_str(word);
        }
    }

    fn tell(self, each: &mut impl FnMut(Word<'_>) -> Result<()>) -> Result<()> {
        each(if self.chars > WORD_CHARS_MAX { Word::TooLong(self.chars) } else { Word::Whole(&self.text) })
    }
}

fn slice_words(
    normalizer: &BertNormalizer,
    slice: &str,
    open: &mut Option<Open>,
    each: &mut impl FnMut(Word<'_>) -> Result<()>,
) -> Result<()> {
    let mut cleaned = NormalizedString::from(slice);
    normalizer.normalize(&mut cleaned).map_err(|e| crate_error("text", e.as_ref()))?;
    let (Some(first), Some(last)) = (cleaned.get().chars().next(), cleaned.get().chars().next_back()) else {
        // Nothing is left of this slice, so what stands on both sides of it stands together.
        return Ok(());
    };
    let goes_on = match open {
        Some(open) => !first.is_whitespace() && is_one_word(open.last, first)?,
        None => false,
    };
    if !goes_on && let Some(open) = open.take() {
        open.tell(each)?;
    }
    let words = words_of(cleaned.get())?;
    let splits = words.get_splits(OffsetReferential::Normalized, OffsetType::None);
    for (n, (word, _, _)) in splits.iter().enumerate() {
        match open {
            Some(open) if n == 0 => open.add(word),
            _ => {
                if let Some(before) = open.take() {
                    before.tell(each)?;
                }
                *open = Open::new(word);
            }
        }
    }
    if last.is_whitespace()
        && let Some(open) = open.take()
    {
        open.tell(each)?;
    }
    Ok(())
}

/// The words of a cleaned text.
fn words_of(cleaned: &str) -> Result<PreTokenizedString> {
    let mut words = PreTokenizedString::from(cleaned);
    BertPreTokenizer.pre_tokenize(&mut words).map_err(|e| crate_error("text", e.as_ref()))?;
    Ok(words)
}

/// Whether two neighbouring characters belong to one word: neither is punctuation.
fn is_one_word(left: char, right: char) -> Result<bool> {
    let words = words_of(&format!("{left}{right}"))?;
    Ok(words.get_splits(OffsetReferential::Normalized, OffsetType::None).len() == 1)
}

/// Where the first slice of a text ends: after white space if it has some, else before a character that begins something, so that no
/// mark is torn from its letter.
fn slice_end(text: &str) -> usize {
    if text.len() <= SLICE_BYTES {
        return text.len();
    }
    let limit = text.floor_char_boundary(SLICE_BYTES);
    if let Some(space) = text[..limit].rfind(is_between_pieces) {
        return space + 1;
    }
    let begins = |&(at, c): &(usize, char)| at > 0 && (c.is_ascii() || (c.is_alphanumeric() && !is_mark(c)));
    let back = text.floor_char_boundary(limit - SLICE_SEARCH);
    let found = text[back..limit].char_indices().map(|(at, c)| (back + at, c)).rfind(begins);
    found.map_or(limit, |(at, _)| at)
}

/// Whether stripping accents removes the character.
fn is_mark(c: char) -> bool {
    let mut text = NormalizedString::from(c.to_string());
    let stripped = BertNormalizer::new(false, false, Some(true), false).normalize(&mut text);
    stripped.is_err() || text.get().is_empty()
}

/// An error of the crate `tokenizers`. Its text says what failed, but not where.
pub fn crate_error(place: &str, source: &(dyn std::error::Error + Send + Sync)) -> Error {
    Error::failed("cannot-tokenize").with("detail", source.to_string()).at(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(cleaning: Cleaning, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        for_each_word(cleaning, text, |word| {
            found.push(match word {
                Word::Whole(word) => word.to_owned(),
                Word::TooLong(chars) => format!("{chars} characters"),
            });
            Ok(())
        })
        .unwrap();
        found
    }

    /// The words as the crate cuts them in one go.
    fn at_once(cleaning: Cleaning, text: &str) -> Vec<String> {
        let cut = cut_words(&cleaning.normalizer(), text).unwrap();
        let told = |word: &str| match word.chars().count() {
            chars if chars > WORD_CHARS_MAX => format!("{chars} characters"),
            _ => word.to_owned(),
        };
        cut.get_splits(OffsetReferential::Normalized, OffsetType::None).iter().map(|(word, ..)| told(word)).collect()
    }

    #[test]
    fn a_word_that_spans_slices_is_one_word() {
        let long = "ab".repeat(SLICE_BYTES);
        assert_eq!(words(Cleaning::UNCASED, &long), ["8192 characters"]);
        // Zero-width characters vanish, so a word that is longer than a slice may have few characters.
        let hidden = format!("x{}y", "\u{200b}".repeat(2 * SLICE_BYTES));
        assert_eq!(words(Cleaning::UNCASED, &hidden), ["xy"]);
        let dotted = "a.".repeat(SLICE_BYTES);
        assert_eq!(words(Cleaning::UNCASED, &dotted).len(), 2 * SLICE_BYTES);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        /// Slices change nothing, wherever they end.
        #[test]
        fn slices_give_the_words_of_the_whole(
            parts in prop::collection::vec(
                prop_oneof![
                    "[a-zé\u{301}]{1,300}", "[中文a.。\u{3000}]{1,40}", "[\u{200b}\u{b}\u{c}\u{85}\u{2028}]{1,9}", "\\PC{1,60}",
                    Just("\u{fb01}\u{1100}\u{1161}\u{ac00}\u{e31}\u{94d}\u{300}\u{316}".repeat(120)),
                ],
                1..40,
            ),
            lower: bool, strip in prop::option::of(any::<bool>()), split_chinese: bool,
        ) {
            let text = parts.concat().repeat(3);
            let cleaning = Cleaning { lower_case: lower, strip_accents: strip, split_chinese };
            prop_assert_eq!(words(cleaning, &text), at_once(cleaning, &text));
        }
    }
}
