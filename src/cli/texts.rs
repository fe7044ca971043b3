//! Gives a command its texts: its arguments, or the lines of standard input as they arrive.

use crate::message::Message;
use crate::{Error, Result};
use std::io::{BufRead, IsTerminal};

/// A text, and the line of standard input it came from, if it did.
pub struct Text {
    pub text: String,
    line: Option<usize>,
}

impl Text {
    /// A line of standard input without a word in it: nothing to hide or fill, and no reason to leave the lines after it.
    pub fn is_blank_line(&self) -> bool {
        self.line.is_some() && self.text.trim().is_empty()
    }

    /// `error`, with the place of this text where it names none.
    pub fn blame(&self, error: Error) -> Error {
        match self.line {
            Some(line) if error.place.is_none() => error.at_place(at_line(line)),
            _ => error,
        }
    }
}

/// Every text in turn; `-` stands for the lines of standard input, and so does no text at all.
///
/// # Errors
/// No text, and nothing but a keyboard to read one from.
pub fn read(typed: &[String]) -> Result<impl Iterator<Item = Result<Text>>> {
    if typed.is_empty() && std::io::stdin().is_terminal() {
        return Err(Error::usage("no-text-given"));
    }
    let typed = if typed.is_empty() { vec!["-".to_owned()] } else { typed.to_vec() };
    Ok(typed.into_iter().flat_map(|text| -> Box<dyn Iterator<Item = Result<Text>>> {
        if text == "-" { Box::new(lines()) } else { Box::new(std::iter::once(Ok(Text { text, line: None }))) }
    }))
}

fn at_line(line: usize) -> Message {
    Message::new("at-standard-input").with("line", line)
}

fn lines() -> impl Iterator<Item = Result<Text>> {
    std::io::stdin().lock().lines().zip(1..).map(|(read, line)| match read {
        Ok(mut text) => {
            text.truncate(text.trim_end_matches('\r').len());
            Ok(Text { text, line: Some(line) })
        }
        Err(e) => {
            let error = Error::failed("cannot-read-typed-text").with("detail", e.to_string());
            Err(error.at_place(at_line(line)))
        }
    })
}
