//! The state of an evaluation under way, and the tokens that it keeps as examples.

use super::readback::Readback;
use crate::batch::Batch;
use crate::model::io::Outputs;
use crate::text::tokenizer::Tokenizer;
use crate::train::event::{JudgeHistogram, JudgedExample};
use crate::train::rules::Judged;
use crate::train::swaps::SwapLogits;
use std::ops::Range;

/// An evaluation that is under way.
pub(super) struct Evaluation {
    pub(super) part: Part,
    /// The number of the current batch of this part.
    pub(super) index: usize,
    /// The dispatches of the batch in the engine that have not run yet; none before the first batch.
    pub(super) left: Option<Range<usize>>,
    pub(super) held_out: Readback,
    pub(super) histogram: JudgeHistogram,
    pub(super) examples: Examples,
    pub(super) rules: Judged,
    pub(super) swaps: SwapLogits,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    HeldOut,
    Rules,
    Swaps,
}

pub(super) fn p_replaced(logit: f32) -> f64 {
    1.0 / (1.0 + (-f64::from(logit)).exp())
}

/// Examples of both kinds are kept from each of this many equal ranges of p(replaced), so that any threshold has some on both
/// sides.
const HEIGHTS: usize = 10;
/// How many examples are kept of each kind in each range.
const EXAMPLES: usize = 6;
/// How many tokens are shown on each side of an example.
const AROUND: usize = 8;

#[derive(Default)]
pub(super) struct Examples {
    taken: [[usize; HEIGHTS]; 2],
    pub(super) told: Vec<JudgedExample>,
}

impl Examples {
    pub(super) fn add(&mut self, out: &Outputs, batch: &Batch, tokenizer: &Tokenizer) {
        for n in (0..batch.ids.len()).filter(|&n| batch.eligible[n] == 1) {
            let token = out.token(n);
            let p_replaced = p_replaced(token.logit);
            if !p_replaced.is_finite() {
                continue;
            }
            let height = ((p_replaced * HEIGHTS as f64) as usize).min(HEIGHTS - 1);
            let taken = &mut self.taken[usize::from(token.replaced)][height];
            if *taken == EXAMPLES {
                continue;
            }
            *taken += 1;
            let row = n / batch.row_len * batch.row_len;
            let last = (row..row + batch.row_len).rfind(|&n| batch.attention[n] == 1).unwrap_or(n);
            let read = |cells: Range<usize>| {
                let ids = cells.map(|n| out.token(n).corrupted_id).filter(|&id| !tokenizer.specials().excludes(id));
                joined(ids.map(|id| tokenizer.token(id)))
            };
            self.told.push(JudgedExample {
                before: read(n.saturating_sub(AROUND).max(row)..n),
                token: tokenizer.token(token.corrupted_id).to_owned(),
                after: read(n + 1..(n + 1 + AROUND).min(last + 1)),
                original: tokenizer.token(batch.ids[n]).to_owned(),
                replaced: token.replaced,
                masked: batch.token_slot[n] != crate::batch::NONE,
                p_replaced,
            });
        }
    }
}

/// Joins pieces into words.
fn joined<'a>(pieces: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece.strip_prefix("##") {
            Some(rest) => text.push_str(rest),
            None => {
                if !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(piece);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn pieces_join_to_words() {
        assert_eq!(super::joined(["the", "dog", "##s", "bark"].into_iter()), "the dogs bark");
        assert_eq!(super::joined(["##ing", "it"].into_iter()), "ing it");
    }
}
