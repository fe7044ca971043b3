//! Describes a training step kernel by kernel: the list that a view shows, the best that the device can reach, and the text of each
//! kernel beside its twin's.
//! plan -> [`dispatches`]; backend -> [`roofs`]; label -> [`source`].

use super::engine::Backend;
use super::event::{Bound, DispatchCost, Roofs};
use crate::Result;
use crate::error::Kind;
use crate::ops::matmul::{self, Linear};
use crate::ops::{self, gather};
use crate::plan::kernel::Variant;
use crate::plan::{Elem, KernelChoices, Limits, Plan, Recorder, Tensor};
use std::ops::Range;
use std::sync::Arc;

/// The ranges of an optimizer step and how often each runs in it.
pub fn parts(plan: &Plan, accumulate: u32) -> [(Range<usize>, u64); 3] {
    let (each, step) = (plan.micro(false, false), plan.step());
    [(step.start..each.start, 1), (each.clone(), accumulate.into()), (each.end..step.end, 1)]
}

/// Every dispatch of an optimizer step, without times.
pub fn dispatches(plan: &Plan, accumulate: u32) -> Vec<DispatchCost> {
    let of_part = |(range, times): (Range<usize>, u64)| {
        range.map(move |i| {
            let d = &plan.dispatches[i];
            let bound = |(slot, tensor): (&crate::plan::Slot, &Tensor)| Bound {
                slot: slot.name.to_owned(),
                label: tensor.label.to_string(),
                shape: tensor.shape().to_vec(),
                reads: slot.access.reads(),
                writes: slot.access.writes(),
            };
            DispatchCost {
                index: i as u32,
                stage: plan.stage_of(i).expect("the ranges are those of stages"),
                kernel: d.kernel.label.to_owned(),
                variant: d.variant().name.to_owned(),
                tensors: d.kernel.slots.iter().zip(&d.tensors).map(bound).collect(),
                workgroups: d.groups,
                times: times as u32,
                bytes: d.bytes(),
                flops: d.flops,
                secs: None,
            }
        })
    };
    parts(plan, accumulate).into_iter().flat_map(of_part).collect()
}

/// The smallest number of measurements of each roof. The fastest time counts, because disturbances only make a run slower.
const TRIALS: usize = 3;
/// A quick measurement is repeated for this many seconds, but at most [`TRIALS_MAX`] times, because a processor is still waking up
/// during three products of a few milliseconds.
const TRIED_SECS: f64 = 0.1;
const TRIALS_MAX: usize = 100;
/// The rows and channels of the copied tensor: 64 MiB, more than most caches hold.
const COPY: [u32; 2] = [64 << 10, 256];
/// The sides of the square matrices that are multiplied. If a product takes less than [`LONG_ENOUGH_SECS`], the next larger one is
/// measured.
const PRODUCT_SIDES: [u32; 3] = [512, 1024, 2048];
const LONG_ENOUGH_SECS: f64 = 2e-3;

/// Measures the best that an executor reaches, with kernels that every plan has: a copy, row by row, and a product of square
/// matrices by its fastest variant. None if its clock cannot be trusted.
///
/// # Errors
/// The device failed, or has no memory left for the measurement.
pub async fn roofs(backend: &Backend) -> Result<Roofs> {
    let copy = |r: &mut Recorder| {
        let h = r.state("h", Elem::F32, &COPY);
        let position = r.state("position", Elem::U32, &COPY[..1]);
        gather::forward(r, "copied", &h, &position);
        vec![(position, (0..COPY[0]).collect()), pattern(h)]
    };
    let copied_bytes = f64::from(COPY[0]) * f64::from(COPY[1]) * 8.0;
    let copy_secs = fastest(backend, KernelChoices::default(), copy).await?;
    let mut product_gflops_per_sec: Option<f64> = None;
    for side in PRODUCT_SIDES {
        let product = |r: &mut Recorder| {
            let [x, w] = ["x", "w"].map(|name| r.state(name, Elem::F32, &[side, side]));
            let b = r.state("b", Elem::F32, &[side]);
            matmul::forward(r, "y", &x, &Linear { w: w.clone(), b });
            vec![pattern(x), pattern(w)]
        };
        let mut side_secs = f64::INFINITY;
        for variant in matmul::FORWARD.variants.iter().filter(|variant| runs_on(backend, variant)) {
            let choices = KernelChoices([(matmul::FORWARD.label.to_owned(), variant.name.to_owned())].into());
            match fastest(backend, choices, product).await {
                Ok(secs) => side_secs = side_secs.min(secs.unwrap_or(f64::INFINITY)),
                Err(error) if error.kind == Kind::DeviceLost => return Err(error),
                // A variant that this driver rejects cannot be the fastest.
                Err(_) => {}
            }
        }
        let gflops = 2.0 * f64::from(side).powi(3) / side_secs / 1e9;
        if gflops > product_gflops_per_sec.unwrap_or(0.0) {
            product_gflops_per_sec = Some(gflops);
        }
        if side_secs > LONG_ENOUGH_SECS {
            break;
        }
    }
    Ok(Roofs { copy_gbytes_per_sec: copy_secs.map(|secs| copied_bytes / secs / 1e9), product_gflops_per_sec })
}

/// Whether the backend can run a variant. On the processor only the plain one counts, because the twin is the same for all.
fn runs_on(backend: &Backend, variant: &Variant) -> bool {
    backend.gpu().map_or(variant.name == matmul::FORWARD.variants[0].name, |gpu| gpu.features.offer(variant.needs))
}

/// A tensor, and numbers to fill it. Memory that nobody has written is one page of zeros everywhere. A processor reads that page
/// faster than other memory, and multiplies zeros at half the speed of other numbers.
fn pattern(tensor: Tensor) -> (Tensor, Vec<u32>) {
    let words = (0..tensor.len()).map(|i| (0.25 + (i % 7) as f32 / 8.0).to_bits()).collect();
    (tensor, words)
}

/// Fills the tensors that `record` names and returns the fastest time of everything that it records, in seconds.
async fn fastest(
    backend: &Backend,
    choices: KernelChoices,
    record: impl Fn(&mut Recorder) -> Vec<(Tensor, Vec<u32>)>,
) -> Result<Option<f64>> {
    let mut r = Recorder::new(choices, Limits::default());
    let filled = record(&mut r);
    let plan = Arc::new(r.finish());
    let mut engine = backend.engine(&plan).await?;
    for (tensor, words) in &filled {
        engine.write(&plan.resolve(tensor), words);
    }
    let whole = 0..plan.dispatches.len();
    // The first run fills pages and caches.
    engine.run_all(whole.clone()).await?;
    let mut best: Option<f64> = None;
    let (mut spent, mut trials) = (0.0, 0);
    while trials < TRIALS || (spent < TRIED_SECS && trials < TRIALS_MAX) {
        // If the clock cannot be trusted, only its earlier times count.
        let Some(secs) = engine.profile(whole.clone()).await? else { break };
        let secs = secs.iter().sum::<f64>();
        (spent, trials) = (spent + secs, trials + 1);
        if secs > 0.0 {
            best = Some(best.map_or(secs, |best| best.min(secs)));
        }
    }
    Ok(best)
}

/// The two texts of a kernel, which compute the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// Its libraries and its file, joined: what the device compiles.
    pub wgsl: &'static str,
    /// The twin's file: what the cpu executor runs.
    pub twin: &'static str,
    /// The entry point's name in both.
    pub entry: &'static str,
}

impl Source {
    /// The line (from 0) of the entry point in `wgsl`, and in `twin`.
    pub fn entry_lines(&self) -> [Option<usize>; 2] {
        let line = |text: &str, start: &str| text.lines().position(|line| line.trim_start().starts_with(start));
        [line(self.wgsl, &format!("fn {}(", self.entry)), line(self.twin, &format!("pub fn {}(", self.entry))]
    }
}

/// The texts of the kernel with this label (`matmul.forward`); none if no kernel has the label.
pub fn source(label: &str) -> Option<Source> {
    let kernel = ops::ALL.iter().find(|kernel| kernel.label == label)?;
    let twin = match label.split('.').next()? {
        "attention" => include_str!("../cpu/attention.rs"),
        "cast" => include_str!("../cpu/cast.rs"),
        "corrupt" => include_str!("../cpu/corrupt.rs"),
        "embed" => include_str!("../cpu/embed.rs"),
        "fill" => include_str!("../cpu/fill.rs"),
        "gather" => include_str!("../cpu/gather.rs"),
        "gelu" => include_str!("../cpu/gelu.rs"),
        "layernorm" => include_str!("../cpu/layernorm.rs"),
        "matmul" => include_str!("../cpu/matmul.rs"),
        "optimizer" => include_str!("../cpu/optimizer.rs"),
        "reduce" => include_str!("../cpu/reduce.rs"),
        "rtd" => include_str!("../cpu/rtd.rs"),
        "vocab" => include_str!("../cpu/vocab.rs"),
        _ => return None,
    };
    Some(Source { wgsl: kernel.source, twin, entry: kernel.entry })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_has_both_texts_and_its_entry_in_each() {
        for kernel in ops::ALL {
            let source = source(kernel.label).expect(kernel.label);
            let lines = source.entry_lines();
            assert!(lines.iter().all(Option::is_some), "{}: {lines:?}", kernel.label);
        }
        assert_eq!(source("matmul.sideways"), None);
    }
}
