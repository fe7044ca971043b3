//! `tokenizer train`: trains a WordPiece vocabulary on text.

use super::args::TokenizerTrainArgs;
use super::output::Output;
use crate::Result;
use crate::host::native;
use crate::path::name_of;
use crate::run::source::Wanted;
use crate::t;
use crate::text::corpus::Corpus;
use crate::text::tokenizer::Cleaning;
use crate::text::unknown::Made;
use crate::text::wordpiece::{Progress, Recipe, Trained};
use crate::view::words;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::sync::atomic::AtomicBool;

#[derive(Serialize)]
#[serde(tag = "event", rename = "tokenizer")]
struct TrainedTokenizer {
    path: String,
    vocab_size: usize,
    lower_case: bool,
    strip_accents: bool,
    hash: String,
    /// Different characters of the text, how many of them have an entry, and the share of the text that these cover.
    characters: usize,
    kept_characters: usize,
    covered: f64,
    /// The shares of tokens and of characters that the tokenizer does not know.
    unknown_share: f64,
    unknown_char_share: f64,
}

pub fn train(args: &TokenizerTrainArgs, output: Output) -> Result<()> {
    let corpus = Corpus::open(&args.corpus, &[], args.text_field.as_deref())?;
    corpus.listing().iter().for_each(|file| output.note(&words::text(file, output.lang)));
    corpus.notices().iter().try_for_each(|notice| output.warning(notice))?;
    let cleaning =
        Cleaning { lower_case: args.lower_case, strip_accents: Some(args.strip_accents), ..Cleaning::UNCASED };
    let recipe = Recipe { coverage: args.character_coverage, ..Recipe::new(args.vocab_size as usize, cleaning) };
    let text = Wanted {
        corpus: args.corpus.iter().map(|path| name_of(path)).collect(),
        valid: Vec::new(),
        field: args.text_field.clone(),
        builtin: None,
        lang: output.lang,
    };
    let bar = Bar::new(output);
    let (positions, never) = (args.max_positions as usize, AtomicBool::new(false));
    let unknown_max = args.unknown_max;
    let trained =
        native::train_tokenizer(&text, &recipe, positions, unknown_max, &args.out, &never, |at| bar.show(at))?;
    bar.bar.finish_and_clear();
    let Trained { tokenizer, unknown, characters, kept_characters, covered, .. } = &trained;
    let entries = tokenizer.vocab_size();
    let warnings = [trained.fewer_than(recipe.vocab_size), unknown.notice(Made::OfThisText)];
    warnings.iter().flatten().try_for_each(|warning| output.warning(warning))?;
    output.text(&t!(output.strings(), "terminal-tokenizer", path = &args.out, entries = entries))?;
    output.text(&t!(
        output.strings(),
        "terminal-tokenizer-covers",
        kept = *kept_characters,
        characters = *characters,
        covered = *covered,
        unknown = unknown.token_share()
    ))?;
    output.event(&TrainedTokenizer {
        path: name_of(&args.out),
        vocab_size: entries,
        lower_case: args.lower_case,
        strip_accents: args.strip_accents,
        hash: tokenizer.hash().to_owned(),
        characters: *characters,
        kept_characters: *kept_characters,
        covered: *covered,
        unknown_share: unknown.token_share(),
        unknown_char_share: unknown.char_share(),
    })
}

/// Shows progress on standard error if that is a terminal; otherwise indicatif draws nothing.
struct Bar {
    bar: ProgressBar,
    output: Output,
}

impl Bar {
    fn new(output: Output) -> Self {
        let style = ProgressStyle::with_template("{bar:30} {wide_msg}").expect("the template is valid");
        Self { bar: ProgressBar::new(1000).with_style(style.progress_chars("━╸─")), output }
    }

    /// Counting fills the first half, if the length of the text is known, and merging the second.
    fn show(&self, progress: Progress) {
        let strings = self.output.strings();
        let (share, message) = match progress {
            Progress::Counting { text_bytes, share } => (
                share.unwrap_or(0.0) * 0.5,
                t!(strings, "terminal-tokenizer-counting", megabytes = text_bytes / 1_000_000),
            ),
            Progress::Merging { entries, target } => (
                0.5 + 0.5 * entries as f32 / target.max(1) as f32,
                t!(strings, "terminal-tokenizer-merging", entries = entries, target = target),
            ),
        };
        self.bar.set_position((share * 1000.0) as u64);
        self.bar.set_message(message);
    }
}
