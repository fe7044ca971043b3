// reduce: sums over the rows of a matrix: the second pass of every two-pass sum.
// A workgroup owns COLUMNS columns, each by SLICES lanes: one lane adds first row to last, more of them every SLICES-th row each, and
// their sums are added in the lanes' order. Uses lib/grid. Twin: src/cpu/reduce.rs
//   entry           reads      writes             dispatch
//   rows_sum        partial    y        (=)       ceil(columns / COLUMNS)
//   rows_add        partial    y        (+=)      ceil(columns / COLUMNS)
//   rows_add_pair   partial    y z      (+=)      ceil(columns / COLUMNS)
override WG: u32;
override SLICES: u32;
override COLUMNS = WG / SLICES;
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

var<workgroup> shares: array<f32, WG>;

// Every lane calls; the first COLUMNS get the sum of their column.
fn column_sum(column: u32, lane: u32) -> f32 {
    var sum = 0.0;
    if column < dims.columns {
        for (var row = lane / COLUMNS; row < dims.rows; row += SLICES) {
            sum += partial[row * dims.columns + column];
        }
    }
    if SLICES > 1u {
        shares[lane] = sum;
        workgroupBarrier();
        sum = 0.0;
        for (var i = lane % COLUMNS; i < WG; i += COLUMNS) {
            sum += shares[i];
        }
    }
    return sum;
}
// The lane's column.
fn own_column(group: u32, lane: u32) -> u32 {
    return group * COLUMNS + lane % COLUMNS;
}

@compute @workgroup_size(WG)
fn rows_sum(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let column = own_column(group_index(wid, groups), lane);
    let sum = column_sum(column, lane);
    if lane >= COLUMNS || column >= dims.columns { return; }
    y[column] = sum;
}

@compute @workgroup_size(WG)
fn rows_add(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let column = own_column(group_index(wid, groups), lane);
    let sum = column_sum(column, lane);
    if lane >= COLUMNS || column >= dims.columns { return; }
    y[column] += sum;
}

@compute @workgroup_size(WG)
fn rows_add_pair(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let column = own_column(group_index(wid, groups), lane);
    let sum = column_sum(column, lane);
    if lane >= COLUMNS || column >= dims.columns { return; }
    if column < dims.y_columns {
        y[column] += sum;
    } else {
        z[column - dims.y_columns] += sum;
    }
}
