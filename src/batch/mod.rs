//! Turns rows of tokens into training batches: packed, masked, and in a seeded order that can resume anywhere.
//! token cache (`text`) -> rows -> [`Batch`] -> `train`.

pub mod hold_out;
pub mod loader;
pub mod mask;
pub mod pack;

pub use hold_out::{Part, Split};
pub use loader::{Cursor, HeldOut, Loader, Recipe, StepTotals};
pub use mask::Masking;
pub use pack::Packing;

use crate::text::tokenizer::Specials;

/// "No slot", "no token": the filler of every index array of a [`Batch`].
pub const NONE: u32 = u32::MAX;

/// One micro-batch as both executors read it: B rows × T tokens, S slots. All arrays always have their full length: unused tokens
/// are `[PAD]` with attention 0, and unused slots are [`NONE`]. Used slots come first, ordered by row, then by draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub rows: usize,
    pub row_len: usize,
    /// (B, T) the text.
    pub ids: Vec<u32>,
    /// (B, T) the generator's input: `ids` with the hidden slots replaced by `[MASK]`.
    pub masked_ids: Vec<u32>,
    /// (B, T) 0 or 1, segment.
    pub type_ids: Vec<u32>,
    /// (B, T) 1 = token, 0 = padding.
    pub attention: Vec<u32>,
    /// (B, T) 1 = neither padding nor special. Accuracy, AUC and the other metrics are measured over these tokens.
    pub eligible: Vec<u32>,
    /// (S) flat position row * T + column.
    pub slot_position: Vec<u32>,
    /// (S) the original id there.
    pub slot_label: Vec<u32>,
    /// (B, T) the first slot that points at this token.
    pub token_slot: Vec<u32>,
    /// (S) the next slot that points at the same token (only with replacement, the reference's quirk).
    pub slot_next: Vec<u32>,
    /// Used slots.
    pub slots: usize,
    /// Tokens that are not padding.
    pub tokens: usize,
}

impl Batch {
    /// Writes a text into row `row`, framed by `[CLS]` and `[SEP]`, without masks. The rest of the row stays as it is. Panics if the
    /// text does not fit.
    pub fn put_text(&mut self, row: usize, ids: impl Iterator<Item = u32>, specials: Specials) {
        let first = row * self.row_len;
        for (i, id) in std::iter::once(specials.cls).chain(ids).chain([specials.sep]).enumerate() {
            assert!(i < self.row_len, "the text is longer than a row");
            (self.ids[first + i], self.masked_ids[first + i], self.attention[first + i]) = (id, id, 1);
        }
    }

    /// An empty batch, with room for `slots` slots.
    pub fn new(rows: usize, row_len: usize, slots: usize) -> Self {
        let cells = rows * row_len;
        Self {
            rows,
            row_len,
            ids: vec![0; cells],
            masked_ids: vec![0; cells],
            type_ids: vec![0; cells],
            attention: vec![0; cells],
            eligible: vec![0; cells],
            slot_position: vec![NONE; slots],
            slot_label: vec![NONE; slots],
            token_slot: vec![NONE; cells],
            slot_next: vec![NONE; slots],
            slots: 0,
            tokens: 0,
        }
    }

    /// Tokens that at least one slot points at.
    pub fn hidden(&self) -> usize {
        self.token_slot.iter().filter(|&&slot| slot != NONE).count()
    }

    /// Makes a row all padding.
    fn clear_row(&mut self, row: usize, pad: u32) {
        let cells = row * self.row_len..(row + 1) * self.row_len;
        self.ids[cells.clone()].fill(pad);
        self.type_ids[cells.clone()].fill(0);
        self.attention[cells].fill(0);
    }
}

#[cfg(test)]
mod tests;
