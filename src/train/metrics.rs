//! Computes metrics from a step's raw readback: losses, AUC, precision, recall and calibration, beside the numbers of a judge that
//! knows only the base rate. per-token and per-slot arrays of each micro-batch -> [`Fold`] (f64, buffers reused) -> [`Metrics`].
//! [`table`] says what each metric is, and how to add one.

pub mod table;

use super::shares::TokenShares;
use crate::config::Config;
use crate::objective::Head;
use crate::train::event::{CALIBRATION_BINS, Calibration, CalibrationBin, Confusion};
use table::Metrics;

pub use crate::model::heads::rtd::bce_with_logits;

/// What the judge read and answered in one micro-batch. Every slice has one entry for each token, row after row.
#[derive(Debug, Clone, Copy)]
pub struct Tokens<'a> {
    /// The tokens that the judge read: replacements stand in their places.
    pub id: &'a [u32],
    /// Above zero the judge says "replaced".
    pub logit: &'a [f32],
    /// The label: 1 replaced, 0 original.
    pub replaced: &'a [u32],
    /// 1 for every token but padding.
    pub attention: &'a [u32],
    /// 1 for tokens that count: neither padding nor special.
    pub eligible: &'a [u32],
}

/// What the generator answered in the used slots of one micro-batch. Every slice has one entry for each slot.
#[derive(Debug, Clone, Copy)]
pub struct Slots<'a> {
    /// Cross-entropy of the original, nats.
    pub loss: &'a [f32],
    /// 1 if the most probable token is the original.
    pub argmax_hit: &'a [u32],
    /// 1 if the sample is the original.
    pub sample_hit: &'a [u32],
    /// The sampled ids, if they were read back. They show a collapse early.
    pub sampled_id: Option<&'a [u32]>,
}

/// How `total_loss` weighs its parts (the paper: 1 and 50).
#[derive(Debug, Clone, Copy)]
pub struct LossWeights {
    pub mlm: f64,
    pub rtd: f64,
}

/// The weights that a configuration gives.
pub fn loss_weights(c: &Config) -> LossWeights {
    LossWeights { mlm: c.mlm_weight, rtd: c.rtd_weight }
}

impl LossWeights {
    pub fn of(self, head: Head) -> f64 {
        match head {
            Head::Mlm => self.mlm,
            Head::Rtd => self.rtd,
        }
    }
}

/// Everything one optimizer step, or one evaluation, measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    pub metrics: Metrics,
    pub confusion: Confusion,
    pub calibration: Calibration,
    /// Tokens that are not padding.
    pub tokens: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    tokens: u64,
    replaced: u64,
    p_sum: f64,
}

/// Folds the micro-batches of one optimizer step, or the batches of one evaluation, into [`Measured`].
/// Reuse it: `finish` empties it and keeps its buffers, so later steps allocate nothing here.
#[derive(Debug, Clone, Default)]
pub struct Fold {
    tokens: u64,
    rtd_loss_sum: f64,
    confusion: Confusion,
    bins: [Bin; CALIBRATION_BINS],
    scores: Vec<u64>,
    scores_by_token: Vec<u64>,
    share_loss_sum: f64,
    slots: u64,
    mlm_loss_sum: f64,
    argmax_hits: u64,
    sample_hits: u64,
    sampled_ids: Vec<u32>,
    non_finite: bool,
}

impl Fold {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a micro-batch's judgements. `shares` says how often each token was replaced in earlier steps.
    ///
    /// # Panics
    /// Where the slices differ in length.
    pub fn add_tokens(&mut self, tokens: Tokens<'_>, shares: &TokenShares) {
        let n = tokens.logit.len();
        assert_eq!(
            [tokens.id.len(), tokens.replaced.len(), tokens.attention.len(), tokens.eligible.len()],
            [n; 4],
            "metrics: id, replaced, attention, eligible against logit"
        );
        for i in 0..n {
            if tokens.attention[i] == 0 {
                continue;
            }
            let (logit, replaced) = (tokens.logit[i], tokens.replaced[i] != 0);
            self.tokens += 1;
            self.non_finite |= !logit.is_finite();
            self.rtd_loss_sum += bce_with_logits(f64::from(logit), replaced);
            if tokens.eligible[i] != 0 {
                self.add_judgement(tokens.id[i], logit, replaced);
                self.share_loss_sum += shares.loss(tokens.id[i], replaced).unwrap_or(f64::NAN);
            }
        }
    }

    fn add_judgement(&mut self, id: u32, logit: f32, replaced: bool) {
        self.scores.push(score_key(logit, replaced));
        self.scores_by_token.push(score_key_of(id, logit, replaced));
        let cell = match (replaced, logit > 0.0) {
            (true, true) => &mut self.confusion.caught,
            (true, false) => &mut self.confusion.missed,
            (false, true) => &mut self.confusion.false_alarm,
            (false, false) => &mut self.confusion.passed,
        };
        *cell += 1;
        let p = sigmoid(f64::from(logit));
        if p.is_finite() {
            let bin = &mut self.bins[((p * CALIBRATION_BINS as f64) as usize).min(CALIBRATION_BINS - 1)];
            bin.tokens += 1;
            bin.replaced += u64::from(replaced);
            bin.p_sum += p;
        }
    }

    /// Adds the generator's guesses in the used slots of a micro-batch.
    ///
    /// # Panics
    /// Where the slices differ in length.
    pub fn add_slots(&mut self, slots: Slots<'_>) {
        let n = slots.loss.len();
        assert_eq!([slots.argmax_hit.len(), slots.sample_hit.len()], [n; 2], "metrics: hits against loss");
        self.slots += n as u64;
        self.mlm_loss_sum += slots.loss.iter().map(|&loss| f64::from(loss)).sum::<f64>();
        self.non_finite |= slots.loss.iter().any(|loss| !loss.is_finite());
        self.argmax_hits += slots.argmax_hit.iter().map(|&hit| u64::from(hit != 0)).sum::<u64>();
        self.sample_hits += slots.sample_hit.iter().map(|&hit| u64::from(hit != 0)).sum::<u64>();
        if let Some(ids) = slots.sampled_id {
            assert_eq!(ids.len(), n, "metrics: sampled_id against loss");
            self.sampled_ids.extend_from_slice(ids);
        }
    }

    /// Computes the metrics of everything that was added since the last `finish`.
    pub fn finish(&mut self, weights: LossWeights) -> Measured {
        let Confusion { caught, missed, false_alarm, passed } = self.confusion;
        let eligible = caught + missed + false_alarm + passed;
        let replaced_share = ratio(caught + missed, eligible);
        let mlm_loss = mean(self.mlm_loss_sum, self.slots);
        let rtd_loss = mean(self.rtd_loss_sum, self.tokens);
        let (sampled_entropy, sampled_top_share) = concentration(&mut self.sampled_ids).unzip();
        let measured = Measured {
            metrics: Metrics {
                mlm_loss,
                rtd_loss,
                total_loss: if self.non_finite { None } else { total_loss(mlm_loss, rtd_loss, weights) },
                mlm_accuracy: ratio(self.argmax_hits, self.slots),
                sampled_accuracy: ratio(self.sample_hits, self.slots),
                rtd_accuracy: ratio(caught + passed, eligible),
                rtd_auc: if self.non_finite { None } else { auc_of_keys(&mut self.scores) },
                rtd_auc_context: if self.non_finite { None } else { self.auc_context() },
                rtd_precision: ratio(caught, caught + false_alarm),
                rtd_recall: ratio(caught, caught + missed),
                replaced_share,
                trivial_rtd_loss: replaced_share.map(|share| trivial_rtd_loss(share, eligible, self.tokens)),
                token_rtd_loss: if eligible > 0 { mean(self.share_loss_sum, self.tokens) } else { None },
                sampled_entropy,
                sampled_top_share,
                non_finite: self.non_finite,
            },
            confusion: self.confusion,
            calibration: calibration_from_bins(&self.bins),
            tokens: self.tokens,
        };
        self.clear();
        measured
    }

    /// The AUC over pairs of the same token, if there are enough of them.
    fn auc_context(&mut self) -> Option<f64> {
        let (auc, pairs) = same_token_auc(&mut self.scores_by_token)?;
        (pairs >= CONTEXT_PAIRS_MIN).then_some(auc)
    }

    fn clear(&mut self) {
        let mut scores = std::mem::take(&mut self.scores);
        let mut scores_by_token = std::mem::take(&mut self.scores_by_token);
        let mut sampled_ids = std::mem::take(&mut self.sampled_ids);
        scores.clear();
        scores_by_token.clear();
        sampled_ids.clear();
        *self = Self { scores, scores_by_token, sampled_ids, ..Self::default() };
    }
}

/// With fewer pairs of the same token, `rtd_auc_context` is undefined: chance alone would move it too far.
const CONTEXT_PAIRS_MIN: u64 = 100;

/// The area under the ROC curve: how often a replaced token scores above an original one, ties counting a half.
/// None if either kind is absent or a logit is NaN.
pub fn auc(logits: &[f32], replaced: &[bool]) -> Option<f64> {
    assert_eq!(logits.len(), replaced.len(), "metrics: replaced against logits");
    if logits.iter().any(|logit| logit.is_nan()) {
        return None;
    }
    let mut keys: Vec<u64> = logits.iter().zip(replaced).map(|(&logit, &label)| score_key(logit, label)).collect();
    auc_of_keys(&mut keys)
}

/// A key whose upper bits order the logits and whose lowest bit is the label. So sorting the keys sorts logits and labels together.
fn score_key(logit: f32, replaced: bool) -> u64 {
    let bits = (logit + 0.0).to_bits(); // -0 becomes 0: they are a tie
    let ordered = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
    u64::from(ordered) << 1 | u64::from(replaced)
}

/// The same key with the token in the bits above, so that sorting also brings the judgements of one token together.
///
/// # Panics
/// If the id needs more than 31 bits.
pub fn score_key_of(id: u32, logit: f32, replaced: bool) -> u64 {
    assert!(id >> 31 == 0, "metrics: token {id} is too large for a key");
    u64::from(id) << 33 | score_key(logit, replaced)
}

fn auc_of_keys(keys: &mut [u64]) -> Option<f64> {
    keys.sort_unstable();
    let (doubled_wins, pairs) = wins_of_sorted(keys);
    (pairs > 0).then(|| doubled_wins as f64 / (2 * pairs) as f64)
}

/// How often a replaced token scores above the same token where it is original; a tie counts one half. This is the AUC over pairs of
/// one token, in which every pair weighs the same. The second number counts the pairs. A judge that looks at the token alone gets 0.5. The
/// keys come from [`score_key_of`]; this sorts them. None if there is no pair.
pub fn same_token_auc(keys: &mut [u64]) -> Option<(f64, u64)> {
    keys.sort_unstable();
    let (mut doubled_wins, mut pairs) = (0_u128, 0_u128);
    for token in keys.chunk_by(|a, b| a >> 33 == b >> 33) {
        let (wins, of_token) = wins_of_sorted(token);
        doubled_wins += wins;
        pairs += of_token;
    }
    (pairs > 0).then(|| (doubled_wins as f64 / (2 * pairs) as f64, u64::try_from(pairs).unwrap_or(u64::MAX)))
}

/// Of sorted keys: twice the number of (replaced, original) pairs in the right order, ties counting a half, and the number of
/// pairs. Both are whole numbers, so they are exact.
fn wins_of_sorted(keys: &[u64]) -> (u128, u128) {
    let (mut doubled_wins, mut originals_below, mut replaced_total) = (0_u128, 0_u64, 0_u64);
    for tied in keys.chunk_by(|a, b| a >> 1 == b >> 1) {
        let replaced = tied.iter().map(|key| key & 1).sum::<u64>();
        let originals = tied.len() as u64 - replaced;
        doubled_wins += u128::from(replaced) * u128::from(2 * originals_below + originals);
        originals_below += originals;
        replaced_total += replaced;
    }
    (doubled_wins, u128::from(replaced_total) * u128::from(originals_below))
}

fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

/// The entropy, in nats, of a coin that falls on one side with probability `share`.
pub fn binary_entropy(share: f64) -> f64 {
    let term = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    term(share) + term(1.0 - share)
}

/// The loss of a judge that knows only the base rate and which tokens are special: H(share) over the eligible tokens, zero
/// elsewhere.
pub fn trivial_rtd_loss(replaced_share: f64, eligible: u64, tokens: u64) -> f64 {
    binary_entropy(replaced_share) * eligible as f64 / tokens as f64
}

fn total_loss(mlm: Option<f64>, rtd: Option<f64>, weights: LossWeights) -> Option<f64> {
    match (mlm, rtd) {
        (None, None) => None,
        (mlm, rtd) => Some(weights.mlm * mlm.unwrap_or(0.0) + weights.rtd * rtd.unwrap_or(0.0)),
    }
}

/// The entropy of `ids`, in nats, and the share of the commonest; none if there are no ids. It sorts them.
fn concentration(ids: &mut [u32]) -> Option<(f64, f64)> {
    if ids.is_empty() {
        return None;
    }
    ids.sort_unstable();
    let n = ids.len() as f64;
    let shares = ids.chunk_by(|a, b| a == b).map(|same| same.len() as f64 / n);
    let (entropy, top) =
        shares.fold((0.0, 0.0_f64), |(entropy, top), share| (entropy - share * share.ln(), top.max(share)));
    Some((entropy, top))
}

fn calibration_from_bins(bins: &[Bin; CALIBRATION_BINS]) -> Calibration {
    let total: u64 = bins.iter().map(|bin| bin.tokens).sum();
    let gap_sum: f64 = bins.iter().map(|bin| (bin.p_sum - bin.replaced as f64).abs()).sum();
    let bins = bins.map(|bin| CalibrationBin {
        tokens: bin.tokens,
        mean_p_replaced: mean(bin.p_sum, bin.tokens),
        replaced_share: ratio(bin.replaced, bin.tokens),
    });
    Calibration { bins, expected_error: mean(gap_sum, total) }
}

/// None if the count is zero or the sum is not finite.
fn mean(sum: f64, count: u64) -> Option<f64> {
    (count > 0 && sum.is_finite()).then(|| sum / count as f64)
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    mean(part as f64, whole)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::LN_2;

    use super::*;

    const PAPER: LossWeights = LossWeights { mlm: 1.0, rtd: 50.0 };

    /// The definition, pair by pair.
    fn auc_by_pairs(logits: &[f32], replaced: &[bool]) -> Option<f64> {
        let (mut wins, mut pairs) = (0.0, 0.0);
        for (i, _) in replaced.iter().enumerate().filter(|(_, label)| **label) {
            for (j, _) in replaced.iter().enumerate().filter(|(_, label)| !**label) {
                pairs += 1.0;
                wins += if logits[i] > logits[j] {
                    1.0
                } else if logits[i] == logits[j] {
                    0.5
                } else {
                    0.0
                };
            }
        }
        (pairs > 0.0).then(|| wins / pairs)
    }

    #[test]
    fn auc_counts_ties_a_half_and_needs_both_kinds() {
        assert_eq!(auc(&[2.0, 1.0, 0.0], &[true, false, false]), Some(1.0));
        assert_eq!(auc(&[0.0, -0.0], &[true, false]), Some(0.5));
        assert_eq!(auc(&[-3.0, -2.0], &[true, false]), Some(0.0));
        assert_eq!(auc(&[1.0, 2.0], &[true, true]), None);
        assert_eq!(auc(&[], &[]), None);
        assert_eq!(auc(&[f32::NAN, 2.0], &[true, false]), None);
        assert_eq!(auc(&[f32::NEG_INFINITY, f32::INFINITY], &[false, true]), Some(1.0));
    }

    proptest::proptest! {
        #[test]
        fn auc_equals_its_definition(cases in proptest::collection::vec((-6_i32..6, proptest::bool::ANY), 0..60)) {
            let logits: Vec<f32> = cases.iter().map(|(level, _)| *level as f32 * 0.25).collect(); // few levels: many ties
            let labels: Vec<bool> = cases.iter().map(|(_, label)| *label).collect();
            let (got, want) = (auc(&logits, &labels), auc_by_pairs(&logits, &labels));
            proptest::prop_assert_eq!(got.is_some(), want.is_some());
            if let (Some(got), Some(want)) = (got, want) {
                proptest::prop_assert!((got - want).abs() < 1e-12, "{} against {}", got, want);
            }
        }

        #[test]
        fn the_same_token_auc_equals_its_definition(
            cases in proptest::collection::vec((0_u32..5, -6_i32..6, proptest::bool::ANY), 0..60),
        ) {
            let (mut wins, mut pairs) = (0.0, 0);
            for (id, logit, _) in cases.iter().filter(|case| case.2) {
                for (_, other, _) in cases.iter().filter(|case| !case.2 && case.0 == *id) {
                    pairs += 1;
                    wins += f64::from(u8::from(logit > other)) + 0.5 * f64::from(u8::from(logit == other));
                }
            }
            let mut keys: Vec<u64> =
                cases.iter().map(|(id, logit, label)| score_key_of(*id, *logit as f32 * 0.25, *label)).collect();
            match same_token_auc(&mut keys) {
                None => proptest::prop_assert_eq!(pairs, 0),
                Some((auc, counted)) => {
                    proptest::prop_assert_eq!(counted, pairs);
                    proptest::prop_assert!((auc - wins / pairs as f64).abs() < 1e-12);
                }
            }
        }

        /// However well a judge knows which tokens are replaced often, it does not beat chance on pairs of one token.
        #[test]
        fn a_judge_that_knows_only_tokens_gets_one_half(
            cases in proptest::collection::vec((0_u32..20, proptest::bool::ANY), 2..400),
            scores in proptest::collection::vec(-4.0_f32..4.0, 20),
        ) {
            let mut keys: Vec<u64> =
                cases.iter().map(|(id, label)| score_key_of(*id, scores[*id as usize], *label)).collect();
            if let Some((auc, _)) = same_token_auc(&mut keys) {
                proptest::prop_assert_eq!(auc, 0.5);
            }
        }

        #[test]
        fn micro_batches_fold_into_one_batch(
            cases in proptest::collection::vec((-6.0_f32..6.0, 0_u32..2, 0_u32..3), 2..80),
            cut in 0.0_f64..1.0,
        ) {
            let logit: Vec<f32> = cases.iter().map(|case| case.0).collect();
            let replaced: Vec<u32> = cases.iter().map(|case| case.1 & u32::from(case.2 == 2)).collect();
            let attention: Vec<u32> = cases.iter().map(|case| u32::from(case.2 > 0)).collect();
            let eligible: Vec<u32> = cases.iter().map(|case| u32::from(case.2 == 2)).collect();
            let id: Vec<u32> = (0..cases.len() as u32).map(|n| n % 7).collect();
            let part = |range: std::ops::Range<usize>| Tokens {
                id: &id[range.clone()],
                logit: &logit[range.clone()],
                replaced: &replaced[range.clone()],
                attention: &attention[range.clone()],
                eligible: &eligible[range],
            };
            let cut = (cut * cases.len() as f64) as usize;
            let mut fold = Fold::new();
            fold.add_tokens(part(0..cases.len()), &TokenShares::default());
            let whole = fold.finish(PAPER);
            fold.add_tokens(part(0..cut), &TokenShares::default());
            fold.add_tokens(part(cut..cases.len()), &TokenShares::default());
            proptest::prop_assert_eq!(fold.finish(PAPER), whole);
        }
    }

    fn tokens<'a>(logit: &'a [f32], replaced: &'a [u32], attention: &'a [u32], eligible: &'a [u32]) -> Tokens<'a> {
        // Every token is another one, so that no two tokens make a pair.
        const IDS: [u32; 128] = {
            let mut ids = [0; 128];
            let mut i = 0;
            while i < 128 {
                ids[i] = i as u32;
                i += 1;
            }
            ids
        };
        Tokens { id: &IDS[..logit.len()], logit, replaced, attention, eligible }
    }

    #[test]
    fn specials_count_in_the_loss_only_and_padding_nowhere() {
        // [CLS] caught replaced missed original false-alarm [SEP] [PAD]; the padding's logit is nonsense on purpose.
        let logit = [-1.0, 2.0, -2.0, -3.0, 1.0, -1.0, 40.0];
        let replaced = [0, 1, 1, 0, 0, 0, 1];
        let mut fold = Fold::new();
        fold.add_tokens(
            tokens(&logit, &replaced, &[1, 1, 1, 1, 1, 1, 0], &[0, 1, 1, 1, 1, 0, 0]),
            &TokenShares::default(),
        );
        let measured = fold.finish(PAPER);
        let m = &measured.metrics;
        assert_eq!(measured.confusion, Confusion { caught: 1, missed: 1, false_alarm: 1, passed: 1 });
        assert_eq!(measured.tokens, 6);
        assert_eq!([m.rtd_accuracy, m.rtd_precision, m.rtd_recall, m.replaced_share], [Some(0.5); 4]);
        assert_eq!(m.rtd_auc, Some(0.75)); // 2 beats 1 and -3; -2 beats -3
        let softplus = |x: f64| x.exp().ln_1p();
        let want =
            (softplus(-1.0) + softplus(-2.0) + softplus(2.0) + softplus(-3.0) + softplus(1.0) + softplus(-1.0)) / 6.0;
        assert!((m.rtd_loss.unwrap() - want).abs() < 1e-12);
        assert!((m.trivial_rtd_loss.unwrap() - LN_2 * 4.0 / 6.0).abs() < 1e-12);
        assert_eq!(m.mlm_loss, None);
        assert!((m.total_loss.unwrap() - 50.0 * want).abs() < 1e-10);
    }

    #[test]
    fn the_first_step_costs_ln_v_and_fifty_ln_2() {
        let mut fold = Fold::new();
        fold.add_tokens(tokens(&[0.0; 128], &[0; 128], &[1; 128], &[1; 128]), &TokenShares::default());
        let loss = [30522.0_f32.ln(); 19];
        fold.add_slots(Slots { loss: &loss, argmax_hit: &[0; 19], sample_hit: &[0; 19], sampled_id: None });
        let m = fold.finish(PAPER).metrics;
        assert!((m.total_loss.unwrap() - 44.98).abs() < 0.005, "{:?}", m.total_loss); // ln V + 50 ln 2
        assert_eq!((m.rtd_recall, m.rtd_precision, m.rtd_auc), (None, None, None)); // nothing replaced, nothing flagged
        assert_eq!((m.replaced_share, m.trivial_rtd_loss), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn the_plateau_of_a_blind_judge_is_the_one_the_reference_shows() {
        // The reference hides 13.8 % of the tokens; with a sampled accuracy of .35 that gives 50 H(f) = 15.1, without special tokens.
        let share = 0.138 * (1.0 - 0.35);
        assert!((50.0 * trivial_rtd_loss(share, 128, 128) - 15.1).abs() < 0.05);
        // A judge that answers the base rate reaches exactly this loss on the tokens that count.
        let logit = (share / (1.0 - share)).ln();
        let blind = share * bce_with_logits(logit, true) + (1.0 - share) * bce_with_logits(logit, false);
        assert!((blind - binary_entropy(share)).abs() < 1e-12);
    }

    #[test]
    fn slots_give_loss_hits_and_how_concentrated_the_samples_are() {
        let mut fold = Fold::new();
        fold.add_slots(Slots {
            loss: &[1.0, 3.0],
            argmax_hit: &[1, 0],
            sample_hit: &[0, 0],
            sampled_id: Some(&[5, 5]),
        });
        fold.add_slots(Slots {
            loss: &[2.0, 2.0],
            argmax_hit: &[1, 1],
            sample_hit: &[1, 0],
            sampled_id: Some(&[7, 5]),
        });
        let m = fold.finish(PAPER).metrics;
        assert_eq!((m.mlm_loss, m.mlm_accuracy, m.sampled_accuracy), (Some(2.0), Some(0.75), Some(0.25)));
        assert_eq!(m.sampled_top_share, Some(0.75));
        assert!((m.sampled_entropy.unwrap() - binary_entropy(0.25)).abs() < 1e-12);
        let empty = fold.finish(PAPER).metrics;
        assert_eq!(empty, Metrics::default());
    }

    #[test]
    fn a_nan_leaves_no_number_behind_it_and_says_so() {
        let mut fold = Fold::new();
        fold.add_tokens(tokens(&[f32::NAN, 1.0], &[0, 1], &[1, 1], &[1, 1]), &TokenShares::default());
        let m = fold.finish(PAPER).metrics;
        assert!(m.non_finite);
        assert_eq!((m.rtd_loss, m.rtd_auc, m.total_loss), (None, None, None));
        fold.add_tokens(tokens(&[0.0, 1.0], &[0, 1], &[1, 1], &[1, 1]), &TokenShares::default());
        fold.add_slots(Slots { loss: &[f32::NAN], argmax_hit: &[0], sample_hit: &[0], sampled_id: None });
        let m = fold.finish(PAPER).metrics;
        assert_eq!((m.mlm_loss, m.total_loss), (None, None), "half a total would look like progress");
        fold.add_tokens(tokens(&[0.0, 1.0], &[0, 1], &[1, 1], &[1, 1]), &TokenShares::default());
        assert!(!fold.finish(PAPER).metrics.non_finite, "the next step starts clean");
    }

    #[test]
    fn calibration_weighs_each_bin_by_its_tokens() {
        // Three tokens are judged near .05, and one of them is replaced; one is judged near .95, and it is replaced.
        let [low, high] = [0.05_f32, 0.95].map(|p| (p / (1.0 - p)).ln());
        let mut fold = Fold::new();
        fold.add_tokens(tokens(&[low, low, low, high], &[0, 1, 0, 1], &[1; 4], &[1; 4]), &TokenShares::default());
        let calibration = fold.finish(PAPER).calibration;
        assert_eq!(calibration.bins.iter().map(|bin| bin.tokens).collect::<Vec<_>>(), [3, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(calibration.bins[1].mean_p_replaced, None);
        assert!((calibration.bins[0].replaced_share.unwrap() - 1.0 / 3.0).abs() < 1e-12);
        let want = (3.0 * (1.0 / 3.0 - 0.05) + (1.0 - 0.95)) / 4.0;
        assert!((calibration.expected_error.unwrap() - want).abs() < 1e-6);
    }

    #[test]
    fn extreme_logits_stay_finite_and_in_a_bin() {
        let mut fold = Fold::new();
        fold.add_tokens(tokens(&[200.0, -200.0], &[0, 1], &[1; 2], &[1; 2]), &TokenShares::default());
        let measured = fold.finish(PAPER);
        assert_eq!(measured.metrics.rtd_loss, Some(200.0));
        assert_eq!(measured.calibration.bins[0].tokens + measured.calibration.bins[9].tokens, 2);
    }

    #[test]
    fn a_warm_fold_keeps_its_buffers() {
        let mut fold = Fold::new();
        let mut step = || {
            fold.add_tokens(tokens(&[0.5; 64], &[1; 64], &[1; 64], &[1; 64]), &TokenShares::default());
            fold.add_slots(Slots {
                loss: &[1.0; 9],
                argmax_hit: &[1; 9],
                sample_hit: &[1; 9],
                sampled_id: Some(&[3; 9]),
            });
            fold.finish(PAPER);
            (fold.scores.as_ptr(), fold.scores.capacity(), fold.sampled_ids.as_ptr(), fold.sampled_ids.capacity())
        };
        let first = step();
        assert_eq!(step(), first);
    }
}
