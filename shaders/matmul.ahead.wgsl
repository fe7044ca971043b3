// matmul, for devices whose memory is far away. Both operands stand in workgroup memory, and a lane has 8 x 8 outputs. While a lane
// multiplies one TILE_K of k it fetches the next into registers, then stores it in the half of workgroup memory that no lane reads
// then. So a step has one barrier. A workgroup has WG / WG_N by WG_N lanes; TILE_M is 8 WG / WG_N, TILE_N is 8 WG_N. A lane fetches
// a block of 4 x 4 of an operand at a time, so a step of one operand has at most WG blocks. Uses matmul.rows, which says what
// block_at, product and row_sums must do.
override WG_N: u32;
override TILE_K: u32;
override A_BLOCKS = TILE_M * TILE_K / 16u;
override B_BLOCKS = TILE_N * TILE_K / 16u;
override A_QUADS = TILE_M / 4u;                                      // of rows, at one k
override B_QUADS = TILE_N / 4u;
override A_ROOM = 2u * TILE_K * A_QUADS;                             // naga wants a name for an array's size that overrides stand behind
override B_ROOM = 2u * TILE_K * B_QUADS;

// [half][k][m / 4] and [half][k][n / 4]: quads of neighbouring rows of A, columns of B.
var<workgroup> a_tile: array<vec4f, A_ROOM>;
var<workgroup> b_tile: array<vec4f, B_ROOM>;

// Blocks 0 and 1 in the upper half of the tile, 0 and 2 in its left half: what neighbouring lanes read are neighbouring quads.
fn block_at(p: Place, lane: u32, i: u32) -> vec2u {
    let m = lane / WG_N * 4u + i / 2u * (TILE_M / 2u);
    return vec2u(p.m0 + m, p.n0 + lane % WG_N * 4u + i % 2u * (TILE_N / 2u));
}

// Rows k .. k + 3 of A's transpose, its columns m .. m + 3.
fn a_block(p: Place, k: u32, m: u32, by_columns: bool) -> mat4x4f {
    if by_columns {
        return mat4x4f(a_across(p, m, k), a_across(p, m, k + 1u), a_across(p, m, k + 2u), a_across(p, m, k + 3u));
    }
    return transpose(mat4x4f(a_along(p, m, k), a_along(p, m + 1u, k), a_along(p, m + 2u, k), a_along(p, m + 3u, k)));
}

// What a lane fetches: a block of A, of B, or one of each. The first lanes have A's, the last ones B's.
struct Fetched {
    a: mat4x4f,
    b: mat4x4f,
}
// Where block i stands in a step, as (k, m or n); neighbouring lanes follow the axis that is contiguous in memory.
fn fetched_at(i: u32, quads: u32, along_k: bool) -> vec2u {
    return 4u * select(vec2u(i / quads, i % quads), vec2u(i % (TILE_K / 4u), i / (TILE_K / 4u)), along_k);
}
fn fetch(p: Place, lane: u32, k0: u32, a_by_columns: bool, b_by_columns: bool) -> Fetched {
    var f: Fetched;
    if lane < A_BLOCKS {
        let at = fetched_at(lane, A_QUADS, !a_by_columns);
        f.a = a_block(p, k0 + at.x, p.m0 + at.y, a_by_columns);
    }
    if lane >= WG - B_BLOCKS {
        let at = fetched_at(lane - (WG - B_BLOCKS), B_QUADS, b_by_columns);
        f.b = b_block(p, k0 + at.x, p.n0 + at.y, b_by_columns);
    }
    return f;
}
fn put_down(lane: u32, half: u32, f: Fetched, a_by_columns: bool, b_by_columns: bool) {
    if lane < A_BLOCKS {
        let at = fetched_at(lane, A_QUADS, !a_by_columns);
        let first = (half * TILE_K + at.x) * A_QUADS + at.y / 4u;
        a_tile[first] = f.a[0];
        a_tile[first + A_QUADS] = f.a[1];
        a_tile[first + 2u * A_QUADS] = f.a[2];
        a_tile[first + 3u * A_QUADS] = f.a[3];
    }
    if lane >= WG - B_BLOCKS {
        let at = fetched_at(lane - (WG - B_BLOCKS), B_QUADS, b_by_columns);
        let first = (half * TILE_K + at.x) * B_QUADS + at.y / 4u;
        b_tile[first] = f.b[0];
        b_tile[first + B_QUADS] = f.b[1];
        b_tile[first + 2u * B_QUADS] = f.b[2];
        b_tile[first + 3u * B_QUADS] = f.b[3];
    }
}

// The blocks, more by one k: x and y are where its quads of A and B stand.
fn more(sums: Sums, x: u32, y: u32, a_by_columns: bool) -> Sums {
    let x0 = a_tile[x];
    let x1 = a_tile[x + A_QUADS / 2u];
    let y0 = b_tile[y];
    let y1 = b_tile[y + B_QUADS / 2u];
    var s = sums;
    s.block0 = with_outer(s.block0, x0, y0);
    s.block1 = with_outer(s.block1, x0, y1);
    s.block2 = with_outer(s.block2, x1, y0);
    s.block3 = with_outer(s.block3, x1, y1);
    if a_by_columns {
        s.a[0] += x0;
        s.a[2] += x1;
    }
    return s;
}

fn product(p: Place, lane: u32, a_by_columns: bool, b_by_columns: bool) -> Sums {
    var s: Sums;
    var half = 0u;
    put_down(lane, half, fetch(p, lane, p.k_first, a_by_columns, b_by_columns), a_by_columns, b_by_columns);
    workgroupBarrier();
    for (var k0 = p.k_first; k0 < p.k_end; k0 += TILE_K) {
        let next = fetch(p, lane, k0 + TILE_K, a_by_columns, b_by_columns);
        let x = half * TILE_K * A_QUADS + lane / WG_N;
        let y = half * TILE_K * B_QUADS + lane % WG_N;
        for (var k = 0u; k < TILE_K; k += 4u) {
            s = more(s, x + k * A_QUADS, y + k * B_QUADS, a_by_columns);
            s = more(s, x + (k + 1u) * A_QUADS, y + (k + 1u) * B_QUADS, a_by_columns);
            s = more(s, x + (k + 2u) * A_QUADS, y + (k + 2u) * B_QUADS, a_by_columns);
            s = more(s, x + (k + 3u) * A_QUADS, y + (k + 3u) * B_QUADS, a_by_columns);
        }
        half = 1u - half;
        put_down(lane, half, next, a_by_columns, b_by_columns);
        workgroupBarrier();
    }
    return s;
}
// Every lane has added over all of k, so there is nothing to join.
fn row_sums(s: Sums) -> mat4x4f {
    return s.a;
}

