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
    /// After the last micro-batch.
    Last,
    /// On request, between two optimizer steps.
    Between,
    /// On request, between any two stages. So its activations share no memory with those of other stages.
    Aside,
}

/// The largest number of letters that a stage's name may have.
const STAGE_LETTERS: usize = 15;

/// The name of a range of the plan. The code that records the plan gives it; nothing here knows what happens in the range. Names
/// have no order: [`Plan::stages`] has the order of the stages.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stage {
    letters: [u8; STAGE_LETTERS],
    len: u8,
}

impl Stage {
    /// # Panics
    /// The name is longer than 15 bytes. In a constant this is an error of the compiler.
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

/// Which variant runs for a kernel and a class of shapes. It is measured on an adapter, and stored with the run, because it fixes
/// the order of sums.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct KernelChoices(pub BTreeMap<String, String>);

impl KernelChoices {
    /// The variant of `kernel` for a class of shapes such as `m64n256k64`: the chosen one if it `fits`, else the first that does.
    pub fn variant(&self, kernel: &'static KernelSpec, class: String, fits: impl Fn(&Variant) -> bool) -> Chosen {
        let name = self.0.get(&Self::key(kernel, &class)).or_else(|| self.0.get(kernel.label));
        let named = name.and_then(|name| kernel.variants.iter().position(|v| v.name == name && fits(v)));
        let variant = named.or_else(|| kernel.variants.iter().position(fits));
        Chosen { variant: variant.expect("one variant of every kernel takes any shape"), class }
    }

    /// The name under which a choice is kept.
    pub fn key(kernel: &KernelSpec, class: &str) -> String {
        format!("{} {class}", kernel.label)
    }
}

/// A kernel's variant, and the class of shapes for which it was chosen.
#[derive(Debug, Clone, Default)]
pub struct Chosen {
    pub variant: usize,
    pub class: String,
}

impl From<usize> for Chosen {
    /// A variant without a class, for kernels that have nothing to choose.
    fn from(variant: usize) -> Self {
        Self { variant, class: String::new() }
    }
}

/// When a long sum is cut into parts for several workgroups. It depends only on the kind of device, so that every run on one kind
/// has the same plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Split {
    /// How many tiles of 32 × 32 outputs keep the whole device busy. A product with that many tiles is not cut.
    pub tiles_full: u32,
    /// The shortest part that is worth a workgroup of its own.
    pub part_min: u32,
}

impl Split {
    /// For the twins, whose products share their work among threads by themselves.
    pub const NEVER: Self = Self { tiles_full: 1, part_min: 256 };
    /// For a processor that runs shaders: a few tiles for each core, and parts that are worth the memory traffic of joining them.
    pub const PROCESSOR: Self = Self { tiles_full: 16, part_min: 256 };
    /// For a device that shares the processor's memory, where joining the parts costs bandwidth.
    pub const SHARED: Self = Self { tiles_full: 512, part_min: 64 };
    /// For a device with memory of its own, ten times as fast: several workgroups of 64 × 64 outputs for each of a hundred
    /// multiprocessors.
    pub const DISCRETE: Self = Self { tiles_full: 4096, part_min: 64 };
}

/// What the device allows. The default is WebGPU's default limits.
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

/// A launch that is not recorded yet, because it may share a dispatch with a second launch of its kind. If no second one comes
/// before the stage ends, it is recorded alone.
pub(crate) struct Waiting {
    pub tensors: [Tensor; 3],
    /// Records it as a dispatch of its own.
    pub alone: fn(&mut Recorder, [Tensor; 3]),
}

/// Records a plan.
pub struct Recorder {
    pub choices: KernelChoices,
    pub limits: Limits,
    /// How activations that the backward reads are stored.
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

    /// Adds a buffer of `len` words of 4 bytes.
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

    /// An activation that the backward reads again, stored as `self.stored` says.
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

    /// Begins a stage. The dispatches that are recorded until the next call belong to it.
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
    /// If the tensors do not fit the specification, or share a buffer in a way that WebGPU forbids. These are mistakes in `ops`,
    /// not in anyone's input.
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

    /// Appends a dispatch of another plan, with tensors of this plan that have the same shapes.
    pub fn repeat(&mut self, dispatch: &Dispatch, tensors: &[Tensor]) {
        assert!(dispatch.tensors.iter().map(Tensor::shape).eq(tensors.iter().map(Tensor::shape)), "{:?}", tensors);
        self.dispatches.push(Dispatch { tensors: tensors.into(), ..dispatch.clone() });
    }

    /// Gives every activation a place. [`Plan::resolve`] finds the place of a tensor that was recorded before.
    pub fn finish(mut self) -> Plan {
        self.close_stage();
        let aside = self.stages.iter().filter(|section| section.runs == Runs::Aside);
        // These stages are recorded one after the other.
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

/// A recorded step, which both executors run.
pub struct Plan {
    pub buffers: Vec<Buffer>,
    pub dispatches: Vec<Dispatch>,
    stages: Vec<Section>,
    buffer_of: Vec<BufferId>,
}

impl Plan {
    /// The dispatches of a stage; empty if the plan has no such stage.
    pub fn stage(&self, stage: Stage) -> Range<usize> {
        self.stages.iter().find(|section| section.stage == stage).map_or(0..0, |section| section.range.clone())
    }

    pub fn stage_of(&self, dispatch: usize) -> Option<Stage> {
        self.stages.iter().find(|section| section.range.contains(&dispatch)).map(|section| section.stage)
    }

    /// The stages in their order, with the time when they run and their dispatches.
    pub fn stages(&self) -> impl DoubleEndedIterator<Item = (Stage, Runs, Range<usize>)> {
        self.stages.iter().map(|section| (section.stage, section.runs, section.range.clone()))
    }

    /// When a stage runs; none if the plan has no such stage.
    pub fn runs(&self, stage: Stage) -> Option<Runs> {
        self.stages.iter().find(|section| section.stage == stage).map(|section| section.runs)
    }

    /// The dispatches that one micro-batch of an optimizer step runs: the stages for each micro-batch, with those for the `first`
    /// before them and those for the `last` after them.
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

    /// The dispatches of a whole optimizer step of one micro-batch; empty if the plan trains nothing.
    pub fn step(&self) -> Range<usize> {
        self.micro(true, true)
    }

    /// The dispatches from the first of `first` to the last of `last`.
    pub fn span(&self, first: Stage, last: Stage) -> Range<usize> {
        self.stage(first).start..self.stage(last).end
    }

    /// The place of a tensor that was made while the plan was recorded.
    pub fn resolve(&self, tensor: &Tensor) -> Tensor {
        tensor.moved(self.buffer_of[tensor.buffer.0 as usize])
    }

    /// All of a buffer, as one axis of elements of 4 bytes. Checkpoints and comparisons read it.
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
    /// One line for each dispatch: number, kernel, variant, workgroups, bytes, tensors. Stages are headings.
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
