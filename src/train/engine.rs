//! The executor of a run: the device's or the processor's, behind one set of methods.

use crate::gpu::{Choice, Gpu, Profile};
use crate::plan::{Limits, Plan, Step, Tensor};
use crate::train::event;
use crate::{Result, cpu, gpu};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// Where plans run: chosen once, before the model is recorded, because a device's limits shape the plan.
pub struct Place {
    gpu: Option<Gpu>,
    reason: String,
}

impl Place {
    /// What `choice` comes to on this machine.
    ///
    /// # Errors
    /// An adapter that was asked for and is not there, with the names of those that are.
    pub async fn open(choice: &Choice) -> Result<Self> {
        let opened = Gpu::open(choice, Profile::Portable).await?;
        // The event tells the adapter's name apart from the reason.
        let name = opened.gpu.as_ref().map_or_else(|| "cpu executor: ".to_owned(), |gpu| format!("{}: ", gpu.summary));
        let reason = opened.reason.strip_prefix(&name).map(str::to_owned).unwrap_or(opened.reason);
        Ok(Self { gpu: opened.gpu, reason })
    }

    /// The cpu executor, without looking for a device.
    pub fn cpu() -> Self {
        Self { gpu: None, reason: "it was asked for".to_owned() }
    }

    /// A device that is open already.
    pub fn on(gpu: Gpu) -> Self {
        Self { gpu: Some(gpu), reason: "it was asked for".to_owned() }
    }

    pub fn gpu(&self) -> Option<&Gpu> {
        self.gpu.as_ref()
    }

    /// The limits a plan must keep to; WebGPU's defaults on the processor too, so that both run the same plan.
    pub fn limits(&self) -> Limits {
        self.gpu.as_ref().map_or_else(Limits::default, Gpu::plan_limits)
    }

    /// The run's first event.
    pub fn event(&self) -> event::Device {
        match &self.gpu {
            Some(gpu) => event::Device {
                executor: event::Executor::Gpu,
                name: gpu.summary.name.clone(),
                backend: Some(gpu.summary.backend.to_owned()),
                reason: self.reason.clone(),
                reason_pt: None,
            },
            None => event::Device {
                executor: event::Executor::Cpu,
                name: match cpu::threads() {
                    1 => "1 thread".to_owned(),
                    threads => format!("{threads} threads"),
                },
                backend: None,
                reason: self.reason.clone(),
                reason_pt: None,
            },
        }
    }

    /// Makes everything `plan` needs, zeroed.
    ///
    /// # Errors
    /// The plan exceeds the device's limits or memory, with numbers.
    pub async fn engine(&self, plan: &Arc<Plan>) -> Result<Engine> {
        Ok(match &self.gpu {
            Some(gpu) => Engine::Gpu(Box::new(gpu::Executor::new(gpu, plan.clone()).await?)),
            None => Engine::Cpu(Box::new(cpu::Executor::new(plan.clone()))),
        })
    }
}

/// An executor with a plan's memory.
pub enum Engine {
    Cpu(Box<cpu::Executor>),
    Gpu(Box<gpu::Executor>),
}

impl Engine {
    /// See [`gpu::Executor::set_step`].
    pub fn set_step(&mut self, step: &Step) {
        match self {
            Self::Cpu(e) => e.set_step(step),
            Self::Gpu(e) => e.set_step(step),
        }
    }

    /// Time that the host spent encoding work for a device.
    pub fn host(&self) -> Duration {
        match self {
            Self::Cpu(_) => Duration::ZERO,
            Self::Gpu(e) => e.host(),
        }
    }

    /// Overwrites a tensor from its start, before the next run.
    pub fn write(&mut self, tensor: &Tensor, data: &[u32]) {
        match self {
            Self::Cpu(e) => e.write(tensor, data),
            Self::Gpu(e) => e.write(tensor, data),
        }
    }

    pub fn write_f32(&mut self, tensor: &Tensor, data: &[f32]) {
        self.write(tensor, bytemuck::cast_slice(data));
    }

    /// One slice of `range`; returns the dispatch reached.
    pub async fn run(&mut self, range: Range<usize>, budget: Duration) -> Result<usize> {
        match self {
            Self::Cpu(e) => e.run(range, budget).await,
            Self::Gpu(e) => e.run(range, budget).await,
        }
    }

    /// All of `range`, in slices of at most a quarter of a second.
    pub async fn run_all(&mut self, range: Range<usize>) -> Result<()> {
        let mut reached = range.start;
        while reached < range.end {
            reached = self.run(reached..range.end, SLICE).await?;
        }
        Ok(())
    }

    /// What [`Engine::profile`] reads time from; none where the device has no clock.
    pub fn clock(&self) -> Option<event::Clock> {
        match self {
            Self::Cpu(_) => Some(event::Clock::Processor),
            Self::Gpu(e) => e.gpu().features.timestamps.then_some(event::Clock::Timestamps),
        }
    }

    /// Runs `range` dispatch by dispatch, and tells the seconds of each. None where the device has no clock (then nothing was run),
    /// or one that only pretends to.
    ///
    /// # Errors
    /// The device is lost, or something failed since the last call.
    pub async fn profile(&mut self, range: Range<usize>) -> Result<Option<Vec<f64>>> {
        match self {
            Self::Gpu(executor) => executor.profile(range).await,
            Self::Cpu(executor) => Ok(Some(executor.profile(range))),
        }
    }

    /// The same executor, for another plan.
    pub fn place(&self) -> Place {
        match self {
            Self::Cpu(_) => Place::cpu(),
            Self::Gpu(e) => Place::on(e.gpu().clone()),
        }
    }

    /// Takes the device away, as a driver's reset does; the processor has none to lose.
    pub fn lose(&self) {
        if let Self::Gpu(e) = self {
            e.gpu().lose();
        }
    }

    /// Keeps the outputs as they are now, under `tag`.
    pub fn collect(&mut self, tag: u64) {
        match self {
            Self::Cpu(e) => e.collect(tag),
            Self::Gpu(e) => e.collect(tag),
        }
    }

    /// Hands over collected outputs, oldest first; `wait`: all of them.
    pub async fn drain(&mut self, wait: bool, row: impl FnMut(u64, &[&[u32]])) -> Result<()> {
        match self {
            Self::Cpu(e) => e.drain(wait, row).await,
            Self::Gpu(e) => e.drain(wait, row).await,
        }
    }

    pub async fn read(&mut self, tensor: &Tensor) -> Result<Vec<u32>> {
        match self {
            Self::Cpu(e) => e.read(tensor).await,
            Self::Gpu(e) => e.read(tensor).await,
        }
    }

    pub async fn read_f32(&mut self, tensor: &Tensor) -> Result<Vec<f32>> {
        Ok(self.read(tensor).await?.into_iter().map(f32::from_bits).collect())
    }
}

/// The longest a slice may take when nobody is watching: pause, watchdogs and other programs must get their turn.
pub const SLICE: Duration = Duration::from_millis(250);
/// And when somebody is: the window is drawn in between.
pub const SLICE_WATCHED: Duration = Duration::from_millis(8);
