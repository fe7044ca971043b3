//! The lesson as data: its pages, and the numbers of the shown run that the pages use in their answers.

pub mod facts;
pub mod pages;
