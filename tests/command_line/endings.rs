//! Tests how runs end that somebody ends, and runs whose log, folder or output cannot be written: as people meet them, from outside.

use crate::commands::SMALL;
use crate::program::{Ran, command, run};
use serde_json::Value;
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// A run under way in a folder of its own.
struct Running {
    dir: tempfile::TempDir,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

/// A folder with a text.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("text.txt"), run(["corpus", "--words", "4000"]).good().stdout).unwrap();
    dir
}

/// What `env` needs, so that a program hears every signal, also if the tests run in the background of a script, where a shell ignores
/// some for them. Not every system's `env` can do this; a shell cannot.
static HEARS_ALL: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let asked = "--default-signal=HUP,INT,QUIT,TERM,USR1,USR2,XCPU";
    let can = Command::new("env").args([asked, "true"]).stderr(Stdio::null()).status();
    if can.is_ok_and(|status| status.success()) { vec![asked] } else { Vec::new() }
});

/// Starts a run as `shell` does, with "$@" in the place of the program.
fn start(shell: &str, more: &str) -> Running {
    let dir = folder();
    let program = command(&dir.path().join("cache"));
    let mut through = Command::new("env");
    through.args(HEARS_ALL.iter()).args(["sh", "-c", shell, "sh"]).arg(program.get_program()).arg("train");
    through.args(SMALL.split_whitespace()).args("--corpus text.txt --out run --json".split_whitespace());
    through.args(more.split_whitespace()).current_dir(dir.path()).stdin(Stdio::null());
    through.stdout(Stdio::piped()).stderr(std::fs::File::create(dir.path().join("stderr")).unwrap());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => through.env(name, value),
            None => through.env_remove(name),
        };
    }
    let mut child = through.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    Running { dir, child, lines }
}

const ENDLESS: &str = "--steps 1000000";

impl Running {
    /// Reads on until a step is reported.
    fn next_step(&mut self) -> u64 {
        let step = |line: String| {
            let event: Value = serde_json::from_str(&line).unwrap();
            (event["event"] == "step").then(|| event["step"].as_u64().unwrap())
        };
        self.lines.by_ref().map(Result::unwrap).find_map(step).expect("a step is told")
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success(), "{signal}");
    }

    fn run(&self) -> PathBuf {
        self.dir.path().join("run")
    }

    fn stderr(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("stderr")).unwrap()
    }

    /// The exit status, and the events that were not read yet.
    fn end(&mut self) -> (i32, Vec<Value>) {
        let events = self.lines.by_ref().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
        (self.child.wait().unwrap().code().expect("no signal ended it"), events)
    }
}

/// Whether the checkpoint of a step is in the run's folder.
fn has_checkpoint(run: &Path, step: u64) -> bool {
    run.join(format!("checkpoints/step-{step:09}/state.json")).is_file()
}

/// The steps of a run's log; every line of it is whole.
fn logged(run: &Path) -> Vec<u64> {
    let text = std::fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.filter(|event| event["event"] == "step").map(|event| event["step"].as_u64().unwrap()).collect()
}

fn ends_with_a_checkpoint(signals: &[&str]) -> Vec<Value> {
    let mut running = start("exec \"$@\"", ENDLESS);
    running.next_step();
    signals.iter().for_each(|signal| running.signal(signal));
    let (status, events) = running.end();
    assert_eq!(status, 0, "{signals:?}: {}", running.stderr());
    let last = events.last().unwrap();
    assert_eq!((&last["event"], &last["outcome"]), (&"finished".into(), &"stopped".into()), "{signals:?}");
    assert!(has_checkpoint(&running.run(), last["step"].as_u64().unwrap()), "{signals:?}");
    events
}

#[test]
fn ctrl_c_keeps_a_checkpoint_and_then_measures() {
    // A person who is in a hurry presses it more than once.
    let events = ends_with_a_checkpoint(&["-INT", "-INT", "-INT"]);
    let at = |kind: &str| events.iter().position(|event| event["event"] == kind);
    assert!(at("checkpoint").unwrap() < at("eval").expect("the last evaluation"), "{events:?}");
}

#[test]
fn whatever_else_ends_a_program_ends_a_run_with_a_checkpoint_and_no_evaluation() {
    // A supervisor; a closing terminal, whose kernel and shell both say so; batch systems before the time is up.
    for signals in [&["-TERM", "-TERM"][..], &["-HUP", "-CONT", "-HUP", "-TERM"], &["-USR1"], &["-XCPU", "-USR2"]] {
        let events = ends_with_a_checkpoint(signals);
        let evaluations = events.iter().filter(|event| event["event"] == "eval").count();
        assert_eq!(evaluations, 0, "{signals:?}");
    }
}

#[test]
fn a_signal_that_the_parent_ignores_does_nothing() {
    // `nohup`, a script's background, and a daemon that shields its children from all but one.
    for (ignored, ends) in [("HUP", "-TERM"), ("INT QUIT", "-HUP"), ("TERM USR1 HUP", "-INT")] {
        let mut running = start(&format!("trap '' {ignored}; exec \"$@\""), ENDLESS);
        let first = running.next_step();
        for signal in ignored.split(' ').chain(ignored.split(' ')) {
            running.signal(&format!("-{signal}"));
        }
        // It takes steps as before: more than it could take on its way to an end.
        let last = (0..200).map(|_| running.next_step()).last().unwrap();
        assert!(last >= first + 200, "{ignored}");
        running.signal(ends);
        assert_eq!(running.end().0, 0, "{ignored}: {}", running.stderr());
    }
}

#[test]
fn output_that_nobody_can_take_does_not_end_the_run_and_is_told() {
    let dir = folder();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let told = command(&dir.path().join("cache"))
        .current_dir(dir.path())
        .arg("train")
        .args(SMALL.split_whitespace())
        .args("--corpus text.txt --out run --json --steps 12 --lang pt".split_whitespace())
        .stdout(full)
        .output()
        .unwrap();
    let told = Ran::from(told);
    assert_eq!(told.status, 1, "{}", told.stderr);
    assert!(told.stderr.contains("na saída padrão faltam eventos do treino ("), "{}", told.stderr);
    assert!(has_checkpoint(&dir.path().join("run"), 12));
    assert_eq!(logged(&dir.path().join("run")), (1..=12).collect::<Vec<_>>());
}

#[test]
fn a_reader_that_takes_nothing_does_not_hold_the_run() {
    let mut running = start("exec \"$@\"", ENDLESS);
    running.next_step();
    // A pipe holds 64 KiB, a hundred steps.
    let deadline = Instant::now() + Duration::from_secs(60);
    while logged(&running.run()).len() < 400 {
        assert!(Instant::now() < deadline, "the run stands still");
        std::thread::sleep(Duration::from_millis(20));
    }
    running.signal("-TERM");
    // Nobody reads on. The program ends all the same, and says what its reader lacks.
    assert_eq!(running.child.wait().unwrap().code(), Some(1), "{}", running.stderr());
    assert!(running.stderr().contains("standard output lacks events of the run ("), "{}", running.stderr());
    assert!(has_checkpoint(&running.run(), *logged(&running.run()).last().unwrap()));
}

#[test]
fn a_file_that_may_not_grow_any_more_is_a_warning_and_told_at_the_end() {
    // The unit is half a kilobyte: files of a checkpoint have half of that size, and a log with that many readouts has several times it.
    let mut running = start("ulimit -f 512; exec \"$@\"", "--steps 300 --set readout_every=1");
    let (status, events) = running.end();
    let stderr = running.stderr();
    assert_eq!(status, 1, "{stderr}");
    assert!(events.iter().any(|event| event["kind"] == "not_written" && event["code"] == "not-written"));
    assert!(
        stderr.contains("the run's log (metrics.jsonl) lacks ") && stderr.contains("checkpoint of step 300 is safe")
    );
    assert!(has_checkpoint(&running.run(), 300), "{stderr}");
    let steps = logged(&running.run());
    assert!(!steps.is_empty() && steps.len() < 300);
    assert_eq!(steps, (1..=steps.len() as u64).collect::<Vec<_>>());
}

#[test]
fn a_folder_that_is_removed_or_moved_away_is_made_again_and_can_be_resumed() {
    for moved in [true, false] {
        let mut running = start("exec \"$@\"", "--steps 600 --set checkpoint_every=1000");
        (0..3).for_each(|_| assert!(running.next_step() > 0));
        // `rm` takes its time; what comes back meanwhile it does not remove.
        let elsewhere = running.dir.path().join("elsewhere");
        std::fs::rename(running.run(), &elsewhere).unwrap();
        if !moved {
            std::fs::remove_dir_all(&elsewhere).unwrap();
        }
        let (status, events) = running.end();
        assert_eq!(status, 0, "{}", running.stderr());
        let kinds: Vec<&str> = events.iter().filter_map(|event| event["kind"].as_str()).collect();
        assert!(kinds.contains(&"not_written") && kinds.contains(&"written_again"), "{kinds:?}");
        assert_eq!(logged(&running.run()), (1..=600).collect::<Vec<_>>(), "nothing is missing");
        let resumed = command(&running.dir.path().join("cache"))
            .current_dir(running.dir.path())
            .args("train --resume --out run --steps 602 --device cpu --json".split(' '))
            .output()
            .unwrap();
        assert_eq!(Ran::from(resumed).good().events_of("step").len(), 2);
    }
}

#[test]
fn the_window_does_not_train_a_run_that_another_process_trains() {
    let mut running = start("exec \"$@\"", ENDLESS);
    running.next_step();
    let (dir, process) = (running.dir.path().to_owned(), running.child.id().to_string());
    let app = |more: &[&str]| -> Ran {
        let mut app = command(&dir.join("cache"));
        app.current_dir(&dir).args(["app", "--run", "run"]).args(more).output().unwrap().into()
    };
    // There is no display here. Before that is found out, the other process is named.
    for lang in ["en", "pt"] {
        let told = app(&["--play", "--lang", lang]);
        assert_eq!(told.status, 1, "{}", told.stderr);
        let said = if lang == "en" { "is training in this folder" } else { "está treinando nesta pasta" };
        assert!(told.stderr.contains(said) && told.stderr.contains(&process), "{}", told.stderr);
        assert!(told.stderr.contains("--play"), "what to do: {}", told.stderr);
    }
    let looked = app(&[]);
    assert!(looked.status == 1 && !looked.stderr.contains("is training"), "{}", looked.stderr);
    running.signal("-TERM");
    assert_eq!(running.end().0, 0);
    let ended = app(&["--play"]);
    assert!(ended.status == 1 && !ended.stderr.contains("is training"), "{}", ended.stderr);
}
