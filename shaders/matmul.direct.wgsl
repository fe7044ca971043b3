// matmul, where every lane reads sixteen rows of A for itself. The row is the same for the whole workgroup, and many adapters turn that into
// one read. Uses matmul.rows, which says what product must do; needs nothing.

// A lane has sixteen rows of four columns. Lanes stand side by side along n, so TILE_M is 16 and TILE_N is 4 WG.
fn block_at(p: Place, lane: u32, i: u32) -> vec2u {
    return vec2u(p.m0 + 4u * i, p.n0 + 4u * lane);
}

// Adds four k to four rows of the outputs; y holds four rows of B.
fn four_rows(p: Place, sum: mat4x4f, m: u32, k: u32, y: mat4x4f, by_columns: bool) -> mat4x4f {
    if by_columns {
        let low = outer(a_across(p, m, k), y[0]) + outer(a_across(p, m, k + 1u), y[1]);
        return sum + low + outer(a_across(p, m, k + 2u), y[2]) + outer(a_across(p, m, k + 3u), y[3]);
    }
    return sum + mat4x4f(y * a_along(p, m, k), y * a_along(p, m + 1u, k), y * a_along(p, m + 2u, k), y * a_along(p, m + 3u, k));
}

fn product(p: Place, lane: u32, a_by_columns: bool, b_by_columns: bool) -> Sums {
    let n = block_at(p, lane, 0u).y;
    var s: Sums;
    for (var k = p.k_first; k < p.k_end; k += 4u) {
        let y = b_block(p, k, n, b_by_columns);
        s.block0 = four_rows(p, s.block0, p.m0, k, y, a_by_columns);
        s.block1 = four_rows(p, s.block1, p.m0 + 4u, k, y, a_by_columns);
        s.block2 = four_rows(p, s.block2, p.m0 + 8u, k, y, a_by_columns);
        s.block3 = four_rows(p, s.block3, p.m0 + 12u, k, y, a_by_columns);
        if a_by_columns { s.a += a_four(p, k) + a_four(p, k + 1u) + a_four(p, k + 2u) + a_four(p, k + 3u); }
    }
    return s;
}
// All sixteen rows of A at k, stored by columns, which four_rows has just read.
fn a_four(p: Place, k: u32) -> mat4x4f {
    return mat4x4f(a_across(p, p.m0, k), a_across(p, p.m0 + 4u, k), a_across(p, p.m0 + 8u, k), a_across(p, p.m0 + 12u, k));
}
// Every lane has added over all of k, so there is nothing to join.
fn row_sums(s: Sums) -> mat4x4f {
    return s.a;
}

