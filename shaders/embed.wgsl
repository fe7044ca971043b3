// embed: x[n] = word[ids[n]] + position[n % t] + segment[types[n]].
// Forward: one workgroup a token, its WG lanes stride over E. Backward without float atomics: for every sum one owner that adds in
// the order of the tokens. Uses lib/grid. Twin: src/cpu/embed.rs
//   entry               reads                               writes              dispatch
//   forward             ids types word position segment     x           (=)     N
//   backward_word       ids dx                              dword       (+=)    N
//   backward_position   dx                                  dposition   (+=)    ceil(t * E / WG)
//   backward_type       types dx                            partial     (=)     ceil(N / rows_per_group)
override WG: u32;                                                    // a multiple of 32
struct Dims {
    n: u32,
    t: u32,
    e: u32,
    segments: u32,
    pad_id: u32,              // its look-ups give no gradient
    rows_per_group: u32,
    pad0: u32,
    pad1: u32,
}
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> ids: array<u32>;            // (N)
@group(0) @binding(2) var<storage, read> types: array<u32>;          // (N)
@group(0) @binding(3) var<storage, read> word: array<f32>;           // (V, E)
@group(0) @binding(4) var<storage, read> position: array<f32>;       // (P, E)
@group(0) @binding(5) var<storage, read> segment: array<f32>;        // (segments, E)
@group(0) @binding(6) var<storage, read_write> x: array<f32>;        // (N, E)
@group(0) @binding(7) var<storage, read> dx: array<f32>;             // (N, E)
@group(0) @binding(8) var<storage, read_write> dword: array<f32>;    // (V, E)
@group(0) @binding(9) var<storage, read_write> dposition: array<f32>; // (P, E)
@group(0) @binding(10) var<storage, read_write> partial: array<f32>; // (groups, segments, E) sums over blocks of tokens

@compute @workgroup_size(WG)
fn forward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let n = group_index(wid, groups);
    if n >= dims.n { return; }
    for (var c = lane; c < dims.e; c += WG) {
        let table = word[ids[n] * dims.e + c] + position[n % dims.t * dims.e + c];
        x[n * dims.e + c] = table + segment[types[n] * dims.e + c];
    }
}

var<workgroup> found_earlier: atomic<u32>;
var<workgroup> is_owned: u32;
var<workgroup> hits: array<atomic<u32>, WG / 32u>;                   // bit i: token i of the block has the id

// Whether no token before n has its id; the same answer for every lane.
fn is_first(n: u32, lane: u32) -> bool {
    for (var i = lane; i < n; i += WG) {
        if ids[i] == ids[n] {
            atomicOr(&found_earlier, 1u);
            break;
        }
    }
    workgroupBarrier();
    if lane == 0u {
        is_owned = u32(atomicLoad(&found_earlier) == 0u);
    }
    return workgroupUniformLoad(&is_owned) != 0u;
}

// The first token with an id owns the row of dword; it finds the others a block of WG tokens at a time, and adds in their order.
@compute @workgroup_size(WG)
fn backward_word(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let n = group_index(wid, groups);
    if n >= dims.n { return; }
    let id = ids[n];
    if id == dims.pad_id { return; }
    if !is_first(n, lane) { return; }
    for (var block = n; block < dims.n; block += WG) {
        if block + lane < dims.n && ids[block + lane] == id {
            atomicOr(&hits[lane / 32u], 1u << (lane % 32u));
        }
        workgroupBarrier();
        for (var i = 0u; i < WG / 32u; i++) {
            for (var bits = atomicLoad(&hits[i]); bits != 0u; bits &= bits - 1u) {
                let m = block + i * 32u + countTrailingZeros(bits);
                for (var c = lane; c < dims.e; c += WG) {
                    dword[id * dims.e + c] += dx[m * dims.e + c];    // forward: x[m] = word[id] + ...
                }
            }
        }
        workgroupBarrier();
        if lane < WG / 32u {
            atomicStore(&hits[lane], 0u);
        }
        workgroupBarrier();
    }
}

// A lane owns one channel of one position.
@compute @workgroup_size(WG)
fn backward_position(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let i = group_index(wid, groups) * WG + lane;
    if i >= dims.t * dims.e { return; }
    var sum = 0.0;
    for (var row = 0u; row < dims.n / dims.t; row++) {
        sum += dx[row * dims.t * dims.e + i];                        // forward: x[n] = ... + position[n % t]
    }
    dposition[i] += sum;
}

// A workgroup owns a block of tokens, a lane its channels; reduce.rows_add joins the blocks, in order.
@compute @workgroup_size(WG)
fn backward_type(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let group = group_index(wid, groups);
    let first = group * dims.rows_per_group;
    if first >= dims.n { return; }
    for (var i = lane; i < dims.segments * dims.e; i += WG) {
        var sum = 0.0;
        for (var n = first; n < min(first + dims.rows_per_group, dims.n); n++) {
            if types[n] == i / dims.e {
                sum += dx[n * dims.e + i % dims.e];                  // forward: x[n] = ... + segment[types[n]]
            }
        }
        partial[group * dims.segments * dims.e + i] = sum;
    }
}
