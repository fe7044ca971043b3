//! Carries the host's bytes to the device: it gathers them in memory and copies them through a small ring of mapped buffers. It
//! does not use `Queue::write_buffer`, which natively makes a staging buffer at every call.

use super::device::Gpu;
use super::kernels::Maker;
use super::mapping::Mapping;
use crate::Result;

/// The buffers of the ring: one is being filled, two are in flight.
const SLOTS: usize = 3;

pub struct Uploads {
    slots: Vec<Slot>,
    /// The slot that is filled next.
    next: usize,
    /// Filled, but not yet part of a submission.
    recorded: Option<usize>,
    /// Words gathered since the last submission, and where each piece goes.
    words: Vec<u32>,
    words_max: usize,
    pieces: Vec<Piece>,
}

struct Slot {
    buffer: wgpu::Buffer,
    /// None while the buffer is mapped and ready to be filled.
    mapping: Option<Mapping>,
}

struct Piece {
    target: usize,
    offset_bytes: u64,
    len: usize,
}

impl Uploads {
    /// `words_max`: what fits between two submissions; anything beyond goes the slow way.
    pub fn new(maker: &mut Maker, words_max: usize) -> Self {
        let usage = wgpu::BufferUsages::MAP_WRITE | wgpu::BufferUsages::COPY_SRC;
        let slots = (0..SLOTS)
            .map(|_| Slot { buffer: maker.buffer("upload", words_max as u64 * 4, usage, true), mapping: None })
            .collect();
        Self { slots, next: 0, recorded: None, words: Vec::with_capacity(words_max), words_max, pieces: Vec::new() }
    }

    /// Writes `data` to `targets[target]` before the next dispatch, in the order of the calls.
    pub fn push(&mut self, gpu: &Gpu, targets: &[wgpu::Buffer], target: usize, offset_bytes: u64, data: &[u32]) {
        if self.words.len() + data.len() <= self.words_max {
            self.words.extend_from_slice(data);
            self.pieces.push(Piece { target, offset_bytes, len: data.len() });
            return;
        }
        self.send_directly(gpu, targets);
        write_through(gpu, &targets[target], offset_bytes, data);
    }

    /// It sends what was gathered first, because a later write must not be overtaken by an earlier one.
    fn send_directly(&mut self, gpu: &Gpu, targets: &[wgpu::Buffer]) {
        let mut at = 0;
        for piece in self.pieces.drain(..) {
            write_through(gpu, &targets[piece.target], piece.offset_bytes, &self.words[at..at + piece.len]);
            at += piece.len;
        }
        self.words.clear();
    }

    /// Appends the copies to `encoder`; call [`Uploads::submitted`] after its submission.
    pub async fn encode(
        &mut self,
        gpu: &Gpu,
        targets: &[wgpu::Buffer],
        encoder: &mut wgpu::CommandEncoder,
    ) -> Result<()> {
        if self.pieces.is_empty() {
            return Ok(());
        }
        let slot = &mut self.slots[self.next];
        if let Some(mapping) = slot.mapping.take()
            && mapping.ready().await.is_none()
        {
            return Err(gpu.unanswered());
        }
        {
            let mut view = slot.buffer.slice(..).get_mapped_range_mut().map_err(|_| gpu.unanswered())?;
            view.slice(..self.words.len() * 4).copy_from_slice(bytemuck::cast_slice(&self.words));
        }
        slot.buffer.unmap();
        let mut at = 0;
        for piece in self.pieces.drain(..) {
            let bytes = piece.len as u64 * 4;
            encoder.copy_buffer_to_buffer(&slot.buffer, at, &targets[piece.target], piece.offset_bytes, bytes);
            at += bytes;
        }
        self.words.clear();
        self.recorded = Some(self.next);
        self.next = (self.next + 1) % SLOTS;
        Ok(())
    }

    pub fn submitted(&mut self, gpu: &Gpu, submission: &wgpu::SubmissionIndex) {
        if let Some(slot) = self.recorded.take() {
            let slot = &mut self.slots[slot];
            slot.mapping = Some(Mapping::new(&slot.buffer, wgpu::MapMode::Write, gpu, submission));
        }
    }
}

/// The largest number of bytes that may wait in wgpu's own staging buffers.
const DIRECT_BYTES_MAX: usize = 32 << 20;

/// Writes data that is too large for the ring (weights before step 0) through wgpu, one piece at a time.
fn write_through(gpu: &Gpu, buffer: &wgpu::Buffer, offset_bytes: u64, data: &[u32]) {
    let mut at = offset_bytes;
    for piece in data.chunks(DIRECT_BYTES_MAX / 4) {
        gpu.queue.write_buffer(buffer, at, bytemuck::cast_slice(piece));
        at += piece.len() as u64 * 4;
        if piece.len() == DIRECT_BYTES_MAX / 4 {
            // An empty submission sends what was written and lets its staging memory go.
            gpu.queue.submit([]);
            gpu.device.poll(wgpu::PollType::Poll).ok();
        }
    }
}
