//! Token embeddings on a plane, on request.

use super::PanelContext;

#[derive(Default)]
pub struct MapPanel;

impl MapPanel {
    pub fn ui(&mut self, ui: &mut egui::Ui, cx: &mut PanelContext) {
        ui.label(cx.t("map-none"));
    }
}
