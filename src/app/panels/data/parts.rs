//! Small pieces that the sections of this panel share: headings, errors, buttons with a longer spoken name, file dialogs.

use super::job::{Job, finished};
use crate::app::panels::PanelContext;
use crate::error::Kind;
use crate::view::words;
use crate::{Error, t};
use egui::{Button, Context, Response, RichText, Role, TextEdit, Ui, WidgetInfo};
use std::path::PathBuf;

/// The gap between choices in a row.
pub const APART: f32 = 16.0;

pub fn heading(ui: &mut Ui, cx: &PanelContext, key: &str) {
    ui.add_space(6.0);
    ui.label(RichText::new(cx.t(key)).font(cx.theme.strong()));
}

pub fn weak(ui: &mut Ui, cx: &PanelContext, text: impl Into<String>) {
    ui.label(RichText::new(text).color(cx.theme.weak));
}

/// What went wrong, and what to do about it.
pub fn error_ui(ui: &mut Ui, cx: &PanelContext, error: &Error) {
    let key = if error.kind == Kind::Usage { "data-error-usage" } else { "data-error" };
    ui.label(RichText::new(t!(cx, key, details = words::error(error, cx.lang()))).color(cx.theme.alert));
}

/// A button whose text is short because its row says the rest; a screen reader hears all of it.
pub fn named_button(ui: &mut Ui, enabled: bool, text: String, spoken: &str) -> Response {
    let response = ui.add_enabled(enabled, Button::new(text));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, spoken));
    response
}

/// A field for a path, and whether it was sent off with the Enter key.
pub fn path_field(ui: &mut Ui, label: String, text: &mut String) -> bool {
    // Its own name: what a thread finds out above it must not move the focus to another field.
    let id = egui::Id::unique(("path field", &label));
    let label = ui.label(label);
    let width = (ui.available_width() - 200.0).clamp(120.0, 360.0);
    let response = ui.add(TextEdit::singleline(text).id(id).desired_width(width)).labelled_by(label.id);
    response.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter))
}

/// What a path is picked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    TextFiles,
    TextFolder,
    TokenizerFolder,
    TokenizerFile,
    Run,
}

/// The system's dialog, one at a time.
#[derive(Default)]
pub struct Dialog {
    open: Option<(Wish, Option<Job<Vec<PathBuf>>>)>,
}

impl Dialog {
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Opens it; where the system has none, nothing comes back, and the fields beside the buttons remain.
    pub fn ask(&mut self, ctx: &Context, wish: Wish, title: &str) {
        if self.is_open() {
            return;
        }
        let dialog = rfd::AsyncFileDialog::new().set_title(title);
        // Made here, because some systems want it made by the window's thread; waited for elsewhere.
        let job = match wish {
            Wish::TextFiles => {
                let picked = dialog.pick_files();
                Job::start(ctx, |_| Ok(paths(pollster::block_on(picked).unwrap_or_default())))
            }
            Wish::TokenizerFile => {
                let picked = dialog.pick_file();
                Job::start(ctx, |_| Ok(paths(pollster::block_on(picked))))
            }
            Wish::TextFolder | Wish::TokenizerFolder | Wish::Run => {
                let picked = dialog.pick_folder();
                Job::start(ctx, |_| Ok(paths(pollster::block_on(picked))))
            }
        };
        self.open = Some((wish, Some(job)));
    }

    /// What was picked, once.
    pub fn take(&mut self) -> Option<(Wish, Vec<PathBuf>)> {
        let (wish, job) = self.open.as_mut()?;
        // A dialog that failed is one that picked nothing.
        let picked = finished(job)?.unwrap_or_default();
        let wish = *wish;
        self.open = None;
        Some((wish, picked))
    }
}

fn paths(picked: impl IntoIterator<Item = rfd::FileHandle>) -> Vec<PathBuf> {
    picked.into_iter().map(|file| file.path().to_owned()).collect()
}
