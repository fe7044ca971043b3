//! What changes from step to step by a rule: the learning rate, and the source of the replacements. Both depend only on the step
//! and on measurements at fixed steps, so a resumed run continues as if it had never stopped.

use crate::config::{Config, Replacements};
use serde::{Deserialize, Serialize};

/// The reference's schedule: polynomial decay to 0 over the planned steps, which also multiplies the warm-up.
/// `step`: completed steps, so the first update has rate 0.
pub fn learning_rate(c: &Config, step: u64, planned: u64) -> f64 {
    let left = (1.0 - step as f64 / planned as f64).max(0.0);
    let warmup = c.warmup_steps(planned);
    let rise = if warmup > 0.0 { (step as f64 / warmup).min(1.0) } else { 1.0 };
    c.lr * left.powf(c.lr_power) * rise
}

/// 1 / (1 - beta^t) of update number `t` (from 1), or 1 without bias correction.
pub fn correction(c: &Config, beta: f64, t: u64) -> f32 {
    if c.bias_correction { (1.0 / (1.0 - beta.powf(t as f64))) as f32 } else { 1.0 }
}

/// Steps between two looks at the training AUC.
pub const HANDOVER_CHECK_EVERY: u64 = 50;

/// The source of the replacements: what draws them, and how far the handover to the generator is.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Source {
    /// The step at which the handover began.
    pub takeoff: Option<u64>,
    auc_sum: f64,
    auc_count: u64,
}

impl Source {
    /// Takes in a step's AUC. (The AUC over pairs of one token would say more, but a small batch has too few pairs.)
    pub fn observe(&mut self, auc: Option<f64>) {
        if let Some(auc) = auc {
            self.auc_sum += auc;
            self.auc_count += 1;
        }
    }

    /// Called before `step` (completed steps) at multiples of [`HANDOVER_CHECK_EVERY`], once every earlier step was observed.
    /// True if the handover begins here.
    pub fn check_handover(&mut self, c: &Config, step: u64, planned: u64) -> bool {
        let mean = self.auc_sum / self.auc_count.max(1) as f64;
        let seen = std::mem::take(&mut self.auc_count);
        self.auc_sum = 0.0;
        let hands_over = matches!(c.replacements, Replacements::UnigramToGenerator | Replacements::UniformToGenerator);
        let late = step as f64 >= c.handover_latest * planned as f64;
        if hands_over && self.takeoff.is_none() && ((seen > 0 && mean >= c.takeoff_auc) || late) {
            self.takeoff = Some(step);
            return true;
        }
        false
    }

    /// The share of slots that draw from the fixed distribution in `step` (completed steps).
    pub fn share(&self, c: &Config, step: u64) -> f64 {
        match c.replacements {
            Replacements::Generator => 0.0,
            Replacements::Unigram | Replacements::Uniform => 1.0,
            Replacements::UnigramToGenerator | Replacements::UniformToGenerator => match self.takeoff {
                None => 1.0,
                Some(start) => (1.0 - (step - start) as f64 / c.handover_steps.max(1) as f64).max(0.0),
            },
        }
    }
}

/// The temperature of the generator's samples in `step` (completed steps). It rises over the second half of the run, when the networks
/// have learned which words go together: a good generator draws the hidden word itself, and leaves the judge little to find.
pub fn temperature(c: &Config, step: u64, planned: u64) -> f64 {
    let done = step as f64 / planned.max(1) as f64;
    c.temperature + c.temperature_rise * (2.0 * done - 1.0).clamp(0.0, 1.0)
}

/// The threshold with which the kernels compare a random word, for a share.
pub fn threshold(share: f64) -> u32 {
    (share * 4_294_967_296.0).min(4_294_967_295.0) as u32
}

/// The table that `corrupt.replace` draws from: cumulative probabilities in units of 2^-32, the last one saturated. `weights` are
/// by id.
pub fn source_table(weights: &[u64]) -> Vec<u32> {
    let total: u64 = weights.iter().sum::<u64>().max(1);
    let mut sum = 0u64;
    let mut table: Vec<u32> = weights
        .iter()
        .map(|&w| {
            sum += w;
            ((u128::from(sum) << 32) / u128::from(total)).min(u128::from(u32::MAX)) as u32
        })
        .collect();
    // The last id with any weight gets the remainder of the rounding.
    if let Some(last) = weights.iter().rposition(|&w| w > 0) {
        table[last..].fill(u32::MAX);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_learning_rate_is_the_references() {
        let mut c = Config::preset("small").unwrap();
        c.lr_power = 1.0;
        for (step, want) in
            [(0, 0.0), (5_000, 5e-4 * 0.995 * 0.5), (10_000, 5e-4 * 0.99), (500_000, 2.5e-4), (1_000_000, 0.0)]
        {
            assert!((learning_rate(&c, step, 1_000_000) - want).abs() < 1e-12, "{step}");
        }
    }

    #[test]
    fn the_temperature_rises_over_the_second_half_and_no_further() {
        let mut c = Config::preset("nano").unwrap();
        assert_eq!([0, 500, 1000].map(|step| temperature(&c, step, 1000)), [1.0; 3]);
        c.temperature_rise = 0.5;
        assert_eq!([0, 500, 750, 1000, 2000].map(|step| temperature(&c, step, 1000)), [1.0, 1.0, 1.25, 1.5, 1.5]);
        assert_eq!(temperature(&c, 0, 0), 1.0);
    }

    #[test]
    fn the_handover_starts_by_the_measured_auc_and_not_before() {
        let mut c = Config::preset("nano").unwrap();
        (c.replacements, c.takeoff_auc, c.handover_steps, c.handover_latest) =
            (Replacements::UnigramToGenerator, 0.65, 100, 0.6);
        let mut source = Source::default();
        source.observe(Some(0.5));
        assert!(!source.check_handover(&c, 50, 1000) && source.share(&c, 50) == 1.0);
        source.observe(Some(0.7));
        source.observe(None);
        assert!(source.check_handover(&c, 100, 1000));
        assert_eq!([100, 150, 200, 900].map(|s| source.share(&c, s)), [1.0, 0.5, 0.0, 0.0]);
        let mut late = Source::default();
        assert!(
            !late.check_handover(&c, 550, 1000) && late.check_handover(&c, 600, 1000),
            "the clock decides in the end"
        );
    }

    #[test]
    fn the_table_draws_by_weight_and_never_an_id_without_any() {
        let table = source_table(&[0, 0, 3, 1, 0]);
        assert_eq!(table, [0, 0, 3 << 30, u32::MAX, u32::MAX]);
        let draw = |word: u32| table.partition_point(|&bound| bound <= word);
        assert_eq!([draw(0), draw((3 << 30) - 1), draw(3 << 30), draw(u32::MAX - 1)], [2, 2, 3, 3]);
        assert_eq!(threshold(1.0), u32::MAX);
        assert_eq!(threshold(0.25), 1 << 30);
    }
}
