//! The files of a tokenizer, in a folder of their own.

use crate::Result;
use crate::hub::Staging;
use crate::text::tokenizer::Tokenizer;
use std::path::Path;

/// The folder `out` with the tokenizer's files, whole or not at all: a cut vocabulary would pass for a tokenizer.
pub fn write(tokenizer: &Tokenizer, max_positions: usize, out: &Path) -> Result<()> {
    let mut staging = Staging::begin(out)?;
    for (name, text) in tokenizer.to_files(max_positions)? {
        staging.write(name, |file| file.write_all(text.as_bytes()))?;
    }
    staging.commit()
}
