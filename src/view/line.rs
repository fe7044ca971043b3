//! Reports a run to a person on standard error: in a terminal a bar with numbers and one live sentence, elsewhere plain lines.
//! events -> `Progress` (what is known now) -> text -> bar or lines. Everything can be read without colour.

mod example;
mod progress;
#[cfg(test)]
mod tests;
mod text;

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::train::event::{Event, StepMetrics};
use crate::view::Lang;
use progress::Progress;

pub use text::device_text;

/// The progress view of one run.
pub struct Line {
    progress: Progress,
    sink: Sink,
}

enum Sink {
    Bar(Bar),
    Plain(Plain),
}

/// Three lines that stay at the foot of the terminal.
struct Bar {
    group: MultiProgress,
    steps: ProgressBar,
    numbers: ProgressBar,
    example: ProgressBar,
    bold: bool,
    drawn: Option<Instant>,
}

/// Lines for a log file. They come often at first and more rarely later.
struct Plain {
    out: Box<dyn Write + Send>,
    next_secs: f64,
    /// The step of the readout that was printed last.
    example: u64,
}

/// Nothing wraps the lines of a log, so an example that is longer than this is cut around its first mark.
const PLAIN_WIDTH: usize = 160;

impl Line {
    /// A bar if standard error is a terminal, else lines.
    pub fn stderr(lang: Lang) -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if std::io::stderr().is_terminal() && !dumb {
            Self { progress: Progress::new(lang), sink: Sink::Bar(Bar::new(!set("NO_COLOR"))) }
        } else {
            Self::plain(lang, Box::new(std::io::stderr()))
        }
    }

    /// Writes lines into `out`, without colour.
    pub fn plain(lang: Lang, out: Box<dyn Write + Send>) -> Self {
        Self { progress: Progress::new(lang), sink: Sink::Plain(Plain { out, next_secs: 0.0, example: 0 }) }
    }

    /// Takes in one event and shows what has changed. A closed standard error does not stop a run.
    pub fn show(&mut self, event: &Event) {
        self.progress.take(event);
        let Self { progress, sink } = self;
        if let (Event::Finished(_) | Event::Failed(_), Sink::Bar(bar)) = (event, &mut *sink) {
            bar.close(progress);
        }
        if let Some(text) = progress.announcement(event) {
            sink.print(&text);
        }
        match (event, sink) {
            (Event::Step(step), Sink::Bar(bar)) => bar.step(progress, step.step),
            (Event::Step(step), Sink::Plain(plain)) => plain.step(progress, step),
            (Event::Readout(_), Sink::Bar(bar)) => bar.example(progress),
            _ => {}
        }
    }
}

impl Sink {
    fn print(&mut self, text: &str) {
        match self {
            Self::Bar(bar) => bar.group.println(text).ok(),
            Self::Plain(plain) => writeln!(plain.out, "{text}").ok(),
        };
    }
}

impl Bar {
    fn new(colour: bool) -> Self {
        let group = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let line = |template: &str| {
            let style = ProgressStyle::with_template(template).expect("the templates below are valid");
            group.add(ProgressBar::no_length().with_style(style.progress_chars("━╸─")))
        };
        let steps = line(if colour { "{bar:30.cyan/dim} {wide_msg}" } else { "{bar:30} {wide_msg}" });
        let (numbers, example) = (line("{wide_msg}"), line("{wide_msg}"));
        Self { steps, numbers, example, group, bold: colour, drawn: None }
    }

    fn step(&mut self, progress: &Progress, step: u64) {
        // A nano model takes a hundred steps a second; a person can follow ten.
        if self.drawn.is_some_and(|drawn| drawn.elapsed() < Duration::from_millis(100)) {
            return;
        }
        self.drawn = Some(Instant::now());
        if let Some(planned) = progress.planned_steps {
            self.steps.set_length(planned);
        }
        self.steps.set_position(step);
        self.steps.set_message(progress.pace_text());
        self.numbers.set_message(progress.numbers_text());
    }

    fn example(&self, progress: &Progress) {
        let (_, width) = Term::stderr().size();
        if let Some(text) = progress.example_text(usize::from(width), self.bold) {
            self.example.set_message(text);
        }
    }

    /// Turns the bar into lines that stay above whatever comes next.
    fn close(&self, progress: &Progress) {
        for line in [&self.steps, &self.numbers, &self.example] {
            line.finish_and_clear();
        }
        let example = progress.example_text(PLAIN_WIDTH, self.bold);
        let last = [Some(progress.place_text()), Some(progress.numbers_text()), example];
        for text in last.into_iter().flatten().filter(|_| progress.step > 0) {
            self.group.println(text).ok();
        }
    }
}

impl Plain {
    fn step(&mut self, progress: &Progress, step: &StepMetrics) {
        let elapsed = step.elapsed_secs.unwrap_or(0.0);
        let last = progress.planned_steps == Some(step.step);
        if elapsed < self.next_secs && !last {
            return;
        }
        self.next_secs = elapsed + (elapsed * 0.15).clamp(5.0, 300.0);
        let numbers = progress.numbers_text();
        writeln!(self.out, "{}  {numbers}", progress.place_text()).ok();
        if self.example != progress.readouts {
            self.example = progress.readouts;
            if let Some(text) = progress.example_text(PLAIN_WIDTH, false) {
                writeln!(self.out, "  {text}").ok();
            }
        }
    }
}
