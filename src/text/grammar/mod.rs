//! The built-in text: a probabilistic grammar of short stories in English and Brazilian Portuguese.
//!
//! `assets/grammar/*.txt` -> [`Grammar`] -> [`Story`] (sentences, words) -> text, one sentence in each line, a blank line between
//! stories. The same rules draw stories (`sample`) and recognise them (`recognise`), so [`Story::judge`] can say exactly
//! which replacements of a word leave a story and which break a rule.
//!
//! **What is checked.** A story follows a *script*, told in one tense. A script has steps, each step gives some sentences, and each
//! sentence comes from a *frame* with holes. Variables stand behind the holes. A variable of the script (characters, things,
//! places) keeps its value from the first sentence to the last; a variable of a frame lives in one sentence. Tables say which
//! values go together; articles, adjectives, pronouns and verbs agree with a variable. A text is a story if and only if some
//! script, frames, values and tense yield exactly its words. A replacement *fits* if and only if the text with it is a story.
//! Letter case is not judged.
//!
//! **From text to story.** Document `n` of a seed does not depend on the documents before it: [`Grammar::document`] makes it
//! again from (language, level, seed, n). [`Grammar::parse`] reads any text of the grammar without knowing where it is from.

mod blame;
mod english;
mod forms;
mod judge;
mod level;
mod lexicon;
mod portuguese;
mod recognise;
mod relax;
mod sample;
mod source;
mod story;
mod swap;
#[cfg(test)]
mod tests;

use std::fmt;

pub use blame::Blame;
pub use judge::{Rule, Verdict};
pub use level::Level;
use lexicon::WordId;
pub use lexicon::{Class, Gender, Number, Person, Tense};
use source::{FrameId, Rules};
pub use story::{Facts, Sentence, Word};
pub use swap::{Role, Site};

use crate::Result;
use crate::lang::Lang;
use crate::rng::{Key, Sequence, Stream};

/// A language's rules at one level, ready to tell stories.
#[derive(Debug)]
pub struct Grammar {
    language: Lang,
    level: Level,
    rules: Rules,
}

/// A short text about one or two characters.
#[derive(Debug, Clone)]
pub struct Story<'g> {
    grammar: &'g Grammar,
    pub sentences: Vec<Sentence>,
    /// The frame of the grammar that each sentence comes from.
    places: Vec<FrameId>,
}

impl Grammar {
    /// Reads the built-in grammar.
    ///
    /// # Errors
    /// Only if the text that is compiled in is damaged; the error names the line.
    pub fn new(language: Lang, level: Level) -> Result<Self> {
        let (file, text) = match (language, level) {
            (Lang::En, Level::FirstSteps) => {
                ("first-steps.en.txt", include_str!("../../../assets/grammar/first-steps.en.txt"))
            }
            (Lang::Pt, Level::FirstSteps) => {
                ("first-steps.pt.txt", include_str!("../../../assets/grammar/first-steps.pt.txt"))
            }
            (Lang::En, Level::Stories) => ("stories.en.txt", include_str!("../../../assets/grammar/stories.en.txt")),
            (Lang::Pt, Level::Stories) => ("stories.pt.txt", include_str!("../../../assets/grammar/stories.pt.txt")),
        };
        Self::from_source(language, level, file, text)
    }

    fn from_source(language: Lang, level: Level, file: &str, text: &str) -> Result<Self> {
        Ok(Self { language, level, rules: source::read(language, file, text)? })
    }

    pub fn language(&self) -> Lang {
        self.language
    }

    pub fn level(&self) -> Level {
        self.level
    }

    /// Every spelling that the grammar knows, in lower case, punctuation included. A few of them (forms that no frame
    /// asks for) never occur.
    pub fn spellings(&self) -> impl Iterator<Item = &str> {
        self.rules.lexicon.words.iter().map(|w| w.lower.as_str())
    }

    /// Document `number` of `seed`, without those before it.
    pub fn document(&self, seed: u64, number: u64) -> Story<'_> {
        let mut rng = Sequence::new(Key::new(seed, number, Stream::Grammar), 0);
        let (places, sentences) = sample::story(&self.rules, &mut rng);
        Story { grammar: self, sentences, places }
    }

    /// Documents 0, 1, 2, ... of `seed`, without end.
    pub fn documents(&self, seed: u64) -> impl Iterator<Item = Story<'_>> {
        (0..).map(move |number| self.document(seed, number))
    }

    /// The story that this text is (one sentence in each line), or `None` if the grammar cannot make it.
    pub fn parse(&self, text: &str) -> Option<Story<'_>> {
        let sentences: Option<Vec<Sentence>> =
            text.lines().filter(|l| !l.trim().is_empty()).map(|line| self.split(line.trim())).collect();
        let sentences = sentences.filter(|s| !s.is_empty())?;
        let ids: Vec<Vec<WordId>> = sentences.iter().map(Sentence::ids).collect();
        let ids: Vec<&[WordId]> = ids.iter().map(Vec::as_slice).collect();
        let places = recognise::story(&self.rules, &ids)?;
        Some(Story { grammar: self, sentences, places })
    }

    /// Whether this text is one sentence that can stand in some story, without regard to case.
    pub fn tells(&self, sentence: &str) -> bool {
        self.split(sentence.trim()).is_some_and(|sentence| recognise::alone(&self.rules, &sentence.ids()))
    }

    /// Words and marks of a line; `None` if one is not in the lexicon.
    fn split(&self, line: &str) -> Option<Sentence> {
        let mut words = Vec::new();
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let start = line.len() - rest.len();
            let len = if first.is_alphanumeric() {
                rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())
            } else {
                first.len_utf8()
            };
            if !first.is_whitespace() {
                let id = self.rules.lexicon.id(&rest[..len])?;
                words.push(Word { start: start as u32, end: (start + len) as u32, id });
            }
            rest = &rest[len..];
        }
        Some(Sentence { text: line.to_owned(), words })
    }
}

impl<'g> Story<'g> {
    fn rules(&self) -> &'g Rules {
        &self.grammar.rules
    }
}

/// The sentences, one in each line.
impl fmt::Display for Story<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sentences.iter().try_for_each(|sentence| writeln!(f, "{}", sentence.text))
    }
}
