//! Tests what the passes of an objective make of a step: which learning rate each network gets, which networks are in the plan, and
//! which positions count.

use crate::lab::{self, Rig};
use electroscope::model::ledger::Group;
use electroscope::objective::{self, At, Head, NetId, Pass};
use electroscope::plan::Stage;
use electroscope::train::engine::Backend;
use electroscope::train::metrics::LossWeights;
use electroscope::train::step::{self, Rates};
use electroscope::train::weights;
use pollster::block_on;

const VOCAB: u32 = 90;
const SIZES: [&str; 4] = ["batch=6", "seq_len=12", "dropout=0.0", "attention_dropout=0.0"];

fn rig(set: &[&str], passes: Option<&'static [Pass]>) -> Rig {
    let all: Vec<&str> = SIZES.iter().chain(set).copied().collect();
    let config = lab::config(&all);
    let batch = lab::random_batch(6, 12, VOCAB, lab::recipe(&config, 1).masking, 3);
    match passes {
        Some(passes) => Rig::of_passes(&Backend::cpu(), &config, VOCAB, batch, passes),
        None => Rig::new(&Backend::cpu(), &config, VOCAB, batch),
    }
}

/// Every parameter after one update at a rate of 0.01: group and values.
fn updated(set: &[&str]) -> Vec<(Group, Vec<f32>)> {
    let mut rig = rig(set, None);
    rig.step.lr = 0.01;
    rig.load();
    let whole = rig.model.plan.step();
    block_on(rig.engine.run_all(whole)).unwrap();
    let parameters = rig.model.parameters.iter().map(|p| (p.entry.group, p.value.clone())).collect::<Vec<_>>();
    parameters.into_iter().map(|(group, value)| (group, rig.read_f32(&value))).collect()
}

#[test]
fn only_the_auxiliary_network_has_a_rate_of_its_own() {
    // A masked language model that is trained alone is the main network. It once had the generator's rate by mistake.
    for (objective, auxiliary) in [("objective=mlm", false), ("objective=electra", true)] {
        let [slow, plain] = ["0.25", "1.0"].map(|scale| updated(&[objective, &format!("generator_lr_scale={scale}")]));
        assert_eq!(slow.iter().any(|(group, _)| *group == Group::Aux), auxiliary, "{objective}");
        for ((group, slow), (_, plain)) in slow.iter().zip(&plain) {
            // Parameters that no gradient reaches stay the same at both rates.
            let same = slow == plain;
            assert!(same != (*group == Group::Aux) || slow.iter().all(|v| *v == slow[0]), "{objective}: {group:?}");
        }
    }
}

#[test]
fn replacements_that_no_network_draws_pay_for_no_generator() {
    for rule in ["unigram", "uniform"] {
        let mut rig = rig(&[&format!("replacements={rule}")], None);
        let plan = rig.model.plan.clone();
        let foreign = plan.dispatches.iter().find(|d| d.kernel.label.starts_with("vocab."));
        assert!(foreign.is_none(), "{rule}: {foreign:?}");
        assert!(rig.model.parameters.iter().all(|p| p.entry.parts.iter().all(|part| part.net == NetId::Main)));
        assert!(plan.stage(Stage::PROPOSE).is_empty());
        // Every hidden token takes what the table gives, here always word 7; the step block asks for no share.
        let table: Vec<u32> = (0..VOCAB).map(|id| if id < 7 { 0 } else { u32::MAX }).collect();
        rig.engine.write(&rig.model.source.clone(), &table);
        block_on(rig.engine.run_all(plan.step())).unwrap();
        let token_out = rig.io().token_out;
        let judged = rig.read(&token_out);
        for (n, token) in judged.chunks(2).enumerate() {
            let hidden = rig.batch.token_slot[n] != electroscope::batch::NONE;
            let want = if hidden { 7 } else { rig.batch.ids[n] };
            assert_eq!(token[1] / 2, want, "{rule}: token {n}");
        }
        let trained = rig.gradients();
        assert!(trained.iter().any(|(_, group, g)| *group == Group::Main && g.iter().any(|g| *g != 0.0)), "{rule}");
    }
}

#[test]
fn a_judge_may_count_the_hidden_tokens_alone() {
    let judge = Pass { at: At::Slots, ..objective::ELECTRA.passes[1] };
    let passes: &'static [Pass] = vec![objective::ELECTRA.passes[0], judge].leak();
    let mut rig = rig(&["mask_with_replacement=true", "mask_prob=0.4"], Some(passes));
    let hidden = rig.batch.hidden();
    assert!(hidden > 0 && hidden < rig.batch.slots, "two slots on one token are one judgement");
    block_on(rig.engine.run_all(rig.model.plan.micro(true, false))).unwrap();
    let token_out = rig.io().token_out;
    let judged = rig.read(&token_out);
    let scale = f64::from(rig.step.scales[1]);
    assert!((scale - 50.0 / hidden as f64).abs() < 1e-3, "{scale}");
    let counted = judged.chunks(2).enumerate().filter(|(n, _)| rig.batch.token_slot[*n] != electroscope::batch::NONE);
    let error = |token: &[u32]| {
        let p = 1.0 / (1.0 + (-f64::from(f32::from_bits(token[0]))).exp());
        p - f64::from(token[1] % 2)
    };
    // The gradient of the last bias is the sum of the errors that count.
    let want: f64 = counted.map(|(_, token)| scale * error(token)).sum();
    let gradients = rig.gradients();
    let bias = |(name, ..): &&(String, Group, Vec<f32>)| name.ends_with("dense_prediction.bias");
    let got = f64::from(gradients.iter().find(bias).expect("a judge has it").2[0]);
    assert!((got - want).abs() < 1e-4 * want.abs().max(1.0), "{got} {want}");
}

#[test]
fn two_objectives_of_one_seed_begin_with_the_same_main_encoder() {
    let initial = |objective: &str| {
        let mut rig = rig(&[&format!("objective={objective}")], None);
        let model = &rig.model;
        let values = block_on(weights::read_named(model, &mut rig.engine, |p| p.value.clone())).unwrap();
        let own = format!("{}.", model.spec.shape.name(NetId::Main));
        let named = |(name, tensor): (String, _)| name.strip_prefix(&own).map(|rest| (rest.to_owned(), tensor));
        values.into_iter().filter_map(named).collect::<std::collections::BTreeMap<_, _>>()
    };
    let (electra, mlm) = (initial("electra"), initial("mlm"));
    let both: Vec<&String> = electra.keys().filter(|name| mlm.contains_key(*name)).collect();
    assert!(both.len() > 30 && both.len() < electra.len(), "embeddings and encoder, not the heads: {both:?}");
    for name in both {
        assert_eq!(electra[name], mlm[name], "{name}");
    }
}

#[test]
fn the_step_block_weighs_each_pass_by_its_own_positions() {
    let rig = rig(&[], None);
    let totals = electroscope::batch::StepTotals::of(std::slice::from_ref(&rig.batch));
    let weights = LossWeights { mlm: 2.0, rtd: 30.0 };
    let rates = Rates { lr: 0.5, corrections: [3.0, 4.0] };
    let block = step::block(objective::ELECTRA.passes, weights, &totals, (8, 9), rates);
    let want = [2.0 / totals.slots as f32, 30.0 / totals.tokens as f32, 0.0, 0.0];
    assert!(block.scales.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-5), "{:?}", block.scales);
    assert_eq!((block.lr, block.correction1, block.correction2, block.step), (0.5, 3.0, 4.0, 9));
    assert!(
        objective::have(objective::ELECTRA.passes, Head::Rtd) && !objective::have(objective::MLM.passes, Head::Rtd)
    );
}
