//! Lesson, attention, map, data and runs: each as a person meets it, by role and name, with the events of a run made here.

#[path = "common/desk.rs"]
#[allow(dead_code, reason = "not every test program compares pictures")]
mod desk;
#[path = "common/model.rs"]
mod model;

use clap::Parser;
use desk::{App, LOOK, Look, desk, open, show};
use egui::accesskit::Role;
use egui::{DroppedFile, Key};
use egui_kittest::kittest::{NodeT, Queryable};
use electroscope::app::desk::{Desk, Opening};
use electroscope::app::panels::data::{Draft, command_line};
use electroscope::app::panels::{Mark, PanelId};
use electroscope::app::settings::Settings;
use electroscope::cli::args::{Command as Typed, Typed as CommandLine};
use electroscope::gpu::Choice;
use electroscope::text::grammar::Level;
use electroscope::train::event::{AttentionMap, EmbeddingMap, Event, MapPoint, Network, Phase, Stage, State};
use electroscope::view::Lang;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Tall enough that nothing of a panel has to be scrolled to.
const TALL: Look = Look { size: [1280.0, 3600.0], ..LOOK };

fn open_at(look: Look, id: PanelId) -> App {
    let mut app = open(look);
    show(&mut app, id);
    app
}

/// Draws until something is there: work on threads takes its time.
fn wait_for(app: &mut App, what: &str, there: impl Fn(&App) -> bool) {
    let started = Instant::now();
    while !there(app) {
        assert!(started.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
        app.run_steps(1);
    }
}

fn says(app: &App, part: &str) -> bool {
    app.query_all_by_label_contains(part).next().is_some()
}

/// As if a run were at work.
fn live(app: &mut App) {
    desk(app).view.transport.live = true;
    let state = State { phase: Phase::Running, step: 7, stage: None::<Stage>, speed_share: 1.0 };
    desk(app).hear(Event::State(state));
    app.run_steps(2);
}

/// As if the recording held neither attention nor a map.
fn nothing_asked(app: &mut App) {
    desk(app).state.attention.clear();
    desk(app).state.embedding_maps = Default::default();
    app.run_steps(2);
}

fn press(app: &mut App, role: Role, label: &str) {
    app.get_by_role_and_label(role, label).click_accesskit();
    app.run_steps(3);
}

fn write(app: &mut App, label: &str, text: &str) {
    let field = app.get_by_role_and_label(Role::TextInput, label);
    field.focus();
    field.type_text(text);
    app.run_steps(3);
}

mod lesson {
    use super::*;

    const TITLES: [(Lang, [&str; 9]); 2] = [
        (
            Lang::En,
            [
                "Words become tokens",
                "Hide 15%",
                "The generator guesses",
                "Swap them in",
                "The judge reads every token",
                "A lucky guess is not a fake",
                "Loss on all tokens, not 15%",
                "Not a GAN",
                "Same compute, five objectives",
            ],
        ),
        (
            Lang::Pt,
            [
                "Palavras viram tokens",
                "Esconder 15%",
                "O gerador adivinha",
                "Trocar no texto",
                "O discriminador julga cada token",
                "Acerto do gerador conta como original",
                "Perda em todos os tokens",
                "Não é uma GAN",
                "Mesma computação, cinco objetivos",
            ],
        ),
    ];

    #[test]
    fn nine_pages_are_turned_by_keys_and_each_points_at_something() {
        for (lang, titles) in TITLES {
            let mut app = open_at(Look { lang, ..TALL }, PanelId::Lesson);
            for (n, title) in titles.iter().enumerate() {
                app.get_by_role_and_label(Role::Label, title);
                assert!(desk(&mut app).view.mark.is_some(), "page {n}");
                app.key_press(Key::PageDown);
                app.run_steps(3);
            }
            app.get_by_role_and_label(Role::Label, titles[8]);
            app.key_press(Key::PageUp);
            app.run_steps(3);
            app.get_by_role_and_label(Role::Label, titles[7]);
        }
    }

    #[test]
    fn the_answer_waits_for_the_prediction_and_the_tick_is_kept() {
        let mut app = open_at(TALL, PanelId::Lesson);
        assert!(!says(&app, "It is cut into pieces that are in the vocabulary"));
        press(&mut app, Role::RadioButton, "It is left out");
        assert!(says(&app, "Not quite.") && says(&app, "It is cut into pieces that are in the vocabulary"));
        // The recorded run has its say.
        assert!(says(&app, "The vocabulary has"));
        press(&mut app, Role::RadioButton, "It is cut into pieces that are in it");
        assert!(says(&app, "Right."));
        app.get_by_role_and_label(Role::Button, "Page 1: Words become tokens, done");
        assert_eq!(desk(&mut app).settings.kept["lesson"]["done"][0], true);
        // Another day.
        let mut settings = Settings::default();
        settings.kept = desk(&mut app).settings.kept.clone();
        let mut app = open(TALL);
        let opening = Opening { lang: Some(Lang::En), ..Opening::default() };
        *desk(&mut app) = Desk::open(&app.ctx.clone(), settings, opening).unwrap();
        app.run_steps(3);
        app.get_by_role_and_label(Role::Button, "Page 1: Words become tokens, done");
        app.get_by_role_and_label(Role::Button, "Page 2: Hide 15%");
    }

    #[test]
    fn a_lesson_that_is_not_drawn_points_at_nothing() {
        let mut app = open_at(TALL, PanelId::Lesson);
        assert_eq!(desk(&mut app).view.mark, Some(Mark::OriginalRow));
        show(&mut app, PanelId::Data);
        app.run_steps(2);
        assert_eq!(desk(&mut app).view.mark, None);
    }

    #[test]
    fn every_prediction_is_answered_with_the_recorded_runs_numbers() {
        for lang in [Lang::En, Lang::Pt] {
            let here = lang.pick("Here, now", "Aqui, agora");
            let mut app = open_at(Look { lang, ..TALL }, PanelId::Lesson);
            for n in 1..=9 {
                let option = app.get_all_by_role(Role::RadioButton).find(|radio| {
                    let label = radio.accesskit_node().label().unwrap_or_default();
                    // Not one of the transport's.
                    !label.contains('%') && label != "English" && label != "Português" || label.starts_with("In 15")
                });
                option.expect("each page has options").click_accesskit();
                app.run_steps(3);
                assert!(says(&app, here), "page {n} in {lang:?}");
                app.key_press(Key::PageDown);
                app.run_steps(3);
            }
            assert!(says(&app, "All-Tokens MLM: "), "the chart's bars have names");
        }
    }
}

mod attention {
    use super::*;

    fn map(network: Network, heads: u32) -> Event {
        let tokens = ["[CLS]", "the", "dog", "##s", "sleep", "[SEP]"].map(str::to_owned).to_vec();
        let t = tokens.len();
        // In every head: two thirds to the token before, a third to [CLS].
        let row = |from: usize| {
            (0..t).map(move |to| match to {
                0 if from <= 1 => 1.0,
                0 => 1.0 / 3.0,
                to if to + 1 == from => 2.0 / 3.0,
                _ => 0.0,
            })
        };
        let head: Vec<f32> = (0..t).flat_map(row).collect();
        let probabilities = head.repeat(heads as usize);
        Event::Attention(AttentionMap { step: 40, network, layer: 1, layers: 2, heads, tokens, probabilities })
    }

    #[test]
    fn without_a_run_it_says_what_to_press() {
        let mut app = open_at(TALL, PanelId::Attention);
        nothing_asked(&mut app);
        assert!(says(&app, "Press Train, then"));
        assert!(says(&app, "they are no explanation"), "the caveat is always there");
    }

    #[test]
    fn both_networks_are_shown_with_numbers_on_focus_and_the_frame_hidden() {
        let mut app = open_at(TALL, PanelId::Attention);
        nothing_asked(&mut app);
        live(&mut app);
        assert!(says(&app, "Press “Show attention”"));
        desk(&mut app).hear(map(Network::Generator, 1));
        desk(&mut app).hear(map(Network::Discriminator, 2));
        app.run_steps(3);
        for network in ["Generator", "Judge"] {
            app.get_by_role_and_label(Role::ComboBox, &format!("Head of the network: {network}"));
            let spoken = format!("{network}: “sleep” looks at “##s” 67%");
            let token = app.get_by_label_contains(&spoken);
            assert_eq!(token.accesskit_node().role(), Role::Button);
        }
        assert!(!says(&app, "Judge: “[CLS]”"));
        app.get_by_label_contains("Judge: “sleep” looks at").focus();
        app.run_steps(3);
        assert!(says(&app, "33% go to tokens that are not drawn."));
        press(&mut app, Role::CheckBox, "Show [CLS] and [SEP]");
        assert!(says(&app, "Judge: “[CLS]” looks at"));
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let mut app = open_at(Look { lang: Lang::Pt, ..TALL }, PanelId::Attention);
        live(&mut app);
        let tokens: Vec<String> = (0..70).map(|n| format!("w{n}")).collect();
        let probabilities = vec![1.0 / 70.0; 70 * 70];
        let network = Network::Generator;
        let map = AttentionMap { step: 1, network, layer: 0, layers: 1, heads: 1, tokens, probabilities };
        desk(&mut app).hear(Event::Attention(map));
        app.run_steps(3);
        assert!(says(&app, "Os primeiros 64 tokens são desenhados; outros 6 ficam de fora."));
        assert!(says(&app, "Gerador: “w63” olha para") && !says(&app, "Gerador: “w64”"));
    }
}

mod map {
    use super::*;

    fn points() -> Event {
        let words = ["the", "dog", "dogs", "cat", "sleeps", "ação"];
        let point = |(id, token): (usize, &&str)| MapPoint {
            id: id as u32,
            token: (*token).to_owned(),
            count: 100 - id as u64,
            x: (id as f32).cos(),
            y: (id as f32).sin(),
        };
        let points = words.iter().enumerate().map(point).collect();
        Event::EmbeddingMap(EmbeddingMap { step: 30, points, explained: [0.4, 0.2] })
    }

    fn canvas_at(app: &App, word: &str) -> bool {
        app.query_by_role_and_label(Role::Canvas, &format!("Map of the embeddings, at “{word}”")).is_some()
    }

    #[test]
    fn words_are_searched_and_walked_through_by_keys() {
        let mut app = open_at(TALL, PanelId::Map);
        nothing_asked(&mut app);
        assert!(says(&app, "Press Train, then"));
        live(&mut app);
        app.get_by_role_and_label(Role::Button, "Draw the map");
        desk(&mut app).hear(points());
        app.run_steps(3);
        assert!(says(&app, "The axes show 40% and 20%"));
        write(&mut app, "Search", "dog");
        assert!(says(&app, "2 words") && canvas_at(&app, "dog"));
        assert!(says(&app, "“dog”, 99 times in the text") && says(&app, "Closest on this map:"));
        app.get_by_role_and_label(Role::Canvas, "Map of the embeddings, at “dog”").focus();
        app.run_steps(2);
        app.key_press(Key::PageDown);
        app.run_steps(3);
        assert!(canvas_at(&app, "dogs"), "among those that were found");
        for key in [Key::ArrowLeft, Key::ArrowUp, Key::Plus, Key::Minus, Key::Num0] {
            app.key_press(key);
            app.run_steps(2);
            assert!(canvas_at(&app, "dogs"), "{key:?} keeps the word and the focus");
        }
        press(&mut app, Role::Button, "Zoom in");
        press(&mut app, Role::Button, "Whole map");
    }

    #[test]
    fn pointing_at_a_word_names_it() {
        let mut app = open_at(TALL, PanelId::Map);
        desk(&mut app).hear(points());
        app.run_steps(3);
        let canvas = app.get_by_role_and_label(Role::Canvas, "Map of the embeddings").rect();
        // Words lie on a circle around the middle: every one of them is near some point of this walk.
        let mut named = 0;
        for n in 0..40 {
            let at = canvas.lerp_inside(egui::vec2(n as f32 / 39.0, 0.5));
            for y in [0.1, 0.3, 0.5, 0.7, 0.9] {
                app.hover_at(egui::pos2(at.x, canvas.top() + canvas.height() * y));
                app.run_steps(1);
                named += usize::from(says(&app, "times in the text"));
            }
        }
        assert!(named > 0);
    }
}

mod data {
    use super::*;

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

    /// What the command line makes of the line that the panel shows is what the panel itself starts.
    #[test]
    fn the_command_line_starts_the_same_run() {
        let mut own = Draft { preset: "tiny".into(), lang: Lang::Pt, seed: "3".into(), ..Draft::new(Lang::En) };
        own.add_text("texts".into());
        own.edits = [("steps", "50"), ("lr", "0.01"), ("layers", "2")].map(|(k, v)| (k.into(), v.into())).into();
        own.device = Choice::Cpu;
        own.out = "runs/mine".into();
        let stories =
            Draft { level: Some(Level::Stories), tokenizer: Some("vocab.txt".into()), ..Draft::new(Lang::En) };
        for draft in [Draft::new(Lang::En), own, stories] {
            let options = draft.options().unwrap();
            let line = command_line(&options);
            assert_eq!(line, draft.command_line().unwrap());
            let typed = CommandLine::try_parse_from(line.split(' ')).unwrap_or_else(|e| panic!("{line}: {e}"));
            let Some(Typed::Train(args)) = &typed.command else { panic!("{line}") };
            let parsed = args.options(typed.text_lang());
            // A window watches, a terminal does not.
            let parsed = electroscope::run::Options { watched: true, ..parsed };
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
        wait_for(&mut app, "the plan", |app| says(app, "valores treinados. Memória:"));
        assert!(says(&app, "Processador: cabe."));
    }

    #[test]
    fn wrong_paths_are_told_and_nothing_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("história.txt");
        std::fs::write(&file, "o cão comeu o osso\n".repeat(50)).unwrap();
        let mut app = open_at(TALL, PanelId::Data);
        press(&mut app, Role::RadioButton, "My own files");
        assert!(says(&app, "no text is chosen"));
        write(&mut app, "or type a path", file.to_str().unwrap());
        press(&mut app, Role::Button, "Add");
        wait_for(&mut app, "the file", |app| says(app, "1 file, 0.0 MB"));
        write(&mut app, "or type a path", "/no/such/place");
        press(&mut app, Role::Button, "Add");
        assert!(says(&app, "there is nothing at this path"));
        assert!(says(&app, "1 file, 0.0 MB") && says(&app, "história.txt"));
        press(&mut app, Role::Button, &format!("Remove {}", file.display()));
        assert!(says(&app, "no text is chosen"));
    }

    #[test]
    fn dropped_files_become_text_wherever_they_fall() {
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
        // A second time the folder is taken: told, and the first one stays.
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
}
