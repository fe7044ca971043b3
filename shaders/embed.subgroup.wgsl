// embed: the entry point backward_word of embed.wgsl for adapters where barriers are expensive. A workgroup is eight lanes in one subgroup.
// Each lane looks at one of eight tokens, and a ballot tells all lanes what it found, without a barrier.
// Uses lib/grid; needs the feature subgroups. Twin: src/cpu/embed.rs
override WG: u32;                                                    // 8
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
@group(0) @binding(7) var<storage, read> dx: array<f32>;             // (N, E)
@group(0) @binding(8) var<storage, read_write> dword: array<f32>;    // (V, E)
const NONE = 0xffffffffu;

// The first token with an id owns the row of dword. It adds the gradients of all tokens with that id, in the tokens' order.
@compute @workgroup_size(WG)
fn backward_word(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) index: u32) {
    let n = group_index(wid, groups);
    if n >= dims.n { return; }
    let id = ids[n];
    if id == dims.pad_id { return; }
    let lane = subgroupExclusiveAdd(1u);                             // bit of a ballot
    var first = NONE;                                                // token with the id
    for (var block = 0u; block < dims.n; block += WG) {
        let m = block + lane;
        let same = m < dims.n && ids[min(m, dims.n - 1u)] == id;
        for (var bits = subgroupBallot(same).x; bits != 0u && first >= n; bits &= bits - 1u) {
            let found = block + countTrailingZeros(bits);
            first = min(first, found);
            for (var c = index; c < dims.e && first == n; c += WG) {
                dword[id * dims.e + c] += dx[found * dims.e + c];    // forward: x[m] = word[id] + ...
            }
        }
    }
}
