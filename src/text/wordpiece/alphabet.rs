//! Chooses the characters of a vocabulary: counted words -> [`Alphabet`].

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::text::tokenizer::SPECIALS;

/// The characters that get entries.
pub(super) struct Alphabet {
    /// In the order of their code points.
    pub kept: Vec<char>,
    /// How many different characters the text has.
    pub found: usize,
    /// The share of the text that the kept ones cover.
    pub covered: f64,
    /// The kept ones, the most frequent first: how often each occurs, and how many entries it needs.
    costs: Vec<(u64, usize)>,
    total: u64,
}

impl Alphabet {
    /// The most frequent characters: enough to cover the share `coverage` of the text, and at least `free`.
    pub fn of(words: &BTreeMap<String, u64>, coverage: f64, free: usize) -> Self {
        // How often each occurs, and whether it occurs inside a word. There it needs a second entry.
        let mut chars: BTreeMap<char, (u64, bool)> = BTreeMap::new();
        for (word, count) in words {
            for (place, char) in word.chars().enumerate() {
                let (total, inside) = chars.entry(char).or_insert((0, false));
                *total += count;
                *inside |= place > 0;
            }
        }
        let (found, total) = (chars.len(), chars.values().map(|(count, _)| count).sum::<u64>());
        let mut sorted: Vec<(char, (u64, bool))> = chars.into_iter().collect();
        sorted.sort_by_key(|&(char, (count, _))| (Reverse(count), char));
        let enough = coverage * total as f64;
        let (mut kept, mut costs, mut reached) = (Vec::new(), Vec::new(), 0);
        for (char, (count, inside)) in sorted {
            if reached as f64 >= enough && kept.len() >= free {
                break;
            }
            kept.push(char);
            costs.push((count, 1 + usize::from(inside)));
            reached += count;
        }
        kept.sort_unstable();
        Self { kept, found, covered: reached as f64 / total.max(1) as f64, costs, total }
    }

    /// The share of the text that fits into three quarters of a vocabulary, rounded down to a thousandth.
    pub fn coverage_within(&self, vocab_size: usize) -> f64 {
        let (mut entries, mut reached) = (SPECIALS.len(), 0);
        for (count, cost) in &self.costs {
            entries += cost;
            if entries > vocab_size * 3 / 4 {
                break;
            }
            reached += count;
        }
        (1000.0 * reached as f64 / self.total.max(1) as f64).floor() / 1000.0
    }
}
