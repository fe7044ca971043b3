//! Plots losses, accuracies, gradients and speed over the steps. Raw values are thin lines and smoothed values thick ones; marks
//! show what a good value is. A person who points at the time axis, or presses the arrow keys, sees in every panel what the
//! networks said then.

mod chart;

use super::plot;
use super::{Mark, PanelContext};
use crate::app::theme;
use crate::screen::smooth::SPANS;
use crate::screen::time::{Time, Timeline};
use crate::t;
use chart::{CHARTS, Chart, Group};
use egui::{
    Button, CornerRadius, EventFilter, Key, Rect, Response, RichText, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo,
    pos2, vec2,
};

/// The least height of a chart with its legend. All charts are shown at once if each has this much room.
const CHART_HEIGHT_MIN: f32 = 92.0;
const ALL_ROOM: [f32; 2] = [820.0, 4.0 * 110.0 + 60.0];
/// From this width on the switches of the scales stand beside the charts' names, not in the menu.
const SWITCHES_ROOM: f32 = 600.0;
/// A chart that is lower than this has one line of legend.
const LEGEND_ROOM: f32 = 140.0;
/// How near the pointer must be to a pin to show its words.
const PIN_REACH: f32 = 7.0;

pub struct CurvesPanel {
    group: Group,
    time: Time,
    log_x: bool,
    log_y: bool,
    /// An index of [`SPANS`]; none shows the raw values alone.
    span: Option<usize>,
}

impl Default for CurvesPanel {
    fn default() -> Self {
        Self { group: Group::Losses, time: Time::Steps, log_x: false, log_y: false, span: Some(0) }
    }
}

impl CurvesPanel {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext) {
        let state = cx.state;
        if state.steps.is_empty() {
            ui.label(cx.t("curves-none"));
            return;
        }
        let room = vec2(ui.available_width(), ui.clip_rect().bottom() - ui.cursor().top());
        let all = room.x >= ALL_ROOM[0] && room.y >= ALL_ROOM[1];
        let top = ui.cursor().top();
        self.controls_ui(ui, cx, all);
        overlays_ui(ui, cx);
        let others = cx.view.overlays.iter().map(|(_, run)| run);
        let line = Timeline::new(state, others, self.time, self.log_x);
        let shown: Vec<&Chart> = CHARTS.iter().filter(|chart| all || chart.group == self.group).collect();
        let columns = if all { 2 } else { 1 };
        let rows = shown.len().div_ceil(columns);
        let left = room.y - (ui.cursor().top() - top) - 6.0;
        let height = (left / rows as f32 - ui.spacing().item_spacing.y).max(CHART_HEIGHT_MIN).floor();
        let charts = ui.scope(|ui| {
            for row in shown.chunks(columns) {
                ui.columns(columns, |uis| {
                    for (ui, chart) in uis.iter_mut().zip(row) {
                        self.chart_ui(ui, cx, chart, &line, height);
                    }
                });
            }
        });
        if cx.is_marked(Mark::Curves) {
            let finger = Stroke::new(2.0, cx.theme.accent);
            ui.painter().rect_stroke(charts.response.rect, CornerRadius::same(6), finger, StrokeKind::Inside);
        }
    }

    fn controls_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext, all: bool) {
        let wide = ui.available_width() >= SWITCHES_ROOM;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            ui.spacing_mut().button_padding.x = 8.0;
            for group in Group::ALL.into_iter().filter(|_| !all) {
                choice_ui(ui, cx.t(group.key()), group == self.group).then(|| self.group = group);
            }
            if wide {
                self.switches_ui(ui, cx);
            }
            ui.menu_button(cx.t("curves-menu"), |ui| self.menu_ui(ui, cx, wide));
            if cx.view.scrub.is_some() && ui.button(cx.t("curves-now")).clicked() {
                cx.view.scrub = None;
            }
            // If there is no room for it, the legend still names what is of held-out text.
            let what = RichText::new(cx.t("curves-what")).font(cx.theme.small()).color(cx.theme.weak);
            let galley = ui.painter().layout_no_wrap(cx.t("curves-what"), cx.theme.small(), cx.theme.weak);
            if galley.size().x + 12.0 > ui.available_size_before_wrap().x {
                return;
            }
            ui.add_space(6.0);
            ui.label(what).on_hover_text(format!(
                "{}\n{}",
                cx.t("glossary-batch-about"),
                cx.t("glossary-held-out-about")
            ));
        });
    }

    fn switches_ui(&mut self, ui: &mut Ui, cx: &PanelContext) {
        ui.scope(|ui| {
            theme::hollow(ui);
            ui.checkbox(&mut self.log_x, cx.t("curves-log-x")).on_hover_text(cx.t("curves-log-x-hint"));
            ui.checkbox(&mut self.log_y, cx.t("curves-log-y")).on_hover_text(cx.t("curves-log-y-hint"));
        });
    }

    fn menu_ui(&mut self, ui: &mut Ui, cx: &PanelContext, wide: bool) {
        if !wide {
            self.switches_ui(ui, cx);
            ui.separator();
        }
        theme::hollow(ui);
        ui.label(RichText::new(cx.t("curves-axis")).color(cx.theme.weak));
        for time in Time::ALL {
            ui.radio_value(&mut self.time, time, cx.t(time.key()));
        }
        ui.separator();
        ui.label(RichText::new(cx.t("curves-smoothing")).color(cx.theme.weak));
        ui.radio_value(&mut self.span, None, cx.t("curves-smoothing-none"));
        for (n, span) in SPANS.into_iter().enumerate() {
            ui.radio_value(&mut self.span, Some(n), t!(cx, "curves-smoothing-steps", steps = span));
        }
    }

    fn chart_ui(&self, ui: &mut Ui, cx: &mut PanelContext, chart: &Chart, line: &Timeline, height: f32) {
        let (outer, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
        let mut head = ui.new_child(egui::UiBuilder::new().max_rect(outer).id_salt(("legend", chart.key)));
        // The pointer is read first, because the legend shows the values under it.
        let id = ui.scope_id().with(("chart", chart.key));
        let lines = if height < LEGEND_ROOM { 1 } else { chart.legend_lines(&head, cx, self.span) };
        let legend_height = chart::LEGEND_LINE * lines as f32;
        let place = Rect::from_min_max(pos2(outer.left(), outer.top() + legend_height), outer.max);
        let response = ui.interact(place, id, Sense::click_and_drag());
        let plot = chart.plot(place, cx, line, self.log_y, self.span);
        let pointed = response.hover_pos().map(|at| plot.values_at(at)[0]).and_then(|x| line.step_at(x));
        let step = pointed.or(cx.view.scrub);
        chart.legend_ui(&mut head, cx, step, self.span, lines);
        let painter = ui.painter().with_clip_rect(outer.intersect(ui.clip_rect()));
        plot.grid(&painter, cx.theme, cx.lang(), &cx.t(self.time.key()));
        chart.draw(&painter, cx, &plot, line, self.span);
        pins_ui(&response, &painter, cx, &plot, line);
        cursor_ui(&painter, cx, &plot, line, pointed, response.has_focus());
        scrub(&response, ui, cx, &plot, line);
        let name = t!(cx, "curves-slider", chart = cx.t(chart.key));
        let at = cx.view.scrub.unwrap_or_else(|| cx.state.step()) as f64;
        response.widget_info(|| WidgetInfo::slider(true, at, &name));
    }
}

fn choice_ui(ui: &mut Ui, name: String, chosen: bool) -> bool {
    let response = ui.add(Button::selectable(chosen, &name));
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, chosen, &name));
    response.clicked()
}

/// Lists the runs under the curves: their numbers in the charts, their names, and buttons to remove them.
fn overlays_ui(ui: &mut Ui, cx: &mut PanelContext) {
    if cx.view.overlays.is_empty() {
        return;
    }
    let mut removed = None;
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(cx.t("curves-overlays")).color(cx.theme.weak));
        for (n, (name, _)) in cx.view.overlays.iter().enumerate() {
            let response = ui.button(format!("{}  {name}  ×", n + 1));
            let spoken = t!(cx, "curves-overlay-remove", name = name);
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &spoken));
            if response.on_hover_text(&spoken).clicked() {
                removed = Some(n);
            }
        }
    });
    if let Some(n) = removed {
        cx.view.overlays.remove(n);
    }
}

/// Draws a pin at each checkpoint. If the pointer is on a pin, the pin's path is shown.
fn pins_ui(response: &Response, painter: &egui::Painter, cx: &PanelContext, plot: &plot::Plot, line: &Timeline) {
    let pointer = response.hover_pos();
    let mut words = None;
    for (step, path) in cx.state.checkpoints.iter() {
        let Some(x) = line.x_of(*step).and_then(|x| plot.at_x(x)) else { continue };
        plot::pin(painter, pos2(x, plot.rect.top() + 2.0), cx.theme.text);
        if pointer.is_some_and(|at| (at.x - x).abs() < PIN_REACH && at.y < plot.rect.top() + 12.0) {
            words = Some(t!(cx, "curves-pin-checkpoint", step = *step, path = path));
        }
    }
    for eval in cx.state.evals.iter() {
        let Some(x) = line.x_of(eval.step).and_then(|x| plot.at_x(x)) else { continue };
        if pointer.is_some_and(|at| (at.x - x).abs() < PIN_REACH) && words.is_none() {
            words = Some(t!(cx, "curves-pin-eval", step = eval.step));
        }
    }
    if let Some(words) = words {
        response.clone().on_hover_text_at_pointer(words);
    }
}

/// Draws the step that the panels show, and the step under the pointer.
fn cursor_ui(
    painter: &egui::Painter,
    cx: &PanelContext,
    plot: &plot::Plot,
    line: &Timeline,
    pointed: Option<u64>,
    focused: bool,
) {
    let upright = |step: u64, stroke: Stroke| {
        let Some(x) = line.x_of(step).and_then(|x| plot.at_x(x)) else { return };
        painter.line_segment([pos2(x, plot.rect.top()), pos2(x, plot.rect.bottom())], stroke);
        painter.circle_filled(pos2(x, plot.rect.bottom()), stroke.width + 2.0, stroke.color);
    };
    if let Some(step) = pointed {
        upright(step, Stroke::new(1.0, cx.theme.weak));
    }
    if let Some(step) = cx.view.scrub {
        upright(step, Stroke::new(2.0, cx.theme.accent));
    }
    if focused {
        let line = Stroke::new(2.0, cx.theme.accent);
        painter.rect_stroke(plot.rect, CornerRadius::same(3), line, StrokeKind::Inside);
    }
}

/// A press or a drag goes to the step under the pointer. The keys left and right go to the previous and the next readout, Home and
/// End to the ends.
fn scrub(response: &Response, ui: &Ui, cx: &mut PanelContext, plot: &plot::Plot, line: &Timeline) {
    let pressed = response.is_pointer_button_down_on() || response.dragged();
    if let Some(at) = response.interact_pointer_pos().filter(|_| pressed) {
        cx.view.scrub = line.step_at(plot.values_at(at)[0]).filter(|step| *step < cx.state.step());
    }
    if response.clicked() {
        response.request_focus();
    }
    if !response.has_focus() {
        return;
    }
    let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let pressed = |key| ui.input(|i| i.key_pressed(key));
    let now = cx.view.scrub.unwrap_or(u64::MAX);
    let readouts = || cx.state.readouts.iter().map(|readout| readout.step);
    if pressed(Key::ArrowLeft) {
        let now = if now == u64::MAX { cx.state.step() } else { now };
        cx.view.scrub = readouts().take_while(|step| *step < now).last().or(cx.view.scrub);
    } else if pressed(Key::ArrowRight) {
        cx.view.scrub = readouts().find(|step| *step > now && *step < cx.state.step());
    } else if pressed(Key::Home) {
        cx.view.scrub = readouts().next();
    } else if pressed(Key::End) {
        cx.view.scrub = None;
    }
}
