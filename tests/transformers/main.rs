//! Tests against transformers and PyTorch: exchanged networks, the judgements of both, and whole training steps in double
//! precision.

#[path = "../common/adapter.rs"]
mod adapter;
mod command_line;
mod exchange;
mod networks;
#[path = "../common/program.rs"]
mod program;
mod steps;
