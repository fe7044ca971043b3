//! Reads the events of earlier runs from their folders.

use crate::path::{name_of, path_of};
use crate::run::Request;
use crate::screen::state::{Phase, RunState, Source};
use crate::train::checkpoint;
use crate::view::log::read_events;
use crate::{Error, Result};
use std::path::Path;

/// A run before its first event. A resumed run already has a past.
pub(super) fn coming(options: &Request) -> RunState {
    let past = options.out.as_deref().filter(|_| options.resume).and_then(|run| opened(&path_of(run)).ok());
    let mut run = past.unwrap_or_default();
    (run.source, run.phase) = (Source::Live, Phase::Preparing);
    run
}

pub(super) fn opened(run: &Path) -> Result<RunState> {
    let events = read_events(run)?;
    if events.is_empty() {
        return Err(Error::failed("empty-log").at_path(run));
    }
    Ok(RunState::from_events(Source::Opened(folder_name(run)), events))
}

/// The step of a run's newest checkpoint.
pub(super) fn newest_step(run: &Path) -> Option<u64> {
    checkpoint::list(run).ok()?.first().map(|(step, _)| *step)
}

pub(super) fn folder_name(run: &Path) -> String {
    name_of(run.file_name().map_or(run, Path::new))
}
