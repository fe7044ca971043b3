//! Shows tokens on their way through the stages: a batch and the outputs that its pass has so far -> [`ReadToken`]s.

use crate::batch::{Batch, NONE};
use crate::model::io::Io;
use crate::objective::{self, Head, Pass};
use crate::plan::Stage;
use crate::text::tokenizer::Tokenizer;
use crate::train::event::{BatchSample, Proposal, ReadToken};
use crate::train::metrics::{LossWeights, bce_with_logits};
use std::ops::Range;

/// How many rows of a training batch are shown.
const ROWS: usize = 4;

/// A batch and the outputs that its pass has so far.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    pub batch: &'a Batch,
    /// `slot_out`, (S, 4), once there are proposals.
    pub slots: Option<&'a [u32]>,
    /// The corrupted ids, (B, T), once the samples are written into the text.
    pub corrupted: Option<&'a [u32]>,
    /// `token_out`, (N, 2), once the text is judged.
    pub tokens: Option<&'a [u32]>,
}

impl<'a> Seen<'a> {
    /// Everything, from a collected output block.
    pub fn of_outputs(batch: &'a Batch, block: &'a [u32], io: &Io, passes: &[Pass]) -> Self {
        let part = |t: &crate::plan::Tensor| &block[t.offset as usize..(t.offset + t.len()) as usize];
        Self {
            batch,
            slots: objective::have(passes, Head::Mlm).then(|| part(&io.slots.slot_out)),
            corrupted: None,
            tokens: objective::have(passes, Head::Rtd).then(|| part(&io.token_out)),
        }
    }

    /// The id that the judge reads at cell `n`.
    fn corrupted_id(&self, n: usize) -> Option<u32> {
        self.tokens.map(|tokens| tokens[2 * n + 1] / 2).or_else(|| self.corrupted.map(|corrupted| corrupted[n]))
    }

    /// The token at cell `n`, without proposals. [`proposals`] adds those while the logits are still in memory.
    pub fn token(&self, n: usize, tokenizer: &Tokenizer) -> ReadToken {
        let (batch, text) = (self.batch, |id: u32| tokenizer.token(id).to_owned());
        let (id, slot) = (batch.ids[n], batch.token_slot[n]);
        let mut token = ReadToken {
            original_id: id,
            original: text(id),
            masked: slot != NONE,
            left_visible: slot != NONE && batch.masked_ids[n] == id,
            special: tokenizer.specials().excludes(id),
            ..Default::default()
        };
        let corrupted = self.corrupted_id(n);
        token.replaced = corrupted.is_some_and(|corrupted| corrupted != id);
        if token.masked {
            self.tell_slot(&mut token, slot as usize, &text);
            if let Some(corrupted) = corrupted {
                let single = batch.slot_next[slot as usize] == NONE;
                token.drawn = single && token.sampled_id.is_some_and(|sampled| sampled != corrupted);
                (token.sampled_id, token.sampled) = (Some(corrupted), Some(text(corrupted)));
            }
        }
        if let Some(tokens) = self.tokens {
            let logit = f64::from(f32::from_bits(tokens[2 * n]));
            token.logit = Some(logit);
            token.p_replaced = Some(1.0 / (1.0 + (-logit).exp()));
        }
        token
    }

    /// Adds the generator's outputs for a slot to the token.
    pub fn tell_slot(&self, token: &mut ReadToken, slot: usize, text: &impl Fn(u32) -> String) {
        let Some(slots) = self.slots else { return };
        let [loss, _, sampled, best] = [0, 1, 2, 3].map(|i| slots[4 * slot + i]);
        token.p_original = Some(f64::from((-f32::from_bits(loss)).exp()));
        (token.sampled_id, token.sampled) = (Some(sampled), Some(text(sampled)));
        (token.best_id, token.best) = (Some(best), Some(text(best)));
    }

    /// The slots at cell `n`. There are several only if slots are drawn with replacement.
    fn slots_at(&self, n: usize) -> impl Iterator<Item = usize> {
        let some = |slot: u32| (slot != NONE).then_some(slot as usize);
        std::iter::successors(some(self.batch.token_slot[n]), move |&slot| some(self.batch.slot_next[slot]))
    }

    /// What cell `n` adds to the judge's and to the generator's sum of losses.
    fn losses(&self, n: usize) -> [f64; 2] {
        let judged = self
            .tokens
            .map_or(0.0, |tokens| bce_with_logits(f32::from_bits(tokens[2 * n]).into(), tokens[2 * n + 1] % 2 == 1));
        let slots = self.slots.unwrap_or_default();
        let proposed =
            self.slots_at(n).filter_map(|slot| slots.get(4 * slot)).map(|&loss| f64::from(f32::from_bits(loss)));
        [judged, proposed.sum()]
    }
}

/// The loss of some tokens together.
pub struct Total {
    /// The sums of the judge and of the generator.
    sums: [f64; 2],
    /// The numbers of tokens and of slots by which the sums are divided.
    counts: [usize; 2],
    weights: LossWeights,
}

impl Total {
    pub fn of_losses(losses: impl Iterator<Item = [f64; 2]>, counts: [usize; 2], weights: LossWeights) -> Self {
        let sums = losses.fold([0.0; 2], |[a, b], [judge, generator]| [a + judge, b + generator]);
        Self { sums, counts, weights }
    }

    fn of_cells(seen: &Seen, cells: &[usize], weights: LossWeights) -> Self {
        let slots = cells.iter().map(|&n| seen.slots_at(n).count()).sum();
        Self::of_losses(cells.iter().map(|&n| seen.losses(n)), [cells.len(), slots], weights)
    }

    /// The share of the weighed loss that the two losses of a token make up.
    pub fn share(&self, losses: [f64; 2]) -> Option<f64> {
        let scale = [self.weights.rtd / self.counts[0].max(1) as f64, self.weights.mlm / self.counts[1].max(1) as f64];
        let weighed = |[judge, generator]: [f64; 2]| scale[0] * judge + scale[1] * generator;
        let total = weighed(self.sums);
        (total > 0.0 && total.is_finite()).then(|| weighed(losses) / total)
    }
}

/// Rows of tokens with their shares of the loss of `all` cells, without padding.
pub fn rows(
    seen: &Seen,
    rows: Range<usize>,
    all: &[usize],
    weights: LossWeights,
    mut token: impl FnMut(usize) -> ReadToken,
) -> Vec<Vec<ReadToken>> {
    let total = seen.slots.map(|_| Total::of_cells(seen, all, weights));
    let mut told = |n: usize| {
        let loss_share = total.as_ref().and_then(|total| total.share(seen.losses(n)));
        ReadToken { loss_share, ..token(n) }
    };
    let mut row = |row| cells_of_row(seen.batch, row).into_iter().map(&mut told).collect::<Vec<_>>();
    rows.map(&mut row).filter(|row| !row.is_empty()).collect()
}

/// The cells of a row that are not padding.
pub fn cells_of_row(batch: &Batch, row: usize) -> Vec<usize> {
    (row * batch.row_len..(row + 1) * batch.row_len).filter(|&n| batch.attention[n] == 1).collect()
}

/// The first row of the next sample, which comes from micro-batch `micro`: its number in the batch and in the optimizer step. Moves
/// `at` on.
pub fn next_rows(at: &mut usize, batches: &[Batch], micro: usize) -> [usize; 2] {
    let rows = batches[micro].rows;
    let first = *at % rows;
    *at = if first + ROWS >= rows { 0 } else { first + ROWS };
    [first, batches[..micro].iter().map(|batch| batch.rows).sum::<usize>() + first]
}

/// A few rows of a training batch. The first row is number `first` in the batch and `in_step` in the step. The caller fills in
/// `step`.
pub fn batch(seen: &Seen, tokenizer: &Tokenizer, weights: LossWeights, [first, in_step]: [usize; 2]) -> BatchSample {
    let batch = seen.batch;
    let all: Vec<usize> = (0..batch.ids.len()).filter(|&n| batch.attention[n] == 1).collect();
    let rows = rows(seen, first..(first + ROWS).min(batch.rows), &all, weights, |n| seen.token(n, tokenizer));
    let known = match (seen.tokens, seen.corrupted, seen.slots) {
        (Some(_), _, _) => Stage::JUDGE,
        (None, Some(_), _) => Stage::REPLACE,
        (None, None, Some(_)) => Stage::PROPOSE,
        (None, None, None) => Stage::MASK,
    };
    BatchSample { step: 0, known, first_row: in_step as u32, rows }
}

/// The `count` most probable ids of a row of logits, with their softmax probabilities; none if a logit is NaN or infinite.
pub fn proposals(logits: &[f32], count: usize, text: &impl Fn(u32) -> String) -> Vec<Proposal> {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|l| f64::from(l - max).exp()).sum();
    if !sum.is_finite() {
        return Vec::new();
    }
    let mut order: Vec<u32> = (0..logits.len() as u32).collect();
    let count = count.min(order.len());
    let by_logit = |a: &u32, b: &u32| logits[*b as usize].total_cmp(&logits[*a as usize]).then(a.cmp(b));
    // The best are moved to the front before they are sorted, because a vocabulary is too long to sort for five words.
    if count > 0 && count < order.len() {
        order.select_nth_unstable_by(count - 1, by_logit);
    }
    order.truncate(count);
    order.sort_by(by_logit);
    let probability = |id: u32| (f64::from(logits[id as usize] - max).exp() / sum) as f32;
    order.into_iter().map(|id| Proposal { id, token: text(id), probability: probability(id) }).collect()
}
