//! Compares our engine with the Burn engine on one device, with the same weights, batches and samples: every gradient of the first
//! step, the losses of ten steps, and every weight after them.

use super::distance::{at_step, norm, not_nan};
use super::fixture::{Comparison, GRADIENT_MAX, PARAMETERS_MAX};
use super::self_check::{SEED, SIZES, STEPS};
use crate::config::{Config, Overrides};
use crate::hub::Tensors;
use crate::message::Message;
use crate::plan::{KernelChoices, Stage};
use crate::tasks::drill::Drill;
use crate::train::engine::Backend;
use crate::train::weights;
use crate::{Error, Result};

/// The largest relative difference of each step's loss and norm. Both sides are f32; Burn's error function alone is 1e-7 off.
const LOSSES_MAX: f64 = 1e-3;

/// The end of the name of a parameter whose gradient is zero in theory.
const KEY_BIAS: &str = "attention.self.key.bias";

/// Settings that change what a step does: both flavours of the optimizer, clipping by group, several micro-batches and a
/// generator's rate of its own, several slots on a token, the baseline objective.
pub fn cases() -> [(Message, &'static [&'static str]); 4] {
    [
        (Message::new("burn-case-reference"), &["bias_correction=false", "weight_decay=0.1"]),
        (Message::new("burn-case-clipping"), &["bias_correction=true", "weight_decay=0.1", "clip_separately=true"]),
        (
            Message::new("burn-case-micro-batches"),
            &["accumulate=2", "mask_with_replacement=true", "generator_lr_scale=0.5", "mask_prob=0.3"],
        ),
        (Message::new("burn-case-mlm"), &["objective=mlm"]),
    ]
}

/// `burn`: a backend on which Burn trains. Both engines use its device.
pub async fn compare(burn: &Backend, settings: &[&str]) -> Result<Vec<Comparison>> {
    let set = SIZES.iter().copied().chain(["dropout=0.0", "attention_dropout=0.0"]).chain(settings.iter().copied());
    let config = Config::load("nano", &Overrides { set: set.map(str::to_owned).collect(), ..Overrides::default() })?;
    let mut ours = Drill::new(&config, &burn.with_wgsl(), KernelChoices::default(), SEED).await?;
    let mut theirs = Drill::new(&config, burn, KernelChoices::default(), SEED).await?;
    let mut comparisons = Vec::new();
    for step in 0..STEPS {
        both(&mut ours, &mut theirs, step, &mut comparisons).await?;
        let (ours, theirs) = (ours.losses().await?, theirs.losses().await?);
        for (what, got, want) in [
            ("mlm_loss", theirs.mlm_loss, ours.mlm_loss),
            ("rtd_loss", theirs.rtd_loss, ours.rtd_loss),
            ("grad_norm", theirs.grad_norm, ours.grad_norm),
        ] {
            let error = if got == want { 0.0 } else { not_nan((got - want).abs() / want.abs()) };
            comparisons.push(Comparison { name: at_step(step, what), error, max: LOSSES_MAX });
        }
    }
    let (want, mut got) = (values(&mut ours).await?, values(&mut theirs).await?);
    // A key bias moves all scores of a query alike, which does not change a softmax. So its gradient is only rounding, and Adam
    // makes whole steps of that. The gradients are compared above; the resulting values cannot agree.
    got.retain(|name, _| !name.ends_with(KEY_BIAS));
    compare_tensors("after", &got, &want, PARAMETERS_MAX, &mut comparisons);
    Ok(comparisons)
}

/// Takes one step with each engine. In the first step the gradients are compared.
async fn both(ours: &mut Drill, theirs: &mut Drill, step: u64, into: &mut Vec<Comparison>) -> Result<()> {
    let plan = ours.model.plan.clone();
    let totals = ours.mask(step);
    theirs.mask(step);
    let sampled =
        ours.model.io.clone().map(|io| io.slots.sampled).ok_or_else(|| Error::failed("not-recorded-for-training"))?;
    let mut block = ours.block(step, totals);
    let last = ours.micro_batches() - 1;
    let first_pass = ours.model.spec.shape.passes[0].stage;
    for micro in 0..=last {
        let whole = plan.micro(micro == 0, micro == last);
        // The samples are there once the first pass has run.
        let drawn = plan.stage(first_pass).end;
        for drill in [&mut *ours, &mut *theirs] {
            drill.write(micro, &block);
            drill.engine.run_all(whole.start..drawn).await?;
        }
        // Two words with nearly the same score may change places. Then the other engine would read another text, and nothing could
        // be compared.
        let samples = ours.engine.read(&sampled).await?;
        theirs.engine.write(&sampled, &samples);
        for drill in [&mut *ours, &mut *theirs] {
            drill.engine.run_all(drawn..plan.stage(Stage::BACKWARD).end).await?;
        }
        if micro == last {
            if step == 0 {
                let (want, got) = (gradients(ours).await?, gradients(theirs).await?);
                compare_tensors("grad", &got, &want, GRADIENT_MAX, into);
            }
            for drill in [&mut *ours, &mut *theirs] {
                drill.engine.run_all(plan.stage(Stage::UPDATE)).await?;
            }
        }
        for drill in [&mut *ours, &mut *theirs] {
            drill.engine.collect(step);
        }
        ours.move_on(&mut block, micro);
    }
    Ok(())
}

async fn gradients(drill: &mut Drill) -> Result<Tensors> {
    weights::read_named(&drill.model, &mut drill.engine, |p| p.gradient.clone().expect("a drill trains")).await
}

async fn values(drill: &mut Drill) -> Result<Tensors> {
    weights::read_named(&drill.model, &mut drill.engine, |p| p.value.clone()).await
}

/// Differences are relative to the norm of our tensor. For the gradient of a key bias, which is zero in theory, the norm of the
/// query bias is taken.
fn compare_tensors(kind: &str, got: &Tensors, want: &Tensors, max: f64, into: &mut Vec<Comparison>) {
    for (name, theirs) in got {
        let ours = &want[name];
        let scale_name = match kind {
            "grad" => name.replace(KEY_BIAS, "attention.self.query.bias"),
            _ => name.clone(),
        };
        let scale = norm(&want[&scale_name].data);
        let difference: Vec<f32> = theirs.data.iter().zip(&ours.data).map(|(t, o)| t - o).collect();
        let distance = norm(&difference);
        let error = if scale == 0.0 { distance } else { distance / scale };
        into.push(Comparison { name: Message::plain(format!("{kind}.{name}")), error: not_nan(error), max });
    }
}
