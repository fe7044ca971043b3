// matmul: C (m, n) = A B over k, for a linear layer y = x W^T + bias with W stored (out, in):
//   forward:           A = x   (m, k)     B = W^T, stored (n, k)     C = y
//   backward_input:    A = dy  (m, k)     B = W,   stored (k, n)     C = dx
//   backward_weight:   A = dy^T, stored (k, m)     B = x (k, n)      C = dW, and db = the sums of A over k
// A workgroup of WG_M x WG_N lanes owns a tile of TILE_M x TILE_N outputs and walks along k in steps through workgroup memory. A lane owns
// 4 x 4 outputs in a mat4x4f. matmul.staged.wgsl or matmul.cooperative.wgsl multiplies them.
// m, n and k may be anything: a read outside gives 0, and nothing is written outside. src/ops/matmul.rs says which types ElemA, ElemB and
// ElemC are; sums are f32. Uses lib/grid, lib/gelu, lib/tiles. Twin: src/cpu/matmul.rs
//   entry                     reads        writes                                  dispatch
//   forward                   a b bias     c      (=)   A B + bias                 tiles = ceil(m / TILE_M) * ceil(n / TILE_N)
//   forward_gelu              a b bias     u_out c (=)  u = A B + bias, c = gelu(u)   tiles
//   backward_input            a b          c      (=)   A B                        tiles
//   backward_input_add        a b          c      (+=)  A B                        tiles
//   backward_input_gelu       a b u        c      (=)   A B gelu'(u)               tiles
//   backward_input_partial    a b          c      (=)   A B over part p of k      tiles * parts
//   backward_weight           a b          c db   (+=)  A B, A 1                   tiles
//   backward_weight_partial   a b          c      (=)   both over part p of k      tiles * parts
override WG_M: u32;                                                  // TILE_M is 4 WG_M, TILE_N is 4 WG_N
override WG_N: u32;
override LANES = WG_M * WG_N;                                        // in one row: drivers ask whole subgroups of x for cooperative matrices

struct Dims {
    m: u32,
    n: u32,
    k: u32,
    k_part: u32,              // k of one partial product
}
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> a: array<ElemA>;            // (m, k); backward_weight: (k, m)
@group(0) @binding(2) var<storage, read> b: array<ElemB>;            // (n, k); all backward: (k, n)
@group(0) @binding(3) var<storage, read> bias: array<f32>;           // (n)
@group(0) @binding(4) var<storage, read_write> c: array<ElemC>;      // (m, n); partial: (parts, m n of A B, weights then m of A 1)
@group(0) @binding(5) var<storage, read_write> u_out: array<ElemB>;  // (m, n) before the gelu
@group(0) @binding(6) var<storage, read> u: array<ElemB>;            // (m, n) before the gelu
@group(0) @binding(7) var<storage, read_write> db: array<f32>;       // (m)

// Element (m, k) of A and (k, n) of B, stored by rows or by columns; 0 outside.
fn a_at(p: Place, m: u32, k: u32, by_columns: bool) -> f32 {
    if m >= dims.m || k >= p.k_end {
        return 0.0;
    }
    return f32(a[select(m * dims.k + k, k * dims.m + m, by_columns)]);
}
fn b_at(p: Place, k: u32, n: u32, by_columns: bool) -> f32 {
    if n >= dims.n || k >= p.k_end {
        return 0.0;
    }
    return f32(b[select(k * dims.n + n, n * dims.k + k, by_columns)]);
}

// The lane's sums over the workgroup's part of k: element [i][j] of ab is row m0 + 4 lid.y + i, column n0 + 4 lid.x + j of A B; a[i] is
// that row of A alone, where A is stored by columns.
struct Sums {
    ab: mat4x4f,
    a: vec4f,
}
// Index into (m, n) of the lane's output number i, element [i / 4][i % 4]; NONE where it lies outside.
const NONE = 0xffffffffu;
fn output_index(p: Place, lid: vec2u, i: u32) -> u32 {
    let m = p.m0 + 4u * lid.y + i / 4u;
    let n = p.n0 + 4u * lid.x + i % 4u;
    return select(NONE, m * dims.n + n, m < dims.m && n < dims.n);
}

@compute @workgroup_size(LANES)
fn forward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let lid = vec2u(lane % WG_N, lane / WG_N);
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    var sum = product(p, lid, false, true).ab;
    for (var i = 0u; i < 16u; i++) {
        let at = output_index(p, lid, i);
        if at != NONE {
            c[at] = ElemC(sum[i / 4u][i % 4u] + bias[at % dims.n]);
        }
    }
}

@compute @workgroup_size(LANES)
fn forward_gelu(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let lid = vec2u(lane % WG_N, lane / WG_N);
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    var sum = product(p, lid, false, true).ab;
    for (var i = 0u; i < 16u; i++) {
        let at = output_index(p, lid, i);
        if at != NONE {
            let value = ElemB(sum[i / 4u][i % 4u] + bias[at % dims.n]);
            u_out[at] = value;
            c[at] = ElemC(gelu(f32(value)));                         // of the stored number, which the backward reads
        }
    }
}

// forward: y = x W^T; so dx = dy W.
@compute @workgroup_size(LANES)
fn backward_input(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let lid = vec2u(lane % WG_N, lane / WG_N);
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    var sum = product(p, lid, false, false).ab;
    for (var i = 0u; i < 16u; i++) {
        let at = output_index(p, lid, i);
        if at != NONE {
            c[at] = ElemC(sum[i / 4u][i % 4u]);
        }
    }
}

// The same, added to what is there, because x also went through the residual branch.
@compute @workgroup_size(LANES)
fn backward_input_add(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let lid = vec2u(lane % WG_N, lane / WG_N);
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    var sum = product(p, lid, false, false).ab;
    for (var i = 0u; i < 16u; i++) {
        let at = output_index(p, lid, i);
        if at != NONE {
            c[at] += ElemC(sum[i / 4u][i % 4u]);
        }
    }
}

// forward: x = gelu(u), y = x W^T; so du = (dy W) gelu'(u).
@compute @workgroup_size(LANES)
fn backward_input_gelu(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let lid = vec2u(lane % WG_N, lane / WG_N);
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    var sum = product(p, lid, false, false).ab;
    for (var i = 0u; i < 16u; i++) {
        let at = output_index(p, lid, i);
        if at != NONE {
            c[at] = ElemC(sum[i / 4u][i % 4u] * gelu_grad(f32(u[at])));
        }
    }
}

// backward_input over k_part columns of dy; reduce.rows_sum joins the parts, in order.
@compute @workgroup_size(LANES)
fn backward_input_partial(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let lid = vec2u(lane % WG_N, lane / WG_N);
    let p = place(group_index(wid, groups));
    if p.k_first >= dims.k { return; }
    var sum = product(p, lid, false, false).ab;
    let first = p.part * dims.m * dims.n;
    for (var i = 0u; i < 16u; i++) {
        let at = output_index(p, lid, i);
        if at != NONE {
            c[first + at] = ElemC(sum[i / 4u][i % 4u]);
        }
    }
}

// forward: y = x W^T + b; so dW = dy^T x and db = dy^T 1.
@compute @workgroup_size(LANES)
fn backward_weight(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let lid = vec2u(lane % WG_N, lane / WG_N);
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    var sum = product(p, lid, true, false);
    for (var i = 0u; i < 16u; i++) {
        let at = output_index(p, lid, i);
        if at != NONE {
            c[at] += ElemC(sum.ab[i / 4u][i % 4u]);
        }
    }
    if p.n0 > 0u || lid.x > 0u { return; }                           // the tiles and lanes of the first columns have every row once
    let m = p.m0 + 4u * lid.y;
    for (var i = 0u; i < 4u && m + i < dims.m; i++) {
        db[m + i] += sum.a[i];
    }
}

// backward_weight over k_part rows; reduce.rows_add_pair joins the parts, in order.
@compute @workgroup_size(LANES)
fn backward_weight_partial(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let lid = vec2u(lane % WG_N, lane / WG_N);
    let p = place(group_index(wid, groups));
    if p.k_first >= dims.k { return; }
    var sum = product(p, lid, true, false);
    let first = p.part * dims.m * (dims.n + 1u);
    for (var i = 0u; i < 16u; i++) {
        let at = output_index(p, lid, i);
        if at != NONE {
            c[first + at] = ElemC(sum.ab[i / 4u][i % 4u]);
        }
    }
    if p.n0 > 0u || lid.x > 0u { return; }
    let m = p.m0 + 4u * lid.y;
    for (var i = 0u; i < 4u && m + i < dims.m; i++) {
        c[first + dims.m * dims.n + m + i] = ElemC(sum.a[i]);
    }
}
