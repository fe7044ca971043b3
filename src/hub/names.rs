//! The exact list of tensors of an ELECTRA network, and how a file differs from it.
//! config -> [`expected_tensors`] -> compared with a file's header before any weight is read.

use super::{ElectraConfig, Role};
use crate::config::InitRule;
use crate::message::{self, Message};
use crate::model::ledger::{self, Entry, Part, Shape};
use crate::objective;
use std::collections::BTreeMap;

pub use crate::model::heads::mlm::WORD_BIAS;
pub use crate::model::ledger::WORD_EMBEDDINGS;

/// The generator's output projection. It is tied to the word embeddings, so it is never written, and it may be missing when a file
/// is read.
pub const TIED_HEAD: &str = "generator_lm_head.weight";

/// One set for both networks: word, position and type embeddings and their LayerNorm.
pub const SHARED: [&str; 5] = [
    WORD_EMBEDDINGS,
    "electra.embeddings.position_embeddings.weight",
    "electra.embeddings.token_type_embeddings.weight",
    "electra.embeddings.LayerNorm.weight",
    "electra.embeddings.LayerNorm.bias",
];

/// Name and shape of every tensor of `role`, in the order of the forward pass, as the ledger has them; Linear weights are [out,
/// in]. ELECTRA-Small's discriminator has 203, Base's 201 (no `embeddings_project` where both sizes agree).
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

/// How the tensors of a file differ from the expected ones. If they agree, all lists are empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub missing: Vec<String>,
    pub unexpected: Vec<String>,
    pub wrong_shape: Vec<WrongShape>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WrongShape {
    name: String,
    is: Vec<usize>,
    expected: Vec<usize>,
}

/// A wrong folder differs in hundreds of names. The first few show what it is.
const SHOWN: usize = 6;

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
                    let (is, expected) = (shape.to_vec(), want.to_vec());
                    mismatch.wrong_shape.push(WrongShape { name: name.to_owned(), is, expected });
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

    /// What differs, for a person: the kinds one after the other.
    pub fn message(&self) -> Message {
        let named = |names: &[String]| (names[..names.len().min(SHOWN)].join(", "), names.len().saturating_sub(SHOWN));
        let ((missing, missing_more), (unexpected, unexpected_more)) = (named(&self.missing), named(&self.unexpected));
        let count = self.wrong_shape.len();
        let shape = |wrong: &WrongShape| {
            Message::new("tensor-of-other-shape")
                .with("name", &wrong.name)
                .with("is", format!("{:?}", wrong.is))
                .with("expected", format!("{:?}", wrong.expected))
        };
        let shapes = self.wrong_shape.iter().take(SHOWN).map(shape);
        let kinds = [
            (
                self.missing.len(),
                Message::new("tensors-missing")
                    .with("count", self.missing.len())
                    .with("names", missing)
                    .with("more", missing_more),
            ),
            (
                self.unexpected.len(),
                Message::new("tensors-unexpected")
                    .with("count", self.unexpected.len())
                    .with("names", unexpected)
                    .with("more", unexpected_more),
            ),
            (
                count,
                Message::new("tensors-of-other-shape")
                    .with("count", count)
                    .with("names", message::listed(shapes))
                    .with("more", count.saturating_sub(SHOWN)),
            ),
        ];
        let there = kinds.into_iter().filter(|(count, _)| *count > 0).map(|(_, kind)| kind);
        there
            .reduce(|first, second| Message::new("one-and-another").with("first", first).with("second", second))
            .unwrap_or_default()
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
        // Counts of tensors and of parameters in the published discriminators.
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
        let text = Mismatch::between(found, &expected).message().to_string();
        for part in [
            "tensors-missing (count = 1, names = a, more = 0)",
            "tensors-unexpected (count = 1, names = d, more = 0)",
            "names = tensor-of-other-shape (name = c, is = [5], expected = [4]), more = 0",
        ] {
            assert!(text.contains(part), "{text}");
        }
        let all: Vec<(&str, &[usize])> = expected.iter().map(|(n, s)| (n.as_str(), s.as_slice())).collect();
        assert!(Mismatch::between(all, &expected).is_empty());
    }
}
