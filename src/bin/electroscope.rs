//! The program: parse, call, print the error, exit status.

use electroscope::cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run(&cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_status())
        }
    }
}
