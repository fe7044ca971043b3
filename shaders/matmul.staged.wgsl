// matmul.staged: the product of matmul.wgsl. Both operands stand in workgroup memory, TILE_K deep, and a lane computes 4 x 4 outputs by vec4f.
override TILE_K: u32;

// [k][m / 4] and [k][n / 4]: quads of neighbouring rows of A, columns of B. One quad of padding a row, so that lanes that walk along
// k hit different banks.
var<workgroup> a_tile: array<vec4f, TILE_K * (TILE_M / 4u + 1u)>;
var<workgroup> b_tile: array<vec4f, TILE_K * (TILE_N / 4u + 1u)>;

// Stage k0 .. k0 + TILE_K of an operand, a quad at a time; neighbouring lanes follow the axis that is contiguous in memory.
fn stage_a(p: Place, lane: u32, k0: u32, by_columns: bool) {
    let quads = TILE_M / 4u;
    for (var i = lane; i < quads * TILE_K; i += WG_M * WG_N) {
        let quad = select(i / TILE_K, i % quads, by_columns);
        let k = select(i % TILE_K, i / quads, by_columns);
        let m = p.m0 + 4u * quad;
        a_tile[k * (quads + 1u) + quad] = vec4f(
            a_at(p, m, k0 + k, by_columns), a_at(p, m + 1u, k0 + k, by_columns),
            a_at(p, m + 2u, k0 + k, by_columns), a_at(p, m + 3u, k0 + k, by_columns));
    }
}
fn stage_b(p: Place, lane: u32, k0: u32, by_columns: bool) {
    let quads = TILE_N / 4u;
    for (var i = lane; i < quads * TILE_K; i += WG_M * WG_N) {
        let quad = select(i % quads, i / TILE_K, by_columns);
        let k = select(i / quads, i % TILE_K, by_columns);
        let n = p.n0 + 4u * quad;
        b_tile[k * (quads + 1u) + quad] = vec4f(
            b_at(p, k0 + k, n, by_columns), b_at(p, k0 + k, n + 1u, by_columns),
            b_at(p, k0 + k, n + 2u, by_columns), b_at(p, k0 + k, n + 3u, by_columns));
    }
}

fn product(p: Place, lid: vec2u, a_by_columns: bool, b_by_columns: bool) -> Sums {
    let lane = lid.y * WG_N + lid.x;
    var sum: Sums;
    for (var k0 = p.k_first; k0 < p.k_end; k0 += TILE_K) {
        stage_a(p, lane, k0, a_by_columns);
        stage_b(p, lane, k0, b_by_columns);
        workgroupBarrier();
        for (var k = 0u; k < TILE_K; k++) {
            let x = a_tile[k * (TILE_M / 4u + 1u) + lid.y];
            let y = b_tile[k * (TILE_N / 4u + 1u) + lid.x];
            sum.ab = with_outer(sum.ab, x, y);
            if a_by_columns { sum.a += x; }
        }
        workgroupBarrier();                                          // the next step may now overwrite the tiles
    }
    return sum;
}
