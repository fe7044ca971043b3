// threefry: Threefry-2x32, 20 rounds (Salmon et al., SC 2011), as src/rng.rs.
fn threefry_round(x: vec2u, rotation: u32) -> vec2u {
    let sum = x.x + x.y;
    return vec2u(sum, ((x.y << rotation) | (x.y >> (32u - rotation))) ^ sum);
}
fn threefry_even(x: vec2u) -> vec2u {
    return threefry_round(threefry_round(threefry_round(threefry_round(x, 13u), 15u), 26u), 6u);
}
fn threefry_odd(x: vec2u) -> vec2u {
    return threefry_round(threefry_round(threefry_round(threefry_round(x, 17u), 29u), 16u), 24u);
}
// word: the first output word for counter (index, site); the whole of a random number's identity.
fn word(key: vec2u, index: u32, site: u32) -> u32 {
    let parity = key.x ^ key.y ^ 0x1BD11BDAu;                        // Skein's key schedule constant, as in Random123
    var x = vec2u(index, site) + key;
    x = threefry_even(x) + vec2u(key.y, parity + 1u);
    x = threefry_odd(x) + vec2u(parity, key.x + 2u);
    x = threefry_even(x) + vec2u(key.x, key.y + 3u);
    x = threefry_odd(x) + vec2u(key.y, parity + 4u);
    x = threefry_even(x) + vec2u(parity, key.x + 5u);
    return x.x;
}

