//! Measures how far this program is from a fixture: a whole training step that was computed elsewhere in double precision.
//! folder (weights, batch, expected numbers) -> the training plan on an engine -> [`Comparison`]s.

use crate::batch::{Batch, NONE, StepTotals};
use crate::config::{InitRule, Precision};
use crate::hub::{HubTensor, Networks, Tensors, open_safetensors, read_pair};
use crate::message::Message;
use crate::model::io::PassSize;
use crate::model::{Model, ModelSpec, Parameter, TrainSpec};
use crate::objective::{self, Head};
use crate::plan::{KernelChoices, Stage, Tensor};
use crate::train::engine::{Backend, Engine};
use crate::train::metrics::LossWeights;
use crate::train::step::{self, Rates};
use crate::train::weights;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Largest distances allowed (issue of the trainer: PyTorch in f32 reaches 2e-6, 3e-6, 6e-6 and 5e-6).
pub const LOGITS_MAX: f64 = 3e-5;
pub const GRADIENT_MAX: f64 = 1e-4;
pub const PARAMETERS_MAX: f64 = 1e-3;
pub const LOSSES_MAX: f64 = 1e-3;

/// The largest errors that [`Comparison`]s with a fixture may have.
#[derive(Debug, Clone, Copy)]
pub struct Bars {
    pub logits: f64,
    pub gradient: f64,
    pub parameters: f64,
    pub losses: f64,
}

impl Bars {
    fn of(precision: Precision) -> Self {
        match precision {
            Precision::F32 => {
                Self { logits: LOGITS_MAX, gradient: GRADIENT_MAX, parameters: PARAMETERS_MAX, losses: LOSSES_MAX }
            }
            Precision::F16 => F16,
        }
    }
}

/// The bars if activations and the products' weights are stored as f16, where each number is rounded by up to 2^-11 of itself. The
/// key biases decide the bar of the parameters: their gradient is only rounding, and Adam makes steps of the whole rate of it
/// (docs/measurements/f16.md).
pub const F16: Bars = Bars { logits: 1e-2, gradient: 2e-2, parameters: 2e-2, losses: 5e-3 };

/// expected.json, and the same form for `--dump`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Expected {
    pub mlm_loss: f64,
    pub rtd_loss: f64,
    pub total_loss: f64,
    pub grad_norm: f64,
    pub trajectory: Vec<Losses>,
    pub optimizer: Optimizer,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Losses {
    pub step: u64,
    pub mlm_loss: f64,
    pub rtd_loss: f64,
    pub total_loss: f64,
    pub grad_norm: f64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Optimizer {
    pub bias_correction: bool,
    pub lr: f64,
    pub beta1: f64,
    pub beta2: f64,
    pub eps: f64,
    pub weight_decay: f64,
    pub clip_global_norm: f64,
}

/// Weights of the two losses in every fixture ("total = mlm + 50 * rtd").
const WEIGHTS: LossWeights = LossWeights { mlm: 1.0, rtd: 50.0 };

/// One quantity, compared with what it should be.
#[derive(Debug, Clone)]
pub struct Comparison {
    pub name: Message,
    /// The distance, divided by the scale that its bar refers to.
    pub error: f64,
    pub max: f64,
}

impl Comparison {
    pub fn passed(&self) -> bool {
        self.error <= self.max
    }
}

/// Names a number of one step.
pub(super) fn at_step(step: u64, what: &str) -> Message {
    Message::new("compared-at-step").with("step", step).with("what", what)
}

/// Everything computed from one fixture.
pub struct Computed {
    pub comparisons: Vec<Comparison>,
    /// Tensors by their names in batch.safetensors.
    pub tensors: Tensors,
    pub expected_form: Expected,
}

/// A fixture in memory.
pub struct Fixture {
    expected: Expected,
    networks: Networks,
    integers: BTreeMap<String, (Vec<usize>, Vec<i64>)>,
    floats: Tensors,
}

const INTEGERS: [&str; 9] = [
    "input_ids",
    "attention_mask",
    "token_type_ids",
    "masked_ids",
    "masked_positions",
    "masked_labels",
    "sampled_ids",
    "corrupted_ids",
    "replaced",
];

impl Fixture {
    pub fn read(dir: &Path) -> Result<Self> {
        let path = dir.join("expected.json");
        let text = std::fs::read(&path).map_err(|e| Error::io("io-read-fixture", &path, &e))?;
        let expected: Expected = serde_json::from_slice(&text)
            .map_err(|e| Error::failed("not-a-fixture").with("detail", e.to_string()).at_path(&path))?;
        let networks: Networks = read_pair(dir)?.0.into();
        let path = dir.join("batch.safetensors");
        let mut file = open_safetensors(&path)?;
        let shapes = file.shapes();
        let mut integers = BTreeMap::new();
        let mut floats = Tensors::new();
        for name in shapes.keys() {
            if INTEGERS.contains(&name.as_str()) {
                integers.insert(name.clone(), file.integers(name).map_err(|e| e.at_path(&path))?);
            } else {
                floats.insert(name.clone(), file.tensor(name).map_err(|e| e.at_path(&path))?);
            }
        }
        if let Some(missing) = INTEGERS.iter().find(|name| !integers.contains_key(**name)) {
            return Err(Error::failed("batch-lacks").with("name", *missing).at_path(&path));
        }
        Ok(Self { expected, networks, integers, floats })
    }

    fn words(&self, name: &str) -> Vec<u32> {
        self.integers[name].1.iter().map(|&v| v as u32).collect()
    }

    /// The batch, packed as the loader of a run packs it.
    fn batch(&self) -> Result<(Batch, Vec<u32>)> {
        let [rows, row_len] = self.integers["input_ids"].0[..] else {
            return Err(Error::failed("ids-not-rows-of-tokens"));
        };
        let positions = self.words("masked_positions");
        let slots = positions.len() / 2;
        let mut batch = Batch::new(rows, row_len, slots.max(1));
        batch.ids = self.words("input_ids");
        batch.masked_ids = self.words("masked_ids");
        batch.type_ids = self.words("token_type_ids");
        batch.attention = self.words("attention_mask");
        batch.eligible = batch.attention.clone();
        batch.slot_label[..slots].copy_from_slice(&self.words("masked_labels"));
        batch.token_slot.fill(NONE);
        batch.slot_next.fill(NONE);
        for slot in 0..slots {
            let flat = positions[2 * slot] * row_len as u32 + positions[2 * slot + 1];
            batch.slot_position[slot] = flat;
            batch.slot_next[slot] = std::mem::replace(&mut batch.token_slot[flat as usize], slot as u32);
        }
        batch.slots = slots;
        batch.tokens = batch.attention.iter().filter(|&&a| a == 1).count();
        Ok((batch, self.words("sampled_ids")))
    }

    fn model(&self, backend: &Backend, batch: &Batch, precision: Precision) -> Result<Model> {
        let o = &self.expected.optimizer;
        let spec = ModelSpec {
            shape: weights::shape_from_networks(&self.networks, objective::ELECTRA.passes)?,
            train: Some(TrainSpec {
                size: PassSize {
                    rows: batch.rows as u32,
                    row_len: batch.row_len as u32,
                    slots: batch.slot_label.len() as u32,
                },
                dropout: 0.0,
                attention_dropout: 0.0,
                weight_decay: o.weight_decay,
                beta1: o.beta1,
                beta2: o.beta2,
                adam_eps: o.eps,
                clip: o.clip_global_norm,
                clip_separately: false,
                generator_lr_scale: 1.0,
            }),
            readout: None,
            init: InitRule::Reference,
            init_std: 0.02,
            precision,
            pad_id: self.networks.main.config.pad_token_id.unwrap_or(u32::MAX),
        };
        Ok(Model::record(spec, KernelChoices::default(), backend.limits()))
    }

    /// Runs the fixture's steps and compares everything it lists.
    pub async fn compare(&self, backend: &Backend) -> Result<Computed> {
        self.compare_in(backend, Precision::F32).await
    }

    /// The same with another precision, which has its own bars.
    pub async fn compare_in(&self, backend: &Backend, precision: Precision) -> Result<Computed> {
        let (batch, sampled) = self.batch()?;
        let model = self.model(backend, &batch, precision)?;
        let engine = backend.trainer(&model).await?;
        let mut run = Run { fixture: self, model, engine, batch, sampled, first_logits: Vec::new() };
        weights::load_run(&run.model, &mut run.engine, &self.networks);
        run.compare().await
    }
}

struct Run<'a> {
    fixture: &'a Fixture,
    model: Model,
    engine: Engine,
    batch: Batch,
    sampled: Vec<u32>,
    /// The discriminator's logits in the first step: (N)
    first_logits: Vec<f32>,
}

impl Run<'_> {
    async fn compare(&mut self) -> Result<Computed> {
        let fixture = self.fixture;
        let steps = fixture.expected.trajectory.len();
        let mut tensors = Tensors::new();
        let mut trajectory = Vec::with_capacity(steps);
        for step in 0..steps {
            let kept = if step == 0 { Some(&mut tensors) } else { None };
            trajectory.push(self.step(step, kept).await?);
        }
        let shape = vec![self.batch.rows, self.batch.row_len];
        let data = std::mem::take(&mut self.first_logits);
        tensors.insert("discriminator_logits".into(), HubTensor { shape, data });
        let after = self.named("after", |p| p.value.clone()).await?;
        tensors.extend(after);
        let first = trajectory.first().copied().ok_or_else(|| Error::failed("fixture-without-step"))?;
        let mut comparisons = Vec::new();
        self.compare_losses(&trajectory, &mut comparisons);
        self.compare_tensors(&tensors, &mut comparisons)?;
        let expected_form = Expected {
            mlm_loss: first.mlm_loss,
            rtd_loss: first.rtd_loss,
            total_loss: first.total_loss,
            grad_norm: first.grad_norm,
            trajectory,
            optimizer: fixture.expected.optimizer.clone(),
        };
        Ok(Computed { comparisons, tensors, expected_form })
    }

    /// Takes one optimizer step. In the first, logits and gradients are kept.
    async fn step(&mut self, number: usize, kept: Option<&mut Tensors>) -> Result<Losses> {
        let o = &self.fixture.expected.optimizer;
        let power = |beta: f64| 1.0 / (1.0 - beta.powi(number as i32 + 1));
        let correction = |beta| if o.bias_correction { power(beta) as f32 } else { 1.0 };
        let rates = Rates { lr: o.lr, corrections: [o.beta1, o.beta2].map(correction) };
        let (passes, totals) = (self.model.spec.shape.passes, StepTotals::of(std::slice::from_ref(&self.batch)));
        let block = step::block(passes, WEIGHTS, &totals, (0, number as u64), rates);
        let io = self.model.io.clone().expect("recorded for training");
        step::load(&mut self.engine, &io, &block, &self.batch, &mut Vec::new());
        let plan = self.model.plan.clone();
        let mut generator_logits = Vec::new();
        // The part with the softmax runs dispatch by dispatch, because the logits are overwritten by their gradient right after it.
        let whole = plan.step();
        let drawn = plan.stage(passes[0].stage).end;
        for i in whole.start..drawn {
            self.engine.run_all(i..i + 1).await?;
            let dispatch = &plan.dispatches[i];
            if kept.is_some() && dispatch.kernel.label == "vocab.forward" {
                generator_logits.extend(self.engine.read_f32(&dispatch.tensors[0]).await?);
            }
        }
        // The fixture's samples replace our own.
        self.engine.write(&io.slots.sampled, &self.sampled);
        self.engine.run_all(drawn..plan.stage(Stage::BACKWARD).end).await?;
        if let Some(kept) = kept {
            let vocab = self.model.spec.shape.main.vocab as usize;
            generator_logits.truncate(self.batch.slots * vocab);
            let shape = vec![self.batch.slots, vocab];
            kept.insert("generator_logits".into(), HubTensor { shape, data: generator_logits });
            kept.extend(self.named("grad", |p| p.gradient.clone().expect("recorded for training")).await?);
        }
        self.engine.run_all(plan.stage(Stage::UPDATE)).await?;
        self.engine.collect(number as u64);
        let batch = &self.batch;
        let mut sums = step::LossSums::default();
        let mut logits = Vec::new();
        self.engine
            .drain(true, |_, _, blocks| {
                let out = io.outputs(blocks[0]);
                sums.add(passes, &out, batch);
                logits.extend((0..batch.ids.len()).map(|n| out.token(n).logit));
            })
            .await?;
        if logits.is_empty() {
            return Err(Error::failed("outputs-missing"));
        }
        if number == 0 {
            self.first_logits = logits;
        }
        let [mlm_loss, rtd_loss] = [Head::Mlm, Head::Rtd].map(|head| sums.mean(passes, head, &totals));
        let total_loss = WEIGHTS.mlm * mlm_loss + WEIGHTS.rtd * rtd_loss;
        Ok(Losses { step: number as u64, mlm_loss, rtd_loss, total_loss, grad_norm: sums.grad_norm })
    }

    /// A tensor of every parameter under the fixture's names: `KIND.NETWORK.NAME`, shared ones under `discriminator` alone.
    async fn named(&mut self, kind: &str, pick: impl Fn(&Parameter) -> Tensor) -> Result<Tensors> {
        let named = weights::read_named(&self.model, &mut self.engine, pick).await?;
        Ok(named.into_iter().map(|(name, tensor)| (format!("{kind}.{name}"), tensor)).collect())
    }

    fn bars(&self) -> Bars {
        Bars::of(self.model.spec.precision)
    }

    fn compare_losses(&self, trajectory: &[Losses], into: &mut Vec<Comparison>) {
        for (got, want) in trajectory.iter().zip(&self.fixture.expected.trajectory) {
            let step = want.step;
            for (what, got, want) in [
                ("mlm_loss", got.mlm_loss, want.mlm_loss),
                ("rtd_loss", got.rtd_loss, want.rtd_loss),
                ("total_loss", got.total_loss, want.total_loss),
                ("grad_norm", got.grad_norm, want.grad_norm),
            ] {
                let error = (got - want).abs() / want.abs();
                let name = at_step(step, what);
                into.push(Comparison { name, error: not_nan(error), max: self.bars().losses });
            }
        }
    }

    /// Compares logits relative to the largest, and gradients and parameters relative to their norm. For the gradient of a key
    /// bias, which is zero in theory, the norm of the query bias is taken.
    fn compare_tensors(&self, tensors: &Tensors, into: &mut Vec<Comparison>) -> Result<()> {
        let wanted = &self.fixture.floats;
        for (name, want) in wanted {
            let got = tensors.get(name).ok_or_else(|| Error::failed("fixture-of-other-networks").with("name", name))?;
            if got.data.len() != want.data.len() {
                return Err(Error::failed("fixture-of-other-shape")
                    .with("name", name)
                    .with("computed", format!("{:?}", got.shape))
                    .with("stored", format!("{:?}", want.shape)));
            }
            let (scale, max, distance) = if name.ends_with("_logits") {
                (largest(&want.data), self.bars().logits, largest_difference(&got.data, &want.data))
            } else {
                let scale_name = match name.strip_prefix("grad.") {
                    Some(_) => name.replace("attention.self.key.bias", "attention.self.query.bias"),
                    None => name.clone(),
                };
                let scale = norm(wanted.get(&scale_name).unwrap_or(want).data.iter().map(|&v| v.into()));
                let difference = got.data.iter().zip(&want.data).map(|(g, w)| f64::from(*g) - f64::from(*w));
                let max = if name.starts_with("grad.") { self.bars().gradient } else { self.bars().parameters };
                (scale, max, norm(difference))
            };
            // A tensor that is zero everywhere has no scale, so any difference counts in full.
            let error = if scale == 0.0 { distance } else { distance / scale };
            into.push(Comparison { name: Message::plain(name.clone()), error: not_nan(error), max });
        }
        Ok(())
    }
}

/// A comparison with a NaN fails.
fn not_nan(error: f64) -> f64 {
    if error.is_nan() { f64::INFINITY } else { error }
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|v| v * v).sum::<f64>().sqrt()
}

fn largest(values: &[f32]) -> f64 {
    values.iter().map(|v| f64::from(v.abs())).fold(0.0, f64::max)
}

/// NaN if either side has one.
fn largest_difference(a: &[f32], b: &[f32]) -> f64 {
    let worse = |worst: f64, d: f64| if d.is_nan() || worst.is_nan() { f64::NAN } else { worst.max(d) };
    a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs()).fold(0.0, worse)
}
