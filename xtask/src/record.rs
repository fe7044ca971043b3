//! `cargo xtask record`: the recorded runs that the app shows first, made by this program's own trainer on its built-in text.
//! `electroscope train` -> a run's log -> `examples/record` -> assets/recorded/LANG.jsonl.gz

use crate::places;
use crate::process::{self, cargo};
use std::fs;

pub fn run(release: bool) -> Result<(), String> {
    let runs = places::target_dir().join("recorded");
    // A run refuses a folder that is taken: what an earlier call left goes first.
    fs::remove_dir_all(&runs).ok();
    for lang in ["en", "pt"] {
        let run = runs.join(lang).display().to_string();
        let profile = if release { ["--release"].as_slice() } else { &[] };
        let mut train = cargo(&["run", "--quiet", "--bin", "electroscope"]);
        train.args(profile).args(["--", "train", "--device", "cpu", "--lang", lang, "--out", &run]);
        process::run(train)?;
        let mut record = cargo(&["run", "--quiet", "--example", "record"]);
        record.args(profile).args(["--", &run, &format!("assets/recorded/{lang}.jsonl.gz")]);
        process::run(record)?;
    }
    Ok(())
}
