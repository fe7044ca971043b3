//! Tells the steps and evaluations that arrive from the device, and ends the run if a number is not finite.

use super::host::{Host, Store};
use super::{Run, Sink};
use crate::error::Kind;
use crate::message::Message;
use crate::train::event::{EvalMetrics, Event, StepMetrics, Warning, WarningKind};
use crate::train::session::Arrived;
use crate::{Error, Result};

impl<H: Host> Run<'_, H> {
    pub(super) fn warn(&mut self, message: Message, sink: &mut Sink<'_>) -> Result<()> {
        let step = self.session.completed();
        self.tell(&Event::Warning(Warning { kind: WarningKind::Notice, step, message }), sink)
    }

    /// Sends the events of the steps that arrived, and their warnings.
    pub(super) async fn report(&mut self, arrived: &mut Vec<Arrived>, sink: &mut Sink<'_>) -> Result<()> {
        for step in arrived.drain(..) {
            match step {
                Arrived::Step(metrics) => self.tell_step(metrics, sink)?,
                Arrived::Sample(sample) => sink(&Event::Batch(*sample))?,
                Arrived::NonFinite { step, cursor } => {
                    let culprit = self.session.explain_non_finite(step, cursor).await?;
                    return Err(Error::failed("gradient-not-finite")
                        .with("step", step + 1)
                        .with("culprit", culprit)
                        .with("lr", self.lower_rate())
                        .with("run", self.store.name())
                        .kind(Kind::NonFinite)
                        .at(self.store.name())
                        .hint(match self.last_checkpoint {
                            Some(_) => "help-lower-rate-or-init",
                            None => "help-lower-rate",
                        }));
                }
            }
        }
        Ok(())
    }

    /// The learning rate of a new run, after this one's numbers were no longer finite. A resumed run would keep its rate.
    pub(super) fn lower_rate(&self) -> String {
        let lr = self.session.config.lr / 2.0;
        if (1e-6..1e3).contains(&lr) { lr.to_string() } else { format!("{lr:e}") }
    }

    pub(super) fn tell_step(&mut self, metrics: Box<StepMetrics>, sink: &mut Sink<'_>) -> Result<()> {
        let warnings = self.monitor.observe(&metrics);
        self.tell(&Event::Step(metrics), sink)?;
        for warning in warnings {
            self.tell(&Event::Warning(warning), sink)?;
        }
        Ok(())
    }

    pub(super) async fn settle(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        let mut arrived = std::mem::take(&mut self.arrived);
        let settled = self.session.settle(&mut arrived).await;
        let reported = self.report(&mut arrived, sink).await;
        self.arrived = arrived;
        settled.and(reported)
    }

    pub(super) fn tell_evaluation(&mut self, metrics: EvalMetrics, sink: &mut Sink<'_>) -> Result<()> {
        let (step, non_finite) = (self.session.completed(), metrics.metrics.non_finite);
        self.last_evaluation = Some(step);
        self.tell(&Event::Eval(Box::new(metrics)), sink)?;
        if non_finite {
            return Err(Error::failed("networks-not-finite-after")
                .with("step", step)
                .with("lr", self.lower_rate())
                .with("run", self.store.name())
                .kind(Kind::NonFinite)
                .at(self.store.name())
                .hint(match self.last_checkpoint {
                    Some(_) => "help-lower-rate-or-init",
                    None => "help-lower-rate",
                }));
        }
        Ok(())
    }
}
