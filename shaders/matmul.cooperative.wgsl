// matmul.cooperative: the product of matmul.wgsl, by cooperative matrices of SIDE x SIDE (tensor cores, simdgroup matrices). The lanes of a
// subgroup hold a matrix together. A workgroup is one subgroup of 32 lanes, TILE_M x TILE_N is 32 x 16 and TILE_K a multiple of SIDE.
// Operands pass through workgroup memory, which holds 0 where they end, so m, n and k may be anything here too. lib/matrices*.wgsl name
// Operand (f32 or f16), SIDE and the matrices' types. They belong to wgpu's experimental extension of WGSL, not to the standard.
override TILE_K: u32;

// Named sizes, because naga 30 accepts a nameless one only where no other override comes after it.
override A_LEN = TILE_M * TILE_K;
override B_LEN = TILE_K * TILE_N;
override C_LEN = TILE_M * TILE_N;
var<workgroup> a_tile: array<Operand, A_LEN>;                        // [m][k]
var<workgroup> b_tile: array<Operand, B_LEN>;                        // [k][n]
var<workgroup> c_tile: array<f32, C_LEN>;                            // [m][n]

// The matrices of C that a workgroup holds. Constants, because an array of a function cannot be sized by an override.
const HELD_M = 32u / SIDE;
const HELD_N = 16u / SIDE;
const HELD = HELD_M * HELD_N;
fn held_at(i: u32) -> u32 {
    return i / HELD_N * SIDE * TILE_N + i % HELD_N * SIDE;
}

// Stage k0 .. k0 + TILE_K of an operand; neighbouring lanes follow the axis that is contiguous in memory.
fn stage_a(p: Place, lane: u32, k0: u32, by_columns: bool) {
    for (var i = lane; i < A_LEN; i += WG_M * WG_N) {
        let m = select(i / TILE_K, i % TILE_M, by_columns);
        let k = select(i % TILE_K, i / TILE_M, by_columns);
        a_tile[m * TILE_K + k] = Operand(a_at(p, p.m0 + m, k0 + k, by_columns));
    }
}
fn stage_b(p: Place, lane: u32, k0: u32, by_columns: bool) {
    for (var i = lane; i < B_LEN; i += WG_M * WG_N) {
        let n = select(i % TILE_N, i / TILE_K, by_columns);
        let k = select(i / TILE_N, i % TILE_K, by_columns);
        b_tile[k * TILE_N + n] = Operand(b_at(p, k0 + k, p.n0 + n, by_columns));
    }
}

fn product(p: Place, lid: vec2u, a_by_columns: bool, b_by_columns: bool) -> Sums {
    let lane = lid.y * WG_N + lid.x;
    var held: array<MatrixC, HELD>;                                  // [m / SIDE][n / SIDE]
    var sum: Sums;
    for (var i = 0u; i < HELD; i++) {
        held[i] = coopLoadT<MatrixC>(&c_tile[held_at(i)], TILE_N);   // workgroup memory is 0 at first
    }
    for (var k0 = p.k_first; k0 < p.k_end; k0 += TILE_K) {
        stage_a(p, lane, k0, a_by_columns);
        stage_b(p, lane, k0, b_by_columns);
        workgroupBarrier();
        for (var k = 0u; k < TILE_K; k += SIDE) {
            for (var i = 0u; i < HELD_M; i++) {
                let x = coopLoadT<MatrixA>(&a_tile[i * SIDE * TILE_K + k], TILE_K);
                for (var j = 0u; j < HELD_N; j++) {
                    let y = coopLoadT<MatrixB>(&b_tile[k * TILE_N + j * SIDE], TILE_N);
                    held[i * HELD_N + j] = coopMultiplyAdd(x, y, held[i * HELD_N + j]);
                }
            }
        }
        for (var k = 0u; a_by_columns && k < TILE_K; k++) {
            for (var i = 0u; i < 4u; i++) {
                sum.a[i] += f32(a_tile[(4u * lid.y + i) * TILE_K + k]);
            }
        }
        workgroupBarrier();                                          // the next step may now overwrite the tiles
    }
    for (var i = 0u; i < HELD; i++) {
        coopStoreT(held[i], &c_tile[held_at(i)], TILE_N);
    }
    workgroupBarrier();
    for (var i = 0u; i < 16u; i++) {
        sum.ab[i / 4u][i % 4u] = c_tile[(4u * lid.y + i / 4u) * TILE_N + 4u * lid.x + i % 4u];
    }
    return sum;
}
