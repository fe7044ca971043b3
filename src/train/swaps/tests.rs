//! Tests that swaps are fair: no judge without context beats chance on them, and one that knows the grammar tells them all.

use super::*;
use crate::batch::{Masking, Packing};
use crate::rng::threefry2x32;
use crate::text::tokenizer::{Cleaning, SPECIALS};
use crate::train::metrics::{Fold, LossWeights, Tokens};
use crate::train::shares::TokenShares;
use std::collections::BTreeSet;

fn recipe(row_len: usize, packing: Packing) -> Recipe {
    let masking = Masking { mask_prob: 0.15, with_replacement: false };
    Recipe { rows: 32, accumulate: 1, row_len, packing, masking, seed: 1 }
}

/// A vocabulary with every word of a grammar.
fn tokenizer(language: Lang, level: Level) -> Tokenizer {
    let grammar = Grammar::new(language, level).unwrap();
    let words: BTreeSet<String> =
        grammar.spellings().flat_map(|w| w.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect();
    let vocab = SPECIALS.iter().map(|special| (*special).to_owned()).chain(words).collect();
    let cleaning = Cleaning { strip_accents: Some(false), ..Cleaning::UNCASED };
    Tokenizer::new(vocab, cleaning, "test").unwrap()
}

/// The scores that a judge with these logits gets. It sees the batch and the token.
fn scores(swaps: &Swaps, judge: impl Fn(&SwapBatch, usize) -> f32) -> BTreeMap<SwapPart, SwapScore> {
    let mut logits = SwapLogits::default();
    for batch in swaps.batches() {
        swaps.note(batch, |token| judge(batch, token), &mut logits);
    }
    swaps.scores(&logits).into_iter().map(|score| (score.part, score)).collect()
}

/// A number of its own for each token.
fn of_token(id: u32) -> f32 {
    threefry2x32([7, 7], [id, 0])[0] as f32 / 4_294_967_296.0 - 0.5
}

fn each_grammar(mut check: impl FnMut(&Tokenizer, Lang, Level, Swaps)) {
    for language in [Lang::En, Lang::Pt] {
        for (level, row_len, packing) in
            [(Level::FirstSteps, 16, Packing::Lines), (Level::Stories, 64, Packing::Contiguous)]
        {
            let tokenizer = tokenizer(language, level);
            let swaps = Swaps::of_grammar(language, level, &tokenizer, recipe(row_len, packing)).unwrap();
            check(&tokenizer, language, level, swaps);
        }
    }
}

#[test]
fn every_column_of_the_first_steps_is_swapped_and_nothing_but_context_helps() {
    each_grammar(|_, language, level, swaps| {
        let blind = scores(&swaps, |batch, token| of_token(batch.batch.ids[token]));
        let all = blind[&SwapPart::All];
        assert_eq!(all.auc, Some(0.5), "{language:?} {level:?}: a judge that knows only tokens");
        assert!((all.pairs_right - 0.5).abs() < 0.1, "{language:?} {level:?}: {}", all.pairs_right);
        let knowing = scores(&swaps, |batch, token| {
            let place = batch.places.iter().find(|place| place.token == token).unwrap();
            if place.side == Side::Wrong { 3.0 } else { -3.0 }
        });
        assert!(knowing.values().all(|score| score.pairs_right == 1.0 && score.caught == 1.0));
        assert!(knowing.values().all(|score| score.auc.is_none_or(|auc| auc == 1.0) && score.false_alarms == 0.0));
        if level == Level::FirstSteps {
            for part in [SwapPart::Who, SwapPart::Verb, SwapPart::Food, SwapPart::Place, SwapPart::Look] {
                let score = &knowing[&part];
                assert!(score.swaps >= 40 && score.auc == Some(1.0), "{language:?}: {score:?}");
            }
        } else {
            assert!(all.swaps >= 100, "{language:?}: {all:?}");
        }
    });
}

/// Every swapped row differs from a text of the grammar in one word, and with it the sentence is wrong.
#[test]
fn a_swap_changes_one_word_and_breaks_a_rule_of_selection() {
    each_grammar(|tokenizer, language, level, swaps| {
        let grammar = Grammar::new(language, level).unwrap();
        let rows: Vec<(&SwapBatch, &Compared)> =
            swaps.batches().iter().flat_map(|batch| batch.places.iter().map(move |place| (batch, place))).collect();
        for number in 0..swaps.len() {
            let side = |side| rows.iter().find(|(_, p)| p.pair == number && p.side == side).unwrap();
            let ((right, at), (wrong, other)) = (side(Side::Right), side(Side::Wrong));
            let row = |batch: &SwapBatch, token: usize| {
                let first = token / batch.batch.row_len * batch.batch.row_len;
                batch.batch.ids[first..first + batch.batch.row_len].to_vec()
            };
            let (good, bad) = (row(right, at.token), row(wrong, other.token));
            let column = at.token % right.batch.row_len;
            let differing: Vec<usize> = (0..good.len()).filter(|&n| good[n] != bad[n]).collect();
            assert_eq!(differing, [column]);
            assert!(right.batch.slots == 0 && right.batch.masked_ids == right.batch.ids);
            if level == Level::FirstSteps {
                let text = |row: &[u32]| {
                    let words = row.iter().filter(|&&id| !tokenizer.specials().excludes(id));
                    words.map(|&id| tokenizer.token(id)).collect::<Vec<_>>().join(" ")
                };
                // The word is wrong whatever the rest of its story may be.
                assert!(!grammar.tells(&text(&bad)), "{}", text(&bad));
                assert!(grammar.tells(&text(&good)), "{}", text(&good));
            }
        }
    });
}

#[test]
fn examples_are_sentences_with_a_word_to_swap() {
    each_grammar(|tokenizer, language, level, swaps| {
        let grammar = Grammar::new(language, level).unwrap();
        let examples = swaps.examples(tokenizer, 8);
        assert_eq!(examples.len(), 8);
        let row_len = swaps.batches()[0].batch.row_len;
        let spoiled = swaps.spoiled(tokenizer, 8, row_len);
        let texts =
            spoiled.iter().map(|row| text_of(row.ids.iter().map(|&id| tokenizer.token(id)))).collect::<Vec<_>>();
        assert_eq!(texts, examples.iter().map(|example| example.wrong_text.clone()).collect::<Vec<_>>());
        for (row, example) in spoiled.iter().zip(&examples) {
            assert_eq!(
                (tokenizer.token(row.ids[row.at]), tokenizer.token(row.right)),
                (&*example.wrong, &*example.right)
            );
        }
        assert!(swaps.spoiled(tokenizer, 8, 6).iter().all(|row| row.ids.len() <= 4));
        for SwapExample { text, word, right, wrong, wrong_text } in examples {
            let encoding = tokenizer.encode(&text).unwrap();
            assert!(encoding.tokens[word as usize] == right && right != wrong, "{text}: {word}, {right}, {wrong}");
            assert_eq!(tokenizer.encode(&wrong_text).unwrap().tokens[word as usize], wrong);
            if level == Level::FirstSteps {
                assert!(grammar.tells(&text) && !grammar.tells(&wrong_text), "{text}: {wrong}");
            }
        }
    });
}

/// Rows of 24 made-up words, some frequent and some rare.
fn held_out(vocab: &[String]) -> (Vec<Row>, Vec<u64>) {
    let mut rng = Sequence::new(Key::new(3, 0, Stream::Mask), 0);
    let first = SPECIALS.len();
    let mut counts = vec![0; vocab.len()];
    let rows = (0..300)
        .map(|_| {
            let mut ids: Vec<u32> = (0..24)
                .map(|_| (first + (rng.unit().powi(3) * (vocab.len() - first) as f64) as usize) as u32)
                .collect();
            ids.iter().for_each(|&id| counts[id as usize] += 1);
            (ids[0], ids[23]) = (2, 3);
            Row { type_ids: vec![0; 24], attention: vec![1; 24], ids }
        })
        .collect();
    (rows, counts)
}

#[test]
fn swaps_in_any_text_exchange_whole_words_of_one_band() {
    let letters = |n: usize| -> String {
        (0..3 + n % 6).map(|i| char::from(b'a' + ((n / 26_usize.pow(i as u32 % 3)) % 26) as u8)).collect()
    };
    let words: Vec<String> = (0..900).map(|n| format!("{}{}", letters(n), letters(n * 7 + 3))).collect();
    let words: Vec<String> = words.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let extra = ["##ing", "1999", ","].map(str::to_owned);
    let vocab: Vec<String> = SPECIALS.iter().map(|s| (*s).to_owned()).chain(extra).chain(words).collect();
    let tokenizer = Tokenizer::new(vocab.clone(), Cleaning::UNCASED, "test").unwrap();
    let (text, counts) = held_out(&vocab);
    let mut rng = Sequence::new(Key::new(SEED, 1, Stream::Grammar), 0);
    let sites = text_sites(&text, &counts, &tokenizer, &mut rng);
    let dealt = deal(&sites, &mut rng, |from, to| sites[from].id != sites[to].id);
    let ranks = word_ranks(&counts, &tokenizer);
    assert!(sites.len() > 250);
    let dealt_sites = dealt.iter().flatten().count();
    assert!(dealt_sites * 10 > sites.len() * 9, "{dealt_sites} of {}", sites.len());
    for (site, from) in sites.iter().zip(&dealt) {
        let row = &text[site.row];
        assert!(site.id == row.ids[site.token] && ranks[site.id as usize].is_some());
        assert!(row.ids.get(site.token + 1).is_none_or(|&next| tokenizer.token(next) != "##ing"));
        if let Some(from) = from {
            assert!(sites[*from].parts == site.parts && sites[*from].id != site.id);
        }
    }
    let used: BTreeSet<usize> = dealt.iter().flatten().copied().collect();
    assert_eq!(used.len(), dealt_sites, "each word is dealt out once");
    let swaps = Swaps::build(&text, &sites, &dealt, recipe(24, Packing::Contiguous), &tokenizer);
    let blind = scores(&swaps, |batch, token| of_token(batch.batch.ids[token]));
    assert_eq!(blind[&SwapPart::All].auc, Some(0.5));
    assert!((blind[&SwapPart::All].pairs_right - 0.5).abs() < 0.06, "{:?}", blind[&SwapPart::All]);
}

/// A judge that only senses a spoiled row, and not where, gains on the swapped words exactly what it gains on the others.
#[test]
fn a_judge_that_only_senses_a_spoiled_row_is_found_out() {
    each_grammar(|_, language, level, swaps| {
        let senses = scores(&swaps, |batch, token| {
            let row = token / batch.batch.row_len;
            let wrong = |place: &Compared| place.token / batch.batch.row_len == row && place.side == Side::Wrong;
            let spoiled = batch.places.iter().any(wrong);
            of_token(batch.batch.ids[token]) + if spoiled { 0.2 } else { 0.0 }
        })[&SwapPart::All];
        assert!(senses.auc.unwrap() > 0.9 && senses.beside_auc == Some(1.0), "{language:?} {level:?}: {senses:?}");
        let blind = scores(&swaps, |batch, token| of_token(batch.batch.ids[token]))[&SwapPart::All];
        assert_eq!(blind.beside_auc, Some(0.5));
    });
}

#[test]
fn no_number_no_score() {
    let tokenizer = tokenizer(Lang::En, Level::FirstSteps);
    let swaps = Swaps::of_grammar(Lang::En, Level::FirstSteps, &tokenizer, recipe(16, Packing::Lines)).unwrap();
    assert!(swaps.scores(&SwapLogits::default()).is_empty());
    assert!(scores(&swaps, |_, _| f32::NAN).is_empty());
    // Rows that are too short for any sentence leave nothing to swap.
    let short = Swaps::of_grammar(Lang::En, Level::FirstSteps, &tokenizer, recipe(4, Packing::Lines)).unwrap();
    assert!(short.is_empty() && short.batches().is_empty());
}

/// The judge that fooled everybody: it says of each token how often that token was a replacement. Its AUC is high, its loss is far
/// below the trivial one, and the measures of context see through it.
#[test]
fn a_judge_fixed_to_each_tokens_share_has_a_high_auc_and_knows_no_context() {
    let (language, level) = (Lang::En, Level::FirstSteps);
    let (tokenizer, grammar) = (tokenizer(language, level), Grammar::new(language, level).unwrap());
    let mut rng = Sequence::new(Key::new(5, 0, Stream::Mask), 0);
    let first = SPECIALS.len();
    // A generator that knows no frequencies puts rare words where frequent ones stood.
    let mut step = |number: u64| {
        let text = grammar.document(11, number).to_string();
        let mut ids = tokenizer.encode(&text).unwrap().ids;
        let mut replaced = vec![0; ids.len()];
        for (id, replaced) in ids.iter_mut().zip(&mut replaced) {
            if rng.unit() < 0.15 {
                let drawn = (first + rng.below(tokenizer.vocab_size() - first)) as u32;
                *replaced = u32::from(drawn != *id);
                *id = drawn;
            }
        }
        (ids, replaced)
    };
    let mut shares = TokenShares::new(tokenizer.vocab_size());
    for number in 0..2000 {
        let (ids, replaced) = step(number);
        ids.iter().zip(&replaced).for_each(|(&id, &replaced)| shares.count(id, replaced == 1));
        if number % 10 == 9 {
            shares.end_step();
        }
    }
    let logit = |id: u32| {
        let share = shares.share(id).unwrap();
        (share / (1.0 - share)).ln() as f32
    };
    let mut fold = Fold::new();
    for number in 2000..2400 {
        let (id, replaced) = step(number);
        let (logit, all): (Vec<f32>, Vec<u32>) = id.iter().map(|&id| (logit(id), 1)).unzip();
        let tokens = Tokens { id: &id, logit: &logit, replaced: &replaced, attention: &all, eligible: &all };
        fold.add_tokens(tokens, &shares);
    }
    let metrics = fold.finish(LossWeights { mlm: 1.0, rtd: 50.0 }).metrics;
    assert!(metrics.rtd_auc.unwrap() > 0.85, "{:?}", metrics.rtd_auc);
    assert_eq!(metrics.rtd_auc_context, Some(0.5));
    assert!(metrics.rtd_loss.unwrap() < 0.9 * metrics.trivial_rtd_loss.unwrap());
    let over = metrics.rtd_loss.unwrap() / metrics.token_rtd_loss.unwrap();
    assert!((over - 1.0).abs() < 1e-3, "its loss is the token loss: {over}");
    let swaps = Swaps::of_grammar(language, level, &tokenizer, recipe(16, Packing::Lines)).unwrap();
    let on_swaps = scores(&swaps, |batch, token| logit(batch.batch.ids[token]))[&SwapPart::All];
    assert_eq!(on_swaps.auc, Some(0.5));
    assert!((on_swaps.pairs_right - 0.5).abs() < 0.1 && on_swaps.caught < 0.6, "{on_swaps:?}");
}
