//! Computes held-out metrics of a run that is not training: `electroscope eval`.

use super::assemble::{Assembly, Start, WeightsFrom, assemble};
use super::host::Host;
use super::kernels::Wish;
use super::request;
use super::source::{self, TokenizerFrom, Wanted};
use crate::batch::Cursor;
use crate::config::Config;
use crate::train::engine::Backend;
use crate::train::event::EvalMetrics;
use crate::train::session::Position;
use crate::{Error, Result};

/// The most rows that are read: as many as a split holds out.
const ROWS_MAX: u32 = 2000;

/// Evaluates the newest checkpoint of `run` on its own held-out text, or on `corpus` if that is given.
///
/// # Errors
/// The run's folder, its checkpoint or the text cannot be read, or its corpus is not where it was.
pub async fn evaluate(host: &impl Host, run: &str, corpus: &[String], backend: &Backend) -> Result<EvalMetrics> {
    let checkpoint = host.resume_point(run, None)?;
    // Nothing is trained here, and the run's place in its own text means nothing in another text.
    let position = Position { cursor: Cursor::default(), ..request::position(&checkpoint)? };
    let config = Config { eval_rows: ROWS_MAX, ..request::run_config(host, run, &checkpoint)? };
    let mut wanted = request::trained_on(&checkpoint)?;
    if !corpus.is_empty() {
        wanted = Wanted { corpus: Vec::new(), valid: corpus.to_vec(), builtin: None, lang: wanted.lang };
    }
    let tokenizer = TokenizerFrom::Checkpoint(&checkpoint);
    let text = source::open(host, &wanted, &config, tokenizer, &|| Ok(()), &mut |_| {})?;
    if corpus.is_empty() {
        // The text decides what the run trained on and what it held out. With another text the model could be judged on what it was
        // trained on.
        request::check_same_text(&checkpoint.state, &text, run, "help-name-text")?;
    }
    let (kernels, shelf) = (Wish::default(), host.shelf());
    let start =
        Start { from: WeightsFrom::Checkpoint(&checkpoint, position), seed: 0, kernels: &kernels, shelf: &shelf };
    let Assembly { mut session, .. } = assemble(&config, &text, backend, &start, &|| Ok(()), &mut |_| {}).await?;
    let measured = session.evaluate().await?;
    if measured.metrics.non_finite {
        return Err(Error::failed("networks-not-finite").at(run));
    }
    Ok(measured)
}
