//! Decides which variants a run's kernels use: those that a file pins, or those that [`tuning::choose`] finds and keeps on the
//! host's shelf.

use crate::plan::{KernelChoices, Plan};
use crate::train::engine::{Backend, Kind};
use crate::train::event::Preparing;
use crate::train::shelf::Shelf;
use crate::train::tuning::{self, adapter, kernel_of};
use crate::{Error, Result, cpu};
use std::sync::Arc;

/// What a person asked for about the variants.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// `--kernels`: take these, measure nothing.
    pub pinned: Option<KernelChoices>,
    /// `--retune`: measure again what is known.
    pub retune: bool,
}

/// The name of what decides the last bits of sums: the adapter, or the processor's vectors, and the engine if it is Burn.
pub fn device(backend: &Backend) -> String {
    let device = backend.gpu().map_or_else(|| format!("cpu ({})", cpu::vectors()), |gpu| adapter(&gpu.summary));
    match backend.kind() {
        Kind::Wgsl => device,
        Kind::Burn => format!("{device} (Burn)"),
    }
}

/// The choices for the plans that `record` makes on `backend`. They are pinned, or known, or measured now and kept on `shelf`.
///
/// # Errors
/// The device failed.
pub async fn choose(
    backend: &Backend,
    record: &dyn Fn(KernelChoices) -> Arc<Plan>,
    wish: &Wish,
    shelf: &Shelf,
    tell: &mut dyn FnMut(Preparing),
) -> Result<KernelChoices> {
    match &wish.pinned {
        Some(choices) => Ok(choices.clone()),
        None => tuning::choose(backend, record, shelf, wish.retune, tell).await,
    }
}

/// Reads choices from the text of a file called `file`: `{"kernels": {"matmul.forward": "t64x64", ...}}`, as in a run's state.json
/// and in the kept files, or the inner object alone. A kernel's name without shapes stands for all shapes that have no line of
/// their own.
///
/// # Errors
/// The text cannot be read, or it names a kernel or variant that does not exist.
pub fn pinned(text: &str, file: &str) -> Result<KernelChoices> {
    let wrong = |error: Error| error.at(file).hint("help-kernels-file");
    let value: serde_json::Value = serde_json::from_str(text)
        .map_err(|e| wrong(Error::usage("choices-not-json").with("detail", e.to_string())))?;
    let inner = value.get("kernels").unwrap_or(&value).clone();
    let choices: KernelChoices = serde_json::from_value(inner)
        .map_err(|e| wrong(Error::usage("choices-not-an-object").with("detail", e.to_string())))?;
    for (key, name) in &choices.0 {
        let kernel = kernel_of(key).ok_or_else(|| wrong(Error::usage("no-such-kernel").with("kernel", key)))?;
        if kernel.variants.iter().all(|variant| variant.name != name) {
            let names: Vec<_> = kernel.variants.iter().map(|variant| variant.name).collect();
            return Err(wrong(
                Error::usage("no-such-variant")
                    .with("kernel", kernel.label)
                    .with("variant", name)
                    .with("names", names.join(", ")),
            ));
        }
    }
    Ok(choices)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops;

    #[test]
    fn a_file_pins_all_shapes_or_one() {
        let inner = r#"{"matmul.forward": "t64x64", "matmul.forward m64n64k64": "t32x32"}"#;
        for text in [inner.to_owned(), format!(r#"{{"step": 7, "kernels": {inner}}}"#)] {
            let choices = pinned(&text, "a.json").unwrap();
            let name = |class: &str| {
                let chosen = choices.variant(&ops::matmul::FORWARD, class.to_owned(), |_| true);
                ops::matmul::FORWARD.variants[chosen.variant].name
            };
            assert_eq!([name("m64n64k64"), name("m128n64k64")], ["t32x32", "t64x64"]);
        }
    }

    #[test]
    fn a_name_that_there_is_not_is_told_with_those_that_there_are() {
        let told = |text: &str| pinned(text, "a.json").unwrap_err().to_string();
        assert!(told(r#"{"matmul.sideways": "t64x64"}"#).contains("no-such-kernel (kernel = matmul.sideways)"));
        let text = told(r#"{"matmul.forward m1n1k1": "t7x7"}"#);
        assert!(text.contains("t7x7") && text.contains("t64x64"), "{text}");
        assert!(told("t64x64").contains("choices-not-json"));
    }
}
