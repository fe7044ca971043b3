// layernorm: the entry points of layernorm.wgsl, with its table, for adapters where barriers are expensive. A lane owns a whole row and takes
// it four channels at a time. So the dispatch has ceil(N / WG) workgroups in place of N, needs no barrier, and no lane waits for another.
// C is a multiple of four.
// Uses lib/step, lib/grid, lib/threefry, lib/dropout. Twin: src/cpu/layernorm.rs
override WG: u32;                                                    // rows a workgroup owns
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
@group(0) @binding(1) var<storage, read> x: array<vec4<Stored>>;     // (N, C) what was normalised
@group(0) @binding(2) var<storage, read> w: array<vec4f>;            // (C)
@group(0) @binding(3) var<storage, read> b: array<vec4f>;            // (C)
@group(0) @binding(4) var<storage, read_write> y: array<vec4<Stored>>; // (N, C)
@group(0) @binding(5) var<storage, read_write> mean: array<f32>;     // (N)
@group(0) @binding(6) var<storage, read_write> rstd: array<f32>;     // (N)
@group(0) @binding(7) var<storage, read> residual: array<vec4<Stored>>; // (N, C)
@group(0) @binding(8) var<storage, read_write> h: array<vec4<Stored>>; // (N, C) the branch, then the sum
@group(0) @binding(9) var<storage, read> dy: array<vec4f>;           // (N, C)
@group(0) @binding(10) var<storage, read_write> dx: array<vec4f>;    // (N, C)
@group(0) @binding(11) var<storage, read_write> dh: array<vec4f>;    // (N, C)
@group(0) @binding(12) var<storage, read_write> partial: array<vec4f>; // (blocks, 2, C) dw, db of a block of rows

// The dropout factors of quad i of (N, C).
fn inner_dropout(i: u32) -> vec4f {
    let first = step.row_base * dims.t * dims.c + 4u * i;
    return vec4f(
        dropout_factor(dims.inner_threshold, dims.inner_scale, dims.inner_site, first),
        dropout_factor(dims.inner_threshold, dims.inner_scale, dims.inner_site, first + 1u),
        dropout_factor(dims.inner_threshold, dims.inner_scale, dims.inner_site, first + 2u),
        dropout_factor(dims.inner_threshold, dims.inner_scale, dims.inner_site, first + 3u));
}
fn outer_dropout(i: u32) -> vec4f {
    let first = step.row_base * dims.t * dims.c + 4u * i;
    return vec4f(
        dropout_factor(dims.outer_threshold, dims.outer_scale, dims.outer_site, first),
        dropout_factor(dims.outer_threshold, dims.outer_scale, dims.outer_site, first + 1u),
        dropout_factor(dims.outer_threshold, dims.outer_scale, dims.outer_site, first + 2u),
        dropout_factor(dims.outer_threshold, dims.outer_scale, dims.outer_site, first + 3u));
}
// Mean of a row from the sums of its four columns of channels.
fn mean_of(sums: vec4f) -> f32 {
    return ((sums.x + sums.y) + (sums.z + sums.w)) / f32(dims.c);
}

@compute @workgroup_size(WG)
fn forward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let row = group_index(wid, groups) * WG + lane;
    if row >= dims.n { return; }
    let quads = dims.c / 4u;
    let base = row * quads;
    var sum = vec4f();
    for (var c = 0u; c < quads; c++) {
        sum += vec4f(x[base + c]);
    }
    let m = mean_of(sum);
    var squares = vec4f();                                           // centred: no cancellation where |mean| >> deviation
    for (var c = 0u; c < quads; c++) {
        let d = vec4f(x[base + c]) - m;
        squares += d * d;
    }
    let r = inverseSqrt(mean_of(squares) + dims.eps);
    for (var c = 0u; c < quads; c++) {
        y[base + c] = vec4<Stored>(((vec4f(x[base + c]) - m) * r * w[c] + b[c]) * outer_dropout(base + c));
    }
    mean[row] = m;
    rstd[row] = r;
}

@compute @workgroup_size(WG)
fn forward_residual(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let row = group_index(wid, groups) * WG + lane;
    if row >= dims.n { return; }
    let quads = dims.c / 4u;
    let base = row * quads;
    var sum = vec4f();
    for (var c = 0u; c < quads; c++) {
        let joined = vec4<Stored>(vec4f(residual[base + c]) + vec4f(h[base + c]) * inner_dropout(base + c));
        h[base + c] = joined;
        sum += vec4f(joined);
    }
    let m = mean_of(sum);
    var squares = vec4f();
    for (var c = 0u; c < quads; c++) {
        let d = vec4f(h[base + c]) - m;
        squares += d * d;
    }
    let r = inverseSqrt(mean_of(squares) + dims.eps);
    for (var c = 0u; c < quads; c++) {
        y[base + c] = vec4<Stored>((vec4f(h[base + c]) - m) * r * w[c] + b[c]);
    }
    mean[row] = m;
    rstd[row] = r;
}

// The means over a row that the gradient needs: of g = dy w (after the outer dropout), and of g xhat.
struct Means {
    g: f32,
    g_xhat: f32,
}
fn row_means(row: u32, m: f32, r: f32) -> Means {
    let quads = dims.c / 4u;
    var g_sum = vec4f();
    var g_xhat_sum = vec4f();
    for (var c = 0u; c < quads; c++) {
        let i = row * quads + c;
        let g = dy[i] * outer_dropout(i) * w[c];
        g_sum += g;
        g_xhat_sum += g * (vec4f(x[i]) - m) * r;
    }
    return Means(mean_of(g_sum), mean_of(g_xhat_sum));
}
// forward: y = xhat * w + b, xhat = (x - mean) * rstd, and mean and rstd depend on every x of the row:
// dx = rstd * (g - mean(g) - xhat * mean(g xhat))
fn dx_at(i: u32, c: u32, m: f32, r: f32, means: Means) -> vec4f {
    let g = dy[i] * outer_dropout(i) * w[c];
    return r * (g - means.g - (vec4f(x[i]) - m) * r * means.g_xhat);
}

// Adds up the parameters' gradients, a block of rows a workgroup.
fn blocks() -> u32 {
    return (dims.n + dims.rows_per_group - 1u) / dims.rows_per_group;
}
fn put_partial(block: u32, lane: u32) {
    let first = block * dims.rows_per_group;
    let quads = dims.c / 4u;
    for (var c = lane; c < quads; c += WG) {
        var dw_sum = vec4f();
        var db_sum = vec4f();
        for (var row = first; row < min(first + dims.rows_per_group, dims.n); row++) {
            let i = row * quads + c;
            let d = dy[i] * outer_dropout(i);
            dw_sum += d * (vec4f(x[i]) - mean[row]) * rstd[row];     // forward: y = (x - mean) * rstd * w + b
            db_sum += d;
        }
        partial[block * 2u * quads + c] = dw_sum;
        partial[(block * 2u + 1u) * quads + c] = db_sum;
    }
}

@compute @workgroup_size(WG)
fn backward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let group = group_index(wid, groups);
    if group < blocks() {
        put_partial(group, lane);
        return;
    }
    let row = (group - blocks()) * WG + lane;
    if row >= dims.n { return; }
    let m = mean[row];
    let r = rstd[row];
    let means = row_means(row, m, r);
    for (var c = 0u; c < dims.c / 4u; c++) {
        let i = row * (dims.c / 4u) + c;
        dx[i] = dx_at(i, c, m, r, means);
    }
}

@compute @workgroup_size(WG)
fn backward_residual(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
    let group = group_index(wid, groups);
    if group < blocks() {
        put_partial(group, lane);
        return;
    }
    let row = (group - blocks()) * WG + lane;
    if row >= dims.n { return; }
    let m = mean[row];
    let r = rstd[row];
    let means = row_means(row, m, r);
    for (var c = 0u; c < dims.c / 4u; c++) {
        let i = row * (dims.c / 4u) + c;
        let d = dx_at(i, c, m, r, means);
        dx[i] = d;                                                   // forward: x = residual + h * inner_dropout
        dh[i] = d * inner_dropout(i);
    }
}
