//! Says which form of a word a slot takes. Drawing a story asks for the cell of the form; recognising one asks which tense, gender,
//! number and person a cell demands.

use super::lexicon::{ANY_FEATURES, Cell, Features, Gender, Number, Person, Tense, agree_cell, finite_cell};
use super::source::{Control, Shape, participle_cell};

/// Gender and number of feature bit `bit` (0 to 5).
pub fn features_at(bit: u8) -> (Gender, Number) {
    let gender = match bit % 3 {
        0 => Gender::Masculine,
        1 => Gender::Feminine,
        _ => Gender::Neuter,
    };
    (gender, if bit < 3 { Number::Singular } else { Number::Plural })
}

/// The tense of a finite form in a story told in `story`.
fn tense_of(shape: Shape, story: Tense) -> Tense {
    match (shape, story) {
        (Shape::In(tense), _) => tense,
        (Shape::Background, Tense::Past) => Tense::Imperfect,
        _ => story,
    }
}

/// The cell a slot of `shape` takes when what it agrees with has `features` (one bit) and the story is in tense `story`.
/// `own` is for nouns: their own features.
pub fn cell(shape: Shape, control: Control, own: Features, features: Features, story: Tense) -> Cell {
    let bit = |mask: Features| features_at((mask & 0x3f).trailing_zeros().min(5) as u8);
    match shape {
        Shape::Cell(cell) => cell,
        Shape::Noun => {
            let (gender, number) = bit(own);
            agree_cell(gender, number)
        }
        // Without a control only invariant words come here (English), so all cells are the same.
        Shape::Agree | Shape::Participle => {
            let (gender, number) = match control {
                Control::Var(_) => bit(features),
                Control::ThirdPlural | Control::FirstPlural => (Gender::Masculine, Number::Plural),
                Control::None | Control::FirstSingular => (Gender::Masculine, Number::Singular),
            };
            if shape == Shape::Agree { agree_cell(gender, number) } else { participle_cell(gender, number) }
        }
        Shape::Finite | Shape::Background | Shape::In(_) => {
            let (person, number) = match control {
                Control::FirstSingular => (Person::First, Number::Singular),
                Control::FirstPlural => (Person::First, Number::Plural),
                Control::ThirdPlural => (Person::Third, Number::Plural),
                _ => (Person::Third, bit(features).1),
            };
            finite_cell(tense_of(shape, story), person, number)
        }
    }
}

/// The conditions under which one of `cells` (a bit set) is the right form in a story told in `story`: the features that the word
/// itself may have, and those that its control may have. `None` if no features fit.
pub fn conditions(shape: Shape, control: Control, cells: u32, story: Tense) -> Option<(Features, Features)> {
    let mut own: Features = 0;
    let mut controlled: Features = 0;
    let no_control = !matches!(control, Control::Var(_));
    for bit in 0..6 {
        let mask = 1 << bit;
        let wanted = cell(shape, control, mask, mask, story);
        if cells >> wanted & 1 == 1 {
            own |= mask;
            controlled |= mask;
        }
    }
    if own == 0 {
        return None;
    }
    let own = if shape == Shape::Noun { own } else { ANY_FEATURES };
    let controlled =
        if no_control || shape == Shape::Noun || matches!(shape, Shape::Cell(_)) { ANY_FEATURES } else { controlled };
    Some((own, controlled))
}
