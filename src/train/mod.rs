//! Training: the session, its checkpoints, the border to the views, the metrics of a step, and the warnings.

pub mod checkpoint;
pub mod engine;
pub mod event;
pub mod kernels;
pub mod metrics;
pub mod padding;
pub mod project;
pub mod rules;
pub mod schedule;
pub mod session;
pub mod shares;
pub mod shelf;
pub mod standing;
pub mod step;
pub mod story_rows;
pub mod swaps;
pub mod tuning;
pub mod warnings;
pub mod weights;
