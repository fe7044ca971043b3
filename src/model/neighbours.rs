//! Gives the heads initial values with which they attend to the neighbouring words from the first step on. A narrow network
//! otherwise spends its first millions of tokens on finding that out. The position embeddings are waves, a projection passes them
//! to the heads, and the query of a head turns the waves of its own position to those of the neighbour.
//! ledger -> [`Neighbours`] -> `init`.
//! It only sets values: the network, its checkpoints and its training are ELECTRA's.

use super::ledger::Tower;
use std::f64::consts::PI;

/// A wave's amplitude, divided by the deviation of the other embeddings. With it, all waves of a position together are as long as a
/// word.
const AMPLITUDE: f64 = 2.0;
/// The squared length of one pair of channels after the embeddings are summed and normalised (their deviation is 1/sqrt(width)).
const PAIR: f64 = 1.4;
/// How far the score of the neighbour is above those of the other positions before the softmax, in nats. The words add noise of
/// about two. With 4 instead of 8 the network learns more slowly (docs/decisions/011).
const PEAK: f64 = 8.0;
/// Low frequencies lie closer together than high ones. So the peak is a little wide, and no pattern repeats within a text's length.
const SPACING: f64 = 1.2;
/// The positions at which heads 0, 1, ... of the first layer look. The next layer is shifted by one head. Further heads start as in
/// `fan_in`.
const OFFSETS: [f64; 4] = [-1.0, 1.0, -2.0, 2.0];

/// How many pairs of channels (cosine, sine) of the position embeddings are waves: half of the channels.
fn pairs(embedding: u32) -> u32 {
    embedding / 4
}

/// Radians per position.
fn frequency(pair: u32, pairs: u32) -> f64 {
    PI * ((f64::from(pair) + 0.5) / f64::from(pairs)).powf(SPACING)
}

/// The position embedding in a channel, if the channel is a wave. `std`: the deviation of the other embeddings.
pub fn wave(embedding: u32, std: f64, position: u32, channel: u32) -> Option<f64> {
    let (pair, pairs) = (channel / 2, pairs(embedding));
    let (sin, cos) = (pair < pairs).then(|| (frequency(pair, pairs) * f64::from(position)).sin_cos())?;
    Some(AMPLITUDE * std * if channel.is_multiple_of(2) { cos } else { sin })
}

/// Which waves the heads of a network read, and in which channels they find them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbours {
    /// How many waves the embeddings have.
    pairs: u32,
    /// How many of the waves each head reads.
    read: u32,
    projected: bool,
    hidden: u32,
    heads: u32,
}

impl Neighbours {
    pub fn of(tower: &Tower) -> Self {
        let pairs = pairs(tower.embedding);
        // As many as a head has pairs of channels. At most half of the network's channels are for positions.
        let read = (tower.hidden / tower.heads / 2).min(tower.hidden / 4).min(pairs);
        Self { pairs, read, projected: tower.hidden != tower.embedding, hidden: tower.hidden, heads: tower.heads }
    }

    /// The wave that the network reads as number `n`. If it reads half of the waves, it takes every second one.
    fn wave(&self, n: u32) -> u32 {
        n * (self.pairs / self.read)
    }

    /// The first channel of wave `n` in the network. The projection puts the waves side by side.
    fn channel(&self, n: u32) -> u32 {
        2 * if self.projected { n } else { self.wave(n) }
    }

    /// An entry of the projection from the embedding, if it passes on waves.
    pub fn projection(&self, row: u32, column: u32) -> Option<f64> {
        let n = row / 2;
        (n < self.read).then(|| f64::from(u8::from(column == 2 * self.wave(n) + row % 2)))
    }

    /// The distance from a position to the one at which a head looks.
    fn offset(&self, layer: u32, head: u32) -> Option<f64> {
        let looks = if self.heads < 4 { 2 } else { 4 };
        (head < looks).then(|| OFFSETS[((head + layer) % looks) as usize])
    }

    /// An entry of a layer's query, key and value rows (3 × hidden), if its head reads waves.
    pub fn query_key(&self, layer: u32, row: u32, column: u32) -> Option<f64> {
        let width = self.hidden / self.heads;
        let (kind, head, n) = (row / self.hidden, row % self.hidden / width, row % width / 2);
        let offset = self.offset(layer, head).filter(|_| kind < 2 && n < self.read)?;
        let turn = if kind == 0 { frequency(self.wave(n), self.pairs) * offset } else { 0.0 };
        let gain = (PEAK * f64::from(width).sqrt() / (PAIR * f64::from(self.read))).sqrt();
        // A rotation: (cos a, sin a) becomes (cos (a + turn), sin (a + turn)).
        Some(match (row % width % 2, column.wrapping_sub(self.channel(n))) {
            (0, 0) | (1, 1) => gain * turn.cos(),
            (0, 1) => -gain * turn.sin(),
            (1, 0) => gain * turn.sin(),
            _ => 0.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::model::ledger::Shape;

    /// The scores of position `at` over 24 positions, from the waves alone, scaled as after the normalisation.
    fn scores(tower: &Tower, layer: u32, head: u32, at: u32) -> Vec<f64> {
        let start = Neighbours::of(tower);
        let (hidden, width) = (tower.hidden, tower.hidden / tower.heads);
        let scale = PAIR.sqrt() / AMPLITUDE;
        let state = |t: u32| -> Vec<f64> {
            let embedded: Vec<f64> =
                (0..tower.embedding).map(|c| wave(tower.embedding, scale, t, c).unwrap_or(0.0)).collect();
            let row =
                |r| (0..tower.embedding).map(|c| start.projection(r, c).unwrap_or(0.0) * embedded[c as usize]).sum();
            if hidden == tower.embedding { embedded } else { (0..hidden).map(row).collect() }
        };
        let project = |kind: u32, x: &[f64]| -> Vec<f64> {
            let rows = kind * hidden + head * width..kind * hidden + (head + 1) * width;
            rows.map(|r| (0..hidden).map(|c| start.query_key(layer, r, c).unwrap_or(0.0) * x[c as usize]).sum())
                .collect()
        };
        let query = project(0, &state(at));
        let dot = |key: Vec<f64>| query.iter().zip(&key).map(|(q, k)| q * k).sum::<f64>() / f64::from(width).sqrt();
        (0..24).map(|t| dot(project(1, &state(t)))).collect()
    }

    #[test]
    fn every_looking_head_puts_its_neighbour_far_above_the_rest() {
        let mut looked = 0;
        for preset in ["nano", "tiny", "mini"] {
            let config = Config::preset(preset).unwrap();
            for (_, tower) in Shape::from_config(&config, 500).towers() {
                for (layer, head) in (0..tower.layers).flat_map(|l| (0..tower.heads).map(move |h| (l, h))) {
                    let Some(offset) = Neighbours::of(tower).offset(layer, head) else { continue };
                    let scores = scores(tower, layer, head, 11);
                    let there = (11.0 + offset) as usize;
                    assert!((scores[there] - PEAK).abs() < 1e-9, "{preset} {layer} {head}: {scores:?}");
                    let rest = scores.iter().enumerate().filter(|(t, _)| *t != there);
                    assert!(rest.clone().all(|(_, s)| *s < 0.6 * PEAK), "{preset} {layer} {head}: {scores:?}");
                    looked += 1;
                }
            }
        }
        assert_eq!(looked, 2 * (2 + 1) + 4 * (4 + 2) + 4 * (4 + 1), "nano, tiny, mini");
    }

    #[test]
    fn values_and_further_heads_are_left_to_chance() {
        let mut config = Config::preset("base").unwrap();
        (config.embedding_size, config.layers) = (64, 1);
        let shape = Shape::from_config(&config, 500);
        let start = Neighbours::of(&shape.main);
        let width = config.hidden_size / config.heads;
        assert!(start.query_key(0, 4 * width, 0).is_none(), "the fifth head");
        assert!(start.query_key(0, 2 * config.hidden_size, 0).is_none(), "values");
        assert!(start.query_key(0, 0, 0).is_some());
    }

    #[test]
    fn an_embedding_too_narrow_for_waves_has_none() {
        assert_eq!(wave(3, 0.1, 5, 0), None);
        assert_eq!(wave(8, 0.1, 5, 4), None);
        let mut config = Config::preset("nano").unwrap();
        config.embedding_size = 2;
        let start = Neighbours::of(&Shape::from_config(&config, 500).main);
        assert_eq!((start.projection(0, 0), start.query_key(0, 0, 0)), (None, None));
    }
}
