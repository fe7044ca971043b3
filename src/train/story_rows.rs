//! Rows of stories that no run trains on, with the word behind every token: the built-in grammar -> [`story_rows`] -> the rows in
//! which an evaluation measures what the judge knows of the grammar.

use crate::Result;
use crate::batch::{Batch, Packing, Recipe};
use crate::text::grammar::Grammar;
use crate::text::tokenizer::Tokenizer;

/// The largest number of stories that are read to fill the rows.
const STORIES_MAX: u64 = 1024;

/// The place of a word in the stories of a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WordAt {
    pub document: u64,
    pub sentence: u32,
    pub word: u32,
}

/// A row: its tokens without `[CLS]` and `[SEP]`, and the word that each token spells alone.
#[derive(Debug, Clone, Default)]
pub struct StoryRow {
    pub ids: Vec<u32>,
    pub words: Vec<Option<WordAt>>,
}

/// At most `rows_max` rows of the stories of `seed`. If rows are lines, each sentence has a row; otherwise a row has as many
/// sentences of one story as fit. A sentence that is longer than a row is left out, because the judge would not see all of it.
pub fn story_rows(
    grammar: &Grammar,
    seed: u64,
    tokenizer: &Tokenizer,
    recipe: Recipe,
    rows_max: usize,
) -> Result<Vec<StoryRow>> {
    let mut rows = Rows { recipe, tokenizer, row: StoryRow::default(), done: Vec::new() };
    // Rows may be too short for any sentence. Then there is nothing to judge, and the limit ends the search.
    for document in 0..STORIES_MAX {
        rows.add_story(grammar, seed, document)?;
        if rows.done.len() >= rows_max {
            break;
        }
    }
    rows.done.truncate(rows_max);
    Ok(rows.done)
}

impl StoryRow {
    /// Writes the row into row `row` of an empty batch, framed by `[CLS]` and `[SEP]`. Returns the place of its first token.
    pub fn put(&self, batch: &mut Batch, row: usize, tokenizer: &Tokenizer) -> usize {
        batch.put_text(row, self.ids.iter().copied(), tokenizer.specials());
        row * batch.row_len + 1
    }
}

/// Rows that are being filled.
struct Rows<'a> {
    recipe: Recipe,
    tokenizer: &'a Tokenizer,
    row: StoryRow,
    done: Vec<StoryRow>,
}

impl Rows<'_> {
    fn add_story(&mut self, grammar: &Grammar, seed: u64, document: u64) -> Result<()> {
        let lines = self.recipe.packing == Packing::Lines;
        let room = self.recipe.row_len - 2;
        for (s, sentence) in grammar.document(seed, document).sentences.iter().enumerate() {
            let encoding = self.tokenizer.encode(&sentence.text)?;
            if self.row.ids.len() + encoding.ids.len() > room {
                self.close();
            }
            if encoding.ids.len() > room {
                continue;
            }
            for (id, (start, end)) in encoding.ids.iter().zip(encoding.offsets) {
                let word = sentence.words.iter().position(|word| word.span() == (start..end));
                self.row.ids.push(*id);
                self.row.words.push(word.map(|w| WordAt { document, sentence: s as u32, word: w as u32 }));
            }
            if lines {
                self.close();
            }
        }
        self.close();
        Ok(())
    }

    fn close(&mut self) {
        if !self.row.ids.is_empty() {
            self.done.push(std::mem::take(&mut self.row));
        }
    }
}
