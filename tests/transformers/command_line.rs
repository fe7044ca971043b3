//! Compares `detect`, `fill` and `export` with transformers, both ways: the same ids, and logits within 1e-4 of the largest. It
//! runs where `ELECTROSCOPE_PYTHON` names a Python that has torch and transformers; `tests/oracle/cli.py` does the Python part.

use crate::program;
use crate::program::{command, run};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/cli.py");
const VOCAB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/vocab/vocab.txt");
/// The largest difference of a logit, as a share of the largest logit.
const LOGITS_MAX: f64 = 1e-4;

const TEXTS: [&str; 8] = [
    "The quick brown fox jumps over the lazy dog.",
    "a dog drank the bone, didn't it? It's 1,234.50 dollars (or so)!",
    "A ação começou às nove; o avô e a avó não vieram à reunião.",
    "São Paulo é maior do que Brasília -- ninguém duvida.",
    "naïve café, ÀÉÎÕÜ and 北京 mixed   with\tspaces",
    "the [MASK] sat on the [MASK] .",
    "O [MASK] comeu o pão.",
    "x",
];

fn python() -> Option<String> {
    let python = std::env::var("ELECTROSCOPE_PYTHON").ok();
    if python.is_none() {
        println!("SKIP cli_oracle: set ELECTROSCOPE_PYTHON to a python that has torch and transformers");
    }
    python
}

fn script(python: &str, args: &[&str]) -> String {
    let output = Command::new(python).arg(SCRIPT).args(args).output().expect("ELECTROSCOPE_PYTHON runs");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "cli.py {args:?}: {out}{err}");
    out.into_owned()
}

/// The answers of transformers for the texts.
fn judged_by_transformers(python: &str, model: &Path, texts: &[&str]) -> Vec<Value> {
    let list = model.join("texts.json");
    std::fs::write(&list, serde_json::to_string(texts).unwrap()).unwrap();
    let lines = script(python, &["judge", model.to_str().unwrap(), list.to_str().unwrap()]);
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn numbers(values: &Value) -> Vec<f64> {
    values.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn field(tokens: &Value, name: &str) -> Vec<f64> {
    tokens.as_array().unwrap().iter().map(|token| token[name].as_f64().unwrap()).collect()
}

/// Both sides on the same folder and texts.
fn compare(python: &str, model: &Path, texts: &[&str]) {
    let theirs = judged_by_transformers(python, model, texts);
    let path = model.to_str().unwrap();
    let args = ["detect", path, "--device", "cpu", "--json", "--"];
    let ours = run(args.iter().chain(texts)).good().events_of("detect");
    assert_eq!((theirs.len(), ours.len()), (texts.len(), texts.len()));
    let (mut largest, mut worst) = (0.0f64, 0.0f64);
    for ((text, theirs), ours) in texts.iter().zip(&theirs).zip(&ours) {
        assert_eq!(field(&ours["tokens"], "id"), numbers(&theirs["ids"]), "{text}");
        for (ours, theirs) in field(&ours["tokens"], "logit").into_iter().zip(numbers(&theirs["logits"])) {
            largest = largest.max(theirs.abs());
            worst = worst.max((ours - theirs).abs());
        }
        if text.contains("[MASK]") {
            compare_words(path, text, theirs);
        }
    }
    println!("{path}: logits up to {largest:.2}, {:.1e} of it apart", worst / largest);
    assert!(largest > 0.1, "logits so small that nothing can differ");
    assert!(worst <= LOGITS_MAX * largest, "{worst:e} of {largest:e}");
}

fn compare_words(model: &str, text: &str, theirs: &Value) {
    let ran = run(["fill", model, text, "--top", "5", "--device", "cpu", "--json"]).good();
    let event = &ran.events_of("fill")[0];
    let masks = event["masks"].as_array().unwrap();
    assert_eq!(masks.len(), theirs["words"].as_array().unwrap().len());
    for (i, mask) in masks.iter().enumerate() {
        assert_eq!(field(&mask["proposals"], "id"), numbers(&theirs["words"][i]), "{text}");
        let wanted = numbers(&theirs["probabilities"][i]);
        for (got, want) in field(&mask["proposals"], "probability").into_iter().zip(wanted) {
            assert!((got / want - 1.0).abs() < 1e-3, "{text}: {got} and {want}");
        }
    }
}

#[test]
fn models_saved_by_transformers_are_judged_alike() {
    let Some(python) = python() else { return };
    if !Path::new(VOCAB).is_file() {
        return println!("SKIP cli_oracle: ../shared/data/vocab not found");
    }
    let dir = tempfile::tempdir().unwrap();
    script(&python, &["make", dir.path().to_str().unwrap(), VOCAB]);
    for name in ["small", "wide"] {
        let model = dir.path().join(name);
        compare(&python, &model, &TEXTS);
        // The way back: a model that is exported here is the same model there.
        let out = dir.path().join(format!("{name}-out"));
        run(["export", model.to_str().unwrap(), "--to", out.to_str().unwrap()]).good();
        compare(&python, &out, &TEXTS[1..4]);
    }
}

#[test]
fn a_model_trained_here_in_portuguese_is_judged_alike_by_transformers() {
    let Some(python) = python() else { return };
    let dir = tempfile::tempdir().unwrap();
    let here = |args: &str| {
        let output = command(&dir.path().join("cache")).current_dir(dir.path()).args(args.split_whitespace()).output();
        program::Ran::from(output.unwrap()).good()
    };
    std::fs::write(dir.path().join("texto.txt"), here("corpus --lang pt --level stories --words 20000").stdout)
        .unwrap();
    here("tokenizer train --corpus texto.txt --vocab-size 900 --out tokenizer");
    here(
        "train --corpus texto.txt --tokenizer tokenizer --preset nano --steps 12 --device cpu --out run --json \
         --set batch=8 --set seq_len=48 --set eval_rows=16",
    );
    here("export run --to model");
    let stories = std::fs::read_to_string(dir.path().join("texto.txt")).unwrap();
    let lines: Vec<&str> = stories.lines().filter(|line| line.split(' ').count() < 20).step_by(40).take(12).collect();
    let texts: Vec<&str> = lines.into_iter().chain(["A [MASK] de São João não é à toa."]).collect();
    compare(&python, &dir.path().join("model"), &texts);
}
