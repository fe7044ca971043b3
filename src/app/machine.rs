//! Finds out what this machine can train on and what each preset needs. Drivers answer slowly, so a thread asks them once.
//! first panel that wants it -> [`Survey`] -> [`Machine`], some frames later.

use crate::config::PRESETS;
use crate::gpu::{self, AdapterSummary};
use crate::model::Needs;
use std::sync::{Arc, OnceLock};

#[derive(Debug, Clone)]
pub struct Machine {
    /// Threads of the cpu executor.
    pub threads: usize,
    pub adapters: Vec<AdapterSummary>,
    /// The needs of every preset, smallest first.
    pub needs: Vec<Needs>,
}

impl Machine {
    fn look() -> Self {
        Self {
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            adapters: pollster::block_on(gpu::adapters()),
            needs: PRESETS.iter().filter_map(|(name, _)| Needs::of(name).ok()).collect(),
        }
    }
}

/// Looks at the machine at the first call. Clones share what was found.
#[derive(Clone, Default)]
pub struct Survey {
    found: Arc<OnceLock<Machine>>,
    asked: bool,
}

impl Survey {
    /// What was found; none while the search runs. The window is drawn again when the search ends.
    pub fn machine(&mut self, ctx: &egui::Context) -> Option<&Machine> {
        if !self.asked {
            self.asked = true;
            let (found, ctx) = (Arc::clone(&self.found), ctx.clone());
            let look = move || {
                found.get_or_init(Machine::look);
                ctx.request_repaint();
            };
            // If the system refuses a thread, nothing is found, and the panel still says that it looks.
            std::thread::Builder::new().name("machine".to_owned()).spawn(look).ok();
        }
        self.found.get()
    }
}
