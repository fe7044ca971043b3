//! Measures whether the judge knows the grammar. It masks and corrupts stories of the built-in corpus that no run trains on. Of the
//! replaced words it compares those that are plainly wrong with words that were left alone. It also counts the others: nobody
//! can be sure of them.
//! grammar -> [`RuleRows`] -> the evaluation pass -> [`Judged`] -> rtd_auc_rule.

use crate::Result;
use crate::batch::{Batch, Packing, Recipe, mask};
use crate::lang::Lang;
use crate::model::io::Outputs;
use crate::rng::{Key, Stream};
use crate::text::grammar::{Blame, Grammar, Level, Story, Verdict};
use crate::text::tokenizer::Tokenizer;
use crate::train::event::RuleCounts;
use crate::train::metrics;
use crate::train::story_rows::{StoryRow, WordAt, story_rows};

/// The seed of the stories; it differs from the corpus's.
const SEED: u64 = 0x7275_6c65;
/// The largest number of rows that are judged.
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
    /// How often a replacement that is plainly wrong scores above an original; `None` if either kind is absent.
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
        let read = |n: usize| {
            let token = out.token(n);
            (token.logit, token.replaced.then(|| tokenizer.token(token.corrupted_id)))
        };
        self.note(rows, read, into);
    }

    /// `read`: a token's logit and, if it was replaced, the word that the judge reads there.
    fn note<'t>(&self, rows: &RuleBatch, read: impl Fn(usize) -> (f32, Option<&'t str>), into: &mut Judged) {
        let sentence_of = |n: usize| rows.words[n].map(|at| (n / rows.batch.row_len, at.document, at.sentence));
        let known: Vec<usize> = (0..rows.words.len()).filter(|&n| rows.words[n].is_some()).collect();
        let mut story: Option<(u64, Story)> = None;
        for cells in known.chunk_by(|&a, &b| sentence_of(a) == sentence_of(b)) {
            let at = |n: usize| rows.words[n].expect("only cells with a word are here");
            let (mut replaced, mut original) = (Vec::new(), Vec::new());
            for &n in cells {
                match read(n) {
                    (logit, Some(word)) => replaced.push((at(n).word as usize, word, logit)),
                    (logit, None) => original.push(logit),
                }
            }
            original.into_iter().for_each(|logit| into.add_original(logit));
            if replaced.is_empty() {
                continue;
            }
            // The words of one story follow each other, so a story is drawn again only when the next one begins.
            let first = at(cells[0]);
            if story.as_ref().is_none_or(|(known, _)| *known != first.document) {
                story = Some((first.document, self.grammar.document(SEED, first.document)));
            }
            let (_, story) = story.as_ref().expect("it was set just now");
            // If a piece of a longer word was replaced, what the judge reads there is no word of the grammar or another one.
            let cut = (cells[0]..=cells[cells.len() - 1]).any(|n| rows.words[n].is_none() && read(n).1.is_some());
            if cut {
                replaced.iter().for_each(|&(.., logit)| into.add(logit, Kind::Unclear));
            } else {
                self.note_sentence(story, first.sentence as usize, &replaced, into);
            }
        }
    }

    /// `replaced`: the number of each replaced word, what stands there now, and its logit.
    fn note_sentence(&self, story: &Story, number: usize, replaced: &[(usize, &str, f32)], into: &mut Judged) {
        let sentence = &story.sentences[number];
        let mut words: Vec<&str> = (0..sentence.words.len()).map(|word| sentence.word(word)).collect();
        replaced.iter().for_each(|&(word, now, _)| words[word] = now);
        let blame = self.grammar.blame(&words);
        for &(word, now, logit) in replaced {
            let fits = || self.alone || !matches!(story.judge(number, word, now), Verdict::Breaks(_));
            into.add(
                logit,
                match blame[word] {
                    Blame::Sole => Kind::Breaks,
                    Blame::Shared => Kind::Unclear,
                    Blame::None if fits() => Kind::Fits,
                    // The rest of the story rules the word out, but its sentence does not show it.
                    Blame::None => Kind::Unclear,
                },
            );
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Masking;
    use crate::text::tokenizer::{Cleaning, SPECIALS};
    use std::collections::BTreeSet;

    fn rows() -> (RuleRows, Tokenizer) {
        let (language, level) = (Lang::En, Level::FirstSteps);
        let grammar = Grammar::new(language, level).unwrap();
        let words: BTreeSet<String> = grammar.spellings().map(str::to_owned).collect();
        let vocab = SPECIALS.iter().map(|special| (*special).to_owned()).chain(words).collect();
        let tokenizer = Tokenizer::new(vocab, Cleaning::UNCASED, "test").unwrap();
        let masking = Masking { mask_prob: 0.15, with_replacement: false };
        let recipe = Recipe { rows: 32, accumulate: 1, row_len: 16, packing: Packing::Lines, masking, seed: 1 };
        (RuleRows::of_grammar(language, level, &tokenizer, recipe).unwrap(), tokenizer)
    }

    /// What is counted if `word` stands in the place of every word that `replaced` picks; the judge flags all replaced words.
    fn counts(
        rows: &RuleRows,
        word: &str,
        replaced: impl Fn(usize, &str) -> bool,
        tokenizer: &Tokenizer,
    ) -> RuleCounts {
        let mut judged = Judged::default();
        for batch in &rows.batches {
            let read = |n: usize| {
                let at = batch.words[n].unwrap();
                let here = replaced(at.word as usize, tokenizer.token(batch.batch.ids[n]));
                if here { (1.0, Some(word)) } else { (-1.0, None) }
            };
            rows.note(batch, read, &mut judged);
        }
        assert!(judged.auc().is_none_or(|auc| auc == 1.0));
        judged.counts
    }

    #[test]
    fn replacements_are_counted_by_what_their_sentence_shows() {
        let (rows, tokenizer) = rows();
        let with = |word, replaced: &dyn Fn(usize, &str) -> bool| counts(&rows, word, replaced, &tokenizer);
        assert_eq!(with("zebra", &|_, _| false), RuleCounts::default());
        // One impossible word: nothing else can be wrong.
        let one = with("xyzzy", &|word, _| word == 1);
        assert!(one.breaks > 200 && one.breaks_caught == one.breaks && one.all() == one.breaks, "{one:?}");
        // Three of them: more than any repair that is looked for.
        let three = with("xyzzy", &|word, _| word < 3);
        assert!(three.unclear > 600 && three.all() == three.unclear_flagged, "{three:?}");
        // The same word again fits.
        let same = with("the", &|_, now| now == "the");
        assert!(same.fits > 200 && same.all() == same.fits_flagged, "{same:?}");
        let shares = [one.ceiling(), one.caught(), three.ceiling(), three.caught(), three.flagged(), same.flagged()];
        assert_eq!(shares, [Some(1.0), Some(1.0), Some(0.0), None, Some(1.0), Some(1.0)]);
    }
}
