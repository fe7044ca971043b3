//! A checkpoint wherever it is kept: named files, whose lengths and hashes state.json lists.
//! [`Snapshot::write`] writes them to a folder or to memory; [`Checkpoint::from_files`] verifies those in memory.

use super::{Checkpoint, Moments, OPTIMIZER, STATE, STATISTICS, State, state};
use crate::hub::{self, Files, MemoryFiles, Networks, NewFiles, Tensors, record_of, write_safetensors};
use crate::{Error, Result};
use std::sync::Arc;

/// Everything a checkpoint holds.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<'a> {
    pub networks: &'a Networks,
    pub moments: &'a Moments,
    /// What the run counted besides its weights, by name.
    pub statistics: &'a Tensors,
    /// Written into each network's folder: vocab.txt, tokenizer.json, tokenizer_config.json.
    pub tokenizer_files: &'a [(String, Vec<u8>)],
    pub state: &'a State,
}

impl Snapshot<'_> {
    /// Writes every file of the checkpoint, state.json last.
    pub fn write(&self, files: &mut dyn NewFiles) -> Result<()> {
        hub::stage_networks(files, self.networks, self.tokenizer_files)?;
        files.write(OPTIMIZER, &mut |out| {
            let m = self.moments.m.iter().map(|(name, tensor)| (format!("m.{name}"), tensor));
            let v = self.moments.v.iter().map(|(name, tensor)| (format!("v.{name}"), tensor));
            write_safetensors(out, m.chain(v))
        })?;
        files.write(STATISTICS, &mut |out| {
            write_safetensors(out, self.statistics.iter().map(|(name, tensor)| (name.clone(), tensor)))
        })?;
        let text = state::to_json(self.state, files.records());
        files.write(STATE, &mut |out| out.write_all(&text))
    }

    /// The files of the checkpoint in memory.
    pub fn to_files(&self) -> Result<Files> {
        let mut memory = MemoryFiles::default();
        self.write(&mut memory)?;
        Ok(memory.files)
    }
}

impl Checkpoint {
    /// Opens a checkpoint whose files are in memory, and verifies every file. Messages call it `name`.
    ///
    /// # Errors
    /// A file is missing or differs from what was written, or a newer version of the program wrote the checkpoint.
    pub fn from_files(name: &str, files: Arc<Files>) -> Result<Self> {
        let missing = |file: &str| Error::failed("file-missing").at(format!("{name}/{file}"));
        let bytes = files.get(STATE).ok_or_else(|| missing(STATE))?;
        let (state, records) = super::parse_state(bytes).map_err(|e| e.at(format!("{name}/{STATE}")))?;
        for (file, record) in &records {
            if record_of(files.get(file).ok_or_else(|| missing(file))?) != *record {
                return Err(Error::failed("file-of-other-content").at(format!("{name}/{file}")));
            }
        }
        Ok(Self { dir: name.into(), state, files: Some(files) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::tests::sample_state;
    use super::*;
    use crate::hub::random_pair;

    fn files(step: u64) -> Files {
        let (networks, moments, state) = (random_pair(step).into(), Moments::default(), sample_state(step));
        let statistics = Tensors::new();
        let snapshot = Snapshot {
            networks: &networks,
            moments: &moments,
            statistics: &statistics,
            tokenizer_files: &[],
            state: &state,
        };
        snapshot.to_files().unwrap()
    }

    #[test]
    fn files_in_memory_are_read_back_and_damage_is_named() {
        let checkpoint = Checkpoint::from_files("memory", Arc::new(files(7))).unwrap();
        assert_eq!(checkpoint.state, sample_state(7));
        assert_eq!(checkpoint.networks().unwrap(), (random_pair(7).into(), vec![]));
        for name in files(7).into_keys() {
            let mut cut = files(7);
            cut.get_mut(&name).unwrap().pop();
            let mut gone = files(7);
            gone.remove(&name);
            for damaged in [cut, gone] {
                let error = Checkpoint::from_files("memory", Arc::new(damaged)).unwrap_err();
                assert_eq!(error.place, Some(format!("memory/{name}").into()));
            }
        }
    }
}
