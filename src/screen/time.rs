//! The time axis of the curves: steps, tokens or seconds, and the way from a step to its place on the axis and back.

use super::axis::Axis;
use crate::screen::state::RunState;
use crate::train::event::StepMetrics;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    Steps,
    Tokens,
    Seconds,
}

impl Time {
    pub const ALL: [Self; 3] = [Self::Steps, Self::Tokens, Self::Seconds];

    pub fn key(self) -> &'static str {
        match self {
            Self::Steps => "curves-axis-steps",
            Self::Tokens => "curves-axis-tokens",
            Self::Seconds => "curves-axis-seconds",
        }
    }

    pub fn of(self, step: &StepMetrics) -> f64 {
        match self {
            Self::Steps => step.step as f64,
            Self::Tokens => step.tokens_seen as f64,
            Self::Seconds => step.elapsed_secs.unwrap_or(f64::NAN),
        }
    }
}

/// The steps of the shown run with their places on the axis, in order.
pub struct Timeline {
    pub time: Time,
    pub axis: Axis,
    /// Pairs of a step and its place.
    points: Vec<(u64, f64)>,
}

impl Timeline {
    /// `others`: other runs that are drawn over the same axis.
    pub fn new<'a>(state: &RunState, others: impl Iterator<Item = &'a RunState>, time: Time, log: bool) -> Self {
        let points = state.steps.iter().map(|step| (step.step, time.of(step))).filter(|(_, x)| x.is_finite());
        let points: Vec<(u64, f64)> = points.collect();
        let end = |at: Option<&(u64, f64)>| at.map_or(0.0, |(_, x)| *x);
        let [mut min, mut max] = [end(points.first()), end(points.last())];
        for run in others {
            let ends = [run.steps.iter().next(), run.steps.last()].map(|step| step.map(|step| time.of(step)));
            min = ends[0].map_or(min, |x| min.min(x));
            max = ends[1].map_or(max, |x| max.max(x));
        }
        let axis = Axis::new(min, max, log);
        Self { time, axis, points }
    }

    /// The place of a step: its own, or one between its neighbours' places.
    pub fn x_of(&self, step: u64) -> Option<f64> {
        let at = self.points.partition_point(|(known, _)| *known < step);
        let (next, x) = *self.points.get(at).or(self.points.last())?;
        let Some((before, x_before)) = at.checked_sub(1).and_then(|at| self.points.get(at)) else { return Some(x) };
        if next <= *before {
            return Some(x);
        }
        let share = (step.min(next) - before) as f64 / (next - before) as f64;
        Some(x_before + (x - x_before) * share)
    }

    /// The measured step that is nearest to a place.
    pub fn step_at(&self, x: f64) -> Option<u64> {
        let at = self.points.partition_point(|(_, known)| *known < x);
        let near = self.points.get(at.saturating_sub(1)..(at + 1).min(self.points.len()))?;
        near.iter().min_by(|a, b| (a.1 - x).abs().total_cmp(&(b.1 - x).abs())).map(|(step, _)| *step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::state::Source;
    use crate::train::event::Event;

    fn line(state: &RunState, time: Time, log: bool) -> Timeline {
        Timeline::new(state, std::iter::empty(), time, log)
    }

    #[test]
    fn a_step_has_a_place_and_a_place_a_step() {
        let step = |n: u64| {
            let elapsed_secs = Some(n as f64 / 2.0);
            Event::Step(Box::new(StepMetrics { step: n, tokens_seen: 100 * n, elapsed_secs, ..StepMetrics::default() }))
        };
        let state = RunState::from_events(Source::Live, [10, 20, 40].map(step));
        let steps = line(&state, Time::Steps, false);
        assert_eq!([5, 10, 30, 99].map(|n| steps.x_of(n)), [10.0, 10.0, 30.0, 40.0].map(Some));
        assert_eq!([-3.0, 14.0, 16.0, 1e9].map(|x| steps.step_at(x)), [10, 10, 20, 40].map(Some));
        let tokens = line(&state, Time::Tokens, true);
        assert_eq!((tokens.x_of(30), tokens.step_at(1900.0)), (Some(3000.0), Some(20)));
        assert_eq!(line(&state, Time::Seconds, false).x_of(40), Some(20.0));
        assert_eq!(line(&RunState::default(), Time::Steps, false).step_at(1.0), None);
    }
}
