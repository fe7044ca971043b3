// layernorm: y = (x - mean) * rstd * w + b over the last axis, rstd = 1 / sqrt(var + eps); fused with what stands around it:
//   forward:            y = outer_dropout(LN(x))
//   forward_residual:   x = residual + inner_dropout(h), stored over h;  y = LN(x)
// One workgroup owns a row; its WG lanes stride over C. The backward's first workgroups add up the parameter gradients, a block of rows each.
// An element's dropout word has index (row_base * t + n) * C + channel. The backward draws the same words again.
// What the backward reads has type Stored. Statistics are taken of the stored numbers; sums are f32.
// Uses lib/step, lib/grid, lib/threefry, lib/dropout, lib/reduce. Twin: src/cpu/layernorm.rs
//   entry               reads                  writes                   dispatch
//   forward             x w b                  y mean rstd     (=)      N
//   forward_residual    residual h w b         h y mean rstd   (=)      N
//   backward            x w mean rstd dy       dx partial      (=)      ceil(N / rows_per_group) + N
//   backward_residual   x w mean rstd dy       dx dh partial   (=)      ceil(N / rows_per_group) + N
struct Dims {
    n: u32,                   // rows
    c: u32,
    eps: f32,
    rows_per_group: u32,
    t: u32,                   // tokens a row of text has
    inner_threshold: u32,
    inner_scale: f32,
    inner_site: u32,
    outer_threshold: u32,
    outer_scale: f32,
    outer_site: u32,
    pad: u32,
}
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<Stored>;           // (N, C) what was normalised
@group(0) @binding(2) var<storage, read> w: array<f32>;              // (C)
@group(0) @binding(3) var<storage, read> b: array<f32>;              // (C)
@group(0) @binding(4) var<storage, read_write> y: array<Stored>;     // (N, C)
@group(0) @binding(5) var<storage, read_write> mean: array<f32>;     // (N)
@group(0) @binding(6) var<storage, read_write> rstd: array<f32>;     // (N)
@group(0) @binding(7) var<storage, read> residual: array<Stored>;    // (N, C)
@group(0) @binding(8) var<storage, read_write> h: array<Stored>;     // (N, C) the branch, then the sum
@group(0) @binding(9) var<storage, read> dy: array<f32>;             // (N, C)
@group(0) @binding(10) var<storage, read_write> dx: array<f32>;      // (N, C)
@group(0) @binding(11) var<storage, read_write> dh: array<f32>;      // (N, C)
@group(0) @binding(12) var<storage, read_write> partial: array<f32>; // (blocks, 2, C) dw, db of a block of rows

// The dropout factor of element i of (N, C).
fn inner_dropout(i: u32) -> f32 {
    return dropout_factor(dims.inner_threshold, dims.inner_scale, dims.inner_site, step.row_base * dims.t * dims.c + i);
}
fn outer_dropout(i: u32) -> f32 {
    return dropout_factor(dims.outer_threshold, dims.outer_scale, dims.outer_site, step.row_base * dims.t * dims.c + i);
}

@compute @workgroup_size(WG)
fn forward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let row = group_index(wid, groups);
    if row >= dims.n { return; }
    let base = row * dims.c;
    var sum = 0.0;
    for (var c = lane; c < dims.c; c += WG) {
        sum += f32(x[base + c]);
    }
    let m = workgroup_sum(lane, sum) / f32(dims.c);
    var squares = 0.0;                                               // centred: no cancellation where |mean| >> deviation
    for (var c = lane; c < dims.c; c += WG) {
        let d = f32(x[base + c]) - m;
        squares += d * d;
    }
    let r = inverseSqrt(workgroup_sum(lane, squares) / f32(dims.c) + dims.eps);
    for (var c = lane; c < dims.c; c += WG) {
        y[base + c] = Stored(((f32(x[base + c]) - m) * r * w[c] + b[c]) * outer_dropout(base + c));
    }
    if lane == 0u {
        mean[row] = m;
        rstd[row] = r;
    }
}

@compute @workgroup_size(WG)
fn forward_residual(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let row = group_index(wid, groups);
    if row >= dims.n { return; }
    let base = row * dims.c;
    var sum = 0.0;
    for (var c = lane; c < dims.c; c += WG) {                        // a lane reads back only what it wrote itself
        let joined = Stored(f32(residual[base + c]) + f32(h[base + c]) * inner_dropout(base + c));
        h[base + c] = joined;
        sum += f32(joined);
    }
    let m = workgroup_sum(lane, sum) / f32(dims.c);
    var squares = 0.0;
    for (var c = lane; c < dims.c; c += WG) {
        let d = f32(h[base + c]) - m;
        squares += d * d;
    }
    let r = inverseSqrt(workgroup_sum(lane, squares) / f32(dims.c) + dims.eps);
    for (var c = lane; c < dims.c; c += WG) {
        y[base + c] = Stored((f32(h[base + c]) - m) * r * w[c] + b[c]);
    }
    if lane == 0u {
        mean[row] = m;
        rstd[row] = r;
    }
}

// The means over a row that the gradient needs: of g = dy w (after the outer dropout), and of g xhat.
struct Means {
    g: f32,
    g_xhat: f32,
}
fn row_means(row: u32, lane: u32) -> Means {
    let base = row * dims.c;
    var g_sum = 0.0;
    var g_xhat_sum = 0.0;
    for (var c = lane; c < dims.c; c += WG) {
        let g = dy[base + c] * outer_dropout(base + c) * w[c];
        g_sum += g;
        g_xhat_sum += g * (f32(x[base + c]) - mean[row]) * rstd[row];
    }
    let g_mean = workgroup_sum(lane, g_sum) / f32(dims.c);
    return Means(g_mean, workgroup_sum(lane, g_xhat_sum) / f32(dims.c));
}
// forward: y = xhat * w + b, xhat = (x - mean) * rstd, and mean and rstd depend on every x of the row:
// dx = rstd * (g - mean(g) - xhat * mean(g xhat))
fn dx_at(row: u32, c: u32, means: Means) -> f32 {
    let i = row * dims.c + c;
    let g = dy[i] * outer_dropout(i) * w[c];
    let xhat = (f32(x[i]) - mean[row]) * rstd[row];
    return rstd[row] * (g - means.g - xhat * means.g_xhat);
}

// Adds up the parameters' gradients, a block of rows a workgroup.
fn blocks() -> u32 {
    return (dims.n + dims.rows_per_group - 1u) / dims.rows_per_group;
}
fn put_partial(block: u32, lane: u32) {
    let first = block * dims.rows_per_group;
    for (var c = lane; c < dims.c; c += WG) {
        var dw_sum = 0.0;
        var db_sum = 0.0;
        for (var row = first; row < min(first + dims.rows_per_group, dims.n); row++) {
            let i = row * dims.c + c;
            let d = dy[i] * outer_dropout(i);
            dw_sum += d * (f32(x[i]) - mean[row]) * rstd[row];       // forward: y = (x - mean) * rstd * w + b
            db_sum += d;
        }
        partial[block * 2u * dims.c + c] = dw_sum;
        partial[(block * 2u + 1u) * dims.c + c] = db_sum;
    }
}

@compute @workgroup_size(WG)
fn backward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let group = group_index(wid, groups);
    if group < blocks() {
        put_partial(group, lane);
        return;
    }
    let row = group - blocks();
    if row >= dims.n { return; }
    let means = row_means(row, lane);
    for (var c = lane; c < dims.c; c += WG) {
        dx[row * dims.c + c] = dx_at(row, c, means);
    }
}

@compute @workgroup_size(WG)
fn backward_residual(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let group = group_index(wid, groups);
    if group < blocks() {
        put_partial(group, lane);
        return;
    }
    let row = group - blocks();
    if row >= dims.n { return; }
    let means = row_means(row, lane);
    for (var c = lane; c < dims.c; c += WG) {
        let i = row * dims.c + c;
        let d = dx_at(row, c, means);
        dx[i] = d;                                                   // forward: x = residual + h * inner_dropout
        dh[i] = d * inner_dropout(i);
    }
}
