//! The Burn engine (cargo feature `burn`): the same two networks, losses and optimizer, written with Burn's modules and automatic
//! differentiation. It is the independent oracle of our kernels, and their speed is measured against it.
//! model, batches, step blocks -> [`Executor`], in the place of our own executors -> the same outputs, under the same names.
//!
//! **Invariant:** it shares no arithmetic with `ops`, `cpu` or `gpu`. It shares the description of the model (names, shapes, decay)
//! and the addressed random words. From `gpu` come the adapter, the device and the queue, and nothing that computes.

mod device;
mod engine;
mod entries;
mod inputs;
mod meaning;
mod optimizer;
mod outputs;
mod towers;

pub use device::Device;
pub use engine::Executor;
