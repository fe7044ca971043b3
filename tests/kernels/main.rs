//! Tests the kernels and the gpu executor: shaders against their specifications, kernels against their twins, and the choice of
//! variants.

#[path = "../common/adapter.rs"]
mod adapter;
mod executor;
mod parity;
mod shaders;
mod tuning;
