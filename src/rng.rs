//! Counter-based random numbers: Threefry-2x32-20 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). A
//! [`Key`] comes from seed, step and stream. A random word depends on the key and its counter alone, so any step can be replayed on
//! any executor and in any order. `shaders/lib/threefry.wgsl` is the same function.

/// What a random number is for. The numbers are part of the checkpoint format: append, never reorder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Stream {
    Init = 1,
    Mask = 2,
    Dropout = 3,
    Gumbel = 4,
    Source = 5,
    Pack = 6,
    Shuffle = 7,
    HoldOut = 8,
    Grammar = 9,
    Rounding = 10,
}

/// The 64-bit key of one stream at one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Key(pub [u32; 2]);

impl Key {
    /// The key of `stream` at `step`: two chained Threefry blocks, so that nearby seeds and steps share nothing.
    pub fn new(seed: u64, step: u64, stream: Stream) -> Self {
        let seeded = threefry2x32([seed as u32, (seed >> 32) as u32], [stream as u32, 0x656c_6563]);
        Self(threefry2x32(seeded, [step as u32, (step >> 32) as u32]))
    }

    /// Word number `index` of sub-stream `site` (a layer, a slot, a row): uniform over all 2^32 values.
    #[inline(always)]
    pub fn word(self, index: u32, site: u32) -> u32 {
        threefry2x32(self.0, [index, site])[0]
    }

    /// Uniform in [0, n) by multiply-shift; the bias is below n / 2^32. `n` must not be 0.
    pub fn below(self, index: u32, site: u32, n: u32) -> u32 {
        ((u64::from(self.word(index, site)) * u64::from(n)) >> 32) as u32
    }

    /// Uniform in (0, 1), 32 bits: (word + 0.5) / 2^32.
    pub fn unit(self, index: u32, site: u32) -> f64 {
        (f64::from(self.word(index, site)) + 0.5) / 4_294_967_296.0
    }
}

/// Words drawn one after another, for host code that does not know how many it needs.
#[derive(Debug, Clone)]
pub struct Sequence {
    key: Key,
    site: u32,
    next: u32,
}

impl Sequence {
    pub fn new(key: Key, site: u32) -> Self {
        Self { key, site, next: 0 }
    }

    pub fn word(&mut self) -> u32 {
        let word = self.key.word(self.next, self.site);
        self.next = self.next.wrapping_add(1);
        word
    }

    /// Uniform in [0, n); `n` must not be 0.
    pub fn below(&mut self, n: usize) -> usize {
        ((u64::from(self.word()) * n as u64) >> 32) as usize
    }

    /// Uniform in (0, 1).
    pub fn unit(&mut self) -> f64 {
        (f64::from(self.word()) + 0.5) / 4_294_967_296.0
    }

    /// Fisher-Yates, in place.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// One block of Threefry-2x32 with 20 rounds.
#[inline(always)]
pub fn threefry2x32(key: [u32; 2], counter: [u32; 2]) -> [u32; 2] {
    const ROTATIONS: [[u32; 4]; 2] = [[13, 15, 26, 6], [17, 29, 16, 24]];
    // 0x1BD11BDA: Skein's key schedule constant, as in Random123.
    let ks = [key[0], key[1], key[0] ^ key[1] ^ 0x1BD1_1BDA];
    let mut x0 = counter[0].wrapping_add(ks[0]);
    let mut x1 = counter[1].wrapping_add(ks[1]);
    let mut group = 0;
    while group < 5 {
        let rotations = ROTATIONS[group % 2];
        let mut round = 0;
        while round < 4 {
            x0 = x0.wrapping_add(x1);
            x1 = x1.rotate_left(rotations[round]) ^ x0;
            round += 1;
        }
        x0 = x0.wrapping_add(ks[(group + 1) % 3]);
        x1 = x1.wrapping_add(ks[(group + 2) % 3]).wrapping_add(group as u32 + 1);
        group += 1;
    }
    [x0, x1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threefry_matches_the_published_vectors() {
        // Random123's kat_vectors, threefry2x32 with 20 rounds: counter, key, expected.
        assert_eq!(threefry2x32([0, 0], [0, 0]), [0x6b20_0159, 0x99ba_4efe]);
        assert_eq!(threefry2x32([u32::MAX; 2], [u32::MAX; 2]), [0x1cb9_96fc, 0xbb00_2be7]);
        assert_eq!(threefry2x32([0x1319_8a2e, 0x0370_7344], [0x243f_6a88, 0x85a3_08d3]), [0xc492_3a9c, 0x483d_f7a0]);
    }

    #[test]
    fn streams_and_steps_share_nothing() {
        let a = Key::new(1, 0, Stream::Mask);
        assert_ne!(a, Key::new(1, 1, Stream::Mask));
        assert_ne!(a, Key::new(2, 0, Stream::Mask));
        assert_ne!(a, Key::new(1, 0, Stream::Dropout));
    }

    #[test]
    fn shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..257).collect();
        Sequence::new(Key::new(3, 0, Stream::Shuffle), 0).shuffle(&mut items);
        assert_ne!(items, (0..257).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..257).collect::<Vec<_>>());
    }
}
