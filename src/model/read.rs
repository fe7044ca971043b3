//! The plan of a model that only reads: some passes over one text, without dropout, gradients and moments.
//! sizes and passes -> [`ReadModel::record`] -> a stage for each pass, and one for the replacements if a pass reads them.

use super::arena::Arenas;
use super::io::{Io, PassSize, Tables};
use super::ledger::{self, Shape};
use super::record::{self, Parameter};
use super::walk::{self, Networks, Walk};
use crate::config::InitRule;
use crate::plan::{KernelChoices, Limits, Plan, Recorder, Role};
use std::sync::Arc;

/// The recorded plan of a reading. Its replacements are always the generator's samples: the fixed distribution is zero, and the
/// step block never selects it.
pub struct ReadModel {
    pub plan: Arc<Plan>,
    pub parameters: Vec<Parameter>,
    pub io: Io,
}

impl ReadModel {
    pub fn record(shape: &Shape, size: PassSize, choices: KernelChoices, limits: Limits) -> Self {
        let mut r = Recorder::new(choices, limits);
        // The rule of the initial values does not matter, because the weights come from a checkpoint.
        let entries = ledger::ledger(shape, InitRule::Reference, 0.0);
        let arenas = Arenas::new(&mut r, entries, false);
        let io = Io::new(&mut r, "text", size, Tables::of(&shape.main), shape.counts_hidden(), Role::State);
        let source = walk::source(&mut r, shape);
        let networks = Networks::new(&r, &arenas, shape, false);
        Walk { shape, networks: &networks, io: &io, source: &source }.infer_by_stages(&mut r);
        let tensors = arenas.tensors(&r);
        let plan = r.finish();
        Self { parameters: record::parameters(arenas, tensors, &plan), io: io.resolved(&plan), plan: Arc::new(plan) }
    }
}
