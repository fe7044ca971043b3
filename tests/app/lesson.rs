//! Tests the lesson panel: nine pages by keys, predictions and their answers, and what is kept for another day.

use crate::desk::{Look, desk, open, show};
use crate::hands::{TALL, open_at, press, says};
use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use electroscope::app::desk::{Desk, Opening};
use electroscope::app::panels::{Mark, PanelId};
use electroscope::app::settings::Settings;
use electroscope::view::Lang;
use electroscope::view::words::Strings;

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
            "Substituir no texto",
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
    // The window is opened again on another day.
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
        let here = match lang {
            Lang::En => "Here, now",
            Lang::Pt => "Aqui, agora",
        };
        let mut app = open_at(Look { lang, ..TALL }, PanelId::Lesson);
        for n in 1..=9 {
            let option = app.get_all_by_role(Role::RadioButton).find(|radio| {
                let label = radio.accesskit_node().label().unwrap_or_default();
                // The button must not be one of the transport bar's.
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

#[test]
fn the_answer_is_in_sight_without_scrolling_on_a_common_screen() {
    for (lang, _) in TITLES {
        let mut app = open_at(Look { lang, size: [1366.0, 900.0], ..TALL }, PanelId::Lesson);
        let strings = Strings::of(lang);
        for n in 1..=9 {
            press(&mut app, Role::RadioButton, &strings.t(&format!("lesson-{n}-a")));
            let answer = app.get_by_label(&strings.t(&format!("lesson-{n}-answer"))).rect();
            // The panel ends 8 points above the window's edge, and has a margin of 9.
            assert!(answer.bottom() < 900.0 - 17.0, "page {n} in {lang:?}: {answer:?}");
            app.key_press(Key::PageDown);
            app.run_steps(3);
        }
    }
}
