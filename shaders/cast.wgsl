// cast: copies weights as f16 for the products. y is the nearest f16 to x, or one of the two nearest (the platform chooses).
// The lanes of the whole grid stride over x together. Uses lib/grid. Twin: src/cpu/cast.rs
//   entry    reads   writes      dispatch
//   narrow   x       y  (=)      ceil(len / (WG * elements a lane))
override WG: u32;
struct Dims {
    len: u32,
    lanes: u32,               // of the whole grid: the stride
    pad0: u32,
    pad1: u32,
}
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<f32>;              // (len)
@group(0) @binding(2) var<storage, read_write> y: array<Stored>;     // (len)

@compute @workgroup_size(WG)
fn narrow(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let first = group_index(wid, groups) * WG + lane;
    if first >= dims.lanes { return; }
    for (var i = first; i < dims.len; i += dims.lanes) {
        y[i] = Stored(x[i]);
    }
}
