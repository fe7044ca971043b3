//! Initial values of the parameters. They depend on the seed and the tensor's name alone, so two objectives with one seed begin
//! with the same values in every tensor that both have.

use super::ledger::{Entry, Group, Init};
use super::neighbours;
use crate::rng::{Key, Stream};
use sha2::{Digest, Sha256};

/// The values of an entry of the ledger. With `pad_row`, that row of a table starts at zero (the padding token's embedding,
/// as in Hugging Face models).
pub fn values(entry: &Entry, seed: u64, pad_row: Option<u32>) -> Vec<f32> {
    let key = Key::new(seed, name_key(entry), Stream::Init);
    let len = entry.len();
    let width = entry.row_len();
    let normal = |std: f64, i: u32| std * truncated_normal(key, i);
    let scaled = 1.0 / f64::from(width).sqrt();
    let mut values: Vec<f32> = match entry.init {
        Init::Zeros => vec![0.0; len as usize],
        Init::Ones => vec![1.0; len as usize],
        Init::TruncatedNormal(std) => (0..len).map(|i| normal(std, i) as f32).collect(),
        Init::Glorot => {
            let [out, fan_in] = [entry.shape[0], entry.shape[1]].map(f64::from);
            let bound = (6.0 / (fan_in + out)).sqrt();
            (0..len).map(|i| (bound * (2.0 * key.unit(i, 0) - 1.0)) as f32).collect()
        }
        Init::Waves(std) => {
            let wave = |i: u32| neighbours::wave(width, std, i / width, i % width);
            (0..len).map(|i| wave(i).unwrap_or_else(|| normal(std, i)) as f32).collect()
        }
        Init::CarryWaves(start) => {
            let carried = |i: u32| start.projection(i / width, i % width);
            (0..len).map(|i| carried(i).unwrap_or_else(|| normal(scaled, i)) as f32).collect()
        }
        Init::LookBeside(start, layer) => {
            let looking = |i: u32| start.query_key(layer, i / width, i % width);
            (0..len).map(|i| looking(i).unwrap_or_else(|| normal(scaled, i)) as f32).collect()
        }
    };
    if let Some(row) = pad_row {
        let width = width as usize;
        values[row as usize * width..][..width].fill(0.0);
    }
    values
}

/// A number for the name of an entry. It depends on the entry's group and own name, but not on the network's name, which depends on
/// the objective.
fn name_key(entry: &Entry) -> u64 {
    let own = entry.name.split_once('.').map_or(entry.name.as_str(), |(_, own)| own);
    let group = match entry.group {
        Group::Shared => "shared",
        Group::Aux => "aux",
        Group::Main => "main",
    };
    let hash = Sha256::digest(format!("{group}.{own}"));
    u64::from_le_bytes(std::array::from_fn(|i| hash[i]))
}

/// A standard normal number cut at ±2, by Box and Muller. A draw outside is repeated from the next pair of sub-streams.
fn truncated_normal(key: Key, index: u32) -> f64 {
    // 4.6 % of the draws fall outside, so 64 tries all fail with probability 10^-86.
    for attempt in 0..64 {
        let radius = (-2.0 * key.unit(index, 2 * attempt).ln()).sqrt();
        let value = radius * (std::f64::consts::TAU * key.unit(index, 2 * attempt + 1)).cos();
        if value.abs() <= 2.0 {
            return value;
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ledger::Part;
    use crate::objective::NetId;

    fn entry(init: Init) -> Entry {
        let part = Part { net: NetId::Aux, name: "w".into(), rows: 0..200 };
        Entry {
            name: "generator.w".into(),
            shape: vec![200, 300],
            group: Group::Aux,
            decay: true,
            init,
            parts: vec![part],
        }
    }

    #[test]
    fn truncated_normal_has_its_moments_and_its_bound() {
        let v = values(&entry(Init::TruncatedNormal(0.02)), 7, None);
        let mean = v.iter().sum::<f32>() / v.len() as f32;
        let std = (v.iter().map(|x| x * x).sum::<f32>() / v.len() as f32).sqrt();
        // A normal cut at two deviations has a deviation of 0.8796.
        assert!(mean.abs() < 3e-4 && (std - 0.02 * 0.8796).abs() < 2e-4, "{mean} {std}");
        assert!(v.iter().all(|x| x.abs() <= 0.04));
        assert_eq!(v, values(&entry(Init::TruncatedNormal(0.02)), 7, None));
        let other = Entry { name: "generator.b".into(), ..entry(Init::TruncatedNormal(0.02)) };
        assert_ne!(v, values(&other, 7, None));
        let renamed = Entry { name: "encoder.w".into(), ..entry(Init::TruncatedNormal(0.02)) };
        assert_eq!(v, values(&renamed, 7, None), "the network's name does not count");
    }

    #[test]
    fn the_padding_row_is_zero() {
        let v = values(&entry(Init::Glorot), 1, Some(2));
        assert!(v[600..900].iter().all(|x| *x == 0.0) && v[..600].iter().any(|x| *x != 0.0));
    }
}
