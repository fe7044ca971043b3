//! Training, step by step: the recorded plan, gradients, the draws of replacements, and what the steps come to.

#[path = "../common/adapter.rs"]
mod adapter;
mod gradients;
#[path = "../common/lab.rs"]
mod lab;
mod plan;
mod sampling;
mod steps;
