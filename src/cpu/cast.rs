//! Twin of `shaders/cast.wgsl`.

use super::{Args, Call};

/// y = x: the executor rounds what is stored as f16.
pub fn narrow(_call: &Call, mut args: Args) {
    let (x, y) = (args.f32(), args.f32_mut());
    y.copy_from_slice(x);
}
