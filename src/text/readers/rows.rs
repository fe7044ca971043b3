//! Reads one column of a parquet file, page by page: one document for each row.

use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::basic::{Compression, ConvertedType, LogicalType};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use super::checked;
use super::input::Piece;
use crate::message::{Fact, Message};
use crate::{Error, Result};

/// A column of a parquet file.
pub struct Rows {
    file: SerializedFileReader<File>,
    path: PathBuf,
    column: usize,
    /// The highest definition level: below it a value is null.
    present: i16,
    next_group: usize,
    group: Option<ColumnReaderImpl<ByteArrayType>>,
    /// Rows that were read and not yet given out, the last one first.
    ready: Vec<Option<ByteArray>>,
    rows_done: u64,
    rows_total: u64,
}

/// How many rows are read at once. A page holds more, and each may be long.
const ROWS_AT_ONCE: usize = 64;

impl Rows {
    /// `field`: the name of the column.
    pub fn open(path: &Path, field: &str) -> Result<Self> {
        no_panic(path, || Self::opened(path, field))
    }

    fn opened(path: &Path, field: &str) -> Result<Self> {
        let file = file(path)?;
        let meta = file.metadata();
        let rows_total = u64::try_from(meta.file_metadata().num_rows()).unwrap_or(0);
        let schema = meta.file_metadata().schema_descr();
        let names: Vec<String> = schema.columns().iter().map(|column| column.path().string()).collect();
        let Some(column) = names.iter().position(|name| name == field) else {
            let error = Error::failed("no-such-field").with("field", field).with("fields", names.join(", "));
            return Err(error.at_path(path));
        };
        let descr = schema.column(column);
        if !holds_bytes(&descr) {
            return Err(Error::failed("column-not-strings").with("column", field).at_path(path));
        }
        let present = descr.max_def_level();
        for group in meta.row_groups() {
            if let Compression::ZSTD(_) | Compression::LZO = group.column(column).compression() {
                let codec = group.column(column).compression().to_string();
                let error = Error::failed("column-codec").with("column", field).with("codec", codec);
                return Err(error.at_path(path));
            }
        }
        let path = path.to_owned();
        Ok(Self {
            file,
            path,
            column,
            present,
            next_group: 0,
            group: None,
            ready: Vec::new(),
            rows_done: 0,
            rows_total,
        })
    }

    pub fn share(&self) -> f64 {
        (self.rows_done as f64 / self.rows_total.max(1) as f64).min(1.0)
    }

    pub fn next(&mut self) -> Result<Option<Piece>> {
        let path = self.path.clone();
        no_panic(&path, || self.row())
    }

    fn row(&mut self) -> Result<Option<Piece>> {
        while self.ready.is_empty() {
            if !self.read_ahead()? {
                return Ok(None);
            }
        }
        let value = self.ready.pop().flatten();
        self.rows_done += 1;
        self.piece(value.as_ref()).map(Some)
    }

    /// A null row is an empty document.
    fn piece(&self, value: Option<&ByteArray>) -> Result<Piece> {
        let text = checked::text(value.map_or(&[][..], ByteArray::data)).map_err(|error| {
            error.at_place(Message::new("at-row").with("file", &self.path).with("row", self.rows_done))
        })?;
        Ok((text.to_owned(), true))
    }

    /// Fills `ready`; `false` at the end of the file.
    fn read_ahead(&mut self) -> Result<bool> {
        loop {
            let Some(group) = &mut self.group else {
                if self.next_group == self.file.num_row_groups() {
                    return Ok(false);
                }
                self.group = Some(self.open_group()?);
                self.next_group += 1;
                continue;
            };
            let (mut values, mut levels) = (Vec::new(), Vec::new());
            let (rows, _, _) = group
                .read_records(ROWS_AT_ONCE, Some(&mut levels), None, &mut values)
                .map_err(|e| damaged(&self.path, e.to_string()))?;
            if rows == 0 {
                self.group = None;
                continue;
            }
            let mut values = values.into_iter();
            if self.present == 0 {
                self.ready.extend(values.map(Some));
            } else {
                self.ready.extend(levels.iter().map(|&level| if level == self.present { values.next() } else { None }));
            }
            self.ready.reverse();
            return Ok(true);
        }
    }

    fn open_group(&self) -> Result<ColumnReaderImpl<ByteArrayType>> {
        let reader = || self.file.get_row_group(self.next_group)?.get_column_reader(self.column);
        match reader().map_err(|e| damaged(&self.path, e.to_string()))? {
            ColumnReader::ByteArrayColumnReader(reader) => Ok(reader),
            _ => Err(damaged(&self.path, Message::new("parquet-column-changes-type"))),
        }
    }
}

fn file(path: &Path) -> Result<SerializedFileReader<File>> {
    let open = File::open(path).map_err(|e| Error::io("io-open", path, &e))?;
    SerializedFileReader::new(open).map_err(|e| damaged(path, e.to_string()))
}

fn holds_bytes(column: &ColumnDescriptor) -> bool {
    column.physical_type() == parquet::basic::Type::BYTE_ARRAY && column.max_rep_level() == 0
}

/// The columns of a parquet file, and whether each may hold documents.
pub fn columns(path: &Path) -> Result<Vec<(String, bool)>> {
    no_panic(path, || {
        let file = file(path)?;
        let columns = file.metadata().file_metadata().schema_descr().columns().iter().map(|column| {
            // Pictures and sounds are bytes too.
            let text = column.converted_type() == ConvertedType::UTF8
                || matches!(column.logical_type_ref(), Some(LogicalType::String));
            (column.path().string(), text && holds_bytes(column))
        });
        Ok(columns.collect())
    })
}

/// The crate panics on some damaged files. This turns the panic into an error, like all other damage.
fn no_panic<T>(path: &Path, read: impl FnOnce() -> Result<T>) -> Result<T> {
    // Unwind safe: after an error the reader is never used again.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(damaged(path, Message::new("parquet-contradicts-itself"))))
}

fn damaged(path: &Path, detail: impl Into<Fact>) -> Error {
    Error::failed("parquet-damaged").with("detail", detail).at_path(path)
}
