//! Tests the command line: the built program, its exit status, its JSON, its files.

#[path = "../common/adapter.rs"]
mod adapter;
mod commands;
#[cfg(unix)]
mod endings;
mod limits;
#[path = "../common/model.rs"]
mod model;
#[path = "../common/program.rs"]
mod program;
mod tokens;
