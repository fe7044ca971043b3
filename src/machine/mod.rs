//! The limits of the machine: how many threads this process gets, and how much memory it may still take. Whoever needs much of
//! either asks first, so that a refusal is one sentence and comes before any work.

pub mod allocator;
pub mod memory;
mod threads;

pub use threads::{Pool, start};
