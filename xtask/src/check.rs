//! `cargo xtask check` checks everything that needs no test run. Every step runs, even after a failure.

use crate::licences;
use crate::places::TARGETS;
use crate::process::{self, cargo};
use crate::setup;
use crate::test;
use crate::web;
use std::time::Instant;

type Step = (&'static str, fn() -> Result<(), String>);

const STEPS: [Step; 9] = [
    ("formatting", || process::run(cargo(&["fmt", "--all", "--check"]))),
    ("licences", licences::check),
    ("no C", no_c),
    ("lints", || process::run(cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))),
    ("documentation", documentation),
    ("browser lints", browser_lints),
    ("browser build", || web::build(false).map(drop)),
    ("other platforms", other_platforms),
    ("Burn engine", burn),
];

pub fn run() -> Result<(), String> {
    let mut failed = Vec::new();
    let mut outcomes = Vec::new();
    for (name, step) in STEPS {
        let started = Instant::now();
        let outcome = step();
        let secs = started.elapsed().as_secs();
        outcomes.push(match outcome {
            Ok(()) => format!("  {name} ({secs} s)"),
            Err(why) => {
                failed.push(name);
                format!("  {name} ({secs} s): FAILED: {why}")
            }
        });
    }
    println!("\nChecked:\n{}", outcomes.join("\n"));
    if failed.is_empty() { Ok(()) } else { Err(format!("these checks failed: {}", failed.join(", "))) }
}

fn documentation() -> Result<(), String> {
    let mut doc = cargo(&["doc", "--no-deps", "--document-private-items", "--package", "electroscope"]);
    doc.env("RUSTDOCFLAGS", "--deny warnings");
    process::run(doc)
}

/// The lints again for the code that only a browser compiles.
fn browser_lints() -> Result<(), String> {
    setup::compiler_target("wasm32-unknown-unknown")?;
    let packages = ["clippy", "--package", "electroscope", "--package", "electroscope-web", "--lib"];
    let mut clippy = cargo(&packages);
    clippy.args(["--target", "wasm32-unknown-unknown", "--", "--deny", "warnings"]);
    process::run(clippy)
}

fn other_platforms() -> Result<(), String> {
    for target in ["x86_64-pc-windows-gnu", "aarch64-apple-darwin"] {
        setup::compiler_target(target)?;
        process::run(cargo(&["check", "--package", "electroscope", "--target", target]))?;
    }
    Ok(())
}

/// Checks that it compiles, and its lints. `cargo xtask test --burn` runs its tests.
fn burn() -> Result<(), String> {
    if !test::burn_is_a_feature() {
        println!("\nBurn engine: nothing to check, Cargo.toml lists no feature `burn`");
        return Ok(());
    }
    let mut clippy =
        cargo(&["clippy", "--package", "electroscope", "--all-targets", "--features", "burn", "--target-dir"]);
    clippy.arg(test::burn_target_dir()).args(["--", "--deny", "warnings"]);
    process::run(clippy)
}

/// Checks that no dependency compiles C, with the Burn engine or without. Build scripts do it with `cc` and `cmake`. It prints a
/// line for every target.
fn no_c() -> Result<(), String> {
    let mut found = Vec::new();
    for target in TARGETS {
        for builder in ["cc", "cmake"] {
            let args = [
                &["tree", "--locked", "--package", "electroscope", "--target", target, "--invert", builder][..],
                test::burn_feature(),
            ]
            .concat();
            println!("\n$ cargo {}", args.join(" "));
            match process::output(cargo(&args)) {
                Ok(tree) if tree.trim().is_empty() => println!("nothing"),
                Err(why) if why.contains("did not match any packages") => println!("nothing"),
                Ok(tree) => {
                    println!("{tree}");
                    found.push(format!("{builder} for {target}"));
                }
                Err(why) => return Err(why),
            }
        }
    }
    // Cargo.lock may name `cc` for platforms that are not supported; this prints for which.
    process::run(cargo(&["tree", "--locked", "--package", "electroscope", "--target", "all", "--invert", "cc"])).ok();
    if found.is_empty() { Ok(()) } else { Err(format!("C is compiled: {}", found.join(", "))) }
}
