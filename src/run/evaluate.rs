//! Computes held-out metrics of a run that is not training: `electroscope eval`.

use super::host::Host;
use super::opened;
use super::source::Tell;
use crate::message::Message;
use crate::text::unknown::Made;
use crate::train::engine::Backend;
use crate::train::event::EvalMetrics;
use crate::{Error, Result};

/// The most rows that are read: as many as a split holds out.
const ROWS_MAX: u32 = 2000;

/// Evaluates the newest checkpoint of `run` on its own held-out text, or on `corpus` if that is given, of which at most `unknown_max` may
/// be unknown (none: as much as the run accepted). Returns also what a person should know of the text.
///
/// `tell` hears how the text is prepared.
///
/// # Errors
/// The run's folder, its checkpoint or the text cannot be read, its corpus is not where it was, or too much of `corpus` is unknown to
/// its tokenizer.
pub async fn evaluate(
    host: &impl Host,
    run: &str,
    corpus: &[String],
    unknown_max: Option<f64>,
    backend: &Backend,
    tell: Tell<'_>,
) -> Result<(EvalMetrics, Option<Message>)> {
    let mut opened = opened::open(host, run, corpus, Some(ROWS_MAX), backend, &|| Ok(()), tell).await?;
    if !corpus.is_empty() {
        opened.unknown.check(unknown_max.unwrap_or(opened.unknown_max), Made::OfOtherText)?;
    }
    let measured = opened.session.evaluate().await?;
    if measured.metrics.non_finite {
        return Err(Error::failed("networks-not-finite").at(run));
    }
    Ok((measured, opened.unknown.notice(Made::OfOtherText)))
}
