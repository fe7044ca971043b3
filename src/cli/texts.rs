//! The texts of a command: its arguments, or the lines of standard input, one by one as they arrive.

use crate::{Error, Result};
use std::io::{BufRead, IsTerminal};

/// Calls `each` with every text in turn; `-` stands for the lines of standard input, and so does no text at all.
pub fn for_each(typed: &[String], mut each: impl FnMut(&str) -> Result<()>) -> Result<()> {
    if typed.is_empty() && std::io::stdin().is_terminal() {
        return Err(Error::usage("there is no text").hint("give it as an argument, or one a line on standard input"));
    }
    let input = ["-".to_owned()];
    for text in if typed.is_empty() { &input[..] } else { typed } {
        if text == "-" {
            for_each_line(&mut each)?;
        } else {
            each(text)?;
        }
    }
    Ok(())
}

fn for_each_line(each: &mut impl FnMut(&str) -> Result<()>) -> Result<()> {
    for (number, line) in std::io::stdin().lock().lines().enumerate() {
        let place = || format!("standard input, line {}", number + 1);
        let line = line.map_err(|e| Error::failed(format!("cannot read the text: {e}")).at(place()))?;
        each(line.trim_end_matches('\r')).map_err(|e| if e.place.is_none() { e.at(place()) } else { e })?;
    }
    Ok(())
}
