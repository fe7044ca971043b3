//! Whether this program computes what it should, on this machine's own adapter: whole training steps against numbers from elsewhere.

pub mod fixture;
