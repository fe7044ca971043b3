//! Measures whether the judge knows the grammar. It masks and corrupts stories of the built-in corpus that no run trains on. Of the
//! replaced words it counts only those that break a rule, and compares them with words that were left alone.
//! grammar -> [`RuleRows`] -> the evaluation pass -> [`Judged`] -> rtd_auc_rule.

use crate::Result;
use crate::batch::{Batch, Recipe, mask};
use crate::lang::Lang;
use crate::model::io::Outputs;
use crate::rng::{Key, Stream};
use crate::text::grammar::{Grammar, Level, Verdict};
use crate::text::tokenizer::Tokenizer;
use crate::train::metrics;

/// The seed of the stories; it differs from the corpus's.
const SEED: u64 = 0x7275_6c65;
/// The most rows that are judged.
const ROWS_MAX: usize = 256;
/// The most stories that are read to fill the rows.
const STORIES_MAX: u64 = 1024;

/// Rows of stories, with the word behind every token.
pub struct RuleRows {
    grammar: Grammar,
    batches: Vec<RuleBatch>,
}

/// One batch; `words[n]` is the word that token n spells alone.
pub struct RuleBatch {
    pub batch: Batch,
    words: Vec<Option<WordAt>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct WordAt {
    document: u64,
    sentence: u32,
    word: u32,
}

/// Logits of words left alone and of replacements that break a rule.
#[derive(Debug, Default)]
pub struct Judged {
    logits: Vec<f32>,
    broken: Vec<bool>,
}

impl Judged {
    /// How often a replacement that breaks a rule scores above an original; `None` if either kind is absent.
    pub fn auc(&self) -> Option<f64> {
        metrics::auc(&self.logits, &self.broken)
    }
}

/// Rows that are being filled.
struct Rows<'a> {
    recipe: Recipe,
    tokenizer: &'a Tokenizer,
    ids: Vec<u32>,
    words: Vec<Option<WordAt>>,
    done: Vec<(Vec<u32>, Vec<Option<WordAt>>)>,
}

impl RuleRows {
    /// Makes rows of stories in `language` and `level`. If rows are lines, each sentence has a row; otherwise a row has as many
    /// sentences as fit.
    pub fn of_grammar(language: Lang, level: Level, tokenizer: &Tokenizer, recipe: Recipe) -> Result<Self> {
        let grammar = Grammar::new(language, level)?;
        let mut rows = Rows { recipe, tokenizer, ids: Vec::new(), words: Vec::new(), done: Vec::new() };
        // Rows may be too short for any sentence. Then there is nothing to judge, and the limit ends the search.
        for document in 0..STORIES_MAX {
            rows.add_story(&grammar, document)?;
            if rows.done.len() >= ROWS_MAX {
                break;
            }
        }
        rows.done.truncate(ROWS_MAX);
        let batches = rows.into_batches();
        Ok(Self { grammar, batches })
    }

    pub fn batches(&self) -> &[RuleBatch] {
        &self.batches
    }

    /// Adds the discriminator's logits for a batch.
    pub fn judge(&self, rows: &RuleBatch, out: &Outputs, tokenizer: &Tokenizer, into: &mut Judged) {
        let mut story: Option<(u64, crate::text::grammar::Story)> = None;
        for (n, at) in rows.words.iter().enumerate() {
            let Some(at) = at else { continue };
            let token = out.token(n);
            let broken = if token.replaced {
                // The words of one story follow each other, so a story is drawn again only when the next one begins.
                if story.as_ref().is_none_or(|(document, _)| *document != at.document) {
                    story = Some((at.document, self.grammar.document(SEED, at.document)));
                }
                let Some((_, story)) = &story else { continue };
                let replacement = tokenizer.token(token.corrupted_id);
                match story.judge(at.sentence as usize, at.word as usize, replacement) {
                    Verdict::Breaks(_) => true,
                    Verdict::Same | Verdict::Fits => continue,
                }
            } else {
                false
            };
            into.logits.push(token.logit);
            into.broken.push(broken);
        }
    }
}

impl Rows<'_> {
    fn add_story(&mut self, grammar: &Grammar, document: u64) -> Result<()> {
        let lines = self.recipe.packing == crate::batch::Packing::Lines;
        let room = self.recipe.row_len - 2;
        for (s, sentence) in grammar.document(SEED, document).sentences.iter().enumerate() {
            let encoding = self.tokenizer.encode(&sentence.text)?;
            if self.ids.len() + encoding.ids.len() > room {
                self.close();
            }
            // A sentence longer than a row is left out: the judge would not see all of it.
            if encoding.ids.len() > room {
                continue;
            }
            for (id, (start, end)) in encoding.ids.iter().zip(encoding.offsets) {
                let word = sentence.words.iter().position(|word| word.span() == (start..end));
                self.ids.push(*id);
                self.words.push(word.map(|w| WordAt { document, sentence: s as u32, word: w as u32 }));
            }
            if lines {
                self.close();
            }
        }
        self.close();
        Ok(())
    }

    fn close(&mut self) {
        if !self.ids.is_empty() {
            self.done.push((std::mem::take(&mut self.ids), std::mem::take(&mut self.words)));
        }
    }

    fn into_batches(self) -> Vec<RuleBatch> {
        let (recipe, specials) = (self.recipe, self.tokenizer.specials());
        let mut first_row = 0;
        let mut scratch = Vec::new();
        let mut batches = Vec::new();
        for rows in self.done.chunks(recipe.rows) {
            let mut batch = recipe.batch();
            batch.ids.fill(specials.pad);
            let mut words = vec![None; batch.ids.len()];
            for (row, (ids, at)) in rows.iter().enumerate() {
                let start = row * recipe.row_len;
                batch.ids[start] = specials.cls;
                batch.ids[start + 1..][..ids.len()].copy_from_slice(ids);
                batch.ids[start + 1 + ids.len()] = specials.sep;
                batch.attention[start..start + ids.len() + 2].fill(1);
                words[start + 1..][..at.len()].copy_from_slice(at);
            }
            mask::hide(&mut batch, &recipe.masking, Key::new(SEED, 0, Stream::Mask), first_row, specials, &mut scratch);
            first_row += recipe.rows as u32;
            batches.push(RuleBatch { batch, words });
        }
        batches
    }
}
