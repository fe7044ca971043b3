//! Shared by the tests that need an adapter.

use electroscope::gpu::{Choice, Gpu, Profile};

/// The best adapter, software included. Where there is none the test says so and is skipped; with REQUIRE_GPU=1 it fails instead.
pub fn gpu(test: &str) -> Option<Gpu> {
    let opened = pollster::block_on(Gpu::open(&Choice::Gpu, Profile::Portable));
    match opened {
        Ok(opened) => opened.gpu,
        Err(error) if std::env::var_os("REQUIRE_GPU").is_some_and(|v| v == "1") => panic!("{test}: {error}"),
        Err(_) => {
            println!("SKIP {test}: no adapter");
            None
        }
    }
}
