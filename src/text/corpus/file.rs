//! A file of a corpus: where it is, what its bytes are, and what it is read for.

use crate::message::Message;
use crate::text::Role;
use std::path::PathBuf;

/// How a file separates documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Blocks between blank lines.
    Text,
    /// `<doc ...>`, the lines of an article, `</doc>`, as WikiExtractor writes them.
    Articles,
    /// One JSON object in each line.
    Jsonl,
    /// A JSON array of objects or of strings, or objects one after another, over any lines.
    Json,
    /// A table with a line of column names, one document in each row.
    Table {
        delimiter: u8,
        /// Whether a field may stand between quotation marks.
        quoted: bool,
    },
    /// One document in each row.
    Parquet,
}

/// How the bytes of a file are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    None,
    Gzip,
    Zstd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

/// What the bytes of a file are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub format: Format,
    pub packing: Packing,
    pub encoding: Encoding,
    /// The field or column that holds the documents; none if the format has no fields.
    pub field: Option<String>,
}

impl Form {
    /// Whether the bytes of the file do not show how much text it has.
    pub fn is_compressed(&self) -> bool {
        self.packing != Packing::None || self.format == Format::Parquet
    }

    pub fn message(&self) -> Message {
        let field = self.field.as_deref().unwrap_or_default();
        let form = match self.format {
            Format::Text => Message::new("form-text"),
            Format::Articles => Message::new("form-articles"),
            Format::Jsonl => Message::new("form-json-lines").with("field", field),
            Format::Json if self.field.is_none() => Message::new("form-json-strings"),
            Format::Json => Message::new("form-json").with("field", field),
            Format::Table { .. } => Message::new("form-table").with("field", field),
            Format::Parquet => Message::new("form-parquet").with("field", field),
        };
        let form = match self.encoding {
            Encoding::Utf8 => form,
            Encoding::Utf16Le | Encoding::Utf16Be => Message::new("form-utf16").with("form", form),
        };
        match self.packing {
            Packing::None => form,
            Packing::Gzip => Message::new("form-packed").with("form", form).with("packing", "gzip"),
            Packing::Zstd => Message::new("form-packed").with("form", form).with("packing", "zstd"),
        }
    }
}

/// A file that is read.
#[derive(Debug, Clone, PartialEq)]
pub struct CorpusFile {
    pub path: PathBuf,
    pub form: Form,
    pub role: Role,
    /// Why it has this role.
    pub why: Message,
    /// Its size on disk.
    pub bytes: u64,
    /// The time of the last change, in nanoseconds since 1970; 0 if the file system does not know it.
    pub(super) modified_nanos: u128,
}
