//! Twin of `shaders/gelu.wgsl`.

use super::math::{gelu, gelu_grad};
use super::par::{self, RowsMut};
use super::{Args, Call};

/// y = gelu(u)
pub fn forward(_call: &Call, mut a: Args) {
    let (u, y) = (a.f32(), a.f32_mut());
    par::rows(
        u.len(),
        20,
        RowsMut(y, 1),
        #[inline(always)]
        |first, RowsMut(y, _), n| {
            for (y, u) in y.iter_mut().zip(&u[first..][..n]) {
                *y = gelu(*u);
            }
        },
    );
}

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
