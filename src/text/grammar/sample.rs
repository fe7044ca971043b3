//! Draws stories: first a script, then its variables from its tables, then sentence by sentence.

use super::forms;
use super::lexicon::{FEATURELESS, Features, LexemeId, NO_WORD, Tense, WordId};
use super::source::{Base, Control, Frame, FrameId, MAX_VARS, Rules, Script, Shape, Use, Var, What};
use super::{Sentence, Word, english};
use crate::rng::Sequence;

/// The values of the variables: a lexeme and one feature bit each.
#[derive(Clone, Copy)]
struct Values {
    of: [Option<(LexemeId, Features)>; MAX_VARS],
}

/// Draws one story: the frame of each sentence, and the sentences.
pub fn story(rules: &Rules, rng: &mut Sequence) -> (Vec<FrameId>, Vec<Sentence>) {
    // If the tables of a script leave no common row for this draw, a story is drawn again. The tests limit how often that happens.
    loop {
        if let Some(story) = attempt(rules, rng) {
            return story;
        }
    }
}

/// One draw; `None` if its tables have no row in common.
pub fn attempt(rules: &Rules, rng: &mut Sequence) -> Option<(Vec<FrameId>, Vec<Sentence>)> {
    let s = weighted(rng, rules.scripts.iter().map(|s| s.weight));
    let script = &rules.scripts[s];
    let mut values = Values { of: [None; MAX_VARS] };
    let story = {
        let both = script.tenses == 0b11;
        let past = if both { rng.below(2) == 1 } else { script.tenses & 1 == 0 };
        if past { Tense::Past } else { Tense::Present }
    };
    for one in &script.uses {
        bind(rules, one, &script.vars, &[], &mut values, rng)?;
    }
    let same = |&(a, b): &(u8, u8)| values.of[usize::from(a)].map(|v| v.0) == values.of[usize::from(b)].map(|v| v.0);
    if script.distinct.iter().any(same) {
        return None;
    }
    let (mut places, mut sentences) = (Vec::with_capacity(8), Vec::with_capacity(8));
    for (t, step) in script.steps.iter().enumerate() {
        let count = step.min + rng.below(step.max - step.min + 1);
        let mut used = 0u64;
        for _ in 0..count {
            let mut tries = 0;
            loop {
                tries += 1;
                if tries > 24 {
                    return None;
                }
                let free =
                    step.groups.iter().enumerate().map(|(g, group)| if used >> g & 1 == 1 { 0 } else { group.weight });
                let g = weighted(rng, free);
                let f = rng.below(step.groups[g].frames.len());
                let frame = &step.groups[g].frames[f];
                let mut local = values;
                let bound = frame
                    .uses
                    .iter()
                    .all(|one| bind(rules, one, &script.vars, &frame.locals, &mut local, rng).is_some());
                if !bound {
                    continue;
                }
                let Some(sentence) = realise(rules, script, frame, &local, story) else { continue };
                used |= 1 << g;
                places.push(FrameId { script: s as u16, step: t as u8, group: g as u8, frame: f as u16 });
                sentences.push(sentence);
                break;
            }
        }
    }
    Some((places, sentences))
}

/// Draws an index in proportion to its weight. The weights must not all be 0.
fn weighted(rng: &mut Sequence, weights: impl Iterator<Item = u32> + Clone) -> usize {
    let total: u32 = weights.clone().sum();
    let mut left = rng.below(total as usize) as u32;
    for (i, weight) in weights.enumerate() {
        if left < weight {
            return i;
        }
        left -= weight;
    }
    0
}

/// Draws a row that agrees with the variables that have a value, and takes the values of the others from it.
fn bind(rules: &Rules, one: &Use, outer: &[Var], inner: &[Var], values: &mut Values, rng: &mut Sequence) -> Option<()> {
    let rows = &rules.relations[one.relation].rows;
    let fits = |r: usize| {
        one.vars
            .iter()
            .zip(&rows[r])
            .all(|(var, cell)| var.and_then(|v| values.of[usize::from(v)]).is_none_or(|(lexeme, _)| cell.has(lexeme)))
    };
    let anything_bound = one.vars.iter().flatten().any(|&v| values.of[usize::from(v)].is_some());
    let row = if anything_bound {
        let count = (0..rows.len()).filter(|&r| fits(r)).count();
        if count == 0 {
            return None;
        }
        let nth = rng.below(count);
        (0..rows.len()).filter(|&r| fits(r)).nth(nth)?
    } else {
        rng.below(rows.len())
    };
    for (var, cell) in one.vars.iter().zip(&rows[row]) {
        let Some(id) = var.map(usize::from) else { continue };
        if values.of[id].is_none() {
            let lexeme = cell.list[rng.below(cell.list.len())];
            let var = outer.get(id).unwrap_or_else(|| &inner[id - outer.len()]);
            let mask = rules.lexicon.lexemes[usize::from(lexeme)].features & var.features;
            let feature =
                if mask.count_ones() > 1 { nth_bit(mask, rng.below(mask.count_ones() as usize)) } else { mask };
            values.of[id] = Some((lexeme, feature));
        }
    }
    Some(())
}

/// The `n`-th set bit of `mask`, alone.
fn nth_bit(mask: Features, n: usize) -> Features {
    let mut left = mask;
    for _ in 0..n {
        left &= left - 1;
    }
    left & left.wrapping_neg()
}

/// Writes a frame as a sentence. `None` if a word lacks a form that the frame needs.
fn realise(rules: &Rules, script: &Script, frame: &Frame, values: &Values, story: Tense) -> Option<Sentence> {
    let mut ids = [NO_WORD; 64];
    let mut proper = [false; 64];
    for (i, slot) in frame.slots.iter().enumerate() {
        (ids[i], proper[i]) = match slot.what {
            What::Fixed(word) => (word, false),
            What::Sound => (NO_WORD, false),
            What::Form { base, shape, control } => word(rules, script, base, shape, control, values, story)?,
        };
    }
    let lexicon = &rules.lexicon;
    let mut text = String::with_capacity(frame.slots.len() * 7);
    let mut words = Vec::with_capacity(frame.slots.len());
    for (i, slot) in frame.slots.iter().enumerate() {
        let mut id = ids[i];
        if id == NO_WORD {
            let next = lexicon.words.get(ids[i + 1] as usize).map_or("", |w| w.lower.as_str());
            id = rules.articles[usize::from(english::wants_an(next))];
        }
        if slot.space_before {
            text.push(' ');
        }
        let start = text.len();
        let spelling = &lexicon.words[id as usize];
        text.push_str(if slot.upper || proper[i] { &spelling.upper } else { &spelling.lower });
        words.push(Word { start: start as u32, end: text.len() as u32, id });
    }
    Some(Sentence { text, words })
}

/// The word of a slot, and whether it is a proper name.
fn word(
    rules: &Rules,
    script: &Script,
    base: Base,
    shape: Shape,
    control: Control,
    values: &Values,
    story: Tense,
) -> Option<(WordId, bool)> {
    debug_assert!(script.vars.len() <= MAX_VARS, "checked when the grammar was read");
    let (lexeme, own) = match base {
        Base::Lexeme(lexeme) => (lexeme, FEATURELESS),
        Base::Var(v) => values.of[usize::from(v)]?,
    };
    let features = match control {
        Control::Var(v) => values.of[usize::from(v)]?.1,
        _ => FEATURELESS,
    };
    let lexeme = &rules.lexicon.lexemes[usize::from(lexeme)];
    let word = lexeme.forms[usize::from(forms::cell(shape, control, own, features, story))];
    (word != NO_WORD).then_some((word, lexeme.proper))
}
