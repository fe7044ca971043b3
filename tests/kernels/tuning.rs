//! Tests tuning on an adapter: what it measures, what it leaves alone, and that it ends in time.

use crate::adapter;
use electroscope::config::{Config, Overrides};
use electroscope::gpu::{self, Gpu, Tuning};
use electroscope::model::Model;
use electroscope::ops;
use electroscope::plan::{KernelChoices, Limits, Plan};
use electroscope::tasks::drill::Drill;
use pollster::block_on;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Small sizes. All except the vocabulary are multiples of four.
fn record(kernels: KernelChoices) -> Arc<Plan> {
    let set = ["batch=4", "seq_len=16", "layers=1", "vocab_size=203", "ffn_size=64"].map(str::to_owned).to_vec();
    let config = Config::load("nano", &Overrides { set, ..Overrides::default() }).unwrap();
    Model::record(Drill::spec(&config), kernels, Limits::default()).plan
}

fn tuned(gpu: &Gpu, known: &KernelChoices) -> Tuning {
    block_on(gpu::tune(gpu, &record, known, &mut |_| {})).unwrap()
}

/// The kernels and shapes of a step that have something to choose.
fn open_keys(plan: &Plan) -> BTreeSet<String> {
    let step = &plan.dispatches[plan.step()];
    step.iter().filter(|d| !d.class.is_empty()).map(|d| KernelChoices::key(d.kernel, &d.class)).collect()
}

#[test]
fn every_kernel_and_shape_of_a_step_gets_a_variant_that_runs_here() {
    let Some(gpu) = adapter::gpu("tuning") else { return };
    let started = Instant::now();
    let tuning = tuned(&gpu, &KernelChoices::default());
    println!("{:.1} s for {} shapes on {}", started.elapsed().as_secs_f64(), tuning.timed.len(), gpu.summary);
    assert!(
        started.elapsed() < Duration::from_secs(40),
        "the budget of 18 s, and a machine that does other things too"
    );
    let chosen: BTreeSet<String> = tuning.choices.0.keys().filter(|key| key.contains(' ')).cloned().collect();
    let open = open_keys(&record(KernelChoices::default()));
    assert!(chosen.is_subset(&open), "{:?} is of no step", chosen.difference(&open));
    assert!(!chosen.is_empty(), "nothing was chosen");
    for timed in &tuning.timed {
        let (best, _) = timed.secs[0];
        assert_eq!(tuning.choices.0[&timed.key], best, "{}", timed.key);
        assert!(timed.secs.iter().all(|(_, secs)| *secs > 0.0), "{timed:?}");
        assert!(timed.secs.is_sorted_by(|a, b| a.1 <= b.1), "{timed:?}");
    }
    // A plan records the chosen variants.
    let plan = record(tuning.choices.clone());
    for d in plan.dispatches.iter().filter(|d| !d.class.is_empty()) {
        if let Some(name) = tuning.choices.0.get(&KernelChoices::key(d.kernel, &d.class)) {
            assert_eq!(d.variant().name, name, "{} {}", d.kernel.label, d.class);
        }
        assert!(gpu.features.offer(d.variant().needs), "{}", d.kernel.label);
    }
    // The choices are not measured again.
    let again = tuned(&gpu, &tuning.choices);
    assert_eq!((again.timed, again.choices), (Vec::new(), KernelChoices::default()), "what was known");
}

#[test]
fn a_choice_changes_no_other_kernel_of_a_plan() {
    let plain = record(KernelChoices::default());
    let names = |plan: &Plan| plan.dispatches.iter().map(|d| (d.kernel.label, d.class.clone())).collect::<Vec<_>>();
    // The variants of this plan's kernels; kernels for f16 have more.
    let most = plain.dispatches.iter().map(|d| d.kernel.variants.len()).max().unwrap();
    for v in 1..most {
        let forced = ops::ALL.iter().filter_map(|k| Some((k.label.to_owned(), k.variants.get(v)?.name.to_owned())));
        let plan = record(KernelChoices(forced.collect()));
        assert_eq!(names(&plan), names(&plain), "variant {v}");
        assert_ne!(plan.to_string(), plain.to_string(), "variant {v} is used somewhere");
        let flops = |plan: &Plan| plan.flops(0..plan.dispatches.len());
        assert_eq!(flops(&plan), flops(&plain), "variant {v}");
    }
}
