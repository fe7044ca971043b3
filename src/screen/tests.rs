//! Tests of what every screen shows, from a run's events to its numbers.

use super::recorded;
use super::score::{Score, Swap};
use super::smooth::{SPANS, Smoother};
use super::state::{Phase, READOUTS_MAX, RunState, STEPS_MAX, Source};
use crate::lang::Lang;
use crate::train::event::{Change, Event, Metrics, OwnText, OwnToken, ReadToken, Readout, StepMetrics};
use crate::train::metrics::table::Metric;
use crate::view::words::Strings;

fn step(step: u64, mlm_loss: Option<f64>) -> StepMetrics {
    StepMetrics { step, metrics: Metrics { mlm_loss, ..Metrics::default() }, ..StepMetrics::default() }
}

fn event(n: u64) -> Event {
    Event::Step(Box::new(step(n, Some(n as f64))))
}

/// The runs that come with the program unpack, are read and add up, and their numbers have names in both languages.
#[test]
fn recorded_runs_are_folded() {
    for (lang, generator) in [(Lang::En, "generator"), (Lang::Pt, "gerador")] {
        let events = recorded::events(lang).unwrap();
        let (last, evals) = (last_step(&events), count(&events, |event| matches!(event, Event::Eval(_))));
        let state = RunState::from_events(Source::Recorded, events);
        assert_eq!(state.phase, Phase::Finished, "the phase");
        assert_eq!(state.step(), last, "the last step");
        assert_eq!(state.evals.len(), evals, "evaluations");
        let loss = |step| state.step_at(step).and_then(|step| Metric::MlmLoss.of_step(step));
        let learns = matches!((loss(Some(1)), loss(None)), (Some(first), Some(last)) if last < first);
        assert!(learns, "a loss that falls");
        assert_eq!(state.smooth.len(), state.steps.len(), "a mean for each step");
        let name = Strings::of(lang).metric(Metric::MlmLoss, "curve");
        assert_eq!(name.as_str(), generator, "the curve's name");
    }
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

#[test]
fn a_long_run_stays_bounded() {
    const LONG: u64 = 20_000;
    let readout =
        |step| Event::Readout(Readout { step, sentences: vec![vec![ReadToken::default()]], swaps: Vec::new() });
    let state = RunState::from_events(Source::Live, (1..=LONG).flat_map(|n| [event(n), readout(n)]));
    let within = |len: usize, max: usize| (max / 2..=max + 1).contains(&len);
    assert!(within(state.steps.len(), STEPS_MAX), "steps within their cap");
    assert!(within(state.readouts.len(), READOUTS_MAX), "readouts within their cap");
    let ends = [state.steps.iter().next(), state.steps.last()].map(|step| step.map(|step| step.step));
    assert_eq!(ends, [Some(1), Some(LONG)], "the ends of the run");
    let steps: Vec<u64> = state.steps.iter().map(|step| step.step).collect();
    assert!(steps.is_sorted_by(|a, b| a < b), "steps in order");
}

#[test]
fn a_resumed_run_is_seen_once() {
    let mut state = RunState::from_events(Source::Live, (1..=9).map(event));
    state.fold(Event::Resumed { step: 4 });
    assert_eq!(state.step(), 4, "the step it goes on from");
    state.fold(event(5));
    assert_eq!(state.steps.iter().map(|step| step.step).collect::<Vec<_>>(), vec![1, 2, 3, 4, 5], "the steps");
    let undisturbed = RunState::from_events(Source::Live, (1..=5).map(event));
    let mean = |state: &RunState| state.smooth.last().and_then(|smooth| smooth.mean(0, Metric::MlmLoss));
    let (got, want) = (mean(&state).unwrap(), mean(&undisturbed).unwrap());
    // A resumed mean starts from the last one as if it had run for ever: it is near the undisturbed one, and no step behind it counts.
    assert!((got - want).abs() < 0.5, "a mean that forgot the steps it overtook");
}

#[test]
fn means_fade_by_their_spans() {
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
        assert!(fits, "after {span} steps 1/e of a jump is left, not {left}");
    }
    let gap = Smoother::default().push(&step(1, None)).mean(0, Metric::MlmLoss);
    assert_eq!(gap, None, "the mean of nothing");
    smoother.push(&step(4_000, Some(f64::NAN)));
    let after = smoother.push(&step(4_001, None)).mean(0, Metric::MlmLoss);
    assert!(after.is_some_and(|mean| (mean - 2.0).abs() < 0.01), "what is undefined is left out");
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

#[test]
fn swaps_count_once() {
    let mut score = Score::default();
    for (swap, p) in [("cat", 0.3), ("cat", 0.9), ("moon", 0.8), ("fox", 0.5)] {
        score.read(&own_text(swap, p));
    }
    assert_eq!((score.judged, score.fooled), (3, 2), "swaps judged, and those that fooled the judge");
    assert_eq!(score.best, Some(Swap { original: "dog".into(), word: "cat".into(), p: 0.3 }), "the best");
}
