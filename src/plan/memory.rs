//! Gives activations their memory. It colours their lifetimes onto buffers, the largest first, so the peak is known before the run.
//! Activations share whole buffers, not ranges, because wgpu refuses a read and a read_write range of one buffer in one dispatch.

use super::{Buffer, BufferId, Dispatch, Role};
use std::ops::Range;

pub(super) struct Placed {
    pub buffers: Vec<Buffer>,
    /// For every recorded buffer, the real buffer that holds it.
    pub buffer_of: Vec<BufferId>,
}

/// First and last dispatch that binds a buffer.
#[derive(Clone, Copy)]
struct Lifetime {
    first: usize,
    last: usize,
}

/// `isolated`: activations that are used in this range share memory only among themselves.
pub(super) fn colour(recorded: &[Buffer], dispatches: &[Dispatch], isolated: Option<Range<usize>>) -> Placed {
    let lifetimes = lifetimes(recorded.len(), dispatches);
    let mut placed = Placed { buffers: Vec::new(), buffer_of: vec![BufferId(u32::MAX); recorded.len()] };
    for (id, buffer) in recorded.iter().enumerate() {
        if buffer.role != Role::Activation {
            placed.buffer_of[id] = placed.add(buffer.clone());
        }
    }
    // The largest activations come first. The first activation of a buffer gives it its size, and smaller ones use it at other
    // times.
    let mut order: Vec<usize> = (0..recorded.len()).filter(|&id| recorded[id].role == Role::Activation).collect();
    order.sort_by_key(|&id| (std::cmp::Reverse(recorded[id].len), lifetimes[id].map_or(0, |l| l.first)));
    let mut pool: Vec<Lent> = Vec::new();
    for id in order {
        // No dispatch binds it, only the host reads it, so it keeps a buffer of its own.
        let Some(life) = lifetimes[id] else {
            placed.buffer_of[id] = placed.add(recorded[id].clone());
            continue;
        };
        let alone = isolated.as_ref().is_some_and(|range| range.contains(&life.first));
        placed.buffer_of[id] = lend(&mut pool, &mut placed, &recorded[id], life, alone);
    }
    placed
}

/// A buffer of the pool, with the lifetimes of the activations that use it.
struct Lent {
    id: BufferId,
    busy: Vec<Lifetime>,
    isolated: bool,
}

fn lend(pool: &mut Vec<Lent>, placed: &mut Placed, wanted: &Buffer, life: Lifetime, isolated: bool) -> BufferId {
    let free = |lent: &Lent| lent.busy.iter().all(|busy| busy.last < life.first || life.last < busy.first);
    // All buffers are large enough, and the last ones are the smallest.
    if let Some(lent) = pool.iter_mut().rev().find(|lent| lent.isolated == isolated && free(lent)) {
        lent.busy.push(life);
        return lent.id;
    }
    let label = format!("activations.{}", pool.len());
    let id = placed.add(Buffer { label: label.into(), role: Role::Activation, len: wanted.len });
    pool.push(Lent { id, busy: vec![life], isolated });
    id
}

impl Placed {
    fn add(&mut self, buffer: Buffer) -> BufferId {
        self.buffers.push(buffer);
        BufferId(self.buffers.len() as u32 - 1)
    }
}

fn lifetimes(buffers: usize, dispatches: &[Dispatch]) -> Vec<Option<Lifetime>> {
    let mut lifetimes: Vec<Option<Lifetime>> = vec![None; buffers];
    for (i, dispatch) in dispatches.iter().enumerate() {
        for tensor in &dispatch.tensors {
            let life = &mut lifetimes[tensor.buffer.0 as usize];
            *life = Some(Lifetime { first: life.map_or(i, |l| l.first), last: i });
        }
    }
    lifetimes
}
