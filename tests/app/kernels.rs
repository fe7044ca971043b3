//! Tests the kernels panel: a step unfolds from its stages to a kernel's two texts, and a measurement fills in the times.

use crate::hands::{TALL, hear, live, open_at, press, press_containing, says};
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use electroscope::app::panels::PanelId;
use electroscope::config::Config;
use electroscope::model::{Model, ModelSpec};
use electroscope::plan::{KernelChoices, Limits};
use electroscope::train::event::{Clock, Event, Kernels, Roofs};
use electroscope::train::kernels;

/// The kernels event of the smallest preset's step. `timed`: with times, as after a measurement.
pub fn listed(timed: bool) -> Event {
    let config = Config::preset("nano").expect("a preset");
    let spec = ModelSpec::from_config(&config, config.vocab_size, 0, None);
    let model = Model::record(spec, KernelChoices::default(), Limits::default());
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
    assert!(says(&app, "No weights are at hand to time it with"));
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
