//! placeholder

pub mod grammar;
