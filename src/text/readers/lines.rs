//! Reads text line by line: a file -> its lines, checked -> blocks between blank lines, or the articles of WikiExtractor.

use std::io::{BufRead, Read};

use super::input::{CHUNK_BYTES, Input, LINE_BYTES_MAX, Piece};
use crate::{Error, Result};

/// The lines of a file, checked: UTF-8, no zero byte, none longer than [`LINE_BYTES_MAX`].
pub struct Lines {
    pub input: Input,
    /// The position of the next line in the unpacked text.
    pub offset: u64,
    /// The number of the current line, from 1.
    pub number: u64,
    line: Vec<u8>,
}

impl Lines {
    pub fn new(input: Input) -> Self {
        let offset = input.start;
        Self { input, offset, number: 0, line: Vec::new() }
    }

    /// The next line without its end, and without white space around it.
    pub fn next(&mut self) -> Result<Option<&str>> {
        let start = self.offset;
        self.number += 1;
        self.line.clear();
        let mut limited = (&mut self.input.reader).take(LINE_BYTES_MAX as u64 + 1);
        let read = limited.read_until(b'\n', &mut self.line).map_err(|e| self.input.place.read_error(&e, start))?;
        if read == 0 {
            return Ok(None);
        }
        self.offset += read as u64;
        self.check(start)?;
        Ok(Some(std::str::from_utf8(&self.line).expect("checked just above").trim()))
    }

    fn check(&self, start: u64) -> Result<()> {
        let placed = |error, at: usize| Err(self.input.place.placed(error, start + at as u64));
        if self.line.len() > LINE_BYTES_MAX {
            let error = Error::failed("line-too-long").with("line", self.number).with("mib", LINE_BYTES_MAX >> 20);
            return placed(error, 0);
        }
        if let Some(at) = self.line.iter().position(|&byte| byte == 0) {
            return placed(Error::failed("binary-file"), at);
        }
        if let Err(e) = std::str::from_utf8(&self.line) {
            let at = e.valid_up_to();
            let byte = format!("0x{:02x}", self.line[at]);
            return placed(Error::failed("not-utf8").with("byte", byte).with("line", self.number), at);
        }
        Ok(())
    }
}

/// The documents of a text file.
pub struct Blocks {
    pub lines: Lines,
    /// Whether a document is an article of WikiExtractor, and not a block between blank lines.
    articles: bool,
    /// Whether a piece of the current document has been given out.
    open: bool,
}

impl Blocks {
    pub fn new(input: Input, articles: bool) -> Self {
        Self { lines: Lines::new(input), articles, open: false }
    }

    pub fn next(&mut self) -> Result<Option<Piece>> {
        let mut text = String::new();
        while let Some(line) = self.lines.next()? {
            let border = if self.articles { is_border(line) } else { line.is_empty() };
            if border {
                if self.open || !text.is_empty() {
                    self.open = false;
                    return Ok(Some((text, true)));
                }
                continue;
            }
            if line.is_empty() {
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

/// The line before an article, or the one behind it.
fn is_border(line: &str) -> bool {
    line == "</doc>" || (line.starts_with("<doc ") && line.ends_with('>'))
}
