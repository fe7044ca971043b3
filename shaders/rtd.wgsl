// rtd: replaced-token detection. loss = softplus(logit) - replaced * logit over the tokens that count, times step.scales[scale]; its gradient
// is sigmoid(logit) - replaced. The loss itself is summed by the host, in f64, from token_out.
// A lane owns a token. Uses lib/step, lib/grid. Twin: src/cpu/rtd.rs
//   entry   reads                                   writes                  dispatch
//   loss    logits counted corrupted replaced     dlogits token_out (=)   ceil(N / WG)
override WG: u32;
struct Dims {
    n: u32,
    scale: u32,               // which of step.scales weighs this loss
    pad0: u32,
    pad1: u32,
}
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> logits: array<f32>;         // (N)
@group(0) @binding(2) var<storage, read> counted: array<u32>;        // (N) 1 where the loss of a token counts, 0 elsewhere
@group(0) @binding(3) var<storage, read> corrupted: array<u32>;      // (N) ids
@group(0) @binding(4) var<storage, read> replaced: array<u32>;       // (N) 0 or 1
@group(0) @binding(5) var<storage, read_write> dlogits: array<f32>;  // (N)
@group(0) @binding(6) var<storage, read_write> token_out: array<u32>; // (N, 2) logit's bits, corrupted id * 2 + replaced

// 1 / (1 + exp(-x)), with the exponential of a number that is never positive.
fn sigmoid(x: f32) -> f32 {
    let z = exp(-abs(x));
    return select(z, 1.0, x >= 0.0) / (1.0 + z);
}

@compute @workgroup_size(WG)
fn loss(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let n = group_index(wid, groups) * WG + lane;
    if n >= dims.n { return; }
    let logit = logits[n];
    var gradient = 0.0;
    if counted[n] != 0u {
        gradient = (sigmoid(logit) - f32(replaced[n])) * step.scales[dims.scale];
    }
    dlogits[n] = gradient;
    token_out[2u * n] = bitcast<u32>(logit);
    token_out[2u * n + 1u] = corrupted[n] * 2u + replaced[n];
}
