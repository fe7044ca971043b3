//! Twin of `shaders/rtd.wgsl`.

use super::math::sigmoid;
use super::{Args, Call};
use crate::ops::rtd::Dims;

/// dlogits = (sigmoid(logit) - replaced) * scale on tokens; token_out = [logit bits, corrupted id * 2 + replaced]
pub fn loss(call: &Call, mut a: Args) {
    let d: Dims = call.dims();
    let scale = call.step.scales[d.scale as usize];
    let (logits, counted, corrupted, replaced) = (a.f32(), a.u32(), a.u32(), a.u32());
    let (dlogits, token_out) = (a.f32_mut(), a.u32_mut());
    for (n, &logit) in logits.iter().enumerate() {
        let error = sigmoid(logit) - replaced[n] as f32;
        dlogits[n] = if counted[n] == 0 { 0.0 } else { error * scale };
        token_out[2 * n] = logit.to_bits();
        token_out[2 * n + 1] = corrupted[n] * 2 + replaced[n];
    }
}
