//! `cargo xtask test` runs every test and counts them. It runs the tests that touch an adapter both with an adapter and without
//! one.
//! tools -> builds -> cargo test (adapter hidden), the browser suite beside it -> the tests that an adapter changes (adapter demanded)
//! -> Burn -> one closing line.

use crate::places;
use crate::process;
use crate::report::Report;
use crate::setup::{self, Browser};
use crate::tally::{ADAPTER, Tally};
use crate::web;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::thread::JoinHandle;

#[derive(Clone, Copy)]
pub struct Options {
    pub quick: bool,
    pub release: bool,
    pub burn: bool,
}

/// The variables that show Vulkan's loader its drivers: pointed at a file that is not there, no adapter is left.
const DRIVERS: [&str; 2] = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];

pub fn run(options: Options) -> Result<(), String> {
    let mut report = Report::default();
    let tools = if options.quick { setup::present() } else { setup::install() };
    // The tests are compiled first, while the oracles' packages arrive. If they do not compile, every later pass would fail.
    if let Err(why) = process::run(cargo_test(options, &["--no-run"])) {
        report.failure("build", &why);
        return report.close();
    }
    // Both builds want cargo's lock, so they come one after the other, and before any test.
    let browser = tools.browser.as_ref().map_err(String::clone).map(|browser| Beside::start(browser.clone()));
    let python = tools.oracle();
    if let Err(why) = &python {
        report.skip("Python oracle", &format!("{why}; the tests that compare with transformers skip"));
    }
    native(options, python.ok().as_deref(), browser, &mut report);
    burn(options, &mut report);
    report.close()
}

/// The browser suite, in a thread of its own. Its software adapter compiles and runs shaders on one core, and most of the native tests
/// leave the other one something to do.
struct Beside(JoinHandle<(Vec<String>, Tally, Result<(), String>)>);

impl Beside {
    /// Builds the suite, then starts it.
    fn start(browser: Browser) -> Self {
        let modules = web::build_suite();
        Self(std::thread::spawn(move || {
            let mut lines = Vec::new();
            let (tally, outcome) = match modules {
                Ok(modules) => web::run_suite(&browser, &modules, |line| lines.push(line.to_owned())),
                Err(why) => (Tally::default(), Err(why)),
            };
            (lines, tally, outcome)
        }))
    }

    /// Waits for its end. Its lines come all at once, so that they do not stand among those of other tests.
    fn finish(self, report: &mut Report) {
        let (lines, tally, outcome) = self.0.join().expect("nothing in it panics");
        println!("\n{}", lines.join("\n"));
        report.suite("browser suite", tally, outcome);
    }
}

fn browser_suite(browser: Result<Beside, String>, report: &mut Report) {
    match browser {
        Ok(beside) => beside.finish(report),
        Err(why) => report.skip("browser suite", &why),
    }
}

/// `cargo xtask parity`.
pub fn run_parity() -> Result<(), String> {
    let mut report = Report::default();
    match setup::install().browser {
        Ok(browser) => {
            let (tally, outcome) = web::suite(&browser);
            report.suite("browser suite", tally, outcome);
        }
        Err(why) => report.failure("browser suite", &why),
    }
    report.close()
}

/// Library, program, integration and documentation tests. People run this program with an adapter and without one: where the
/// adapter can be hidden, every test runs without it, and those that it changes run again with it.
/// The browser suite ends beside the first pass: the second one loads both cores by itself.
fn native(options: Options, python: Option<&Path>, browser: Result<Beside, String>, report: &mut Report) {
    if !places::adapter_expected() {
        report.note("no Vulkan driver was found: GPU tests ran nowhere");
        let (tally, outcome) = count(pass(options, python, &BTreeSet::new()));
        report.suite("tests", tally, outcome);
        return browser_suite(browser, report);
    }
    let hideable = cfg!(target_os = "linux") && !options.quick;
    let again = if hideable { without_adapter(options, python, report) } else { BTreeSet::new() };
    browser_suite(browser, report);
    if hideable && again.is_empty() {
        return;
    }
    let mut command = pass(options, python, &again);
    command.env("REQUIRE_GPU", "1");
    let (tally, outcome) = count(command);
    for test in tally.missing(&again) {
        report.failure("tests with an adapter", &format!("{test}: it asks for a run with an adapter, and did not run"));
    }
    report.suite("tests with an adapter", tally, outcome);
}

/// Runs every test with the adapter hidden. Returns the names of those that an adapter changes.
fn without_adapter(options: Options, python: Option<&Path>, report: &mut Report) -> BTreeSet<String> {
    let mut command = pass(options, python, &BTreeSet::new());
    command.envs(DRIVERS.map(|name| (name, "/nonexistent")));
    let (mut tally, mut outcome) = count(command);
    let again = std::mem::take(&mut tally.again);
    let hidden = tally.without_those_for_an_adapter();
    if hidden == 0 && outcome.is_ok() {
        outcome = Err(format!("no test printed `SKIP ...: no {ADAPTER}`: the adapter was not hidden from them"));
    }
    report.note(format!(
        "without an adapter {hidden} tests stood aside, and {} others look for one: these {} ran again with one",
        again.len().saturating_sub(hidden),
        again.len(),
    ));
    report.suite("tests without an adapter", tally, outcome);
    again
}

/// One pass over the tests: all of them, or only those named.
fn pass(options: Options, python: Option<&Path>, only: &BTreeSet<String>) -> Command {
    // Documentation tests have no names that a filter could take.
    let what: &[&str] = if only.is_empty() { &[] } else { &["--tests"] };
    let mut command = cargo_test(options, what);
    command.args(["--no-fail-fast", "--", "--show-output"]);
    if !only.is_empty() {
        command.arg("--exact").args(only);
    }
    command.env_remove("REQUIRE_GPU");
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // Mesa's driver complains at every start if there is no desktop session.
        command.env("XDG_RUNTIME_DIR", std::env::temp_dir());
    }
    if let Some(python) = python {
        command.env("ELECTROSCOPE_PYTHON", python);
    }
    command
}

/// The Burn engine pulls in hundreds of crates. It is built only on request, in a folder that the other builds never touch.
fn burn(options: Options, report: &mut Report) {
    if !options.burn {
        return report.note("the Burn engine was not tested: `cargo xtask test --burn` builds and tests it");
    }
    if !burn_is_a_feature() {
        return report.skip("Burn engine", "Cargo.toml lists no feature `burn`");
    }
    let mut command = cargo_test(options, &["--features", "burn", "--target-dir"]);
    command.arg(burn_target_dir()).args(["--no-fail-fast", "--", "--show-output"]);
    if places::adapter_expected() {
        command.env("REQUIRE_GPU", "1");
    }
    let (tally, outcome) = count(command);
    report.suite("Burn engine", tally, outcome);
}

/// Whether Cargo.toml has the feature. The chores for it do nothing without it.
pub fn burn_is_a_feature() -> bool {
    std::fs::read_to_string("Cargo.toml").is_ok_and(|manifest| lists_feature(&manifest, "burn"))
}

/// The arguments with which cargo also sees the Burn engine's dependencies.
pub fn burn_feature() -> &'static [&'static str] {
    if burn_is_a_feature() { &["--features", "electroscope/burn"] } else { &[] }
}

pub fn burn_target_dir() -> std::path::PathBuf {
    places::target_dir().join("burn")
}

fn lists_feature(manifest: &str, feature: &str) -> bool {
    let section = manifest.lines().skip_while(|line| line.trim() != "[features]").skip(1);
    section
        .take_while(|line| !line.starts_with('['))
        .any(|line| line.split_once('=').is_some_and(|(name, _)| name.trim() == feature))
}

fn cargo_test(options: Options, args: &[&str]) -> Command {
    let mut command = process::cargo(&["test", "--package", "electroscope", "--package", "xtask"]);
    command.args(options.release.then_some("--release")).args(args);
    command
}

fn count(command: Command) -> (Tally, Result<(), String>) {
    let mut tally = Tally::default();
    let outcome = process::run_lines(command, |line| {
        if tally.read(line) {
            println!("{line}");
        }
    });
    (tally, outcome)
}

#[cfg(test)]
mod tests {
    use super::lists_feature;

    #[test]
    fn a_feature_is_found_only_where_features_are_listed() {
        let manifest = "[features]\ndefault = []\nburn = [\"dep:burn\"]\n\n[dependencies]\nwgpu = \"30\"\n";
        assert!(lists_feature(manifest, "burn"));
        assert!(!lists_feature(manifest, "wgpu"));
        assert!(!lists_feature("[dependencies]\nburn = \"0.22\"\n", "burn"));
    }
}
