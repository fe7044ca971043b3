//! Lists what the run reported, the newest line first. A sign and a word mark warnings and errors, so that no line depends on its
//! colour.

use super::PanelContext;
use super::chip::GLYPH;
use crate::app::theme;
use crate::screen::state::{LogLevel, LogLine};
use crate::t;
use crate::view::Lang;
use egui::{Label, RichText, Role, Sense, Shape, Stroke, Ui, WidgetInfo, vec2};

/// How many lines are shown at first, and how many more each time.
const PAGE: usize = 100;

#[derive(Default)]
pub struct LogPanel {
    alarms_only: bool,
    /// How many pages a person asked for beyond the first.
    more: usize,
}

impl LogPanel {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext) {
        let state = cx.state;
        let lang = cx.lang();
        // A person who sees the panel has seen its alarms. Those that come later stand out once more while the panel stays open.
        cx.view.alarms_seen = state.log.alarms;
        if state.log.lines().next().is_none() {
            ui.label(cx.t("log-none"));
            return;
        }
        let wanted = |line: &&LogLine| !self.alarms_only || line.level != LogLevel::Info;
        let shown: Vec<&LogLine> = state.log.lines().rev().filter(wanted).collect();
        ui.horizontal_wrapped(|ui| {
            ui.scope(|ui| {
                theme::hollow(ui);
                ui.checkbox(&mut self.alarms_only, cx.t("log-alarms-only"));
            });
            if ui.button(cx.t("log-copy")).clicked() {
                ui.ctx().copy_text(text(&shown, lang));
            }
            ui.label(RichText::new(t!(cx, "log-alarms", count = state.log.alarms)).color(cx.theme.weak));
        });
        if shown.is_empty() {
            ui.label(cx.t("log-no-alarms"));
        }
        let room = PAGE * (self.more + 1);
        for line in shown.iter().take(room) {
            line_ui(ui, cx, line);
        }
        if shown.len() > room && ui.button(t!(cx, "log-more", count = shown.len() - room)).clicked() {
            self.more += 1;
        }
    }
}

fn line_ui(ui: &mut Ui, cx: &PanelContext, line: &LogLine) {
    let theme = cx.theme;
    ui.horizontal_top(|ui| {
        let (rect, response) = ui.allocate_exact_size(vec2(GLYPH + 4.0, GLYPH + 8.0), Sense::hover());
        let (center, alert) = (rect.center(), Stroke::new(2.0, theme.alert));
        let level = cx.t(match line.level {
            LogLevel::Info => "log-level-info",
            LogLevel::Warning => "log-level-warning",
            LogLevel::Error => "log-level-error",
        });
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &level));
        match line.level {
            LogLevel::Info => drop(ui.painter().circle_filled(center, 2.5, theme.weak)),
            // A triangle marks a warning, a crossed ring marks an error.
            LogLevel::Warning => {
                let corners = [vec2(0.0, -6.0), vec2(6.5, 5.0), vec2(-6.5, 5.0)].map(|corner| center + corner);
                ui.painter().add(Shape::closed_line(corners.to_vec(), alert));
                ui.painter().line_segment([center + vec2(0.0, -2.0), center + vec2(0.0, 2.5)], alert);
            }
            LogLevel::Error => {
                ui.painter().circle_stroke(center, 6.0, alert);
                ui.painter().line_segment([center - vec2(3.0, 3.0), center + vec2(3.0, 3.0)], alert);
                ui.painter().line_segment([center + vec2(-3.0, 3.0), center + vec2(3.0, -3.0)], alert);
            }
        }
        let place = line.step.map_or(String::new(), |step| t!(cx, "log-step", step = step));
        let color = if line.level == LogLevel::Info { theme.text } else { theme.alert };
        let mut words = egui::text::LayoutJob::default();
        if line.level != LogLevel::Info {
            words.append(&format!("{level}  "), 0.0, egui::TextFormat::simple(theme.strong(), color));
        }
        if !place.is_empty() {
            words.append(&format!("{place}  "), 0.0, egui::TextFormat::simple(theme.small(), theme.weak));
        }
        words.append(&line.text(cx.lang()), 0.0, egui::TextFormat::simple(theme.body(), color));
        ui.add(Label::new(words).wrap().selectable(true));
    });
}

/// The lines as plain text, oldest first, to paste into a report.
fn text(newest_first: &[&LogLine], lang: Lang) -> String {
    let level = |level| match level {
        LogLevel::Info => "-",
        LogLevel::Warning => "!",
        LogLevel::Error => "!!",
    };
    let line = |line: &&LogLine| {
        let step = line.step.map_or(String::new(), |step| format!("{step}\t"));
        format!("{} {step}{}\n", level(line.level), line.text(lang))
    };
    newest_first.iter().rev().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;

    #[test]
    fn a_copied_log_reads_from_its_beginning() {
        let line = |level, step, message| LogLine { level, step, message };
        let lines = [
            line(LogLevel::Error, Some(7), Message::new("stopped-as-asked")),
            line(LogLevel::Info, None, Message::plain("began")),
        ];
        let newest_first: Vec<&LogLine> = lines.iter().collect();
        assert_eq!(text(&newest_first, Lang::En), "- began\n!! 7\tstopped, as asked\n");
        assert!(text(&newest_first, Lang::Pt).ends_with("!! 7\tparado, como pedido\n"));
    }
}
