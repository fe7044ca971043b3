//! config.json: the fields that transformers' ElectraConfig reads (4.46 and 5.x), with its defaults, and what is refused.
//! bytes -> [`ElectraConfig::from_json`] (checked) -> names and shapes; [`ElectraConfig::to_json`] -> bytes.

use super::Role;
use crate::model::ledger::Tower;
use crate::text::impostor::instead;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The longest axis that a tensor may have. It is far above any vocabulary, and the product of two such axes fits in 64 bits.
const AXIS_MAX: usize = 1 << 24;
/// The largest number of layers that an encoder may have. It bounds the list of expected tensors.
const LAYERS_MAX: usize = 4096;

/// Fields that describe the old file and not the network. A file that is written here is f32 and of this program.
const NOT_CARRIED_OVER: [&str; 5] =
    ["_name_or_path", "dtype", "quantization_config", "torch_dtype", "transformers_version"];

/// ELECTRA's configuration as transformers writes it. Fields it leaves out have transformers' defaults;
/// fields not listed here are kept in `extra` and written back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default = "transformers_defaults")]
pub struct ElectraConfig {
    pub model_type: String,
    pub architectures: Option<Vec<String>>,
    pub vocab_size: usize,
    pub embedding_size: usize,
    pub hidden_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    pub intermediate_size: usize,
    pub hidden_act: String,
    pub hidden_dropout_prob: f64,
    pub attention_probs_dropout_prob: f64,
    pub max_position_embeddings: usize,
    pub type_vocab_size: usize,
    pub initializer_range: f64,
    pub layer_norm_eps: f64,
    pub summary_type: String,
    pub summary_use_proj: bool,
    pub summary_activation: Option<String>,
    pub summary_last_dropout: f64,
    pub pad_token_id: Option<u32>,
    pub bos_token_id: Option<Value>,
    pub eos_token_id: Option<Value>,
    pub classifier_dropout: Option<f64>,
    /// Only transformers 4.x reads it; 5.x has only absolute positions.
    pub position_embedding_type: Option<String>,
    pub use_cache: bool,
    pub is_decoder: bool,
    pub add_cross_attention: bool,
    pub tie_word_embeddings: bool,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The defaults of transformers 4.46 and 5.23. `model_type` is left empty, so that its absence shows.
fn transformers_defaults() -> ElectraConfig {
    ElectraConfig {
        model_type: String::new(),
        architectures: None,
        vocab_size: 30_522,
        embedding_size: 128,
        hidden_size: 256,
        num_hidden_layers: 12,
        num_attention_heads: 4,
        intermediate_size: 1024,
        hidden_act: "gelu".to_owned(),
        hidden_dropout_prob: 0.1,
        attention_probs_dropout_prob: 0.1,
        max_position_embeddings: 512,
        type_vocab_size: 2,
        initializer_range: 0.02,
        layer_norm_eps: 1e-12,
        summary_type: "first".to_owned(),
        summary_use_proj: true,
        summary_activation: Some("gelu".to_owned()),
        summary_last_dropout: 0.1,
        pad_token_id: Some(0),
        bos_token_id: None,
        eos_token_id: None,
        classifier_dropout: None,
        position_embedding_type: Some("absolute".to_owned()),
        use_cache: true,
        is_decoder: false,
        add_cross_attention: false,
        tie_word_embeddings: true,
        extra: Map::new(),
    }
}

impl ElectraConfig {
    /// transformers' defaults (the sizes of ELECTRA-Small's discriminator) for `role`: the base of a struct update.
    pub fn standard(role: Role) -> Self {
        Self {
            model_type: "electra".to_owned(),
            architectures: Some(vec![role.architecture().to_owned()]),
            ..transformers_defaults()
        }
    }

    /// The sizes for the ledger. [`ElectraConfig::check`] keeps them far below 2^32.
    pub fn tower(&self) -> Tower {
        let size = |n: usize| u32::try_from(n).expect("a checked size fits in 32 bits");
        Tower {
            vocab: size(self.vocab_size),
            positions: size(self.max_position_embeddings),
            segments: size(self.type_vocab_size),
            embedding: size(self.embedding_size),
            hidden: size(self.hidden_size),
            layers: size(self.num_hidden_layers),
            heads: size(self.num_attention_heads),
            ffn: size(self.intermediate_size),
            eps_bits: (self.layer_norm_eps as f32).to_bits(),
        }
    }

    /// Reads and checks config.json. Errors name the field, its value and what would be accepted.
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        let config: Self = serde_json::from_slice(bytes).map_err(|e| {
            let unreadable = || Error::failed("not-electra-configuration").with("detail", e.to_string());
            instead(bytes, true).unwrap_or_else(unreadable)
        })?;
        config.check()?;
        Ok(config)
    }

    /// config.json of `role` with f32, tied weights: every field that transformers 4.46 and 5.x read, in alphabetical
    /// order as transformers writes them.
    pub fn to_json(&self, role: Role) -> Vec<u8> {
        let mut config = self.clone();
        config.model_type = "electra".to_owned();
        config.architectures = Some(vec![role.architecture().to_owned()]);
        config.tie_word_embeddings = true;
        config.position_embedding_type.get_or_insert_with(|| "absolute".to_owned());
        config.extra.retain(|key, _| !NOT_CARRIED_OVER.contains(&key.as_str()));
        let value = serde_json::to_value(config).expect("strings, numbers and maps with string keys are always JSON");
        let Value::Object(fields) = value else { unreachable!("a struct serialises to an object") };
        let sorted: BTreeMap<String, Value> = fields.into_iter().collect();
        let mut text = serde_json::to_vec_pretty(&sorted).expect("a JSON value is always JSON");
        text.push(b'\n');
        text
    }

    /// Refuses whatever the kernels would compute differently from transformers, and sizes that are impossible.
    pub fn check(&self) -> Result<()> {
        self.check_kind()?;
        self.check_sizes()?;
        self.check_numbers()
    }

    fn check_kind(&self) -> Result<()> {
        if self.model_type != "electra" {
            let found =
                if self.model_type.is_empty() { "missing".to_owned() } else { format!("{:?}", self.model_type) };
            return Err(Error::failed("model-type-not-electra").with("found", found));
        }
        if self.hidden_act != "gelu" {
            return Err(Error::failed("activation-not-gelu").with("found", format!("{:?}", self.hidden_act)));
        }
        if let Some(kind) = self.position_embedding_type.as_deref().filter(|kind| *kind != "absolute") {
            return Err(Error::failed("positions-not-absolute").with("found", format!("{kind:?}")));
        }
        for (name, on) in [("is_decoder", self.is_decoder), ("add_cross_attention", self.add_cross_attention)] {
            if on {
                return Err(Error::failed("not-bidirectional").with("name", name));
            }
        }
        if self.extra.get("quantization_config").is_some_and(|value| !value.is_null()) {
            return Err(Error::failed("weights-quantised"));
        }
        Ok(())
    }

    fn check_sizes(&self) -> Result<()> {
        let sizes = [
            ("vocab_size", self.vocab_size, AXIS_MAX),
            ("embedding_size", self.embedding_size, AXIS_MAX),
            ("hidden_size", self.hidden_size, AXIS_MAX),
            ("num_hidden_layers", self.num_hidden_layers, LAYERS_MAX),
            ("num_attention_heads", self.num_attention_heads, AXIS_MAX),
            ("intermediate_size", self.intermediate_size, AXIS_MAX),
            ("max_position_embeddings", self.max_position_embeddings, AXIS_MAX),
            ("type_vocab_size", self.type_vocab_size, AXIS_MAX),
        ];
        for (name, size, max) in sizes {
            if size == 0 || size > max {
                return Err(Error::failed("size-out-of-range").with("name", name).with("size", size).with("max", max));
            }
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            return Err(Error::failed("hub-heads-do-not-divide")
                .with("hidden", self.hidden_size)
                .with("heads", self.num_attention_heads));
        }
        if let Some(id) = self.pad_token_id.filter(|id| *id as usize >= self.vocab_size) {
            return Err(Error::failed("padding-outside-vocabulary")
                .with("id", id.to_string())
                .with("entries", self.vocab_size));
        }
        Ok(())
    }

    fn check_numbers(&self) -> Result<()> {
        let rates = [
            ("hidden_dropout_prob", self.hidden_dropout_prob),
            ("attention_probs_dropout_prob", self.attention_probs_dropout_prob),
        ];
        for (name, rate) in rates {
            if !(0.0..1.0).contains(&rate) {
                return Err(Error::failed("rate-out-of-range").with("name", name).with("rate", rate.to_string()));
            }
        }
        // The kernels compute in f32. An epsilon that is zero there would divide by zero on a constant row.
        if !(self.layer_norm_eps > f64::from(f32::MIN_POSITIVE) && self.layer_norm_eps < 1.0) {
            return Err(Error::failed("epsilon-out-of-range").with("value", self.layer_norm_eps.to_string()));
        }
        if !(self.initializer_range.is_finite() && self.initializer_range >= 0.0) {
            return Err(Error::failed("initializer-range-negative").with("value", self.initializer_range.to_string()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with(field: &str, value: &str) -> Result<ElectraConfig> {
        let base = r#"{"model_type":"electra","hidden_size":256,"num_attention_heads":4}"#;
        let mut fields: Map<String, Value> = serde_json::from_str(base).unwrap();
        fields.insert(field.to_owned(), serde_json::from_str(value).unwrap());
        ElectraConfig::from_json(&serde_json::to_vec(&fields).unwrap())
    }

    #[test]
    fn a_bare_config_has_the_defaults_of_transformers() {
        let config = ElectraConfig::from_json(br#"{"model_type":"electra"}"#).unwrap();
        let standard = ElectraConfig::standard(Role::Generator);
        assert_eq!(config, ElectraConfig { architectures: None, ..standard });
    }

    #[test]
    fn what_cannot_be_computed_is_refused_by_field_and_value() {
        for (field, value, said) in [
            ("model_type", r#""bert""#, "model-type-not-electra (found = \"bert\""),
            ("hidden_act", r#""relu""#, "activation-not-gelu (found = \"relu\""),
            ("position_embedding_type", r#""relative_key""#, "positions-not-absolute (found = \"relative_key\""),
            ("num_attention_heads", "3", "hub-heads-do-not-divide (hidden = 256, heads = 3)"),
            ("num_attention_heads", "0", "name = num_attention_heads, size = 0"),
            ("num_hidden_layers", "1000000000", "name = num_hidden_layers, size = 1000000000"),
            ("vocab_size", "3999999999", "name = vocab_size, size = 3999999999"),
            ("layer_norm_eps", "0", "epsilon-out-of-range (value = 0)"),
            ("hidden_dropout_prob", "1.0", "name = hidden_dropout_prob, rate = 1"),
            ("pad_token_id", "30522", "padding-outside-vocabulary (id = 30522"),
            ("is_decoder", "true", "not-bidirectional (name = is_decoder)"),
            ("quantization_config", r#"{"bits":8}"#, "weights-quantised"),
            ("hidden_size", r#""256""#, "invalid type"),
            ("vocab_size", "-5", "invalid value"),
        ] {
            let error = with(field, value).expect_err(field).to_string();
            assert!(error.contains(said), "{field}: {error}");
        }
        assert!(
            ElectraConfig::from_json(b"{}")
                .unwrap_err()
                .to_string()
                .contains("model-type-not-electra (found = missing)")
        );
    }

    #[test]
    fn the_epsilon_and_unknown_fields_survive_a_round_trip_and_the_origin_does_not() {
        let mut config = with("layer_norm_eps", "1e-5").unwrap();
        config.extra.insert("id2label".to_owned(), serde_json::json!({"0": "real"}));
        config.extra.insert("torch_dtype".to_owned(), "float16".into());
        config.tie_word_embeddings = false;
        let back = ElectraConfig::from_json(&config.to_json(Role::Generator)).unwrap();
        assert_eq!(back.layer_norm_eps, 1e-5);
        assert!(back.tie_word_embeddings);
        assert_eq!(back.architectures.as_deref(), Some(&["ElectraForMaskedLM".to_owned()][..]));
        assert_eq!(back.extra.keys().collect::<Vec<_>>(), ["id2label"]);
    }

    proptest! {
        #[test]
        fn mutated_json_never_panics(
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut bytes = ElectraConfig::standard(Role::Discriminator).to_json(Role::Discriminator);
            for (at, byte) in edits {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Ok(config) = ElectraConfig::from_json(&bytes) {
                super::super::expected_tensors(&config, Role::Generator);
            }
            bytes.truncate(cut.index(bytes.len()));
            ElectraConfig::from_json(&bytes).ok();
        }

        #[test]
        fn any_numbers_in_the_size_fields_are_read_or_refused(sizes in prop::collection::vec(any::<u64>(), 6)) {
            let json = serde_json::json!({
                "model_type": "electra", "vocab_size": sizes[0], "hidden_size": sizes[1], "num_hidden_layers": sizes[2],
                "num_attention_heads": sizes[3], "max_position_embeddings": sizes[4], "embedding_size": sizes[5],
            });
            ElectraConfig::from_json(json.to_string().as_bytes()).ok();
        }
    }
}
