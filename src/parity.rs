//! Compares every kernel on a device with its twin: ragged shapes, every variant, poisoned outputs, and a tolerance for each number
//! with its reason.
//! [`cases`] record small plans -> [`lockstep`] runs them dispatch by dispatch on both executors -> [`Summary`].
//!
//! It is part of the library, not of `tests/`, because `verify` runs it on a user's adapter and the same suite runs in a browser.

mod case;
pub mod cases;
mod tolerance;

use crate::gpu::{self, Gpu};
use crate::message::Message;
use crate::plan::{Access, Dispatch, Elem, Plan, Tensor};
use crate::{Result, cpu, ops};
use case::{POISON_F32, poison_of, poisoned};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tolerance::Scene;

pub use case::Case;

/// Failures of one kernel described in full; the rest are counted.
const FAILURES_MAX: usize = 3;

/// How far one kernel was from its twin.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct KernelResult {
    pub dispatches: usize,
    /// Numbers compared.
    pub compared: u64,
    /// Numbers that are wrong, left out, or written where they should not be; each tensor and buffer counts its first.
    pub failed: usize,
    /// The largest error as a share of its tolerance: above 1 is a failure.
    pub worst: f64,
    /// Where the largest error was.
    pub worst_at: String,
    /// The largest tolerance as a share of the largest number of its tensor: what an error must exceed to be noticed.
    pub loosest: f64,
}

impl fmt::Display for KernelResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dispatches, compared, failed, worst, worst_at, loosest } = self;
        write!(
            f,
            "{dispatches:>4} dispatches {compared:>9} numbers {failed:>3} failed, worst {worst:.3} of the tolerance"
        )?;
        write!(f, " (at most {loosest:.0e} of a tensor) {worst_at}")
    }
}

#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Summary {
    /// By label.
    pub kernels: BTreeMap<&'static str, KernelResult>,
    /// What went wrong, the first few of each kernel.
    pub failures: Vec<Message>,
}

impl Summary {
    pub fn failed(&self) -> usize {
        self.kernels.values().map(|kernel| kernel.failed).sum()
    }

    fn add(&mut self, label: &'static str, failures: Vec<Message>) {
        let kernel = self.kernels.entry(label).or_default();
        let room = FAILURES_MAX.saturating_sub(kernel.failed);
        kernel.failed += failures.len();
        self.failures.extend(failures.into_iter().take(room));
    }
}

/// Compares every kernel of `ops::ALL` on `gpu` with its twin. `report` gets a line for each kernel.
///
/// # Errors
/// The device failed. A wrong number is not an error here; the summary counts it as a failure.
pub async fn run(gpu: &Gpu, report: &mut dyn FnMut(&str)) -> Result<Summary> {
    let mut summary = Summary::default();
    let mut ran = BTreeSet::new();
    for case in cases::all(gpu.features) {
        ran.extend(case.plan.dispatches.iter().map(|d| (d.kernel.label, d.variant)));
        lockstep(gpu, &case, &mut summary).await?;
    }
    for kernel in ops::ALL {
        let label = kernel.label;
        for (v, variant) in kernel.variants.iter().enumerate() {
            if gpu.features.offer(variant.needs) && !ran.contains(&(label, v)) {
                let unused = Message::new("parity-no-case").with("kernel", label).with("variant", variant.name);
                summary.add(label, vec![unused]);
            }
        }
        // Every variant of the kernel may need something that this device lacks; then the kernel cannot run here.
        match summary.kernels.get(label) {
            Some(kernel) => report(&format!("{label:<32} {kernel}")),
            None => report(&format!("{label:<32} needs what this device does not offer")),
        }
    }
    Ok(summary)
}

/// Runs a case on both executors. Before every dispatch the device gets the twin's memory with the outputs poisoned, so that an
/// error shows in the kernel that makes it; after it, every number of every bound buffer is compared, written or not.
///
/// # Errors
/// The device failed.
pub async fn lockstep(gpu: &Gpu, case: &Case, summary: &mut Summary) -> Result<()> {
    let plan = &case.plan;
    let mut twin = cpu::Executor::new(Arc::clone(plan));
    let mut device = gpu::Executor::new(gpu, Arc::clone(plan)).await.map_err(|e| e.at(&case.name))?;
    for buffer in 0..plan.buffers.len() {
        let whole = whole(plan, buffer);
        twin.write(&whole, &vec![POISON_F32; whole.len() as usize]);
    }
    for (tensor, data) in &case.inputs {
        twin.write(tensor, data);
    }
    twin.set_step(&case.step);
    device.set_step(&case.step);
    for (i, dispatch) in plan.dispatches.iter().enumerate() {
        poison(dispatch, &mut twin);
        let before: BTreeMap<usize, Vec<u32>> =
            bound(dispatch).into_iter().map(|b| (b, twin.view(&whole(plan, b)).to_vec())).collect();
        for (&buffer, data) in &before {
            device.write(&whole(plan, buffer), data);
        }
        device.run(i..i + 1, Duration::MAX).await?;
        twin.run(i..i + 1, Duration::MAX).await?;
        let mut after = BTreeMap::new();
        for &buffer in before.keys() {
            after.insert(buffer, device.read(&whole(plan, buffer)).await?);
        }
        let want = before.keys().map(|&b| (b, twin.view(&whole(plan, b)).to_vec())).collect();
        Comparison { case, index: i, dispatch, before, after, want }.judge(summary);
    }
    Ok(())
}

fn whole(plan: &Plan, buffer: usize) -> Tensor {
    plan.whole(crate::plan::BufferId(buffer as u32), Elem::U32)
}

fn bound(dispatch: &Dispatch) -> BTreeSet<usize> {
    dispatch.tensors.iter().map(|t| t.buffer.0 as usize).collect()
}

/// Makes the old values of an output unusable, because a kernel that writes an output without reading it must write all of it.
fn poison(dispatch: &Dispatch, twin: &mut cpu::Executor) {
    for (slot, tensor) in dispatch.kernel.slots.iter().zip(&dispatch.tensors) {
        if slot.access == Access::Write {
            twin.write(tensor, &vec![poison_of(slot.elem); tensor.words() as usize]);
        }
    }
}

fn words(tensor: &Tensor) -> std::ops::Range<usize> {
    tensor.offset as usize..(tensor.offset + tensor.words()) as usize
}

/// The elements of a tensor, from the memory of whole buffers by number: f16 as the bits of the same number in f32.
fn view(tensor: &Tensor, memory: &BTreeMap<usize, Vec<u32>>) -> Vec<u32> {
    let stored = &memory[&(tensor.buffer.0 as usize)][words(tensor)];
    if tensor.elem != Elem::F16 {
        return stored.to_vec();
    }
    tensor.numbers(stored).into_iter().map(f32::to_bits).collect()
}

/// The half of a tensor's last word that an odd number of f16 leaves over.
fn left_over(tensor: &Tensor, memory: &BTreeMap<usize, Vec<u32>>) -> Option<u32> {
    let odd = tensor.elem == Elem::F16 && !tensor.len().is_multiple_of(2);
    odd.then(|| memory[&(tensor.buffer.0 as usize)][words(tensor).end - 1] >> 16)
}

/// Whole buffers, by number: as they were, as the device left them, as the twin left them.
struct Comparison<'a> {
    case: &'a Case,
    index: usize,
    dispatch: &'a Dispatch,
    before: BTreeMap<usize, Vec<u32>>,
    after: BTreeMap<usize, Vec<u32>>,
    want: BTreeMap<usize, Vec<u32>>,
}

impl Comparison<'_> {
    fn judge(&self, summary: &mut Summary) {
        let d = self.dispatch;
        let scene = Scene {
            dispatch: d,
            step: &self.case.step,
            before: d.tensors.iter().map(|t| view(t, &self.before)).collect(),
            want: d.tensors.iter().map(|t| view(t, &self.want)).collect(),
        };
        let mut failures = Vec::new();
        let result = summary.kernels.entry(d.kernel.label).or_default();
        result.dispatches += 1;
        for slot in (0..d.tensors.len()).filter(|&i| d.kernel.slots[i].access.writes()) {
            failures.extend(self.twin_left_out(&scene, slot));
            failures.extend(self.compare(&scene, slot, result));
        }
        failures.extend(self.strayed());
        summary.add(d.kernel.label, failures);
    }

    /// The twin must write all of what its specification says it does.
    fn twin_left_out(&self, scene: &Scene, i: usize) -> Option<Message> {
        let slot = &self.dispatch.kernel.slots[i];
        if slot.access != Access::Write {
            return None;
        }
        let at = scene.want[i].iter().position(|&element| element == poisoned(slot.elem))?;
        Some(Message::new("parity-unwritten").with("place", self.place(slot.name)).with("at", at))
    }

    /// A written tensor against the twin's; the worst number is the one described.
    fn compare(&self, scene: &Scene, i: usize, result: &mut KernelResult) -> Option<Message> {
        let (slot, tensor) = (&self.dispatch.kernel.slots[i], &self.dispatch.tensors[i]);
        let (got, want, share) = (view(tensor, &self.after), &scene.want[i], tolerance::of(scene, i));
        result.compared += got.len() as u64;
        if slot.elem != Elem::U32 && !tolerance::degenerate(scene) {
            result.loosest = result.loosest.max(loosest(want, &share));
        }
        let (worst, at) = (0..got.len()).map(|at| (share(at, got[at]), at)).max_by(|a, b| a.0.total_cmp(&b.0))?;
        if worst > result.worst {
            result.worst = worst;
            result.worst_at = format!("{}[{at}] of {}", slot.name, self.case.name);
        }
        let place = self.place(&format!("{}{:?}", slot.name, tensor.shape()));
        let (got, want) = (shown(slot.elem, got[at]), shown(slot.elem, want[at]));
        let wrong = || {
            Message::new("parity-wrong")
                .with("place", place)
                .with("at", at)
                .with("got", got)
                .with("want", want)
                .with("share", worst)
        };
        (worst > 1.0).then(wrong)
    }

    /// Everything outside of the written ranges must be as it was, to the bit.
    fn strayed(&self) -> Vec<Message> {
        let (slots, tensors) = (self.dispatch.kernel.slots, &self.dispatch.tensors);
        let beside = tensors.iter().filter(|t| left_over(t, &self.before) != left_over(t, &self.after));
        let beside = beside.map(|t| Message::new("parity-half-word").with("place", self.place(&t.label)));
        let written = |buffer: usize, at: usize| {
            slots
                .iter()
                .zip(tensors)
                .any(|(slot, t)| slot.access.writes() && t.buffer.0 as usize == buffer && words(t).contains(&at))
        };
        let changed = self.before.iter().filter_map(|(&buffer, before)| {
            let after = &self.after[&buffer];
            let at = (0..before.len()).find(|&at| before[at] != after[at] && !written(buffer, at))?;
            let place = self.place(&self.case.plan.buffers[buffer].label);
            Some(Message::new("parity-strayed").with("place", place).with("at", at))
        });
        changed.chain(beside).collect()
    }

    fn place(&self, what: &str) -> Message {
        let Self { case, index, dispatch, .. } = self;
        Message::new("parity-place")
            .with("kernel", dispatch.kernel.label)
            .with("variant", dispatch.variant().name)
            .with("dispatch", *index)
            .with("case", &case.name)
            .with("what", what)
    }
}

/// The largest tolerance as a share of the largest number, found by asking about numbers that are wrong by half of it.
fn loosest(want: &[u32], share: &tolerance::Share) -> f64 {
    let numbers =
        || want.iter().enumerate().map(|(at, word)| (at, f32::from_bits(*word))).filter(|(_, v)| v.is_finite());
    let largest = numbers().fold(0.0, |max: f32, (_, v)| max.max(v.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    numbers().map(|(at, v)| 0.5 / share(at, (v + 0.5 * largest).to_bits())).fold(0.0, f64::max)
}

/// A number, and its bits, which also tell one not-a-number from another.
fn shown(elem: Elem, word: u32) -> Message {
    let bits = format!("{word:#010x}");
    match elem {
        Elem::F32 | Elem::F16 => Message::new("parity-float").with("value", f32::from_bits(word)).with("bits", bits),
        Elem::U32 => Message::new("parity-whole").with("value", word).with("bits", bits),
    }
}
