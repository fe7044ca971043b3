//! Fills batches one after another: cache + split + recipe -> the micro-batches of each optimizer step. It can start at any step.
//! The loader and its batches allocate all their memory when they are made. Filling a batch allocates nothing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Batch;
use super::hold_out::{HELD_OUT_ROWS_MAX, Part};
use super::mask::{self, Masking};
use super::pack::{Cut, Filled, Packing, Row};
use crate::message::Message;
use crate::rng::{Key, Sequence, Stream};
use crate::text::cache::TokenCache;
use crate::text::tokenizer::Specials;
use crate::{Error, Result};

/// Held-out text is cut and masked with this seed in every run, so that figures of different runs compare.
const HELD_OUT_SEED: u64 = 0x0065_6c65_6374_7261;

/// What a batch looks like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recipe {
    /// Rows of one micro-batch.
    pub rows: usize,
    /// Micro-batches of one optimizer step.
    pub accumulate: usize,
    /// Tokens a row, `[CLS]` and `[SEP]` included.
    pub row_len: usize,
    pub packing: Packing,
    pub masking: Masking,
    pub seed: u64,
}

impl Recipe {
    /// An empty batch of this shape, (rows, row_len) with rows × N slots.
    pub fn batch(&self) -> Batch {
        Batch::new(self.rows, self.row_len, self.rows * self.masking.slots_max(self.row_len))
    }
}

/// The next row to be read. A resumed run needs only this and the seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cursor {
    pub epoch: u64,
    /// The number of the row in the shuffled order of the epoch.
    pub row: u64,
}

/// Sums over all micro-batches of an optimizer step. Losses are divided by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StepTotals {
    pub slots: usize,
    /// Tokens that at least one slot points at.
    pub hidden: usize,
    /// Tokens that are not padding.
    pub tokens: usize,
    /// Tokens that are neither padding nor special.
    pub eligible: usize,
}

impl StepTotals {
    pub fn of(batches: &[Batch]) -> Self {
        batches.iter().fold(Self::default(), |sum, batch| Self {
            slots: sum.slots + batch.slots,
            hidden: sum.hidden + batch.hidden(),
            tokens: sum.tokens + batch.tokens,
            eligible: sum.eligible + batch.eligible.iter().filter(|&&eligible| eligible == 1).count(),
        })
    }
}

/// Training batches, epoch after epoch, each in an order of its own. A batch may take rows of two epochs.
#[derive(Debug)]
pub struct Loader {
    cache: Arc<TokenCache>,
    part: Part,
    recipe: Recipe,
    specials: Specials,
    /// The rows of the cursor's epoch, shuffled.
    rows: Vec<Row>,
    cut: Cut,
    cursor: Cursor,
    scratch: Vec<u32>,
}

impl Loader {
    pub fn new(cache: Arc<TokenCache>, part: Part, recipe: Recipe, specials: Specials) -> Result<Self> {
        check(&recipe)?;
        let cut = Cut::new(recipe.packing, recipe.row_len, recipe.seed, 0);
        let scratch = Vec::with_capacity(2 * recipe.row_len);
        let cursor = Cursor::default();
        let mut loader = Self { cache, part, recipe, specials, rows: Vec::new(), cut, cursor, scratch };
        loader.open_epoch(0)?;
        // Segments cut each epoch a little differently. The loader takes the memory for that now and none later.
        loader.rows.reserve(loader.rows.len() / 16 + 1024);
        if loader.rows.is_empty() {
            return Err(Error::failed("no-training-row"));
        }
        Ok(loader)
    }

    /// The buffers of one optimizer step: `accumulate` empty batches.
    pub fn step_buffers(&self) -> Vec<Batch> {
        (0..self.recipe.accumulate).map(|_| self.recipe.batch()).collect()
    }

    /// Fills the micro-batches of optimizer step `step` with the rows at the cursor, and moves it on.
    pub fn fill(&mut self, step: u64, batches: &mut [Batch]) -> Result<StepTotals> {
        let key = Key::new(self.recipe.seed, step, Stream::Mask);
        let mut first_row = 0;
        for batch in &mut *batches {
            for row in 0..batch.rows {
                let next = self.next_row()?;
                put(&self.cut, &self.cache, next, self.specials, batch, row, &mut self.scratch);
            }
            mask::hide(batch, &self.recipe.masking, key, first_row, self.specials, &mut self.scratch);
            first_row += batch.rows as u32;
        }
        Ok(StepTotals::of(batches))
    }

    /// The next row to be read: store it with the checkpoint, before the next [`Loader::fill`].
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// Continues from a stored cursor.
    pub fn seek(&mut self, cursor: Cursor) -> Result<()> {
        self.open_epoch(cursor.epoch)?;
        if cursor.row > self.rows.len() as u64 {
            return Err(Error::failed("cursor-beyond-epoch")
                .with("row", cursor.row)
                .with("rows", self.rows.len())
                .at_place(Message::new("at-data-cursor")));
        }
        self.cursor = cursor;
        Ok(())
    }

    /// Rows of the current epoch.
    pub fn rows_per_epoch(&self) -> usize {
        self.rows.len()
    }

    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The bytes of heap that the loader holds, without the cache.
    pub fn memory(&self) -> usize {
        self.rows.capacity() * size_of::<Row>() + self.scratch.capacity() * size_of::<u32>()
    }

    fn open_epoch(&mut self, epoch: u64) -> Result<()> {
        self.cut = Cut::new(self.recipe.packing, self.recipe.row_len, self.recipe.seed, epoch);
        self.cut.rows(&self.cache, &self.part, &mut self.rows)?;
        Sequence::new(Key::new(self.recipe.seed, epoch, Stream::Shuffle), 0).shuffle(&mut self.rows);
        self.cursor = Cursor { epoch, row: 0 };
        Ok(())
    }

    fn next_row(&mut self) -> Result<Row> {
        if self.cursor.row == self.rows.len() as u64 {
            self.open_epoch(self.cursor.epoch + 1)?;
        }
        let row = self.rows[self.cursor.row as usize];
        self.cursor.row += 1;
        Ok(row)
    }
}

fn check(recipe: &Recipe) -> Result<()> {
    if recipe.rows == 0 || recipe.accumulate == 0 {
        return Err(Error::usage("batch-is-zero").with("batch", recipe.rows).with("accumulate", recipe.accumulate));
    }
    if recipe.row_len < 5 {
        return Err(Error::usage("rows-too-short").with("seq_len", recipe.row_len));
    }
    if !(recipe.masking.mask_prob > 0.0 && recipe.masking.mask_prob < 1.0) {
        return Err(Error::usage("mask-prob-out-of-range").with("mask_prob", recipe.masking.mask_prob.to_string()));
    }
    Ok(())
}

fn put(
    cut: &Cut,
    cache: &TokenCache,
    from: Row,
    specials: Specials,
    batch: &mut Batch,
    row: usize,
    scratch: &mut Vec<u32>,
) {
    let cells = row * batch.row_len..(row + 1) * batch.row_len;
    let out = Filled {
        ids: &mut batch.ids[cells.clone()],
        types: &mut batch.type_ids[cells.clone()],
        attention: &mut batch.attention[cells],
    };
    cut.fill(cache, from, specials, out, scratch);
}

/// Held-out batches: the same rows with the same masks every time, in every run, whatever the batch size.
#[derive(Debug)]
pub struct HeldOut {
    cache: Arc<TokenCache>,
    recipe: Recipe,
    specials: Specials,
    rows: Vec<Row>,
    cut: Cut,
    scratch: Vec<u32>,
}

impl HeldOut {
    /// At most [`HELD_OUT_ROWS_MAX`] rows, spread evenly over the part.
    pub fn new(cache: Arc<TokenCache>, part: &Part, recipe: Recipe, specials: Specials) -> Result<Self> {
        Self::with_rows(cache, part, recipe, specials, HELD_OUT_ROWS_MAX)
    }

    /// At most `rows_max` rows, spread evenly over the part.
    pub fn with_rows(
        cache: Arc<TokenCache>,
        part: &Part,
        recipe: Recipe,
        specials: Specials,
        rows_max: usize,
    ) -> Result<Self> {
        check(&recipe)?;
        let cut = Cut::new(recipe.packing, recipe.row_len, HELD_OUT_SEED, 0);
        let mut rows = Vec::new();
        cut.rows(&cache, part, &mut rows)?;
        let found = rows.len();
        if found == 0 {
            return Err(Error::failed("no-held-out-row"));
        }
        if found > rows_max {
            rows = (0..rows_max).map(|i| rows[i * found / rows_max]).collect();
        }
        Ok(Self { cache, recipe, specials, rows, cut, scratch: Vec::with_capacity(2 * recipe.row_len) })
    }

    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Batches that hold all rows.
    pub fn batches(&self) -> usize {
        self.rows.len().div_ceil(self.recipe.rows)
    }

    /// An empty batch to fill.
    pub fn buffer(&self) -> Batch {
        self.recipe.batch()
    }

    /// Fills `batch` with batch `index`, below [`HeldOut::batches`]. Rows past the last are all padding, without slots.
    pub fn fill(&mut self, index: usize, batch: &mut Batch) {
        let first = index * batch.rows;
        for row in 0..batch.rows {
            match self.rows.get(first + row) {
                Some(&from) => put(&self.cut, &self.cache, from, self.specials, batch, row, &mut self.scratch),
                None => batch.clear_row(row, self.specials.pad),
            }
        }
        let key = Key::new(HELD_OUT_SEED, 0, Stream::Mask);
        mask::hide(batch, &self.recipe.masking, key, first as u32, self.specials, &mut self.scratch);
    }
}
