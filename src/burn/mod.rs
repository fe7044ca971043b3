//! The Burn engine (cargo feature `burn`): the same two networks, losses and optimizer written with Burn's modules and
//! automatic differentiation. The independent oracle of our kernels, and what their speed is measured against.
//! model, batches, step blocks -> [`Executor`], which stands where our own executors stand -> the same outputs, under the same names.
//!
//! **Invariant:** no arithmetic is shared with `ops`, `cpu` or `gpu`; what is shared is the description of the model (names,
//! shapes, decay) and the addressed random words. From `gpu` come the adapter, the device and the queue, and nothing that computes.

mod device;
mod engine;
mod entries;
mod inputs;
mod optimizer;
mod towers;

pub use device::Device;
pub use engine::Executor;
