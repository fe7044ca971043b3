//! Gives a command its texts: its arguments, or the lines of standard input as they arrive.

use crate::message::Message;
use crate::{Error, Result};
use std::io::{BufRead, IsTerminal};

/// A text, and its line number if it came from standard input.
pub struct Text {
    pub text: String,
    line: Option<usize>,
}

impl Text {
    /// Whether it is a line of standard input without a word. It has nothing to hide or fill, but later lines may.
    pub fn is_blank_line(&self) -> bool {
        self.line.is_some() && self.text.trim().is_empty()
    }

    /// `error`, with the place of this text if it names no place.
    pub fn blame(&self, error: Error) -> Error {
        match self.line {
            Some(line) if error.place.is_none() => error.at_place(at_line(line)),
            _ => error,
        }
    }
}

/// Gives one text after another. `-` stands for the lines of standard input, and so does an empty list.
///
/// # Errors
/// There is no text, and standard input is a keyboard.
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
