//! Reads a table of text (CSV, TSV): its line of column names -> one document for each row, from one column.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::broken::Broken;
use super::checked;
use super::input::{Input, LINE_BYTES_MAX, Piece, Place};
use crate::{Error, Result};

/// The library reads ahead by less than this.
const AHEAD_BYTES: u64 = 1 << 16;

/// An open table.
pub struct Table {
    rows: csv::Reader<Limited>,
    pub place: Place,
    /// How many bytes may still be read for this row.
    left: Arc<AtomicU64>,
    column: usize,
    row: csv::ByteRecord,
}

impl Table {
    /// `field`: the name of the column.
    pub fn open(input: Input, delimiter: u8, quoted: bool, field: &str) -> Result<Self> {
        let Input { reader, place, .. } = input;
        let left = Arc::new(AtomicU64::new(LINE_BYTES_MAX as u64 + AHEAD_BYTES));
        let limited = Limited { reader, left: Arc::clone(&left) };
        let rows = csv::ReaderBuilder::new().delimiter(delimiter).quoting(quoted).from_reader(limited);
        let mut table = Self { rows, place, left, column: 0, row: csv::ByteRecord::new() };
        let names = table.columns()?;
        let Some(column) = names.iter().position(|name| name == field) else {
            let error = Error::failed("no-such-field").with("field", field).with("fields", names.join(", "));
            return Err(error.at_path(&table.place.path));
        };
        table.column = column;
        Ok(table)
    }

    fn columns(&mut self) -> Result<Vec<String>> {
        match self.rows.byte_headers() {
            Ok(names) => Ok(names.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect()),
            Err(e) => Err(self.wrong(&e)),
        }
    }

    /// The text of the next row. An empty field is an empty document.
    pub fn next(&mut self) -> Result<Option<Piece>> {
        self.left.store(LINE_BYTES_MAX as u64 + AHEAD_BYTES, Ordering::Relaxed);
        match self.rows.read_byte_record(&mut self.row) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(e) => return Err(self.wrong(&e)),
        }
        let line = self.row.position().map_or(0, csv::Position::line);
        let field = self.row.get(self.column).unwrap_or_default();
        let text = checked::text(field).map_err(|error| self.place.in_line(error, line))?;
        Ok(Some((text.to_owned(), true)))
    }

    fn wrong(&self, e: &csv::Error) -> Error {
        let at = |position: &Option<csv::Position>| position.as_ref().map_or(0, csv::Position::line);
        match e.kind() {
            csv::ErrorKind::Io(e) => self.place.read_error(e, self.rows.position().byte()),
            csv::ErrorKind::UnequalLengths { pos, expected_len, len } => self.place.in_line(
                Error::failed("table-row-of-other-length").with("fields", *len).with("columns", *expected_len),
                at(pos),
            ),
            _ => self.place.in_line(Error::failed("table-damaged").with("detail", e.to_string()), 0),
        }
    }
}

/// Ends with an error if a row is too long. A quotation mark that is never closed would make one row of the rest of the file.
struct Limited {
    reader: Box<dyn BufRead + Send>,
    left: Arc<AtomicU64>,
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(Broken::TooLong.into());
        }
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = self.reader.read(&mut buffer[..most])?;
        self.left.store(left - read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// The column names of the first line of a table, and whether its next rows have as many fields.
pub fn first_rows(head: &[u8], delimiter: u8, quoted: bool) -> Option<FirstRows> {
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .quoting(quoted)
        .has_headers(false)
        .flexible(true)
        .from_reader(head)
        .into_byte_records()
        .map_while(std::result::Result::ok);
    let names: Vec<String> = rows.next()?.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
    let mut rest: Vec<usize> = rows.map(|row| row.len()).collect();
    if rest.len() > 1 {
        // The last one may be cut off.
        rest.pop();
    }
    let even = rest.iter().all(|fields| *fields == names.len());
    Some(FirstRows { names, rows: rest.len(), even })
}

/// The beginning of a table.
pub struct FirstRows {
    pub names: Vec<String>,
    /// The rows that follow the names.
    pub rows: usize,
    pub even: bool,
}
