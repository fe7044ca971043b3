//! Tests the window over real runs: every button of the transport, a sentence judged on live weights, and what a person sees and
//! can do when a run breaks.

use crate::desk::{App, LOOK, desk, open, show};
use crate::gpu;
use crate::hands::{act, until};
use crate::lab;
use crate::watched::{DESK, ENDLESS, options};
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use electroscope::app::desk::Desk;
use electroscope::app::panels::{Ask, PanelId};
use electroscope::run::Request;
use electroscope::screen::state::{Phase, Source};
use electroscope::train::event::{self, Change, Command, Executor, Stage};
use std::path::Path;

fn click(app: &mut App, name: &str) {
    app.get_by_role_and_label(Role::Button, name).click();
    app.run_steps(2);
}

/// A window over a run that has taken a few steps.
fn live(options: Request) -> App {
    let mut app = open(LOOK);
    act(&mut app, Ask::Start(Box::new(options)));
    until(&mut app, "the first steps", |desk| desk.state.source == Source::Live && desk.state.step() >= 2);
    app
}

fn checkpoints_of(run: &Path) -> usize {
    std::fs::read_dir(run.join("checkpoints")).map_or(0, Iterator::count)
}

#[test]
fn the_transport_drives_a_run_by_play_pause_step_and_stage() {
    let mut app = live(options("transport", ENDLESS));
    click(&mut app, "Pause");
    let waited = until(&mut app, "a pause", |desk| desk.state.phase == Phase::Paused);
    println!("paused after {waited:?}");
    // A pause may come in the middle of a step, so the step is finished first.
    let between =
        |desk: &Desk| desk.state.now.is_some_and(|now| now.phase == event::Phase::Paused && now.stage.is_none());
    click(&mut app, "Step");
    until(&mut app, "the end of a step", between);
    for (stage, said) in [
        (Stage::MASK, Some("masked; nothing is proposed yet")),
        (Stage::PROPOSE, Some("proposed; nothing is replaced yet")),
        (Stage::REPLACE, Some("replaced; nothing is judged yet")),
        (Stage::JUDGE, None),
    ] {
        click(&mut app, "Stage");
        until(&mut app, "a stage", |desk| desk.state.batch.as_ref().is_some_and(|batch| batch.known == stage));
        assert_eq!(desk(&mut app).view.transport.stage, Some(stage));
        app.run_steps(2);
        said.map(|text| app.get_by_label(text));
    }
    // The numbers of a step may arrive late, but the run says at once where it is.
    let stands = |desk: &Desk| desk.state.now.map_or(0, |now| now.step);
    let at = stands(desk(&mut app));
    click(&mut app, "Step");
    until(&mut app, "a step", |desk| stands(desk) > at && desk.state.phase == Phase::Paused);
    assert_eq!(stands(desk(&mut app)), at + 1);
    app.get_by_role_and_label(Role::RadioButton, "Speed 25%").click();
    app.run_steps(2);
    until(&mut app, "a share", |desk| desk.state.now.is_some_and(|now| (now.speed_share - 0.25).abs() < 0.01));
    click(&mut app, "Continue");
    until(&mut app, "more steps", |desk| desk.state.step() > at + 3);
    // The window shows the recorded run again; the run ends in the background with a checkpoint.
    click(&mut app, "Reset");
    assert_eq!(desk(&mut app).state.source, Source::Recorded);
    desk(&mut app).close();
    assert!(checkpoints_of(&DESK.path().join("transport")) > 0);
}

#[test]
fn a_run_whose_window_dies_keeps_its_last_step_and_ends() {
    let run = DESK.path().join("orphan");
    let mut app = live(options("orphan", ENDLESS));
    click(&mut app, "Pause");
    until(&mut app, "a pause", |desk| desk.state.phase == Phase::Paused);
    // Nobody closes it, as when its display is gone.
    drop(app);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while electroscope::train::checkpoint::RunFolder::refuse_in_use(&run).is_err() || checkpoints_of(&run) == 0 {
        assert!(std::time::Instant::now() < deadline, "the run goes on without a window");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let resumed = electroscope::train::checkpoint::resume_point(&run, None).unwrap();
    assert!(resumed.state.step >= 2);
}

#[test]
fn a_sentence_is_judged_on_live_weights_and_its_words_change() {
    let mut app = live(options("sentence", &lab::with(ENDLESS, &[])));
    show(&mut app, PanelId::Sentence);
    until(&mut app, "a judgement", |desk| desk.state.own_texts.last().is_some());
    let text = desk(&mut app).state.own_texts.last().unwrap().text.clone();
    assert!(text != "the loyal dog gnaws the bone in the kennel.", "the example comes from the person's own text");
    let first = text.split(' ').next().unwrap().to_owned();
    app.run_steps(2);
    // The word's name carries the judge's number, which nobody knows beforehand.
    let spoken = format!("\u{201c}{first}\u{201d}, judge");
    let mut words = app.query_all_by(|node| {
        node.role() == Role::Button && node.label().is_some_and(|label| label.starts_with(&spoken))
    });
    words.next().expect("the first word is a button").click();
    drop(words);
    app.run_steps(2);
    click(&mut app, "Hide it");
    let change = |desk: &Desk| desk.state.own_texts.last().and_then(|p| p.tokens.iter().find_map(|t| t.change.clone()));
    until(&mut app, "a hidden word", |desk| change(desk) == Some(Change::Mask));
    app.run_steps(2);
    app.get_by_label("The generator would write");
    click(&mut app, "Let the generator choose");
    until(&mut app, "a drawn word", |desk| change(desk) == Some(Change::Sample { draw: 0 }));
    click(&mut app, "Put it back");
    until(&mut app, "the text as it was", |desk| change(desk).is_none());
    desk(&mut app).close();
}

#[test]
fn a_checkpoint_that_cannot_be_written_and_a_corpus_that_is_gone_are_said_while_training_goes_on() {
    let mut o = options("unwritable", ENDLESS);
    let corpus = DESK.path().join("goes-away.txt");
    std::fs::copy(DESK.path().join("corpus.txt"), &corpus).unwrap();
    o.corpus = vec![electroscope::host::native::name_of(&corpus)];
    let mut app = live(o);
    let checkpoint = |app: &mut App| act(app, Ask::Command(Command::Checkpoint));
    checkpoint(&mut app);
    until(&mut app, "a checkpoint", |desk| desk.state.checkpoints.len() == 1);
    let folder = DESK.path().join("unwritable/checkpoints");
    let aside = folder.with_extension("aside");
    std::fs::rename(&folder, &aside).unwrap();
    std::fs::write(&folder, "in the way").unwrap();
    let before = desk(&mut app).state.log.alarms;
    checkpoint(&mut app);
    until(&mut app, "a warning", |desk| desk.state.log.alarms > before);
    app.run_steps(2);
    app.get_by_label("Training goes on, but:");
    let at = desk(&mut app).state.step();
    until(&mut app, "more steps", |desk| desk.state.step() > at + 3);
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(&aside, &folder).unwrap();
    checkpoint(&mut app);
    until(&mut app, "a later checkpoint", |desk| desk.state.checkpoints.len() == 2);
    app.run_steps(2);
    assert!(app.query_by_label("Training goes on, but:").is_none(), "what could not be saved is saved");
    std::fs::remove_file(&corpus).unwrap();
    checkpoint(&mut app);
    until(&mut app, "a warning", |desk| desk.state.log.lines().any(|line| line.message.code == "corpus-gone"));
    app.run_steps(2);
    app.get_by_label("Training goes on, but:");
    desk(&mut app).close();
    assert!(checkpoints_of(&DESK.path().join("unwritable")) >= 2);
}

#[test]
fn a_lost_device_leaves_the_window_and_one_click_goes_on_from_the_checkpoint() {
    if gpu("a_lost_device_leaves_the_window_and_one_click_goes_on_from_the_checkpoint").is_none() {
        return;
    }
    let mut app = live(Request { device: "gpu".to_owned(), ..options("lost-in-the-app", ENDLESS) });
    act(&mut app, Ask::Command(Command::Checkpoint));
    until(&mut app, "a checkpoint", |desk| desk.state.checkpoints.len() == 1);
    let saved = desk(&mut app).state.checkpoints.last().unwrap().0;
    act(&mut app, Ask::Command(Command::LoseDevice));
    until(&mut app, "the failure", |desk| desk.state.phase == Phase::Failed);
    app.run_steps(2);
    app.get_by_label("The graphics device went away");
    app.get_by_label(&format!("The checkpoint of step {saved} is whole and safe."));
    click(&mut app, &format!("Go on from step {saved}, on the processor"));
    until(&mut app, "steps on the processor", |desk| {
        let cpu = desk.state.device.as_ref().is_some_and(|device| device.executor == Executor::Cpu);
        cpu && desk.state.step() > saved + 1
    });
    desk(&mut app).close();
}

#[test]
fn a_run_that_cannot_start_is_refused_in_the_window() {
    let mut o = options("nothing", ENDLESS);
    o.corpus = vec![electroscope::host::native::name_of(&DESK.path().join("no-such-text.txt"))];
    let mut app = open(LOOK);
    act(&mut app, Ask::Start(Box::new(o)));
    until(&mut app, "the refusal", |desk| !desk.view.transport.live);
    app.run_steps(2);
    app.get_by_label_contains("no-such-text.txt");
    assert!(desk(&mut app).state.steps.len() > 50, "the recording is still there");
}
