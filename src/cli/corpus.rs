//! `corpus`: writes the built-in text to standard output.

use super::args::CorpusArgs;
use super::output::Output;
use crate::Result;
use crate::lang::Lang;
use crate::text::grammar::Grammar;

/// Prints whole stories, with a blank line between two, until `--words` are reached. White space separates words.
pub fn run(args: &CorpusArgs, language: Lang, output: Output) -> Result<()> {
    let grammar = Grammar::new(language, args.level)?;
    let mut words = 0;
    for (number, story) in grammar.documents(args.seed).enumerate() {
        if words >= args.words {
            break;
        }
        let text = story.to_string();
        words += text.split_ascii_whitespace().count() as u64;
        let gap = if number == 0 { "" } else { "\n" };
        output.line(&format!("{gap}{}", text.trim_end()))?;
    }
    Ok(())
}
