//! Losses and metrics over the steps.

use super::PanelContext;
use crate::t;

#[derive(Default)]
pub struct CurvesPanel;

impl CurvesPanel {
    pub fn ui(&mut self, ui: &mut egui::Ui, cx: &mut PanelContext) {
        let step = cx.state.step_at(cx.view.scrub).cloned().unwrap_or_default();
        let mlm = cx.number(step.metrics.mlm_loss, 2);
        let rtd = cx.number(step.metrics.rtd_loss, 3);
        let auc = cx.number(step.metrics.rtd_auc, 3);
        ui.label(t!(cx, "curves-summary", step = step.step, mlm = mlm, rtd = rtd, auc = auc));
    }
}
