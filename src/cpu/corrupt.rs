//! Twin of `shaders/corrupt.wgsl`.

use super::{Args, Call};
use crate::batch::NONE;
use crate::ops::corrupt::Dims;

/// corrupted, replaced from ids and the slots' samples
pub fn replace(call: &Call, mut a: Args) {
    let (ids, first, next, sampled, source) = (a.u32(), a.u32(), a.u32(), a.u32(), a.u32());
    let (corrupted, replaced) = (a.u32_mut(), a.u32_mut());
    let (d, step): (Dims, _) = (call.dims(), call.step);
    let sample = |slot: u32| {
        let global = step.slot_base + slot;
        if d.proposed == 0 || step.source_key.word(global, 0) < step.source_threshold {
            let word = step.source_key.word(global, 1).min(u32::MAX - 1);
            source.partition_point(|&bound| bound <= word).min(source.len() - 1) as u32
        } else {
            sampled[slot as usize]
        }
    };
    for (n, &id) in ids.iter().enumerate() {
        let (mut slot, mut sum, mut count) = (first[n], 0u32, 0);
        while slot != NONE {
            sum += sample(slot);
            count += 1;
            slot = next[slot as usize];
        }
        // Several samples on one token: the integer mean of their ids, as the reference's scatter gives.
        corrupted[n] = u32::checked_div(sum, count).unwrap_or(id);
        replaced[n] = u32::from(corrupted[n] != id);
    }
}
