//! The bars of a fixture if activations and the products' weights are stored as f16: how much its results change if the stored
//! numbers are rounded to the other neighbour, here and there, by chance.

use super::distance::{Kind, LOSSES, Numbers, distances};
use crate::Result;
use crate::cpu::Rounding;
use crate::rng::{Key, Stream};

/// How many times the steps are taken, each time with other roundings.
const DRAWS: u64 = 12;
const SEED: u64 = 16;
/// How many standard deviations of the draws a result of the first step may be off. A stored number is off by 1/sqrt(12) of a unit in
/// its last place if the nearest is taken, and by 1/sqrt(6) in a draw, so these are seven deviations of a run. Of 119 fixtures none
/// needed more than 3.0 (docs/measurements/f16.md).
const FIRST_STEP: f64 = 5.0;
/// The same for what comes after it. Steps multiply their errors instead of adding them, so large ones are less rare, and none of
/// the fixtures needed more than 2.8.
const LATER_STEPS: f64 = 8.0;
/// The bar over the distance of a run that rounds everything toward zero. WGSL lets a device do that, and the errors then add up.
const ONE_SIDED: f64 = 1.5;

/// The bar of each quantity, in the order of [`distances`]. `exact`: the bars of f32. `take` takes the steps with the twins, where
/// numbers are stored as f16 and rounded as its argument says.
///
/// # Errors
/// The steps cannot be taken.
pub async fn bars(
    listed: &Numbers,
    exact: Vec<f64>,
    take: impl AsyncFnMut(Rounding) -> Result<Numbers>,
) -> Result<Vec<f64>> {
    let roundings = roundings(listed, take).await?;
    // What is not finite allows nothing.
    let bar = |(exact, off): (f64, f64)| if off.is_finite() { exact + off } else { exact };
    Ok(exact.into_iter().zip(roundings).map(bar).collect())
}

/// How far each quantity may be off because of roundings alone.
async fn roundings(listed: &Numbers, mut take: impl AsyncFnMut(Rounding) -> Result<Numbers>) -> Result<Vec<f64>> {
    // All runs are compared with one another, never with what is listed, so a mistake that they share changes no bar.
    let mut before: Option<Numbers> = None;
    let mut squares: Vec<f64> = Vec::new();
    let mut kinds = Vec::new();
    for draw in 0..DRAWS {
        let numbers = take(Rounding::Drawn(Key::new(SEED, draw, Stream::Rounding))).await?;
        if let Some(before) = &before {
            let apart = distances(listed, &numbers, before)?;
            squares.resize(apart.len(), 0.0);
            squares.iter_mut().zip(&apart).for_each(|(sum, d)| *sum += d.share * d.share);
            kinds = apart.iter().map(|d| d.kind).collect();
        }
        before = Some(numbers);
    }
    let one_sided = take(Rounding::TowardZero).await?;
    let one_sided = distances(listed, &one_sided, before.as_ref().unwrap_or(listed))?;
    // Two draws are apart by twice the variance of one.
    let deviation = |sum: &f64| (sum / (2 * (DRAWS - 1)) as f64).sqrt();
    let deviations = |i: usize| match kinds[i] {
        Kind::Logits | Kind::Gradient => FIRST_STEP,
        Kind::Losses if i < LOSSES => FIRST_STEP,
        Kind::Losses | Kind::Parameter => LATER_STEPS,
    };
    let allowed = squares.iter().zip(&one_sided).enumerate();
    let allowed = allowed.map(|(i, (sum, d))| larger(deviations(i) * deviation(sum), ONE_SIDED * d.share));
    let mut allowed: Vec<f64> = allowed.collect();
    // What a step got wrong stays wrong in the steps after it, so a bar never shrinks from step to step.
    for i in (LOSSES..allowed.len()).filter(|&i| kinds[i] == Kind::Losses) {
        allowed[i] = larger(allowed[i], allowed[i - LOSSES]);
    }
    Ok(allowed)
}

/// The larger of two, not a number if either is none.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::HubTensor;
    use crate::verify::distance::Losses;

    const STEPS: u64 = 3;

    /// Numbers around 1, each as far off as `amount` says of its step (or of the tensor, for step 3), by chance.
    fn noisy(rounding: Rounding, amount: impl Fn(u64) -> f64) -> Numbers {
        let off = |step: u64, what: u32| match rounding {
            Rounding::Drawn(key) => key.unit(what, step as u32) - 0.5,
            _ => 0.0,
        };
        let around_one = |step: u64, what: u32| 1.0 + amount(step) * off(step, what);
        let losses = |step| Losses {
            step,
            mlm_loss: around_one(step, 0),
            rtd_loss: around_one(step, 1),
            total_loss: around_one(step, 2),
            grad_norm: around_one(step, 3),
        };
        let data = (0..400).map(|i| around_one(STEPS, i) as f32).collect();
        let tensors = [("after.x".to_owned(), HubTensor { shape: vec![400], data })];
        Numbers { trajectory: (0..STEPS).map(losses).collect(), tensors: tensors.into() }
    }

    fn bars_of(amount: impl Fn(u64) -> f64) -> Vec<f64> {
        let listed = noisy(Rounding::Drawn(Key([0, 0])), |_| 0.0);
        let exact = vec![1e-3; 13];
        pollster::block_on(bars(&listed, exact, async |rounding| Ok(noisy(rounding, &amount)))).unwrap()
    }

    #[test]
    fn a_bar_follows_the_spread_of_what_it_bounds() {
        assert_eq!(bars_of(|_| 0.0), [1e-3; 13]);
        // Uniform numbers of this width have this deviation; a tensor's is known better than that of one number.
        let deviation =
            |(i, bar): (usize, f64)| (bar - 1e-3) / if i < LOSSES { FIRST_STEP } else { LATER_STEPS } * 12f64.sqrt();
        let found: Vec<f64> = bars_of(|_| 0.1).into_iter().enumerate().map(deviation).collect();
        assert!(found[..12].iter().all(|d| (0.05..0.2).contains(d)), "{found:?}");
        assert!((0.095..0.105).contains(&found[12]), "{found:?}");
    }

    #[test]
    fn the_bars_of_a_trajectory_grow_with_its_steps_and_never_shrink() {
        let grown = bars_of(|step| [0.01, 0.05, 0.0, 0.02][step as usize]);
        for what in 0..LOSSES {
            let [first, second, third] = [0, 1, 2].map(|step| grown[step * LOSSES + what]);
            assert!(first < second && second == third, "{grown:?}");
        }
        assert!(grown[12] < grown[11], "a tensor does not inherit from the losses: {grown:?}");
    }

    #[test]
    fn a_device_that_rounds_toward_zero_has_its_room() {
        let listed = noisy(Rounding::TowardZero, |_| 0.0);
        let take = async |rounding| {
            let mut numbers = noisy(rounding, |_| 0.0);
            if rounding == Rounding::TowardZero {
                numbers.trajectory[1].rtd_loss = 1.02;
            }
            Ok(numbers)
        };
        let bars = pollster::block_on(bars(&listed, vec![1e-3; 13], take)).unwrap();
        let wider: Vec<usize> = (0..13).filter(|&i| (bars[i] - 1e-3 - ONE_SIDED * 0.02).abs() < 1e-9).collect();
        // The loss of the second step, and of the third after it.
        assert_eq!(wider, [LOSSES + 1, 2 * LOSSES + 1], "{bars:?}");
    }

    #[test]
    fn what_overflows_is_allowed_nothing() {
        let bars = bars_of(|step| if step == 1 { f64::INFINITY } else { 0.0 });
        assert_eq!(bars, [1e-3; 13]);
    }
}
