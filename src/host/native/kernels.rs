//! Reads the kernel choices that this machine keeps for its adapters, and finds the choices for a step that is only measured.

use super::cache_dir;
use crate::config::Config;
use crate::gpu::AdapterSummary;
use crate::plan::KernelChoices;
use crate::run::kernels::pinned;
use crate::tasks::drill;
use crate::train::engine::Backend;
use crate::train::event::Preparing;
use crate::train::shelf::Shelf;
use crate::train::tuning::{self, Known};
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// The file that keeps an adapter's choices.
pub fn file(summary: &AdapterSummary) -> PathBuf {
    cache_dir().join(tuning::name(summary))
}

/// What earlier runs measured on an adapter.
pub async fn known(summary: &AdapterSummary) -> Known {
    tuning::known(&Shelf::folder(cache_dir()), summary).await
}

/// The choices for a step of `config` that is only measured; a run would take the same. `file`: `--kernels`; `retune`: `--retune`.
///
/// # Errors
/// As [`tuning::choose`], or the model does not fit the device (with `--kernels` the drill reports that).
pub async fn choose_for_drill(
    config: &Config,
    backend: &Backend,
    file: Option<&Path>,
    retune: bool,
    tell: &mut dyn FnMut(Preparing),
) -> Result<KernelChoices> {
    match file {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|e| Error::io("io-read-kernels-variants", path, &e))?;
            pinned(&text, &super::name_of(path))
        }
        None => drill::choose(config, backend, &Shelf::folder(cache_dir()), retune, tell).await,
    }
}
