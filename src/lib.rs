//! Electroscope pre-trains ELECTRA encoders with handwritten WGSL compute shaders.

pub mod batch;
#[cfg(not(target_arch = "wasm32"))] // a terminal
pub mod cli;
pub mod config;
pub mod cpu;
pub mod error;
pub mod gpu;
pub mod hub;
pub mod model;
pub mod ops;
pub mod parity;
pub mod plan;
pub mod rng;
#[cfg(not(target_arch = "wasm32"))]
pub mod run;
pub mod tasks;
pub mod text;
pub mod train;
pub mod verify;
pub mod view;

pub use error::{Error, Result};
