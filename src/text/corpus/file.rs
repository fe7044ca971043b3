//! A file of a corpus: where it is, how it separates documents, and what it is read for.

use crate::text::Role;
use std::path::PathBuf;

/// How documents stand in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Blocks between blank lines.
    Text,
    /// One JSON object a line, the document in its "text".
    Jsonl,
    /// One row a document, in the column "text".
    Parquet,
}

/// A file that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorpusFile {
    pub path: PathBuf,
    pub format: Format,
    /// Compressed with gzip.
    pub gzip: bool,
    pub role: Role,
    /// On disk.
    pub bytes: u64,
    /// Nanoseconds since 1970, 0 where the file system does not know.
    pub(super) modified_nanos: u128,
}
