//! Sums of a discriminator's verdicts: counts at a threshold, calibration, and a histogram that gives the counts at any threshold.

use super::finite_or_null;
use serde::{Deserialize, Serialize};

/// Counts of eligible tokens, by what they are and what the judge says at threshold one half.
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
    /// The share of the replaced tokens that were caught (the true positive rate); none if no token was replaced.
    pub fn recall(&self) -> Option<f64> {
        share(self.caught, self.caught + self.missed)
    }

    /// The share of replaced tokens among those that were judged replaced; none if no token was.
    pub fn precision(&self) -> Option<f64> {
        share(self.caught, self.caught + self.false_alarm)
    }

    /// The share of the originals that were judged replaced (the false positive rate).
    pub fn false_alarm_rate(&self) -> Option<f64> {
        share(self.false_alarm, self.false_alarm + self.passed)
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Equal bins of p(replaced) in a calibration table.
pub const CALIBRATION_BINS: usize = 10;

/// How well the judge's probabilities agree with the true shares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    pub bins: [CalibrationBin; CALIBRATION_BINS],
    /// Expected calibration error: the mean distance between the judge's probability and the true share, weighted by tokens.
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

/// Counts of eligible tokens by p(replaced), in [`JUDGE_BINS`] equal bins. The first bin holds [0, 1/200).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgeHistogram {
    pub original: Vec<u64>,
    pub replaced: Vec<u64>,
}

impl JudgeHistogram {
    /// The counts for a judge that says "replaced" from the lower edge of bin `threshold` on (0: always, [`JUDGE_BINS`]: never).
    pub fn confusion(&self, threshold: usize) -> Confusion {
        let split = |bins: &[u64]| {
            let at = threshold.min(bins.len());
            (bins[..at].iter().sum::<u64>(), bins[at..].iter().sum::<u64>())
        };
        let ((passed, false_alarm), (missed, caught)) = (split(&self.original), split(&self.replaced));
        Confusion { caught, missed, false_alarm, passed }
    }

    /// [`JudgeHistogram::confusion`] at every threshold, from 0 to [`JUDGE_BINS`]: the data of the ROC and precision-recall curves.
    pub fn curve(&self) -> Vec<Confusion> {
        (0..=self.original.len().max(self.replaced.len())).map(|threshold| self.confusion(threshold)).collect()
    }
}

/// A judged token in its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JudgedExample {
    /// The text as the judge read it: the words before the token, the token, the words after it. Word pieces are joined.
    pub before: String,
    pub token: String,
    pub after: String,
    /// The original token; the token itself if it was not replaced.
    pub original: String,
    pub replaced: bool,
    pub masked: bool,
    pub p_replaced: f64,
}
