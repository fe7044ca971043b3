// matmul, with operands bound number by number, so m, n and k may be anything. This file has the bindings of src/ops/matmul.rs and says how
// matmul.rows.wgsl reads and writes four neighbours of a row at a time. Reading a column past the last gives the last; none past it is written.
// src/ops/matmul.rs says which types ElemA, ElemB and ElemC are.
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

// Where the elements (row, column) .. (row, column + 3) of a matrix of that width stand.
fn quad(row: u32, column: u32, width: u32) -> vec4u {
    return row * width + min(column + vec4u(0u, 1u, 2u, 3u), vec4u(width - 1u));
}
fn a_quad(row: u32, column: u32, width: u32) -> vec4f {
    let i = quad(row, column, width);
    return vec4f(vec4<ElemA>(a[i.x], a[i.y], a[i.z], a[i.w]));
}
fn b_quad(row: u32, column: u32, width: u32) -> vec4f {
    let i = quad(row, column, width);
    return vec4f(vec4<ElemB>(b[i.x], b[i.y], b[i.z], b[i.w]));
}
fn bias_quad(column: u32) -> vec4f {
    let i = quad(0u, column, dims.n);
    return vec4f(bias[i.x], bias[i.y], bias[i.z], bias[i.w]);
}
fn u_quad(row: u32, column: u32) -> vec4f {
    let i = quad(row, column, dims.n);
    return vec4f(vec4<ElemB>(u[i.x], u[i.y], u[i.z], u[i.w]));
}
fn set_c(row: u32, column: u32, value: vec4f) {
    for (var j = 0u; j < min(4u, dims.n - column); j++) {
        c[row * dims.n + column + j] = ElemC(value[j]);
    }
}
fn add_c(row: u32, column: u32, value: vec4f) {
    for (var j = 0u; j < min(4u, dims.n - column); j++) {
        c[row * dims.n + column + j] += ElemC(value[j]);
    }
}
fn set_u(row: u32, column: u32, value: vec4f) {
    for (var j = 0u; j < min(4u, dims.n - column); j++) {
        u_out[row * dims.n + column + j] = ElemB(value[j]);
    }
}
// Four rows of the sums of A, from row m on.
fn add_db(m: u32, value: vec4f) {
    for (var i = 0u; i < min(4u, dims.m - m); i++) {
        db[m + i] += value[i];
    }
}
// Writes the part of C that starts at number first: its products, and then its sums of A.
fn set_part(first: u32, row: u32, column: u32, value: vec4f) {
    for (var j = 0u; j < min(4u, dims.n - column); j++) {
        c[first + row * dims.n + column + j] = ElemC(value[j]);
    }
}
fn set_part_sums(first: u32, m: u32, value: vec4f) {
    for (var i = 0u; i < min(4u, dims.m - m); i++) {
        c[first + dims.m * dims.n + m + i] = ElemC(value[i]);
    }
}
