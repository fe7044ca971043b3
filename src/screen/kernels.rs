//! The kernels of a step for people: a sentence on each, what dispatches cost together, and source text in pieces that can be coloured.

pub mod about;
pub mod pieces;
pub mod sum;
