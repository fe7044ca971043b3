// reduce: combines one value from every lane of a workgroup, always in the same order. Every lane calls it, and every lane gets the result.
override WG: u32;                                                    // lanes of the workgroup, a power of two
var<workgroup> scratch: array<f32, WG>;
var<workgroup> scratch_id: array<u32, WG>;

fn workgroup_sum(lane: u32, value: f32) -> f32 {
    scratch[lane] = value;
    for (var stride = WG / 2u; stride > 0u; stride /= 2u) {
        workgroupBarrier();
        if lane < stride {
            scratch[lane] += scratch[lane + stride];
        }
    }
    workgroupBarrier();
    let total = scratch[0];
    workgroupBarrier();                                              // the next call may now overwrite scratch
    return total;
}

// The largest value and its place.
struct Best {
    value: f32,
    id: u32,
}
// The better of two. If they are equal it takes the lower id, so the order of comparisons does not matter.
fn better(x: Best, y: Best) -> Best {
    if y.value > x.value || (y.value == x.value && y.id < x.id) {
        return y;
    }
    return x;
}
fn workgroup_best(lane: u32, own: Best) -> Best {
    var best = own;
    scratch[lane] = best.value;
    scratch_id[lane] = best.id;
    for (var stride = WG / 2u; stride > 0u; stride /= 2u) {
        workgroupBarrier();
        if lane < stride {
            best = better(best, Best(scratch[lane + stride], scratch_id[lane + stride]));
            scratch[lane] = best.value;
            scratch_id[lane] = best.id;
        }
    }
    workgroupBarrier();
    best = Best(scratch[0], scratch_id[0]);
    workgroupBarrier();
    return best;
}

