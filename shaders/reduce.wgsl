// reduce: sums over the rows of a matrix: the second pass of every two-pass sum.
// A workgroup owns WG / slices columns, and slices lanes share a column. One lane adds from the first row to the last. Several lanes add every
// slices-th row each, and their sums are then added in the lanes' order. A variant that is not SLICED has one lane a column. Uses lib/grid. Twin: src/cpu/reduce.rs
//   entry            reads               writes               dispatch
//   rows_sum         partial             y         (=)        groups = ceil(columns / (WG / slices))
//   rows_add         partial             y         (+=)       groups
//   rows_add_pair    partial             y z       (+=)       groups
//   rows_add_pairs   partial partial2    y z y2 z2 (+=)       groups of the first, then of the second
override WG: u32;
override SLICED: u32;                                                // 0 or 1

struct Sum {
    rows: u32,
    columns: u32,
    y_columns: u32,           // how many of them are y's; in a pair the others are z's
    slices: u32,              // lanes of a column
}
struct Dims {
    first: Sum,
    second: Sum,
    groups: u32,              // of the first
    pad0: u32,
    pad1: u32,
    pad2: u32,
}
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> partial: array<f32>;        // (rows, columns)
@group(0) @binding(2) var<storage, read_write> y: array<f32>;        // (y_columns)
@group(0) @binding(3) var<storage, read_write> z: array<f32>;        // (columns - y_columns)
@group(0) @binding(4) var<storage, read> partial2: array<f32>;       // the same of the second
@group(0) @binding(5) var<storage, read_write> y2: array<f32>;
@group(0) @binding(6) var<storage, read_write> z2: array<f32>;

// Where a lane stands in a sum.
struct Place {
    column: u32,
    slice: u32,
    slices: u32,
    owner: bool,              // of the column's result
}
fn place(sum: Sum, group: u32, lane: u32) -> Place {
    let slices = select(1u, sum.slices, SLICED != 0u);
    let columns = WG / slices;
    let column = group * columns + lane % columns;
    return Place(column, lane / columns, slices, lane < columns && column < sum.columns);
}

var<workgroup> shares: array<f32, WG>;

// Adds what the lanes of a column have. Every lane calls it; the owner of the column gets the sum.
fn joined(p: Place, lane: u32, share: f32) -> f32 {
    if SLICED == 0u { return share; }
    shares[lane] = share;
    workgroupBarrier();
    var sum = 0.0;
    for (var i = lane % (WG / p.slices); i < WG; i += WG / p.slices) {
        sum += shares[i];
    }
    return sum;
}
fn column_sum(p: Place, lane: u32) -> f32 {
    var share = 0.0;
    for (var row = p.slice; p.column < dims.first.columns && row < dims.first.rows; row += p.slices) {
        share += partial[row * dims.first.columns + p.column];
    }
    return joined(p, lane, share);
}
fn column_sum2(p: Place, lane: u32) -> f32 {
    var share = 0.0;
    for (var row = p.slice; p.column < dims.second.columns && row < dims.second.rows; row += p.slices) {
        share += partial2[row * dims.second.columns + p.column];
    }
    return joined(p, lane, share);
}

@compute @workgroup_size(WG)
fn rows_sum(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(dims.first, group_index(wid, groups), lane);
    let sum = column_sum(p, lane);
    if p.owner { y[p.column] = sum; }
}

@compute @workgroup_size(WG)
fn rows_add(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(dims.first, group_index(wid, groups), lane);
    let sum = column_sum(p, lane);
    if p.owner { y[p.column] += sum; }
}

fn add_pair(p: Place, sum: f32) {
    if !p.owner { return; }
    if p.column < dims.first.y_columns {
        y[p.column] += sum;
    } else {
        z[p.column - dims.first.y_columns] += sum;
    }
}
@compute @workgroup_size(WG)
fn rows_add_pair(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let p = place(dims.first, group_index(wid, groups), lane);
    add_pair(p, column_sum(p, lane));
}

@compute @workgroup_size(WG)
fn rows_add_pairs(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let group = group_index(wid, groups);
    if group < dims.groups {
        let p = place(dims.first, group, lane);
        add_pair(p, column_sum(p, lane));
        return;
    }
    let p = place(dims.second, group - dims.groups, lane);
    let sum = column_sum2(p, lane);
    if !p.owner { return; }
    if p.column < dims.second.y_columns {
        y2[p.column] += sum;
    } else {
        z2[p.column - dims.second.y_columns] += sum;
    }
}
