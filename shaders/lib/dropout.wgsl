// dropout: the factor of an element: scale where its word reaches the threshold, 0 elsewhere. Threshold 0 draws nothing.
// Forward and backward call it with the same index, so no mask is stored. Needs lib/step.wgsl and lib/threefry.wgsl.
fn dropout_factor(threshold: u32, scale: f32, site: u32, index: u32) -> f32 {
    if threshold == 0u {
        return scale;
    }
    return select(0.0, scale, word(step.dropout_key, index, site) >= threshold);
}
// The same of four elements whose words do not wait for each other.
fn dropout_factors(threshold: u32, scale: f32, site: u32, index: vec4u) -> vec4f {
    if threshold == 0u {
        return vec4f(scale);
    }
    let words = vec4u(
        word(step.dropout_key, index.x, site), word(step.dropout_key, index.y, site),
        word(step.dropout_key, index.z, site), word(step.dropout_key, index.w, site));
    return select(vec4f(), vec4f(scale), words >= vec4u(threshold));
}

