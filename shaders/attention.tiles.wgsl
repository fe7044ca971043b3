// attention.tiles: the entry points of attention.wgsl, with its table, for adapters with many lanes, where workgroup memory is
// slower than arithmetic. A lane multiplies four rows by four in its registers. h and d mean the same as there. d is a multiple of
// four and at most D, which is 32 or 64.
// A workgroup owns 32 rows of one head (queries; in the backward's second half keys), and 32 rows pass by at a time. Its lanes form
// a square of 8 x 8. Lane (own, part) computes the 4 x 4 scores of own rows 4 own .. and passing rows 4 part ... Then it sums over
// the passing rows, for its own rows and for the channel quads part and, where D is 64, 8 + part. Operands are staged 32 channels
// at a time: half of the head, or all of it.
// Uses lib/step, lib/grid, lib/threefry, lib/dropout. Twin: src/cpu/attention.rs
override WG: u32;                                                    // 64 = 8 x 8
override TILE: u32;                                                  // rows a workgroup owns: 32
override D: u32;                                                     // most channels of a head
override HALVES: u32 = D / 32u;                                      // of 32 channels: one or two
const SIDE = 8u;                                                     // of the square of lanes
const PASSING = 32u;                                                 // rows that pass by at a time
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
@group(0) @binding(1) var<storage, read> qkv: array<vec4<Stored>>;   // (N, 3C)
@group(0) @binding(2) var<storage, read> mask: array<u32>;           // (B, T) 1 = token, 0 = padding
@group(0) @binding(3) var<storage, read_write> ctx: array<vec4<Stored>>; // (N, C)
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;      // (B, H, T) log-sum-exp of a query's scores
@group(0) @binding(5) var<storage, read> dctx: array<vec4f>;         // (N, C)
@group(0) @binding(7) var<storage, read_write> dqkv: array<vec4f>;   // (N, 3C)

// Four channels of 32 rows, [channel][row / 4]: a lane reads four rows' numbers of one channel at once. Sizes are fixed and constant
// indexes inside, so that a loop over blocks computes, and wgpu checks, one index a step.
struct Block {
    at: array<array<vec4f, SIDE>, 4>,
    pad: vec4f,               // lanes that walk along blocks hit different banks
}
var<workgroup> left: array<Block, SIDE>;                             // half of own rows; for sums the upper half of passing ones
var<workgroup> right: array<Block, SIDE>;                            // half of passing rows; for sums the lower
var<workgroup> pairs: array<Block, SIDE>;                            // [own row / 4][own row % 4][passing row / 4] weights of the sums
var<workgroup> scratch: array<array<vec4f, SIDE + 1u>, SIDE>;        // [row / 4][lane of it] of four rows; one of padding

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
// Where a lane stands. It also stages four rows from 4 own on, of channel quad part.
struct Seat {
    own: u32,
    part: u32,
}
fn four(first: u32) -> vec4u {
    return first + vec4u(0u, 1u, 2u, 3u);
}

// Index of a quad of channels; those of rows past the text repeat its last row.
fn qkv_index(p: Place, row: u32, part: u32, quad: u32) -> u32 {
    let n = p.text * dims.t + min(row, dims.t - 1u);
    return ((n * 3u + part) * dims.h + p.head) * (dims.d / 4u) + quad;
}
fn ctx_index(p: Place, row: u32, quad: u32) -> u32 {
    let n = p.text * dims.t + min(row, dims.t - 1u);
    return (n * dims.h + p.head) * (dims.d / 4u) + quad;
}
fn row_index(p: Place, row: vec4u) -> vec4u {
    return (p.text * dims.h + p.head) * dims.t + min(row, vec4u(dims.t - 1u));
}

// A quad of channels of row .. row + 3, one a column; zeros past the head.
fn qkv_rows(p: Place, row: u32, part: u32, quad: u32) -> mat4x4f {
    if 4u * quad >= dims.d { return mat4x4f(); }
    return mat4x4f(
        vec4f(qkv[qkv_index(p, row, part, quad)]), vec4f(qkv[qkv_index(p, row + 1u, part, quad)]),
        vec4f(qkv[qkv_index(p, row + 2u, part, quad)]), vec4f(qkv[qkv_index(p, row + 3u, part, quad)]));
}
fn dctx_rows(p: Place, row: u32, quad: u32) -> mat4x4f {
    if 4u * quad >= dims.d { return mat4x4f(); }
    return mat4x4f(
        dctx[ctx_index(p, row, quad)], dctx[ctx_index(p, row + 1u, quad)],
        dctx[ctx_index(p, row + 2u, quad)], dctx[ctx_index(p, row + 3u, quad)]);
}
fn ctx_rows(p: Place, row: u32, quad: u32) -> mat4x4f {
    if 4u * quad >= dims.d { return mat4x4f(); }
    return mat4x4f(
        vec4f(ctx[ctx_index(p, row, quad)]), vec4f(ctx[ctx_index(p, row + 1u, quad)]),
        vec4f(ctx[ctx_index(p, row + 2u, quad)]), vec4f(ctx[ctx_index(p, row + 3u, quad)]));
}
fn lse_rows(p: Place, row: vec4u) -> vec4f {
    let at = row_index(p, row);
    return vec4f(lse[at.x], lse[at.y], lse[at.z], lse[at.w]);
}
fn set_ctx(p: Place, row: u32, quad: u32, value: vec4f) {
    if row < dims.t && 4u * quad < dims.d { ctx[ctx_index(p, row, quad)] = vec4<Stored>(value); }
}
fn set_dqkv(p: Place, row: u32, part: u32, quad: u32, value: vec4f) {
    if row < dims.t && 4u * quad < dims.d { dqkv[qkv_index(p, row, part, quad)] = value; }
}
fn set_dqkv_rows(p: Place, row: u32, part: u32, quad: u32, rows: mat4x4f) {
    set_dqkv(p, row, part, quad, rows[0]);
    set_dqkv(p, row + 1u, part, quad, rows[1]);
    set_dqkv(p, row + 2u, part, quad, rows[2]);
    set_dqkv(p, row + 3u, part, quad, rows[3]);
}

// What a lane stages. A barrier before it lets all lanes finish reading the old rows; a barrier after it lets all rows arrive.
fn stage_left(seat: Seat, rows: mat4x4f) {
    let channels = transpose(rows);
    left[seat.part].at[0][seat.own] = channels[0];
    left[seat.part].at[1][seat.own] = channels[1];
    left[seat.part].at[2][seat.own] = channels[2];
    left[seat.part].at[3][seat.own] = channels[3];
}
fn stage_right(seat: Seat, rows: mat4x4f) {
    let channels = transpose(rows);
    right[seat.part].at[0][seat.own] = channels[0];
    right[seat.part].at[1][seat.own] = channels[1];
    right[seat.part].at[2][seat.own] = channels[2];
    right[seat.part].at[3][seat.own] = channels[3];
}

// sum + the lane's rows of left times its rows of right: [own row][passing row].
fn products(seat: Seat, sum: mat4x4f) -> mat4x4f {
    var s = sum;
    for (var i = 0u; i < SIDE; i++) {
        s = with_outer(s, left[i].at[0][seat.own], right[i].at[0][seat.part]);
        s = with_outer(s, left[i].at[1][seat.own], right[i].at[1][seat.part]);
        s = with_outer(s, left[i].at[2][seat.own], right[i].at[2][seat.part]);
        s = with_outer(s, left[i].at[3][seat.own], right[i].at[3][seat.part]);
    }
    return s;
}
// Written as fma, because not every driver joins a product and a sum by itself.
fn with_outer(sum: mat4x4f, x: vec4f, y: vec4f) -> mat4x4f {
    return mat4x4f(fma(x.xxxx, y, sum[0]), fma(x.yyyy, y, sum[1]), fma(x.zzzz, y, sum[2]), fma(x.wwww, y, sum[3]));
}
// Products of own rows with 32 passing ones from first on, of parts of qkv.
fn qkv_products(p: Place, seat: Seat, own: u32, first: u32, passing: u32) -> mat4x4f {
    var s: mat4x4f;
    for (var half = HALVES; half > 0u; half--) {                     // the lower one last: it stays staged for the sums
        let quad = (half - 1u) * SIDE + seat.part;
        workgroupBarrier();
        stage_left(seat, qkv_rows(p, p.first + 4u * seat.own, own, quad));
        stage_right(seat, qkv_rows(p, first + 4u * seat.own, passing, quad));
        workgroupBarrier();
        s = products(seat, s);
    }
    return s;
}

// The lane's four own rows of a sum: their quads part, and 8 + part where D is 64.
struct Sums {
    low: mat4x4f,
    high: mat4x4f,
}
// sum + pairs times the passing rows, which lie in right and left.
fn added(seat: Seat, sum: Sums) -> Sums {
    var more = sum;
    for (var i = 0u; i < SIDE; i++) {                                // four passing rows
        let weights = mat4x4f(
            pairs[seat.own].at[0][i], pairs[seat.own].at[1][i], pairs[seat.own].at[2][i], pairs[seat.own].at[3][i]);
        more.low = rows_added(more.low, weights, transpose(mat4x4f(
            right[seat.part].at[0][i], right[seat.part].at[1][i], right[seat.part].at[2][i], right[seat.part].at[3][i])));
        if D > 32u {
            more.high = rows_added(more.high, weights, transpose(mat4x4f(
                left[seat.part].at[0][i], left[seat.part].at[1][i], left[seat.part].at[2][i], left[seat.part].at[3][i])));
        }
    }
    return more;
}
fn rows_added(sum: mat4x4f, weights: mat4x4f, x: mat4x4f) -> mat4x4f {
    return mat4x4f(
        row_added(sum[0], weights[0], x), row_added(sum[1], weights[1], x),
        row_added(sum[2], weights[2], x), row_added(sum[3], weights[3], x));
}
fn row_added(sum: vec4f, weights: vec4f, x: mat4x4f) -> vec4f {
    return fma(weights.wwww, x[3], fma(weights.zzzz, x[2], fma(weights.yyyy, x[1], fma(weights.xxxx, x[0], sum))));
}
fn rows_scaled(rows: mat4x4f, by: vec4f) -> mat4x4f {
    return mat4x4f(rows[0] * by.x, rows[1] * by.y, rows[2] * by.z, rows[3] * by.w);
}
fn set_pairs(seat: Seat, weights: mat4x4f) {
    pairs[seat.own].at[0][seat.part] = weights[0];
    pairs[seat.own].at[1][seat.part] = weights[1];
    pairs[seat.own].at[2][seat.part] = weights[2];
    pairs[seat.own].at[3][seat.part] = weights[3];
}

// The sum, or the maximum, of the values that eight lanes left in scratch for rows 4 i .. 4 i + 3.
fn scratch_sum(i: u32) -> vec4f {
    return ((scratch[i][0] + scratch[i][1]) + (scratch[i][2] + scratch[i][3]))
        + ((scratch[i][4] + scratch[i][5]) + (scratch[i][6] + scratch[i][7]));
}
fn scratch_max(i: u32) -> vec4f {
    return max(
        max(max(scratch[i][0], scratch[i][1]), max(scratch[i][2], scratch[i][3])),
        max(max(scratch[i][4], scratch[i][5]), max(scratch[i][6], scratch[i][7])));
}
fn sum_of(x: vec4f) -> f32 {
    return (x.x + x.y) + (x.z + x.w);
}
fn max_of(x: vec4f) -> f32 {
    return max(max(x.x, x.y), max(x.z, x.w));
}

// Which keys are tokens of the text.
fn tokens(p: Place, k: vec4u) -> vec4<bool> {
    let at = p.text * dims.t + min(k, vec4u(dims.t - 1u));
    let real = vec4u(mask[at.x], mask[at.y], mask[at.z], mask[at.w]) != vec4u();
    return real & (k < vec4u(dims.t));
}
// Which queries attend to which keys, of pairs that are real.
fn sees(real: vec4<bool>, q: vec4u, k: vec4u) -> vec4<bool> {
    return real & ((k <= q) | vec4<bool>(dims.causal == 0u));
}
fn pair_dropout(p: Place, q: vec4u, k: vec4u) -> vec4f {
    let row = ((step.row_base + p.text) * dims.h + p.head) * dims.t + q;
    return dropout_factors(dims.dropout_threshold, dims.dropout_scale, dims.dropout_site, row * dims.t + k);
}
fn keys_end(p: Place) -> u32 {
    return select(dims.t, min(dims.t, p.first + TILE), dims.causal != 0u);
}

@compute @workgroup_size(WG)
fn forward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(dims.first_group + group_index(wid, groups));
    if p.text >= dims.b { return; }
    let seat = Seat(lane / SIDE, lane % SIDE);
    let q = four(p.first + 4u * seat.own);
    var acc: Sums;                                                   // of sum drop(P) v, over exp(m)
    var m = vec4f(LOWEST);                                           // running maxima of the rows' scores
    var l = vec4f();                                                 // the lane's share of sum exp(score - m)
    for (var k0 = 0u; k0 < keys_end(p); k0 += PASSING) {
        let scores = dims.scale * qkv_products(p, seat, QUERY, k0, KEY);
        let k = four(k0 + 4u * seat.part);
        let real = tokens(p, k);
        let seen = array<vec4<bool>, 4>(
            sees(real, q.xxxx, k), sees(real, q.yyyy, k), sees(real, q.zzzz, k), sees(real, q.wwww, k));
        let lowest = vec4f(LOWEST);
        scratch[seat.own][seat.part] = vec4f(
            max_of(select(lowest, scores[0], seen[0])), max_of(select(lowest, scores[1], seen[1])),
            max_of(select(lowest, scores[2], seen[2])), max_of(select(lowest, scores[3], seen[3])));
        workgroupBarrier();                                          // the keys have been read too
        stage_right(seat, qkv_rows(p, k0 + 4u * seat.own, VALUE, seat.part));
        if D > 32u { stage_left(seat, qkv_rows(p, k0 + 4u * seat.own, VALUE, SIDE + seat.part)); }
        let m_new = max(m, scratch_max(seat.own));
        let weights = mat4x4f(
            select(vec4f(), exp(scores[0] - m_new.x), seen[0]), select(vec4f(), exp(scores[1] - m_new.y), seen[1]),
            select(vec4f(), exp(scores[2] - m_new.z), seen[2]), select(vec4f(), exp(scores[3] - m_new.w), seen[3]));
        set_pairs(seat, mat4x4f(
            weights[0] * pair_dropout(p, q.xxxx, k), weights[1] * pair_dropout(p, q.yyyy, k),
            weights[2] * pair_dropout(p, q.zzzz, k), weights[3] * pair_dropout(p, q.wwww, k)));
        let rescale = exp(m - m_new);
        l = l * rescale + vec4f(sum_of(weights[0]), sum_of(weights[1]), sum_of(weights[2]), sum_of(weights[3]));
        acc.low = rows_scaled(acc.low, rescale);
        if D > 32u { acc.high = rows_scaled(acc.high, rescale); }
        m = m_new;
        workgroupBarrier();
        acc = added(seat, acc);
    }
    scratch[seat.own][seat.part] = l;
    workgroupBarrier();
    let total = scratch_sum(seat.own);
    let any = total > vec4f();                                       // then it is 1 at least: the highest score's term
    let inverse = select(vec4f(), 1.0 / max(total, vec4f(1.0)), any);
    set_ctx(p, q.x, seat.part, acc.low[0] * inverse.x);
    set_ctx(p, q.y, seat.part, acc.low[1] * inverse.y);
    set_ctx(p, q.z, seat.part, acc.low[2] * inverse.z);
    set_ctx(p, q.w, seat.part, acc.low[3] * inverse.w);
    if D > 32u {
        set_ctx(p, q.x, SIDE + seat.part, acc.high[0] * inverse.x);
        set_ctx(p, q.y, SIDE + seat.part, acc.high[1] * inverse.y);
        set_ctx(p, q.z, SIDE + seat.part, acc.high[2] * inverse.z);
        set_ctx(p, q.w, SIDE + seat.part, acc.high[3] * inverse.w);
    }
    if seat.part != 0u { return; }
    let at = row_index(p, q);
    let q_lse = select(vec4f(), m + log(max(total, vec4f(1.0))), any);
    if q.x < dims.t { lse[at.x] = q_lse.x; }
    if q.y < dims.t { lse[at.y] = q_lse.y; }
    if q.z < dims.t { lse[at.z] = q_lse.z; }
    if q.w < dims.t { lse[at.w] = q_lse.w; }
}

// The lane's share of delta of queries q ..: its quads of channels.
fn delta_shares(p: Place, q: u32, part: u32) -> vec4f {
    let low = row_products(dctx_rows(p, q, part), ctx_rows(p, q, part));
    if D > 32u { return low + row_products(dctx_rows(p, q, SIDE + part), ctx_rows(p, q, SIDE + part)); }
    return low;
}
fn row_products(x: mat4x4f, y: mat4x4f) -> vec4f {
    return vec4f(dot(x[0], y[0]), dot(x[1], y[1]), dot(x[2], y[2]), dot(x[3], y[3]));
}

// Computes drop(P) again for four pairs, and dS. log_p: the score less the query's lse.
struct Again {
    weights: vec4f,
    ds: vec4f,
}
fn again(p: Place, q: vec4u, k: vec4u, real: vec4<bool>, log_p: vec4f, dp: vec4f, delta: vec4f) -> Again {
    let factor = pair_dropout(p, q, k);
    let probability = select(vec4f(), exp(log_p), sees(real, q, k));
    return Again(probability * factor, probability * (dp * factor - delta));
}

// The query part of dqkv, of the queries that p owns.
fn backward_queries(p: Place, seat: Seat) {
    let first = p.first + 4u * seat.own;
    let q = four(first);
    let q_lse = lse_rows(p, q);
    scratch[seat.own][seat.part] = delta_shares(p, first, seat.part);
    workgroupBarrier();
    let q_delta = scratch_sum(seat.own);
    var acc: Sums;                                                   // of sum dS k
    for (var k0 = 0u; k0 < keys_end(p); k0 += PASSING) {
        var dps: mat4x4f;                                            // forward: ctx[q] = sum drop(P) v
        for (var half = HALVES; half > 0u; half--) {
            let quad = (half - 1u) * SIDE + seat.part;
            workgroupBarrier();
            stage_left(seat, dctx_rows(p, first, quad));
            stage_right(seat, qkv_rows(p, k0 + 4u * seat.own, VALUE, quad));
            workgroupBarrier();
            dps = products(seat, dps);
        }
        let scores = dims.scale * qkv_products(p, seat, QUERY, k0, KEY);
        if D > 32u {
            workgroupBarrier();
            stage_left(seat, qkv_rows(p, k0 + 4u * seat.own, KEY, SIDE + seat.part));
        }
        let k = four(k0 + 4u * seat.part);
        let real = tokens(p, k);
        set_pairs(seat, mat4x4f(
            again(p, q.xxxx, k, real, scores[0] - q_lse.x, dps[0], q_delta.xxxx).ds,
            again(p, q.yyyy, k, real, scores[1] - q_lse.y, dps[1], q_delta.yyyy).ds,
            again(p, q.zzzz, k, real, scores[2] - q_lse.z, dps[2], q_delta.zzzz).ds,
            again(p, q.wwww, k, real, scores[3] - q_lse.w, dps[3], q_delta.wwww).ds));
        workgroupBarrier();
        acc = added(seat, acc);                                      // forward: score = scale q.k
    }
    set_dqkv_rows(p, first, QUERY, seat.part, dims.scale * acc.low);
    if D > 32u { set_dqkv_rows(p, first, QUERY, SIDE + seat.part, dims.scale * acc.high); }
}

// The key and value parts, of the keys that p owns.
fn backward_keys(p: Place, seat: Seat) {
    let first = p.first + 4u * seat.own;
    let k = four(first);
    let real = tokens(p, k);
    var dk: Sums;                                                    // of sum dS q
    var dv: Sums;                                                    // of sum drop(P) dctx
    for (var q0 = select(0u, p.first, dims.causal != 0u); q0 < dims.t; q0 += PASSING) {
        let passing = q0 + 4u * seat.own;                            // what the lane stages
        scratch[seat.own][seat.part] = delta_shares(p, passing, seat.part);
        var dps: mat4x4f;                                            // forward: ctx[q] = sum drop(P) v
        for (var half = HALVES; half > 0u; half--) {
            let quad = (half - 1u) * SIDE + seat.part;
            workgroupBarrier();
            stage_left(seat, qkv_rows(p, first, VALUE, quad));
            stage_right(seat, dctx_rows(p, passing, quad));
            workgroupBarrier();
            dps = products(seat, dps);
        }
        let scores = dims.scale * qkv_products(p, seat, KEY, q0, QUERY);
        if D > 32u {
            workgroupBarrier();
            stage_left(seat, qkv_rows(p, passing, QUERY, SIDE + seat.part));
        }
        let q = four(q0 + 4u * seat.part);
        let q_lse = lse_rows(p, q);
        let q_delta = scratch_sum(seat.part);
        let there = q < vec4u(dims.t);
        let x = again(p, q, k.xxxx, there & real.xxxx, scores[0] - q_lse, dps[0], q_delta);
        let y = again(p, q, k.yyyy, there & real.yyyy, scores[1] - q_lse, dps[1], q_delta);
        let z = again(p, q, k.zzzz, there & real.zzzz, scores[2] - q_lse, dps[2], q_delta);
        let w = again(p, q, k.wwww, there & real.wwww, scores[3] - q_lse, dps[3], q_delta);
        set_pairs(seat, mat4x4f(x.ds, y.ds, z.ds, w.ds));
        workgroupBarrier();
        dk = added(seat, dk);                                        // forward: score = scale q.k
        workgroupBarrier();
        stage_right(seat, dctx_rows(p, passing, seat.part));
        if D > 32u { stage_left(seat, dctx_rows(p, passing, SIDE + seat.part)); }
        set_pairs(seat, mat4x4f(x.weights, y.weights, z.weights, w.weights));
        workgroupBarrier();
        dv = added(seat, dv);
    }
    set_dqkv_rows(p, first, KEY, seat.part, dims.scale * dk.low);
    set_dqkv_rows(p, first, VALUE, seat.part, dv.low);
    if D > 32u {
        set_dqkv_rows(p, first, KEY, SIDE + seat.part, dims.scale * dk.high);
        set_dqkv_rows(p, first, VALUE, SIDE + seat.part, dv.high);
    }
}

@compute @workgroup_size(WG)
fn backward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let tiles = dims.b * dims.h * ((dims.t + TILE - 1u) / TILE);
    let group = group_index(wid, groups);
    let seat = Seat(lane / SIDE, lane % SIDE);
    if group < tiles {
        backward_queries(place(group), seat);
    } else if group < 2u * tiles {
        backward_keys(place(group - tiles), seat);
    }
}
