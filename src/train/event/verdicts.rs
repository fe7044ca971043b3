//! Sums of a discriminator's verdicts: counts at a threshold, calibration, and a histogram that gives the counts at any threshold.

use super::finite_or_null;
use serde::{Deserialize, Serialize};

/// Eligible tokens by what they are and what the judge says at threshold one half.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// Replaced, and judged so.
    pub caught: u64,
    /// Replaced, judged original.
    pub missed: u64,
    /// Original, judged replaced.
    pub false_alarm: u64,
    /// Original, and judged so.
    pub passed: u64,
}

impl Confusion {
    /// Replaced tokens that were caught, of all replaced ones; none where there are none. The true positive rate.
    pub fn recall(&self) -> Option<f64> {
        share(self.caught, self.caught + self.missed)
    }

    /// Replaced tokens among those that were called so; none where nothing was.
    pub fn precision(&self) -> Option<f64> {
        share(self.caught, self.caught + self.false_alarm)
    }

    /// Originals that were called replaced, of all originals. The false positive rate.
    pub fn false_alarm_rate(&self) -> Option<f64> {
        share(self.false_alarm, self.false_alarm + self.passed)
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Equal bins of p(replaced) in a calibration table.
pub const CALIBRATION_BINS: usize = 10;

/// How far the judge's probabilities can be taken at their word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    pub bins: [CalibrationBin; CALIBRATION_BINS],
    /// Expected calibration error: mean distance between said and true, weighted by tokens.
    #[serde(default, with = "finite_or_null")]
    pub expected_error: Option<f64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CalibrationBin {
    pub tokens: u64,
    #[serde(with = "finite_or_null")]
    pub mean_p_replaced: Option<f64>,
    #[serde(with = "finite_or_null")]
    pub replaced_share: Option<f64>,
}

/// Equal bins of p(replaced) in a [`JudgeHistogram`].
pub const JUDGE_BINS: usize = 200;

/// Eligible tokens by p(replaced), in [`JUDGE_BINS`] equal bins: the first holds [0, 1/200).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgeHistogram {
    pub original: Vec<u64>,
    pub replaced: Vec<u64>,
}

impl JudgeHistogram {
    /// What the counts are for a judge that says "replaced" from the lower edge of bin `threshold` on (0: always, [`JUDGE_BINS`]: never).
    pub fn confusion(&self, threshold: usize) -> Confusion {
        let split = |bins: &[u64]| {
            let at = threshold.min(bins.len());
            (bins[..at].iter().sum::<u64>(), bins[at..].iter().sum::<u64>())
        };
        let ((passed, false_alarm), (missed, caught)) = (split(&self.original), split(&self.replaced));
        Confusion { caught, missed, false_alarm, passed }
    }

    /// [`JudgeHistogram::confusion`] at every threshold, from 0 to [`JUDGE_BINS`]: what ROC and precision-recall are drawn from.
    pub fn curve(&self) -> Vec<Confusion> {
        (0..=self.original.len().max(self.replaced.len())).map(|threshold| self.confusion(threshold)).collect()
    }
}

/// A judged token in its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JudgedExample {
    /// As the judge read it: what stands before, the token, what stands behind; word pieces are joined.
    pub before: String,
    pub token: String,
    pub after: String,
    /// What stood in the text; the token itself where nothing was replaced.
    pub original: String,
    pub replaced: bool,
    pub masked: bool,
    pub p_replaced: f64,
}
