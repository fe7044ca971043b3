//! The blocks of numbers that pass between host and engine: the host writes one block before a pass and reads one block after it.

use super::ledger::Tower;
use crate::batch::{Batch, NONE};
use crate::objective::At;
use crate::ops::vocab::Slots;
use crate::plan::{ALIGN, Elem, Plan, Recorder, Role, Tensor};

/// Rows × tokens × slots of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct PassSize {
    pub rows: u32,
    pub row_len: u32,
    pub slots: u32,
}

impl PassSize {
    pub fn tokens(self) -> u32 {
        self.rows * self.row_len
    }
}

/// How many rows the tables have to which a batch's words point.
#[derive(Debug, Clone, Copy)]
pub struct Tables {
    pub vocab: u32,
    pub segments: u32,
}

impl Tables {
    pub fn of(tower: &Tower) -> Self {
        Self { vocab: tower.vocab, segments: tower.segments }
    }
}

/// The tensors of one pass, all views of one input and one output buffer.
#[derive(Clone)]
pub struct Io {
    pub size: PassSize,
    tables: Tables,
    /// The whole input buffer, for one upload.
    pub input: Tensor,
    pub ids: Tensor,
    pub masked_ids: Tensor,
    pub types: Tensor,
    pub attention: Tensor,
    pub token_slot: Tensor,
    pub slot_position: Tensor,
    pub slot_next: Tensor,
    pub slots: Slots,
    /// (N, 2): logit bits, corrupted id * 2 + replaced
    pub token_out: Tensor,
    /// (groups, 64): each clipping group's guard
    pub step_out: Tensor,
    /// (B, T) 1 if a slot points at the token. It exists only if a loss counts these tokens.
    hidden: Option<Tensor>,
}

impl Io {
    /// `hidden`: whether the batch says which tokens are hidden. `role` of the results: [`Role::Output`] if they are collected
    /// after every micro-batch, [`Role::State`] if they are read on demand.
    pub fn new(r: &mut Recorder, label: &str, size: PassSize, tables: Tables, hidden: bool, role: Role) -> Self {
        let (grid, s) = ([size.rows, size.row_len], size.slots);
        let cells = 5 + usize::from(hidden);
        let input_lens = std::iter::repeat_n(grid[0] * grid[1], cells).chain([s; 3]);
        let mut input = Layout::new(r, &format!("{label}.input"), Role::Input, input_lens);
        let [ids, masked_ids, types, attention, token_slot] =
            ["ids", "masked_ids", "types", "attention", "token_slot"].map(|name| input.next(r, name, &grid));
        let [slot_position, slot_next, labels] =
            ["slot_position", "slot_next", "slot_label"].map(|name| input.next(r, name, &[s]));
        let hidden = hidden.then(|| input.next(r, "hidden", &grid));
        let groups = crate::ops::optimizer::GROUPS_MAX;
        let out_lens = [size.tokens() * 2, s * 4, groups * ALIGN];
        let mut output = Layout::new(r, &format!("{label}.output"), role, out_lens);
        let token_out = output.next(r, "token_out", &[size.tokens(), 2]);
        let slot_out = output.next(r, "slot_out", &[s, 4]);
        let step_out = output.next(r, "step_out", &[groups, ALIGN]);
        let sampled = r.state(&format!("{label}.sampled"), Elem::U32, &[s]);
        Self {
            size,
            tables,
            input: input.whole(r),
            ids,
            masked_ids,
            types,
            attention,
            token_slot,
            slot_position,
            slot_next,
            slots: Slots { labels, sampled, slot_out },
            token_out,
            step_out,
            hidden,
        }
    }

    /// The same tensors at their places in the finished plan.
    pub fn resolved(&self, plan: &Plan) -> Self {
        let at = |tensor: &Tensor| plan.resolve(tensor);
        Self {
            size: self.size,
            tables: self.tables,
            input: at(&self.input),
            ids: at(&self.ids),
            masked_ids: at(&self.masked_ids),
            types: at(&self.types),
            attention: at(&self.attention),
            token_slot: at(&self.token_slot),
            slot_position: at(&self.slot_position),
            slot_next: at(&self.slot_next),
            slots: Slots {
                labels: at(&self.slots.labels),
                sampled: at(&self.slots.sampled),
                slot_out: at(&self.slots.slot_out),
            },
            token_out: at(&self.token_out),
            step_out: at(&self.step_out),
            hidden: self.hidden.as_ref().map(at),
        }
    }

    /// Writes the input buffer's contents for a batch into `words`. If `words` is kept between calls, nothing is allocated.
    ///
    /// # Panics
    /// If a word points past its table. A device would silently look up something else.
    pub fn pack(&self, batch: &Batch, words: &mut Vec<u32>) {
        let size = self.size;
        assert_eq!((batch.rows, batch.row_len), (size.rows as usize, size.row_len as usize), "batch of another shape");
        words.resize(self.input.len() as usize, 0);
        let mut put = |tensor: &Tensor, data: &[u32], filler: u32, below: u32| {
            let outside = data.iter().find(|&&word| word >= below && word != filler);
            assert!(outside.is_none(), "{tensor:?}: {outside:?} of a table of {below}");
            let start = (tensor.offset - self.input.offset) as usize;
            let range = &mut words[start..start + tensor.len() as usize];
            range[..data.len()].copy_from_slice(data);
            range[data.len()..].fill(filler);
        };
        let Tables { vocab, segments } = self.tables;
        put(&self.ids, &batch.ids, 0, vocab);
        put(&self.masked_ids, &batch.masked_ids, 0, vocab);
        put(&self.types, &batch.type_ids, 0, segments);
        put(&self.attention, &batch.attention, 0, 2);
        put(&self.token_slot, &batch.token_slot, NONE, size.slots);
        put(&self.slot_position, &batch.slot_position, NONE, size.tokens());
        put(&self.slot_next, &batch.slot_next, NONE, size.slots);
        put(&self.slots.labels, &batch.slot_label, NONE, vocab);
        if let Some(hidden) = &self.hidden {
            let start = (hidden.offset - self.input.offset) as usize;
            let flags = &mut words[start..start + hidden.len() as usize];
            flags.iter_mut().zip(&batch.token_slot).for_each(|(flag, &slot)| *flag = u32::from(slot != NONE));
        }
    }

    /// (B, T) 1 if a loss at these positions counts the token.
    ///
    /// # Panics
    /// If the block was made without the hidden tokens and they are asked for.
    pub fn counted(&self, at: At) -> &Tensor {
        match at {
            At::Tokens => &self.attention,
            At::Slots => self.hidden.as_ref().expect("a shape whose loss counts hidden tokens has them in its batches"),
        }
    }

    /// The parts of a collected output block.
    pub fn outputs<'a>(&self, block: &'a [u32]) -> Outputs<'a> {
        let part = |t: &Tensor| &block[t.offset as usize..(t.offset + t.len()) as usize];
        Outputs { tokens: part(&self.token_out), slots: part(&self.slots.slot_out), guards: part(&self.step_out) }
    }
}

/// The results of one micro-batch, in the device's format.
#[derive(Debug, Clone, Copy)]
pub struct Outputs<'a> {
    tokens: &'a [u32],
    slots: &'a [u32],
    guards: &'a [u32],
}

/// The judgement of one token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TokenOut {
    pub logit: f32,
    pub corrupted_id: u32,
    pub replaced: bool,
}

/// The proposal for one slot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlotOut {
    pub loss: f32,
    pub argmax_hit: bool,
    pub sample_hit: bool,
    pub sampled_id: u32,
    pub argmax_id: u32,
}

/// The optimizer's guard after an update.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GuardOut {
    pub norm: f32,
    /// The step (from 1) at which a norm was not finite.
    pub stopped_at: Option<u32>,
}

impl Outputs<'_> {
    pub fn token(&self, n: usize) -> TokenOut {
        let word = self.tokens[2 * n + 1];
        TokenOut { logit: f32::from_bits(self.tokens[2 * n]), corrupted_id: word / 2, replaced: word % 2 == 1 }
    }

    pub fn slot(&self, s: usize) -> SlotOut {
        let [loss, flags, sampled_id, argmax_id] = [0, 1, 2, 3].map(|i| self.slots[4 * s + i]);
        SlotOut {
            loss: f32::from_bits(loss),
            argmax_hit: flags & 1 != 0,
            sample_hit: flags & 2 != 0,
            sampled_id,
            argmax_id,
        }
    }

    pub fn guard(&self, group: usize) -> GuardOut {
        let words = &self.guards[group * ALIGN as usize..];
        GuardOut { norm: f32::from_bits(words[2 + group]), stopped_at: (words[0] != 0).then_some(words[1]) }
    }
}

/// Lays views side by side in one new buffer, each at the binding alignment.
struct Layout {
    label: String,
    buffer: crate::plan::BufferId,
    len: u32,
    next: u32,
}

impl Layout {
    fn new(r: &mut Recorder, label: &str, role: Role, lens: impl IntoIterator<Item = u32>) -> Self {
        let len = lens.into_iter().map(|len| len.next_multiple_of(ALIGN)).sum();
        Self { label: label.to_owned(), buffer: r.buffer(label, role, len), len, next: 0 }
    }

    fn next(&mut self, r: &Recorder, name: &str, shape: &[u32]) -> Tensor {
        let tensor = r.view(&format!("{}.{name}", self.label), self.buffer, self.next, Elem::U32, shape);
        self.next = (self.next + tensor.len()).next_multiple_of(ALIGN);
        tensor
    }

    fn whole(&self, r: &Recorder) -> Tensor {
        r.view(&self.label, self.buffer, 0, Elem::U32, &[self.len])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{KernelChoices, Limits};

    /// Packs a batch of two rows with four tokens each, after `change` has changed it.
    fn packed(change: impl FnOnce(&mut Batch)) -> Vec<u32> {
        let mut r = Recorder::new(KernelChoices::default(), Limits::default());
        let size = PassSize { rows: 2, row_len: 4, slots: 2 };
        let io = Io::new(&mut r, "text", size, Tables { vocab: 10, segments: 2 }, false, Role::State);
        let mut batch = Batch::new(2, 4, 2);
        change(&mut batch);
        let mut words = Vec::new();
        io.pack(&batch, &mut words);
        words
    }

    #[test]
    fn a_batch_fills_the_block() {
        let words = packed(|batch| batch.ids.fill(9));
        assert_eq!(words[..8], [9; 8]);
    }

    #[cfg(not(target_arch = "wasm32"))] // a panic that is expected
    #[test]
    #[should_panic(expected = "of a table of 10")]
    fn a_word_past_the_vocabulary_reaches_no_device() {
        packed(|batch| batch.ids[5] = 10);
    }

    #[cfg(not(target_arch = "wasm32"))] // a panic that is expected
    #[test]
    #[should_panic(expected = "of a table of 2")]
    fn a_chain_of_slots_leaves_the_slots_nowhere() {
        packed(|batch| batch.token_slot[0] = 2);
    }
}
