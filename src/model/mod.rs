//! The networks: their parameters (ledger, arenas, initial values), their encoders and heads, and the plan of a training step.
//! config + tokenizer size -> [`Model`] (a plan and the tensors that the host writes and reads) -> `train`, `hub`.
//!
//! **Invariant:** this room names no executor.

pub mod arena;
pub(crate) mod encoder;
pub mod heads;
pub mod init;
pub mod io;
pub mod ledger;
mod needs;
mod neighbours;
pub mod read;
mod record;
pub(crate) mod walk;

pub use needs::Needs;
pub use record::{Model, ModelSpec, Parameter, TrainSpec, slots_per_row};
