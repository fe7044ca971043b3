//! Trains a tokenizer on a text before any run, into a folder of its own.
//! text + recipe -> [`train_tokenizer`] -> vocab.txt, tokenizer.json, tokenizer_config.json.

use crate::hub::{Staging, refuse_occupied};
use crate::path::path_of;
use crate::run::source::{Stories, Wanted};
use crate::text::Chunk;
use crate::text::corpus::Corpus;
use crate::text::tokenizer::Tokenizer;
use crate::text::unknown::Made;
use crate::text::wordpiece::{self, Progress, Recipe, Trained};
use crate::{Error, Result, machine};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Trains on the text that `wanted` names, without its held-out part, and writes the folder `out` whole or not at all. If `stop` is
/// set while it reads, it ends.
///
/// # Errors
/// The folder holds something already, the text cannot be read or has no word, more than the share `unknown_max` of it would be
/// unknown, or it was stopped.
pub fn train_tokenizer(
    wanted: &Wanted,
    recipe: &Recipe,
    max_positions: usize,
    unknown_max: f64,
    out: &Path,
    stop: &AtomicBool,
    progress: impl FnMut(Progress),
) -> Result<Trained> {
    machine::start(None)?;
    // An occupied folder is refused before the work.
    refuse_occupied(out)?;
    let going = |chunk: Result<Chunk>| {
        if stop.load(Ordering::Relaxed) { Err(Error::failed("stopped-as-asked")) } else { chunk }
    };
    let trained = match wanted.builtin {
        Some(level) => {
            let stories = Stories::new(wanted.lang, level)?;
            wordpiece::train(stories.chunks().map(going), recipe, progress)?
        }
        None => {
            let [corpus, valid] =
                [&wanted.corpus, &wanted.valid].map(|names| names.iter().map(|name| path_of(name)).collect::<Vec<_>>());
            let corpus = Corpus::open(&corpus, &valid, wanted.field.as_deref())?;
            wordpiece::train(corpus.training_chunks().map(going), recipe, progress)?
        }
    };
    trained.unknown.check(unknown_max, Made::OfThisText)?;
    write(&trained.tokenizer, max_positions, out)?;
    Ok(trained)
}

/// Writes the tokenizer's files into the folder `out`, whole or not at all, because half a vocabulary would pass for a tokenizer.
pub fn write(tokenizer: &Tokenizer, max_positions: usize, out: &Path) -> Result<()> {
    fill(Staging::begin(out)?, tokenizer, max_positions)
}

/// Writes the tokenizer's files into a folder that has begun, and puts it in its place.
pub(super) fn fill(mut staging: Staging, tokenizer: &Tokenizer, max_positions: usize) -> Result<()> {
    for (name, text) in tokenizer.to_files(max_positions)? {
        staging.write(name, |file| file.write_all(text.as_bytes()))?;
    }
    staging.commit()
}
