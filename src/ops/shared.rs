//! What several ops need: the kernel for a storage type, and dropout.

use crate::plan::{Elem, KernelSpec};

/// Picks, of two kernels that compute the same, the one for tensors stored as `elem`.
pub(super) fn stored_as(elem: Elem, plain: &'static KernelSpec, half: &'static KernelSpec) -> &'static KernelSpec {
    if elem == Elem::F16 { half } else { plain }
}

/// The dropout of a kernel: an element is kept if its random word is at least `threshold`, and then scaled by `scale`. `site`
/// separates the places of a step that draw from the same key.
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Dropout {
    pub threshold: u32,
    pub scale: f32,
    pub site: u32,
}

impl Dropout {
    pub const OFF: Self = Self { threshold: 0, scale: 1.0, site: 0 };

    /// Drops with probability `p` in [0, 1), to a resolution of 2^-32.
    pub fn new(p: f32, site: u32) -> Self {
        assert!((0.0..1.0).contains(&p), "dropout of {p}");
        Self { threshold: (f64::from(p) * 4_294_967_296.0) as u32, scale: 1.0 / (1.0 - p), site }
    }
}
