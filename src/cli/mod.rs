//! The command line: [`args`] is what was typed, one file a command is what it does, [`output`] is where it prints.
//! Thin by intent: every command is a few calls of a room that knows nothing of terminals.

pub mod args;
mod corpus;
mod corrupt;
mod detect;
mod fill;
mod output;
mod texts;
mod verify;

use crate::{Error, Result};
use args::{Command, Typed};
use clap::{CommandFactory, Parser};
use output::Output;
use pollster::block_on;

/// Reads the program's arguments; wrong usage ends the program with status 2, `--help` with 0.
pub fn parse() -> Typed {
    Typed::parse()
}

/// Does what was typed.
///
/// # Errors
/// Wrong usage that only the command can see (exit status 2), or a run that failed (1).
pub fn run(typed: &Typed) -> Result<()> {
    let output = |json: bool| Output::new(json, typed.message_lang());
    let Some(command) = &typed.command else {
        return output(false).line(Typed::command().render_help().to_string().trim_end());
    };
    match command {
        Command::Detect(args) => block_on(detect::run(args, output(args.output.json))),
        Command::Fill(args) => block_on(fill::run(args, output(args.output.json))),
        Command::Corrupt(args) => block_on(corrupt::run(args, output(args.output.json))),
        Command::Corpus(args) => corpus::run(args, args::language(typed.text_lang()), output(false)),
        Command::Verify(args) => block_on(verify::run(args, output(args.output.json))),
        Command::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut Typed::command(), "electroscope", &mut script);
            output(false).line(String::from_utf8_lossy(&script).trim_end())
        }
        Command::App(_) => Err(Error::usage("this version has no desktop app yet")
            .hint("train from the command line: electroscope train; open the run's report.html in a browser")),
        _ => Err(Error::usage("not in this build")),
    }
}
