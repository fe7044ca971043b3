// reduce: sums over the rows of a matrix, first row to last: the second pass of every two-pass sum.
// A lane owns a column. Uses lib/grid. Twin: src/cpu/reduce.rs
//   entry           reads      writes             dispatch
//   rows_add        partial    y        (+=)      ceil(columns / WG)
//   rows_add_pair   partial    y z      (+=)      ceil(columns / WG)
override WG: u32;
struct Dims {
    rows: u32,
    columns: u32,
    y_columns: u32,           // of which y's; rows_add_pair: z has the others
    pad: u32,
}
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> partial: array<f32>;        // (rows, columns)
@group(0) @binding(2) var<storage, read_write> y: array<f32>;        // (y_columns)
@group(0) @binding(3) var<storage, read_write> z: array<f32>;        // (columns - y_columns)

fn rows_sum(column: u32) -> f32 {
    var sum = 0.0;
    for (var row = 0u; row < dims.rows; row++) {
        sum += partial[row * dims.columns + column];
    }
    return sum;
}

@compute @workgroup_size(WG)
fn rows_add(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let column = group_index(wid, groups) * WG + lane;
    if column >= dims.columns { return; }
    y[column] += rows_sum(column);
}

@compute @workgroup_size(WG)
fn rows_add_pair(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let column = group_index(wid, groups) * WG + lane;
    if column >= dims.columns { return; }
    let sum = rows_sum(column);
    if column < dims.y_columns {
        y[column] += sum;
    } else {
        z[column - dims.y_columns] += sum;
    }
}
