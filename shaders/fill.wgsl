// fill: y = 0.
// The lanes of the whole grid stride over y together. Uses lib/grid. Twin: src/cpu/fill.rs
//   entry   reads   writes      dispatch
//   zero            y  (=)      ceil(len / (WG * elements a lane))
override WG: u32;
struct Dims {
    len: u32,
    lanes: u32,               // of the whole grid: the stride
    pad0: u32,
    pad1: u32,
}
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;        // (len)

@compute @workgroup_size(WG)
fn zero(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let first = group_index(wid, groups) * WG + lane;
    if first >= dims.lanes { return; }
    for (var i = first; i < dims.len; i += dims.lanes) {
        y[i] = 0.0;
    }
}
