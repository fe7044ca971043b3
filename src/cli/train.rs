//! `train`: runs a training. Events go to standard output (`--json`), progress goes to standard error.

use super::args::TrainArgs;
use super::output::Output;
use crate::host::native;
use crate::t;
use crate::train::event::{Command, Event};
use crate::view::Lang;
use crate::view::line::Line;
use crate::{Result, machine};
use futures_channel::mpsc::{self, UnboundedSender};
use std::sync::atomic::{AtomicBool, Ordering};

pub async fn run(args: &TrainArgs, text_lang: Lang, output: Output) -> Result<()> {
    // First of all, because a program without threads cannot listen for Ctrl-C either.
    machine::start(args.threads)?;
    let (commands, received) = mpsc::unbounded();
    stop_on_ctrl_c(commands.clone(), output);
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

/// The first Ctrl-C asks the run to end with a checkpoint, the second ends the program at once. So do the signals with which
/// a machine shuts down or a terminal is closed.
fn stop_on_ctrl_c(commands: UnboundedSender<Command>, output: Output) {
    let asked = AtomicBool::new(false);
    let handler = move || {
        if asked.swap(true, Ordering::SeqCst) {
            // The status of a program that was interrupted, as shells report it: 128 + SIGINT.
            std::process::exit(130);
        }
        output.note(&output.strings().t("terminal-train-ending"));
        // If the run has just ended by itself, nobody receives the command, and nothing is left to stop.
        commands.unbounded_send(Command::Stop).ok();
    };
    if let Err(e) = ctrlc::set_handler(handler) {
        output.note(&t!(output.strings(), "terminal-train-no-ctrl-c", detail = e.to_string()));
    }
}
