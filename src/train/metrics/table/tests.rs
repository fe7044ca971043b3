//! Tests that the table, the structs made of it and the record on disk agree.

use super::*;
use crate::train::event::Event;
use serde_json::{Map, Value};

fn keys<T: Serialize>(value: &T) -> Vec<String> {
    // A map of serde_json sorts its keys; the text has them as they are written.
    let text = serde_json::to_string(value).unwrap();
    let parts = text.trim_matches(['{', '}']).split(',');
    parts.map(|part| part.split(':').next().unwrap().trim_matches('"').to_owned()).collect()
}

/// The record of a run stays readable for programs: no key goes, none changes its place, and what is new is added here on purpose.
#[test]
fn the_record_has_these_keys_in_this_order() {
    let shared = "mlm_loss rtd_loss total_loss mlm_accuracy sampled_accuracy rtd_accuracy rtd_auc rtd_auc_context rtd_precision \
        rtd_recall replaced_share trivial_rtd_loss token_rtd_loss sampled_entropy sampled_top_share";
    let step = format!("step {shared} lr grad_norm tokens_per_sec elapsed_secs tokens_seen");
    let eval = format!("step {shared} elapsed_secs tokens_seen unigram_entropy");
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(keys(&StepMetrics::default()), words(&step));
    assert_eq!(keys(&EvalMetrics::default()), words(&eval));
    let ruled = EvalMetrics { rtd_auc_rule: Some(0.5), ..EvalMetrics::default() };
    assert_eq!(keys(&ruled), words(&format!("{eval} rtd_auc_rule")));
    let swapped = EvalMetrics {
        swap_auc: Some(0.5),
        swap_pairs_right: Some(0.5),
        swap_caught: Some(0.5),
        swap_false_alarms: Some(0.5),
        ..EvalMetrics::default()
    };
    assert_eq!(keys(&swapped), words(&format!("{eval} swap_auc swap_pairs_right swap_caught swap_false_alarms")));
    let broken = Metrics { non_finite: true, ..Metrics::default() };
    assert_eq!(keys(&broken), words(&format!("{shared} non_finite")));
}

/// A step and an evaluation in which every metric has a value of its own: its place in the table.
fn numbered() -> (StepMetrics, EvalMetrics) {
    let record: Map<String, Value> = Metric::ALL
        .iter()
        .zip(1..)
        .map(|(metric, n)| (metric.about().key.to_owned(), Value::from(f64::from(n))))
        .collect();
    let of = |kind: &str| {
        let mut record = record.clone();
        record.insert("event".into(), kind.into());
        serde_json::from_value::<Event>(Value::Object(record)).unwrap()
    };
    match (of("step"), of("eval")) {
        (Event::Step(step), Event::Eval(eval)) => (*step, *eval),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_name_reads_the_field_of_its_key() {
    let (mut step, eval) = numbered();
    for (place, metric) in Metric::ALL.into_iter().enumerate() {
        assert_eq!(metric as usize, place);
        let values = [metric.of_step(&step), metric.of_eval(&eval)];
        let own = Some(place as f64 + 1.0);
        let want = match metric {
            Metric::Lr | Metric::GradNorm | Metric::TokensPerSec => [own, None],
            Metric::UnigramEntropy
            | Metric::RtdAucRule
            | Metric::SwapAuc
            | Metric::SwapPairsRight
            | Metric::SwapCaught
            | Metric::SwapFalseAlarms
            | Metric::SwapBesideAuc => [None, own],
            // Made of another one, which is not a share here.
            Metric::BaseAccuracy => [Metric::ReplacedShare.of_step(&step).map(|share| 1.0 - share); 2],
            _ => [own; 2],
        };
        assert_eq!(values, want, "{metric:?}");
    }
    let measured: Vec<f64> =
        Metric::ALL.iter().filter_map(|metric| metric.of_step(&step)).filter(|v| *v > 0.0).collect();
    let all: Vec<f64> = step.values_mut().map(|value| value.take().unwrap()).collect();
    assert_eq!(all, measured);
    assert_eq!(step, StepMetrics::default(), "nothing is left behind");
}

#[test]
fn what_is_not_a_number_is_left_out_unless_it_is_asked_for_raw() {
    let step = StepMetrics { grad_norm: Some(f64::INFINITY), ..StepMetrics::default() };
    assert_eq!(Metric::GradNorm.of_step(&step), None);
    assert_eq!(Metric::GradNorm.raw_of_step(&step), Some(f64::INFINITY));
}

#[test]
fn keys_and_labels_are_one_for_each_and_go_together() {
    for metric in Metric::ALL {
        let about = metric.about();
        assert_eq!(about.label, format!("metrics-{}", about.key.replace('_', "-")), "{metric:?}");
        assert_eq!(Metric::ALL.iter().filter(|other| other.about().key == about.key).count(), 1, "{metric:?}");
    }
}

#[test]
fn a_baseline_is_measured_in_the_same_unit_and_within_its_range() {
    for metric in Metric::ALL {
        let about = metric.about();
        match about.baseline {
            Some(Baseline::Of(other)) => {
                assert_eq!((other.about().unit, other.about().color), (about.unit, Color::Bound), "{metric:?}");
                assert_eq!(other.about().subject, about.subject, "{metric:?}: they are drawn together");
            }
            Some(Baseline::Level(level)) => {
                let [min, max] = about.unit.range();
                assert!((min..=max).contains(&level), "{metric:?}");
            }
            None => {}
        }
        assert!(about.baseline.is_none() || about.better != Better::Neither, "{metric:?}: it has to beat something");
    }
}

#[test]
fn people_read_a_loss_with_its_baseline() {
    let order: Vec<&str> = Metric::reading_order().iter().map(|metric| metric.about().key).collect();
    let first = ["mlm_loss", "unigram_entropy", "rtd_loss", "trivial_rtd_loss", "token_rtd_loss", "rtd_auc"];
    assert_eq!(order[..6], first);
    assert_eq!(order.len(), Metric::ALL.len());
}
