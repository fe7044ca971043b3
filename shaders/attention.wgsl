// attention: ctx[q] = sum over k of drop(P[q][k]) v[k],  P = softmax over k of scale q.k, over the keys that q may see: real tokens
// (mask 1) and, where causal, none after q. A query that sees no key gets ctx 0, lse 0 and no gradient.
// No (T, T) matrix: keys pass by a tile at a time under a running maximum m and sum l, and the backward computes P again from lse:
//   P = exp(scale q.k - lse);  dP = drop dctx.v;  dS = P (dP - delta), delta = sum over k of P dP = dctx.ctx
//   dq = scale sum over k of dS k;   dk = scale sum over q of dS q;   dv = sum over q of drop(P) dctx
// A workgroup owns TILE rows (queries; in backward_kv keys) of one head of one text, and LANES = WG / TILE lanes own each row: lane part
// of it takes every LANES-th pair and every LANES-th channel. qkv's row n holds query | key | value, each C = h * d wide, head by head.
// Uses lib/step, lib/grid, lib/threefry, lib/dropout. Twin: src/cpu/attention.rs
//   entry         reads                          writes                       dispatch
//   forward       qkv mask                       ctx lse              (=)     b * h * ceil(t / TILE)
//   backward_q    qkv mask ctx lse dctx          delta, query of dqkv (=)     b * h * ceil(t / TILE)
//   backward_kv   qkv mask lse dctx delta        key, value of dqkv   (=)     b * h * ceil(t / TILE)
override WG: u32;
override TILE: u32;                                                  // rows a workgroup owns, and rows that pass by at a time
override D: u32;                                                     // channels there is room for: dims.d at most
override LANES: u32 = WG / TILE;
override STRIDE: u32 = D + 1u;                                       // of a staged row: lanes that walk down rows hit different banks
const PAIRS_MAX = 4u;                                                // TILE * TILE / WG, at least 1: pairs of a lane
const CHANNELS_MAX = 16u;                                            // TILE * D / WG: channels of a lane
const LOWEST = -1.0e30;                                              // below every score, and exp of differences to it is 0

struct Dims {
    b: u32,
    t: u32,
    h: u32,
    d: u32,
    causal: u32,
    scale: f32,
    dropout_threshold: u32,
    dropout_scale: f32,
    dropout_site: u32,
    first_group: u32,         // of this dispatch: large ones are split
    pad0: u32,
    pad1: u32,
}
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> qkv: array<f32>;            // (N, 3C)
@group(0) @binding(2) var<storage, read> mask: array<u32>;           // (B, T) 1 = token, 0 = padding
@group(0) @binding(3) var<storage, read_write> ctx: array<f32>;      // (N, C)
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;      // (B, H, T) log-sum-exp of a query's scores
@group(0) @binding(5) var<storage, read> dctx: array<f32>;           // (N, C)
@group(0) @binding(6) var<storage, read_write> delta: array<f32>;    // (B, H, T)
@group(0) @binding(7) var<storage, read_write> dqkv: array<f32>;     // (N, 3C)

var<workgroup> staged: array<f32, 3u * TILE * STRIDE>;               // three places for TILE rows of one head
var<workgroup> pairs: array<f32, TILE * TILE>;                       // [own row][passing row]
var<workgroup> scratch: array<f32, WG>;

// The parts of a row of qkv.
const QUERY = 0u;
const KEY = 1u;
const VALUE = 2u;

// What a workgroup owns.
struct Place {
    text: u32,
    head: u32,
    first: u32,               // first own row
}
fn place(group: u32) -> Place {
    let tiles = (dims.t + TILE - 1u) / TILE;
    return Place(group / (tiles * dims.h), group / tiles % dims.h, group % tiles * TILE);
}

fn qkv_index(p: Place, row: u32, part: u32, channel: u32) -> u32 {
    return ((p.text * dims.t + row) * 3u + part) * dims.h * dims.d + p.head * dims.d + channel;
}
fn ctx_index(p: Place, row: u32, channel: u32) -> u32 {
    return (p.text * dims.t + row) * dims.h * dims.d + p.head * dims.d + channel;
}
fn row_index(p: Place, row: u32) -> u32 {
    return (p.text * dims.h + p.head) * dims.t + row;
}

// Index of the first channel of row r of place s among the staged.
fn staged_index(s: u32, r: u32) -> u32 {
    return (s * TILE + r) * STRIDE;
}
// Rows first.. of a part of qkv, or of dctx, to place s; zeros past the end of the text and of the head.
fn stage_qkv(p: Place, lane: u32, s: u32, first: u32, part: u32) {
    for (var i = lane; i < TILE * D; i += WG) {
        var value = 0.0;
        if first + i / D < dims.t && i % D < dims.d {
            value = qkv[qkv_index(p, first + i / D, part, i % D)];
        }
        staged[staged_index(s, i / D) + i % D] = value;
    }
}
fn stage_dctx(p: Place, lane: u32, s: u32, first: u32) {
    for (var i = lane; i < TILE * D; i += WG) {
        var value = 0.0;
        if first + i / D < dims.t && i % D < dims.d {
            value = dctx[ctx_index(p, first + i / D, i % D)];
        }
        staged[staged_index(s, i / D) + i % D] = value;
    }
}
// Product of two staged rows, given by their first channels.
fn row_product(x: u32, y: u32) -> f32 {
    var sum = 0.0;
    for (var c = 0u; c < dims.d; c++) {
        sum += staged[x + c] * staged[y + c];
    }
    return sum;
}

// One value from each of the LANES lanes of a row; all of them get the sum, or the maximum.
fn own_row_sum(lane: u32, value: f32) -> f32 {
    scratch[lane] = value;
    workgroupBarrier();
    var sum = 0.0;
    for (var i = 0u; i < LANES; i++) {
        sum += scratch[lane / LANES * LANES + i];
    }
    workgroupBarrier();
    return sum;
}
fn own_row_max(lane: u32, value: f32) -> f32 {
    scratch[lane] = value;
    workgroupBarrier();
    var highest = LOWEST;
    for (var i = 0u; i < LANES; i++) {
        highest = max(highest, scratch[lane / LANES * LANES + i]);
    }
    workgroupBarrier();
    return highest;
}

// Whether query q attends to key k.
fn sees(p: Place, q: u32, k: u32) -> bool {
    if q >= dims.t || k >= dims.t || (dims.causal != 0u && k > q) {
        return false;
    }
    return mask[p.text * dims.t + k] != 0u;
}
fn pair_dropout(p: Place, q: u32, k: u32) -> f32 {
    let row = ((step.row_base + p.text) * dims.h + p.head) * dims.t + q;
    return dropout_factor(dims.dropout_threshold, dims.dropout_scale, dims.dropout_site, row * dims.t + k);
}

@compute @workgroup_size(WG)
fn forward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(dims.first_group + group_index(wid, groups));
    if p.text >= dims.b { return; }
    let own = lane / LANES;
    let part = lane % LANES;
    let q = p.first + own;
    let k_end = select(dims.t, min(dims.t, p.first + TILE), dims.causal != 0u);
    stage_qkv(p, lane, 0u, p.first, QUERY);
    var acc: array<f32, CHANNELS_MAX>;                               // the lane's channels of sum P v, over exp(m)
    var m = LOWEST;                                                  // running maximum of the row's scores
    var l = 0.0;                                                     // the lane's share of sum exp(score - m)
    for (var k0 = 0u; k0 < k_end; k0 += TILE) {
        stage_qkv(p, lane, 1u, k0, KEY);
        stage_qkv(p, lane, 2u, k0, VALUE);
        workgroupBarrier();
        var scores: array<f32, PAIRS_MAX>;
        var highest = LOWEST;
        for (var i = 0u; part + i * LANES < TILE; i++) {
            let r = part + i * LANES;
            scores[i] = row_product(staged_index(0u, own), staged_index(1u, r)) * dims.scale;
            if sees(p, q, k0 + r) {
                highest = max(highest, scores[i]);
            }
        }
        let m_new = max(m, own_row_max(lane, highest));
        let rescale = exp(m - m_new);
        l *= rescale;
        for (var i = 0u; part + i * LANES < TILE; i++) {
            let r = part + i * LANES;
            var weight = 0.0;
            if sees(p, q, k0 + r) {
                weight = exp(scores[i] - m_new);
                l += weight;
                weight *= pair_dropout(p, q, k0 + r);
            }
            pairs[own * TILE + r] = weight;
        }
        workgroupBarrier();
        for (var i = 0u; i < D / LANES; i++) {
            var sum = 0.0;
            for (var r = 0u; r < TILE; r++) {
                sum += pairs[own * TILE + r] * staged[staged_index(2u, r) + part + i * LANES];
            }
            acc[i] = acc[i] * rescale + sum;
        }
        m = m_new;
        workgroupBarrier();                                          // the next tile may now be staged
    }
    let total = own_row_sum(lane, l);
    if q >= dims.t { return; }
    let inverse = select(0.0, 1.0 / max(total, 1e-30), total > 0.0);  // the largest term of the sum is 1
    for (var i = 0u; part + i * LANES < dims.d; i++) {
        ctx[ctx_index(p, q, part + i * LANES)] = acc[i] * inverse;
    }
    if part == 0u {
        lse[row_index(p, q)] = select(0.0, m + log(max(total, 1e-30)), total > 0.0);
    }
}

@compute @workgroup_size(WG)
fn backward_q(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(dims.first_group + group_index(wid, groups));
    if p.text >= dims.b { return; }
    let own = lane / LANES;
    let part = lane % LANES;
    let q = p.first + own;
    let k_end = select(dims.t, min(dims.t, p.first + TILE), dims.causal != 0u);
    stage_qkv(p, lane, 0u, p.first, QUERY);
    stage_dctx(p, lane, 1u, p.first);
    workgroupBarrier();
    var products = 0.0;
    var q_lse = 0.0;
    if q < dims.t {
        q_lse = lse[row_index(p, q)];
        for (var c = part; c < dims.d; c += LANES) {
            products += staged[staged_index(1u, own) + c] * ctx[ctx_index(p, q, c)];
        }
    }
    let q_delta = own_row_sum(lane, products);
    if q < dims.t && part == 0u {
        delta[row_index(p, q)] = q_delta;
    }
    var acc: array<f32, CHANNELS_MAX>;                               // the lane's channels of sum dS k
    for (var k0 = 0u; k0 < k_end; k0 += TILE) {
        var dps: array<f32, PAIRS_MAX>;
        stage_qkv(p, lane, 2u, k0, VALUE);
        workgroupBarrier();
        for (var i = 0u; part + i * LANES < TILE; i++) {
            dps[i] = row_product(staged_index(1u, own), staged_index(2u, part + i * LANES));
        }
        workgroupBarrier();
        stage_qkv(p, lane, 2u, k0, KEY);
        workgroupBarrier();
        for (var i = 0u; part + i * LANES < TILE; i++) {
            let r = part + i * LANES;
            var ds = 0.0;
            if sees(p, q, k0 + r) {
                // forward: P = exp(scale q.k - lse), ctx = sum drop(P) v
                let probability = exp(row_product(staged_index(0u, own), staged_index(2u, r)) * dims.scale - q_lse);
                ds = probability * (dps[i] * pair_dropout(p, q, k0 + r) - q_delta);
            }
            pairs[own * TILE + r] = ds;
        }
        workgroupBarrier();
        for (var i = 0u; i < D / LANES; i++) {
            for (var r = 0u; r < TILE; r++) {
                acc[i] += pairs[own * TILE + r] * staged[staged_index(2u, r) + part + i * LANES];
            }
        }
        workgroupBarrier();
    }
    if q >= dims.t { return; }
    for (var i = 0u; part + i * LANES < dims.d; i++) {
        dqkv[qkv_index(p, q, QUERY, part + i * LANES)] = acc[i] * dims.scale;
    }
}

@compute @workgroup_size(WG)
fn backward_kv(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(dims.first_group + group_index(wid, groups));
    if p.text >= dims.b { return; }
    let own = lane / LANES;
    let part = lane % LANES;
    let k = p.first + own;
    let q_first = select(0u, p.first, dims.causal != 0u);
    stage_qkv(p, lane, 0u, p.first, KEY);
    stage_qkv(p, lane, 1u, p.first, VALUE);
    var dk: array<f32, CHANNELS_MAX>;                                // the lane's channels of sum dS q
    var dv: array<f32, CHANNELS_MAX>;                                // and of sum drop(P) dctx
    for (var q0 = q_first; q0 < dims.t; q0 += TILE) {
        var probabilities: array<f32, PAIRS_MAX>;
        var dss: array<f32, PAIRS_MAX>;
        stage_qkv(p, lane, 2u, q0, QUERY);
        workgroupBarrier();
        for (var i = 0u; part + i * LANES < TILE; i++) {
            let r = part + i * LANES;
            probabilities[i] = 0.0;
            if sees(p, q0 + r, k) {
                let score = row_product(staged_index(2u, r), staged_index(0u, own)) * dims.scale;
                probabilities[i] = exp(score - lse[row_index(p, q0 + r)]);
            }
        }
        workgroupBarrier();
        stage_dctx(p, lane, 2u, q0);
        workgroupBarrier();
        for (var i = 0u; part + i * LANES < TILE; i++) {
            let r = part + i * LANES;
            var dropped = 0.0;
            dss[i] = 0.0;
            if sees(p, q0 + r, k) {
                // forward: ctx = sum drop(P) v
                let factor = pair_dropout(p, q0 + r, k);
                let dp = row_product(staged_index(2u, r), staged_index(1u, own)) * factor;
                dropped = probabilities[i] * factor;
                dss[i] = probabilities[i] * (dp - delta[row_index(p, q0 + r)]);
            }
            pairs[own * TILE + r] = dropped;
        }
        workgroupBarrier();
        for (var i = 0u; i < D / LANES; i++) {
            for (var r = 0u; r < TILE; r++) {
                dv[i] += pairs[own * TILE + r] * staged[staged_index(2u, r) + part + i * LANES];
            }
        }
        workgroupBarrier();
        stage_qkv(p, lane, 2u, q0, QUERY);
        for (var i = 0u; part + i * LANES < TILE; i++) {
            pairs[own * TILE + part + i * LANES] = dss[i];
        }
        workgroupBarrier();
        for (var i = 0u; i < D / LANES; i++) {
            for (var r = 0u; r < TILE; r++) {
                dk[i] += pairs[own * TILE + r] * staged[staged_index(2u, r) + part + i * LANES];
            }
        }
        workgroupBarrier();
    }
    if k >= dims.t { return; }
    for (var i = 0u; part + i * LANES < dims.d; i++) {
        dqkv[qkv_index(p, k, KEY, part + i * LANES)] = dk[i] * dims.scale;
        dqkv[qkv_index(p, k, VALUE, part + i * LANES)] = dv[i];
    }
}
