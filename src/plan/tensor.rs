//! A tensor of a plan: a named range of a buffer with a shape. Row-major, the last axis fastest.

use super::kernel::{ALIGN, Elem};
use arrayvec::ArrayVec;
use std::fmt;
use std::sync::Arc;

/// At most this many axes.
pub const RANK_MAX: usize = 4;

/// The number of a buffer. Until the plan is finished it means a recorded buffer, which is not yet a real one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BufferId(pub u32);

#[derive(Clone)]
pub struct Tensor {
    pub label: Arc<str>,
    pub buffer: BufferId,
    /// In words of 4 bytes, a multiple of [`ALIGN`].
    pub offset: u32,
    pub elem: Elem,
    shape: ArrayVec<u32, RANK_MAX>,
}

impl Tensor {
    pub(super) fn new(label: &str, buffer: BufferId, offset: u32, elem: Elem, shape: &[u32]) -> Self {
        assert!(offset.is_multiple_of(ALIGN), "{label}: offset {offset} is not a multiple of {ALIGN}");
        let shape = ArrayVec::try_from(shape).unwrap_or_else(|_| panic!("{label}: more than {RANK_MAX} axes"));
        Self { label: label.into(), buffer, offset, elem, shape }
    }

    pub fn shape(&self) -> &[u32] {
        &self.shape
    }

    /// The shape, with the number of axes the caller expects.
    pub fn dims<const R: usize>(&self) -> [u32; R] {
        self.shape
            .as_slice()
            .try_into()
            .unwrap_or_else(|_| panic!("{}: want {R} axes, got {:?}", self.label, self.shape))
    }

    /// Elements.
    pub fn len(&self) -> u32 {
        self.shape.iter().product()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many words of 4 bytes it takes. An odd number of f16 uses half of the last word.
    pub fn words(&self) -> u32 {
        (u64::from(self.len()) * u64::from(self.elem.bytes())).div_ceil(4) as u32
    }

    pub fn bytes(&self) -> u64 {
        u64::from(self.words()) * 4
    }

    /// The numbers in its words of memory, f16 converted to f32.
    pub fn numbers(&self, words: &[u32]) -> Vec<f32> {
        if self.elem != Elem::F16 {
            return words.iter().map(|word| f32::from_bits(*word)).collect();
        }
        let halves = words.iter().flat_map(|word| [*word as u16, (word >> 16) as u16]);
        halves.take(self.len() as usize).map(|bits| half::f16::from_bits(bits).to_f32()).collect()
    }

    /// Rows `first..first + rows` of the first axis; `first` times the row length must keep [`ALIGN`].
    pub fn rows(&self, first: u32, rows: u32) -> Self {
        let row_len: u32 = self.shape[1..].iter().product();
        assert!(first + rows <= self.shape[0], "{}: rows {first}+{rows} of {}", self.label, self.shape[0]);
        let mut shape = self.shape.clone();
        shape[0] = rows;
        let skipped_bytes = first * row_len * self.elem.bytes();
        assert!(skipped_bytes.is_multiple_of(4 * ALIGN), "{}: row {first} of {row_len} starts amid a word", self.label);
        Self::new(&self.label, self.buffer, self.offset + skipped_bytes / 4, self.elem, &shape)
    }

    pub(super) fn moved(&self, buffer: BufferId) -> Self {
        Self { buffer, ..self.clone() }
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        self.buffer == other.buffer
            && self.offset < other.offset + other.words()
            && other.offset < self.offset + self.words()
    }

    /// The same elements under another shape.
    pub fn reshaped(&self, shape: &[u32]) -> Self {
        let view = Self::new(&self.label, self.buffer, self.offset, self.elem, shape);
        assert_eq!(view.len(), self.len(), "{}: {:?} as {shape:?}", self.label, self.shape());
        view
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?}", self.label, self.shape.as_slice())
    }
}

impl Tensor {
    /// The first `len` elements, as one axis.
    pub fn elem_prefix(&self, len: u32) -> Self {
        assert!(len <= self.len(), "{self:?}: prefix of {len}");
        Self::new(&self.label, self.buffer, self.offset, self.elem, &[len])
    }
}
