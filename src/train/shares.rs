//! How often each token was replaced in recent steps: all that a judge without context can know.
//! judged tokens of each step -> [`TokenShares`] -> the loss of a judge that says each token's share: `token_rtd_loss`.

use crate::hub::{HubTensor, Tensors};
use crate::{Error, Result};

/// The share of the counts that stays after a step. The generator changes, so old steps count less: about 200 steps count.
const KEPT: f32 = 0.995;
/// A count below this is none.
const FORGOTTEN: f32 = 1e-6;
/// The weight of the base rate in a token's share, in tokens. It is what is known of a token that was hardly seen.
const PRIOR: f64 = 4.0;

/// Weighted counts of every token: how often a judge read it, and how often it was a replacement.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TokenShares {
    read: Vec<f32>,
    replaced: Vec<f32>,
    /// The tokens of the step that is being counted: (id, whether it was a replacement). A step does not know itself.
    step: Vec<(u32, bool)>,
    /// The base rate; none before the first step.
    base: Option<f64>,
}

impl TokenShares {
    /// Shares of a vocabulary of which nothing is known yet.
    pub fn new(vocab: usize) -> Self {
        Self { read: vec![0.0; vocab], replaced: vec![0.0; vocab], step: Vec::new(), base: None }
    }

    /// Adds a token of the step that is being counted.
    pub fn count(&mut self, id: u32, replaced: bool) {
        self.step.push((id, replaced));
    }

    /// Ends a step: its counts join the others, and all fade a little.
    pub fn end_step(&mut self) {
        // A run without a judge counts nothing.
        if self.step.is_empty() {
            return;
        }
        for (id, replaced) in self.step.drain(..) {
            let id = id as usize;
            if let Some(read) = self.read.get_mut(id) {
                *read += 1.0;
                self.replaced[id] += f32::from(u8::from(replaced));
            }
        }
        for count in self.read.iter_mut().chain(&mut self.replaced) {
            *count *= KEPT;
            // Numbers that are hardly above zero make some processors slow.
            if *count < FORGOTTEN {
                *count = 0.0;
            }
        }
        self.know_base();
    }

    fn know_base(&mut self) {
        let sum = |counts: &[f32]| counts.iter().map(|&count| f64::from(count)).sum::<f64>();
        let (read, replaced) = (sum(&self.read), sum(&self.replaced));
        self.base = (read > 0.0).then(|| (replaced + 1.0) / (read + 2.0));
    }

    /// The probability that a token is a replacement, for a judge that knows only which token it is. None before the first step.
    pub fn share(&self, id: u32) -> Option<f64> {
        let base = self.base?;
        let of = |counts: &[f32]| f64::from(counts.get(id as usize).copied().unwrap_or_default());
        Some((of(&self.replaced) + PRIOR * base) / (of(&self.read) + PRIOR))
    }

    /// The loss of that judge for one token, nats.
    pub fn loss(&self, id: u32, replaced: bool) -> Option<f64> {
        let share = self.share(id)?;
        Some(-(if replaced { share } else { 1.0 - share }).ln())
    }

    /// The counts as tensors of a checkpoint, (vocabulary) each.
    pub fn to_tensors(&self) -> Tensors {
        let tensor = |counts: &[f32]| HubTensor { shape: vec![counts.len()], data: counts.to_vec() };
        [(READ, tensor(&self.read)), (REPLACED, tensor(&self.replaced))]
            .map(|(name, tensor)| (name.to_owned(), tensor))
            .into()
    }

    /// The counts that a checkpoint holds. A checkpoint of an earlier version has none; then counting begins anew.
    ///
    /// # Errors
    /// The tensors belong to another vocabulary.
    pub fn from_tensors(tensors: &Tensors, vocab: usize) -> Result<Self> {
        let (Some(read), Some(replaced)) = (tensors.get(READ), tensors.get(REPLACED)) else {
            return Ok(Self::new(vocab));
        };
        if [read.data.len(), replaced.data.len()] != [vocab; 2] {
            return Err(Error::failed("statistics-of-another-vocabulary").with("vocab", vocab));
        }
        let mut shares = Self { read: read.data.clone(), replaced: replaced.data.clone(), ..Self::default() };
        shares.know_base();
        Ok(shares)
    }
}

const READ: &str = "token.read";
const REPLACED: &str = "token.replaced";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_learned_token_by_token_and_come_back_from_a_checkpoint() {
        let mut shares = TokenShares::new(4);
        assert_eq!(shares.share(1), None);
        for _ in 0..300 {
            for (id, replaced) in [(1, true), (1, true), (1, false), (2, false), (2, false), (2, false)] {
                shares.count(id, replaced);
            }
            shares.end_step();
        }
        let share = |id| shares.share(id).unwrap();
        assert!((share(1) - 2.0 / 3.0).abs() < 0.01, "{}", share(1));
        assert!(share(2) < 0.01);
        // A token that was never read gets the base rate.
        assert!((share(3) - 1.0 / 3.0).abs() < 0.01, "{}", share(3));
        assert!((shares.loss(1, true).unwrap() + share(1).ln()).abs() < 1e-12);
        assert!((shares.loss(1, false).unwrap() + (1.0 - share(1)).ln()).abs() < 1e-12);
        assert_eq!(TokenShares::from_tensors(&shares.to_tensors(), 4).unwrap(), shares);
        assert!(TokenShares::from_tensors(&shares.to_tensors(), 5).is_err());
        assert_eq!(TokenShares::from_tensors(&Tensors::new(), 5).unwrap(), TokenShares::new(5));
    }

    #[test]
    fn old_steps_fade() {
        let mut shares = TokenShares::new(1);
        for step in 0..3000 {
            (0..10).for_each(|_| shares.count(0, step < 1500));
            shares.end_step();
        }
        assert!(shares.share(0).unwrap() < 0.01);
    }
}
