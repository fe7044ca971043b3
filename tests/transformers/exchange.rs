//! Exchanges networks with transformers: this program reads and rewrites what transformers saved, and transformers loads the result
//! with no key missing or left over. It runs where `ELECTROSCOPE_PYTHON` names a Python that has torch and transformers;
//! `tests/oracle/hub.py` does the Python part.

use electroscope::hub;
use std::path::Path;
use std::process::Command;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/hub.py");

fn run(python: &str, command: &str, dir: &Path) -> String {
    let output = Command::new(python).arg(SCRIPT).arg(command).arg(dir).output().expect("ELECTROSCOPE_PYTHON runs");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "hub.py {command}: {out}{err}");
    out.into_owned()
}

#[test]
fn what_transformers_saves_comes_back_to_it_unchanged() {
    let Ok(python) = std::env::var("ELECTROSCOPE_PYTHON") else {
        println!("SKIP hub_oracle: set ELECTROSCOPE_PYTHON to a python that has torch and transformers");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    run(&python, "make", dir.path());
    let mut cases = 0;
    for case in std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()) {
        let (pair, warnings) = hub::read_pair(&case).unwrap();
        // The two were initialised apart, so their embeddings differ; nothing else may be said.
        assert_eq!(warnings.len(), 1, "{}: {warnings:?}", case.display());
        assert_eq!(warnings[0].code, "shared-tensors-differ", "{}", warnings[0]);
        hub::write_pair(&case.join("out"), &pair, &[]).unwrap();
        cases += 1;
    }
    assert!(cases >= 8, "hub.py made {cases} cases");
    println!("{}", run(&python, "check", dir.path()));
}
