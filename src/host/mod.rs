//! The hosts that a run can have: [`native`] keeps it in folders and files, [`memory`] in memory.
//! `run` -> [`crate::run::host::Host`] -> folders, files, the token cache, a clock and a thread, or none of them.

pub mod memory;
#[cfg(not(target_arch = "wasm32"))] // folders and files
pub mod native;
pub mod rehearsal;
#[cfg(test)]
mod tests;
