//! Conditions that recognition can ignore at one word, so that a judgement can name the rule that a replacement breaks.

use super::lexicon::{CELLS, Cell, Class, Gender, Number, PARTICIPLE, Person, Tense, agree_cell, finite_cell};

/// A condition that recognition leaves out at one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relax {
    Sound,
    Number,
    Gender,
    Person,
    Tense,
    Form,
    Lexeme,
}

const GENDERS: [Gender; 3] = [Gender::Masculine, Gender::Feminine, Gender::Neuter];
const NUMBERS: [Number; 2] = [Number::Singular, Number::Plural];
const PERSONS: [Person; 2] = [Person::First, Person::Third];
const TENSES: [Tense; 3] = [Tense::Present, Tense::Past, Tense::Imperfect];

impl Relax {
    /// `cells` of a word of `class`, and the cells that differ from one of them only in the ignored condition.
    pub fn widen(self, cells: u32, class: Class) -> u32 {
        let all = 0..CELLS as Cell;
        let given = all.clone().filter(|&a| cells >> a & 1 == 1);
        given.fold(cells, |wide, a| all.clone().filter(|&b| self.ignores(a, b, class)).fold(wide, |w, b| w | 1 << b))
    }

    /// Whether two forms of a word differ only in this condition.
    fn ignores(self, a: Cell, b: Cell, class: Class) -> bool {
        let but_one = |genders_equal: bool, numbers_equal: bool| match self {
            Self::Number => genders_equal,
            Self::Gender => numbers_equal,
            _ => false,
        };
        if self == Self::Form {
            return true;
        }
        if class != Class::Verb {
            let kind = |c: Cell| {
                GENDERS.into_iter().flat_map(|g| NUMBERS.map(|n| (g, n))).find(|&(g, n)| agree_cell(g, n) == c)
            };
            return kind(a).zip(kind(b)).is_some_and(|(x, y)| but_one(x.0 == y.0, x.1 == y.1));
        }
        if a >= PARTICIPLE && b >= PARTICIPLE {
            return but_one((a - PARTICIPLE) % 2 == (b - PARTICIPLE) % 2, (a - PARTICIPLE) / 2 == (b - PARTICIPLE) / 2);
        }
        let kind = |c: Cell| {
            let all =
                TENSES.into_iter().flat_map(|t| PERSONS.into_iter().flat_map(move |p| NUMBERS.map(|n| (t, p, n))));
            all.into_iter().find(|&(t, p, n)| finite_cell(t, p, n) == c)
        };
        kind(a).zip(kind(b)).is_some_and(|(x, y)| match self {
            Self::Number => (x.0, x.1) == (y.0, y.1),
            Self::Person => (x.0, x.2) == (y.0, y.2),
            Self::Tense => (x.1, x.2) == (y.1, y.2),
            _ => false,
        })
    }
}
