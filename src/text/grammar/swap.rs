//! Finds the words of a sentence that the rest of the sentence decides, so that a wrong word there can be known from context.
//! story -> [`Story::sites`] -> the controlled swaps of an evaluation.

use super::Story;
use super::lexicon::Class;
use super::recognise::frame_at;
use super::source::{Base, Relation, Use, VarId, What};

/// How many other words must point to the same row of a table. With one alone, nobody could say which of the two is wrong.
const DECIDERS_MIN: usize = 2;

/// What a word stands for in its sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// A character.
    Who,
    /// What somebody does.
    Verb,
    /// What is eaten, made or used.
    Food,
    /// Where it happens.
    Place,
    /// What somebody or something is like.
    Look,
    /// Anything else.
    Thing,
}

/// A word that at least two other words of its sentence decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site<'g> {
    /// The number of the word in its sentence.
    pub word: usize,
    /// The table and the column that it comes from. Words of one column play the same role.
    pub column: (&'g str, usize),
    /// The forms that its spelling stands for, one bit each: number, gender, tense, person.
    pub form: u32,
    pub role: Role,
    /// How many words away the nearest word is that decides it.
    pub distance: usize,
}

impl<'g> Story<'g> {
    /// The words of a sentence that its other words decide: words that a table holds, where at least two other words of the
    /// sentence come from the same row of that table.
    ///
    /// # Panics
    /// If there is no such sentence.
    pub fn sites(&self, sentence: usize) -> Vec<Site<'g>> {
        let rules = self.rules();
        let place = self.places[sentence];
        let frame = frame_at(rules, place);
        let uses: Vec<&Use> = rules.scripts[usize::from(place.script)].uses.iter().chain(&frame.uses).collect();
        let vars: Vec<(usize, VarId)> = frame
            .slots
            .iter()
            .enumerate()
            .filter_map(|(word, slot)| match slot.what {
                What::Form { base: Base::Var(var), .. } => Some((word, var)),
                _ => None,
            })
            .collect();
        let site = |&(word, var): &(usize, VarId)| {
            uses.iter().find_map(|one| {
                let relation = &rules.relations[one.relation];
                let column = one.vars.iter().position(|v| *v == Some(var))?;
                let together = together(&uses, &relation.table, &rules.relations, var);
                let others = vars.iter().filter(|(w, v)| *w != word && *v != var && together.contains(v));
                let distances: Vec<usize> = others.map(|(w, _)| w.abs_diff(word)).collect();
                let (class, form) = self.class_and_form(sentence, word)?;
                (distances.len() >= DECIDERS_MIN).then(|| Site {
                    word,
                    column: (relation.table.as_str(), column),
                    form,
                    role: role(&relation.columns[column], class),
                    distance: distances.into_iter().min().unwrap_or_default(),
                })
            })
        };
        vars.iter().filter_map(site).collect()
    }

    fn class_and_form(&self, sentence: usize, word: usize) -> Option<(Class, u32)> {
        let rules = self.rules();
        let class = self.facts(sentence, word)?.class;
        let readings = &rules.lexicon.readings[self.sentences[sentence].words[word].id as usize];
        let of_class = |lexeme| rules.lexicon.lexemes[usize::from(lexeme)].class == class;
        readings.iter().find(|reading| of_class(reading.lexeme)).map(|reading| (class, reading.cells))
    }
}

/// The variables that rows of `table` tie to `var`, directly or through other variables.
fn together(uses: &[&Use], table: &str, relations: &[Relation], var: VarId) -> Vec<VarId> {
    let mut tied = vec![var];
    loop {
        let of_table = uses.iter().filter(|one| relations[one.relation].table == table);
        let touching = of_table.filter(|one| one.vars.iter().flatten().any(|v| tied.contains(v)));
        let more: Vec<VarId> = touching.flat_map(|one| one.vars.iter().flatten().copied()).collect();
        let known = tied.len();
        for v in more {
            if !tied.contains(&v) {
                tied.push(v);
            }
        }
        if tied.len() == known {
            return tied;
        }
    }
}

/// The role of a column of the grammars in `assets/grammar`.
fn role(column: &str, class: Class) -> Role {
    match (class, column) {
        (Class::Verb, _) => Role::Verb,
        (Class::Adjective, _) => Role::Look,
        (_, "Who" | "Friend" | "Hero" | "Child" | "Kin" | "Role" | "Beast" | "Swimmer") => Role::Who,
        (_, "Food" | "Dish" | "Stuff" | "Product" | "Crop") => Role::Food,
        (_, "Place" | "Home" | "Shop" | "Spot" | "Goal" | "Ground" | "Beach" | "Way") => Role::Place,
        _ => Role::Thing,
    }
}
