//! A run's folder as its store: config.toml, metrics.jsonl, the file for TensorBoard, checkpoints/ and report.html.

use crate::config::Config;
use crate::hub::replace_file;
use crate::lang::Lang;
use crate::message::Message;
use crate::path::{quoted, word_of};
use crate::run::host::{Ending, Kept, Part, Store};
use crate::train::checkpoint::{CONFIG, RunFolder, Snapshot};
use crate::train::event::{Event, Outcome};
use crate::view::log::{self, Log, read_events, write_report};
use crate::view::tensorboard::TensorBoard;
use crate::view::words;
use crate::{Error, Result};
use std::time::{Duration, Instant};

/// How long it is taken for granted that nobody has removed the folder or a file of the record. What steps write meanwhile is in the
/// open files and is put back.
const LOOK_EVERY: Duration = Duration::from_secs(1);

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
    /// The errors of a mending that nobody has heard of yet.
    unheard: Vec<Error>,
    look_every: Duration,
    /// When each part of the record was last found in its place.
    looked: [Option<Instant>; Part::ALL.len()],
}

impl Folder {
    pub(super) fn new(folder: RunFolder, lang: Lang) -> Self {
        let config = std::fs::read_to_string(folder.path().join(CONFIG)).ok();
        Self {
            folder,
            lang,
            record: None,
            config,
            gone: false,
            unheard: Vec::new(),
            look_every: LOOK_EVERY,
            looked: Default::default(),
        }
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

    /// The same before something that is too late to be told later. What the first call says is kept for it.
    fn mend_at_once(&mut self) -> Result<()> {
        if let Err(error) = self.mend() {
            self.unheard.push(error);
            self.mend()?;
        }
        Ok(())
    }

    /// Makes sure that a part of the record is in its place.
    fn mend_part(&mut self, part: Part) -> Result<()> {
        self.looked[part as usize] = None;
        self.mend()?;
        let (log, board) = self.record();
        match part {
            Part::Events => log.mend()?,
            Part::Numbers => board.mend()?,
        }
        self.looked[part as usize] = Some(Instant::now());
        Ok(())
    }

    fn record(&mut self) -> (&mut Log, &mut TensorBoard) {
        match &mut self.record {
            Some((log, board)) => (log, board),
            None => unreachable!("a run begins its record before its first event"),
        }
    }

    fn put_config(&self, text: &str) -> Result<()> {
        let path = self.folder.path().join(CONFIG);
        replace_file(&path, text.as_bytes()).map_err(|e| Error::io("io-write-configuration", &path, &e))
    }
}

/// A new run that ends before its record begins leaves nothing.
impl Drop for Folder {
    fn drop(&mut self) {
        if self.folder.is_new() {
            super::remove_own_cache(self.folder.path());
            // A new run's folder holds neither of them before.
            for name in [CONFIG, log::FILE] {
                std::fs::remove_file(self.folder.path().join(name)).ok();
            }
        }
    }
}

impl Store for Folder {
    fn name(&self) -> String {
        super::name_of(self.folder.path())
    }

    fn begin_record(&mut self) -> Result<()> {
        let run = self.folder.path();
        self.record = Some((Log::open(run)?, TensorBoard::create(run)?));
        self.folder.begun();
        Ok(())
    }

    fn append(&mut self, part: Part, event: &Event) -> Result<()> {
        // Steps are many. What comes seldom, such as the end, does not wait for the next look.
        let soon = |looked: Instant| matches!(event, Event::Step(_)) && looked.elapsed() < self.look_every;
        if !self.looked[part as usize].is_some_and(soon) {
            self.mend_part(part)?;
        }
        let (log, board) = self.record();
        let written = match part {
            Part::Events => log.write(event),
            Part::Numbers => board.write(event),
        };
        written.inspect_err(|_| self.looked[part as usize] = None)
    }

    fn events(&self) -> Result<Vec<Event>> {
        read_events(self.folder.path())
    }

    fn write_config(&mut self, config: &Config) -> Result<()> {
        self.config = Some(config.to_toml());
        self.put_config(&config.to_toml())
    }

    fn keep(&mut self, snapshot: &Snapshot, keep: usize) -> Result<Kept> {
        self.mend_at_once()?;
        // A checkpoint without its configuration cannot be continued.
        if let Some(config) = self.config.as_ref().filter(|_| !self.folder.path().join(CONFIG).exists()) {
            self.put_config(config)?;
        }
        let written = self.folder.write(snapshot, keep)?;
        let mut warnings = std::mem::take(&mut self.unheard);
        warnings.extend(written.warnings);
        Ok(Kept { place: super::name_of(&written.dir), warnings })
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
        self.mend_at_once()?;
        for part in Part::ALL {
            self.mend_part(part)?;
        }
        write_report(self.folder.path(), self.lang)?;
        self.unheard.drain(..).next().map_or(Ok(()), Err)
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::config::Overrides;
    use crate::hub::{Tensors, random_pair};
    use crate::train::checkpoint::{FORMAT_VERSION, Moments, State};
    use crate::train::event::StepMetrics;
    use std::path::{Path, PathBuf};

    fn step(step: u64) -> Event {
        Event::Step(Box::new(StepMetrics { step, ..StepMetrics::default() }))
    }

    /// A run's folder with a configuration and a log of two steps.
    fn begun(run: &Path) -> Folder {
        let mut folder = Folder::new(RunFolder::create(run).unwrap(), Lang::En);
        folder.look_every = Duration::ZERO;
        folder.write_config(&Config::load("nano", &Overrides::default()).unwrap()).unwrap();
        folder.begin_record().unwrap();
        for (part, n) in [(Part::Events, 1), (Part::Numbers, 1), (Part::Events, 2)] {
            folder.append(part, &step(n)).unwrap();
        }
        folder
    }

    fn keep(folder: &mut Folder, step: u64) -> Kept {
        let pair = random_pair(step);
        let moments = Moments { m: pair.discriminator.tensors.clone(), v: pair.discriminator.tensors.clone() };
        let state = State {
            format_version: FORMAT_VERSION,
            step,
            planned_steps: step,
            seed: 1,
            cursor: serde_json::Value::Null,
            corpus_hash: String::new(),
            tokenizer_hash: String::new(),
            kernels: serde_json::Value::Null,
            extra: serde_json::Map::new(),
        };
        let (networks, tokenizer_files) = (pair.into(), &[("vocab.txt".to_owned(), b"[PAD]\n".to_vec())]);
        let statistics = &Tensors::new();
        let snapshot = Snapshot { networks: &networks, moments: &moments, statistics, tokenizer_files, state: &state };
        folder.keep(&snapshot, 2).unwrap()
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
    fn what_steps_write_between_two_looks_is_put_back() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("run");
        let mut folder = begun(&run);
        folder.look_every = Duration::from_secs(3600);
        std::fs::remove_dir_all(&run).unwrap();
        for (part, n) in [(Part::Events, 3), (Part::Numbers, 2), (Part::Events, 4)] {
            folder.append(part, &step(n)).unwrap();
        }
        assert!(!run.exists(), "nobody has looked");
        // A seldom event looks.
        let checkpoint = Event::Checkpoint { step: 4, path: "x".into() };
        assert_eq!(folder.append(Part::Events, &checkpoint).unwrap_err().code(), "run-folder-gone");
        folder.append(Part::Events, &checkpoint).unwrap();
        assert_eq!(logged(&run), [1, 2, 3, 4, 4]);
        // So does the end. A checkpoint may have gone with the folder, so it is no success.
        std::fs::remove_dir_all(&run).unwrap();
        assert_eq!(folder.close().unwrap_err().code(), "run-folder-gone");
        assert_eq!((logged(&run), curves(&run).len()), (vec![1, 2, 3, 4, 4], 1));
        assert!(run.join("report.html").is_file());
    }

    #[test]
    fn a_checkpoint_that_notices_first_that_the_folder_is_gone_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("run");
        let mut folder = begun(&run);
        std::fs::remove_dir_all(&run).unwrap();
        let kept = keep(&mut folder, 7);
        assert_eq!(kept.warnings.iter().map(Error::code).collect::<Vec<_>>(), ["run-folder-gone"]);
        assert!(folder.holds(7) && run.join(CONFIG).is_file());
        assert!(keep(&mut folder, 8).warnings.is_empty());
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
    fn a_run_that_ends_before_its_record_begins_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::load("nano", &Overrides::default()).unwrap();
        for (name, there) in [("new/below", None), ("empty", Some("")), ("full", Some("notes.txt"))] {
            let run = dir.path().join(name);
            if let Some(file) = there {
                std::fs::create_dir(&run).unwrap();
                (!file.is_empty()).then(|| std::fs::write(run.join(file), "a person's").unwrap());
            }
            let mut folder = Folder::new(RunFolder::create(&run).unwrap(), Lang::En);
            folder.write_config(&config).unwrap();
            std::fs::create_dir(run.join("token-cache")).unwrap();
            std::fs::write(run.join("token-cache/0f3a.tokens"), "").unwrap();
            // Something is in the way of the log.
            std::fs::create_dir(run.join("metrics.jsonl")).unwrap();
            folder.begin_record().unwrap_err();
            std::fs::remove_dir(run.join("metrics.jsonl")).unwrap();
            drop(folder);
            let left: Vec<_> =
                std::fs::read_dir(&run).into_iter().flatten().map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(left, there.filter(|file| !file.is_empty()).into_iter().collect::<Vec<_>>());
            assert_eq!(run.exists(), there.is_some(), "{name}: what was not there before goes, and nothing else");
        }
        assert!(!dir.path().join("new").exists());
        // Once the record has begun, everything stays.
        drop(begun(&dir.path().join("new")));
        assert!(dir.path().join("new/config.toml").is_file() && dir.path().join("new/checkpoints").is_dir());
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
