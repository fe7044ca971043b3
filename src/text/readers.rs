//! Reads the formats of a corpus: a file -> its documents as pieces of text. An error names the place where it lies. A reader holds no
//! more than one line or one row of the file, and a piece of [`input::CHUNK_BYTES`].

mod broken;
mod checked;
pub mod input;
pub mod json;
mod lines;
pub mod packed;
mod rows;
pub mod table;

use std::path::Path;

use super::corpus::{CorpusFile, Form, Format};
use crate::Result;
use input::{Input, Piece};
use json::{First, Objects, Values};
use lines::{Blocks, Lines};
use table::Table;

pub use rows::{Rows, columns as parquet_columns};

/// An open corpus file.
pub enum Reader {
    Text(Blocks),
    Jsonl(Objects),
    Json(Values),
    Table(Box<Table>),
    Parquet(Box<Rows>),
}

impl Reader {
    pub fn open(file: &CorpusFile) -> Result<Self> {
        let CorpusFile { path, form, bytes, .. } = file;
        let field = || form.field.clone().unwrap_or_default();
        let input = || Input::open(path, form.packing, form.encoding, *bytes);
        Ok(match form.format {
            Format::Text => Self::Text(Blocks::new(input()?, false)),
            Format::Articles => Self::Text(Blocks::new(input()?, true)),
            Format::Jsonl => Self::Jsonl(Objects::new(input()?, field())),
            Format::Json => Self::Json(Values::new(input()?, form.field.clone())),
            Format::Table { delimiter, quoted } => {
                Self::Table(Box::new(Table::open(input()?, delimiter, quoted, &field())?))
            }
            Format::Parquet => Self::Parquet(Box::new(Rows::open(path, &field())?)),
        })
    }

    pub fn next(&mut self) -> Result<Option<Piece>> {
        match self {
            Self::Text(blocks) => blocks.next(),
            Self::Jsonl(objects) => objects.next(),
            Self::Json(values) => values.next(),
            Self::Table(table) => table.next(),
            Self::Parquet(rows) => rows.next(),
        }
    }

    /// How much of the file has been read, 0 to 1.
    pub fn share(&self) -> f64 {
        match self {
            Self::Text(blocks) => blocks.lines.input.place.share(),
            Self::Jsonl(objects) => objects.lines.input.place.share(),
            Self::Json(values) => values.input.place.share(),
            Self::Table(table) => table.place.share(),
            Self::Parquet(rows) => rows.share(),
        }
    }
}

/// The first value of a JSON file. An error is left to the reader, which says where it lies.
pub fn first_value(path: &Path, form: &Form) -> Option<First> {
    let input = Input::open(path, form.packing, form.encoding, 0).ok()?;
    if form.format == Format::Json {
        let Some((_, value)) = Values::new(input, None).cut().ok()? else { return Some(First::None) };
        return Some(First::of(std::str::from_utf8(&value).ok()?));
    }
    let mut lines = Lines::new(input);
    loop {
        match lines.next().ok()? {
            None => return Some(First::None),
            Some("") => {}
            Some(line) => return Some(First::of(line)),
        }
    }
}
