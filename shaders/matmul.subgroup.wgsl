// matmul, for adapters where a read is expensive and a register is cheap. A subgroup of eight lanes or more shares sixteen rows of A: for every
// four rows and eight k each lane reads one quad, and a broadcast gives it to all lanes.
// Uses matmul.rows, which says what product must do; needs the feature subgroups.

// A lane has sixteen rows of four columns. Lanes stand side by side along n, so TILE_M is 16 and TILE_N is 4 WG.
fn block_at(p: Place, lane: u32, i: u32) -> vec2u {
    return vec2u(p.m0 + 4u * i, p.n0 + 4u * lane);
}

// The lane's number in its subgroup, without asking every entry point for it: all lanes are here.
fn own_lane() -> u32 {
    return subgroupExclusiveAdd(1u);
}
// What the lane reads of rows m .. m + 3 of A and k .. k + 7. By rows: row m + lane / 2, from k + 4 (lane % 2); by columns: all four
// rows at k + lane. What lies past the end of k is 0.
fn a_share(p: Place, lane: u32, m: u32, k: u32, by_columns: bool) -> vec4f {
    if by_columns {
        return select(vec4f(), a_quad(min(k + lane, p.k_end - 1u), m, dims.m), k + lane < p.k_end);
    }
    let column = k + lane % 2u * 4u;
    let inside = column + vec4u(0u, 1u, 2u, 3u) < vec4u(p.k_end);
    return select(vec4f(), a_quad(min(m + lane / 2u, dims.m - 1u), column, dims.k), inside);
}
// Adds eight k to four rows of the outputs: x is the lane's share of A, y0 and y1 hold four rows of B each.
fn four_rows(sum: mat4x4f, x: vec4f, y0: mat4x4f, y1: mat4x4f, by_columns: bool) -> mat4x4f {
    let x0 = subgroupBroadcast(x, 0u);
    let x1 = subgroupBroadcast(x, 1u);
    let x2 = subgroupBroadcast(x, 2u);
    let x3 = subgroupBroadcast(x, 3u);
    let x4 = subgroupBroadcast(x, 4u);
    let x5 = subgroupBroadcast(x, 5u);
    let x6 = subgroupBroadcast(x, 6u);
    let x7 = subgroupBroadcast(x, 7u);
    if by_columns {
        let low = outer(x0, y0[0]) + outer(x1, y0[1]) + outer(x2, y0[2]) + outer(x3, y0[3]);
        return sum + low + outer(x4, y1[0]) + outer(x5, y1[1]) + outer(x6, y1[2]) + outer(x7, y1[3]);
    }
    return sum + mat4x4f(y0 * x0 + y1 * x1, y0 * x2 + y1 * x3, y0 * x4 + y1 * x5, y0 * x6 + y1 * x7);
}

fn product(p: Place, lane: u32, a_by_columns: bool, b_by_columns: bool) -> Sums {
    let n = block_at(p, lane, 0u).y;
    let own = own_lane();
    var s: Sums;
    for (var k = p.k_first; k < p.k_end; k += 8u) {
        let y0 = b_block(p, k, n, b_by_columns);
        let y1 = b_block(p, k + 4u, n, b_by_columns);
        let x = mat4x4f(
            a_share(p, own, p.m0, k, a_by_columns), a_share(p, own, p.m0 + 4u, k, a_by_columns),
            a_share(p, own, p.m0 + 8u, k, a_by_columns), a_share(p, own, p.m0 + 12u, k, a_by_columns));
        s.block0 = four_rows(s.block0, x[0], y0, y1, a_by_columns);
        s.block1 = four_rows(s.block1, x[1], y0, y1, a_by_columns);
        s.block2 = four_rows(s.block2, x[2], y0, y1, a_by_columns);
        s.block3 = four_rows(s.block3, x[3], y0, y1, a_by_columns);
        if a_by_columns { s.a += x; }
    }
    return s;
}
// Lane l of the first eight has added over every eighth k from l on. This joins the eight sums.
fn eight_lanes(x: vec4f) -> vec4f {
    let low = (subgroupBroadcast(x, 0u) + subgroupBroadcast(x, 1u)) + (subgroupBroadcast(x, 2u) + subgroupBroadcast(x, 3u));
    return low + ((subgroupBroadcast(x, 4u) + subgroupBroadcast(x, 5u)) + (subgroupBroadcast(x, 6u) + subgroupBroadcast(x, 7u)));
}
fn row_sums(s: Sums) -> mat4x4f {
    return mat4x4f(eight_lanes(s.a[0]), eight_lanes(s.a[1]), eight_lanes(s.a[2]), eight_lanes(s.a[3]));
}
