//! Tests whole runs: as the app watches them, as the command line resumes them, their failures, and what a checkpoint survives.
#![allow(unsafe_code, reason = "the environment of the test program is changed once, before anything else runs")]

#[path = "../common/adapter.rs"]
mod adapter;
mod failures;
#[path = "../common/lab.rs"]
mod lab;
mod resumed;
mod survival;
mod views;
#[path = "../common/watched.rs"]
mod watched;

use electroscope::gpu::Gpu;
use std::sync::LazyLock;

/// The best adapter. A driver reads the environment by itself, so it is opened after the environment was changed.
fn gpu(test: &str) -> Option<Gpu> {
    LazyLock::force(&watched::DESK);
    adapter::gpu(test)
}
