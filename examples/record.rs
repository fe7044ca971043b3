//! Records the run that the app shows at its first start: `record en|pt RUN OUT.jsonl.gz [STEPS]`. It trains the first run in that
//! language as the app does, and packs the events into OUT. `cargo xtask record` calls it.

use electroscope::app::first_run::first_run;
use electroscope::host::native;
use electroscope::run::Request;
use electroscope::screen::recorded;
use electroscope::train::event::{Command, Event, Network};
use electroscope::view::Lang;
use electroscope::view::words::Strings;
use electroscope::{Error, Result};
use futures_channel::mpsc::{self, UnboundedSender};
use std::path::Path;

/// How many words the embedding map has.
const MAP_WORDS: u32 = 400;
/// How many steps lie between two lines about the progress.
const TELL_EVERY: u64 = 100;

fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (lang, run, out, steps) = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [lang @ ("en" | "pt"), run, out] => (lang, run, out, None),
        [lang @ ("en" | "pt"), run, out, steps] if steps.parse::<u64>().is_ok() => (lang, run, out, steps.parse().ok()),
        _ => {
            eprintln!("usage: record en|pt RUN OUT.jsonl.gz [STEPS]");
            return std::process::ExitCode::from(2);
        }
    };
    match record(Lang::from_code(lang), Path::new(run), Path::new(out), steps) {
        Ok(bytes) => {
            println!("{out}: {bytes} bytes");
            std::process::ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            std::process::ExitCode::from(error.exit_status())
        }
    }
}

fn record(lang: Lang, run: &Path, out: &Path, steps: Option<u64>) -> Result<usize> {
    // One thread of the processor gives the same numbers on every machine.
    let first = Request { device: "cpu".to_owned(), threads: Some(1), watched: true, ..first_run(lang) };
    let options = Request { out: Some(native::name_of(run)), steps, ..first };
    let (commands, received) = mpsc::unbounded();
    // The text that the window's field shows at first.
    let text = Strings::of(lang).t("sentence-example");
    send(&commands, Command::SetOwnText { text, edits: Vec::new() });
    let mut events = Vec::new();
    let mut planned = u64::MAX;
    let mut hear = |event: &Event| {
        match event {
            Event::Plan(plan) => planned = plan.planned_steps.unwrap_or(u64::MAX),
            Event::Step(step) if step.step.is_multiple_of(TELL_EVERY) => eprintln!("step {} of {planned}", step.step),
            // A little before the end the recorder asks for what a run sends only on request.
            Event::Step(step) if step.step + 10 == planned => {
                for network in [Network::Generator, Network::Discriminator] {
                    send(&commands, Command::Attention { network, layer: 0 });
                }
                send(&commands, Command::EmbeddingMap { tokens: MAP_WORDS });
                send(&commands, Command::Measure);
            }
            _ => {}
        }
        events.push(event.clone());
        Ok(())
    };
    pollster::block_on(native::train(options, received, &mut hear))?;
    let packed = recorded::pack(&events)?;
    std::fs::write(out, &packed).map_err(|e| Error::io("io-write-file", out, &e))?;
    Ok(packed.len())
}

/// Sends a command. A run that has ended takes none, and then nothing is left to record.
fn send(commands: &UnboundedSender<Command>, command: Command) {
    commands.unbounded_send(command).ok();
}
