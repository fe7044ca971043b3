// optimizer: norm = sqrt(sum g^2) of a clipping group; g' = g * clip / max(norm, clip);
// m = b1 m + (1 - b1) g';  v = b2 v + (1 - b2) g'^2;  p -= lr (m correction1 / (sqrt(v correction2) + eps) + weight_decay p)
// A workgroup owns per_group neighbouring elements of an arena; its WG lanes stride over them. A norm that is not finite sets a flag. The
// flag stays, and while it is set no update happens. Uses lib/step, lib/grid, lib/reduce. Twin: src/cpu/optimizer.rs
//   entry          reads             writes                    dispatch
//   norm_partial   g                 partial         (=)       length of partial
//   norm_finish    partial guard     guard step_out  (=)       1
//   adamw          g guard p m v     p m v           (=)       ceil(len / per_group)
struct Dims {
    len: u32,                 // elements of g; in norm_finish: of partial
    per_group: u32,
    group: u32,               // clipping group
    clip: f32,
    beta1: f32,
    beta2: f32,
    eps: f32,
    weight_decay: f32,
    lr_scale: f32,
    pad0: u32,
    pad1: u32,
    pad2: u32,
}
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read_write> p: array<f32>;        // (len)
@group(0) @binding(2) var<storage, read_write> g: array<f32>;        // (len)
@group(0) @binding(3) var<storage, read_write> m: array<f32>;        // (len)
@group(0) @binding(4) var<storage, read_write> v: array<f32>;        // (len)
@group(0) @binding(5) var<storage, read_write> partial: array<f32>;  // (groups) sums of squares; zeros past the last block of g
@group(0) @binding(6) var<storage, read_write> guard: array<u32>;    // (8) flag, step of the flag + 1, norms' bits
@group(0) @binding(7) var<storage, read_write> step_out: array<u32>; // (8) a copy for the host

const GUARD_LEN = 8u;
const NORMS = 2u;                                                    // where in guard the norms start
const EXPONENT = 0x7f800000u;                                        // all ones: infinity or NaN

@compute @workgroup_size(WG)
fn norm_partial(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let group = group_index(wid, groups);
    if group >= arrayLength(&partial) { return; }
    let first = group * dims.per_group;
    if first >= dims.len {                                           // most groups of a short range: no barriers for a zero
        if lane == 0u { partial[group] = 0.0; }
        return;
    }
    var squares = 0.0;
    for (var i = first + lane; i < min(first + dims.per_group, dims.len); i += WG) {
        squares += g[i] * g[i];
    }
    let total = workgroup_sum(lane, squares);
    if lane == 0u {
        partial[group] = total;
    }
}

@compute @workgroup_size(WG)
fn norm_finish(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    if group_index(wid, groups) > 0u { return; }
    var sum = 0.0;
    for (var i = lane; i < dims.len; i += WG) {
        sum += partial[i];
    }
    let bits = bitcast<u32>(sqrt(workgroup_sum(lane, sum)));
    if lane > 0u { return; }
    guard[NORMS + dims.group] = bits;
    // This compares bits, because compilers may assume that no number is infinite or NaN.
    if (bits & EXPONENT) == EXPONENT && guard[0] == 0u {
        guard[0] = 1u;
        guard[1] = step.step + 1u;
    }
    for (var i = 0u; i < GUARD_LEN; i++) {
        step_out[i] = guard[i];
    }
}

@compute @workgroup_size(WG)
fn adamw(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    if guard[0] != 0u { return; }
    let scale = dims.clip / max(bitcast<f32>(guard[NORMS + dims.group]), dims.clip);
    let lr = step.lr * dims.lr_scale;
    let first = min(group_index(wid, groups) * dims.per_group, dims.len);
    for (var i = first + lane; i < min(first + dims.per_group, dims.len); i += WG) {
        let clipped = g[i] * scale;
        let m_new = dims.beta1 * m[i] + (1.0 - dims.beta1) * clipped;
        let v_new = dims.beta2 * v[i] + (1.0 - dims.beta2) * clipped * clipped;
        m[i] = m_new;
        v[i] = v_new;
        let direction = m_new * step.correction1 / (sqrt(v_new * step.correction2) + dims.eps);
        p[i] -= lr * (direction + dims.weight_decay * p[i]);
    }
}
