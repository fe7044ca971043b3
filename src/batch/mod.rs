//! Rows of tokens become training batches: packed, masked, in a seeded order that can be resumed anywhere.
//! token cache (`text`) -> rows -> [`Batch`] -> `train`.

mod pack;
pub use pack::Packing;

/// "No slot", "no token": the filler of every index array of a [`Batch`].
pub const NONE: u32 = u32::MAX;

/// One micro-batch as both executors read it. B rows × T tokens, S slots; all arrays have their full length always,
/// unused tokens are `[PAD]` with attention 0, unused slots [`NONE`]. Used slots come first, ordered by row, then by draw.
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
    /// (B, T) 1 = neither padding nor special: what accuracy, AUC and the rest are measured over.
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
