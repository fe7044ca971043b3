//! Uses a trained model without training it, and measures speed.
//! RUN or MODEL -> [`reader::Reader`] -> judgements, proposals, the four stages on one text.
//! RUN -> [`export::export`] -> folders for transformers.
//! preset -> [`drill::Drill`] -> training steps on made-up rows -> [`bench::measure`], or two engines in turn: [`versus::measure`].

pub mod bench;
pub mod drill;
pub mod export;
pub mod reader;
pub mod versus;
mod windows;
