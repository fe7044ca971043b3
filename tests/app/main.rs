//! Tests the app in a harness, as a person meets it with or without a screen: the window, each panel, and real runs from a click to
//! a result. Tests find controls by role and name.
#![allow(unsafe_code, reason = "the environment of the test program is changed once, before anything else runs")]

#[path = "../common/adapter.rs"]
mod adapter;
mod answers;
mod attention;
mod curves;
mod data;
mod desk;
mod flows;
mod hands;
mod kernels;
#[path = "../common/lab.rs"]
mod lab;
mod lesson;
mod live;
mod map;
#[path = "../common/model.rs"]
mod model;
mod panels;
mod verdicts;
#[path = "../common/watched.rs"]
mod watched;
mod window;

use electroscope::gpu::Gpu;
use std::path::PathBuf;
use std::sync::LazyLock;

/// Where the window looks for runs beside the current folder.
static RUNS: LazyLock<PathBuf> = LazyLock::new(|| {
    let data = watched::DESK.path().join("data");
    // SAFETY: every test comes here first and waits for it, so nothing of this program reads the environment meanwhile.
    unsafe {
        std::env::set_var("XDG_DATA_HOME", &data);
        std::env::set_var("APPDATA", &data);
    }
    data.join("electroscope/runs")
});

/// The best adapter. A driver reads the environment by itself, so it is opened after the environment was changed.
fn gpu(test: &str) -> Option<Gpu> {
    LazyLock::force(&RUNS);
    adapter::gpu(test)
}
