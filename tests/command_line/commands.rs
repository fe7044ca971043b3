//! Tests the built program as a person or another program uses it: its exit status, its JSON, its files.

use crate::adapter;
use crate::model;
use crate::program::{Ran, command, run};
use serde_json::Value;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const COMMANDS: [&str; 14] = [
    "train",
    "detect",
    "fill",
    "corrupt",
    "eval",
    "tokenizer",
    "tokenizer train",
    "export",
    "corpus",
    "verify",
    "bench",
    "info",
    "completions",
    "app",
];

/// A folder with a random pair of `positions` positions.
fn random_model(positions: usize) -> (TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let model = dir.path().join("model");
    model::write_random(&model, positions, 5);
    let path = model.to_str().unwrap().to_owned();
    (dir, path)
}

/// Runs the program with a text on standard input.
fn run_with_input<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>, input: &str) -> Ran {
    use std::io::Write;
    let dir = tempfile::tempdir().unwrap();
    let mut command = command(dir.path());
    command
        .args(args)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    // A program that refuses its arguments does not read its input. The test looks at what it says.
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    child.wait_with_output().expect("the program ends").into()
}

fn judge(model: &str, texts: &[&str]) -> Ran {
    let fixed = ["detect", model, "--device", "cpu", "--json", "--"];
    run(fixed.iter().chain(texts)).good()
}

fn logits(event: &Value) -> Vec<f64> {
    event["tokens"].as_array().unwrap().iter().map(|token| token["logit"].as_f64().unwrap()).collect()
}

#[test]
fn wrong_usage_is_status_2_and_says_what_is_right() {
    adapter::looked_for("a device by its name");
    let (_dir, model) = random_model(32);
    let m = model.as_str();
    let cases: [(&[&str], &str); 21] = [
        (&["detct"], "'detect'"),
        (&["train", "--stepz", "3"], "'--steps'"),
        (&["train", "--steps", "0"], "--steps"),
        (&["train", "--steps", "3", "--minutes", "1"], "cannot be used with"),
        (&["train", "--preset", "huge"], "the presets are nano, tiny"),
        (&["train", "--set", "learning_rate=1"], "no setting learning_rate"),
        (&["train", "--set", "sep_len=9"], "did you mean seq_len?"),
        (&["train", "--lang", "fr"], "possible values: en, pt"),
        (&["train", "--corpus", "x", "--level", "stories"], "cannot be used with"),
        (&["corpus", "--level", "novels"], "first-steps or stories"),
        (&["detect"], "RUN|MODEL"),
        (&["detect", m, "x", "--device", "no such card"], "no adapter's name contains"),
        (&["fill", m, "no blank", "--device", "cpu"], "there is no [MASK]"),
        (&["corrupt", m, ".", "--device", "cpu", "--seed", "x"], "--seed"),
        (&["export", m], "--to"),
        (&["app", "--size", "big"], "want WxH"),
        (&["train", "--steps", "-5"], "want a whole number above 0"),
        (&["train", "--minutes", "1e300"], "--minutes wants a number above 0, at most"),
        (&["train", "--minutes", "-1"], "want a number above 0"),
        (&["train", "--set", "preset=tiny"], "choose it with --preset tiny"),
        (&["detect", "no/such/NEWEST", "x"], "NEWEST"),
    ];
    let without_burn: [(&[&str], &str); 2] =
        [(&["bench", "--against", "burn"], "--features burn"), (&["train", "--engine", "burn"], "--features burn")];
    let without_burn = without_burn.into_iter().filter(|_| !cfg!(feature = "burn"));
    for (args, wanted) in cases.into_iter().chain(without_burn) {
        let ran = run(args);
        assert_eq!(ran.status, 2, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(wanted), "{args:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{args:?}");
    }
}

#[test]
fn an_empty_path_is_wrong_usage() {
    // As from `--out "$UNSET"`: nothing is written into the current folder.
    for flag in ["--corpus", "--valid", "--tokenizer", "--config", "--init", "--out", "--kernels"] {
        let ran = run(["train", "--steps", "1", flag, ""]);
        let said = ran.stderr;
        assert!(ran.status == 2 && said.contains(flag) && said.contains("a value is required"), "{flag}: {said}");
    }
}

#[test]
fn a_failure_is_status_1_and_names_the_place() {
    adapter::looked_for("a failure");
    let (dir, model) = random_model(32);
    let missing = run(["detect", "no/such", "x"]);
    assert_eq!(missing.status, 1);
    assert!(missing.stderr.contains("no/such") && missing.stderr.contains("help:"), "{}", missing.stderr);
    std::fs::write(Path::new(&model).join("discriminator/model.safetensors"), b"short").unwrap();
    let damaged = run(["detect", &model, "x", "--device", "cpu"]);
    assert_eq!(damaged.status, 1);
    assert!(damaged.stderr.contains("model.safetensors"), "{}", damaged.stderr);
    let lone = run(["fill", dir.path().join("model/discriminator").to_str().unwrap(), "[MASK]", "--device", "cpu"]);
    assert_eq!(lone.status, 1);
}

/// Only on systems where a window needs X11; on others a window would open.
#[test]
#[cfg(all(unix, not(target_os = "macos")))]
fn without_a_display_the_app_says_what_to_do() {
    for args in [&[][..], &["app", "--play"]] {
        let ran = run(args);
        assert_eq!(ran.status, 1, "{}", ran.stderr);
        assert!(ran.stderr.contains("no display") && ran.stderr.contains("electroscope train"), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn help_tells_every_command_within_a_terminals_width() {
    let first = run(["-h"]).good().stdout;
    assert!(first.contains("electroscope train") && first.contains("Usage:"), "{first}");
    for command in COMMANDS {
        let help = run(command.split(' ').chain(["--help"])).good().stdout;
        assert!(help.contains("Usage:") && help.contains("--lang"), "{command}: {help}");
        assert!(first.contains(command.split(' ').next().unwrap()), "{command} is missing in the first screen");
        for line in help.lines().filter(|line| line.chars().count() > 110) {
            // An example is one line, to be pasted.
            assert!(line.starts_with("  electroscope"), "{command}: a line too long: {line}");
        }
    }
    let train = run(["train", "--help"]).good().stdout;
    for flag in
        "corpus valid text-field lang level tokenizer init out preset config set steps minutes stop-after seed threads \
                 device engine resume retune kernels json"
            .split_whitespace()
    {
        assert!(train.contains(&format!("--{flag}")), "{flag}: {train}");
    }
    assert!(run(["--version"]).good().stdout.contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = run(["completions", shell]).good().stdout;
        assert!(script.contains("tokenizer") && script.contains("stop-after"), "{shell}");
    }
}

#[test]
fn the_built_in_text_depends_on_language_level_and_seed_alone() {
    let text = |args: &[&str]| run([&["corpus", "--words", "300"], args].concat()).good().stdout;
    let english = text(&[]);
    assert_eq!(english, text(&["--seed", "1", "--lang", "en", "--level", "first-steps"]));
    let words = english.split_whitespace().count();
    assert!((300..400).contains(&words), "{words} words");
    assert!(english.contains("\n\n") && english.ends_with('\n') && !english.ends_with("\n\n"));
    let others = [text(&["--seed", "2"]), text(&["--lang", "pt"]), text(&["--level", "stories"])];
    let different: BTreeSet<&str> = others.iter().chain([&english]).map(String::as_str).collect();
    assert_eq!(different.len(), 4);
    assert!(others[1].contains(['ã', 'é', 'á', 'ç']), "{}", others[1]);
}

#[test]
fn a_reader_that_had_enough_ends_the_program_quietly() {
    let mut child = command(Path::new("."))
        .args(["corpus", "--words", "2000000"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran: Ran = child.wait_with_output().unwrap().into();
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
}

#[test]
fn a_tokenizer_is_trained_whole_and_keeps_accents_unless_told() {
    let dir = tempfile::tempdir().unwrap();
    let corpus = dir.path().join("livro.txt");
    std::fs::write(&corpus, "A ação do avô. A avó e o avô.\n\nAção!\n".repeat(40)).unwrap();
    let train = |out: &str, more: &[&str]| {
        let out = dir.path().join(out);
        let fixed = ["tokenizer", "train", "--corpus", corpus.to_str().unwrap(), "--vocab-size", "60", "--out"];
        let ran = run(fixed.into_iter().chain([out.to_str().unwrap(), "--json"]).chain(more.iter().copied()));
        (ran, out)
    };
    let (ran, out) = train("kept", &[]);
    let ran = ran.good();
    let event = &ran.events_of("tokenizer")[0];
    assert!(event["vocab_size"].as_u64().unwrap() <= 60);
    assert!(ran.stderr.contains("livro.txt"), "what is read is listed: {}", ran.stderr);
    let vocab = std::fs::read_to_string(out.join("vocab.txt")).unwrap();
    assert!(vocab.lines().any(|token| token == "ação") && vocab.lines().any(|token| token == "avó"), "{vocab}");
    for name in ["tokenizer.json", "tokenizer_config.json"] {
        let text = std::fs::read_to_string(out.join(name)).unwrap();
        serde_json::from_str::<Value>(&text).unwrap();
    }
    let (stripped, out) = train("stripped", &["--strip-accents"]);
    stripped.good();
    let vocab = std::fs::read_to_string(out.join("vocab.txt")).unwrap();
    assert!(vocab.lines().any(|token| token == "acao") && !vocab.contains('ã'), "{vocab}");
    let (again, _) = train("kept", &[]);
    assert_eq!(again.status, 2, "{}", again.stderr);
    let empty = run(["tokenizer", "train", "--corpus", "nothing", "--vocab-size", "60", "--out", "x"]);
    assert_eq!(empty.status, 1);
}

#[test]
fn detect_judges_every_token_with_its_place_in_the_text() {
    let (_dir, model) = random_model(40);
    let texts = ["The dogs  drank, AVÓ!", "", "o ação"];
    let by_argument = judge(&model, &texts);
    let events = by_argument.events();
    assert_eq!(events.len(), 3);
    let tokens = events[0]["tokens"].as_array().unwrap();
    let words: Vec<&str> = tokens.iter().map(|token| token["token"].as_str().unwrap()).collect();
    assert_eq!(words, ["the", "dog", "##s", "drank", ",", "avó", "[UNK]"]);
    let spans: Vec<&str> = tokens
        .iter()
        .map(|token| &texts[0][token["start"].as_u64().unwrap() as usize..token["end"].as_u64().unwrap() as usize])
        .collect();
    assert_eq!(spans, ["The", "dog", "s", "drank", ",", "AVÓ", "!"]);
    for token in tokens {
        let (logit, p) = (token["logit"].as_f64().unwrap(), token["p_replaced"].as_f64().unwrap());
        assert!((p - 1.0 / (1.0 + (-logit).exp())).abs() < 1e-6);
        let fields: BTreeSet<&str> = token.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, BTreeSet::from(["token", "id", "start", "end", "logit", "p_replaced"]));
    }
    assert_eq!(events[1]["tokens"].as_array().unwrap().len(), 0);
    let by_line = run_with_input(["detect", &model, "-", "--json", "--device", "cpu"], &texts.join("\r\n"));
    assert_eq!(by_line.good().stdout, by_argument.stdout);
    let lone = judge(&format!("{model}/discriminator"), &texts);
    assert_eq!(lone.stdout, by_argument.stdout);
}

#[test]
fn people_see_the_suspicious_words_in_brackets() {
    let (_dir, model) = random_model(40);
    let text = "the dog drank the bone, the cat eats the ball.";
    let suspicious: Vec<Value> = judge(&model, &[text]).events()[0]["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|token| token["p_replaced"].as_f64().unwrap() > 0.5)
        .cloned()
        .collect();
    assert!(!suspicious.is_empty(), "these weights find everything original: choose another seed");
    let printed = run(["detect", &model, text, "--device", "cpu"]).good().stdout;
    assert!(!printed.contains('\u{1b}'), "no colour in a pipe: {printed}");
    let (line, numbers) = printed.trim_end().split_once('\n').expect("the text, then every word's number");
    assert_eq!(line.matches('[').count(), suspicious.len(), "{line}");
    assert_eq!(without_marks(line), text);
    let words = ["the", "dog", "drank", "the", "bone", ",", "the", "cat", "eats", "the", "ball", "."];
    let numbered: Vec<&str> = numbers.split_whitespace().step_by(2).collect();
    assert_eq!(numbered, words, "{numbers}");
    assert!(numbers.split_whitespace().skip(1).step_by(2).all(|number| number.ends_with('%')), "{numbers}");
}

/// `the [drank 91%] x` -> `the drank x`
fn without_marks(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, bracket)) = rest.split_once('[') {
        let (inside, after) = bracket.split_once(']').unwrap();
        out.push_str(before);
        out.push_str(inside.rsplit_once(' ').unwrap().0);
        rest = after;
    }
    out + rest
}

#[test]
fn a_long_text_is_judged_in_windows() {
    let (_dir, model) = random_model(26);
    // 24 tokens a window, 6 of overlap: windows 0..24, 18..42, 36..60, 46..70.
    let words: Vec<&str> = model::WORDS.split(' ').filter(|word| !word.starts_with("##")).collect();
    let text: Vec<&str> = (0..70).map(|i| words[(i * i + 3) % words.len()]).collect();
    let window = |range: std::ops::Range<usize>| logits(&judge(&model, &[&text[range].join(" ")]).events()[0]);
    let whole = logits(&judge(&model, &[&text.join(" ")]).events()[0]);
    assert_eq!(whole.len(), 70);
    let (first, second, last) = (window(0..24), window(18..42), window(46..70));
    for (token, alone) in [(0, first[0]), (20, first[20]), (21, second[3]), (30, second[12]), (69, last[23])] {
        assert!((whole[token] - alone).abs() < 1e-5, "token {token}: {} and {alone}", whole[token]);
    }
    assert!((first[22] - second[4]).abs() > 1e-4, "the windows must differ for this test to say anything");
}

#[test]
fn fill_gives_the_best_words_for_each_blank() {
    let (_dir, model) = random_model(40);
    let fill = |top: &str| {
        run(["fill", &model, "the [MASK] sat on [MASK].", "--top", top, "--json", "--device", "cpu"]).good()
    };
    let events = fill("4").events();
    let masks = events[0]["masks"].as_array().unwrap();
    assert_eq!(masks.len(), 2);
    let spans: Vec<[u64; 2]> = masks.iter().map(|m| ["start", "end"].map(|k| m[k].as_u64().unwrap())).collect();
    assert_eq!(spans, [[4, 10], [18, 24]]);
    for mask in masks {
        let proposals = mask["proposals"].as_array().unwrap();
        assert_eq!(proposals.len(), 4);
        let p: Vec<f64> = proposals.iter().map(|p| p["probability"].as_f64().unwrap()).collect();
        assert!(p.is_sorted_by(|a, b| a >= b) && p.iter().sum::<f64>() < 1.0, "{p:?}");
    }
    // If more are asked for than exist, all of them come, and their probabilities are a distribution.
    let all = fill("1000").events();
    let all = all[0]["masks"][0]["proposals"].as_array().unwrap();
    assert_eq!(all.len(), model::tokenizer().vocab_size());
    let sum: f64 = all.iter().map(|p| p["probability"].as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-5, "{sum}");
    let lone = run(["fill", &format!("{model}/generator"), "the [MASK].", "--json", "--device", "cpu"]).good();
    assert_eq!(lone.events_of("fill").len(), 1);
}

#[test]
fn corrupt_is_a_function_of_its_seed() {
    let (_dir, model) = random_model(40);
    let text = "the dog eats the bone, the cat sat on the ball in o ação.";
    let corrupt = |seed: &str| run(["corrupt", &model, text, "--seed", seed, "--json", "--device", "cpu"]).good();
    let first = corrupt("3");
    assert_eq!(first.stdout, corrupt("3").stdout);
    assert_ne!(first.stdout, corrupt("4").stdout);
    let event = &first.events()[0];
    assert_eq!(event["text"], text);
    let tokens = event["tokens"].as_array().unwrap();
    let masked: Vec<&Value> = tokens.iter().filter(|token| token["masked"] == true).collect();
    // round(17 tokens x 0.15)
    assert_eq!(masked.len(), 3);
    for token in tokens {
        let masked = token["masked"] == true;
        assert_eq!(token["proposals"].as_array().unwrap().len(), if masked { 5 } else { 0 });
        assert_eq!(token["sampled_id"].is_u64(), masked);
        assert_eq!(token["replaced"] == true, masked && token["sampled_id"] != token["original_id"], "{token}");
        assert!((0.0..=1.0).contains(&token["p_replaced"].as_f64().unwrap()));
    }
    let people = run(["corrupt", &model, text, "--seed", "3", "--device", "cpu", "--lang", "pt"]).good().stdout;
    for stage in ["texto", "mascarar", "substituir", "julgar"] {
        assert!(people.contains(stage), "{people}");
    }
}

#[test]
fn an_export_judges_like_its_model_and_overwrites_nothing() {
    let (dir, model) = random_model(40);
    let to = dir.path().join("out");
    let to = to.to_str().unwrap();
    let exported = run(["export", &model, "--to", to, "--json"]).good();
    assert_eq!(exported.events_of("export")[0]["networks"], serde_json::json!(["discriminator", "generator"]));
    let texts = ["the dog drank the bone", "AVÓ, o ação."];
    assert_eq!(judge(&model, &texts).stdout, judge(to, &texts).stdout);
    assert_eq!(run(["export", &model, "--to", to]).status, 2);
    let left: Vec<PathBuf> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left.len(), 2, "nothing half-written stays: {left:?}");
}

#[test]
fn a_model_on_longer_texts_than_it_was_trained_on_says_so() {
    let (_dir, model) = random_model(40);
    let path = Path::new(&model).join("discriminator/config.json");
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, config.replacen('{', "{\n  \"trained_row_len\": 6,", 1)).unwrap();
    let ran = judge(&model, &["the dog sat .", "the dog sat on ."]);
    let kinds: Vec<Value> = ran.events().into_iter().map(|event| event["event"].clone()).collect();
    assert_eq!(kinds, ["detect", "warning", "detect"]);
    assert!(ran.stderr.contains("rows of 6"), "{}", ran.stderr);
}

/// The judge of `corrupt` reads the replaced text, wherever that reads back as the same tokens.
#[test]
fn corrupt_judges_the_replaced_text() {
    let (_dir, model) = random_model(40);
    let mut compared = 0;
    for seed in 1..=8 {
        let text = "the dog eats the bone, the cat sat on the ball in o ação.";
        let args = ["corrupt", &model, text, "--seed", &seed.to_string(), "--json", "--device", "cpu"];
        let event = run(args).good().events().remove(0);
        let ids = |token: &Value| token["sampled_id"].as_u64().or(token["original_id"].as_u64());
        let staged = event["tokens"].as_array().unwrap();
        let judged = judge(&model, &[event["replaced"].as_str().unwrap()]).events().remove(0);
        let judged = judged["tokens"].as_array().unwrap();
        if judged.iter().map(|token| token["id"].as_u64()).eq(staged.iter().map(ids)) {
            compared += 1;
            for (a, b) in staged.iter().zip(judged) {
                assert!((a["logit"].as_f64().unwrap() - b["logit"].as_f64().unwrap()).abs() < 1e-5, "{a} and {b}");
            }
        }
    }
    assert!(compared > 0, "no seed's samples read back: nothing was compared");
}

fn fixtures() -> Option<Vec<PathBuf>> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures"));
    let found = std::fs::read_dir(root).ok()?;
    Some(found.map(|entry| entry.unwrap().path()).filter(|path| path.join("expected.json").is_file()).collect())
}

#[test]
fn verify_passes_the_fixtures_and_dumps_what_it_computed() {
    let Some(fixtures) = fixtures() else {
        return println!("SKIP verify: ../shared/fixtures not found");
    };
    let dir = tempfile::tempdir().unwrap();
    let mut args = vec!["verify".to_owned(), "--device=cpu".into(), "--json".into()];
    args.extend(["--dump".into(), dir.path().display().to_string()]);
    args.extend(fixtures.iter().flat_map(|path| ["--fixture".to_owned(), path.display().to_string()]));
    let ran = run(&args).good();
    let comparisons = ran.events_of("comparison");
    assert!(comparisons.len() > 100 && comparisons.iter().all(|c| c["passed"] == true));
    assert_eq!(ran.events_of("verify")[0]["passed"], true);
    for fixture in &fixtures {
        let name = fixture.file_name().unwrap().to_str().unwrap();
        let mut wanted = electroscope::hub::open_safetensors(&fixture.join("batch.safetensors")).unwrap();
        let path = dir.path().join(format!("{name}.safetensors"));
        let mut dumped = electroscope::hub::open_safetensors(&path).unwrap();
        for (tensor, shape) in dumped.shapes() {
            assert_eq!(wanted.shapes()[&tensor], shape, "{tensor}");
            assert_eq!(wanted.tensor(&tensor).unwrap().shape, dumped.tensor(&tensor).unwrap().shape);
        }
        assert!(dumped.shapes().contains_key("discriminator_logits"));
        let read = |path: PathBuf| serde_json::from_slice::<Value>(&std::fs::read(path).unwrap()).unwrap();
        let (ours, theirs) = (read(dir.path().join(format!("{name}.json"))), read(fixture.join("expected.json")));
        assert_eq!(ours["trajectory"].as_array().unwrap().len(), theirs["trajectory"].as_array().unwrap().len());
        let relative = ours["total_loss"].as_f64().unwrap() / theirs["total_loss"].as_f64().unwrap() - 1.0;
        assert!(relative.abs() < 1e-4, "{name}: {relative}");
    }
}

#[test]
fn verify_fails_on_a_fixture_that_says_something_else() {
    let Some(fixture) = fixtures().and_then(|all| all.into_iter().next()) else {
        return println!("SKIP verify on a wrong fixture: ../shared/fixtures not found");
    };
    let dir = tempfile::tempdir().unwrap();
    for part in ["discriminator", "generator"] {
        std::fs::create_dir_all(dir.path().join(part)).unwrap();
        for name in ["config.json", "model.safetensors"] {
            std::fs::copy(fixture.join(part).join(name), dir.path().join(part).join(name)).unwrap();
        }
    }
    std::fs::copy(fixture.join("batch.safetensors"), dir.path().join("batch.safetensors")).unwrap();
    let mut expected: Value = serde_json::from_slice(&std::fs::read(fixture.join("expected.json")).unwrap()).unwrap();
    let loss = expected["trajectory"][4]["mlm_loss"].as_f64().unwrap();
    expected["trajectory"][4]["mlm_loss"] = (loss * 1.002).into();
    std::fs::write(dir.path().join("expected.json"), expected.to_string()).unwrap();
    let ran = run(["verify", "--device", "cpu", "--json", "--fixture", dir.path().to_str().unwrap()]);
    assert_eq!(ran.status, 1);
    let failed: Vec<Value> = ran.events_of("comparison").into_iter().filter(|c| c["passed"] == false).collect();
    assert!(!failed.is_empty() && failed.iter().all(|c| c["name"] == "step 4: mlm_loss"), "{failed:?}");
    let told = &ran.events_of("verify")[0];
    assert_eq!((&told["passed"], &told["kind"]), (&false.into(), &"processor".into()));
    // Whoever computes on the processor already is not sent to it.
    assert!(ran.stderr.contains("comparisons failed on the processor\n"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("--device cpu") && ran.stderr.contains("another machine"), "{}", ran.stderr);
}

#[test]
fn verify_without_a_fixture_checks_the_gradients_of_every_parameter() {
    let ran = run(["verify", "--device", "cpu", "--json"]).good();
    let comparisons = ran.events_of("comparison");
    let gradients = comparisons.iter().filter(|c| c["suite"] == "finite differences").count();
    assert!(gradients > 50, "{gradients}");
    assert!(comparisons.iter().any(|c| c["suite"] == "the same steps twice" && c["code"] == "suite-repeatability"));
    assert!(comparisons.iter().any(|c| c["name"] == "step 0: the same twice"));
}

#[test]
fn verify_and_wrong_usage_speak_the_persons_language() {
    let ran = run(["verify", "--device", "cpu", "--lang", "pt"]).good();
    for wanted in ["diferenças finitas: ", " de 1e-2\n", "passo 0: igual nas duas vezes", "comparações passaram"] {
        assert!(ran.stdout.contains(wanted), "{wanted}: {}", ran.stdout);
    }
    assert!(!ran.stdout.contains("the same") && !ran.stdout.contains(" of 1e"), "{}", ran.stdout);
    let wrong = run(["train", "--stepz", "3", "--lang", "pt"]);
    assert_eq!(wrong.status, 2);
    assert!(wrong.stderr.starts_with("erro: argumento desconhecido: '--stepz'\n  ajuda: parecido: '--steps'\n\nUso: "));
    let level = run(["--lang=pt", "corpus", "--level", "hard"]);
    assert!(level.stderr.contains("não há nível \"hard\"") && level.stderr.ends_with("--help (em inglês)\n"));
}

#[test]
fn bench_tells_a_step_and_its_kernels() {
    let args =
        "bench --preset nano --set batch=2 --set seq_len=16 --set accumulate=3 --device cpu --seconds 0.2 --json";
    let dir = tempfile::tempdir().unwrap();
    let drawn = dir.path().join("report.html");
    let ran = run(args.split(' ').map(std::ffi::OsStr::new).chain(["--report".as_ref(), drawn.as_os_str()])).good();
    let steps = ran.events_of("bench_step");
    assert_eq!(steps.len(), 1);
    for field in
        "preset device engine batch seq params tokens_per_sec step_ms step_ms_fastest step_ms_slowest predicted_ms \
         limit_share host_ms dispatches bytes flops peak_bytes"
            .split_whitespace()
    {
        assert!(steps[0].get(field).is_some_and(|value| !value.is_null()), "{field}: {}", steps[0]);
    }
    assert_eq!((steps[0]["batch"].as_u64(), steps[0]["seq"].as_u64()), (Some(2), Some(16)));
    let rate = 2.0 * 16.0 * 3.0 / (steps[0]["step_ms"].as_f64().unwrap() / 1e3);
    assert!((steps[0]["tokens_per_sec"].as_f64().unwrap() / rate - 1.0).abs() < 1e-9);
    // The cpu executor launches nothing on a device.
    assert!(["encode_ms", "submit_ms"].iter().all(|field| steps[0][*field].is_null()), "{}", steps[0]);
    let of = |field: &str| steps[0][field].as_f64().unwrap();
    assert!(of("step_ms_fastest") <= of("step_ms") && of("step_ms") <= of("step_ms_slowest"), "{}", steps[0]);
    assert!((of("predicted_ms") / of("step_ms") / of("limit_share") - 1.0).abs() < 1e-9, "{}", steps[0]);
    let limits = ran.events_of("bench_limits");
    for field in ["copy_gbytes_per_sec", "product_gflops_per_sec", "dispatch_us"] {
        assert!(limits[0][field].as_f64().is_some_and(|value| value > 0.0), "{field}: {}", limits[0]);
    }
    let kernels = ran.events_of("bench_kernel");
    let page = std::fs::read_to_string(&drawn).unwrap();
    assert_eq!(page.matches("<circle").count(), kernels.len(), "a disc a kernel");
    assert!(page.contains("--set accumulate=3") && page.ends_with("</html>\n"));
    let calls: u64 = kernels.iter().map(|k| k["calls"].as_u64().unwrap()).sum();
    assert_eq!(Some(calls), steps[0]["dispatches"].as_u64());
    let share: f64 = kernels.iter().map(|k| k["share"].as_f64().unwrap()).sum();
    assert!((share - 1.0).abs() < 1e-6, "{share}");
}

#[test]
fn a_report_of_bench_that_cannot_be_written_is_refused_before_it_is_measured() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("no/report.html");
    for (path, wanted) in [(dir.path(), "this is a folder"), (missing.as_path(), "no such folder")] {
        let ran = run(["bench".as_ref(), "--seconds".as_ref(), "1000".as_ref(), "--report".as_ref(), path.as_os_str()]);
        assert!(ran.status == 2 && ran.stderr.contains(wanted), "{}", ran.stderr);
    }
}

#[test]
fn info_tells_what_every_preset_needs() {
    adapter::looked_for("info");
    let ran = run(["info", "--json"]).good();
    let presets = ran.events_of("preset");
    let names: Vec<&str> = presets.iter().map(|p| p["preset"].as_str().unwrap()).collect();
    assert_eq!(names, ["nano", "tiny", "mini", "small", "base"]);
    for preset in &presets {
        // WebGPU's default limits hold every preset.
        assert!(preset["binding_bytes"].as_u64().unwrap() <= 128 << 20, "{preset}");
        assert!(preset["buffer_bytes"].as_u64().unwrap() <= 256 << 20, "{preset}");
        assert_eq!(preset["fits"][0]["device"], "cpu");
    }
    assert_eq!(ran.events_of("cpu").len(), 1);
    let people = run(["info", "--lang", "pt"]).good().stdout;
    assert!(people.contains("parâmetros"), "{people}");
}

/// Sizes of a run that takes a second.
pub const SMALL: &str = "--preset nano --seed 7 --device cpu --set batch=4 --set seq_len=16 --set hidden_size=16 \
                     --set generator_hidden_size=8 --set embedding_size=8 --set ffn_size=16 --set generator_ffn_size=16 \
                     --set eval_rows=16 --set vocab_size=300";

fn train(dir: &Path, args: &str) -> Ran {
    let args = args.split_whitespace();
    command(&dir.join("cache")).current_dir(dir).arg("train").args(args).output().unwrap().into()
}

#[test]
fn a_run_is_trained_stopped_resumed_measured_and_exported() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("text.txt"), run(["corpus", "--words", "4000"]).good().stdout).unwrap();
    let text = "--corpus text.txt --out run --json";
    let first = train(dir.path(), &format!("{SMALL} {text} --steps 6 --stop-after 4")).good();
    let events = first.events();
    assert_eq!(events[0]["event"], "device");
    assert_eq!(events.last().unwrap()["event"], "finished");
    assert_eq!(first.events_of("step").len(), 4);
    let again = train(dir.path(), &format!("{SMALL} {text} --steps 6"));
    assert_eq!(again.status, 2, "{}", again.stderr);
    let resumed = train(dir.path(), &format!("{text} --resume --device cpu")).good();
    assert_eq!(resumed.events_of("resumed")[0]["step"], 4);
    let steps: Vec<u64> = resumed.events_of("step").iter().map(|s| s["step"].as_u64().unwrap()).collect();
    assert_eq!(steps, [5, 6]);
    let here = |args: &[&str]| -> Ran {
        command(&dir.path().join("cache")).current_dir(dir.path()).args(args).output().unwrap().into()
    };
    let eval = here(&["eval", "run", "--device", "cpu", "--json"]).good();
    assert!(eval.events_of("eval")[0]["unigram_entropy"].as_f64().unwrap() > 0.0);
    let exported = here(&["export", "run", "--to", "model", "--json"]).good();
    assert_eq!(exported.events_of("warning").len(), 1, "positions that were never trained: {}", exported.stdout);
    assert_eq!(exported.events_of("export")[0]["trained_row_len"], 16);
    let judge = |model| here(&["detect", model, "The dog sleeps.", "--device", "cpu", "--json"]).good().stdout;
    assert_eq!(judge("run"), judge("model"));
    let long = here(&["detect", "model", &"the dog sleeps . ".repeat(9), "--device", "cpu", "--json"]).good();
    assert_eq!(long.events_of("warning").len(), 1);
}

#[test]
fn a_run_tells_what_becomes_of_every_file_and_what_is_held_out() {
    let dir = tempfile::tempdir().unwrap();
    let stories = run(["corpus", "--words", "3000"]).good().stdout;
    let blocks: Vec<&str> = stories.trim().split("\n\n").collect();
    let object = |text: &&str| format!("{}\n", serde_json::json!({"id": "7", "story": text, "score": null}));
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let lines: String = blocks.iter().map(object).collect();
    write("data/stories.json", &format!("{lines}{{\"story\": null, \"score\": NaN, \"id\": \"\"}}\n"));
    write("data/val-2.txt", &blocks[..3].join("\n\n"));
    write("data/test/unseen.txt", "never read this one .");
    write("data/photo", "\u{0}\u{1}\u{2}");
    write("more.tsv", "id\tstory\n1\tthe \"dog\" sleeps .\n2\t\"the cat\" sees .\n");
    write("files.list", "data\nmore.tsv\n");
    write("copy.txt", &blocks[..3].join("\r\n\r\n"));
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", dir.path().join("data/dead.txt")).unwrap();
    let end = "--text-field story --out run --json --steps 1";
    let ran = train(dir.path(), &format!("{SMALL} --corpus data more.tsv {end}")).good();
    let told = |ran: &Ran, event: &str| -> Vec<String> {
        ran.events_of(event).iter().map(|e| e["message"].as_str().unwrap().to_owned()).collect()
    };
    let [files, warnings] = ["preparing", "warning"].map(|event| told(&ran, event));
    let line =
        |part: &str| files.iter().find(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}: {files:?}"));
    assert!(line("stories.json").contains("JSON lines, field \"story\"") && line("stories.json").starts_with("train"));
    assert!(line("more.tsv").contains("table, column \"story\"; given by name"));
    assert!(line("val-2.txt").starts_with("held out") && line("val-2.txt").contains("\"val\" in its name"));
    assert!(line("unseen.txt").contains("\"test\" in the name of its folder: kept for judging"));
    assert!(line("photo").contains("a binary file"));
    let skipped = 2 + usize::from(cfg!(unix));
    line(&format!("files: 2 to train on, 1 held out, {skipped} skipped"));
    let warned = |part: &str| assert!(warnings.iter().any(|line| line.contains(part)), "{part}: {warnings:?}");
    warned("of 3 held-out documents, 3 are also in the text to train on (3 times)");
    warned("one document has no text");
    if cfg!(unix) {
        warned("one file could not be read and is left out");
        assert!(line("dead.txt").contains("No such file"));
    }
    // The same files from a list are the same text, and the run goes on with them.
    let end = "--valid copy.txt --text-field story --out listed --json --steps 2 --stop-after 1";
    let listed = train(dir.path(), &format!("{SMALL} --corpus @files.list {end}")).good();
    let told_again = [told(&listed, "preparing"), told(&listed, "warning")].concat().join("\n");
    assert!(told_again.contains("of 3 held-out documents, 3 are also in the text to train on"), "{told_again}");
    assert!(told_again.contains("\"val\" in its name: held out, and --valid replaces it"), "{told_again}");
    let losses = |ran: &Ran| ran.events_of("step")[0]["total_loss"].clone();
    assert_eq!(losses(&listed), losses(&ran));
    train(dir.path(), "--resume --out listed --device cpu --json").good();
    let eval = |args: &str| -> Ran {
        let args = args.split_whitespace();
        command(&dir.path().join("cache"))
            .current_dir(dir.path())
            .args(["eval", "run", "--device", "cpu"])
            .args(args)
            .output()
            .unwrap()
            .into()
    };
    let judged = eval("--corpus data/val-2.txt data/test/unseen.txt more.tsv --text-field story").good();
    assert!(judged.stderr.contains("files: 0 to train on, 3 held out, 0 skipped"), "{}", judged.stderr);
    eval("--corpus more.tsv data/stories.json").good();
    let wrong = eval("--corpus more.tsv --text-field tale");
    assert_eq!(wrong.status, 1);
    assert!(wrong.stderr.contains("no field \"tale\" among id, story\n  help: --text-field"), "{}", wrong.stderr);
}
