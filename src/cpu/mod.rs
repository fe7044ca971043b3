//! The CPU executor and the kernel twins: one file an op, the same name and meaning as its shader.
//! plan -> [`Executor`] -> the same numbers as `gpu`, up to the order of sums.
//!
//! **Invariant:** a twin sees its dims, the step block and the bound slices, nothing else.

mod attention;
mod cast;
mod corrupt;
mod embed;
mod executor;
mod fill;
mod gather;
mod gelu;
mod half;
mod layernorm;
pub mod math;
mod matmul;
mod optimizer;
mod par;
mod reduce;
mod rtd;
mod vocab;

pub use executor::Executor;
pub use par::{set_threads, threads, vectors};

use crate::plan::{Elem, KernelSpec, Step};

/// A kernel's twin.
pub type Twin = fn(&Call, Args);

/// What a launch gets besides its tensors.
pub struct Call<'a> {
    dims: &'a [u8],
    pub step: &'a Step,
}

impl Call<'_> {
    /// The uniform block, as the op's `Dims`.
    pub fn dims<D: bytemuck::AnyBitPattern>(&self) -> D {
        bytemuck::pod_read_unaligned(self.dims)
    }
}

enum Bound<'a> {
    Shared(&'a [u32]),
    Exclusive(&'a mut [u32]),
}

/// The bound slices of one launch, taken in the order of the kernel's slots.
pub struct Args<'a, 'l> {
    kernel: &'static KernelSpec,
    next: usize,
    bound: &'l mut [Option<Bound<'a>>],
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

    /// The type in which the next slot is stored. The executor lends f16 as f32, and rounds what was written.
    pub fn stored_as(&self) -> Elem {
        self.kernel.slots[self.next].elem
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

/// The twin of a kernel.
///
/// # Panics
/// If there is none. A test walks `ops::ALL`, so that this cannot happen.
pub fn twin(kernel: &KernelSpec) -> Twin {
    match kernel.meaning() {
        "attention.forward" => attention::forward,
        "attention.backward" => attention::backward,
        "attention.map" => attention::map,
        "cast.narrow" => cast::narrow,
        "corrupt.replace" => corrupt::replace,
        "embed.forward" => embed::forward,
        "embed.backward_word" => embed::backward_word,
        "embed.backward_position" => embed::backward_position,
        "embed.backward_type" => embed::backward_type,
        "fill.zero" => fill::zero,
        "gather.forward" => gather::forward,
        "gather.backward" => gather::backward,
        "gelu.forward" => gelu::forward,
        "gelu.backward" => gelu::backward,
        "layernorm.forward" => layernorm::forward,
        "layernorm.forward_residual" => layernorm::forward_residual,
        "layernorm.backward" => layernorm::backward,
        "layernorm.backward_residual" => layernorm::backward_residual,
        "matmul.forward" => matmul::forward,
        "matmul.forward_gelu" => matmul::forward_gelu,
        "matmul.backward_input" => matmul::backward_input,
        "matmul.backward_input_partial" => matmul::backward_input_partial,
        "matmul.backward_input_add" => matmul::backward_input_add,
        "matmul.backward_input_gelu" => matmul::backward_input_gelu,
        "matmul.backward_weight" => matmul::backward_weight,
        "matmul.backward_weight_partial" => matmul::backward_weight_partial,
        "optimizer.norm_partial" => optimizer::norm_partial,
        "optimizer.norm_finish" => optimizer::norm_finish,
        "optimizer.adamw" => optimizer::adamw,
        "reduce.rows_sum" => reduce::rows_sum,
        "reduce.rows_add" => reduce::rows_add,
        "reduce.rows_add_pairs" => reduce::rows_add_pairs,
        "reduce.rows_add_pair" => reduce::rows_add_pair,
        "rtd.loss" => rtd::loss,
        "vocab.forward" => vocab::forward,
        "vocab.backward" => vocab::backward,
        label => panic!("kernel {label} has no twin"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_kernel_has_a_twin() {
        for kernel in crate::ops::ALL {
            super::twin(kernel);
        }
    }
}
