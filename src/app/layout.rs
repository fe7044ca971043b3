//! Where the panels stand: two columns of slots, or one column in a narrow window. Splitters change the sizes, and the settings
//! remember them. [`Layout`] is plain data that is checked when it is loaded. [`ui`] draws its frames and lets the caller draw the
//! panels.

use super::ground;
use super::panels::PanelId;
use super::theme::Theme;
use crate::view::words::Strings;
use egui::emath::GuiRounding as _;
use egui::{
    CornerRadius, CursorIcon, Key, Rect, Role, ScrollArea, Sense, Shape, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo,
    pos2, vec2,
};
use serde::{Deserialize, Serialize};

/// Below this width there is one column. The width is in points, so it depends on the text size.
pub const NARROW: f32 = 900.0;
/// The gap between panels and around them. It is wide enough for a pointer to grip a splitter.
const GAP: f32 = 8.0;
/// A panel that is lower than this scrolls its head too, because the rest would have no room below a fixed head.
const HEAD_ROOM: f32 = 220.0;
/// The radius of a panel's corners.
const RADIUS: u8 = 8;
/// No slot and no column gets smaller than this share.
const SHARE_MIN: f32 = 0.12;

/// A place for one panel, or for several behind tabs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    pub tabs: Vec<PanelId>,
    pub open: usize,
    /// The slot's share of its column's height.
    pub share: f32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// The left column's share of the width.
    pub columns: f32,
    pub left: Vec<Slot>,
    pub right: Vec<Slot>,
    /// A panel that covers all others.
    #[serde(skip)]
    pub full: Option<PanelId>,
    /// The panel that is open behind "more", when there is one column.
    pub more: PanelId,
}

impl Default for Layout {
    fn default() -> Self {
        let slot = |share, tabs: &[PanelId]| Slot { tabs: tabs.to_vec(), open: 0, share };
        use PanelId as P;
        Self {
            columns: 0.62,
            left: vec![slot(0.6, &[P::Flow]), slot(0.4, &[P::Lesson, P::Sentence, P::Data])],
            right: vec![
                slot(0.42, &[P::Curves]),
                slot(0.58, &[P::Verdicts, P::Kernels, P::Attention, P::Map, P::Hardware, P::Log]),
            ],
            full: None,
            more: P::Verdicts,
        }
    }
}

/// When there is one column, these panels stand below each other, and the others are behind "more".
const FIRST: [(PanelId, f32); 4] =
    [(PanelId::Flow, 430.0), (PanelId::Sentence, 200.0), (PanelId::Lesson, 260.0), (PanelId::Curves, 320.0)];

impl Layout {
    /// Whether the layout has every panel once, and no size that hides one.
    pub fn is_valid(&self) -> bool {
        let slots = || self.left.iter().chain(&self.right);
        let mut panels: Vec<PanelId> = slots().flat_map(|slot| slot.tabs.iter().copied()).collect();
        panels.sort_unstable();
        let shares = |column: &[Slot]| {
            let sum: f32 = column.iter().map(|slot| slot.share).sum();
            (sum - 1.0).abs() < 0.01 && column.iter().all(|slot| slot.share >= SHARE_MIN - 0.001)
        };
        panels == PanelId::ALL
            && slots().all(|slot| slot.open < slot.tabs.len())
            && shares(&self.left)
            && shares(&self.right)
            && (SHARE_MIN..=1.0 - SHARE_MIN).contains(&self.columns)
    }

    /// Brings a panel to the front, wherever it stands.
    pub fn show(&mut self, id: PanelId) {
        for slot in self.left.iter_mut().chain(&mut self.right) {
            if let Some(open) = slot.tabs.iter().position(|tab| *tab == id) {
                slot.open = open;
            }
        }
        if !FIRST.iter().any(|(first, _)| *first == id) {
            self.more = id;
        }
        self.full = self.full.filter(|full| *full == id);
    }
}

/// Which part of a panel is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The part that is not scrolled.
    Head,
    /// The part that is scrolled if it has too little room.
    Body,
}

/// Draws a panel's content.
pub type Draw<'d> = &'d mut dyn FnMut(PanelId, Part, &mut Ui);

/// What the drawing of a frame needs.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    pub strings: &'a Strings,
    pub theme: Theme,
}

/// Draws the panels, and keeps their places.
struct Stage<'d> {
    draw: Draw<'d>,
    cards: Vec<Rect>,
}

/// Draws all panels in the room that `ui` has. The caller has filled it with the panels' colour.
pub fn ui(layout: &mut Layout, ui: &mut Ui, setting: Setting, draw: Draw) {
    let area = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(area);
    // A window that is hardly larger than its margins leaves no room, but the room must not be negative.
    let rect =
        Rect::from_min_max(area.min + vec2(GAP, GAP), (area.max - vec2(GAP, GAP)).max(area.min + vec2(GAP, GAP)));
    // This shape lies behind the panels, but it is known only when they have their places. Like scrolled content it ends at `rect`.
    let inside = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let (ring, behind) = (ui.painter().add(Shape::Noop), inside.add(Shape::Noop));
    let stage = &mut Stage { draw, cards: Vec::new() };
    if let Some(id) = layout.full {
        let back = slot_ui(ui, rect, &[id], &mut 0, setting, stage) || ui.input(|i| i.key_pressed(Key::Escape));
        layout.full = layout.full.filter(|_| !back);
    } else if rect.width() < NARROW {
        narrow_ui(layout, ui, rect, setting, stage);
    } else {
        wide_ui(layout, ui, rect, setting, stage);
    }
    let color = setting.theme.background;
    ui.painter().set(ring, ground::around(area, &[rect], 0.0, color));
    inside.set(behind, ground::around(rect, &stage.cards, f32::from(RADIUS), color));
}

fn wide_ui(layout: &mut Layout, ui: &mut Ui, rect: Rect, setting: Setting, stage: &mut Stage) {
    let at = rect.left() + (rect.width() - GAP) * layout.columns;
    let bar = Rect::from_min_max(pos2(at, rect.top()), pos2(at + GAP, rect.bottom()));
    let moved = splitter_ui(ui, "app-splitter-columns", bar, setting) / rect.width();
    layout.columns = (layout.columns + moved).clamp(0.3, 0.8);
    let left = Rect::from_min_max(rect.min, bar.left_bottom());
    let right = Rect::from_min_max(bar.right_top(), rect.max);
    let mut full = column_ui(ui, left, &mut layout.left, "app-splitter-left", setting, stage);
    full = column_ui(ui, right, &mut layout.right, "app-splitter-right", setting, stage).or(full);
    layout.full = full;
}

/// Draws a column. Returns the panel that a person wants to see alone.
fn column_ui(
    ui: &mut Ui,
    rect: Rect,
    slots: &mut [Slot],
    splitter: &'static str,
    setting: Setting,
    stage: &mut Stage,
) -> Option<PanelId> {
    let room = rect.height() - GAP * (slots.len() - 1) as f32;
    let mut top = rect.top();
    let mut full = None;
    let mut moved = None;
    for (n, slot) in slots.iter_mut().enumerate() {
        let height = room * slot.share;
        let place = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), height));
        if slot_ui(ui, place, &slot.tabs, &mut slot.open, setting, stage) {
            full = slot.tabs.get(slot.open).copied();
        }
        top += height;
        if n > 0 {
            let bar = Rect::from_min_size(place.left_top() - vec2(0.0, GAP), vec2(rect.width(), GAP));
            let by = ui.push_id(n, |ui| splitter_ui(ui, splitter, bar, setting)).inner / room;
            moved = Some((n, by)).filter(|_| by != 0.0).or(moved);
        }
        top += GAP;
    }
    if let Some((n, by)) = moved {
        let by = by.clamp(SHARE_MIN - slots[n - 1].share, slots[n].share - SHARE_MIN);
        slots[n - 1].share += by;
        slots[n].share -= by;
    }
    full
}

fn narrow_ui(layout: &mut Layout, ui: &mut Ui, rect: Rect, setting: Setting, stage: &mut Stage) {
    let mut place = ui.new_child(UiBuilder::new().max_rect(rect).id_salt("narrow"));
    ScrollArea::vertical().id_salt("one column").auto_shrink(false).show(&mut place, |ui| {
        let mut full = None;
        for (id, height) in FIRST {
            if panel_of_height_ui(ui, &[id], &mut 0, height, setting, stage) {
                full = Some(id);
            }
        }
        let others: Vec<PanelId> =
            PanelId::ALL.into_iter().filter(|id| !FIRST.iter().any(|(first, _)| first == id)).collect();
        let mut open = others.iter().position(|id| *id == layout.more).unwrap_or(0);
        ui.label(egui::RichText::new(setting.strings.t("app-more")).font(setting.theme.strong()));
        if panel_of_height_ui(ui, &others, &mut open, 420.0, setting, stage) {
            full = Some(others[open]);
        }
        layout.more = others[open];
        layout.full = full;
    });
}

fn panel_of_height_ui(
    ui: &mut Ui,
    tabs: &[PanelId],
    open: &mut usize,
    height: f32,
    setting: Setting,
    stage: &mut Stage,
) -> bool {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    ui.add_space(GAP - ui.spacing().item_spacing.y);
    slot_ui(ui, rect, tabs, open, setting, stage)
}

/// Draws a frame with its heading or tabs and the open panel. Returns whether the "alone" button was pressed.
fn slot_ui(ui: &mut Ui, rect: Rect, tabs: &[PanelId], open: &mut usize, setting: Setting, stage: &mut Stage) -> bool {
    let Some(first) = tabs.first() else { return false };
    let mut outer = ui.new_child(UiBuilder::new().max_rect(rect).id_salt(("slot", first)));
    outer.set_clip_rect(rect.intersect(ui.clip_rect()));
    let theme = setting.theme;
    stage.cards.push(rect.round_to_pixels(ui.pixels_per_point()));
    // The frame keeps its place even if its content wants to be wider. The window is already cleared to the colour of the inside.
    outer.painter().rect_stroke(rect, CornerRadius::same(RADIUS), Stroke::new(1.0, theme.line), StrokeKind::Inside);
    let mut inner = outer.new_child(UiBuilder::new().max_rect(rect.shrink2(vec2(13.0, 9.0))).id_salt("inside"));
    inner.set_clip_rect(rect.shrink(1.0).intersect(outer.clip_rect()));
    let alone = heading_ui(&mut inner, tabs, open, setting);
    let id = tabs[(*open).min(tabs.len() - 1)];
    inner.push_id(id, |ui| {
        let fixed = ui.available_height() >= HEAD_ROOM;
        if fixed {
            (stage.draw)(id, Part::Head, ui);
        }
        ScrollArea::vertical().id_salt("panel").auto_shrink(false).show(ui, |ui| {
            if !fixed {
                (stage.draw)(id, Part::Head, ui);
            }
            (stage.draw)(id, Part::Body, ui);
        });
    });
    alone
}

fn heading_ui(ui: &mut Ui, tabs: &[PanelId], open: &mut usize, setting: Setting) -> bool {
    let strings = setting.strings;
    let mut alone = false;
    ui.horizontal(|ui| {
        ui.set_max_width(ui.available_width());
        if let [only] = tabs {
            ui.heading(strings.t(only.heading()));
        } else {
            let width = ui.available_width() - 34.0;
            ui.scope(|ui| {
                ui.set_max_width(width);
                ui.horizontal_wrapped(|ui| {
                    ui.spacing_mut().item_spacing.x = 12.0;
                    for (n, tab) in tabs.iter().enumerate() {
                        tab_ui(ui, n, strings.t(tab.heading()), open, setting.theme);
                    }
                });
            });
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            alone = alone_ui(ui, &strings.t(tabs[(*open).min(tabs.len() - 1)].heading()), setting);
        });
    });
    ui.add_space(2.0);
    alone
}

fn tab_ui(ui: &mut Ui, n: usize, name: String, open: &mut usize, theme: Theme) {
    let chosen = n == *open;
    let (font, color) = if chosen { (theme.strong(), theme.text) } else { (theme.body(), theme.weak) };
    let text = egui::RichText::new(&name).font(font).color(color);
    let response = ui.add(egui::Button::new(text).frame(false));
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, chosen, &name));
    if chosen {
        let rect = response.rect;
        let line = [rect.left_bottom(), rect.right_bottom()];
        ui.painter().line_segment(line, Stroke::new(2.0, theme.accent));
    }
    if response.clicked() {
        *open = n;
    }
}

/// A button with four corners that shows this panel alone, or all panels again.
fn alone_ui(ui: &mut Ui, panel: &str, setting: Setting) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(24.0, 24.0), Sense::click());
    let name = crate::t!(setting.strings, "app-alone", panel = panel);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    let color = if response.hovered() || response.has_focus() { setting.theme.accent } else { setting.theme.weak };
    let stroke = Stroke::new(1.5, color);
    let box_ = rect.shrink(6.0);
    for (corner, x, y) in [
        (box_.left_top(), 1.0, 1.0),
        (box_.right_top(), -1.0, 1.0),
        (box_.left_bottom(), 1.0, -1.0),
        (box_.right_bottom(), -1.0, -1.0),
    ] {
        ui.painter().line_segment([corner, corner + vec2(4.0 * x, 0.0)], stroke);
        ui.painter().line_segment([corner, corner + vec2(0.0, 4.0 * y)], stroke);
    }
    if response.has_focus() {
        ui.painter().rect_stroke(rect, CornerRadius::same(4), stroke, StrokeKind::Inside);
    }
    response.on_hover_text(&name).clicked()
}

/// A bar between two places, which a person drags or moves with the arrow keys. Returns how far it moved, in points along its short
/// side.
fn splitter_ui(ui: &mut Ui, key: &'static str, bar: Rect, setting: Setting) -> f32 {
    let upright = bar.height() > bar.width();
    let response = ui.interact(bar, ui.scope_id().with(("splitter", key)), Sense::click_and_drag());
    let name = setting.strings.t(key);
    response.widget_info(|| WidgetInfo::labeled(Role::Splitter, true, &name));
    if response.hovered() || response.dragged() {
        ui.ctx().set_cursor_icon(if upright { CursorIcon::ResizeHorizontal } else { CursorIcon::ResizeVertical });
    }
    if response.hovered() || response.dragged() || response.has_focus() {
        let stroke = Stroke::new(2.0, setting.theme.accent);
        let line =
            if upright { [bar.center_top(), bar.center_bottom()] } else { [bar.left_center(), bar.right_center()] };
        ui.painter().line_segment(line, stroke);
    }
    let mut moved = if response.dragged() { response.drag_delta() } else { egui::Vec2::ZERO };
    if response.has_focus() {
        let filter = egui::EventFilter { horizontal_arrows: true, vertical_arrows: true, ..Default::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let step = |ui: &Ui, key| 16.0 * ui.input(|i| i.num_presses(key)) as f32;
        moved.x += step(ui, Key::ArrowRight) - step(ui, Key::ArrowLeft);
        moved.y += step(ui, Key::ArrowDown) - step(ui, Key::ArrowUp);
    }
    if upright { moved.x } else { moved.y }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_layout_is_valid_and_a_broken_one_is_not() {
        let good = Layout::default();
        assert!(good.is_valid());
        let broken: [fn(&mut Layout); 6] = [
            |l| l.columns = f32::NAN,
            |l| l.columns = 0.99,
            |l| l.left[0].share = 0.01,
            |l| l.right[1].open = 9,
            |l| l.right[1].tabs.truncate(5),
            |l| l.left[0].tabs.push(PanelId::Log),
        ];
        for (n, break_it) in broken.into_iter().enumerate() {
            let mut layout = good.clone();
            break_it(&mut layout);
            assert!(!layout.is_valid(), "case {n}");
        }
    }

    #[test]
    fn a_panel_comes_to_the_front_wherever_it_stands() {
        for id in PanelId::ALL {
            let mut layout = Layout { full: Some(PanelId::Flow), ..Layout::default() };
            layout.show(id);
            let open = |slot: &Slot| slot.tabs[slot.open] == id;
            assert!(layout.left.iter().chain(&layout.right).any(open), "{id:?}");
            assert!(layout.is_valid() && layout.full.is_none_or(|full| full == id));
        }
    }
}
