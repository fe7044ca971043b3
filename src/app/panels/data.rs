//! Text, tokenizer, preset and runs.

use super::PanelContext;
use crate::t;

#[derive(Default)]
pub struct DataPanel;

impl DataPanel {
    pub fn ui(&mut self, ui: &mut egui::Ui, cx: &mut PanelContext) {
        let Some(plan) = &cx.state.plan else {
            ui.label(cx.t("data-none"));
            return;
        };
        let parameters = cx.lang().rough(plan.parameters);
        ui.label(t!(cx, "data-summary", corpus = &plan.corpus.name, preset = &plan.preset, parameters = parameters));
    }
}
