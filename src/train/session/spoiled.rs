//! Reads sentences into which one wrong word was put, beside the readout sentences: they show at every step whether the judge
//! notices.
//! controlled swaps -> [`Spoiled`] -> rows of the readout's batch -> the results of its pass, as [`ReadToken`]s.

use super::sample::{Seen, cells_of_row};
use crate::batch::Batch;
use crate::text::tokenizer::{Specials, Tokenizer};
use crate::train::event::ReadToken;
use crate::train::swaps::Spoiled;

/// How many rows of the readout are kept for such sentences.
pub const SPOILED_ROWS: u32 = 4;

/// Writes the sentence into row `row` of an empty batch.
pub fn fill(spoiled: &Spoiled, batch: &mut Batch, row: usize, specials: Specials) {
    batch.put_text(row, spoiled.ids.iter().copied(), specials);
}

/// The tokens of row `row`, in which the wrong word counts as replaced.
pub fn told(spoiled: &Spoiled, seen: &Seen, row: usize, tokenizer: &Tokenizer) -> Vec<ReadToken> {
    let wrong = row * seen.batch.row_len + 1 + spoiled.at;
    let token = |n: usize| {
        let token = seen.token(n, tokenizer);
        if n != wrong {
            return token;
        }
        let (sampled_id, sampled) = (Some(token.original_id), Some(token.original.clone()));
        let (original_id, original) = (spoiled.right, tokenizer.token(spoiled.right).to_owned());
        ReadToken { original_id, original, sampled_id, sampled, replaced: true, ..token }
    };
    cells_of_row(seen.batch, row).into_iter().map(token).collect()
}
