//! Small pieces that the sections of this panel share: headings, errors, buttons with a longer spoken name, file dialogs.

use super::job::{Job, finished};
use crate::app::panels::PanelContext;
use crate::error::Kind;
use crate::view::words;
use crate::{Error, t};
use egui::{Button, Context, Response, RichText, Role, TextEdit, Ui, WidgetInfo};
use std::path::PathBuf;
use std::time::{Duration, Instant};

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

/// A button with a short text, because its row says the rest. A screen reader gets the whole text.
pub fn named_button(ui: &mut Ui, enabled: bool, text: String, spoken: &str) -> Response {
    let response = ui.add_enabled(enabled, Button::new(text));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, spoken));
    response
}

/// A field for a path. Returns whether the Enter key was pressed in it.
pub fn path_field(ui: &mut Ui, label: String, text: &mut String) -> bool {
    // The field has an id of its own, so that a new line above it does not move the focus to another field.
    let id = egui::Id::unique(("path field", &label));
    let label = ui.label(label);
    let width = (ui.available_width() - 200.0).clamp(120.0, 360.0);
    let response = ui.add(TextEdit::singleline(text).id(id).desired_width(width)).labelled_by(label.id);
    response.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter))
}

/// What a person picks a path for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    TextFiles,
    TextFolder,
    TokenizerFolder,
    TokenizerFile,
    Run,
}

/// A dialog that a person closes stays open longer than this. One that is gone sooner was never there.
const SEEN: Duration = Duration::from_millis(400);

/// The file dialog of the system. Only one is open at a time.
#[derive(Default)]
pub struct Dialog {
    open: Option<(Wish, Option<Job<Vec<PathBuf>>>)>,
    asked: Option<Instant>,
    missing: bool,
}

impl Dialog {
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether the system has shown no dialog when it was last asked for one.
    pub fn is_missing(&self) -> bool {
        self.missing
    }

    /// Opens the dialog. If the system has none, nothing comes back, and a person can use the fields beside the buttons.
    pub fn ask(&mut self, ctx: &Context, wish: Wish, title: &str) {
        if self.is_open() {
            return;
        }
        let dialog = rfd::AsyncFileDialog::new().set_title(title);
        // The dialog is made here, because some systems want the window's thread to make it. Another thread waits for it.
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
        self.asked = Some(Instant::now());
    }

    /// Gives what was picked, once.
    pub fn take(&mut self) -> Option<(Wish, Vec<PathBuf>)> {
        let (wish, job) = self.open.as_mut()?;
        // A dialog that failed counts as one in which nothing was picked.
        let picked = finished(job)?.unwrap_or_default();
        let wish = *wish;
        self.open = None;
        self.missing = picked.is_empty() && self.asked.is_some_and(|asked| asked.elapsed() < SEEN);
        Some((wish, picked))
    }
}

fn paths(picked: impl IntoIterator<Item = rfd::FileHandle>) -> Vec<PathBuf> {
    picked.into_iter().map(|file| file.path().to_owned()).collect()
}
