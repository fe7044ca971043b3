//! Measures how fast a training step is. It runs the training plan on made-up rows until the times can be trusted, then kernel by
//! kernel, and gives each time beside the time that the device would need at its best.
//! backend -> [`limits`]; preset, backend, limits -> [`measure`] -> [`StepSpeed`] and [`KernelSpeed`]s.

use super::drill::Drill;
use crate::Result;
use crate::config::Config;
use crate::ops::fill;
use crate::plan::{Elem, KernelChoices, Recorder, Stage};
use crate::train::engine::{Backend, Kind};
use crate::train::kernels::{parts, roofs};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use web_time::Instant;

/// A device's best: copying memory, a large matrix product, and a dispatch that does hardly anything.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct DeviceLimits {
    pub copy_gbytes_per_sec: Option<f64>,
    pub product_gflops_per_sec: Option<f64>,
    pub dispatch_us: f64,
}

impl DeviceLimits {
    /// The seconds that these bytes and FLOPs take, if the slower of the two decides.
    fn secs(&self, bytes: u64, flops: u64) -> Option<f64> {
        let (copy, product) = (self.copy_gbytes_per_sec?, self.product_gflops_per_sec?);
        Some((bytes as f64 / copy).max(flops as f64 / product) / 1e9)
    }
}

/// How many dispatches are timed in a row for [`DeviceLimits::dispatch_us`].
const SMALL_DISPATCHES: usize = 512;

/// Measures [`DeviceLimits`] with kernels that every plan has.
///
/// # Errors
/// The device failed.
pub async fn limits(backend: &Backend) -> Result<DeviceLimits> {
    let roofs = roofs(backend).await?;
    let mut r = Recorder::new(KernelChoices::default(), backend.limits());
    let small = r.state("small", Elem::F32, &[64]);
    (0..SMALL_DISPATCHES).for_each(|_| fill::zero(&mut r, &small));
    let plan = Arc::new(r.finish());
    let mut engine = backend.engine(&plan).await?;
    let mut best = f64::INFINITY;
    for _ in 0..4 {
        let started = Instant::now();
        engine.run_all(0..SMALL_DISPATCHES).await?;
        // On a device, this waits for the last of them.
        engine.read(&plan.resolve(&small)).await?;
        best = best.min(started.elapsed().as_secs_f64());
    }
    Ok(DeviceLimits {
        copy_gbytes_per_sec: roofs.copy_gbytes_per_sec,
        product_gflops_per_sec: roofs.product_gflops_per_sec,
        dispatch_us: best / SMALL_DISPATCHES as f64 * 1e6,
    })
}

/// One optimizer step: the time it took, and the work it had to do.
#[derive(Debug, Clone, Default, Serialize)]
pub struct StepSpeed {
    pub preset: String,
    /// `cpu`, or the adapter's name.
    pub device: String,
    pub engine: &'static str,
    /// Rows of a micro-batch, tokens of a row, micro-batches of a step.
    pub batch: u32,
    pub seq: u32,
    pub accumulate: u32,
    /// The number of parameters.
    pub params: u64,
    /// Tokens that are not padding.
    pub tokens_per_sec: f64,
    /// Mean over the measured steps.
    pub step_ms: f64,
    /// The fastest and the slowest [`GROUP`] steps in a row.
    pub step_ms_fastest: f64,
    pub step_ms_slowest: f64,
    /// The time by the cost model: for each dispatch the time of its bytes or its FLOPs at the device's limit, plus the cost of a
    /// dispatch.
    pub predicted_ms: Option<f64>,
    /// `predicted_ms` over `step_ms`: the share of the limit that is reached.
    pub limit_share: Option<f64>,
    /// The part of `step_ms` that is the host's own work: masking, packing, writing, encoding.
    pub host_ms: f64,
    /// The host's times to encode a step and to submit it: medians of [`REHEARSALS`] rehearsals without work for the device. None
    /// if no kernels of ours are launched on a device.
    pub encode_ms: Option<f64>,
    pub submit_ms: Option<f64>,
    pub steps: u64,
    /// An engine that runs no plan of ours has no number here, and none for bytes, memory and prediction.
    pub dispatches: Option<u64>,
    /// The bytes that the kernels of a step must move, and the FLOPs that they compute.
    pub bytes: Option<u64>,
    pub flops: u64,
    /// Device memory of the whole plan.
    pub peak_bytes: Option<u64>,
}

/// All dispatches of a kernel in one step.
#[derive(Debug, Clone, Serialize)]
pub struct KernelSpeed {
    pub kernel: &'static str,
    pub calls: u64,
    pub ms: f64,
    /// The share of the sum over all kernels.
    pub share: f64,
    pub gflops_per_sec: f64,
    pub gbytes_per_sec: f64,
    /// The shares of the device's limits. They are above 1 if the data lies in a cache.
    pub product_share: Option<f64>,
    pub copy_share: Option<f64>,
    /// The time by the cost model, and its share of `ms`.
    pub predicted_ms: Option<f64>,
    pub limit_share: Option<f64>,
}

/// The measurements. Kernels are missing if the device has no clock.
#[derive(Debug, Clone)]
pub struct Measured {
    pub step: StepSpeed,
    pub kernels: Option<Vec<KernelSpeed>>,
}

/// Steps before the clock starts. They warm up caches, pages, pipelines and the timing of slices.
const WARM_UP_STEPS: u64 = 3;
const WARM_UP: Duration = Duration::from_secs(1);
pub(super) const SEED: u64 = 1;
/// Steps that are timed together. As in a run, their numbers are on their way together.
pub const GROUP: u64 = 4;

/// Trains for `seconds` after warming up, then times the kernels of a step.
///
/// # Errors
/// The model does not fit the device, or the device failed.
pub async fn measure(
    config: &Config,
    backend: &Backend,
    kernels: KernelChoices,
    limits: &DeviceLimits,
    seconds: f64,
) -> Result<Measured> {
    let mut drill = Drill::new(config, backend, kernels, SEED).await?;
    let mut step = warm_up(&mut drill).await?;
    let times = timed(&mut drill, &mut step, seconds).await?;
    let kernels = kernel_speeds(&mut drill, limits, step).await?;
    Ok(Measured { step: step_speed(config, backend, &drill, limits, times), kernels })
}

/// Runs the steps that are not timed. Returns their number.
pub(super) async fn warm_up(drill: &mut Drill) -> Result<u64> {
    let started = Instant::now();
    let mut step = 0;
    while step < WARM_UP_STEPS || started.elapsed() < WARM_UP {
        drill.step(step).await?;
        drill.losses().await?;
        step += 1;
    }
    Ok(step)
}

/// The times of the steps that ran.
#[derive(Clone, Default)]
pub(super) struct Times {
    /// Numbers of steps in a row, with the seconds that they took together.
    groups: Vec<(u64, f64)>,
    /// The host's own work in all steps.
    host: Duration,
    encode_ms: Option<f64>,
    submit_ms: Option<f64>,
}

/// How many steps are launched without any work, to time the host alone.
const REHEARSALS: usize = 31;

impl Times {
    async fn launch(&mut self, drill: &mut Drill) -> Result<()> {
        let (mut encode, mut submit) = (Vec::new(), Vec::new());
        for _ in 0..REHEARSALS {
            let (mut encode_secs, mut submit_secs) = (0.0, 0.0);
            for (range, times) in parts(&drill.model.plan, drill.accumulate()) {
                let Some(cost) = drill.engine.rehearse(range).await? else { return Ok(()) };
                encode_secs += times as f64 * cost.encoding.as_secs_f64();
                submit_secs += times as f64 * cost.submitting.as_secs_f64();
            }
            encode.push(encode_secs * 1e3);
            submit.push(submit_secs * 1e3);
        }
        (self.encode_ms, self.submit_ms) = (Some(median(encode)), Some(median(submit)));
        Ok(())
    }

    /// Appends the times of `more`.
    pub(super) fn append(mut self, more: &Self) -> Self {
        self.groups.extend(&more.groups);
        self.host += more.host;
        (self.encode_ms, self.submit_ms) = (more.encode_ms, more.submit_ms);
        self
    }

    #[cfg(test)]
    pub(super) fn of_groups(groups: &[(u64, f64)]) -> Self {
        Self { groups: groups.to_vec(), ..Self::default() }
    }

    fn steps(&self) -> u64 {
        self.groups.iter().map(|(steps, _)| steps).sum()
    }

    pub(super) fn step_secs(&self) -> f64 {
        self.groups.iter().map(|(_, secs)| secs).sum::<f64>() / self.steps() as f64
    }
}

/// Runs steps from number `step` on, in groups, for `seconds` but at least one step.
pub(super) async fn timed(drill: &mut Drill, step: &mut u64, seconds: f64) -> Result<Times> {
    let mut times = Times::default();
    drill.host = Duration::ZERO;
    let encoded_before = drill.engine.host();
    let started = Instant::now();
    while times.groups.is_empty() || started.elapsed().as_secs_f64() < seconds {
        let (group, first) = (Instant::now(), *step);
        // As in a run, the numbers of a few steps are on their way while the next step is submitted.
        while *step - first < GROUP && (*step == first || started.elapsed().as_secs_f64() < seconds) {
            drill.step(*step).await?;
            *step += 1;
        }
        drill.losses().await?;
        times.groups.push((*step - first, group.elapsed().as_secs_f64()));
    }
    times.host = drill.host + (drill.engine.host() - encoded_before);
    times.launch(drill).await?;
    Ok(times)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

pub(super) fn step_speed(
    config: &Config,
    backend: &Backend,
    drill: &Drill,
    limits: &DeviceLimits,
    times: Times,
) -> StepSpeed {
    let plan = &drill.model.plan;
    let parts = parts(plan, config.accumulate);
    let sum =
        |of: &dyn Fn(usize) -> u64| parts.iter().map(|(range, times)| times * range.clone().map(of).sum::<u64>()).sum();
    let (steps, step_secs) = (times.steps(), times.step_secs());
    let group_secs = || times.groups.iter().map(|(steps, secs)| secs / *steps as f64);
    let work = parts.iter().map(|(range, times)| {
        let secs = range.clone().map(|i| limits.secs(plan.dispatches[i].bytes(), plan.dispatches[i].flops));
        secs.sum::<Option<f64>>().map(|secs| *times as f64 * secs)
    });
    // Another engine runs the plan's stages with its own launches and memory, which it does not report.
    let planned = |value: u64| (backend.kind() == Kind::Wgsl).then_some(value);
    let dispatches = planned(sum(&|_| 1));
    let predicted_secs = work.sum::<Option<f64>>().zip(dispatches);
    let predicted_secs = predicted_secs.map(|(secs, dispatches)| secs + dispatches as f64 * limits.dispatch_us * 1e-6);
    StepSpeed {
        preset: config.preset.clone(),
        device: backend.gpu().map_or_else(|| "cpu".to_owned(), |gpu| gpu.summary.name.clone()),
        engine: backend.kind().name(),
        batch: config.batch,
        seq: config.seq_len,
        accumulate: config.accumulate,
        params: drill.model.parameter_count(),
        tokens_per_sec: drill.tokens() as f64 / step_secs,
        step_ms: step_secs * 1e3,
        step_ms_fastest: group_secs().fold(f64::INFINITY, f64::min) * 1e3,
        step_ms_slowest: group_secs().fold(0.0, f64::max) * 1e3,
        predicted_ms: predicted_secs.map(|secs| secs * 1e3),
        limit_share: predicted_secs.map(|secs| secs / step_secs),
        host_ms: times.host.as_secs_f64() * 1e3 / steps as f64,
        encode_ms: times.encode_ms,
        submit_ms: times.submit_ms,
        steps,
        dispatches,
        bytes: planned(sum(&|i| plan.dispatches[i].bytes())),
        flops: sum(&|i| plan.dispatches[i].flops),
        peak_bytes: planned(plan.bytes()),
    }
}

/// How many steps are timed dispatch by dispatch. The fastest time of each dispatch counts, because disturbances only ever slow it
/// down.
const PROFILED_STEPS: u64 = 5;

/// The sums over all dispatches of a kernel.
#[derive(Default)]
struct Sum {
    calls: u64,
    secs: f64,
    flops: u64,
    bytes: u64,
    predicted_secs: f64,
}

async fn kernel_speeds(drill: &mut Drill, limits: &DeviceLimits, first: u64) -> Result<Option<Vec<KernelSpeed>>> {
    let plan = drill.model.plan.clone();
    let range = plan.step();
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
    let mut by_kernel: BTreeMap<&'static str, Sum> = BTreeMap::new();
    for (range, times) in parts(&plan, accumulate as u32) {
        for i in range.clone() {
            let (d, secs) = (&plan.dispatches[i], best[i - plan.stage(Stage::MASK).start]);
            let sum = by_kernel.entry(d.kernel.label).or_default();
            sum.calls += times;
            sum.secs += times as f64 * secs;
            sum.flops += times * d.flops;
            sum.bytes += times * d.bytes();
            let work_secs = limits.secs(d.bytes(), d.flops).unwrap_or(f64::NAN);
            sum.predicted_secs += times as f64 * (work_secs + limits.dispatch_us * 1e-6);
        }
    }
    let total: f64 = by_kernel.values().map(|sum| sum.secs).sum();
    let speed = |(kernel, sum): (&'static str, Sum)| {
        let known = |value: f64| value.is_finite().then_some(value);
        let (gflops_per_sec, gbytes_per_sec) = (sum.flops as f64 / sum.secs / 1e9, sum.bytes as f64 / sum.secs / 1e9);
        KernelSpeed {
            kernel,
            calls: sum.calls,
            ms: sum.secs * 1e3,
            share: sum.secs / total,
            gflops_per_sec,
            gbytes_per_sec,
            product_share: limits.product_gflops_per_sec.map(|roof| gflops_per_sec / roof),
            copy_share: limits.copy_gbytes_per_sec.map(|roof| gbytes_per_sec / roof),
            predicted_ms: known(sum.predicted_secs * 1e3),
            limit_share: known(sum.predicted_secs / sum.secs),
        }
    };
    let mut kernels: Vec<KernelSpeed> = by_kernel.into_iter().map(speed).collect();
    kernels.sort_by(|a, b| b.ms.total_cmp(&a.ms));
    Ok(Some(kernels))
}
