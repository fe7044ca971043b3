// corrupt: corrupted[n] = the sample of the slot that points at n, else ids[n]; replaced[n] = (corrupted[n] != ids[n]).
// Where several slots point at one token (masking with replacement), it gets the integer mean of their samples, as the reference's scatter does.
// A lane owns a token. Uses lib/step, lib/grid, lib/threefry. Twin: src/cpu/corrupt.rs
//   entry     reads                             writes                    dispatch
//   replace   ids first next sampled source     corrupted replaced (=)    ceil(N / WG)
override WG: u32;
struct Dims {
    n: u32,
    v: u32,
    slots: u32,
    proposed: u32,            // 1 where a network wrote the samples, 0 where all come from the fixed distribution
}
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> ids: array<u32>;            // (N)
@group(0) @binding(2) var<storage, read> first: array<u32>;          // (N) the first slot that points at the token, or NONE
@group(0) @binding(3) var<storage, read> next: array<u32>;           // (S) the next slot that points at the same token, or NONE
@group(0) @binding(4) var<storage, read> sampled: array<u32>;        // (S) the generator's samples
@group(0) @binding(5) var<storage, read> source: array<u32>;         // (V) cumulative probabilities, in units of 2^-32
@group(0) @binding(6) var<storage, read_write> corrupted: array<u32>; // (N)
@group(0) @binding(7) var<storage, read_write> replaced: array<u32>; // (N)

const NONE = 0xffffffffu;

// A draw from the fixed distribution: the first id whose cumulative probability is above the word, by bisection. The largest word
// counts as the one before it, because no probability is above it.
fn draw_source(any_word: u32) -> u32 {
    let drawn = min(any_word, 0xfffffffeu);
    var low = 0u;
    var high = dims.v - 1u;
    while low < high {
        let middle = (low + high) / 2u;
        if source[middle] > drawn {
            high = middle;
        } else {
            low = middle + 1u;
        }
    }
    return low;
}

// A slot draws two words: the first decides where the replacement comes from, the second which it is.
fn sample(slot: u32) -> u32 {
    let index = step.slot_base + slot;
    if dims.proposed == 0u || word(step.source_key, index, 0u) < step.source_threshold {
        return draw_source(word(step.source_key, index, 1u));
    }
    return sampled[slot];
}

@compute @workgroup_size(WG)
fn replace(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let n = group_index(wid, groups) * WG + lane;
    if n >= dims.n { return; }
    let id = ids[n];
    var sum = 0u;
    var count = 0u;
    for (var slot = first[n]; slot != NONE && count < dims.slots; slot = next[slot]) {
        sum += sample(slot);
        count += 1u;
    }
    var result = id;
    if count > 0u {
        result = sum / count;
    }
    corrupted[n] = result;
    replaced[n] = u32(result != id);
}
