//! Draws the bar at the top. It shows the run and its progress. It has the buttons reset, train, pause, step, stage and speed, and
//! the choice of language, theme and text size.
//! Clicks and keys -> [`Ask`]; choices that outlive the program go straight into the settings.

use super::help;
use super::panels::{Ask, Next, PanelContext};
use super::settings::Settings;
use super::theme::{self, SCALES, ThemeChoice};
use crate::screen::state::{Phase, RunState, Source};
use crate::t;
use crate::view::{Lang, duration_text};
use egui::{
    Button, Color32, CornerRadius, Key, Modifiers, Rect, RichText, Role, Sense, Shape, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};

const SHARES: [f32; 3] = [0.25, 0.5, 1.0];

/// The bar and the state that it keeps.
#[derive(Default)]
pub struct TransportBar {
    help: bool,
    /// The page of the help that was shown last.
    page: help::Page,
}

/// Icons before a button's text. They are drawn, so no font has to contain them.
#[derive(Clone, Copy, PartialEq)]
enum Icon {
    Reset,
    Play,
    Pause,
    Step,
    Stage,
}

impl TransportBar {
    /// `coming`: the run that is being prepared while another is still shown.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext, coming: Option<&RunState>, settings: &mut Settings) {
        self.keys(ui, cx, settings);
        ui.horizontal_wrapped(|ui| {
            motor_ui(ui, cx);
            ui.add_space(8.0);
            speed_ui(ui, cx);
            ui.add_space(8.0);
            self.choices_ui(ui, cx, settings);
            name_ui(ui, cx);
        });
        ui.add_space(2.0);
        status_ui(ui, cx, coming);
        if self.help {
            help::ui(ui, cx, &mut self.page, &mut self.help);
        }
    }

    /// Keys that work if no other control takes them.
    fn keys(&mut self, ui: &Ui, cx: &mut PanelContext, settings: &mut Settings) {
        let scale_by = |settings: &mut Settings, by: isize| {
            let at = SCALES.iter().position(|s| *s >= settings.scale - 0.01).unwrap_or(0);
            settings.scale = SCALES[at.saturating_add_signed(by).min(SCALES.len() - 1)];
        };
        if ui.input_mut(|i| {
            i.consume_key(Modifiers::COMMAND, Key::Plus) || i.consume_key(Modifiers::COMMAND, Key::Equals)
        }) {
            scale_by(settings, 1);
        }
        if ui.input_mut(|i| i.consume_key(Modifiers::COMMAND, Key::Minus)) {
            scale_by(settings, -1);
        }
        // A focused field or button uses these keys itself.
        if ui.memory(|memory| memory.focused().is_some()) {
            return;
        }
        let pressed = |modifiers, key| ui.input_mut(|i| i.consume_key(modifiers, key));
        if pressed(Modifiers::NONE, Key::Space) {
            cx.ask(if cx.view.transport.playing { Ask::Pause } else { Ask::Play });
        }
        if pressed(Modifiers::SHIFT, Key::ArrowRight) {
            cx.ask(Ask::NextStage);
        }
        if pressed(Modifiers::NONE, Key::ArrowRight) {
            cx.ask(Ask::Step);
        }
        if pressed(Modifiers::NONE, Key::R) && cx.view.transport.live {
            cx.ask(Ask::Reset);
        }
        if pressed(Modifiers::SHIFT, Key::Questionmark) || pressed(Modifiers::NONE, Key::Questionmark) {
            self.help = !self.help;
        }
    }

    fn choices_ui(&mut self, ui: &mut Ui, cx: &PanelContext, settings: &mut Settings) {
        for (lang, name, key) in [(Lang::En, "EN", "transport-english"), (Lang::Pt, "PT", "transport-portuguese")] {
            let (chosen, spoken) = (cx.lang() == lang, cx.t(key));
            let response = ui.add(Button::selectable(chosen, name));
            response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, chosen, &spoken));
            if response.on_hover_text(spoken).clicked() {
                settings.lang = Some(lang);
            }
        }
        let menu = ui.menu_button(cx.t("transport-menu"), |ui| {
            theme::hollow(ui);
            ui.label(RichText::new(cx.t("transport-theme")).color(cx.theme.weak));
            for choice in ThemeChoice::ALL {
                let key = match choice {
                    ThemeChoice::System => "transport-theme-system",
                    ThemeChoice::Light => "transport-theme-light",
                    ThemeChoice::Dark => "transport-theme-dark",
                };
                ui.radio_value(&mut settings.theme, choice, cx.t(key));
            }
            ui.separator();
            ui.label(RichText::new(cx.t("transport-text-size")).color(cx.theme.weak));
            for scale in SCALES {
                ui.radio_value(&mut settings.scale, scale, cx.lang().percent(f64::from(scale), 0));
            }
            ui.separator();
            ui.button(cx.t("transport-reset-layout")).clicked()
        });
        if menu.inner == Some(true) {
            settings.layout = super::layout::Layout::default();
        }
        let help = ui.add(Button::new(cx.t("transport-help")).selected(self.help));
        if help.clicked() {
            self.help = !self.help;
        }
    }
}

/// Draws what this program is at the right end of the bar: its name and purpose, its name, or nothing, depending on the room.
fn name_ui(ui: &mut Ui, cx: &PanelContext) {
    const GAP: f32 = 10.0;
    let tagline = cx.t("transport-tagline");
    let name = ui.painter().layout_no_wrap("Electroscope".to_owned(), cx.theme.strong(), cx.theme.text);
    let words = ui.painter().layout_no_wrap(tagline.clone(), cx.theme.small(), cx.theme.weak);
    let room = ui.available_size_before_wrap().x - 2.0 * GAP;
    if room < name.size().x {
        return;
    }
    let (rect, response) = ui.allocate_exact_size(vec2(room + GAP, ui.spacing().interact_size.y), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("Electroscope: {tagline}")));
    let mut right = rect.right();
    let mut last = |galley: std::sync::Arc<egui::Galley>, color| {
        right -= galley.size().x;
        ui.painter().galley(pos2(right, rect.center().y - galley.size().y / 2.0), galley, color);
        right -= GAP;
    };
    if room >= words.size().x + GAP + name.size().x {
        last(words, cx.theme.weak);
    }
    last(name, cx.theme.text);
}

fn motor_ui(ui: &mut Ui, cx: &mut PanelContext) {
    let transport = cx.view.transport;
    if icon_button(ui, cx, Icon::Reset, "transport-reset", &cx.t("transport-reset-hint"), false, transport.live) {
        cx.ask(Ask::Reset);
    }
    let play = "transport-play-hint";
    let (icon, key, hint) = match (transport.playing, transport.live, transport.next) {
        (true, ..) => (Icon::Pause, "transport-pause", cx.t("transport-pause-hint")),
        (false, true, _) => (Icon::Play, "transport-resume", cx.t(play)),
        (false, false, Next::First) => (Icon::Play, "transport-play", cx.t(play)),
        (false, false, Next::GoOn) => (Icon::Play, "transport-go-on", cx.t("transport-go-on-hint")),
        (false, false, Next::Extend { steps }) => {
            (Icon::Play, "transport-go-on", t!(cx, "transport-extend-hint", steps = steps))
        }
    };
    if icon_button(ui, cx, icon, key, &hint, true, true) {
        cx.ask(if transport.playing { Ask::Pause } else { Ask::Play });
    }
    if icon_button(ui, cx, Icon::Step, "transport-step", &cx.t("transport-step-hint"), false, true) {
        cx.ask(Ask::Step);
    }
    if icon_button(ui, cx, Icon::Stage, "transport-stage", &cx.t("transport-stage-hint"), false, true) {
        cx.ask(Ask::NextStage);
    }
}

fn speed_ui(ui: &mut Ui, cx: &mut PanelContext) {
    ui.label(RichText::new(cx.t("transport-speed")).color(cx.theme.weak)).on_hover_text(cx.t("transport-speed-hint"));
    for share in SHARES {
        let chosen = (cx.view.transport.share - share).abs() < 0.01;
        let name = cx.lang().percent(f64::from(share), 0);
        let response = ui.add(Button::selectable(chosen, &name));
        let spoken = format!("{} {name}", cx.t("transport-speed"));
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, chosen, &spoken));
        if response.on_hover_text(cx.t("transport-speed-hint")).clicked() {
            cx.ask(Ask::Share(share));
        }
    }
}

/// A button with a drawn icon before its text. `key`: of its text; `hint`: what it does, in words.
fn icon_button(
    ui: &mut Ui,
    cx: &PanelContext,
    icon: Icon,
    key: &str,
    hint: &str,
    primary: bool,
    enabled: bool,
) -> bool {
    let name = cx.t(key);
    let theme = cx.theme;
    let font = if primary { theme.strong() } else { theme.body() };
    let galley = ui.painter().layout_no_wrap(name.clone(), font, Color32::PLACEHOLDER);
    let size = vec2(galley.size().x + 14.0 + 6.0 + 20.0, ui.spacing().interact_size.y);
    let sense = if enabled { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(size, sense);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, &name));
    let (fill, ink) = match (enabled, primary) {
        (false, _) => (theme.raised, theme.text.gamma_multiply(ui.visuals().disabled_alpha())),
        (true, true) => (theme.accent, theme.on_accent),
        (true, false) => (theme.raised, theme.text),
    };
    let active = response.hovered() || response.has_focus();
    let line = if active && enabled {
        Stroke::new(2.0, if primary { theme.text } else { theme.accent })
    } else {
        Stroke::new(1.0, theme.line)
    };
    ui.painter().rect(rect, CornerRadius::same(6), fill, line, StrokeKind::Inside);
    let box_ = Rect::from_min_size(pos2(rect.left() + 10.0, rect.center().y - 6.0), vec2(12.0, 12.0));
    draw_icon(ui, icon, box_, ink);
    ui.painter().galley(pos2(box_.right() + 7.0, rect.center().y - galley.size().y / 2.0), galley, ink);
    response.on_hover_text(hint).clicked()
}

fn draw_icon(ui: &Ui, icon: Icon, r: Rect, ink: Color32) {
    let painter = ui.painter();
    let bar = |left: f32| Rect::from_min_size(pos2(left, r.top()), vec2(3.5, r.height()));
    let triangle = |left: f32, right: f32| {
        let corners = vec![pos2(left, r.top()), pos2(right, r.center().y), pos2(left, r.bottom())];
        Shape::convex_polygon(corners, ink, Stroke::NONE)
    };
    match icon {
        Icon::Play => drop(painter.add(triangle(r.left() + 1.0, r.right()))),
        Icon::Pause => {
            painter.rect_filled(bar(r.left() + 1.0), CornerRadius::same(1), ink);
            painter.rect_filled(bar(r.right() - 4.5), CornerRadius::same(1), ink);
        }
        Icon::Step => {
            painter.add(triangle(r.left(), r.right() - 4.0));
            painter.rect_filled(bar(r.right() - 3.0), CornerRadius::same(1), ink);
        }
        Icon::Stage => {
            painter.add(triangle(r.left(), r.center().x));
            painter.add(triangle(r.center().x, r.right()));
        }
        Icon::Reset => {
            painter.rect_filled(bar(r.left()), CornerRadius::same(1), ink);
            let corners =
                vec![pos2(r.right(), r.top()), pos2(r.left() + 3.0, r.center().y), pos2(r.right(), r.bottom())];
            painter.add(Shape::convex_polygon(corners, ink, Stroke::NONE));
        }
    }
}

/// Says which run is shown, how far it is, and what it is doing.
fn status_ui(ui: &mut Ui, cx: &mut PanelContext, coming: Option<&RunState>) {
    ui.horizontal_wrapped(|ui| {
        let source = source_text(cx, coming);
        ui.label(RichText::new(source).font(cx.theme.strong()));
        let preparing = coming.filter(|run| run.phase != Phase::Paused).and_then(|run| run.preparing.as_ref());
        if let Some(preparing) = preparing {
            ui.label(cx.strings.text(&preparing.message));
        }
        let shown = cx.view.scrub.unwrap_or_else(|| cx.state.step());
        let (done, text) = match cx.state.planned_steps() {
            Some(planned) => {
                let share = shown as f32 / planned.max(1) as f32;
                (share, t!(cx, "app-step-of", step = shown, planned = planned))
            }
            None => (0.0, t!(cx, "app-step", step = shown)),
        };
        let share = preparing.and_then(|p| p.share).unwrap_or(done);
        progress_ui(ui, share, cx);
        ui.add(egui::Label::new(text).extend());
        if let Some(secs) = cx.state.secs_left().filter(|_| cx.view.transport.playing && coming.is_none()) {
            let left = t!(cx, "app-time-left", time = duration_text(secs));
            ui.add(egui::Label::new(left).extend());
        }
        if cx.state.source == Source::Recorded && coming.is_none() {
            let replaying = cx.view.replaying;
            let hint =
                cx.t(if replaying { "transport-source-replaying-hint" } else { "transport-source-recorded-hint" });
            ui.label(RichText::new(hint).font(cx.theme.small()).color(cx.theme.weak));
        }
        if let Some(step) = cx.view.scrub.filter(|_| cx.view.transport.live) {
            ui.label(RichText::new(t!(cx, "transport-looking-back", step = step)).color(cx.theme.accent));
            if ui.button(cx.t("transport-follow")).clicked() {
                cx.view.scrub = None;
            }
        }
        let unseen = cx.state.log.alarms.saturating_sub(cx.view.alarms_seen);
        if unseen > 0 && ui.button(t!(cx, "transport-alarms", count = unseen)).clicked() {
            cx.ask(Ask::Show(super::panels::PanelId::Log));
        }
    });
}

fn source_text(cx: &PanelContext, coming: Option<&RunState>) -> String {
    if let Some(coming) = coming {
        return cx.t(match (coming.phase, cx.view.transport.playing) {
            (Phase::Paused, _) => "transport-source-ready",
            (_, true) => "transport-source-preparing",
            (_, false) => "transport-source-preparing-paused",
        });
    }
    let device = || cx.state.device.as_ref().map_or(String::new(), |device| device.name.clone());
    match (&cx.state.source, cx.state.phase) {
        (Source::Recorded, _) => cx.t("transport-source-recorded"),
        (Source::Opened(name), _) => t!(cx, "transport-source-opened", name = name),
        (Source::Live, Phase::Failed) => cx.t("transport-source-failed"),
        (Source::Live, Phase::Finished) => cx.t("transport-source-finished"),
        (Source::Live, _) if cx.view.transport.playing => t!(cx, "transport-source-live", device = device()),
        (Source::Live, _) => t!(cx, "transport-source-paused", device = device()),
    }
}

/// A progress bar with a pin at each checkpoint.
fn progress_ui(ui: &mut Ui, share: f32, cx: &PanelContext) {
    let (rect, response) = ui.allocate_exact_size(vec2(220.0, 10.0), Sense::hover());
    let share = share.clamp(0.0, 1.0);
    let name = cx.t("transport-progress");
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ProgressIndicator, true, &name);
        info.value = Some(f64::from(share * 100.0));
        info
    });
    let painter = ui.painter();
    painter.rect(rect, CornerRadius::same(5), cx.theme.raised, Stroke::new(1.0, cx.theme.line), StrokeKind::Outside);
    let done = Rect::from_min_max(rect.min, pos2(rect.left() + rect.width() * share, rect.bottom()));
    painter.rect_filled(done, CornerRadius::same(5), cx.theme.accent);
    if let Some(planned) = cx.state.planned_steps() {
        for (step, _) in cx.state.checkpoints.iter() {
            let x = rect.left() + rect.width() * (*step as f32 / planned.max(1) as f32).min(1.0);
            let line = [pos2(x, rect.top() - 3.0), pos2(x, rect.bottom() + 3.0)];
            painter.line_segment(line, Stroke::new(1.5, cx.theme.text));
        }
    }
}
