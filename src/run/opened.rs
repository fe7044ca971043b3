//! Opens a run that is not training: its configuration, its text and the weights of its newest checkpoint -> [`Session`]. Nobody
//! takes its place, so another process may train it meanwhile.

use super::assemble::{Assembly, Start, WeightsFrom, assemble};
use super::host::{Host, Near};
use super::kernels::Wish;
use super::request;
use super::source::{self, KeepGoing, Tell, TokenizerFrom, Wanted};
use crate::Result;
use crate::batch::Cursor;
use crate::config::Config;
use crate::message::Message;
use crate::text::unknown::Unknown;
use crate::train::engine::Backend;
use crate::train::session::{Position, Session};

/// A run that is not training.
pub(super) struct Opened {
    pub session: Session,
    /// Where its newest checkpoint stands.
    pub position: Position,
    /// How much of the text its tokenizer does not know, and how much the run accepts.
    pub unknown: Unknown,
    pub unknown_max: f64,
    /// What a person should know about the text.
    pub notices: Vec<Message>,
}

/// A text other than the run's own.
#[derive(Debug, Clone, Copy, Default)]
pub struct OtherText<'t> {
    /// Its names; none for the run's own text.
    pub corpus: &'t [String],
    /// The field of documents, if a person named it.
    pub field: Option<&'t str>,
    /// How much of it may be unknown to the tokenizer, if a person said so.
    pub unknown_max: Option<f64>,
}

/// Opens the newest checkpoint of `run` with its own text, or with another if that is given. `eval_rows`: how many held-out rows
/// are read, if not as many as the run itself reads.
///
/// # Errors
/// The run's folder, its checkpoint or the text cannot be read, or its text is not where it was.
pub(super) async fn open(
    host: &impl Host,
    run: &str,
    other: OtherText<'_>,
    eval_rows: Option<u32>,
    backend: &Backend,
    going: KeepGoing<'_>,
    tell: Tell<'_>,
) -> Result<Opened> {
    let OtherText { corpus, field, .. } = other;
    let checkpoint = host.resume_point(run, None)?;
    let mut position = request::position(&checkpoint)?;
    let mut config = request::run_config(host, run, &checkpoint)?;
    config = Config { eval_rows: eval_rows.unwrap_or(config.eval_rows), ..config };
    let mut wanted = request::trained_on(&checkpoint)?;
    if !corpus.is_empty() {
        let field = field.map(str::to_owned);
        wanted = Wanted { corpus: Vec::new(), valid: corpus.to_vec(), field, builtin: None, lang: wanted.lang };
        // The run's place in its own text means nothing in another text.
        position = Position { cursor: Cursor::default(), ..position };
    }
    let tokenizer = TokenizerFrom::Checkpoint(&checkpoint);
    let near = Near { run: Some(run), preset: None };
    let text = source::open(host, near, &wanted, &config, tokenizer, going, tell)?;
    if corpus.is_empty() {
        // The text decides what the run trained on and what it held out. With another text the model could be judged on what it was
        // trained on.
        request::check_same_text(&checkpoint.state, &text, run, "help-name-text")?;
    }
    let (kernels, shelf) = (Wish::default(), host.shelf());
    let start =
        Start { from: WeightsFrom::Checkpoint(&checkpoint, position), seed: 0, kernels: &kernels, shelf: &shelf };
    let Assembly { session, .. } = assemble(&config, &text, backend, &start, going, &mut |_| {}).await?;
    Ok(Opened { session, position, unknown: text.unknown, unknown_max: config.unknown_max, notices: text.notices })
}
