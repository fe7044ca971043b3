//! The sizes of one network.

/// Sizes of one network, as in its `config.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Tower {
    pub vocab: u32,
    pub positions: u32,
    pub segments: u32,
    pub embedding: u32,
    pub hidden: u32,
    pub layers: u32,
    pub heads: u32,
    pub ffn: u32,
    /// Layer normalisation's epsilon, as bits: 1e-12 in every ELECTRA.
    pub eps_bits: u32,
}

impl Tower {
    pub fn eps(&self) -> f32 {
        f32::from_bits(self.eps_bits)
    }
}
