//! The smallest test of whether this browser computes: adapter -> device with the default limits -> one kernel -> its result,
//! awaited. The kernel uses what all kernels here depend on: a constant without a default that sizes a workgroup and its shared
//! memory.

use futures_channel::oneshot;
use wgpu::util::DeviceExt as _;

const SOURCE: &str = "
override WG: u32;
var<workgroup> scratch: array<f32, WG>;
@group(0) @binding(0) var<storage, read> x: array<f32>;          // (N)
@group(0) @binding(1) var<storage, read_write> y: array<f32>;    // (ceil(N / WG))
@compute @workgroup_size(WG)
fn forward(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lane: u32) {
    let i = wid.x * WG + lane;
    scratch[lane] = select(0.0, x[min(i, arrayLength(&x) - 1u)], i < arrayLength(&x));
    for (var stride = WG / 2u; stride > 0u; stride /= 2u) {
        workgroupBarrier();
        if lane < stride { scratch[lane] += scratch[lane + stride]; }
    }
    workgroupBarrier();
    if lane == 0u { y[wid.x] = scratch[0]; }
}";
const WG: usize = 64;
/// A ragged tail: the last workgroup owns 40 of its 64 lanes.
const N: usize = 1_000;

/// Sums of 64 consecutive numbers against the same sums on the host, exactly: they are small integers.
pub async fn run() -> Result<(), String> {
    let (device, queue) = open().await?;
    let x: Vec<f32> = (0..N).map(|i| (i % 17) as f32).collect();
    let want: Vec<f32> = x.chunks(WG).map(|chunk| chunk.iter().sum()).collect();
    let got = reduce(&device, &queue, &x, want.len()).await?;
    match got.iter().zip(&want).position(|(got, want)| got != want) {
        None => Ok(()),
        Some(i) => Err(format!("sum {i}: got {}, want {}", got[i], want[i])),
    }
}

async fn open() -> Result<(wgpu::Device, wgpu::Queue), String> {
    let descriptor = wgpu::InstanceDescriptor {
        backends: wgpu::Backends::BROWSER_WEBGPU,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    };
    let adapter = wgpu::Instance::new(descriptor)
        .request_adapter(&wgpu::RequestAdapterOptions::default())
        .await
        .map_err(|e| format!("the browser offers no WebGPU adapter: {e}"))?;
    let descriptor = wgpu::DeviceDescriptor { required_limits: wgpu::Limits::default(), ..Default::default() };
    adapter.request_device(&descriptor).await.map_err(|e| format!("no device with WebGPU's default limits: {e}"))
}

/// x: (N) -> sums: (groups), poisoned with NaN before the kernel writes them.
async fn reduce(device: &wgpu::Device, queue: &wgpu::Queue, x: &[f32], groups: usize) -> Result<Vec<f32>, String> {
    let buffer = |label, contents: &[f32], usage| {
        let contents = bytemuck::cast_slice(contents);
        device.create_buffer_init(&wgpu::util::BufferInitDescriptor { label: Some(label), contents, usage })
    };
    let x = buffer("x", x, wgpu::BufferUsages::STORAGE);
    let y = buffer("y", &vec![f32::NAN; groups], wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC);
    let out = buffer("out", &vec![f32::NAN; groups], wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST);
    let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some("smoke.forward"),
        layout: None,
        module: &device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("smoke"),
            source: wgpu::ShaderSource::Wgsl(SOURCE.into()),
        }),
        entry_point: Some("forward"),
        compilation_options: wgpu::PipelineCompilationOptions { constants: &[("WG", WG as f64)], ..Default::default() },
        cache: None,
    });
    let entries = [(0, &x), (1, &y)]
        .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() });
    let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some("smoke"),
        layout: &pipeline.get_bind_group_layout(0),
        entries: &entries,
    });
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &bind_group, &[]);
        pass.dispatch_workgroups(groups as u32, 1, 1);
    }
    encoder.copy_buffer_to_buffer(&y, 0, &out, 0, y.size());
    queue.submit([encoder.finish()]);
    if let Some(error) = scope.pop().await {
        return Err(error.to_string());
    }
    read(&out).await
}

async fn read(buffer: &wgpu::Buffer) -> Result<Vec<f32>, String> {
    let (sender, mapped) = oneshot::channel();
    // The receiver lives until the await below returns: the send cannot fail before that.
    buffer.map_async(wgpu::MapMode::Read, .., |outcome| drop(sender.send(outcome)));
    mapped.await.map_err(|_| "the device was lost".to_owned())?.map_err(|e| format!("cannot map the result: {e}"))?;
    let view = buffer.get_mapped_range(..).map_err(|e| format!("cannot read the mapped result: {e}"))?;
    Ok(bytemuck::cast_slice(&view).to_vec())
}
