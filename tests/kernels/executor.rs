//! Tests the promises of the gpu executor with kernels made for the tests: nothing is made after step 0, slices do not change
//! results, no output is dropped, bytes survive the way to the device and back, and every refusal is an error with its reason.

use crate::adapter;
use electroscope::gpu::{Executor, Gpu};
use electroscope::plan::kernel::{read, update, variant, write_u32};
use electroscope::plan::{Elem, KernelSpec, Plan, Recorder, Role, Step, Tensor};
use pollster::block_on;
use std::sync::Arc;
use std::time::Duration;

const SOURCE: &str = "
override WG: u32;
struct Dims { len: u32, a: f32, pad0: u32, pad1: u32 }
struct StepBlock { words: array<vec4<u32>, 4> }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<u32>;
@group(1) @binding(0) var<uniform> step: StepBlock;
@compute @workgroup_size(WG)
fn axpy(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
    let i = (wid.y * count.x + wid.x) * WG + lane;
    if i >= dims.len { return; }
    y[i] += dims.a * x[i];
}
@compute @workgroup_size(WG)
fn stamp(@builtin(local_invocation_index) lane: u32) {
    if lane == 0u { out[0] = step.words[1].w; out[1] += 1u; }
}
";

#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
struct Dims {
    len: u32,
    a: f32,
    pad: [u32; 2],
}

const AXPY: KernelSpec = KernelSpec {
    label: "test.axpy",
    source: SOURCE,
    entry: "axpy",
    slots: &[read(1, "x"), update(2, "y")],
    dims_bytes: size_of::<Dims>(),
    uses_step: false,
    looks_up: false,
    variants: &[variant("wg64", &[("WG", 64)])],
};
/// out = [row_base of the step block, times run]
const STAMP: KernelSpec = KernelSpec {
    label: "test.stamp",
    source: SOURCE,
    entry: "stamp",
    slots: &[write_u32(3, "out")],
    dims_bytes: size_of::<Dims>(),
    uses_step: true,
    looks_up: false,
    variants: &[variant("wg64", &[("WG", 64)])],
};
const BROKEN: KernelSpec = KernelSpec { label: "test.broken", source: "fn axpy( {", ..AXPY };

const WHOLE: Duration = Duration::MAX;

struct Bench {
    plan: Arc<Plan>,
    x: Tensor,
    y: Tensor,
}

/// `times` times y += x / 2, then a stamp.
fn bench(len: u32, times: u32) -> Bench {
    let mut r = Recorder::new(Default::default(), Default::default());
    let x = r.state("x", Elem::F32, &[len]);
    let y = r.state("y", Elem::F32, &[len]);
    let out = r.buffer("out", Role::Output, 2);
    let out = r.view("out", out, 0, Elem::U32, &[2]);
    let dims = Dims { len, a: 0.5, pad: [0; 2] };
    for _ in 0..times {
        r.dispatch(&AXPY, 0, dims, &[&x, &y], len.div_ceil(64), u64::from(len));
    }
    r.dispatch(&STAMP, 0, dims, &[&out], 1, 1);
    let plan = r.finish();
    Bench { x: plan.resolve(&x), y: plan.resolve(&y), plan: Arc::new(plan) }
}

fn executor(gpu: &Gpu, plan: &Arc<Plan>) -> Executor {
    block_on(Executor::new(gpu, Arc::clone(plan))).unwrap()
}

/// Runs the whole plan; returns how many slices it took.
fn run_all(e: &mut Executor, budget: Duration) -> usize {
    let (mut at, mut slices) = (0, 0);
    let end = e.plan().dispatches.len();
    while at < end {
        at = block_on(e.run(at..end, budget)).unwrap();
        slices += 1;
    }
    slices
}

fn words(data: &[f32]) -> &[u32] {
    bytemuck::cast_slice(data)
}

fn ramp(len: u32) -> Vec<f32> {
    (0..len).map(|i| i as f32).collect()
}

fn step(row_base: u32) -> Step {
    Step { row_base, ..Step::seeded(0, 0) }
}

#[test]
fn nothing_is_made_after_step_0() {
    let Some(gpu) = adapter::gpu("nothing_is_made_after_step_0") else { return };
    let b = bench(1000, 5);
    let mut e = executor(&gpu, &b.plan);
    let created = e.created();
    assert_eq!((created.pipelines, created.bind_groups), (2, 6 + 1));
    let mut rows = 0;
    let mut steps = |e: &mut Executor, n: u32| {
        for i in 0..n {
            e.set_step(&step(i));
            e.write(&b.x, words(&ramp(1000)));
            run_all(e, WHOLE);
            e.collect(u64::from(i));
            block_on(e.drain(false, |_, _, _| rows += 1)).unwrap();
        }
        block_on(e.drain(true, |_, _, _| rows += 1)).unwrap();
    };
    steps(&mut e, 3);
    // The driver's own count, if it keeps one. It would show staging buffers that wgpu makes by itself.
    let allocations =
        |gpu: &Gpu| gpu.device.generate_allocator_report().map(|r| (r.allocations.len(), r.total_allocated_bytes));
    let before = allocations(&gpu);
    steps(&mut e, 20);
    assert_eq!(e.created(), created);
    assert_eq!(allocations(&gpu), before);
    assert_eq!(rows, 23);
}

#[test]
fn slices_do_not_change_the_result() {
    let Some(gpu) = adapter::gpu("slices_do_not_change_the_result") else { return };
    let b = bench(257, 40);
    let run = |budget| {
        let mut e = executor(&gpu, &b.plan);
        e.write(&b.x, words(&ramp(257)));
        let slices = run_all(&mut e, budget);
        (slices, block_on(e.read(&b.y)).unwrap())
    };
    let (one, whole) = run(WHOLE);
    let (many, sliced) = run(Duration::from_nanos(1));
    assert_eq!((one, many), (1, 41));
    assert_eq!(whole, sliced);
    let want: Vec<f32> = ramp(257).iter().map(|x| x * 20.0).collect();
    assert_eq!(whole, words(&want));
}

#[test]
fn a_rehearsal_launches_everything_and_changes_nothing() {
    let Some(gpu) = adapter::gpu("a_rehearsal_launches_everything_and_changes_nothing") else { return };
    let b = bench(257, 40);
    let mut e = executor(&gpu, &b.plan);
    e.write(&b.x, words(&ramp(257)));
    e.write(&b.y, words(&ramp(257)));
    run_all(&mut e, WHOLE);
    let before = block_on(e.read(&b.y)).unwrap();
    let (made, host) = (e.created(), e.host());
    let cost = block_on(e.rehearse(0..b.plan.dispatches.len())).unwrap();
    assert!(cost.encoding > Duration::ZERO && cost.submitting > Duration::ZERO, "{cost:?}");
    assert_eq!(block_on(e.read(&b.y)).unwrap(), before);
    assert_eq!((e.created(), e.host()), (made, host));
}

#[test]
fn no_collected_row_is_lost() {
    let Some(gpu) = adapter::gpu("no_collected_row_is_lost") else { return };
    let b = bench(64, 1);
    for drain_every in [1, 7, 100] {
        let mut e = executor(&gpu, &b.plan);
        let mut seen = Vec::new();
        let mut each =
            |tag: u64, _: web_time::Instant, outputs: &[&[u32]]| seen.push((tag, outputs[0][0], outputs[0][1]));
        for i in 0..100 {
            e.set_step(&step(i + 1000));
            run_all(&mut e, WHOLE);
            e.collect(u64::from(i));
            if i % drain_every == drain_every - 1 {
                block_on(e.drain(false, &mut each)).unwrap();
            }
        }
        block_on(e.drain(true, &mut each)).unwrap();
        let want: Vec<(u64, u32, u32)> = (0..100).map(|i| (u64::from(i), i + 1000, i + 1)).collect();
        assert_eq!(seen, want, "drained every {drain_every}");
    }
}

#[test]
fn rows_collected_with_nothing_run_in_between_are_all_kept() {
    let Some(gpu) = adapter::gpu("rows_collected_with_nothing_run_in_between") else { return };
    let b = bench(64, 1);
    let mut e = executor(&gpu, &b.plan);
    run_all(&mut e, WHOLE);
    for tag in 0..20 {
        e.collect(tag);
    }
    run_all(&mut e, WHOLE);
    e.collect(20);
    let mut seen = Vec::new();
    block_on(e.drain(true, |tag, _, outputs| seen.push((tag, outputs[0][1])))).unwrap();
    let want: Vec<(u64, u32)> = (0..21).map(|tag| (tag, if tag < 20 { 1 } else { 2 })).collect();
    assert_eq!(seen, want);
}

#[test]
fn words_go_there_and_back() {
    let Some(gpu) = adapter::gpu("words_go_there_and_back") else { return };
    // Short, longer than what the upload ring holds, and longer than a piece of a read (16 MiB).
    for len in [1, 3, 255, 70_000, (5 << 20) + 3] {
        let b = bench(len, 1);
        let mut e = executor(&gpu, &b.plan);
        assert!(block_on(e.read(&b.y)).unwrap().iter().all(|&w| w == 0), "a new buffer is zero");
        let data: Vec<u32> = (0..len).map(|i| i.wrapping_mul(2_654_435_761)).collect();
        e.write(&b.x, &data);
        let mut back = vec![0; len as usize];
        block_on(e.read_into(&b.x, &mut back)).unwrap();
        assert!(back == data, "{len} words");
    }
}

#[test]
fn writes_keep_their_order_whatever_way_they_go() {
    let Some(gpu) = adapter::gpu("writes_keep_their_order") else { return };
    let len = 70_000;
    let b = bench(len, 1);
    let mut e = executor(&gpu, &b.plan);
    let short = vec![1; 10_000];
    let long = vec![2; len as usize];
    e.write(&b.x, &short);
    e.write(&b.x, &long);
    e.write(&b.x, &[3, 3]);
    let back = block_on(e.read(&b.x)).unwrap();
    assert_eq!((back[0], back[1], back[2], back[9_999], back[69_999]), (3, 3, 2, 2, 2));
}

#[test]
fn long_grids_are_folded() {
    let Some(gpu) = adapter::gpu("long_grids_are_folded") else { return };
    let len = 64 * 70_000 + 5;
    let b = bench(len, 1);
    let mut e = executor(&gpu, &b.plan);
    e.write(&b.x, words(&vec![2.0; len as usize]));
    run_all(&mut e, WHOLE);
    let y = block_on(e.read(&b.y)).unwrap();
    assert!(y.iter().all(|&w| w == 1.0f32.to_bits()));
}

#[test]
fn timestamps_are_given_or_declined() {
    let Some(gpu) = adapter::gpu("timestamps_are_given_or_declined") else { return };
    let b = bench(100_000, 30);
    let mut e = executor(&gpu, &b.plan);
    let all = 0..b.plan.dispatches.len();
    match block_on(e.profile(all.clone())).unwrap() {
        None => println!("no timestamps on {}", gpu.summary),
        Some(secs) => {
            assert_eq!(secs.len(), all.len());
            assert!(secs.iter().sum::<f64>() < 60.0, "{secs:?}");
        }
    }
}

#[test]
fn a_buffer_that_is_too_large_is_refused_with_numbers() {
    let Some(gpu) = adapter::gpu("a_buffer_that_is_too_large") else { return };
    let mut r = Recorder::new(Default::default(), Default::default());
    let len = (gpu.plan_limits().buffer_bytes_max / 4) as u32 + 64;
    r.state("arena.parameters", Elem::F32, &[len]);
    let Err(error) = block_on(Executor::new(&gpu, Arc::new(r.finish()))) else { panic!("accepted") };
    let text = error.to_string();
    assert!(text.contains("arena.parameters") && text.contains("256.0 MiB") && text.contains("help-smaller"), "{text}");
}

#[test]
fn a_bad_shader_fails_under_its_own_name() {
    let Some(gpu) = adapter::gpu("a_bad_shader") else { return };
    let mut r = Recorder::new(Default::default(), Default::default());
    let x = r.state("x", Elem::F32, &[64]);
    let y = r.state("y", Elem::F32, &[64]);
    r.dispatch(&BROKEN, 0, Dims { len: 64, a: 1.0, pad: [0; 2] }, &[&x, &y], 1, 0);
    let Err(error) = block_on(Executor::new(&gpu, Arc::new(r.finish()))) else { panic!("compiled") };
    assert!(error.to_string().contains("test.broken"), "{error}");
    gpu.check().expect("the error was handed out once, not kept for a later call");
}

#[test]
fn a_lost_device_is_an_error_of_every_later_call() {
    let Some(gpu) = adapter::gpu("a_lost_device") else { return };
    let b = bench(64, 2);
    let mut e = executor(&gpu, &b.plan);
    run_all(&mut e, WHOLE);
    gpu.device.destroy();
    for _ in 0..3 {
        let error = block_on(async {
            e.run(0..b.plan.dispatches.len(), WHOLE).await?;
            e.collect(0);
            e.drain(true, |_, _, _| ()).await?;
            e.read(&b.y).await.map(|_| ())
        })
        .expect_err("the device is gone");
        assert!(error.hint == Some("help-after-loss"), "{error}");
    }
}
