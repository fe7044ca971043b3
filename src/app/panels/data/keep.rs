//! The section for earlier runs and for models of other programs. A person can show a run, lay it under the curves, continue it or
//! export it.

use super::job::{Job, finished};
use super::model::Model;
use super::parts::{Dialog, Wish, error_ui, heading, named_button, path_field, weak};
use super::runs::{self, Kept, Opened, typed_path};
use crate::app::first_run::first_run;
use crate::app::panels::{Ask, PanelContext};
use crate::app::places;
use crate::gpu::DeviceName;
use crate::host::native::name_of;
use crate::path::path_of;
use crate::run::Request;
use crate::tasks::export::{Exported, export};
use crate::tasks::reader::JudgedToken;
use crate::{Error, t};
use egui::{
    Align2, Context, CornerRadius, Rect, RichText, Role, Sense, Stroke, StrokeKind, TextEdit, Ui, WidgetInfo, vec2,
};
use std::path::{Path, PathBuf};

#[derive(Default)]
pub struct KeepSection {
    listed: Option<Vec<Kept>>,
    listing: Option<Job<Vec<Kept>>>,
    typed: String,
    opening: Option<Job<(PathBuf, Opened)>>,
    error: Option<Error>,
    export: Export,
    model: Option<Model>,
    /// The number of the shown run and how many checkpoints it had when the runs were last listed.
    followed: Option<(u64, u64)>,
}

/// One export at a time: its form, its work, its outcome.
#[derive(Default)]
struct Export {
    run: Option<PathBuf>,
    to: String,
    work: Option<Job<(PathBuf, Exported)>>,
    done: Option<(PathBuf, Exported)>,
    error: Option<Error>,
}

impl KeepSection {
    /// Opens the form that exports a run.
    pub fn show_export(&mut self, run: PathBuf) {
        self.export = Export { to: export_folder(&run), run: Some(run), ..Export::default() };
    }

    /// Finds out what a path is and opens it.
    pub fn open(&mut self, ctx: &Context, path: PathBuf) {
        self.error = None;
        self.opening = Some(Job::start(ctx, move |_| runs::kind(&path).map(|kind| (path, kind))));
    }

    /// Draws the section. Returns a folder if a person chose its weights for a new run to start from.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut PanelContext,
        device: Option<DeviceName>,
        dialog: &mut Dialog,
    ) -> Option<PathBuf> {
        self.collect(ui, cx, device.unwrap_or(DeviceName::Auto));
        self.open_ui(ui, cx, dialog);
        self.export_elsewhere_ui(ui, cx);
        overlays_ui(ui, cx);
        let init = self.model_ui(ui, cx);
        self.runs_ui(ui, cx);
        init
    }

    fn collect(&mut self, ui: &Ui, cx: &mut PanelContext, device: DeviceName) {
        // A run that begins, writes a checkpoint or ends changes the list.
        let now = (cx.view.transport.run, cx.state.checkpoints.seen());
        if self.listing.is_none() && (self.listed.is_none() || self.followed != Some(now)) {
            self.followed = Some(now);
            self.list(ui.ctx());
        }
        if let Some(listed) = finished(&mut self.listing) {
            self.listed = Some(listed.unwrap_or_default());
        }
        match finished(&mut self.opening) {
            Some(Ok((path, Opened::Run))) => cx.ask(Ask::OpenRun(path)),
            Some(Ok((path, Opened::Model))) => self.model = Some(Model::open(ui.ctx(), path, device)),
            Some(Err(error)) => self.error = Some(error),
            None => {}
        }
    }

    /// Looks for runs. The last list stays in sight meanwhile.
    pub fn list(&mut self, ctx: &Context) {
        self.listing = Some(Job::start(ctx, |_| Ok(runs::list(&places::runs_folders()))));
    }

    fn open_ui(&mut self, ui: &mut Ui, cx: &PanelContext, dialog: &mut Dialog) {
        ui.horizontal_wrapped(|ui| {
            let sent = path_field(ui, cx.t("data-open-path"), &mut self.typed);
            if ui.button(cx.t("data-open")).clicked() || sent {
                match typed_path(&self.typed) {
                    Ok(path) => self.open(ui.ctx(), path),
                    Err(error) => self.error = Some(error),
                }
            }
            if ui.add_enabled(!dialog.is_open(), egui::Button::new(cx.t("data-open-choose"))).clicked() {
                dialog.ask(ui.ctx(), Wish::Run, &cx.t("data-open-choose"));
            }
        });
        weak(ui, cx, cx.t("data-open-hint"));
        if let Some(error) = &self.error {
            error_ui(ui, cx, error);
        }
    }

    /// Draws the form of an export if its run is not in the list below.
    fn export_elsewhere_ui(&mut self, ui: &mut Ui, cx: &PanelContext) {
        let Some(run) = self.export.run.clone() else { return };
        let listed = |runs: &Vec<Kept>| runs.iter().any(|kept| kept.path == run);
        if self.listed.as_ref().is_none_or(listed) {
            return;
        }
        ui.label(RichText::new(name_of(&run)).font(cx.theme.strong()));
        self.export.ui(ui, cx, None);
    }

    fn runs_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext) {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(cx.t("data-runs")).font(cx.theme.strong()));
            if ui.add_enabled(self.listing.is_none(), egui::Button::new(cx.t("data-runs-again"))).clicked() {
                self.list(ui.ctx());
            }
        });
        let listed = self.listed.take();
        match &listed {
            None => weak(ui, cx, cx.t("data-runs-looking")),
            Some(runs) if runs.is_empty() => weak(ui, cx, cx.t("data-runs-none")),
            Some(runs) => runs.iter().for_each(|run| self.run_ui(ui, cx, run)),
        }
        self.listed = listed;
    }

    fn run_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext, run: &Kept) {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(&run.name).font(cx.theme.strong()));
            let preset = run.preset.as_deref().unwrap_or("?");
            let facts = match (run.step, run.planned) {
                (Some(step), Some(planned)) => {
                    t!(cx, "data-run-facts", preset = preset, step = step, planned = planned)
                }
                _ => t!(cx, "data-run-no-checkpoint", preset = preset),
            };
            weak(ui, cx, facts);
            let button = |ui: &mut Ui, enabled: bool, key: &str| {
                let text = cx.t(key);
                let spoken = t!(cx, "data-run-button", action = &text, name = &run.name);
                named_button(ui, enabled, text, &spoken).clicked()
            };
            let finished = run.step.is_some() && !run.can_go_on();
            let [open, overlay, resume, extend, export] = [
                button(ui, true, "data-run-open"),
                button(ui, true, "data-run-overlay"),
                !finished && button(ui, run.can_go_on(), "data-run-resume"),
                finished && button(ui, true, "data-run-extend"),
                button(ui, run.step.is_some(), "data-run-export"),
            ];
            if open {
                cx.ask(Ask::OpenRun(run.path.clone()));
            }
            if overlay {
                cx.ask(Ask::Overlay(run.path.clone()));
            }
            if resume {
                let options = Request { resume: true, out: Some(name_of(&run.path)), ..first_run(cx.lang()) };
                cx.ask(Ask::Start(Box::new(options)));
            }
            if extend {
                let steps = run.step.map(|step| 2 * step);
                let out = Some(name_of(&run.path));
                cx.ask(Ask::Start(Box::new(Request { resume: true, out, steps, ..first_run(cx.lang()) })));
            }
            if export {
                self.show_export(run.path.clone());
            }
        });
        if self.export.run.as_ref() == Some(&run.path) {
            self.export.ui(ui, cx, run.step);
        }
    }

    fn model_ui(&mut self, ui: &mut Ui, cx: &PanelContext) -> Option<PathBuf> {
        let model = self.model.as_mut()?;
        model.listen();
        heading(ui, cx, "data-model");
        let path = name_of(&model.path);
        ui.label(match model.entries {
            Some(entries) => t!(cx, "data-model-is", path = path, entries = entries),
            None if model.error.is_none() => t!(cx, "data-model-reading", path = path),
            None => path,
        });
        for warning in &model.warnings {
            weak(ui, cx, cx.strings.text(warning));
        }
        let mut init = None;
        let mut close = false;
        ui.horizontal_wrapped(|ui| {
            let sent = path_field(ui, cx.t("data-model-sentence"), &mut model.typed);
            let ready = model.entries.is_some() && !model.busy;
            let pressed = ui.add_enabled(ready, egui::Button::new(cx.t("data-model-judge"))).clicked();
            if ready && (pressed || sent) {
                model.judge();
            }
            if ui.button(cx.t("data-model-init")).clicked() {
                init = Some(model.path.clone());
            }
            close = ui.button(cx.t("data-model-close")).clicked();
        });
        if let Some((_, tokens)) = &model.judged {
            judged_ui(ui, cx, tokens);
        }
        if let Some(error) = &model.error {
            error_ui(ui, cx, error);
        }
        if close {
            self.model = None;
        }
        init
    }
}

impl Export {
    /// `step`: that of the run's newest checkpoint, which is exported.
    fn ui(&mut self, ui: &mut Ui, cx: &PanelContext, step: Option<u64>) {
        match finished(&mut self.work) {
            Some(Ok(done)) => (self.done, self.error) = (Some(done), None),
            Some(Err(error)) => self.error = Some(error),
            None => {}
        }
        ui.horizontal_wrapped(|ui| {
            let label = ui.label(cx.t("data-export-to"));
            let id = egui::Id::unique("folder of an export");
            ui.add(TextEdit::singleline(&mut self.to).id(id).desired_width(280.0)).labelled_by(label.id);
            let ready = self.work.is_none() && !self.to.trim().is_empty();
            let name = step.map_or_else(|| cx.t("data-export"), |step| t!(cx, "data-export-step", step = step));
            if ui.add_enabled(ready, egui::Button::new(name)).clicked()
                && let Some(run) = self.run.clone()
            {
                let to = path_of(self.to.trim());
                self.error = None;
                self.work = Some(Job::start(ui.ctx(), move |_| export(&run, &to).map(|exported| (to, exported))));
            }
        });
        if let Some((to, exported)) = &self.done {
            let networks = exported.networks.join(", ");
            let path = name_of(to);
            ui.label(match exported.step {
                Some(step) => t!(cx, "data-exported-step", step = step, path = path, networks = networks),
                None => t!(cx, "data-exported", path = path, networks = networks),
            });
            if let Some(row) = exported.trained_row_len.filter(|row| (*row as usize) < exported.positions) {
                weak(ui, cx, t!(cx, "data-exported-rows", row = row));
            }
        }
        if let Some(error) = &self.error {
            error_ui(ui, cx, error);
        }
    }
}

/// A folder beside the run: `20260101-nano-model`.
fn export_folder(run: &Path) -> String {
    let mut path = run.as_os_str().to_owned();
    path.push("-model");
    name_of(path.as_ref())
}

/// Draws the list of runs under the curves, with buttons to remove them.
fn overlays_ui(ui: &mut Ui, cx: &mut PanelContext) {
    if cx.view.overlays.is_empty() {
        return;
    }
    let mut gone = None;
    ui.horizontal_wrapped(|ui| {
        weak(ui, cx, cx.t("data-overlays"));
        for (n, (name, _)) in cx.view.overlays.iter().enumerate() {
            ui.label(name);
            let spoken = t!(cx, "data-overlay-remove", name = name);
            if named_button(ui, true, cx.t("data-remove"), &spoken).clicked() {
                gone = Some(n);
            }
        }
    });
    if let Some(n) = gone {
        cx.view.overlays.remove(n);
    }
}

/// Draws the judged tokens of a sentence without known originals: luminance and number, but no verdict.
fn judged_ui(ui: &mut Ui, cx: &PanelContext, tokens: &[JudgedToken]) {
    const HEIGHT: f32 = 46.0;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0;
        for token in tokens {
            let number = cx.number(Some(token.p_replaced), 2);
            let measure =
                |text: &str| ui.painter().layout_no_wrap(text.to_owned(), cx.theme.body(), cx.theme.text).size().x;
            let width = measure(&token.token).max(measure(&number)) + 12.0;
            let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::focusable_noninteractive());
            let p = cx.percent(Some(token.p_replaced), 0);
            let spoken = t!(cx, "data-model-token", token = &token.token, p = p);
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
            let fill = cx.theme.ramp(token.p_replaced);
            let painter = ui.painter();
            painter.rect(rect, CornerRadius::same(5), fill, Stroke::new(1.0, cx.theme.line), StrokeKind::Inside);
            let ink = cx.theme.on(fill);
            let [top, bottom] = [0.28, 0.72].map(|share| {
                Rect::from_center_size(rect.center_top() + vec2(0.0, HEIGHT * share), vec2(width, HEIGHT / 2.0))
            });
            painter.text(top.center(), Align2::CENTER_CENTER, &token.token, cx.theme.body(), ink);
            painter.text(bottom.center(), Align2::CENTER_CENTER, number, cx.theme.small(), ink);
        }
    });
}
