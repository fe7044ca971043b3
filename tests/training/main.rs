//! Tests training step by step: the recorded plan, gradients, the draws of replacements, and the results of several steps.

#[path = "../common/adapter.rs"]
mod adapter;
mod gradients;
#[path = "../common/lab.rs"]
mod lab;
mod objectives;
mod plan;
mod sampling;
mod steps;
