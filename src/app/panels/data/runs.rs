//! Lists the runs that this computer keeps, from their folders.
//! folders of runs -> [`list`] -> [`Kept`], newest first; a path that a person names -> [`kind`].

use crate::config::Config;
use crate::host::native;
use crate::path::{name_of, path_of};
use crate::text::corpus;
use crate::train::checkpoint;
use crate::view::log;
use crate::{Error, Result};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The largest number of runs that are listed.
pub const RUNS_MAX: usize = 100;

/// The main facts of a run's folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub path: PathBuf,
    pub name: String,
    pub preset: Option<String>,
    /// The step of its newest checkpoint; none if it has no checkpoint.
    pub step: Option<u64>,
    pub planned: Option<u64>,
    changed: SystemTime,
}

impl Kept {
    /// Whether training can continue from its newest checkpoint.
    pub fn can_go_on(&self) -> bool {
        self.step.is_some_and(|step| self.planned.is_none_or(|planned| step < planned))
    }

    fn read(path: PathBuf) -> Self {
        let config: Option<Config> = native::stored_config(&path).ok();
        let name = name_of(path.file_name().map_or(&*path, Path::new));
        let changed = std::fs::metadata(path.join(log::FILE)).and_then(|data| data.modified());
        Self {
            name,
            preset: config.as_ref().map(|config| config.preset.clone()),
            step: checkpoint::list(&path).ok().and_then(|list| list.first().map(|(step, _)| *step)),
            planned: config.map(|config| config.steps),
            changed: changed.unwrap_or(SystemTime::UNIX_EPOCH),
            path,
        }
    }
}

/// The runs in `folders`, the last changed first. A folder that does not exist has none.
pub fn list(folders: &[PathBuf]) -> Vec<Kept> {
    let inside = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let mut runs: Vec<Kept> = inside.map(|entry| entry.path()).filter(|path| is_run(path)).map(Kept::read).collect();
    runs.sort_by(|a, b| b.changed.cmp(&a.changed).then_with(|| b.name.cmp(&a.name)));
    runs.truncate(RUNS_MAX);
    runs
}

fn is_run(path: &Path) -> bool {
    path.join(log::FILE).is_file()
}

/// What a person opens with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    Run,
    /// A folder with a model, such as Hugging Face's.
    Model,
}

/// # Errors
/// Nothing is there, or nothing that can be opened. The error says what is expected.
pub fn kind(path: &Path) -> Result<Opened> {
    if is_run(path) {
        return Ok(Opened::Run);
    }
    checkpoint::resolve_model(path).map(|_| Opened::Model)
}

/// Whether a dropped path is text: a run or a model is opened, everything else is text.
pub fn is_text(path: &Path) -> bool {
    !path.is_dir() || kind(path).is_err()
}

/// A path from typed text, without the quotation marks that file managers copy.
///
/// # Errors
/// Nothing was typed, or nothing is there.
pub fn typed_path(typed: &str) -> Result<PathBuf> {
    let typed = typed.trim();
    // As this program itself writes paths that are not UTF-8.
    let typed = if typed.starts_with("$'") { typed } else { typed.trim_matches(['"', '\'']) };
    let path = path_of(typed.strip_prefix("file://").unwrap_or(typed));
    if typed.is_empty() {
        return Err(Error::usage("no-path-typed"));
    }
    if !corpus::is_there(&path) {
        return Err(Error::failed("nothing-at-path").at_path(&path));
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_listed_and_other_folders_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("20260101-nano");
        std::fs::create_dir_all(run.join("checkpoints/step-000000500")).unwrap();
        std::fs::write(run.join(log::FILE), b"").unwrap();
        std::fs::write(run.join("config.toml"), Config::preset("tiny").unwrap().to_toml()).unwrap();
        std::fs::create_dir(dir.path().join("notes")).unwrap();
        let listed = list(&[dir.path().join("nowhere"), dir.path().to_owned()]);
        assert_eq!(listed.len(), 1);
        let kept = &listed[0];
        assert_eq!((kept.name.as_str(), kept.preset.as_deref(), kept.step), ("20260101-nano", Some("tiny"), Some(500)));
        assert!(kept.can_go_on());
        assert_eq!(kind(&run).unwrap(), Opened::Run);
        assert!(!is_text(&run) && is_text(&dir.path().join("notes")));
        assert!(kind(&dir.path().join("notes")).unwrap_err().to_string().contains("neither-run-nor-model"));
    }

    #[test]
    fn typed_paths_are_forgiven_their_quotation_marks() {
        let dir = tempfile::tempdir().unwrap();
        let typed = format!(" \"{}\" ", dir.path().display());
        assert_eq!(typed_path(&typed).unwrap(), dir.path());
        #[cfg(unix)]
        {
            let strange: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(b"caf\xe9 's".to_vec());
            let strange = dir.path().join(strange);
            std::fs::write(&strange, "x").unwrap();
            assert_eq!(typed_path(&native::name_of(&strange)).unwrap(), strange);
        }
        assert!(typed_path("  ").is_err());
        assert!(typed_path("/no/such/file").unwrap_err().to_string().contains("/no/such/file"));
    }
}
