//! Computes held-out metrics of a run that is not training: `electroscope eval`.

use super::host::Host;
use super::opened::{self, OtherText};
use super::source::Tell;
use crate::message::Message;
use crate::text::unknown::Made;
use crate::train::engine::Backend;
use crate::train::event::EvalMetrics;
use crate::{Error, Result};

/// The largest number of rows that are read: as many as a split holds out.
const ROWS_MAX: u32 = 2000;

/// The result of an evaluation.
pub struct Evaluated {
    pub metrics: EvalMetrics,
    /// What a person should know about the text.
    pub notices: Vec<Message>,
}

/// Evaluates the newest checkpoint of `run` on its own held-out text, or on another if that is given. `tell` hears how the text is
/// prepared.
///
/// # Errors
/// The run's folder, its checkpoint or the text cannot be read, its corpus is not where it was, or too much of another text is unknown
/// to its tokenizer.
pub async fn evaluate(
    host: &impl Host,
    run: &str,
    other: OtherText<'_>,
    backend: &Backend,
    tell: Tell<'_>,
) -> Result<Evaluated> {
    let mut opened = opened::open(host, run, other, Some(ROWS_MAX), backend, &|| Ok(()), tell).await?;
    if !other.corpus.is_empty() {
        opened.unknown.check(other.unknown_max.unwrap_or(opened.unknown_max), Made::OfOtherText)?;
    }
    let metrics = opened.session.evaluate().await?;
    if metrics.metrics.non_finite {
        return Err(Error::failed("networks-not-finite").at(run));
    }
    let mut notices = opened.notices;
    notices.extend(opened.unknown.notice(Made::OfOtherText));
    Ok(Evaluated { metrics, notices })
}
