//! The score of "Fool the judge". A person puts words in the place of others; each such word counts once, by the judge's first
//! verdict.
//! [`OwnText`] -> [`words`] -> [`Score`].

use crate::train::event::{Change, OwnText, OwnToken};
use std::collections::VecDeque;
use std::ops::Range;

/// The largest number of swaps that are remembered, so that none counts twice.
const KNOWN_MAX: usize = 512;

/// A word of the person's text with all its pieces.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// The number by which edits name the word.
    pub number: u32,
    pub tokens: Range<usize>,
    /// The word as the person typed it.
    pub original: String,
    /// The word as the judge reads it.
    pub read: String,
    pub change: Option<Change>,
    /// The highest p(replaced) of its swapped pieces: one caught piece gives the word away. None if no piece was swapped.
    pub p_swap: Option<f64>,
}

/// The words of a person's text, in order.
pub fn words(own_text: &OwnText) -> Vec<Word> {
    let mut words = Vec::new();
    let mut start = 0;
    for pieces in own_text.tokens.chunk_by(|a, b| a.word == b.word) {
        let tokens = start..start + pieces.len();
        start = tokens.end;
        words.push(word(own_text, pieces, tokens));
    }
    words
}

fn word(own_text: &OwnText, pieces: &[OwnToken], tokens: Range<usize>) -> Word {
    let from = pieces.iter().map(|piece| piece.start).min().unwrap_or(0) as usize;
    let to = pieces.iter().map(|piece| piece.end).max().unwrap_or(0) as usize;
    let original = own_text.text.get(from..to).unwrap_or_default().to_owned();
    let text = |piece: &OwnToken| {
        let read = piece.token.read();
        read.strip_prefix("##").unwrap_or(read).to_owned()
    };
    let swapped = pieces.iter().filter(|piece| piece.token.replaced);
    Word {
        number: pieces[0].word,
        tokens,
        original,
        read: pieces.iter().map(text).collect(),
        change: pieces.iter().find_map(|piece| piece.change.clone()),
        p_swap: swapped.filter_map(|piece| piece.token.p_replaced).reduce(f64::max),
    }
}

/// A swap and the judge's first p(replaced) for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Swap {
    pub original: String,
    pub word: String,
    pub p: f64,
}

/// The running score.
#[derive(Debug, Clone, Default)]
pub struct Score {
    /// How many swaps were judged, and how many of them passed as the original.
    pub judged: u64,
    pub fooled: u64,
    /// The swap that the judge believed most.
    pub best: Option<Swap>,
    known: VecDeque<(String, u32, String)>,
}

impl Score {
    /// Counts the swaps of `own_text` that are new.
    pub fn read(&mut self, own_text: &OwnText) {
        for word in words(own_text) {
            let Some(p) = word.p_swap.filter(|_| !matches!(word.change, None | Some(Change::Mask))) else { continue };
            let key = (own_text.text.clone(), word.number, word.read.clone());
            if self.known.contains(&key) {
                continue;
            }
            if self.known.len() == KNOWN_MAX {
                self.known.pop_front();
            }
            self.known.push_back(key);
            self.judged += 1;
            self.fooled += u64::from(p <= 0.5);
            if p <= 0.5 && self.best.as_ref().is_none_or(|best| p < best.p) {
                self.best = Some(Swap { original: word.original, word: word.read, p });
            }
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::train::event::ReadToken;

    /// `the dog ate`, with `dog` as two pieces and `swap` in the place of `ate`.
    pub fn own_text(step: u64, swap: Option<(&str, f64)>) -> OwnText {
        let token = |text: &str, word: u32, (start, end): (u32, u32)| OwnToken {
            token: ReadToken { original: text.to_owned(), p_replaced: Some(0.1), ..ReadToken::default() },
            start,
            end,
            word,
            change: None,
        };
        let mut tokens =
            vec![token("the", 0, (0, 3)), token("do", 1, (4, 6)), token("##g", 1, (6, 7)), token("ate", 2, (8, 11))];
        if let Some((word, p)) = swap {
            let last = &mut tokens[3];
            last.change = Some(Change::Replace { word: word.to_owned() });
            last.token.sampled = Some(word.to_owned());
            last.token.replaced = true;
            last.token.p_replaced = Some(p);
        }
        OwnText { step, text: "the dog ate".to_owned(), tokens, ..OwnText::default() }
    }

    #[test]
    fn pieces_come_together_as_the_words_that_were_typed() {
        let words = words(&own_text(1, Some(("slept", 0.3))));
        let seen: Vec<_> = words.iter().map(|w| (w.number, w.original.as_str(), w.read.as_str(), w.p_swap)).collect();
        assert_eq!(seen, [(0, "the", "the", None), (1, "dog", "dog", None), (2, "ate", "slept", Some(0.3))]);
        assert_eq!(words[1].tokens, 1..3);
    }

    #[test]
    fn a_swap_counts_once_by_the_first_judgement() {
        let mut score = Score::default();
        score.read(&own_text(1, None));
        assert_eq!((score.judged, score.fooled), (0, 0));
        score.read(&own_text(2, Some(("slept", 0.3))));
        score.read(&own_text(3, Some(("slept", 0.9))));
        score.read(&own_text(4, Some(("moon", 0.8))));
        assert_eq!((score.judged, score.fooled), (2, 1));
        assert_eq!(score.best, Some(Swap { original: "ate".into(), word: "slept".into(), p: 0.3 }));
    }

    #[test]
    fn a_hidden_word_is_no_swap_and_the_memory_is_bounded() {
        let mut score = Score::default();
        let mut hidden = own_text(1, None);
        hidden.tokens[3].change = Some(Change::Mask);
        hidden.tokens[3].token.masked = true;
        score.read(&hidden);
        assert_eq!(score.judged, 0);
        (0..2_000).for_each(|n| score.read(&own_text(n, Some((&format!("w{n}"), 0.6)))));
        assert_eq!((score.judged, score.fooled, score.known.len()), (2_000, 0, KNOWN_MAX));
    }
}
