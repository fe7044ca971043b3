//! Electroscope pre-trains ELECTRA encoders with handwritten WGSL compute shaders, on any GPU and on none.
//!
//! # Architecture
//! A training step is a [`plan::Plan`]: a list of kernel launches over named tensors, built once per run, plain data, printable.
//! Two executors run the same plan: [`gpu`] through wgpu, [`cpu`] through a Rust twin of every kernel. Random numbers are
//! addressed, not drawn ([`rng`]), so both take the same masks, dropout and samples, and any step can be taken again.
//!
//! Rooms, in the direction in which they may know each other:
//! ```text
//! text -> batch -> plan -> ops -> cpu | gpu -> model -> hub -> burn -> train -> tasks, verify -> run -> view -> host -> screen -> app -> cli
//! ```
//! - [`text`]: corpora, tokenizers, the built-in grammar, the token cache. Knows nothing of models.
//! - [`batch`]: rows, masks, the held-out part, an order that resumes anywhere.
//! - [`plan`]: the recorded step and its memory. **Invariant:** knows neither what a kernel computes nor who runs it.
//! - [`ops`]: one file an op: its specification (WGSL, bindings, variants) and its launch. **Invariant:** no executor is named.
//! - [`cpu`], [`gpu`]: the executors. **Invariant:** neither knows the other; [`parity`] compares them from above. Only [`gpu`]
//!   names wgpu; it awaits and never blocks, so it is the same in a browser.
//! - [`objective`]: what is learned, as a list of passes. [`message`]: what is to be said, as a code with facts.
//! - [`model`]: the ledger of parameters (said once; offsets, checkpoints, optimizer ranges and tests come from it), towers,
//!   heads, and the plan of a whole step.
//! - [`hub`]: Hugging Face's layout, in and out.
//! - `burn` (cargo feature): the same networks written with Burn, which runs a plan's stages with no kernel of ours: the oracle and
//!   the baseline.
//! - [`train`]: schedules, the session (the only loop body there is), metrics, warnings, checkpoints, and the border to every
//!   view: [`train::event::Command`] in, [`train::event::Event`] out. **Invariant:** draws nothing, and knows no view.
//! - [`verify`], [`tasks`]: whole steps against numbers from elsewhere; trained networks put to use.
//! - [`run`]: a run from request to end. **Invariant:** it names no file, thread or clock; a [`run::host::Host`] has them.
//!   [`host`]: this machine, or memory alone. `cli`: what is typed.
//! - [`view`]: reads events, drives nothing. [`screen`]: what every screen shows of a run, without drawing. `app`: the desktop
//!   window, a view that also sends commands.
//!
//! `tests/repository.rs` keeps these directions; docs/ explains them: architecture, glossary, decisions, measurements.

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
pub mod message;
pub mod model;
pub mod objective;
pub mod ops;
pub mod parity;
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
