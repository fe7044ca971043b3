//! Tests what a person can do with a run that is not training: its newest checkpoint answers, its card says what was learned, and it
//! can be extended.

use crate::desk::{App, LOOK, desk, open, show};
use crate::hands::{TALL, act, nothing_asked, open_at, press, says, until, until_said};
use crate::lab;
use crate::watched::{DESK, options};
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use electroscope::app::panels::{Answers, Ask, PanelId};
use electroscope::run::Request;
use electroscope::screen::state::{Phase, Source};
use electroscope::train::event::{Change, Command, WordEdit};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const SHORT: &[&str] = &["steps=6", "eval_every=1000", "checkpoint_every=1000", "readout_every=1000", "eval_rows=8"];

/// A window over a run that has taken all its steps.
fn finished(name: &str) -> App {
    let mut app = open(TALL);
    act(&mut app, Ask::Start(Box::new(options(name, SHORT))));
    until(&mut app, "the end", |desk| desk.state.phase == Phase::Finished && desk.state.source == Source::Live);
    app.run_steps(3);
    // Its report is written after its last event.
    desk(&mut app).close();
    app
}

fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|path| path.is_dir());
    let here = files.into_iter().map(|path| (path.clone(), std::fs::read(&path).unwrap()));
    here.chain(folders.iter().flat_map(|dir| self::files(dir))).collect()
}

/// Asks everything that the panels ask about weights, and waits for the answers.
fn ask_everything(app: &mut App) {
    show(app, PanelId::Sentence);
    let before = desk(app).state.own_texts.seen();
    until(app, "a judgement", |desk| desk.state.own_texts.seen() > before);
    app.run_steps(2);
    assert!(says(app, "The judge takes "), "the answer is a sentence");
    show(app, PanelId::Attention);
    press(app, Role::Button, "Show attention");
    until(app, "attention", |desk| desk.state.attention.len() == 2);
    show(app, PanelId::Map);
    press(app, Role::Button, "Draw the map");
    until(app, "the map", |desk| !desk.state.embedding_maps.is_empty());
}

#[test]
fn a_finished_run_and_an_opened_one_answer_from_their_checkpoint_and_stay_as_they_are() {
    let mut app = finished("answers");
    let run = DESK.path().join("answers");
    assert_eq!(desk(&mut app).view.answers, Answers::Kept(6));
    let kept = files(&run);
    ask_everything(&mut app);
    // A measurement takes steps at rate 0. The weights say the same before and after it.
    let judged = |app: &mut App| desk(app).state.own_texts.last().unwrap().tokens.clone();
    let before = judged(&mut app);
    show(&mut app, PanelId::Kernels);
    press(&mut app, Role::Button, "Measure");
    until(&mut app, "a measurement", |desk| desk.state.kernels.as_ref().is_some_and(|kernels| kernels.timed_steps > 0));
    assert_eq!(desk(&mut app).state.kernels.as_ref().unwrap().step, 6);
    let (text, asked) = {
        let own_texts = &desk(&mut app).state.own_texts;
        (own_texts.last().unwrap().text.clone(), own_texts.seen())
    };
    act(&mut app, Ask::Command(Command::SetOwnText { text: text.clone(), edits: Vec::new() }));
    until(&mut app, "the same text again", |desk| desk.state.own_texts.seen() > asked);
    assert_eq!(judged(&mut app), before);
    // What would train or write is not obeyed.
    for command in [Command::Step, Command::Resume, Command::Checkpoint] {
        act(&mut app, Ask::Command(command));
    }
    let edits = vec![WordEdit { word: 1, change: Change::Mask }];
    act(&mut app, Ask::Command(Command::SetOwnText { text, edits }));
    until(&mut app, "a changed text", |desk| desk.state.own_texts.seen() > asked + 1);
    act(&mut app, Ask::Command(Command::Evaluate));
    until(&mut app, "an evaluation", |desk| desk.state.evals.last().is_some_and(|eval| !eval.examples.is_empty()));
    desk(&mut app).close();

    let mut app = open(TALL);
    act(&mut app, Ask::OpenRun(run.clone()));
    app.run_steps(2);
    assert!(matches!(desk(&mut app).state.source, Source::Opened(_)));
    ask_everything(&mut app);
    assert!(desk(&mut app).state.kernels.is_some(), "the list of kernels comes with the weights");
    desk(&mut app).close();
    assert!(files(&run) == kept, "a file of the run was touched");
}

#[test]
fn who_cannot_answer_says_why_and_what_to_do() {
    let mut app = open_at(LOOK, PanelId::Sentence);
    desk(&mut app).state.own_texts = Default::default();
    app.run_steps(2);
    assert!(says(&app, "The recorded run comes without its weights"));
    assert_eq!(app.query_all_by_role_and_label(Role::Button, "Train").count(), 2, "one stands beside the reason");
    nothing_asked(&mut app);
    show(&mut app, PanelId::Attention);
    assert!(says(&app, "The recorded run comes without its weights"));
    let run = DESK.path().join("without-checkpoint");
    std::fs::create_dir_all(&run).unwrap();
    let log = r#"{"event":"step","step":1,"lr":0.1}"#;
    std::fs::write(run.join("metrics.jsonl"), format!("{log}\n")).unwrap();
    act(&mut app, Ask::OpenRun(run));
    show(&mut app, PanelId::Map);
    assert_eq!(desk(&mut app).view.answers, Answers::NoCheckpoint);
    assert!(says(&app, "This run kept no checkpoint"));
    // The weights are there, but their configuration is not.
    let mut app = finished("damaged");
    let run = DESK.path().join("damaged");
    std::fs::remove_file(run.join("config.toml")).unwrap();
    show(&mut app, PanelId::Sentence);
    until_said(&mut app, "The weights of this run cannot be read");
    desk(&mut app).close();
}

#[test]
fn the_card_at_the_end_says_what_was_learned_and_extends_the_run() {
    let mut app = finished("card");
    assert!(says(&app, "Finished after 6 steps"));
    assert!(says(&app, "On held-out text (step 6) it caught"));
    press(&mut app, Role::Button, "Try a sentence");
    let slot = desk(&mut app).settings.layout.left[1].clone();
    assert_eq!(slot.tabs[slot.open], PanelId::Sentence);
    press(&mut app, Role::Button, "Export…");
    until_said(&mut app, "Into the new folder");
    press(&mut app, Role::Button, "Extend it by 6 steps");
    until(&mut app, "the longer end", |desk| desk.state.phase == Phase::Finished && desk.state.step() == 12);
    app.run_steps(3);
    assert_eq!(desk(&mut app).state.planned_steps(), Some(12));
    press(&mut app, Role::Button, "Close");
    assert!(!says(&app, "Finished after 12 steps"));
    // The card is gone. The bar's button does the same, also after the run was opened anew.
    let run = desk(&mut app).state.plan.as_ref().and_then(|plan| plan.run.clone()).unwrap();
    act(&mut app, Ask::OpenRun(run.into()));
    app.run_steps(2);
    press(&mut app, Role::Button, "Train on");
    until(&mut app, "the longest end", |desk| desk.state.phase == Phase::Finished && desk.state.step() == 24);
    desk(&mut app).close();
    // A run that was ended early goes on to its own end.
    let mut app = open(LOOK);
    let early = Request { stop_after: Some(2), ..options("early", &lab::with(SHORT, &[])) };
    act(&mut app, Ask::Start(Box::new(early)));
    until(&mut app, "the early end", |desk| desk.state.phase == Phase::Finished && desk.state.step() == 2);
    app.run_steps(3);
    press(&mut app, Role::Button, "Go on: 4 more steps");
    until(&mut app, "its own end", |desk| desk.state.phase == Phase::Finished && desk.state.step() == 6);
    desk(&mut app).close();
}
