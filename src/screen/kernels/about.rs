//! Says in one sentence what each kernel and each stage does in a transformer's training step: label -> key of a message.

use crate::train::event::Stage;

/// A stage's name and its sentence.
pub fn stage(stage: Stage) -> [&'static str; 2] {
    match stage {
        Stage::MASK => ["kernels-stage-mask", "kernels-about-stage-mask"],
        Stage::PROPOSE => ["kernels-stage-propose", "kernels-about-stage-propose"],
        Stage::REPLACE => ["kernels-stage-replace", "kernels-about-stage-replace"],
        Stage::JUDGE => ["kernels-stage-judge", "kernels-about-stage-judge"],
        Stage::BACKWARD => ["kernels-stage-backward", "kernels-about-stage-backward"],
        Stage::UPDATE => ["kernels-stage-update", "kernels-about-stage-update"],
        // No step has any other stage.
        _ => ["kernels-stage-other", "kernels-about-stage-other"],
    }
}

/// The sentence of a kernel, or that of its family if the kernel has none.
pub fn kernel(label: &str) -> Option<&'static str> {
    // The sentence does not depend on the storage type, the last part of `matmul.forward_gelu.f16`.
    let meaning = label.match_indices('.').nth(1).map_or(label, |(end, _)| &label[..end]);
    own(meaning).or_else(|| {
        let family = label.split('.').next()?;
        FAMILIES.iter().find(|(name, _)| *name == family).and_then(|(_, main)| own(main))
    })
}

/// Each file of kernels, with the kernel whose sentence describes the file.
const FAMILIES: [(&str, &str); 13] = [
    ("attention", "attention.forward"),
    ("cast", "cast.narrow"),
    ("corrupt", "corrupt.replace"),
    ("embed", "embed.forward"),
    ("fill", "fill.zero"),
    ("gather", "gather.forward"),
    ("gelu", "gelu.backward"),
    ("layernorm", "layernorm.forward"),
    ("matmul", "matmul.forward"),
    ("optimizer", "optimizer.adamw"),
    ("reduce", "reduce.rows_add"),
    ("rtd", "rtd.loss"),
    ("vocab", "vocab.forward"),
];

fn own(label: &str) -> Option<&'static str> {
    Some(match label {
        "attention.forward" => "kernels-about-attention-forward",
        "attention.backward" => "kernels-about-attention-backward",
        "corrupt.replace" => "kernels-about-corrupt-replace",
        "embed.forward" => "kernels-about-embed-forward",
        "embed.backward_word" => "kernels-about-embed-backward-word",
        "embed.backward_position" => "kernels-about-embed-backward-position",
        "embed.backward_type" => "kernels-about-embed-backward-type",
        "cast.narrow" => "kernels-about-cast-narrow",
        "fill.zero" => "kernels-about-fill-zero",
        "gather.forward" => "kernels-about-gather-forward",
        "gather.backward" => "kernels-about-gather-backward",
        "gelu.backward" => "kernels-about-gelu-backward",
        "layernorm.forward" => "kernels-about-layernorm-forward",
        "layernorm.forward_residual" => "kernels-about-layernorm-forward-residual",
        "layernorm.backward" => "kernels-about-layernorm-backward",
        "layernorm.backward_residual" => "kernels-about-layernorm-backward-residual",
        "matmul.forward" => "kernels-about-matmul-forward",
        "matmul.forward_gelu" => "kernels-about-matmul-forward-gelu",
        "matmul.backward_input" => "kernels-about-matmul-backward-input",
        "matmul.backward_input_partial" => "kernels-about-matmul-backward-input-partial",
        "matmul.backward_input_add" => "kernels-about-matmul-backward-input-add",
        "matmul.backward_input_gelu" => "kernels-about-matmul-backward-input-gelu",
        "matmul.backward_weight" => "kernels-about-matmul-backward-weight",
        "matmul.backward_weight_partial" => "kernels-about-matmul-backward-weight-partial",
        "optimizer.norm_partial" => "kernels-about-optimizer-norm-partial",
        "optimizer.norm_finish" => "kernels-about-optimizer-norm-finish",
        "optimizer.adamw" => "kernels-about-optimizer-adamw",
        "reduce.rows_sum" => "kernels-about-reduce-rows-sum",
        "reduce.rows_add" => "kernels-about-reduce-rows-add",
        "reduce.rows_add_pairs" => "kernels-about-reduce-rows-add-pairs",
        "reduce.rows_add_pair" => "kernels-about-reduce-rows-add-pair",
        "rtd.loss" => "kernels-about-rtd-loss",
        "vocab.forward" => "kernels-about-vocab-forward",
        "vocab.backward" => "kernels-about-vocab-backward",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_there_is_has_a_sentence() {
        let silent: Vec<&str> = crate::ops::ALL.iter().map(|k| k.label).filter(|l| kernel(l).is_none()).collect();
        assert!(silent.is_empty(), "{silent:?}: write what they are in a step, in about.rs and both kernels.ftl");
        assert!(FAMILIES.iter().all(|(_, main)| own(main).is_some()));
        assert_eq!(kernel("matmul.forward_tiled"), kernel("matmul.forward"));
        assert_eq!(kernel("matmul.forward_gelu.f16"), own("matmul.forward_gelu"));
        assert_eq!(kernel("sideways.forward"), None);
    }
}
