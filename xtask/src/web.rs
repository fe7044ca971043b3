//! Builds the browser's part: the library as wasm32 with its JavaScript, and the page of the parity suite around it.

use crate::places;
use crate::process;
use crate::setup::{self, Browser};
use crate::tally::Tally;
use std::path::PathBuf;

const WASM: &str = "wasm32-unknown-unknown";
const HOST: &str = "web/parity/run.mjs";

pub fn run(release: bool) -> Result<(), String> {
    println!("{}", build(release)?.display());
    Ok(())
}

/// Builds the module -> the folder that holds it and its JavaScript.
pub fn build(release: bool) -> Result<PathBuf, String> {
    setup::compiler_target(WASM)?;
    let mut compile = process::cargo(&["build", "--package", "electroscope-web", "--target", WASM]);
    compile.args(release.then_some("--release"));
    process::run(compile)?;
    let profile = if release { "release" } else { "debug" };
    let module = places::target_dir().join(WASM).join(profile).join("electroscope_web.wasm");
    let folder = places::target_dir().join("web").join(profile);
    let mut bindgen = process::cargo(&["run", "--quiet", "--package", "electroscope-bindgen", "--"]);
    bindgen.arg(module).arg(&folder);
    process::run(bindgen)?;
    Ok(folder)
}

/// Runs the parity suite in the headless browser.
pub fn parity(browser: &Browser) -> (Tally, Result<(), String>) {
    let mut tally = Tally::default();
    let outcome = build(false).and_then(|module| {
        let mut suite = process::command(&browser.node, &[HOST]);
        suite.arg(module).arg(&browser.playwright).arg(&browser.chromium);
        process::run_lines(suite, |line| {
            tally.read(line);
            println!("{line}");
        })
    });
    (tally, outcome)
}

/// Serves the parity page until it is interrupted: for a browser with a real adapter, opened by hand.
pub fn serve() -> Result<(), String> {
    let node = places::program(&["node"]).ok_or("Node.js not found; install it first")?;
    let mut server = process::command(node, &[HOST]);
    server.arg(build(false)?);
    process::run(server)
}
