//! The lesson as data: its pages, and the numbers of the run that its pages answer with.

pub mod facts;
pub mod pages;
