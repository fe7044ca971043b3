//! Draws the word embeddings on the two axes along which they differ most. A person can search, point, pan and zoom, by keyboard
//! too.
//! `Command::EmbeddingMap` -> the state's map -> points and as many names as fit.

use super::contract::{PanelContext, elsewhen_ui};
use crate::screen::plane::{Area, Camera, Pair, matches, names, nearest, neighbours, next_word};
use crate::t;
use crate::train::event::{Command, EmbeddingMap, MapPoint};
use egui::{
    Align2, ComboBox, CornerRadius, CursorIcon, EventFilter, Key, Rect, RichText, Role, Sense, Stroke, StrokeKind,
    TextEdit, Ui, WidgetInfo, vec2,
};

/// The numbers of words that a person can ask for.
const COUNTS: [u32; 4] = [200, 500, 1000, 2000];
/// How near the pointer must come to a word.
const REACH: f32 = 14.0;
const HEIGHT_MIN: f32 = 180.0;
const NEIGHBOURS: usize = 6;
/// How far one press of a key moves the picture.
const PAN: f32 = 40.0;
const ZOOM: f32 = 1.25;

pub struct MapPanel {
    count: u32,
    search: String,
    camera: Option<Camera>,
    /// The step of the map that the camera was made for.
    seen: Option<u64>,
    /// The word whose details are open: an index into the points.
    chosen: Option<usize>,
}

impl Default for MapPanel {
    fn default() -> Self {
        Self { count: COUNTS[1], search: String::new(), camera: None, seen: None, chosen: None }
    }
}

impl MapPanel {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext) {
        self.request_ui(ui, cx);
        let state = cx.state;
        let Some(map) = state.embedding_map_at(cx.view.scrub) else {
            ui.label(cx.about_answers().unwrap_or_else(|| cx.t("map-none")));
            return;
        };
        if self.seen != Some(map.step) || self.chosen.is_some_and(|i| i >= map.points.len()) {
            (self.seen, self.camera, self.chosen) = (Some(map.step), None, None);
        }
        if map.points.is_empty() {
            ui.label(cx.t("map-empty"));
            return;
        }
        let found = self.search_ui(ui, cx, map);
        self.canvas_ui(ui, cx, map, &found);
        self.details_ui(ui, cx, map);
    }

    fn request_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext) {
        ui.horizontal_wrapped(|ui| {
            let label = cx.t(if cx.state.embedding_maps.is_empty() { "map-ask" } else { "map-again" });
            if ui.add_enabled(cx.answered(), egui::Button::new(label)).clicked() {
                cx.send(Command::EmbeddingMap { tokens: self.count });
            }
            let words = |count: u32| cx.lang().whole(u64::from(count));
            let label = ui.label(cx.t("map-count"));
            let combo = ComboBox::from_id_salt("map words").selected_text(words(self.count)).width(90.0);
            let combo = combo.show_ui(ui, |ui| {
                for count in COUNTS {
                    ui.selectable_value(&mut self.count, count, words(count));
                }
            });
            combo.response.labelled_by(label.id);
        });
        if let Some(map) = cx.state.embedding_map_at(cx.view.scrub) {
            let [x, y] = map.explained.map(|share| cx.percent(Some(share), 0));
            let text = t!(cx, "map-explained", step = map.step, x = x, y = y);
            ui.label(RichText::new(text).font(cx.theme.small()).color(cx.theme.weak));
            elsewhen_ui(ui, cx, "map-elsewhen", map.step);
        }
    }

    /// Draws the search field. Returns the words that were found.
    fn search_ui(&mut self, ui: &mut Ui, cx: &PanelContext, map: &EmbeddingMap) -> Vec<usize> {
        let mut found = Vec::new();
        ui.horizontal_wrapped(|ui| {
            let label = ui.label(cx.t("map-search"));
            let field =
                TextEdit::singleline(&mut self.search).id(egui::Id::unique("word to search")).desired_width(150.0);
            let response = ui.add(field).labelled_by(label.id);
            found = matches(&map.points, &self.search);
            if response.changed() || (response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter))) {
                self.chosen = found.first().copied();
            }
            if !self.search.trim().is_empty() {
                ui.label(t!(cx, "map-found", count = found.len()));
            }
            let name = |key: &str| cx.t(key);
            let middle = Area { min: [-0.5; 2], max: [0.5; 2] };
            for (key, sign, factor) in [("map-zoom-in", "+", ZOOM), ("map-zoom-out", "–", 1.0 / ZOOM)] {
                let button = ui.button(sign);
                button.widget_info(|| WidgetInfo::labeled(Role::Button, true, name(key)));
                if button.on_hover_text(name(key)).clicked()
                    && let Some(camera) = &mut self.camera
                {
                    camera.zoom_at(middle, middle.center(), factor);
                }
            }
            if ui.button(cx.t("map-whole")).clicked() {
                self.camera = None;
            }
        });
        found
    }

    fn canvas_ui(&mut self, ui: &mut Ui, cx: &PanelContext, map: &EmbeddingMap, found: &[usize]) {
        let height = (ui.available_height() - 70.0).max(HEIGHT_MIN);
        let (canvas, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click_and_drag());
        let area = area(canvas);
        let mut camera = self.camera.unwrap_or_else(|| Camera::around(&map.points));
        if response.dragged() {
            camera.pan(area, response.drag_delta().into());
            ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
        }
        if let Some(at) = response.hover_pos() {
            let factor = ui.input(egui::InputState::zoom_delta);
            if factor != 1.0 {
                camera.zoom_at(area, at.into(), factor);
            }
        }
        if response.clicked() {
            response.request_focus();
        }
        if response.has_focus() {
            self.keys(ui, response.id, area, &mut camera, map.points.len(), found);
        }
        self.camera = Some(camera);
        let screen: Vec<Pair> = map.points.iter().map(|p| camera.screen(area, p.x, p.y)).collect();
        let hovered = response.hover_pos().and_then(|at| nearest(&screen, at.into(), REACH));
        if hovered.is_some() && !response.dragged() {
            self.chosen = hovered;
        }
        let spoken = match self.chosen {
            Some(i) => t!(cx, "map-canvas-at", word = &map.points[i].token),
            None => cx.t("map-canvas"),
        };
        response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, &spoken));
        let line =
            if response.has_focus() { Stroke::new(2.0, cx.theme.accent) } else { Stroke::new(1.0, cx.theme.line) };
        let painter = ui.painter_at(canvas);
        painter.rect(canvas, CornerRadius::same(4), cx.theme.panel, line, StrokeKind::Inside);
        self.points_ui(&painter, cx, area, &map.points, &screen, found);
    }

    /// Draws all points, then the names that fit: first the chosen and the found words, then the frequent ones.
    fn points_ui(
        &self,
        painter: &egui::Painter,
        cx: &PanelContext,
        canvas: Area,
        points: &[MapPoint],
        screen: &[Pair],
        found: &[usize],
    ) {
        let theme = cx.theme;
        let searching = !found.is_empty();
        for at in screen.iter().filter(|at| canvas.contains(**at)) {
            painter.circle_filled((*at).into(), 2.0, if searching { theme.line } else { theme.weak });
        }
        let marked: Vec<usize> = self.chosen.into_iter().chain(found.iter().copied().take(40)).collect();
        for i in &marked {
            painter.circle_filled(screen[*i].into(), 3.5, theme.accent);
        }
        if let Some(i) = self.chosen {
            painter.circle_stroke(screen[i].into(), 8.0, Stroke::new(2.0, theme.accent));
        }
        let size = |i: usize| painter.layout_no_wrap(points[i].token.clone(), theme.small(), theme.text).size().into();
        for (i, name) in names(screen, canvas, &marked, size) {
            let rect = Rect::from_min_max(name.min.into(), name.max.into());
            let strong = marked.contains(&i);
            if strong {
                painter.rect_filled(rect.expand(1.0), CornerRadius::same(3), theme.raised);
            }
            let ink = if strong || !searching { theme.text } else { theme.weak };
            painter.text(rect.left_top(), Align2::LEFT_TOP, &points[i].token, theme.small(), ink);
        }
    }

    /// Arrows move, plus and minus zoom, 0 shows everything; Page Down and Page Up go from word to word.
    fn keys(&mut self, ui: &Ui, id: egui::Id, canvas: Area, camera: &mut Camera, count: usize, found: &[usize]) {
        let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        let pressed = |key| ui.input(|i| i.num_presses(key)) as f32;
        let by =
            vec2(pressed(Key::ArrowLeft) - pressed(Key::ArrowRight), pressed(Key::ArrowUp) - pressed(Key::ArrowDown));
        camera.pan(canvas, (by * PAN).into());
        let zoom = pressed(Key::Plus) + pressed(Key::Equals) - pressed(Key::Minus);
        // With the command key these keys change the text size.
        if zoom != 0.0 && !ui.input(|i| i.modifiers.command) {
            camera.zoom_at(canvas, canvas.center(), ZOOM.powf(zoom));
        }
        if ui.input(|i| i.key_pressed(Key::Num0)) {
            camera.reset();
        }
        let step = ui.input_mut(|i| {
            let none = egui::Modifiers::NONE;
            i32::from(i.consume_key(none, Key::PageDown)) - i32::from(i.consume_key(none, Key::PageUp))
        });
        if step != 0 {
            self.chosen = next_word(self.chosen, step, count, found);
        }
    }

    fn details_ui(&self, ui: &mut Ui, cx: &PanelContext, map: &EmbeddingMap) {
        let Some(i) = self.chosen else {
            ui.label(RichText::new(cx.t("map-hint")).font(cx.theme.small()).color(cx.theme.weak));
            return;
        };
        let point = &map.points[i];
        ui.label(RichText::new(t!(cx, "map-word", word = &point.token, count = point.count)).font(cx.theme.strong()));
        let near: Vec<&str> =
            neighbours(&map.points, i, NEIGHBOURS).into_iter().map(|n| map.points[n].token.as_str()).collect();
        ui.label(t!(cx, "map-neighbours", words = near.join(", ")));
    }
}

/// Converts a rectangle of the window for the arithmetic of the plane.
fn area(rect: Rect) -> Area {
    Area { min: rect.min.into(), max: rect.max.into() }
}
