//! Burn's side of a device: our own wgpu device and queue, which are registered with Burn once, or Burn's processor backend `flex`.

use crate::gpu::Gpu;
use crate::{Error, Result};
use burn::tensor::wgpu::WgpuSetup;

/// Where Burn computes. Clones share it.
#[derive(Clone)]
pub struct Device {
    pub(super) handle: burn::tensor::Device,
    /// The device that the other engines share. It reports faults.
    gpu: Option<Gpu>,
}

impl Device {
    /// The processor.
    pub fn cpu() -> Self {
        Self { handle: burn::tensor::Device::flex(), gpu: None }
    }

    /// Registers the device of `gpu` with Burn. It must have been opened with everything that its adapter offers, because Burn
    /// sizes its kernels by that. Each call registers it again, so a device is registered once and the result cloned.
    ///
    /// # Errors
    /// Burn cannot compute on such a device.
    pub fn on(gpu: &Gpu) -> Result<Self> {
        let setup = WgpuSetup {
            instance: gpu.instance.clone(),
            adapter: gpu.adapter.clone(),
            device: gpu.device.clone(),
            queue: gpu.queue.clone(),
            backend: gpu.adapter.get_info().backend,
        };
        let handle = burn::tensor::Device::wgpu_options()
            .setup(setup)
            .init()
            .map_err(|e| Error::failed("burn-refuses-device").with("detail", e.to_string()).at(&gpu.summary))?;
        Ok(Self { handle, gpu: Some(gpu.clone()) })
    }

    /// The shared device; none on the processor.
    pub fn gpu(&self) -> Option<&Gpu> {
        self.gpu.as_ref()
    }

    /// # Errors
    /// The shared device is lost, or something failed on it that nobody was waiting for.
    pub(super) fn check(&self) -> Result<()> {
        self.gpu.as_ref().map_or(Ok(()), Gpu::check)
    }

    /// Makes an error of ours from a failure of Burn.
    pub(super) fn failed(&self, what: impl std::fmt::Display) -> Error {
        self.check().err().unwrap_or_else(|| Error::failed("burn-failed").with("detail", what.to_string()))
    }
}
