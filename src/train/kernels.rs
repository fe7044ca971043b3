//! What a training step consists of, kernel by kernel: the list a view shows, and the text of each kernel beside its twin's.

use crate::ops;

/// A kernel's two texts, which mean the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// Its libraries and its file, joined: what the device compiles.
    pub wgsl: &'static str,
    /// The twin's file: what the cpu executor runs.
    pub twin: &'static str,
    /// The entry point's name in both.
    pub entry: &'static str,
}

impl Source {
    /// The line (from 0) of the entry point in `wgsl`, and in `twin`.
    pub fn entry_lines(&self) -> [Option<usize>; 2] {
        let line = |text: &str, start: &str| text.lines().position(|line| line.trim_start().starts_with(start));
        [line(self.wgsl, &format!("fn {}(", self.entry)), line(self.twin, &format!("pub fn {}(", self.entry))]
    }
}

/// The texts of the kernel with this label (`matmul.forward`); none for a label that no kernel has.
pub fn source(label: &str) -> Option<Source> {
    let kernel = ops::ALL.iter().find(|kernel| kernel.label == label)?;
    let twin = match label.split('.').next()? {
        "attention" => include_str!("../cpu/attention.rs"),
        "corrupt" => include_str!("../cpu/corrupt.rs"),
        "embed" => include_str!("../cpu/embed.rs"),
        "fill" => include_str!("../cpu/fill.rs"),
        "gather" => include_str!("../cpu/gather.rs"),
        "gelu" => include_str!("../cpu/gelu.rs"),
        "layernorm" => include_str!("../cpu/layernorm.rs"),
        "matmul" => include_str!("../cpu/matmul.rs"),
        "optimizer" => include_str!("../cpu/optimizer.rs"),
        "reduce" => include_str!("../cpu/reduce.rs"),
        "rtd" => include_str!("../cpu/rtd.rs"),
        "vocab" => include_str!("../cpu/vocab.rs"),
        _ => return None,
    };
    Some(Source { wgsl: kernel.source, twin, entry: kernel.entry })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_has_both_texts_and_its_entry_in_each() {
        for kernel in ops::ALL {
            let source = source(kernel.label).expect(kernel.label);
            let lines = source.entry_lines();
            assert!(lines.iter().all(Option::is_some), "{}: {lines:?}", kernel.label);
        }
        assert_eq!(source("matmul.sideways"), None);
    }
}
