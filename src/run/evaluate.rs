//! Computes held-out metrics of a run that is not training: `electroscope eval`.

use super::host::Host;
use super::opened::{self, OtherText};
use crate::message::Message;
use crate::train::engine::Backend;
use crate::train::event::{EvalMetrics, Preparing};
use crate::{Error, Result};

/// The most rows that are read: as many as a split holds out.
const ROWS_MAX: u32 = 2000;

/// The result of an evaluation.
pub struct Evaluated {
    pub metrics: EvalMetrics,
    /// What a person should know about the text.
    pub notices: Vec<Message>,
}

/// Evaluates the newest checkpoint of `run` on its own held-out text, or on another if that is given.
///
/// `tell` hears how the text is prepared.
///
/// # Errors
/// The run's folder, its checkpoint or the text cannot be read, or its corpus is not where it was.
pub async fn evaluate(
    host: &impl Host,
    run: &str,
    other: OtherText<'_>,
    backend: &Backend,
    tell: &mut dyn FnMut(Preparing),
) -> Result<Evaluated> {
    let mut opened = opened::open(host, run, other, Some(ROWS_MAX), backend, &|| Ok(()), tell).await?;
    let metrics = opened.session.evaluate().await?;
    if metrics.metrics.non_finite {
        return Err(Error::failed("networks-not-finite").at(run));
    }
    Ok(Evaluated { metrics, notices: opened.notices })
}
