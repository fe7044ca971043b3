//! Kernel specifications and launches: one file for each op, under the same name as its shader and its twin (`shaders/<op>.wgsl`,
//! `cpu::<op>`). A launch asserts shapes, picks a variant, counts FLOPs and appends one dispatch to the
//! [`Recorder`](crate::plan::Recorder).
//!
//! **Invariant:** this room names no executor. Letters: B batch, T tokens, N = B*T, C channels, E embedding, H heads, D = C/H, F
//! feed-forward, L layers, V vocabulary, S slots.

/// The text of a shader: the types that it leaves open, its libraries and its file, joined at compile time.
macro_rules! wgsl {
    ($($open:ident = $elem:ident),+; $($file:literal),+) => {
        concat!(
            $("alias ", stringify!($open), " = ", stringify!($elem), ";\n",)+
            $(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $file))),+
        )
    };
    ($($file:literal),+) => {
        concat!($(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $file))),+)
    };
}

/// Makes two kernels from one file: one reads the slots that say `in_f16()` as f32, the other as f16.
macro_rules! twice {
    ($(#[$doc:meta])* $name:ident, $half:ident: $label:literal, $entry:literal, [$($slot:expr),+ $(,)?], $of_file:expr, $of_file_f16:expr) => {
        $(#[$doc])*
        pub const $name: crate::plan::KernelSpec = crate::plan::KernelSpec {
            label: $label,
            entry: $entry,
            slots: &crate::plan::kernel::in_f32([$($slot),+]),
            ..$of_file
        };
        #[doc = concat!("[`", stringify!($name), "`], with f16 where it is stored.")]
        pub const $half: crate::plan::KernelSpec = crate::plan::KernelSpec {
            label: concat!($label, ".f16"),
            entry: $entry,
            slots: &[$($slot),+],
            ..$of_file_f16
        };
    };
}

pub mod attention;
pub mod cast;
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
mod shared;
pub mod vocab;

use crate::plan::KernelSpec;

pub use shared::Dropout;

/// Every kernel. Tests validate them, `verify` compares them and `info` lists them.
pub const ALL: &[&KernelSpec] = &[
    &attention::FORWARD,
    &attention::FORWARD_F16,
    &attention::BACKWARD,
    &attention::BACKWARD_F16,
    &attention::MAP,
    &attention::MAP_F16,
    &cast::NARROW,
    &corrupt::REPLACE,
    &embed::FORWARD,
    &embed::FORWARD_F16,
    &embed::BACKWARD_WORD,
    &embed::BACKWARD_POSITION,
    &embed::BACKWARD_TYPE,
    &fill::ZERO,
    &gather::FORWARD,
    &gather::FORWARD_F16,
    &gather::BACKWARD,
    &gelu::FORWARD,
    &gelu::FORWARD_F16,
    &gelu::BACKWARD,
    &gelu::BACKWARD_F16,
    &layernorm::FORWARD,
    &layernorm::FORWARD_F16,
    &layernorm::FORWARD_RESIDUAL,
    &layernorm::FORWARD_RESIDUAL_F16,
    &layernorm::BACKWARD,
    &layernorm::BACKWARD_F16,
    &layernorm::BACKWARD_RESIDUAL,
    &layernorm::BACKWARD_RESIDUAL_F16,
    &matmul::FORWARD,
    &matmul::FORWARD_F16,
    &matmul::FORWARD_F16_LOGITS,
    &matmul::FORWARD_GELU,
    &matmul::FORWARD_GELU_F16,
    &matmul::BACKWARD_INPUT,
    &matmul::BACKWARD_INPUT_F16,
    &matmul::BACKWARD_INPUT_PARTIAL,
    &matmul::BACKWARD_INPUT_PARTIAL_F16,
    &matmul::BACKWARD_INPUT_ADD,
    &matmul::BACKWARD_INPUT_ADD_F16,
    &matmul::BACKWARD_INPUT_GELU,
    &matmul::BACKWARD_INPUT_GELU_F16,
    &matmul::BACKWARD_WEIGHT,
    &matmul::BACKWARD_WEIGHT_F16,
    &matmul::BACKWARD_WEIGHT_PARTIAL,
    &matmul::BACKWARD_WEIGHT_PARTIAL_F16,
    &optimizer::NORM_PARTIAL,
    &optimizer::NORM_FINISH,
    &optimizer::ADAMW,
    &reduce::ROWS_SUM,
    &reduce::ROWS_ADD,
    &reduce::ROWS_ADD_PAIR,
    &reduce::ROWS_ADD_PAIRS,
    &rtd::LOSS,
    &vocab::FORWARD,
    &vocab::BACKWARD,
];
