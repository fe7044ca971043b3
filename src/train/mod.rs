//! Training: the session, its checkpoints, the border to the views, what a step measures, and what a person should be warned of.

pub mod checkpoint;
pub mod engine;
pub mod event;
pub mod kernels;
pub mod metrics;
pub mod project;
pub mod rules;
pub mod schedule;
pub mod session;
pub mod shelf;
pub mod step;
pub mod tuning;
pub mod warnings;
pub mod weights;
