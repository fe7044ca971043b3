// vocab: softmax cross-entropy over the vocabulary, one chunk of slots at a time: loss = lse - logit[label], lse = log sum exp logits.
// The loss is at temperature 1. It samples softmax(logits / temperature) as argmax(logit / temperature + Gumbel noise).
// It writes the gradient over the logits.
// One workgroup owns a slot; its WG lanes stride over V. A slot whose label is UNUSED gets zeros everywhere.
// Uses lib/step, lib/grid, lib/threefry, lib/gumbel, lib/reduce. Twin: src/cpu/vocab.rs
//   entry      reads                 writes                         dispatch
//   forward    logits labels         lse sampled slot_out (=)       rows
//   backward   logits labels lse     logits (in place)              rows
struct Dims {
    rows: u32,
    v: u32,
    first_slot: u32,          // slot number of row 0
    scale: u32,               // which of step.scales weighs this loss
}
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read_write> logits: array<f32>;   // (rows, V), then their gradient
@group(0) @binding(2) var<storage, read> labels: array<u32>;         // (rows)
@group(0) @binding(3) var<storage, read_write> lse: array<f32>;      // (rows)
@group(0) @binding(4) var<storage, read_write> sampled: array<u32>;  // (rows)
@group(0) @binding(5) var<storage, read_write> slot_out: array<u32>; // (rows, 4) loss's bits, flags, sample, argmax

const UNUSED = 0xffffffffu;
const ARGMAX_IS_LABEL = 1u;
const SAMPLE_IS_LABEL = 2u;
const LOWEST = -3.0e38;                                              // below every logit; WGSL has no infinity

fn write_slot(row: u32, row_lse: f32, loss: f32, flags: u32, sample: u32, argmax: u32) {
    lse[row] = row_lse;
    sampled[row] = sample;
    slot_out[4u * row] = bitcast<u32>(loss);
    slot_out[4u * row + 1u] = flags;
    slot_out[4u * row + 2u] = sample;
    slot_out[4u * row + 3u] = argmax;
}

@compute @workgroup_size(WG)
fn forward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let row = group_index(wid, groups);
    if row >= dims.rows { return; }
    let label = labels[row];
    if label == UNUSED {
        if lane == 0u {
            write_slot(row, 0.0, 0.0, 0u, 0u, 0u);
        }
        return;
    }
    let base = row * dims.v;
    let slot = step.slot_base + dims.first_slot + row;
    var own_top = Best(LOWEST, 0u);
    var own_sample = Best(LOWEST, 0u);
    for (var id = lane; id < dims.v; id += WG) {
        let logit = logits[base + id];
        own_top = better(own_top, Best(logit, id));
        own_sample = better(own_sample, Best(logit * step.inv_temperature + gumbel(id, slot), id));
    }
    let top = workgroup_best(lane, own_top);
    let sample = workgroup_best(lane, own_sample).id;
    var sum = 0.0;
    for (var id = lane; id < dims.v; id += WG) {
        sum += exp(logits[base + id] - top.value);
    }
    let row_lse = top.value + log(workgroup_sum(lane, sum));
    if lane == 0u {
        let flags = select(0u, ARGMAX_IS_LABEL, top.id == label) | select(0u, SAMPLE_IS_LABEL, sample == label);
        write_slot(row, row_lse, row_lse - logits[base + label], flags, sample, top.id);
    }
}

@compute @workgroup_size(WG)
fn backward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let row = group_index(wid, groups);
    if row >= dims.rows { return; }
    let label = labels[row];
    let base = row * dims.v;
    for (var id = lane; id < dims.v; id += WG) {
        var gradient = 0.0;
        if label != UNUSED {
            // forward: loss = lse - logit[label]; and d lse / d logit = exp(logit - lse)
            gradient = (exp(logits[base + id] - lse[row]) - select(0.0, 1.0, id == label)) * step.scales[dims.scale];
        }
        logits[base + id] = gradient;
    }
}
