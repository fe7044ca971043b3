//! Tests the machine's limits and odd names: paths of any bytes, commands that are pasted back, runs of one second, threads, memory
//! and caches that are not to be had.
#![cfg(target_os = "linux")]

use crate::commands::SMALL;
use crate::model;
use crate::program::{Ran, command, run};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::Command;

fn named(bytes: &[u8]) -> PathBuf {
    OsString::from_vec(bytes.to_vec()).into()
}

/// A folder with a text of the built-in grammar under this name.
fn with_text(dir: &Path, name: &Path) {
    std::fs::write(dir.join(name), run(["corpus", "--words", "3000"]).good().stdout).unwrap();
}

/// `train` with the small settings, in `dir`.
fn train<A: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = A>) -> Ran {
    let mut train = command(&dir.join("cache"));
    train.current_dir(dir).arg("train").args(SMALL.split_whitespace()).args(args).output().unwrap().into()
}

/// What bash makes of a line.
fn pasted(dir: &Path, line: &str) -> Ran {
    let mut bash = Command::new("bash");
    bash.args(["-c", line]).current_dir(dir).env("LC_ALL", "C").env("ELECTROSCOPE_CACHE", dir.join("cache"));
    bash.output().unwrap().into()
}

#[test]
fn a_run_with_names_of_any_bytes_goes_all_the_way_by_the_commands_that_it_prints() {
    for (place, text, out) in [
        (&b"caf\xe9"[..], &b"\xff.txt"[..], &b"\xc3\xa9\xe9 it's"[..]),
        (b"-d $(x)", b"\xed\xa0\x80 \"q\".txt", b"-line\nbreak!"),
    ] {
        let desk = tempfile::tempdir().unwrap();
        let dir = desk.path().join(named(place));
        std::fs::create_dir(&dir).unwrap();
        let [text, out] = [text, out].map(named);
        with_text(&dir, &text);
        // Relative paths, as a person types them.
        let flag = |name: &str, path: &Path| [OsStr::new(name), path.as_os_str()].join(OsStr::new("="));
        let flags = [flag("--corpus", &text), flag("--out", &out)];
        let first =
            train(&dir, flags.into_iter().chain(["--steps", "4", "--stop-after", "2", "--json"].map(OsString::from)));
        let first = first.good();
        assert_eq!(first.events_of("step").len(), 2);
        let told = first.events_of("finished").remove(0);
        let next: Vec<&str> = told["next"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let [resume, detect, eval, export] = next[..] else { panic!("{next:?}") };
        let at = |line: &str| format!("{line} --device cpu --json");
        let resumed = pasted(&dir, &at(resume)).good();
        assert_eq!(resumed.events_of("step").len(), 2, "it goes on with its own text: {resume}");
        assert!(pasted(&dir, &at(detect)).good().events_of("detect").len() == 1, "{detect}");
        assert_eq!(pasted(&dir, &at(eval)).good().events_of("eval").len(), 1, "{eval}");
        pasted(&dir, export).good();
        assert!(dir.join("model/discriminator/model.safetensors").is_file(), "{export}");
        // The advice for a finished run can be pasted too.
        let finished = pasted(&dir, &at(resume));
        assert_eq!(finished.status, 2, "{}", finished.stderr);
        let extend =
            finished.stderr.split("extend it with: electroscope").nth(1).unwrap().split(" --steps N").next().unwrap();
        let program = env!("CARGO_BIN_EXE_electroscope");
        let extended = pasted(&dir, &at(&format!("{program}{extend} --steps 5"))).good();
        assert_eq!(extended.events_of("step").len(), 1, "{extend}");
        // The name in an event stands for the path, whoever reads it.
        let plan = &first.events_of("plan")[0];
        assert_eq!(electroscope::path::path_of(plan["run"].as_str().unwrap()), out);
        assert!(dir.join(&out).join("report.html").is_file());
    }
}

#[test]
fn other_paths_may_be_of_any_bytes_too() {
    let desk = tempfile::tempdir().unwrap();
    let dir = desk.path();
    let [text, tokenizer, config, weights] = [&b"t\xe9xt"[..], b"tok\xfe", b"c\xf1.toml", b"w\xff"].map(named);
    with_text(dir, &text);
    let here =
        |args: &[&OsStr]| -> Ran { command(&dir.join("cache")).current_dir(dir).args(args).output().unwrap().into() };
    let os = OsStr::new;
    let size = [os("--vocab-size"), os("300"), os("--json")];
    let made = here(
        &[&[os("tokenizer"), os("train"), os("--corpus"), text.as_ref(), os("--out"), tokenizer.as_ref()], &size[..]]
            .concat(),
    );
    let path = made.good().events_of("tokenizer")[0]["path"].as_str().unwrap().to_owned();
    assert_eq!(electroscope::path::path_of(&path), tokenizer);
    std::fs::write(dir.join(&config), "lr = 0.002\n").unwrap();
    model::write_random(&dir.join(&weights), 128, 300);
    let ran = train(
        dir,
        [
            os("--corpus"),
            text.as_ref(),
            os("--tokenizer"),
            tokenizer.as_ref(),
            os("--config"),
            config.as_ref(),
            os("--steps"),
            os("1"),
            os("--out"),
            os("one"),
            os("--json"),
        ],
    )
    .good();
    assert!(ran.stdout.contains("\"lr\":0.002"));
    here(&[os("detect"), weights.as_ref(), os("the dog"), os("--device"), os("cpu")]).good();
    here(&[os("eval"), os("one"), os("--corpus"), text.as_ref(), os("--device"), os("cpu")]).good();
    here(&[os("export"), os("one"), os("--to"), named(b"to\xe9").as_ref()]).good();
    assert!(dir.join(named(b"to\xe9")).join("generator").is_dir());
    // An error names the path so that it can be told from others, and pasted.
    let missing = here(&[os("detect"), named(b"no\xe9").as_ref(), os("x")]);
    assert!(missing.status == 1 && missing.stderr.contains(r"$'no\xe9'"), "{}", missing.stderr);
}

#[test]
fn the_python_that_is_printed_names_the_folder() {
    let Ok(version) = Command::new("python3").arg("--version").output() else {
        return println!("SKIP printed Python: no python3");
    };
    assert!(version.status.success());
    for name in [&b"my model"[..], b"it's", b"a\"b\\c", b"caf\xe9", b"\xe9'\n\""] {
        let desk = tempfile::tempdir().unwrap();
        let whole = desk.path().join(named(name));
        model::write_random(&whole, 32, 5);
        let folder = whole.join("discriminator");
        std::fs::rename(folder.join("model.safetensors"), folder.join("pytorch_model.bin")).unwrap();
        let refused =
            run([OsStr::new("detect"), folder.as_os_str(), OsStr::new("x"), OsStr::new("--device"), OsStr::new("cpu")]);
        assert_eq!(refused.status, 1, "{}", refused.stderr);
        let line =
            refused.stderr.split("convert them once: ").nth(1).unwrap().trim_end().replacen("python", "python3", 1);
        // A stand-in for transformers says which folder it was asked for.
        let stand_in = "import os\nclass ElectraForPreTraining:\n    @classmethod\n    def from_pretrained(cls, path):\n        \
                        print(os.fsencode(path).hex())\n        return cls()\n    def save_pretrained(self, path):\n        \
                        print(os.fsencode(path).hex())\n";
        std::fs::write(desk.path().join("transformers.py"), stand_in).unwrap();
        let told = Command::new("bash").args(["-c", &line]).env("PYTHONPATH", desk.path()).output().unwrap();
        let hex: String = folder.as_os_str().as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(String::from_utf8_lossy(&told.stdout), format!("{hex}\n{hex}\n"), "{line}\n{told:?}");
    }
}

#[test]
fn runs_of_one_second_have_folders_of_their_own_and_the_last_started_goes_on() {
    let desk = tempfile::tempdir().unwrap();
    let dir = desk.path();
    let begin = |_| {
        let mut train = command(&dir.join("cache"));
        train.current_dir(dir).arg("train").args(SMALL.split_whitespace()).args(["--steps", "3", "--stop-after", "1"]);
        train.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap()
    };
    let children: Vec<_> = (0..3).map(begin).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let folders = || -> Vec<PathBuf> {
        std::fs::read_dir(dir.join("runs")).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let started = |run: &PathBuf| std::fs::read_to_string(run.join(".started")).unwrap().parse::<u128>().unwrap();
    assert_eq!(folders().len(), 3);
    let mut runs = folders();
    runs.sort_by_key(started);
    // Somebody goes on with the first, so its checkpoint is the newest. And there is a folder that nobody can read.
    let name = |run: &Path| format!("runs/{}", run.file_name().unwrap().to_str().unwrap());
    let resume = |args: &[&str]| -> Ran {
        let mut train = command(&dir.join("cache"));
        train
            .current_dir(dir)
            .args(["train", "--resume", "--device", "cpu", "--json"])
            .args(args)
            .output()
            .unwrap()
            .into()
    };
    resume(&["--out", &name(&runs[0]), "--stop-after", "2"]).good();
    std::fs::create_dir_all(dir.join("runs/broken")).unwrap();
    std::fs::write(dir.join("runs/broken/checkpoints"), "a file").unwrap();
    let resumed = resume(&[]).good();
    let said = |code: &str| {
        let mut told = resumed.events_of("preparing").into_iter().filter(|event| event["message"].as_str().is_some());
        told.find(|event| event["code"] == code).map(|event| event["message"].as_str().unwrap().to_owned())
    };
    println!("{}", resumed.stderr);
    assert!(said("resume-newest").unwrap().contains(&name(&runs[2])), "{}", resumed.stdout);
    let others = said("resume-others").unwrap();
    assert!(others.contains(&name(&runs[1])) && others.contains(&name(&runs[0])), "{others}");
    assert!(said("run-skipped").unwrap().contains("runs/broken"), "{}", resumed.stdout);
    assert_eq!(resumed.events_of("plan")[0]["run"], name(&runs[2]));
    // It is finished now, and still the last. The refusal names the unfinished runs.
    let refused = resume(&[]);
    assert_eq!(refused.status, 2);
    assert!(
        refused.stderr.contains("the run is finished") && refused.stderr.contains(&name(&runs[1])),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_cache_that_cannot_be_written_is_kept_with_the_run() {
    let desk = tempfile::tempdir().unwrap();
    let dir = desk.path();
    with_text(dir, Path::new("text.txt"));
    // Whoever runs the test may write anywhere, but nobody makes a folder in a file.
    std::fs::write(dir.join("cache"), "a file").unwrap();
    let here = |args: &[&str]| -> Ran {
        command(&dir.join("cache/caches")).current_dir(dir).args(args).output().unwrap().into()
    };
    let small = |args: &[&str]| -> Ran {
        let fixed = SMALL.split_whitespace().chain(["--corpus", "text.txt", "--steps", "3", "--json"]);
        here(&[&["train"], &fixed.collect::<Vec<_>>()[..], args].concat())
    };
    // A run that is refused after its text was read leaves nothing.
    let refused = small(&["--kernels", "text.txt"]);
    assert!(
        refused.status != 0 && std::fs::read_dir(dir.join("runs")).map_or(true, |mut runs| runs.next().is_none()),
        "{}",
        refused.stderr
    );
    let ran = small(&["--stop-after", "1"]).good();
    let told = ran.events_of("preparing").into_iter().find(|event| event["code"] == "cache-kept-with-run");
    let told = told.unwrap_or_else(|| panic!("it says so: {}", ran.stdout));
    let run = ran.events_of("plan")[0]["run"].as_str().unwrap().to_owned();
    assert!(told["message"].as_str().unwrap().contains(&run), "{told}");
    assert!(dir.join(&run).join("token-cache").read_dir().unwrap().next().is_some());
    assert_eq!(std::fs::read_dir(dir.join("runs")).unwrap().count(), 1);
    here(&["train", "--resume", "--device", "cpu"]).good();
    let eval = here(&["eval", &run, "--device", "cpu"]).good();
    assert!(eval.stderr.contains(&run), "{}", eval.stderr);
    // A name of one's own.
    small(&["--out", "mine"]).good();
    assert!(dir.join("mine/token-cache").is_dir());
    // A refused run leaves the files of the folder that it was given.
    let theirs = [dir.join("theirs/cache/notes.txt"), dir.join("theirs/token-cache/notes.txt")];
    for notes in &theirs {
        std::fs::create_dir_all(notes.parent().unwrap()).unwrap();
        std::fs::write(notes, "mine").unwrap();
    }
    let refused = small(&["--out", "theirs", "--kernels", "text.txt"]);
    assert!(refused.status != 0 && theirs.iter().all(|notes| notes.is_file()), "{}", refused.stderr);
}

#[test]
fn leftovers_of_a_dead_process_are_swept() {
    let desk = tempfile::tempdir().unwrap();
    let dir = desk.path();
    let cache = dir.join("cache");
    std::fs::create_dir(&cache).unwrap();
    let mut dead = Command::new("true").spawn().unwrap();
    let (nobody, here) = (dead.id(), std::process::id());
    dead.wait().unwrap();
    let [left, living] = [nobody, here].map(|id| cache.join(format!("0f.tokens-{id}-0.part")));
    std::fs::write(&left, "half").unwrap();
    std::fs::write(&living, "half").unwrap();
    train(dir, ["--steps", "1", "--out", "run"]).good();
    assert!(!left.exists() && living.exists());
    let mut kept: Vec<PathBuf> = std::fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path()).collect();
    kept.retain(|path| path.to_string_lossy().ends_with(".part") && *path != living);
    assert_eq!(kept, Vec::<PathBuf>::new(), "a run leaves none of its own");
}

#[test]
fn too_little_memory_is_one_sentence_before_anything_begins() {
    let desk = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_electroscope");
    let limited = |limit: &str, args: &str| pasted(desk.path(), &format!("ulimit {limit} && exec {program} {args}"));
    let small = "train --device cpu --preset small";
    for (limit, args, wanted) in [
        ("-v 1000000", small.to_owned(), "the limit of the address space (ulimit -v) leaves"),
        ("-d 600000", small.to_owned(), "the limit of data (ulimit -d) leaves"),
        ("-v 1000000", format!("{small} --lang pt"), "o limite do espaço de endereçamento (ulimit -v) deixa"),
        ("-v 1000000", "train --device cpu --preset tiny --set batch=1500".to_owned(), "--set batch="),
        (
            "-v 1000000",
            "train --device cpu --preset tiny --set hidden_size=2048 --set heads=8".to_owned(),
            "MiB of memory are needed",
        ),
    ] {
        let ran = limited(limit, &args);
        assert_eq!(ran.status, 1, "{limit} {args}: {}\n{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(wanted), "{limit} {args}: {}", ran.stderr);
        assert!(!ran.stderr.contains("panicked") && !desk.path().join("runs").exists(), "{limit}: {}", ran.stderr);
    }
    let info = limited("-v 1000000", "info --json").good();
    let cpu = &info.events_of("cpu")[0];
    assert_eq!(cpu["memory_limit"], "limit-address-space");
    assert!(cpu["memory_bytes"].as_u64().unwrap() < 1_000_000 << 10);
    let fits = |preset: &str| {
        let told = info.events_of("preset").into_iter().find(|event| event["preset"] == preset).unwrap();
        told["fits"][0]["fits"].as_bool().unwrap()
    };
    assert!(fits("nano") && !fits("base"));
}

#[test]
fn memory_that_ends_in_the_middle_is_one_sentence_too() {
    let desk = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_electroscope");
    let limited = |kib: u32, args: &str| pasted(desk.path(), &format!("ulimit -v {kib} && exec {program} {args}"));
    // Words that stand once each: nobody knows beforehand how much memory their counts take.
    let word = |n: u64| -> String {
        let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (0..8).map(|i| char::from(b'a' + (mixed >> (8 * i)) as u8 % 26)).collect()
    };
    let line = |l: u64| (10 * l..10 * l + 10).map(word).collect::<Vec<_>>().join(" ");
    std::fs::write(desk.path().join("words.txt"), (0..50_000).map(line).collect::<Vec<_>>().join("\n")).unwrap();
    for (lang, wanted) in [("en", "gives this program no more memory"), ("pt", "não dá mais memória a este programa")]
    {
        let args = format!("tokenizer train --corpus words.txt --vocab-size 500 --out tok --lang {lang}");
        let ran = limited(100_000, &args);
        assert!(ran.status == 1 && ran.stderr.contains(wanted), "{}: {}", ran.status, ran.stderr);
        assert!(ran.stderr.contains("ulimit -v") && !desk.path().join("tok").exists(), "{}", ran.stderr);
    }
    // Limits around what a run takes beside its plan.
    for kib in (60_000..240_000).step_by(30_000) {
        let ran = limited(kib, &format!("train --device cpu --steps 1 --out run-{kib}"));
        assert!([0, 1].contains(&ran.status), "{kib} KiB: {} {}", ran.status, ran.stderr);
        assert!(!ran.stderr.contains("panicked") && !ran.stderr.contains("memory allocation"), "{kib}: {}", ran.stderr);
    }
}

#[test]
fn without_threads_every_command_says_so() {
    let program = env!("CARGO_BIN_EXE_electroscope");
    // The limit does not hold for the administrator, so the program runs as nobody then.
    let administrator =
        std::fs::metadata("/proc/self").is_ok_and(|data| std::os::unix::fs::MetadataExt::uid(&data) == 0);
    let nobody = if administrator { "setpriv --reuid=65534 --regid=65534 --clear-groups " } else { "" };
    let limited = |args: &str| pasted(Path::new("/"), &format!("ulimit -u 1 && exec {nobody}{program} {args}"));
    if limited("--version").status != 0 {
        return println!("SKIP without threads: nobody cannot run {program}");
    }
    for args in [
        "train",
        "train --device cpu --threads 3",
        "info",
        "detect x y",
        "verify",
        "bench",
        "eval x",
        "fill x y --lang pt",
    ] {
        let ran = limited(args);
        assert_eq!(ran.status, 1, "{args}: {}", ran.stderr);
        let wanted = if args.ends_with("pt") { "nenhuma thread" } else { "gives this program no thread" };
        assert!(ran.stderr.contains(wanted) && ran.stderr.contains("ulimit -u"), "{args}: {}", ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{args}: {}", ran.stderr);
    }
}
