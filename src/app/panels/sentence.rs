//! A sentence of one's own, judged on the live weights.

use super::PanelContext;
use crate::t;

#[derive(Default)]
pub struct SentencePanel;

impl SentencePanel {
    pub fn ui(&mut self, ui: &mut egui::Ui, cx: &mut PanelContext) {
        let count = cx.state.readouts.last().map_or(0, |readout| readout.sentences.len());
        ui.label(t!(cx, "sentence-summary", count = count));
    }
}
