// tiles: which tile of a product's (m, n) outputs a workgroup owns, and which part of k. Needs dims with m, n, k and k_part.
override TILE_M: u32;
override TILE_N: u32;
// What a workgroup multiplies. Where a lane stands in it is apart from this, so that barriers depend on what all lanes share.
struct Place {
    m0: u32,                  // first row and column of the tile
    n0: u32,
    part: u32,
    k_first: u32,
    k_end: u32,
}

// sum and x times y: row i grows by x[i] y. As fma: not every driver joins a product and a sum by itself.
fn with_outer(sum: mat4x4f, x: vec4f, y: vec4f) -> mat4x4f {
    return mat4x4f(fma(x.xxxx, y, sum[0]), fma(x.yyyy, y, sum[1]), fma(x.zzzz, y, sum[2]), fma(x.wwww, y, sum[3]));
}

// Tiles along n first: neighbouring workgroups share rows of A. Past the last tile, part is past the last part.
fn place(group: u32) -> Place {
    let across = (dims.n + TILE_N - 1u) / TILE_N;
    let tiles = across * ((dims.m + TILE_M - 1u) / TILE_M);
    let tile = group % tiles;
    let part = group / tiles;
    let k_first = part * dims.k_part;
    return Place(tile / across * TILE_M, tile % across * TILE_N, part, k_first, min(k_first + dims.k_part, dims.k));
}

