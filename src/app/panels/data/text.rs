//! The section for a run's text and tokenizer. The text is built in or comes from a person's files. The run trains its tokenizer,
//! or a person trains one before, or picks one.

use super::draft::Draft;
use super::job::{Job, finished};
use super::parts::{APART, Dialog, Wish, error_ui, heading, named_button, path_field, weak};
use super::runs::typed_path;
use super::settings::Checked;
use crate::app::panels::PanelContext;
use crate::app::theme;
use crate::config::Config;
use crate::host::native::train_tokenizer;
use crate::message::Message;
use crate::path::{name_of, path_of};
use crate::run::short;
use crate::text::corpus::Corpus;
use crate::text::grammar::Level;
use crate::text::tokenizer::{Cleaning, Tokenizer};
use crate::text::unknown::{Made, Unknown};
use crate::text::wordpiece::{Progress, Recipe};
use crate::view::Lang;
use crate::{Error, Result, t};
use egui::{ProgressBar, RichText, TextEdit, Ui};
use std::path::{Path, PathBuf};

/// The usual bytes of a token.
const BYTES_A_TOKEN: u64 = 4;

/// What was found in a person's files.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub files: usize,
    pub bytes: u64,
    /// Whether some file is compressed, so that its bytes do not show how much text it has.
    pub compressed: bool,
    pub skipped: usize,
    /// What becomes of the files that are not trained on, the first of them.
    pub told: Vec<Message>,
}

/// The largest number of files that are listed.
const TOLD: usize = 8;

#[derive(Default)]
pub struct TextSection {
    typed: String,
    /// The paths and the field that were last looked at, and what was found.
    looked: (Vec<PathBuf>, Option<String>),
    found: Option<Found>,
    looking: Option<Job<Found>>,
    pub error: Option<Error>,
}

impl TextSection {
    pub fn ui(&mut self, ui: &mut Ui, cx: &PanelContext, draft: &mut Draft, checked: &Checked, dialog: &mut Dialog) {
        heading(ui, cx, "data-text");
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = APART;
            theme::hollow(ui);
            ui.radio_value(&mut draft.own_text, false, cx.t("data-text-builtin"));
            ui.radio_value(&mut draft.own_text, true, cx.t("data-text-own"));
        });
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = APART;
            weak(ui, cx, cx.t("data-text-language"));
            theme::hollow(ui);
            ui.radio_value(&mut draft.lang, Lang::En, cx.t("data-language-en"));
            ui.radio_value(&mut draft.lang, Lang::Pt, cx.t("data-language-pt"));
        });
        if draft.own_text {
            self.own_ui(ui, cx, draft, checked, dialog);
        } else {
            builtin_ui(ui, cx, draft, checked.level);
        }
    }

    fn own_ui(&mut self, ui: &mut Ui, cx: &PanelContext, draft: &mut Draft, checked: &Checked, dialog: &mut Dialog) {
        let mut gone = None;
        for (n, path) in draft.corpus.iter().enumerate() {
            ui.horizontal_wrapped(|ui| {
                let name = name_of(path);
                ui.label(RichText::new(&name).font(cx.theme.mono()));
                let spoken = t!(cx, "data-text-remove-path", path = &name);
                if named_button(ui, true, cx.t("data-remove"), &spoken).clicked() {
                    gone = Some(n);
                }
            });
        }
        if let Some(n) = gone {
            draft.corpus.remove(n);
        }
        ui.horizontal_wrapped(|ui| {
            let free = !dialog.is_open();
            if ui.add_enabled(free, egui::Button::new(cx.t("data-text-add-files"))).clicked() {
                dialog.ask(ui.ctx(), Wish::TextFiles, &cx.t("data-text-add-files"));
            }
            if ui.add_enabled(free, egui::Button::new(cx.t("data-text-add-folder"))).clicked() {
                dialog.ask(ui.ctx(), Wish::TextFolder, &cx.t("data-text-add-folder"));
            }
            let sent = path_field(ui, cx.t("data-text-path"), &mut self.typed);
            if ui.button(cx.t("data-text-add")).clicked() || sent {
                match typed_path(&self.typed) {
                    Ok(path) => {
                        draft.add_text(path);
                        self.typed.clear();
                        self.error = None;
                    }
                    Err(error) => self.error = Some(error),
                }
            }
        });
        ui.horizontal_wrapped(|ui| {
            let label = ui.label(cx.t("data-text-field"));
            let id = egui::Id::unique("field of the texts");
            let field = TextEdit::singleline(&mut draft.text_field).id(id).hint_text("text").desired_width(120.0);
            ui.add(field).labelled_by(label.id);
        });
        weak(ui, cx, cx.t("data-text-drop"));
        if dialog.is_missing() {
            ui.label(cx.t("data-no-dialog"));
        }
        self.look(ui, draft);
        if let Some(found) = &self.found {
            let size = megabytes(cx, found.bytes);
            ui.label(t!(cx, "data-text-found", files = found.files, size = size));
            if let Some(message) = checked.config.as_ref().ok().and_then(|config| too_short(found, config)) {
                let warning = t!(cx, "data-short", why = &message);
                ui.label(RichText::new(warning).color(cx.theme.alert));
            }
            if found.skipped > 0 {
                weak(ui, cx, t!(cx, "data-text-skipped", count = found.skipped));
            }
            found.told.iter().for_each(|file| weak(ui, cx, cx.strings.text(file)));
        }
        if let Some(error) = &self.error {
            error_ui(ui, cx, error);
        }
        changes_ui(ui, cx, checked);
    }

    /// Looks at the files whenever a person has chosen others.
    fn look(&mut self, ui: &Ui, draft: &Draft) {
        if let Some(result) = finished(&mut self.looking) {
            match result {
                Ok(found) => self.found = Some(found),
                Err(error) => self.error = Some(error),
            }
        }
        let wanted = (draft.corpus.clone(), draft.field());
        if self.looked != wanted && self.looking.is_none() {
            (self.found, self.error, self.looked) = (None, None, wanted);
            if !self.looked.0.is_empty() {
                let (paths, field) = self.looked.clone();
                self.looking = Some(Job::start(ui.ctx(), move |_| look(&paths, field.as_deref())));
            }
        }
    }
}

/// Lists the settings that the choice of own text changes.
fn changes_ui(ui: &mut Ui, cx: &PanelContext, checked: &Checked) {
    if checked.changed_by_text.is_empty() {
        return;
    }
    let one = |[key, now, before]: &[String; 3]| t!(cx, "data-change", key = key, now = now, before = before);
    let list: Vec<String> = checked.changed_by_text.iter().map(one).collect();
    weak(ui, cx, t!(cx, "data-changes", list = list.join(", ")));
}

fn look(paths: &[PathBuf], field: Option<&str>) -> Result<Found> {
    let corpus = Corpus::open(paths, &[], field)?;
    let bytes = corpus.files.iter().map(|file| file.bytes).sum();
    let compressed = corpus.files.iter().any(|file| file.form.is_compressed());
    let untrained = |file: &Message| ["corpus-file-held-out", "corpus-file-skipped"].contains(&file.code.as_ref());
    let told = corpus.listing().into_iter().filter(untrained).take(TOLD).collect();
    Ok(Found { files: corpus.files.len(), bytes, compressed, skipped: corpus.skipped.len(), told })
}

/// What a person should know if the text is too short for this run. Its tokens are estimated.
fn too_short(found: &Found, config: &Config) -> Option<Message> {
    if found.compressed {
        return None;
    }
    let read = config.steps * u64::from(config.rows()) * u64::from(config.seq_len);
    short::too_short(found.bytes / BYTES_A_TOKEN, u64::from(config.vocab_size), read)
}

fn megabytes(cx: &PanelContext, bytes: u64) -> String {
    let decimals = usize::from(bytes < 10_000_000);
    format!("{} MB", cx.number(Some(bytes as f64 / 1e6), decimals))
}

fn builtin_ui(ui: &mut Ui, cx: &PanelContext, draft: &mut Draft, level: Option<Level>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = APART;
        weak(ui, cx, cx.t("data-text-level"));
        theme::hollow(ui);
        for (choice, key) in [(Level::FirstSteps, "data-level-first-steps"), (Level::Stories, "data-level-stories")] {
            let chosen = draft.level.or(level) == Some(choice);
            if ui.radio(chosen, cx.t(key)).clicked() {
                draft.level = Some(choice);
            }
        }
    });
}

/// A tokenizer that was trained or read.
struct Ready {
    folder: PathBuf,
    entries: usize,
    /// How much of the text it does not know, if it was trained on it just now.
    unknown: Option<Unknown>,
}

pub struct TokenizerSection {
    typed: String,
    folder: String,
    /// The vocabulary size of the picked tokenizer, and how much of the text it was trained on it does not know.
    entries: Option<usize>,
    unknown: Option<Unknown>,
    loading: Option<Job<Ready>>,
    training: Option<Job<Ready>>,
    error: Option<Error>,
}

impl Default for TokenizerSection {
    fn default() -> Self {
        Self {
            typed: String::new(),
            folder: "tokenizer".to_owned(),
            entries: None,
            unknown: None,
            loading: None,
            training: None,
            error: None,
        }
    }
}

impl TokenizerSection {
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        cx: &PanelContext,
        draft: &mut Draft,
        config: Option<&Config>,
        dialog: &mut Dialog,
    ) {
        heading(ui, cx, "data-tokenizer");
        self.collect(draft);
        let with_run = draft.tokenizer.is_none();
        let entries = config.map_or(0, |config| u64::from(config.vocab_size));
        ui.scope(|ui| {
            theme::hollow(ui);
            if ui.radio(with_run, t!(cx, "data-tokenizer-with-run", entries = entries)).clicked() {
                draft.tokenizer = None;
            }
            if let Some(path) = &draft.tokenizer {
                let path = name_of(path);
                let text = t!(cx, "data-tokenizer-picked", path = path, entries = self.entries.unwrap_or(0));
                let _ = ui.radio(true, text);
            }
        });
        if let Some(unknown) = self.unknown.filter(|_| draft.tokenizer.is_some()) {
            unknown_ui(ui, cx, &unknown);
        }
        ui.horizontal_wrapped(|ui| {
            let sent = path_field(ui, cx.t("data-tokenizer-path"), &mut self.typed);
            if ui.button(cx.t("data-tokenizer-use")).clicked() || sent {
                match typed_path(&self.typed) {
                    Ok(path) => self.load(ui, path, config),
                    Err(error) => self.error = Some(error),
                }
            }
            for (wish, key) in [
                (Wish::TokenizerFolder, "data-tokenizer-choose-folder"),
                (Wish::TokenizerFile, "data-tokenizer-choose-file"),
            ] {
                if ui.add_enabled(!dialog.is_open(), egui::Button::new(cx.t(key))).clicked() {
                    dialog.ask(ui.ctx(), wish, &cx.t(key));
                }
            }
        });
        self.train_ui(ui, cx, draft, config);
        if let Some(error) = &self.error {
            error_ui(ui, cx, error);
        }
    }

    /// Takes a picked tokenizer, once it has been read.
    pub fn load(&mut self, ui: &Ui, path: PathBuf, config: Option<&Config>) {
        let Some(cleaning) = config.map(cleaning) else { return };
        self.error = None;
        let load = move |path: &Path| Tokenizer::load(path, cleaning).map(|t| t.vocab_size());
        self.loading = Some(Job::start(ui.ctx(), move |_| {
            load(&path).map(|entries| Ready { folder: path, entries, unknown: None })
        }));
    }

    fn collect(&mut self, draft: &mut Draft) {
        for result in [finished(&mut self.loading), finished(&mut self.training)].into_iter().flatten() {
            match result {
                Ok(Ready { folder, entries, unknown }) => {
                    (draft.tokenizer, self.entries, self.error) = (Some(folder), Some(entries), None);
                    self.unknown = unknown;
                    self.typed.clear();
                }
                Err(error) => self.error = Some(error),
            }
        }
    }

    fn train_ui(&mut self, ui: &mut Ui, cx: &PanelContext, draft: &Draft, config: Option<&Config>) {
        ui.horizontal_wrapped(|ui| {
            if let Some(job) = &self.training {
                let share = job.progress().share;
                let bar = ProgressBar::new(share.unwrap_or(0.0)).desired_width(220.0);
                let text = cx.percent(share.map(f64::from), 0);
                ui.label(cx.t("data-tokenizer-training"));
                ui.name_inputs(cx.t("data-tokenizer-training"), |ui| ui.add(bar.text(text)));
                if ui.button(cx.t("data-stop")).clicked() {
                    job.stop();
                }
                return;
            }
            let label = ui.label(cx.t("data-tokenizer-train-into"));
            let id = egui::Id::unique("folder of a new tokenizer");
            ui.add(TextEdit::singleline(&mut self.folder).id(id).desired_width(160.0)).labelled_by(label.id);
            let ready = config.is_some() && !self.folder.trim().is_empty();
            let Some(config) = config else { return };
            if ui.add_enabled(ready, egui::Button::new(cx.t("data-tokenizer-train"))).clicked() {
                self.train(ui, draft, config);
            }
        });
    }

    fn train(&mut self, ui: &Ui, draft: &Draft, config: &Config) {
        self.error = None;
        let wanted = match draft.options().and_then(|_| draft.wanted()) {
            Ok(wanted) => wanted,
            Err(error) => return self.error = Some(error),
        };
        let coverage = config.character_coverage;
        let recipe = Recipe { coverage, ..Recipe::new(config.vocab_size as usize, cleaning(config)) };
        let unknown_max = config.unknown_max;
        let (positions, out) = (config.max_positions as usize, path_of(self.folder.trim()));
        self.training = Some(Job::start(ui.ctx(), move |reporter| {
            let told = |at| reporter.share(Some(share(at)));
            let trained = train_tokenizer(&wanted, &recipe, positions, unknown_max, &out, &reporter.stop, told)?;
            Ok(Ready { folder: out, entries: trained.tokenizer.vocab_size(), unknown: Some(trained.unknown) })
        }));
    }
}

/// Says how much of the text a new tokenizer does not know. From a hundredth on it is a warning.
fn unknown_ui(ui: &mut Ui, cx: &PanelContext, unknown: &Unknown) {
    match unknown.notice(Made::OfThisText) {
        Some(notice) => {
            ui.label(RichText::new(cx.strings.text(&notice)).color(cx.theme.alert));
        }
        None => weak(ui, cx, t!(cx, "data-tokenizer-unknown", share = unknown.token_share())),
    }
}

fn cleaning(config: &Config) -> Cleaning {
    Cleaning { lower_case: config.lower_case, strip_accents: Some(config.strip_accents), ..Cleaning::UNCASED }
}

/// Counting fills the first half, merging the second.
fn share(progress: Progress) -> f32 {
    match progress {
        Progress::Counting { share, .. } => 0.5 * share.unwrap_or(0.0),
        Progress::Merging { entries, target } => 0.5 + 0.5 * entries as f32 / target.max(1) as f32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_looked_at_and_a_folder_without_text_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        assert!(look(&[dir.path().to_owned()], None).unwrap_err().to_string().contains("nothing-to-train-on"));
        std::fs::write(dir.path().join("a.txt"), "the dog\n").unwrap();
        std::fs::write(dir.path().join("LICENSE"), "none").unwrap();
        let found = look(&[dir.path().to_owned()], None).unwrap();
        assert_eq!((found.files, found.bytes, found.skipped), (1, 8, 1));
        assert!(found.told[0].to_string().contains("LICENSE, why = skipped-note"), "{:?}", found.told);
        std::fs::write(dir.path().join("b.csv"), "a,b\nthe dog,the cat\n").unwrap();
        let both = look(&[dir.path().to_owned()], Some("b")).unwrap();
        assert_eq!((both.files, both.skipped), (2, 1), "a named field makes a table readable");
    }

    #[test]
    fn a_tokenizers_progress_moves_one_way() {
        let steps = [
            Progress::Counting { text_bytes: 1, share: Some(0.5) },
            Progress::Counting { text_bytes: 2, share: Some(1.0) },
            Progress::Merging { entries: 10, target: 100 },
            Progress::Merging { entries: 100, target: 100 },
        ];
        assert_eq!(steps.map(share), [0.25, 0.5, 0.55, 1.0]);
    }
}
