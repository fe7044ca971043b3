//! Cross-platform chores of the repository. [`USAGE`] lists what to type; each chore is a file of its own.

mod check;
mod licences;
mod pictures;
mod places;
mod process;
mod record;
mod report;
mod setup;
mod tally;
mod test;
mod web;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask test [--quick] [--release] [--burn]
    Everything, with one closing line `N passed, N failed, N skipped`. Installs what the tests need where it can and says
    at the end what it skipped and why. --quick: one pass, no browser, no installing. --release: the optimised profile
    instead of the development one. --burn: the Burn engine too, built in its own target folder.
cargo xtask check
    Formatting, lints, documentation, the other platforms, licences, no C. Needs no test tools.
cargo xtask setup
    Only the installing: graphics driver, browser, Python with PyTorch and transformers, targets of the compiler.
cargo xtask web [--release]
    The browser's module and its JavaScript; prints the folder.
cargo xtask record [--release]
    The recorded runs that come with the app, trained anew in both languages: assets/recorded/.
cargo xtask pictures
    The README's pictures, taken by the app of itself, as it is shipped: assets/pictures/.
cargo xtask parity [--serve]
    Only the browser suite, headless; --serve prints an address to open in any browser by hand.";

fn main() -> ExitCode {
    // Everything here names files from the repository's root, whatever folder the command was typed in.
    if let Err(e) = std::env::set_current_dir(places::root()) {
        return failed(&format!("{}: cannot enter the repository: {e}", places::root().display()));
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((chore, flags)) = args.split_first() else { return usage("no chore named") };
    let known: &[&str] = match chore.as_str() {
        "test" => &["--quick", "--release", "--burn"],
        "web" | "record" => &["--release"],
        "parity" => &["--serve"],
        "check" | "setup" | "pictures" => &[],
        _ => return usage(&format!("{chore}: no such chore")),
    };
    if let Some(flag) = flags.iter().find(|flag| !known.contains(&flag.as_str())) {
        return usage(&format!("{flag}: `{chore}` takes {known:?}"));
    }
    let has = |flag: &str| flags.iter().any(|given| given == flag);
    let succeeded = match chore.as_str() {
        "test" => test::run(test::Options { quick: has("--quick"), release: has("--release"), burn: has("--burn") }),
        "check" => check::run(),
        "setup" => setup::run(),
        "web" => web::run(has("--release")),
        "record" => record::run(has("--release")),
        "pictures" => pictures::run(),
        _ if has("--serve") => web::serve(),
        _ => test::run_parity(),
    };
    match succeeded {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => failed(&why),
    }
}

fn failed(why: &str) -> ExitCode {
    eprintln!("xtask: {why}");
    ExitCode::FAILURE
}

fn usage(why: &str) -> ExitCode {
    eprintln!("xtask: {why}\n\n{USAGE}");
    ExitCode::from(2)
}
