//! Training: the border to the views, what a step measures, and what a person should be warned of.

pub mod event;
pub mod metrics;
pub mod warnings;
