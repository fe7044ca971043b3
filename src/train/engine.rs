//! Where a run computes: a [`Backend`] is the device or the processor, and an [`Engine`] runs a plan there. The GPU executor, the
//! CPU executor and the Burn engine have the same methods here.

#[cfg(feature = "burn")]
use crate::burn;
use crate::config::Precision;
use crate::error::Kind as ErrorKind;
use crate::gpu::{AdapterKind, DeviceName, Gpu, LaunchCost, Profile};
use crate::machine::{self, memory};
use crate::message::Message;
use crate::model::Model;
use crate::plan::{Limits, Plan, Role, Step, Tensor};
use crate::train::event;
use crate::{Error, Result, cpu, gpu};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use web_time::Instant;

/// Which implementation trains (`--engine`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The handwritten kernels, or their twins.
    Wgsl,
    /// The same networks written with Burn, in builds with the feature `burn`.
    Burn,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Wgsl => "wgsl",
            Self::Burn => "burn",
        }
    }

    /// The engine of this name.
    ///
    /// # Errors
    /// This build does not have the engine.
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "wgsl" => Ok(Self::Wgsl),
            "burn" if cfg!(feature = "burn") => Ok(Self::Burn),
            _ => Err({
                let hint = if name == "burn" { "help-build-with-burn" } else { "help-engines" };
                Error::usage("engine-not-in-build").with("name", name).hint(hint)
            }),
        }
    }
}

/// Where plans run. It is chosen once, before the model is recorded, because a device's limits shape the plan.
#[derive(Clone)]
pub struct Backend {
    gpu: Option<Gpu>,
    reason: Message,
    /// Burn's side of the same device, if Burn trains.
    #[cfg(feature = "burn")]
    burn: Option<burn::Device>,
}

impl Backend {
    /// Opens the device that `choice` names on this machine.
    ///
    /// # Errors
    /// The adapter that was asked for is not there; the error names the adapters that are.
    pub async fn open(choice: &DeviceName) -> Result<Self> {
        Self::open_profile(choice, Profile::Portable).await
    }

    /// Opens the device for an engine. Burn sizes its kernels by what the adapter can do, so the device is opened with all of that.
    /// An engine that is compared with Burn uses the same device.
    ///
    /// # Errors
    /// As [`Backend::open`]; or this build does not have the engine, or Burn refuses the device.
    pub async fn open_for(choice: &DeviceName, kind: Kind) -> Result<Self> {
        match kind {
            Kind::Wgsl => Self::open(choice).await,
            Kind::Burn => Self::open_profile(choice, Profile::Full).await?.with_burn(),
        }
    }

    /// The same device for the handwritten kernels.
    #[must_use]
    pub fn with_wgsl(&self) -> Self {
        Self {
            gpu: self.gpu.clone(),
            reason: self.reason.clone(),
            #[cfg(feature = "burn")]
            burn: None,
        }
    }

    /// The same device, registered with Burn: once for each opened device.
    #[cfg(feature = "burn")]
    fn with_burn(self) -> Result<Self> {
        let device = match &self.gpu {
            Some(gpu) => burn::Device::on(gpu)?,
            None => burn::Device::cpu(),
        };
        Ok(Self { burn: Some(device), ..self })
    }

    #[cfg(not(feature = "burn"))]
    fn with_burn(self) -> Result<Self> {
        Kind::named("burn").map(|_| self)
    }

    async fn open_profile(choice: &DeviceName, profile: Profile) -> Result<Self> {
        // Drivers start threads of their own, and not all of them survive it if there is none to be had.
        machine::start(None)?;
        let opened = Gpu::open(choice, profile).await?;
        Ok(Self {
            gpu: opened.gpu,
            reason: opened.reason,
            #[cfg(feature = "burn")]
            burn: None,
        })
    }

    /// The cpu executor, without looking for a device.
    pub fn cpu() -> Self {
        Self {
            gpu: None,
            reason: Message::new("device-asked-for"),
            #[cfg(feature = "burn")]
            burn: None,
        }
    }

    /// A device that is open already.
    pub fn on(gpu: Gpu) -> Self {
        Self { gpu: Some(gpu), ..Self::cpu() }
    }

    /// The engine that trains here.
    pub fn kind(&self) -> Kind {
        #[cfg(feature = "burn")]
        if self.burn.is_some() {
            return Kind::Burn;
        }
        Kind::Wgsl
    }

    pub fn gpu(&self) -> Option<&Gpu> {
        self.gpu.as_ref()
    }

    /// The limits of a plan. On the processor they are WebGPU's defaults, so that both run the same plan.
    pub fn limits(&self) -> Limits {
        self.gpu.as_ref().map_or_else(Limits::default, Gpu::plan_limits)
    }

    /// The first event of a run on this backend.
    pub fn event(&self) -> event::Device {
        match &self.gpu {
            Some(gpu) => event::Device {
                executor: event::Executor::Gpu,
                name: gpu.summary.name.clone(),
                backend: Some(gpu.summary.backend.to_owned()),
                reason: self.reason.clone(),
            },
            None => event::Device {
                executor: event::Executor::Cpu,
                name: match cpu::threads() {
                    1 => "1 thread".to_owned(),
                    threads => format!("{threads} threads"),
                },
                backend: None,
                reason: self.reason.clone(),
            },
        }
    }

    /// Whether activations can be stored in this precision here. The twins can always convert what they work on.
    pub fn stores(&self, precision: Precision) -> bool {
        let halves = self.kind() == Kind::Wgsl && self.gpu.as_ref().is_none_or(|gpu| gpu.features.f16);
        precision == Precision::F32 || halves
    }

    /// Refuses a precision that is not possible here, before anything is recorded.
    ///
    /// # Errors
    /// The precision is not possible; the error says what is missing and what to do.
    pub fn check(&self, precision: Precision) -> Result<()> {
        if self.stores(precision) {
            return Ok(());
        }
        match (&self.gpu, self.kind()) {
            (_, Kind::Burn) => Err(Error::usage("burn-trains-in-f32")),
            (Some(gpu), _) => Err(Error::usage("adapter-without-f16").with("adapter", gpu.summary.to_string())),
            (None, _) => Ok(()),
        }
    }

    /// Refuses a plan that needs more memory than this process may still take, before anything is made for it. The memory of a graphics
    /// card is its own: only the card knows how much is free, and refuses what does not fit. `prepared`: whether the text of the run is
    /// ready, so that nothing else needs much.
    ///
    /// # Errors
    /// The memory does not suffice, with both numbers and what limits it.
    pub fn check_memory(&self, plan: &Plan, prepared: bool) -> Result<()> {
        let in_main_memory = self.gpu.as_ref().is_none_or(|gpu| gpu.summary.kind == AdapterKind::Software);
        let held = if in_main_memory { plan.bytes() } else { 0 };
        let Some(memory::Room { bytes, limit }) = memory::room() else { return Ok(()) };
        let needs = held + copied_bytes(plan) + if prepared { 0 } else { limit.beside_bytes() };
        if needs <= bytes {
            return Ok(());
        }
        Err(Error::failed("memory-too-small")
            .with("needs", mebibytes(needs))
            .with("left", mebibytes(bytes))
            .with("limit", limit.message())
            .kind(ErrorKind::OutOfMemory)
            .hint("help-less-memory"))
    }

    /// Makes everything that training `model` needs, zeroed.
    ///
    /// # Errors
    /// As [`Backend::engine`].
    pub async fn trainer(&self, model: &Model) -> Result<Engine> {
        #[cfg(feature = "burn")]
        if let Some(device) = &self.burn {
            return Ok(Engine::Burn(Box::new(burn::Executor::new(device, model))));
        }
        self.engine(&model.plan).await
    }

    /// Makes everything that `plan` needs, zeroed. It uses the handwritten kernels or their twins, even if Burn trains here.
    ///
    /// # Errors
    /// The plan exceeds the device's limits or memory, with numbers.
    pub async fn engine(&self, plan: &Arc<Plan>) -> Result<Engine> {
        self.check_memory(plan, true)?;
        Ok(match &self.gpu {
            Some(gpu) => Engine::Gpu(Box::new(gpu::Executor::new(gpu, plan.clone()).await?)),
            None if memory::can_take(plan.bytes()) => Engine::Cpu(Box::new(cpu::Executor::new(plan.clone()))),
            None => {
                return Err(Error::failed("memory-refused")
                    .with("needs", mebibytes(plan.bytes()))
                    .kind(ErrorKind::OutOfMemory)
                    .hint("help-less-memory"));
            }
        })
    }
}

/// What a checkpoint of this plan copies into main memory: the parameters and both moments. Nothing, if the plan does not train.
pub fn copied_bytes(plan: &Plan) -> u64 {
    let moments = plan.bytes_of(Role::Moment1) + plan.bytes_of(Role::Moment2);
    if moments == 0 { 0 } else { moments + plan.bytes_of(Role::Parameters) }
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// An executor with a plan's memory.
pub enum Engine {
    Cpu(Box<cpu::Executor>),
    Gpu(Box<gpu::Executor>),
    #[cfg(feature = "burn")]
    Burn(Box<burn::Executor>),
}

impl Engine {
    /// See [`gpu::Executor::set_step`].
    pub fn set_step(&mut self, step: &Step) {
        match self {
            Self::Cpu(e) => e.set_step(step),
            Self::Gpu(e) => e.set_step(step),
            #[cfg(feature = "burn")]
            Self::Burn(e) => e.set_step(step),
        }
    }

    /// Lets an engine draw the sampling noise with its own random numbers, if it has some. Speed measurements use this, because
    /// there the numbers need not be those of other engines.
    pub fn free_noise(&mut self) {
        #[cfg(feature = "burn")]
        if let Self::Burn(e) = self {
            e.free_noise();
        }
    }

    /// Time that the host spent encoding work for a device.
    pub fn host(&self) -> Duration {
        match self {
            Self::Gpu(e) => e.host(),
            _ => Duration::ZERO,
        }
    }

    /// What it costs the host to launch `range`; none if this engine launches no kernels of ours on a device.
    ///
    /// # Errors
    /// The device is lost, or something failed since the last call.
    pub async fn rehearse(&mut self, range: Range<usize>) -> Result<Option<LaunchCost>> {
        match self {
            Self::Gpu(e) => e.rehearse(range).await.map(Some),
            _ => Ok(None),
        }
    }

    /// Overwrites a tensor from its start, before the next run.
    pub fn write(&mut self, tensor: &Tensor, data: &[u32]) {
        match self {
            Self::Cpu(e) => e.write(tensor, data),
            Self::Gpu(e) => e.write(tensor, data),
            #[cfg(feature = "burn")]
            Self::Burn(e) => e.write(tensor, data),
        }
    }

    pub fn write_f32(&mut self, tensor: &Tensor, data: &[f32]) {
        self.write(tensor, bytemuck::cast_slice(data));
    }

    /// Runs one slice of `range`. Returns the number of the next dispatch.
    pub async fn run(&mut self, range: Range<usize>, budget: Duration) -> Result<usize> {
        match self {
            Self::Cpu(e) => e.run(range, budget).await,
            Self::Gpu(e) => e.run(range, budget).await,
            #[cfg(feature = "burn")]
            Self::Burn(e) => e.run(range, budget).await,
        }
    }

    /// Runs all of `range`, in slices of at most a quarter of a second.
    pub async fn run_all(&mut self, range: Range<usize>) -> Result<()> {
        let mut reached = range.start;
        while reached < range.end {
            reached = self.run(reached..range.end, SLICE).await?;
        }
        Ok(())
    }

    /// The clock that [`Engine::profile`] reads; none if the device has no clock.
    pub fn clock(&self) -> Option<event::Clock> {
        match self {
            Self::Cpu(_) => Some(event::Clock::Processor),
            Self::Gpu(e) => e.gpu().features.timestamps.then_some(event::Clock::Timestamps),
            #[cfg(feature = "burn")]
            Self::Burn(_) => None,
        }
    }

    /// Runs `range` dispatch by dispatch and returns the seconds of each. None if the device has no clock (then nothing was run),
    /// or if the clock cannot be trusted.
    ///
    /// # Errors
    /// The device is lost, or something failed since the last call.
    pub async fn profile(&mut self, range: Range<usize>) -> Result<Option<Vec<f64>>> {
        match self {
            Self::Gpu(executor) => executor.profile(range).await,
            Self::Cpu(executor) => Ok(Some(executor.profile(range))),
            #[cfg(feature = "burn")]
            Self::Burn(_) => Ok(None),
        }
    }

    /// The backend that it runs on, for another plan.
    pub fn backend(&self) -> Backend {
        match self {
            Self::Cpu(_) => Backend::cpu(),
            Self::Gpu(e) => Backend::on(e.gpu().clone()),
            #[cfg(feature = "burn")]
            Self::Burn(e) => {
                Backend { gpu: e.device().gpu().cloned(), burn: Some(e.device().clone()), ..Backend::cpu() }
            }
        }
    }

    /// Takes the device away, as a driver's reset does. The processor has no device to lose.
    pub fn lose(&self) {
        match self {
            Self::Cpu(_) => {}
            Self::Gpu(e) => e.gpu().lose(),
            #[cfg(feature = "burn")]
            Self::Burn(e) => e.device().gpu().into_iter().for_each(Gpu::lose),
        }
    }

    /// Keeps a copy of the outputs as they are now, under `tag`.
    pub fn collect(&mut self, tag: u64) {
        match self {
            Self::Cpu(e) => e.collect(tag),
            Self::Gpu(e) => e.collect(tag),
            #[cfg(feature = "burn")]
            Self::Burn(e) => e.collect(tag),
        }
    }

    /// Gives collected outputs, oldest first, with their tags and the times at which they were ready. With `wait` it waits for all
    /// of them.
    pub async fn drain(&mut self, wait: bool, row: impl FnMut(u64, Instant, &[&[u32]])) -> Result<()> {
        match self {
            Self::Cpu(e) => e.drain(wait, row).await,
            Self::Gpu(e) => e.drain(wait, row).await,
            #[cfg(feature = "burn")]
            Self::Burn(e) => e.drain(wait, row).await,
        }
    }

    pub async fn read(&mut self, tensor: &Tensor) -> Result<Vec<u32>> {
        match self {
            Self::Cpu(e) => e.read(tensor).await,
            Self::Gpu(e) => e.read(tensor).await,
            #[cfg(feature = "burn")]
            Self::Burn(e) => e.read(tensor).await,
        }
    }

    pub async fn read_f32(&mut self, tensor: &Tensor) -> Result<Vec<f32>> {
        Ok(tensor.numbers(&self.read(tensor).await?))
    }
}

/// The longest slice if no view is watching: commands, watchdogs and other programs must get their turn.
pub const SLICE: Duration = Duration::from_millis(250);
/// The longest slice if a view is watching, because the window is drawn between slices.
pub const SLICE_WATCHED: Duration = Duration::from_millis(8);
