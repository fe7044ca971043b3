//! Attention of both networks, on request.

use super::PanelContext;

#[derive(Default)]
pub struct AttentionPanel;

impl AttentionPanel {
    pub fn ui(&mut self, ui: &mut egui::Ui, cx: &mut PanelContext) {
        ui.label(cx.t("attention-none"));
    }
}
