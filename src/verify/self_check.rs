//! Checks that need no fixture: gradients against finite differences of the whole loss, the same steps taken twice, and the same
//! steps on a device and on the twins.

use super::distance::{at_step, norm, not_nan};
use super::fixture::Comparison;
use crate::config::{Config, Overrides, Precision};
use crate::gpu::Features;
use crate::message::Message;
use crate::plan::{KernelChoices, Stage, Tensor};
use crate::rng::{Key, Sequence, Stream};
use crate::tasks::drill::{Drill, StepLoss};
use crate::train::engine::Backend;
use crate::{Result, ops};

/// Sizes that no tile divides, small enough that a check takes a second.
pub(super) const SIZES: [&str; 14] = [
    "vocab_size=103",
    "embedding_size=20",
    "hidden_size=36",
    "heads=3",
    "ffn_size=52",
    "generator_hidden_size=24",
    "generator_heads=2",
    "generator_ffn_size=28",
    "max_positions=40",
    "seq_len=23",
    "batch=5",
    "lr=0.001",
    // Wide embeddings make a difference step short compared with them, so the normalisation after them bends little over it.
    "init_std=0.1",
    // Sharp attention bends too.
    "init=fan_in",
];
pub(super) const SEED: u64 = 20;
/// Steps that both executors take.
pub(super) const STEPS: u64 = 10;
/// How many of them are taken with each variant. The second step shows the effect of the first one's update.
const VARIANT_STEPS: u64 = 2;
/// The largest relative difference between the losses on gpu and cpu in each step (the trainer's own bar over fifty steps).
const LOSSES_MAX: f64 = 2e-3;
/// The same with f16 storage. If a sum in another order rounds to another f16, a number is off by 2^-11 of itself at once.
const F16_LOSSES_MAX: f64 = 1e-2;
/// The largest relative difference of a directional derivative: f32 losses have 1e-6 relative noise over steps of `STEP_LENGTH`,
/// and the curvature adds to it.
const DIFFERENCES_MAX: f64 = 1e-2;
const STEP_LENGTH: f64 = 2e-2;

fn config(dropout: &str) -> Result<Config> {
    let mut set: Vec<String> = SIZES.map(str::to_owned).to_vec();
    set.extend([format!("dropout={dropout}"), format!("attention_dropout={dropout}")]);
    Config::load("nano", &Overrides { set, ..Overrides::default() })
}

/// The derivative of the whole loss along a direction in each parameter tensor, computed and by finite differences.
/// The direction is half the gradient's own, half random, so that neither a wrong length nor a wrong part hides.
pub async fn finite_differences(backend: &Backend) -> Result<Vec<Comparison>> {
    let mut drill = Drill::new(&config("0.0")?, backend, KernelChoices::default(), SEED).await?;
    let plan = drill.model.plan.clone();
    let totals = drill.mask(0);
    let block = drill.block(0, totals);
    drill.write(0, &block);
    // The gradients of the first pass. Its samples are kept, because the loss jumps if another word is drawn.
    let sampled = drill.model.io.clone().map(|io| io.slots.sampled);
    drill.engine.run_all(plan.span(Stage::MASK, Stage::BACKWARD)).await?;
    let mut samples = Vec::new();
    if let Some(sampled) = &sampled {
        samples = drill.engine.read(sampled).await?;
    }
    drill.engine.collect(0);
    drill.losses().await?;
    let mut gradients = Vec::new();
    for parameter in &drill.model.parameters {
        let gradient = parameter.gradient.clone().expect("recorded for training");
        gradients.push(drill.engine.read_f32(&gradient).await?);
    }
    let total: f64 = gradients.iter().map(|g| norm(g).powi(2)).sum::<f64>().sqrt();
    let mut comparisons = Vec::new();
    for (index, gradient) in gradients.iter().enumerate() {
        let (name, value) = {
            let parameter = &drill.model.parameters[index];
            (parameter.entry.name.clone(), parameter.value.clone())
        };
        let direction = direction(gradient, index as u32);
        let along: f64 = gradient.iter().zip(&direction).map(|(g, u)| f64::from(*g) * u).sum();
        let mut loss = [0.0; 2];
        let weights = drill.engine.read_f32(&value).await?;
        for (loss, sign) in loss.iter_mut().zip([1.0, -1.0]) {
            let moved: Vec<f32> =
                weights.iter().zip(&direction).map(|(w, u)| (f64::from(*w) + sign * STEP_LENGTH * u) as f32).collect();
            drill.engine.write_f32(&value, &moved);
            *loss = loss_with_samples(&mut drill, sampled.as_ref(), &samples).await?;
        }
        drill.engine.write_f32(&value, &weights);
        let measured = (loss[0] - loss[1]) / (2.0 * STEP_LENGTH);
        // The difference is relative to the tensor's own derivative or, if that is small compared with the noise of the loss, to a
        // share of the whole.
        let scale = along.abs().max(total * 1e-3);
        comparisons.push(Comparison {
            name: Message::plain(format!("d.{name}")),
            error: not_nan((measured - along).abs() / scale),
            max: DIFFERENCES_MAX,
        });
    }
    Ok(comparisons)
}

async fn loss_with_samples(drill: &mut Drill, sampled: Option<&Tensor>, samples: &[u32]) -> Result<f64> {
    let plan = drill.model.plan.clone();
    drill.engine.run_all(plan.span(Stage::MASK, Stage::PROPOSE)).await?;
    if let Some(sampled) = sampled {
        drill.engine.write(sampled, samples);
    }
    drill.engine.run_all(plan.span(Stage::REPLACE, Stage::JUDGE)).await?;
    drill.engine.collect(0);
    Ok(drill.losses().await?.total_loss)
}

/// A unit vector: the sum of the gradient's direction and a random one that does not oppose it.
fn direction(gradient: &[f32], index: u32) -> Vec<f64> {
    let mut random = Sequence::new(Key::new(SEED, 0, Stream::Init), index);
    let noise: Vec<f64> = gradient.iter().map(|_| random.unit() - 0.5).collect();
    let noise_norm = noise.iter().map(|v| v * v).sum::<f64>().sqrt();
    let gradient_norm = norm(gradient).max(f64::MIN_POSITIVE);
    let opposed = gradient.iter().zip(&noise).map(|(g, n)| f64::from(*g) * n).sum::<f64>() < 0.0;
    let noise_norm = if opposed { -noise_norm } else { noise_norm };
    let mixed: Vec<f64> =
        gradient.iter().zip(&noise).map(|(g, n)| f64::from(*g) / gradient_norm + n / noise_norm).collect();
    let length = mixed.iter().map(|v| v * v).sum::<f64>().sqrt();
    mixed.into_iter().map(|v| v / length).collect()
}

/// Takes ten steps with dropout, sampling and updates, twice on `backend`. Every loss must be the same to the bit. Takes two steps
/// more with each of the other variants of every kernel.
pub async fn repeatability(backend: &Backend) -> Result<Vec<Comparison>> {
    let mut comparisons = twice(backend, &KernelChoices::default(), STEPS).await?;
    for (number, kernels) in backend.gpu().into_iter().flat_map(|gpu| other_variants(gpu.features)) {
        let of_variant = twice(backend, &kernels, VARIANT_STEPS).await?;
        comparisons.extend(of_variant.into_iter().map(|c| with_variant(number, c)));
    }
    Ok(comparisons)
}

fn with_variant(number: usize, c: Comparison) -> Comparison {
    Comparison { name: Message::new("compared-with-variant").with("number", number).with("what", c.name), ..c }
}

async fn twice(backend: &Backend, kernels: &KernelChoices, steps: u64) -> Result<Vec<Comparison>> {
    let config = config("0.1")?;
    let first = drill(&config, backend, kernels.clone(), steps).await?;
    let second = drill(&config, backend, kernels.clone(), steps).await?;
    let same = |(i, (a, b)): (usize, (&StepLoss, &StepLoss))| Comparison {
        name: Message::new("compared-twice").with("step", i),
        error: if a == b { 0.0 } else { not_nan((a.total_loss - b.total_loss).abs().max(f64::MIN_POSITIVE)) },
        max: 0.0,
    };
    Ok(first.iter().zip(&second).enumerate().map(same).collect())
}

/// Takes the same steps on `backend` and on the twins; the first few also with each of the other variants of every kernel.
pub async fn against_twins(backend: &Backend) -> Result<Vec<Comparison>> {
    let twins = losses(&Backend::cpu()).await?;
    let mut comparisons = compared(&losses(backend).await?, &twins);
    for (number, kernels) in backend.gpu().into_iter().flat_map(|gpu| other_variants(gpu.features)) {
        let steps = drill(&config("0.1")?, backend, kernels, VARIANT_STEPS).await?;
        comparisons.extend(compared(&steps, &twins).into_iter().map(|c| with_variant(number, c)));
    }
    Ok(comparisons)
}

/// Takes the same steps with f16 storage, on `backend` and on the twins.
pub async fn f16_against_twins(backend: &Backend) -> Result<Vec<Comparison>> {
    let mut config = config("0.1")?;
    config.precision = Precision::F16;
    let device = drill(&config, backend, KernelChoices::default(), STEPS).await?;
    let twins = drill(&config, &Backend::cpu(), KernelChoices::default(), STEPS).await?;
    Ok(compared(&device, &twins).into_iter().map(|c| Comparison { max: F16_LOSSES_MAX, ..c }).collect())
}

/// Every kernel's second variant, every kernel's third, and so on, as far as the adapter offers them.
fn other_variants(features: Features) -> impl Iterator<Item = (usize, KernelChoices)> {
    let most = ops::ALL.iter().map(|kernel| kernel.variants.len()).max().unwrap_or(0);
    let each = (1..most).map(move |v| {
        let offered = ops::ALL.iter().filter_map(|kernel| Some((kernel.label, kernel.variants.get(v)?)));
        let offered = offered.filter(|(_, variant)| features.offer(variant.needs));
        (v, KernelChoices(offered.map(|(label, variant)| (label.to_owned(), variant.name.to_owned())).collect()))
    });
    // If none of them is offered, the choices are empty and would mean the plain variants again.
    each.filter(|(_, choices): &(usize, KernelChoices)| !choices.0.is_empty())
}

/// The nano preset with dropout, which the browser's suite trains.
///
/// # Errors
/// The preset cannot be loaded, which would be a mistake of this program.
pub fn nano() -> Result<Config> {
    let set = ["dropout=0.1", "attention_dropout=0.1"].map(str::to_owned).to_vec();
    Config::load("nano", &Overrides { set, ..Overrides::default() })
}

/// Takes `steps` steps of [`nano`], with these `kernels` on `backend` and on the twins.
pub async fn nano_against_twins(backend: &Backend, kernels: KernelChoices, steps: u64) -> Result<Vec<Comparison>> {
    let config = nano()?;
    let device = drill(&config, backend, kernels, steps).await?;
    let twins = drill(&config, &Backend::cpu(), KernelChoices::default(), steps).await?;
    Ok(compared(&device, &twins))
}

fn compared(device: &[StepLoss], twins: &[StepLoss]) -> Vec<Comparison> {
    let mut comparisons = Vec::new();
    for (step, (got, want)) in device.iter().zip(twins).enumerate() {
        for (what, got, want) in [
            ("mlm_loss", got.mlm_loss, want.mlm_loss),
            ("rtd_loss", got.rtd_loss, want.rtd_loss),
            ("grad_norm", got.grad_norm, want.grad_norm),
        ] {
            let error = not_nan((got - want).abs() / want.abs());
            comparisons.push(Comparison { name: at_step(step as u64, what), error, max: LOSSES_MAX });
        }
    }
    comparisons
}

async fn losses(backend: &Backend) -> Result<Vec<StepLoss>> {
    drill(&config("0.1")?, backend, KernelChoices::default(), STEPS).await
}

async fn drill(config: &Config, backend: &Backend, kernels: KernelChoices, steps: u64) -> Result<Vec<StepLoss>> {
    let mut drill = Drill::new(config, backend, kernels, SEED).await?;
    let mut losses = Vec::with_capacity(steps as usize);
    for step in 0..steps {
        drill.step(step).await?;
        losses.push(drill.losses().await?);
    }
    Ok(losses)
}
