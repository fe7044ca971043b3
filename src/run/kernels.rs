//! Which variants a run's kernels use: pinned by a file, kept from an earlier run on this adapter, or measured before step 0.
//! place, plans -> [`choose`] -> [`Choices`], kept in the user's cache folder, one file an adapter, driver and set of kernels.

use super::source::cache_dir;
use crate::config::Config;
use crate::gpu::{self, AdapterSummary, Features};
use crate::hub::{hash_bytes, replace_file};
use crate::model::Model;
use crate::plan::{Choices, KernelSpec, Plan};
use crate::tasks::drill::Drill;
use crate::train::engine::{Kind, Place};
use crate::train::event::Preparing;
use crate::{Error, Result, cpu, ops};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
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

/// What is kept of an adapter: choices, and the seconds of every variant that was measured.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    pub adapter: String,
    pub kernels: Choices,
    pub secs: BTreeMap<String, BTreeMap<String, f64>>,
}

impl Known {
    /// How much faster the chosen variants are than the median one and the slowest, as geometric means over what was measured.
    pub fn gains(&self) -> Option<[f64; 2]> {
        let mut logs = [0.0, 0.0];
        let several: Vec<_> = self.secs.values().filter(|secs| secs.len() > 1).collect();
        for secs in &several {
            let mut sorted: Vec<f64> = secs.values().copied().collect();
            sorted.sort_by(f64::total_cmp);
            logs[0] += (sorted[sorted.len() / 2] / sorted[0]).ln();
            logs[1] += (sorted[sorted.len() - 1] / sorted[0]).ln();
        }
        (!several.is_empty()).then(|| logs.map(|log| (log / several.len() as f64).exp()))
    }
}

/// An adapter with its driver: on another one, sums may come out otherwise in their last bits.
pub fn adapter(summary: &AdapterSummary) -> String {
    format!("{} ({}, {})", summary.name, summary.backend, summary.driver)
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

/// Where an adapter's choices are kept; another driver, other features, or another set of kernels, has another file.
pub fn file(summary: &AdapterSummary) -> PathBuf {
    let mut text = format!("{}{:?}", adapter(summary), summary.features);
    for kernel in ops::ALL {
        text += kernel.label;
        for (v, variant) in kernel.variants.iter().enumerate() {
            text += &format!("{variant:?}{}", kernel.source_of(v));
        }
    }
    cache_dir().join(format!("kernels-{}.json", &hash_bytes(text.as_bytes())[..24]))
}

/// What is known of an adapter; a file that cannot be read is as good as none, since it can be measured again.
pub fn known(summary: &AdapterSummary) -> Known {
    let text = std::fs::read_to_string(file(summary)).unwrap_or_default();
    let mut known: Known = serde_json::from_str(&text).unwrap_or_default();
    known.kernels = offered(known.kernels, summary.features);
    known
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
    if let Some(path) = wish.file {
        return pinned(path);
    }
    // Whoever trains without these kernels chooses none.
    let Some(gpu) = place.gpu().filter(|_| place.kind() == Kind::Wgsl) else { return Ok(Choices::default()) };
    let mut known = known(&gpu.summary);
    let before = if wish.retune { Choices::default() } else { known.kernels.clone() };
    let mut announce = |share: f32| tell(preparing(&gpu.summary, share));
    let tuning = gpu::tune(gpu, record, &before, &mut announce).await?;
    if tuning.choices.0.is_empty() {
        return Ok(known.kernels);
    }
    known.adapter = adapter(&gpu.summary);
    for (key, name) in tuning.choices.0 {
        // A kernel's own line, for shapes that were not met, stays with what was measured first.
        let fixed = !key.contains(' ') && !wish.retune;
        if !(fixed && known.kernels.0.contains_key(&key)) {
            known.kernels.0.insert(key, name);
        }
    }
    for timed in tuning.timed {
        known.secs.insert(timed.key, timed.secs.into_iter().map(|(name, secs)| (name.to_owned(), secs)).collect());
    }
    keep(&file(&gpu.summary), &known);
    Ok(known.kernels)
}

/// The choices for a step of `config` that is only measured: what a run of it would take.
///
/// # Errors
/// As [`choose`], or the model does not fit the device.
pub async fn choose_for_drill(
    config: &Config,
    place: &Place,
    wish: Wish<'_>,
    tell: &mut dyn FnMut(Preparing),
) -> Result<Choices> {
    place.check(config.precision)?;
    Drill::spec(config).check(&place.limits())?;
    let record = |choices| Model::record(Drill::spec(config), choices, place.limits()).plan;
    choose(place, &record, wish, tell).await
}

fn preparing(summary: &AdapterSummary, share: f32) -> Preparing {
    Preparing {
        message: format!("measuring which kernels are the fastest on {} (once)", summary.name),
        message_pt: format!("medindo quais kernels são os mais rápidos em {} (só uma vez)", summary.name),
        share: Some(share),
    }
}

/// Where it cannot be written it is measured again.
fn keep(path: &Path, known: &Known) {
    let text = serde_json::to_string_pretty(known).expect("names and numbers are JSON");
    std::fs::create_dir_all(cache_dir()).and_then(|()| replace_file(path, text.as_bytes())).ok();
}

/// The choices of a file: `{"kernels": {"matmul.forward": "t64x64", ...}}`, as in a run's state.json and in the files kept here, or the
/// inner object alone. A kernel's name alone stands for all shapes that have no line of their own.
///
/// # Errors
/// It cannot be read, or names a kernel or variant that there is not.
pub fn pinned(path: &Path) -> Result<Choices> {
    let place = path.display();
    let text = std::fs::read_to_string(path).map_err(|e| Error::io("read the kernels' variants", path, &e))?;
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

fn kernel_of(key: &str) -> Option<&'static KernelSpec> {
    let label = key.split(' ').next()?;
    ops::ALL.iter().copied().find(|kernel| kernel.label == label)
}

/// Without the choices that need what an adapter does not offer, or that this version does not know.
pub fn offered(choices: Choices, features: Features) -> Choices {
    let offered = |(key, name): &(String, String)| {
        let variant = kernel_of(key).and_then(|kernel| kernel.variants.iter().find(|variant| variant.name == name));
        variant.is_some_and(|variant| features.offer(variant.needs))
    };
    Choices(choices.0.into_iter().filter(offered).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn what_an_adapter_lacks_is_left_out() {
        let all = [("matmul.forward", "broadcast32"), ("matmul.forward m1n1k1", "t64x64"), ("gone.forward", "t1")];
        let choices = Choices(all.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
        let left = offered(choices, Features::default());
        assert_eq!(left.0.into_keys().collect::<Vec<_>>(), ["matmul.forward m1n1k1"]);
    }

    #[test]
    fn gains_are_against_the_median_and_the_slowest() {
        let secs = [("a", [("x", 1.0), ("y", 2.0), ("z", 8.0)]), ("b", [("x", 3.0), ("y", 3.0), ("z", 3.0)])];
        let secs = secs.map(|(key, secs)| (key.to_owned(), secs.map(|(name, s)| (name.to_owned(), s)).into()));
        let known = Known { secs: secs.into(), ..Known::default() };
        let [median, slowest] = known.gains().unwrap();
        assert!((median - 2.0f64.sqrt()).abs() < 1e-12 && (slowest - 8.0f64.sqrt()).abs() < 1e-12);
        assert_eq!(Known::default().gains(), None);
    }
}
