//! The window of help: the keys, and the glossary of the words that the panels use.

use super::panels::PanelContext;
use crate::screen::glossary;
use egui::{Align2, Grid, RichText, ScrollArea, Ui, vec2};

/// The widest text, and the most that the window takes of the screen's height.
const WIDTH: f32 = 620.0;
const HEIGHT: f32 = 0.7;

/// What the help shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Page {
    #[default]
    Keys,
    Words,
}

/// The window of help; `open`: whether it is shown. It stands in the middle, so that it never covers the bar at the top.
pub fn ui(ui: &Ui, cx: &PanelContext, page: &mut Page, open: &mut bool) {
    let screen = ui.ctx().content_rect();
    let window = egui::Window::new(cx.t("transport-help")).id(egui::Id::unique("help")).collapsible(false);
    let window = window.anchor(Align2::CENTER_CENTER, vec2(0.0, 20.0)).resizable(false).open(open);
    window.show(ui.ctx(), |ui| {
        ui.set_max_width(WIDTH.min(screen.width() - 40.0));
        ui.horizontal(|ui| {
            ui.selectable_value(page, Page::Keys, cx.t("transport-help-heading"));
            ui.selectable_value(page, Page::Words, cx.t("transport-help-words"));
        });
        ScrollArea::vertical().max_height(HEIGHT * screen.height()).show(ui, |ui| match page {
            Page::Keys => keys_ui(ui, cx),
            Page::Words => words_ui(ui, cx),
        });
    });
}

fn keys_ui(ui: &mut Ui, cx: &PanelContext) {
    Grid::new("keys").num_columns(2).spacing(vec2(18.0, 8.0)).show(ui, |ui| {
        let [space, right, shift_right] =
            ["transport-key-space", "transport-key-right", "transport-key-shift-right"].map(|key| cx.t(key));
        for (key, what) in [
            (space.as_str(), "transport-key-train"),
            (right.as_str(), "transport-key-step"),
            (shift_right.as_str(), "transport-key-stage"),
            ("R", "transport-key-reset"),
            ("Tab", "transport-key-tab"),
            ("Ctrl +, Ctrl -", "transport-key-size"),
            ("Esc", "transport-key-escape"),
            ("?", "transport-key-help"),
        ] {
            ui.label(RichText::new(key).font(cx.theme.strong()));
            ui.label(cx.t(what));
            ui.end_row();
        }
    });
}

fn words_ui(ui: &mut Ui, cx: &PanelContext) {
    for entry in glossary::ALL {
        ui.label(RichText::new(cx.t(entry.name)).font(cx.theme.strong()));
        ui.label(cx.t(entry.about));
        ui.add_space(4.0);
    }
}
