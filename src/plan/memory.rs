//! Gives activations their memory: greedy colouring of lifetimes onto whole buffers, so that the peak is known before the run.
//! Whole buffers, not ranges: wgpu refuses a read and a read_write range of one buffer in one dispatch.

use super::{Buffer, BufferId, Dispatch, Role};
use std::ops::Range;

pub(super) struct Placed {
    pub buffers: Vec<Buffer>,
    /// For every recorded buffer, the one that exists.
    pub buffer_of: Vec<BufferId>,
}

/// First and last dispatch that binds a buffer.
#[derive(Clone, Copy)]
struct Lifetime {
    first: usize,
    last: usize,
}

/// `isolated`: activations used in this range share memory among themselves only.
pub(super) fn colour(recorded: &[Buffer], dispatches: &[Dispatch], isolated: Option<Range<usize>>) -> Placed {
    let lifetimes = lifetimes(recorded.len(), dispatches);
    let mut placed = Placed { buffers: Vec::new(), buffer_of: vec![BufferId(u32::MAX); recorded.len()] };
    for (id, buffer) in recorded.iter().enumerate() {
        if buffer.role != Role::Activation {
            placed.buffer_of[id] = placed.add(buffer.clone());
        }
    }
    // Longest first within a start: large buffers are opened early and lent to small tensors later.
    let mut order: Vec<usize> = (0..recorded.len()).filter(|&id| recorded[id].role == Role::Activation).collect();
    order.sort_by_key(|&id| (lifetimes[id].map_or(0, |l| l.first), std::cmp::Reverse(recorded[id].len)));
    let mut pool: Vec<Lent> = Vec::new();
    for id in order {
        // Never bound by a dispatch: only the host looks at it. It keeps a buffer of its own.
        let Some(life) = lifetimes[id] else {
            placed.buffer_of[id] = placed.add(recorded[id].clone());
            continue;
        };
        let alone = isolated.as_ref().is_some_and(|range| range.contains(&life.first));
        placed.buffer_of[id] = lend(&mut pool, &mut placed, &recorded[id], life, alone);
    }
    placed
}

/// A buffer of the pool and the last dispatch that needs what is in it.
struct Lent {
    id: BufferId,
    busy_until: usize,
    isolated: bool,
}

fn lend(pool: &mut Vec<Lent>, placed: &mut Placed, wanted: &Buffer, life: Lifetime, isolated: bool) -> BufferId {
    let len_of = |placed: &Placed, lent: &Lent| placed.buffers[lent.id.0 as usize].len;
    // The closest in size among the free ones: a smaller one grows, a larger one is used in part.
    let best = pool
        .iter_mut()
        .filter(|lent| lent.busy_until < life.first && lent.isolated == isolated)
        .min_by_key(|lent| len_of(placed, lent).abs_diff(wanted.len));
    if let Some(lent) = best {
        lent.busy_until = life.last;
        let buffer = &mut placed.buffers[lent.id.0 as usize];
        buffer.len = buffer.len.max(wanted.len);
        return lent.id;
    }
    let label = format!("activations.{}", pool.len());
    let id = placed.add(Buffer { label: label.into(), role: Role::Activation, len: wanted.len });
    pool.push(Lent { id, busy_until: life.last, isolated });
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
