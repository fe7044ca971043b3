//! A run's folder as its store: config.toml, metrics.jsonl, the file for TensorBoard, checkpoints/ and report.html.

use crate::config::Config;
use crate::hub::replace_file;
use crate::lang::Lang;
use crate::message::Message;
use crate::path::{quoted, word_of};
use crate::run::host::{Ending, Kept, Part, Store};
use crate::train::checkpoint::{RunFolder, Snapshot};
use crate::train::event::{Event, Outcome};
use crate::view::log::{Log, read_events, write_report};
use crate::view::tensorboard::TensorBoard;
use crate::view::words;
use crate::{Error, Result};

/// The file with a run's configuration.
const CONFIG: &str = "config.toml";

/// A run's folder that this process has locked.
#[derive(Debug)]
pub struct Folder {
    folder: RunFolder,
    lang: Lang,
    record: Option<(Log, TensorBoard)>,
    /// The text of config.toml.
    config: Option<String>,
    /// Whether somebody has removed the folder, and it is not whole again.
    gone: bool,
}

impl Folder {
    pub(super) fn new(folder: RunFolder, lang: Lang) -> Self {
        let config = std::fs::read_to_string(folder.path().join(CONFIG)).ok();
        Self { folder, lang, record: None, config, gone: false }
    }

    /// Makes the folder again if somebody has removed it or moved it away. The first call says so.
    fn mend(&mut self) -> Result<()> {
        if !self.folder.in_place() {
            // Only the lock may be gone.
            let ours = self.record.as_ref().is_some_and(|(log, _)| log.in_place());
            if !ours && !std::mem::replace(&mut self.gone, true) {
                return Err(Error::failed("run-folder-gone").at_path(self.folder.path()));
            }
            self.folder.take_again(ours)?;
        }
        if let (true, Some(config)) = (self.gone, &self.config) {
            self.put_config(config)?;
        }
        self.gone = false;
        Ok(())
    }

    fn put_config(&self, text: &str) -> Result<()> {
        let path = self.folder.path().join(CONFIG);
        replace_file(&path, text.as_bytes()).map_err(|e| Error::io("io-write-configuration", &path, &e))
    }
}

impl Store for Folder {
    fn name(&self) -> String {
        super::name_of(self.folder.path())
    }

    fn begin_record(&mut self) -> Result<()> {
        let run = self.folder.path();
        self.record = Some((Log::open(run)?, TensorBoard::create(run)?));
        Ok(())
    }

    fn append(&mut self, part: Part, event: &Event) -> Result<()> {
        self.mend()?;
        let Some((log, board)) = &mut self.record else {
            unreachable!("a run begins its record before its first event")
        };
        match part {
            Part::Events => log.write(event),
            Part::Numbers => board.write(event),
        }
    }

    fn events(&self) -> Result<Vec<Event>> {
        read_events(self.folder.path())
    }

    fn write_config(&mut self, config: &Config) -> Result<()> {
        self.config = Some(config.to_toml());
        self.put_config(&config.to_toml())
    }

    fn keep(&mut self, snapshot: &Snapshot, keep: usize) -> Result<Kept> {
        if self.mend().is_err() {
            self.mend()?;
        }
        // A checkpoint without its configuration cannot be continued.
        if let Some(config) = self.config.as_ref().filter(|_| !self.folder.path().join(CONFIG).exists()) {
            self.put_config(config)?;
        }
        let written = self.folder.write(snapshot, keep)?;
        Ok(Kept { place: super::name_of(&written.dir), warnings: written.warnings })
    }

    fn holds(&self, step: u64) -> bool {
        self.folder.holds(step)
    }

    fn set_aside_after(&mut self, step: u64) -> Result<Vec<String>> {
        Ok(self.folder.set_aside_after(step)?.iter().map(|path| super::name_of(path)).collect())
    }

    fn next_steps(&self, Ending { outcome, judged, example, mask }: Ending<'_>) -> Vec<String> {
        let run = word_of(self.folder.path());
        // The name by which this program was called, because it may not be on the path.
        let program =
            std::env::args_os().next().map_or_else(|| "electroscope".to_owned(), |name| word_of(name.as_ref()));
        let common = words::text(&Message::new("example-text"), self.lang);
        let text = example.unwrap_or(&common);
        // After `--` a text may begin with a dash.
        let given = |text: &str| format!("{}{}", if text.starts_with('-') { "-- " } else { "" }, quoted(text));
        let first = if judged {
            format!("{program} detect {run} {}", given(text))
        } else {
            // No network judges here, so one word of the text is masked, for `fill`.
            let masked = |(n, word)| if n == 1 { mask } else { word };
            let words: Vec<&str> = text.split(' ').enumerate().map(masked).collect();
            format!("{program} fill {run} {}", given(&words.join(" ")))
        };
        let mut next = vec![first, format!("{program} eval {run}"), format!("{program} export {run} --to model")];
        if outcome == Outcome::Stopped {
            next.insert(0, format!("{program} train --resume --out {run}"));
        }
        next
    }

    fn close(&mut self) -> Result<()> {
        write_report(self.folder.path(), self.lang).map(|_| ())
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::config::Overrides;
    use crate::train::event::StepMetrics;
    use std::path::{Path, PathBuf};

    fn step(step: u64) -> Event {
        Event::Step(Box::new(StepMetrics { step, ..StepMetrics::default() }))
    }

    /// A run's folder with a configuration and a log of two steps.
    fn begun(run: &Path) -> Folder {
        let mut folder = Folder::new(RunFolder::create(run).unwrap(), Lang::En);
        folder.write_config(&Config::load("nano", &Overrides::default()).unwrap()).unwrap();
        folder.begin_record().unwrap();
        for (part, n) in [(Part::Events, 1), (Part::Numbers, 1), (Part::Events, 2)] {
            folder.append(part, &step(n)).unwrap();
        }
        folder
    }

    fn logged(run: &Path) -> Vec<u64> {
        read_events(run).unwrap().iter().filter_map(Event::step).collect()
    }

    fn curves(run: &Path) -> Vec<PathBuf> {
        let names = std::fs::read_dir(run).unwrap().map(|entry| entry.unwrap().path());
        names.filter(|path| path.to_string_lossy().contains("tfevents")).collect()
    }

    #[test]
    fn a_folder_that_is_gone_is_told_once_and_made_again_whole() {
        let dir = tempfile::tempdir().unwrap();
        for (name, moved) in [("removed", None), ("moved", Some(dir.path().join("elsewhere")))] {
            let run = dir.path().join(name);
            let mut folder = begun(&run);
            let length = std::fs::metadata(&curves(&run)[0]).unwrap().len();
            match &moved {
                Some(elsewhere) => std::fs::rename(&run, elsewhere).unwrap(),
                None => std::fs::remove_dir_all(&run).unwrap(),
            }
            assert_eq!(folder.append(Part::Events, &step(3)).unwrap_err().code(), "run-folder-gone");
            folder.append(Part::Events, &step(3)).unwrap();
            folder.append(Part::Numbers, &step(2)).unwrap();
            assert_eq!(logged(&run), [1, 2, 3]);
            assert!(run.join(CONFIG).is_file() && run.join("checkpoints").is_dir());
            assert!(std::fs::metadata(&curves(&run)[0]).unwrap().len() > length, "the curves have their past");
            // It is locked as before.
            let taken = RunFolder::open(&run).unwrap_err();
            assert!(taken.code().starts_with("folder-in-use"), "{taken}");
            folder.close().unwrap();
            assert!(run.join("report.html").is_file());
        }
    }

    #[test]
    fn another_run_that_took_the_folders_place_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("run");
        let mut folder = begun(&run);
        std::fs::rename(&run, dir.path().join("elsewhere")).unwrap();
        let other = begun(&run);
        assert_eq!(folder.append(Part::Events, &step(3)).unwrap_err().code(), "run-folder-gone");
        for _ in 0..2 {
            let refused = folder.append(Part::Events, &step(3)).unwrap_err();
            assert_eq!(refused.code(), "folder-holds-a-run");
        }
        drop(other);
        assert_eq!(logged(&run), [1, 2]);
        // Once that run is gone too, this one goes on.
        std::fs::remove_dir_all(&run).unwrap();
        folder.append(Part::Events, &step(3)).unwrap();
        assert_eq!(logged(&run), [1, 2, 3]);
    }

    #[test]
    fn single_files_that_are_removed_come_back_without_a_word() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("run");
        let mut folder = begun(&run);
        std::fs::remove_file(run.join(".lock")).unwrap();
        folder.append(Part::Events, &step(3)).unwrap();
        RunFolder::open(&run).unwrap_err();
        std::fs::remove_file(run.join("metrics.jsonl")).unwrap();
        folder.append(Part::Events, &step(4)).unwrap();
        std::fs::remove_file(&curves(&run)[0]).unwrap();
        folder.append(Part::Numbers, &step(2)).unwrap();
        assert_eq!((logged(&run), curves(&run).len()), (vec![1, 2, 3, 4], 1));
    }
}
