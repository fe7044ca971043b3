//! What a twin is given: its dims, the step block, and the slices that are bound to its slots, in their order.

use super::half::{Rounding, Stored};
use crate::plan::{Elem, KernelSpec, Step};

/// A kernel's twin.
pub type Twin = fn(&Call, Args);

/// What a launch gets besides its tensors.
pub struct Call<'a> {
    pub(super) dims: &'a [u8],
    pub step: &'a Step,
}

impl Call<'_> {
    /// The uniform block, as the op's `Dims`.
    pub fn dims<D: bytemuck::AnyBitPattern>(&self) -> D {
        bytemuck::pod_read_unaligned(self.dims)
    }
}

pub(super) enum Bound<'a> {
    Shared(&'a [u32]),
    Exclusive(&'a mut [u32]),
}

/// The bound slices of one launch, taken in the order of the kernel's slots.
pub struct Args<'a, 'l> {
    pub(super) kernel: &'static KernelSpec,
    pub(super) next: usize,
    pub(super) rounding: Rounding,
    pub(super) bound: &'l mut [Option<Bound<'a>>],
}

impl<'a> Args<'a, '_> {
    fn take(&mut self, elem: Elem, writes: bool) -> Bound<'a> {
        let slot = &self.kernel.slots[self.next];
        let lent = slot.in_f32().elem;
        assert_eq!((lent, slot.access.writes()), (elem, writes), "{}: slot {}", self.kernel.label, slot.name);
        let bound = self.bound[self.next].take().expect("each slot is taken once, in order");
        self.next += 1;
        bound
    }

    fn shared(&mut self, elem: Elem) -> &'a [u32] {
        match self.take(elem, false) {
            Bound::Shared(data) => data,
            Bound::Exclusive(data) => data,
        }
    }

    fn exclusive(&mut self, elem: Elem) -> &'a mut [u32] {
        match self.take(elem, true) {
            Bound::Exclusive(data) => data,
            Bound::Shared(_) => unreachable!("the executor lends written slots exclusively"),
        }
    }

    /// How the next slot is stored. The executor lends f16 as f32, and rounds what was written.
    pub fn stored_as(&self) -> Stored {
        Stored { elem: self.kernel.slots[self.next].elem, rounding: self.rounding }
    }

    /// The next slot: read, f32.
    pub fn f32(&mut self) -> &'a [f32] {
        bytemuck::cast_slice(self.shared(Elem::F32))
    }
    /// The next slot: read, u32.
    pub fn u32(&mut self) -> &'a [u32] {
        self.shared(Elem::U32)
    }
    /// The next slot: written, f32.
    pub fn f32_mut(&mut self) -> &'a mut [f32] {
        bytemuck::cast_slice_mut(self.exclusive(Elem::F32))
    }
    /// The next slot: written, u32.
    pub fn u32_mut(&mut self) -> &'a mut [u32] {
        self.exclusive(Elem::U32)
    }
}
