//! Tests that a step takes the memory that it announced, and allocates nothing more after warm-up. It counts the bytes on the heap,
//! device objects and resident pages. It is a program of its own, because all three belong to the whole process.
#![allow(unsafe_code, reason = "a global allocator cannot be written without; this one counts and passes on")]

#[path = "common/adapter.rs"]
mod adapter;
#[path = "common/lab.rs"]
mod lab;

use electroscope::plan::KernelChoices;
use electroscope::tasks::drill::Drill;
use electroscope::train::engine::{Backend, Engine, SLICE};
use electroscope::train::session::{Arrived, Session};
use pollster::block_on;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// The system's allocator, with the number of live bytes and the largest number so far.
struct Counting;

static LIVE_BYTES: AtomicI64 = AtomicI64::new(0);
static PEAK_BYTES: AtomicI64 = AtomicI64::new(0);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

fn count(bytes: i64) {
    let live = LIVE_BYTES.fetch_add(bytes, Ordering::Relaxed) + bytes;
    PEAK_BYTES.fetch_max(live, Ordering::Relaxed);
    if bytes > 0 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator as it came; the counters do not touch the memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        // SAFETY: `memory` came from this allocator, which is the system's, with this layout.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: `memory` came from this allocator, which is the system's, with this layout.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Resident bytes of this process, if the system reports them.
fn resident_bytes() -> Option<i64> {
    const PAGE: i64 = 4096;
    let pages: i64 = std::fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages * PAGE)
}

/// Takes `steps` steps as a run does: it looks at what arrives and drops it.
fn advance(session: &mut Session, steps: u64, arrived: &mut Vec<Arrived>) {
    for _ in 0..steps {
        block_on(session.advance(SLICE, arrived)).unwrap();
        for step in arrived.drain(..) {
            assert!(matches!(step, Arrived::Step(_)), "{step:?}");
        }
    }
    block_on(session.settle(arrived)).unwrap();
    arrived.clear();
}

/// Steps until every buffer has its size and every pipeline its code.
const WARM_UP: u64 = 120;

/// Warms a session up; then live bytes, resident bytes and allocations, before and after `steps` more steps.
fn measured(backend: &Backend, config: &[&str], steps: u64) -> (Session, [i64; 2]) {
    let text = lab::text();
    let mut session = lab::session(&lab::config(&lab::with(lab::TINIEST, config)), &text, backend, 1);
    let mut arrived = Vec::with_capacity(64);
    advance(&mut session, WARM_UP, &mut arrived);
    block_on(session.evaluate()).unwrap();
    let now =
        || (LIVE_BYTES.load(Ordering::Relaxed), resident_bytes().unwrap_or(0), ALLOCATIONS.load(Ordering::Relaxed));
    let before = now();
    // In four parts, each with an evaluation, as in a run.
    for _ in 0..4 {
        advance(&mut session, steps / 4, &mut arrived);
        block_on(session.evaluate()).unwrap();
    }
    let after = now();
    let grown = [after.0 - before.0, after.1 - before.1];
    let per_step = (after.2 - before.2) as f64 / steps as f64;
    println!(
        "{}, {config:?}, {steps} steps: {} bytes live, {grown:?} grown (heap, resident), {per_step:.1} short-lived allocations a step",
        backend.event().name,
        after.0
    );
    (session, grown)
}

/// How much more may be live than before, because the queues of the thread pool and of the driver grow by blocks at times. One
/// number kept a step would be 8,000 bytes after 2,000 steps.
const HEAP_GROWTH_MAX: i64 = 4 << 10;
/// Resident pages come and go with the allocator's own reuse; this is half a KiB a step, and a step's smallest copy is larger.
const RESIDENT_GROWTH_MAX: i64 = 1 << 20;

/// The memory that is printed for a plan, against the most that lived on the heap while it was made and ran: within 2 %.
fn printed_memory_is_what_a_step_takes() {
    // The paper's small, 128 x 128. Of its step only what needs the most memory of its own is run: a chunk of the vocabulary.
    let config = lab::preset("small", &[]);
    let before = LIVE_BYTES.load(Ordering::Relaxed);
    PEAK_BYTES.store(before, Ordering::Relaxed);
    let mut drill = block_on(Drill::new(&config, &Backend::cpu(), KernelChoices::default(), 1)).unwrap();
    let totals = drill.mask(0);
    let block = drill.block(0, totals);
    drill.write(0, &block);
    let plan = drill.model.plan.clone();
    let mut chunks = (0..plan.dispatches.len()).filter(|&i| plan.dispatches[i].kernel.label == "vocab.forward");
    let (first, second) = (chunks.next().unwrap(), chunks.next().unwrap());
    block_on(drill.engine.run_all(first - 1..second - 1)).unwrap();
    let taken = PEAK_BYTES.load(Ordering::Relaxed) - before;
    let printed = plan.bytes() as i64;
    println!("printed {printed} bytes, taken {taken}: {:.2} % more", (taken - printed) as f64 / printed as f64 * 100.0);
    assert!((taken - printed).abs() * 50 <= printed, "printed {printed}, taken {taken}");
    assert!(taken <= 3_000_000_000, "{taken} bytes for the paper's small");
}

#[test]
fn a_step_takes_what_is_printed_and_after_warm_up_keeps_nothing() {
    printed_memory_is_what_a_step_takes();
    // Both ways through a step: the generator's samples, and micro-batches in segments with samples from the corpus.
    for (config, steps) in [(&["replacements=generator"][..], 2000), (&["accumulate=3", "packing=segments"], 400)] {
        let (_session, [heap, resident]) = measured(&Backend::cpu(), config, steps);
        assert!(heap.abs() <= HEAP_GROWTH_MAX, "{config:?}: {heap} bytes in {steps} steps");
        assert!(resident <= RESIDENT_GROWTH_MAX, "{config:?}: {resident} resident bytes in {steps} steps");
    }
    let Some(gpu) = adapter::gpu("a_step_takes_what_is_printed_and_after_warm_up_keeps_nothing") else { return };
    let backend = Backend::on(gpu);
    let (mut session, _) = measured(&backend, &["layers=1"], 40);
    let created = |session: &Session| match &session.engine {
        Engine::Gpu(executor) => executor.created(),
        _ => panic!("a device was asked for"),
    };
    let before = created(&session);
    // What a step keeps is kept in every window; a driver's queue that grew once, on a busy machine, is not in the second.
    let mut window = || {
        let (live, resident) = (LIVE_BYTES.load(Ordering::Relaxed), resident_bytes().unwrap_or(0));
        advance(&mut session, 2000, &mut Vec::with_capacity(64));
        let live = LIVE_BYTES.load(Ordering::Relaxed) - live;
        let resident = resident_bytes().unwrap_or(0) - resident;
        println!("device: {live} bytes and {resident} resident bytes grown in 2,000 steps");
        live.abs() <= HEAP_GROWTH_MAX && resident <= RESIDENT_GROWTH_MAX
    };
    assert!(window() || window(), "memory grew in both windows");
    println!("made before the first step: {before:?}");
    assert_eq!(created(&session), before, "pipelines, buffers or bind groups were made in a step");
}
