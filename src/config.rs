//! What a run is told: every setting of a preset, said once, checked once.
//! `assets/presets/*.toml` -> [`Config`]; the effective one is printed first, stored in the run folder and in checkpoints.

use serde::{Deserialize, Serialize};

/// How a row of tokens is filled from the corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Packing {
    /// The reference's example builder: two segments, sentences kept whole where they fit (electra `build_pretraining_dataset.py`).
    Segments,
    /// Rows cut from the stream of sentences, one segment, no sentence order lost and none padded but the last of a document.
    Contiguous,
    /// One sentence (line) a row, cut at the row length.
    Lines,
}
