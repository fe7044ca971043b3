//! Learns from past slices how long each dispatch takes, so that the next slice fits its budget.

use crate::plan::Dispatch;
use std::ops::Range;
use std::time::Duration;

/// Work in common units: FLOPs, with a byte counted as [`FLOPS_PER_BYTE`] and a launch as [`FLOPS_PER_LAUNCH`].
/// They only decide how a slice's time is split among dispatches that never ran in different slices; the measured times soon
/// outweigh them.
const FLOPS_PER_BYTE: f64 = 4.0;
const FLOPS_PER_LAUNCH: f64 = 50_000.0;
/// The speed assumed before anything is measured. It is slower than any adapter, so the first slice is short.
const FLOPS_PER_SEC_AT_FIRST: f64 = 1e9;
/// The shortest time of a launch. The host may see two slices finish together, although the second took some time.
const LAUNCH_SECS_MIN: f64 = 1e-6;
/// The weight of a new measurement against all earlier ones.
const WEIGHT: f64 = 0.5;

pub struct Pace {
    /// The work of each dispatch.
    work: Vec<f64>,
    /// Seconds of each dispatch, once it was part of a measured slice.
    measured_secs: Vec<Option<f64>>,
    /// The speed assumed for dispatches that were not measured yet.
    secs_per_work: f64,
    any: bool,
}

impl Pace {
    pub fn new(dispatches: &[Dispatch]) -> Self {
        Self::from_work(
            dispatches.iter().map(|d| d.flops as f64 + FLOPS_PER_BYTE * d.bytes() as f64 + FLOPS_PER_LAUNCH).collect(),
        )
    }

    fn from_work(work: Vec<f64>) -> Self {
        let measured_secs = vec![None; work.len()];
        Self { work, measured_secs, secs_per_work: 1.0 / FLOPS_PER_SEC_AT_FIRST, any: false }
    }

    fn secs(&self, dispatch: usize) -> f64 {
        self.measured_secs[dispatch].unwrap_or(self.work[dispatch] * self.secs_per_work).max(LAUNCH_SECS_MIN)
    }

    /// The end of the longest slice from `range.start` that fits `budget`; at least one dispatch.
    pub fn reach(&self, range: Range<usize>, budget: Duration) -> usize {
        let budget_secs = budget.as_secs_f64();
        let mut sum_secs = 0.0;
        for dispatch in range.clone() {
            sum_secs += self.secs(dispatch);
            if sum_secs > budget_secs && dispatch > range.start {
                return dispatch;
            }
        }
        range.end
    }

    /// The dispatches of `slice` took `secs` together: each estimate moves by the same factor.
    pub fn measured(&mut self, slice: Range<usize>, secs: f64) {
        let expected_secs: f64 = slice.clone().map(|d| self.secs(d)).sum();
        let work: f64 = self.work[slice.clone()].iter().sum();
        if expected_secs <= 0.0 || work <= 0.0 {
            return;
        }
        let secs = secs.max(LAUNCH_SECS_MIN * slice.len() as f64);
        let ratio = secs / expected_secs;
        for dispatch in slice {
            let before_secs = self.secs(dispatch);
            let weight = if self.measured_secs[dispatch].is_some() { WEIGHT } else { 1.0 };
            self.measured_secs[dispatch] = Some(before_secs * (1.0 - weight + weight * ratio));
        }
        let weight = if self.any { WEIGHT } else { 1.0 };
        self.secs_per_work += weight * (secs / work - self.secs_per_work);
        self.any = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Runs `range` on a device whose dispatches take `true_secs`; returns the slices.
    fn pass(pace: &mut Pace, true_secs: &[f64], budget: Duration) -> Vec<Range<usize>> {
        let (mut at, mut slices) = (0, Vec::new());
        while at < true_secs.len() {
            let end = pace.reach(at..true_secs.len(), budget);
            pace.measured(at..end, true_secs[at..end].iter().sum());
            slices.push(at..end);
            at = end;
        }
        slices
    }

    #[test]
    fn slices_cover_the_range_and_hold_at_least_one_dispatch() {
        let mut pace = Pace::from_work(vec![1e12; 5]);
        let slices = pass(&mut pace, &[1.0; 5], MS);
        assert_eq!(slices, vec![0..1, 1..2, 2..3, 3..4, 4..5]);
        assert_eq!(pace.reach(2..2, MS), 2);
    }

    #[test]
    fn a_fast_device_soon_gets_long_slices() {
        let mut pace = Pace::from_work(vec![1e8; 100]);
        let true_secs = [1e-5; 100];
        assert!(pass(&mut pace, &true_secs, 8 * MS).len() > 1, "the first pass is careful");
        assert_eq!(pass(&mut pace, &true_secs, 8 * MS), vec![0..100]);
    }

    #[test]
    fn a_dispatch_that_is_slower_than_its_work_says_is_learnt() {
        let mut pace = Pace::from_work(vec![1e6; 10]);
        let mut true_secs = [1e-3; 10];
        true_secs[4] = 20e-3;
        for _ in 0..20 {
            pass(&mut pace, &true_secs, 4 * MS);
        }
        for slice in pass(&mut pace, &true_secs, 4 * MS) {
            let secs: f64 = true_secs[slice.clone()].iter().sum();
            assert!(slice.len() == 1 || secs < 8e-3, "{slice:?} takes {secs} s");
        }
    }
}
