//! Chooses the folder in which the window keeps runs: `runs` in the current folder, as the command line does. If nothing can be
//! written there (the program was started from a menu), it is a folder for this program's data in the person's home.

use std::path::{Path, PathBuf};

const RUNS: &str = "runs";

/// Folders that may hold runs, the one for new runs first.
pub fn runs_folders() -> Vec<PathBuf> {
    let mut folders = candidates();
    let first = folders.iter().position(|folder| can_be_written(folder)).unwrap_or(0);
    folders[..=first].rotate_right(1);
    folders
}

/// The folder for new runs.
pub fn for_new_runs() -> PathBuf {
    runs_folders().swap_remove(0)
}

fn candidates() -> Vec<PathBuf> {
    let here = std::env::current_dir().unwrap_or_default().join(RUNS);
    std::iter::once(here).chain(data_folder().map(|folder| folder.join(RUNS))).collect()
}

/// The folder in which programs keep a person's data on this system.
fn data_folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = match std::env::consts::OS {
        "windows" => set("APPDATA"),
        "macos" => set("HOME").map(|home| home.join("Library/Application Support")),
        _ => set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| home.join(".local/share"))),
    };
    home.map(|folder| folder.join("electroscope"))
}

/// Tries to write, because only writing shows permissions, full disks and read-only media.
fn can_be_written(folder: &Path) -> bool {
    let was_there = folder.exists();
    let trial = folder.join(format!(".write-{}", std::process::id()));
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&trial, b"."));
    std::fs::remove_file(&trial).ok();
    if !was_there {
        // This removes only an empty folder.
        std::fs::remove_dir(folder).ok();
    }
    written.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_written_is_known_and_a_question_leaves_no_trace() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, b"in the way").unwrap();
        assert!(!can_be_written(&file.join("runs")));
        assert!(can_be_written(&dir.path().join("runs")));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "only the file is there");
    }
}
