//! The exact list of tensors of an ELECTRA network, and how a file differs from it.
//! config -> [`expected_tensors`] -> compared with a file's header before any weight is read.

use super::{ElectraConfig, Role};
use crate::config::InitRule;
use crate::model::ledger::{self, Entry, Part, Shape};
use crate::objective;
use std::collections::BTreeMap;
use std::fmt;

pub const WORD_EMBEDDINGS: &str = "electra.embeddings.word_embeddings.weight";

/// The generator's output projection: tied to the word embeddings, so never written and optional in what is read.
pub const TIED_HEAD: &str = "generator_lm_head.weight";

/// One set for both networks: word, position and type embeddings and their LayerNorm.
pub const SHARED: [&str; 5] = [
    WORD_EMBEDDINGS,
    "electra.embeddings.position_embeddings.weight",
    "electra.embeddings.token_type_embeddings.weight",
    "electra.embeddings.LayerNorm.weight",
    "electra.embeddings.LayerNorm.bias",
];

/// Name and shape of every tensor of `role`, in the order of the forward pass, as the ledger has them; Linear weights are [out, in].
/// ELECTRA-Small's discriminator has 203, Base's 201 (no `embeddings_project` where both sizes agree).
pub fn expected_tensors(config: &ElectraConfig, role: Role) -> Vec<(String, Vec<usize>)> {
    let passes = match role {
        Role::Discriminator => &objective::JUDGE_ORIGINAL,
        Role::Encoder | Role::Generator => &objective::PROPOSE_ALONE,
    };
    let shape = Shape { passes, main: config.tower(), aux: None };
    let entries = ledger::in_model_order(&shape, InitRule::Reference, 0.0);
    let named = |entry: &Entry| {
        let part = |part: &Part| (part.name.clone(), entry.part_shape(part));
        entry.parts.iter().map(part).collect::<Vec<_>>()
    };
    entries.iter().flat_map(named).collect()
}

/// How the tensors of a file differ from the expected ones; all lists empty where they agree.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub missing: Vec<String>,
    pub unexpected: Vec<String>,
    /// `NAME is [3, 4], expected [4, 4]`
    pub wrong_shape: Vec<String>,
}

impl Mismatch {
    pub fn between<'a>(
        found: impl IntoIterator<Item = (&'a str, &'a [usize])>,
        expected: &[(String, Vec<usize>)],
    ) -> Self {
        let mut mismatch = Self::default();
        let mut wanted: BTreeMap<&str, &[usize]> =
            expected.iter().map(|(name, shape)| (name.as_str(), shape.as_slice())).collect();
        for (name, shape) in found {
            match wanted.remove(name) {
                None => mismatch.unexpected.push(name.to_owned()),
                Some(want) if want != shape => {
                    mismatch.wrong_shape.push(format!("{name} is {shape:?}, expected {want:?}"));
                }
                Some(_) => {}
            }
        }
        mismatch.missing = wanted.into_keys().map(str::to_owned).collect();
        mismatch
    }

    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.wrong_shape.is_empty()
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds =
            [("missing", &self.missing), ("unexpected", &self.unexpected), ("of another shape", &self.wrong_shape)];
        let mut first = true;
        for (kind, names) in kinds.into_iter().filter(|(_, names)| !names.is_empty()) {
            write!(f, "{}{} {kind}: ", if first { "" } else { "; " }, names.len())?;
            first = false;
            // A wrong folder differs in hundreds of names: the first few tell what it is.
            let shown = names.len().min(6);
            f.write_str(&names[..shown].join(", "))?;
            if names.len() > shown {
                write!(f, " and {} more", names.len() - shown)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_has_203_tensors_and_base_201() {
        let small = ElectraConfig::standard(Role::Discriminator);
        let base = ElectraConfig {
            embedding_size: 768,
            hidden_size: 768,
            num_attention_heads: 12,
            intermediate_size: 3072,
            ..small.clone()
        };
        // electra.md 2.2 and 1.2: tensor counts and parameter counts of the discriminators.
        for (config, tensors, params) in [(&small, 203, 13_549_057), (&base, 201, 109_483_009)] {
            let list = expected_tensors(config, Role::Discriminator);
            assert_eq!(list.len(), tensors);
            assert_eq!(list.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum::<usize>(), params);
        }
        assert_eq!(expected_tensors(&small, Role::Generator).len(), 204);
    }

    #[test]
    fn every_kind_of_difference_is_listed() {
        let expected = vec![("a".to_owned(), vec![2]), ("b".to_owned(), vec![3]), ("c".to_owned(), vec![4])];
        let found: [(&str, &[usize]); 3] = [("b", &[3]), ("c", &[5]), ("d", &[1])];
        let text = Mismatch::between(found, &expected).to_string();
        assert_eq!(text, "1 missing: a; 1 unexpected: d; 1 of another shape: c is [5], expected [4]");
        let all: Vec<(&str, &[usize])> = expected.iter().map(|(n, s)| (n.as_str(), s.as_slice())).collect();
        assert!(Mismatch::between(all, &expected).is_empty());
    }
}
