//! A file of a corpus: where it is, how it separates documents, and what it is read for.

use crate::text::Role;
use std::path::PathBuf;

/// How a file separates documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Blocks between blank lines.
    Text,
    /// One JSON object in each line, with the document in its "text".
    Jsonl,
    /// One document in each row, in the column "text".
    Parquet,
}

/// A file that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorpusFile {
    pub path: PathBuf,
    pub format: Format,
    /// Whether it is compressed with gzip.
    pub gzip: bool,
    pub role: Role,
    /// Its size on disk.
    pub bytes: u64,
    /// The time of the last change, in nanoseconds since 1970; 0 if the file system does not know it.
    pub(super) modified_nanos: u128,
}
