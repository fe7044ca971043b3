//! The wgpu executor of plans: adapter and device, pipelines, uploads, slices, readback, timing.
//! plan -> [`Executor`] -> the device's numbers, copied back while later work runs. [`Executor::new`] creates everything; nothing
//! is created later.
//!
//! **Invariant:** this is the only room that names wgpu (`burn` and `app` do so to set devices up). It awaits and never blocks, so
//! the same code runs in a browser. Only [`wait`] differs between the two.

mod device;
mod executor;
mod kernels;
mod mapping;
mod pace;
mod readback;
mod select;
mod tune;
mod upload;
mod wait;

pub use device::{Gpu, Opened, Profile, adapters};
pub use executor::{Created, Executor, LaunchCost};
pub use select::{AdapterKind, AdapterSummary, DeviceName, Features, Selection, select};
pub use tune::{Timed, Tuning, tune};
