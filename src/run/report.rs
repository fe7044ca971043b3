//! Tells the steps and evaluations that arrive from the device, and ends the run if a number is not finite.

use super::host::{Host, Store};
use super::{Run, Sink};
use crate::error::Kind;
use crate::message::Message;
use crate::path::word_of_name;
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
                    let error = Error::failed("gradient-not-finite").with("step", step + 1).with("culprit", culprit);
                    return Err(self.not_finite(error));
                }
            }
        }
        Ok(())
    }

    /// `error`, with what can be done after the run's numbers were no longer finite: a new run at a lower learning rate. A resumed run
    /// would keep its rate.
    pub(super) fn not_finite(&self, error: Error) -> Error {
        let (rate, run) = (self.session.config.lr / 2.0, self.store.name());
        let lr = if (1e-6..1e3).contains(&rate) { rate.to_string() } else { format!("{rate:e}") };
        let error = error.kind(Kind::NonFinite).at(&run);
        match self.saved() {
            Some(_) => error.with("lr", lr).with("run", word_of_name(&run)).hint("help-lower-rate-or-init"),
            None => error.with("lr", lr).hint("help-lower-rate"),
        }
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
        let warning = self.monitor.observe_evaluation(&metrics);
        self.tell(&Event::Eval(Box::new(metrics)), sink)?;
        if let Some(warning) = warning {
            self.tell(&Event::Warning(warning), sink)?;
        }
        if non_finite {
            return Err(self.not_finite(Error::failed("networks-not-finite-after").with("step", step)));
        }
        Ok(())
    }
}
