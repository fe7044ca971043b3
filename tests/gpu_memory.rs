//! Tests that the memory of a long session stays flat. It is a program of its own, because it looks at the resident pages of the
//! whole process.

#[path = "common/adapter.rs"]
mod adapter;

use electroscope::gpu::Executor;
use electroscope::ops::fill;
use electroscope::plan::{Elem, Plan, Recorder, Role, Step, Tensor};
use pollster::block_on;
use std::sync::Arc;
use std::time::Duration;

fn plan() -> (Arc<Plan>, Tensor) {
    let mut r = Recorder::new(Default::default(), Default::default());
    let input = r.input_u32("ids", &[32, 128]);
    let out = r.buffer("out", Role::Output, 1000);
    let out = r.view("out", out, 0, Elem::F32, &[1000]);
    for _ in 0..10 {
        let activation = r.activation("activation", &[1000]);
        fill::zero(&mut r, &activation);
    }
    fill::zero(&mut r, &out);
    let plan = r.finish();
    let input = plan.resolve(&input);
    (Arc::new(plan), input)
}

/// Resident pages of this process, if the system reports them.
fn resident_pages() -> Option<i64> {
    std::fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()
}

#[test]
fn memory_is_flat_over_thousands_of_steps() {
    let Some(gpu) = adapter::gpu("memory_is_flat") else { return };
    let (plan, input) = plan();
    let mut e = block_on(Executor::new(&gpu, Arc::clone(&plan))).unwrap();
    let ids = vec![7; 32 * 128];
    let mut rows = 0;
    let mut steps = |e: &mut Executor, n: u64| {
        for i in 0..n {
            e.set_step(&Step::seeded(1, i));
            e.write(&input, &ids);
            let mut at = 0;
            while at < plan.dispatches.len() {
                at = block_on(e.run(at..plan.dispatches.len(), Duration::from_millis(1))).unwrap();
            }
            e.collect(i);
            block_on(e.drain(false, |_, _, _| rows += 1)).unwrap();
        }
    };
    steps(&mut e, 300);
    let Some(before) = resident_pages() else {
        println!("SKIP memory_is_flat: no /proc/self/statm");
        return;
    };
    steps(&mut e, 2000);
    let grown = resident_pages().expect("it was readable before") - before;
    // A staging buffer kept (16 KiB a step) would be 8,000 pages; 64 of them are 131 bytes a step.
    println!("grown by {grown} pages");
    assert!(grown < 64, "{grown} pages in 2,000 steps");
    block_on(e.drain(true, |_, _, _| rows += 1)).unwrap();
    assert_eq!(rows, 2300);
}
