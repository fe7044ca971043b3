//! Helps the tests that an adapter changes. `cargo xtask test` runs them twice: without an adapter, and again with one. Each test
//! says itself that it is one of them: [`gpu`] prints `SKIP` if there is no adapter, [`looked_for`] prints `AGAIN`, and xtask reads
//! both.
#![allow(dead_code, reason = "each test program uses a part of it")]

use electroscope::gpu::{DeviceName, Gpu, Profile};

/// The best adapter, software included. If there is none, the test says so and is skipped; with REQUIRE_GPU=1 it fails instead.
pub fn gpu(test: &str) -> Option<Gpu> {
    let opened = pollster::block_on(Gpu::open(&DeviceName::Gpu, Profile::Portable));
    match opened {
        Ok(opened) => opened.gpu,
        Err(error) if std::env::var_os("REQUIRE_GPU").is_some_and(|v| v == "1") => panic!("{test}: {error}"),
        Err(_) => {
            println!("SKIP {test}: no adapter");
            None
        }
    }
}

/// For a test that looks for adapters but also passes without one. It makes xtask run the test with an adapter too.
pub fn looked_for(test: &str) {
    println!("AGAIN {test}: it looks for adapters");
}
