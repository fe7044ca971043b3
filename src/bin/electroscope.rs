//! The program: it parses the arguments, calls the command, prints an error and sets the exit status.

use electroscope::cli;
use electroscope::machine::allocator::Allocator;
use electroscope::view::words;
use std::io::Write;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

fn main() -> ExitCode {
    let arguments = cli::parse();
    match cli::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // `eprintln!` panics where standard error is closed or its disk is full; the exit status tells all the same.
            let lang = arguments.message_lang();
            writeln!(std::io::stderr(), "{}: {}", words::label(lang), words::error(&error, lang)).ok();
            ExitCode::from(error.exit_status())
        }
    }
}
