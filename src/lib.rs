//! Electroscope pre-trains ELECTRA encoders with handwritten WGSL compute shaders. They run on any GPU; without one the processor
//! runs the same kernels.
//!
//! # Architecture
//! A training step is a [`plan::Plan`]: a list of kernel launches over named tensors. It is recorded once for each run, as plain
//! data that can be printed. Two executors run the same plan: [`gpu`] through wgpu, [`cpu`] through a Rust twin of every kernel. A
//! random number depends on its address, not on what was drawn before ([`rng`]). So both executors use the same masks, dropout and
//! samples, and any step can be repeated.
//!
//! Rooms, in the direction in which they may know each other:
//! ```text
//! text -> batch -> plan -> ops -> cpu | gpu -> model -> hub -> burn -> train -> tasks, verify -> run -> view -> host -> screen ->
//! app -> cli
//! ```
//! - [`path`]: paths as text that keeps every byte. [`machine`]: how many threads and how much memory there are.
//! - [`text`]: corpora, tokenizers, the built-in grammar, the token cache. It knows nothing of models.
//! - [`batch`]: rows, masks, the held-out part, an order that resumes anywhere.
//! - [`plan`]: the recorded step and its memory. **Invariant:** it knows neither what a kernel computes nor who runs it.
//! - [`ops`]: one file for each op: its specification (WGSL, bindings, variants) and its launch. **Invariant:** it names no
//!   executor.
//! - [`cpu`], [`gpu`]: the executors. **Invariant:** neither knows the other; [`parity`] compares them. Only [`gpu`] names wgpu;
//!   it awaits and never blocks, so it is the same in a browser.
//! - [`objective`]: what is learned, as a list of passes. [`message`]: what the program says, as a code with facts.
//! - [`model`]: the ledger of parameters (the one list from which offsets, checkpoints, optimizer ranges and tests come),
//!   encoders, heads, and the plan of a whole step.
//! - [`hub`]: Hugging Face's layout, in and out.
//! - `burn` (cargo feature): the same networks written with Burn, which runs a plan's stages without our kernels. It checks our
//!   results independently, and our speed is compared with its speed.
//! - [`train`]: schedules, the session (the only loop body), metrics, warnings, checkpoints, and the border to every view: it takes
//!   [`train::event::Command`]s and gives [`train::event::Event`]s. **Invariant:** it draws nothing and knows no view.
//! - [`verify`]: compares whole steps with numbers from elsewhere. [`tasks`]: uses trained networks, and measures speed.
//! - [`run`]: a run from request to end. **Invariant:** it names no file and no thread, and takes no date from the system's clock; a
//!   [`run::host::Host`] has them. (It measures how long something takes.) [`host`]: this machine, or memory alone. `cli`: what a
//!   person types.
//! - [`view`]: reads events and drives nothing. [`screen`]: what every screen shows of a run, without drawing. `app`: the desktop
//!   window, a view that also sends commands.
//!
//! `tests/repository.rs` checks these directions. docs/ explains them: architecture, glossary, decisions, measurements.

#![allow(rustdoc::private_intra_doc_links, reason = "the documentation is read beside the source")]

#[cfg(not(target_arch = "wasm32"))] // a window of the system
pub mod app;
pub mod batch;
#[cfg(feature = "burn")]
pub mod burn;
#[cfg(not(target_arch = "wasm32"))] // a terminal
pub mod cli;
pub mod config;
pub mod cpu;
pub mod error;
pub mod gpu;
pub mod host;
pub mod hub;
pub mod lang;
pub mod machine;
pub mod message;
pub mod model;
pub mod objective;
pub mod ops;
pub mod parity;
pub mod path;
pub mod plan;
pub mod rng;
pub mod run;
pub mod screen;
pub mod tasks;
pub mod text;
pub mod train;
pub mod verify;
pub mod view;

pub use error::{Error, Result};
