//! The wgpu executor of plans: adapter and device, pipelines, uploads, slices, readback, timing.
//! plan -> [`Executor`] -> the device's numbers, copied back behind the work. [`Executor::new`] creates everything; nothing is created
//! later.
//!
//! **Invariant:** the only room that names wgpu (but for `burn` and `app`, which set devices up). It awaits and never blocks, so the
//! same code runs in a browser. The two worlds differ only in [`wait`].

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
