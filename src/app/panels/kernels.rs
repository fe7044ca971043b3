//! Lists every dispatch of a training step, stage by stage: what it does, which tensors it binds, how many bytes it moves and how
//! much it computes. After a measurement the list also shows each time beside the device's best. An opened dispatch shows its
//! shader and its twin.

mod row;
mod source;

use super::PanelContext;
use crate::screen::kernels::sum::{Sum, bytes_text, flops_text, secs_text, share_of};
use crate::screen::kernels::{about, sum};
use crate::t;
use crate::train::event::{Clock, Command, DispatchCost, Kernels, Stage};
use crate::train::kernels;
use egui::{Button, CornerRadius, Grid, Rect, RichText, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use row::Row;
use source::SourceView;
use std::collections::HashSet;

/// The width of the bar that shows a stage's share of the step.
const BAR: f32 = 160.0;
/// The end of the bar, as a multiple of the roof.
const BEYOND: f64 = 1.25;
/// The width of the text about a stage's dispatches and their costs.
const WORDS: f32 = 280.0;

pub struct KernelsPanel {
    /// Stages whose dispatches are listed.
    unfolded: HashSet<Stage>,
    /// The dispatch whose texts are open: its number in the plan.
    open: Option<u32>,
    /// Whether the list has a line for each kernel, the costliest first, and not a line for each dispatch in order.
    by_kernel: bool,
    /// A measurement that was asked for. Inside: the step of the measurement before it and its number of timed steps.
    asked: Option<Option<(u64, u64)>>,
    source: SourceView,
    /// The kernel to open as soon as there is a list.
    wanted: Option<String>,
    /// Whether the dispatch that was opened last has to come into view.
    to_view: bool,
}

impl Default for KernelsPanel {
    fn default() -> Self {
        Self {
            // One stage is unfolded at first, so that a person sees what a stage consists of.
            unfolded: HashSet::from([Stage::JUDGE]),
            open: None,
            by_kernel: false,
            asked: None,
            source: SourceView::default(),
            wanted: None,
            to_view: false,
        }
    }
}

impl KernelsPanel {
    /// Shows a kernel's texts in the list by kernel.
    pub fn open(&mut self, kernel: &str) {
        (self.by_kernel, self.wanted) = (true, Some(kernel.to_owned()));
    }

    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext) {
        let state = cx.state;
        ui.label(cx.t("kernels-lesson"));
        let Some(kernels) = state.kernels.as_deref() else {
            if let Some(plan) = &state.plan {
                let memory = cx.mib(plan.peak_bytes);
                let device = state.device.as_ref().map_or("?", |device| device.name.as_str());
                let (dispatches, key) = (plan.dispatches, "kernels-summary");
                ui.label(t!(cx, key, device = device, dispatches = dispatches, memory = memory));
            }
            self.first_list_ui(ui, cx);
            return;
        };
        if let Some(wanted) = self.wanted.take() {
            let of_kernel = sum::by_kernel(&kernels.dispatches).into_iter().find(|(most, _)| most.kernel == wanted);
            self.open = of_kernel.map(|(most, _)| most.index);
            self.to_view = true;
        }
        let whole = Sum::of(&kernels.dispatches);
        self.measure_ui(ui, cx, kernels, whole);
        ui.add_space(4.0);
        if self.by_kernel {
            for (most, sum) in sum::by_kernel(&kernels.dispatches) {
                self.dispatch_ui(ui, cx, kernels, most, Row { sum, whole, place: None });
            }
        } else {
            // The stages of this run, in their order.
            let mut stages: Vec<Stage> = kernels.dispatches.iter().map(|dispatch| dispatch.stage).collect();
            stages.dedup();
            for stage in stages {
                self.stage_ui(ui, cx, kernels, stage, whole);
            }
        }
    }

    /// Draws what to press while there is no list. A run that is not training sends its list with its first measurement.
    fn first_list_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext) {
        if !cx.answered() {
            ui.label(RichText::new(cx.t("kernels-none")).color(cx.theme.weak));
            return;
        }
        ui.label(RichText::new(cx.t("kernels-none-kept")).color(cx.theme.weak));
        if ui.add_enabled(self.asked.is_none(), Button::new(cx.t("kernels-measure"))).clicked() {
            self.asked = Some(None);
            cx.send(Command::Measure);
        }
        if let Some(about) = cx.about_answers() {
            ui.label(RichText::new(about).color(cx.theme.weak));
        }
    }

    /// Draws what was measured and how, the button that measures, and the choice of the order.
    fn measure_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext, kernels: &Kernels, whole: Sum) {
        let lang = cx.lang();
        ui.label(t!(
            cx,
            "kernels-whole",
            device = cx.state.device.as_ref().map_or("?", |device| device.name.as_str()),
            dispatches = kernels.dispatches.len(),
            bytes = bytes_text(lang, whole.bytes),
            flops = flops_text(lang, whole.flops),
        ));
        if let (Some(secs), Some(clock)) = (whole.secs, kernels.clock) {
            let clock = match clock {
                Clock::Timestamps => cx.t("kernels-clock-timestamps"),
                Clock::Processor => cx.t("kernels-clock-processor"),
            };
            ui.label(t!(
                cx,
                "kernels-measured",
                time = secs_text(lang, secs),
                steps = kernels.timed_steps,
                step = kernels.step,
                clock = clock,
            ));
            let roofs = kernels.roofs;
            let [copy, product] = [roofs.copy_gbytes_per_sec, roofs.product_gflops_per_sec].map(|v| cx.number(v, 1));
            ui.label(t!(cx, "kernels-roofs", copy = copy, product = product));
        }
        let done = (kernels.step, kernels.timed_steps);
        self.asked = self.asked.filter(|before| *before == Some(done) && cx.answered());
        ui.horizontal_wrapped(|ui| {
            let free = cx.answered() && self.asked.is_none();
            let button = ui.add_enabled(free, Button::new(cx.t("kernels-measure")));
            let button = button.on_hover_text(cx.t("kernels-measure-hint"));
            if button.on_disabled_hover_text(cx.t("kernels-measure-live")).clicked() {
                self.asked = Some(Some(done));
                cx.send(Command::Measure);
            }
            if self.asked.is_some() {
                ui.label(cx.t("kernels-measuring"));
            } else if !cx.answered() {
                ui.label(RichText::new(cx.t("kernels-measure-live")).font(cx.theme.small()).color(cx.theme.weak));
            }
            for (by_kernel, key) in [(false, "kernels-order-step"), (true, "kernels-order-kernel")] {
                let (name, chosen) = (cx.t(key), self.by_kernel == by_kernel);
                let response = ui.add(Button::selectable(chosen, &name));
                response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, chosen, &name));
                if response.clicked() {
                    self.by_kernel = by_kernel;
                }
            }
        });
    }

    /// Draws a stage's heading with its sums and, if it is unfolded, its dispatches in order.
    fn stage_ui(&mut self, ui: &mut Ui, cx: &PanelContext, kernels: &Kernels, stage: Stage, whole: Sum) {
        let of_stage = kernels.dispatches.iter().enumerate().filter(|(_, cost)| cost.stage == stage);
        let of_stage: Vec<(usize, &DispatchCost)> = of_stage.collect();
        if of_stage.is_empty() {
            return;
        }
        let sum = Sum::of(of_stage.iter().map(|(_, cost)| *cost));
        let [name, sentence] = about::stage(stage).map(|key| cx.t(key));
        let open = self.unfolded.contains(&stage);
        if stage_head_ui(ui, cx, &name, sum, whole, open) {
            if open {
                self.unfolded.remove(&stage)
            } else {
                self.unfolded.insert(stage)
            };
        }
        ui.label(RichText::new(sentence).font(cx.theme.small()).color(cx.theme.weak));
        if open {
            for (place, cost) in of_stage {
                let row = Row { sum: Sum::of([cost]), whole, place: Some(place + 1) };
                self.dispatch_ui(ui, cx, kernels, cost, row);
            }
        }
        ui.add_space(4.0);
    }

    fn dispatch_ui(&mut self, ui: &mut Ui, cx: &PanelContext, kernels: &Kernels, cost: &DispatchCost, row: Row) {
        let open = self.open == Some(cost.index);
        let top = ui.cursor().min;
        if row::ui(ui, cx, cost, row, open) {
            self.open = (!open).then_some(cost.index);
            self.to_view = !open;
        }
        if !open {
            return;
        }
        if std::mem::take(&mut self.to_view) {
            // An opened dispatch is a page long, so its row goes to the top.
            ui.scroll_to_rect(Rect::from_min_size(top, vec2(1.0, 1.0)), Some(egui::Align::TOP));
        }
        let frame = egui::Frame::new().inner_margin(egui::Margin { left: 14, ..egui::Margin::ZERO });
        frame.show(ui, |ui| {
            if let Some(key) = about::kernel(&cost.kernel) {
                ui.label(cx.t(key));
            }
            if row.place.is_none() && row.sum.dispatches > 1 {
                ui.label(RichText::new(t!(cx, "kernels-heaviest", count = row.sum.dispatches)).font(cx.theme.strong()));
            }
            tensors_ui(ui, cx, cost);
            let (variant, runs) = (&cost.variant, cost.times);
            ui.label(t!(cx, "kernels-launch", workgroups = cost.workgroups, variant = variant, runs = runs));
            roofs_ui(ui, cx, kernels, cost);
            match kernels::source(&cost.kernel) {
                Some(source) => self.source.ui(ui, cx, &cost.kernel, &source),
                None => drop(ui.label(cx.t("kernels-no-source"))),
            }
        });
        ui.add_space(6.0);
    }
}

fn stage_head_ui(ui: &mut Ui, cx: &PanelContext, name: &str, sum: Sum, whole: Sum, open: bool) -> bool {
    // As wide as the rows, so that the numbers of both end at the same place.
    let width = ui.available_width().min(row::WIDTH_MAX);
    let (rect, response) = ui.allocate_exact_size(vec2(width, 30.0), Sense::click());
    let share = sum.share(whole);
    let key = if whole.secs.is_some() { "kernels-stage-time" } else { "kernels-stage-flops" };
    let words = t!(cx, key, dispatches = sum.dispatches, share = cx.percent(share, 1));
    let spoken = format!("{name}: {words}");
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, open, &spoken));
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let active = response.hovered() || response.has_focus();
    let line = if active { Stroke::new(2.0, cx.theme.accent) } else { Stroke::new(1.0, cx.theme.line) };
    painter.rect(rect, CornerRadius::same(5), cx.theme.raised, line, StrokeKind::Inside);
    let center = pos2(rect.left() + 14.0, rect.center().y);
    let corners = if open {
        [vec2(-5.0, -3.0), vec2(5.0, -3.0), vec2(0.0, 4.0)]
    } else {
        [vec2(-3.0, -5.0), vec2(4.0, 0.0), vec2(-3.0, 5.0)]
    };
    let corners = corners.map(|corner| center + corner).to_vec();
    painter.add(egui::Shape::convex_polygon(corners, cx.theme.text, Stroke::NONE));
    let title = painter.layout_no_wrap(name.to_owned(), cx.theme.strong(), cx.theme.text);
    let end = rect.left() + 28.0 + title.size().x;
    painter.galley(pos2(rect.left() + 28.0, rect.center().y - title.size().y / 2.0), title, cx.theme.text);
    let words = painter.layout_no_wrap(words, cx.theme.small(), cx.theme.weak);
    let at = pos2((rect.right() - 10.0 - words.size().x).max(end + 10.0), rect.center().y - words.size().y / 2.0);
    painter.galley(at, words, cx.theme.weak);
    // The bars of all headings are aligned, unless the words need the room.
    let right = (rect.right() - WORDS).min(at.x - 12.0);
    let bar = Rect::from_min_size(pos2(right - BAR, rect.center().y - 6.0), vec2(BAR, 12.0));
    if bar.left() > end + 10.0 {
        let corner = CornerRadius::same(3);
        painter.rect(bar, corner, cx.theme.panel, Stroke::new(1.0, cx.theme.line), StrokeKind::Inside);
        let width = bar.width() * share.unwrap_or(0.0).clamp(0.0, 1.0) as f32;
        painter.rect_filled(Rect::from_min_size(bar.min, vec2(width, bar.height())), corner, cx.theme.ramp(0.8));
    }
    response.clicked()
}

/// Draws the tensors that the dispatch reads and writes, under the shader's names for them.
fn tensors_ui(ui: &mut Ui, cx: &PanelContext, cost: &DispatchCost) {
    Grid::new(("tensors", cost.index)).num_columns(4).min_row_height(0.0).spacing(vec2(14.0, 3.0)).show(ui, |ui| {
        for bound in &cost.tensors {
            let use_key = match (bound.reads, bound.writes) {
                (true, true) => "kernels-reads-writes",
                (false, true) => "kernels-writes",
                _ => "kernels-reads",
            };
            ui.label(RichText::new(&bound.slot).font(cx.theme.mono()).color(cx.theme.accent));
            ui.label(RichText::new(cx.t(use_key)).font(cx.theme.small()).color(cx.theme.weak));
            ui.label(RichText::new(sum::shape_text(&bound.shape)).font(cx.theme.mono()));
            ui.label(RichText::new(&bound.label).font(cx.theme.small()).color(cx.theme.weak));
            ui.end_row();
        }
    });
}

/// Draws how near the dispatch comes to the device's best, in memory and in arithmetic.
fn roofs_ui(ui: &mut Ui, cx: &PanelContext, kernels: &Kernels, cost: &DispatchCost) {
    let roofs = kernels.roofs;
    let pairs = [
        (cost.gbytes_per_sec(), roofs.copy_gbytes_per_sec, "kernels-of-copy"),
        (cost.gflops_per_sec(), roofs.product_gflops_per_sec, "kernels-of-product"),
    ];
    for (reached, roof, key) in pairs {
        let Some((reached, share)) = reached.and_then(|reached| Some((reached, share_of(reached, roof)?))) else {
            continue;
        };
        ui.horizontal(|ui| {
            ui.set_max_height(18.0);
            let (rect, _) = ui.allocate_exact_size(vec2(150.0, 12.0), Sense::hover());
            let line = Stroke::new(1.0, cx.theme.line);
            ui.painter().rect(rect, CornerRadius::same(3), cx.theme.raised, line, StrokeKind::Inside);
            let at = |share: f64| rect.left() + rect.width() * (share / BEYOND).min(1.0) as f32;
            let done = Rect::from_min_max(rect.min, pos2(at(share), rect.bottom()));
            ui.painter().rect_filled(done, CornerRadius::same(3), cx.theme.ramp(0.8));
            // The roof is what a copy or a large product reaches. A dispatch whose numbers are in a cache can exceed it.
            let roof = [pos2(at(1.0), rect.top() - 2.0), pos2(at(1.0), rect.bottom() + 2.0)];
            ui.painter().line_segment(roof, Stroke::new(2.0, cx.theme.text));
            let (reached, share) = (cx.number(Some(reached), 1), cx.percent(Some(share), 0));
            ui.add(
                egui::Label::new(RichText::new(t!(cx, key, reached = reached, share = share)).font(cx.theme.small()))
                    .wrap(),
            );
        });
    }
}
