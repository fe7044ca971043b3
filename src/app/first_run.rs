//! The options of the run that a first click starts.

use crate::gpu::Choice;
use crate::run::Options;
use crate::view::Lang;

/// The preset of a run that names none.
pub const FIRST_PRESET: &str = "nano";

/// The run of a first click: the smallest preset on the built-in text.
pub fn first_run(lang: Lang) -> Options {
    Options {
        corpus: Vec::new(),
        valid: Vec::new(),
        lang,
        level: None,
        tokenizer: None,
        init: None,
        out: None,
        preset: None,
        config: None,
        set: Vec::new(),
        steps: None,
        minutes: None,
        stop_after: None,
        seed: None,
        threads: None,
        device: Choice::Auto,
        engine: "wgsl".to_owned(),
        resume: false,
        resume_step: None,
        retune: false,
        kernels: None,
        watched: true,
    }
}
