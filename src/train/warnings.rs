//! Early warnings. A warning carries measured facts and comes once in each situation; its sentence says what to try.
//! step metrics -> [`Monitor`] -> [`Warning`]s.
//! A wrong warning is worse than none: a judge may stay at its base rate for millions of tokens before it takes off, and the AUC
//! falls when the generator improves. Neither is a fault by itself.

use crate::message::Message;
use crate::train::event::{EvalMetrics, StepMetrics, Warning, WarningKind};
use crate::train::metrics::table::{Baseline, Better, Metric};

/// What the monitor must know of a run to judge what is long in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunShape {
    pub planned_steps: u64,
    pub warmup_steps: u64,
    /// The unigram entropy in nats. Without it the monitor cannot see a stuck generator.
    pub unigram_entropy: Option<f64>,
}

/// A judge may need this much text before it leaves the base rate (measured: 2 to 4.4 M tokens for the smallest models on books).
const PATIENCE_TOKENS: u64 = 2_000_000;
/// An AUC that is not at least this much above chance counts as chance.
const AUC_BLIND: f64 = 0.05;
/// The same-word AUC of controlled swaps below which a judge knows next to nothing of context.
const SWAPS_BLIND: f64 = 0.6;
/// The losses and the norm of the gradient. If one of them is not finite, the run can learn no more.
const FINITE: [Metric; 4] = [Metric::MlmLoss, Metric::RtdLoss, Metric::TotalLoss, Metric::GradNorm];

/// Watches a run. Feed it every step in order. After a resume, feed it the recorded steps again and ignore its warnings about them.
#[derive(Debug, Clone)]
pub struct Monitor {
    shape: RunShape,
    /// One for each metric.
    trends: [Trend; Metric::ALL.len()],
    best: Best,
    settle_steps: u64,
    non_finite: Latch,
    watched: [(WarningKind, Latch); 5],
    blind: Latch,
}

/// The best smoothed value of each metric so far, and the generator's accuracy at the best AUC.
#[derive(Debug, Clone, Copy, Default)]
struct Best {
    values: [Option<f64>; Metric::ALL.len()],
    sampled_at_auc: f64,
}

impl Monitor {
    pub fn new(shape: RunShape) -> Self {
        // The window is long enough to average out the noise of single steps, and short compared with the run.
        let window = (shape.planned_steps / 50).clamp(10, 500);
        // A fifth of the run, because some judges take off only after half of theirs.
        let base_rate_hold = (shape.planned_steps / 5).max(window);
        Self {
            shape,
            trends: [Trend::new(window); Metric::ALL.len()],
            best: Best::default(),
            settle_steps: window,
            non_finite: Latch::new(1),
            blind: Latch::new(1),
            watched: [
                (WarningKind::LossDiverging, Latch::new(window)),
                (WarningKind::GeneratorCollapsed, Latch::new(window)),
                (WarningKind::GeneratorStuck, Latch::new(window)),
                (WarningKind::GeneratorTooStrong, Latch::new(window)),
                (WarningKind::JudgeAtBaseRate, Latch::new(base_rate_hold)),
            ],
        }
    }

    /// Takes in one step and returns the warnings that it raises: mostly none, and then nothing is allocated.
    pub fn observe(&mut self, step: &StepMetrics) -> Vec<Warning> {
        let mut raised = Vec::new();
        if self.non_finite.update(is_non_finite(step)) {
            raised.push(self.warning(WarningKind::NonFinite, step));
        }
        if is_non_finite(step) {
            return raised; // no trend continues through it
        }
        self.follow(step);
        let warm = self.is_warm(step);
        for i in 0..self.watched.len() {
            let kind = self.watched[i].0;
            let holds = warm && self.holds(kind, step);
            if self.watched[i].1.update(holds) {
                raised.push(self.warning(kind, step));
            }
        }
        if warm {
            self.remember_best();
        }
        raised
    }

    /// Takes in an evaluation and returns the warning that it raises.
    pub fn observe_evaluation(&mut self, eval: &EvalMetrics) -> Option<Warning> {
        let share = eval.step as f64 / self.shape.planned_steps.max(1) as f64;
        let due = share >= 0.5 && eval.tokens_seen >= PATIENCE_TOKENS;
        let swaps = eval.swap_auc.filter(|auc| due && *auc < SWAPS_BLIND);
        // A judge at its base rate has its own warning.
        let auc = eval.metrics.rtd_auc.filter(|auc| *auc >= 0.5 + AUC_BLIND);
        let holds = swaps.is_some() && auc.is_some();
        let raised = self.blind.update(holds);
        let message = Message::new("judge-blind-to-context")
            .with("millions", eval.tokens_seen as f64 / 1e6)
            .with("auc", auc)
            .with("swaps", swaps);
        raised.then_some(Warning { kind: WarningKind::JudgeBlindToContext, step: eval.step, message })
    }

    fn holds(&self, kind: WarningKind, step: &StepMetrics) -> bool {
        match kind {
            WarningKind::NonFinite => is_non_finite(step),
            WarningKind::LossDiverging => self.is_diverging(),
            WarningKind::GeneratorCollapsed => self.is_collapsed(),
            WarningKind::GeneratorStuck => self.is_stuck(step),
            WarningKind::GeneratorTooStrong => self.is_too_strong(step),
            WarningKind::JudgeAtBaseRate => self.is_at_base_rate(step),
            WarningKind::JudgeBlindToContext
            | WarningKind::CheckpointNotWritten
            | WarningKind::NotWritten
            | WarningKind::WrittenAgain
            | WarningKind::CorpusGone
            | WarningKind::Notice => false,
        }
    }

    fn follow(&mut self, step: &StepMetrics) {
        for metric in Metric::ALL {
            self.trends[metric as usize].update(metric.of_step(step));
        }
    }

    fn fast(&self, metric: Metric) -> Option<f64> {
        self.trends[metric as usize].fast()
    }

    fn slow(&self, metric: Metric) -> Option<f64> {
        self.trends[metric as usize].slow()
    }

    fn best(&self, metric: Metric) -> Option<f64> {
        self.best.values[metric as usize]
    }

    /// The value that a metric has to beat. If that is a metric too, `now` gives its value.
    fn baseline(&self, metric: Metric, now: fn(&Self, Metric) -> Option<f64>) -> Option<f64> {
        match metric.about().baseline? {
            Baseline::Level(level) => Some(level),
            Baseline::Of(Metric::UnigramEntropy) => self.shape.unigram_entropy,
            Baseline::Of(other) => now(self, other),
        }
    }

    /// Whether the learning rate's warm-up is over and the run has had time to settle. Earlier values mean nothing.
    fn is_warm(&self, step: &StepMetrics) -> bool {
        let settled = self.shape.warmup_steps + self.settle_steps;
        step.step > settled.max(self.shape.planned_steps / 20)
    }

    fn progress(&self, step: &StepMetrics) -> f64 {
        step.step as f64 / self.shape.planned_steps.max(1) as f64
    }

    fn remember_best(&mut self) {
        for metric in Metric::ALL.into_iter().filter(|metric| metric.about().better != Better::Neither) {
            let Some(now) = self.slow(metric) else { continue };
            if self.best(metric).is_none_or(|best| metric.about().better.is_better(now, best)) {
                self.best.values[metric as usize] = Some(now);
                if metric == Metric::RtdAuc {
                    self.best.sampled_at_auc = self.slow(Metric::SampledAccuracy).unwrap_or(0.0);
                }
            }
        }
    }

    /// A loss far above where it has already been. A change of the source of replacements moves the judge's loss and its
    /// trivial bound, but not to twice the bound; the generator's loss does not see it at all.
    fn is_diverging(&self) -> bool {
        let above = |metric: Metric, by: f64| matches!((self.fast(metric), self.best(metric)), (Some(now), Some(best)) if now > best + by);
        let mlm_by = self.best(Metric::MlmLoss).map_or(1.0, |best| (best * 0.25).max(1.0));
        let trivial = self.baseline(Metric::RtdLoss, Self::fast);
        let judge_lost =
            matches!((self.fast(Metric::RtdLoss), trivial), (Some(rtd), Some(trivial)) if rtd > 2.0 * trivial);
        above(Metric::MlmLoss, mlm_by) || (judge_lost && above(Metric::RtdLoss, 0.2))
    }

    /// Whether most samples are one token. In real text no token has more than about a fifth of all; in a grammar of a few words it
    /// stays below a half.
    fn is_collapsed(&self) -> bool {
        let poor = match (self.fast(Metric::SampledEntropy), self.shape.unigram_entropy) {
            (Some(entropy), Some(unigram)) => entropy < 0.3 * unigram,
            _ => true,
        };
        poor && self.fast(Metric::SampledTopShare).is_some_and(|share| share > 0.5)
    }

    /// Whether the generator's loss has never come within half a nat of the unigram entropy and no longer falls, after a fifth of
    /// the run and a million tokens.
    fn is_stuck(&self, step: &StepMetrics) -> bool {
        let mlm = Metric::MlmLoss;
        let (Some(unigram), Some(fast), Some(slow)) = (self.baseline(mlm, Self::fast), self.fast(mlm), self.slow(mlm))
        else {
            return false;
        };
        let never_there = self.best(mlm).map_or(fast, |best| best.min(fast)) > unigram + 0.5;
        self.progress(step) > 0.2 && step.tokens_seen >= 1_000_000 && never_there && fast > 0.995 * slow
    }

    /// Whether the generator mostly guesses right, more often than when the judge was at its best, and the judge no longer sees the
    /// replacements. A falling AUC alone is no fault: a better generator makes the judge's work harder.
    fn is_too_strong(&self, step: &StepMetrics) -> bool {
        let (Some(best), Some(sampled)) = (self.best(Metric::RtdAuc), self.slow(Metric::SampledAccuracy)) else {
            return false;
        };
        let blind = self.auc_is_within(0.1)
            && self.slow(Metric::RtdAuc).is_some_and(|auc| auc < best - 0.1)
            && self.rtd_over_trivial().is_some_and(|ratio| ratio > 0.97);
        blind && self.progress(step) > 0.2 && sampled > 0.5 && sampled > self.best.sampled_at_auc + 0.05
    }

    /// Whether the judge is no better than one that always answers the base rate, after half of the run and two million tokens.
    fn is_at_base_rate(&self, step: &StepMetrics) -> bool {
        self.progress(step) > 0.5
            && step.tokens_seen >= PATIENCE_TOKENS
            && self.auc_is_within(AUC_BLIND)
            && self.rtd_over_trivial().is_some_and(|ratio| ratio >= 0.99)
    }

    /// The AUC is less than `margin` above chance.
    fn auc_is_within(&self, margin: f64) -> bool {
        let chance = self.baseline(Metric::RtdAuc, Self::slow);
        matches!((self.slow(Metric::RtdAuc), chance), (Some(auc), Some(chance)) if auc < chance + margin)
    }

    fn rtd_over_trivial(&self) -> Option<f64> {
        let trivial = self.baseline(Metric::RtdLoss, Self::slow).filter(|trivial| *trivial > 0.0)?;
        Some(self.slow(Metric::RtdLoss)? / trivial)
    }

    fn warning(&self, kind: WarningKind, step: &StepMetrics) -> Warning {
        let message = match kind {
            WarningKind::NonFinite => Message::new("non-finite").with("step", step.step),
            WarningKind::LossDiverging => Message::new("loss-diverging")
                .with("mlm", self.fast(Metric::MlmLoss))
                .with("best_mlm", self.best(Metric::MlmLoss))
                .with("rtd", self.fast(Metric::RtdLoss))
                .with("best_rtd", self.best(Metric::RtdLoss)),
            WarningKind::GeneratorCollapsed => {
                Message::new("generator-collapsed").with("top", self.fast(Metric::SampledTopShare))
            }
            WarningKind::GeneratorStuck => Message::new("generator-stuck")
                .with("mlm", self.fast(Metric::MlmLoss))
                .with("unigram", self.shape.unigram_entropy),
            WarningKind::GeneratorTooStrong => Message::new("generator-too-strong")
                .with("hits", self.slow(Metric::SampledAccuracy))
                .with("best", self.best(Metric::RtdAuc))
                .with("auc", self.slow(Metric::RtdAuc)),
            WarningKind::JudgeAtBaseRate => Message::new("judge-at-base-rate")
                .with("millions", step.tokens_seen as f64 / 1e6)
                .with("auc", self.slow(Metric::RtdAuc)),
            WarningKind::JudgeBlindToContext
            | WarningKind::CheckpointNotWritten
            | WarningKind::NotWritten
            | WarningKind::WrittenAgain
            | WarningKind::CorpusGone
            | WarningKind::Notice => {
                unreachable!("evaluations and the run's own work raise these; no step does")
            }
        };
        Warning { kind, step: step.step, message }
    }
}

fn is_non_finite(step: &StepMetrics) -> bool {
    let broken = |metric: Metric| metric.raw_of_step(step).is_some_and(|value| !value.is_finite());
    step.metrics.non_finite || FINITE.into_iter().any(broken)
}

/// A series seen through two exponential averages: over one window, and over four.
#[derive(Debug, Clone, Copy)]
struct Trend {
    fast: f64,
    slow: f64,
    count: u64,
    window: u64,
}

impl Trend {
    fn new(window: u64) -> Self {
        Self { fast: 0.0, slow: 0.0, count: 0, window }
    }

    fn update(&mut self, value: Option<f64>) {
        let Some(value) = value else { return };
        self.count += 1;
        // Until a window is full, this is the average of all values, so that the first value does not dominate.
        let weight = |window: u64| 2.0 / (window.min(self.count) + 1) as f64;
        self.fast += weight(self.window) * (value - self.fast);
        self.slow += weight(4 * self.window) * (value - self.slow);
    }

    fn fast(&self) -> Option<f64> {
        (self.count >= self.window).then_some(self.fast)
    }

    fn slow(&self) -> Option<f64> {
        (self.count >= self.window).then_some(self.slow)
    }
}

/// Fires once when its condition has held for `hold` steps in a row. It can fire again only after the condition has been false for
/// as long.
#[derive(Debug, Clone, Copy)]
struct Latch {
    hold: u64,
    run: u64,
    fired: bool,
}

impl Latch {
    fn new(hold: u64) -> Self {
        Self { hold, run: 0, fired: false }
    }

    fn update(&mut self, holds: bool) -> bool {
        // `run` counts the steps that contradict the present state.
        self.run = if holds == self.fired { 0 } else { self.run + 1 };
        if self.run < self.hold {
            return false;
        }
        self.run = 0;
        self.fired = holds;
        holds
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Fact;
    use crate::train::event::Metrics;
    use crate::train::metrics::trivial_rtd_loss;

    /// A run as a function of its progress. The noise is a fixed pattern, as large as that of steps with 2,000 tokens.
    #[derive(Clone, Copy)]
    struct Point {
        mlm: f64,
        sampled: f64,
        auc: f64,
        /// The judge's loss divided by the trivial loss.
        ratio: f64,
        top_share: f64,
        entropy: f64,
    }

    const HEALTHY: Point = Point { mlm: 5.2, sampled: 0.14, auc: 0.7, ratio: 0.9, top_share: 0.06, entropy: 4.5 };

    fn wiggle(step: u64, salt: u64) -> f64 {
        let word = (step.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt.wrapping_mul(0xD1B5_4A32_D192_ED03)) >> 40;
        word as f64 / f64::from(1 << 23) - 1.0
    }

    fn run(shape: RunShape, tokens_a_step: u64, curve: impl Fn(f64) -> Point) -> Vec<Warning> {
        let mut monitor = Monitor::new(shape);
        let step_at = |step: u64| {
            let p = curve(step as f64 / shape.planned_steps as f64);
            let share = 0.15 * (1.0 - p.sampled) * (1.0 + 0.1 * wiggle(step, 1));
            let trivial = trivial_rtd_loss(share, 88, 100);
            StepMetrics {
                step,
                tokens_seen: step * tokens_a_step,
                grad_norm: Some(1.0),
                metrics: Metrics {
                    mlm_loss: Some(p.mlm + 0.15 * wiggle(step, 2)),
                    rtd_loss: Some(trivial * (p.ratio + 0.05 * wiggle(step, 3))),
                    trivial_rtd_loss: Some(trivial),
                    rtd_auc: Some(p.auc + 0.04 * wiggle(step, 4)),
                    sampled_accuracy: Some(p.sampled + 0.03 * wiggle(step, 5)),
                    replaced_share: Some(share),
                    sampled_entropy: Some(p.entropy),
                    sampled_top_share: Some(p.top_share + 0.02 * wiggle(step, 6)),
                    ..Default::default()
                },
                ..Default::default()
            }
        };
        (1..=shape.planned_steps).flat_map(|step| monitor.observe(&step_at(step))).collect()
    }

    fn kinds(warnings: &[Warning]) -> Vec<WarningKind> {
        warnings.iter().map(|warning| warning.kind).collect()
    }

    const BOOKS: RunShape = RunShape { planned_steps: 2400, warmup_steps: 240, unigram_entropy: Some(6.2) };
    const GRAMMAR: RunShape = RunShape { planned_steps: 1200, warmup_steps: 100, unigram_entropy: Some(4.4) };

    /// From `ln V` at the first step down to `floor`.
    fn falling(t: f64, from: f64, floor: f64) -> f64 {
        floor + (from - floor) * (-12.0 * t).exp()
    }

    #[test]
    fn the_first_step_of_any_run_is_no_alarm() {
        // ln V + 50 ln 2: the judge's loss is ln 2, well above the trivial one, and the generator's is above the unigram entropy.
        let first = |_| Point { mlm: 10.33, sampled: 0.0, auc: 0.5, ratio: 1.7, ..HEALTHY };
        let shape = RunShape { planned_steps: 1_000_000, warmup_steps: 10_000, unigram_entropy: Some(7.3) };
        let mut early = run(RunShape { planned_steps: 2000, ..shape }, 16_384, first);
        early.retain(|warning| warning.step <= 2000);
        assert_eq!(kinds(&early), [], "two thousand steps inside a warm-up of ten thousand");
    }

    #[test]
    fn a_healthy_grammar_run_is_silent_even_where_its_auc_falls() {
        // Such runs in PyTorch had an AUC of .78 after 30 s; a better generator later brought it to .69.
        let curve = |t: f64| Point {
            mlm: falling(t, 5.3, 1.82),
            sampled: 0.4 * (1.0 - (-4.0 * t).exp()),
            auc: if t < 0.5 { 0.5 + 0.56 * t } else { 0.78 - 0.18 * (t - 0.5) },
            ratio: if t < 0.1 { 1.7 - 7.0 * t } else { 1.0 - 0.25 * t },
            top_share: 0.2,
            entropy: 3.2,
        };
        assert_eq!(kinds(&run(GRAMMAR, 2048, curve)), []);
    }

    #[test]
    fn a_run_that_switches_from_unigram_to_learned_replacements_is_silent() {
        // As in PyTorch: unigram replacements for 60 % of the steps, AUC .66 against them, .79 against the generator at the end.
        let curve = |t: f64| {
            let learned = t > 0.6;
            Point {
                mlm: falling(t, 7.6, 5.03),
                sampled: if learned { 0.14 } else { 0.03 },
                auc: if learned { (0.5 + (t - 0.55) * 1.5).min(0.79) } else { 0.5 + 0.27 * t },
                ratio: if learned { (1.25 - 3.0 * (t - 0.6)).max(0.77) } else { 1.02 - 0.15 * t },
                ..HEALTHY
            }
        };
        assert_eq!(kinds(&run(BOOKS, 2304, curve)), []);
    }

    #[test]
    fn the_reference_at_step_5000_of_a_million_is_silent() {
        // google-research/electra#81: AUC .682, recall .048, MLM loss 7.13, sampled .0034, RTD loss .3594 at the base rate of .138.
        let curve = |t: f64| Point {
            mlm: falling(t * 100.0, 10.4, 7.13),
            sampled: 0.0034,
            auc: 0.5 + 0.182 * (t * 200.0).min(1.0),
            ratio: 0.99,
            ..HEALTHY
        };
        let shape = RunShape { planned_steps: 1_000_000, warmup_steps: 10_000, unigram_entropy: Some(7.3) };
        let cut = RunShape { planned_steps: 20_000, ..shape };
        assert_eq!(kinds(&run(cut, 14_000, |t| curve(t / 50.0))), []);
    }

    #[test]
    fn a_judge_that_takes_off_late_is_silent() {
        // At the base rate for 3 M of 5.5 M tokens, then away from it: slow, not broken.
        let curve = |t: f64| {
            let away = ((t - 0.55) * 3.0).clamp(0.0, 1.0);
            Point { mlm: falling(t, 7.6, 5.1), auc: 0.51 + 0.2 * away, ratio: 1.0 - 0.12 * away, ..HEALTHY }
        };
        assert_eq!(kinds(&run(BOOKS, 2304, curve)), []);
    }

    #[test]
    fn a_short_run_at_the_base_rate_is_silent_and_a_long_one_is_told_once() {
        let blind = |t: f64| Point { mlm: falling(t, 7.6, 5.26), auc: 0.515, ratio: 1.005, ..HEALTHY };
        assert_eq!(kinds(&run(BOOKS, 700, blind)), [], "1.7 M tokens are too few to say so");
        let told = run(BOOKS, 2304, blind);
        assert_eq!(kinds(&told), [WarningKind::JudgeAtBaseRate]);
        assert!(told[0].step > BOOKS.planned_steps / 2);
        assert_eq!(told[0].message.code, "judge-at-base-rate");
        let auc = told[0].message.facts.get("auc");
        assert!(matches!(auc, Some(Fact::Number(auc)) if (0.5..0.55).contains(auc)), "{auc:?}");
    }

    #[test]
    fn a_collapsed_generator_is_told_early_and_once() {
        let curve = |t: f64| {
            let gone = t > 0.3;
            Point {
                mlm: falling(t, 7.6, 6.0),
                top_share: if gone { 0.8 } else { 0.07 },
                entropy: if gone { 0.6 } else { 4.5 },
                auc: if gone { 0.97 } else { 0.6 },
                ..HEALTHY
            }
        };
        let told = run(BOOKS, 2304, curve);
        assert_eq!(kinds(&told), [WarningKind::GeneratorCollapsed]);
        assert!((720..1000).contains(&told[0].step), "{}", told[0].step);
    }

    #[test]
    fn a_generator_stuck_above_the_unigram_entropy_is_told() {
        let told = run(BOOKS, 2304, |t| Point { mlm: falling(t * 5.0, 7.6, 7.0), ..HEALTHY });
        assert_eq!(kinds(&told), [WarningKind::GeneratorStuck]);
        // Slow is not stuck: still above, still falling.
        assert_eq!(kinds(&run(BOOKS, 2304, |t| Point { mlm: 8.4 - 2.2 * t, ..HEALTHY })), []);
    }

    #[test]
    fn a_generator_too_strong_is_told_only_when_the_judge_goes_blind_over_it() {
        let strong = |t: f64| Point {
            mlm: falling(t, 5.3, 0.9),
            sampled: 0.2 + 0.65 * t,
            auc: 0.82 - 0.35 * t,
            ratio: 0.75 + 0.26 * t,
            ..HEALTHY
        };
        let told = run(GRAMMAR, 2048, strong);
        assert_eq!(kinds(&told), [WarningKind::GeneratorTooStrong]);
        let still_seeing = |t: f64| Point { auc: 0.9 - 0.2 * t, ratio: 0.8, ..strong(t) };
        assert_eq!(kinds(&run(GRAMMAR, 2048, still_seeing)), []);
    }

    #[test]
    fn a_rising_loss_is_told_and_again_only_after_it_has_come_back() {
        let twice = |t: f64| Point { mlm: if (0.3..0.5).contains(&t) || t > 0.8 { 7.5 } else { 5.2 }, ..HEALTHY };
        assert_eq!(kinds(&run(BOOKS, 2304, twice)), [WarningKind::LossDiverging; 2]);
        let judge = |t: f64| Point { ratio: if t > 0.5 { 2.6 } else { 0.9 }, ..HEALTHY };
        assert_eq!(kinds(&run(BOOKS, 2304, judge)), [WarningKind::LossDiverging]);
        let spike = |t: f64| Point { mlm: if (0.5..0.505).contains(&t) { 9.0 } else { 5.2 }, ..HEALTHY };
        assert_eq!(kinds(&run(BOOKS, 2304, spike)), [], "a dozen bad steps are a spike");
    }

    #[test]
    fn a_nan_is_told_at_once_and_once() {
        let mut monitor = Monitor::new(BOOKS);
        let bad = |step| StepMetrics {
            step,
            metrics: Metrics { non_finite: true, ..Default::default() },
            ..Default::default()
        };
        assert_eq!(kinds(&monitor.observe(&bad(1))), [WarningKind::NonFinite]);
        assert_eq!(kinds(&monitor.observe(&bad(2))), []);
        let mut monitor = Monitor::new(BOOKS);
        let gradient = StepMetrics { step: 1, grad_norm: Some(f64::NAN), ..Default::default() };
        assert_eq!(kinds(&monitor.observe(&gradient)), [WarningKind::NonFinite]);
    }

    #[test]
    fn runs_without_a_judge_raise_nothing_about_one() {
        let mut monitor = Monitor::new(GRAMMAR);
        let told: Vec<_> = (1..=1200)
            .flat_map(|step| {
                let metrics = Metrics { mlm_loss: Some(3.0), ..Default::default() };
                monitor.observe(&StepMetrics { step, metrics, tokens_seen: step * 9000, ..Default::default() })
            })
            .collect();
        assert_eq!(kinds(&told), []);
    }

    #[test]
    fn a_latch_fires_once_and_re_arms_after_as_long_away() {
        let mut latch = Latch::new(3);
        let fired: Vec<bool> =
            [1, 1, 0, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 1].map(|on| latch.update(on == 1)).to_vec();
        let at: Vec<usize> = fired.iter().enumerate().filter(|(_, fired)| **fired).map(|(i, _)| i).collect();
        assert_eq!(at, [5, 15]);
    }

    #[test]
    fn a_judge_that_knows_only_which_words_are_replaced_is_named() {
        let shape = RunShape { planned_steps: 1000, warmup_steps: 10, unigram_entropy: Some(4.0) };
        let eval = |step: u64, auc: f64, swaps: f64| EvalMetrics {
            step,
            tokens_seen: step * 5_000,
            metrics: Metrics { rtd_auc: Some(auc), ..Metrics::default() },
            swap_auc: Some(swaps),
            ..EvalMetrics::default()
        };
        let mut monitor = Monitor::new(shape);
        assert_eq!(monitor.observe_evaluation(&eval(300, 0.88, 0.51)), None, "it may still take off");
        assert_eq!(monitor.observe_evaluation(&eval(600, 0.88, 0.9)), None);
        assert_eq!(monitor.observe_evaluation(&eval(700, 0.52, 0.5)), None, "that is a judge at its base rate");
        let raised = monitor.observe_evaluation(&eval(800, 0.88, 0.51)).unwrap();
        assert_eq!((raised.kind, &*raised.message.code), (WarningKind::JudgeBlindToContext, "judge-blind-to-context"));
        assert_eq!(monitor.observe_evaluation(&eval(900, 0.88, 0.52)), None, "once is enough");
    }
}
