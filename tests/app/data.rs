//! Tests the data panel: the choices of a run and its command line, texts, tokenizers, models and runs.

use crate::adapter;
use crate::desk::{Look, desk};
use crate::hands::{TALL, open_at, press, says, wait_for, write};
use crate::model;
use clap::Parser;
use egui::accesskit::Role;
use egui::{DroppedFile, Key};
use egui_kittest::kittest::{NodeT, Queryable};
use electroscope::app::panels::PanelId;
use electroscope::app::panels::data::{Draft, command_line};
use electroscope::cli::args::{Command as Typed, Typed as CommandLine};
use electroscope::gpu::DeviceName;
use electroscope::text::grammar::Level;
use electroscope::view::Lang;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Debug)]
struct Dropped(PathBuf);

impl DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|e| e.to_string())
    }
}

/// The command line makes the same request from the line that the panel shows as the panel itself.
#[test]
fn the_command_line_starts_the_same_run() {
    let mut own = Draft { preset: "tiny".into(), lang: Lang::Pt, seed: "3".into(), ..Draft::new(Lang::En) };
    own.add_text("texts".into());
    own.edits = [("steps", "50"), ("lr", "0.01"), ("layers", "2")].map(|(k, v)| (k.into(), v.into())).into();
    own.device = DeviceName::Cpu;
    own.out = "runs/mine".into();
    let stories = Draft { level: Some(Level::Stories), tokenizer: Some("vocab.txt".into()), ..Draft::new(Lang::En) };
    for draft in [Draft::new(Lang::En), own, stories] {
        let options = draft.options().unwrap();
        let line = command_line(&options);
        assert_eq!(line, draft.command_line().unwrap());
        let typed = CommandLine::try_parse_from(line.split(' ')).unwrap_or_else(|e| panic!("{line}: {e}"));
        let Some(Typed::Train(args)) = &typed.command else { panic!("{line}") };
        let parsed = args.options(typed.text_lang());
        // A window watches, a terminal does not.
        let parsed = electroscope::run::Request { watched: true, ..parsed };
        assert_eq!(format!("{parsed:?}"), format!("{options:?}"), "{line}");
    }
}

#[test]
fn choices_show_in_the_command_and_a_wrong_setting_stops_only_the_start() {
    let mut app = open_at(TALL, PanelId::Data);
    assert!(says(&app, "nano on the built-in text"));
    app.get_by_label("electroscope train");
    press(&mut app, Role::RadioButton, "tiny");
    app.get_by_label("electroscope train --preset tiny");
    app.get_by_role_and_label(Role::TextInput, "Learning rate").focus();
    app.run_steps(2);
    app.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    app.run_steps(1);
    app.get_by_role_and_label(Role::TextInput, "Learning rate").type_text("fast");
    app.run_steps(3);
    assert!(says(&app, "This cannot be run:") && says(&app, "lr = "));
    let start = app.get_by_role_and_label(Role::Button, "Start training");
    assert!(start.accesskit_node().is_disabled());
    app.get_by_role_and_label(Role::TextInput, "Learning rate");
    let back = app.query_all_by_label_contains("Learning rate back to").next().unwrap();
    back.click_accesskit();
    app.run_steps(3);
    assert!(!says(&app, "This cannot be run:"));
    app.get_by_label("electroscope train --preset tiny");
}

#[test]
fn the_preflight_says_what_a_preset_needs() {
    let mut app = open_at(Look { lang: Lang::Pt, ..TALL }, PanelId::Data);
    wait_for(&mut app, "the plan", |app| says(app, "valores treinados, se o texto encher"));
    assert!(says(&app, "Processador: cabe."));
}

#[test]
fn wrong_paths_are_told_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("história.txt");
    std::fs::write(&file, "o cão comeu o osso\n".repeat(50)).unwrap();
    let mut app = open_at(TALL, PanelId::Data);
    press(&mut app, Role::RadioButton, "My own files");
    assert!(says(&app, "No text is chosen yet") && !says(&app, "This cannot be run:"));
    write(&mut app, "or type a path", file.to_str().unwrap());
    press(&mut app, Role::Button, "Add");
    wait_for(&mut app, "the file", |app| says(app, "1 file, 0.0 MB"));
    assert!(says(&app, "the text is short for this model"));
    assert!(says(&app, "steps = 10400 (before: "), "what own text changes is listed");
    write(&mut app, "or type a path", "/no/such/place");
    press(&mut app, Role::Button, "Add");
    assert!(says(&app, "there is nothing at this path"));
    assert!(says(&app, "1 file, 0.0 MB") && says(&app, "história.txt"));
    press(&mut app, Role::Button, &format!("Remove {}", file.display()));
    assert!(says(&app, "No text is chosen yet"));
}

#[test]
fn dropped_files_become_text_wherever_they_fall() {
    adapter::looked_for("the data panel, which opens");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("books.txt");
    std::fs::write(&file, "the dog ate the bone\n").unwrap();
    let mut app = open_at(TALL, PanelId::Lesson);
    app.input_mut().dropped_files.push(Arc::new(Dropped(file.clone())));
    wait_for(&mut app, "the dropped file", |app| says(app, "books.txt"));
    wait_for(&mut app, "its size", |app| says(app, "1 file, "));
    assert!(app.get_by_role_and_label(Role::RadioButton, "My own files").rect().is_positive());
}

#[test]
fn a_tokenizer_is_trained_in_the_panel_and_taken() {
    let dir = tempfile::tempdir().unwrap();
    let (text, out) = (dir.path().join("a.txt"), dir.path().join("tok"));
    std::fs::write(&text, "the dogs ate the bones and the cats sat on the mats\n".repeat(200)).unwrap();
    let mut app = open_at(TALL, PanelId::Data);
    press(&mut app, Role::RadioButton, "My own files");
    write(&mut app, "or type a path", text.to_str().unwrap());
    press(&mut app, Role::Button, "Add");
    let label = "or train one now, into the folder";
    app.get_by_role_and_label(Role::TextInput, label).focus();
    app.run_steps(2);
    app.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    app.run_steps(1);
    app.get_by_role_and_label(Role::TextInput, label).type_text(out.to_str().unwrap());
    app.run_steps(3);
    press(&mut app, Role::Button, "Train tokenizer");
    wait_for(&mut app, "the tokenizer", |app| says(app, "tok, ") || says(app, "That did not work:"));
    app.run_steps(2);
    assert!(!says(&app, "That did not work:"));
    assert!(out.join("vocab.txt").is_file() && out.join("tokenizer.json").is_file());
    assert!(says(&app, "--tokenizer "), "the command names it");
    // The second time the folder is taken. The panel says so, and the first folder stays.
    press(&mut app, Role::Button, "Train tokenizer");
    wait_for(&mut app, "the refusal", |app| says(app, "already holds something"));
    assert!(says(&app, "--tokenizer "));
}

#[test]
fn a_model_of_another_program_is_opened_and_judges_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    model::write_random(dir.path(), 32, 5);
    let mut app = open_at(TALL, PanelId::Data);
    press(&mut app, Role::Button, "Runs and models");
    write(&mut app, "Folder", "/no/such/model");
    press(&mut app, Role::Button, "Open");
    assert!(says(&app, "there is nothing at this path"));
    app.get_by_role_and_label(Role::TextInput, "Folder").focus();
    app.run_steps(2);
    app.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    app.run_steps(1);
    app.get_by_role_and_label(Role::TextInput, "Folder").type_text(dir.path().to_str().unwrap());
    app.run_steps(3);
    press(&mut app, Role::Button, "Open");
    wait_for(&mut app, "the model", |app| says(app, "entries in its vocabulary"));
    write(&mut app, "A sentence", "the dog eats");
    press(&mut app, Role::Button, "Judge it");
    wait_for(&mut app, "the judgement", |app| says(app, "“dog”, ") && says(app, "% replaced"));
    press(&mut app, Role::Button, "Start a new run from these weights");
    assert!(says(&app, "Starts from the weights in") && says(&app, "--init "));
}

#[test]
fn runs_under_the_curves_can_be_taken_away() {
    let mut app = open_at(TALL, PanelId::Data);
    let state = desk(&mut app).state.clone();
    desk(&mut app).view.overlays.push(("20260101-tiny".into(), state));
    press(&mut app, Role::Button, "Runs and models");
    press(&mut app, Role::Button, "Remove 20260101-tiny from the curves");
    assert!(desk(&mut app).view.overlays.is_empty());
}
