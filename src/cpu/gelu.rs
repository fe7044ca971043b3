//! Twin of `shaders/gelu.wgsl`.

use super::math::gelu_grad;
use super::par::{self, RowsMut};
use super::{Args, Call};

/// du = dy ∘ gelu'(u)
pub fn backward(_call: &Call, mut a: Args) {
    let (dy, u, du) = (a.f32(), a.f32(), a.f32_mut());
    par::rows(
        u.len(),
        30,
        RowsMut(du, 1),
        #[inline(always)]
        |first, RowsMut(du, _), n| {
            for ((du, dy), u) in du.iter_mut().zip(&dy[first..][..n]).zip(&u[first..][..n]) {
                *du = dy * gelu_grad(*u);
            }
        },
    );
}
