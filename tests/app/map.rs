//! Tests the map panel: a person searches for words, walks through them by keys and points at them.

use crate::desk::{App, desk};
use crate::hands::{TALL, live, nothing_asked, open_at, press, says, write};
use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use electroscope::app::panels::PanelId;
use electroscope::train::event::{EmbeddingMap, Event, MapPoint};

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
    assert!(says(&app, "Press “Train”: the weights of your own run answer"));
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
    // The words lie on a circle around the middle, so this walk comes near every one of them.
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
