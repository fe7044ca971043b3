//! Held-out metrics of a run that is not training: `electroscope eval`.

use super::assemble::{Assembly, From, Start, assemble};
use super::kernels::Wish;
use super::source::{self, Wanted};
use super::told;
use crate::Result;
use crate::config::Config;
use crate::train::checkpoint;
use crate::train::engine::Place;
use crate::train::event::EvalMetrics;
use std::path::{Path, PathBuf};

/// Rows read at most: as many as a split holds out.
const ROWS_MAX: u32 = 2000;

/// The newest checkpoint of `run` on its own held-out text, or on `corpus` where given.
///
/// # Errors
/// The run's folder, its checkpoint or the text cannot be read, or its corpus is not where it was.
pub async fn evaluate(run: &Path, corpus: &[PathBuf], place: &Place) -> Result<EvalMetrics> {
    let checkpoint = checkpoint::resume_point(run, None)?;
    let position = told::position(&checkpoint)?;
    let config = Config { eval_rows: ROWS_MAX, ..told::stored_config(run)? };
    let tokenizer = checkpoint.dir.join("generator");
    let mut wanted = told::trained_on(&checkpoint)?;
    if !corpus.is_empty() {
        wanted = Wanted { corpus: Vec::new(), valid: corpus.to_vec(), builtin: None, lang: wanted.lang };
    }
    let text = source::open(&wanted, &config, Some(&tokenizer), &mut |_| {})?;
    if corpus.is_empty() {
        // What a run trained on and what it held out is told by its text: on another, trained text could be judged.
        told::check_same_text(&checkpoint.state, &text, run, "name the text to judge with --corpus")?;
    }
    let start = Start { from: From::Checkpoint(&checkpoint, position), seed: 0, kernels: Wish::default() };
    let Assembly { mut session, .. } = assemble(&config, &text, place, &start, &mut |_| {}).await?;
    session.evaluate().await
}
