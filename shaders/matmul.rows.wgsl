// matmul without workgroup memory or barriers: the entry points of matmul.wgsl, table and all, where a lane owns sixteen rows of four
// columns, in registers, and a workgroup's WG lanes stand side by side along n. Two files come before this one: matmul.scalar or
// matmul.quad binds and reads the operands, matmul.direct or matmul.subgroup multiplies them:
//   product(p, n, a_by_columns, b_by_columns): rows m0 .. m0 + 15, columns n .. n + 3, over the workgroup's part of k;
//   row_sums(s): the sums over k of A's rows m0 .. m0 + 15, of a product whose A is stored by columns.
// What lies outside is read as something finite that is there, against a 0 in A, and never written.
// Uses lib/grid, lib/gelu, lib/tiles. Twin: src/cpu/matmul.rs
override WG: u32;                                                    // TILE_M is 16, TILE_N is 4 WG

// Row i of four is [i], four columns wide.
struct Sums {
    rows0: mat4x4f,
    rows4: mat4x4f,
    rows8: mat4x4f,
    rows12: mat4x4f,
    a: mat4x4f,               // for row_sums: four rows of A each, as far as the lane added them up
}

// Rows k .. k + 3 of B, columns n .. n + 3.
fn b_block(p: Place, k: u32, n: u32, by_columns: bool) -> mat4x4f {
    if by_columns {
        let last = dims.n - 1u;
        return transpose(mat4x4f(
            b_quad(min(n, last), k, dims.k), b_quad(min(n + 1u, last), k, dims.k),
            b_quad(min(n + 2u, last), k, dims.k), b_quad(min(n + 3u, last), k, dims.k)));
    }
    let last = p.k_end - 1u;
    return mat4x4f(
        b_quad(min(k, last), n, dims.n), b_quad(min(k + 1u, last), n, dims.n),
        b_quad(min(k + 2u, last), n, dims.n), b_quad(min(k + 3u, last), n, dims.n));
}
// x times y: row i is x[i] y.
fn outer(x: vec4f, y: vec4f) -> mat4x4f {
    return mat4x4f(x.x * y, x.y * y, x.z * y, x.w * y);
}

// Where the lane's columns start.
fn first_column(p: Place, lane: u32) -> u32 {
    return p.n0 + 4u * lane;
}

fn put_forward(m: u32, n: u32, rows: mat4x4f) {
    for (var i = 0u; i < 4u; i++) {
        if m + i < dims.m && n < dims.n { set_c(m + i, n, rows[i] + bias_quad(n)); }
    }
}
@compute @workgroup_size(WG)
fn forward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    let n = first_column(p, lane);
    let s = product(p, n, false, true);
    put_forward(p.m0, n, s.rows0);
    put_forward(p.m0 + 4u, n, s.rows4);
    put_forward(p.m0 + 8u, n, s.rows8);
    put_forward(p.m0 + 12u, n, s.rows12);
}

fn put_gelu(m: u32, n: u32, rows: mat4x4f) {
    for (var i = 0u; i < 4u; i++) {
        if m + i < dims.m && n < dims.n {
            let value = vec4f(vec4<ElemB>(rows[i] + bias_quad(n)));  // of what is stored, as the backward finds it
            set_u(m + i, n, value);
            set_c(m + i, n, vec4f(gelu(value.x), gelu(value.y), gelu(value.z), gelu(value.w)));
        }
    }
}
@compute @workgroup_size(WG)
fn forward_gelu(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    let n = first_column(p, lane);
    let s = product(p, n, false, true);
    put_gelu(p.m0, n, s.rows0);
    put_gelu(p.m0 + 4u, n, s.rows4);
    put_gelu(p.m0 + 8u, n, s.rows8);
    put_gelu(p.m0 + 12u, n, s.rows12);
}

fn put(m: u32, n: u32, rows: mat4x4f) {
    for (var i = 0u; i < 4u; i++) {
        if m + i < dims.m && n < dims.n { set_c(m + i, n, rows[i]); }
    }
}
// forward: y = x W^T; so dx = dy W.
@compute @workgroup_size(WG)
fn backward_input(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    let n = first_column(p, lane);
    let s = product(p, n, false, false);
    put(p.m0, n, s.rows0);
    put(p.m0 + 4u, n, s.rows4);
    put(p.m0 + 8u, n, s.rows8);
    put(p.m0 + 12u, n, s.rows12);
}

fn put_added(m: u32, n: u32, rows: mat4x4f) {
    for (var i = 0u; i < 4u; i++) {
        if m + i < dims.m && n < dims.n { add_c(m + i, n, rows[i]); }
    }
}
// The same, where x went two ways: joins the residual branch.
@compute @workgroup_size(WG)
fn backward_input_add(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    let n = first_column(p, lane);
    let s = product(p, n, false, false);
    put_added(p.m0, n, s.rows0);
    put_added(p.m0 + 4u, n, s.rows4);
    put_added(p.m0 + 8u, n, s.rows8);
    put_added(p.m0 + 12u, n, s.rows12);
}

fn put_gelu_grad(m: u32, n: u32, rows: mat4x4f) {
    for (var i = 0u; i < 4u; i++) {
        if m + i < dims.m && n < dims.n {
            let x = u_quad(m + i, n);
            set_c(m + i, n, rows[i] * vec4f(gelu_grad(x.x), gelu_grad(x.y), gelu_grad(x.z), gelu_grad(x.w)));
        }
    }
}
// forward: x = gelu(u), y = x W^T; so du = (dy W) gelu'(u).
@compute @workgroup_size(WG)
fn backward_input_gelu(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    let n = first_column(p, lane);
    let s = product(p, n, false, false);
    put_gelu_grad(p.m0, n, s.rows0);
    put_gelu_grad(p.m0 + 4u, n, s.rows4);
    put_gelu_grad(p.m0 + 8u, n, s.rows8);
    put_gelu_grad(p.m0 + 12u, n, s.rows12);
}

// forward: y = x W^T + b; so dW = dy^T x and db = dy^T 1.
@compute @workgroup_size(WG)
fn backward_weight(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    let n = first_column(p, lane);
    let s = product(p, n, true, false);
    put_added(p.m0, n, s.rows0);
    put_added(p.m0 + 4u, n, s.rows4);
    put_added(p.m0 + 8u, n, s.rows8);
    put_added(p.m0 + 12u, n, s.rows12);
    var sums = row_sums(s);
    if n > 0u { return; }                                            // the lane of the first columns has every row once
    for (var i = 0u; i < 4u && p.m0 + 4u * i < dims.m; i++) {
        add_db(p.m0 + 4u * i, sums[i]);
    }
}

fn put_part(p: Place, m: u32, n: u32, rows: mat4x4f) {
    for (var i = 0u; i < 4u; i++) {
        if m + i < dims.m && n < dims.n { set_part(p.part, m + i, n, rows[i]); }
    }
}
// The same over k_part rows; reduce.rows_add_pair joins the parts, in order.
@compute @workgroup_size(WG)
fn backward_weight_partial(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(group_index(wid, groups));
    if p.k_first >= dims.k { return; }
    let n = first_column(p, lane);
    let s = product(p, n, true, false);
    put_part(p, p.m0, n, s.rows0);
    put_part(p, p.m0 + 4u, n, s.rows4);
    put_part(p, p.m0 + 8u, n, s.rows8);
    put_part(p, p.m0 + 12u, n, s.rows12);
    var sums = row_sums(s);
    if n > 0u { return; }
    for (var i = 0u; i < 4u && p.m0 + 4u * i < dims.m; i++) {
        set_part_sums(p.part, p.m0 + 4u * i, sums[i]);
    }
}
