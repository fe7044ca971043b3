//! Checks of what every screen shares that need nothing but this library: a test runs them here, and the browser suite runs the same
//! ones in wasm32. [`all`] -> the name of each with its outcome.

use super::recorded;
use super::score::{Score, Swap};
use super::smooth::{SPANS, Smoother};
use super::state::{Phase, READOUTS_MAX, RunState, STEPS_MAX, Source};
use crate::lang::Lang;
use crate::train::event::{Change, Event, Metrics, OwnText, OwnToken, ReadToken, Readout, StepMetrics};
use crate::train::metrics::table::Metric;
use crate::view::words::Strings;
use std::fmt::Debug;

/// What a check found wrong.
type Outcome = Result<(), String>;

/// Every check with its outcome.
pub fn all() -> [(&'static str, Outcome); 5] {
    [
        ("recorded_runs_are_folded", recorded_runs_are_folded()),
        ("a_long_run_stays_bounded", a_long_run_stays_bounded()),
        ("a_resumed_run_is_seen_once", a_resumed_run_is_seen_once()),
        ("means_fade_by_their_spans", means_fade_by_their_spans()),
        ("swaps_count_once", swaps_count_once()),
    ]
}

fn same<T: PartialEq + Debug>(what: &str, got: T, want: T) -> Outcome {
    if got == want { Ok(()) } else { Err(format!("{what}: {got:?}, expected {want:?}")) }
}

fn step(step: u64, mlm_loss: Option<f64>) -> StepMetrics {
    StepMetrics { step, metrics: Metrics { mlm_loss, ..Metrics::default() }, ..StepMetrics::default() }
}

fn event(n: u64) -> Event {
    Event::Step(Box::new(step(n, Some(n as f64))))
}

/// The runs that come with the program unpack, are read and add up, and their numbers have names in both languages.
fn recorded_runs_are_folded() -> Outcome {
    for (lang, generator) in [(Lang::En, "generator"), (Lang::Pt, "gerador")] {
        let events = recorded::events(lang).map_err(|error| error.to_string())?;
        let (last, evals) = (last_step(&events), count(&events, |event| matches!(event, Event::Eval(_))));
        let state = RunState::from_events(Source::Recorded, events);
        same("the phase", state.phase, Phase::Finished)?;
        same("the last step", state.step(), last)?;
        same("evaluations", state.evals.len(), evals)?;
        let loss = |step| state.step_at(step).and_then(|step| Metric::MlmLoss.of_step(step));
        let learns = matches!((loss(Some(1)), loss(None)), (Some(first), Some(last)) if last < first);
        same("a loss that falls", learns, true)?;
        same("a mean for each step", state.smooth.len(), state.steps.len())?;
        let name = Strings::of(lang).metric(Metric::MlmLoss, "curve");
        same("the curve's name", name.as_str(), generator)?;
    }
    Ok(())
}

fn last_step(events: &[Event]) -> u64 {
    let steps = events.iter().filter_map(|event| match event {
        Event::Step(step) => Some(step.step),
        _ => None,
    });
    steps.max().unwrap_or(0)
}

fn count(events: &[Event], is_it: impl Fn(&Event) -> bool) -> usize {
    events.iter().filter(|event| is_it(event)).count()
}

fn a_long_run_stays_bounded() -> Outcome {
    const LONG: u64 = 20_000;
    let readout =
        |step| Event::Readout(Readout { step, sentences: vec![vec![ReadToken::default()]], swaps: Vec::new() });
    let state = RunState::from_events(Source::Live, (1..=LONG).flat_map(|n| [event(n), readout(n)]));
    let within = |len: usize, max: usize| (max / 2..=max + 1).contains(&len);
    same("steps within their cap", within(state.steps.len(), STEPS_MAX), true)?;
    same("readouts within their cap", within(state.readouts.len(), READOUTS_MAX), true)?;
    let ends = [state.steps.iter().next(), state.steps.last()].map(|step| step.map(|step| step.step));
    same("the ends of the run", ends, [Some(1), Some(LONG)])?;
    let steps: Vec<u64> = state.steps.iter().map(|step| step.step).collect();
    same("steps in order", steps.is_sorted_by(|a, b| a < b), true)
}

fn a_resumed_run_is_seen_once() -> Outcome {
    let mut state = RunState::from_events(Source::Live, (1..=9).map(event));
    state.fold(Event::Resumed { step: 4 });
    same("the step it goes on from", state.step(), 4)?;
    state.fold(event(5));
    same("the steps", state.steps.iter().map(|step| step.step).collect::<Vec<_>>(), vec![1, 2, 3, 4, 5])?;
    let undisturbed = RunState::from_events(Source::Live, (1..=5).map(event));
    let mean = |state: &RunState| state.smooth.last().and_then(|smooth| smooth.mean(0, Metric::MlmLoss));
    let (Some(got), Some(want)) = (mean(&state), mean(&undisturbed)) else { return Err("there is no mean".into()) };
    // A resumed mean starts from the last one as if it had run for ever: it is near the undisturbed one, and no step behind it counts.
    same("a mean that forgot the steps it overtook", (got - want).abs() < 0.5, true)
}

fn means_fade_by_their_spans() -> Outcome {
    let mut smoother = Smoother::default();
    for n in 1..=3_000 {
        smoother.push(&step(n, Some(4.0)));
    }
    let mut left = [0.0; SPANS.len()];
    for n in 1..=SPANS[2] {
        let smooth = smoother.push(&step(3_000 + n, Some(2.0)));
        for (span, left) in left.iter_mut().enumerate().filter(|(span, _)| SPANS[*span] == n) {
            *left = smooth.mean(span, Metric::MlmLoss).map_or(f64::NAN, |mean| (mean - 2.0) / 2.0);
        }
    }
    for (left, span) in left.into_iter().zip(SPANS) {
        let want = (-1.0_f64).exp();
        // Means are kept as f32.
        let fits = (left - want).abs() < 1e-4;
        same(&format!("after {span} steps 1/e of a jump is left, not {left}"), fits, true)?;
    }
    let gap = Smoother::default().push(&step(1, None)).mean(0, Metric::MlmLoss);
    same("the mean of nothing", gap, None)?;
    smoother.push(&step(4_000, Some(f64::NAN)));
    let after = smoother.push(&step(4_001, None)).mean(0, Metric::MlmLoss);
    same("what is undefined is left out", after.is_some_and(|mean| (mean - 2.0).abs() < 0.01), true)
}

/// `the dog`, with `swap` in the place of `dog`.
fn own_text(swap: &str, p: f64) -> OwnText {
    let token = |original: &str, (start, end): (u32, u32), word| OwnToken {
        token: ReadToken { original: original.to_owned(), p_replaced: Some(0.1), ..ReadToken::default() },
        start,
        end,
        word,
        change: None,
    };
    let mut dog = token("dog", (4, 7), 1);
    dog.change = Some(Change::Replace { word: swap.to_owned() });
    dog.token.sampled = Some(swap.to_owned());
    (dog.token.replaced, dog.token.p_replaced) = (true, Some(p));
    OwnText { text: "the dog".to_owned(), tokens: vec![token("the", (0, 3), 0), dog], ..OwnText::default() }
}

fn swaps_count_once() -> Outcome {
    let mut score = Score::default();
    for (swap, p) in [("cat", 0.3), ("cat", 0.9), ("moon", 0.8), ("fox", 0.5)] {
        score.read(&own_text(swap, p));
    }
    same("swaps judged, and those that fooled the judge", (score.judged, score.fooled), (3, 2))?;
    same("the best", score.best, Some(Swap { original: "dog".into(), word: "cat".into(), p: 0.3 }))
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_the_browser_suite_checks_holds_here() {
        for (name, outcome) in super::all() {
            assert_eq!(outcome, Ok(()), "{name}");
        }
    }
}
