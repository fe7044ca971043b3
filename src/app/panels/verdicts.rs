//! How the judge's verdicts turned out on held-out text.

use super::PanelContext;
use crate::t;

#[derive(Default)]
pub struct VerdictsPanel;

impl VerdictsPanel {
    pub fn ui(&mut self, ui: &mut egui::Ui, cx: &mut PanelContext) {
        let Some(counts) = cx.state.eval_at(cx.view.scrub).and_then(|eval| eval.confusion) else {
            ui.label(cx.t("verdicts-none"));
            return;
        };
        ui.label(t!(
            cx,
            "verdicts-summary",
            caught = counts.caught,
            missed = counts.missed,
            alarms = counts.false_alarm,
            passed = counts.passed,
        ));
    }
}
