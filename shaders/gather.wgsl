// gather: y[s] = h[position[s]], the rows of the masked positions; 0 where the slot is unused.
// One workgroup owns a row of the result; its WG lanes stride over C. What the backward reads has type Stored.
// Uses lib/grid. Twin: src/cpu/gather.rs
//   entry      reads              writes      dispatch
//   forward    position h         y   (=)     S
//   backward   first next dy      dh  (=)     N
override WG: u32;
struct Dims {
    rows: u32,                // of the result: S forward, N backward
    c: u32,
    slots: u32,               // no chain is longer
    pad: u32,
}
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> position: array<u32>;       // (S) row of h, or NONE
@group(0) @binding(2) var<storage, read> h: array<Stored>;           // (N, C)
@group(0) @binding(3) var<storage, read_write> y: array<Stored>;     // (S, C)
@group(0) @binding(4) var<storage, read> first: array<u32>;          // (N) the first slot that points at the row, or NONE
@group(0) @binding(5) var<storage, read> next: array<u32>;           // (S) the next slot that points at the same row, or NONE
@group(0) @binding(6) var<storage, read> dy: array<f32>;             // (S, C)
@group(0) @binding(7) var<storage, read_write> dh: array<f32>;       // (N, C)

const NONE = 0xffffffffu;

@compute @workgroup_size(WG)
fn forward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let s = group_index(wid, groups);
    if s >= dims.rows { return; }
    let row = position[s];
    for (var c = lane; c < dims.c; c += WG) {
        var value = Stored();
        if row != NONE {
            value = h[row * dims.c + c];
        }
        y[s * dims.c + c] = value;
    }
}

@compute @workgroup_size(WG)
fn backward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let n = group_index(wid, groups);
    if n >= dims.rows { return; }
    for (var c = lane; c < dims.c; c += WG) {
        // forward: y[s] = h[n] for every slot s of the chain; so dh[n] is the sum of their dy.
        var sum = 0.0;
        var count = 0u;
        for (var s = first[n]; s != NONE && count < dims.slots; s = next[s]) {
            sum += dy[s * dims.c + c];
            count += 1u;
        }
        dh[n * dims.c + c] = sum;
    }
}
