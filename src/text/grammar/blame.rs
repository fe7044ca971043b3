//! Finds out which words of an impossible sentence could be the wrong ones. A reader who knows the grammar sees that something is
//! wrong, but not always which word.
//! words as they are read -> [`Grammar::blame`] -> which replacements an evaluation counts as decidable.

use super::recognise::{self, ANY};
use super::{Grammar, WordId};

/// What the rest of a sentence says of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The word need not be changed to mend the sentence.
    None,
    /// Changing it would mend the sentence, and so would changing another word instead.
    Shared,
    /// The sentence cannot be mended without changing this word.
    Sole,
}

impl Grammar {
    /// What each word of a sentence has to do with its fault, without regard to case; no blame if the sentence can stand in some
    /// story. The smallest repairs count: those of one word, or those of two if no single word mends the sentence. If more than two
    /// words are wrong, the blame of all is shared.
    pub fn blame(&self, words: &[&str]) -> Vec<Blame> {
        let mut ids: Vec<WordId> =
            words.iter().map(|word| self.rules.lexicon.id(word).unwrap_or(recognise::UNKNOWN_WORD)).collect();
        if recognise::alone(&self.rules, &ids) {
            return vec![Blame::None; words.len()];
        }
        let single = (0..ids.len()).map(|n| vec![n]);
        let pairs = (0..ids.len()).flat_map(|m| (m + 1..words.len()).map(move |n| vec![m, n]));
        let mut mends = |repair: &Vec<usize>| {
            let kept: Vec<WordId> = repair.iter().map(|&n| std::mem::replace(&mut ids[n], ANY)).collect();
            let mended = recognise::alone(&self.rules, &ids);
            repair.iter().zip(kept).for_each(|(&n, id)| ids[n] = id);
            mended
        };
        let mut repairs: Vec<Vec<usize>> = single.filter(&mut mends).collect();
        if repairs.is_empty() {
            repairs = pairs.filter(&mut mends).collect();
        }
        if repairs.is_empty() {
            return vec![Blame::Shared; words.len()];
        }
        let blame = |n: usize| match repairs.iter().filter(|repair| repair.contains(&n)).count() {
            0 => Blame::None,
            all if all == repairs.len() => Blame::Sole,
            _ => Blame::Shared,
        };
        (0..words.len()).map(blame).collect()
    }
}
