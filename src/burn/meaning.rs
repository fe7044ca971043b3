//! What the engine keeps in place of each tensor of a plan.
//! a model's parameters, batches and flags -> [`meanings`], by the tensor's place -> `engine` reads and writes by them.

use super::entries::Kind;
use crate::model::Model;
use crate::plan::Tensor as Planned;
use std::collections::HashMap;

/// What the plan uses a tensor for.
#[derive(Debug, Clone, Copy)]
pub enum Meaning {
    Entry(usize, Kind),
    Input(usize),
    Samples(usize),
    Tokens(usize),
    SlotResults(usize),
    Source,
    Guard,
}

/// A tensor's place in the plan: its buffer and its first element.
pub fn key(tensor: &Planned) -> (u32, u32) {
    (tensor.buffer.0, tensor.offset)
}

/// The meaning of every tensor that the host reads or writes, by its place.
pub fn meanings(model: &Model) -> HashMap<(u32, u32), Meaning> {
    let mut meanings = HashMap::from([(key(&model.source), Meaning::Source)]);
    meanings.extend(model.guard.iter().map(|guard| (key(guard), Meaning::Guard)));
    for (i, parameter) in model.parameters.iter().enumerate() {
        meanings.insert(key(&parameter.value), Meaning::Entry(i, Kind::Value));
        meanings.extend(parameter.gradient.iter().map(|t| (key(t), Meaning::Entry(i, Kind::Gradient))));
        let moments = parameter.moments.iter().flatten().enumerate();
        meanings.extend(moments.map(|(which, t)| (key(t), Meaning::Entry(i, Kind::Moment(which)))));
    }
    for (feed, io) in [&model.io, &model.readout].into_iter().flatten().enumerate() {
        meanings.insert(key(&io.input), Meaning::Input(feed));
        meanings.insert(key(&io.slots.sampled), Meaning::Samples(feed));
        meanings.insert(key(&io.token_out), Meaning::Tokens(feed));
        meanings.insert(key(&io.slots.slot_out), Meaning::SlotResults(feed));
    }
    meanings
}
