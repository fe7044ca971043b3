//! Every WGSL kernel on the best adapter there is (lavapipe will do) against its CPU twin.

mod common;

use electroscope::parity;
use pollster::block_on;

#[test]
fn every_kernel_matches_its_twin() {
    let Some(gpu) = common::gpu("parity") else { return };
    println!("{}", gpu.summary);
    let summary = block_on(parity::run(&gpu, &mut |line| println!("{line}"))).unwrap();
    // A suite that cannot fail shows nothing: an error of a hundredth of a tensor's largest number is noticed everywhere.
    for (label, kernel) in &summary.kernels {
        assert!(kernel.loosest < 1e-2, "{label}: tolerances up to {:.0e} of a tensor", kernel.loosest);
    }
    assert_eq!(summary.failed(), 0, "failures on {}", gpu.summary);
}
