//! The word head's softmax over the vocabulary, one chunk of slots at a time. The forward gives loss, accuracy and a sample; the
//! backward writes the gradient in place. Kernel `shaders/vocab.wgsl`, twin `cpu::vocab`.

use crate::plan::kernel::{KernelSpec, Variant, read_shared, read_u32, update, variant, write, write_u32};
use crate::plan::{Chosen, Recorder, Tensor};

const SOURCE: &str =
    wgsl!("lib/step.wgsl", "lib/grid.wgsl", "lib/threefry.wgsl", "lib/gumbel.wgsl", "lib/reduce.wgsl", "vocab.wgsl");
const VARIANTS: &[Variant] = &[variant("wg256", &[("WG", 256)]), variant("wg64", &[("WG", 64)])];

/// As `Dims` in the shader.
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Dims {
    /// Slots of this chunk, words of the vocabulary.
    pub rows: u32,
    pub v: u32,
    /// Slot number of the chunk's first row: places its random numbers.
    pub first_slot: u32,
    /// Which of the step's scales weighs this loss.
    pub scale: u32,
}

/// Per slot: slot_out = [loss (f32 bits), flags (1: argmax is the label, 2: sample is the label), sample, argmax], sampled, lse
pub const FORWARD: KernelSpec = KernelSpec {
    label: "vocab.forward",
    source: SOURCE,
    entry: "forward",
    slots: &[
        read_shared(1, "logits"),
        read_u32(2, "labels"),
        write(3, "lse"),
        write_u32(4, "sampled"),
        write_u32(5, "slot_out"),
    ],
    dims_bytes: size_of::<Dims>(),
    uses_step: true,
    looks_up: true,
    variants: VARIANTS,
};

/// logits become (softmax - onehot(label)) * `step.scales[scale]`; 0 for unused slots
pub const BACKWARD: KernelSpec = KernelSpec {
    label: "vocab.backward",
    source: SOURCE,
    entry: "backward",
    slots: &[update(1, "logits"), read_u32(2, "labels"), read_shared(3, "lse")],
    dims_bytes: size_of::<Dims>(),
    uses_step: true,
    looks_up: true,
    variants: VARIANTS,
};

/// Slots: labels, sampled: (S), slot_out: (S, 4).
#[derive(Debug, Clone)]
pub struct Slots {
    pub labels: Tensor,
    pub sampled: Tensor,
    pub slot_out: Tensor,
}

/// Rows `first_slot..` of the slots against logits: (rows, V) -> lse: (rows)
pub fn forward(r: &mut Recorder, logits: &Tensor, slots: &Slots, first_slot: u32) -> Tensor {
    let [rows, v] = logits.dims();
    let lse = r.activation("vocab.lse", &[rows]);
    let dims = Dims { rows, v, first_slot, scale: 0 };
    let choice = choose(r, &FORWARD, v);
    let part = |t: &Tensor| t.rows(first_slot, rows);
    let (labels, sampled, slot_out) = (part(&slots.labels), part(&slots.sampled), part(&slots.slot_out));
    // An exponential and a random word an element, about 100 operations.
    r.dispatch(
        &FORWARD,
        choice,
        dims,
        &[logits, &labels, &lse, &sampled, &slot_out],
        rows,
        100 * u64::from(rows) * u64::from(v),
    );
    lse
}

/// In place: logits (rows, V) become their gradient.
pub fn backward(r: &mut Recorder, logits: &Tensor, slots: &Slots, first_slot: u32, lse: &Tensor, scale: u32) {
    let [rows, v] = logits.dims();
    let dims = Dims { rows, v, first_slot, scale };
    let choice = choose(r, &BACKWARD, v);
    let labels = slots.labels.rows(first_slot, rows);
    r.dispatch(&BACKWARD, choice, dims, &[logits, &labels, lse], rows, 10 * u64::from(rows) * u64::from(v));
}

fn choose(r: &Recorder, kernel: &'static KernelSpec, v: u32) -> Chosen {
    r.choices.variant(kernel, format!("v{}", v.next_power_of_two()), |_| true)
}
