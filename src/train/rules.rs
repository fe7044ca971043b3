//! Measures whether the judge knows the grammar. It masks and corrupts stories of the built-in corpus that no run trains on. Of the
//! replaced words it compares those that are evidently wrong with words that were left alone. It also counts the others: nobody
//! can be sure of them.
//! grammar -> [`RuleRows`] -> the evaluation pass -> [`Judged`] -> rtd_auc_rule.

use crate::Result;
use crate::batch::{Batch, Packing, Recipe, mask};
use crate::lang::Lang;
use crate::model::io::Outputs;
use crate::rng::{Key, Stream};
use crate::text::grammar::{Blame, Grammar, Level, Verdict};
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
    /// How often a replacement that is evidently wrong scores above an original; `None` if either kind is absent.
    pub fn auc(&self) -> Option<f64> {
        metrics::auc(&self.logits, &self.broken)
    }

    /// The replacements of every kind; none if nothing was replaced.
    pub fn counts(&self) -> Option<RuleCounts> {
        Some(self.counts).filter(|counts| counts.all() > 0)
    }

    fn add(&mut self, logit: f32, kind: Kind) {
        let (count, flagged) = match kind {
            Kind::Breaks => (&mut self.counts.breaks, &mut self.counts.breaks_caught),
            Kind::Unclear => (&mut self.counts.unclear, &mut self.counts.unclear_flagged),
            Kind::Fits => (&mut self.counts.fits, &mut self.counts.fits_flagged),
        };
        *count += 1;
        *flagged += u64::from(logit > 0.0);
        if kind == Kind::Breaks {
            self.logits.push(logit);
            self.broken.push(true);
        }
    }

    fn add_original(&mut self, logit: f32) {
        self.logits.push(logit);
        self.broken.push(false);
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
        let sentence_of = |n: usize| rows.words[n].map(|at| (n / rows.batch.row_len, at.document, at.sentence));
        let known: Vec<usize> = (0..rows.words.len()).filter(|&n| rows.words[n].is_some()).collect();
        let mut story: Option<(u64, crate::text::grammar::Story)> = None;
        for cells in known.chunk_by(|&a, &b| sentence_of(a) == sentence_of(b)) {
            let at = |n: usize| rows.words[n].expect("only cells with a word are here");
            if cells.iter().any(|&n| out.token(n).replaced) {
                // The words of one story follow each other, so a story is drawn again only when the next one begins.
                let document = at(cells[0]).document;
                if story.as_ref().is_none_or(|(known, _)| *known != document) {
                    story = Some((document, self.grammar.document(SEED, document)));
                }
                let (_, story) = story.as_ref().expect("it was set just now");
                let number = at(cells[0]).sentence as usize;
                let sentence = &story.sentences[number];
                let mut read: Vec<&str> = (0..sentence.words.len()).map(|word| sentence.word(word)).collect();
                for &n in cells.iter().filter(|&&n| out.token(n).replaced) {
                    read[at(n).word as usize] = tokenizer.token(out.token(n).corrupted_id);
                }
                let blame = self.grammar.blame(&read);
                let impossible = blame.iter().any(|blame| *blame != Blame::None);
                for &n in cells.iter().filter(|&&n| out.token(n).replaced) {
                    let word = at(n).word as usize;
                    let fits = || self.alone || matches!(story.judge(number, word, read[word]), Verdict::Fits);
                    let kind = match blame[word] {
                        Blame::Sole => Kind::Breaks,
                        Blame::Shared => Kind::Unclear,
                        // If the rest of the story rules the word out, it also shows which word is wrong, but not in its sentence.
                        Blame::None if impossible || fits() => Kind::Fits,
                        Blame::None => Kind::Unclear,
                    };
                    into.add(out.token(n).logit, kind);
                }
            }
            cells.iter().filter(|&&n| !out.token(n).replaced).for_each(|&n| into.add_original(out.token(n).logit));
        }
    }
}

/// What the grammar says of a replacement, as the judge reads its sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Breaks,
    Unclear,
    Fits,
}
