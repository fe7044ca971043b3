//! Tests what a checkpoint must survive: SIGKILL at any instant, a full disk, a second trainer.

use electroscope::hub::{ElectraConfig, HubTensor, Network, Pair, Role, Tensors, expected_tensors};
use electroscope::rng::{Key, Sequence, Stream};
use electroscope::train::checkpoint::{
    FORMAT_VERSION, Moments, RunFolder, Snapshot, State, Written, list, newest_whole, resume_point,
};
use electroscope::view::{Lang, words};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const KEEP: usize = 2;

/// A network in which every number is its step, so that a mix of two checkpoints would show.
fn network(role: Role, step: u64) -> Network {
    let config = ElectraConfig {
        vocab_size: 300,
        embedding_size: 16,
        hidden_size: 24,
        num_hidden_layers: 2,
        num_attention_heads: 2,
        intermediate_size: 40,
        max_position_embeddings: 32,
        ..ElectraConfig::standard(role)
    };
    Network { tensors: filled(&config, role, step as f32), config }
}

fn filled(config: &ElectraConfig, role: Role, value: f32) -> Tensors {
    let tensor = |(name, shape): (String, Vec<usize>)| {
        let data = vec![value; shape.iter().product()];
        (name, HubTensor { shape, data })
    };
    expected_tensors(config, role).into_iter().map(tensor).collect()
}

fn write(folder: &RunFolder, step: u64) -> electroscope::Result<Written> {
    let pair = Pair { discriminator: network(Role::Discriminator, step), generator: network(Role::Generator, step) };
    let moments = Moments { m: pair.discriminator.tensors.clone(), v: pair.generator.tensors.clone() };
    let state = State {
        format_version: FORMAT_VERSION,
        step,
        planned_steps: 1_000_000,
        seed: 1,
        cursor: step.into(),
        corpus_hash: String::new(),
        tokenizer_hash: String::new(),
        kernels: serde_json::Value::Null,
        extra: serde_json::Map::new(),
    };
    let tokenizer_files = [("vocab.txt".to_owned(), step.to_string().into_bytes())];
    folder.write(
        &Snapshot {
            networks: &pair.into(),
            moments: &moments,
            statistics: &Tensors::new(),
            tokenizer_files: &tokenizer_files,
            state: &state,
        },
        KEEP,
    )
}

/// The newest checkpoint verifies, nothing is damaged, and every number in it belongs to its step.
fn newest_step(run: &Path) -> u64 {
    let survey = newest_whole(run).unwrap();
    assert!(survey.damaged.is_empty(), "{:?}", survey.damaged);
    let checkpoint = survey.newest.expect("a run that has had a checkpoint always has one");
    let step = checkpoint.state.step;
    let (networks, warnings) = checkpoint.networks().unwrap();
    let generator = networks.aux.expect("a pair was written");
    assert!(warnings.is_empty(), "{warnings:?}");
    let moments = checkpoint.moments().unwrap();
    for tensors in [&networks.main.tensors, &generator.tensors, &moments.m, &moments.v] {
        assert!(tensors.values().all(|tensor| tensor.data.iter().all(|number| *number == step as f32)));
    }
    assert_eq!(checkpoint.state.cursor, step);
    assert_eq!(std::fs::read_to_string(checkpoint.dir.join("generator/vocab.txt")).unwrap(), step.to_string());
    step
}

const BEGINS: &str = "begins";
const CHILD_RUN: &str = "ELECTROSCOPE_TEST_CHILD_RUN";

/// Not a test of its own: the process that `a_kill_at_any_instant_loses_nothing` kills. Without the variable it does nothing.
#[test]
fn child_writes_checkpoints() {
    let Some(run) = std::env::var_os(CHILD_RUN) else { return };
    let folder = RunFolder::open(&PathBuf::from(run)).unwrap();
    let mut step = folder.newest_step().unwrap().unwrap() + 1;
    say(BEGINS);
    loop {
        // Every other step is written twice: replacing a checkpoint must survive as well.
        for _ in 0..1 + step % 2 {
            write(&folder, step).unwrap();
        }
        // The output is flushed, so that the parent can rely on whatever was printed before the kill.
        say(&format!("wrote {step}"));
        step += 1;
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

/// Starts the child; returns when it has taken the folder and begins to write.
fn spawn_child(run: &Path) -> (Child, impl Iterator<Item = String>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "survival::child_writes_checkpoints", "--nocapture"])
        .env(CHILD_RUN, run)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == BEGINS), "the child could not take the folder");
    (child, lines)
}

#[test]
fn a_kill_at_any_instant_loses_nothing() {
    const ROUNDS: usize = 60;
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    let begun = Instant::now();
    write(&RunFolder::create(&run).unwrap(), 1).unwrap();
    let write_micros = begun.elapsed().as_micros() as usize;
    let mut delays = Sequence::new(Key::new(1, 0, Stream::Init), 0);
    let (mut last, mut advanced) = (1, 0);
    for round in 0..ROUNDS {
        let (mut child, mut said) = spawn_child(&run);
        // Every other child is left alone until it has written once: however busy the machine, there is progress.
        let first = if round % 2 == 1 { said.next() } else { None };
        std::thread::sleep(Duration::from_micros(delays.below(3 * write_micros) as u64));
        child.kill().unwrap();
        let lines = first.into_iter().chain(said);
        let acknowledged =
            lines.filter_map(|line| line.strip_prefix("wrote ").map(|step| step.parse::<u64>().unwrap())).max();
        child.wait().unwrap();
        let step = newest_step(&run);
        assert!(
            step >= acknowledged.unwrap_or(last).max(last),
            "round {round}: {step} after {acknowledged:?} and {last}"
        );
        advanced += usize::from(step > last);
        last = step;
    }
    assert!(advanced >= ROUNDS / 2, "only {advanced} of {ROUNDS} rounds wrote a checkpoint");
    let folder = RunFolder::open(&run).unwrap();
    write(&folder, last + 1).unwrap();
    assert_eq!(std::fs::read_dir(run.join("checkpoints")).unwrap().count(), KEEP, "leftovers are cleared");
    println!("{ROUNDS} kills, {advanced} with progress, last step {last}");
}

#[test]
fn a_reader_beside_a_writer_always_finds_a_whole_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    write(&RunFolder::create(&run).unwrap(), 1).unwrap();
    // The lines are held: a child whose output nobody takes would stop at its first word.
    let (mut child, mut lines) = spawn_child(&run);
    let mut last = 0;
    let mut reads = 0;
    while reads < 100 || last < 5 {
        reads += 1;
        assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
        let survey = newest_whole(&run).unwrap();
        assert!(survey.damaged.is_empty(), "{:?}", survey.damaged);
        let step = survey.newest.unwrap().state.step;
        assert!(step >= last);
        last = step;
    }
    let locked = RunFolder::open(&run).err();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(lines.any(|line| line.starts_with("wrote ")));
    let locked = locked.expect("the child holds the folder").to_string();
    // Windows does not let the holder's number be read.
    let code =
        if cfg!(windows) { "folder-in-use".to_owned() } else { format!("folder-in-use-by (process = {})", child.id()) };
    assert!(locked.contains(&code), "{locked}");
    RunFolder::open(&run).expect("a killed trainer's lock is gone");
}

/// A file system of its own, so small that it fills up. Needs Linux and the right to mount.
struct TinyDisk(PathBuf);

impl TinyDisk {
    fn mount(path: &Path, bytes: usize) -> Option<Self> {
        std::fs::create_dir_all(path).unwrap();
        let size = format!("size={bytes}");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(path).stderr(Stdio::null()).status();
        mounted.is_ok_and(|status| status.success()).then(|| Self(path.to_owned()))
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        Command::new("umount").arg(&self.0).status().ok();
    }
}

#[test]
fn a_full_disk_is_one_clear_error_and_earlier_checkpoints_stay() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = {
        let folder = RunFolder::create(&dir.path().join("measure")).unwrap();
        write(&folder, 1).unwrap().bytes as usize
    };
    // Room for one checkpoint and parts of a second: it fills up in another file each time.
    for (run, share) in [0.0, 0.2, 0.4].into_iter().enumerate() {
        let mount = dir.path().join(format!("disk-{run}"));
        // 20 pages: the last one of each file and folder is not full.
        let Some(disk) = TinyDisk::mount(&mount, bytes + 20 * 4096 + (bytes as f64 * share) as usize) else {
            println!("SKIP a_full_disk: a tmpfs cannot be mounted here");
            return;
        };
        let folder = RunFolder::create(&disk.0.join("run")).unwrap();
        write(&folder, 1).unwrap();
        let error = write(&folder, 2).unwrap_err();
        assert!(
            words::text(&error.message, Lang::En)
                .starts_with("the checkpoint of step 2 was not written, earlier ones are untouched: cannot "),
            "{error}"
        );
        assert!(error.hint == Some("help-free-space"), "{error}");
        println!("{error}");
        let checkpoints = disk.0.join("run/checkpoints");
        let left: Vec<_> = std::fs::read_dir(checkpoints).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["step-000000001"]);
        assert_eq!(newest_step(&disk.0.join("run")), 1);
        drop(folder);
    }
}

#[test]
fn resuming_from_an_earlier_step_sets_later_ones_aside() {
    let dir = tempfile::tempdir().unwrap();
    let folder = RunFolder::create(dir.path()).unwrap();
    write(&folder, 1).unwrap();
    write(&folder, 2).unwrap();
    assert_eq!(resume_point(dir.path(), Some(1)).unwrap().state.step, 1);
    for turn in 1..=2 {
        folder.set_aside_after(1).unwrap();
        assert_eq!(newest_step(dir.path()), 1);
        assert!(dir.path().join(format!("checkpoints/set-aside-{turn}-step-000000002")).is_dir());
        write(&folder, 2).unwrap();
    }
    assert_eq!(list(dir.path()).unwrap().len(), 2);
}
