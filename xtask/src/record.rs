//! `cargo xtask record` makes the recorded runs that the app shows first. It trains on the built-in text with this program's own
//! trainer.
//! `examples/record` trains as the app does -> assets/recorded/LANG.jsonl.gz
//! Two recordings by the same program differ only in their times.

use crate::places;
use crate::process::{self, cargo};
use std::fs;

pub fn run(release: bool) -> Result<(), String> {
    let runs = places::target_dir().join("recorded");
    // A run refuses a folder that is taken, so the folder of an earlier call is removed first.
    fs::remove_dir_all(&runs).ok();
    for lang in ["en", "pt"] {
        let run = runs.join(lang).display().to_string();
        let profile = if release { ["--release"].as_slice() } else { &[] };
        let mut record = cargo(&["run", "--quiet", "--example", "record"]);
        record.args(profile).args(["--", lang, &run, &format!("assets/recorded/{lang}.jsonl.gz")]);
        process::run(record)?;
    }
    Ok(())
}
