//! Starts programs. It prints each command, gives it no terminal to read, and names the program and its status when it fails.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

/// The cargo that started this program, so that a `+toolchain` carries through.
pub fn cargo(args: &[&str]) -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), args)
}

pub fn command(program: impl AsRef<OsStr>, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null());
    command
}

/// Runs it with its output shown.
pub fn run(mut command: Command) -> Result<(), String> {
    announce(&command);
    let status = command.status();
    finished(&command, status)
}

/// Runs it with each line of its output handed to `read`; standard error is shown as it is.
pub fn run_lines(mut command: Command, mut read: impl FnMut(&str)) -> Result<(), String> {
    announce(&command);
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|e| not_started(&command, &e))?;
    let stdout = child.stdout.take().expect("piped above");
    // Lines are read as bytes, because a test may print something that is not UTF-8, and that must not end the run.
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line.map_err(|e| format!("{}: cannot read its output: {e}", shown(&command)))?;
        read(String::from_utf8_lossy(&line).trim_end_matches('\r'));
    }
    finished(&command, child.wait())
}

/// Runs it without showing its output. Returns its standard output, or its standard error as the reason of the failure.
pub fn output(mut command: Command) -> Result<String, String> {
    let output = command.output().map_err(|e| not_started(&command, &e))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("`{}`: {}", shown(&command), String::from_utf8_lossy(&output.stderr).trim()))
    }
}

fn announce(command: &Command) {
    let set = |(name, value): (&OsStr, Option<&OsStr>)| Some(format!("{}={} ", name.display(), value?.display()));
    let settings = command.get_envs().filter_map(set);
    println!("\n$ {}{}", settings.collect::<String>(), shown(command));
}

fn shown(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit(['/', '\\']).next().unwrap_or(&program).to_owned();
    command.get_args().fold(name, |line, arg| line + " " + &arg.to_string_lossy())
}

fn finished(command: &Command, status: std::io::Result<std::process::ExitStatus>) -> Result<(), String> {
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{}` ended with {status}", shown(command))),
        Err(e) => Err(not_started(command, &e)),
    }
}

fn not_started(command: &Command, e: &std::io::Error) -> String {
    format!("cannot start `{}`: {e}", shown(command))
}
