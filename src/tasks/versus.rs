//! Compares two engines on one device and the same rows. They take turns in one process, so that other load on the machine slows
//! both alike.
//! preset, two backends on one device -> [`measure`] -> the times of each, and their ratio.

use super::bench::{DeviceLimits, SEED, StepSpeed, Times, step_speed, timed, warm_up};
use super::drill::Drill;
use crate::Result;
use crate::config::Config;
use crate::plan::KernelChoices;
use crate::train::engine::Backend;
use serde::Serialize;

/// How many turns each engine has. The number is odd, so that the median is one of the turns.
const TURNS: usize = 5;

/// One engine beside another.
#[derive(Debug, Clone)]
pub struct Versus {
    pub ours: StepSpeed,
    pub other: StepSpeed,
    pub ratio: Ratio,
}

/// Our tokens a second, divided by the other engine's.
#[derive(Debug, Clone, Serialize)]
pub struct Ratio {
    pub preset: String,
    pub device: String,
    pub engine: &'static str,
    pub against: &'static str,
    /// The median of our turns, divided by the median of theirs.
    pub ratio: f64,
    /// The smallest and the largest ratio of neighbouring turns.
    pub spread: [f64; 2],
    pub turns: usize,
}

/// An engine in training, and its turns.
struct Lane {
    drill: Drill,
    next_step: u64,
    turns: Vec<Times>,
}

impl Lane {
    async fn new(config: &Config, backend: &Backend, kernels: KernelChoices) -> Result<Self> {
        let mut drill = Drill::new(config, backend, kernels, SEED).await?;
        drill.engine.free_noise();
        let next_step = warm_up(&mut drill).await?;
        Ok(Self { drill, next_step, turns: Vec::with_capacity(TURNS) })
    }

    async fn turn(&mut self, seconds: f64) -> Result<()> {
        self.turns.push(timed(&mut self.drill, &mut self.next_step, seconds).await?);
        Ok(())
    }

    /// Seconds a step, turn by turn.
    fn step_secs(&self) -> Vec<f64> {
        self.turns.iter().map(Times::step_secs).collect()
    }

    /// The numbers of all turns. The rate is that of the median turn.
    fn speed(&self, config: &Config, backend: &Backend, limits: &DeviceLimits) -> StepSpeed {
        let all = self.turns.iter().fold(Times::default(), Times::append);
        let mut speed = step_speed(config, backend, &self.drill, limits, all);
        let secs = median(&self.step_secs());
        speed.tokens_per_sec = self.drill.tokens() as f64 / secs;
        speed.step_ms = secs * 1e3;
        speed.limit_share = speed.predicted_ms.map(|ms| ms / speed.step_ms);
        speed
    }
}

/// Trains with both engines in turn, `seconds` each (at least one step a turn), after warming up. `kernels` are our choices.
///
/// # Errors
/// The model does not fit the device, or the device failed.
pub async fn measure(
    config: &Config,
    ours: &Backend,
    kernels: KernelChoices,
    other: &Backend,
    limits: &DeviceLimits,
    seconds: f64,
) -> Result<Versus> {
    let mut lanes =
        [Lane::new(config, ours, kernels).await?, Lane::new(config, other, KernelChoices::default()).await?];
    for _ in 0..TURNS {
        for lane in &mut lanes {
            lane.turn(seconds / TURNS as f64).await?;
        }
    }
    let [a, b] = &lanes;
    let ratios: Vec<f64> = a.step_secs().iter().zip(b.step_secs()).map(|(ours, other)| other / ours).collect();
    let (ours, other) = (a.speed(config, ours, limits), b.speed(config, other, limits));
    let ratio = Ratio {
        preset: config.preset.clone(),
        device: ours.device.clone(),
        engine: ours.engine,
        against: other.engine,
        ratio: ours.tokens_per_sec / other.tokens_per_sec,
        spread: [ratios.iter().copied().fold(f64::INFINITY, f64::min), ratios.iter().copied().fold(0.0, f64::max)],
        turns: TURNS,
    };
    Ok(Versus { ours, other, ratio })
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::{Times, median};

    #[test]
    fn the_median_is_the_middle_one() {
        assert_eq!(median(&[9.0, 1.0, 5.0]), 5.0);
        assert_eq!(median(&[2.0]), 2.0);
    }

    #[test]
    fn a_turn_is_as_fast_as_its_steps_are_on_average() {
        assert_eq!(Times::of_groups(&[(4, 2.0), (1, 0.5)]).step_secs(), 0.5);
        assert_eq!(Times::of_groups(&[(4, 2.0), (1, 3.0)]).step_secs(), 1.0);
    }
}
