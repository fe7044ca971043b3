//! The adapters, and what the run uses of them.

use super::PanelContext;
use crate::t;
use crate::train::event::Device;

#[derive(Default)]
pub struct HardwarePanel;

impl HardwarePanel {
    pub fn ui(&mut self, ui: &mut egui::Ui, cx: &mut PanelContext) {
        match &cx.state.device {
            Some(device) => {
                ui.label(t!(cx, "hardware-summary", name = &device.name, reason = device_reason(device, cx)))
            }
            None => ui.label(cx.t("hardware-none")),
        };
        if let Some([median, late]) = cx.view.frame_ms {
            let [median, late] = [median, late].map(|ms| cx.lang().decimal(f64::from(ms), 1));
            ui.label(t!(cx, "hardware-frames", median = median, late = late));
        }
    }
}

fn device_reason<'a>(device: &'a Device, cx: &PanelContext) -> &'a str {
    let pt = device.reason_pt.as_deref().unwrap_or(&device.reason);
    cx.lang().pick(device.reason.as_str(), pt)
}
