//! Measures how far this program is from a fixture: a whole training step that was computed elsewhere in double precision.
//! folder (weights, batch, expected numbers) -> the training plan on an engine -> [`Comparison`]s.

use super::distance::{Kind, Losses, Numbers, distances};
use super::rounding;
use crate::batch::{Batch, NONE, StepTotals};
use crate::config::{InitRule, Precision};
use crate::cpu::{self, Rounding};
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

/// The largest errors that [`Comparison`]s with a fixture may have in f32. [`rounding::bars`] makes those of f16.
#[derive(Debug, Clone, Copy)]
pub struct Bars {
    logits: f64,
    gradient: f64,
    parameters: f64,
    losses: f64,
}

impl Bars {
    pub const F32: Self =
        Self { logits: LOGITS_MAX, gradient: GRADIENT_MAX, parameters: PARAMETERS_MAX, losses: LOSSES_MAX };

    pub fn of(self, kind: Kind) -> f64 {
        match kind {
            Kind::Losses => self.losses,
            Kind::Logits => self.logits,
            Kind::Gradient => self.gradient,
            Kind::Parameter => self.parameters,
        }
    }
}

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

/// Everything computed from one fixture.
pub struct Computed {
    pub comparisons: Vec<Comparison>,
    /// Tensors by their names in batch.safetensors.
    pub tensors: Tensors,
    pub expected_form: Expected,
}

/// A fixture in memory.
pub struct Fixture {
    listed: Numbers,
    optimizer: Optimizer,
    networks: Networks,
    integers: BTreeMap<String, (Vec<usize>, Vec<i64>)>,
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
        let listed = Numbers { trajectory: expected.trajectory, tensors: floats };
        Ok(Self { listed, optimizer: expected.optimizer, networks, integers })
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
        let o = &self.optimizer;
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
        let numbers = Run::new(self, model, engine, batch, sampled).take().await?;
        let expected_form = self.expected_form(&numbers)?;
        let apart = distances(&self.listed, &numbers, &self.listed)?;
        let exact = apart.iter().map(|d| Bars::F32.of(d.kind)).collect();
        let bars = match precision {
            Precision::F32 => exact,
            Precision::F16 => rounding::bars(&self.listed, exact, async |rounding| self.drawn(rounding).await).await?,
        };
        let compared = apart.into_iter().zip(bars).map(|(d, max)| Comparison { name: d.name, error: d.share, max });
        Ok(Computed { comparisons: compared.collect(), tensors: numbers.tensors, expected_form })
    }

    /// Takes the fixture's steps with the twins, where numbers are stored as f16 and rounded in this way.
    async fn drawn(&self, rounding: Rounding) -> Result<Numbers> {
        let (batch, sampled) = self.batch()?;
        let model = self.model(&Backend::cpu(), &batch, Precision::F16)?;
        let mut executor = cpu::Executor::new(model.plan.clone());
        executor.set_rounding(rounding);
        Run::new(self, model, Engine::Cpu(Box::new(executor)), batch, sampled).take().await
    }

    fn expected_form(&self, numbers: &Numbers) -> Result<Expected> {
        let trajectory = numbers.trajectory.clone();
        let first = trajectory.first().copied().ok_or_else(|| Error::failed("fixture-without-step"))?;
        Ok(Expected {
            mlm_loss: first.mlm_loss,
            rtd_loss: first.rtd_loss,
            total_loss: first.total_loss,
            grad_norm: first.grad_norm,
            trajectory,
            optimizer: self.optimizer.clone(),
        })
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

impl<'a> Run<'a> {
    fn new(fixture: &'a Fixture, model: Model, mut engine: Engine, batch: Batch, sampled: Vec<u32>) -> Self {
        weights::load_run(&model, &mut engine, &fixture.networks);
        Self { fixture, model, engine, batch, sampled, first_logits: Vec::new() }
    }

    /// Takes all steps of the fixture.
    async fn take(mut self) -> Result<Numbers> {
        let steps = self.fixture.listed.trajectory.len();
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
        Ok(Numbers { trajectory, tensors })
    }

    /// Takes one optimizer step. In the first, logits and gradients are kept.
    async fn step(&mut self, number: usize, kept: Option<&mut Tensors>) -> Result<Losses> {
        let o = &self.fixture.optimizer;
        let rates = Rates::of_betas(o.bias_correction, [o.beta1, o.beta2], number as u64, o.lr);
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
}
