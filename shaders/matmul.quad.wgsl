// matmul, with operands bound four numbers at a time, so m, n and k are multiples of four. This file has the bindings of src/ops/matmul.rs
// and says how matmul.rows.wgsl reads and writes four neighbours of a row. Reading a column past the last quad gives the last quad.
// src/ops/matmul.rs says which types ElemA, ElemB and ElemC are.
struct Dims {
    m: u32,
    n: u32,
    k: u32,
    k_part: u32,              // k of one partial product
}
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> a: array<vec4<ElemA>>;      // (m, k); backward_weight: (k, m)
@group(0) @binding(2) var<storage, read> b: array<vec4<ElemB>>;      // (n, k); all backward: (k, n)
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;         // (n)
@group(0) @binding(4) var<storage, read_write> c: array<vec4<ElemC>>; // (m, n); partial: (parts, m n of A B, weights then m of A 1)
@group(0) @binding(5) var<storage, read_write> u_out: array<vec4<ElemB>>; // (m, n) before the gelu
@group(0) @binding(6) var<storage, read> u: array<vec4<ElemB>>;      // (m, n) before the gelu
@group(0) @binding(7) var<storage, read_write> db: array<vec4f>;     // (m)

// Which quad holds the elements (row, column) .. (row, column + 3) of a matrix of that width.
fn quad(row: u32, column: u32, width: u32) -> u32 {
    return row * (width / 4u) + min(column, width - 4u) / 4u;
}
fn a_quad(row: u32, column: u32, width: u32) -> vec4f {
    return vec4f(a[quad(row, column, width)]);
}
fn b_quad(row: u32, column: u32, width: u32) -> vec4f {
    return vec4f(b[quad(row, column, width)]);
}
fn bias_quad(column: u32) -> vec4f {
    return bias[quad(0u, column, dims.n)];
}
fn u_quad(row: u32, column: u32) -> vec4f {
    return vec4f(u[quad(row, column, dims.n)]);
}
fn set_c(row: u32, column: u32, value: vec4f) {
    c[quad(row, column, dims.n)] = vec4<ElemC>(value);
}
fn add_c(row: u32, column: u32, value: vec4f) {
    c[quad(row, column, dims.n)] += vec4<ElemC>(value);
}
fn set_u(row: u32, column: u32, value: vec4f) {
    u_out[quad(row, column, dims.n)] = vec4<ElemB>(value);
}
// Four rows of the sums of A, from row m on.
fn add_db(m: u32, value: vec4f) {
    db[m / 4u] += value;
}
// Writes the part of C that starts at number first: its products, and then its sums of A.
fn set_part(first: u32, row: u32, column: u32, value: vec4f) {
    c[first / 4u + quad(row, column, dims.n)] = vec4<ElemC>(value);
}
fn set_part_sums(first: u32, m: u32, value: vec4f) {
    c[first / 4u + dims.m * (dims.n / 4u) + m / 4u] = vec4<ElemC>(value);
}
