// gelu: y = x Phi(x) and its gradient, for the places where no product carries them in its epilogue.
// A lane owns an element. What the backward reads has type Stored. Uses lib/grid, lib/gelu. Twin: src/cpu/gelu.rs
//   entry      reads    writes      dispatch
//   forward    u        y   (=)     ceil(len / WG)
//   backward   dy u     du  (=)     ceil(len / WG)
override WG: u32;
struct Dims {
    len: u32,
    pad0: u32,
    pad1: u32,
    pad2: u32,
}
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> dy: array<f32>;             // (len)
@group(0) @binding(2) var<storage, read> u: array<Stored>;           // (len) before the gelu
@group(0) @binding(3) var<storage, read_write> du: array<f32>;       // (len)
@group(0) @binding(4) var<storage, read_write> y: array<Stored>;     // (len)

@compute @workgroup_size(WG)
fn forward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let i = group_index(wid, groups) * WG + lane;
    if i >= dims.len { return; }
    y[i] = Stored(gelu(f32(u[i])));
}

@compute @workgroup_size(WG)
fn backward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let i = group_index(wid, groups) * WG + lane;
    if i >= dims.len { return; }
    du[i] = dy[i] * gelu_grad(f32(u[i]));                            // forward: y = gelu(u)
}
