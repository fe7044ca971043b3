//! Records the run that the app shows at its first start: `record en|pt RUN OUT.jsonl.gz [STEPS]`. It trains the first run in that
//! language as the app does, and packs the events into OUT. `cargo xtask record` calls it.

use electroscope::app::first_run::first_run;
use electroscope::host::native;
use electroscope::run::Request;
use electroscope::screen::recorded;
use electroscope::train::event::{Command, Event, Network};
use electroscope::view::Lang;
use electroscope::{Error, Result};
use futures_channel::mpsc::{self, UnboundedSender};
use std::path::Path;

/// Words on the map.
const MAP_WORDS: u32 = 400;
/// Between two lines about how far it is.
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
    // The processor, and one thread of it: the same numbers wherever it is recorded.
    let first = Request { device: "cpu".to_owned(), threads: Some(1), watched: true, ..first_run(lang) };
    let options = Request { out: Some(native::name_of(run)), steps, ..first };
    let (commands, received) = mpsc::unbounded();
    // What the window's field holds at first.
    let text = match lang {
        Lang::En => "the loyal dog gnaws the bone in the kennel.",
        Lang::Pt => "o cachorro fiel rói o osso no quintal.",
    };
    send(&commands, Command::SetOwnText { text: text.to_owned(), edits: Vec::new() });
    let mut events = Vec::new();
    let mut planned = u64::MAX;
    let mut hear = |event: &Event| {
        match event {
            Event::Plan(plan) => planned = plan.planned_steps.unwrap_or(u64::MAX),
            Event::Step(step) if step.step.is_multiple_of(TELL_EVERY) => eprintln!("step {} of {planned}", step.step),
            // A little before the end: all that is told only on request.
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
    std::fs::write(out, &packed).map_err(|e| Error::io("write the recording", out, &e))?;
    Ok(packed.len())
}

/// A run that has ended takes no more commands: there is nothing left to record then.
fn send(commands: &UnboundedSender<Command>, command: Command) {
    commands.unbounded_send(command).ok();
}
