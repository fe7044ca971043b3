//! Knows where things are: the repository, the build folder, the cache outside both, the programs on this machine.

use std::env;
use std::path::{Path, PathBuf};

/// The targets that the library supports. Checks run for each of them, and so does the check of licences.
pub const TARGETS: [&str; 4] =
    ["x86_64-unknown-linux-gnu", "x86_64-pc-windows-gnu", "aarch64-apple-darwin", "wasm32-unknown-unknown"];

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ lies in the repository")
}

/// The folder in which cargo builds. This program runs from TARGET/PROFILE/xtask, so its own path shows it.
pub fn target_dir() -> PathBuf {
    let program = env::current_exe().expect("the system knows the path of a program that cargo started");
    program.ancestors().nth(2).expect("cargo starts it from TARGET/PROFILE/").to_owned()
}

/// What the tests need and the repository must not hold: $ELECTROSCOPE_CACHE, else the user's own cache folder.
pub fn cache() -> PathBuf {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("ELECTROSCOPE_CACHE")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("electroscope")))
        .or_else(|| Some(set("LOCALAPPDATA")?.join("electroscope")))
        .or_else(|| Some(set("HOME")?.join(".cache/electroscope")))
        .unwrap_or_else(|| env::temp_dir().join("electroscope"))
}

/// The first of `names` on the PATH, as a path that can be started.
pub fn program(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let endings: &[&str] = if cfg!(windows) { &[".exe", ".cmd"] } else { &[""] };
    let candidates = names.iter().flat_map(|name| endings.iter().map(move |ending| format!("{name}{ending}")));
    candidates
        .flat_map(|file| env::split_paths(&path).map(|folder| folder.join(&file)).collect::<Vec<_>>())
        .find(|file| file.is_file())
}

/// $ELECTROSCOPE_CHROMIUM, else Chromium or Chrome where their installers put them.
pub fn chromium() -> Option<PathBuf> {
    if let Some(named) = env::var_os("ELECTROSCOPE_CHROMIUM") {
        return Some(named.into());
    }
    let bundles = [
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    ];
    program(&["chromium", "chromium-browser", "google-chrome"])
        .or_else(|| bundles.iter().map(PathBuf::from).find(|bundle| bundle.is_file()))
}

/// Whether GPU tests can be demanded of this machine. Metal and DX12 always have an adapter (Windows its own software one);
/// elsewhere it takes a Vulkan driver, and one that is installed but does not start is a failure worth seeing.
pub fn adapter_expected() -> bool {
    cfg!(any(windows, target_os = "macos")) || !vulkan_drivers().is_empty()
}

/// The Vulkan loader's driver manifests, in the folders and variables it documents.
fn vulkan_drivers() -> Vec<PathBuf> {
    for name in ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"] {
        if let Some(files) = env::var_os(name) {
            return env::split_paths(&files).filter(|file| file.is_file()).collect();
        }
    }
    let home = env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    ["/etc", "/usr/share", "/usr/local/share"]
        .map(PathBuf::from)
        .into_iter()
        .chain(home)
        .filter_map(|folder| std::fs::read_dir(folder.join("vulkan/icd.d")).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect()
}
