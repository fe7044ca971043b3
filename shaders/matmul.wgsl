// matmul: C (m, n) = A B over k, for a linear layer y = x W^T + bias with W stored (out, in):
//   forward:           A = x   (m, k)     B = W^T, stored (n, k)     C = y
//   backward_input:    A = dy  (m, k)     B = W,   stored (k, n)     C = dx
//   backward_weight:   A = dy^T, stored (k, m)     B = x (k, n)      C = dW
// A workgroup of WG_M x WG_N lanes owns a tile of TILE_M x TILE_N outputs and walks k in steps of TILE_K through workgroup memory;
// a lane owns REG x REG of them, WG_M rows and WG_N columns apart, so that neighbouring lanes touch neighbouring words.
// m, n and k may be anything: what lies outside is read as 0 and never written. Uses lib/grid, lib/gelu. Twin: src/cpu/matmul.rs
//   entry                     reads        writes                                  dispatch
//   forward                   a b bias     c      (=)   A B + bias                 tiles = ceil(m / TILE_M) * ceil(n / TILE_N)
//   forward_gelu              a b bias     u_out c (=)  u = A B + bias, c = gelu(u)   tiles
//   backward_input            a b          c      (=)   A B                        tiles
//   backward_input_add        a b          c      (+=)  A B                        tiles
//   backward_input_gelu       a b u        c      (=)   A B gelu'(u)               tiles
//   backward_weight           a b          c      (+=)  A B                        tiles
//   backward_weight_partial   a b          c      (=)   A B over part p of k       tiles * parts
override TILE_M: u32;                                                // REG * WG_M
override TILE_N: u32;                                                // REG * WG_N
override TILE_K: u32;
override WG_M: u32;
override WG_N: u32;
const REG = 4u;                                                      // the side of a mat4x4f, which holds a lane's outputs

struct Dims {
    m: u32,
    n: u32,
    k: u32,
    k_part: u32,              // k of one partial product
}
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> a: array<f32>;              // (m, k); backward_weight: (k, m)
@group(0) @binding(2) var<storage, read> b: array<f32>;              // (n, k); all backward: (k, n)
@group(0) @binding(3) var<storage, read> bias: array<f32>;           // (n)
@group(0) @binding(4) var<storage, read_write> c: array<f32>;        // (m, n); backward_weight_partial: (parts, m, n)
@group(0) @binding(5) var<storage, read_write> u_out: array<f32>;    // (m, n) before the gelu
@group(0) @binding(6) var<storage, read> u: array<f32>;              // (m, n) before the gelu

// [k][m] and [k][n]; one word of padding a row, so that lanes that walk along k hit different banks.
var<workgroup> a_tile: array<f32, TILE_K * (TILE_M + 1u)>;
var<workgroup> b_tile: array<f32, TILE_K * (TILE_N + 1u)>;

// What a workgroup multiplies: the first row and column of its tile, and its part of k. Where a lane stands in it is lid, apart from
// this, so that the barriers' control flow depends on what all lanes share.
struct Place {
    m0: u32,
    n0: u32,
    part: u32,
    k_first: u32,
    k_end: u32,
}

// Tiles along n first: neighbouring workgroups share rows of A. Past the last tile, part is past the last part.
fn place(group: u32) -> Place {
    let across = (dims.n + TILE_N - 1u) / TILE_N;
    let tiles = across * ((dims.m + TILE_M - 1u) / TILE_M);
    let tile = group % tiles;
    let part = group / tiles;
    let k_first = part * dims.k_part;
    return Place(tile / across * TILE_M, tile % across * TILE_N, part, k_first, min(k_first + dims.k_part, dims.k));
}

// Stage k0 .. k0 + TILE_K of the operands; lanes follow the axis that is contiguous in memory.
fn stage_a_rows(p: Place, lid: vec3u, k0: u32) {                                 // a (m, k)
    for (var i = lid.y * WG_N + lid.x; i < TILE_M * TILE_K; i += WG_M * WG_N) {
        let m = p.m0 + i / TILE_K;
        let k = k0 + i % TILE_K;
        var value = 0.0;
        if m < dims.m && k < p.k_end {
            value = a[m * dims.k + k];
        }
        a_tile[i % TILE_K * (TILE_M + 1u) + i / TILE_K] = value;
    }
}
fn stage_a_columns(p: Place, lid: vec3u, k0: u32) {                              // a (k, m)
    for (var i = lid.y * WG_N + lid.x; i < TILE_M * TILE_K; i += WG_M * WG_N) {
        let m = p.m0 + i % TILE_M;
        let k = k0 + i / TILE_M;
        var value = 0.0;
        if m < dims.m && k < p.k_end {
            value = a[k * dims.m + m];
        }
        a_tile[i / TILE_M * (TILE_M + 1u) + i % TILE_M] = value;
    }
}
fn stage_b_rows(p: Place, lid: vec3u, k0: u32) {                                 // b (n, k)
    for (var i = lid.y * WG_N + lid.x; i < TILE_N * TILE_K; i += WG_M * WG_N) {
        let n = p.n0 + i / TILE_K;
        let k = k0 + i % TILE_K;
        var value = 0.0;
        if n < dims.n && k < p.k_end {
            value = b[n * dims.k + k];
        }
        b_tile[i % TILE_K * (TILE_N + 1u) + i / TILE_K] = value;
    }
}
fn stage_b_columns(p: Place, lid: vec3u, k0: u32) {                              // b (k, n)
    for (var i = lid.y * WG_N + lid.x; i < TILE_N * TILE_K; i += WG_M * WG_N) {
        let n = p.n0 + i % TILE_N;
        let k = k0 + i / TILE_N;
        var value = 0.0;
        if n < dims.n && k < p.k_end {
            value = b[k * dims.n + n];
        }
        b_tile[i / TILE_N * (TILE_N + 1u) + i % TILE_N] = value;
    }
}

// The staged tiles' contribution to the lane's outputs. Element [i][j] is row m0 + lid.y + i WG_M, column n0 + lid.x + j WG_N.
fn multiply_staged(lid: vec3u) -> mat4x4f {
    var sum = mat4x4f();
    for (var k = 0u; k < TILE_K; k++) {
        let i = k * (TILE_M + 1u) + lid.y;
        let j = k * (TILE_N + 1u) + lid.x;
        let y = vec4f(b_tile[j], b_tile[j + WG_N], b_tile[j + 2u * WG_N], b_tile[j + 3u * WG_N]);
        sum += mat4x4f(a_tile[i] * y, a_tile[i + WG_M] * y, a_tile[i + 2u * WG_M] * y, a_tile[i + 3u * WG_M] * y);
    }
    return sum;
}

fn product(p: Place, lid: vec3u, a_is_columns: bool, b_is_columns: bool) -> mat4x4f {
    var sum = mat4x4f();
    for (var k0 = p.k_first; k0 < p.k_end; k0 += TILE_K) {
        if a_is_columns { stage_a_columns(p, lid, k0); } else { stage_a_rows(p, lid, k0); }
        if b_is_columns { stage_b_columns(p, lid, k0); } else { stage_b_rows(p, lid, k0); }
        workgroupBarrier();
        sum += multiply_staged(lid);
        workgroupBarrier();                                          // the next step may now overwrite the tiles
    }
    return sum;
}

// Index into (m, n) of the lane's output number i, element [i / REG][i % REG]; NONE where it lies outside.
const NONE = 0xffffffffu;
fn output_index(p: Place, lid: vec3u, i: u32) -> u32 {
    let m = p.m0 + lid.y + i / REG * WG_M;
    let n = p.n0 + lid.x + i % REG * WG_N;
    return select(NONE, m * dims.n + n, m < dims.m && n < dims.n);
}

@compute @workgroup_size(WG_N, WG_M)
fn forward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_id) lid: vec3u) {
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    var sum = product(p, lid, false, false);
    for (var i = 0u; i < REG * REG; i++) {
        let at = output_index(p, lid, i);
        if at != NONE {
            c[at] = sum[i / REG][i % REG] + bias[at % dims.n];
        }
    }
}

@compute @workgroup_size(WG_N, WG_M)
fn forward_gelu(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_id) lid: vec3u) {
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    var sum = product(p, lid, false, false);
    for (var i = 0u; i < REG * REG; i++) {
        let at = output_index(p, lid, i);
        if at != NONE {
            let value = sum[i / REG][i % REG] + bias[at % dims.n];
            u_out[at] = value;
            c[at] = gelu(value);
        }
    }
}

// forward: y = x W^T; so dx = dy W.
@compute @workgroup_size(WG_N, WG_M)
fn backward_input(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_id) lid: vec3u) {
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    var sum = product(p, lid, false, true);
    for (var i = 0u; i < REG * REG; i++) {
        let at = output_index(p, lid, i);
        if at != NONE {
            c[at] = sum[i / REG][i % REG];
        }
    }
}

// The same, where x went two ways: joins the residual branch.
@compute @workgroup_size(WG_N, WG_M)
fn backward_input_add(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_id) lid: vec3u) {
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    var sum = product(p, lid, false, true);
    for (var i = 0u; i < REG * REG; i++) {
        let at = output_index(p, lid, i);
        if at != NONE {
            c[at] += sum[i / REG][i % REG];
        }
    }
}

// forward: x = gelu(u), y = x W^T; so du = (dy W) gelu'(u).
@compute @workgroup_size(WG_N, WG_M)
fn backward_input_gelu(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_id) lid: vec3u) {
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    var sum = product(p, lid, false, true);
    for (var i = 0u; i < REG * REG; i++) {
        let at = output_index(p, lid, i);
        if at != NONE {
            c[at] = sum[i / REG][i % REG] * gelu_grad(u[at]);
        }
    }
}

// forward: y = x W^T; so dW = dy^T x.
@compute @workgroup_size(WG_N, WG_M)
fn backward_weight(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_id) lid: vec3u) {
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    var sum = product(p, lid, true, true);
    for (var i = 0u; i < REG * REG; i++) {
        let at = output_index(p, lid, i);
        if at != NONE {
            c[at] += sum[i / REG][i % REG];
        }
    }
}

// The same over k_part rows; reduce.rows_add joins the parts, in order.
@compute @workgroup_size(WG_N, WG_M)
fn backward_weight_partial(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_id) lid: vec3u) {
    let p = place(group_index(wid, groups));
    if p.k_first >= dims.k { return; }
    var sum = product(p, lid, true, true);
    for (var i = 0u; i < REG * REG; i++) {
        let at = output_index(p, lid, i);
        if at != NONE {
            c[p.part * dims.m * dims.n + at] = sum[i / REG][i % REG];
        }
    }
}
