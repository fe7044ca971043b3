//! Converts numbers that are stored as f16 to f32 for the twins, and back. The way to f32 is exact; the way back rounds to the
//! nearest (ties to even).

use super::par::{self, RowsMut};
use crate::plan::Elem;
use ::half::f16;
use ::half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};

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
pub fn narrow(wide: &[f32], words: &mut [u32]) {
    let narrow: &mut [f16] = bytemuck::cast_slice_mut::<u32, u16>(words).reinterpret_cast_mut();
    par::rows(
        wide.len(),
        1,
        RowsMut(&mut narrow[..wide.len()], 1),
        #[inline(always)]
        |first, RowsMut(narrow, _), n| narrow.convert_from_f32_slice(&wide[first..][..n]),
    );
}

/// How many numbers stand on the stack at a time.
const PART: usize = 128;

/// Rounds numbers in place to what a tensor that stores them as `elem` will hold.
#[inline(always)]
pub fn round(elem: Elem, values: &mut [f32]) {
    if elem != Elem::F16 {
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
        narrow(&wide, &mut back);
        *words.last_mut().unwrap() |= 0xdead_0000;
        assert!(back == words);
        let mut ties = [1.0 + 2f32.powi(-11), 1.0 + 3.0 * 2f32.powi(-11), 1e-9, 65_519.0, 1e6];
        round(Elem::F32, &mut ties);
        assert_eq!(ties[4], 1e6);
        round(Elem::F16, &mut ties);
        assert_eq!(ties, [1.0, 1.0 + 2f32.powi(-9), 0.0, 65_504.0, f32::INFINITY]);
    }
}
