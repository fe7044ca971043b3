//! Says where a number that is not finite came from: the step is taken again on the twins, dispatch by dispatch.

use super::Session;
use crate::batch::Cursor;
use crate::message::Message;
use crate::plan::{Elem, Stage};
use crate::train::engine::Engine;
use crate::train::step;
use crate::{Result, cpu};

impl Session {
    /// Replays `step` on the twins, dispatch by dispatch, and names the first tensor that is not finite, with its kernel: a clause.
    /// The weights are still those of that step: the guard stopped every update since.
    pub async fn explain_non_finite(&mut self, step: u64, cursor: Cursor) -> Result<Message> {
        let plan = self.model.plan.clone();
        let mut twin = Engine::Cpu(Box::new(cpu::Executor::new(plan.clone())));
        for parameter in &self.model.parameters {
            let values = self.engine.read(&parameter.value).await?;
            twin.write(&parameter.value, &values);
        }
        let source = self.engine.read(&self.model.source).await?;
        twin.write(&self.model.source, &source);
        // This stage copies the weights, if products read copies.
        twin.run_all(plan.stage(Stage::MASK)).await?;
        self.loader.seek(cursor)?;
        let mut batches = self.loader.step_buffers();
        let totals = self.loader.fill(step, &mut batches)?;
        self.step = step;
        let mut block = self.step_block(&totals, 0.0);
        for batch in &batches {
            step::load(&mut twin, &self.io, &block, batch, &mut self.words);
            for i in plan.micro(false, false) {
                twin.run_all(i..i + 1).await?;
                let dispatch = &plan.dispatches[i];
                for (slot, tensor) in dispatch.kernel.slots.iter().zip(&dispatch.tensors) {
                    let written = slot.elem != Elem::U32 && slot.access.writes();
                    if written && twin.read_f32(tensor).await?.iter().any(|v| !v.is_finite()) {
                        return Ok(Message::new("non-finite-first-in")
                            .with("tensor", &*tensor.label)
                            .with("kernel", dispatch.kernel.label)
                            .with("dispatch", i));
                    }
                }
            }
            step::move_on(&mut block, batch);
        }
        Ok(match self.engine {
            Engine::Cpu(_) => Message::new("non-finite-sum"),
            _ => Message::new("non-finite-on-device"),
        })
    }
}
