//! Kernel specifications and launches: one file an op, the same name as its shader and its twin (`shaders/<op>.wgsl`, `cpu::<op>`).
//! A launch asserts shapes, picks a variant, counts FLOPs and appends one dispatch to the [`Recorder`](crate::plan::Recorder).
//!
//! **Invariant:** no executor is named here. Letters: B batch, T tokens, N = B*T, C channels, E embedding, H heads, D = C/H,
//! F feed-forward, L layers, V vocabulary, S slots.

/// The text of a shader: libraries and file, joined at compile time.
macro_rules! wgsl {
    ($($file:literal),+) => {
        concat!($(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $file))),+)
    };
}

pub mod attention;
pub mod corrupt;
pub mod embed;
pub mod fill;
pub mod gather;
pub mod gelu;
pub mod layernorm;
pub mod matmul;
pub mod optimizer;
pub mod reduce;
pub mod rtd;
pub mod vocab;

use crate::plan::KernelSpec;

/// Every kernel there is: what tests validate, `verify` compares and `info` lists.
pub const ALL: &[&KernelSpec] = &[
    &attention::FORWARD,
    &attention::BACKWARD,
    &attention::MAP,
    &corrupt::REPLACE,
    &embed::FORWARD,
    &embed::BACKWARD_WORD,
    &embed::BACKWARD_POSITION,
    &embed::BACKWARD_TYPE,
    &fill::ZERO,
    &gather::FORWARD,
    &gather::BACKWARD,
    &gelu::FORWARD,
    &gelu::BACKWARD,
    &layernorm::FORWARD,
    &layernorm::FORWARD_RESIDUAL,
    &layernorm::BACKWARD,
    &layernorm::BACKWARD_RESIDUAL,
    &matmul::FORWARD,
    &matmul::FORWARD_GELU,
    &matmul::BACKWARD_INPUT,
    &matmul::BACKWARD_INPUT_ADD,
    &matmul::BACKWARD_INPUT_GELU,
    &matmul::BACKWARD_WEIGHT,
    &matmul::BACKWARD_WEIGHT_PARTIAL,
    &optimizer::NORM_PARTIAL,
    &optimizer::NORM_FINISH,
    &optimizer::ADAMW,
    &reduce::ROWS_ADD,
    &reduce::ROWS_ADD_PAIR,
    &rtd::LOSS,
    &vocab::FORWARD,
    &vocab::BACKWARD,
];

/// Dropout as a kernel sees it: an element is kept where its word is at least `threshold`, and scaled by `scale`.
/// `site` separates the places of a step that draw from the same key.
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Dropout {
    pub threshold: u32,
    pub scale: f32,
    pub site: u32,
}

impl Dropout {
    pub const OFF: Self = Self { threshold: 0, scale: 1.0, site: 0 };

    /// Drops with probability `p` in [0, 1), to a resolution of 2^-32.
    pub fn new(p: f32, site: u32) -> Self {
        assert!((0.0..1.0).contains(&p), "dropout of {p}");
        Self { threshold: (f64::from(p) * 4_294_967_296.0) as u32, scale: 1.0 / (1.0 - p), site }
    }
}
