//! `cargo xtask test` runs every test there is, with an adapter and without one, and counts them.
//! tools -> cargo test (adapter hidden) -> cargo test (adapter demanded) -> browser -> Burn -> one closing line.

use crate::places;
use crate::process;
use crate::report::Report;
use crate::setup;
use crate::tally::Tally;
use crate::web;
use std::path::Path;
use std::process::Command;

#[derive(Clone, Copy)]
pub struct Options {
    pub quick: bool,
    pub release: bool,
    pub burn: bool,
}

/// The variables that show Vulkan's loader its drivers: pointed at a file that is not there, no adapter is left.
const DRIVERS: [&str; 2] = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];
/// In the reason of every test that needs one and sees none.
const ADAPTER: &str = "adapter";

pub fn run(options: Options) -> Result<(), String> {
    let mut report = Report::default();
    let tools = if options.quick { setup::present() } else { setup::install() };
    // Compiled first, while the oracles' packages arrive; what fails to compile would fail every pass below.
    if let Err(why) = process::run(cargo_test(options, &["--no-run"])) {
        report.failure("build", &why);
        return report.close();
    }
    match &tools.browser {
        Ok(browser) => {
            let (tally, outcome) = web::parity(browser);
            report.suite("browser parity", tally, outcome);
        }
        Err(why) => report.skip("browser parity", why),
    }
    let python = tools.oracle();
    if let Err(why) = &python {
        report.skip("Python oracle", &format!("{why}; the tests that compare with transformers skip"));
    }
    native(options, python.ok().as_deref(), &mut report);
    burn(options, &mut report);
    report.close()
}

/// `cargo xtask parity`.
pub fn run_parity() -> Result<(), String> {
    let mut report = Report::default();
    match setup::install().browser {
        Ok(browser) => {
            let (tally, outcome) = web::parity(&browser);
            report.suite("browser parity", tally, outcome);
        }
        Err(why) => report.failure("browser parity", &why),
    }
    report.close()
}

/// Library, program, integration and documentation tests: where there is an adapter once with it and once without,
/// because both are how people run this; where there is none, once.
fn native(options: Options, python: Option<&Path>, report: &mut Report) {
    let pass = |set_up: &dyn Fn(&mut Command)| {
        let mut command = cargo_test(options, &["--no-fail-fast", "--", "--show-output"]);
        command.env_remove("REQUIRE_GPU");
        if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
            // Mesa's driver complains on every start where there is no desktop session.
            command.env("XDG_RUNTIME_DIR", std::env::temp_dir());
        }
        if let Some(python) = python {
            command.env("ELECTROSCOPE_PYTHON", python);
        }
        set_up(&mut command);
        count(command)
    };
    let hideable = cfg!(target_os = "linux");
    if !places::adapter_expected() {
        report.note("no Vulkan driver was found: GPU tests ran nowhere");
        let (tally, outcome) = pass(&|_| ());
        return report.suite("tests", tally, outcome);
    }
    if !options.quick && hideable {
        let (mut tally, mut outcome) = pass(&|command| {
            command.envs(DRIVERS.map(|name| (name, "/nonexistent")));
        });
        let before = tally.skipped.len();
        tally.skipped.retain(|why| !why.contains(ADAPTER));
        let hidden = before - tally.skipped.len();
        report.note(format!("without an adapter: {hidden} GPU tests stood aside; the pass with one ran them"));
        if hidden == 0 && outcome.is_ok() && some_test_asks_for_a_gpu() {
            outcome = Err(format!("no test printed `SKIP ...: no {ADAPTER}`: the adapter was not hidden from them"));
        }
        report.suite("tests without an adapter", tally, outcome);
    }
    let (tally, outcome) = pass(&|command| {
        command.env("REQUIRE_GPU", "1");
    });
    report.suite("tests with an adapter", tally, outcome);
}

/// The Burn engine pulls in hundreds of crates: built only when asked for, in a folder that the other builds never touch.
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

/// Whether Cargo.toml has it: the chores around it begin to work the day it is there.
pub fn burn_is_a_feature() -> bool {
    std::fs::read_to_string("Cargo.toml").is_ok_and(|manifest| lists_feature(&manifest, "burn"))
}

/// What cargo is told to see the Burn engine's dependencies too.
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

fn some_test_asks_for_a_gpu() -> bool {
    process::output(process::command("git", &["grep", "--quiet", "REQUIRE_GPU", "--", "src", "tests"])).is_ok()
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
