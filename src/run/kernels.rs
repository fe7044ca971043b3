//! Decides which variants a run's kernels use: those that a file pins, or those that [`choices`] finds, kept in the user's cache
//! folder.

use super::source::cache_dir;
use crate::config::Config;
use crate::gpu::AdapterSummary;
use crate::plan::{Choices, Plan};
use crate::tasks::drill;
use crate::train::choices::{self, Known, adapter, kernel_of};
use crate::train::engine::{Kind, Place};
use crate::train::event::Preparing;
use crate::train::shelf::Shelf;
use crate::{Error, Result, cpu};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What was typed about it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wish<'a> {
    /// `--kernels`: take these, measure nothing.
    pub file: Option<&'a Path>,
    /// `--retune`: measure again what is known.
    pub retune: bool,
}

/// Where a run is trained, as far as it decides the last bits of sums: the adapter, or the processor's vectors, and the engine where it
/// is not ours.
pub fn device(place: &Place) -> String {
    let device = place.gpu().map_or_else(|| format!("cpu ({})", cpu::vectors()), |gpu| adapter(&gpu.summary));
    match place.kind() {
        Kind::Wgsl => device,
        Kind::Burn => format!("{device} (Burn)"),
    }
}

/// Where choices are kept between runs.
fn shelf() -> Shelf {
    Shelf::folder(cache_dir())
}

/// Where an adapter's choices are kept.
pub fn file(summary: &AdapterSummary) -> PathBuf {
    cache_dir().join(choices::name(summary))
}

/// What earlier runs found out about an adapter.
pub async fn known(summary: &AdapterSummary) -> Known {
    choices::known(&shelf(), summary).await
}

/// The choices for the plans that `record` makes on `place`: pinned, or known, or measured now and kept.
///
/// # Errors
/// The file of `--kernels` cannot be read or names what there is not, or the device failed.
pub async fn choose(
    place: &Place,
    record: &dyn Fn(Choices) -> Arc<Plan>,
    wish: Wish<'_>,
    tell: &mut dyn FnMut(Preparing),
) -> Result<Choices> {
    match wish.file {
        Some(path) => pinned(path),
        None => choices::choose(place, record, &shelf(), wish.retune, tell).await,
    }
}

/// The choices for a step of `config` that is only measured: what a run of it would take.
///
/// # Errors
/// As [`choose`], or the model does not fit the device (told where it is measured; with `--kernels` a drill tells it).
pub async fn choose_for_drill(
    config: &Config,
    place: &Place,
    wish: Wish<'_>,
    tell: &mut dyn FnMut(Preparing),
) -> Result<Choices> {
    match wish.file {
        Some(path) => pinned(path),
        None => drill::choose(config, place, &shelf(), wish.retune, tell).await,
    }
}

/// The choices of a file: `{"kernels": {"matmul.forward": "t64x64", ...}}`, as in a run's state.json and in the files kept here, or the
/// inner object alone. A kernel's name alone stands for all shapes that have no line of their own.
///
/// # Errors
/// It cannot be read, or names a kernel or variant that there is not.
pub fn pinned(path: &Path) -> Result<Choices> {
    let place = path.display();
    let text = std::fs::read_to_string(path).map_err(|e| Error::io("io-read-kernels-variants", path, &e))?;
    let wrong = |what: String| Error::usage(what).at(&place).hint(HINT);
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|e| wrong(format!("no JSON: {e}")))?;
    let inner = value.get("kernels").unwrap_or(&value).clone();
    let choices: Choices =
        serde_json::from_value(inner).map_err(|e| wrong(format!("want an object of kernels and variants: {e}")))?;
    for (key, name) in &choices.0 {
        let kernel = kernel_of(key).ok_or_else(|| wrong(format!("there is no kernel \"{key}\"")))?;
        if kernel.variants.iter().all(|variant| variant.name != name) {
            let names: Vec<_> = kernel.variants.iter().map(|variant| variant.name).collect();
            return Err(wrong(format!("{} has no variant \"{name}\", only {}", kernel.label, names.join(", "))));
        }
    }
    Ok(choices)
}

const HINT: &str = "--kernels takes a run's checkpoints/.../state.json, or a file that `electroscope info` names";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops;

    fn file_with(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn a_file_pins_all_shapes_or_one() {
        let inner = r#"{"matmul.forward": "t64x64", "matmul.forward m64n64k64": "t32x32"}"#;
        for text in [inner.to_owned(), format!(r#"{{"step": 7, "kernels": {inner}}}"#)] {
            let choices = pinned(file_with(&text).path()).unwrap();
            let name = |class: &str| {
                let chosen = choices.variant(&ops::matmul::FORWARD, class.to_owned(), |_| true);
                ops::matmul::FORWARD.variants[chosen.variant].name
            };
            assert_eq!([name("m64n64k64"), name("m128n64k64")], ["t32x32", "t64x64"]);
        }
    }

    #[test]
    fn a_name_that_there_is_not_is_told_with_those_that_there_are() {
        let told = |text: &str| pinned(file_with(text).path()).unwrap_err().to_string();
        assert!(told(r#"{"matmul.sideways": "t64x64"}"#).contains("no kernel \"matmul.sideways\""));
        let text = told(r#"{"matmul.forward m1n1k1": "t7x7"}"#);
        assert!(text.contains("t7x7") && text.contains("t64x64"), "{text}");
        assert!(told("t64x64").contains("no JSON"));
    }
}
