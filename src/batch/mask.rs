//! Chooses which tokens are hidden: a packed batch -> slots (positions and labels) and the generator's input.
//!
//! A row with n tokens that are not padding gets k = max(1, min(N, round(n · mask_prob))) slots, N = int((mask_prob + 0.005) · T).
//! The rounding is half to even in f32, as in TensorFlow. The token of each slot becomes `[MASK]` with probability 0.85 and stays
//! otherwise. Special tokens and padding are never chosen. A draw is keyed by the seed, the step and the row's number in the whole
//! optimizer step, so 4 batches of 8 rows draw the same as one batch of 32.

use super::{Batch, NONE};
use crate::rng::Key;
use crate::text::tokenizer::Specials;

/// The share of slots that become `[MASK]`.
const HIDE: f64 = 0.85;

/// How slots are chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Masking {
    pub mask_prob: f64,
    /// As in the reference: k independent draws, so that a token may get two slots. Otherwise k different tokens.
    pub with_replacement: bool,
}

impl Masking {
    /// N: the most slots a row of `row_len` tokens can get, at least 1.
    pub fn slots_max(&self, row_len: usize) -> usize {
        (((self.mask_prob + 0.005) * row_len as f64) as usize).max(1)
    }

    /// k for a row with `tokens` tokens that are not padding.
    pub fn slots(&self, tokens: usize, row_len: usize) -> usize {
        let wanted = (tokens as f32 * self.mask_prob as f32).round_ties_even() as usize;
        wanted.min(self.slots_max(row_len)).max(1)
    }
}

/// Chooses and hides the slots of every row of `batch`, whose ids and attention are filled. `first_row` is the number of its
/// first row in the optimizer step. `candidates` is scratch memory.
pub fn hide(
    batch: &mut Batch,
    masking: &Masking,
    key: Key,
    first_row: u32,
    specials: Specials,
    candidates: &mut Vec<u32>,
) {
    hide_none(batch, specials);
    for row in 0..batch.rows {
        let cells = row * batch.row_len..(row + 1) * batch.row_len;
        let tokens = batch.attention[cells.clone()].iter().filter(|&&real| real == 1).count();
        candidates.clear();
        candidates.extend(cells.filter(|&cell| batch.eligible[cell] == 1).map(|cell| cell as u32));
        if !candidates.is_empty() {
            let slots = masking.slots(tokens, batch.row_len);
            choose(batch, masking, slots, key, first_row + row as u32, specials.mask, candidates);
        }
    }
}

/// Hides nothing: every network reads the text as it is. The ids and the attention of `batch` are filled.
pub fn hide_none(batch: &mut Batch, specials: Specials) {
    batch.masked_ids.copy_from_slice(&batch.ids);
    batch.token_slot.fill(NONE);
    batch.slot_next.fill(NONE);
    batch.slot_position.fill(NONE);
    batch.slot_label.fill(NONE);
    for cell in 0..batch.ids.len() {
        batch.eligible[cell] = u32::from(batch.attention[cell] == 1 && !specials.excludes(batch.ids[cell]));
    }
    (batch.slots, batch.tokens) = (0, batch.attention.iter().filter(|&&real| real == 1).count());
}

/// Draw j of a row takes words 2j (which token) and 2j + 1 (hidden or left) of the row's sub-stream.
fn choose(batch: &mut Batch, masking: &Masking, slots: usize, key: Key, site: u32, mask: u32, candidates: &mut [u32]) {
    let all = candidates.len();
    let slots = if masking.with_replacement { slots } else { slots.min(all) };
    for draw in 0..slots {
        let index = 2 * draw as u32;
        let cell = if masking.with_replacement {
            candidates[key.below(index, site, all as u32) as usize]
        } else {
            // Fisher-Yates, as far as it is needed. The positions that were drawn stand in front.
            let taken = draw + key.below(index, site, (all - draw) as u32) as usize;
            candidates.swap(draw, taken);
            candidates[draw]
        };
        let hidden = key.unit(index + 1, site) < HIDE;
        add_slot(batch, cell, hidden.then_some(mask));
    }
}

fn add_slot(batch: &mut Batch, cell: u32, shown: Option<u32>) {
    let slot = batch.slots;
    batch.slots += 1;
    batch.slot_position[slot] = cell;
    batch.slot_label[slot] = batch.ids[cell as usize];
    if let Some(id) = shown {
        batch.masked_ids[cell as usize] = id;
    }
    // The slot goes to the end of the token's chain, so that the slots of a chain count up.
    let first = batch.token_slot[cell as usize];
    if first == NONE {
        batch.token_slot[cell as usize] = slot as u32;
        return;
    }
    let mut last = first as usize;
    while batch.slot_next[last] != NONE {
        last = batch.slot_next[last] as usize;
    }
    batch.slot_next[last] = slot as u32;
}
