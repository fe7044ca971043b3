//! Turns a batch that the host wrote for our executors into the tensors that Burn's modules read. It also draws the sampling noise
//! and the replacements of a fixed distribution, from the same addressed random words as our executors.

use super::towers::{Slots, Text};
use crate::batch::NONE;
use crate::model::io::Io;
use crate::plan::{Step, Tensor as Planned};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rayon::prelude::*;

/// One micro-batch on the host.
pub struct Batch<'a> {
    io: &'a Io,
    words: &'a [u32],
}

impl<'a> Batch<'a> {
    /// `words`: the whole input block.
    pub fn new(io: &'a Io, words: &'a [u32]) -> Self {
        Self { io, words }
    }

    fn part(&self, tensor: &Planned) -> &'a [u32] {
        let start = (tensor.offset - self.io.input.offset) as usize;
        &self.words[start..start + tensor.len() as usize]
    }

    pub fn ids(&self) -> &'a [u32] {
        self.part(&self.io.ids)
    }

    pub fn labels(&self) -> &'a [u32] {
        self.part(&self.io.slots.labels)
    }

    fn grid(&self) -> [usize; 2] {
        [self.io.size.rows as usize, self.io.size.row_len as usize]
    }

    pub fn slots(&self) -> usize {
        self.io.size.slots as usize
    }

    /// (B, T)
    pub fn original_ids(&self, device: &Device) -> Tensor<2, Int> {
        ints(self.ids(), self.grid(), device)
    }

    /// (B, T)
    pub fn masked_ids(&self, device: &Device) -> Tensor<2, Int> {
        ints(self.part(&self.io.masked_ids), self.grid(), device)
    }

    pub fn text(&self, pad_id: u32, device: &Device) -> Text {
        let attention: Vec<f32> = self.part(&self.io.attention).iter().map(|&a| a as f32).collect();
        Text {
            segments: ints(self.part(&self.io.types), self.grid(), device),
            attention: Tensor::from_data(TensorData::new(attention, self.grid()), device),
            pad_id,
        }
    }

    pub fn slot_tensors(&self, device: &Device) -> Slots {
        let used: Vec<f32> = self.labels().iter().map(|&l| f32::from(l != NONE)).collect();
        let or_first = |values: &[u32]| values.iter().map(|&v| if v == NONE { 0 } else { v }).collect::<Vec<_>>();
        let s = [self.slots()];
        Slots {
            position: ints(&or_first(self.part(&self.io.slot_position)), s, device),
            label: ints(&or_first(self.labels()), s, device),
            used: Tensor::from_data(TensorData::new(used, s), device),
        }
    }

    /// How many slots point at each token: (N). None if no token has more than one.
    pub fn slot_counts(&self, device: &Device) -> Option<Tensor<1, Int>> {
        let (first, next) = (self.part(&self.io.token_slot), self.part(&self.io.slot_next));
        let count = |&slot: &u32| {
            std::iter::successors((slot != NONE).then_some(slot), |&s| Some(next[s as usize]).filter(|&n| n != NONE))
                .count() as u32
        };
        let counts: Vec<u32> = first.iter().map(count).collect();
        let several = counts.iter().any(|&count| count > 1);
        several.then(|| ints(&counts.iter().map(|&c| c.max(1)).collect::<Vec<_>>(), [counts.len()], device))
    }

    /// 1 where a slot points at the token, else 0: (N)
    pub fn hidden(&self, device: &Device) -> Tensor<1, Int> {
        let hidden: Vec<u32> = self.part(&self.io.token_slot).iter().map(|&s| u32::from(s != NONE)).collect();
        ints(&hidden, [hidden.len()], device)
    }

    /// Standard Gumbel noise of every slot and word: (S, V), -ln(-ln(1 - v)) with v in (0, 1).
    pub fn noise(&self, step: &Step, vocab: usize, device: &Device) -> Tensor<2> {
        let slots = self.slots();
        let mut noise = vec![0f32; slots * vocab];
        noise.par_chunks_mut(vocab).enumerate().for_each(|(slot, row)| {
            for (id, value) in row.iter_mut().enumerate() {
                let v = step.gumbel_key.unit(id as u32, step.slot_base + slot as u32);
                *value = -(-(-v).ln_1p()).ln() as f32;
            }
        });
        Tensor::from_data(TensorData::new(noise, [slots, vocab]), device)
    }

    /// Which slots take their replacement from the fixed distribution (1 = takes it), and the ids that it gives: (S) each. None if
    /// no slot can. All slots take it if no network proposed anything.
    pub fn drawn(&self, step: &Step, table: &[u32], proposed: bool, device: &Device) -> Option<[Tensor<1, Int>; 2]> {
        if proposed && step.source_threshold == 0 {
            return None;
        }
        let slot = |slot: usize| {
            let global = step.slot_base + slot as u32;
            let takes = !proposed || step.source_key.word(global, 0) < step.source_threshold;
            let word = step.source_key.word(global, 1).min(u32::MAX - 1);
            let id = table.partition_point(|&bound| bound <= word).min(table.len() - 1);
            (u32::from(takes), id as u32)
        };
        let (takes, ids): (Vec<u32>, Vec<u32>) = (0..self.slots()).map(slot).unzip();
        Some([takes, ids].map(|values| ints(&values, [self.slots()], device)))
    }
}

/// Ids and indices, which are far below 2^31.
pub fn ints<const D: usize>(values: &[u32], shape: [usize; D], device: &Device) -> Tensor<D, Int> {
    let values: Vec<i32> = values.iter().map(|&v| v as i32).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}
