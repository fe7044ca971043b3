//! Tests the verdicts panel: counts of an evaluation, the threshold that moves them, and the examples in each cell.

use crate::desk::desk;
use crate::hands::{TALL, hear, live, open_at, press, press_containing, says};
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use electroscope::app::panels::PanelId;
use electroscope::train::event::{Calibration, EvalMetrics, Event, JUDGE_BINS, JudgeHistogram, JudgedExample};

/// 1,000 originals and 100 replaced tokens. A better threshold than one half would separate them.
pub fn evaluation() -> Event {
    let mut histogram = JudgeHistogram { original: vec![0; JUDGE_BINS], replaced: vec![0; JUDGE_BINS] };
    (histogram.original[4], histogram.original[50], histogram.original[120]) = (900, 90, 10);
    (histogram.replaced[30], histogram.replaced[70], histogram.replaced[190]) = (20, 30, 50);
    let example = |token: &str, original: &str, p_replaced| JudgedExample {
        before: "the cat".into(),
        token: token.into(),
        after: "on the mat".into(),
        original: original.into(),
        replaced: token != original,
        masked: true,
        p_replaced,
    };
    let mut eval = EvalMetrics {
        step: 10_000,
        confusion: Some(histogram.confusion(JUDGE_BINS / 2)),
        histogram: Some(histogram),
        examples: vec![example("sang", "sat", 0.95), example("lay", "sat", 0.35), example("sat", "sat", 0.02)],
        ..EvalMetrics::default()
    };
    (eval.metrics.rtd_auc, eval.metrics.replaced_share) = (Some(0.912), Some(100.0 / 1100.0));
    Event::Eval(Box::new(eval))
}

#[test]
fn a_recorded_evaluation_has_its_counts_and_says_what_it_has_not() {
    let mut app = open_at(TALL, PanelId::Verdicts);
    let Event::Eval(mut eval) = evaluation() else { unreachable!("it is one") };
    // Older records have only the counts at one half, without histogram and tokens.
    (eval.histogram, eval.examples) = (None, Vec::new());
    eval.calibration = Some(Calibration { expected_error: Some(0.021), ..Calibration::default() });
    hear(&mut app, Event::Eval(eval));
    assert!(says(&app, "The generator's own words in held-out text, step 10,000: 1,100 tokens, 9.1% replaced"));
    for kind in ["caught: 50, ", "missed: 50, ", "false alarm: 10, ", "rightly passed: 990, "] {
        assert!(says(&app, kind), "{kind}");
    }
    assert!(says(&app, "Always saying “original”, without reading, gets 90.9%"), "the base rate beside the accuracy");
    assert!(says(&app, "Reliability on held-out text, error 0.021") && !says(&app, "ROC on"));
    assert!(says(&app, "Recorded at 0.5 only"));
    press_containing(&mut app, "caught: ");
    assert!(says(&app, "Tokens in their text come with the evaluations of a live run."));
}

#[test]
fn the_threshold_moves_the_counts_and_the_examples() {
    let mut app = open_at(TALL, PanelId::Verdicts);
    hear(&mut app, evaluation());
    assert!(says(&app, "caught: 50, 50.0% of the row") && says(&app, "false alarm: 10, 1.0% of the row"));
    assert!(says(&app, "ROC on held-out text, AUC 0.912") && says(&app, "Precision and recall"));
    press_containing(&mut app, "caught: 50");
    assert!(says(&app, "Some tokens: caught") && says(&app, "sang") && !says(&app, "lay on"));
    app.get_by_role_and_label(Role::Slider, "threshold").set_value_accesskit(0.3);
    app.run_steps(3);
    assert!(says(&app, "caught: 80, 80.0% of the row"), "30 more lie between 0.3 and 0.5");
    assert!(says(&app, "false alarm: 10, 1.0% of the row"));
    assert!(says(&app, "lay on the mat"), "the example moved with its cell");
    assert!((desk(&mut app).view.threshold.expect("shared with the other panels") - 0.3).abs() < 1e-9);
}

#[test]
fn an_evaluation_can_be_asked_for_while_a_run_is_at_work() {
    let mut app = open_at(TALL, PanelId::Verdicts);
    assert!(app.query_by_label("Evaluate now").is_none());
    live(&mut app);
    press(&mut app, Role::Button, "Evaluate now");
}
