//! A case of the comparison: a small plan with its inputs, and poison in all memory that nobody has written yet.

use crate::plan::{Elem, Plan, Step, Tensor};
use std::sync::Arc;

/// The poison in tensors that nobody has written: as f32 it is not a number, as u32 it is no index.
pub(super) const POISON_F32: u32 = 0x7fc0_dead;
pub(super) const POISON_U32: u32 = 0xdead_beef;
/// The poison of two halves; neither is a number.
pub(super) const POISON_F16: u32 = 0x7ead_7ead;
/// Elements before the first and behind the last tensor of every buffer, which nobody may touch; keeps bindings aligned.
pub(super) const MARGIN: u32 = crate::plan::ALIGN;
/// A plan, what its inputs hold and the step block it runs with.
pub struct Case {
    pub name: String,
    pub plan: Arc<Plan>,
    pub inputs: Vec<(Tensor, Vec<u32>)>,
    pub step: Step,
}

/// The word that stands in memory that nobody has written.
pub(super) fn poison_of(elem: Elem) -> u32 {
    match elem {
        Elem::F32 => POISON_F32,
        Elem::F16 => POISON_F16,
        Elem::U32 => POISON_U32,
    }
}

/// The element that stands in memory that nobody has written, as `view` shows it.
pub(super) fn poisoned(elem: Elem) -> u32 {
    if elem == Elem::F16 { half::f16::from_bits(POISON_F16 as u16).to_f32().to_bits() } else { poison_of(elem) }
}
