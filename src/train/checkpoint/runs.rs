//! The runs in a folder: which was started last, which are unfinished, which cannot be read.
//! runs/ -> [`survey_runs`] -> [`Runs`], for `--resume` without a name and for `NEWEST`.
//!
//! Each run keeps when it was started in `.started`, a number of nanoseconds since 1970. A new run's number is larger than that of
//! every run already in the folder, so the numbers have the order of the starts even if the clock went back.

use super::{STATE, list, state};
use crate::config::Config;
use crate::path::name_of;
use crate::{Error, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(super) const STARTED: &str = ".started";
/// The file with a run's configuration.
pub const CONFIG: &str = "config.toml";

/// The runs in a folder that have a checkpoint.
#[derive(Debug, Default)]
pub struct Runs {
    /// The run that was started last.
    pub newest: Option<PathBuf>,
    /// The runs that have steps left, the one that was started last first.
    pub unfinished: Vec<PathBuf>,
    /// Why other folders could not be read.
    pub skipped: Vec<Error>,
}

/// The run in `runs` that was started last.
pub fn newest_run(runs: &Path) -> Result<Option<PathBuf>> {
    Ok(survey_runs(runs)?.newest)
}

/// Looks at every run in the folder `runs`.
///
/// # Errors
/// The folder itself cannot be read. If it is not there, there are no runs.
pub fn survey_runs(runs: &Path) -> Result<Runs> {
    let entries = match fs::read_dir(runs) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Runs::default()),
        Err(e) => return Err(Error::io("io-read-folder-of-runs", runs, &e)),
    };
    let (mut found, mut skipped) = (Vec::new(), Vec::new());
    for entry in entries {
        let path = entry.map_err(|e| Error::io("io-read-folder-of-runs", runs, &e))?.path();
        match look(&path) {
            Ok(Some(unfinished)) => found.push((started(&path), path, unfinished)),
            Ok(None) => {}
            Err(why) => skipped.push(why),
        }
    }
    // Runs that were started in the same instant are ordered by their names.
    found.sort_by(|a, b| (b.0, &b.1).cmp(&(a.0, &a.1)));
    skipped.sort_by_key(ToString::to_string);
    let newest = found.first().map(|(_, path, _)| path.clone());
    let unfinished = found.into_iter().filter(|(.., unfinished)| *unfinished).map(|(_, path, _)| path).collect();
    Ok(Runs { newest, unfinished, skipped })
}

/// The configuration that a run's folder holds.
///
/// # Errors
/// It is not there, or it cannot be read.
pub fn stored_config(run: &Path) -> Result<Config> {
    let path = run.join(CONFIG);
    let text = fs::read_to_string(&path).map_err(|e| Error::io("io-read-runs-configuration", &path, &e))?;
    Config::from_toml(&text, &name_of(&path))
}

/// The same, where a folder need not have one, such as a checkpoint that was copied.
///
/// # Errors
/// It cannot be read.
pub fn stored_config_if_any(run: &Path) -> Result<Option<Config>> {
    match fs::metadata(run.join(CONFIG)) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        _ => stored_config(run).map(Some),
    }
}

/// Whether a folder holds a run with a checkpoint, and then whether the run has steps left.
fn look(path: &Path) -> Result<Option<bool>> {
    let meta = fs::metadata(path).map_err(|e| Error::io("io-read", path, &e))?;
    if !meta.is_dir() {
        return Ok(None);
    }
    let Some((_, dir)) = list(path)?.into_iter().next() else { return Ok(None) };
    let file = dir.join(STATE);
    let bytes = match fs::read(&file) {
        Ok(bytes) => bytes,
        // A damaged checkpoint is named when it is to be resumed.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Some(true)),
        Err(e) => return Err(Error::io("io-read-state", &file, &e)),
    };
    let Ok((state, _)) = state::parse(&bytes) else { return Ok(Some(true)) };
    // Only the configuration knows the length of a run that was extended since its checkpoint.
    let planned = state.planned_steps.max(stored_config(path).map_or(0, |config| config.steps));
    Ok(Some(state.step < planned))
}

/// How long a new run looks at what lies beside it. It may be a folder of thousands of other things, on a slow disk.
const LOOK_MAX: Duration = Duration::from_millis(200);

/// Notes in a new run's folder that the run is started now, after all runs that are beside it.
pub(super) fn note_start(run: &Path) -> std::io::Result<()> {
    let above = run.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let began = Instant::now();
    let entries = fs::read_dir(above).into_iter().flatten().flatten().take_while(|_| began.elapsed() < LOOK_MAX);
    // A run lies in a folder. A link may lead to a disk that does not answer, and a hidden folder is somebody else's.
    let may_be_run = |entry: &fs::DirEntry| {
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        !hidden && entry.file_type().is_ok_and(|kind| kind.is_dir())
    };
    let beside = entries.filter(may_be_run).filter_map(|entry| noted(&entry.path()));
    let now = nanos(SystemTime::now());
    let start = beside.max().map_or(now, |last| now.max(last.saturating_add(1)));
    fs::write(run.join(STARTED), start.to_string())
}

/// When a run was started. A run of an earlier version wrote its configuration then.
fn started(run: &Path) -> u128 {
    noted(run).unwrap_or_else(|| {
        let written = [CONFIG, "checkpoints", "."]
            .iter()
            .find_map(|name| fs::metadata(run.join(name)).and_then(|data| data.modified()).ok());
        written.map_or(0, nanos)
    })
}

/// The most digits that a number of nanoseconds has, with a line end.
const NOTE_BYTES_MAX: u64 = 41;

fn noted(run: &Path) -> Option<u128> {
    let path = run.join(STARTED);
    // A pipe or an endless file of this name is not ours.
    fs::symlink_metadata(&path).ok().filter(|meta| meta.is_file() && meta.len() <= NOTE_BYTES_MAX)?;
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn nanos(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos())
}

#[cfg(all(test, not(target_arch = "wasm32")))] // files
mod tests {
    use super::super::state::tests::sample_state;
    use super::super::{Moments, RunFolder, Snapshot};
    use super::*;
    use crate::hub::{Tensors, random_pair};
    use std::collections::BTreeSet;

    fn keep(folder: &RunFolder, step: u64) {
        let pair = random_pair(step);
        let moments = Moments { m: pair.discriminator.tensors.clone(), v: pair.discriminator.tensors.clone() };
        let snapshot = Snapshot {
            networks: &pair.into(),
            moments: &moments,
            statistics: &Tensors::new(),
            tokenizer_files: &[("vocab.txt".to_owned(), b"[PAD]\n".to_vec())],
            state: &sample_state(step),
        };
        folder.write(&snapshot, 1).unwrap();
    }

    fn planned() -> u64 {
        sample_state(1).planned_steps
    }

    #[test]
    fn the_run_that_was_started_last_is_the_newest_whatever_was_written_last() {
        let dir = tempfile::tempdir().unwrap();
        let [first, second, third] = ["z", "a", "m"].map(|name| dir.path().join(name));
        let [early, late, last] = [&first, &second, &third].map(|run| RunFolder::create(run).unwrap());
        assert_eq!(newest_run(dir.path()).unwrap(), None, "none has a checkpoint yet");
        keep(&last, planned());
        keep(&late, 10);
        keep(&early, 20);
        let runs = survey_runs(dir.path()).unwrap();
        assert_eq!(runs.newest, Some(third.clone()));
        assert_eq!(runs.unfinished, [second.clone(), first.clone()], "the third is finished");
        // An extended run has steps left again. Only its configuration says so.
        let config = Config { steps: 2 * planned(), ..Config::preset("nano").unwrap() };
        fs::write(third.join("config.toml"), config.to_toml()).unwrap();
        assert_eq!(survey_runs(dir.path()).unwrap().unfinished, [third, second, first]);
    }

    #[test]
    fn a_clock_that_went_back_changes_no_order() {
        let dir = tempfile::tempdir().unwrap();
        let ahead = dir.path().join("ahead");
        keep(&RunFolder::create(&ahead).unwrap(), 1);
        // It was started a year from now.
        let year = nanos(SystemTime::now()) + 365 * 86_400 * 1_000_000_000;
        fs::write(ahead.join(STARTED), year.to_string()).unwrap();
        let names = ["b", "a"];
        for name in names {
            let run = dir.path().join(name);
            keep(&RunFolder::create(&run).unwrap(), 1);
            assert_eq!(newest_run(dir.path()).unwrap(), Some(run));
        }
    }

    #[test]
    fn what_lies_beside_a_run_and_is_none_decides_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let year = nanos(SystemTime::now()) + 365 * 86_400 * 1_000_000_000;
        let strange = |name: &str, note: String| {
            fs::create_dir(dir.path().join(name)).unwrap();
            fs::write(dir.path().join(name).join(STARTED), note).unwrap();
        };
        strange("long", format!("{year}{}", " ".repeat(100)));
        strange(".hidden", year.to_string());
        strange("words", "yesterday".to_owned());
        fs::write(dir.path().join("file"), "").unwrap();
        #[cfg(unix)]
        {
            // What is behind a link may not answer.
            fs::create_dir_all(dir.path().join("linked")).unwrap();
            fs::write(dir.path().join("note"), year.to_string()).unwrap();
            std::os::unix::fs::symlink("../note", dir.path().join("linked").join(STARTED)).unwrap();
        }
        let run = dir.path().join("run");
        let _folder = RunFolder::create(&run).unwrap();
        assert!(noted(&run).unwrap() < year);
    }

    #[test]
    fn what_cannot_be_read_is_told_and_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("run");
        keep(&RunFolder::create(&run).unwrap(), 1);
        fs::write(dir.path().join("notes.txt"), "no run").unwrap();
        fs::create_dir(dir.path().join("empty")).unwrap();
        // Nobody can list a file, not even the administrator, for whom permissions do not count.
        fs::create_dir(dir.path().join("broken")).unwrap();
        fs::write(dir.path().join("broken/checkpoints"), "a file").unwrap();
        // A state.json that is a folder.
        fs::create_dir_all(dir.path().join("odd/checkpoints/step-000000001/state.json")).unwrap();
        let mut strange = vec!["broken", "odd"];
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("nowhere", dir.path().join("dead-link")).unwrap();
            std::os::unix::fs::symlink("loop", dir.path().join("loop")).unwrap();
            strange.extend(["dead-link", "loop"]);
        }
        let runs = survey_runs(dir.path()).unwrap();
        assert_eq!(runs.newest.as_ref(), Some(&run));
        assert_eq!(runs.unfinished, [run]);
        assert_eq!(runs.skipped.len(), strange.len());
        for name in strange {
            assert!(runs.skipped.iter().any(|why| why.to_string().contains(name)), "{name}: {:?}", runs.skipped);
        }
    }

    #[test]
    fn runs_that_begin_at_once_have_folders_of_their_own() {
        let dir = tempfile::tempdir().unwrap();
        let runs = dir.path().join("runs");
        let begin = || RunFolder::create_dated(&runs, "20260101-000000-nano").unwrap();
        let folders: Vec<RunFolder> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..12).map(|_| scope.spawn(begin)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let made: Vec<PathBuf> = folders.iter().map(|folder| folder.path().to_owned()).collect();
        assert_eq!(made.iter().collect::<BTreeSet<_>>().len(), 12, "{made:?}");
        assert!(
            made.contains(&runs.join("20260101-000000-nano")) && made.contains(&runs.join("20260101-000000-nano-12"))
        );
        // None of them begins.
        drop(folders);
        assert_eq!(fs::read_dir(&runs).into_iter().flatten().count(), 0);
        // A file in the way is no place for a run either.
        fs::create_dir_all(&runs).unwrap();
        fs::write(runs.join("x"), "").unwrap();
        assert_eq!(RunFolder::create_dated(&runs, "x").unwrap().path(), runs.join("x-2"));
        assert!(RunFolder::create_dated(&runs.join("x"), "y").is_err());
    }
}
