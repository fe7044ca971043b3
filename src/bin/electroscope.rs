//! The program: it parses the arguments, calls the command, prints an error and sets the exit status.

use electroscope::cli;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run(&cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // `eprintln!` panics where standard error is closed or its disk is full; the exit status tells all the same.
            writeln!(std::io::stderr(), "error: {error}").ok();
            ExitCode::from(error.exit_status())
        }
    }
}
