//! Writes the live sentence: the judge's verdicts as marks in the text, cut to the terminal's width.
//! tokens of a readout -> words -> one line.

use crate::train::event::{ReadToken, Verdict};
use crate::view::Lang;

/// A piece of the example line.
pub(super) struct Word {
    text: String,
    marked: bool,
    /// Whether no space separates it from the piece before it.
    joined: bool,
}

pub(super) fn is_marked(token: &ReadToken) -> bool {
    matches!(token.verdict(), Verdict::Caught | Verdict::Missed | Verdict::FalseAlarm)
}

/// `the dog [ate > drank 91% o] the [bone 62% ^].`
pub(super) fn words_from_sentence(sentence: &[ReadToken], lang: Lang) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::with_capacity(sentence.len());
    for token in sentence.iter().filter(|token| !token.special) {
        let p = lang.percent(token.p_replaced.unwrap_or(0.0), 0);
        let read = token.read();
        let text = match token.verdict() {
            Verdict::Caught => format!("[{} > {read} {p} o]", token.original),
            Verdict::Missed => format!("[{} > {read} {p} x]", token.original),
            Verdict::FalseAlarm => format!("[{read} {p} ^]"),
            Verdict::LuckyGuess | Verdict::Passed | Verdict::None => read.trim_start_matches("##").to_owned(),
        };
        let marked = is_marked(token);
        let joined = !marked && !words.is_empty() && (read.starts_with("##") || is_closing(read));
        words.push(Word { text, marked, joined });
    }
    words
}

fn is_closing(token: &str) -> bool {
    matches!(token, "." | "," | ";" | ":" | "!" | "?" | ")" | "]" | "'" | "’")
}

/// The sentence, or as much of it as fits into `width`, beginning a little before its first mark.
pub(super) fn fit(words: &[Word], width: usize, bold: bool) -> String {
    let widths: Vec<usize> = words.iter().map(|word| word.text.chars().count() + usize::from(!word.joined)).collect();
    let whole: usize = widths.iter().sum();
    let first_mark = words.iter().position(|word| word.marked).unwrap_or(0);
    let start = if whole <= width { 0 } else { first_mark.saturating_sub(2) };
    let mut line = String::new();
    let mut room = width;
    if start > 0 {
        line.push('…');
        room = room.saturating_sub(1);
    }
    for (word, word_width) in words.iter().zip(&widths).skip(start) {
        // One column is for the sign that something is left out.
        if *word_width >= room {
            line.push('…');
            break;
        }
        room -= word_width;
        if !word.joined && !line.is_empty() {
            line.push(' ');
        }
        if word.marked && bold {
            line.push_str(&format!("\u{1b}[1m{}\u{1b}[0m", word.text));
        } else {
            line.push_str(&word.text);
        }
    }
    line
}
