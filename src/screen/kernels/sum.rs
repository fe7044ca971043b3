//! Adds up the costs of dispatches, and writes the sums as text.

use crate::train::event::DispatchCost;
use crate::view::Lang;
use std::collections::BTreeMap;

/// The costs of some dispatches in one optimizer step. A dispatch that runs for each micro-batch counts each time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sum {
    pub dispatches: u64,
    pub bytes: u64,
    pub flops: u64,
    /// None if one of the dispatches was not timed.
    pub secs: Option<f64>,
}

impl Sum {
    pub fn of<'a>(costs: impl IntoIterator<Item = &'a DispatchCost>) -> Self {
        let mut sum = Self { secs: Some(0.0), ..Self::default() };
        for cost in costs {
            let times = u64::from(cost.times);
            sum.dispatches += 1;
            sum.bytes += cost.bytes * times;
            sum.flops += cost.flops * times;
            sum.secs = sum.secs.zip(cost.secs).map(|(sum, secs)| sum + secs * times as f64);
        }
        sum.secs = sum.secs.filter(|_| sum.dispatches > 0);
        sum
    }

    /// Its share of a whole: the share of the time if that was measured, else the share of the arithmetic.
    pub fn share(&self, whole: Self) -> Option<f64> {
        match (self.secs, whole.secs) {
            (Some(secs), Some(whole)) if whole > 0.0 => Some(secs / whole),
            _ => (whole.flops > 0).then(|| self.flops as f64 / whole.flops as f64),
        }
    }

    pub fn gbytes_per_sec(&self) -> Option<f64> {
        self.secs.filter(|secs| *secs > 0.0).map(|secs| self.bytes as f64 / secs / 1e9)
    }

    pub fn gflops_per_sec(&self) -> Option<f64> {
        self.secs.filter(|secs| *secs > 0.0).map(|secs| self.flops as f64 / secs / 1e9)
    }
}

/// The sum of each kernel's dispatches, with the costliest of them. The costliest kernel comes first.
pub fn by_kernel(costs: &[DispatchCost]) -> Vec<(&DispatchCost, Sum)> {
    let mut kernels: BTreeMap<&str, Vec<&DispatchCost>> = BTreeMap::new();
    for cost in costs {
        kernels.entry(&cost.kernel).or_default().push(cost);
    }
    let weight = |secs: Option<f64>, flops: u64, bytes: u64| (secs.unwrap_or(0.0), flops, bytes);
    let mut sums: Vec<(&DispatchCost, Sum)> = kernels
        .into_values()
        .filter_map(|costs| {
            let order = |a: &&&DispatchCost, b: &&&DispatchCost| {
                let [a, b] = [a, b].map(|c| weight(c.secs, c.flops, c.bytes));
                a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2)))
            };
            let most = costs.iter().max_by(order)?;
            Some((*most, Sum::of(costs.iter().copied())))
        })
        .collect();
    sums.sort_by(|(_, a), (_, b)| {
        let [a, b] = [a, b].map(|sum| weight(sum.secs, sum.flops, sum.bytes));
        b.0.total_cmp(&a.0).then((b.1, b.2).cmp(&(a.1, a.2)))
    });
    sums
}

/// The share of a roof that was reached.
pub fn share_of(reached: f64, roof: Option<f64>) -> Option<f64> {
    roof.filter(|roof| *roof > 0.0).map(|roof| reached / roof)
}

pub fn shape_text(shape: &[u32]) -> String {
    let axes: Vec<String> = shape.iter().map(u32::to_string).collect();
    axes.join(" × ")
}

pub fn bytes_text(lang: Lang, bytes: u64) -> String {
    scaled(lang, bytes as f64, "B")
}

pub fn flops_text(lang: Lang, flops: u64) -> String {
    scaled(lang, flops as f64, "FLOP")
}

/// `1.2 MB`, `853.5 kB`, `96 B`.
fn scaled(lang: Lang, value: f64, unit: &str) -> String {
    let (scale, prefix) = match value {
        v if v >= 1e9 => (1e9, "G"),
        v if v >= 1e6 => (1e6, "M"),
        v if v >= 1e3 => (1e3, "k"),
        _ => return format!("{} {unit}", lang.whole(value as u64)),
    };
    format!("{} {prefix}{unit}", lang.decimal(value / scale, 1))
}

/// `1.32 s`, `4.10 ms`, `310.0 µs`.
pub fn secs_text(lang: Lang, secs: f64) -> String {
    match secs {
        s if s >= 1.0 => format!("{} s", lang.decimal(s, 2)),
        s if s >= 1e-3 => format!("{} ms", lang.decimal(s * 1e3, 2)),
        s => format!("{} µs", lang.decimal(s * 1e6, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::event::Stage;

    fn cost(kernel: &str, times: u32, secs: Option<f64>) -> DispatchCost {
        DispatchCost {
            index: 0,
            stage: Stage::JUDGE,
            kernel: kernel.into(),
            variant: String::new(),
            tensors: Vec::new(),
            workgroups: 1,
            times,
            bytes: 1_000,
            flops: 500,
            secs,
        }
    }

    #[test]
    fn every_run_counts_and_a_missing_time_makes_no_sum() {
        let costs = [cost("a", 1, Some(1e-6)), cost("b", 4, Some(2e-6))];
        let sum = Sum::of(&costs);
        assert_eq!((sum.dispatches, sum.bytes, sum.flops), (2, 5_000, 2_500));
        assert!((sum.secs.unwrap() - 9e-6).abs() < 1e-12);
        assert!((Sum::of([&costs[0]]).share(sum).unwrap() - 1.0 / 9.0).abs() < 1e-9);
        let untimed = Sum::of(&[cost("a", 1, None), cost("b", 1, Some(1.0))]);
        assert_eq!(untimed.secs, None);
        // Without times it is the share of the arithmetic.
        assert_eq!(Sum::of([&cost("a", 1, None)]).share(untimed), Some(0.5));
        assert_eq!(Sum::of([]).secs, None);
    }

    #[test]
    fn kernels_come_together_the_costliest_first() {
        let costs = [cost("a", 1, Some(3e-6)), cost("b", 1, Some(2e-6)), cost("b", 1, Some(2.5e-6))];
        let kernels = by_kernel(&costs);
        let order: Vec<&str> = kernels.iter().map(|(most, _)| most.kernel.as_str()).collect();
        assert_eq!(order, ["b", "a"]);
        assert_eq!((kernels[0].0.secs, kernels[0].1.dispatches), (Some(2.5e-6), 2));
    }

    #[test]
    fn sizes_are_written_to_be_read() {
        assert_eq!([96, 853_504, 34_150_980].map(|b| bytes_text(Lang::En, b)), ["96 B", "853.5 kB", "34.2 MB"]);
        assert_eq!(flops_text(Lang::Pt, 1_300_000_000), "1,3 GFLOP");
        assert_eq!([1.5, 0.0041, 31e-6].map(|s| secs_text(Lang::En, s)), ["1.50 s", "4.10 ms", "31.0 µs"]);
        assert_eq!(shape_text(&[2048, 192]), "2048 × 192");
    }
}
