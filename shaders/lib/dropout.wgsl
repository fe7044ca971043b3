// dropout: what an element is multiplied by: scale where its word reaches the threshold, 0 elsewhere; threshold 0 draws nothing.
// Forward and backward call it with the same index, so no mask is stored. Needs lib/step.wgsl and lib/threefry.wgsl.
fn dropout_factor(threshold: u32, scale: f32, site: u32, index: u32) -> f32 {
    if threshold == 0u {
        return scale;
    }
    return select(0.0, scale, word(step.dropout_key, index, site) >= threshold);
}

