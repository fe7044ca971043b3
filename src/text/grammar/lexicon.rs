//! Words and their forms. Every lexeme has a row of cells (singular, feminine plural, past third person ...), and every spelling
//! knows the cells that it can stand for. Morphology (`english`, `portuguese`) fills the rows; the other files only read them.

use std::collections::HashMap;

/// A spelling, in lower case.
pub type WordId = u32;
/// The id of a form that does not exist.
pub const NO_WORD: WordId = u32::MAX;
/// A word of the dictionary, with all its forms.
pub type LexemeId = u16;
/// Word class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    Noun,
    Name,
    Verb,
    Adjective,
    /// A function word that agrees: article, pronoun, contraction, possessive.
    Agreeing,
    /// A word with one form.
    Plain,
    Punctuation,
}

/// The grammatical gender in Portuguese; in English the gender that a pronoun shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gender {
    Masculine = 0,
    Feminine = 1,
    Neuter = 2,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Number {
    Singular = 0,
    Plural = 1,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Person {
    First,
    Third,
}

/// Present, past (Portuguese: pretérito perfeito) and imperfect (Portuguese alone).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tense {
    Present = 0,
    Past = 1,
    Imperfect = 2,
}

/// Index of a form in its lexeme's row. Nouns and agreeing words: [`agree_cell`]; verbs: [`finite_cell`] and the three named
/// here; names and plain words: cell 0.
pub type Cell = u8;
pub const CELLS: usize = 18;
pub const INFINITIVE: Cell = 12;
pub const GERUND: Cell = 13;
/// Participles agree like adjectives: cells 14 to 17 are m.sg, f.sg, m.pl, f.pl.
pub const PARTICIPLE: Cell = 14;

/// Cell of a noun, an adjective or an agreeing word: singular m f n, plural m f n.
pub const fn agree_cell(gender: Gender, number: Number) -> Cell {
    number as u8 * 3 + gender as u8
}

/// Cell of a finite verb form: tense × (first singular, third singular, first plural, third plural).
pub const fn finite_cell(tense: Tense, person: Person, number: Number) -> Cell {
    tense as u8 * 4 + number as u8 * 2 + matches!(person, Person::Third) as u8
}

/// A set of (gender, number) combinations, one bit per [`agree_cell`]; just [`FEATURELESS`] for a word that is not a noun.
pub type Features = u8;
pub const FEATURELESS: Features = 1 << 6;
pub const ANY_FEATURES: Features = 0x7f;

/// All genders of one number.
pub const fn features_of(number: Number) -> Features {
    0b111 << (number as u8 * 3)
}

/// A dictionary word with all its forms.
#[derive(Debug)]
pub struct Lexeme {
    pub lemma: String,
    pub class: Class,
    /// The forms by cell; [`NO_WORD`] if the word has no such form.
    pub forms: [WordId; CELLS],
    /// The genders and numbers that it can have.
    pub features: Features,
    /// Whether it stands for something that is named elsewhere (he, her, themselves).
    pub pronoun: bool,
    /// Whether it is always written with a capital.
    pub proper: bool,
}

/// One reading of a spelling: a lexeme, and the set of its cells (one bit each) that are spelled so.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    pub lexeme: LexemeId,
    pub cells: u32,
}

/// A spelling as written inside and at the beginning of a sentence.
#[derive(Debug)]
pub struct Spelling {
    pub lower: String,
    pub upper: String,
}

/// All words of one grammar.
#[derive(Debug, Default)]
pub struct Lexicon {
    pub lexemes: Vec<Lexeme>,
    pub words: Vec<Spelling>,
    /// By word.
    pub readings: Vec<Vec<Reading>>,
    ids: HashMap<String, WordId>,
    names: HashMap<(String, Class), LexemeId>,
}

impl Lexicon {
    /// The id of a spelling. A new spelling gets a new id. `spelling` must be in lower case.
    pub fn intern(&mut self, spelling: &str) -> WordId {
        if let Some(&id) = self.ids.get(spelling) {
            return id;
        }
        let id = self.words.len() as WordId;
        self.words.push(Spelling { lower: spelling.to_owned(), upper: capitalised(spelling) });
        self.readings.push(Vec::new());
        self.ids.insert(spelling.to_owned(), id);
        id
    }

    /// The id of a spelling in any case, if a sentence of this grammar can hold it.
    pub fn id(&self, spelling: &str) -> Option<WordId> {
        self.ids.get(spelling).or_else(|| self.ids.get(&spelling.to_lowercase())).copied()
    }

    pub fn lexeme(&self, lemma: &str, class: Class) -> Option<LexemeId> {
        self.names.get(&(lemma.to_owned(), class)).copied()
    }

    /// Adds a word with `forms` (cell, spelling). `None` if the same lemma of the same class already exists.
    pub fn add(&mut self, lemma: &str, class: Class, forms: &[(Cell, String)], features: Features) -> Option<LexemeId> {
        let id = LexemeId::try_from(self.lexemes.len()).ok()?;
        if self.names.contains_key(&(lemma.to_owned(), class)) {
            return None;
        }
        self.names.insert((lemma.to_owned(), class), id);
        let mut row = [NO_WORD; CELLS];
        for (cell, spelling) in forms {
            let word = self.intern(&spelling.to_lowercase());
            row[usize::from(*cell)] = word;
            let readings = &mut self.readings[word as usize];
            match readings.iter_mut().find(|r| r.lexeme == id) {
                Some(reading) => reading.cells |= 1 << cell,
                None => readings.push(Reading { lexeme: id, cells: 1 << cell }),
            }
        }
        let proper = lemma.starts_with(char::is_uppercase);
        self.lexemes.push(Lexeme { lemma: lemma.to_owned(), class, forms: row, features, pronoun: false, proper });
        Some(id)
    }
}

/// The word with its first letter in upper case.
pub fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A set of lexemes: a list to draw from, and bits to look up.
#[derive(Debug, Clone, Default)]
pub struct LexemeSet {
    pub list: Vec<LexemeId>,
    bits: Vec<u64>,
}

impl LexemeSet {
    pub fn new(list: Vec<LexemeId>) -> Self {
        let last = list.iter().max().map_or(0, |&l| usize::from(l) + 1);
        let mut bits = vec![0; last.div_ceil(64)];
        for &lexeme in &list {
            bits[usize::from(lexeme) / 64] |= 1 << (lexeme % 64);
        }
        Self { list, bits }
    }

    pub fn has(&self, lexeme: LexemeId) -> bool {
        self.bits.get(usize::from(lexeme) / 64).is_some_and(|block| block >> (lexeme % 64) & 1 == 1)
    }
}
