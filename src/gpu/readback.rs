//! Brings the device's numbers to the host: a ring of rows holds the outputs of micro-batches, and one buffer serves single reads.

use super::device::Gpu;
use super::kernels::Maker;
use super::mapping::Mapping;
use crate::Result;
use crate::plan::{Plan, Role};
use arrayvec::ArrayVec;
use std::collections::VecDeque;
use std::ops::Range;
use web_time::Instant;

/// How many micro-batches may have numbers on their way at once.
const ROWS: usize = 8;
/// Output buffers of a plan.
pub const OUTPUTS_MAX: usize = 10;

/// A copy of every output buffer, side by side, with the tags under which it was collected (several if nothing ran in between).
struct Row {
    buffer: wgpu::Buffer,
    tags: Vec<u64>,
}

/// A row that reached the host.
struct Landed {
    /// When the device had finished the work that it is a copy of.
    executed: Instant,
    tags: Vec<u64>,
    words: Vec<u32>,
}

pub struct Ring {
    /// Buffers of the plan and their places in a row, in words.
    outputs: ArrayVec<(usize, Range<usize>), OUTPUTS_MAX>,
    wanted: Vec<u64>,
    free: Vec<Row>,
    recorded: Option<Row>,
    travelling: VecDeque<(Row, Mapping)>,
    /// Oldest first; grows only while nobody drains, because nothing is dropped.
    landed: VecDeque<Landed>,
    spare: Vec<Landed>,
}

impl Ring {
    pub fn new(maker: &mut Maker, plan: &Plan) -> Self {
        let mut outputs = ArrayVec::new();
        let mut words = 0;
        for (i, buffer) in plan.buffers.iter().enumerate().filter(|(_, b)| b.role == Role::Output) {
            let len = buffer.len as usize;
            outputs.push((i, words..words + len));
            words += len;
        }
        let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        let mut row =
            || Row { buffer: maker.buffer("outputs", words.max(1) as u64 * 4, usage, false), tags: Vec::new() };
        Self {
            free: (0..ROWS).map(|_| row()).collect(),
            outputs,
            wanted: Vec::new(),
            recorded: None,
            travelling: VecDeque::with_capacity(ROWS),
            landed: VecDeque::new(),
            spare: Vec::new(),
        }
    }

    /// Asks for a copy of the outputs as they are after everything run so far.
    pub fn want(&mut self, tag: u64) {
        self.wanted.push(tag);
    }

    pub fn wants(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Appends the copies that are wanted to `encoder`; call [`Ring::submitted`] after its submission.
    pub async fn encode(
        &mut self,
        gpu: &Gpu,
        buffers: &[wgpu::Buffer],
        encoder: &mut wgpu::CommandEncoder,
    ) -> Result<()> {
        if self.wanted.is_empty() {
            return Ok(());
        }
        if self.free.is_empty() {
            self.land(gpu).await?;
        }
        let mut row = self.free.pop().expect("a row was landed just now, and none is recorded between submissions");
        std::mem::swap(&mut row.tags, &mut self.wanted);
        for (buffer, words) in &self.outputs {
            let (at, bytes) = (words.start as u64 * 4, words.len() as u64 * 4);
            encoder.copy_buffer_to_buffer(&buffers[*buffer], 0, &row.buffer, at, bytes);
        }
        self.recorded = Some(row);
        Ok(())
    }

    pub fn submitted(&mut self, gpu: &Gpu, submission: &wgpu::SubmissionIndex) {
        if let Some(row) = self.recorded.take() {
            let mapping = Mapping::new(&row.buffer, wgpu::MapMode::Read, gpu, submission);
            self.travelling.push_back((row, mapping));
        }
    }

    /// Waits for the oldest row under way and moves it to host memory.
    async fn land(&mut self, gpu: &Gpu) -> Result<()> {
        let Some((mut row, mapping)) = self.travelling.pop_front() else { return Ok(()) };
        let executed = mapping.ready().await.ok_or_else(|| gpu.unanswered())?;
        let new = || Landed { executed, tags: Vec::new(), words: Vec::new() };
        let mut landed = self.spare.pop().unwrap_or_else(new);
        landed.executed = executed;
        copy_out(gpu, &row.buffer, self.outputs.last().map_or(0, |(_, words)| words.end), &mut landed.words)?;
        row.buffer.unmap();
        landed.tags.clear();
        landed.tags.append(&mut row.tags);
        self.landed.push_back(landed);
        self.free.push(row);
        Ok(())
    }

    /// Hands over what has arrived, oldest first; with `wait`, everything that was collected.
    pub async fn drain(&mut self, gpu: &Gpu, wait: bool, mut each: impl FnMut(u64, Instant, &[&[u32]])) -> Result<()> {
        while self.travelling.front_mut().is_some_and(|(_, mapping)| wait || mapping.arrived()) {
            self.land(gpu).await?;
        }
        while let Some(landed) = self.landed.pop_front() {
            {
                let outputs: ArrayVec<&[u32], OUTPUTS_MAX> =
                    self.outputs.iter().map(|(_, words)| &landed.words[words.clone()]).collect();
                for &tag in &landed.tags {
                    each(tag, landed.executed, &outputs);
                }
            }
            self.spare.push(landed);
        }
        Ok(())
    }
}

/// Replaces `into` by the first `len` words of a mapped buffer.
fn copy_out(gpu: &Gpu, mapped: &wgpu::Buffer, len: usize, into: &mut Vec<u32>) -> Result<()> {
    into.resize(len, 0);
    copy_into(gpu, mapped, into)
}

fn copy_into(gpu: &Gpu, mapped: &wgpu::Buffer, into: &mut [u32]) -> Result<()> {
    let view = mapped.slice(..).get_mapped_range().map_err(|_| gpu.unanswered())?;
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(into);
    bytes.copy_from_slice(&view[..bytes.len()]);
    Ok(())
}

/// The largest number of bytes that one read carries. Longer reads go in pieces.
const WINDOW_BYTES_MAX: u64 = 16 << 20;

/// The buffer through which tensors are read one at a time.
pub struct Window {
    buffer: wgpu::Buffer,
    pub words_max: usize,
}

impl Window {
    pub fn new(maker: &mut Maker, plan: &Plan) -> Self {
        let longest = plan.buffers.iter().map(|b| u64::from(b.len) * 4).max().unwrap_or(4);
        let bytes = longest.min(WINDOW_BYTES_MAX);
        let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        Self { buffer: maker.buffer("window", bytes, usage, false), words_max: (bytes / 4) as usize }
    }

    /// Appends the copy of `len` words to `encoder`.
    pub fn encode(&self, from: &wgpu::Buffer, offset_bytes: u64, len: usize, encoder: &mut wgpu::CommandEncoder) {
        encoder.copy_buffer_to_buffer(from, offset_bytes, &self.buffer, 0, len as u64 * 4);
    }

    /// Returns what the copy of `submission` brought.
    pub async fn land(&self, gpu: &Gpu, submission: &wgpu::SubmissionIndex, into: &mut [u32]) -> Result<()> {
        if Mapping::new(&self.buffer, wgpu::MapMode::Read, gpu, submission).ready().await.is_none() {
            return Err(gpu.unanswered());
        }
        copy_into(gpu, &self.buffer, into)?;
        self.buffer.unmap();
        Ok(())
    }
}

/// The first `len` numbers of `landing`, which `submission` copies to (timestamps).
pub async fn land_u64(
    gpu: &Gpu,
    landing: &wgpu::Buffer,
    submission: &wgpu::SubmissionIndex,
    len: usize,
) -> Result<Vec<u64>> {
    if Mapping::new(landing, wgpu::MapMode::Read, gpu, submission).ready().await.is_none() {
        return Err(gpu.unanswered());
    }
    let mut words = Vec::new();
    copy_out(gpu, landing, len * 2, &mut words)?;
    landing.unmap();
    Ok(words.chunks_exact(2).map(|w| u64::from(w[0]) | u64::from(w[1]) << 32).collect())
}
