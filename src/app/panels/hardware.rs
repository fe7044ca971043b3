//! Shows which device the run uses and why, how much memory it holds, what else this machine has, and what each preset would need.

use super::PanelContext;
use super::chip::GLYPH;
use crate::app::machine::{Machine, Survey};
use crate::gpu::{AdapterKind, AdapterSummary};
use crate::model::Needs;
use crate::t;
use crate::train::event::{Device, Executor, RunPlan};
use egui::{CornerRadius, Grid, Rect, RichText, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};

#[derive(Default)]
pub struct HardwarePanel {
    survey: Survey,
}

impl HardwarePanel {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext) {
        heading(ui, cx, "hardware-run");
        match &cx.state.device {
            Some(device) => device_ui(ui, cx, device),
            None => drop(ui.label(cx.t("hardware-none"))),
        }
        if let Some(plan) = &cx.state.plan {
            memory_ui(ui, cx, plan);
        }
        if let Some([median, late]) = cx.view.frame_ms {
            let [median, late] = [median, late].map(|ms| cx.lang().decimal(f64::from(ms), 1));
            ui.label(t!(cx, "hardware-frames", median = median, late = late));
        }
        ui.add_space(8.0);
        heading(ui, cx, "hardware-machine");
        let Some(machine) = self.survey.machine(ui.ctx()) else {
            ui.label(cx.t("hardware-looking"));
            return;
        };
        ui.label(t!(cx, "hardware-threads", threads = machine.threads));
        if machine.adapters.is_empty() {
            ui.label(cx.t("hardware-no-adapter"));
        }
        for adapter in &machine.adapters {
            adapter_ui(ui, cx, adapter);
        }
        ui.add_space(8.0);
        heading(ui, cx, "hardware-presets");
        presets_ui(ui, cx, machine);
    }
}

fn heading(ui: &mut Ui, cx: &PanelContext, key: &str) {
    ui.label(RichText::new(cx.t(key)).font(cx.theme.strong()));
}

fn small(ui: &mut Ui, cx: &PanelContext, text: String) {
    ui.add(egui::Label::new(RichText::new(text).font(cx.theme.small()).color(cx.theme.weak)).wrap());
}

fn device_ui(ui: &mut Ui, cx: &PanelContext, device: &Device) {
    let executor = match (device.executor, &device.backend) {
        (Executor::Cpu, _) => cx.t("hardware-executor-cpu"),
        (Executor::Gpu, None) => cx.t("hardware-executor-gpu"),
        (Executor::Gpu, Some(backend)) => t!(cx, "hardware-executor-gpu-backend", backend = backend),
    };
    ui.label(t!(cx, "hardware-device", name = &device.name, executor = executor));
    ui.label(t!(cx, "hardware-reason", reason = &device.reason));
}

/// Draws the run's memory: each arena beside the whole.
fn memory_ui(ui: &mut Ui, cx: &PanelContext, plan: &RunPlan) {
    ui.label(t!(cx, "hardware-memory", preset = &plan.preset, mib = cx.mib(plan.peak_bytes)));
    let whole = plan.peak_bytes.max(plan.arenas.iter().map(|arena| arena.bytes).sum()).max(1);
    Grid::new("arenas").num_columns(3).spacing(vec2(12.0, 3.0)).show(ui, |ui| {
        for arena in &plan.arenas {
            ui.label(cx.strings.arena(&arena.name));
            let share = arena.bytes as f32 / whole as f32;
            let (rect, response) = ui.allocate_exact_size(vec2(130.0, 14.0), Sense::hover());
            let name = format!("{}: {}", cx.strings.arena(&arena.name), cx.mib(arena.bytes));
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
            let line = Stroke::new(1.0, cx.theme.line);
            ui.painter().rect(rect, CornerRadius::same(3), cx.theme.raised, line, StrokeKind::Inside);
            let done = Rect::from_min_size(rect.min, vec2(rect.width() * share, rect.height()));
            ui.painter().rect_filled(done, CornerRadius::same(3), cx.theme.ramp(0.8));
            ui.label(RichText::new(cx.mib(arena.bytes)).font(cx.theme.small()).color(cx.theme.weak));
            ui.end_row();
        }
    });
}

fn adapter_ui(ui: &mut Ui, cx: &PanelContext, adapter: &AdapterSummary) {
    ui.add_space(4.0);
    let kind = cx.t(match adapter.kind {
        AdapterKind::Discrete => "hardware-kind-discrete",
        AdapterKind::Integrated => "hardware-kind-integrated",
        AdapterKind::Virtual => "hardware-kind-virtual",
        AdapterKind::Other => "hardware-kind-other",
        AdapterKind::Software => "hardware-kind-software",
    });
    let (name, backend) = (&adapter.name, adapter.backend);
    ui.label(t!(cx, "hardware-adapter", name = name, kind = kind, backend = backend));
    if !adapter.driver.is_empty() {
        small(ui, cx, adapter.driver.clone());
    }
    let [binding, buffer] = [adapter.binding_bytes_max, adapter.buffer_bytes_max].map(|bytes| cx.mib(bytes));
    let limits = t!(
        cx,
        "hardware-limits",
        binding = binding,
        buffer = buffer,
        buffers = adapter.storage_buffers_max,
        invocations = adapter.workgroup_invocations_max,
        bytes = adapter.workgroup_bytes_max,
    );
    small(ui, cx, limits);
    ui.horizontal_wrapped(|ui| {
        let [least, most] = adapter.subgroup_lanes;
        let subgroups = if adapter.features.subgroups && most > 0 {
            t!(cx, "hardware-subgroups-lanes", least = least, most = most)
        } else {
            cx.t("hardware-subgroups")
        };
        for (name, there) in [
            (cx.t("hardware-timestamps"), adapter.features.timestamps),
            (cx.t("hardware-f16"), adapter.features.f16),
            (subgroups, adapter.features.subgroups),
            (cx.t("hardware-portable"), adapter.portable),
        ] {
            verdict_ui(ui, cx, &name, there);
            ui.add_space(8.0);
        }
    });
}

/// Draws a tick or a cross before a word. A screen reader gets the meaning as a word.
fn verdict_ui(ui: &mut Ui, cx: &PanelContext, name: &str, there: bool) {
    let (rect, response) = ui.allocate_exact_size(vec2(GLYPH + 2.0, GLYPH + 2.0), Sense::hover());
    let spoken = format!("{name}: {}", cx.t(if there { "hardware-yes" } else { "hardware-no" }));
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &spoken));
    let color = if there { cx.theme.accent } else { cx.theme.weak };
    let (center, stroke) = (rect.center(), Stroke::new(2.0, color));
    let lines = if there {
        [[vec2(-5.0, 0.0), vec2(-1.5, 4.0)], [vec2(-1.5, 4.0), vec2(5.0, -4.0)]]
    } else {
        [[vec2(-4.0, -4.0), vec2(4.0, 4.0)], [vec2(-4.0, 4.0), vec2(4.0, -4.0)]]
    };
    for [from, to] in lines {
        ui.painter().line_segment([center + from, center + to], stroke);
    }
    ui.label(RichText::new(name).font(cx.theme.small()));
}

/// Draws what a training step of each preset needs, and on which devices it fits.
fn presets_ui(ui: &mut Ui, cx: &PanelContext, machine: &Machine) {
    let current = cx.state.plan.as_ref().map(|plan| plan.preset.as_str());
    ScrollArea::horizontal().id_salt("presets").show(ui, |ui| {
        Grid::new("presets").num_columns(6 + machine.adapters.len()).spacing(vec2(16.0, 5.0)).show(ui, |ui| {
            let heads = [
                "hardware-column-preset",
                "hardware-column-parameters",
                "hardware-column-memory",
                "hardware-column-buffer",
                "hardware-column-work",
                "hardware-column-batch",
            ];
            let weak = |text: String| RichText::new(text).font(cx.theme.small()).color(cx.theme.weak);
            heads.iter().for_each(|key| drop(ui.label(weak(cx.t(key)))));
            for adapter in &machine.adapters {
                ui.label(weak(shortened(&adapter.name))).on_hover_text(&adapter.name);
            }
            ui.end_row();
            for needs in &machine.needs {
                preset_row(ui, cx, needs, current == Some(needs.preset), &machine.adapters);
            }
        });
    });
    small(ui, cx, cx.t("hardware-presets-note"));
}

fn preset_row(ui: &mut Ui, cx: &PanelContext, needs: &Needs, current: bool, adapters: &[AdapterSummary]) {
    let lang = cx.lang();
    let name = RichText::new(needs.preset);
    let name = ui.label(if current { name.font(cx.theme.strong()) } else { name });
    if current {
        // The preset of the run is bold and underlined.
        let line = [name.rect.left_bottom(), name.rect.right_bottom()];
        ui.painter().line_segment(line, Stroke::new(2.0, cx.theme.accent));
    }
    name.on_hover_text(cx.strings.text(&needs.purpose()));
    ui.label(lang.rough(needs.parameters));
    ui.label(cx.mib(needs.peak_bytes));
    ui.label(cx.mib(needs.buffer_bytes));
    ui.label(format!("{} GFLOP", lang.decimal(needs.flops as f64 / 1e9, 1)));
    ui.label(format!("{} × {}", needs.rows, needs.row_tokens));
    for adapter in adapters {
        let fits = adapter.portable && needs.fits(adapter.buffer_bytes_max, adapter.binding_bytes_max);
        let words = cx.t(if fits { "hardware-fits" } else { "hardware-fits-not" });
        let hint = t!(cx, "hardware-fits-hint", preset = needs.preset, adapter = &adapter.name);
        ui.horizontal(|ui| verdict_ui(ui, cx, &words, fits)).response.on_hover_text(hint);
    }
    ui.end_row();
}

/// The first words of a long name.
fn shortened(name: &str) -> String {
    const MOST: usize = 18;
    if name.chars().count() <= MOST {
        return name.to_owned();
    }
    let start: String = name.chars().take(MOST - 1).collect();
    format!("{}…", start.trim_end())
}
