//! Opens an adapter's device and watches it. If the device is lost, or reports an error that no call is waiting for, the next call
//! returns it as an [`Error`].
#![allow(
    unsafe_code,
    reason = "experimental features, and shaders without checks, are asked for with `unsafe`; see SAFETY below"
)]

use super::select::{AdapterKind, AdapterSummary, DeviceName, Features, select};
use super::wait::{Done, Waiter};
use crate::error::Kind;
use crate::message::Message;
use crate::plan::Split;
use crate::{Error, Result, plan};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a device asks of its adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// WebGPU's default limits, plus timestamps, f16 and subgroups if the adapter offers them, so that what runs here runs
    /// anywhere. Experimental features only if the environment turns them on.
    Portable,
    /// All of the adapter's limits and features, less mappable primary buffers and everything experimental.
    Full,
}

/// A device and what belongs to it. Clones share it; the last one closes it.
#[derive(Clone)]
pub struct Gpu {
    pub summary: AdapterSummary,
    /// The features of the device, not those of the adapter.
    pub features: Features,
    pub instance: wgpu::Instance,
    pub adapter: wgpu::Adapter,
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    pub limits: wgpu::Limits,
    faults: Arc<Faults>,
    pub(super) waiter: Waiter,
}

/// The result of [`Gpu::open`]. No device means the cpu executor.
pub struct Opened {
    pub gpu: Option<Gpu>,
    /// The reason, for the run's first event.
    pub reason: Message,
}

/// The adapters this machine offers, in the drivers' order. GL is never among them.
pub async fn adapters() -> Vec<AdapterSummary> {
    let (_, adapters) = found().await;
    adapters.iter().map(summary).collect()
}

async fn found() -> (wgpu::Instance, Vec<wgpu::Adapter>) {
    let backends =
        wgpu::Backends::VULKAN | wgpu::Backends::METAL | wgpu::Backends::DX12 | wgpu::Backends::BROWSER_WEBGPU;
    let descriptor = wgpu::InstanceDescriptor { backends, ..wgpu::InstanceDescriptor::new_without_display_handle() };
    let instance = wgpu::Instance::new(descriptor);
    let adapters = instance.enumerate_adapters(backends).await;
    (instance, adapters)
}

fn summary(adapter: &wgpu::Adapter) -> AdapterSummary {
    let (info, limits) = (adapter.get_info(), adapter.limits());
    let reported = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
        wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
        wgpu::DeviceType::VirtualGpu => AdapterKind::Virtual,
        wgpu::DeviceType::Other => AdapterKind::Other,
        wgpu::DeviceType::Cpu => AdapterKind::Software,
    };
    AdapterSummary {
        kind: AdapterKind::new(reported, &info.name),
        backend: match info.backend {
            wgpu::Backend::Vulkan => "vulkan",
            wgpu::Backend::Metal => "metal",
            wgpu::Backend::Dx12 => "dx12",
            wgpu::Backend::BrowserWebGpu => "webgpu",
            wgpu::Backend::Gl | wgpu::Backend::Noop => "unsupported",
        },
        driver: [info.driver, info.driver_info].join(" ").trim().to_owned(),
        features: features(adapter, offered(adapter)),
        binding_bytes_max: limits.max_storage_buffer_binding_size,
        buffer_bytes_max: limits.max_buffer_size,
        storage_buffers_max: limits.max_storage_buffers_per_shader_stage,
        workgroup_invocations_max: limits.max_compute_invocations_per_workgroup,
        workgroup_bytes_max: limits.max_compute_workgroup_storage_size,
        subgroup_lanes: [info.subgroup_min_size, info.subgroup_max_size],
        portable: wgpu::Limits::default().check_limits(&limits),
        name: info.name,
    }
}

/// Kernels with subgroups rely on at least this many lanes.
const SUBGROUP_LANES_MIN: u32 = 8;

/// The features among those `offered`, by the adapter or by its device, that kernels can use.
fn features(adapter: &wgpu::Adapter, offered: wgpu::Features) -> Features {
    let info = adapter.get_info();
    // Metal reports a range; on Apple's own devices a SIMD group has 32 lanes.
    let apple = info.backend == wgpu::Backend::Metal && info.name.contains("Apple");
    let lanes_32 = apple || [info.subgroup_min_size, info.subgroup_max_size] == [32, 32];
    let found = if lanes_32 && offered.contains(wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX) {
        adapter.cooperative_matrix_properties()
    } else {
        Vec::new()
    };
    let matrices = |side: u32, operands: wgpu::CooperativeScalarType| {
        found.iter().any(|p| {
            [p.m_size, p.n_size, p.k_size] == [side; 3]
                && (p.ab_type, p.cr_type) == (operands, wgpu::CooperativeScalarType::F32)
        })
    };
    Features {
        timestamps: offered.contains(wgpu::Features::TIMESTAMP_QUERY),
        f16: offered.contains(wgpu::Features::SHADER_F16),
        subgroups: offered.contains(wgpu::Features::SUBGROUP) && info.subgroup_min_size >= SUBGROUP_LANES_MIN,
        matrices_f32: matrices(8, wgpu::CooperativeScalarType::F32),
        matrices_f16: matrices(16, wgpu::CooperativeScalarType::F16),
    }
}

/// The environment variable with which a person turns experimental features on.
const EXPERIMENTAL: &str = "ELECTROSCOPE_EXPERIMENTAL";
const COOPERATIVE: &str = "cooperative-matrices";

/// Whether experimental features are turned on.
fn experimental() -> bool {
    std::env::var(EXPERIMENTAL).is_ok_and(|value| value == COOPERATIVE)
}

/// # Errors
/// The variable names a feature that does not exist.
fn refuse_unknown_experiments() -> Result<()> {
    match std::env::var(EXPERIMENTAL) {
        Ok(value) if !value.is_empty() && value != COOPERATIVE => {
            Err(Error::failed("no-such-experiment").with("value", value).with("known", COOPERATIVE).at(EXPERIMENTAL))
        }
        _ => Ok(()),
    }
}

/// An adapter's features, less experimental ones that nobody turned on.
fn offered(adapter: &wgpu::Adapter) -> wgpu::Features {
    let hidden = if experimental() { wgpu::Features::empty() } else { wgpu::Features::all_experimental_mask() };
    adapter.features() - hidden
}

/// The experimental features to ask for, and the token without which wgpu gives none.
fn asked_for(adapter: &wgpu::Adapter, profile: Profile) -> (wgpu::Features, wgpu::ExperimentalFeatures) {
    let usable = features(adapter, offered(adapter));
    if profile != Profile::Portable || !(usable.matrices_f32 || usable.matrices_f16) {
        return (wgpu::Features::empty(), wgpu::ExperimentalFeatures::disabled());
    }
    // SAFETY: the token acknowledges what may go wrong without wgpu catching it. Matrices past an array's end:
    // matmul.cooperative.wgsl keeps them inside workgroup memory that it sizes itself. Workgroups of no whole subgroups: theirs is
    // one row of 32 lanes, which tests/kernels/shaders.rs looks at. One risk remains: naga's SPIR-V marks no access as shared
    // between lanes, so a driver need not order them. Whoever sets the variable accepts that.
    (wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX, unsafe { wgpu::ExperimentalFeatures::enabled() })
}

impl Gpu {
    /// The device that `choice` names, or none for the cpu executor.
    ///
    /// # Errors
    /// No adapter has the name, or the adapter that was asked for refuses a device.
    pub async fn open(choice: &DeviceName, profile: Profile) -> Result<Opened> {
        // Drivers are not even loaded for a run on the cpu executor.
        let (instance, found) = if *choice == DeviceName::Cpu {
            (None, Vec::new())
        } else {
            let (instance, found) = found().await;
            (Some(instance), found)
        };
        let summaries: Vec<AdapterSummary> = found.iter().map(summary).collect();
        let selection = select(choice, &summaries)?;
        let (Some(index), Some(instance)) = (selection.adapter, instance) else {
            return Ok(Opened { gpu: None, reason: selection.reason });
        };
        match Self::device(instance, found[index].clone(), profile).await {
            Ok(gpu) => Ok(Opened { gpu: Some(gpu), reason: selection.reason }),
            Err(e) if *choice == DeviceName::Auto => {
                let adapter = summaries[index].to_string();
                let reason = Message::new("device-refused").with("adapter", adapter).with("why", e.message);
                Ok(Opened { gpu: None, reason })
            }
            Err(e) => Err(e),
        }
    }

    async fn device(instance: wgpu::Instance, adapter: wgpu::Adapter, profile: Profile) -> Result<Self> {
        refuse_unknown_experiments()?;
        let mut summary = summary(&adapter);
        let (experimental, experimental_features) = asked_for(&adapter, profile);
        let (required_features, required_limits) = match profile {
            Profile::Portable => (
                adapter.features()
                    & (wgpu::Features::TIMESTAMP_QUERY | wgpu::Features::SHADER_F16 | wgpu::Features::SUBGROUP),
                wgpu::Limits::default(),
            ),
            Profile::Full => (
                adapter.features() - wgpu::Features::MAPPABLE_PRIMARY_BUFFERS - wgpu::Features::all_experimental_mask(),
                adapter.limits(),
            ),
        };
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("electroscope"),
            required_features: required_features | experimental,
            required_limits,
            experimental_features,
            // A plan makes few, large buffers, and makes them once. Blocks for many small buffers would waste memory.
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        };
        let (device, queue) = adapter
            .request_device(&descriptor)
            .await
            .map_err(|e| Error::failed("adapter-gives-no-device").with("detail", e.to_string()).at(&summary))?;
        let faults = Arc::new(Faults::default());
        faults.watch(&device);
        // A run reports and remembers what the device has, not what its adapter would have given.
        summary.features = features(&adapter, device.features());
        Ok(Self {
            features: summary.features,
            limits: device.limits(),
            waiter: Waiter::new(&device)?,
            summary,
            instance,
            adapter,
            device,
            queue,
            faults,
        })
    }

    /// What a plan for this device may use.
    pub fn plan_limits(&self) -> plan::Limits {
        plan::Limits {
            binding_bytes_max: self.limits.max_storage_buffer_binding_size,
            buffer_bytes_max: self.limits.max_buffer_size,
            split: match self.summary.kind {
                AdapterKind::Software => Split::PROCESSOR,
                AdapterKind::Discrete => Split::DISCRETE,
                // A browser does not say which kind the others are.
                _ => Split::SHARED,
            },
        }
    }

    /// Makes a module of one of our shaders without the checks that wgpu adds to other people's: counters in loops, which keep a
    /// driver from unrolling them, and clamps on indices, where no index comes from data. docs/decisions/042 says what each costs.
    /// A browser checks by itself.
    pub(super) fn module(&self, descriptor: wgpu::ShaderModuleDescriptor, looks_up: bool) -> wgpu::ShaderModule {
        let mut checks = wgpu::ShaderRuntimeChecks::checked();
        checks.bounds_checks = looks_up;
        checks.force_loop_bounding = false;
        // SAFETY: only texts of this crate come here. Their loops end, whatever the data: they count to a number of `dims` or of
        // the variant, and chains of slots count to the number of slots. Where nothing is looked up, indices come from `dims` and
        // the lane's place alone and stay inside what is bound: launches assert their tensors' shapes, and kernels guard by `dims`.
        // The parity suite runs each kernel and variant on ragged shapes. It fails after a write outside the intended range, and
        // after a read outside it that changes a number.
        unsafe { self.device.create_shader_module_trusted(descriptor, checks) }
    }

    /// Takes the device away, as a driver's reset does. Tests use it.
    pub fn lose(&self) {
        self.device.destroy();
    }

    /// # Errors
    /// The device is lost (then this and every later call fails), or something failed since the last call that nobody was waiting
    /// for.
    pub fn check(&self) -> Result<()> {
        self.faults.check().map_err(|e| e.at(&self.summary))
    }

    /// The error of a call that the device never answered.
    pub(super) fn unanswered(&self) -> Error {
        self.check().err().unwrap_or_else(|| {
            Error::failed("device-stopped-answering").kind(Kind::DeviceLost).at(&self.summary).hint(AFTER_LOSS)
        })
    }

    /// Resolves once `submission` has been executed.
    pub(super) fn after(&self, submission: wgpu::SubmissionIndex) -> Done {
        self.waiter.after(&self.queue, submission)
    }
}

const AFTER_LOSS: &str = "help-after-loss";
/// How many messages are kept between two calls. One is enough to act on; more only help to understand it.
const ERRORS_MAX: usize = 4;

/// What wgpu's callbacks have reported since the last call.
#[derive(Default)]
struct Faults(Mutex<Reported>);

#[derive(Default)]
struct Reported {
    lost: Option<String>,
    errors: Vec<(String, bool)>,
}

impl Faults {
    fn reported(&self) -> MutexGuard<'_, Reported> {
        // No code that holds the lock can panic half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(self: &Arc<Self>, device: &wgpu::Device) {
        let faults = Arc::clone(self);
        device.set_device_lost_callback(move |reason, message| {
            let message = if message.is_empty() { format!("{reason:?}") } else { format!("{reason:?}: {message}") };
            faults.reported().lost.get_or_insert(message);
        });
        let faults = Arc::clone(self);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            let out_of_memory = matches!(error, wgpu::Error::OutOfMemory { .. });
            let mut told = faults.reported();
            if told.errors.len() < ERRORS_MAX {
                told.errors.push((error.to_string(), out_of_memory));
            }
        }));
    }

    fn check(&self) -> Result<()> {
        let mut told = self.reported();
        if let Some(reason) = &told.lost {
            return Err(Error::failed("device-lost").with("detail", reason).kind(Kind::DeviceLost).hint(AFTER_LOSS));
        }
        if told.errors.is_empty() {
            return Ok(());
        }
        let errors = std::mem::take(&mut told.errors);
        if errors.iter().any(|(_, out_of_memory)| *out_of_memory) {
            return Err(Error::failed("device-out-of-memory").kind(Kind::OutOfMemory).hint(SMALLER));
        }
        let text: Vec<String> = errors.into_iter().map(|(text, _)| text).collect();
        Err(Error::failed("device-errors").with("detail", text.join("; ")))
    }
}

/// The advice if memory does not suffice.
pub(super) const SMALLER: &str = "help-smaller";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_once_and_a_loss_for_ever() {
        let faults = Faults::default();
        assert!(faults.check().is_ok());
        faults.reported().errors.push(("a binding is too small".into(), false));
        assert!(faults.check().unwrap_err().to_string().contains("a binding is too small"));
        assert!(faults.check().is_ok());
        faults.reported().lost = Some("Unknown: reset".into());
        for _ in 0..2 {
            let text = faults.check().unwrap_err().to_string();
            assert!(text.contains("reset") && text.contains("help-after-loss"), "{text}");
        }
    }

    #[test]
    fn out_of_memory_says_what_would_fit() {
        let faults = Faults::default();
        faults.reported().errors.push(("Out of Memory".into(), true));
        assert!(faults.check().unwrap_err().hint == Some("help-smaller"));
    }
}
