//! Packs a run's log as the recording that comes with the app: `record RUN OUT.jsonl.gz`. Called by `cargo xtask record`.

use electroscope::app::recorded;
use electroscope::view::log::read_events;
use electroscope::{Error, Result};
use std::path::Path;

fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [run, out] = args.as_slice() else {
        eprintln!("usage: record RUN OUT.jsonl.gz");
        return std::process::ExitCode::from(2);
    };
    match record(Path::new(run), Path::new(out)) {
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

fn record(run: &Path, out: &Path) -> Result<usize> {
    let packed = recorded::pack(&read_events(run)?)?;
    std::fs::write(out, &packed).map_err(|e| Error::io("write the recording", out, &e))?;
    Ok(packed.len())
}
