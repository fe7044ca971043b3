//! Draft; replaced by the packing of the batch room.
use serde::{Deserialize, Serialize};

/// How a row of tokens is filled from the corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Packing {
    Segments,
    Contiguous,
    Lines,
}
