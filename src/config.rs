//! The settings of a run. Each has one definition, one check, and a default in each preset.
//! preset (`assets/presets/*.toml`) <- config file <- `--set key=value` -> [`Config`]
//! The program prints the effective configuration first and stores it in the run's folder and in every checkpoint.

use crate::batch::Packing;
use crate::message::Message;
use crate::objective::{self, Objective, Pass};
use crate::ops::attention::HEAD_MAX;
use crate::plan::Elem;
use crate::text::wordpiece::COVERAGE;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// The source of the replacements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Replacements {
    /// The generator, from the first step: the paper's recipe.
    Generator,
    /// The corpus' word frequencies.
    Unigram,
    /// All words alike.
    Uniform,
    /// Word frequencies until the judge has taken off, then a ramp to the generator.
    UnigramToGenerator,
    /// All words alike until the judge has taken off, then a ramp to the generator.
    UniformToGenerator,
}

/// How activations that the backward reads, and the weights that products read, are stored. Sums, normalisations, losses,
/// gradients, the weights themselves and the optimizer are always f32.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    #[default]
    F32,
    /// Halves the memory of activations. A device must offer `shader-f16`; the processor converts at every kernel.
    F16,
}

impl Precision {
    pub fn stored(self) -> Elem {
        match self {
            Self::F32 => Elem::F32,
            Self::F16 => Elem::F16,
        }
    }
}

/// The initial values of the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InitRule {
    /// Truncated normal of `init_std` everywhere, Glorot-uniform where the reference leaves TensorFlow's default.
    Reference,
    /// Normal with deviation 1/sqrt(fan-in) for matrices and `init_std` for embeddings. Narrow models need this
    /// (docs/decisions/011).
    FanIn,
    /// Like `fan_in`, with heads that look at the neighbouring words at the start. With it narrow models take off on real text
    /// (docs/decisions/011).
    Neighbours,
}

/// Every setting of a run. Only [`Config::load`] makes one, so a `Config` has been checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The preset it started from.
    pub preset: String,
    /// One line for people.
    pub about: String,

    // Sizes.
    pub vocab_size: u32,
    pub embedding_size: u32,
    pub hidden_size: u32,
    pub layers: u32,
    pub heads: u32,
    pub ffn_size: u32,
    pub generator_hidden_size: u32,
    pub generator_heads: u32,
    pub generator_ffn_size: u32,
    pub max_positions: u32,

    // Text to batch.
    pub lower_case: bool,
    pub strip_accents: bool,
    /// The share of the text's characters that the tokenizer of a run covers, if it trains one. Configurations of older runs do not
    /// have this setting.
    #[serde(default = "coverage")]
    pub character_coverage: f64,
    /// The largest share of the text that may be unknown to the tokenizer. Older runs were never asked.
    #[serde(default = "all")]
    pub unknown_max: f64,
    /// Tokens of a row, `[CLS]` and `[SEP]` included.
    pub seq_len: u32,
    /// Rows of a micro-batch.
    pub batch: u32,
    /// Micro-batches of an optimizer step.
    pub accumulate: u32,
    pub packing: Packing,
    /// Share of a row's tokens that become slots.
    pub mask_prob: f64,
    /// As the reference code does: positions drawn with replacement, so some are drawn twice.
    pub mask_with_replacement: bool,

    // Objective.
    #[serde(with = "objective::by_name")]
    pub objective: &'static Objective,
    pub mlm_weight: f64,
    pub rtd_weight: f64,
    /// The temperature of the generator's samples in the first half of the run. Its loss uses temperature 1.
    pub temperature: f64,
    /// By how much the temperature rises, evenly over the second half of the planned steps.
    #[serde(default)]
    pub temperature_rise: f64,
    pub replacements: Replacements,
    /// Training AUC, averaged over 50 steps, at which the ramp to the generator starts.
    pub takeoff_auc: f64,
    /// Steps of that ramp.
    pub handover_steps: u64,
    /// Share of the planned steps after which the ramp starts at the latest, whatever the AUC is.
    pub handover_latest: f64,
    pub dropout: f64,
    pub attention_dropout: f64,
    pub init: InitRule,
    pub init_std: f64,
    /// Configurations of older runs do not have this setting.
    #[serde(default)]
    pub precision: Precision,

    // Optimizer.
    pub steps: u64,
    /// Peak learning rate.
    pub lr: f64,
    /// The generator's learning rate, divided by the discriminator's.
    pub generator_lr_scale: f64,
    /// The length of the warm-up in steps or, if it is below 1, as a share of the planned steps.
    pub warmup: f64,
    /// Exponent of the decay to 0 over the planned steps (1: linear).
    pub lr_power: f64,
    pub beta1: f64,
    pub beta2: f64,
    pub adam_eps: f64,
    /// False: the reference's AdamW.
    pub bias_correction: bool,
    pub weight_decay: f64,
    /// The largest gradient norm; larger gradients are scaled down.
    pub clip: f64,
    /// Whether shared embeddings, generator and discriminator are each clipped by their own norm.
    pub clip_separately: bool,

    // Looking and keeping.
    /// Steps between held-out evaluations.
    pub eval_every: u64,
    /// The largest number of held-out rows that an evaluation reads.
    pub eval_rows: u32,
    /// Steps between readouts.
    pub readout_every: u64,
    /// Steps between checkpoints.
    pub checkpoint_every: u64,
    /// How many checkpoints are kept.
    pub keep_checkpoints: u32,
}

fn coverage() -> f64 {
    COVERAGE
}

fn all() -> f64 {
    1.0
}

/// The largest number of layers. A plan with this many is still recorded in a moment; each layer takes about forty dispatches.
const LAYERS_MAX: u32 = 1024;

/// The presets, smallest first: name and text.
pub const PRESETS: &[(&str, &str)] = &[
    ("nano", include_str!("../assets/presets/nano.toml")),
    ("tiny", include_str!("../assets/presets/tiny.toml")),
    ("mini", include_str!("../assets/presets/mini.toml")),
    ("small", include_str!("../assets/presets/small.toml")),
    ("base", include_str!("../assets/presets/base.toml")),
];

/// Settings that a person gave. Later ones win over earlier ones.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Text of `--config`, with its path for messages.
    pub file: Option<(String, String)>,
    /// `key=value` of each `--set`.
    pub set: Vec<String>,
    /// The settings of the first run (`assets/presets/first-run.toml`) over the preset's: the built-in first-steps text.
    pub first_steps: bool,
}

/// What the first run changes in the nano preset: rows of one short sentence, and the rate and length that suit it.
const FIRST_RUN: &str = include_str!("../assets/presets/first-run.toml");

impl Config {
    /// A preset without changes.
    pub fn preset(name: &str) -> Result<Self> {
        Self::load(name, &Overrides::default())
    }

    /// The preset under its overrides, checked.
    ///
    /// # Errors
    /// Usage errors: an unknown preset or key (with the nearest right one), a value of the wrong type, sizes that do not fit
    /// together.
    pub fn load(preset: &str, overrides: &Overrides) -> Result<Self> {
        let mut table = preset_table(preset)?;
        if overrides.first_steps {
            for (key, value) in FIRST_RUN.parse::<toml::Table>().expect("the presets are parsed in a test") {
                set(&mut table, &key, value)?;
            }
        }
        if let Some((text, path)) = &overrides.file {
            let file: toml::Table = text
                .parse()
                .map_err(|e: toml::de::Error| Error::usage("not-toml").with("detail", e.to_string()).at(path))?;
            // The preset was already decided.
            for (key, value) in file.into_iter().filter(|(key, _)| key != "preset") {
                set(&mut table, &key, value).map_err(|e| e.at(path))?;
            }
        }
        for typed in &overrides.set {
            let (key, value) =
                typed.split_once('=').ok_or_else(|| Error::usage("set-without-value").with("typed", typed))?;
            if key.trim() == "preset" {
                return Err(Error::usage("set-preset").with("typed", typed).with("preset", value.trim()));
            }
            set(&mut table, key.trim(), parse_value(value.trim()))?;
        }
        let config: Self = table
            .try_into()
            .map_err(|e| Error::usage("setting-wrong").with("detail", e.to_string().trim().replace('\n', " ")))?;
        config.check()?;
        Ok(config)
    }

    /// The text of the effective configuration, for printing and storing.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a flat struct of numbers, strings and booleans is TOML")
    }

    /// Reads back [`Config::to_toml`].
    pub fn from_toml(text: &str, path: &str) -> Result<Self> {
        let config: Self = toml::from_str(text)
            .map_err(|e| Error::failed("not-this-versions-configuration").with("detail", e.message()).at(path))?;
        config.check().map_err(|e| e.at(path))?;
        Ok(config)
    }

    /// Checks the rules for every configuration, whatever it was made from.
    ///
    /// # Errors
    /// A value cannot be trained with; the error says what to try.
    pub fn check(&self) -> Result<()> {
        self.check_sizes()?;
        self.check_shares()?;
        self.check_counters()
    }

    fn check_sizes(&self) -> Result<()> {
        for (name, hidden, heads_name, heads) in [
            ("hidden_size", self.hidden_size, "heads", self.heads),
            ("generator_hidden_size", self.generator_hidden_size, "generator_heads", self.generator_heads),
        ] {
            if heads == 0 || hidden == 0 || !hidden.is_multiple_of(heads) {
                let right = hidden.max(1).next_multiple_of(heads.max(1));
                return Err(Error::usage("heads-do-not-divide")
                    .with("name", name)
                    .with("hidden", hidden)
                    .with("heads_name", heads_name)
                    .with("heads", heads)
                    .with("right", right));
            }
            if hidden / heads > HEAD_MAX {
                return Err(Error::usage("heads-too-wide")
                    .with("channels", hidden / heads)
                    .with("name", name)
                    .with("heads_name", heads_name)
                    .with("most", HEAD_MAX)
                    .with("right", hidden.div_ceil(HEAD_MAX)));
            }
        }
        for (name, value, least) in [
            ("vocab_size", self.vocab_size, 8),
            ("embedding_size", self.embedding_size, 1),
            ("layers", self.layers, 1),
            ("ffn_size", self.ffn_size, 1),
            ("generator_ffn_size", self.generator_ffn_size, 1),
            ("seq_len", self.seq_len, 5),
            ("batch", self.batch, 1),
            ("accumulate", self.accumulate, 1),
            ("keep_checkpoints", self.keep_checkpoints, 1),
            ("eval_rows", self.eval_rows, 1),
        ] {
            if value < least {
                return Err(Error::usage("setting-too-small")
                    .with("name", name)
                    .with("value", value)
                    .with("least", least));
            }
        }
        for (name, value) in [
            ("steps", self.steps),
            ("eval_every", self.eval_every),
            ("readout_every", self.readout_every),
            ("checkpoint_every", self.checkpoint_every),
        ] {
            if value == 0 {
                return Err(Error::usage("setting-is-zero").with("name", name));
            }
        }
        if self.layers > LAYERS_MAX {
            return Err(Error::usage("too-many-layers").with("layers", self.layers).with("most", LAYERS_MAX));
        }
        if self.seq_len > self.max_positions {
            return Err(Error::usage("rows-exceed-positions")
                .with("seq_len", self.seq_len)
                .with("positions", self.max_positions));
        }
        Ok(())
    }

    fn check_shares(&self) -> Result<()> {
        // Numbers are compared as f32, because the kernels see them so: a number that f32 rounds to the edge is on the edge.
        let open = |v: f64| (v as f32 > 0.0 && (v as f32) < 1.0, Message::new("range-between-zero-and-one"));
        let half_open = |v: f64| (v >= 0.0 && (v as f32) < 1.0, Message::new("range-zero-to-below-one"));
        let closed = |v: f64| ((0.0..=1.0).contains(&v), Message::new("range-zero-to-one"));
        let finite = |v: f64| (v as f32).is_finite();
        let positive = |v: f64| (finite(v) && v as f32 >= f32::MIN_POSITIVE, Message::new("range-above-zero"));
        let not_negative = |v: f64| (finite(v) && v >= 0.0, Message::new("range-zero-or-more"));
        for (name, value, (fits, wanted)) in [
            ("mask_prob", self.mask_prob, open(self.mask_prob)),
            ("dropout", self.dropout, half_open(self.dropout)),
            ("attention_dropout", self.attention_dropout, half_open(self.attention_dropout)),
            ("beta1", self.beta1, half_open(self.beta1)),
            ("beta2", self.beta2, half_open(self.beta2)),
            ("takeoff_auc", self.takeoff_auc, closed(self.takeoff_auc)),
            ("handover_latest", self.handover_latest, closed(self.handover_latest)),
            ("character_coverage", self.character_coverage, closed(self.character_coverage)),
            ("unknown_max", self.unknown_max, closed(self.unknown_max)),
            ("temperature", self.temperature, positive(self.temperature)),
            ("temperature_rise", self.temperature_rise, not_negative(self.temperature_rise)),
            ("lr", self.lr, positive(self.lr)),
            ("clip", self.clip, positive(self.clip)),
            ("adam_eps", self.adam_eps, positive(self.adam_eps)),
            ("init_std", self.init_std, positive(self.init_std)),
            ("generator_lr_scale", self.generator_lr_scale, not_negative(self.generator_lr_scale)),
            ("warmup", self.warmup, not_negative(self.warmup)),
            ("lr_power", self.lr_power, not_negative(self.lr_power)),
            ("weight_decay", self.weight_decay, not_negative(self.weight_decay)),
            ("mlm_weight", self.mlm_weight, not_negative(self.mlm_weight)),
            ("rtd_weight", self.rtd_weight, not_negative(self.rtd_weight)),
        ] {
            if !fits {
                return Err(Error::usage("setting-out-of-range")
                    .with("name", name)
                    .with("value", value.to_string())
                    .with("wanted", wanted));
            }
        }
        Ok(())
    }

    /// Refuses sizes that are too large for random numbers, which are addressed by 32 bits.
    fn check_counters(&self) -> Result<()> {
        let rows = u64::from(self.batch) * u64::from(self.accumulate);
        let t = u64::from(self.seq_len);
        let widest = u64::from(self.hidden_size.max(self.generator_hidden_size).max(self.embedding_size));
        let heads = u64::from(self.heads.max(self.generator_heads));
        let words = (rows * t * widest).max(rows * heads * t * t);
        if words >= 1 << 32 {
            return Err(Error::usage("too-many-random-words")
                .with("rows", rows)
                .with("tokens", t)
                .with("words", words));
        }
        Ok(())
    }

    /// The passes that are trained. If replacements never come from a network, the passes that draw are left out.
    pub fn passes(&self) -> &'static [Pass] {
        match self.replacements {
            Replacements::Unigram | Replacements::Uniform => self.objective.passes_without_drawing(),
            Replacements::Generator | Replacements::UnigramToGenerator | Replacements::UniformToGenerator => {
                self.objective.passes
            }
        }
    }

    /// The rows of an optimizer step.
    pub fn rows(&self) -> u32 {
        self.batch * self.accumulate
    }

    /// The warm-up in steps, for a run of `planned` steps.
    pub fn warmup_steps(&self, planned: u64) -> f64 {
        if self.warmup < 1.0 { self.warmup * planned as f64 } else { self.warmup }
    }
}

/// The preset that a configuration file was written for, if it says so.
pub fn preset_of(text: &str) -> Option<String> {
    text.parse::<toml::Table>().ok()?.get("preset")?.as_str().map(str::to_owned)
}

fn preset_table(name: &str) -> Result<toml::Table> {
    let Some((_, text)) = PRESETS.iter().find(|(preset, _)| *preset == name) else {
        let names: Vec<&str> = PRESETS.iter().map(|(name, _)| *name).collect();
        return Err(Error::usage("no-such-preset").with("name", name).with("names", names.join(", ")));
    };
    Ok(text.parse().expect("the presets are parsed in a test"))
}

fn set(table: &mut toml::Table, key: &str, value: toml::Value) -> Result<()> {
    if !table.contains_key(key) {
        return Err(no_setting(table, key));
    }
    // TOML distinguishes 1 from 1.0. People need not.
    let value = match (&table[key], value) {
        (toml::Value::Float(_), toml::Value::Integer(i)) => toml::Value::Float(i as f64),
        (_, value) => value,
    };
    if table[key].type_str() != value.type_str() {
        return Err(Error::usage("setting-of-wrong-type")
            .with("key", key)
            .with("value", value.to_string())
            .with("wanted", type_of(&table[key]))
            .with("got", type_of(&value))
            .with("preset", table[key].to_string()));
    }
    table.insert(key.to_owned(), value);
    Ok(())
}

/// The name of a value's type, for people.
fn type_of(value: &toml::Value) -> Message {
    match value {
        toml::Value::String(_) => Message::new("toml-string"),
        toml::Value::Integer(_) => Message::new("toml-integer"),
        toml::Value::Float(_) => Message::new("toml-float"),
        toml::Value::Boolean(_) => Message::new("toml-boolean"),
        toml::Value::Datetime(_) => Message::new("toml-datetime"),
        toml::Value::Array(_) => Message::new("toml-array"),
        toml::Value::Table(_) => Message::new("toml-table"),
    }
}

/// How similar two names must be (1 is equal) for one to count as a typing error for the other.
const ALIKE_MIN: f64 = 0.5;

/// Names the setting that was probably meant, or all settings if none is similar.
fn no_setting(table: &toml::Table, key: &str) -> Error {
    let alike = |known: &str| strsim::normalized_damerau_levenshtein(known, key);
    let nearest = table.keys().max_by(|a, b| alike(a).total_cmp(&alike(b)));
    match nearest.filter(|nearest| alike(nearest) >= ALIKE_MIN) {
        Some(nearest) => Error::usage("setting-misspelt").with("key", key).with("nearest", nearest),
        None => {
            let names = table.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            Error::usage("no-such-setting").with("key", key).with("names", names)
        }
    }
}

/// A TOML value, or the text itself if it is not one (`--set replacements=unigram`).
fn parse_value(typed: &str) -> toml::Value {
    let parsed = format!("v = {typed}").parse::<toml::Table>().ok().and_then(|mut table| table.remove("v"));
    parsed.unwrap_or_else(|| toml::Value::String(typed.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(set: &[&str]) -> Result<Config> {
        Config::load("nano", &Overrides { set: set.iter().map(|s| (*s).to_owned()).collect(), ..Overrides::default() })
    }

    #[test]
    fn every_preset_loads_and_round_trips() {
        for (name, _) in PRESETS {
            let config = Config::preset(name).unwrap();
            assert_eq!(config.preset, *name);
            assert_eq!(Config::from_toml(&config.to_toml(), "config.toml").unwrap(), config);
        }
        Config::load("nano", &Overrides { first_steps: true, ..Overrides::default() }).unwrap();
    }

    #[test]
    fn small_is_the_papers() {
        let c = Config::preset("small").unwrap();
        assert_eq!(
            (c.vocab_size, c.embedding_size, c.hidden_size, c.layers, c.heads, c.ffn_size),
            (30522, 128, 256, 12, 4, 1024)
        );
        assert_eq!((c.generator_hidden_size, c.generator_heads, c.generator_ffn_size), (64, 1, 256));
        assert_eq!((c.seq_len, c.rows(), c.steps, c.lr, c.warmup), (128, 128, 1_000_000, 5e-4, 10_000.0));
        assert_eq!((c.replacements, c.init, c.bias_correction), (Replacements::Generator, InitRule::Reference, false));
    }

    #[test]
    fn mistakes_are_named_with_a_way_out() {
        let message = |set: &[&str]| with(set).unwrap_err().to_string();
        assert!(message(&["lerning_rate=1"]).contains("key = lerning_rate"));
        assert!(message(&["hiden_size=64"]).contains("setting-misspelt (key = hiden_size, nearest = hidden_size)"));
        for at_an_edge_of_f32 in ["dropout=0.99999999", "adam_eps=1e-46", "lr=1e39"] {
            assert!(message(&[at_an_edge_of_f32]).contains("setting-out-of-range"), "{at_an_edge_of_f32}");
        }
        let far = message(&["lerning=1"]);
        assert!(far.contains("no-such-setting") && far.contains(" lr,"), "{far}");
        assert!(
            message(&["hidden_size=65"]).contains("heads-do-not-divide")
                && message(&["hidden_size=65"]).contains("right = 66")
        );
        assert!(message(&["lr=fast"]).contains("wanted = toml-float"));
        assert!(message(&["batch=1.5"]).contains("wanted = toml-integer"));
        assert!(message(&["batch=-3"]).contains("-3"));
        assert!(message(&["objective=gan"]).contains("electra"));
        assert!(message(&["seq_len=600"]).contains("rows-exceed-positions"));
        assert!(message(&["lr"]).contains("set-without-value"));
        assert!(message(&["batch=100000", "seq_len=512"]).contains("too-many-random-words"));
        assert_eq!(with(&["batch=0"]).unwrap_err().exit_status(), 2);
    }

    #[test]
    fn whole_numbers_are_fine_where_a_float_is_wanted() {
        assert_eq!(with(&["lr=1"]).unwrap().lr, 1.0);
        assert_eq!(with(&["replacements=uniform"]).unwrap().replacements, Replacements::Uniform);
    }
}
