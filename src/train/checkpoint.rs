//! The checkpoints of a run's folder. A checkpoint is written whole or not at all, and verified before anybody trusts it.
//! step -> [`RunFolder::write`] -> RUN/checkpoints/step-000001000/ -> [`resume_point`], [`resolve_model`] -> training or a command.
//!
//! A step's folder holds a folder for each network in Hugging Face's layout, `optimizer.safetensors` (`m.NAME` and `v.NAME`, f32,
//! unpadded), `statistics.safetensors` (what the run counted) and `state.json`, which lists length and SHA-256 of every other file and its own.

mod files;
mod resolve;
mod runs;
mod state;
mod store;

pub use files::Snapshot;
pub use resolve::{Model, Newest, read_pair, read_steadily, resolve_model};
pub use runs::{CONFIG, Runs, newest_run, stored_config, stored_config_if_any, survey_runs};
pub use state::{FORMAT_VERSION, State, parse_state};
pub use store::{RunFolder, Written};

use crate::hub::{
    self, FileRecord, Files, Mismatch, Networks, REPLACED, TensorFile, Tensors, hash_file, open_safetensors,
};
use crate::message::Message;
use crate::path::{name_of, word_of};
use crate::text::tokenizer::{self, Cleaning, Tokenizer};
use crate::{Error, Result};
use state::Flaw;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

const OPTIMIZER: &str = "optimizer.safetensors";
/// What a run counted besides its weights: [`Snapshot::statistics`].
const STATISTICS: &str = "statistics.safetensors";
const STATE: &str = "state.json";

/// Adam's moments by parameter name, unpadded, in the parameters' shapes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Moments {
    pub m: Tensors,
    pub v: Tensors,
}

impl Moments {
    /// Both moments must have exactly these names and shapes.
    pub fn check(&self, expected: &[(String, Vec<usize>)]) -> Result<()> {
        for (which, tensors) in [("m", &self.m), ("v", &self.v)] {
            let found = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor.shape.as_slice()));
            let mismatch = Mismatch::between(found, expected);
            if !mismatch.is_empty() {
                return Err(Error::failed("not-the-optimizers-moments")
                    .with("which", which)
                    .with("mismatch", mismatch.message()));
            }
        }
        Ok(())
    }
}

/// A checkpoint whose every file has the length and the hash that its state.json says.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// Its folder; for files in memory, the name that messages use.
    pub dir: PathBuf,
    pub state: State,
    /// Its files, if they are kept in memory.
    files: Option<Arc<Files>>,
}

/// A checkpoint that cannot be trusted.
#[derive(Debug, Clone)]
pub struct Damage {
    pub step: u64,
    pub dir: PathBuf,
    /// Which file, and what is wrong with it.
    pub reason: Error,
}

/// The checkpoints of a run's folder: the newest whole one, and the damaged ones that are newer, newest first.
#[derive(Debug)]
pub struct Survey {
    pub newest: Option<Checkpoint>,
    pub damaged: Vec<Damage>,
}

impl Checkpoint {
    /// Opens a step's folder and verifies every file in it.
    pub fn open(dir: &Path) -> Result<Self> {
        Self::verified(dir).map_err(Error::from)
    }

    fn verified(dir: &Path) -> std::result::Result<Self, Flaw> {
        let path = dir.join(STATE);
        let bytes = fs::read(&path).map_err(|e| Flaw::Damaged(Error::io("io-read-state", &path, &e)))?;
        let (state, files) = state::parse(&bytes).map_err(|flaw| flaw.at(&path))?;
        verify_files(dir, &files).map_err(Flaw::Damaged)?;
        Ok(Self { dir: dir.to_owned(), state, files: None })
    }

    /// Its networks, and what a person should know about them (warnings).
    pub fn networks(&self) -> Result<(Networks, Vec<Message>)> {
        match &self.files {
            Some(files) => hub::networks_from_files(files),
            None => hub::read_networks(&self.dir),
        }
    }

    /// The tokenizer in the folder of its main network.
    pub fn tokenizer(&self, bare: Cleaning) -> Result<Tokenizer> {
        let Some(files) = &self.files else { return Tokenizer::load(&hub::main_folder(&self.dir).1, bare) };
        let main = [hub::Role::Discriminator, hub::Role::Encoder].map(|role| role.folder());
        let file =
            |name: &str| main.iter().find_map(|folder| files.get(&format!("{folder}/{name}"))).map(Vec::as_slice);
        let tokenizer = tokenizer::Files {
            vocab_txt: file("vocab.txt"),
            tokenizer_json: file("tokenizer.json"),
            tokenizer_config: file("tokenizer_config.json"),
            ..tokenizer::Files::default()
        };
        Tokenizer::from_files(tokenizer, bare, &self.place())
    }

    /// Where it is kept, for people.
    pub fn place(&self) -> String {
        name_of(&self.dir)
    }

    /// What the run counted, by name; nothing in a checkpoint of an earlier version.
    pub fn statistics(&self) -> Result<Tensors> {
        let path = self.dir.join(STATISTICS);
        match &self.files {
            Some(files) => match files.get(STATISTICS) {
                Some(bytes) => tensors_from(TensorFile::new(std::io::Cursor::new(bytes.as_slice())), &path),
                None => Ok(Tensors::new()),
            },
            None if path.exists() => tensors_from(open_safetensors(&path), &path),
            None => Ok(Tensors::new()),
        }
    }

    /// The optimizer's moments, as stored. [`Moments::check`] compares them with the tensors that are trained.
    pub fn moments(&self) -> Result<Moments> {
        let path = self.dir.join(OPTIMIZER);
        match &self.files {
            Some(files) => {
                let bytes = files.get(OPTIMIZER).map(Vec::as_slice).unwrap_or_default();
                moments_from(TensorFile::new(std::io::Cursor::new(bytes)).map_err(|e| e.at_path(&path))?, &path)
            }
            None => moments_from(open_safetensors(&path)?, &path),
        }
    }
}

fn tensors_from<R: std::io::Read + std::io::Seek>(file: Result<TensorFile<R>>, path: &Path) -> Result<Tensors> {
    let mut file = file.map_err(|e| e.at_path(path))?;
    let names: Vec<String> = file.shapes().into_keys().collect();
    names.into_iter().map(|name| file.tensor(&name).map(|tensor| (name, tensor))).collect()
}

fn moments_from<R: std::io::Read + std::io::Seek>(mut file: TensorFile<R>, path: &Path) -> Result<Moments> {
    let mut moments = Moments::default();
    for name in file.shapes().into_keys() {
        let (tensors, parameter) = match name.split_once('.') {
            Some(("m", parameter)) => (&mut moments.m, parameter),
            Some(("v", parameter)) => (&mut moments.v, parameter),
            _ => return Err(Error::failed("not-a-moment").with("name", name).at_path(path)),
        };
        let tensor = file.tensor(&name).map_err(|e| e.at_path(path))?;
        tensors.insert(parameter.to_owned(), tensor);
    }
    Ok(moments)
}

fn verify_files(dir: &Path, files: &BTreeMap<String, FileRecord>) -> Result<()> {
    let path_of = |name: &str| name.split('/').fold(dir.to_owned(), |path, part| path.join(part));
    // Lengths are checked first: they cost nothing and show most faults of copies and disks.
    for (name, record) in files {
        let path = path_of(name);
        let held = fs::metadata(&path).map_err(|e| Error::io("io-read-file", &path, &e))?.len();
        if held != record.bytes {
            let error = Error::failed("file-of-other-length").with("held", held).with("wrote", record.bytes);
            return Err(error.at_path(&path));
        }
    }
    for (name, record) in files {
        let path = path_of(name);
        let held = hash_file(&path).map_err(|e| Error::io("io-read-file", &path, &e))?;
        if held != *record {
            return Err(Error::failed("file-of-other-content").at_path(&path));
        }
    }
    Ok(())
}

fn checkpoints_of(run: &Path) -> PathBuf {
    run.join("checkpoints")
}

fn folder_from_step(run: &Path, step: u64) -> PathBuf {
    checkpoints_of(run).join(format!("step-{step:09}"))
}

fn step_from_name(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("step-")?;
    // At least nine digits and no sign, so that one step has one name.
    (digits.len() >= 9 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// The checkpoints of a run, newest first, unverified. If a writer died while it replaced a checkpoint, the old one counts.
pub fn list(run: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let folder = checkpoints_of(run);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && run.is_dir() => return Ok(Vec::new()),
        Err(e) => return Err(Error::io("io-read-runs-folder", run, &e)),
    };
    let mut found = BTreeMap::new();
    for entry in entries {
        let entry = entry.map_err(|e| Error::io("io-read-folder", &folder, &e))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if let Some(step) = step_from_name(&name) {
            found.insert(step, entry.path());
        } else if let Some(step) = name.strip_prefix(REPLACED).and_then(step_from_name) {
            found.entry(step).or_insert_with(|| entry.path());
        }
    }
    Ok(found.into_iter().rev().collect())
}

/// The newest checkpoint that is whole, and every damaged one that is newer. If a newer version of the program wrote one, that is
/// an error.
pub fn newest_whole(run: &Path) -> Result<Survey> {
    // A trainer may remove or replace a folder while it is read here. Then the folder is listed again.
    const RESCANS: usize = 16;
    'rescan: for _ in 0..RESCANS {
        let mut damaged = Vec::new();
        for (step, dir) in list(run)? {
            let seen = written_at(&dir);
            match Checkpoint::verified(&dir) {
                Ok(checkpoint) if checkpoint.state.step == step => {
                    return Ok(Survey { newest: Some(checkpoint), damaged });
                }
                Ok(other) => {
                    let reason = Error::failed("state-of-other-step").with("step", other.state.step);
                    damaged.push(Damage { step, reason: reason.at_path(&dir.join(STATE)), dir });
                }
                Err(Flaw::Newer(error)) => return Err(error),
                // The folder is gone, or another took its place, so the files were read from two different folders.
                Err(Flaw::Damaged(_)) if seen.is_none() || written_at(&dir) != seen => continue 'rescan,
                Err(Flaw::Damaged(reason)) => damaged.push(Damage { step, dir, reason }),
            }
        }
        return Ok(Survey { newest: None, damaged });
    }
    Err(Error::failed("checkpoints-keep-changing").at_path(run))
}

/// When a folder's entries last changed; none if there is no folder. The time shows whether another folder has taken its place.
fn written_at(dir: &Path) -> Option<SystemTime> {
    fs::metadata(dir).and_then(|data| data.modified()).ok()
}

/// The checkpoint from which `--resume` continues: the newest, which must be whole, or that of `step` (`--resume=STEP`).
/// If the newest is damaged, the error names it and gives the command that resumes from the one before it.
pub fn resume_point(run: &Path, step: Option<u64>) -> Result<Checkpoint> {
    let Some(step) = step else {
        return whole_or_offer(run, |error, before| {
            error.with("before", before.state.step).with("run", word_of(run)).hint("help-resume-before")
        });
    };
    let there = list(run)?;
    let Some((_, dir)) = there.iter().find(|(found, _)| *found == step) else {
        let steps: Vec<String> = there.iter().map(|(step, _)| step.to_string()).collect();
        let error = Error::usage("no-such-checkpoint")
            .with("step", step)
            .with("count", steps.len())
            .with("steps", steps.join(", "));
        return Err(error.at_path(run));
    };
    Checkpoint::open(dir)
}

/// The newest checkpoint. If it is damaged, the error names it, and `offer` adds the one before it.
fn whole_or_offer(run: &Path, offer: impl FnOnce(Error, &Checkpoint) -> Error) -> Result<Checkpoint> {
    let Survey { newest, damaged } = newest_whole(run)?;
    match (newest, damaged.first()) {
        (Some(checkpoint), None) => Ok(checkpoint),
        (None, None) if !checkpoints_of(run).is_dir() => Err(Error::failed("not-a-runs-folder").at_path(run)),
        (None, None) => Err(Error::failed("run-without-checkpoint").at_path(run)),
        (newest, Some(first)) => {
            let rest: Vec<String> = damaged[1..].iter().map(|damage| damage.step.to_string()).collect();
            let place = first.reason.place.clone().unwrap_or_else(|| (&first.dir).into());
            let mut error = Error::failed("checkpoint-damaged")
                .with("step", first.step)
                .with("why", &first.reason.message)
                .with("others", rest.len())
                .with("steps", rest.join(", "));
            error.place = Some(place);
            Err(match newest {
                Some(before) => offer(error, &before),
                None => error.hint("help-no-whole-checkpoint"),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    #![cfg(not(target_arch = "wasm32"))] // files

    use super::state::tests::sample_state;
    use super::*;
    use crate::hub::{Role, random_pair};

    /// Writes a checkpoint whose contents all depend on the step.
    fn write(folder: &RunFolder, step: u64, keep: usize) -> Written {
        let pair = random_pair(step);
        let mut moments = Moments { m: pair.discriminator.tensors.clone(), v: pair.discriminator.tensors.clone() };
        moments.m.values_mut().for_each(|tensor| tensor.data.fill(step as f32));
        let vocab = [("vocab.txt".to_owned(), b"[PAD]\n".to_vec())];
        let state = sample_state(step);
        let snapshot = Snapshot {
            networks: &pair.into(),
            moments: &moments,
            statistics: &Tensors::new(),
            tokenizer_files: &vocab,
            state: &state,
        };
        let written = folder.write(&snapshot, keep).unwrap();
        assert!(written.warnings.is_empty(), "{:?}", written.warnings);
        written
    }

    fn assert_holds(checkpoint: &Checkpoint, step: u64) {
        assert_eq!(checkpoint.state, sample_state(step));
        assert_eq!(checkpoint.networks().unwrap(), (random_pair(step).into(), vec![]));
        let moments = checkpoint.moments().unwrap();
        assert!(moments.m.values().all(|tensor| tensor.data.iter().all(|number| *number == step as f32)));
        assert_eq!(moments.v, random_pair(step).discriminator.tensors);
    }

    fn steps(run: &Path) -> Vec<u64> {
        list(run).unwrap().into_iter().map(|(step, _)| step).collect()
    }

    fn flip_last_byte(path: &Path) {
        let mut bytes = fs::read(path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(path, bytes).unwrap();
    }

    #[test]
    fn the_newest_checkpoints_are_kept_and_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("run");
        let folder = RunFolder::create(&run).unwrap();
        assert!(newest_whole(&run).unwrap().newest.is_none());
        assert!(resume_point(&run, None).unwrap_err().to_string().contains("run-without-checkpoint"));
        for step in [10, 20, 30] {
            write(&folder, step, 2);
        }
        assert_eq!(steps(&run), [30, 20]);
        assert_holds(&resume_point(&run, None).unwrap(), 30);
        assert_holds(&resume_point(&run, Some(20)).unwrap(), 20);
        let gone = resume_point(&run, Some(10)).unwrap_err().to_string();
        assert!(gone.contains("no-such-checkpoint (step = 10, count = 2, steps = 30, 20)"), "{gone}");
        assert_eq!(write(&folder, 40, 0).removed, [30, 20], "the one just written always stays");
        assert!(write(&folder, 40, 1).removed.is_empty(), "and is replaced by another of its step");
        assert_eq!(fs::read_dir(run.join("checkpoints")).unwrap().count(), 1, "nothing else is left there");
    }

    #[test]
    fn a_run_that_goes_on_while_it_is_read_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(dir.path()).unwrap();
        write(&folder, 10, 1);
        let mut step = 10;
        let read = read_steadily(dir.path(), || {
            let model = resolve_model(dir.path())?;
            if step < 30 {
                // Another process keeps the next checkpoint and removes this one.
                step += 10;
                write(&folder, step, 1);
            }
            model.read(Role::Generator)
        });
        assert_eq!(read.unwrap().0, random_pair(30).generator);
        // A run that stays as it is, and one that goes on for ever, are not read for ever.
        let mut reads = [0, 0];
        let still: Result<()> = read_steadily(dir.path(), || {
            reads[0] += 1;
            Err(Error::failed("run-without-checkpoint"))
        });
        let moving: Result<()> = read_steadily(dir.path(), || {
            reads[1] += 1;
            write(&folder, 30 + reads[1], 1);
            Err(Error::failed("run-without-checkpoint"))
        });
        assert!(still.is_err() && moving.is_err() && reads == [1, 5], "{reads:?}");
    }

    #[test]
    fn a_damaged_checkpoint_is_named_and_the_one_before_it_offered() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("my run");
        let folder = RunFolder::create(&run).unwrap();
        let mut files = Vec::new();
        for step in [10, 20] {
            files = vec![write(&folder, step, 9).dir];
        }
        let newest = files.remove(0);
        for name in [
            "state.json",
            "optimizer.safetensors",
            "discriminator/model.safetensors",
            "discriminator/config.json",
            "generator/model.safetensors",
            "generator/vocab.txt",
        ] {
            let file = newest.join(name);
            let whole = fs::read(&file).unwrap();
            let damages: [(&dyn Fn(), &str); 3] = [
                (&|| flip_last_byte(&file), ""),
                (&|| fs::write(&file, &whole[..whole.len() / 2]).unwrap(), ""),
                (&|| fs::remove_file(&file).unwrap(), "cannot-do"),
            ];
            for (damage, said) in damages {
                damage();
                let error = resume_point(&run, None).unwrap_err();
                assert!(error.code() == "checkpoint-damaged" && error.message.to_string().contains(said), "{error}");
                assert_eq!(error.place, Some((&file).into()));
                assert_eq!(error.hint, Some("help-resume-before"));
                assert_eq!(error.message.facts.get("before"), Some(&10_u64.into()));
                assert_eq!(error.message.facts.get("run"), Some(&word_of(&run).into()));
                let offered = resolve_model(&run).unwrap_err();
                assert_eq!(offered.hint, Some("help-use-before"));
                assert!(offered.to_string().contains("step-000000010"), "{offered}");
                let survey = newest_whole(&run).unwrap();
                assert_eq!((survey.newest.unwrap().state.step, survey.damaged.len()), (10, 1));
                fs::write(&file, &whole).unwrap();
            }
        }
        assert_holds(&resume_point(&run, None).unwrap(), 20);
        flip_last_byte(&newest.join(OPTIMIZER));
        let aside = folder.set_aside_after(10).unwrap();
        assert_eq!(aside.len(), 1);
        assert_holds(&resume_point(&run, None).unwrap(), 10);
        write(&folder, 20, 9);
        assert_holds(&resume_point(&run, None).unwrap(), 20);
        for step in [10, 20] {
            flip_last_byte(&folder_from_step(&run, step).join(OPTIMIZER));
        }
        let none = resume_point(&run, None).unwrap_err().to_string();
        assert!(none.contains("others = 1, steps = 10)") && none.contains("help-no-whole-checkpoint"), "{none}");
    }

    #[test]
    fn a_newer_format_stops_instead_of_falling_back() {
        let dir = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(dir.path()).unwrap();
        write(&folder, 10, 9);
        let newest = write(&folder, 20, 9).dir;
        fs::write(newest.join(STATE), r#"{"format_version": 9}"#).unwrap();
        for error in [resume_point(dir.path(), None).unwrap_err(), resolve_model(dir.path()).unwrap_err()] {
            assert!(error.to_string().contains("checkpoint-is-newer (version = 9, known = 1)"), "{error}");
            assert_eq!(error.place, Some((&newest.join(STATE)).into()));
        }
    }

    #[test]
    fn a_copied_step_under_another_name_is_not_taken_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(dir.path()).unwrap();
        let ten = write(&folder, 10, 9).dir;
        fs::rename(&ten, folder_from_step(dir.path(), 20)).unwrap();
        let survey = newest_whole(dir.path()).unwrap();
        assert!(survey.newest.is_none());
        assert!(survey.damaged[0].reason.to_string().contains("state-of-other-step (step = 10)"));
    }

    #[test]
    fn what_a_kill_leaves_at_any_point_is_cleared_at_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(dir.path()).unwrap();
        write(&folder, 10, 9);
        drop(folder);
        let hidden = |prefix: &str, step: u64| checkpoints_of(dir.path()).join(format!("{prefix}step-{step:09}"));
        // The folders of a writer that was killed while it wrote 20, removed 5, and had done one of the two renames that replace
        // 10.
        fs::create_dir_all(hidden(".partial-", 20).join("generator")).unwrap();
        fs::create_dir_all(hidden(".removing-", 5)).unwrap();
        fs::rename(folder_from_step(dir.path(), 10), hidden(".replaced-", 10)).unwrap();
        assert_holds(&resume_point(dir.path(), None).unwrap(), 10);
        let folder = RunFolder::open(dir.path()).unwrap();
        assert_eq!(folder.newest_step().unwrap(), Some(10));
        let left: Vec<_> = fs::read_dir(checkpoints_of(dir.path())).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["step-000000010"]);
    }

    #[test]
    fn one_folder_has_one_trainer_and_one_run() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("run");
        assert!(RunFolder::open(&run).unwrap_err().to_string().contains("no-such-run"));
        let folder = RunFolder::create(&run).unwrap();
        let second = RunFolder::open(&run).unwrap_err().to_string();
        assert!(second.contains("folder-in-use"), "{second}");
        write(&folder, 10, 1);
        drop(folder);
        let again = RunFolder::create(&run).unwrap_err();
        assert!(again.to_string().contains("help-resume-or-other-folder"), "{again}");
        assert_eq!(again.exit_status(), 2);
        RunFolder::open(&run).unwrap();
    }

    #[test]
    fn a_path_names_a_run_a_checkpoint_a_pair_or_one_network() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("runs/a");
        let folder = RunFolder::create(&run).unwrap();
        let step = write(&folder, 10, 1).dir;
        let pair = dir.path().join("pair");
        hub::write_pair(&pair, &random_pair(10), &[]).unwrap();
        for path in [&run, &step, &pair] {
            assert_eq!(read_pair(path).unwrap(), (random_pair(10), vec![]));
            assert_eq!(resolve_model(path).unwrap().checkpoint.is_some(), path != &pair);
        }
        let single = resolve_model(&pair.join("generator")).unwrap();
        assert_eq!(single.read(Role::Generator).unwrap().0, random_pair(10).generator);
        let error = single.folder(Role::Discriminator).unwrap_err().to_string();
        assert!(error.contains("wrong-network-here (found = generator, wanted = discriminator"), "{error}");
        for (path, said) in [
            (dir.path().to_owned(), "neither-run-nor-model"),
            (pair.join("generator/config.json"), "file-in-place-of-folder"),
            (
                PathBuf::from("google/electra-small-discriminator"),
                "model = google/electra-small-discriminator, folder = google-electra-small-discriminator",
            ),
        ] {
            let error = resolve_model(&path).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        assert_eq!(newest_run(&dir.path().join("runs")).unwrap(), Some(run));
        assert_eq!(newest_run(&dir.path().join("none")).unwrap(), None);
    }

    #[test]
    fn moments_are_compared_with_what_is_trained() {
        let tensors = random_pair(1).generator.tensors;
        let names: Vec<_> = tensors.iter().map(|(name, tensor)| (name.clone(), tensor.shape.clone())).collect();
        let mut moments = Moments { m: tensors.clone(), v: tensors };
        moments.check(&names).unwrap();
        moments.v.pop_last();
        assert!(
            moments
                .check(&names)
                .unwrap_err()
                .to_string()
                .contains("not-the-optimizers-moments (which = v, mismatch = tensors-missing (count = 1")
        );
    }
}
