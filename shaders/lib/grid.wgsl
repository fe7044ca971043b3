// grid: the number of a workgroup. The executor folds a dispatch of G groups into (x, y, 1) with x * y >= G, since an axis
// holds 65,535 at most: a kernel returns where the number is past its last group (uniformly, so barriers may follow).
fn group_index(wid: vec3u, groups: vec3u) -> u32 {
    return wid.x + wid.y * groups.x;
}

