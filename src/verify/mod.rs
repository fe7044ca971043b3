//! Checks whether this program computes correctly on this machine's adapter. It compares whole training steps with numbers from
//! elsewhere, gradients with finite differences, one executor with the other, and all of it with the Burn engine.

pub mod against_burn;
pub mod distance;
pub mod fixture;
pub mod rounding;
pub mod self_check;
