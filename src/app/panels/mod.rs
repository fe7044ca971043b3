//! The panels: one file and one struct each. `ui(&mut self, ui, cx)` draws a panel from what [`PanelContext`] gives.
//! state -> panel -> picture; clicks -> [`Ask`]. A panel keeps what no other panel needs. What several panels need is in [`View`].

pub mod attention;
pub mod chip;
mod contract;
pub mod curves;
pub mod data;
pub mod flow;
pub mod hardware;
pub mod kernels;
pub mod lesson;
pub mod log;
pub mod map;
pub mod plot;
pub mod sentence;
pub mod verdicts;

pub use crate::screen::panel::{Mark, PanelId};
pub use contract::{Answers, Ask, Next, PanelContext, Transport, View};

/// All panels with what they keep.
#[derive(Default)]
pub struct Panels {
    pub flow: flow::FlowPanel,
    pub sentence: sentence::SentencePanel,
    pub lesson: lesson::LessonPanel,
    pub curves: curves::CurvesPanel,
    pub verdicts: verdicts::VerdictsPanel,
    pub attention: attention::AttentionPanel,
    pub map: map::MapPanel,
    pub kernels: kernels::KernelsPanel,
    pub data: data::DataPanel,
    pub hardware: hardware::HardwarePanel,
    pub log: log::LogPanel,
}

impl Panels {
    /// Draws the part of a panel that stays in sight when the rest is scrolled.
    pub fn head_ui(id: PanelId, ui: &mut egui::Ui, cx: &PanelContext) {
        if id == PanelId::Flow {
            flow::FlowPanel::legend_ui(ui, cx);
        }
    }

    pub fn ui(&mut self, id: PanelId, ui: &mut egui::Ui, cx: &mut PanelContext) {
        match id {
            PanelId::Flow => self.flow.ui(ui, cx),
            PanelId::Sentence => self.sentence.ui(ui, cx),
            PanelId::Lesson => self.lesson.ui(ui, cx),
            PanelId::Curves => self.curves.ui(ui, cx),
            PanelId::Verdicts => self.verdicts.ui(ui, cx),
            PanelId::Attention => self.attention.ui(ui, cx),
            PanelId::Map => self.map.ui(ui, cx),
            PanelId::Kernels => self.kernels.ui(ui, cx),
            PanelId::Data => self.data.ui(ui, cx),
            PanelId::Hardware => self.hardware.ui(ui, cx),
            PanelId::Log => self.log.ui(ui, cx),
        }
    }
}
