// attention: the entry points of attention.wgsl, with its table, for adapters where barriers are expensive. A lane owns a whole row
// (a query; in the backward's second half a key), and lanes share nothing through memory: each lane reads one quad of a passing
// row, and a broadcast gives the quad to all lanes. h and d mean the same as there. d is a multiple of four and at most D, which is
// 32 or 64. A workgroup owns WG rows of one head.
// Uses lib/step, lib/grid, lib/threefry, lib/dropout; needs the feature subgroups. Twin: src/cpu/attention.rs
override WG: u32;                                                    // rows a workgroup owns
override TILE: u32;                                                  // the same
override D: u32;                                                     // most channels of a head
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

// Index of a quad of channels. A quad past the head repeats the last quad; a row past the text repeats the last row.
fn qkv_index(p: Place, row: u32, part: u32, quad: u32) -> u32 {
    let n = p.text * dims.t + min(row, dims.t - 1u);
    return ((n * 3u + part) * dims.h + p.head) * (dims.d / 4u) + min(quad, dims.d / 4u - 1u);
}
fn ctx_index(p: Place, row: u32, quad: u32) -> u32 {
    let n = p.text * dims.t + min(row, dims.t - 1u);
    return (n * dims.h + p.head) * (dims.d / 4u) + min(quad, dims.d / 4u - 1u);
}
fn row_index(p: Place, row: u32) -> u32 {
    return (p.text * dims.h + p.head) * dims.t + min(row, dims.t - 1u);
}
fn qkv_quad(p: Place, row: u32, part: u32, quad: u32) -> vec4f {
    return select(vec4f(), vec4f(qkv[qkv_index(p, row, part, quad)]), 4u * quad < dims.d);
}
fn dctx_quad(p: Place, row: u32, quad: u32) -> vec4f {
    return select(vec4f(), dctx[ctx_index(p, row, quad)], 4u * quad < dims.d);
}

// Half of the row that a lane owns, 32 channels. The other half exists where D is 64.
alias Half = array<vec4f, 8>;
struct Row {
    low: Half,
    high: Half,
}
fn own_qkv(p: Place, row: u32, part: u32) -> Row {
    var own: Row;
    for (var i = 0u; i < 8u; i++) {
        own.low[i] = qkv_quad(p, row, part, i);
        if D > 32u { own.high[i] = qkv_quad(p, row, part, 8u + i); }
    }
    return own;
}
fn own_dctx(p: Place, row: u32) -> Row {
    var own: Row;
    for (var i = 0u; i < 8u; i++) {
        own.low[i] = dctx_quad(p, row, i);
        if D > 32u { own.high[i] = dctx_quad(p, row, 8u + i); }
    }
    return own;
}

// A passing row: the lane's quads of its halves.
struct Passing {
    low: vec4f,
    high: vec4f,
}
fn passing_qkv(p: Place, lane: u32, row: u32, part: u32) -> Passing {
    var x: Passing;
    x.low = qkv_quad(p, row, part, lane);
    if D > 32u { x.high = qkv_quad(p, row, part, 8u + lane); }
    return x;
}
fn passing_dctx(p: Place, lane: u32, row: u32) -> Passing {
    var x: Passing;
    x.low = dctx_quad(p, row, lane);
    if D > 32u { x.high = dctx_quad(p, row, 8u + lane); }
    return x;
}

fn half_product(own: Half, x: vec4f) -> f32 {
    let low = dot(own[0], subgroupBroadcast(x, 0u)) + dot(own[1], subgroupBroadcast(x, 1u))
        + dot(own[2], subgroupBroadcast(x, 2u)) + dot(own[3], subgroupBroadcast(x, 3u));
    return low + dot(own[4], subgroupBroadcast(x, 4u)) + dot(own[5], subgroupBroadcast(x, 5u))
        + dot(own[6], subgroupBroadcast(x, 6u)) + dot(own[7], subgroupBroadcast(x, 7u));
}
// Own row times the passing one.
fn product(own: Row, x: Passing) -> f32 {
    var sum = half_product(own.low, x.low);
    if D > 32u { sum += half_product(own.high, x.high); }
    return sum;
}
fn half_added(sum: Half, weight: f32, x: vec4f) -> Half {
    return Half(
        sum[0] + weight * subgroupBroadcast(x, 0u), sum[1] + weight * subgroupBroadcast(x, 1u),
        sum[2] + weight * subgroupBroadcast(x, 2u), sum[3] + weight * subgroupBroadcast(x, 3u),
        sum[4] + weight * subgroupBroadcast(x, 4u), sum[5] + weight * subgroupBroadcast(x, 5u),
        sum[6] + weight * subgroupBroadcast(x, 6u), sum[7] + weight * subgroupBroadcast(x, 7u));
}
// sum + weight times the passing row.
fn added(sum: Row, weight: f32, x: Passing) -> Row {
    var more = sum;
    more.low = half_added(sum.low, weight, x.low);
    if D > 32u { more.high = half_added(sum.high, weight, x.high); }
    return more;
}
fn scaled(row: Row, factor: f32) -> Row {
    var out: Row;
    for (var i = 0u; i < 8u; i++) {
        out.low[i] = row.low[i] * factor;
        if D > 32u { out.high[i] = row.high[i] * factor; }
    }
    return out;
}

// Whether query q attends to key k.
fn sees(p: Place, q: u32, k: u32) -> bool {
    let real = mask[p.text * dims.t + min(k, dims.t - 1u)] != 0u;
    return real && q < dims.t && k < dims.t && (dims.causal == 0u || k <= q);
}
fn pair_dropout(p: Place, q: u32, k: u32) -> f32 {
    let row = ((step.row_base + p.text) * dims.h + p.head) * dims.t + q;
    return dropout_factor(dims.dropout_threshold, dims.dropout_scale, dims.dropout_site, row * dims.t + k);
}
// Rows from first on that this workgroup's rows see, or that see them.
fn keys_end(p: Place) -> u32 {
    return select(dims.t, min(dims.t, p.first + TILE), dims.causal != 0u);
}

@compute @workgroup_size(WG)
fn forward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) index: u32) {
    let p = place(dims.first_group + group_index(wid, groups));
    if p.text >= dims.b { return; }
    let lane = subgroupExclusiveAdd(1u);
    let q = p.first + index;
    let query = own_qkv(p, q, QUERY);
    var acc: Row;                                                    // of sum drop(P) v, over exp(m)
    var m = LOWEST;                                                  // running maximum of the row's scores
    var l = 0.0;                                                     // sum exp(score - m)
    for (var k = 0u; k < keys_end(p); k += 4u) {
        let scores = dims.scale * vec4f(
            product(query, passing_qkv(p, lane, k, KEY)), product(query, passing_qkv(p, lane, k + 1u, KEY)),
            product(query, passing_qkv(p, lane, k + 2u, KEY)), product(query, passing_qkv(p, lane, k + 3u, KEY)));
        let seen = vec4<bool>(sees(p, q, k), sees(p, q, k + 1u), sees(p, q, k + 2u), sees(p, q, k + 3u));
        let visible = select(vec4f(LOWEST), scores, seen);
        let m_new = max(max(m, max(visible.x, visible.y)), max(visible.z, visible.w));
        let rescale = exp(m - m_new);
        var weights = select(vec4f(), exp(scores - m_new), seen);
        l = l * rescale + weights.x + weights.y + weights.z + weights.w;
        weights *= vec4f(pair_dropout(p, q, k), pair_dropout(p, q, k + 1u), pair_dropout(p, q, k + 2u), pair_dropout(p, q, k + 3u));
        acc = added(scaled(acc, rescale), weights.x, passing_qkv(p, lane, k, VALUE));
        acc = added(acc, weights.y, passing_qkv(p, lane, k + 1u, VALUE));
        acc = added(acc, weights.z, passing_qkv(p, lane, k + 2u, VALUE));
        acc = added(acc, weights.w, passing_qkv(p, lane, k + 3u, VALUE));
        m = m_new;
    }
    if q >= dims.t { return; }
    let any = l > 0.0;                                               // then it is 1 at least: the highest score's term
    let out = scaled(acc, select(0.0, 1.0 / max(l, 1.0), any));
    for (var i = 0u; i < 8u; i++) {
        if 4u * i < dims.d { ctx[ctx_index(p, q, i)] = vec4<Stored>(out.low[i]); }
        if D > 32u && 32u + 4u * i < dims.d { ctx[ctx_index(p, q, 8u + i)] = vec4<Stored>(out.high[i]); }
    }
    lse[row_index(p, q)] = select(0.0, m + log(max(l, 1.0)), any);
}

// The query part of dqkv, of the queries that p owns.
fn backward_queries(p: Place, lane: u32, index: u32) {
    let q = p.first + index;
    let query = own_qkv(p, q, QUERY);
    let dout = own_dctx(p, q);
    var q_delta = 0.0;
    for (var i = 0u; i < 8u; i++) {                                  // dout is 0 past the head
        q_delta += dot(dout.low[i], vec4f(ctx[ctx_index(p, q, i)]));
        if D > 32u { q_delta += dot(dout.high[i], vec4f(ctx[ctx_index(p, q, 8u + i)])); }
    }
    let q_lse = lse[row_index(p, q)];
    var acc: Row;                                                    // of sum dS k
    for (var k = 0u; k < keys_end(p); k++) {
        let key = passing_qkv(p, lane, k, KEY);
        let dp = product(dout, passing_qkv(p, lane, k, VALUE));      // forward: ctx[q] = sum drop(P) v
        let probability = exp(product(query, key) * dims.scale - q_lse);
        let ds = probability * (dp * pair_dropout(p, q, k) - q_delta);
        acc = added(acc, select(0.0, ds, sees(p, q, k)), key);       // forward: score = scale q.k
    }
    if q >= dims.t { return; }
    let out = scaled(acc, dims.scale);
    for (var i = 0u; i < 8u; i++) {
        if 4u * i < dims.d { dqkv[qkv_index(p, q, QUERY, i)] = out.low[i]; }
        if D > 32u && 32u + 4u * i < dims.d { dqkv[qkv_index(p, q, QUERY, 8u + i)] = out.high[i]; }
    }
}

// delta of the passing query q, whose row of dctx is dout: the sum of the shares of the first eight lanes.
fn passing_delta(p: Place, lane: u32, q: u32, dout: Passing) -> f32 {
    var share = dot(dout.low, vec4f(ctx[ctx_index(p, q, lane)]));    // dout is 0 past the head
    if D > 32u { share += dot(dout.high, vec4f(ctx[ctx_index(p, q, 8u + lane)])); }
    let low = (subgroupBroadcast(share, 0u) + subgroupBroadcast(share, 1u)) + (subgroupBroadcast(share, 2u) + subgroupBroadcast(share, 3u));
    return low + ((subgroupBroadcast(share, 4u) + subgroupBroadcast(share, 5u)) + (subgroupBroadcast(share, 6u) + subgroupBroadcast(share, 7u)));
}

// The key and value parts, of the keys that p owns.
fn backward_keys(p: Place, lane: u32, index: u32) {
    let k = p.first + index;
    let key = own_qkv(p, k, KEY);
    let value = own_qkv(p, k, VALUE);
    var dk: Row;                                                     // of sum dS q
    var dv: Row;                                                     // of sum drop(P) dctx
    for (var q = select(0u, p.first, dims.causal != 0u); q < dims.t; q++) {
        let query = passing_qkv(p, lane, q, QUERY);
        let dout = passing_dctx(p, lane, q);
        let probability = exp(product(key, query) * dims.scale - lse[row_index(p, q)]);
        let factor = pair_dropout(p, q, k);
        let ds = probability * (product(value, dout) * factor - passing_delta(p, lane, q, dout));
        let seen = sees(p, q, k);
        dv = added(dv, select(0.0, probability * factor, seen), dout);
        dk = added(dk, select(0.0, ds, seen), query);                // forward: score = scale q.k
    }
    if k >= dims.t { return; }
    let dk_out = scaled(dk, dims.scale);
    for (var i = 0u; i < 8u; i++) {
        if 4u * i < dims.d {
            dqkv[qkv_index(p, k, KEY, i)] = dk_out.low[i];
            dqkv[qkv_index(p, k, VALUE, i)] = dv.low[i];
        }
        if D > 32u && 32u + 4u * i < dims.d {
            dqkv[qkv_index(p, k, KEY, 8u + i)] = dk_out.high[i];
            dqkv[qkv_index(p, k, VALUE, 8u + i)] = dv.high[i];
        }
    }
}

@compute @workgroup_size(WG)
fn backward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) index: u32) {
    let tiles = dims.b * dims.h * ((dims.t + TILE - 1u) / TILE);
    let group = group_index(wid, groups);
    let lane = subgroupExclusiveAdd(1u);
    if group < tiles {
        backward_queries(place(group), lane, index);
    } else if group < 2u * tiles {
        backward_keys(place(group - tiles), lane, index);
    }
}
