//! Compares both executors with whole training steps that transformers and PyTorch computed in double precision.

use crate::adapter;
use electroscope::config::Precision;
use electroscope::lang::Lang;
use electroscope::train::engine::Backend;
use electroscope::verify::fixture::Fixture;
use electroscope::verify::self_check;
use electroscope::view::words;
use std::path::PathBuf;

fn fixture(name: &str) -> Option<Fixture> {
    let dir = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures")).join(name);
    if !dir.is_dir() {
        println!("SKIP fixture {name}: ../shared/fixtures/{name} not found");
        return None;
    }
    Some(Fixture::read(&dir).expect("the fixture is readable"))
}

fn check(name: &str, backend: &Backend) {
    for precision in [Precision::F32, Precision::F16].into_iter().filter(|&precision| backend.stores(precision)) {
        check_in(name, backend, precision);
    }
}

fn check_in(name: &str, backend: &Backend, precision: Precision) {
    let Some(fixture) = fixture(name) else { return };
    let name = format!("{name} {precision:?}");
    let computed = pollster::block_on(fixture.compare_in(backend, precision)).expect("the fixture runs");
    let mut worst = computed.comparisons.clone();
    worst.sort_by(|a, b| (b.error / b.max).total_cmp(&(a.error / a.max)));
    for c in worst.iter().take(6) {
        println!("{name}: {} {:.2e} of {:.0e}", words::text(&c.name, Lang::En), c.error, c.max);
    }
    assert!(worst.iter().all(|c| c.passed()), "{name}: {:?}", worst.iter().filter(|c| !c.passed()).collect::<Vec<_>>());
}

#[test]
fn the_cpu_executor_takes_the_fixtures_steps() {
    for name in ["ragged", "square"] {
        check(name, &Backend::cpu());
    }
}

#[test]
fn the_gpu_executor_takes_the_fixtures_steps() {
    let Some(backend) = adapter::gpu("fixtures on the gpu").map(Backend::on) else { return };
    for name in ["ragged", "square"] {
        check(name, &backend);
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
