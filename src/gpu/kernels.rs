//! Makes pipelines from specifications: bind group layouts from the slots, the shader's text with the platform's directives, and
//! the override constants.

use super::device::{Gpu, SMALLER};
use crate::plan::kernel::Needs;
use crate::plan::{KernelSpec, Slot, Step};
use crate::{Error, Result};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::num::NonZeroU64;

/// Device objects made so far. After step 0 none of these grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Created {
    pub pipelines: u32,
    pub buffers: u32,
    pub bind_groups: u32,
}

/// Makes every device object of an executor and counts them.
pub struct Maker {
    pub device: wgpu::Device,
    pub created: Created,
}

impl Maker {
    pub fn buffer(&mut self, label: &str, bytes: u64, usage: wgpu::BufferUsages, mapped: bool) -> wgpu::Buffer {
        self.created.buffers += 1;
        self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size: bytes,
            usage,
            mapped_at_creation: mapped,
        })
    }

    pub fn bind_group(
        &mut self,
        label: &str,
        layout: &wgpu::BindGroupLayout,
        entries: &[wgpu::BindGroupEntry],
    ) -> wgpu::BindGroup {
        self.created.bind_groups += 1;
        self.device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some(label), layout, entries })
    }
}

/// A kernel, ready to launch.
pub struct Pipeline {
    pub pipeline: wgpu::ComputePipeline,
    /// The layout of group 0: dims and slots.
    pub layout: wgpu::BindGroupLayout,
}

/// A text, what it needs, and whether it looks something up.
type ModuleKey = (&'static str, Needs, bool);

fn module_key(kernel: &KernelSpec, variant: usize) -> ModuleKey {
    (kernel.source_of(variant), kernel.variants[variant].needs, kernel.looks_up)
}

/// Every pipeline of a plan, one for each kernel and variant, found by number.
pub struct Kernels {
    pub all: Vec<Pipeline>,
    pub step_layout: wgpu::BindGroupLayout,
    numbers: HashMap<(&'static str, usize), usize>,
    /// The entry points of a file share a module.
    modules: HashMap<ModuleKey, wgpu::ShaderModule>,
}

impl Kernels {
    pub fn new(gpu: &Gpu) -> Self {
        let step_layout = gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("step"),
            entries: &[uniform(0, size_of::<Step>())],
        });
        Self { all: Vec::new(), step_layout, numbers: HashMap::new(), modules: HashMap::new() }
    }

    /// The number of a kernel's pipeline, which [`Kernels::prepare`] made.
    pub fn number(&self, kernel: &KernelSpec, variant: usize) -> usize {
        self.numbers[&(kernel.label, variant)]
    }

    /// Compiles the pipelines that are missing, on every thread of the pool, because a discrete device's driver takes up to a fifth
    /// of a second for one.
    ///
    /// # Errors
    /// A variant needs what the device lacks, or the platform rejects its shader; the message has its label.
    pub async fn prepare(
        &mut self,
        gpu: &Gpu,
        maker: &mut Maker,
        wanted: impl Iterator<Item = (&'static KernelSpec, usize)>,
    ) -> Result<()> {
        let mut missing: Vec<(&'static KernelSpec, usize)> = Vec::new();
        for (kernel, variant) in wanted {
            if !self.numbers.contains_key(&(kernel.label, variant)) && !missing.contains(&(kernel, variant)) {
                offered(gpu, kernel.variants[variant].needs).map_err(|e| e.at(place(gpu, kernel, variant)))?;
                missing.push((kernel, variant));
            }
        }
        for (kernel, variant) in &missing {
            if let Entry::Vacant(place) = self.modules.entry(module_key(kernel, *variant)) {
                place.insert(watched(gpu, kernel, *variant, || module(gpu, kernel, *variant)).await?);
            }
        }
        let this = &*self;
        let compile = |&(kernel, variant): &(&'static KernelSpec, usize)| {
            let module = &this.modules[&module_key(kernel, variant)];
            watched(gpu, kernel, variant, move || this.compile(gpu, module, kernel, variant))
        };
        #[cfg(not(target_arch = "wasm32"))]
        let made: Vec<Result<Pipeline>> = {
            use rayon::prelude::*;
            missing.par_iter().map(|wanted| pollster::block_on(compile(wanted))).collect()
        };
        #[cfg(target_arch = "wasm32")]
        let made = {
            let mut made = Vec::with_capacity(missing.len());
            for wanted in &missing {
                made.push(compile(wanted).await);
            }
            made
        };
        for ((kernel, variant), pipeline) in missing.into_iter().zip(made) {
            maker.created.pipelines += 1;
            self.all.push(pipeline?);
            self.numbers.insert((kernel.label, variant), self.all.len() - 1);
        }
        Ok(())
    }

    fn compile(&self, gpu: &Gpu, module: &wgpu::ShaderModule, kernel: &KernelSpec, variant: usize) -> Pipeline {
        let device = &gpu.device;
        let variant = &kernel.variants[variant];
        let mut entries = vec![uniform(0, kernel.dims_bytes)];
        entries.extend(kernel.slots.iter().map(|s| storage(s, variant.quads)));
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some(kernel.label),
            entries: &entries,
        });
        // The step block is bound once for each pass. A kernel that does not read it saves its checks and barriers at every launch.
        let groups = [Some(&layout), Some(&self.step_layout)];
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(kernel.label),
            bind_group_layouts: if kernel.uses_step { &groups } else { &groups[..1] },
            ..Default::default()
        });
        let constants: Vec<(&str, f64)> = variant.constants.iter().map(|&(name, n)| (name, f64::from(n))).collect();
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(kernel.label),
            layout: Some(&pipeline_layout),
            module,
            entry_point: Some(kernel.entry),
            compilation_options: wgpu::PipelineCompilationOptions { constants: &constants, ..Default::default() },
            cache: None,
        });
        Pipeline { pipeline, layout }
    }
}

/// Runs what makes a device object, so that a bad shader fails here, under its own name, and not somewhere in a later submission.
/// The errors of one thread are its own.
async fn watched<T>(gpu: &Gpu, kernel: &KernelSpec, variant: usize, make: impl FnOnce() -> T) -> Result<T> {
    let memory = gpu.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
    let internal = gpu.device.push_error_scope(wgpu::ErrorFilter::Internal);
    let validation = gpu.device.push_error_scope(wgpu::ErrorFilter::Validation);
    let made = make();
    let (validation, internal, memory) = (validation.pop(), internal.pop(), memory.pop());
    if let Some(error) = first([validation.await, internal.await]) {
        return Err(Error::failed("shader-rejected").with("detail", error.to_string()).at(place(gpu, kernel, variant)));
    }
    if memory.await.is_some() {
        return Err(Error::failed("no-memory-to-compile").at(place(gpu, kernel, variant)).hint(SMALLER));
    }
    Ok(made)
}

fn place(gpu: &Gpu, kernel: &KernelSpec, variant: usize) -> String {
    format!("{} ({}) on {}", kernel.label, kernel.variants[variant].name, gpu.summary)
}

fn module(gpu: &Gpu, kernel: &KernelSpec, variant: usize) -> wgpu::ShaderModule {
    let text =
        format!("{}{}", directives(kernel.variants[variant].needs, gpu.summary.backend), kernel.source_of(variant));
    let descriptor =
        wgpu::ShaderModuleDescriptor { label: Some(kernel.label), source: wgpu::ShaderSource::Wgsl(text.into()) };
    gpu.module(descriptor, kernel.looks_up)
}

pub fn first<const N: usize>(errors: [Option<wgpu::Error>; N]) -> Option<wgpu::Error> {
    errors.into_iter().flatten().next()
}

fn offered(gpu: &Gpu, needs: Needs) -> Result<()> {
    let only = |f16, subgroups, matrices| Needs { f16, subgroups, matrices, native: false };
    let each = [
        ("f16", only(needs.f16, false, None)),
        ("subgroups", only(false, needs.subgroups, None)),
        ("matrices", only(false, false, needs.matrices)),
        ("native", Needs { native: needs.native, ..Needs::default() }),
    ];
    match each.iter().find(|(_, needs)| !gpu.features.offer(*needs)) {
        Some((what, _)) => Err(Error::failed("variant-not-offered").with("what", *what)),
        None => Ok(()),
    }
}

/// The directives that the platform wants before a shader. naga 30 offers subgroups without a directive and rejects one; browsers
/// demand it.
fn directives(needs: Needs, backend: &str) -> String {
    let wanted = [
        (needs.f16, "enable f16;\n"),
        (needs.subgroups && backend == "webgpu", "enable subgroups;\n"),
        (needs.matrices.is_some(), "enable wgpu_cooperative_matrix;\n"),
    ];
    wanted.into_iter().filter_map(|(wanted, directive)| wanted.then_some(directive)).collect()
}

fn uniform(binding: u32, bytes: usize) -> wgpu::BindGroupLayoutEntry {
    entry(binding, wgpu::BufferBindingType::Uniform, bytes as u64)
}

/// The smallest binding: one word, or four elements. A shader guards its own ranges by its dims.
fn storage(slot: &Slot, quad: bool) -> wgpu::BindGroupLayoutEntry {
    let read_only = !slot.access.declared_read_write();
    let bytes_min = if quad { 4 * slot.elem.bytes() } else { 4 };
    entry(slot.binding, wgpu::BufferBindingType::Storage { read_only }, bytes_min.into())
}

fn entry(binding: u32, ty: wgpu::BufferBindingType, bytes_min: u64) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: NonZeroU64::new(bytes_min) },
        count: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::kernel::Matrices;

    #[test]
    fn directives_follow_the_platform() {
        let needs = |f16, subgroups| Needs { f16, subgroups, ..Needs::default() };
        assert_eq!(directives(needs(false, false), "webgpu"), "");
        assert_eq!(directives(needs(true, true), "vulkan"), "enable f16;\n");
        assert_eq!(directives(needs(true, true), "webgpu"), "enable f16;\nenable subgroups;\n");
        assert_eq!(directives(needs(false, true), "metal"), "");
        let matrices = Needs { matrices: Some(Matrices::F32), ..Needs::default() };
        assert_eq!(directives(matrices, "metal"), "enable wgpu_cooperative_matrix;\n");
    }
}
