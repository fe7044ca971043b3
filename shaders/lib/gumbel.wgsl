// gumbel: standard Gumbel noise -log(-log(1 - v)), v = (word + 0.5) * 2^-32, so that argmax(x + noise) samples from softmax(x).
// Large noise comes from small v, where 1 - v would round and WGSL's log near 1 is only good to 2^-21. There -log(1 - v) is computed by its
// series (for v < 2^-4 the first term left out is v^7 / 7, a relative 1e-8). Needs lib/step.wgsl and lib/threefry.wgsl.
const TWO_POW_MINUS_32 = 2.3283064365386963e-10;
fn gumbel(id: u32, slot: u32) -> f32 {
    let w = word(step.gumbel_key, id, slot);
    var e = 0.0;
    if w < 0x10000000u {
        let v = (f32(w) + 0.5) * TWO_POW_MINUS_32;
        e = v * (1.0 + v * (1.0 / 2.0 + v * (1.0 / 3.0 + v * (1.0 / 4.0 + v * (1.0 / 5.0 + v * (1.0 / 6.0))))));
    } else {
        e = -log((f32(~w) + 0.5) * TWO_POW_MINUS_32);               // 1 - v = (2^32 - 1 - word + 0.5) * 2^-32
    }
    return -log(e);
}

