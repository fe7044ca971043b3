//! The CPU executor and the kernel twins: one file for each op. A twin has the name and the meaning of its shader.
//! plan -> [`Executor`] -> the same numbers as `gpu`, except for the order of sums.
//!
//! **Invariant:** a twin sees its dims, the step block and the bound slices, nothing else.

mod args;
mod attention;
mod cast;
mod corrupt;
mod embed;
mod executor;
mod fill;
mod gather;
mod gelu;
mod half;
mod layernorm;
pub mod math;
mod matmul;
mod optimizer;
mod par;
mod reduce;
mod rtd;
mod vocab;

pub use args::{Args, Call, Twin};
pub use executor::Executor;
pub use half::Rounding;
pub use par::{threads, vectors};

use crate::plan::KernelSpec;

/// The twin of a kernel.
///
/// # Panics
/// If there is none. A test walks `ops::ALL`, so that this cannot happen.
pub fn twin(kernel: &KernelSpec) -> Twin {
    match kernel.meaning() {
        "attention.forward" => attention::forward,
        "attention.backward" => attention::backward,
        "attention.map" => attention::map,
        "cast.narrow" => cast::narrow,
        "corrupt.replace" => corrupt::replace,
        "embed.forward" => embed::forward,
        "embed.backward_word" => embed::backward_word,
        "embed.backward_position" => embed::backward_position,
        "embed.backward_type" => embed::backward_type,
        "fill.zero" => fill::zero,
        "gather.forward" => gather::forward,
        "gather.backward" => gather::backward,
        "gelu.forward" => gelu::forward,
        "gelu.backward" => gelu::backward,
        "layernorm.forward" => layernorm::forward,
        "layernorm.forward_residual" => layernorm::forward_residual,
        "layernorm.backward" => layernorm::backward,
        "layernorm.backward_residual" => layernorm::backward_residual,
        "matmul.forward" => matmul::forward,
        "matmul.forward_gelu" => matmul::forward_gelu,
        "matmul.backward_input" => matmul::backward_input,
        "matmul.backward_input_partial" => matmul::backward_input_partial,
        "matmul.backward_input_add" => matmul::backward_input_add,
        "matmul.backward_input_gelu" => matmul::backward_input_gelu,
        "matmul.backward_weight" => matmul::backward_weight,
        "matmul.backward_weight_partial" => matmul::backward_weight_partial,
        "optimizer.norm_partial" => optimizer::norm_partial,
        "optimizer.norm_finish" => optimizer::norm_finish,
        "optimizer.adamw" => optimizer::adamw,
        "reduce.rows_sum" => reduce::rows_sum,
        "reduce.rows_add" => reduce::rows_add,
        "reduce.rows_add_pairs" => reduce::rows_add_pairs,
        "reduce.rows_add_pair" => reduce::rows_add_pair,
        "rtd.loss" => rtd::loss,
        "vocab.forward" => vocab::forward,
        "vocab.backward" => vocab::backward,
        label => panic!("kernel {label} has no twin"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_kernel_has_a_twin() {
        for kernel in crate::ops::ALL {
            super::twin(kernel);
        }
    }
}
