//! Writes a run's networks as folders that transformers' `from_pretrained` loads.
//! RUN -> [`export`] -> DIR/discriminator and DIR/generator, each with its tokenizer.

use super::reader::{TRAINED_ROW_LEN, trained_row_len};
use crate::hub::{self, Networks};
use crate::message::Message;
use crate::train::checkpoint::{read_steadily, resolve_model};
use crate::{Error, Result};
use std::path::Path;

/// What was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    /// The step of the checkpoint; none if the networks are of no run.
    pub step: Option<u64>,
    /// The folders below the one that was asked for.
    pub networks: Vec<&'static str>,
    /// The model's number of positions and, if its run says it, the length of the rows on which it was trained.
    pub positions: usize,
    pub trained_row_len: Option<u32>,
    /// What a person should know about the weights.
    pub warnings: Vec<Message>,
}

/// Writes the networks of a run (its newest checkpoint) or of a checkpoint into `to`, which must be new or empty.
///
/// # Errors
/// There is no whole checkpoint, it has no tokenizer, or the folder holds something or cannot be written.
pub fn export(run: &Path, to: &Path) -> Result<Exported> {
    let Read { networks, files, exported } = read_steadily(run, || read(run))?;
    hub::write_networks(to, &networks, &files)?;
    Ok(exported)
}

/// What is written, and what there is to say about it.
struct Read {
    networks: Networks,
    /// The files of the tokenizer, by name.
    files: Vec<(String, Vec<u8>)>,
    exported: Exported,
}

fn read(run: &Path) -> Result<Read> {
    let found = resolve_model(run)?;
    let folder = found.discriminator.as_deref().or(found.generator.as_deref());
    let folder = folder.ok_or_else(|| Error::failed("no-network-here").at_path(run))?;
    let parent = folder.parent().ok_or_else(|| Error::failed("lies-in-no-folder").at_path(folder))?;
    let (mut networks, warnings) = hub::read_networks(parent)?;
    let files = hub::tokenizer_files(folder)?;
    if files.is_empty() {
        return Err(Error::failed("no-tokenizer-files").at_path(folder));
    }
    let trained_row_len = trained_row_len(&found, &networks.main)?;
    let names = networks.all().map(|(role, _)| role.folder()).collect();
    for network in std::iter::once(&mut networks.main).chain(&mut networks.aux) {
        // The export says it too. transformers keeps fields that it does not know.
        if let Some(row_len) = trained_row_len {
            network.config.extra.insert(TRAINED_ROW_LEN.to_owned(), row_len.into());
        }
    }
    let positions = networks.main.config.max_position_embeddings;
    let step = found.checkpoint.as_ref().map(|checkpoint| checkpoint.state.step);
    let exported = Exported { step, networks: names, positions, trained_row_len, warnings };
    Ok(Read { networks, files, exported })
}
