//! Chooses which variants a plan's kernels use on a device. It takes the choices that were measured there before and measures the
//! others.
//! backend, plans, shelf -> [`choose`] -> [`KernelChoices`]. The shelf keeps one text for each adapter, driver and set of kernels.

use super::engine::{Backend, Kind};
use super::event::Preparing;
use super::shelf::Shelf;
use crate::gpu::{self, AdapterSummary, Features};
use crate::hub::hash_bytes;
use crate::message::Message;
use crate::plan::{KernelChoices, KernelSpec, Plan};
use crate::{Result, ops};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is kept for an adapter: the choices, and the seconds of every variant that was measured.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    pub adapter: String,
    pub kernels: KernelChoices,
    pub secs: BTreeMap<String, BTreeMap<String, f64>>,
}

impl Known {
    /// How much faster the chosen variants are than the median and the slowest variants, as geometric means over all measurements.
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

/// The names of an adapter and its driver. With another driver, sums may differ in their last bits.
pub fn adapter(summary: &AdapterSummary) -> String {
    format!("{} ({}, {})", summary.name, summary.backend, summary.driver)
}

/// The name under which an adapter's choices are kept. Another driver, other features or another set of kernels give another name.
pub fn name(summary: &AdapterSummary) -> String {
    let mut text = format!("{}{:?}", adapter(summary), summary.features);
    for kernel in ops::ALL {
        text += kernel.label;
        for (v, variant) in kernel.variants.iter().enumerate() {
            text += &format!("{variant:?}{}", kernel.source_of(v));
        }
    }
    format!("kernels-{}.json", &hash_bytes(text.as_bytes())[..24])
}

/// What is known of an adapter. A text that cannot be read counts as none, because everything can be measured again.
pub async fn known(shelf: &Shelf, summary: &AdapterSummary) -> Known {
    let text = shelf.read(&name(summary)).await.unwrap_or_default();
    let mut known: Known = serde_json::from_str(&text).unwrap_or_default();
    known.kernels = offered(known.kernels, summary.features);
    known
}

/// The choices for the plans that `record` makes on `backend`. Known choices are taken, others are measured now and kept. `retune`:
/// measure the known ones again too.
///
/// # Errors
/// The device failed.
pub async fn choose(
    backend: &Backend,
    record: &dyn Fn(KernelChoices) -> Arc<Plan>,
    shelf: &Shelf,
    retune: bool,
    tell: &mut dyn FnMut(Preparing),
) -> Result<KernelChoices> {
    // The processor and Burn use no variants, so nothing is chosen for them.
    let Some(gpu) = backend.gpu().filter(|_| backend.kind() == Kind::Wgsl) else { return Ok(KernelChoices::default()) };
    let mut known = known(shelf, &gpu.summary).await;
    let before = if retune { KernelChoices::default() } else { known.kernels.clone() };
    let mut announce = |share: f32| tell(preparing(&gpu.summary, share));
    let tuning = gpu::tune(gpu, record, &before, &mut announce).await?;
    if tuning.choices.0.is_empty() {
        return Ok(known.kernels);
    }
    known.adapter = adapter(&gpu.summary);
    for (key, name) in tuning.choices.0 {
        // The line that holds for all other shapes of a kernel keeps its first measurement.
        let fixed = !key.contains(' ') && !retune;
        if !(fixed && known.kernels.0.contains_key(&key)) {
            known.kernels.0.insert(key, name);
        }
    }
    for timed in tuning.timed {
        known.secs.insert(timed.key, timed.secs.into_iter().map(|(name, secs)| (name.to_owned(), secs)).collect());
    }
    let text = serde_json::to_string_pretty(&known).expect("names and numbers are JSON");
    shelf.write(&name(&gpu.summary), &text).await;
    Ok(known.kernels)
}

fn preparing(summary: &AdapterSummary, share: f32) -> Preparing {
    Preparing { message: Message::new("measuring-kernels").with("adapter", &summary.name), share: Some(share) }
}

/// The kernel of a line of [`KernelChoices`].
pub fn kernel_of(key: &str) -> Option<&'static KernelSpec> {
    let label = key.split(' ').next()?;
    ops::ALL.iter().copied().find(|kernel| kernel.label == label)
}

/// Removes the choices that need a feature which the adapter does not offer, and those that this version does not know.
pub fn offered(choices: KernelChoices, features: Features) -> KernelChoices {
    let offered = |(key, name): &(String, String)| {
        let variant = kernel_of(key).and_then(|kernel| kernel.variants.iter().find(|variant| variant.name == name));
        variant.is_some_and(|variant| features.offer(variant.needs))
    };
    KernelChoices(choices.0.into_iter().filter(offered).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_adapter_lacks_is_left_out() {
        let all = [("matmul.forward", "broadcast32"), ("matmul.forward m1n1k1", "t64x64"), ("gone.forward", "t1")];
        let choices = KernelChoices(all.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
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
