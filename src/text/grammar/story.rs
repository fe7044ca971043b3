//! The parts of a story: its sentences, their words, and what is known of a word.

use std::ops::Range;

use super::lexicon::{Class, Gender, Number, WordId};

/// One line of a story. Splitting it at white space and around every punctuation mark gives exactly its words and marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    pub text: String,
    pub words: Vec<Word>,
}

/// A word or a punctuation mark, by its bytes in the sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) id: WordId,
}

/// What a word is, in the one reading that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts<'g> {
    pub class: Class,
    pub lemma: &'g str,
    /// The gender of the word, or of what it agrees with, if its spelling decides it.
    pub gender: Option<Gender>,
    pub number: Option<Number>,
}

impl Word {
    /// Its bytes in [`Sentence::text`].
    pub fn span(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl Sentence {
    /// The word as written.
    pub fn word(&self, index: usize) -> &str {
        &self.text[self.words[index].span()]
    }

    pub(super) fn ids(&self) -> Vec<WordId> {
        self.words.iter().map(|w| w.id).collect()
    }
}
