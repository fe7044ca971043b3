//! Tests the way from a click to a result, over real runs: start, look, measure, save, reset, open, continue and export; and what
//! the window answers while a run is still being prepared.

use crate::desk::{App, LOOK, desk, open, show};
use crate::hands::{PATIENCE, TALL, act, press, press_containing, says, until, until_said, write_over};
use crate::lab;
use crate::watched::{DESK, ENDLESS, options};
use crate::{RUNS, gpu};
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use electroscope::app::panels::{Ask, PanelId};
use electroscope::run::Request;
use electroscope::screen::state::{Phase, Source};
use electroscope::text::grammar::Level;
use electroscope::train::event::Command;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A person takes a tenth of a second for "at once". Tests get more, because they share their machine with others.
const AT_ONCE: Duration = Duration::from_millis(500);
/// A person sets up a run in the data panel, starts it, looks at it in three other panels, saves and ends it, opens it again,
/// continues it and exports it.
#[test]
fn a_run_is_started_looked_into_saved_opened_resumed_and_exported_from_the_panels() {
    let run = RUNS.join("from-the-panels");
    let mut app = open(TALL);
    show(&mut app, PanelId::Data);
    press(&mut app, Role::RadioButton, "My own files");
    write_over(&mut app, "or type a path", DESK.path().join("corpus.txt").to_str().unwrap());
    press(&mut app, Role::Button, "Add");
    write_over(&mut app, "Steps", "100000");
    write_over(&mut app, "Rows at a time", "4");
    write_over(&mut app, "Run folder", run.to_str().unwrap());
    press(&mut app, Role::ComboBox, "Device");
    press(&mut app, Role::Button, "Processor");
    assert!(says(&app, "--set batch=4") && says(&app, "--device cpu"), "the command says the same");
    press(&mut app, Role::Button, "Start training");
    until(&mut app, "the first steps", |desk| desk.state.source == Source::Live && desk.state.step() >= 2);
    look_into_it(&mut app);
    show(&mut app, PanelId::Data);
    press(&mut app, Role::Button, "Save a checkpoint now");
    until(&mut app, "a checkpoint", |desk| desk.state.checkpoints.len() == 1);
    press(&mut app, Role::Button, "Reset");
    assert_eq!(desk(&mut app).state.source, Source::Recorded);
    desk(&mut app).close();

    press(&mut app, Role::Button, "Runs and models");
    write_over(&mut app, "Folder", run.to_str().unwrap());
    press(&mut app, Role::Button, "Open");
    until(&mut app, "the run's past", |desk| matches!(desk.state.source, Source::Opened(_)));
    app.run_steps(2);
    assert!(says(&app, "Opened: from-the-panels"));
    let kept = desk(&mut app).state.step();
    assert!(kept >= 2);
    if cfg!(target_os = "macos") {
        // On this system no variable sets the data folder, so the list below would show the runs of the person who runs the test.
        return;
    }
    until_said(&mut app, "Go on training: from-the-panels");
    press(&mut app, Role::Button, "Go on training: from-the-panels");
    until(&mut app, "more steps", |desk| desk.state.source == Source::Live && desk.state.step() > kept + 1);
    press(&mut app, Role::Button, "Pause");
    until(&mut app, "a pause", |desk| desk.state.phase == Phase::Paused);
    press(&mut app, Role::Button, "Export…: from-the-panels");
    let model = DESK.path().join("exported");
    write_over(&mut app, "Into the new folder", model.to_str().unwrap());
    press_containing(&mut app, "Export step ");
    until_said(&mut app, "to be loaded with from_pretrained.");
    assert!(model.join("discriminator/model.safetensors").is_file() && model.join("generator").is_dir());
    desk(&mut app).close();
}

/// Looks at attention, the map and the kernels' times of the live run.
fn look_into_it(app: &mut App) {
    show(app, PanelId::Attention);
    press(app, Role::Button, "Show attention");
    until(app, "attention", |desk| desk.state.attention.len() == 2);
    app.run_steps(2);
    assert!(says(app, "Generator: “") && says(app, "Judge: “") && says(app, "looks at"));
    let read_at = desk(app).state.attention.values().next().and_then(|maps| maps.last()).unwrap().step;
    desk(app).view.scrub = Some(read_at.saturating_sub(1));
    app.run_steps(2);
    assert!(says(app, "You look back at step"), "weights that are not of that step say so");
    desk(app).view.scrub = None;
    app.run_steps(2);
    assert!(!says(app, "You look back at step"));

    show(app, PanelId::Map);
    press(app, Role::Button, "Draw the map");
    until(app, "the map", |desk| !desk.state.embedding_maps.is_empty());
    app.run_steps(2);
    app.get_by_role_and_label(Role::Canvas, "Map of the embeddings");
    assert!(says(app, "The axes show"));

    show(app, PanelId::Kernels);
    press(app, Role::Button, "Measure");
    until(app, "a measurement", |desk| desk.state.kernels.as_ref().is_some_and(|kernels| kernels.timed_steps > 0));
    app.run_steps(2);
    assert!(says(app, "by the processor's clock") && says(app, "GFLOP/s in a large matrix product"));
}

/// A text that takes a while to prepare. One word of it is different each time, so that no cache has it.
fn long_text(name: &str) -> PathBuf {
    let path = DESK.path().join(format!("{name}.txt"));
    let story = lab::stories(Level::Stories, 400).join("\n\n");
    std::fs::write(&path, format!("{name}\n\n") + &format!("{story}\n\n").repeat(40)).unwrap();
    path
}

#[test]
fn a_run_that_is_prepared_pauses_and_resets_at_once() {
    let slow = |name: &str| Request {
        corpus: vec![electroscope::host::native::name_of(&long_text(name))],
        ..options(name, ENDLESS)
    };
    let mut app = open(LOOK);
    act(&mut app, Ask::Start(Box::new(slow("slow"))));
    app.run_steps(1);
    assert!(says(&app, "Preparing"));
    let asked = Instant::now();
    app.get_by_role_and_label(Role::Button, "Pause").click_accesskit();
    app.run_steps(2);
    app.get_by_role_and_label(Role::Button, "Continue");
    app.get_by_label("Preparing, then it pauses before the first step");
    let answered = asked.elapsed();
    println!("a pause was answered after {answered:?}");
    let asked = Instant::now();
    app.get_by_role_and_label(Role::Button, "Reset").click_accesskit();
    app.run_steps(2);
    app.get_by_label("Recorded run");
    let reset = asked.elapsed();
    println!("a reset was answered after {reset:?}");
    // The thread that prepares the run ends too, and leaves no folder of a run that never began.
    let asked = Instant::now();
    desk(&mut app).close();
    println!("the preparation ended after {:?}", asked.elapsed());
    assert!(answered < AT_ONCE && reset < AT_ONCE, "{answered:?}, {reset:?}");
    assert!(!DESK.path().join("slow").exists());
    assert!(desk(&mut app).state.failed.is_none());
}

#[test]
fn a_run_that_is_paused_while_it_is_prepared_waits_before_its_first_step() {
    let mut app = open(LOOK);
    act(&mut app, Ask::Start(Box::new(options("waits", ENDLESS))));
    act(&mut app, Ask::Pause);
    let started = Instant::now();
    while app.query_by_label("Ready, paused before the first step").is_none() {
        assert!(started.elapsed() < PATIENCE);
        app.run_steps(1);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(desk(&mut app).state.source, Source::Recorded, "there is nothing else to show yet");
    press(&mut app, Role::Button, "Continue");
    until(&mut app, "the first steps", |desk| desk.state.source == Source::Live && desk.state.step() >= 2);
    desk(&mut app).close();
}

#[test]
fn a_device_that_is_lost_during_a_pause_is_told_when_the_run_goes_on() {
    if gpu("a_device_that_is_lost_during_a_pause_is_told_when_the_run_goes_on").is_none() {
        return;
    }
    let mut app = open(LOOK);
    let options = Request { device: "gpu".to_owned(), ..options("lost-in-a-pause", ENDLESS) };
    act(&mut app, Ask::Start(Box::new(options)));
    until(&mut app, "the first steps", |desk| desk.state.source == Source::Live && desk.state.step() >= 2);
    act(&mut app, Ask::Command(Command::Checkpoint));
    until(&mut app, "a checkpoint", |desk| desk.state.checkpoints.len() == 1);
    press(&mut app, Role::Button, "Pause");
    until(&mut app, "a pause", |desk| desk.state.phase == Phase::Paused);
    act(&mut app, Ask::Command(Command::LoseDevice));
    press(&mut app, Role::Button, "Continue");
    until(&mut app, "the failure", |desk| desk.state.phase == Phase::Failed);
    app.run_steps(2);
    app.get_by_label("The graphics device went away");
    assert!(says(&app, "is whole and safe."));
    assert!(!app.get_by_role_and_label(Role::Button, "Train on").accesskit_node().is_disabled());
    desk(&mut app).close();
}

/// A person looks back at attention and maps that were read during the run.
#[test]
fn attention_is_looked_back_at_where_it_was_read() {
    let mut app = open(TALL);
    let options = options("looked-back", &lab::with(ENDLESS, &["readout_every=2"]));
    act(&mut app, Ask::Start(Box::new(options)));
    until(&mut app, "the first steps", |desk| desk.state.source == Source::Live && desk.state.step() >= 2);
    show(&mut app, PanelId::Attention);
    press(&mut app, Role::CheckBox, "With every readout");
    press(&mut app, Role::Button, "Show attention");
    until(&mut app, "a few maps", |desk| {
        desk.state.attention.values().all(|maps| maps.len() > 3) && !desk.state.attention.is_empty()
    });
    press(&mut app, Role::Button, "Pause");
    until(&mut app, "a pause", |desk| desk.state.phase == Phase::Paused);
    let steps: Vec<u64> = desk(&mut app).state.attention.values().next().unwrap().iter().map(|map| map.step).collect();
    desk(&mut app).view.scrub = Some(steps[1]);
    app.run_steps(2);
    assert!(says(&app, &format!("after step {}", steps[1])), "{steps:?}");
    desk(&mut app).close();
}
