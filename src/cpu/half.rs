//! Converts numbers that are stored as f16 to f32 for the twins, and back. The way to f32 is exact; the way back rounds, in a run to
//! the nearest (ties to even).

use super::par::{self, RowsMut};
use crate::plan::Elem;
use crate::rng::Key;
use ::half::f16;
use ::half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};

/// Which of two neighbouring f16 is stored for a number that lies between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rounding {
    /// The nearer one; at the same distance, the even one. Runs round like this.
    #[default]
    Nearest,
    /// The upper one from a threshold on. Every gap between two neighbours has a threshold of its own, which is uniform in the gap.
    /// So a number is stored right on the average over keys, and the same number is always stored alike under one key, as in
    /// [`Rounding::Nearest`]. `verify` finds out with several keys how much the roundings of a step change its results.
    Drawn(Key),
    /// The one nearer to zero, as a device may round that cuts the last digits off.
    TowardZero,
}

/// How a tensor stores the numbers that a twin writes.
#[derive(Debug, Clone, Copy)]
pub struct Stored {
    pub elem: Elem,
    pub rounding: Rounding,
}

/// f16, two a word -> f32
pub fn widen(words: &[u32], wide: &mut [f32]) {
    let narrow: &[f16] = bytemuck::cast_slice::<u32, u16>(words).reinterpret_cast();
    par::rows(
        wide.len(),
        1,
        RowsMut(wide, 1),
        #[inline(always)]
        |first, RowsMut(wide, _), n| narrow[first..][..n].convert_to_f32_slice(wide),
    );
}

/// f32 -> f16, two a word; half a word that is left over stays as it was.
pub fn narrow(rounding: Rounding, wide: &[f32], words: &mut [u32]) {
    let narrow: &mut [f16] = bytemuck::cast_slice_mut::<u32, u16>(words).reinterpret_cast_mut();
    par::rows(
        wide.len(),
        1,
        RowsMut(&mut narrow[..wide.len()], 1),
        #[inline(always)]
        |first, RowsMut(narrow, _), n| {
            let wide = &wide[first..][..n];
            match rounding {
                Rounding::Nearest => narrow.convert_from_f32_slice(wide),
                _ => {
                    for (narrow, wide) in narrow.iter_mut().zip(wide) {
                        *narrow = f16::from_f32(neighbour(rounding, *wide));
                    }
                }
            }
        },
    );
}

/// The largest f16.
const LARGEST: f32 = 65_504.0;

/// The one of the two f16 beside x that is stored.
#[inline(always)]
fn neighbour(rounding: Rounding, x: f32) -> f32 {
    let size = x.abs();
    match rounding {
        Rounding::TowardZero if size > LARGEST && size.is_finite() => return LARGEST.copysign(x),
        Rounding::Drawn(_) | Rounding::TowardZero if size <= LARGEST => {}
        _ => return f16::from_f32(x).to_f32(),
    }
    // Neighbours are 2^-10 of the power of two below them apart, but not less than 2^-24.
    let exponent = (size.to_bits() >> 23).max(127 - 14);
    let gap = f32::from_bits((exponent - 10) << 23);
    // This is exact, because the gap is a power of two.
    let steps = size / gap;
    let below = steps.floor();
    let (rest, site) = (f64::from(steps - below), exponent | (x.to_bits() & (1 << 31)));
    let up = match rounding {
        Rounding::Drawn(key) => rest >= key.unit(below as u32, site),
        _ => false,
    };
    (if up { below + 1.0 } else { below } * gap).copysign(x)
}

/// How many numbers stand on the stack at a time.
const PART: usize = 128;

/// Rounds numbers in place to what a tensor that is stored so will hold.
#[inline(always)]
pub fn round(stored: Stored, values: &mut [f32]) {
    if stored.elem != Elem::F16 {
        return;
    }
    if stored.rounding != Rounding::Nearest {
        for value in values {
            *value = neighbour(stored.rounding, *value);
        }
        return;
    }
    let mut narrow = [f16::ZERO; PART];
    for part in values.chunks_mut(PART) {
        let narrow = &mut narrow[..part.len()];
        narrow.convert_from_f32_slice(part);
        narrow.convert_to_f32_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    #[test]
    fn halves_go_there_and_back_and_ties_go_to_even() {
        // Every f16 that is a number, an odd count of them, with what lies beside the last one untouched.
        let numbers: Vec<u16> = (0..=u16::MAX).filter(|bits| bits & 0x7c00 != 0x7c00).skip(1).collect();
        assert!(!numbers.len().is_multiple_of(2));
        let mut words = vec![0; numbers.len().div_ceil(2)];
        bytemuck::cast_slice_mut::<u32, u16>(&mut words)[..numbers.len()].copy_from_slice(&numbers);
        let mut wide = vec![0.0; numbers.len()];
        widen(&words, &mut wide);
        assert_eq!((wide[0], wide[0x3bff]), (2f32.powi(-24), 1.0), "0x0001 and 0x3c00");
        let mut back = vec![0xdead_beef; words.len()];
        narrow(Rounding::Nearest, &wide, &mut back);
        *words.last_mut().unwrap() |= 0xdead_0000;
        assert!(back == words);
        let mut ties = [1.0 + 2f32.powi(-11), 1.0 + 3.0 * 2f32.powi(-11), 1e-9, 65_519.0, 1e6];
        let stored = |elem| Stored { elem, rounding: Rounding::Nearest };
        round(stored(Elem::F32), &mut ties);
        assert_eq!(ties[4], 1e6);
        round(stored(Elem::F16), &mut ties);
        assert_eq!(ties, [1.0, 1.0 + 2f32.powi(-9), 0.0, 65_504.0, f32::INFINITY]);
    }

    fn keys(count: u64) -> impl Iterator<Item = Key> {
        (0..count).map(|draw| Key::new(1, draw, Stream::Rounding))
    }

    #[test]
    fn a_drawn_rounding_gives_a_neighbour_and_is_right_on_the_average() {
        // Normal and subnormal numbers, both signs, below a power of two, below the largest: the number, its gap, its place in it.
        let gap = |exponent: i32| 2f32.powi(exponent - 10);
        for (low, gap, part) in [
            (1.0, gap(0), 0.25),
            (-0.3125, gap(-2), 0.75),
            (2.0 - gap(0), gap(0), 0.5),
            (2f32.powi(-24) * 5.0, 2f32.powi(-24), 0.125),
            (0.0, 2f32.powi(-24), 0.5),
            (65_472.0, 32.0, 0.9375),
        ] {
            let x = low + gap.copysign(low) * part;
            let mut ups = 0;
            for key in keys(2_000) {
                let mut value = [x];
                let stored = Stored { elem: Elem::F16, rounding: Rounding::Drawn(key) };
                round(stored, &mut value);
                let up = value[0] == low + gap.copysign(low);
                assert!(up || value[0] == low, "{x}: {}", value[0]);
                let first = value;
                round(stored, &mut value);
                assert_eq!(value, first, "what is stored stays as it is");
                let mut words = [0];
                narrow(stored.rounding, &[x], &mut words);
                assert_eq!(f16::from_bits(words[0] as u16).to_f32(), first[0], "both ways of rounding agree");
                ups += u32::from(up);
            }
            // Four standard deviations of 2,000 draws.
            let share = f64::from(ups) / 2_000.0;
            let part = f64::from(part);
            assert!((share - part).abs() < 4.0 * (part * (1.0 - part) / 2_000.0).sqrt(), "{x}: {share} of {part}");
        }
    }

    #[test]
    fn each_rounding_takes_the_neighbour_that_it_says() {
        let (one, next) = (1.0, 1.0 + 2f32.powi(-10));
        let between = |part: f32| one + part * 2f32.powi(-10);
        for (x, want) in [
            (between(0.99), one),
            (-between(0.99), -one),
            (next, next),
            (3e-8, 0.0),
            (65_519.0, LARGEST),
            // What is cut off a finite number leaves a finite number.
            (65_520.0, LARGEST),
            (-1e6, -LARGEST),
            (f32::MAX, LARGEST),
            (f32::NEG_INFINITY, f32::NEG_INFINITY),
        ] {
            let mut value = [x];
            round(Stored { elem: Elem::F16, rounding: Rounding::TowardZero }, &mut value);
            assert_eq!(value, [want], "{x}");
            let mut words = [0];
            narrow(Rounding::TowardZero, &[x], &mut words);
            assert_eq!(f16::from_bits(words[0] as u16).to_f32(), want, "{x}, both ways of rounding agree");
        }
    }

    #[test]
    fn a_drawn_rounding_keeps_order_and_what_has_no_f16() {
        for key in keys(20) {
            let mut values: Vec<f32> = (0..4_000).map(|i| (i as f32 - 2_000.0) * 1.7e-4).collect();
            let stored = Stored { elem: Elem::F16, rounding: Rounding::Drawn(key) };
            round(stored, &mut values);
            assert!(values.is_sorted(), "a larger number is never stored as a smaller one");
            let mut odd = [f32::NAN, f32::INFINITY, -1e6, 65_504.0, 65_519.0, -0.0];
            round(stored, &mut odd);
            assert!(odd[0].is_nan() && odd[5].is_sign_negative());
            assert_eq!(odd[1..5], [f32::INFINITY, f32::NEG_INFINITY, 65_504.0, 65_504.0]);
        }
    }
}
