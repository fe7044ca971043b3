//! Runs a plan on a device. [`Executor::new`] makes everything. A step writes its inputs and runs the plan in slices.
//! write, set_step -> run (slice by slice) -> collect -> drain. The methods are those of `cpu::Executor`.

use super::device::{Gpu, SMALLER};
pub use super::kernels::Created;
use super::kernels::{Kernels, Maker, first};
use super::pace::Pace;
use super::readback::{OUTPUTS_MAX, Ring, Window};
use super::upload::Uploads;
use super::wait::Done;
use crate::error::Kind;
use crate::plan::{Dispatch, Plan, Role, Step, Tensor};
use crate::{Error, Result};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use web_time::Instant;

/// How many slices the device has at once: one runs and one waits, so the device never idles and the host is never far ahead.
const SLICES_MAX: usize = 2;
/// How many words the host may write between two runs, beyond the plan's inputs, before wgpu's slow way is taken: step block,
/// tables, flags.
const UPLOAD_WORDS_EXTRA: usize = 16 << 10;

pub struct Executor {
    gpu: Gpu,
    plan: Arc<Plan>,
    maker: Maker,
    kernels: Kernels,
    launches: Vec<Launch>,
    /// The plan's buffers; the step block comes last.
    buffers: Vec<wgpu::Buffer>,
    step_group: wgpu::BindGroup,
    uploads: Uploads,
    ring: Ring,
    window: Window,
    pace: Pace,
    slices: VecDeque<Slice>,
    /// When the device was last seen to finish a slice.
    finished_at: Option<Instant>,
    /// Time spent encoding slices.
    host: Duration,
}

/// The host's time to launch dispatches, without the work in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LaunchCost {
    pub encoding: Duration,
    pub submitting: Duration,
}

/// A dispatch that is ready to be replayed.
#[derive(Clone)]
struct Launch {
    /// Number in [`Kernels`].
    kernel: usize,
    group: wgpu::BindGroup,
    workgroups: [u32; 2],
}

/// Submitted work that has not been waited for.
struct Slice {
    range: Range<usize>,
    submitted_at: Instant,
    done: Done,
}

impl Executor {
    /// Makes every buffer (zeroed), pipeline and bind group of the plan.
    ///
    /// # Errors
    /// The plan exceeds the device's limits or memory (with both numbers), or the platform rejects a shader (with its label).
    pub async fn new(gpu: &Gpu, plan: Arc<Plan>) -> Result<Self> {
        Self::with_kernels(gpu, plan, Kernels::new(gpu)).await
    }

    /// As [`Executor::new`], but it starts with pipelines that exist already.
    pub(super) async fn with_kernels(gpu: &Gpu, plan: Arc<Plan>, mut kernels: Kernels) -> Result<Self> {
        gpu.check()?;
        check_limits(gpu, &plan)?;
        let mut maker = Maker { device: gpu.device.clone(), created: Created::default() };
        kernels.prepare(gpu, &mut maker, plan.dispatches.iter().map(|d| (d.kernel, d.variant))).await?;
        let numbers: Vec<usize> = plan.dispatches.iter().map(|d| kernels.number(d.kernel, d.variant)).collect();
        let memory = gpu.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let validation = gpu.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let mut buffers = storage_buffers(&mut maker, &plan);
        let (launches, step, step_group) = bind(gpu, &mut maker, &kernels, &plan, &numbers, &buffers);
        buffers.push(step);
        let inputs: usize = plan.buffers.iter().filter(|b| b.role == Role::Input).map(|b| b.len as usize).sum();
        let uploads = Uploads::new(&mut maker, inputs + UPLOAD_WORDS_EXTRA);
        let (ring, window) = (Ring::new(&mut maker, &plan), Window::new(&mut maker, &plan));
        let (validation, memory) = (validation.pop(), memory.pop());
        if memory.await.is_some() {
            return Err(Error::failed("plan-exceeds-memory")
                .with("needs", mebibytes(plan.bytes()))
                .kind(Kind::OutOfMemory)
                .at(&gpu.summary)
                .hint(SMALLER));
        }
        if let Some(error) = first([validation.await]) {
            return Err(Error::failed("plan-rejected").with("detail", error.to_string()).at(&gpu.summary));
        }
        gpu.check()?;
        Ok(Self {
            pace: Pace::new(&plan.dispatches),
            gpu: gpu.clone(),
            plan,
            maker,
            kernels,
            launches,
            buffers,
            step_group,
            uploads,
            ring,
            window,
            slices: VecDeque::with_capacity(SLICES_MAX),
            finished_at: None,
            host: Duration::ZERO,
        })
    }

    /// Its pipelines, for the next executor on this device.
    pub(super) fn into_kernels(self) -> Kernels {
        self.kernels
    }

    /// Device objects made so far.
    pub fn created(&self) -> Created {
        self.maker.created
    }

    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The time that the host has spent encoding in [`Executor::run`]. Submitting does not count, because some adapters do the work
    /// in it.
    pub fn host(&self) -> Duration {
        self.host
    }

    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// The step block of the runs that follow.
    pub fn set_step(&mut self, step: &Step) {
        let target = self.buffers.len() - 1;
        self.uploads.push(&self.gpu, &self.buffers, target, 0, bytemuck::cast_slice(std::slice::from_ref(step)));
    }

    /// Overwrites a tensor (resolved by the plan) from its start, before the next run. The next run reports a failure.
    ///
    /// # Panics
    /// Where `data` is longer than the tensor.
    pub fn write(&mut self, tensor: &Tensor, data: &[u32]) {
        assert!(data.len() <= tensor.words() as usize, "{tensor:?}: {} words written", data.len());
        let offset_bytes = u64::from(tensor.offset) * 4;
        self.uploads.push(&self.gpu, &self.buffers, tensor.buffer.0 as usize, offset_bytes, data);
    }

    /// Submits one slice: as many dispatches from `range.start` as should fit into `budget`, at least one. Returns the number of
    /// the next dispatch. At most two slices are under way, so it resolves about when the previous slice is done.
    ///
    /// # Errors
    /// The device is lost, or something failed since the last call.
    pub async fn run(&mut self, range: Range<usize>, budget: Duration) -> Result<usize> {
        self.gpu.check()?;
        if range.is_empty() {
            return Ok(range.end);
        }
        let slice = range.start..self.pace.reach(range, budget);
        let mut encoder = self.encoder().await?;
        let encoding_at = Instant::now();
        self.encode(&mut encoder, &self.launches[slice.clone()], None);
        let commands = encoder.finish();
        self.host += encoding_at.elapsed();
        self.settle(SLICES_MAX - 1).await?;
        let submission = self.submit(commands);
        let done = self.gpu.after(submission);
        self.slices.push_back(Slice { range: slice.clone(), submitted_at: Instant::now(), done });
        self.gpu.check()?;
        Ok(slice.end)
    }

    /// Keeps a copy of every output buffer after everything that was run so far, under `tag` until [`Executor::drain`].
    pub fn collect(&mut self, tag: u64) {
        self.ring.want(tag);
    }

    /// Hands over what was collected, oldest first: tag and the output buffers in the plan's order. With `wait` it hands over
    /// everything, otherwise what has arrived.
    ///
    /// # Errors
    /// The device is lost, or something failed since the last call.
    pub async fn drain(&mut self, wait: bool, each: impl FnMut(u64, Instant, &[&[u32]])) -> Result<()> {
        if self.ring.wants() {
            let encoder = self.encoder().await?;
            self.submit(encoder.finish());
        }
        self.ring.drain(&self.gpu, wait, each).await?;
        self.gpu.check()
    }

    /// Reads a tensor (resolved by the plan) after everything that was written and run so far. Tests, checkpoints and `verify` use
    /// it.
    ///
    /// # Errors
    /// The device is lost, or something failed since the last call.
    pub async fn read(&mut self, tensor: &Tensor) -> Result<Vec<u32>> {
        let mut words = vec![0; tensor.words() as usize];
        self.read_into(tensor, &mut words).await?;
        Ok(words)
    }

    /// As [`Executor::read`], into memory that the caller has.
    ///
    /// # Panics
    /// Where `into` is not exactly as long as the tensor.
    pub async fn read_into(&mut self, tensor: &Tensor, into: &mut [u32]) -> Result<()> {
        assert_eq!(into.len(), tensor.words() as usize, "{tensor:?}: length of what it is read into");
        let mut offset_bytes = u64::from(tensor.offset) * 4;
        for piece in into.chunks_mut(self.window.words_max) {
            let mut encoder = self.encoder().await?;
            self.window.encode(&self.buffers[tensor.buffer.0 as usize], offset_bytes, piece.len(), &mut encoder);
            let submission = self.submit(encoder.finish());
            self.window.land(&self.gpu, &submission, piece).await?;
            offset_bytes += piece.len() as u64 * 4;
        }
        self.gpu.check()
    }

    /// Runs `range` with a pass for each dispatch and returns the seconds that each took on the device. None if the device has no
    /// timestamps, or only pretends to (some report nothing but zeros). It is slower than [`Executor::run`]; `bench` uses it.
    ///
    /// # Errors
    /// The device is lost, or something failed since the last call.
    pub async fn profile(&mut self, range: Range<usize>) -> Result<Option<Vec<f64>>> {
        if !self.gpu.features.timestamps {
            return Ok(None);
        }
        self.settle(0).await?;
        let mut secs = Vec::with_capacity(range.len());
        let mut queries = Queries::new(&mut self.maker);
        for first in range.clone().step_by(Queries::PASSES) {
            let part = first..(first + Queries::PASSES).min(range.end);
            let mut encoder = self.encoder().await?;
            for (i, dispatch) in part.clone().enumerate() {
                let launch = &self.launches[dispatch..dispatch + 1];
                self.encode(&mut encoder, launch, Some(queries.writes(i as u32)));
            }
            queries.resolve(&mut encoder, part.len());
            let submission = self.submit(encoder.finish());
            queries.land(&self.gpu, &submission, part.len(), &mut secs).await?;
        }
        self.gpu.check()?;
        let believable = secs.iter().all(|s| (0.0..3600.0).contains(s)) && secs.iter().any(|s| *s > 0.0);
        Ok(believable.then_some(secs))
    }

    /// Encodes and submits `range` with no workgroups in any of its dispatches, so that the device has nothing to do.
    ///
    /// # Errors
    /// The device is lost, or something failed since the last call.
    pub async fn rehearse(&mut self, range: Range<usize>) -> Result<LaunchCost> {
        self.settle(0).await?;
        let idle = |launch: &Launch| Launch { workgroups: [0; 2], ..launch.clone() };
        let launches: Vec<Launch> = self.launches[range].iter().map(idle).collect();
        let mut encoder = self.encoder().await?;
        let started_at = Instant::now();
        self.encode(&mut encoder, &launches, None);
        let commands = encoder.finish();
        let encoding = started_at.elapsed();
        let submission = self.submit(commands);
        let submitting = started_at.elapsed() - encoding;
        self.gpu.after(submission).await.map_err(|_| self.gpu.unanswered())?;
        self.gpu.check()?;
        Ok(LaunchCost { encoding, submitting })
    }

    /// Runs the first `groups` workgroups of one dispatch `times` times and returns the seconds that one run took, the host's share
    /// included. It is for tuning: nobody can use the numbers that it computes.
    ///
    /// # Errors
    /// The device is lost, or something failed since the last call.
    pub async fn time(&mut self, dispatch: usize, groups: u32, times: u32) -> Result<f64> {
        self.settle(0).await?;
        let mut encoder = self.encoder().await?;
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        let launch = &self.launches[dispatch];
        pass.set_bind_group(1, &self.step_group, &[]);
        pass.set_pipeline(&self.kernels.all[launch.kernel].pipeline);
        pass.set_bind_group(0, &launch.group, &[]);
        let [x, y] = fold(groups, self.gpu.limits.max_compute_workgroups_per_dimension);
        for _ in 0..times {
            pass.dispatch_workgroups(x, y, 1);
        }
        drop(pass);
        let started_at = Instant::now();
        let submission = self.submit(encoder.finish());
        let done_at = self.gpu.after(submission).await.map_err(|_| self.gpu.unanswered())?;
        self.gpu.check()?;
        Ok(done_at.saturating_duration_since(started_at).as_secs_f64() / f64::from(times))
    }

    /// Makes an encoder that begins with the pending copies: first outputs, before anything overwrites them, then inputs.
    async fn encoder(&mut self) -> Result<wgpu::CommandEncoder> {
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        self.ring.encode(&self.gpu, &self.buffers, &mut encoder).await?;
        self.uploads.encode(&self.gpu, &self.buffers, &mut encoder).await?;
        Ok(encoder)
    }

    fn encode(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        launches: &[Launch],
        timestamp_writes: Option<wgpu::ComputePassTimestampWrites>,
    ) {
        let mut pass =
            encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("slice"), timestamp_writes });
        pass.set_bind_group(1, &self.step_group, &[]);
        let mut kernel = usize::MAX;
        for launch in launches {
            if launch.kernel != kernel {
                kernel = launch.kernel;
                pass.set_pipeline(&self.kernels.all[kernel].pipeline);
            }
            pass.set_bind_group(0, &launch.group, &[]);
            let [x, y] = launch.workgroups;
            pass.dispatch_workgroups(x, y, 1);
        }
    }

    fn submit(&mut self, commands: wgpu::CommandBuffer) -> wgpu::SubmissionIndex {
        let submission = self.gpu.queue.submit([commands]);
        self.ring.submitted(&self.gpu, &submission);
        self.uploads.submitted(&self.gpu, &submission);
        submission
    }

    /// Waits until at most `left` slices are under way, and learns how long the others took.
    async fn settle(&mut self, left: usize) -> Result<()> {
        while self.slices.len() > left {
            let Some(slice) = self.slices.pop_front() else { break };
            let done_at = slice.done.await.map_err(|_| self.gpu.unanswered())?;
            // It started when it was submitted, or when the one before it ended.
            let started_at = self.finished_at.map_or(slice.submitted_at, |t| t.max(slice.submitted_at));
            self.pace.measured(slice.range, done_at.saturating_duration_since(started_at).as_secs_f64());
            self.finished_at = Some(done_at);
        }
        Ok(())
    }
}

/// Two timestamps a pass.
struct Queries {
    set: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    landing: wgpu::Buffer,
}

impl Queries {
    /// Half of WebGPU's 4,096 queries a set.
    const PASSES: usize = 2048;

    fn new(maker: &mut Maker) -> Self {
        let set = maker.device.create_query_set(&wgpu::QuerySetDescriptor {
            label: Some("timestamps"),
            ty: wgpu::QueryType::Timestamp,
            count: 2 * Self::PASSES as u32,
        });
        let bytes = 16 * Self::PASSES as u64;
        let resolved = wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC;
        let landing = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        Self {
            set,
            resolved: maker.buffer("timestamps", bytes, resolved, false),
            landing: maker.buffer("timestamps.host", bytes, landing, false),
        }
    }

    fn writes(&self, pass: u32) -> wgpu::ComputePassTimestampWrites<'_> {
        wgpu::ComputePassTimestampWrites {
            query_set: &self.set,
            beginning_of_pass_write_index: Some(2 * pass),
            end_of_pass_write_index: Some(2 * pass + 1),
        }
    }

    fn resolve(&self, encoder: &mut wgpu::CommandEncoder, passes: usize) {
        encoder.resolve_query_set(&self.set, 0..2 * passes as u32, &self.resolved, 0);
        encoder.copy_buffer_to_buffer(&self.resolved, 0, &self.landing, 0, 16 * passes as u64);
    }

    async fn land(
        &mut self,
        gpu: &Gpu,
        submission: &wgpu::SubmissionIndex,
        passes: usize,
        secs: &mut Vec<f64>,
    ) -> Result<()> {
        let ticks = super::readback::land_u64(gpu, &self.landing, submission, 2 * passes).await?;
        let tick_secs = f64::from(gpu.queue.get_timestamp_period()) * 1e-9;
        // The difference is signed, so that a clock that runs backwards does not look like a very long time.
        secs.extend(ticks.chunks_exact(2).map(|t| t[1].wrapping_sub(t[0]) as i64 as f64 * tick_secs));
        Ok(())
    }
}

fn check_limits(gpu: &Gpu, plan: &Plan) -> Result<()> {
    let limits = gpu.plan_limits();
    let refuse = |error: Error| Err(error.at(&gpu.summary).hint(SMALLER));
    for buffer in &plan.buffers {
        let bytes = u64::from(buffer.len) * 4;
        if bytes > limits.buffer_bytes_max {
            let (needs, max) = (mebibytes(bytes), mebibytes(limits.buffer_bytes_max));
            return refuse(
                Error::failed("buffer-too-large")
                    .with("label", buffer.label.to_string())
                    .with("needs", needs)
                    .with("max", max),
            );
        }
    }
    for d in &plan.dispatches {
        let label = d.kernel.label;
        if let Some(tensor) = d.tensors.iter().find(|t| t.bytes() > limits.binding_bytes_max) {
            let (needs, max) = (mebibytes(tensor.bytes()), mebibytes(limits.binding_bytes_max));
            return refuse(
                Error::failed("binding-too-large")
                    .with("label", label.to_string())
                    .with("tensor", format!("{tensor:?}"))
                    .with("needs", needs)
                    .with("max", max),
            );
        }
        let (slots, max) = (d.tensors.len(), gpu.limits.max_storage_buffers_per_shader_stage);
        if slots > max as usize {
            return refuse(
                Error::failed("too-many-bindings")
                    .with("label", label.to_string())
                    .with("slots", slots)
                    .with("max", max),
            );
        }
    }
    let outputs = plan.buffers.iter().filter(|b| b.role == Role::Output).count();
    assert!(outputs <= OUTPUTS_MAX, "a plan with {outputs} output buffers, more than {OUTPUTS_MAX}");
    Ok(())
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

fn storage_buffers(maker: &mut Maker, plan: &Plan) -> Vec<wgpu::Buffer> {
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
    plan.buffers.iter().map(|b| maker.buffer(&b.label, u64::from(b.len) * 4, usage, false)).collect()
}

/// The uniform blocks of all dispatches in one buffer, the step block in another, and a bind group for each dispatch.
fn bind(
    gpu: &Gpu,
    maker: &mut Maker,
    kernels: &Kernels,
    plan: &Plan,
    numbers: &[usize],
    buffers: &[wgpu::Buffer],
) -> (Vec<Launch>, wgpu::Buffer, wgpu::BindGroup) {
    let dims = dims_buffer(gpu, maker, plan);
    let stride = dims_stride(gpu, plan);
    let launches = plan.dispatches.iter().zip(numbers).enumerate().map(|(i, (d, &kernel))| {
        let block = wgpu::BufferBinding {
            buffer: &dims,
            offset: (i * stride) as u64,
            size: wgpu::BufferSize::new(d.dims.len() as u64),
        };
        let mut entries = vec![wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::Buffer(block) }];
        entries.extend(slots(d, buffers));
        let group = maker.bind_group(d.kernel.label, &kernels.all[kernel].layout, &entries);
        Launch { kernel, group, workgroups: fold(d.groups, gpu.limits.max_compute_workgroups_per_dimension) }
    });
    let launches = launches.collect();
    let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
    let step = maker.buffer("step", size_of::<Step>() as u64, usage, false);
    let entry = wgpu::BindGroupEntry { binding: 0, resource: step.as_entire_binding() };
    let step_group = maker.bind_group("step", &kernels.step_layout, &[entry]);
    (launches, step, step_group)
}

fn slots<'a>(d: &'a Dispatch, buffers: &'a [wgpu::Buffer]) -> impl Iterator<Item = wgpu::BindGroupEntry<'a>> {
    d.kernel.slots.iter().zip(&d.tensors).map(|(slot, tensor)| wgpu::BindGroupEntry {
        binding: slot.binding,
        resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: &buffers[tensor.buffer.0 as usize],
            offset: u64::from(tensor.offset) * 4,
            size: wgpu::BufferSize::new(tensor.bytes()),
        }),
    })
}

fn dims_stride(gpu: &Gpu, plan: &Plan) -> usize {
    let longest = plan.dispatches.iter().map(|d| d.dims.len()).max().unwrap_or(0).max(4);
    longest.next_multiple_of(gpu.limits.min_uniform_buffer_offset_alignment as usize)
}

fn dims_buffer(gpu: &Gpu, maker: &mut Maker, plan: &Plan) -> wgpu::Buffer {
    let stride = dims_stride(gpu, plan);
    let mut blocks = vec![0; plan.dispatches.len().max(1) * stride];
    for (block, d) in blocks.chunks_exact_mut(stride).zip(&plan.dispatches) {
        block[..d.dims.len()].copy_from_slice(&d.dims);
    }
    let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
    let buffer = maker.buffer("dims", blocks.len() as u64, usage, false);
    gpu.queue.write_buffer(&buffer, 0, &blocks);
    buffer
}

/// Folds `groups` workgroups onto two axes, neither longer than `max`. The product may be a little larger than `groups`.
fn fold(groups: u32, max: u32) -> [u32; 2] {
    let y = groups.div_ceil(max);
    [groups.div_ceil(y.max(1)), y]
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn folding_covers_every_group_and_exceeds_no_axis() {
        for max in [1 << 8, 65_535] {
            for groups in [1, 2, max - 1, max, max + 1, 2 * max, 2 * max + 1, max * (max >> 1) + 7] {
                let [x, y] = fold(groups, max);
                assert!(x <= max && y <= max, "{groups}: {x} x {y}");
                assert!(u64::from(x) * u64::from(y) >= u64::from(groups), "{groups}: {x} x {y}");
                assert!(u64::from(x) * u64::from(y) - u64::from(groups) < u64::from(y), "{groups}: {x} x {y}");
            }
        }
        assert_eq!(fold(65_535, 65_535), [65_535, 1]);
        assert_eq!(fold(65_536, 65_535), [32_768, 2]);
    }
}
