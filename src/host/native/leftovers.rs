//! Removes from a folder of caches what processes left there that died while they wrote: half a token cache, half a tokenizer.
//!
//! Their names tell the process ([`crate::path::part_ending`]). A writer locks its file, and the system takes the
//! lock back when the process ends, however it ends. So a locked file is never touched. (A process in another container may use the
//! same folder and cannot be seen here; its lock can.)

use crate::path::process_of_part;
use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// A folder cannot be locked. It is written within seconds.
const FOLDER_AGE: Duration = Duration::from_secs(60);
/// Whatever nobody has touched for this long is left over, even if another process has taken the number since.
const AGE: Duration = Duration::from_secs(3600);

/// Removes what is left over in `dir`. What cannot be removed stays; it costs only space.
pub fn sweep(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(process) = name.to_str().and_then(process_of_part) else { continue };
        let path = entry.path();
        let Ok(meta) = fs::symlink_metadata(&path) else { continue };
        let age = meta.modified().ok().and_then(|time| SystemTime::now().duration_since(time).ok()).unwrap_or_default();
        if meta.is_dir() {
            if age > AGE || (age > FOLDER_AGE && !runs(process)) {
                fs::remove_dir_all(&path).ok();
            }
        } else if meta.is_file() && (age > AGE || !runs(process)) && is_free(&path, age) {
            fs::remove_file(&path).ok();
        }
    }
}

/// Whether a process is running. If the system cannot say, the process counts as running.
fn runs(process: u32) -> bool {
    !cfg!(target_os = "linux") || Path::new("/proc").join(process.to_string()).exists()
}

/// Whether nobody holds a file of this age. A draft is locked while it is written.
fn is_free(path: &Path, age: Duration) -> bool {
    let Ok(file) = File::options().read(true).write(true).open(path) else { return false };
    match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        // Some network file systems have no locks, and the process may run on another machine. What is being written is young.
        Err(TryLockError::Error(_)) => age > AGE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number that no process has: the system's own limit lies below it.
    const NOBODY: u32 = 4_194_305;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_the_dead_left_goes_and_what_the_living_write_stays() {
        let dir = tempfile::tempdir().unwrap();
        let here = std::process::id();
        let write = |name: String, old: bool| {
            let file = File::create(dir.path().join(name)).unwrap();
            if old {
                file.set_modified(SystemTime::now() - 2 * AGE).unwrap();
            }
            file
        };
        // Of dead processes.
        write(format!("a.tokens-{NOBODY}-0.part"), false);
        write(format!("kernels.json.{NOBODY}.part"), false);
        // The number belongs to a living process now, but nobody has touched the file for hours.
        write(format!("b.tokens-{here}-0.part"), true);
        let folder = dir.path().join(format!(".partial-tokenizer-x.{NOBODY}-0.part"));
        fs::create_dir(&folder).unwrap();
        File::open(&folder).unwrap().set_modified(SystemTime::now() - 2 * FOLDER_AGE).unwrap();
        // Of living ones: this one; one in another container, which holds its lock; and finished work.
        let mut stay =
            vec![format!("c.tokens-{here}-1.part"), format!("d.tokens-{NOBODY}-1.part"), "e.tokens".to_owned()];
        write(stay[0].clone(), false);
        let held = write(stay[1].clone(), true);
        held.lock().unwrap();
        write(stay[2].clone(), true);
        // A folder that was made just now.
        stay.push(format!("tokenizer-y.{NOBODY}-0.part"));
        fs::create_dir(dir.path().join(&stay[3])).unwrap();
        sweep(dir.path());
        assert_eq!(names(dir.path()), stay);
        drop(held);
        sweep(dir.path());
        stay.remove(1);
        assert_eq!(names(dir.path()), stay);
        sweep(&dir.path().join("nowhere"));
    }
}
