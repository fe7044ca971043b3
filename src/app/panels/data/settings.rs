//! The section for the preset, the device and the settings of a run. It shows what the run needs on this machine before it starts.

use super::draft::{Draft, MAIN};
use super::job::{Job, finished};
use super::parts::{APART, error_ui, heading, named_button, weak};
use crate::app::machine::Survey;
use crate::app::panels::PanelContext;
use crate::app::theme;
use crate::config::{Config, PRESETS};
use crate::gpu::{AdapterSummary, DeviceName};
use crate::host::native::kernels;
use crate::model::Needs;
use crate::tasks::bench::{self, StepSpeed};
use crate::text::grammar::Level;
use crate::train::engine::Backend;
use crate::view::duration_text;
use crate::{Error, Result, t};
use egui::{CollapsingHeader, ComboBox, Grid, RichText, ScrollArea, TextEdit, Ui};

/// How long a speed is measured.
const MEASURE_SECS: f64 = 2.0;
/// A setting's field.
const FIELD: [f32; 2] = [150.0, 28.0];

/// A draft and its resulting configuration, computed once for each change.
pub struct Checked {
    draft: Draft,
    pub config: Result<Config>,
    /// The level of the built-in text.
    pub level: Option<Level>,
    /// The settings that the person's text changes: key, value with it, value with the built-in text.
    pub changed_by_text: Vec<[String; 3]>,
    /// Every setting in the presets' order, with its value if nothing is typed.
    plain: Vec<(String, String)>,
    pub line: Result<String>,
}

impl Checked {
    pub fn new(draft: &Draft) -> Self {
        let effective = draft.effective();
        let level = effective.as_ref().ok().and_then(|(_, level)| *level);
        let plain = draft.untouched().map(|config| settings(&config)).unwrap_or_default();
        let changed_by_text = if draft.own_text { changed_by_text(draft, &plain) } else { Vec::new() };
        Self {
            changed_by_text,
            draft: draft.clone(),
            config: effective.map(|(config, _)| config),
            level,
            plain,
            line: draft.command_line(),
        }
    }

    pub fn is_of(&self, draft: &Draft) -> bool {
        self.draft == *draft
    }

    fn plain(&self, key: &str) -> &str {
        self.plain.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value)
    }
}

/// The settings that differ from those of the same run on the built-in text.
fn changed_by_text(draft: &Draft, plain: &[(String, String)]) -> Vec<[String; 3]> {
    let builtin = Draft { own_text: false, ..draft.clone() };
    let builtin = builtin.untouched().map(|config| settings(&config)).unwrap_or_default();
    let other = |(key, value): &(String, String)| {
        let (_, before) = builtin.iter().find(|(name, before)| name == key && before != value)?;
        Some([key.clone(), value.clone(), before.clone()])
    };
    plain.iter().filter_map(other).collect()
}

/// Keys and values as people type them, in the order of the presets.
fn settings(config: &Config) -> Vec<(String, String)> {
    let text = config.to_toml();
    let pairs = text.lines().filter_map(|line| line.split_once(" = "));
    let told = pairs.filter(|(key, _)| !matches!(*key, "preset" | "about"));
    told.map(|(key, value)| (key.to_owned(), value.trim_matches('"').to_owned())).collect()
}

#[derive(Default)]
pub struct SettingsSection {
    survey: Survey,
    /// The needs of the last configuration.
    needs: Option<(Config, Result<Needs>)>,
    recording: Option<Job<(Config, Result<Needs>)>>,
    speed: Option<(Config, StepSpeed)>,
    measuring: Option<Job<(Config, StepSpeed)>>,
    error: Option<Error>,
}

impl SettingsSection {
    pub fn ui(&mut self, ui: &mut Ui, cx: &PanelContext, draft: &mut Draft, checked: &Checked) {
        heading(ui, cx, "data-preset");
        preset_ui(ui, cx, draft);
        self.device_ui(ui, cx, draft);
        heading(ui, cx, "data-settings");
        settings_grid(ui, "main settings", |ui| {
            for key in MAIN {
                let label = match key {
                    "steps" => "data-set-steps",
                    "batch" => "data-set-batch",
                    "seq_len" => "data-set-seq-len",
                    "lr" => "data-set-lr",
                    _ => "data-set-mask-prob",
                };
                setting_ui(ui, cx, draft, checked, key, cx.t(label));
            }
        });
        if let Err(error) = &checked.config {
            error_ui(ui, cx, error);
        }
        advanced_ui(ui, cx, draft, checked);
        self.preflight_ui(ui, cx, draft, checked);
    }

    fn device_ui(&mut self, ui: &mut Ui, cx: &PanelContext, draft: &mut Draft) {
        let adapters = self.survey.machine(ui.ctx()).map_or(&[][..], |machine| &machine.adapters);
        let name = |choice: &DeviceName| match choice {
            DeviceName::Auto => cx.t("data-device-auto"),
            DeviceName::Cpu => cx.t("data-device-cpu"),
            DeviceName::Gpu => cx.t("data-device-gpu"),
            DeviceName::Named(name) => name.clone(),
        };
        ui.horizontal_wrapped(|ui| {
            let label = ui.label(cx.t("data-device"));
            let combo = ComboBox::from_id_salt("device")
                .selected_text(name(&draft.device))
                .width(260.0_f32.min(ui.available_width() - 40.0));
            let combo = combo.show_ui(ui, |ui| {
                let named = adapters.iter().map(|adapter| DeviceName::Named(adapter.name.clone()));
                for choice in [DeviceName::Auto, DeviceName::Cpu].into_iter().chain(named) {
                    let text = name(&choice);
                    ui.selectable_value(&mut draft.device, choice, text);
                }
            });
            combo.response.labelled_by(label.id);
        });
    }

    /// Draws what the run needs, what this machine has, and how long the run would take.
    fn preflight_ui(&mut self, ui: &mut Ui, cx: &PanelContext, draft: &Draft, checked: &Checked) {
        heading(ui, cx, "data-preflight");
        let Ok(config) = &checked.config else {
            weak(ui, cx, cx.t("data-preflight-later"));
            return;
        };
        self.record(ui, config);
        let adapters = self.survey.machine(ui.ctx()).map(|machine| machine.adapters.clone());
        match self.needs.as_ref().filter(|(of, _)| of == config) {
            Some((_, Ok(needs))) => needs_ui(ui, cx, needs, adapters.as_deref()),
            Some((_, Err(error))) => error_ui(ui, cx, error),
            None => weak(ui, cx, cx.t("data-preflight-looking")),
        }
        self.speed_ui(ui, cx, draft, config);
    }

    /// Records the plan of a new configuration, on a thread, because large plans take a while.
    fn record(&mut self, ui: &Ui, config: &Config) {
        if let Some(result) = finished(&mut self.recording) {
            match result {
                Ok(needs) => self.needs = Some(needs),
                // The thread itself died. The panel shows this error for the configuration.
                Err(error) => self.needs = Some((config.clone(), Err(error))),
            }
        }
        if self.recording.is_none() && self.needs.as_ref().is_none_or(|(of, _)| of != config) {
            let config = config.clone();
            self.recording = Some(Job::start(ui.ctx(), move |_| {
                let needs = Needs::from_config(&config);
                Ok((config, needs))
            }));
        }
    }

    fn speed_ui(&mut self, ui: &mut Ui, cx: &PanelContext, draft: &Draft, config: &Config) {
        match finished(&mut self.measuring) {
            Some(Ok(speed)) => (self.speed, self.error) = (Some(speed), None),
            Some(Err(error)) => self.error = Some(error),
            None => {}
        }
        ui.horizontal_wrapped(|ui| {
            let free = self.measuring.is_none() && !(cx.view.transport.live && cx.view.transport.playing);
            let button = ui.add_enabled(free, egui::Button::new(cx.t("data-measure")));
            if button.on_hover_text(cx.t("data-measure-hint")).clicked() {
                let (config, device) = (config.clone(), draft.device.clone());
                self.measuring = Some(Job::start(ui.ctx(), move |_| {
                    let measured = pollster::block_on(async {
                        let backend = Backend::open(&device).await?;
                        let limits = bench::limits(&backend).await?;
                        let kernels = kernels::choose_for_drill(&config, &backend, None, false, &mut |_| ()).await?;
                        bench::measure(&config, &backend, kernels, &limits, MEASURE_SECS).await
                    })?;
                    Ok((config, measured.step))
                }));
            }
            if self.measuring.is_some() {
                ui.label(cx.t("data-measuring"));
            } else if let Some((_, speed)) = self.speed.as_ref().filter(|(of, _)| same_work(of, config)) {
                let rate = cx.lang().whole(speed.tokens_per_sec.max(0.0).round() as u64);
                let time = duration_text(config.steps as f64 * speed.step_ms / 1e3);
                let (device, steps) = (&speed.device, config.steps);
                ui.label(t!(cx, "data-speed", rate = rate, device = device, steps = steps, time = time));
            }
        });
        if let Some(error) = &self.error {
            error_ui(ui, cx, error);
        }
    }
}

/// Whether a step of either configuration is the same work. The number of steps and the learning rate do not change the speed.
fn same_work(a: &Config, b: &Config) -> bool {
    let step = |c: &Config| Config {
        steps: 1,
        lr: 1.0,
        warmup: 0.0,
        eval_every: 1,
        readout_every: 1,
        checkpoint_every: 1,
        ..c.clone()
    };
    step(a) == step(b)
}

fn preset_ui(ui: &mut Ui, cx: &PanelContext, draft: &mut Draft) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = APART;
        theme::hollow(ui);
        for (preset, _) in PRESETS {
            ui.radio_value(&mut draft.preset, (*preset).to_owned(), *preset);
        }
    });
    let about = match draft.preset.as_str() {
        "nano" => "data-preset-nano",
        "tiny" => "data-preset-tiny",
        "mini" => "data-preset-mini",
        "small" => "data-preset-small",
        _ => "data-preset-base",
    };
    weak(ui, cx, cx.t(about));
}

/// A grid of names, fields and undo buttons. In a narrow panel a person scrolls to the buttons.
fn settings_grid(ui: &mut Ui, id: &str, rows: impl FnOnce(&mut Ui)) {
    ScrollArea::horizontal().id_salt((id, "area")).show(ui, |ui| {
        Grid::new(id).num_columns(3).spacing([12.0, 6.0]).show(ui, rows);
    });
}

/// One setting: its name, its value, and an undo button if it was changed.
fn setting_ui(ui: &mut Ui, cx: &PanelContext, draft: &mut Draft, checked: &Checked, key: &str, name: String) {
    let plain = checked.plain(key);
    let (lang, whole) = (cx.lang(), plain.parse::<u64>().is_ok());
    let mut text = match draft.edits.get(key) {
        // No groups while a person types: they would move the cursor.
        Some(edit) if whole => edit.clone(),
        Some(edit) => lang.setting(edit),
        None => lang.setting(plain),
    };
    let label = ui.label(RichText::new(&name));
    // The field has an id of its own, so that a button that appears in an earlier row does not move the focus.
    let id = egui::Id::unique(("setting", key));
    let field = ui.add_sized(FIELD, TextEdit::singleline(&mut text).id(id)).labelled_by(label.id);
    if field.changed() {
        let text = lang.typed_setting(&text, whole);
        if text.trim() == plain {
            draft.edits.remove(key);
        } else {
            draft.edits.insert(key.to_owned(), text);
        }
    }
    if draft.edits.contains_key(key) {
        let value = lang.setting(plain);
        let spoken = t!(cx, "data-set-back-of", name = &name, value = &value);
        if named_button(ui, true, t!(cx, "data-set-back", value = value), &spoken).clicked() {
            draft.edits.remove(key);
        }
    } else {
        ui.label("");
    }
    ui.end_row();
}

fn advanced_ui(ui: &mut Ui, cx: &PanelContext, draft: &mut Draft, checked: &Checked) {
    let header = t!(cx, "data-advanced", changed = draft.edits.len());
    CollapsingHeader::new(header).id_salt("advanced").show(ui, |ui| {
        weak(ui, cx, cx.t("data-advanced-hint"));
        settings_grid(ui, "all settings", |ui| {
            let label = ui.label(cx.t("data-seed"));
            let field = TextEdit::singleline(&mut draft.seed).id(egui::Id::unique("seed")).hint_text("1");
            ui.add_sized(FIELD, field).labelled_by(label.id);
            ui.end_row();
            for (key, _) in checked.plain.iter().filter(|(key, _)| !MAIN.contains(&key.as_str())) {
                setting_ui(ui, cx, draft, checked, key, key.clone());
            }
        });
        let changed = !draft.edits.is_empty();
        if ui.add_enabled(changed, egui::Button::new(cx.t("data-set-all-back"))).clicked() {
            draft.edits.clear();
        }
    });
}

fn needs_ui(ui: &mut Ui, cx: &PanelContext, needs: &Needs, adapters: Option<&[AdapterSummary]>) {
    let mib = |bytes: u64| cx.mib(bytes);
    let parameters = cx.lang().rough(needs.parameters);
    ui.label(t!(
        cx,
        "data-needs",
        parameters = parameters,
        memory = mib(needs.peak_bytes),
        activations = mib(needs.activations_bytes),
        buffer = mib(needs.buffer_bytes)
    ));
    ui.label(cx.t("data-fits-cpu"));
    let Some(adapters) = adapters else {
        return weak(ui, cx, cx.t("data-preflight-looking"));
    };
    for adapter in adapters {
        let fits = adapter.portable && needs.fits(adapter.buffer_bytes_max, adapter.binding_bytes_max);
        let (buffer, binding) = (mib(adapter.buffer_bytes_max), mib(adapter.binding_bytes_max));
        let name = &adapter.name;
        if fits {
            ui.label(t!(cx, "data-fits", name = name, buffer = buffer, binding = binding));
        } else {
            let wanted = mib(needs.binding_bytes.max(1));
            let text = t!(cx, "data-fits-not", name = name, buffer = buffer, binding = binding, wanted = wanted);
            ui.label(RichText::new(text).color(cx.theme.alert));
        }
    }
    if adapters.is_empty() {
        weak(ui, cx, cx.t("data-no-adapter"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Lang;

    #[test]
    fn every_setting_is_offered_in_the_presets_order() {
        let config = Config::preset("small").unwrap();
        let settings = settings(&config);
        let keys: Vec<&str> = settings.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(&keys[..2], ["vocab_size", "embedding_size"]);
        assert_eq!(keys.len() + 2, toml::from_str::<toml::Table>(&config.to_toml()).unwrap().len());
        for key in MAIN {
            assert!(keys.contains(&key), "{key}");
        }
        // The program accepts every value that it shows.
        let mut draft = Draft::new(Lang::En);
        draft.preset = "small".into();
        draft.edits = settings.into_iter().collect();
        assert_eq!(draft.effective().unwrap().0, Config::preset("small").unwrap());
    }

    #[test]
    fn a_check_belongs_to_its_draft() {
        let mut draft = Draft::new(Lang::En);
        let checked = Checked::new(&draft);
        assert!(checked.is_of(&draft) && checked.config.is_ok() && checked.plain("lr") == "0.003");
        draft.edits.insert("lr".into(), "x".into());
        assert!(!checked.is_of(&draft));
        let wrong = Checked::new(&draft);
        assert!(wrong.config.is_err());
        assert_eq!(wrong.plain("lr"), "0.003", "the way back stays open");
    }

    #[test]
    fn what_a_persons_text_changes_is_listed() {
        let mut draft = Draft::new(Lang::En);
        assert!(Checked::new(&draft).changed_by_text.is_empty());
        draft.add_text("books.txt".into());
        let checked = Checked::new(&draft);
        let steps = checked.changed_by_text.iter().find(|[key, ..]| key == "steps").unwrap();
        assert_eq!(steps[1], Config::preset("nano").unwrap().steps.to_string());
        assert!(checked.changed_by_text.iter().all(|[_, now, before]| now != before));
        draft.preset = "tiny".into();
        assert!(Checked::new(&draft).changed_by_text.is_empty(), "only nano has a recipe for the built-in text");
    }

    #[test]
    fn a_longer_run_is_the_same_work() {
        let nano = Config::preset("nano").unwrap();
        assert!(same_work(&nano, &Config { steps: 9, lr: 0.5, ..nano.clone() }));
        assert!(!same_work(&nano, &Config { batch: 1, ..nano.clone() }));
    }
}
