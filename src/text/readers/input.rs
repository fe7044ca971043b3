//! Opens a file of a corpus as text in UTF-8: bytes -> unpacked -> from UTF-16 -> without its byte order mark. It counts what it has
//! taken from the file, and knows what an error means and where it lies.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::broken::Broken;
use super::packed::{Frames, Members};
use crate::message::Message;
use crate::text::corpus::{Encoding, Packing};
use crate::{Error, Result};

/// A longer line or row is refused: it is no sentence, and memory must stay small.
pub const LINE_BYTES_MAX: usize = 16 << 20;
/// A longer document is given in pieces of about this size.
pub const CHUNK_BYTES: usize = 1 << 20;

/// The next piece of a document, and whether the document ends with it.
pub type Piece = (String, bool);

const BUFFER_BYTES: usize = 1 << 16;
const MARK: &[u8] = b"\xef\xbb\xbf";

/// An open file, as text in UTF-8 that is not checked yet.
pub struct Input {
    pub reader: Box<dyn BufRead + Send>,
    pub place: Place,
    /// The position at which the text begins, in the unpacked bytes.
    pub start: u64,
}

impl Input {
    pub fn open(path: &Path, packing: Packing, encoding: Encoding, bytes: u64) -> Result<Self> {
        let (reader, place) = Place::open(path, packing, encoding, bytes)?;
        let mut reader: Box<dyn BufRead + Send> = match encoding {
            Encoding::Utf8 => reader,
            Encoding::Utf16Le => Box::new(buffered(Utf16::new(reader, u16::from_le_bytes))),
            Encoding::Utf16Be => Box::new(buffered(Utf16::new(reader, u16::from_be_bytes))),
        };
        let mut head = Vec::new();
        reader.by_ref().take(MARK.len() as u64).read_to_end(&mut head).map_err(|e| place.read_error(&e, 0))?;
        let start = if head == MARK { MARK.len() } else { 0 };
        Ok(Self { reader: Box::new(Cursor::new(head.split_off(start)).chain(reader)), place, start: start as u64 })
    }
}

/// The first bytes of a file after unpacking, and the error if fewer than `most` of them can be read.
pub fn peek(path: &Path, packing: Packing, most: usize) -> Result<(Vec<u8>, Option<Error>)> {
    let (reader, place) = Place::open(path, packing, Encoding::Utf8, 0)?;
    let mut head = Vec::new();
    let error = reader.take(most as u64).read_to_end(&mut head).err();
    let error = error.map(|e| place.read_error(&e, head.len() as u64));
    Ok((head, error))
}

fn buffered<R: Read>(reader: R) -> BufReader<R> {
    BufReader::with_capacity(BUFFER_BYTES, reader)
}

/// Where a reader is, for progress and for errors.
pub struct Place {
    pub path: PathBuf,
    packing: Packing,
    encoding: Encoding,
    /// Bytes taken from the file itself, before they are unpacked.
    taken: Arc<AtomicU64>,
    bytes: u64,
}

impl Place {
    fn open(path: &Path, packing: Packing, encoding: Encoding, bytes: u64) -> Result<(Box<dyn BufRead + Send>, Self)> {
        let file = File::open(path).map_err(|e| Error::io("io-open", path, &e))?;
        let taken = Arc::new(AtomicU64::new(0));
        let counted = buffered(Counted { file, taken: Arc::clone(&taken) });
        let reader: Box<dyn BufRead + Send> = match packing {
            Packing::None => Box::new(counted),
            Packing::Gzip => Box::new(buffered(Members::new(counted))),
            Packing::Zstd => Box::new(buffered(Frames::new(counted))),
        };
        Ok((reader, Self { path: path.to_owned(), packing, encoding, taken, bytes }))
    }

    /// How much of the file has been read, 0 to 1.
    pub fn share(&self) -> f64 {
        (self.taken.load(Ordering::Relaxed) as f64 / self.bytes.max(1) as f64).min(1.0)
    }

    /// `error` at a byte of the text.
    pub fn placed(&self, error: Error, byte: u64) -> Error {
        let file = &self.path;
        error.at_place(match (self.encoding, self.packing) {
            (Encoding::Utf8, Packing::None) => Message::new("at-byte").with("file", file).with("byte", byte),
            (Encoding::Utf8, _) => Message::new("at-byte-decompressed").with("file", file).with("byte", byte),
            // The text was converted, so the byte is none of the file.
            (..) => Message::new("at-byte-converted").with("file", file).with("byte", byte),
        })
    }

    /// `error` at a line of the text.
    pub fn in_line(&self, error: Error, line: u64) -> Error {
        error.at_place(Message::new("at-line").with("file", &self.path).with("line", line))
    }

    /// What an error while reading means.
    pub fn read_error(&self, e: &io::Error, byte: u64) -> Error {
        let broken = e.get_ref().and_then(|inner| inner.downcast_ref::<Broken>());
        let error = match (broken, self.packing) {
            (Some(Broken::AfterGzip), _) => Error::failed("bytes-after-gzip"),
            (Some(Broken::AfterZstd), _) => Error::failed("bytes-after-zstd"),
            (Some(Broken::Utf16), _) => Error::failed("utf16-broken"),
            (Some(Broken::Checksum), _) => {
                Error::failed("zstd-damaged").with("detail", Message::new("checksum-differs"))
            }
            (Some(Broken::TooLong), _) => Error::failed("row-too-long").with("mib", LINE_BYTES_MAX >> 20),
            (_, Packing::None) => return Error::io("io-read", &self.path, e),
            (_, Packing::Gzip) if ends_early(e) => Error::failed("gzip-cut-off"),
            (_, Packing::Gzip) => Error::failed("gzip-damaged").with("detail", e.to_string()),
            (_, Packing::Zstd) if ends_early(e) => Error::failed("zstd-cut-off"),
            (_, Packing::Zstd) => Error::failed("zstd-damaged").with("detail", e.to_string()),
        };
        self.placed(error, byte)
    }
}

/// Whether an error comes from the end of the file. Libraries wrap it in errors of their own.
fn ends_early(e: &io::Error) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(e);
    while let Some(error) = source {
        if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::UnexpectedEof) {
            return true;
        }
        source = error.source();
    }
    // `io::Error::source` goes past the error that it wraps.
    e.get_ref().is_some_and(|inner| inner.downcast_ref::<io::Error>().is_some_and(ends_early))
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

/// UTF-16 as UTF-8.
struct Utf16<R> {
    inner: R,
    unit: fn([u8; 2]) -> u16,
    /// The first half of a pair whose second half has not been read yet.
    first_half: Option<u16>,
    /// The first byte of a unit whose second byte has not been read yet.
    odd: Option<u8>,
    ready: Cursor<Vec<u8>>,
}

impl<R: BufRead> Utf16<R> {
    fn new(inner: R, unit: fn([u8; 2]) -> u16) -> Self {
        Self { inner, unit, first_half: None, odd: None, ready: Cursor::default() }
    }

    /// Converts what the inner reader has ready; `false` at its end.
    fn convert(&mut self) -> io::Result<bool> {
        let bytes = self.inner.fill_buf()?;
        if bytes.is_empty() {
            let whole = self.first_half.is_none() && self.odd.is_none();
            return if whole { Ok(false) } else { Err(Broken::Utf16.into()) };
        }
        let (taken, mut units) = (bytes.len(), Vec::with_capacity(bytes.len() / 2 + 2));
        units.extend(self.first_half.take());
        let mut bytes = bytes;
        if let (Some(first), [second, rest @ ..]) = (self.odd.take(), bytes) {
            units.push((self.unit)([first, *second]));
            bytes = rest;
        }
        let pairs = bytes.chunks_exact(2);
        self.odd = pairs.remainder().first().copied();
        units.extend(pairs.map(|pair| (self.unit)([pair[0], pair[1]])));
        self.first_half = units.pop_if(|last| (0xd800..0xdc00).contains(last));
        self.inner.consume(taken);
        let mut text = String::with_capacity(2 * units.len());
        for c in char::decode_utf16(units) {
            text.push(c.map_err(|_| Broken::Utf16)?);
        }
        self.ready = Cursor::new(text.into_bytes());
        Ok(true)
    }
}

impl<R: BufRead> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.ready.read(buffer)?;
            if read > 0 || buffer.is_empty() || !self.convert()? {
                return Ok(read);
            }
        }
    }
}
