//! Computes what an evaluation says at a threshold, without drawing: counts, the cell of an example, and why recall may have
//! fallen.

use super::state::RunState;
use crate::train::event::{Confusion, EvalMetrics, JUDGE_BINS, JudgedExample, Metrics, Verdict};

/// The lower edge of a threshold's bin. p(replaced) is compared with it.
pub fn edge(bin: usize) -> f64 {
    bin as f64 / JUDGE_BINS as f64
}

/// The counts of an evaluation at a threshold. If it has no histogram, only the counts at one half are known.
pub fn counts_at(eval: &EvalMetrics, bin: usize) -> Option<Confusion> {
    match &eval.histogram {
        Some(histogram) => Some(histogram.confusion(bin)),
        None => eval.confusion.filter(|_| bin == JUDGE_BINS / 2),
    }
}

/// The cell to which an example belongs at a threshold.
pub fn verdict_of(example: &JudgedExample, threshold: f64) -> Verdict {
    match (example.replaced, example.p_replaced >= threshold) {
        (true, true) => Verdict::Caught,
        (true, false) => Verdict::Missed,
        (false, true) => Verdict::FalseAlarm,
        (false, false) => Verdict::Passed,
    }
}

/// The first evaluation must have had this many times more replacements than the newest, if they are to explain a lower recall.
const HARDER: f64 = 1.2;

/// The step and the share of replacements of the first evaluation, if the judge catches less now because the generator has
/// improved: fewer replacements are left, and they are harder to find. None if something other than the generator drew words.
pub fn easier(state: &RunState, eval: &EvalMetrics) -> Option<(u64, f64)> {
    let first = state.evals.iter().next().filter(|_| !state.other_odds())?;
    let less = |of: fn(&Metrics) -> Option<f64>, by: f64| {
        of(&first.metrics).zip(of(&eval.metrics)).is_some_and(|(then, now)| then > by * now)
    };
    let replaced = first.metrics.replaced_share?;
    (less(|m| m.replaced_share, HARDER) && less(|m| m.rtd_recall, 1.0)).then_some((first.step, replaced))
}

#[cfg(test)]
mod tests {
    use super::super::state::Source;
    use super::*;
    use crate::train::event::{Event, JudgeHistogram};

    fn spread() -> JudgeHistogram {
        let mut histogram = JudgeHistogram { original: vec![0; JUDGE_BINS], replaced: vec![0; JUDGE_BINS] };
        (histogram.original[10], histogram.original[150]) = (90, 10);
        (histogram.replaced[40], histogram.replaced[190]) = (4, 6);
        histogram
    }

    #[test]
    fn counts_follow_the_threshold_where_the_spread_is_known() {
        let eval = EvalMetrics { histogram: Some(spread()), ..EvalMetrics::default() };
        let at = |bin| counts_at(&eval, bin).unwrap();
        assert_eq!(at(0), Confusion { caught: 10, missed: 0, false_alarm: 100, passed: 0 });
        assert_eq!(at(100), Confusion { caught: 6, missed: 4, false_alarm: 10, passed: 90 });
        assert_eq!(at(JUDGE_BINS), Confusion { caught: 0, missed: 10, false_alarm: 0, passed: 100 });
    }

    #[test]
    fn without_the_spread_only_one_half_is_known() {
        let counts = Confusion { caught: 1, missed: 2, false_alarm: 3, passed: 4 };
        let eval = EvalMetrics { confusion: Some(counts), ..EvalMetrics::default() };
        assert_eq!(counts_at(&eval, JUDGE_BINS / 2), Some(counts));
        assert_eq!(counts_at(&eval, 7), None);
    }

    #[test]
    fn a_falling_recall_has_a_reason_only_where_the_generator_is_it() {
        let eval = |step, replaced, recall| {
            let mut eval = EvalMetrics { step, ..EvalMetrics::default() };
            (eval.metrics.replaced_share, eval.metrics.rtd_recall) = (Some(replaced), Some(recall));
            eval
        };
        let of = |drawn_by: &str, evals: &[EvalMetrics]| {
            let settings = [("replacements".to_owned(), drawn_by.into())].into();
            let evals = evals.iter().map(|eval| Event::Eval(Box::new(eval.clone())));
            let state = RunState::from_events(Source::Live, std::iter::once(Event::Config { settings }).chain(evals));
            easier(&state, state.evals.last().unwrap())
        };
        let (first, harder) = (eval(100, 0.12, 0.6), eval(900, 0.06, 0.2));
        assert_eq!(of("generator", &[first.clone(), harder.clone()]), Some((100, 0.12)));
        assert_eq!(of("uniform_to_generator", &[first.clone(), harder]), None);
        assert_eq!(of("generator", &[first.clone(), eval(900, 0.06, 0.7)]), None, "it catches more all the same");
        assert_eq!(of("generator", &[first.clone(), eval(900, 0.11, 0.2)]), None, "as much is replaced as before");
        assert_eq!(of("generator", &[first]), None);
    }

    #[test]
    fn an_example_changes_its_cell_with_the_threshold() {
        let example = |replaced| JudgedExample {
            before: String::new(),
            token: "sat".into(),
            after: String::new(),
            original: "ran".into(),
            replaced,
            masked: true,
            p_replaced: 0.4,
        };
        let verdicts = |replaced| [0.3, 0.4, 0.5].map(|at| verdict_of(&example(replaced), at));
        assert_eq!(verdicts(true), [Verdict::Caught, Verdict::Caught, Verdict::Missed]);
        assert_eq!(verdicts(false), [Verdict::FalseAlarm, Verdict::FalseAlarm, Verdict::Passed]);
    }
}
