//! What the run said.

use super::PanelContext;
use crate::app::state::LogLevel;

#[derive(Default)]
pub struct LogPanel;

impl LogPanel {
    pub fn ui(&mut self, ui: &mut egui::Ui, cx: &mut PanelContext) {
        let lang = cx.lang();
        for line in cx.state.log.lines().rev().take(50) {
            let color = if line.level == LogLevel::Info { cx.theme.text } else { cx.theme.alert };
            let step = line.step.map_or(String::new(), |step| format!("{}  ", lang.whole(step)));
            ui.label(egui::RichText::new(format!("{step}{}", line.text(lang))).color(color));
        }
        if cx.state.log.lines().next().is_none() {
            ui.label(cx.t("log-none"));
        }
        cx.view.alarms_seen = cx.state.log.alarms;
    }
}
