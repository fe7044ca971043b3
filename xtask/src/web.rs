//! Builds the browser's part: the library as wasm32 with its JavaScript, and for the browser suite the library's own tests too.

use crate::places;
use crate::process;
use crate::setup::{self, Browser};
use crate::tally::Tally;
use std::path::{Path, PathBuf};

const WASM: &str = "wasm32-unknown-unknown";
const HOST: &str = "web/parity/run.mjs";
/// The library's tests, as the page names them.
const TESTS: &str = "electroscope_tests.wasm";

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
    write_javascript(&module, &folder)?;
    Ok(folder)
}

fn write_javascript(module: &Path, folder: &Path) -> Result<(), String> {
    let mut bindgen = process::cargo(&["run", "--quiet", "--package", "electroscope-bindgen", "--"]);
    bindgen.arg(module).arg(folder);
    process::run(bindgen)
}

/// Builds the module and the library's own tests -> the folder that holds both with their JavaScript.
fn build_suite() -> Result<PathBuf, String> {
    let folder = build(false)?;
    let mut compile = process::cargo(&["test", "--package", "electroscope", "--lib", "--no-run", "--target", WASM]);
    compile.args(["--message-format", "json-render-diagnostics"]);
    let mut module = None;
    process::run_lines(compile, |line| module = executable(line).or(module.take()))?;
    let module = module.ok_or("cargo names no file with the library's tests")?;
    // Cargo's name for it has a hash. The page knows it by this one.
    let named = module.with_file_name(TESTS);
    std::fs::copy(&module, &named).map_err(|e| format!("{}: cannot be copied: {e}", module.display()))?;
    write_javascript(&named, &folder)?;
    Ok(folder)
}

/// The program that a message of cargo's says it has built.
fn executable(message: &str) -> Option<PathBuf> {
    let (path, _) = message.split_once("\"executable\":\"")?.1.split_once('"')?;
    Some(path.replace("\\\\", "\\").into())
}

/// Runs the suite in the headless browser.
pub fn suite(browser: &Browser) -> (Tally, Result<(), String>) {
    let mut tally = Tally::default();
    let outcome = build_suite().and_then(|modules| {
        let mut suite = process::command(&browser.node, &[HOST]);
        suite.arg(modules).arg(&browser.playwright).arg(&browser.chromium);
        process::run_lines(suite, |line| {
            tally.read(line);
            println!("{line}");
        })
    });
    (tally, outcome)
}

/// Serves the suite's page until it is interrupted: for a browser with a real adapter, opened by hand.
pub fn serve() -> Result<(), String> {
    let node = places::program(&["node"]).ok_or("Node.js not found; install it first")?;
    let mut server = process::command(node, &[HOST]);
    server.arg(build_suite()?);
    process::run(server)
}

#[cfg(test)]
mod tests {
    use super::executable;
    use std::path::Path;

    #[test]
    fn the_program_is_found_in_cargos_messages() {
        let built =
            r#"{"reason":"compiler-artifact","filenames":["a.wasm"],"executable":"C:\\t\\a.wasm","fresh":true}"#;
        assert_eq!(executable(built).as_deref(), Some(Path::new(r"C:\t\a.wasm")));
        assert_eq!(executable(r#"{"reason":"compiler-artifact","executable":null}"#), None);
    }
}
