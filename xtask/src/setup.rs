//! Installs what the tests need besides the compiler, where this machine allows it, and otherwise says why it cannot. Everything
//! goes into the system's own packages or into [`places::cache`], nothing into the repository. It keeps what is already installed.

use crate::places;
use crate::process;
use std::path::PathBuf;
use std::thread::JoinHandle;

/// The oracles' Python packages. The pins are the versions that the tests' tolerances were measured with.
const ORACLE: [&str; 5] =
    ["torch==2.15.0", "transformers==5.23.0", "safetensors==0.8.0", "numpy==2.4.6", "tensorboard==2.21.0"];
/// The package that drives the browser. It brings no browser of its own.
const PLAYWRIGHT: &str = "playwright-core@1.64.1";

/// A tool, or why it is not there.
pub type Found = Result<PathBuf, String>;

/// The tools that the suites need, as far as they could be found or installed.
pub struct Tools {
    pub browser: Result<Browser, String>,
    oracle: JoinHandle<Found>,
}

#[derive(Clone)]
pub struct Browser {
    pub node: PathBuf,
    pub chromium: PathBuf,
    /// A folder whose node_modules holds playwright-core.
    pub playwright: PathBuf,
}

impl Tools {
    /// Waits for the oracles' Python, whose gigabytes arrive while the tests compile.
    pub fn oracle(self) -> Found {
        self.oracle.join().unwrap_or_else(|_| Err("the installation panicked".into()))
    }
}

/// `cargo xtask setup` installs all of it and reports what is missing.
pub fn run() -> Result<(), String> {
    let tools = install();
    let browser = tools.browser.as_ref().map(|browser| browser.chromium.clone()).map_err(Clone::clone);
    let drivers = if places::adapter_expected() {
        Ok("a driver is installed".into())
    } else {
        Err("no Vulkan driver: GPU tests will be skipped".into())
    };
    let mut found = vec![("GPU", drivers), ("browser", browser), ("oracle", tools.oracle())];
    for target in places::TARGETS {
        found.push((target, compiler_target(target).map(|()| PathBuf::from("installed"))));
    }
    println!();
    for (name, found) in found {
        match found {
            Ok(path) => println!("{name}: {}", path.display()),
            Err(why) => println!("{name}: MISSING: {why}"),
        }
    }
    Ok(())
}

/// Installs what is missing and can be installed. The oracles' packages arrive in the background.
pub fn install() -> Tools {
    let system = system_packages();
    let because = |what: &str| match &system {
        Ok(()) => format!("{what} not found"),
        Err(why) => format!("{what} not found; {why}"),
    };
    let oracle = std::thread::spawn(oracle);
    Tools { browser: browser(because), oracle }
}

/// Finds what is already on this machine. It installs nothing.
pub fn present() -> Tools {
    let oracle = std::thread::spawn(|| match std::env::var_os("ELECTROSCOPE_PYTHON") {
        Some(python) => Ok(python.into()),
        None => installed_oracle().ok_or_else(|| "not installed; `cargo xtask setup` does it".into()),
    });
    Tools { browser: Err("left out by --quick".into()), oracle }
}

/// Makes sure that the compiler can build for `target`.
pub fn compiler_target(target: &str) -> Result<(), String> {
    let sysroot = process::output(process::command("rustc", &["--print", "sysroot"]))?;
    if PathBuf::from(sysroot.trim()).join("lib/rustlib").join(target).join("lib").is_dir() {
        return Ok(());
    }
    process::run(process::command("rustup", &["target", "add", target]))
}

/// Debian's packages for what is not found, as root only: nobody else is asked for a password in the middle of a test.
fn system_packages() -> Result<(), String> {
    let python = || process::output(process::command("python3", &["-c", "import ensurepip, venv"])).is_ok();
    let wanted = [
        ("mesa-vulkan-drivers", places::adapter_expected()), // lavapipe: an adapter on any machine
        ("chromium", places::chromium().is_some()),
        ("nodejs", places::program(&["node"]).is_some()),
        ("npm", places::program(&["npm"]).is_some()),
        ("python3-venv", std::env::var_os("ELECTROSCOPE_PYTHON").is_some() || python()),
    ];
    let missing: Vec<&str> = wanted.iter().filter(|(_, there)| !there).map(|(package, _)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = format!("install it by hand (Debian's names: {})", missing.join(" "));
    let Some(apt) = places::program(&["apt-get"]) else { return Err(format!("no apt-get here: {by_hand}")) };
    if process::output(process::command("id", &["-u"])).is_ok_and(|user| user.trim() != "0") {
        return Err(format!("not root: {by_hand}"));
    }
    let apt = |args: &[&str]| {
        let mut command = process::command(&apt, &["-o", "DPkg::Lock::Timeout=300", "--quiet=2"]);
        command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
        process::run(command)
    };
    // A fresh machine's lists are empty or old. One that cannot be refreshed may still install from what it has.
    apt(&["update"]).unwrap_or_else(|why| println!("{why}"));
    apt(&[&["install", "--yes", "--no-install-recommends"], missing.as_slice()].concat())
        .map_err(|why| format!("{why}: {by_hand}"))
}

fn browser(because: impl Fn(&str) -> String) -> Result<Browser, String> {
    let chromium = places::chromium().ok_or_else(|| because("Chromium"))?;
    let node = places::program(&["node"]).ok_or_else(|| because("Node.js"))?;
    let playwright = places::cache().join("browser");
    if !playwright.join("node_modules/playwright-core").is_dir() {
        let npm = places::program(&["npm"]).ok_or_else(|| because("npm"))?;
        std::fs::create_dir_all(&playwright).map_err(|e| format!("{}: {e}", playwright.display()))?;
        let mut install = process::command(npm, &["install", "--no-audit", "--no-fund", "--silent", "--prefix"]);
        install.arg(&playwright).arg(PLAYWRIGHT);
        process::run(install)?;
    }
    Ok(Browser { node, chromium, playwright })
}

/// $ELECTROSCOPE_PYTHON, else an environment of our own with [`ORACLE`] in it.
fn oracle() -> Found {
    if let Some(python) = std::env::var_os("ELECTROSCOPE_PYTHON") {
        return Ok(python.into());
    }
    if let Some(python) = installed_oracle() {
        return Ok(python);
    }
    let folder = places::cache().join("oracle");
    let system = places::program(&["python3", "python"]).ok_or("no Python found")?;
    println!("installing {} in the background", ORACLE.join(" "));
    let mut environment = process::command(system, &["-m", "venv", "--clear"]);
    environment.arg(&folder);
    process::output(environment)?;
    let mut pip = process::command(oracle_python(), &["-m", "pip", "install", "--quiet"]);
    pip.args(ORACLE);
    process::output(pip)?;
    std::fs::write(oracle_stamp(), ORACLE.join("\n")).map_err(|e| format!("{}: {e}", oracle_stamp().display()))?;
    Ok(oracle_python())
}

/// A file that is written last. An installation that was cut off has none, and one with older pins has another.
fn oracle_stamp() -> PathBuf {
    places::cache().join("oracle/installed.txt")
}

fn oracle_python() -> PathBuf {
    places::cache().join(if cfg!(windows) { "oracle/Scripts/python.exe" } else { "oracle/bin/python" })
}

fn installed_oracle() -> Option<PathBuf> {
    (std::fs::read_to_string(oracle_stamp()).ok()? == ORACLE.join("\n")).then(oracle_python)
}
