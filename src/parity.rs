//! Every kernel on a device against its twin: ragged shapes, every variant, poisoned outputs, a reasoned tolerance for each number.
//! [`cases`] record small plans -> [`lockstep`] runs them dispatch by dispatch on both executors -> [`Summary`].
//!
//! Part of the library, not of `tests/`, because `verify` runs it on a user's adapter and the same suite runs in a browser.

mod cases;
mod tolerance;

use crate::gpu::{self, Gpu};
use crate::plan::{Access, Dispatch, Elem, Plan, Step, Tensor};
use crate::{Result, cpu, ops};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tolerance::Scene;

/// What a tensor holds that nobody has written: not a number as f32, no index as u32.
const POISON_F32: u32 = 0x7fc0_dead;
const POISON_U32: u32 = 0xdead_beef;
/// Elements before the first and behind the last tensor of every buffer, which nobody may touch; keeps bindings aligned.
const MARGIN: u32 = crate::plan::ALIGN;
/// Failures described in full; the rest are counted.
const FAILURES_MAX: usize = 40;

/// How far one kernel was from its twin.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct KernelResult {
    pub dispatches: usize,
    /// Numbers compared.
    pub compared: u64,
    /// The largest error as a share of its tolerance: above 1 is a failure.
    pub worst: f64,
    /// Where that was.
    pub worst_at: String,
    /// The largest tolerance as a share of the largest number of its tensor: what an error must exceed to be noticed.
    pub loosest: f64,
}

#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Summary {
    /// By label.
    pub kernels: BTreeMap<&'static str, KernelResult>,
    /// What went wrong, the first of them in full.
    pub failures: Vec<String>,
    pub failed: usize,
}

impl Summary {
    pub fn passed(&self) -> bool {
        self.failed == 0
    }

    fn fail(&mut self, text: String) {
        self.failed += 1;
        if self.failures.len() < FAILURES_MAX {
            self.failures.push(text);
        }
    }
}

/// A plan, what its inputs hold and the step block it runs with.
pub struct Case {
    pub name: String,
    pub plan: Arc<Plan>,
    pub inputs: Vec<(Tensor, Vec<u32>)>,
    pub step: Step,
}

/// Compares every kernel of `ops::ALL` on `gpu` with its twin. `report` gets a line for each kernel and each failure.
///
/// # Errors
/// The device failed; a wrong number is no error but a failure of the summary.
pub async fn run(gpu: &Gpu, report: &mut dyn FnMut(&str)) -> Result<Summary> {
    let mut summary = Summary::default();
    for case in cases::all(gpu.features) {
        lockstep(gpu, &case, &mut summary).await?;
    }
    for kernel in ops::ALL {
        match summary.kernels.get(kernel.label) {
            None => summary.fail(format!("{}: no case runs it", kernel.label)),
            Some(k) => {
                let KernelResult { dispatches, compared, worst, worst_at, loosest } = k;
                let label = kernel.label;
                report(&format!(
                    "{label:<32} {dispatches:>4} dispatches {compared:>9} numbers, worst {worst:.3} of the tolerance (at most {loosest:.0e} of a tensor) {worst_at}"
                ));
            }
        }
    }
    summary.failures.iter().for_each(|failure| report(&format!("FAIL {failure}")));
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

/// What is written without being read must be written whole: the old values are made unusable.
fn poison(dispatch: &Dispatch, twin: &mut cpu::Executor) {
    for (slot, tensor) in dispatch.kernel.slots.iter().zip(&dispatch.tensors) {
        if slot.access == Access::Write {
            twin.write(tensor, &vec![poison_of(slot.elem); tensor.len() as usize]);
        }
    }
}

fn poison_of(elem: Elem) -> u32 {
    match elem {
        Elem::F32 => POISON_F32,
        Elem::U32 => POISON_U32,
    }
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
        let view = |t: &Tensor, memory: &BTreeMap<usize, Vec<u32>>| {
            memory[&(t.buffer.0 as usize)][t.offset as usize..(t.offset + t.len()) as usize].to_vec()
        };
        let scene = Scene {
            dispatch: d,
            step: &self.case.step,
            before: d.tensors.iter().map(|t| view(t, &self.before)).collect(),
            want: d.tensors.iter().map(|t| view(t, &self.want)).collect(),
        };
        let mut result = summary.kernels.remove(d.kernel.label).unwrap_or_default();
        result.dispatches += 1;
        for (i, (slot, tensor)) in d.kernel.slots.iter().zip(&d.tensors).enumerate() {
            if !slot.access.writes() {
                continue;
            }
            let got = view(tensor, &self.after);
            if slot.access == Access::Write && !tolerance::leaves_parts(d.kernel, slot.name) {
                self.twin_wrote_all(slot.name, poison_of(slot.elem), &scene.want[i], summary);
            }
            let share = tolerance::of(&scene, i);
            let worst = (0..got.len()).map(|at| (share(at, got[at]), at)).max_by(|a, b| a.0.total_cmp(&b.0));
            result.compared += got.len() as u64;
            if slot.elem == Elem::F32 && !tolerance::degenerate(&scene) {
                result.loosest = result.loosest.max(loosest(&scene.want[i], &share));
            }
            let Some((worst, at)) = worst else { continue };
            if worst > result.worst {
                result.worst = worst;
                result.worst_at = format!("{}[{at}] of {}", slot.name, self.case.name);
            }
            if worst > 1.0 {
                let (got, want) = (shown(slot.elem, got[at]), shown(slot.elem, scene.want[i][at]));
                let place = self.place(&format!("{}{:?}", slot.name, tensor.shape()));
                summary.fail(format!("{place}[{at}]: got {got}, want {want}, {worst:.3} of the tolerance"));
            }
        }
        summary.kernels.insert(d.kernel.label, result);
        self.untouched(summary);
    }

    fn twin_wrote_all(&self, slot: &str, poison: u32, want: &[u32], summary: &mut Summary) {
        if let Some(at) = want.iter().position(|&word| word == poison) {
            summary.fail(format!("{}[{at}]: the twin left it unwritten", self.place(slot)));
        }
    }

    /// Everything outside the written ranges is as it was, to the bit.
    fn untouched(&self, summary: &mut Summary) {
        let written: Vec<&Tensor> = self
            .dispatch
            .kernel
            .slots
            .iter()
            .zip(&self.dispatch.tensors)
            .filter_map(|(slot, tensor)| slot.access.writes().then_some(tensor))
            .collect();
        for (&buffer, before) in &self.before {
            let inside = |at: usize| {
                written.iter().any(|t| {
                    t.buffer.0 as usize == buffer && (t.offset as usize..(t.offset + t.len()) as usize).contains(&at)
                })
            };
            let after = &self.after[&buffer];
            let changed = (0..before.len()).find(|&at| before[at] != after[at] && !inside(at));
            if let Some(at) = changed {
                let label = &self.case.plan.buffers[buffer].label;
                let place = self.place(label);
                summary.fail(format!("{place}: element {at} of the buffer changed, which no written range covers"));
            }
        }
    }

    fn place(&self, what: &str) -> String {
        let Self { case, index, dispatch, .. } = self;
        format!("{} ({}), dispatch {index} of {}: {what}", dispatch.kernel.label, dispatch.variant().name, case.name)
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

fn shown(elem: Elem, word: u32) -> String {
    match elem {
        Elem::F32 => format!("{:e} ({word:#010x})", f32::from_bits(word)),
        Elem::U32 => format!("{word} ({word:#010x})"),
    }
}
