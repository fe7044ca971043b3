//! Tests the panels hardware and log, and what holds for every panel that reads numbers: its controls have names, and it draws
//! again only when something changed.

use crate::desk::{App, LOOK, Look, desk, open, show};
use crate::hands::{TALL, hear, open_at, press, says};
use crate::kernels::listed;
use crate::verdicts::evaluation;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use electroscope::app::panels::PanelId;
use electroscope::message::Message;
use electroscope::train::event::{Event, Failure, Warning, WarningKind};
use electroscope::view::Lang;
use std::time::{Duration, Instant};

const MINE: [PanelId; 5] = [PanelId::Curves, PanelId::Verdicts, PanelId::Kernels, PanelId::Hardware, PanelId::Log];

#[test]
fn the_hardware_panel_tells_the_run_the_machine_and_the_presets() {
    let mut app = open_at(TALL, PanelId::Hardware);
    assert!(says(&app, "the processor runs the kernels' Rust twins") && says(&app, "Why: it was asked for."));
    assert!(says(&app, "weights: ") && says(&app, "activations: "), "memory by arena");
    let started = Instant::now();
    while !says(&app, "for the Rust twins") {
        assert!(started.elapsed() < Duration::from_secs(60), "the machine was looked at in vain");
        std::thread::sleep(Duration::from_millis(20));
        app.run_steps(1);
    }
    for preset in ["nano", "tiny", "mini", "small", "base"] {
        app.get_by_label(preset);
    }
}

#[test]
fn the_log_tells_warnings_by_word_and_its_badge_counts_the_unseen() {
    let mut app = open_at(LOOK, PanelId::Verdicts);
    let message = Message::plain("the loss rises");
    hear(&mut app, Event::Warning(Warning { kind: WarningKind::LossDiverging, step: 7, message }));
    let before = desk(&mut app).view.alarms_seen;
    assert_eq!(desk(&mut app).state.log.alarms, before + 1);
    show(&mut app, PanelId::Log);
    assert_eq!(desk(&mut app).view.alarms_seen, before + 1, "looked at is seen");
    assert!(says(&app, "Warning  step 7  the loss rises"));
    hear(&mut app, Event::Failed(Failure { message: Message::plain("disk full"), ..Failure::default() }));
    assert!(says(&app, "Error  disk full"));
    let lines = |app: &App| app.query_all_by_role_and_label(Role::Image, "note").count();
    assert!(lines(&app) > 0);
    press(&mut app, Role::CheckBox, "Warnings and errors only");
    assert_eq!(lines(&app), 0);
    assert!(says(&app, "the loss rises"));
}

#[test]
fn every_control_of_these_panels_has_a_name_in_both_languages() {
    let controls = [Role::Button, Role::Tab, Role::RadioButton, Role::CheckBox, Role::Slider, Role::Image];
    for lang in [Lang::En, Lang::Pt] {
        let mut app = open(Look { lang, ..TALL });
        hear(&mut app, evaluation());
        hear(&mut app, listed(true));
        for id in MINE {
            show(&mut app, id);
            let nameless: Vec<String> = app
                .root()
                .children_recursive()
                .filter(|node| controls.contains(&node.accesskit_node().role()))
                .filter(|node| node.accesskit_node().label().unwrap_or_default().is_empty())
                .map(|node| format!("{:?} at {:?}", node.accesskit_node().role(), node.accesskit_node().bounding_box()))
                .collect();
            assert!(nameless.is_empty(), "{id:?}, {lang:?}: {nameless:?}");
        }
    }
}

#[test]
fn a_panel_in_which_nothing_happens_is_not_drawn_again() {
    let mut app = open(TALL);
    hear(&mut app, evaluation());
    hear(&mut app, listed(true));
    for id in MINE {
        show(&mut app, id);
        std::thread::sleep(Duration::from_millis(if id == PanelId::Hardware { 5_000 } else { 0 }));
        // This ends when no further frame is asked for, and panics if there is always another.
        app.run();
    }
}
