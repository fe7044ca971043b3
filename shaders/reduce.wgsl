// reduce: sums over the rows of a matrix, first row to last: bias gradients, and the second pass of every two-pass sum.
// A lane owns a column (of a block of rows, in the first pass). Uses lib/grid. Twin: src/cpu/reduce.rs
//   entry             reads      writes             dispatch
//   columns_partial   x          partial  (=)       ceil(rows / rows_per_group) * ceil(columns / WG)
//   rows_add          partial    y        (+=)      ceil(columns / WG)
override WG: u32;
struct Dims {
    rows: u32,                // of what is read: x, or partial
    columns: u32,
    rows_per_group: u32,
    pad: u32,
}
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<f32>;              // (rows, columns)
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;  // (blocks of rows, columns)
@group(0) @binding(3) var<storage, read_write> y: array<f32>;        // (columns)

@compute @workgroup_size(WG)
fn columns_partial(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let group = group_index(wid, groups);
    let across = (dims.columns + WG - 1u) / WG;
    let block = group / across;
    let column = group % across * WG + lane;
    let first = block * dims.rows_per_group;
    if first >= dims.rows || column >= dims.columns { return; }
    var sum = 0.0;
    for (var row = first; row < min(first + dims.rows_per_group, dims.rows); row++) {
        sum += x[row * dims.columns + column];
    }
    partial[block * dims.columns + column] = sum;
}

@compute @workgroup_size(WG)
fn rows_add(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let column = group_index(wid, groups) * WG + lane;
    if column >= dims.columns { return; }
    var sum = 0.0;
    for (var row = 0u; row < dims.rows; row++) {
        sum += partial[row * dims.columns + column];
    }
    y[column] += sum;
}
