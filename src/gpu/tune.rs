//! Finds the fastest variants on this adapter: it times each variant of a plan's kernels at the plan's shapes, in memory of its own
//! -> [`Tuning`]. It runs before step 0 and never later, because the choice of variants fixes the order of sums.

use super::device::Gpu;
use super::executor::Executor;
use super::kernels::Kernels;
use super::select::AdapterKind;
use crate::Result;
use crate::error::Kind;
use crate::plan::{Dispatch, Elem, KernelChoices, Plan, Recorder, Step, Tensor};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use web_time::Instant;

/// How long tuning may take in all. A kernel that it does not reach takes the variant that the measured ones suggest.
const BUDGET_SOFTWARE: Duration = Duration::from_secs(18);
const BUDGET_HARDWARE: Duration = Duration::from_millis(4500);
/// How much of a dispatch is run, in FLOPs, with a byte counted as [`FLOPS_PER_BYTE`]. It takes 1 to 10 ms, enough to tell variants
/// apart.
const WORK_SOFTWARE: f64 = 2e7;
const WORK_HARDWARE: f64 = 2e9;
const FLOPS_PER_BYTE: u64 = 4;
/// The fewest workgroups that are run (or all, if a dispatch has fewer), so that every core of a processor gets some.
const GROUPS_MIN: u32 = 8;
/// A measurement repeats what it runs until it is this long, so that the host's own time does not show.
const SAMPLE_SECS: f64 = 1e-3;
const REPEATS_MAX: f64 = 64.0;
/// The number of samples. The fastest one counts, because disturbances only ever slow a sample down.
const SAMPLES: u32 = 3;
/// A variant that is this many times slower than the best is not sampled again. If that happens at the shapes with the most work,
/// the variant is not tried at the other shapes.
const HOPELESS: f64 = 4.0;
/// A variant that is this many times slower for the file's kernel with the most work is not tried for the file's other kernels.
const HOPELESS_IN_FILE: f64 = 2.0;

/// The variants of one kernel at one class of shapes.
#[derive(Debug, Clone, PartialEq)]
pub struct Timed {
    /// The key, as in [`KernelChoices`].
    pub key: String,
    /// Variant and seconds of a whole dispatch, the fastest first.
    pub secs: Vec<(&'static str, f64)>,
}

/// The choices, and the measurements behind them.
#[derive(Debug, Clone, Default)]
pub struct Tuning {
    pub choices: KernelChoices,
    pub timed: Vec<Timed>,
}

/// One kernel and class: a dispatch of each variant, and the work of all dispatches of the step that the choice decides.
struct Contest {
    key: String,
    work: u64,
    dispatches: Vec<Dispatch>,
}

/// Times the variants of every kernel and class in the plans that `record` makes, except those that are `known`. `tell` gets the
/// share that is done.
///
/// # Errors
/// The device failed, or the platform rejects a shader.
pub async fn tune(
    gpu: &Gpu,
    record: &dyn Fn(KernelChoices) -> Arc<Plan>,
    known: &KernelChoices,
    tell: &mut dyn FnMut(f32),
) -> Result<Tuning> {
    let started = Instant::now();
    let budget = if software(gpu) { BUDGET_SOFTWARE } else { BUDGET_HARDWARE };
    let mut kernels = by_kernel(contests(gpu, record, known));
    let all = kernels.iter().map(Vec::len).sum::<usize>() as f32;
    let mut tuning = Tuning::default();
    let mut pipelines = Kernels::new(gpu);
    // The kernels of a file share their variants. For each file: which variant won for the heaviest kernel, and which were hopeless
    // there.
    let mut files: BTreeMap<&'static str, (&'static str, BTreeSet<&'static str>)> = BTreeMap::new();
    if !kernels.is_empty() {
        tell(0.0);
    }
    // Each kernel is tried first at its heaviest shapes, and then at the others. The first result also counts for shapes that do
    // not occur or that the budget does not reach.
    for heaviest in [true, false] {
        for contests in &mut kernels {
            let file = contests[0].file();
            let part = if heaviest { &mut contests[..1] } else { &mut contests[1..] };
            if let Some((_, lost)) = files.get(file) {
                part.iter_mut().for_each(|contest| contest.leave_out(|d| lost.contains(d.variant().name)));
            }
            if part.is_empty() || started.elapsed() > budget {
                continue;
            }
            let mut each = |timed: Timed, of: f32| {
                tuning.choices.0.insert(timed.key.clone(), timed.secs[0].0.to_owned());
                tuning.timed.push(timed);
                tell(tuning.timed.len() as f32 / of);
            };
            let late = || started.elapsed() > budget;
            let mut compared = compare(gpu, &mut pipelines, part, &late, &mut |timed| each(timed, all)).await;
            if compared.as_ref().is_err_and(|error| error.kind != Kind::DeviceLost) {
                // A driver is most likely to reject the experimental variants.
                let experimental = |d: &Dispatch| d.variant().needs.matrices.is_some();
                if part.iter().any(|contest| contest.dispatches.iter().any(experimental)) {
                    part.iter_mut().for_each(|contest| contest.leave_out(experimental));
                    compared = compare(gpu, &mut pipelines, part, &late, &mut |timed| each(timed, all)).await;
                }
            }
            match compared {
                Ok(()) => {}
                Err(error) if error.kind == Kind::DeviceLost => return Err(error),
                // The driver rejects a variant, or has no memory for it. Then the plain one is taken; if that fails too, the run
                // reports it.
                Err(_) => {
                    for contest in part {
                        let plain = contest.dispatches[0].kernel.variants[0].name.to_owned();
                        tuning.choices.0.insert(contest.key.clone(), plain);
                    }
                }
            }
            if let Some(timed) = tuning.timed.last().filter(|timed| heaviest && timed.key == contests[0].key) {
                let best = timed.secs[0].0.to_owned();
                tuning.choices.0.insert(contests[0].dispatches[0].kernel.label.to_owned(), best);
                files.entry(file).or_insert_with(|| (timed.secs[0].0, timed.slower_than(HOPELESS_IN_FILE)));
                let lost = timed.slower_than(HOPELESS);
                contests[1..].iter_mut().for_each(|contest| contest.leave_out(|d| lost.contains(d.variant().name)));
            }
        }
    }
    // Kernels that were not reached get a choice too, so that the next run on this adapter takes the same ones.
    for contest in kernels.iter().flatten() {
        let label = contest.dispatches[0].kernel.label;
        let of_file = || files.get(contest.file()).map(|(best, _)| (*best).to_owned());
        let like = tuning.choices.0.get(label).cloned().or_else(of_file);
        let known = contest.dispatches.iter().map(|d| d.variant().name);
        let name = like.filter(|name| known.clone().any(|other| other == name));
        let name = name.unwrap_or_else(|| guess(gpu, &contest.dispatches).to_owned());
        tuning.choices.0.entry(contest.key.clone()).or_insert(name);
    }
    Ok(tuning)
}

/// Times the variants of one kernel's contests, until it is `late`.
async fn compare(
    gpu: &Gpu,
    pipelines: &mut Kernels,
    contests: &[Contest],
    late: &dyn Fn() -> bool,
    each: &mut dyn FnMut(Timed),
) -> Result<()> {
    let mut trial = Trial::new(gpu, contests, std::mem::replace(pipelines, Kernels::new(gpu))).await?;
    for contest in contests {
        if late() {
            break;
        }
        each(Timed { key: contest.key.clone(), secs: trial.time(gpu, &contest.dispatches).await? });
    }
    *pipelines = trial.executor.into_kernels();
    Ok(())
}

/// The choice without a measurement: on a processor that runs shaders, the first variant in a text without barriers.
fn guess(gpu: &Gpu, dispatches: &[Dispatch]) -> &'static str {
    let barriers_are_dear = software(gpu);
    let has_barriers = |d: &Dispatch| d.kernel.source_of(d.variant).contains("workgroupBarrier");
    let first = dispatches.iter().find(|d| barriers_are_dear && !has_barriers(d));
    first.unwrap_or(&dispatches[0]).variant().name
}

impl Timed {
    /// The variants that took more than `times` times as long as the best one. A variant that these shapes do not offer has not lost.
    fn slower_than(&self, times: f64) -> BTreeSet<&'static str> {
        let limit = times * self.secs[0].1;
        self.secs.iter().filter(|(_, secs)| *secs > limit).map(|(name, _)| *name).collect()
    }
}

impl Contest {
    /// The file whose kernels share their variants: `file` of the label `file.entry`.
    fn file(&self) -> &'static str {
        let label = self.dispatches[0].kernel.label;
        label.split_once('.').map_or(label, |(file, _)| file)
    }

    /// Removes hopeless variants, unless none would remain.
    fn leave_out(&mut self, hopeless: impl Fn(&Dispatch) -> bool) {
        if self.dispatches.iter().any(|d| !hopeless(d)) {
            self.dispatches.retain(|d| !hopeless(d));
        }
    }
}

/// The contests of each kernel, the heaviest first, and the kernel with the most work first.
fn by_kernel(contests: Vec<Contest>) -> Vec<Vec<Contest>> {
    let mut kernels: BTreeMap<&'static str, Vec<Contest>> = BTreeMap::new();
    for contest in contests {
        kernels.entry(contest.dispatches[0].kernel.label).or_default().push(contest);
    }
    let mut kernels: Vec<_> = kernels.into_values().collect();
    for contests in &mut kernels {
        contests.sort_by_key(|contest| Reverse(contest.work));
    }
    kernels.sort_by_key(|contests| Reverse(contests.iter().map(|contest| contest.work).sum::<u64>()));
    kernels
}

fn software(gpu: &Gpu) -> bool {
    gpu.summary.kind == AdapterKind::Software
}

/// Makes the contests: it records the plan once with every kernel's first variant, once with every second one, and so on.
fn contests(gpu: &Gpu, record: &dyn Fn(KernelChoices) -> Arc<Plan>, known: &KernelChoices) -> Vec<Contest> {
    let plain = record(KernelChoices::default());
    let kernels: BTreeMap<_, _> = plain.dispatches.iter().map(|d| (d.kernel.label, d.kernel)).collect();
    let most = kernels.values().map(|kernel| kernel.variants.len()).max().unwrap_or(0);
    let mut contests: BTreeMap<String, Contest> = BTreeMap::new();
    for v in 0..most {
        let offered = kernels
            .iter()
            .filter_map(|(label, kernel)| Some((label, kernel.variants.get(v)?)))
            .filter(|(_, variant)| gpu.features.offer(variant.needs));
        let plan = record(KernelChoices(
            offered.map(|(label, variant)| ((*label).to_owned(), variant.name.to_owned())).collect(),
        ));
        let step = Some(plan.step()).filter(|range| !range.is_empty());
        for d in &plan.dispatches[step.unwrap_or(0..plan.dispatches.len())] {
            let key = KernelChoices::key(d.kernel, &d.class);
            if d.class.is_empty() || d.variant != v || known.0.contains_key(&key) {
                continue;
            }
            let contest =
                contests.entry(key.clone()).or_insert_with(|| Contest { key, work: 0, dispatches: Vec::new() });
            if contest.dispatches.iter().all(|other| other.variant != v) {
                contest.dispatches.push(d.clone());
            }
            contest.work += work(d);
        }
    }
    contests.into_values().filter(|contest| contest.dispatches.len() > 1).collect()
}

fn work(d: &Dispatch) -> u64 {
    d.flops + FLOPS_PER_BYTE * d.bytes()
}

/// An executor whose plan has one kernel's dispatches, in the order of its contests.
struct Trial {
    executor: Executor,
    /// The number of the contest that is timed next.
    first: usize,
}

impl Trial {
    async fn new(gpu: &Gpu, contests: &[Contest], pipelines: Kernels) -> Result<Self> {
        let mut r = Recorder::new(KernelChoices::default(), gpu.plan_limits());
        let mut words = Vec::new();
        for contest in contests {
            // Every variant binds the same ranges. A contest shares its memory with the next one.
            let tensors: Vec<Tensor> = contest.dispatches[0].tensors.iter().map(|t| trial_tensor(&mut r, t)).collect();
            words.extend(tensors.iter().filter(|t| t.elem == Elem::U32).cloned());
            contest.dispatches.iter().for_each(|d| r.repeat(d, &tensors));
        }
        let plan = Arc::new(r.finish());
        let mut executor = Executor::with_kernels(gpu, plan.clone(), pipelines).await?;
        for tensor in &words {
            // No word is 0, which a mask takes for padding. Words repeat, as they do in a text, and are small, so that every
            // vocabulary has them.
            let data: Vec<u32> = (0..tensor.len()).map(|i| 1 + i % 61).collect();
            executor.write(&plan.resolve(tensor), &data);
        }
        executor.set_step(&Step::seeded(1, 0));
        Ok(Self { executor, first: 0 })
    }

    /// Variants and the seconds of a whole dispatch, the fastest first.
    async fn time(&mut self, gpu: &Gpu, dispatches: &[Dispatch]) -> Result<Vec<(&'static str, f64)>> {
        let first = self.first;
        self.first += dispatches.len();
        let mut runs: Vec<Run> = Vec::with_capacity(dispatches.len());
        // The plain variants come last, because then it shows soon that they are slow.
        for (i, d) in dispatches.iter().enumerate().rev() {
            let best = best_of(&runs);
            runs.push(self.first_run(gpu, first + i, d, best).await?);
        }
        // The variants take turns, so that a rising clock, or other work on the machine, affects all of them.
        for _ in 0..SAMPLES {
            let best = best_of(&runs);
            for run in runs.iter_mut().filter(|run| run.whole() <= HOPELESS * best) {
                let repeats = (SAMPLE_SECS / run.secs).clamp(1.0, REPEATS_MAX) as u32;
                run.secs = run.secs.min(self.executor.time(run.dispatch, run.groups, repeats).await?);
            }
        }
        let mut secs: Vec<_> = runs.iter().map(|run| (run.name, run.whole())).collect();
        secs.sort_by(|a, b| a.1.total_cmp(&b.1));
        Ok(secs)
    }

    /// Finds how many of a dispatch's workgroups to run. It measures only roughly where other variants are far better.
    async fn first_run(&mut self, gpu: &Gpu, dispatch: usize, d: &Dispatch, best: f64) -> Result<Run> {
        let part = if software(gpu) { WORK_SOFTWARE } else { WORK_HARDWARE } / work(d).max(1) as f64;
        let groups = ((f64::from(d.groups) * part).ceil() as u32).clamp(GROUPS_MIN.min(d.groups), d.groups.max(1));
        let mut run = Run { name: d.variant().name, dispatch, groups, of: d.groups, secs: 0.0 };
        // The first run of a pipeline may still compile.
        self.executor.time(dispatch, groups, 1).await?;
        run.secs = self.executor.time(dispatch, groups, 1).await?;
        if run.whole() <= HOPELESS * best && groups < d.groups && run.secs < SAMPLE_SECS {
            // A part of a dispatch may fill a device less than the whole does.
            run.groups = (f64::from(groups) * SAMPLE_SECS / run.secs).min(f64::from(d.groups)) as u32;
            run.secs = self.executor.time(dispatch, run.groups, 1).await?;
        }
        Ok(run)
    }
}

/// A variant that is being timed.
struct Run {
    name: &'static str,
    dispatch: usize,
    /// How many of the workgroups are run.
    groups: u32,
    of: u32,
    /// The fastest time so far of the workgroups that are run.
    secs: f64,
}

impl Run {
    /// Seconds of the whole dispatch.
    fn whole(&self) -> f64 {
        self.secs * f64::from(self.of) / f64::from(self.groups.max(1))
    }
}

fn best_of(runs: &[Run]) -> f64 {
    runs.iter().map(Run::whole).fold(f64::INFINITY, f64::min)
}

/// Gives the tensors that a dispatch of the plan binds memory of their own.
fn trial_tensor(r: &mut Recorder, tensor: &Tensor) -> Tensor {
    match tensor.elem {
        Elem::F32 | Elem::F16 => r.activation_of(&tensor.label, tensor.elem, tensor.shape()),
        Elem::U32 => r.state(&tensor.label, Elem::U32, tensor.shape()),
    }
}
