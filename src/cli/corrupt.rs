//! `corrupt`: takes one text through the four stages: mask, propose, replace, judge.

use super::args::CorruptArgs;
use super::output::Output;
use super::texts;
use crate::Result;
use crate::tasks::reader::{Reader, Reading, StagedToken};
use crate::train::engine::Backend;
use crate::train::event::Verdict;
use serde::Serialize;

/// The tokens on their way through the stages, and the text after each of the four stages.
#[derive(Serialize)]
#[serde(tag = "event", rename = "corrupt")]
struct Corrupted<'a> {
    seed: u64,
    text: &'a str,
    masked: &'a str,
    replaced: &'a str,
    judged: &'a str,
    tokens: &'a [StagedToken],
}

pub async fn run(args: &CorruptArgs, output: Output) -> Result<()> {
    let backend = Backend::open(&args.machine.device).await?;
    let mut reader = Reader::open(&args.model.model, Reading::Whole, backend)?;
    reader.warnings().iter().try_for_each(|warning| output.warning(warning))?;
    for text in texts::read(&args.texts)? {
        let text = text?;
        if text.is_blank_line() {
            continue;
        }
        let tokens = reader.corrupt(&text.text, args.seed).await.map_err(|e| text.blame(e))?;
        output.too_long(reader.too_long(tokens.len()))?;
        tell(args.seed, &text.text, &tokens, output)?;
    }
    Ok(())
}

fn tell(seed: u64, text: &str, tokens: &[StagedToken], output: Output) -> Result<()> {
    let masked = rewritten(text, tokens, |t| t.token.masked.then(|| t.shown.clone()));
    let replaced = rewritten(text, tokens, |t| t.token.sampled.clone());
    let judged = rewritten(text, tokens, |t| judgement(t, output));
    let names =
        ["terminal-corrupt-text", "terminal-corrupt-mask", "terminal-corrupt-replace", "terminal-corrupt-judge"];
    for (name, text) in names.into_iter().zip([text, &masked, &replaced, &judged]) {
        output.text(&format!("{:<10} {text}", output.strings().t(name)))?;
    }
    output.text(&proposals(tokens, output))?;
    output.event(&Corrupted { seed, text, masked: &masked, replaced: &replaced, judged: &judged, tokens })
}

/// The text with some tokens rewritten. A continuation keeps no `##` where it follows its word.
fn rewritten(text: &str, tokens: &[StagedToken], write: impl Fn(&StagedToken) -> Option<String>) -> String {
    let (mut out, mut at) = (String::new(), 0);
    for token in tokens {
        let Some(new) = write(token).filter(|_| token.start >= at) else { continue };
        out.push_str(&text[at..token.start]);
        out.push_str(new.strip_prefix("##").unwrap_or(&new));
        at = token.end;
    }
    out.push_str(&text[at..]);
    out
}

/// The word that the judge reads, with its verdict if that is worth showing: `[drank 91% caught]`.
fn judgement(token: &StagedToken, output: Output) -> Option<String> {
    let (verdict, code) = match token.token.verdict() {
        Verdict::Caught => ("terminal-corrupt-caught", "1;32"),
        Verdict::Missed => ("terminal-corrupt-missed", "1;31"),
        Verdict::FalseAlarm => ("terminal-corrupt-false-alarm", "1;33"),
        Verdict::LuckyGuess => ("terminal-corrupt-right-guess", "1;34"),
        Verdict::Passed | Verdict::None => return None,
    };
    let percent = output.lang.percent(token.token.p_replaced.unwrap_or(0.0), 0);
    let verdict = output.strings().t(verdict);
    let word = token.token.read();
    let word = word.strip_prefix("##").unwrap_or(word);
    Some(output.styled(code, &format!("[{word} {percent} {verdict}]")))
}

/// One line for each hidden token, with the generator's proposals.
fn proposals(tokens: &[StagedToken], output: Output) -> String {
    let line = |token: &StagedToken| {
        let words = token
            .token
            .proposals
            .iter()
            .map(|proposal| format!("{} {}", proposal.token, output.lang.percent(proposal.probability.into(), 1)));
        let sampled = token.token.sampled.as_deref().unwrap_or_default();
        format!(
            "  {} -> {}   ({})",
            token.token.original,
            output.styled("1", sampled),
            words.collect::<Vec<_>>().join(", ")
        )
    };
    tokens.iter().filter(|token| token.token.masked).map(line).collect::<Vec<_>>().join("\n")
}
