//! The recorded training step: a list of dispatches over named tensors. It is recorded once, as plain data that can be printed.
//! `ops` append to a [`Recorder`]; [`Recorder::finish`] gives every activation a place in memory; `gpu` and `cpu` run the [`Plan`].
//!
//! **Invariant:** nothing here knows how a dispatch is executed.

pub mod kernel;
mod launch;
mod memory;
pub mod step;
pub mod tensor;

pub use kernel::{ALIGN, Access, Elem, KernelSpec, Slot, Variant};
pub use launch::{Buffer, Dispatch, Role};
pub use step::Step;
pub use tensor::{BufferId, Tensor};

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// When a range of the plan runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Runs {
    /// Before the first micro-batch of an optimizer step.
    First,
    /// For every micro-batch.
    Each,
    /// After the last one.
    Last,
    /// On request, between two optimizer steps.
    Between,
    /// On request, between any two stages: its activations share memory with no other stage's.
    Aside,
}

/// The most letters that a stage's name may have.
const STAGE_LETTERS: usize = 15;

/// The name of a range of the plan. Whoever records the plan gives it; nothing here knows what happens in it. Names have no order: the
/// order of the stages is that of [`Plan::stages`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stage {
    letters: [u8; STAGE_LETTERS],
    len: u8,
}

impl Stage {
    /// # Panics
    /// A name longer than 15 bytes; in a constant, this is an error of the compiler.
    pub const fn named(name: &str) -> Self {
        let bytes = name.as_bytes();
        assert!(bytes.len() <= STAGE_LETTERS, "a stage's name has at most 15 letters");
        let mut letters = [0; STAGE_LETTERS];
        let mut i = 0;
        while i < bytes.len() {
            letters[i] = bytes[i];
            i += 1;
        }
        Self { letters, len: bytes.len() as u8 }
    }

    pub fn name(&self) -> &str {
        std::str::from_utf8(&self.letters[..self.len as usize]).expect("it was made from a whole string")
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl serde::Serialize for Stage {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for Stage {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        if name.len() > STAGE_LETTERS {
            return Err(serde::de::Error::custom(format!("no stage has a name as long as {name:?}")));
        }
        Ok(Self::named(&name))
    }
}

/// A named range of the plan.
#[derive(Debug, Clone)]
struct Section {
    stage: Stage,
    runs: Runs,
    range: Range<usize>,
}

/// Which variant runs for a kernel and a class of shapes: measured on an adapter, stored with the run, because it fixes the order of sums.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct KernelChoices(pub BTreeMap<String, String>);

impl KernelChoices {
    /// `kernel` at a shape class such as `m64n256k64`: what was chosen, if it `fits`; else the first variant that does.
    pub fn variant(&self, kernel: &'static KernelSpec, class: String, fits: impl Fn(&Variant) -> bool) -> Chosen {
        let name = self.0.get(&Self::key(kernel, &class)).or_else(|| self.0.get(kernel.label));
        let named = name.and_then(|name| kernel.variants.iter().position(|v| v.name == name && fits(v)));
        let variant = named.or_else(|| kernel.variants.iter().position(fits));
        Chosen { variant: variant.expect("one variant of every kernel takes any shape"), class }
    }

    /// Under which name a choice is kept.
    pub fn key(kernel: &KernelSpec, class: &str) -> String {
        format!("{} {class}", kernel.label)
    }
}

/// A kernel's variant, and the class of shapes it was chosen for.
#[derive(Debug, Clone, Default)]
pub struct Chosen {
    pub variant: usize,
    pub class: String,
}

impl From<usize> for Chosen {
    /// Where there is nothing to choose.
    fn from(variant: usize) -> Self {
        Self { variant, class: String::new() }
    }
}

/// When a long sum is cut into parts for several workgroups: a matter of the kind of device, so that every run on one has the same plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Split {
    /// Tiles of 32 × 32 outputs that keep the whole device busy: a product with as many is not cut.
    pub tiles_full: u32,
    /// The shortest part that is worth a workgroup of its own.
    pub part_min: u32,
}

impl Split {
    /// For the twins: their products share themselves among threads.
    pub const NEVER: Self = Self { tiles_full: 1, part_min: 256 };
    /// A processor that runs shaders: a few tiles a core, and parts that outweigh the memory they go through.
    pub const PROCESSOR: Self = Self { tiles_full: 16, part_min: 256 };
    /// A device that shares the processor's memory: joining the parts costs bandwidth.
    pub const SHARED: Self = Self { tiles_full: 512, part_min: 64 };
    /// Memory of its own, ten times as fast: several workgroups of 64 × 64 outputs for each of a hundred multiprocessors.
    pub const DISCRETE: Self = Self { tiles_full: 4096, part_min: 64 };
}

/// What the device allows; WebGPU's defaults unless told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Limits {
    pub binding_bytes_max: u64,
    pub buffer_bytes_max: u64,
    pub split: Split,
}

impl Limits {
    /// WebGPU's default limits: 128 MiB a binding, 256 MiB a buffer; no sum is split.
    pub const WEBGPU: Self = Self { binding_bytes_max: 128 << 20, buffer_bytes_max: 256 << 20, split: Split::NEVER };
}

impl Default for Limits {
    fn default() -> Self {
        Self::WEBGPU
    }
}

/// A launch that waits for another of its kind to share a dispatch with; the end of the stage is as long as it can wait.
pub(crate) struct Waiting {
    pub tensors: [Tensor; 3],
    /// Records it by itself.
    pub alone: fn(&mut Recorder, [Tensor; 3]),
}

/// A plan being written.
pub struct Recorder {
    pub choices: KernelChoices,
    pub limits: Limits,
    /// What activations that the backward reads are stored as.
    pub stored: Elem,
    pub(crate) waiting: Option<Waiting>,
    buffers: Vec<Buffer>,
    dispatches: Vec<Dispatch>,
    stages: Vec<Section>,
}

impl Recorder {
    pub fn new(choices: KernelChoices, limits: Limits) -> Self {
        let (buffers, dispatches, stages) = (Vec::new(), Vec::new(), Vec::new());
        Self { choices, limits, stored: Elem::F32, waiting: None, buffers, dispatches, stages }
    }

    /// A buffer of its own, `len` words of 4 bytes.
    pub fn buffer(&mut self, label: &str, role: Role, len: u32) -> BufferId {
        self.buffers.push(Buffer { label: label.into(), role, len: len.max(1) });
        BufferId(self.buffers.len() as u32 - 1)
    }

    /// A tensor over part of a buffer made by [`Recorder::buffer`].
    pub fn view(&self, label: &str, buffer: BufferId, offset: u32, elem: Elem, shape: &[u32]) -> Tensor {
        let tensor = Tensor::new(label, buffer, offset, elem, shape);
        let len = self.buffers[buffer.0 as usize].len;
        assert!(tensor.offset + tensor.words() <= len, "{tensor:?} at {offset} exceeds its buffer of {len}");
        tensor
    }

    fn whole(&mut self, label: &str, role: Role, elem: Elem, shape: &[u32]) -> Tensor {
        let words = Tensor::new(label, BufferId(0), 0, elem, shape).words();
        let buffer = self.buffer(label, role, words);
        Tensor::new(label, buffer, 0, elem, shape)
    }

    /// An f32 activation; it shares memory with activations that are not alive at the same time.
    pub fn activation(&mut self, label: &str, shape: &[u32]) -> Tensor {
        self.whole(label, Role::Activation, Elem::F32, shape)
    }

    /// An activation that the backward reads again, as f16 where the recorder says so.
    pub fn stored(&mut self, label: &str, shape: &[u32]) -> Tensor {
        self.activation_of(label, self.stored, shape)
    }

    pub fn activation_of(&mut self, label: &str, elem: Elem, shape: &[u32]) -> Tensor {
        self.whole(label, Role::Activation, elem, shape)
    }

    pub fn activation_u32(&mut self, label: &str, shape: &[u32]) -> Tensor {
        self.whole(label, Role::Activation, Elem::U32, shape)
    }

    pub fn input_u32(&mut self, label: &str, shape: &[u32]) -> Tensor {
        self.whole(label, Role::Input, Elem::U32, shape)
    }

    pub fn state(&mut self, label: &str, elem: Elem, shape: &[u32]) -> Tensor {
        self.whole(label, Role::State, elem, shape)
    }

    /// Opens a stage: the dispatches recorded until the next call belong to it.
    pub fn begin(&mut self, stage: Stage, runs: Runs) {
        self.close_stage();
        let here = self.dispatches.len();
        self.stages.push(Section { stage, runs, range: here..here });
    }

    fn close_stage(&mut self) {
        if let Some(Waiting { tensors, alone }) = self.waiting.take() {
            alone(self, tensors);
        }
        let here = self.dispatches.len();
        if let Some(last) = self.stages.last_mut() {
            last.range.end = here;
        }
    }

    /// Appends a launch. `tensors` in the order of the kernel's slots; `groups` workgroups.
    ///
    /// # Panics
    /// Where the tensors do not fit the specification, or read what they write: mistakes in `ops`, not in anyone's input.
    pub fn dispatch(
        &mut self,
        kernel: &'static KernelSpec,
        chosen: impl Into<Chosen>,
        dims: impl bytemuck::Pod,
        tensors: &[&Tensor],
        groups: u32,
        flops: u64,
    ) {
        let dims = bytemuck::bytes_of(&dims);
        assert_eq!(dims.len(), kernel.dims_bytes, "{}: bytes of dims", kernel.label);
        assert_eq!(tensors.len(), kernel.slots.len(), "{}: tensors", kernel.label);
        for (i, (slot, tensor)) in kernel.slots.iter().zip(tensors).enumerate() {
            assert_eq!(tensor.elem, slot.elem, "{}: element of {}", kernel.label, slot.name);
            assert!(
                tensor.bytes() <= self.limits.binding_bytes_max,
                "{}: {tensor:?} is {} bytes, more than a binding may be",
                kernel.label,
                tensor.bytes()
            );
            for (other_slot, other) in kernel.slots.iter().zip(tensors).take(i) {
                let overlap = tensor.overlaps(other);
                let mixed = slot.access.declared_read_write() != other_slot.access.declared_read_write();
                assert!(
                    !(tensor.buffer == other.buffer && mixed || overlap && slot.access.declared_read_write()),
                    "{}: {} and {} share a buffer",
                    kernel.label,
                    slot.name,
                    other_slot.name
                );
            }
        }
        if groups == 0 {
            return;
        }
        let Chosen { variant, class } = chosen.into();
        self.dispatches.push(Dispatch {
            kernel,
            variant,
            class: class.into(),
            dims: dims.into(),
            tensors: tensors.iter().map(|t| (*t).clone()).collect(),
            groups,
            flops,
        });
    }

    /// Appends a dispatch of another plan, over tensors of this one that are as its own.
    pub fn repeat(&mut self, dispatch: &Dispatch, tensors: &[Tensor]) {
        assert!(dispatch.tensors.iter().map(Tensor::shape).eq(tensors.iter().map(Tensor::shape)), "{:?}", tensors);
        self.dispatches.push(Dispatch { tensors: tensors.into(), ..dispatch.clone() });
    }

    /// Gives every activation a place; tensors recorded before keep their identity through [`Plan::resolve`].
    pub fn finish(mut self) -> Plan {
        self.close_stage();
        let aside = self.stages.iter().filter(|section| section.runs == Runs::Aside);
        // They are recorded one after the other.
        let isolated = aside.map(|section| section.range.clone()).reduce(|all, range| all.start..range.end);
        let placed = memory::colour(&self.buffers, &self.dispatches, isolated);
        for dispatch in &mut self.dispatches {
            for tensor in &mut dispatch.tensors {
                tensor.buffer = placed.buffer_of[tensor.buffer.0 as usize];
            }
        }
        Plan { buffers: placed.buffers, buffer_of: placed.buffer_of, dispatches: self.dispatches, stages: self.stages }
    }
}

/// A finished step: what both executors run.
pub struct Plan {
    pub buffers: Vec<Buffer>,
    pub dispatches: Vec<Dispatch>,
    stages: Vec<Section>,
    buffer_of: Vec<BufferId>,
}

impl Plan {
    /// The dispatches of a stage; empty where the plan has no such stage.
    pub fn stage(&self, stage: Stage) -> Range<usize> {
        self.stages.iter().find(|section| section.stage == stage).map_or(0..0, |section| section.range.clone())
    }

    pub fn stage_of(&self, dispatch: usize) -> Option<Stage> {
        self.stages.iter().find(|section| section.range.contains(&dispatch)).map(|section| section.stage)
    }

    /// The stages in their order, with what they run for and their dispatches.
    pub fn stages(&self) -> impl DoubleEndedIterator<Item = (Stage, Runs, Range<usize>)> {
        self.stages.iter().map(|section| (section.stage, section.runs, section.range.clone()))
    }

    /// When a stage runs; none where the plan has no such stage.
    pub fn runs(&self, stage: Stage) -> Option<Runs> {
        self.stages.iter().find(|section| section.stage == stage).map(|section| section.runs)
    }

    /// What one micro-batch of an optimizer step runs: the stages for each, after those for the `first`, before those for the `last`.
    pub fn micro(&self, first: bool, last: bool) -> Range<usize> {
        let runs = |section: &Section| match section.runs {
            Runs::First => first,
            Runs::Each => true,
            Runs::Last => last,
            Runs::Between | Runs::Aside => false,
        };
        // The stages of a step are recorded one after the other.
        let ranges = self.stages.iter().filter(|section| runs(section)).map(|section| section.range.clone());
        ranges.reduce(|all, range| all.start..range.end).unwrap_or(0..0)
    }

    /// A whole optimizer step of one micro-batch; empty where the plan trains nothing.
    pub fn step(&self) -> Range<usize> {
        self.micro(true, true)
    }

    /// From the first dispatch of `first` to the last of `last`.
    pub fn span(&self, first: Stage, last: Stage) -> Range<usize> {
        self.stage(first).start..self.stage(last).end
    }

    /// A tensor made while recording, where it lives now.
    pub fn resolve(&self, tensor: &Tensor) -> Tensor {
        tensor.moved(self.buffer_of[tensor.buffer.0 as usize])
    }

    /// All of a buffer, as one axis of elements of 4 bytes: what checkpoints and comparisons read.
    pub fn whole(&self, buffer: BufferId, elem: Elem) -> Tensor {
        let Buffer { label, len, .. } = &self.buffers[buffer.0 as usize];
        Tensor::new(label, buffer, 0, elem, &[*len])
    }

    /// Device memory of everything the plan binds.
    pub fn bytes(&self) -> u64 {
        self.buffers.iter().map(|b| u64::from(b.len) * 4).sum()
    }

    pub fn bytes_of(&self, role: Role) -> u64 {
        self.buffers.iter().filter(|b| b.role == role).map(|b| u64::from(b.len) * 4).sum()
    }

    pub fn flops(&self, range: Range<usize>) -> u64 {
        self.dispatches[range].iter().map(|d| d.flops).sum()
    }
}

impl fmt::Display for Plan {
    /// One line a dispatch: number, kernel, variant, workgroups, bytes, tensors; stages as headings.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Section { stage, range, .. } in &self.stages {
            writeln!(f, "{stage}: {} dispatches, {:.1} MFLOP", range.len(), self.flops(range.clone()) as f64 / 1e6)?;
            for i in range.clone() {
                let d = &self.dispatches[i];
                write!(
                    f,
                    "  {i:4} {:<30} {:<10} {:>6} groups {:>10} B ",
                    d.kernel.label,
                    d.variant().name,
                    d.groups,
                    d.bytes()
                )?;
                writeln!(f, " {:?}", d.tensors)?;
            }
        }
        Ok(())
    }
}
