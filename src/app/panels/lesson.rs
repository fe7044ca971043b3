//! The lesson: nine short pages.

use super::PanelContext;
use crate::t;

#[derive(Default)]
pub struct LessonPanel;

impl LessonPanel {
    pub fn ui(&mut self, ui: &mut egui::Ui, cx: &mut PanelContext) {
        let replaced = cx.state.step_at(None).and_then(|step| step.metrics.replaced_share);
        let replaced = cx.percent(replaced, 1);
        ui.label(t!(cx, "lesson-summary", replaced = replaced));
    }
}
