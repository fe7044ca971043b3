//! Compares both executors with whole training steps that transformers and PyTorch computed in double precision.

use crate::adapter;
use electroscope::config::Precision;
use electroscope::lang::Lang;
use electroscope::train::engine::Backend;
use electroscope::verify::fixture::{Comparison, Fixture};
use electroscope::verify::self_check;
use electroscope::view::words;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Fixtures of one kind that tests/oracle/steps.py makes, by name: those of these names, or all. Without a Python, `test` is skipped.
fn made(kind: &str, names: &[&str], test: &str) -> Vec<(String, Fixture)> {
    let Ok(python) = std::env::var("ELECTROSCOPE_PYTHON") else {
        println!("SKIP {test}: set ELECTROSCOPE_PYTHON to a python that has torch and transformers");
        return Vec::new();
    };
    let dir = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/steps.py");
    let output =
        Command::new(python).args([script, kind]).arg(dir.path()).args(names).output().expect("the Python runs");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "steps.py {kind}: {out}{err}");
    let folders = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let read = |dir: PathBuf| {
        let name = dir.file_name().unwrap().to_str().unwrap().to_owned();
        (name, Fixture::read(&dir).expect("the fixture is readable"))
    };
    let found: Vec<_> = folders.map(read).collect();
    let wanted = if names.is_empty() { 8 } else { names.len() };
    assert!(found.len() >= wanted, "steps.py {kind} made {} fixtures", found.len());
    found
}

/// The fixtures that every developer has.
fn shared() -> Vec<(String, Fixture)> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures"));
    if !root.is_dir() {
        println!("SKIP fixtures: ../shared/fixtures not found");
        return Vec::new();
    }
    ["ragged", "square"].map(|name| (name.to_owned(), Fixture::read(&root.join(name)).expect("readable"))).into()
}

/// The comparisons with a fixture, and a line for each of the worst ones.
fn compared(name: &str, fixture: &Fixture, backend: &Backend, precision: Precision) -> Vec<Comparison> {
    let computed = pollster::block_on(fixture.compare_in(backend, precision)).expect("the fixture runs");
    let mut worst = computed.comparisons;
    worst.sort_by(|a, b| (b.error / b.max).total_cmp(&(a.error / a.max)));
    for c in worst.iter().take(4) {
        println!("{name} {precision:?}: {} {:.2e} of {:.0e}", words::text(&c.name, Lang::En), c.error, c.max);
    }
    worst
}

fn check(fixtures: &[(String, Fixture)], backend: &Backend) {
    for (name, fixture) in fixtures {
        for precision in [Precision::F32, Precision::F16].into_iter().filter(|&p| backend.stores(p)) {
            let all = compared(name, fixture, backend, precision);
            let failed: Vec<_> = all.iter().filter(|c| !c.passed()).collect();
            assert!(failed.is_empty(), "{name} {precision:?}: {failed:?}");
        }
    }
}

#[test]
fn the_cpu_executor_takes_the_fixtures_steps() {
    check(&shared(), &Backend::cpu());
    check(&made("exact", &[], "fixtures of other sizes"), &Backend::cpu());
}

#[test]
fn the_gpu_executor_takes_the_fixtures_steps() {
    let Some(backend) = adapter::gpu("fixtures on the gpu").map(Backend::on) else { return };
    check(&shared(), &backend);
    let names = ["head-64", "no-projection", "wide-vocabulary"];
    check(&made("exact", &names, "fixtures of other sizes on the gpu"), &backend);
}

#[test]
fn a_step_with_f16_storage_is_pytorchs_with_the_same_tensors_rounded() {
    for (name, fixture) in made("halves", &[], "steps with f16 storage in PyTorch") {
        let all = compared(&name, &fixture, &Backend::cpu(), Precision::F16);
        // Both round the same numbers, so only those differ that lie so near the middle between two f16 that f32 takes the other.
        // One in hundreds does, and the rest of a bar stays free. After the first step Adam makes whole steps of the smallest
        // gradients, so there the bars are the same as ever.
        let of_first_step = |c: &&Comparison| {
            let name = words::text(&c.name, Lang::En);
            name.starts_with("step 0") || name.starts_with("grad.") || name.ends_with("_logits")
        };
        let first: Vec<_> = all.iter().filter(of_first_step).collect();
        assert!(first.len() > 40, "{name}: {}", first.len());
        assert!(all.iter().all(Comparison::passed), "{name}");
        let wide: Vec<_> = first.into_iter().filter(|c| c.error > c.max / 4.0).collect();
        assert!(wide.is_empty(), "{name}: {wide:?}");
    }
}

#[test]
fn a_mistake_fails_in_both_precisions() {
    for (fault, fixture) in made("faults", &[], "fixtures with a mistake") {
        for precision in [Precision::F32, Precision::F16] {
            let failed = compared(&fault, &fixture, &Backend::cpu(), precision).iter().filter(|c| !c.passed()).count();
            println!("{fault} {precision:?}: {failed} failed");
            assert!(failed > 0, "{fault} passes in {precision:?}");
        }
    }
}

#[test]
fn steps_with_f16_storage_are_the_twins_on_a_device_too() {
    let Some(backend) = adapter::gpu("steps with f16 storage").map(Backend::on) else { return };
    if !backend.stores(Precision::F16) {
        return println!("SKIP steps with f16 storage: {} offers no shader-f16", backend.event().name);
    }
    let mut comparisons = pollster::block_on(self_check::f16_against_twins(&backend)).expect("both take the steps");
    comparisons.sort_by(|a, b| b.error.total_cmp(&a.error));
    for c in comparisons.iter().take(4) {
        println!("{} {:.2e} of {:.0e}", words::text(&c.name, Lang::En), c.error, c.max);
    }
    assert!(comparisons.iter().all(|c| c.passed()), "{comparisons:?}");
}
