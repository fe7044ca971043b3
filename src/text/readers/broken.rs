//! What is wrong with the bytes of a file, where the libraries have no word for it.

use std::{fmt, io};

/// It travels as the inner error of an [`io::Error`].
#[derive(Debug)]
pub enum Broken {
    AfterGzip,
    AfterZstd,
    /// The checksum of a zstd frame differs.
    Checksum,
    /// UTF-16 with half a pair, or with half a unit at its end.
    Utf16,
    /// A row of a table that does not end.
    TooLong,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Broken {}

impl From<Broken> for io::Error {
    fn from(broken: Broken) -> Self {
        Self::new(io::ErrorKind::InvalidData, broken)
    }
}
