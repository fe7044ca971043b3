//! Packs rows: a part of a token cache -> ranges of tokens, one for each row -> `[CLS] .. [SEP]` with segments and padding. The index
//! holds 16 bytes for each row. The tokens of a row stay in the cache until a batch copies them.

use serde::{Deserialize, Serialize};

use super::hold_out::Part;
use crate::rng::{Key, Sequence, Stream};
use crate::text::cache::TokenCache;
use crate::text::tokenizer::Specials;
use crate::{Error, Result};

/// How a row of tokens is filled from the corpus. No mode crosses a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Packing {
    /// The reference's example builder: whole sentences up to the row length, in one or two segments. Like the reference it
    /// drops what does not fit.
    Segments,
    /// `[CLS]` tokens `[SEP]`, cut from the stream of sentences: nothing is lost, and only a document's last row is padded.
    Contiguous,
    /// One sentence (line) a row. A sentence that is longer than a row continues in further rows.
    Lines,
}

/// The reference's probabilities (`build_pretraining_dataset.py`).
const ONE_SEGMENT: f64 = 0.1;
const RANDOM_TARGET: f64 = 0.05;
const TARGET_MIN: usize = 5;

/// The counters of the draws that belong to a row but not to its sentences. They are at the far end, away from the sentences'
/// draws.
const DRAW_ONE_SEGMENT: u32 = u32::MAX;
const DRAW_RANDOM_TARGET: u32 = u32::MAX - 1;
const DRAW_TARGET: u32 = u32::MAX - 2;

/// One row: consecutive tokens of one document, and its number in the epoch before shuffling, which addresses its random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub start: u64,
    pub tokens: u32,
    pub serial: u32,
}

/// How rows are cut, and with which random numbers.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    pub packing: Packing,
    /// Tokens a row, `[CLS]` and `[SEP]` included.
    pub row_len: usize,
    key: Key,
}

impl Cut {
    pub fn new(packing: Packing, row_len: usize, seed: u64, epoch: u64) -> Self {
        assert!(row_len >= TARGET_MIN, "rows of {row_len} tokens: at least {TARGET_MIN} are needed");
        Self { packing, row_len, key: Key::new(seed, epoch, Stream::Pack) }
    }

    /// The rows of `part` in the order of the text. `rows` is emptied first and keeps its memory.
    pub fn rows(&self, cache: &TokenCache, part: &Part, rows: &mut Vec<Row>) -> Result<()> {
        rows.clear();
        match self.packing {
            Packing::Segments => self.segment_rows(cache, part, rows)?,
            Packing::Contiguous => {
                for span in part.spans(cache) {
                    self.windows(span.tokens.start, span.tokens.end, rows)?;
                }
            }
            Packing::Lines => {
                let ends = cache.sentence_ends();
                for span in part.spans(cache) {
                    let mut start = span.tokens.start;
                    for sentence in span.sentences {
                        let end = ends[sentence as usize].min(span.tokens.end);
                        self.windows(start, end, rows)?;
                        start = end;
                    }
                }
            }
        }
        Ok(())
    }

    fn windows(&self, mut start: u64, end: u64, rows: &mut Vec<Row>) -> Result<()> {
        while start < end {
            let tokens = (end - start).min(self.row_len as u64 - 2) as u32;
            push(rows, start, tokens)?;
            start += u64::from(tokens);
        }
        Ok(())
    }

    fn segment_rows(&self, cache: &TokenCache, part: &Part, rows: &mut Vec<Row>) -> Result<()> {
        let ends = cache.sentence_ends();
        for span in part.spans(cache) {
            let (mut first, mut start) = (span.tokens.start, span.tokens.start);
            // `kept`: tokens of the row. A sentence that is longer than the row counts only as far as the row could ever show it.
            let mut kept = 0;
            for sentence in span.sentences {
                let end = ends[sentence as usize].min(span.tokens.end);
                kept += (end - start).min(self.row_len as u64);
                start = end;
                if kept >= self.target(rows.len() as u32) as u64 {
                    push(rows, first, kept as u32)?;
                    (first, kept) = (start, 0);
                }
            }
            if kept > 0 {
                push(rows, first, kept as u32)?;
            }
        }
        Ok(())
    }

    /// The length up to which row `serial` is filled. The reference draws it when the row before is done.
    fn target(&self, serial: u32) -> usize {
        let Some(before) = serial.checked_sub(1) else { return self.row_len };
        if self.key.unit(DRAW_RANDOM_TARGET, before) >= RANDOM_TARGET {
            return self.row_len;
        }
        let choices = (self.row_len - TARGET_MIN + 1) as u32;
        TARGET_MIN + self.key.below(DRAW_TARGET, before, choices) as usize
    }

    /// Writes the row's ids, segments and attention, each `row_len` long. `scratch` is for its second segment.
    pub fn fill(&self, cache: &TokenCache, row: Row, specials: Specials, out: Filled<'_>, scratch: &mut Vec<u32>) {
        let Filled { ids, types, attention } = out;
        scratch.clear();
        let first = match self.packing {
            Packing::Segments => self.fill_segments(cache, row, ids, scratch),
            Packing::Contiguous | Packing::Lines => {
                cache.copy_ids(row.start..row.start + u64::from(row.tokens), &mut ids[1..]);
                row.tokens as usize
            }
        };
        ids[0] = specials.cls;
        ids[first + 1] = specials.sep;
        let mut used = first + 2;
        types.fill(0);
        if !scratch.is_empty() {
            let end = used + scratch.len();
            ids[used..end].copy_from_slice(scratch);
            ids[end] = specials.sep;
            types[used..=end].fill(1);
            used = end + 1;
        }
        ids[used..].fill(specials.pad);
        attention[..used].fill(1);
        attention[used..].fill(0);
    }

    /// Deals the row's sentences to two segments: the first to `ids[1..]`, the second to `second`; returns the first's length.
    fn fill_segments(&self, cache: &TokenCache, row: Row, ids: &mut [u32], second: &mut Vec<u32>) -> usize {
        let mut coins = Sequence::new(self.key, row.serial);
        let wanted = if self.key.unit(DRAW_ONE_SEGMENT, row.serial) < ONE_SEGMENT {
            usize::MAX
        } else {
            // -3: [CLS] and two [SEP].
            (self.target(row.serial) - 3) / 2
        };
        let ends = cache.sentence_ends();
        let end = row.start + u64::from(row.tokens);
        let mut sentence = ends.partition_point(|&end| end <= row.start);
        let (mut start, mut first, mut second_len) = (row.start, 0, 0);
        while start < end {
            let stop = ends[sentence].min(end);
            let length = (stop - start) as usize;
            let goes_first =
                first == 0 || first + length < wanted || (second_len == 0 && first < wanted && coins.unit() < 0.5);
            if goes_first {
                // The last two places hold at least [SEP]. Tokens that the row cannot show still count when sentences are dealt.
                let room = (self.row_len - 2).saturating_sub(first);
                let shown = length.min(room);
                cache.copy_ids(start..start + shown as u64, &mut ids[1 + first.min(self.row_len - 2)..]);
                first += length;
            } else {
                let shown = length.min(self.row_len - second.len().min(self.row_len));
                let from = second.len();
                second.resize(from + shown, 0);
                cache.copy_ids(start..start + shown as u64, &mut second[from..]);
                second_len += length;
            }
            start = stop;
            sentence += 1;
        }
        let first = first.min(self.row_len - 2);
        second.truncate((self.row_len - first).saturating_sub(3));
        first
    }
}

/// Where [`Cut::fill`] writes: one row of each array of a batch.
pub struct Filled<'b> {
    pub ids: &'b mut [u32],
    pub types: &'b mut [u32],
    pub attention: &'b mut [u32],
}

fn push(rows: &mut Vec<Row>, start: u64, tokens: u32) -> Result<()> {
    let serial = u32::try_from(rows.len()).map_err(|_| Error::failed("too-many-rows").with("most", u32::MAX))?;
    rows.push(Row { start, tokens, serial });
    Ok(())
}
