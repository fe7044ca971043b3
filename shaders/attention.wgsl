// attention: ctx[q] = sum over k of drop(P[q][k]) v[k],  P = softmax over k of scale q.k, over the keys that q may see: real tokens
// (mask 1) and, where causal, none after q. A query that sees no key gets ctx 0, lse 0 and no gradient.
// No (T, T) matrix: keys pass by a tile at a time under a running maximum m and sum l, and the backward computes P again from lse:
//   P = exp(scale q.k - lse);  dP = drop dctx.v;  dS = P (dP - delta), delta = sum over k of P dP = dctx.ctx
//   dq = scale sum over k of dS k;   dk = scale sum over q of dS q;   dv = sum over q of drop(P) dctx
// A workgroup owns TILE rows (queries; in the backward's second half keys) of one head of one text. LANES = WG / TILE lanes own each row:
// lane part takes every LANES-th of the passing rows and every LANES-th quad of the channels. qkv's row n holds query | key | value,
// each C = h * d wide, head by head.
// qkv and ctx, which the backward reads, have type Stored; everything else is f32.
// Uses lib/step, lib/grid, lib/threefry, lib/dropout. Twin: src/cpu/attention.rs
//   entry         reads                          writes               dispatch
//   forward       qkv mask                       ctx lse      (=)     b * h * ceil(t / TILE)
//   backward      qkv mask ctx lse dctx          dqkv         (=)     b * h * ceil(t / TILE) of queries, then as many of keys
//   map           qkv mask lse                   shares       (=)     b * h * ceil(t / TILE)
// In the backward the keys' workgroups compute delta again from ctx. That is cheaper than a dispatch that waits for it.
// map writes the whole of P for people to look at. It runs on request only, never in a training step.
override WG: u32;
override TILE: u32;                                                  // rows a workgroup owns, and rows that pass by at a time
override D: u32;                                                     // most channels of a head; dims.d is at most this
override LANES: u32 = WG / TILE;
override QUADS: u32 = D / 4u;                                        // of channels, in a row
override STRIDE: u32 = QUADS + 1u;                                   // of a staged row: lanes that walk down rows hit different banks
const ROWS_MAX = 4u;                                                 // TILE / LANES, at least 1: passing rows of a lane
const QUADS_MAX = 4u;                                                // QUADS / LANES: quads of a lane
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
@group(0) @binding(1) var<storage, read> qkv: array<Stored>;         // (N, 3C)
@group(0) @binding(2) var<storage, read> mask: array<u32>;           // (B, T) 1 = token, 0 = padding
@group(0) @binding(3) var<storage, read_write> ctx: array<Stored>;   // (N, C)
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;      // (B, H, T) log-sum-exp of a query's scores
@group(0) @binding(5) var<storage, read> dctx: array<f32>;           // (N, C)
@group(0) @binding(7) var<storage, read_write> dqkv: array<f32>;     // (N, 3C)
@group(0) @binding(8) var<storage, read_write> shares: array<f32>;   // (B, H, T, T) P, without dropout

var<workgroup> staged: array<vec4f, 3u * TILE * STRIDE>;             // three places for TILE rows of one head
var<workgroup> pairs: array<f32, TILE * TILE>;                       // [own row][passing row]
var<workgroup> scratch: array<f32, WG>;
var<workgroup> deltas: array<f32, TILE>;                             // of passing queries

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

// Rows first.. of a part of qkv, or of dctx, to place s; zeros past the end of the text and of the head.
fn stage_qkv(p: Place, lane: u32, s: u32, first: u32, part: u32) {
    for (var i = lane; i < TILE * QUADS; i += WG) {
        var quad = vec4f();
        for (var j = 0u; j < 4u; j++) {
            let channel = i % QUADS * 4u + j;
            if first + i / QUADS < dims.t && channel < dims.d {
                quad[j] = f32(qkv[qkv_index(p, first + i / QUADS, part, channel)]);
            }
        }
        staged[staged_row(s, i / QUADS) + i % QUADS] = quad;
    }
}
fn stage_dctx(p: Place, lane: u32, s: u32, first: u32) {
    for (var i = lane; i < TILE * QUADS; i += WG) {
        var quad = vec4f();
        for (var j = 0u; j < 4u; j++) {
            let channel = i % QUADS * 4u + j;
            if first + i / QUADS < dims.t && channel < dims.d {
                quad[j] = dctx[ctx_index(p, first + i / QUADS, channel)];
            }
        }
        staged[staged_row(s, i / QUADS) + i % QUADS] = quad;
    }
}
// Index of the first quad of row r of place s.
fn staged_row(s: u32, r: u32) -> u32 {
    return (s * TILE + r) * STRIDE;
}

// A lane's values for its passing rows part, part + LANES, ...: the i-th of them at [i].
alias PerRow = array<f32, ROWS_MAX>;
// A lane's values for each of its quads of channels of its own row.
alias PerQuad = array<vec4f, QUADS_MAX>;

// Channel i of the lane's quads. After the last quad it lies past the head.
fn own_channel(part: u32, i: u32) -> u32 {
    return (part + i / 4u * LANES) * 4u + i % 4u;
}

// Products of the lane's own row, in place s, with its passing rows, in place 2.
fn products(s: u32, lane: u32) -> PerRow {
    var sums: PerRow;
    let own = staged_row(s, lane / LANES);
    let passing = staged_row(2u, lane % LANES);
    for (var quad = 0u; quad < (dims.d + 3u) / 4u; quad++) {
        let x = staged[own + quad];
        for (var i = 0u; lane % LANES + i * LANES < TILE; i++) {
            sums[i] += dot(x, staged[passing + i * LANES * STRIDE + quad]);
        }
    }
    return sums;
}
// Sum over the passing rows, in place s, of pairs[own][row] times the row: the lane's quads of it.
fn weighted_sum(s: u32, lane: u32) -> PerQuad {
    var sums: PerQuad;
    for (var r = 0u; r < TILE; r++) {
        let weight = pairs[lane / LANES * TILE + r];
        for (var i = 0u; i < QUADS / LANES; i++) {
            sums[i] += weight * staged[staged_row(s, r) + lane % LANES + i * LANES];
        }
    }
    return sums;
}

// Joins one value from each of the LANES lanes of a row. All of them get the sum, or the maximum.
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
    var acc: PerQuad;                                                // of sum drop(P) v, over exp(m)
    var m = LOWEST;                                                  // running maximum of the row's scores
    var l = 0.0;                                                     // the lane's share of sum exp(score - m)
    for (var k0 = 0u; k0 < k_end; k0 += TILE) {
        stage_qkv(p, lane, 1u, k0, VALUE);
        stage_qkv(p, lane, 2u, k0, KEY);
        workgroupBarrier();
        var scores = products(0u, lane);
        var highest = LOWEST;
        for (var i = 0u; part + i * LANES < TILE; i++) {
            scores[i] *= dims.scale;
            if sees(p, q, k0 + part + i * LANES) {
                highest = max(highest, scores[i]);
            }
        }
        let m_new = max(m, own_row_max(lane, highest));
        let rescale = exp(m - m_new);
        l *= rescale;
        for (var i = 0u; part + i * LANES < TILE; i++) {
            let k = k0 + part + i * LANES;
            var weight = 0.0;
            if sees(p, q, k) {
                weight = exp(scores[i] - m_new);
                l += weight;
                weight *= pair_dropout(p, q, k);
            }
            pairs[own * TILE + part + i * LANES] = weight;
        }
        workgroupBarrier();
        let sums = weighted_sum(1u, lane);
        for (var i = 0u; i < QUADS_MAX; i++) {
            acc[i] = acc[i] * rescale + sums[i];
        }
        m = m_new;
        workgroupBarrier();                                          // the next tile may now be staged
    }
    let total = own_row_sum(lane, l);
    if q >= dims.t { return; }
    let seen = total > 0.0;                                          // then it is 1 at least: the highest score's term
    let inverse = select(0.0, 1.0 / max(total, 1.0), seen);
    for (var i = 0u; i < 4u * QUADS_MAX; i++) {
        let channel = own_channel(part, i);
        if channel < dims.d {
            ctx[ctx_index(p, q, channel)] = Stored(acc[i / 4u][i % 4u] * inverse);
        }
    }
    if part == 0u {
        lse[row_index(p, q)] = select(0.0, m + log(max(total, 1.0)), seen);
    }
}

// The lane's share of delta of query q.
fn delta_share(p: Place, q: u32, part: u32) -> f32 {
    var share = 0.0;
    if q < dims.t {
        for (var c = part; c < dims.d; c += LANES) {
            share += dctx[ctx_index(p, q, c)] * f32(ctx[ctx_index(p, q, c)]);
        }
    }
    return share;
}

// The query part of dqkv, of the queries that p owns.
fn backward_queries(p: Place, lane: u32) {
    let own = lane / LANES;
    let part = lane % LANES;
    let q = p.first + own;
    let k_end = select(dims.t, min(dims.t, p.first + TILE), dims.causal != 0u);
    stage_qkv(p, lane, 0u, p.first, QUERY);
    stage_dctx(p, lane, 1u, p.first);
    let q_lse = lse[row_index(p, min(q, dims.t - 1u))];
    let q_delta = own_row_sum(lane, delta_share(p, q, part));
    var acc: PerQuad;                                                // of sum dS k
    for (var k0 = 0u; k0 < k_end; k0 += TILE) {
        stage_qkv(p, lane, 2u, k0, VALUE);
        workgroupBarrier();
        var dps = products(1u, lane);                                // forward: ctx[q] = sum drop(P) v
        workgroupBarrier();
        stage_qkv(p, lane, 2u, k0, KEY);
        workgroupBarrier();
        var scores = products(0u, lane);
        for (var i = 0u; part + i * LANES < TILE; i++) {
            let k = k0 + part + i * LANES;
            var ds = 0.0;
            if sees(p, q, k) {
                ds = exp(scores[i] * dims.scale - q_lse) * (dps[i] * pair_dropout(p, q, k) - q_delta);
            }
            pairs[own * TILE + part + i * LANES] = ds;
        }
        workgroupBarrier();
        let sums = weighted_sum(2u, lane);                           // forward: score = scale q.k
        for (var i = 0u; i < QUADS_MAX; i++) {
            acc[i] += sums[i];
        }
        workgroupBarrier();
    }
    if q >= dims.t { return; }
    for (var i = 0u; i < 4u * QUADS_MAX; i++) {
        let channel = own_channel(part, i);
        if channel < dims.d {
            dqkv[qkv_index(p, q, QUERY, channel)] = acc[i / 4u][i % 4u] * dims.scale;
        }
    }
}

// The key and value parts, of the keys that p owns.
fn backward_keys(p: Place, lane: u32) {
    let own = lane / LANES;
    let part = lane % LANES;
    let k = p.first + own;
    stage_qkv(p, lane, 0u, p.first, KEY);
    stage_qkv(p, lane, 1u, p.first, VALUE);
    var dk: PerQuad;                                                 // of sum dS q
    var dv: PerQuad;                                                 // of sum drop(P) dctx
    for (var q0 = select(0u, p.first, dims.causal != 0u); q0 < dims.t; q0 += TILE) {
        stage_qkv(p, lane, 2u, q0, QUERY);
        let q_delta = own_row_sum(lane, delta_share(p, q0 + own, part));
        if part == 0u { deltas[own] = q_delta; }
        workgroupBarrier();
        var scores = products(0u, lane);
        workgroupBarrier();
        stage_dctx(p, lane, 2u, q0);
        workgroupBarrier();
        let dps = products(1u, lane);                                // forward: ctx[q] = sum drop(P) v
        var dss: PerRow;
        for (var i = 0u; part + i * LANES < TILE; i++) {
            let q = q0 + part + i * LANES;
            var weight = 0.0;
            if sees(p, q, k) {
                let probability = exp(scores[i] * dims.scale - lse[row_index(p, q)]);
                let factor = pair_dropout(p, q, k);
                weight = probability * factor;
                dss[i] = probability * (dps[i] * factor - deltas[q - q0]);
            }
            pairs[own * TILE + part + i * LANES] = weight;
        }
        workgroupBarrier();
        let dv_sums = weighted_sum(2u, lane);
        workgroupBarrier();
        stage_qkv(p, lane, 2u, q0, QUERY);                           // again: there is room for three tiles, not four
        for (var i = 0u; part + i * LANES < TILE; i++) {
            pairs[own * TILE + part + i * LANES] = dss[i];
        }
        workgroupBarrier();
        let dk_sums = weighted_sum(2u, lane);                        // forward: score = scale q.k
        for (var i = 0u; i < QUADS_MAX; i++) {
            dk[i] += dk_sums[i];
            dv[i] += dv_sums[i];
        }
        workgroupBarrier();
    }
    if k >= dims.t { return; }
    for (var i = 0u; i < 4u * QUADS_MAX; i++) {
        let channel = own_channel(part, i);
        if channel < dims.d {
            dqkv[qkv_index(p, k, KEY, channel)] = dk[i / 4u][i % 4u] * dims.scale;
            dqkv[qkv_index(p, k, VALUE, channel)] = dv[i / 4u][i % 4u];
        }
    }
}

@compute @workgroup_size(WG)
fn backward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let tiles = dims.b * dims.h * ((dims.t + TILE - 1u) / TILE);
    let group = group_index(wid, groups);
    if group < tiles {
        backward_queries(place(group), lane);
    } else if group < 2u * tiles {
        backward_keys(place(group - tiles), lane);
    }
}

@compute @workgroup_size(WG)
fn map(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(dims.first_group + group_index(wid, groups));
    let q = p.first + lane / LANES;
    if p.text >= dims.b || q >= dims.t { return; }
    for (var k = lane % LANES; k < dims.t; k += LANES) {
        var share = 0.0;
        if sees(p, q, k) {
            var score = 0.0;
            for (var channel = 0u; channel < dims.d; channel++) {
                score += f32(qkv[qkv_index(p, q, QUERY, channel)]) * f32(qkv[qkv_index(p, k, KEY, channel)]);
            }
            share = exp(score * dims.scale - lse[row_index(p, q)]);
        }
        shares[row_index(p, q) * dims.t + k] = share;
    }
}
