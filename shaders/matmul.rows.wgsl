// matmul, where a lane holds four blocks of 4 x 4 outputs in registers: the entry points of matmul.wgsl, with its table. A workgroup has WG
// lanes. Two files come before this one. matmul.scalar or matmul.quad binds and reads the operands. matmul.direct, matmul.subgroup or
// matmul.ahead says where a lane's blocks stand and multiplies them:
//   block_at(p, lane, i): row and column of the first output of block i of four; the blocks whose n is 0 have every row once;
//   product(p, lane, a_by_columns, b_by_columns): the blocks, over the workgroup's part of k;
//   row_sums(s): [i] the sums over k of the rows of A of block i, of a product whose A is stored by columns.
// A read outside of an operand gives some finite number of it, which a 0 in A multiplies. Nothing is written outside.
// Uses lib/grid, lib/gelu, lib/tiles. Twin: src/cpu/matmul.rs
override WG: u32;                                                    // outputs of a tile: 64 WG

// Row i of a block is [i], four columns wide.
struct Sums {
    block0: mat4x4f,
    block1: mat4x4f,
    block2: mat4x4f,
    block3: mat4x4f,
    a: mat4x4f,               // for row_sums: as far as the lane added them up
}

// Elements k .. k + 3 of row m of A, stored by rows; what lies past the end of k is 0.
fn a_along(p: Place, m: u32, k: u32) -> vec4f {
    let inside = k + vec4u(0u, 1u, 2u, 3u) < vec4u(p.k_end);
    return select(vec4f(), a_quad(min(m, dims.m - 1u), k, dims.k), inside);
}
// Rows m .. m + 3 of A at k, stored by columns.
fn a_across(p: Place, m: u32, k: u32) -> vec4f {
    return select(vec4f(), a_quad(min(k, p.k_end - 1u), m, dims.m), k < p.k_end);
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

fn put_forward(at: vec2u, rows: mat4x4f) {
    for (var i = 0u; i < 4u; i++) {
        if at.x + i < dims.m && at.y < dims.n { set_c(at.x + i, at.y, rows[i] + bias_quad(at.y)); }
    }
}
@compute @workgroup_size(WG)
fn forward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    let s = product(p, lane, false, true);
    put_forward(block_at(p, lane, 0u), s.block0);
    put_forward(block_at(p, lane, 1u), s.block1);
    put_forward(block_at(p, lane, 2u), s.block2);
    put_forward(block_at(p, lane, 3u), s.block3);
}

fn put_gelu(at: vec2u, rows: mat4x4f) {
    for (var i = 0u; i < 4u; i++) {
        if at.x + i < dims.m && at.y < dims.n {
            let value = vec4f(vec4<ElemB>(rows[i] + bias_quad(at.y)));  // of the stored number, which the backward reads
            set_u(at.x + i, at.y, value);
            set_c(at.x + i, at.y, vec4f(gelu(value.x), gelu(value.y), gelu(value.z), gelu(value.w)));
        }
    }
}
@compute @workgroup_size(WG)
fn forward_gelu(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    let s = product(p, lane, false, true);
    put_gelu(block_at(p, lane, 0u), s.block0);
    put_gelu(block_at(p, lane, 1u), s.block1);
    put_gelu(block_at(p, lane, 2u), s.block2);
    put_gelu(block_at(p, lane, 3u), s.block3);
}

fn put(at: vec2u, rows: mat4x4f) {
    for (var i = 0u; i < 4u; i++) {
        if at.x + i < dims.m && at.y < dims.n { set_c(at.x + i, at.y, rows[i]); }
    }
}
// forward: y = x W^T; so dx = dy W.
@compute @workgroup_size(WG)
fn backward_input(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    let s = product(p, lane, false, false);
    put(block_at(p, lane, 0u), s.block0);
    put(block_at(p, lane, 1u), s.block1);
    put(block_at(p, lane, 2u), s.block2);
    put(block_at(p, lane, 3u), s.block3);
}

fn put_added(at: vec2u, rows: mat4x4f) {
    for (var i = 0u; i < 4u; i++) {
        if at.x + i < dims.m && at.y < dims.n { add_c(at.x + i, at.y, rows[i]); }
    }
}
// The same, added to what is there, because x also went through the residual branch.
@compute @workgroup_size(WG)
fn backward_input_add(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    let s = product(p, lane, false, false);
    put_added(block_at(p, lane, 0u), s.block0);
    put_added(block_at(p, lane, 1u), s.block1);
    put_added(block_at(p, lane, 2u), s.block2);
    put_added(block_at(p, lane, 3u), s.block3);
}

fn put_gelu_grad(at: vec2u, rows: mat4x4f) {
    for (var i = 0u; i < 4u; i++) {
        if at.x + i < dims.m && at.y < dims.n {
            let x = u_quad(at.x + i, at.y);
            set_c(at.x + i, at.y, rows[i] * vec4f(gelu_grad(x.x), gelu_grad(x.y), gelu_grad(x.z), gelu_grad(x.w)));
        }
    }
}
// forward: x = gelu(u), y = x W^T; so du = (dy W) gelu'(u).
@compute @workgroup_size(WG)
fn backward_input_gelu(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    let s = product(p, lane, false, false);
    put_gelu_grad(block_at(p, lane, 0u), s.block0);
    put_gelu_grad(block_at(p, lane, 1u), s.block1);
    put_gelu_grad(block_at(p, lane, 2u), s.block2);
    put_gelu_grad(block_at(p, lane, 3u), s.block3);
}

// forward: y = x W^T + b; so dW = dy^T x and db = dy^T 1.
@compute @workgroup_size(WG)
fn backward_weight(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(group_index(wid, groups));
    if p.part > 0u { return; }
    let s = product(p, lane, true, false);
    put_added(block_at(p, lane, 0u), s.block0);
    put_added(block_at(p, lane, 1u), s.block1);
    put_added(block_at(p, lane, 2u), s.block2);
    put_added(block_at(p, lane, 3u), s.block3);
    var sums = row_sums(s);
    for (var i = 0u; i < 4u; i++) {
        let at = block_at(p, lane, i);
        if at.x < dims.m && at.y == 0u { add_db(at.x, sums[i]); }
    }
}

// Writes a block into the part of C that starts at number first.
fn put_part(first: u32, at: vec2u, rows: mat4x4f) {
    for (var i = 0u; i < 4u; i++) {
        if at.x + i < dims.m && at.y < dims.n { set_part(first, at.x + i, at.y, rows[i]); }
    }
}
// backward_input over k_part columns of dy; reduce.rows_sum joins the parts, in order.
@compute @workgroup_size(WG)
fn backward_input_partial(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(group_index(wid, groups));
    if p.k_first >= dims.k { return; }
    let s = product(p, lane, false, false);
    let first = p.part * dims.m * dims.n;
    put_part(first, block_at(p, lane, 0u), s.block0);
    put_part(first, block_at(p, lane, 1u), s.block1);
    put_part(first, block_at(p, lane, 2u), s.block2);
    put_part(first, block_at(p, lane, 3u), s.block3);
}

// backward_weight over k_part rows; reduce.rows_add_pair joins the parts, in order.
@compute @workgroup_size(WG)
fn backward_weight_partial(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(group_index(wid, groups));
    if p.k_first >= dims.k { return; }
    let s = product(p, lane, true, false);
    let first = p.part * dims.m * (dims.n + 1u);
    put_part(first, block_at(p, lane, 0u), s.block0);
    put_part(first, block_at(p, lane, 1u), s.block1);
    put_part(first, block_at(p, lane, 2u), s.block2);
    put_part(first, block_at(p, lane, 3u), s.block3);
    var sums = row_sums(s);
    for (var i = 0u; i < 4u; i++) {
        let at = block_at(p, lane, i);
        if at.x < dims.m && at.y == 0u { set_part_sums(first, at.x, sums[i]); }
    }
}
