//! The plan of a model that only reads: one or both networks, one pass, no dropout, no gradients, no moments.
//! sizes -> [`ReadModel::record`] -> stages propose, replace and judge, as far as the networks for them are there.

use super::arena::Arenas;
use super::encoder::{Dropouts, Lookup, Weights};
use super::heads::{MlmWeights, RtdWeights};
use super::io::{Io, PassSize, Tables};
use super::ledger::{self, Group, Tower};
use super::record::{self, Parameter};
use crate::config::InitRule;
use crate::plan::{Choices, Elem, Limits, Plan, Recorder, Role, Stage};
use std::sync::Arc;

/// The networks that are read with; at least one.
#[derive(Debug, Clone, Copy)]
pub struct Towers {
    pub generator: Option<Tower>,
    pub discriminator: Option<Tower>,
}

impl Towers {
    fn all(&self) -> Vec<(Group, &Tower)> {
        let generator = self.generator.as_ref().map(|tower| (Group::Generator, tower));
        let discriminator = self.discriminator.as_ref().map(|tower| (Group::Discriminator, tower));
        generator.into_iter().chain(discriminator).collect()
    }
}

/// A recorded reading: its stages are [`Stage::Propose`] (with a generator), [`Stage::Replace`] (with both) and
/// [`Stage::Judge`] (with a discriminator). Without a generator the judge reads the ids as they are written.
pub struct ReadModel {
    pub plan: Arc<Plan>,
    pub parameters: Vec<Parameter>,
    pub io: Io,
}

impl ReadModel {
    /// `temperature`: of the generator's samples.
    pub fn record(towers: &Towers, size: PassSize, temperature: f64, choices: Choices, limits: Limits) -> Self {
        let mut r = Recorder::new(choices, limits);
        // The initial values are never asked for: weights are read from a checkpoint.
        let entries = ledger::ledger_of(&towers.all(), InitRule::Reference, 0.0);
        let arenas = Arenas::new(&mut r, entries, false);
        let tower = towers.generator.as_ref().or(towers.discriminator.as_ref()).expect("one of the two");
        let tables = Tables::of(tower);
        let io = Io::new(&mut r, "text", size, tables, Role::State);
        record_stages(&mut r, towers, &arenas, &io, temperature);
        let tensors = arenas.tensors(&r);
        let plan = r.finish();
        Self { parameters: record::parameters(arenas, tensors, &plan), io: io.resolved(&plan), plan: Arc::new(plan) }
    }
}

fn record_stages(r: &mut Recorder, towers: &Towers, arenas: &Arenas, io: &Io, temperature: f64) {
    let mut drop = Dropouts::off();
    if let Some(tower) = &towers.generator {
        let lookup = Lookup { arenas, recorder: r, group: Group::Generator, gradients: false };
        let (encoder, head) = (Weights::new(&lookup, tower), MlmWeights::new(&lookup));
        r.begin(Stage::Propose);
        record::propose(r, (tower, (&encoder, &head)), io, temperature, &mut drop, None, None);
    }
    let Some(tower) = &towers.discriminator else { return };
    let lookup = Lookup { arenas, recorder: r, group: Group::Discriminator, gradients: false };
    let (encoder, head) = (Weights::new(&lookup, tower), RtdWeights::new(&lookup));
    let (corrupted, replaced) = if towers.generator.is_some() {
        // All zero and never drawn from: the step block asks for the generator's samples alone.
        let source = r.state("replacements.source", Elem::U32, &[tower.vocab]);
        r.begin(Stage::Replace);
        record::replace(r, io, &source)
    } else {
        // Nothing is replaced in a text that is only judged: a label of zero for every token.
        (io.ids.clone(), r.state("replaced", Elem::U32, io.ids.shape()))
    };
    r.begin(Stage::Judge);
    record::judge(r, (tower, (&encoder, &head)), io, (&corrupted, &replaced), &mut drop, None);
}
