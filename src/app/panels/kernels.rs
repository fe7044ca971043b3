//! Every dispatch of a training step.

use super::PanelContext;
use crate::t;

#[derive(Default)]
pub struct KernelsPanel;

impl KernelsPanel {
    pub fn ui(&mut self, ui: &mut egui::Ui, cx: &mut PanelContext) {
        let Some(plan) = &cx.state.plan else {
            ui.label(cx.t("kernels-none"));
            return;
        };
        let megabytes = cx.lang().whole(plan.peak_bytes / 1_000_000);
        ui.label(t!(cx, "kernels-summary", dispatches = plan.dispatches, megabytes = megabytes));
    }
}
