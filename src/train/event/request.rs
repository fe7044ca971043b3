//! A request for a run, as plain data. [`Command::Start`](super::Command::Start) carries it, and `run` makes a run of it.

use crate::lang::Lang;
use crate::text::grammar::Level;
use serde::{Deserialize, Serialize};

/// What a run is asked to be. Texts, folders and files have names here; the host of the run knows what a name stands for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    /// Texts to train on. If there is none, the run uses the built-in text.
    pub corpus: Vec<String>,
    /// Texts to hold out.
    pub valid: Vec<String>,
    /// The field of documents in files that have fields.
    pub text_field: Option<String>,
    /// The language of the built-in text.
    pub lang: Lang,
    /// The level of the built-in text, or none for the one that fits the preset.
    pub level: Option<Level>,
    pub tokenizer: Option<String>,
    /// The networks whose weights the run starts from.
    pub init: Option<String>,
    /// The name under which the run is kept.
    pub out: Option<String>,
    pub preset: Option<String>,
    pub config: Option<String>,
    /// Settings as `key=value`, which replace those of the preset.
    pub set: Vec<String>,
    pub steps: Option<u64>,
    pub minutes: Option<f64>,
    pub stop_after: Option<u64>,
    pub seed: Option<u64>,
    pub threads: Option<usize>,
    /// `auto`, `cpu`, `gpu`, or a part of an adapter's name.
    pub device: String,
    pub engine: String,
    pub resume: bool,
    /// `--resume=STEP`: an earlier checkpoint than the newest.
    pub resume_step: Option<u64>,
    pub retune: bool,
    /// Whether a view is watching. If so, slices are shorter, so that commands are answered and a window is drawn in time, and the
    /// run also sends the events that only views can use.
    pub watched: bool,
    /// Whether somebody is there who can make room if the last checkpoint cannot be written. Then the run waits for that.
    pub patient: bool,
    /// The file that pins the kernels' variants.
    pub kernels: Option<String>,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            corpus: Vec::new(),
            valid: Vec::new(),
            text_field: None,
            lang: Lang::default(),
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
            device: "auto".to_owned(),
            engine: "wgsl".to_owned(),
            resume: false,
            resume_step: None,
            retune: false,
            watched: false,
            patient: false,
            kernels: None,
        }
    }
}
