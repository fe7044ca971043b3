//! Twin of `shaders/fill.wgsl`.

use super::{Args, Call};

/// y = 0
pub fn zero(_call: &Call, mut a: Args) {
    a.f32_mut().fill(0.0);
}
