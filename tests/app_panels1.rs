//! Curves, verdicts, kernels, hardware and log: each as a person meets it, by role and name, with the events of a run made here.

#[path = "common/desk.rs"]
#[allow(dead_code, reason = "not every test program compares pictures")]
mod desk;

use desk::{App, LOOK, Look, desk, open, show};
use egui::Key;
use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use electroscope::app::desk::{Desk, Opening};
use electroscope::app::panels::PanelId;
use electroscope::app::settings::Settings;
use electroscope::app::state::{RunState, Source};
use electroscope::app::theme;
use electroscope::config::Config;
use electroscope::model::{Model, ModelSpec};
use electroscope::plan::{Choices, Limits};
use electroscope::train::event::{
    Calibration, Clock, EvalMetrics, Event, Failure, JUDGE_BINS, JudgeHistogram, JudgedExample, Kernels, Phase, Roofs,
    Stage, State, StepMetrics, Warning, WarningKind,
};
use electroscope::train::kernels;
use electroscope::view::Lang;
use std::time::{Duration, Instant};

/// Tall enough that nothing of a panel has to be scrolled to.
const TALL: Look = Look { size: [1280.0, 3600.0], ..LOOK };
const MINE: [PanelId; 5] = [PanelId::Curves, PanelId::Verdicts, PanelId::Kernels, PanelId::Hardware, PanelId::Log];

fn open_at(look: Look, id: PanelId) -> App {
    let mut app = open(look);
    show(&mut app, id);
    app
}

fn says(app: &App, part: &str) -> bool {
    app.query_all_by_label_contains(part).next().is_some()
}

fn press(app: &mut App, role: Role, label: &str) {
    app.get_by_role_and_label(role, label).click_accesskit();
    app.run_steps(3);
}

fn press_containing(app: &mut App, part: &str) {
    app.query_all_by_label_contains(part).next().unwrap_or_else(|| panic!("nothing says {part}")).click_accesskit();
    app.run_steps(3);
}

fn key(app: &mut App, key: Key) {
    app.key_press(key);
    app.run_steps(2);
}

/// As if a run were at work.
fn live(app: &mut App) {
    desk(app).view.transport.live = true;
    let state = State { phase: Phase::Running, step: 7, stage: None::<Stage>, speed_share: 1.0 };
    desk(app).hear(Event::State(state));
    app.run_steps(2);
}

fn hear(app: &mut App, event: Event) {
    desk(app).hear(event);
    app.run_steps(2);
}

const MLM: &str = "Generator's loss: a place on the time axis";

#[test]
fn a_press_on_the_curves_takes_the_window_back_in_time() {
    let mut app = open_at(LOOK, PanelId::Curves);
    app.get_by_role_and_label(Role::Slider, MLM).click();
    app.run_steps(3);
    let last = desk(&mut app).state.step();
    let scrub = desk(&mut app).view.scrub.expect("a place in the past");
    assert!((last / 4..3 * last / 4).contains(&scrub), "{scrub} of {last}: the middle was pressed");
    let readout = desk(&mut app).state.readout_at(Some(scrub)).map(|readout| readout.step);
    assert!(readout.is_some_and(|step| step <= scrub && step > 0), "{readout:?}: what the strips show then");
    press(&mut app, Role::Button, "Back to now");
    assert_eq!(desk(&mut app).view.scrub, None);
}

#[test]
fn arrow_keys_walk_along_the_time_axis() {
    let mut app = open_at(LOOK, PanelId::Curves);
    app.get_by_role_and_label(Role::Slider, MLM).focus();
    app.run_steps(2);
    let readouts: Vec<u64> = desk(&mut app).state.readouts.iter().map(|readout| readout.step).collect();
    key(&mut app, Key::ArrowLeft);
    let last = desk(&mut app).state.step();
    let before = readouts.iter().copied().rfind(|step| *step < last);
    assert_eq!(desk(&mut app).view.scrub, before);
    key(&mut app, Key::ArrowLeft);
    let second = desk(&mut app).view.scrub;
    assert!(second < before && second.is_some());
    key(&mut app, Key::ArrowRight);
    assert_eq!(desk(&mut app).view.scrub, before);
    key(&mut app, Key::Home);
    assert_eq!(desk(&mut app).view.scrub, readouts.first().copied());
    key(&mut app, Key::End);
    assert_eq!(desk(&mut app).view.scrub, None);
    assert!(app.get_by_role_and_label(Role::Slider, MLM).is_focused(), "the arrows stay with the curves");
}

#[test]
fn every_curve_is_named_with_its_value_and_its_bound() {
    let mut app = open_at(LOOK, PanelId::Curves);
    for part in ["generator ", "frequency alone ", "judge ", "base rate alone "] {
        assert!(says(&app, part), "{part}");
    }
    press(&mut app, Role::RadioButton, "Judge");
    for part in ["AUC ", "recall ", "precision ", "always “original” "] {
        assert!(says(&app, part), "{part}");
    }
    press(&mut app, Role::RadioButton, "Motor");
    assert!(says(&app, "gradient norm ") && says(&app, "tokens a second "));
    desk(&mut app).settings.layout.full = Some(PanelId::Curves);
    app.run_steps(2);
    for axis in ["log x", "log y"] {
        press(&mut app, Role::CheckBox, axis);
    }
    assert!(
        says(&app, "generator ") && says(&app, "gradient norm "),
        "where there is room, all are shown, and by decades"
    );
}

/// The recording moves by itself until somebody takes hold of the time axis.
#[test]
fn a_hand_on_the_time_axis_stops_the_recording() {
    let ui = |ui: &mut egui::Ui, desk: &mut Option<Desk>| {
        let opening = Opening { lang: Some(Lang::En), replay: true, ..Opening::default() };
        desk.get_or_insert_with(|| Desk::open(ui.ctx(), Settings::default(), opening).expect("a recording")).ui(ui);
    };
    let mut app: App =
        Harness::builder().with_size(LOOK.size).with_context_setup(theme::install).build_ui_state(ui, None);
    let at = |app: &mut App| {
        app.run_steps(3);
        desk(app).view.scrub
    };
    let (first, second) = (at(&mut app), at(&mut app));
    assert!(first.is_some() && second > first, "{first:?} {second:?}");
    app.get_by_role_and_label(Role::Slider, MLM).click();
    let held = at(&mut app);
    assert!(held > second, "{held:?}: the middle of the run");
    assert_eq!(at(&mut app), held);
}

/// The value beside a name, as the legend writes it.
fn value_of(app: &App, name: &str) -> f64 {
    let value = |label: String| label.strip_prefix(name)?.replace(',', "").parse().ok();
    let mut nodes = app.query_all_by_label_contains(name).map(|node| node.accesskit_node());
    nodes.find_map(|node| node.label().or_else(|| node.value()).and_then(value)).expect("a name with its number")
}

#[test]
fn the_legend_says_what_was_measured_at_the_step_that_is_shown() {
    let mut app = open_at(LOOK, PanelId::Curves);
    let now = value_of(&app, "generator ");
    let first = desk(&mut app).state.steps.iter().next().map(|step| step.step);
    desk(&mut app).view.scrub = first;
    app.run_steps(2);
    let then = value_of(&app, "generator ");
    assert!(then > now + 0.5, "the loss fell from {then} to {now}");
}

#[test]
fn other_runs_lie_under_the_curves_until_they_are_removed() {
    let mut app = open_at(LOOK, PanelId::Curves);
    let step = |n: u64| {
        let mut step = StepMetrics { step: n, ..StepMetrics::default() };
        step.metrics.mlm_loss = Some(6.0 / n as f64);
        Event::Step(Box::new(step))
    };
    let other = RunState::from_events(Source::Opened("earlier".into()), (1..=50).map(step));
    desk(&mut app).view.overlays.push(("earlier".into(), other));
    app.run_steps(2);
    press(&mut app, Role::Button, "Remove the run earlier from the curves");
    assert!(desk(&mut app).view.overlays.is_empty() && !says(&app, "Other runs:"));
}

/// 1,000 originals and 100 replaced tokens, which a better threshold than one half would part.
fn evaluation() -> Event {
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
    // As older records have it: counts at one half, no spread, no tokens.
    (eval.histogram, eval.examples) = (None, Vec::new());
    eval.calibration = Some(Calibration { expected_error: Some(0.021), ..Calibration::default() });
    hear(&mut app, Event::Eval(eval));
    assert!(says(&app, "Held-out text, step 10,000: 1,100 tokens, 9.1% replaced"));
    for kind in ["caught: 50, ", "missed: 50, ", "false alarm: 10, ", "rightly passed: 990, "] {
        assert!(says(&app, kind), "{kind}");
    }
    assert!(says(&app, "Always saying “original”, without reading, gets 90.9%"), "the base rate beside the accuracy");
    assert!(says(&app, "Reliability, error 0.021") && !says(&app, "ROC, AUC"));
    assert!(says(&app, "Recorded at 0.5 only"));
    press_containing(&mut app, "caught: ");
    assert!(says(&app, "Tokens in their text come with the evaluations of a live run."));
}

#[test]
fn the_threshold_moves_the_counts_and_the_examples() {
    let mut app = open_at(TALL, PanelId::Verdicts);
    hear(&mut app, evaluation());
    assert!(says(&app, "caught: 50, 50.0% of the row") && says(&app, "false alarm: 10, 1.0% of the row"));
    assert!(says(&app, "ROC, AUC 0.912") && says(&app, "Precision and recall"));
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

/// The step of the smallest preset, as its run lists it; `timed` as after a measurement.
fn listed(timed: bool) -> Event {
    let config = Config::preset("nano").expect("a preset");
    let spec = ModelSpec::from_config(&config, config.vocab_size, 0, None);
    let model = Model::record(spec, Choices::default(), Limits::default());
    let mut dispatches = kernels::dispatches(&model.plan, 1);
    if timed {
        dispatches.iter_mut().for_each(|cost| cost.secs = Some(1e-6 + cost.flops as f64 / 20e9));
    }
    let roofs = if timed {
        Roofs { copy_gbytes_per_sec: Some(10.0), product_gflops_per_sec: Some(40.0) }
    } else {
        Roofs::default()
    };
    let (timed_steps, clock) = if timed { (20, Some(Clock::Processor)) } else { (0, None) };
    Event::Kernels(Box::new(Kernels { step: timed_steps, timed_steps, clock, roofs, dispatches }))
}

#[test]
fn a_step_unfolds_from_stages_to_dispatches_to_both_texts() {
    let mut app = open_at(TALL, PanelId::Kernels);
    assert!(says(&app, "This is the whole list"));
    hear(&mut app, listed(false));
    for stage in ["Mask: ", "Propose: ", "Replace: ", "Judge: ", "Backward: ", "Update: "] {
        assert!(says(&app, stage), "{stage}");
    }
    assert!(says(&app, "rtd.loss, "), "one stage stands open, to be seen");
    press_containing(&mut app, "Judge: ");
    assert!(!says(&app, "rtd.loss, "));
    press_containing(&mut app, "Judge: ");
    press_containing(&mut app, "attention.forward, ");
    assert!(says(&app, "The only place where tokens look at each other"));
    assert!(says(&app, "workgroups; variant"));
    assert!(says(&app, "fn forward("), "the shader stands at its entry point");
    press(&mut app, Role::RadioButton, "Its twin (Rust), for the processor");
    assert!(says(&app, "pub fn forward("), "and so does its twin");
    press_containing(&mut app, "attention.forward, ");
    assert!(!says(&app, "pub fn forward("), "a second press closes it");
}

#[test]
fn measuring_shows_times_and_shares_of_the_roofs() {
    let mut app = open_at(TALL, PanelId::Kernels);
    hear(&mut app, listed(false));
    assert!(says(&app, "To time it here and now"));
    live(&mut app);
    press(&mut app, Role::Button, "Measure");
    assert!(says(&app, "Measuring…"));
    hear(&mut app, listed(true));
    assert!(!says(&app, "Measuring…") && says(&app, "Timed at step 20 of this run over 20 steps"));
    assert!(says(&app, "10.0 GB/s copying in memory") && says(&app, "40.0 GFLOP/s in a large matrix product"));
    press(&mut app, Role::RadioButton, "By kernel");
    let rows: Vec<String> =
        app.query_all_by_label_contains(" a step · ").filter_map(|node| node.accesskit_node().label()).collect();
    assert!(rows[0].starts_with("matmul."), "the costliest comes first: {rows:?}");
    press_containing(&mut app, &rows[0]);
    assert!(says(&app, "% of what a large matrix product reaches") && says(&app, "% of what copying reaches"));
}

#[test]
fn the_hardware_panel_tells_the_run_the_machine_and_the_presets() {
    let mut app = open_at(TALL, PanelId::Hardware);
    assert!(says(&app, "the processor runs the kernels' Rust twins") && says(&app, "Why: it was asked for."));
    assert!(says(&app, "weights: ") && says(&app, "activations: "), "memory by arena");
    let started = Instant::now();
    while !says(&app, "for the Rust twins") {
        assert!(started.elapsed() < Duration::from_secs(60), "the machine was looked at in vain");
        std::thread::sleep(Duration::from_millis(20));
        app.run_steps(1);
    }
    for preset in ["nano", "tiny", "mini", "small", "base"] {
        app.get_by_label(preset);
    }
}

#[test]
fn the_log_tells_warnings_by_word_and_its_badge_counts_the_unseen() {
    let mut app = open_at(LOOK, PanelId::Verdicts);
    let (message, message_pt) = ("the loss rises".to_owned(), "a perda sobe".to_owned());
    hear(&mut app, Event::Warning(Warning { kind: WarningKind::LossDiverging, step: 7, message, message_pt }));
    let before = desk(&mut app).view.alarms_seen;
    assert_eq!(desk(&mut app).state.log.alarms, before + 1);
    show(&mut app, PanelId::Log);
    assert_eq!(desk(&mut app).view.alarms_seen, before + 1, "looked at is seen");
    assert!(says(&app, "Warning  step 7  the loss rises"));
    hear(&mut app, Event::Failed(Failure { message: "disk full".into(), ..Failure::default() }));
    assert!(says(&app, "Error  disk full"));
    let lines = |app: &App| app.query_all_by_role_and_label(Role::Image, "note").count();
    assert!(lines(&app) > 0);
    press(&mut app, Role::CheckBox, "Warnings and errors only");
    assert_eq!(lines(&app), 0);
    assert!(says(&app, "the loss rises"));
}

#[test]
fn every_control_of_these_panels_has_a_name_in_both_languages() {
    let controls = [Role::Button, Role::Tab, Role::RadioButton, Role::CheckBox, Role::Slider, Role::Image];
    for lang in [Lang::En, Lang::Pt] {
        let mut app = open(Look { lang, ..TALL });
        hear(&mut app, evaluation());
        hear(&mut app, listed(true));
        for id in MINE {
            show(&mut app, id);
            let nameless: Vec<String> = app
                .root()
                .children_recursive()
                .filter(|node| controls.contains(&node.accesskit_node().role()))
                .filter(|node| node.accesskit_node().label().unwrap_or_default().is_empty())
                .map(|node| format!("{:?} at {:?}", node.accesskit_node().role(), node.accesskit_node().bounding_box()))
                .collect();
            assert!(nameless.is_empty(), "{id:?}, {lang:?}: {nameless:?}");
        }
    }
}

#[test]
fn a_panel_in_which_nothing_happens_is_not_drawn_again() {
    let mut app = open(TALL);
    hear(&mut app, evaluation());
    hear(&mut app, listed(true));
    for id in MINE {
        show(&mut app, id);
        std::thread::sleep(Duration::from_millis(if id == PanelId::Hardware { 5_000 } else { 0 }));
        // Ends when no further frame is asked for; panics where there is always another.
        app.run();
    }
}
