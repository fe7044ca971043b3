//! Elementary functions as the shaders compute them, without branches and tables, so that loops over them vectorise. It also has
//! the loops that a compiler would not vectorise by itself: sums and largest values, taken in lanes, which fixes their order.

use crate::ops::Dropout;
use crate::rng::Key;

/// Partial sums of every sum: two of the widest vectors there are today, one of them enough.
const LANES: usize = 16;

/// Sum of f over the elements of operands of one length. Partial sums, added in order: vectorises, and loses less than one long
/// sum.
#[inline(always)]
pub fn sum<const K: usize>(operands: [&[f32]; K], f: impl Fn([f32; K]) -> f32) -> f32 {
    let len = operands[0].len();
    let parts = operands.map(|x| x[..len].as_chunks::<LANES>());
    let mut lanes = [0.0; LANES];
    // It indexes instead of mapping, because a call that the compiler does not inline here would be a call for every number.
    let mut values = [0.0; K];
    for i in 0..len / LANES {
        for (lane, sum) in lanes.iter_mut().enumerate() {
            for (value, (chunks, _)) in values.iter_mut().zip(&parts) {
                *value = chunks[i][lane];
            }
            *sum += f(values);
        }
    }
    for (i, sum) in lanes.iter_mut().enumerate().take(len % LANES) {
        for (value, (_, rest)) in values.iter_mut().zip(&parts) {
            *value = rest[i];
        }
        *sum += f(values);
    }
    lanes.iter().sum()
}

/// The largest element, -inf of none; NaN is passed over.
#[inline(always)]
pub fn max(x: &[f32]) -> f32 {
    let (chunks, rest) = x.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for (max, x) in lanes.iter_mut().zip(chunk) {
            *max = if *x > *max { *x } else { *max };
        }
    }
    lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |max, x| if *x > max { *x } else { max })
}

/// `factors[i]` = 0 or the scale, by word `first` + i of the dropout's site
#[inline(always)]
pub fn dropout_factors(key: Key, dropout: Dropout, first: u32, factors: &mut [f32]) {
    if dropout.threshold == 0 {
        return factors.fill(1.0);
    }
    for (i, factor) in factors.iter_mut().enumerate() {
        let kept = key.word(first.wrapping_add(i as u32), dropout.site) >= dropout.threshold;
        *factor = if kept { dropout.scale } else { 0.0 };
    }
}

/// e^x, within 2 ulp on [-87, 88]; 0 below, infinity above. Cephes `expf`: 2^n times a degree-6 polynomial on ±ln(2)/2.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let clamped = x.clamp(-87.5, 88.8);
    // Rounded to the nearest integer by adding and taking off 1.5 * 2^23.
    const ROUND: f32 = 12_582_912.0;
    let shifted = clamped * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    // ln 2 in two parts: n * 0.693359375 is exact for |n| < 2^15.
    let r = clamped - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let p = 1.987_569_2e-4;
    let p = p * r + 1.398_2e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_6e-1;
    let p = p * r + 5e-1;
    let y = p * r * r + r + 1.0;
    // 2^n as two factors: n = 128 alone has no exponent.
    // The addition left n in the lowest bits. A cast would check the range of every number.
    let n = shifted.to_bits() as i32 - ROUND.to_bits() as i32;
    let half = n >> 1;
    let power = |e: i32| f32::from_bits(((e + 127) as u32) << 23);
    let value = y * power(half) * power(n - half);
    if x < -87.5 { 0.0 } else { value }
}

/// ln x for normal x > 0, within 2 ulp. Cephes `logf`: mantissa in [√½, √2), degree-9 polynomial.
#[inline(always)]
pub fn ln(x: f32) -> f32 {
    let bits = x.to_bits();
    // Shifts the mantissa's range to [√½, √2).
    let shifted = bits.wrapping_sub(0x3f35_04f3);
    let e = (shifted as i32 >> 23) as f32;
    let m = f32::from_bits((shifted & 0x007f_ffff).wrapping_add(0x3f35_04f3)) - 1.0;
    let z = m * m;
    let p = 7.037_683_6e-2;
    let p = p * m - 1.151_461e-1;
    let p = p * m + 1.167_699_9e-1;
    let p = p * m - 1.242_014_1e-1;
    let p = p * m + 1.424_932_3e-1;
    let p = p * m - 1.666_805_8e-1;
    let p = p * m + 2.000_071_5e-1;
    let p = p * m - 2.499_999_4e-1;
    let p = p * m + 3.333_333e-1;
    let y = m * z * p - 2.121_944_4e-4 * e - 0.5 * z;
    m + y + 0.693_359_4 * e
}

/// Gumbel noise from a uniform word: -ln(-ln(1 - v)), v = (word + 0.5) / 2^32; the lower tail through the series of log1p.
#[inline(always)]
pub fn gumbel(word: u32) -> f32 {
    const UNIT: f32 = 1.0 / 4_294_967_296.0;
    let v = (word as f32 + 0.5) * UNIT;
    // -log1p(-v) = v + v²/2 + v³/3 + ...: below 1/16 six terms leave less than 1e-8 of the value.
    let series = v * (1.0 + v * (0.5 + v * (1.0 / 3.0 + v * (0.25 + v * (0.2 + v * (1.0 / 6.0))))));
    let rest = -ln((!word as f32 + 0.5) * UNIT);
    -ln(if word < 1 << 28 { series } else { rest })
}

/// erf, absolute error below 4.5e-7 (measured against libm over [-6, 6]); rational approximation on [-4, 4] as in Eigen and XLA.
#[inline(always)]
pub fn erf(x: f32) -> f32 {
    let x = x.clamp(-4.0, 4.0);
    let z = x * x;
    let p = -2.726_142_3e-10;
    let p = p * z + 2.770_681_4e-8;
    let p = p * z - 2.101_024e-6;
    let p = p * z - 5.692_506_5e-5;
    let p = p * z - 7.349_906e-4;
    let p = p * z - 2.954_6e-3;
    let p = p * z - 1.609_603_3e-2;
    let q = -1.456_607_2e-5;
    let q = q * z - 2.133_740_6e-4;
    let q = q * z - 1.682_827e-3;
    let q = q * z - 7.373_329e-3;
    let q = q * z - 1.426_473_9e-2;
    // The quotient overshoots by an ulp or three near ±4.
    (x * p / q).clamp(-1.0, 1.0)
}

/// Gaussian error linear unit, the exact form: x Φ(x).
#[inline(always)]
pub fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

/// Φ(x) + x φ(x)
#[inline(always)]
pub fn gelu_grad(x: f32) -> f32 {
    // 1 / √(2π)
    const PHI0: f32 = 0.398_942_3;
    0.5 * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2)) + x * PHI0 * exp(-0.5 * x * x)
}

/// 1 / (1 + e^-x), without overflow on either side.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    let e = exp(-x.abs());
    let small = e / (1.0 + e);
    if x < 0.0 { small } else { 1.0 - small }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(from: f64, to: f64) -> impl Iterator<Item = f32> {
        (0..=200_000).map(move |i| (from + (to - from) * f64::from(i) / 200_000.0) as f32)
    }

    #[test]
    fn sums_and_largest_values_take_every_element_once() {
        for len in [0, 1, 15, 16, 17, 31, 33, 1000] {
            let [x, y]: [Vec<f32>; 2] = [0.37, 1.91].map(|by| (0..len).map(|i| (i as f32 * by).sin()).collect());
            let want: f64 = x.iter().zip(&y).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
            assert!((f64::from(sum([&x, &y], |[x, y]| x * y)) - want).abs() < 1e-4, "{len}");
            assert_eq!(max(&x), x.iter().copied().fold(f32::NEG_INFINITY, f32::max), "{len}");
            // The largest may stand anywhere, and numbers beside it may be NaN.
            for at in 0..len {
                let mut x = x.clone();
                x[(at + 1) % len] = f32::NAN;
                x[at] = 2.0;
                assert_eq!(max(&x), 2.0, "{len}, {at}");
            }
        }
    }

    #[test]
    fn dropout_factors_are_those_of_their_words() {
        let (key, dropout) = (Key([3, 5]), Dropout::new(0.25, 7));
        let mut factors = [0.0; 1001];
        dropout_factors(key, dropout, 40, &mut factors);
        for (i, factor) in factors.iter().enumerate() {
            let kept = key.word(40 + i as u32, 7) >= dropout.threshold;
            assert_eq!(*factor, if kept { dropout.scale } else { 0.0 }, "{i}");
        }
        dropout_factors(key, Dropout::OFF, 40, &mut factors);
        assert!(factors.iter().all(|factor| *factor == 1.0));
    }

    #[test]
    fn exp_and_ln_are_within_two_ulp() {
        for x in grid(-87.0, 88.0) {
            let want = f64::from(x).exp();
            assert!(((f64::from(exp(x)) - want) / want).abs() < 2.4e-7, "exp({x})");
        }
        assert_eq!(exp(-1e30), 0.0);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        for x in grid(1e-6, 40.0) {
            let want = f64::from(x).ln();
            assert!((f64::from(ln(x)) - want).abs() <= 2.4e-7 * want.abs().max(0.35), "ln({x})");
        }
    }

    #[test]
    fn erf_keeps_its_stated_bound() {
        for x in grid(-6.0, 6.0) {
            assert!((f64::from(erf(x)) - libm::erf(f64::from(x))).abs() < 6e-7, "erf({x})");
        }
    }

    #[test]
    fn gelu_grad_is_the_slope_of_gelu() {
        let exact = |x: f64| 0.5 * x * (1.0 + libm::erf(x * std::f64::consts::FRAC_1_SQRT_2));
        for x in grid(-6.0, 6.0).step_by(97) {
            let x64 = f64::from(x);
            let slope = (exact(x64 + 1e-5) - exact(x64 - 1e-5)) / 2e-5;
            assert!((f64::from(gelu_grad(x)) - slope).abs() < 2e-6, "gelu'({x})");
            assert!((f64::from(gelu(x)) - exact(x64)).abs() < 2e-6, "gelu({x})");
        }
    }

    #[test]
    fn gumbel_matches_its_formula_in_both_tails() {
        for word in [0, 1, 77, 1 << 20, (1 << 28) - 1, 1 << 28, 1 << 31, u32::MAX - 1, u32::MAX] {
            let v = (f64::from(word) + 0.5) / 4_294_967_296.0;
            let want = -(-(-v).ln_1p()).ln();
            assert!((f64::from(gumbel(word)) - want).abs() < 4e-6, "{word}: {} {want}", gumbel(word));
        }
    }
}
