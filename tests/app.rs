//! The app as a person with or without a screen meets it: controls by role and name, the flow strip, the layouts.

#[path = "common/mod.rs"]
mod common;
#[path = "common/desk.rs"]
mod desk;

use desk::{App, LOOK, Look, desk, open, same_picture};
use egui::accesskit::Role;
use egui_kittest::Node;
use egui_kittest::kittest::{NodeT, Queryable};
use electroscope::app::panels::PanelId;
use electroscope::app::state::Source;
use electroscope::view::Lang;

#[test]
fn the_first_frame_is_filled_and_says_that_it_is_recorded() {
    let mut app = open(LOOK);
    app.get_by_label("Recorded run");
    assert!(tokens(&app).count() > 5, "the strips hold tokens");
    assert_eq!(desk(&mut app).state.source, Source::Recorded);
}

/// The tokens' columns: their names begin with the token in quotation marks.
fn tokens(app: &App) -> impl Iterator<Item = Node<'_>> {
    app.root().children_recursive().filter(|node| {
        let node = node.accesskit_node();
        node.role() == Role::Button && node.label().is_some_and(|label| label.starts_with('\u{201c}'))
    })
}

#[test]
fn the_transport_is_complete_by_name_in_both_languages() {
    for (lang, names) in [
        (Lang::En, ["Reset", "Train", "Step", "Stage", "View", "Help"]),
        (Lang::Pt, ["Reiniciar", "Treinar", "Passo", "Etapa", "Exibir", "Ajuda"]),
    ] {
        let app = open(Look { lang, ..LOOK });
        for name in names {
            app.get_by_role_and_label(Role::Button, name);
        }
    }
}

#[test]
fn every_control_has_a_name() {
    let app = open(LOOK);
    let controls = [Role::Button, Role::Tab, Role::RadioButton, Role::CheckBox, Role::Slider, Role::Splitter];
    let nameless: Vec<String> = app
        .root()
        .children_recursive()
        .map(|node| (node.accesskit_node().role(), node.accesskit_node().label().unwrap_or_default(), node.rect()))
        .filter(|(role, label, _)| controls.contains(role) && label.is_empty())
        .map(|(role, _, rect)| format!("{role:?} at {rect:?}"))
        .collect();
    assert!(nameless.is_empty(), "{nameless:?}");
}

#[test]
fn the_language_changes_while_it_runs() {
    let mut app = open(LOOK);
    desk(&mut app).settings.lang = Some(Lang::Pt);
    app.run_steps(2);
    app.get_by_role_and_label(Role::Button, "Treinar");
}

#[test]
fn a_focused_token_opens_its_details() {
    let mut app = open(LOOK);
    tokens(&app).next().unwrap().focus();
    app.run_steps(3);
    assert!(desk(&mut app).view.token.is_some());
}

#[test]
fn tabs_bring_panels_to_the_front() {
    let mut app = open(LOOK);
    app.get_by_role_and_label(Role::Tab, "Log").click();
    app.run_steps(3);
    assert_eq!(
        desk(&mut app).settings.layout.right[1].tabs[desk(&mut app).settings.layout.right[1].open],
        PanelId::Log
    );
}

#[test]
fn a_narrow_window_has_one_column() {
    let app = open(Look { size: [600.0, 900.0], ..LOOK });
    app.get_by_label("More");
    assert!(app.query_by_role(Role::Splitter).is_none());
}

#[test]
fn the_window_looks_as_it_did() {
    if common::gpu("app.snapshot").is_none() {
        return;
    }
    let mut app = open(Look { drawn: true, ..LOOK });
    same_picture(&mut app, "desk-light-en");
}
