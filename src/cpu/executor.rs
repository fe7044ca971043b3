//! Runs a plan with the twins, dispatch by dispatch, in the memory that the plan laid out. Tests compare `gpu` with it.

use super::args::{Args, Bound, Call, Twin};
use super::half::{self, Rounding};
use super::{par, twin};
use crate::Result;
use crate::plan::{Access, Dispatch, Elem, Plan, Role, Step, Tensor};
use arrayvec::ArrayVec;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use web_time::Instant;

/// More slots than any kernel has (8 storage buffers by WebGPU's default limits).
const SLOTS_MAX: usize = 10;
pub struct Executor {
    plan: Arc<Plan>,
    twins: Vec<Twin>,
    buffers: Vec<Vec<u32>>,
    /// The f32 copies of f16 tensors that twins see, one for each slot. They grow once and are kept.
    wide: [Vec<f32>; SLOTS_MAX],
    step: Step,
    rounding: Rounding,
    ring: Ring,
}

/// Copies of the output buffers, one row for each collected micro-batch. Rows are made at first use and reused.
struct Ring {
    outputs: Vec<usize>,
    /// One row for each micro-batch that was ever collected between two drains.
    rows: Vec<(u64, Instant, Vec<Vec<u32>>)>,
    used: usize,
}

impl Executor {
    /// Allocates everything the plan binds, zeroed.
    pub fn new(plan: Arc<Plan>) -> Self {
        let buffers: Vec<Vec<u32>> = plan.buffers.iter().map(|b| vec![0; b.len as usize]).collect();
        let outputs: Vec<usize> = (0..plan.buffers.len()).filter(|&i| plan.buffers[i].role == Role::Output).collect();
        let ring = Ring { rows: Vec::new(), outputs, used: 0 };
        let twins = plan.dispatches.iter().map(|d| twin(d.kernel)).collect();
        let (step, rounding) = (Step::seeded(0, 0), Rounding::Nearest);
        Self { plan, twins, buffers, wide: Default::default(), step, rounding, ring }
    }

    /// Rounds what is stored as f16 in another way from now on.
    pub fn set_rounding(&mut self, rounding: Rounding) {
        self.rounding = rounding;
    }

    pub fn set_step(&mut self, step: &Step) {
        self.step = *step;
    }

    /// Overwrites a tensor (resolved by the plan) from its start.
    pub fn write(&mut self, tensor: &Tensor, data: &[u32]) {
        assert!(data.len() <= tensor.words() as usize, "{tensor:?}: {} words written", data.len());
        let start = tensor.offset as usize;
        self.buffers[tensor.buffer.0 as usize][start..start + data.len()].copy_from_slice(data);
    }

    /// The current contents of a tensor.
    pub fn view(&self, tensor: &Tensor) -> &[u32] {
        let start = tensor.offset as usize;
        &self.buffers[tensor.buffer.0 as usize][start..start + tensor.words() as usize]
    }

    /// A copy of [`Executor::view`]; async because the other executor has to wait for its device.
    #[allow(clippy::unused_async, reason = "the same signature as the gpu executor's")]
    pub async fn read(&mut self, tensor: &Tensor) -> Result<Vec<u32>> {
        Ok(self.view(tensor).to_vec())
    }

    /// Runs dispatches from `range.start` until the range or the budget ends, at least one. Returns the number of the next
    /// dispatch.
    #[allow(clippy::unused_async, reason = "the same signature as the gpu executor's")]
    pub async fn run(&mut self, range: Range<usize>, budget: Duration) -> Result<usize> {
        let started = Instant::now();
        // A whole slice runs on the pool's threads, because entering the pool from outside costs more than a small kernel.
        Ok(par::within(|| {
            let mut reached = range.start;
            while reached < range.end {
                self.dispatch(reached);
                reached += 1;
                if started.elapsed() >= budget {
                    break;
                }
            }
            reached
        }))
    }

    /// Runs `range` and returns the seconds of each of its dispatches.
    pub fn profile(&mut self, range: Range<usize>) -> Vec<f64> {
        let secs = |executor: &mut Self, index| {
            let started = Instant::now();
            executor.dispatch(index);
            started.elapsed().as_secs_f64()
        };
        par::within(|| range.map(|index| secs(self, index)).collect())
    }

    fn dispatch(&mut self, index: usize) {
        let dispatch = &self.plan.dispatches[index];
        // The launch takes written buffers out of the table, so that the others can be lent shared, without `unsafe` and without a
        // copy.
        let mut taken: ArrayVec<(usize, Vec<u32>), SLOTS_MAX> = ArrayVec::new();
        for (slot, tensor) in dispatch.kernel.slots.iter().zip(&dispatch.tensors) {
            let buffer = tensor.buffer.0 as usize;
            if slot.access.writes() && !taken.iter().any(|(id, _)| *id == buffer) {
                taken.push((buffer, std::mem::take(&mut self.buffers[buffer])));
            }
        }
        let mut bound = [const { None }; SLOTS_MAX];
        bind(dispatch, &self.buffers, &mut taken, &mut bound);
        let mut lent = [const { None }; SLOTS_MAX];
        lend(dispatch, &mut bound, &mut self.wide, &mut lent);
        let call = Call { dims: &dispatch.dims, step: &self.step };
        let (rounding, bound_slots) = (self.rounding, &mut lent[..dispatch.tensors.len()]);
        let args = Args { kernel: dispatch.kernel, next: 0, rounding, bound: bound_slots };
        self.twins[index](&call, args);
        take_back(dispatch, rounding, &mut bound, &self.wide);
        for (id, buffer) in taken {
            self.buffers[id] = buffer;
        }
    }

    /// Keeps a copy of every output buffer under `tag` until [`Executor::drain`].
    pub fn collect(&mut self, tag: u64) {
        let ring = &mut self.ring;
        if ring.used == ring.rows.len() {
            let row = ring.outputs.iter().map(|&i| vec![0; self.buffers[i].len()]).collect();
            ring.rows.push((0, Instant::now(), row));
        }
        let (row_tag, executed, row) = &mut ring.rows[ring.used];
        (*row_tag, *executed) = (tag, Instant::now());
        for (copy, &output) in row.iter_mut().zip(&ring.outputs) {
            copy.copy_from_slice(&self.buffers[output]);
        }
        ring.used += 1;
    }

    /// Gives what was collected, oldest first. With `wait` it gives everything, otherwise what has arrived, which here is
    /// everything too.
    #[allow(clippy::unused_async, reason = "the same signature as the gpu executor's")]
    pub async fn drain(&mut self, _wait: bool, mut row: impl FnMut(u64, Instant, &[&[u32]])) -> Result<()> {
        for (tag, executed, outputs) in &self.ring.rows[..self.ring.used] {
            let views: ArrayVec<&[u32], SLOTS_MAX> = outputs.iter().map(Vec::as_slice).collect();
            row(*tag, *executed, &views);
        }
        self.ring.used = 0;
        Ok(())
    }
}

/// Hands the ranges on to the twin. In place of ranges that are stored as f16 the twin gets f32 copies.
fn lend<'b, 'a: 'b>(
    dispatch: &Dispatch,
    bound: &mut [Option<Bound<'a>>; SLOTS_MAX],
    wide: &'b mut [Vec<f32>; SLOTS_MAX],
    lent: &mut [Option<Bound<'b>>; SLOTS_MAX],
) {
    for (((tensor, bound), wide), lent) in dispatch.tensors.iter().zip(bound).zip(wide).zip(lent) {
        if tensor.elem != Elem::F16 {
            *lent = bound.take();
            continue;
        }
        let len = tensor.len() as usize;
        if wide.len() < len {
            wide.resize(len, 0.0);
        }
        let wide = &mut wide[..len];
        // The copy is filled even where the twin only writes, because elements that it leaves out must stay as they were.
        *lent = match bound {
            Some(Bound::Shared(words)) => {
                half::widen(words, wide);
                Some(Bound::Shared(bytemuck::cast_slice(wide)))
            }
            Some(Bound::Exclusive(words)) => {
                half::widen(words, wide);
                Some(Bound::Exclusive(bytemuck::cast_slice_mut(wide)))
            }
            None => None,
        };
    }
}

/// Rounds the numbers that the twin wrote into the tensor that stores them as f16.
fn take_back(
    dispatch: &Dispatch,
    rounding: Rounding,
    bound: &mut [Option<Bound>; SLOTS_MAX],
    wide: &[Vec<f32>; SLOTS_MAX],
) {
    for ((tensor, bound), wide) in dispatch.tensors.iter().zip(bound).zip(wide) {
        if let Some(Bound::Exclusive(words)) = bound {
            half::narrow(rounding, &wide[..tensor.len() as usize], words);
        }
    }
}

/// Lends every slot its range: from the taken buffers where something is written, else from the table.
fn bind<'a>(
    dispatch: &Dispatch,
    buffers: &'a [Vec<u32>],
    taken: &'a mut [(usize, Vec<u32>)],
    bound: &mut [Option<Bound<'a>>; SLOTS_MAX],
) {
    for (i, tensor) in dispatch.tensors.iter().enumerate() {
        let id = tensor.buffer.0 as usize;
        if !taken.iter().any(|(t, _)| *t == id) {
            let start = tensor.offset as usize;
            bound[i] = Some(Bound::Shared(&buffers[id][start..start + tensor.words() as usize]));
        }
    }
    for (id, buffer) in taken {
        // The ranges in this buffer, by offset. Each is split off the front of the rest.
        let mut members: ArrayVec<usize, SLOTS_MAX> =
            (0..dispatch.tensors.len()).filter(|&i| dispatch.tensors[i].buffer.0 as usize == *id).collect();
        members.sort_unstable_by_key(|&i| dispatch.tensors[i].offset);
        let (mut rest, mut at) = (buffer.as_mut_slice(), 0);
        for i in members {
            let tensor = &dispatch.tensors[i];
            let (_, tail) = rest.split_at_mut(tensor.offset as usize - at);
            let (range, tail) = tail.split_at_mut(tensor.words() as usize);
            at = (tensor.offset + tensor.words()) as usize;
            rest = tail;
            bound[i] = Some(match dispatch.kernel.slots[i].access {
                Access::Read | Access::ReadShared => Bound::Shared(range),
                Access::Write | Access::Update => Bound::Exclusive(range),
            });
        }
    }
}
