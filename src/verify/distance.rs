//! What the steps of a fixture result in, and how far two such results are apart, quantity by quantity.

use crate::hub::{HubTensor, Tensors};
use crate::message::Message;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// The numbers of one step.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Losses {
    pub step: u64,
    pub mlm_loss: f64,
    pub rtd_loss: f64,
    pub total_loss: f64,
    pub grad_norm: f64,
}

/// How many numbers a step has.
pub const LOSSES: usize = 4;

impl Losses {
    fn each(self) -> [(&'static str, f64); LOSSES] {
        [
            ("mlm_loss", self.mlm_loss),
            ("rtd_loss", self.rtd_loss),
            ("total_loss", self.total_loss),
            ("grad_norm", self.grad_norm),
        ]
    }
}

/// What a fixture lists, or what was computed from it.
#[derive(Debug, Clone)]
pub struct Numbers {
    pub trajectory: Vec<Losses>,
    /// By the names in batch.safetensors.
    pub tensors: Tensors,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A loss or the norm of the gradient, in one step.
    Losses,
    /// The logits of the first step.
    Logits,
    /// A parameter's gradient in the first step.
    Gradient,
    /// A parameter after the last step.
    Parameter,
}

impl Kind {
    fn of_tensor(name: &str) -> Self {
        match name {
            _ if name.ends_with("_logits") => Self::Logits,
            _ if name.starts_with("grad.") => Self::Gradient,
            _ => Self::Parameter,
        }
    }
}

/// How far two results are apart in one quantity, as a share of its size.
#[derive(Debug, Clone)]
pub struct Distance {
    pub name: Message,
    pub kind: Kind,
    pub share: f64,
}

/// The square root of the sum of squares.
pub fn norm(values: &[f32]) -> f64 {
    values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt()
}

/// A comparison with a NaN fails.
pub fn not_nan(error: f64) -> f64 {
    if error.is_nan() { f64::INFINITY } else { error }
}

/// Names a number of one step.
pub fn at_step(step: u64, what: &str) -> Message {
    Message::new("compared-at-step").with("step", step).with("what", what)
}

/// The distances between `a` and `b` in everything that `listed` has, as shares of the sizes in `listed`: first the losses of every
/// step, then the tensors by name. One that is not a number is infinite.
///
/// # Errors
/// `a` or `b` does not have what is listed.
pub fn distances(listed: &Numbers, a: &Numbers, b: &Numbers) -> Result<Vec<Distance>> {
    let mut found = Vec::with_capacity(listed.trajectory.len() * LOSSES + listed.tensors.len());
    for ((listed, a), b) in listed.trajectory.iter().zip(&a.trajectory).zip(&b.trajectory) {
        for (((what, size), (_, a)), (_, b)) in listed.each().into_iter().zip(a.each()).zip(b.each()) {
            let name = at_step(listed.step, what);
            found.push(Distance { name, kind: Kind::Losses, share: not_nan((a - b).abs() / size.abs()) });
        }
    }
    for (name, size) in &listed.tensors {
        let (a, b) = (tensor(a, name, size)?, tensor(b, name, size)?);
        let kind = Kind::of_tensor(name);
        let share = not_nan(between(kind, a, b) / scale(listed, name, size, kind));
        found.push(Distance { name: Message::plain(name.clone()), kind, share });
    }
    Ok(found)
}

fn tensor<'n>(numbers: &'n Numbers, name: &str, listed: &HubTensor) -> Result<&'n [f32]> {
    let found =
        numbers.tensors.get(name).ok_or_else(|| Error::failed("fixture-of-other-networks").with("name", name))?;
    if found.data.len() != listed.data.len() {
        return Err(Error::failed("fixture-of-other-shape")
            .with("name", name)
            .with("computed", format!("{:?}", found.shape))
            .with("stored", format!("{:?}", listed.shape)));
    }
    Ok(&found.data)
}

/// The largest difference of logits; of others, the norm of the difference.
fn between(kind: Kind, a: &[f32], b: &[f32]) -> f64 {
    let differences = a.iter().zip(b).map(|(a, b)| f64::from(*a) - f64::from(*b));
    match kind {
        Kind::Logits => differences.map(f64::abs).fold(0.0, worse),
        _ => differences.map(|d| d * d).sum::<f64>().sqrt(),
    }
}

/// The larger of two, NaN if either is.
fn worse(worst: f64, d: f64) -> f64 {
    if d.is_nan() || worst.is_nan() { f64::NAN } else { worst.max(d) }
}

/// What a distance is divided by: the largest logit, or the norm of the tensor. For the gradient of a key bias, which is zero in
/// theory, it is the norm of the query bias's. A tensor that is zero everywhere has no size, so any difference counts in full.
fn scale(listed: &Numbers, name: &str, size: &HubTensor, kind: Kind) -> f64 {
    let scale = match kind {
        Kind::Logits => size.data.iter().map(|v| f64::from(v.abs())).fold(0.0, f64::max),
        Kind::Gradient => {
            let of = name.replace("attention.self.key.bias", "attention.self.query.bias");
            norm(&listed.tensors.get(&of).unwrap_or(size).data)
        }
        Kind::Losses | Kind::Parameter => norm(&size.data),
    };
    if scale == 0.0 { 1.0 } else { scale }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(trajectory: &[[f64; LOSSES]], tensors: &[(&str, &[f32])]) -> Numbers {
        let losses = |(step, [mlm_loss, rtd_loss, total_loss, grad_norm]): (usize, &[f64; LOSSES])| Losses {
            step: step as u64,
            mlm_loss: *mlm_loss,
            rtd_loss: *rtd_loss,
            total_loss: *total_loss,
            grad_norm: *grad_norm,
        };
        let tensor = |(name, data): &(&str, &[f32])| {
            ((*name).to_owned(), HubTensor { shape: vec![data.len()], data: data.to_vec() })
        };
        Numbers {
            trajectory: trajectory.iter().enumerate().map(losses).collect(),
            tensors: tensors.iter().map(tensor).collect(),
        }
    }

    fn shares(listed: &Numbers, a: &Numbers, b: &Numbers) -> Vec<f64> {
        distances(listed, a, b).unwrap().iter().map(|d| d.share).collect()
    }

    #[test]
    fn every_quantity_is_measured_by_its_own_size() {
        let layer = "d.electra.encoder.layer.0.attention.self";
        let (query, key) = (format!("grad.{layer}.query.bias"), format!("grad.{layer}.key.bias"));
        let after = format!("after.{layer}.key.bias");
        let listed = numbers(
            &[[2.0, 4.0, 8.0, 16.0]],
            &[("a_logits", &[1.0, -10.0]), (&query, &[3.0, 4.0]), (&key, &[0.0, 0.0]), (&after, &[0.5, 0.0])],
        );
        let other = numbers(
            &[[1.0, 5.0, 8.0, 20.0]],
            &[("a_logits", &[2.0, -8.0]), (&query, &[3.0, 4.5]), (&key, &[0.3, 0.4]), (&after, &[0.5, 0.1])],
        );
        let found = distances(&listed, &other, &listed).unwrap();
        let kinds: Vec<Kind> = found.iter().skip(LOSSES).map(|d| d.kind).collect();
        // The tensors come by name: a_logits, after.., grad..key, grad..query.
        assert_eq!(kinds, [Kind::Logits, Kind::Parameter, Kind::Gradient, Kind::Gradient]);
        let want = [0.5, 0.25, 0.0, 0.25, 0.2, 0.2, 0.1, 0.1];
        for (d, want) in found.iter().zip(want) {
            assert!((d.share - want).abs() < 1e-6, "{}: {} is not {want}", d.name, d.share);
        }
        assert!(shares(&listed, &listed, &listed).iter().all(|d| *d == 0.0));
    }

    #[test]
    fn what_is_zero_has_no_size_and_what_is_no_number_is_infinitely_far() {
        let listed = numbers(&[[1.0; LOSSES]], &[("after.x", &[0.0, 0.0]), ("b_logits", &[1.0])]);
        let off = numbers(&[[1.0; LOSSES]], &[("after.x", &[0.0, 0.5]), ("b_logits", &[f32::NAN])]);
        assert_eq!(shares(&listed, &off, &listed)[LOSSES..], [0.5, f64::INFINITY]);
        let lost = numbers(&[[f64::NAN; LOSSES]], &[("after.x", &[0.0, 0.0]), ("b_logits", &[1.0])]);
        assert_eq!(shares(&listed, &lost, &listed)[..LOSSES], [f64::INFINITY; LOSSES]);
        let none = numbers(&[], &[("after.x", &[0.0, 0.0])]);
        assert_eq!(distances(&listed, &none, &listed).unwrap_err().code(), "fixture-of-other-networks");
        let short = numbers(&[], &[("after.x", &[0.0]), ("b_logits", &[1.0])]);
        assert_eq!(distances(&listed, &short, &listed).unwrap_err().code(), "fixture-of-other-shape");
    }
}
