//! Explains the kernels of a step to people: a sentence for each, the sum of several dispatches' costs, and source text in coloured
//! pieces.

pub mod about;
pub mod pieces;
pub mod sum;
