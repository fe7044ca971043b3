//! Held-out metrics of a run that is not training: `electroscope eval`.

use super::assemble::{Assembly, From, assemble};
use super::source::{self, Wanted};
use crate::config::Config;
use crate::train::checkpoint;
use crate::train::engine::Place;
use crate::train::event::EvalMetrics;
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// Rows read at most: as many as a split holds out.
const ROWS_MAX: u32 = 2000;

/// The newest checkpoint of `run` on its own held-out text, or on `corpus` where given.
///
/// # Errors
/// The run's folder, its checkpoint or the text cannot be read, or its corpus is not where it was.
pub async fn evaluate(run: &Path, corpus: &[PathBuf], place: &Place) -> Result<EvalMetrics> {
    let checkpoint = checkpoint::resume_point(run, None)?;
    let position = super::position(&checkpoint)?;
    let path = run.join("config.toml");
    let config = std::fs::read_to_string(&path).map_err(|e| Error::io("read the configuration", &path, &e))?;
    let mut config = Config::from_toml(&config, &path.display().to_string())?;
    config.eval_rows = ROWS_MAX;
    let trained_on = super::trained_on(&checkpoint)?;
    let tokenizer = checkpoint.dir.join("generator");
    let wanted = if corpus.is_empty() {
        trained_on.wanted()
    } else {
        Wanted { corpus: &[], valid: corpus, builtin: None, lang: trained_on.lang }
    };
    let text = source::open(&wanted, &config, Some(&tokenizer), &mut |_| {})?;
    let from = From::Checkpoint(&checkpoint, position);
    let Assembly { mut session, .. } = assemble(&config, &text, place, &from, 0).await?;
    session.evaluate().await
}
