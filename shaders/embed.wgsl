// embed: x[n] = word[ids[n]] + position[n % t] + segment[types[n]].
// Forward: one workgroup owns a token; its WG lanes stride over E. The backward uses no float atomics: every sum has one owner, which adds
// in the order of the tokens. x, which the backward reads, has type Stored. Uses lib/grid. Twin: src/cpu/embed.rs
//   entry               reads                               writes              dispatch
//   forward             ids types word position segment     x           (=)     N
//   backward_word       ids dx                              dword       (+=)    N
//   backward_position   dx                                  dposition   (+=)    ceil(t * E / WG)
//   backward_type       types dx                            partial     (=)     ceil(N / rows_per_group)
override WG: u32;
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
@group(0) @binding(6) var<storage, read_write> x: array<Stored>;     // (N, E)
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
        x[n * dims.e + c] = Stored(table + segment[types[n] * dims.e + c]);
    }
}

var<workgroup> hits: array<u32, WG>;                                 // bit i of word w: token block + 32 w + i has the id
var<workgroup> owned_by_other: u32;
const NONE = 0xffffffffu;

// Which of the 32 tokens from `start` have the id.
fn matches(id: u32, start: u32) -> u32 {
    var bits = 0u;
    for (var i = 0u; i < 32u && start + i < dims.n; i++) {
        bits |= u32(ids[start + i] == id) << i;
    }
    return bits;
}

// The first token of a block that has the id, from hits; NONE if no token has it.
fn first_hit(block: u32) -> u32 {
    for (var w = 0u; w < WG; w++) {
        if hits[w] != 0u { return block + 32u * w + countTrailingZeros(hits[w]); }
    }
    return NONE;
}

// The first token with an id owns the row of dword. Its workgroup looks for the id in one block of 32 WG tokens after the other and adds
// what it finds in the tokens' order. Every other workgroup with the id finds that first token before its own, and stops.
@compute @workgroup_size(WG)
fn backward_word(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let n = group_index(wid, groups);
    if n >= dims.n { return; }
    let id = ids[n];
    if id == dims.pad_id { return; }
    var found = false;                                               // in an earlier block; then n is the first
    for (var block = 0u; block < dims.n; block += 32u * WG) {
        hits[lane] = matches(id, block + 32u * lane);
        workgroupBarrier();
        let first = first_hit(block);
        if lane == 0u { owned_by_other = u32(!found && first < n); }
        if workgroupUniformLoad(&owned_by_other) != 0u { return; }
        found = found || first != NONE;
        for (var c = lane; c < dims.e && first != NONE; c += WG) {
            var sum = 0.0;
            for (var w = 0u; w < WG; w++) {
                for (var bits = hits[w]; bits != 0u; bits &= bits - 1u) {
                    sum += dx[(block + 32u * w + countTrailingZeros(bits)) * dims.e + c]; // forward: x[m] = word[id] + ...
                }
            }
            dword[id * dims.e + c] += sum;
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
