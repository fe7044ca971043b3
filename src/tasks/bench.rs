//! How fast a training step is: the training plan itself on made-up rows, long enough to trust, then kernel by kernel.
//! preset, place -> [`measure`] -> [`StepSpeed`] and [`KernelSpeed`]s.

use super::drill::Drill;
use crate::Result;
use crate::config::Config;
use crate::plan::Stage;
use crate::train::engine::Place;
use crate::train::kernels::parts;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;
use web_time::Instant;

/// One optimizer step: what it took, and what it had to do.
#[derive(Debug, Clone, Serialize)]
pub struct StepSpeed {
    pub preset: String,
    /// `cpu`, or the adapter's name.
    pub device: String,
    pub engine: &'static str,
    /// Rows of a micro-batch, tokens a row, micro-batches a step.
    pub batch: u32,
    pub seq: u32,
    pub accumulate: u32,
    /// Trained values.
    pub params: u64,
    /// Tokens that are not padding.
    pub tokens_per_sec: f64,
    /// Mean over the measured steps.
    pub step_ms: f64,
    /// Of `step_ms`, the host's own work: masking, packing, writing.
    pub host_ms: f64,
    pub steps: u64,
    pub dispatches: u64,
    /// Moved at least, and multiplied or added, by the kernels of a step.
    pub bytes: u64,
    pub flops: u64,
    /// Device memory of the whole plan.
    pub peak_bytes: u64,
}

/// All dispatches of a kernel in one step.
#[derive(Debug, Clone, Serialize)]
pub struct KernelSpeed {
    pub kernel: &'static str,
    pub calls: u64,
    pub ms: f64,
    /// Of the sum over all kernels.
    pub share: f64,
    pub gflops_per_sec: f64,
    pub gbytes_per_sec: f64,
}

/// What was measured. Kernels are missing where a device does not tell time.
#[derive(Debug, Clone)]
pub struct Measured {
    pub step: StepSpeed,
    pub kernels: Option<Vec<KernelSpeed>>,
}

/// Steps before the clock starts: caches, pages, pipelines, the slices' own timing.
const WARM_UP_STEPS: u64 = 3;
const WARM_UP: Duration = Duration::from_secs(1);
const SEED: u64 = 1;

/// Trains for `seconds` after warming up, then times the kernels of a step.
///
/// # Errors
/// The model does not fit the device, or the device failed.
pub async fn measure(config: &Config, place: &Place, seconds: f64) -> Result<Measured> {
    let mut drill = Drill::new(config, place, SEED).await?;
    let started = Instant::now();
    let mut step = 0;
    while step < WARM_UP_STEPS || started.elapsed() < WARM_UP {
        drill.step(step).await?;
        drill.losses().await?;
        step += 1;
    }
    drill.host = Duration::ZERO;
    let (started, first) = (Instant::now(), step);
    while started.elapsed().as_secs_f64() < seconds {
        drill.step(step).await?;
        step += 1;
        // As a run does: the numbers of a few steps are under way while the next is submitted.
        if (step - first).is_multiple_of(4) {
            drill.losses().await?;
        }
    }
    drill.losses().await?;
    let (secs, steps) = (started.elapsed().as_secs_f64(), step - first);
    let kernels = kernels(&mut drill, step).await?;
    Ok(Measured { step: step_speed(config, place, &drill, secs, steps), kernels })
}

fn step_speed(config: &Config, place: &Place, drill: &Drill, secs: f64, steps: u64) -> StepSpeed {
    let plan = &drill.model.plan;
    let parts = parts(plan, config.accumulate);
    let sum =
        |of: &dyn Fn(usize) -> u64| parts.iter().map(|(range, times)| times * range.clone().map(of).sum::<u64>()).sum();
    let step_secs = secs / steps as f64;
    StepSpeed {
        preset: config.preset.clone(),
        device: place.gpu().map_or_else(|| "cpu".to_owned(), |gpu| gpu.summary.name.clone()),
        engine: "wgsl",
        batch: config.batch,
        seq: config.seq_len,
        accumulate: config.accumulate,
        params: drill.model.parameter_count(),
        tokens_per_sec: drill.tokens() as f64 / step_secs,
        step_ms: step_secs * 1e3,
        host_ms: drill.host.as_secs_f64() * 1e3 / steps as f64,
        steps,
        dispatches: sum(&|_| 1),
        bytes: sum(&|i| plan.dispatches[i].bytes()),
        flops: sum(&|i| plan.dispatches[i].flops),
        peak_bytes: plan.bytes(),
    }
}

/// Steps that are timed dispatch by dispatch; the fastest of each counts, because what disturbs only ever slows.
const PROFILED_STEPS: u64 = 5;

async fn kernels(drill: &mut Drill, first: u64) -> Result<Option<Vec<KernelSpeed>>> {
    let plan = drill.model.plan.clone();
    let range = plan.span(Stage::Mask, Stage::Update);
    let mut best = vec![f64::INFINITY; range.len()];
    for step in first..first + PROFILED_STEPS {
        let totals = drill.mask(step);
        let block = drill.block(step, totals);
        drill.write(0, &block);
        let Some(secs) = drill.engine.profile(range.clone()).await? else { return Ok(None) };
        for (best, secs) in best.iter_mut().zip(secs) {
            *best = best.min(secs);
        }
    }
    let accumulate = drill.tokens() / u64::from(drill.model.io.as_ref().map_or(1, |io| io.size.tokens()));
    let mut by_kernel: BTreeMap<&'static str, (u64, f64, u64, u64)> = BTreeMap::new();
    for (range, times) in parts(&plan, accumulate as u32) {
        for i in range.clone() {
            let (d, secs) = (&plan.dispatches[i], best[i - plan.stage(Stage::Mask).start]);
            let sum = by_kernel.entry(d.kernel.label).or_default();
            *sum = (sum.0 + times, sum.1 + times as f64 * secs, sum.2 + times * d.flops, sum.3 + times * d.bytes());
        }
    }
    let total: f64 = by_kernel.values().map(|(_, secs, _, _)| secs).sum();
    let speed = |(kernel, (calls, secs, flops, bytes)): (&'static str, (u64, f64, u64, u64))| KernelSpeed {
        kernel,
        calls,
        ms: secs * 1e3,
        share: secs / total,
        gflops_per_sec: flops as f64 / secs / 1e9,
        gbytes_per_sec: bytes as f64 / secs / 1e9,
    };
    let mut kernels: Vec<KernelSpeed> = by_kernel.into_iter().map(speed).collect();
    kernels.sort_by(|a, b| b.ms.total_cmp(&a.ms));
    Ok(Some(kernels))
}
