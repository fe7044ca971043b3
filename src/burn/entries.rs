//! Converts between the ledger's entries and Burn's tensors, both ways: weights, gradients and moments. An entry is one block of
//! our arenas (query, key and value together, one set of embeddings); a [`Leaf`] is one tensor that Burn trains.

use super::optimizer::{State, set};
use super::towers::{Towers, Values, Weight};
use crate::model::Parameter;
use crate::model::ledger::{Entry, Group};
use burn::tensor::{Tensor, TensorData};
use std::ops::Range;

/// Which tensor of a parameter: its value, its gradient or a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Value,
    Gradient,
    /// Adam's first or second moment.
    Moment(usize),
}

/// What belongs to a tensor that Burn trains, besides its module. Leaves have the order of [`Towers::weights`].
pub struct Leaf {
    pub group: Group,
    pub decay: bool,
    pub state: AnyState,
}

/// One variant for each rank, because Burn's types depend on the rank.
pub enum AnyState {
    Vector(State<1>),
    Matrix(State<2>),
}

/// The leaves that hold an entry's rows, in order.
pub struct Pieces {
    row_len: usize,
    len: usize,
    pieces: Vec<(usize, Range<usize>)>,
}

/// The leaves of new modules, and the place of each of the ledger's entries in them.
///
/// # Panics
/// If the ledger and the modules do not name the same tensors.
pub fn leaves_and_pieces(towers: &mut Towers, parameters: &[Parameter]) -> (Vec<Leaf>, Vec<Pieces>) {
    let weights = towers.weights();
    let pieces_of_entries: Vec<Pieces> = parameters.iter().map(|p| pieces_of(&p.entry, &weights)).collect();
    let named: usize = pieces_of_entries.iter().map(|entry_pieces| entry_pieces.pieces.len()).sum();
    assert_eq!(named, weights.len(), "burn: the ledger and the modules hold different tensors");
    let mut decays = vec![false; weights.len()];
    for (entry_pieces, parameter) in pieces_of_entries.iter().zip(parameters) {
        for (leaf, _) in &entry_pieces.pieces {
            decays[*leaf] = parameter.entry.decay;
        }
    }
    let leaf = |(weight, decay): (Weight, bool)| Leaf {
        group: weight.group,
        decay,
        state: match weight.values {
            Values::Vector(values) => AnyState::Vector(State::zeroed(values)),
            Values::Matrix(values) => AnyState::Matrix(State::zeroed(values)),
        },
    };
    (weights.into_iter().zip(decays).map(leaf).collect(), pieces_of_entries)
}

fn pieces_of(entry: &Entry, weights: &[Weight]) -> Pieces {
    let mut pieces: Vec<(usize, Range<usize>)> = Vec::with_capacity(entry.parts.len());
    for part in &entry.parts {
        // A shared tensor has a name in each network, but it is one tensor.
        let same = |w: &Weight| w.name == part.name && (w.group == Group::of(part.net) || w.group == Group::Shared);
        let leaf = weights.iter().position(same).unwrap_or_else(|| panic!("burn: no module holds {}", part.name));
        if !pieces.iter().any(|(known, _)| *known == leaf) {
            pieces.push((leaf, part.rows.start as usize..part.rows.end as usize));
        }
    }
    Pieces { row_len: entry.row_len() as usize, len: entry.len() as usize, pieces }
}

impl Pieces {
    /// Writes an entry's numbers. If there are fewer than it has, they begin at its first row.
    pub fn write(&self, towers: &mut Towers, leaves: &mut [Leaf], kind: Kind, data: &[f32]) {
        assert_eq!(data.len(), self.len, "burn: an entry is written whole");
        let mut weights = towers.weights();
        for (index, rows) in &self.pieces {
            let weight = &mut weights[*index];
            let data = &data[rows.start * self.row_len..rows.end * self.row_len];
            let data = if weight.transposed { transposed(data, self.row_len) } else { data.to_vec() };
            match (&mut weight.values, &mut leaves[*index].state) {
                (Values::Vector(values), AnyState::Vector(state)) => put(values, state, kind, data),
                (Values::Matrix(values), AnyState::Matrix(state)) => put(values, state, kind, data),
                _ => unreachable!("a leaf is made with its module's rank"),
            }
        }
    }

    /// The tensors with an entry's numbers, for [`Pieces::assemble`]. A gradient that never came is none.
    pub fn handles(&self, towers: &mut Towers, leaves: &[Leaf], kind: Kind) -> Vec<Option<Tensor<1>>> {
        let weights = towers.weights();
        let handle = |(index, _): &(usize, Range<usize>)| match (&weights[*index].values, &leaves[*index].state) {
            (Values::Vector(values), AnyState::Vector(state)) => get(&values.val(), state, kind),
            (Values::Matrix(values), AnyState::Matrix(state)) => {
                let transposed = weights[*index].transposed;
                get(&values.val(), state, kind).map(|t| if transposed { t.transpose() } else { t }.flatten(0, 1))
            }
            _ => unreachable!("a leaf is made with its module's rank"),
        };
        self.pieces.iter().map(handle).collect()
    }

    /// The entry's numbers from those of its pieces.
    pub fn assemble(&self, pieces: Vec<Option<Vec<f32>>>) -> Vec<f32> {
        let mut data = vec![0.0; self.len];
        for ((_, rows), piece) in self.pieces.iter().zip(pieces) {
            if let Some(piece) = piece {
                data[rows.start * self.row_len..rows.end * self.row_len].copy_from_slice(&piece);
            }
        }
        data
    }
}

fn put<const D: usize>(values: &mut burn::module::Param<Tensor<D>>, state: &mut State<D>, kind: Kind, data: Vec<f32>) {
    let like = values.val().inner();
    let tensor = Tensor::from_data(TensorData::new(data, like.shape()), &like.device());
    match kind {
        Kind::Value => set(values, tensor),
        Kind::Gradient => state.gradient = Some(tensor),
        Kind::Moment(which) => state.moments[which] = tensor,
    }
}

fn get<const D: usize>(value: &Tensor<D>, state: &State<D>, kind: Kind) -> Option<Tensor<D>> {
    match kind {
        Kind::Value => Some(value.clone().inner()),
        Kind::Gradient => state.gradient.clone(),
        Kind::Moment(which) => Some(state.moments[which].clone()),
    }
}

/// (rows, columns) -> (columns, rows)
fn transposed(data: &[f32], columns: usize) -> Vec<f32> {
    let rows = data.len() / columns;
    (0..columns).flat_map(|c| (0..rows).map(move |r| data[r * columns + c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_turned_over() {
        assert_eq!(transposed(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }
}
