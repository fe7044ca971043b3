//! Reads the corpus formats: a file -> its documents as pieces of text. An error names the byte where it lies. A reader holds no
//! more than one line or one row of the file, and a piece of [`CHUNK_BYTES`].

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;
use parquet::basic::Compression;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::corpus::{CorpusFile, Format};
use crate::message::{Fact, Message};
use crate::{Error, Result};

/// A longer line or row is refused: it is no sentence, and memory must stay small.
pub const LINE_BYTES_MAX: usize = 16 << 20;
/// A longer document is given in pieces of about this size.
const CHUNK_BYTES: usize = 1 << 20;

/// The next piece of a document, and whether the document ends with it.
type Piece = (String, bool);

/// An open corpus file.
pub enum Reader {
    Text(Blocks),
    Jsonl(Lines),
    Parquet(Box<Rows>),
}

impl Reader {
    pub fn open(file: &CorpusFile) -> Result<Self> {
        Ok(match file.format {
            Format::Text => Self::Text(Blocks { lines: Lines::open(file)?, open: false }),
            Format::Jsonl => Self::Jsonl(Lines::open(file)?),
            Format::Parquet => Self::Parquet(Box::new(no_panic(&file.path, || Rows::open(&file.path))?)),
        })
    }

    pub fn next(&mut self) -> Result<Option<Piece>> {
        match self {
            Self::Text(blocks) => blocks.next(),
            Self::Jsonl(lines) => next_object(lines),
            Self::Parquet(rows) => {
                let path = rows.path.clone();
                no_panic(&path, || rows.next())
            }
        }
    }

    /// How much of the file has been read, 0 to 1.
    pub fn share(&self) -> f64 {
        match self {
            Self::Text(blocks) => blocks.lines.share(),
            Self::Jsonl(lines) => lines.share(),
            Self::Parquet(rows) => rows.share(),
        }
    }
}

/// The lines of a text file, gzipped or not, checked: UTF-8, no NUL, none longer than [`LINE_BYTES_MAX`].
pub struct Lines {
    input: Box<dyn BufRead + Send>,
    path: PathBuf,
    gzip: bool,
    /// Bytes taken from the file itself, before decompression.
    taken: Arc<AtomicU64>,
    bytes: u64,
    /// The position of the next line in the decompressed text.
    offset: u64,
    /// The number of the current line, from 1.
    number: u64,
    line: Vec<u8>,
}

impl Lines {
    fn open(file: &CorpusFile) -> Result<Self> {
        let open = File::open(&file.path).map_err(|e| Error::io("io-open", &file.path, &e))?;
        let taken = Arc::new(AtomicU64::new(0));
        let counted = Counted { file: open, taken: Arc::clone(&taken) };
        let input: Box<dyn BufRead + Send> = if file.gzip {
            Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(counted)))
        } else {
            Box::new(BufReader::with_capacity(1 << 16, counted))
        };
        let (path, gzip, bytes) = (file.path.clone(), file.gzip, file.bytes);
        Ok(Self { input, path, gzip, taken, bytes, offset: 0, number: 0, line: Vec::new() })
    }

    fn share(&self) -> f64 {
        (self.taken.load(Ordering::Relaxed) as f64 / self.bytes.max(1) as f64).min(1.0)
    }

    /// The next line without its end, and without white space around it.
    fn next(&mut self) -> Result<Option<&str>> {
        let start = self.offset;
        self.number += 1;
        self.line.clear();
        let mut limited = (&mut self.input).take(LINE_BYTES_MAX as u64 + 1);
        let read = limited.read_until(b'\n', &mut self.line).map_err(|e| self.read_error(&e, start))?;
        if read == 0 {
            return Ok(None);
        }
        self.offset += read as u64;
        self.check(start)?;
        let line = if start == 0 { self.line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.line) } else { &self.line };
        // `check` has found UTF-8, and a byte order mark is a character of its own.
        Ok(Some(std::str::from_utf8(line).expect("checked just above").trim()))
    }

    fn check(&self, start: u64) -> Result<()> {
        if self.line.len() > LINE_BYTES_MAX {
            let error = Error::failed("line-too-long").with("line", self.number).with("mib", LINE_BYTES_MAX >> 20);
            return Err(self.placed(error, start));
        }
        if start == 0 && (self.line.starts_with(b"\xff\xfe") || self.line.starts_with(b"\xfe\xff")) {
            return Err(self.placed(Error::failed("utf16-text"), 0));
        }
        if let Some(at) = self.line.iter().position(|&byte| byte == 0) {
            return Err(self.placed(Error::failed("binary-file"), start + at as u64));
        }
        if let Err(e) = std::str::from_utf8(&self.line) {
            let at = e.valid_up_to();
            let error =
                Error::failed("not-utf8").with("byte", format!("0x{:02x}", self.line[at])).with("line", self.number);
            return Err(self.placed(error, start + at as u64));
        }
        Ok(())
    }

    fn placed(&self, error: Error, offset: u64) -> Error {
        let file = &self.path;
        error.at_place(match self.gzip {
            true => Message::new("at-byte-decompressed").with("file", file).with("byte", offset),
            false => Message::new("at-byte").with("file", file).with("byte", offset),
        })
    }

    fn read_error(&self, e: &io::Error, start: u64) -> Error {
        if !self.gzip {
            return Error::io("io-read", &self.path, e);
        }
        let error = match e.kind() {
            io::ErrorKind::UnexpectedEof => Error::failed("gzip-cut-off"),
            _ => Error::failed("gzip-damaged").with("detail", e.to_string()),
        };
        self.placed(error, start)
    }
}

struct Counted {
    file: File,
    taken: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.taken.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// The documents of a text file: blocks of lines between blank ones.
pub struct Blocks {
    lines: Lines,
    /// Whether a piece of the current document has been given out.
    open: bool,
}

impl Blocks {
    fn next(&mut self) -> Result<Option<Piece>> {
        let mut text = String::new();
        while let Some(line) = self.lines.next()? {
            if line.is_empty() {
                if self.open || !text.is_empty() {
                    self.open = false;
                    return Ok(Some((text, true)));
                }
                continue;
            }
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(line);
            if text.len() >= CHUNK_BYTES {
                self.open = true;
                return Ok(Some((text, false)));
            }
        }
        let ends = self.open || !text.is_empty();
        self.open = false;
        Ok(ends.then_some((text, true)))
    }
}

/// The only key of a jsonl object that is read.
#[derive(serde::Deserialize)]
struct Object<'l> {
    #[serde(borrow)]
    text: Cow<'l, str>,
}

/// The "text" of the next line that is not blank.
fn next_object(lines: &mut Lines) -> Result<Option<Piece>> {
    loop {
        let start = lines.offset;
        let parsed = match lines.next()? {
            None => return Ok(None),
            Some("") => continue,
            Some(line) => serde_json::from_str::<Object<'_>>(line).map(|object| object.text.into_owned()),
        };
        match parsed {
            Ok(text) => return Ok(Some((text, true))),
            Err(e) => {
                let error = Error::failed("not-a-json-text").with("line", lines.number).with("detail", e.to_string());
                return Err(lines.placed(error, start));
            }
        }
    }
}

/// The column "text" of a parquet file, page by page.
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
    fn open(path: &Path) -> Result<Self> {
        let open = File::open(path).map_err(|e| Error::io("io-open", path, &e))?;
        let file = SerializedFileReader::new(open).map_err(|e| damaged(path, e.to_string()))?;
        let meta = file.metadata();
        let rows_total = u64::try_from(meta.file_metadata().num_rows()).unwrap_or(0);
        let schema = meta.file_metadata().schema_descr();
        let names: Vec<String> = schema.columns().iter().map(|column| column.path().string()).collect();
        let Some(column) = names.iter().position(|name| name == "text") else {
            return Err(Error::failed("no-text-column").with("columns", names.join(", ")).at_path(path));
        };
        let descr = schema.column(column);
        if descr.physical_type() != parquet::basic::Type::BYTE_ARRAY || descr.max_rep_level() > 0 {
            return Err(Error::failed("text-column-not-strings").at_path(path));
        }
        let present = descr.max_def_level();
        for group in meta.row_groups() {
            if let Compression::ZSTD(_) | Compression::LZO = group.column(column).compression() {
                let codec = group.column(column).compression();
                return Err(Error::failed("text-column-codec").with("codec", codec.to_string()).at_path(path));
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

    fn share(&self) -> f64 {
        (self.rows_done as f64 / self.rows_total.max(1) as f64).min(1.0)
    }

    fn next(&mut self) -> Result<Option<Piece>> {
        loop {
            while let Some(value) = self.ready.pop() {
                self.rows_done += 1;
                if let Some(value) = value {
                    return self.piece(&value).map(Some);
                }
            }
            if !self.read_ahead()? {
                return Ok(None);
            }
        }
    }

    /// A null row or a row without text is no document, but it counts as a row.
    fn piece(&self, value: &ByteArray) -> Result<Piece> {
        let at = || Message::new("at-row").with("file", &self.path).with("row", self.rows_done);
        let placed = |error: Error| error.at_place(at());
        if value.len() > LINE_BYTES_MAX {
            return Err(placed(Error::failed("row-too-long").with("mib", LINE_BYTES_MAX >> 20)));
        }
        let text = std::str::from_utf8(value.data())
            .map_err(|e| placed(Error::failed("row-not-utf8").with("byte", e.valid_up_to())))?;
        if text.contains('\0') {
            return Err(placed(Error::failed("row-is-binary")));
        }
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

/// The crate panics on some damaged files. This turns the panic into an error, like all other damage.
fn no_panic<T>(path: &Path, read: impl FnOnce() -> Result<T>) -> Result<T> {
    // Unwind safe: after an error the reader is never used again.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(damaged(path, Message::new("parquet-contradicts-itself"))))
}

fn damaged(path: &Path, detail: impl Into<Fact>) -> Error {
    Error::failed("parquet-damaged").with("detail", detail).at_path(path)
}
