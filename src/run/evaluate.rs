//! Computes held-out metrics of a run that is not training: `electroscope eval`.

use super::host::Host;
use super::opened;
use super::source::Tell;
use crate::train::engine::Backend;
use crate::train::event::EvalMetrics;
use crate::{Error, Result};

/// The most rows that are read: as many as a split holds out.
const ROWS_MAX: u32 = 2000;

/// Evaluates the newest checkpoint of `run` on its own held-out text, or on `corpus` if that is given.
///
/// `tell` hears how the text is prepared.
///
/// # Errors
/// The run's folder, its checkpoint or the text cannot be read, or its corpus is not where it was.
pub async fn evaluate(
    host: &impl Host,
    run: &str,
    corpus: &[String],
    backend: &Backend,
    tell: Tell<'_>,
) -> Result<EvalMetrics> {
    let mut opened = opened::open(host, run, corpus, Some(ROWS_MAX), backend, &|| Ok(()), tell).await?;
    let measured = opened.session.evaluate().await?;
    if measured.metrics.non_finite {
        return Err(Error::failed("networks-not-finite").at(run));
    }
    Ok(measured)
}
