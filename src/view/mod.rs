//! Views of a run for people and their tools: a progress line, the run's log, TensorBoard events, one page of HTML.
//! `Event` -> text. A view reads events alone and knows nothing of the engine.

mod appended;
pub mod log;
pub mod report;
pub mod speed;
pub mod words;

#[cfg(not(target_arch = "wasm32"))] // a terminal
pub mod line;
#[cfg(not(target_arch = "wasm32"))] // the system's clock
pub mod tensorboard;

pub use crate::lang::Lang;

/// `48 s`, `1 min 58 s`, `3 h 20 min`: the same in both languages.
pub fn duration_text(secs: f64) -> String {
    let secs = secs.max(0.0).round() as u64;
    match secs {
        0..60 => format!("{secs} s"),
        60..3600 => format!("{} min {} s", secs / 60, secs % 60),
        _ => format!("{} h {} min", secs / 3600, secs / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_parts_at_most() {
        assert_eq!([48.2, 118.0, 12_000.0].map(duration_text), ["48 s", "1 min 58 s", "3 h 20 min"]);
    }
}
