//! Smooths curves: exponential means over the steps, updated as each value comes. Thinning the history later does not change them.
//! `StepMetrics` -> [`Smoother`] -> [`Smooth`], one for each step.

use crate::train::metrics::table::{Metric, Smoothing, StepMetrics};

/// How many steps a mean reaches back: after this many steps the weight of a value is 1/e.
pub const SPANS: [u64; 3] = [10, 50, 250];

type Table<T> = [[T; Metric::ALL.len()]; SPANS.len()];

/// The means after a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Smooth {
    pub step: u64,
    /// NaN if no value has come yet.
    means: Table<f32>,
}

impl Smooth {
    /// `span`: an index of [`SPANS`].
    pub fn mean(&self, span: usize, metric: Metric) -> Option<f64> {
        let mean = f64::from(*self.means.get(span)?.get(metric as usize)?);
        mean.is_finite().then_some(mean)
    }
}

/// The weighted sums so far. A mean is their quotient, so that the first steps are not pulled towards 0.
#[derive(Debug, Clone, Default)]
pub struct Smoother {
    step: Option<u64>,
    sums: Table<f64>,
    weights: Table<f64>,
}

impl Smoother {
    /// Adds the values of a step. Every earlier value loses weight by the number of steps since then.
    pub fn push(&mut self, step: &StepMetrics) -> Smooth {
        let gap = self.step.map_or(1, |before| step.step.saturating_sub(before).max(1));
        self.step = Some(step.step);
        let mut means = [[f32::NAN; Metric::ALL.len()]; SPANS.len()];
        for (span, reach) in SPANS.into_iter().enumerate() {
            let fade = (-(gap as f64) / reach as f64).exp();
            for metric in Metric::ALL {
                let at = metric as usize;
                let keep = match metric.about().smoothing {
                    Smoothing::Mean => fade,
                    Smoothing::Raw => 0.0,
                };
                let (sum, weight) = (&mut self.sums[span][at], &mut self.weights[span][at]);
                (*sum, *weight) = (*sum * keep, *weight * keep);
                if let Some(value) = metric.of_step(step) {
                    *sum += (1.0 - keep) * value;
                    *weight += 1.0 - keep;
                }
                if *weight > 0.0 {
                    means[span][at] = (*sum / *weight) as f32;
                }
            }
        }
        Smooth { step: step.step, means }
    }

    /// Continues after `from`, the newest means that still count, or starts anew if there are none.
    pub fn resume(&mut self, from: Option<&Smooth>) {
        *self = Self::default();
        let Some(from) = from else { return };
        self.step = Some(from.step);
        for (span, means) in from.means.iter().enumerate() {
            for (at, mean) in means.iter().enumerate().filter(|(_, mean)| mean.is_finite()) {
                (self.sums[span][at], self.weights[span][at]) = (f64::from(*mean), 1.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::metrics::table::Metrics;

    fn step(step: u64, loss: Option<f64>) -> StepMetrics {
        let metrics = Metrics { mlm_loss: loss, ..Metrics::default() };
        StepMetrics { step, metrics, ..StepMetrics::default() }
    }

    #[test]
    fn a_constant_stays_and_a_jump_fades_in_by_the_span() {
        let mut smoother = Smoother::default();
        let mean = |smooth: &Smooth, span| smooth.mean(span, Metric::MlmLoss).unwrap();
        for n in 1..=500 {
            let smooth = smoother.push(&step(n, Some(4.0)));
            assert!((0..SPANS.len()).all(|span| (mean(&smooth, span) - 4.0).abs() < 1e-6), "{n}");
        }
        let after: Vec<Smooth> = (501..=550).map(|n| smoother.push(&step(n, Some(2.0)))).collect();
        let tenth = mean(&after[9], 0) - 2.0;
        assert!((tenth / 2.0 - (-1.0f64).exp()).abs() < 1e-4, "after as many steps as the span 1/e is left: {tenth}");
        assert!(mean(&after[49], 0) < mean(&after[49], 1) && mean(&after[49], 1) < mean(&after[49], 2));
    }

    #[test]
    fn what_is_undefined_is_left_out_not_counted_as_zero() {
        let mut smoother = Smoother::default();
        assert_eq!(smoother.push(&step(1, None)).mean(0, Metric::MlmLoss), None);
        let values = [Some(3.0), None, Some(f64::NAN), Some(3.0)];
        let means: Vec<_> = values.iter().zip(2..).map(|(v, n)| smoother.push(&step(n, *v))).collect();
        assert!(means.iter().all(|smooth| smooth.mean(1, Metric::MlmLoss) == Some(3.0)));
        assert_eq!(means[3].mean(1, Metric::RtdAuc), None);
    }

    #[test]
    fn a_metric_without_noise_is_not_smoothed() {
        let mut smoother = Smoother::default();
        for n in 1..=20 {
            let lr = n as f64 / 8.0;
            let smooth = smoother.push(&StepMetrics { step: n, lr: Some(lr), ..StepMetrics::default() });
            assert_eq!(smooth.mean(2, Metric::Lr), Some(lr));
        }
    }

    #[test]
    fn a_resumed_run_goes_on_from_its_means() {
        let mut first = Smoother::default();
        let before: Vec<Smooth> = (1..=100).map(|n| first.push(&step(n, Some(5.0)))).collect();
        let mut second = Smoother::default();
        second.resume(before.last());
        let next = second.push(&step(101, Some(5.0)));
        assert_eq!(next.mean(2, Metric::MlmLoss), Some(5.0));
        second.resume(None);
        assert_eq!(second.push(&step(1, Some(1.0))).mean(2, Metric::MlmLoss), Some(1.0));
    }
}
