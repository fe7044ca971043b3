//! Training: the session, its checkpoints, the border to the views, what a step measures, and what a person should be warned of.

#[cfg(not(target_arch = "wasm32"))]
pub mod assemble;
pub mod checkpoint;
pub mod engine;
#[cfg(not(target_arch = "wasm32"))]
pub mod evaluate;
pub mod event;
pub mod metrics;
pub mod rules;
#[cfg(not(target_arch = "wasm32"))]
pub mod run;
pub mod schedule;
pub mod session;
#[cfg(not(target_arch = "wasm32"))]
pub mod source;
pub mod warnings;
pub mod weights;
