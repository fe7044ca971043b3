//! The command line: [`args`] is what a person typed, each command has a file of its own, [`output`] prints.
//! A command stays short: it makes a few calls to a room that knows nothing of terminals.

mod app;
pub mod args;
mod bench;
mod corpus;
mod corrupt;
mod detect;
mod eval;
mod export;
mod fill;
mod info;
mod output;
mod texts;
mod tokenizer;
mod train;
mod usage;
mod verify;

use crate::host::native::signals;
use crate::machine::allocator;
use crate::view::words;
use crate::{Error, Result};
use args::{Command, TokenizerCommand, Typed};
use clap::{CommandFactory, Parser};
use output::Output;
use pollster::block_on;

/// Reads the program's arguments. Wrong usage ends the program with status 2, `--help` with 0.
pub fn parse() -> Typed {
    Typed::try_parse().unwrap_or_else(|found| {
        // What a person typed as text may be no UTF-8. The language is.
        let arguments: Vec<String> = std::env::args_os().map(|argument| argument.to_string_lossy().into()).collect();
        usage::exit(&found, args::lang_of_refused(&arguments))
    })
}

/// Runs the command that was typed.
///
/// # Errors
/// The command found wrong usage (exit status 2), or a run failed (1).
pub fn run(typed: &Typed) -> Result<()> {
    signals::report_large_files();
    let lang = typed.message_lang();
    let no_memory = Error::failed("no-more-memory");
    allocator::set_last_words(format!("{}: {}", words::label(lang), words::error(&no_memory, lang)));
    let output = |json: bool| Output::new(json, typed.message_lang());
    let Some(command) = &typed.command else {
        return app::run(&args::AppArgs::default(), typed);
    };
    match command {
        Command::Train(args) => block_on(train::run(args, typed.text_lang(), output(args.output.json))),
        Command::Detect(args) => block_on(detect::run(args, output(args.output.json))),
        Command::Fill(args) => block_on(fill::run(args, output(args.output.json))),
        Command::Corrupt(args) => block_on(corrupt::run(args, output(args.output.json))),
        Command::Eval(args) => block_on(eval::run(args, output(args.output.json))),
        Command::Tokenizer(args) => match &args.command {
            TokenizerCommand::Train(args) => tokenizer::train(args, output(args.output.json)),
        },
        Command::Export(args) => export::run(args, output(args.output.json)),
        Command::Corpus(args) => corpus::run(args, typed.text_lang(), output(false)),
        Command::Verify(args) => block_on(verify::run(args, output(args.output.json))),
        Command::Bench(args) => block_on(bench::run(args, output(args.output.json))),
        Command::Info(args) => block_on(info::run(output(args.output.json))),
        Command::Completions(args) => completions(args.shell, output(false)),
        Command::App(args) => app::run(args, typed),
    }
}

fn completions(shell: clap_complete::Shell, output: Output) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Typed::command(), "electroscope", &mut script);
    output.line(String::from_utf8_lossy(&script).trim_end())
}
