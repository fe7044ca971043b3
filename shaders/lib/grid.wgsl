// grid: the number of a workgroup. An axis holds at most 65,535 groups, so the executor folds a dispatch of G groups into (x, y, 1) with
// x * y >= G. A kernel returns where the number is past its last group (uniformly, so barriers may follow).
fn group_index(wid: vec3u, groups: vec3u) -> u32 {
    return wid.x + wid.y * groups.x;
}

