//! Makes a row of the readout from a person's own text: it cuts the text into tokens and applies the person's edits.
//! text + edits -> [`OwnRow`] -> a row of the readout's batch -> the results of its pass, as [`OwnText`].

use super::sample::{Seen, Total, proposals};
use crate::batch::Batch;
use crate::text::tokenizer::{Specials, Tokenizer};
use crate::train::event::{Change, OwnText, OwnToken, ReadToken, WordEdit};
use crate::train::metrics::{LossWeights, bce_with_logits};
use std::collections::BTreeMap;
use std::ops::Range;

/// How many slots of the readout are kept for a person's text, and so how many pieces may be masked at once.
pub const OWN_SLOTS: u32 = 16;
/// How many tokens `[CLS]` and `[SEP]` are.
const FRAME: usize = 2;
/// How many proposals each masked piece gets.
const PROPOSALS: usize = 5;

/// A text, ready for the row.
#[derive(Debug, Clone)]
pub struct OwnRow {
    text: String,
    tokens: Vec<OwnPiece>,
    truncated: bool,
    left_out: u32,
}

#[derive(Debug, Clone)]
struct OwnPiece {
    id: u32,
    /// If a person wrote a word by hand here: the original word, and whether the new one differs from it.
    by_hand: Option<(String, bool)>,
    /// The token's range in the text, in bytes.
    span: Range<usize>,
    word: u32,
    change: Option<Change>,
    /// The number of its slot, among those that are kept for this text.
    slot: Option<usize>,
}

impl OwnRow {
    /// None if the text has no token. Edits that are impossible are left out and counted; they are no error.
    pub fn new(text: &str, edits: &[WordEdit], tokenizer: &Tokenizer, row_len: usize) -> Option<Self> {
        let encoding = tokenizer.encode(text).unwrap_or_default();
        let words = words(&encoding.tokens, &encoding.offsets);
        let changes: BTreeMap<u32, &Change> = edits.iter().map(|edit| (edit.word, &edit.change)).collect();
        let mut own = Self { text: text.to_owned(), tokens: Vec::new(), truncated: false, left_out: 0 };
        for (number, pieces) in (0u32..).zip(words) {
            let change = changes.get(&number).copied();
            let span = encoding.offsets[pieces.start].0..encoding.offsets[pieces.end - 1].1;
            let by_hand = match change {
                Some(Change::Replace { word }) => tokenizer.encode(word).unwrap_or_default().ids,
                _ => Vec::new(),
            };
            let old = &encoding.ids[pieces.clone()];
            let token =
                |id, span, by_hand| OwnPiece { id, by_hand, span, word: number, change: change.cloned(), slot: None };
            if by_hand.is_empty() {
                let spans = encoding.offsets[pieces].iter().map(|&(start, end)| start..end);
                own.tokens.extend(old.iter().zip(spans).map(|(&id, span)| token(id, span, None)));
            } else {
                let other = by_hand != old;
                let word = text.get(span.clone()).unwrap_or_default().to_owned();
                own.tokens.extend(by_hand.iter().map(|&id| token(id, span.clone(), Some((word.clone(), other)))));
            }
        }
        own.truncated = own.tokens.len() + FRAME > row_len;
        own.tokens.truncate(row_len.saturating_sub(FRAME));
        own.give_slots();
        let done = |edit: &&WordEdit| {
            own.tokens.iter().any(|token| token.word == edit.word && (token.slot.is_some() || token.by_hand.is_some()))
        };
        own.left_out = (edits.len() - edits.iter().filter(done).count()) as u32;
        (!own.tokens.is_empty()).then_some(own)
    }

    /// Gives every masked piece a slot, beginning with the first words. If there are too few slots for all pieces of a word, the
    /// word stays as it is.
    fn give_slots(&mut self) {
        let mut taken = [false; OWN_SLOTS as usize];
        let mut at = 0;
        while at < self.tokens.len() {
            let word = self.tokens[at].word;
            let end = at + self.tokens[at..].iter().take_while(|token| token.word == word).count();
            let draw = match self.tokens[at].change {
                Some(Change::Mask) => Some(0),
                Some(Change::Sample { draw }) => Some(draw as usize),
                _ => None,
            };
            let room = taken.iter().filter(|taken| !**taken).count();
            for (i, token) in self.tokens[at..end].iter_mut().enumerate() {
                let Some(draw) = draw.filter(|_| end - at <= room) else { continue };
                // A slot's number decides its noise, so another draw takes another slot. 5 and 7 share no factor with the number of
                // slots, so every draw and every neighbour begins its search at another slot.
                let first = (at + i) * 5 + draw * 7;
                let free = (0..taken.len()).map(|k| (first + k) % taken.len()).find(|&slot| !taken[slot]);
                token.slot = free.inspect(|&slot| taken[slot] = true);
            }
            at = end;
        }
    }

    /// Writes row `row` of `batch`; the text's slots begin at `slot_base`.
    pub fn fill(&self, batch: &mut Batch, row: usize, slot_base: usize, specials: Specials) {
        let first = row * batch.row_len;
        batch.put_text(row, self.tokens.iter().map(|token| token.id), specials);
        for (i, token) in self.tokens.iter().enumerate() {
            let (n, Some(slot)) = (first + 1 + i, token.slot.map(|slot| slot_base + slot)) else { continue };
            batch.masked_ids[n] = specials.mask;
            (batch.slot_position[slot], batch.slot_label[slot]) = (n as u32, token.id);
            if matches!(token.change, Some(Change::Sample { .. })) {
                // The sample is written into the text only for this change.
                batch.token_slot[n] = slot as u32;
            }
        }
    }

    /// The results of the pass for this text. `logits`: (S, V).
    pub fn told(
        &self,
        seen: &Seen,
        (row, slot_base): (usize, usize),
        logits: &[f32],
        tokenizer: &Tokenizer,
        weights: LossWeights,
    ) -> OwnText {
        let text = |id: u32| tokenizer.token(id).to_owned();
        // The rows of the word embeddings may be more than the tokenizer's words.
        let (rows_of_words, words) = (logits.len() / seen.batch.slot_label.len().max(1), tokenizer.vocab_size());
        let tell = |(i, own): (usize, &OwnPiece)| {
            let mut token = seen.token(row * seen.batch.row_len + 1 + i, tokenizer);
            if let Some(slot) = own.slot.map(|slot| slot_base + slot) {
                if !token.masked {
                    seen.tell_slot(&mut token, slot, &text);
                    (token.masked, token.sampled_id, token.sampled) = (true, None, None);
                }
                token.proposals = proposals(&logits[slot * rows_of_words..][..words], PROPOSALS, &text);
            }
            if let Some((original, other)) = &own.by_hand {
                (token.sampled_id, token.sampled) = (Some(own.id), Some(token.original.clone()));
                token.original.clone_from(original);
                token.replaced = *other;
            }
            OwnToken {
                token,
                start: own.span.start as u32,
                end: own.span.end as u32,
                word: own.word,
                change: own.change.clone().filter(|_| own.slot.is_some() || own.by_hand.is_some()),
            }
        };
        let mut tokens: Vec<OwnToken> = self.tokens.iter().enumerate().map(tell).collect();
        tell_shares(&mut tokens, weights);
        OwnText { step: 0, text: self.text.clone(), tokens, truncated: self.truncated, edits_left_out: self.left_out }
    }
}

/// Computes each token's share of the loss of this text, with the labels that the person's changes give.
fn tell_shares(tokens: &mut [OwnToken], weights: LossWeights) {
    let loss = |token: &ReadToken| {
        let judge = token.logit.map_or(0.0, |logit| bce_with_logits(logit, token.replaced));
        [judge, token.p_original.map_or(0.0, |p| -p.ln())]
    };
    let losses: Vec<[f64; 2]> = tokens.iter().map(|token| loss(&token.token)).collect();
    let masked = tokens.iter().filter(|token| token.token.masked).count();
    let total = Total::of_losses(losses.iter().copied(), [tokens.len(), masked], weights);
    tokens.iter_mut().zip(losses).for_each(|(token, loss)| token.token.loss_share = total.share(loss));
}

/// The pieces of each word. A piece that begins with `##` and touches the piece before it continues the word.
fn words(tokens: &[String], offsets: &[(usize, usize)]) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    for i in 0..tokens.len() {
        match words.last_mut() {
            Some(word) if tokens[i].starts_with("##") && offsets[i].0 == offsets[i - 1].1 => word.end = i + 1,
            _ => words.push(i..i + 1),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tokenizer::{Cleaning, SPECIALS};

    fn tokenizer() -> Tokenizer {
        let words = "the dog cat ate bone play ##ing ação . ,";
        let vocab = SPECIALS.iter().copied().chain(words.split(' ')).map(str::to_owned).collect();
        Tokenizer::new(vocab, Cleaning { strip_accents: Some(false), ..Cleaning::UNCASED }, "test").unwrap()
    }

    fn edit(word: u32, change: Change) -> WordEdit {
        WordEdit { word, change }
    }

    fn filled(own: &OwnRow) -> (Batch, Vec<String>, Vec<String>) {
        let tokenizer = tokenizer();
        let mut batch = Batch::new(2, 12, OWN_SLOTS as usize + 3);
        own.fill(&mut batch, 1, 3, tokenizer.specials());
        let read = |ids: &[u32]| {
            let ids = ids[12..].iter().zip(&batch.attention[12..]).filter(|(_, real)| **real == 1);
            ids.map(|(&id, _)| tokenizer.token(id).to_owned()).collect::<Vec<_>>()
        };
        let (ids, masked) = (read(&batch.ids), read(&batch.masked_ids));
        (batch, ids, masked)
    }

    #[test]
    fn words_are_masked_whole_and_swapped_for_words_of_other_lengths() {
        let edits = [
            edit(1, Change::Replace { word: "playing".into() }),
            edit(2, Change::Mask),
            edit(3, Change::Sample { draw: 1 }),
            edit(9, Change::Mask),
        ];
        let own = OwnRow::new("The dog ate playing ação", &edits, &tokenizer(), 12).unwrap();
        let (batch, ids, masked) = filled(&own);
        assert_eq!(ids.join(" "), "[CLS] the play ##ing ate play ##ing ação [SEP]");
        assert_eq!(masked.join(" "), "[CLS] the play ##ing [MASK] [MASK] [MASK] ação [SEP]");
        // A word that is only masked keeps its text; a sampled word does not.
        let slots: Vec<bool> = batch.token_slot[12..].iter().map(|&slot| slot != crate::batch::NONE).collect();
        assert_eq!(slots.iter().filter(|slot| **slot).count(), 2);
        assert!(slots[5] && slots[6]);
        assert_eq!((own.truncated, own.left_out), (false, 1));
        let words: Vec<u32> = own.tokens.iter().map(|token| token.word).collect();
        assert_eq!(words, [0, 1, 1, 2, 3, 3, 4]);
        assert_eq!(own.tokens[2].by_hand, Some(("dog".to_owned(), true)));
        assert_eq!(&own.text[own.tokens[6].span.clone()], "ação");
        let positions =
            (3..batch.slot_position.len()).filter(|&s| batch.slot_position[s] != crate::batch::NONE).count();
        assert_eq!(positions, 3);
    }

    #[test]
    fn what_does_not_fit_is_cut_off_and_told() {
        let edits = [edit(0, Change::Mask), edit(11, Change::Mask)];
        let text = "dog dog dog dog dog dog dog dog dog dog dog dog";
        let own = OwnRow::new(text, &edits, &tokenizer(), 12).unwrap();
        assert_eq!((own.tokens.len(), own.truncated, own.left_out), (10, true, 1));
        // There are more masks than slots, so the first words get them.
        let all: Vec<WordEdit> = (0..20).map(|word| edit(word, Change::Mask)).collect();
        let own = OwnRow::new(&"dog ".repeat(20), &all, &tokenizer(), 30).unwrap();
        assert_eq!(own.left_out, 20 - OWN_SLOTS);
        let mut slots: Vec<usize> = own.tokens.iter().filter_map(|token| token.slot).collect();
        slots.sort_unstable();
        assert_eq!(slots, (0..OWN_SLOTS as usize).collect::<Vec<_>>());
        assert!(OwnRow::new("  ", &[], &tokenizer(), 12).is_none());
        let unknown = OwnRow::new("xyzzy", &[edit(0, Change::Replace { word: " ".into() })], &tokenizer(), 12).unwrap();
        assert_eq!((unknown.tokens[0].id, unknown.left_out), (tokenizer().specials().unk, 1));
    }

    #[test]
    fn another_draw_takes_another_slot_and_leaves_the_others_theirs() {
        let slots = |draw| {
            let edits = [edit(0, Change::Sample { draw: 0 }), edit(2, Change::Sample { draw })];
            let own = OwnRow::new("the dog ate bone", &edits, &tokenizer(), 12).unwrap();
            [own.tokens[0].slot, own.tokens[2].slot]
        };
        let first = slots(0);
        for draw in 1..4 {
            assert!(slots(draw)[0] == first[0] && slots(draw)[1] != first[1], "{:?}", slots(draw));
        }
    }
}
