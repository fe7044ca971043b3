//! Acts as a person in front of the app: functions that press, type and ask, and draw frames until something has happened.
//! ask -> desk -> [`until`] the desk or the picture shows it.

use crate::desk::{App, LOOK, Look, desk, open, show};
use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use electroscope::app::desk::Desk;
use electroscope::app::panels::{Ask, PanelId};
use electroscope::app::trainer::Wake;
use electroscope::train::event::{Event, Phase, Stage, State};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// No wait takes longer than this, even on the slowest machine.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// The window is tall enough to show a whole panel without scrolling.
pub const TALL: Look = Look { size: [1280.0, 3600.0], ..LOOK };

pub fn open_at(look: Look, id: PanelId) -> App {
    let mut app = open(look);
    show(&mut app, id);
    app
}

pub fn says(app: &App, part: &str) -> bool {
    app.query_all_by_label_contains(part).next().is_some()
}

pub fn press(app: &mut App, role: Role, label: &str) {
    app.get_by_role_and_label(role, label).click_accesskit();
    app.run_steps(3);
}

pub fn press_containing(app: &mut App, part: &str) {
    app.query_all_by_label_contains(part).next().unwrap_or_else(|| panic!("nothing says {part}")).click_accesskit();
    app.run_steps(3);
}

pub fn key(app: &mut App, key: Key) {
    app.key_press(key);
    app.run_steps(2);
}

/// Types into a field that is empty.
pub fn write(app: &mut App, label: &str, text: &str) {
    let field = app.get_by_role_and_label(Role::TextInput, label);
    field.focus();
    field.type_text(text);
    app.run_steps(3);
}

/// Replaces the text of a field.
pub fn write_over(app: &mut App, label: &str, text: &str) {
    app.get_by_role_and_label(Role::TextInput, label).focus();
    app.run_steps(2);
    app.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    app.run_steps(1);
    app.get_by_role_and_label(Role::TextInput, label).type_text(text);
    app.run_steps(3);
}

/// Makes the desk believe that a run is live.
pub fn live(app: &mut App) {
    desk(app).view.transport.live = true;
    let state = State { phase: Phase::Running, step: 7, stage: None::<Stage>, speed_share: 1.0 };
    desk(app).hear(Event::State(state));
    app.run_steps(2);
}

/// Removes attention and maps from the recorded run.
pub fn nothing_asked(app: &mut App) {
    desk(app).state.attention.clear();
    desk(app).state.embedding_maps = Default::default();
    app.run_steps(2);
}

pub fn hear(app: &mut App, event: Event) {
    desk(app).hear(event);
    app.run_steps(2);
}

fn wake() -> Wake {
    Arc::new(|_| {})
}

/// Asks the desk for something, like a click on the control for it.
pub fn act(app: &mut App, ask: Ask) {
    desk(app).act(ask, &wake());
}

/// Draws frames until `ready`. Returns how long that took.
pub fn until(app: &mut App, what: &str, mut ready: impl FnMut(&Desk) -> bool) -> Duration {
    let started = Instant::now();
    loop {
        app.run_steps(1);
        let desk = desk(app);
        if ready(desk) {
            return started.elapsed();
        }
        let state = &desk.state;
        let now = (&state.source, state.phase, state.step(), state.log.lines().last());
        assert!(started.elapsed() < PATIENCE, "{what}: {now:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Draws until something is there, because work on threads takes time.
pub fn wait_for(app: &mut App, what: &str, there: impl Fn(&App) -> bool) {
    let started = Instant::now();
    while !there(app) {
        assert!(started.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
        app.run_steps(1);
    }
}

/// Draws until the window shows a text.
pub fn until_said(app: &mut App, part: &str) {
    wait_for(app, part, |app| says(app, part));
}
