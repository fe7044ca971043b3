//! Every WGSL kernel on the best adapter there is (lavapipe will do) against its CPU twin.

mod common;

use electroscope::parity;
use pollster::block_on;

#[test]
fn every_kernel_matches_its_twin() {
    let Some(gpu) = common::gpu("parity") else { return };
    println!("{}", gpu.summary);
    let summary = block_on(parity::run(&gpu, &mut |line| println!("{line}"))).unwrap();
    assert!(summary.passed(), "{} failures on {}", summary.failed, gpu.summary);
}
