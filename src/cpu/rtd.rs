//! Twin of `shaders/rtd.wgsl`.

use super::math::sigmoid;
use super::{Args, Call};

/// dlogits = (sigmoid(logit) - replaced) * scale on tokens; token_out = [logit bits, corrupted id * 2 + replaced]
pub fn loss(call: &Call, mut a: Args) {
    let (logits, attention, corrupted, replaced) = (a.f32(), a.u32(), a.u32(), a.u32());
    let (dlogits, token_out) = (a.f32_mut(), a.u32_mut());
    for (n, &logit) in logits.iter().enumerate() {
        let error = sigmoid(logit) - replaced[n] as f32;
        dlogits[n] = if attention[n] == 0 { 0.0 } else { error * call.step.rtd_scale };
        token_out[2 * n] = logit.to_bits();
        token_out[2 * n + 1] = corrupted[n] * 2 + replaced[n];
    }
}
