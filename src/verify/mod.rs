//! Checks whether this program computes what it should on this machine's own adapter: whole training steps against numbers from
//! elsewhere, gradients against finite differences, one executor against the other, and all of it against the Burn engine.

pub mod against_burn;
pub mod fixture;
pub mod self_check;
