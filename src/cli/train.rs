//! `train`: runs a training. Events go to standard output (`--json`), progress goes to standard error.

use super::args::TrainArgs;
use super::output::Output;
use crate::Result;
use crate::host::native;
use crate::host::native::signals::{self, Asked};
use crate::t;
use crate::train::event::{Command, Event};
use crate::view::Lang;
use crate::view::line::Line;
use futures_channel::mpsc::{self, UnboundedSender};

pub async fn run(args: &TrainArgs, text_lang: Lang, output: Output) -> Result<()> {
    let (commands, received) = mpsc::unbounded();
    end_on_signals(commands.clone(), output);
    let mut line = Line::stderr(output.lang);
    let mut gone = false;
    let mut sink = |event: &Event| {
        line.show(event);
        if !gone && !output.told(event)? {
            gone = true;
            output.note(&output.strings().t("terminal-train-unread"));
            commands.unbounded_send(Command::Stop).ok();
        }
        Ok(())
    };
    native::train(args.options(text_lang), received, &mut sink).await
}

/// Lets the signals that ask the program to end, end the run with a checkpoint.
fn end_on_signals(commands: UnboundedSender<Command>, output: Output) {
    let hear = move |asked| {
        // The run hears it first: a terminal that is closing may take no more notes. If the run has just ended by itself, nobody
        // receives the command, and nothing is left to stop.
        let (command, note) = match asked {
            Asked::Stop => (Command::Stop, "terminal-train-stopping"),
            Asked::Quit => (Command::Quit, "terminal-train-quitting"),
            Asked::Insist => (Command::Quit, "terminal-train-at-once"),
        };
        commands.unbounded_send(command).ok();
        output.note(&output.strings().t(note));
    };
    if let Err(e) = signals::listen(hear) {
        output.note(&t!(output.strings(), "terminal-train-no-ctrl-c", detail = e.to_string()));
    }
}
