//! The panel for text, tokenizer, preset and runs: everything between a person's files and a run's folder.
//! choices -> `Draft` -> `Ask::Start`; folders -> `Ask::OpenRun`, `Ask::Overlay`; slow work -> `Job`s.

mod draft;
mod job;
mod keep;
mod model;
mod parts;
mod runs;
mod settings;
mod text;

pub use draft::{Draft, command_line};

use super::{Ask, PanelContext};
use crate::path::name_of;
use crate::train::event::Command;
use crate::{Result, t};
use egui::{Context, Label, RichText, TextWrapMode, Ui};
use job::{Job, finished};
use keep::KeepSection;
use parts::{Dialog, Wish, error_ui, weak};
use settings::{Checked, SettingsSection};
use std::path::PathBuf;
use text::{TextSection, TokenizerSection};

/// The two halves of the panel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Half {
    #[default]
    New,
    Kept,
}

#[derive(Default)]
pub struct DataPanel {
    half: Half,
    /// None until the language is known.
    draft: Option<Draft>,
    checked: Option<Checked>,
    text: TextSection,
    tokenizer: TokenizerSection,
    settings: SettingsSection,
    keep: KeepSection,
    dialog: Dialog,
    /// Paths that were dropped on the window and that nobody has looked at yet.
    dropped: Vec<PathBuf>,
    /// For each dropped path, whether it is text.
    sorting: Option<Job<Vec<(PathBuf, bool)>>>,
}

impl DataPanel {
    /// Takes the files that were dropped on the window since the last frame. Returns whether there were any.
    pub fn take_dropped(&mut self, ctx: &Context) -> bool {
        let before = self.dropped.len();
        ctx.input(|i| self.dropped.extend(i.raw.dropped_files.iter().map(|file| file.path().to_owned())));
        self.dropped.len() > before
    }

    /// Opens the form that exports a run.
    pub fn show_export(&mut self, run: PathBuf) {
        self.half = Half::Kept;
        self.keep.show_export(run);
    }

    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext) {
        let lang = cx.lang();
        self.draft.get_or_insert_with(|| Draft::new(lang));
        self.sort_dropped(ui);
        self.take_picked(ui);
        ui.horizontal_wrapped(|ui| {
            ui.selectable_value(&mut self.half, Half::New, cx.t("data-half-new"));
            if ui.selectable_value(&mut self.half, Half::Kept, cx.t("data-half-kept")).changed() {
                self.keep.list(ui.ctx());
            }
        });
        match self.half {
            Half::New => self.new_ui(ui, cx),
            Half::Kept => {
                let device = self.draft.as_ref().map(|draft| draft.device.clone());
                if let Some(init) = self.keep.ui(ui, cx, device, &mut self.dialog) {
                    self.draft.get_or_insert_with(|| Draft::new(lang)).init = Some(init);
                    self.half = Half::New;
                }
            }
        }
    }

    /// Adds dropped text to the new run, and opens a dropped run or model.
    fn sort_dropped(&mut self, ui: &Ui) {
        if self.sorting.is_none() && !self.dropped.is_empty() {
            let paths = std::mem::take(&mut self.dropped);
            let sort = |path: PathBuf| {
                let is_text = runs::is_text(&path);
                (path, is_text)
            };
            self.sorting = Some(Job::start(ui.ctx(), move |_| Ok(paths.into_iter().map(sort).collect())));
        }
        let sorted: Option<Result<Vec<_>>> = finished(&mut self.sorting);
        for (path, is_text) in sorted.and_then(Result::ok).unwrap_or_default() {
            if let (true, Some(draft)) = (is_text, &mut self.draft) {
                draft.add_text(path);
                self.half = Half::New;
            } else {
                self.keep.open(ui.ctx(), path);
                self.half = Half::Kept;
            }
        }
    }

    fn take_picked(&mut self, ui: &Ui) {
        let Some((wish, picked)) = self.dialog.take() else { return };
        let config = self.checked.as_ref().and_then(|checked| checked.config.as_ref().ok());
        for path in picked {
            match (wish, &mut self.draft) {
                (Wish::TextFiles | Wish::TextFolder, Some(draft)) => draft.add_text(path),
                (Wish::TokenizerFolder | Wish::TokenizerFile, _) => self.tokenizer.load(ui, path, config),
                (Wish::Run, _) => self.keep.open(ui.ctx(), path),
                (_, None) => {}
            }
        }
    }

    fn new_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext) {
        let Some(draft) = &mut self.draft else { return };
        let checked = match self.checked.take().filter(|checked| checked.is_of(draft)) {
            Some(checked) => checked,
            None => Checked::new(draft),
        };
        start_ui(ui, cx, draft, &checked);
        self.text.ui(ui, cx, draft, &checked, &mut self.dialog);
        self.tokenizer.ui(ui, cx, draft, checked.config.as_ref().ok(), &mut self.dialog);
        init_ui(ui, cx, draft);
        self.settings.ui(ui, cx, draft, &checked);
        line_ui(ui, cx, draft, &checked);
        if !checked.is_of(draft) {
            // A choice in this frame shows in the next one.
            ui.ctx().request_repaint();
        }
        self.checked = Some(checked);
    }
}

/// Draws the start button and one line about what it starts. They come first, so that nobody has to look for them.
fn start_ui(ui: &mut Ui, cx: &mut PanelContext, draft: &Draft, checked: &Checked) {
    let options = draft.options();
    let ready = checked.config.is_ok() && options.is_ok();
    ui.horizontal_wrapped(|ui| {
        let text = RichText::new(cx.t("data-start")).font(cx.theme.strong());
        let button = ui.add_enabled(ready, egui::Button::new(text));
        let hint = cx.t(if cx.view.transport.live { "data-start-hint-live" } else { "data-start-hint" });
        if button.on_hover_text(hint).clicked()
            && let Ok(options) = &options
        {
            cx.ask(Ask::Start(Box::new(options.clone())));
        }
        if let (Ok(config), Ok(_)) = (&checked.config, &options) {
            let text = match checked.level {
                Some(_) if !draft.own_text => cx.t("data-summary-builtin"),
                _ => t!(cx, "data-summary-files", count = draft.corpus.len()),
            };
            weak(ui, cx, t!(cx, "data-summary", preset = &config.preset, text = text, steps = config.steps));
        }
        let live = cx.view.transport.live;
        if ui.add_enabled(live, egui::Button::new(cx.t("data-save"))).clicked() {
            cx.send(Command::Checkpoint);
        }
        if let Some((step, path)) = cx.state.checkpoints.last().filter(|_| live) {
            weak(ui, cx, t!(cx, "data-saved", step = *step, path = path));
        }
    });
    now_ui(ui, cx);
    match &options {
        // Nothing is wrong yet. The person has only not come to it.
        Err(error) if error.message.code == "no-text-chosen" => weak(ui, cx, cx.t("data-no-text-yet")),
        Err(error) => error_ui(ui, cx, error),
        Ok(_) => {}
    }
}

/// Says which run trains now, because the form is about another one.
fn now_ui(ui: &mut Ui, cx: &PanelContext) {
    let Some(plan) = cx.state.plan.as_ref().filter(|_| cx.view.transport.live) else { return };
    let text = cx.strings.text(&plan.corpus.described());
    let (preset, step) = (&plan.preset, cx.state.step());
    weak(
        ui,
        cx,
        match plan.planned_steps {
            Some(planned) => t!(cx, "data-now", preset = preset, text = text, step = step, planned = planned),
            None => t!(cx, "data-now-open", preset = preset, text = text, step = step),
        },
    );
}

/// Draws the weights that the run starts from, if a person chose some.
fn init_ui(ui: &mut Ui, cx: &PanelContext, draft: &mut Draft) {
    let Some(init) = &draft.init else { return };
    let path = name_of(init);
    ui.horizontal_wrapped(|ui| {
        ui.label(t!(cx, "data-init", path = path));
        if ui.button(cx.t("data-init-remove")).clicked() {
            draft.init = None;
        }
    });
}

/// Draws the same run as a command line for a terminal.
fn line_ui(ui: &mut Ui, cx: &PanelContext, draft: &mut Draft, checked: &Checked) {
    parts::heading(ui, cx, "data-line");
    let field = ui.label(cx.t("data-out"));
    let hint = cx.t("data-out-hint");
    let edit = egui::TextEdit::singleline(&mut draft.out)
        .id(egui::Id::unique("folder of a new run"))
        .hint_text(hint)
        .desired_width(280.0);
    ui.add(edit).labelled_by(field.id);
    let Ok(line) = &checked.line else { return };
    ui.add(Label::new(RichText::new(line).font(cx.theme.mono())).wrap_mode(TextWrapMode::Wrap).selectable(true));
    if ui.button(cx.t("data-copy")).clicked() {
        ui.ctx().copy_text(line.clone());
    }
}
