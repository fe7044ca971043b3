//! `detect`: prints p(replaced) for every token of each text.

use super::args::DetectArgs;
use super::output::Output;
use super::texts;
use crate::Result;
use crate::tasks::reader::{JudgedToken, Reader, Reading};
use crate::train::engine::Backend;
use serde::Serialize;

#[derive(Serialize)]
#[serde(tag = "event", rename = "detect")]
struct Detected<'a> {
    tokens: &'a [JudgedToken],
}

pub async fn run(args: &DetectArgs, output: Output) -> Result<()> {
    let backend = Backend::open(&args.machine.device).await?;
    let mut reader = Reader::open(&args.model.model, Reading::Judge, backend)?;
    reader.warnings().iter().try_for_each(|warning| output.warning(warning))?;
    for text in texts::read(&args.texts)? {
        let text = text?;
        let tokens = reader.detect(&text.text).await.map_err(|e| text.blame(e))?;
        output.too_long(reader.too_long(tokens.len()))?;
        output.event(&Detected { tokens: &tokens })?;
        output.text(&marked(&text.text, &tokens, output))?;
        output.text(&output.styled("2", &numbers(&text.text, &tokens, output)))?;
    }
    Ok(())
}

/// The text with every word that looks replaced in brackets: `the dog [drank 91%] the bone`. A word of several tokens
/// is as suspicious as its worst.
fn marked(text: &str, tokens: &[JudgedToken], output: Output) -> String {
    let mut out = String::new();
    let mut at = 0;
    for word in words(tokens) {
        let worst = word.iter().map(|token| token.p_replaced).fold(0.0, f64::max);
        let (start, end) = (word[0].start, word[word.len() - 1].end);
        if worst <= 0.5 || start < at {
            continue;
        }
        out.push_str(&text[at..start]);
        let percent = output.lang.percent(worst, 0);
        out.push_str(&output.styled("1;33", &format!("[{} {percent}]", &text[start..end])));
        at = end;
    }
    out.push_str(&text[at..]);
    out
}

/// p(replaced) of every word: `  the 3%  dog 12%  drank 91%`
fn numbers(text: &str, tokens: &[JudgedToken], output: Output) -> String {
    let mut out = String::new();
    for word in words(tokens) {
        let worst = word.iter().map(|token| token.p_replaced).fold(0.0, f64::max);
        let written = &text[word[0].start..word[word.len() - 1].end];
        out.push_str(&format!("  {written} {}", output.lang.percent(worst, 0)));
    }
    out
}

/// Tokens that follow one another without a gap, the later ones continuations (`##`).
fn words(tokens: &[JudgedToken]) -> impl Iterator<Item = &[JudgedToken]> {
    tokens.chunk_by(|a, b| b.token.starts_with("##") && a.end == b.start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Lang;

    fn token(token: &str, start: usize, end: usize, p_replaced: f64) -> JudgedToken {
        JudgedToken { token: token.into(), id: 0, start, end, logit: 0.0, p_replaced }
    }

    #[test]
    fn a_suspicious_word_stands_in_brackets_and_reads_without_colour() {
        let tokens =
            [token("o", 0, 1, 0.1), token("pao", 2, 6, 0.2), token("##zinho", 6, 11, 0.914), token(".", 11, 12, 0.5)];
        let plain = Output { json: false, lang: Lang::En, colour: false };
        assert_eq!(marked("o pãozinho.", &tokens, plain), "o [pãozinho 91%].");
        let coloured = Output { colour: true, ..plain };
        assert_eq!(marked("o pãozinho.", &tokens, coloured), "o \u{1b}[1;33m[pãozinho 91%]\u{1b}[0m.");
    }
}
