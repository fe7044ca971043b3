//! Compares every WGSL kernel with its CPU twin, on the best adapter of this machine (lavapipe will do).

use crate::adapter;
use electroscope::gpu::Features;
use electroscope::lang::Lang;
use electroscope::ops;
use electroscope::parity::{self, Case, Summary, cases};
use electroscope::plan::kernel::{KernelSpec, Needs, Variant};
use electroscope::view::words;
use pollster::block_on;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[test]
fn every_kernel_matches_its_twin() {
    let Some(gpu) = adapter::gpu("parity") else { return };
    println!("{}", gpu.summary);
    let summary = block_on(parity::run(&gpu, &mut |line| println!("{line}"))).unwrap();
    summary.failures.iter().for_each(|failure| println!("FAIL {}", words::text(failure, Lang::En)));
    // A suite that cannot fail shows nothing. This one notices an error of a hundredth of a tensor's largest number everywhere.
    for (label, kernel) in &summary.kernels {
        assert!(kernel.loosest < 1e-2, "{label}: tolerances up to {:.0e} of a tensor", kernel.loosest);
    }
    assert_eq!(summary.failed(), 0, "failures on {}", gpu.summary);
}

/// Does the work of cooperative matrices on devices that have none. A lane holds its share of C, as on devices that have them. A
/// and B are read again when they are multiplied.
const EMULATED: &str = "
var<private> this_lane: u32;
const CELLS = SIDE * SIDE / 32u;
struct MatrixA { first: u32 }
struct MatrixB { first: u32 }
struct MatrixC { cells: array<f32, CELLS> }
fn load_c(first: u32) -> MatrixC {
    var m: MatrixC;
    for (var i = 0u; i < CELLS; i++) {
        let cell = this_lane + 32u * i;
        m.cells[i] = c_tile[first + cell / SIDE * TILE_N + cell % SIDE];
    }
    return m;
}
fn store_c(m: MatrixC, first: u32) {
    var kept = m;
    for (var i = 0u; i < CELLS; i++) {
        let cell = this_lane + 32u * i;
        c_tile[first + cell / SIDE * TILE_N + cell % SIDE] = kept.cells[i];
    }
}
fn multiply_add(a: MatrixA, b: MatrixB, c: MatrixC) -> MatrixC {
    var sum = c;
    for (var i = 0u; i < CELLS; i++) {
        let cell = this_lane + 32u * i;
        for (var k = 0u; k < SIDE; k++) {
            sum.cells[i] += f32(a_tile[a.first + cell / SIDE * TILE_K + k]) * f32(b_tile[b.first + k * TILE_N + cell % SIDE]);
        }
    }
    return sum;
}
";

/// Turns a text with cooperative matrices into one without: each call gets the name of what it loads or stores.
fn emulated(source: &str) -> String {
    let calls = [
        ("coopLoadT<MatrixA>(&a_tile[i * SIDE * TILE_K + k], TILE_K)", "MatrixA(i * SIDE * TILE_K + k)"),
        ("coopLoadT<MatrixB>(&b_tile[k * TILE_N + j * SIDE], TILE_N)", "MatrixB(k * TILE_N + j * SIDE)"),
        ("coopLoadT<MatrixC>(&c_tile[held_at(i)], TILE_N)", "load_c(held_at(i))"),
        ("coopStoreT(held[i], &c_tile[held_at(i)], TILE_N)", "store_c(held[i], held_at(i))"),
        ("coopMultiplyAdd(", "multiply_add("),
        ("    var held:", "    this_lane = lane;\n    var held:"),
    ];
    let mut text: String = source.lines().filter(|l| !l.contains("coop_mat")).map(|line| format!("{line}\n")).collect();
    for (call, plain) in calls {
        assert!(text.contains(call), "the shader no longer says {call}");
        text = text.replace(call, plain);
    }
    // Neither its comments nor its code may name them.
    assert!(!text.contains("coopLoad") && !text.contains("coopStore"), "a call that is not emulated");
    text + EMULATED
}

/// No adapter of ours has cooperative matrices. What surrounds them is tried with the same text, in which plain loops stand for
/// them.
#[test]
fn cooperative_products_are_right_around_their_matrices() {
    let Some(gpu) = adapter::gpu("cooperative products") else { return };
    let offered = Features { matrices_f32: true, matrices_f16: gpu.features.f16, ..gpu.features };
    let mut specs: BTreeMap<(&str, usize), &'static KernelSpec> = BTreeMap::new();
    let mut plain = |kernel: &'static KernelSpec, v: usize| {
        *specs.entry((kernel.label, v)).or_insert_with(|| {
            let mut variants = kernel.variants.to_vec();
            let source: &'static str = emulated(kernel.source_of(v)).leak();
            variants[v] =
                Variant { source: Some(source), needs: Needs { matrices: None, ..variants[v].needs }, ..variants[v] };
            Box::leak(Box::new(KernelSpec { variants: variants.leak(), ..*kernel }))
        })
    };
    let mut summary = Summary::default();
    for mut case in cases::all(offered).filter(|case: &Case| case.name.starts_with("matmul cooperative")) {
        let plan = Arc::get_mut(&mut case.plan).expect("a case owns its plan");
        for dispatch in &mut plan.dispatches {
            if dispatch.kernel.variants[dispatch.variant].needs.matrices.is_some() {
                dispatch.kernel = plain(dispatch.kernel, dispatch.variant);
            }
        }
        block_on(parity::lockstep(&gpu, &case, &mut summary)).unwrap();
    }
    let offers = |variant: &Variant| variant.needs.matrices.is_some() && offered.offer(variant.needs);
    let wanted = ops::ALL.iter().flat_map(|kernel| {
        (0..kernel.variants.len()).filter(|&v| offers(&kernel.variants[v])).map(|v| (kernel.label, v))
    });
    assert_eq!(specs.into_keys().collect::<BTreeSet<_>>(), wanted.collect(), "left ran, right there are");
    assert!(summary.failures.is_empty(), "{:#?}", summary.failures);
}
