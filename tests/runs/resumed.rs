//! Tests runs from the command line. A resumed run ends with the bytes of a run that was never interrupted. A run whose numbers are
//! no longer finite stops and leaves its last checkpoint as it was.

use crate::adapter;
use crate::lab;
use electroscope::text::grammar::Level;
use electroscope::train::checkpoint;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of its own with a corpus and a cache.
struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // A blank line ends a document.
        std::fs::write(dir.path().join("corpus.txt"), lab::stories(Level::FirstSteps, 200).join("\n\n")).unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn electroscope(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_electroscope"))
            .args(args)
            .current_dir(self.dir.path())
            .env("ELECTROSCOPE_CACHE", self.path("cache"))
            .output()
            .unwrap()
    }

    /// Begins a run of 100 planned steps.
    fn train(&self, out: &str, set: &[&str], more: &[&str]) -> Output {
        let mut args =
            vec!["train", "--json", "--corpus", "corpus.txt", "--preset", "nano", "--steps", "100", "--out", out];
        args.extend(more);
        // Looks and checkpoints at steps that have nothing to do with the interruption.
        let looks = ["eval_every=30", "readout_every=20", "checkpoint_every=40", "eval_rows=16"];
        for setting in lab::TINIEST.iter().chain(&looks).chain(set) {
            args.extend(["--set", setting]);
        }
        self.electroscope(&args)
    }
}

fn done(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The step events of a run's record, without times.
fn steps(run: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut steps: Vec<Value> = events.filter(|event| event["event"] == "step").collect();
    for step in &mut steps {
        let fields = step.as_object_mut().unwrap();
        assert!(fields.remove("tokens_per_sec").is_some() && fields.remove("elapsed_secs").is_some());
    }
    steps
}

/// Weights and moments after step 100, file by file.
fn weights(run: &Path) -> [Vec<u8>; 3] {
    let dir = run.join("checkpoints/step-000000100");
    ["discriminator/model.safetensors", "generator/model.safetensors", "optimizer.safetensors"]
        .map(|file| std::fs::read(dir.join(file)).unwrap())
}

fn assert_same_run(whole: &Path, resumed: &Path) {
    let (whole_steps, resumed_steps) = (steps(whole), steps(resumed));
    assert_eq!(whole_steps.len(), 100);
    // Every number of every step, in order, none twice.
    for (a, b) in whole_steps.iter().zip(&resumed_steps) {
        assert_eq!(a, b);
    }
    assert_eq!(resumed_steps.len(), 100);
    assert!(weights(whole) == weights(resumed), "the weights or moments after step 100 differ");
}

/// Compares a whole run with one that is stopped after step `stop` and resumed.
fn interrupted(device: &str, set: &[&str], stop: &str) {
    let desk = Desk::new();
    let place = ["--device", device];
    done(&desk.train("whole", set, &place));
    done(&desk.train("parts", set, &[&place[..], &["--stop-after", stop]].concat()));
    assert_eq!(steps(&desk.path("parts")).len().to_string(), stop);
    done(&desk.electroscope(&[&["train", "--json", "--resume", "--out", "parts"], &place[..]].concat()));
    assert_same_run(&desk.path("whole"), &desk.path("parts"));
    // The runs also learned something: the loss has fallen.
    let first = &steps(&desk.path("whole"))[0]["total_loss"].as_f64().unwrap();
    let last = &steps(&desk.path("whole"))[99]["total_loss"].as_f64().unwrap();
    assert!(last < first, "{first} at first, {last} in the end");
}

const DROPOUT: &[&str] = &["dropout=0.1", "attention_dropout=0.1"];

#[test]
fn a_resumed_run_is_the_same_to_the_byte() {
    interrupted("cpu", &lab::with(DROPOUT, &["replacements=generator"]), "50");
    interrupted("cpu", &lab::with(DROPOUT, &["replacements=generator", "precision=f16"]), "50");
}

#[test]
fn a_resumed_run_keeps_its_precision() {
    let desk = Desk::new();
    let place = ["--device", "cpu"];
    done(&desk.train("run", &["precision=f16"], &[&place[..], &["--stop-after", "2"]].concat()));
    let told = desk.electroscope(&["train", "--resume", "--out", "run", "--set", "precision=f32"]);
    let message = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.status.code() == Some(2) && message.contains("keeps its own configuration"), "{message}");
    // A checkpoint always holds f32 weights, even if products read f16. So another precision can start from them with --init.
    done(&desk.train("on", &[], &[&place[..], &["--init", "run", "--stop-after", "2"]].concat()));
}

#[test]
fn a_resumed_run_goes_on_with_its_handover_and_its_accumulation() {
    // The handover begins at step 50, by the AUC measured before the interruption; at step 70 it is half done.
    let handover = [
        "replacements=unigram_to_generator",
        "takeoff_auc=0",
        "handover_steps=40",
        "accumulate=2",
        "clip_separately=true",
    ];
    interrupted("cpu", &lab::with(DROPOUT, &handover), "70");
    // Here the run stops right before the check at step 50, which then uses the AUC that was measured before the stop.
    interrupted(
        "cpu",
        &lab::with(DROPOUT, &[&handover[..3], &["mask_with_replacement=true", "packing=segments"]].concat()),
        "50",
    );
}

#[test]
fn a_resumed_run_is_the_same_to_the_byte_on_a_device() {
    let Some(gpu) = crate::gpu("a_resumed_run_is_the_same_to_the_byte_on_a_device") else { return };
    interrupted("gpu", &lab::with(DROPOUT, &["replacements=generator", "accumulate=2"]), "50");
    if gpu.features.f16 {
        interrupted("gpu", &lab::with(DROPOUT, &["replacements=generator", "precision=f16"]), "50");
    }
}

#[test]
fn steps_taken_again_from_an_earlier_checkpoint_are_the_same() {
    // As after a crash between two checkpoints, the steps after step 40 are taken again.
    let desk = Desk::new();
    done(&desk.train("run", DROPOUT, &["--device", "cpu"]));
    let before = (steps(&desk.path("run")), weights(&desk.path("run")));
    let again = desk.electroscope(&["train", "--json", "--resume=40", "--out", "run", "--device", "cpu"]);
    done(&again);
    let told = String::from_utf8_lossy(&again.stdout);
    assert!(told.contains("set-aside-1-step-"), "where the checkpoints behind step 40 are now is told: {told}");
    let (all, weights) = (steps(&desk.path("run")), weights(&desk.path("run")));
    assert!(weights == before.1, "the weights or moments after step 100 differ");
    assert_eq!(all.len(), 160, "the record keeps what was done twice");
    assert_eq!(all[100..], before.0[40..]);
}

#[test]
fn a_finished_run_is_extended_and_takes_the_rate_of_a_run_of_that_length() {
    let desk = Desk::new();
    // A run that is planned for 10 steps at first and for 100 afterwards.
    let short = ["train", "--json", "--corpus", "corpus.txt", "--preset", "nano", "--steps", "10", "--out", "run"];
    let tiniest = lab::TINIEST.iter().flat_map(|setting| ["--set", setting]);
    done(&desk.electroscope(&short.into_iter().chain(["--device", "cpu"]).chain(tiniest).collect::<Vec<_>>()));
    let resume = |more: &[&str]| {
        desk.electroscope(&[&["train", "--json", "--resume", "--out", "run", "--device", "cpu"], more].concat())
    };
    let finished = refused(&resume(&[]));
    assert!(finished.contains("10 of 10 steps") && finished.contains("--steps N, with N above 10"), "{finished}");
    assert!(refused(&resume(&["--steps", "9"])).contains("the run is finished"));
    let extended = resume(&["--steps", "40", "--stop-after", "12"]);
    done(&extended);
    let told = String::from_utf8_lossy(&extended.stdout);
    assert!(told.contains("run-extended") && told.contains("\"planned_steps\":40"), "{told}");
    // It now is a run of 40 steps, for whoever resumes it later too.
    let config = std::fs::read_to_string(desk.path("run/config.toml")).unwrap();
    assert!(config.contains("steps = 40"), "{config}");
    assert!(refused(&resume(&["--steps", "30"])).contains("keeps its own configuration"));
    done(&resume(&[]));
    let rates: Vec<f64> = steps(&desk.path("run")).iter().map(|step| step["lr"].as_f64().unwrap()).collect();
    assert_eq!(rates.len(), 40);
    let config = electroscope::host::native::stored_config(&desk.path("run")).unwrap();
    for (step, rate) in rates.iter().enumerate() {
        let planned = if step < 10 { 10 } else { 40 };
        let want = electroscope::train::schedule::learning_rate(&config, step as u64, planned);
        assert!((rate - want).abs() <= 1e-6 * want, "step {step}: {rate}, not {want}");
    }
}

/// Every file below a folder with its bytes.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn a_number_that_is_not_finite_ends_the_run_and_leaves_its_checkpoints() {
    let desk = Desk::new();
    // The first update has rate 0; the second throws the weights so far that the third step cannot be counted.
    // The evaluation at the end of the run also sees that the numbers are not finite.
    let stopped = desk.train("run", &["lr=1e30", "checkpoint_every=1"], &["--device", "cpu", "--stop-after", "2"]);
    assert!(refused(&stopped).contains("after step 2 what the networks say is not finite"));
    let run = desk.path("run");
    let before = files(&run.join("checkpoints"));
    assert!(before.len() > 10);
    let output = desk.electroscope(&["train", "--json", "--resume", "--out", "run", "--device", "cpu"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    println!("{}", message.lines().last().unwrap_or_default());
    assert_eq!(output.status.code(), Some(1), "{message}");
    // The step, the tensor where it began, and what to do.
    assert!(message.contains("step 3: the gradient is not finite; first in "), "{message}");
    assert!(message.contains("No weight was changed by it") && message.contains("--set lr="), "{message}");
    assert!(files(&run.join("checkpoints")) == before, "a checkpoint was touched");
    assert_eq!(checkpoint::newest_whole(&run).unwrap().newest.map(|c| c.state.step), Some(2));
    assert_eq!(steps(&run).len(), 2, "no number of the bad step was told");
    // A masked language model has no judge, hence fewer groups of gradients to watch.
    let set = ["objective=mlm", "clip_separately=true", "lr=1e30"];
    let output = desk.train("generator", &set, &["--device", "cpu"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && message.contains("the gradient is not finite"), "{message}");
    // The run's record ends with the failure, and can still be looked at.
    let text = std::fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(last["event"], "failed");
    assert!(run.join("report.html").is_file());
}

#[test]
fn minutes_that_were_not_yet_made_into_steps_are_so_after_a_resume() {
    let desk = Desk::new();
    let tiniest = lab::TINIEST.iter().flat_map(|setting| ["--set", setting]);
    let minutes =
        ["train", "--json", "--corpus", "corpus.txt", "--minutes", "0.05", "--stop-after", "5", "--device", "cpu"];
    done(&desk.electroscope(&minutes.into_iter().chain(["--out", "run"]).chain(tiniest).collect::<Vec<_>>()));
    let planned = || checkpoint::newest_whole(&desk.path("run")).unwrap().newest.unwrap().state.planned_steps;
    assert_eq!(planned(), 1_000_000, "five steps tell no rate yet");
    let output = desk.electroscope(&["train", "--resume", "--minutes", "3", "--out", "run", "--device", "cpu"]);
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    done(&desk.electroscope(&["train", "--json", "--resume", "--out", "run", "--device", "cpu"]));
    let (planned, taken) = (planned(), steps(&desk.path("run")).len() as u64);
    assert!((20..1_000_000).contains(&planned) && taken == planned, "{taken} of {planned}");
}

#[test]
fn held_out_text_is_judged_only_where_it_is_the_runs_own() {
    let desk = Desk::new();
    done(&desk.train("run", &[], &["--device", "cpu", "--stop-after", "2"]));
    done(&desk.electroscope(&["eval", "run", "--device", "cpu"]));
    let corpus = desk.path("corpus.txt");
    let text = std::fs::read_to_string(&corpus).unwrap();
    std::fs::write(&corpus, format!("the dog sees the cat.\n\n{text}")).unwrap();
    let output = desk.electroscope(&["eval", "run", "--device", "cpu"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(
        message.contains("the corpus is not the one this run was trained on") && message.contains("--corpus"),
        "{message}"
    );
    done(&desk.electroscope(&["eval", "run", "--corpus", "corpus.txt", "--device", "cpu"]));
    // The run's place in its own text does not matter for another, shorter text. NEWEST is the newest run.
    std::fs::write(desk.path("short.txt"), "the dog sees the cat. the cat sleeps in the house.").unwrap();
    done(&desk.electroscope(&["eval", "./NEWEST", "--corpus", "short.txt", "--device", "cpu"]));
}

/// The message of a command that must be refused, with status 2 or 1.
fn refused(output: &Output) -> String {
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(matches!(output.status.code(), Some(1 | 2)), "{message}");
    message
}

#[test]
fn a_resumed_run_is_what_its_folder_says_or_is_refused() {
    let desk = Desk::new();
    done(&desk.train("run", &[], &["--device", "cpu", "--stop-after", "2"]));
    let path = desk.path("run/config.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    let line = config.lines().find(|line| line.starts_with("lr = ")).unwrap();
    std::fs::write(&path, config.replace(line, "lr = 0.5")).unwrap();
    for args in [&["train", "--resume", "--out", "run"][..], &["eval", "run"]] {
        let message = refused(&desk.electroscope(&[args, &["--device", "cpu"]].concat()));
        assert!(
            message.contains("lr = 0.5, where the run was trained with ") && message.contains("config.toml"),
            "{message}"
        );
    }
    std::fs::write(&path, &config).unwrap();
    done(&desk.electroscope(&["train", "--resume", "--out", "run", "--device", "cpu", "--stop-after", "3"]));
    // Its file is a configuration like any other, and brings its preset along.
    done(&desk.electroscope(&[
        "train",
        "--config",
        "run/config.toml",
        "--out",
        "again",
        "--device",
        "cpu",
        "--stop-after",
        "1",
    ]));
    assert!(std::fs::read_to_string(desk.path("again/config.toml")).unwrap() == config);
}

#[test]
fn text_that_is_none_is_refused() {
    adapter::looked_for("text that is none");
    let desk = Desk::new();
    std::fs::write(desk.path("blank.txt"), "\n \n").unwrap();
    let message = refused(&desk.train("run", &[], &["--valid", "blank.txt"]));
    assert!(message.contains("no word in the text to hold out") && message.contains("blank.txt"), "{message}");
    let message = refused(&desk.train("run", &[], &["--valid", "corpus.txt"]));
    assert!(message.contains("it is given with --valid too"), "{message}");
    if cfg!(unix) {
        let message = refused(&desk.electroscope(&["train", "--corpus", "/dev/zero"]));
        assert!(message.contains("a pipe or a device"), "{message}");
    }
    assert!(!desk.path("run").exists());
}

#[test]
fn a_run_that_leaves_the_numbers_in_its_last_step_has_failed() {
    let desk = Desk::new();
    let output = desk.electroscope(
        &[
            &["train", "--corpus", "corpus.txt", "--steps", "2", "--out", "run", "--device", "cpu", "--set", "lr=1e30"]
                [..],
            &lab::TINIEST.iter().flat_map(|setting| ["--set", setting]).collect::<Vec<_>>(),
        ]
        .concat(),
    );
    let message = refused(&output);
    assert!(message.contains("is not finite") && message.contains("--set lr=5e29"), "{message}");
}

#[test]
fn a_model_too_large_is_refused_with_numbers_and_nothing_is_written() {
    let desk = Desk::new();
    for (set, wanted) in [
        (&["embedding_size=262144"][..], "the word embeddings take"),
        (&["max_positions=10000000"], "the position embeddings take"),
        (&["batch=500000"], "--set batch="),
        (&["batch=1000", "ffn_size=1000000000"], "a feed-forward matrix take"),
    ] {
        let output = desk.train("run", set, &["--device", "cpu"]);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{set:?}: {message}");
        assert!(message.contains(wanted) && message.contains("MiB, a binding may be 128.0 MiB"), "{message}");
        assert!(!desk.path("run").exists(), "{set:?}: a run's folder was made");
    }
}
