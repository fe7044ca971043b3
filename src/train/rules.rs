//! Measures whether the judge knows the grammar. It masks and corrupts stories of the built-in corpus that no run trains on. Of the
//! replaced words it compares those that break a rule with words that were left alone. It also counts the others: nobody can see
//! them.
//! grammar -> [`RuleRows`] -> the evaluation pass -> [`Judged`] -> rtd_auc_rule.

use crate::Result;
use crate::batch::{Batch, Packing, Recipe, mask};
use crate::lang::Lang;
use crate::model::io::Outputs;
use crate::rng::{Key, Stream};
use crate::text::grammar::{Grammar, Level, Verdict};
use crate::text::tokenizer::Tokenizer;
use crate::train::event::RuleCounts;
use crate::train::metrics;
use crate::train::story_rows::{StoryRow, WordAt, story_rows};

/// The seed of the stories; it differs from the corpus's.
const SEED: u64 = 0x7275_6c65;
/// The most rows that are judged.
const ROWS_MAX: usize = 256;

/// Rows of stories, with the word behind every token.
pub struct RuleRows {
    grammar: Grammar,
    /// Whether a row has one sentence. Then the judge cannot know what the rest of the story rules out.
    alone: bool,
    batches: Vec<RuleBatch>,
}

/// One batch; `words[n]` is the word that token n spells alone.
pub struct RuleBatch {
    pub batch: Batch,
    words: Vec<Option<WordAt>>,
}

/// Logits of words left alone and of replacements that break a rule.
#[derive(Debug, Default)]
pub struct Judged {
    logits: Vec<f32>,
    broken: Vec<bool>,
    counts: RuleCounts,
}

impl Judged {
    /// How often a replacement that breaks a rule scores above an original; `None` if either kind is absent.
    pub fn auc(&self) -> Option<f64> {
        metrics::auc(&self.logits, &self.broken)
    }

    /// The replacements of either kind; none if nothing was replaced.
    pub fn counts(&self) -> Option<RuleCounts> {
        Some(self.counts).filter(|counts| counts.breaks + counts.fits > 0)
    }
}

impl RuleRows {
    /// Makes rows of stories in `language` and `level`, and masks them.
    pub fn of_grammar(language: Lang, level: Level, tokenizer: &Tokenizer, recipe: Recipe) -> Result<Self> {
        let grammar = Grammar::new(language, level)?;
        let rows = story_rows(&grammar, SEED, tokenizer, recipe, ROWS_MAX)?;
        let mut scratch = Vec::new();
        let batch = |(number, rows): (usize, &[StoryRow])| {
            let mut batch = recipe.batch();
            batch.ids.fill(tokenizer.specials().pad);
            let mut words = vec![None; batch.ids.len()];
            for (row, story) in rows.iter().enumerate() {
                let first = story.put(&mut batch, row, tokenizer);
                words[first..][..story.words.len()].copy_from_slice(&story.words);
            }
            let (key, first_row) = (Key::new(SEED, 0, Stream::Mask), (number * recipe.rows) as u32);
            mask::hide(&mut batch, &recipe.masking, key, first_row, tokenizer.specials(), &mut scratch);
            RuleBatch { batch, words }
        };
        let batches = rows.chunks(recipe.rows).enumerate().map(batch).collect();
        Ok(Self { grammar, alone: recipe.packing == Packing::Lines, batches })
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
                let (sentence, word) = (at.sentence as usize, at.word as usize);
                match story.judge(sentence, word, replacement) {
                    Verdict::Breaks(_) if !(self.alone && story.fits_alone(sentence, word, replacement)) => {
                        into.counts.breaks += 1;
                        into.counts.breaks_caught += u64::from(token.logit > 0.0);
                        true
                    }
                    Verdict::Breaks(_) | Verdict::Fits => {
                        into.counts.fits += 1;
                        into.counts.fits_flagged += u64::from(token.logit > 0.0);
                        continue;
                    }
                    Verdict::Same => continue,
                }
            } else {
                false
            };
            into.logits.push(token.logit);
            into.broken.push(broken);
        }
    }
}
