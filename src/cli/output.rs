//! Prints what the commands say: results and JSON lines on standard output, notes for people on standard error.

use crate::message::Message;
use crate::t;
use crate::tasks::reader::TooLong;
use crate::train::event::Event;
use crate::view::Lang;
use crate::view::words::{self, Strings};
use crate::{Error, Result};
use serde::Serialize;
use std::io::{IsTerminal, Write};

/// Where a command prints.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// Whether standard output holds one JSON object in each line and nothing else.
    pub json: bool,
    pub lang: Lang,
    /// Whether standard output is a terminal that shows colour.
    pub colour: bool,
}

#[derive(Serialize)]
#[serde(tag = "event", rename = "warning")]
struct Warning<'a> {
    #[serde(flatten)]
    warning: &'a Message,
    /// The English sentence.
    message: String,
}

impl Output {
    pub fn new(json: bool, lang: Lang) -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { json, lang, colour: std::io::stdout().is_terminal() && !dumb && !set("NO_COLOR") }
    }

    /// Prints one line of results.
    ///
    /// # Errors
    /// Standard output cannot be written. If its reader has closed it, that is no error, and the program ends quietly.
    pub fn line(self, text: &str) -> Result<()> {
        // A reader such as `| head` may close the output early.
        if self.heard(text)? { Ok(()) } else { std::process::exit(0) }
    }

    /// Prints one line of results. Returns false if the reader is gone.
    fn heard(self, text: &str) -> Result<bool> {
        let mut out = std::io::stdout().lock();
        match writeln!(out, "{text}").and_then(|()| out.flush()) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
            Err(e) => Err(Error::failed("cannot-write-results")
                .with("detail", e.to_string())
                .at_place(Message::new("at-standard-output"))),
        }
    }

    /// Prints a line for people, except with `--json`.
    pub fn text(self, text: &str) -> Result<()> {
        if self.json { Ok(()) } else { self.line(text) }
    }

    /// Prints an event for programs, only with `--json`.
    pub fn event(self, event: &impl Serialize) -> Result<()> {
        if self.event_heard(event)? { Ok(()) } else { std::process::exit(0) }
    }

    /// The same, for work that must not end halfway. Returns false if the reader is gone.
    pub fn event_heard(self, event: &impl Serialize) -> Result<bool> {
        if !self.json {
            return Ok(true);
        }
        let line =
            serde_json::to_string(event).map_err(|e| Error::failed("result-not-json").with("detail", e.to_string()))?;
        self.heard(&line)
    }

    /// Prints an event of a run with its English sentence, only with `--json`. Returns false if the reader is gone.
    pub fn told(self, event: &Event) -> Result<bool> {
        if self.json { self.heard(&words::json(event)) } else { Ok(true) }
    }

    /// The sentences of the person's language.
    pub fn strings(self) -> &'static Strings {
        Strings::of(self.lang)
    }

    /// Warns a person on standard error, and with `--json` also by an event.
    pub fn warning(self, warning: &Message) -> Result<()> {
        self.note(&t!(self.strings(), "terminal-warning", what = warning));
        self.event(&Warning { warning, message: words::text(warning, Lang::En) })
    }

    /// Warns about a text that reaches positions on which the model was never trained.
    pub fn too_long(self, found: Option<TooLong>) -> Result<()> {
        let Some(TooLong { tokens, trained }) = found else { return Ok(()) };
        self.warning(
            &Message::new("text-beyond-trained-positions")
                .with("tokens", tokens)
                .with("trained", trained)
                .with("first", trained - 1),
        )
    }

    /// Prints progress on standard error.
    pub fn note(self, message: &str) {
        // A closed standard error does not stop the program.
        writeln!(std::io::stderr(), "{message}").ok();
    }

    /// `text` in a terminal's style (an SGR code), if colour is on.
    pub fn styled(self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
