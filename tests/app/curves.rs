//! Tests the curves panel: the time axis by hand and by keys, the legend, other runs beside this one.

use crate::desk::{App, LOOK, desk};
use crate::hands::{key, open_at, press, says};
use egui::Key;
use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use electroscope::app::desk::{Desk, Opening};
use electroscope::app::panels::PanelId;
use electroscope::app::settings::Settings;
use electroscope::app::theme;
use electroscope::screen::state::{RunState, Source};
use electroscope::train::event::{Event, StepMetrics};
use electroscope::view::Lang;

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

/// The recorded run plays by itself until a person moves the time axis.
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
