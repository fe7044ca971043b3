//! Runs the built program as a person does: arguments -> exit status, standard output and standard error.

use serde_json::Value;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The result of a run of the program.
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Asserts that it ended well.
    pub fn good(self) -> Self {
        assert_eq!(self.status, 0, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Standard output as JSON: an object with "event" on every line, and nothing else.
    pub fn events(&self) -> Vec<Value> {
        let parse = |line: &str| {
            let value: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("not JSON ({e}): {line}"));
            assert!(value["event"].is_string(), "no event: {line}");
            value
        };
        self.stdout.lines().map(parse).collect()
    }

    /// The events of one kind.
    pub fn events_of(&self, kind: &str) -> Vec<Value> {
        self.events().into_iter().filter(|event| event["event"] == kind).collect()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program speaks UTF-8");
        Self { status: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// The program, without the machine's language, colour, display or cache.
pub fn command(cache: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_electroscope"));
    // Without a display no command opens a window.
    for name in ["LC_ALL", "LC_MESSAGES", "LANG", "NO_COLOR", "DISPLAY", "WAYLAND_DISPLAY"] {
        command.env_remove(name);
    }
    command.env("ELECTROSCOPE_CACHE", cache).stdin(Stdio::null());
    command
}

/// Runs it with `args`, in an empty folder of its own.
pub fn run<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Ran {
    let dir = tempfile::tempdir().unwrap();
    command(dir.path()).current_dir(dir.path()).args(args).output().expect("the program starts").into()
}
