//! Axes of a plot, without drawing: axes by value or by decades, their marks, and the range in which most values lie.

use crate::view::Lang;

/// A range of values that can be drawn: it is finite and not empty, and positive if the axis goes by decades.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    pub min: f64,
    pub max: f64,
    pub log: bool,
}

impl Axis {
    pub fn new(min: f64, max: f64, log: bool) -> Self {
        let [mut min, mut max] = [min, max].map(|v| if v.is_finite() { v } else { 0.0 });
        if log {
            max = if max > 0.0 { max } else { 1.0 };
            min = if min > 0.0 { min } else { max / 1e3 };
        }
        if max <= min {
            let half = if log { min * 0.1 } else { (min.abs() * 0.05).max(0.5) };
            (min, max) = (min - half, max + half);
        }
        Self { min, max, log }
    }

    fn scaled(&self, value: f64) -> f64 {
        if self.log { value.log10() } else { value }
    }

    /// The place of a value: 0 at `min`, 1 at `max`, none if an axis by decades has no place for it.
    pub fn share(&self, value: f64) -> Option<f32> {
        let [min, max, value] = [self.min, self.max, value].map(|v| self.scaled(v));
        let share = (value - min) / (max - min);
        share.is_finite().then_some(share as f32)
    }

    pub fn value(&self, share: f32) -> f64 {
        let [min, max] = [self.min, self.max].map(|v| self.scaled(v));
        let at = min + (max - min) * f64::from(share);
        if self.log { 10f64.powf(at) } else { at }
    }

    /// Round values within the range, at most `most` of them.
    pub fn ticks(&self, most: usize) -> Vec<f64> {
        let decades = if self.log { self.decade_ticks(most) } else { Vec::new() };
        if decades.len() >= 2 { decades } else { self.even_ticks(most) }
    }

    fn even_ticks(&self, most: usize) -> Vec<f64> {
        let power = 10f64.powf(((self.max - self.min) / most.max(1) as f64).log10().floor());
        let bounds = |step: f64| ((self.min / step - 1e-9).ceil(), (self.max / step + 1e-9).floor());
        let fits = |step: &f64| bounds(*step).1 - bounds(*step).0 < most.max(1) as f64;
        let step = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0].map(|n| n * power).into_iter().find(fits).unwrap_or(100.0 * power);
        let (first, last) = bounds(step);
        // Multiples of the step do not drift as repeated sums do.
        let ticks = (0..=(last - first).max(0.0) as usize).map(|n| (first + n as f64) * step);
        ticks.filter(|tick| !self.log || *tick > 0.0).collect()
    }

    fn decade_ticks(&self, most: usize) -> Vec<f64> {
        let (first, last) = (self.min.log10().floor() as i32, self.max.log10().ceil() as i32);
        let within = |v: &f64| *v >= self.min * 0.999 && *v <= self.max * 1.001;
        for parts in [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]] {
            let all = (first..=last).flat_map(|power| parts.iter().map(move |part| part * 10f64.powi(power)));
            let ticks: Vec<f64> = all.filter(within).collect();
            if ticks.len() <= most {
                return ticks;
            }
        }
        let stride = ((last - first) as usize).div_ceil(most.max(2) - 1).max(1);
        (first..=last).step_by(stride).map(|power| 10f64.powi(power)).filter(within).collect()
    }
}

/// The text of a mark, with enough digits to tell it from its neighbours.
pub fn tick_text(lang: Lang, tick: f64, ticks: &[f64]) -> String {
    let (unit, suffix) = match tick.abs() {
        size if size >= 1e9 => (1e9, " G"),
        size if size >= 1e6 => (1e6, " M"),
        size if size >= 1e4 => (1e3, " k"),
        _ => (1.0, ""),
    };
    let apart = ticks.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    let apart = if apart.is_finite() && apart > 0.0 { apart } else { tick.abs().max(1e-9) };
    let decimals = (-((apart / unit).log10() + 1e-6).floor()).clamp(0.0, 6.0) as usize;
    format!("{}{suffix}", lang.decimal(tick / unit, decimals))
}

/// The range of most of the values: one in 200 at either end may lie outside, so that a single spike does not flatten the rest.
pub fn range(mut values: Vec<f64>) -> Option<[f64; 2]> {
    values.retain(|v| v.is_finite());
    if values.is_empty() {
        return None;
    }
    let cut = values.len() / 200;
    let at = |values: &mut Vec<f64>, n: usize| *values.select_nth_unstable_by(n, f64::total_cmp).1;
    let last = values.len() - 1;
    Some([at(&mut values, cut), at(&mut values, last - cut)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_few_and_within() {
        for (min, max, log) in [(0.0, 1.0, false), (1.0, 1200.0, false), (-0.3, 0.31, false), (1.0, 1e6, true)] {
            for most in [2, 4, 8] {
                let axis = Axis::new(min, max, log);
                let ticks = axis.ticks(most);
                assert!((1..=most).contains(&ticks.len()), "{axis:?}, {most}: {ticks:?}");
                assert!(ticks.iter().all(|t| *t >= min - 1e-9 && *t <= max + 1e-9), "{axis:?}: {ticks:?}");
                assert!(ticks.is_sorted_by(|a, b| a < b));
            }
        }
        assert_eq!(Axis::new(0.0, 1.0, false).ticks(5), [0.0, 0.5, 1.0]);
        assert_eq!(Axis::new(1.0, 1000.0, true).ticks(5), [1.0, 10.0, 100.0, 1000.0]);
        // A range of less than a decade has no round powers, so it gets even marks.
        assert!(Axis::new(2.1, 4.5, true).ticks(4).len() >= 2);
    }

    #[test]
    fn an_axis_goes_both_ways_and_survives_bad_ranges() {
        for axis in [Axis::new(2.0, 10.0, false), Axis::new(0.01, 100.0, true)] {
            for share in [0.0, 0.25, 1.0] {
                assert!((axis.share(axis.value(share)).unwrap() - share).abs() < 1e-5, "{axis:?}");
            }
        }
        for axis in [Axis::new(f64::NAN, f64::INFINITY, false), Axis::new(3.0, 3.0, false), Axis::new(-1.0, 0.0, true)]
        {
            assert!(axis.max > axis.min && axis.share(axis.min) == Some(0.0), "{axis:?}");
        }
        assert_eq!(Axis::new(1.0, 10.0, true).share(0.0), None);
        assert_eq!(Axis::new(1.0, 10.0, true).share(-3.0), None);
    }

    #[test]
    fn marks_have_as_many_digits_as_they_need() {
        let text = |lang, ticks: &[f64]| ticks.iter().map(|t| tick_text(lang, *t, ticks)).collect::<Vec<_>>();
        assert_eq!(text(Lang::Pt, &[0.0, 0.5]), ["0,0", "0,5"]);
        assert_eq!(text(Lang::En, &[0.0, 0.2, 0.4]), ["0.0", "0.2", "0.4"]);
        assert_eq!(text(Lang::En, &[0.0, 500.0]), ["0", "500"]);
        assert_eq!(text(Lang::En, &[1.5e6, 2e6]), ["1.5 M", "2.0 M"]);
        assert_eq!(text(Lang::En, &[10_000.0, 20_000.0]), ["10 k", "20 k"]);
    }

    #[test]
    fn a_single_spike_does_not_flatten_a_curve() {
        let mut values: Vec<f64> = (0..1000).map(|n| n as f64 / 1000.0).collect();
        values.extend([1e9, f64::NAN]);
        let [min, max] = range(values).unwrap();
        assert!(min < 0.01 && max < 1.0, "{min} {max}");
        assert_eq!(range(vec![2.0]), Some([2.0, 2.0]));
        assert_eq!(range(vec![f64::NAN]), None);
    }
}
