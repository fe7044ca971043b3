//! Helps the training tests: a small text in memory, sessions over it, and a training step that can be taken apart.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use electroscope::batch::{Batch, HeldOut, Loader, Masking, Part, Recipe, Split, StepTotals, hold_out, mask};
use electroscope::config::{Config, Overrides};
use electroscope::lang::Lang;
use electroscope::model::io::Io;
use electroscope::model::ledger::Group;
use electroscope::model::{Model, ModelSpec};
use electroscope::objective::Pass;
use electroscope::plan::{KernelChoices, Stage, Step, Tensor};
use electroscope::rng::{Key, Sequence, Stream};
pub use electroscope::run::assemble::recipe;
use electroscope::text::cache::{Options, TokenCache};
use electroscope::text::grammar::{Grammar, Level};
use electroscope::text::tokenizer::{Cleaning, Specials, Tokenizer};
use electroscope::text::{Chunk, wordpiece};
use electroscope::train::engine::{Backend, Engine, SLICE};
use electroscope::train::event::StepMetrics;
use electroscope::train::metrics::LossWeights;
use electroscope::train::padding::Padding;
use electroscope::train::session::{Arrived, Parts, Session};
use electroscope::train::shares::TokenShares;
use electroscope::train::step::{self, Rates};
use electroscope::train::weights;
use pollster::block_on;
use std::sync::Arc;

/// The nano preset under `set`.
pub fn config(set: &[&str]) -> Config {
    preset("nano", set)
}

pub fn preset(name: &str, set: &[&str]) -> Config {
    let set = set.iter().map(|s| (*s).to_owned()).collect();
    Config::load(name, &Overrides { set, ..Overrides::default() }).unwrap()
}

/// Networks of two layers, so small that a step takes a millisecond or two.
pub const TINIEST: &[&str] = &[
    "embedding_size=16",
    "hidden_size=16",
    "ffn_size=32",
    "generator_hidden_size=8",
    "generator_ffn_size=16",
    "max_positions=32",
    "vocab_size=300",
    "seq_len=12",
    "batch=4",
    "packing=lines",
];

/// `first` settings, then `more`.
pub fn with<'a>(first: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [first, more].concat()
}

/// Stories of the built-in grammar: one document each, one sentence in each line.
pub fn stories(level: Level, documents: u64) -> Vec<String> {
    let grammar = Grammar::new(Lang::En, level).unwrap();
    let story = |number| {
        let story = grammar.document(1, number);
        story.sentences.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join("\n")
    };
    (0..documents).map(story).collect()
}

/// Tokens in memory.
pub struct Text {
    pub cache: Arc<TokenCache>,
    pub tokenizer: Arc<Tokenizer>,
}

/// These documents, with a tokenizer trained on them.
pub fn text_of(documents: &[String], vocab_size: usize) -> Text {
    let chunks = || documents.iter().map(|text| Ok(Chunk::document(text.as_str())));
    let recipe = wordpiece::Recipe::new(vocab_size, Cleaning::UNCASED);
    let tokenizer = wordpiece::train(chunks(), &recipe, |_| {}).unwrap().tokenizer;
    let cache = TokenCache::in_memory(chunks(), &tokenizer, &Options::default(), |_| {}).unwrap();
    Text { cache: Arc::new(cache), tokenizer: Arc::new(tokenizer) }
}

/// A few thousand words of the first-steps level.
pub fn text() -> Text {
    text_of(&stories(Level::FirstSteps, 300), 300)
}

/// A new session on the corpus' own split.
pub fn session(config: &Config, text: &Text, backend: &Backend, seed: u64) -> Session {
    let split = Split::new(&text.cache, seed, config.seq_len as usize).unwrap();
    session_on(config, text, backend, seed, split)
}

/// A new session on these parts of the text.
pub fn session_on(config: &Config, text: &Text, backend: &Backend, seed: u64, split: Split) -> Session {
    let (recipe, specials) = (recipe(config, seed), text.tokenizer.specials());
    let spec = ModelSpec::from_config(config, text.tokenizer.vocab_size() as u32, specials.pad, None);
    let model = Model::record(spec, KernelChoices::default(), backend.limits());
    let mut engine = block_on(backend.trainer(&model)).unwrap();
    weights::initialise(&model, &mut engine, seed);
    let look = Recipe { accumulate: 1, ..recipe };
    let held_out = || HeldOut::with_rows(text.cache.clone(), &split.held_out, look, specials, 64).unwrap();
    let parts = Parts {
        config: config.clone(),
        model,
        engine,
        held_out: held_out(),
        readout_rows: held_out(),
        rules: None,
        swaps: None,
        shares: TokenShares::new(text.tokenizer.vocab_size()),
        tokenizer: text.tokenizer.clone(),
        counts: split.train_counts(&text.cache),
        unigram_entropy: hold_out::entropy_nats(&split.held_out.counts(&text.cache)),
        unknown_share: 0.0,
        padding: Padding::default(),
        loader: Loader::new(text.cache.clone(), split.train, recipe, specials).unwrap(),
        seed,
        planned_steps: config.steps,
    };
    Session::new(parts, None).unwrap()
}

/// The whole text, for training and for evaluation, so that it can be learned by heart.
pub fn by_heart(text: &Text) -> Split {
    let whole = || Part::whole(&text.cache).unwrap();
    Split { train: whole(), held_out: whole() }
}

/// Takes `steps` steps and waits for their numbers.
///
/// # Panics
/// If a gradient is not finite.
pub fn train(session: &mut Session, steps: u64) -> Vec<StepMetrics> {
    let mut arrived = Vec::new();
    for _ in 0..steps {
        block_on(session.advance(SLICE, &mut arrived)).unwrap();
    }
    block_on(session.settle(&mut arrived)).unwrap();
    let metrics = |arrived| match arrived {
        Arrived::Step(metrics) => *metrics,
        Arrived::NonFinite { step, .. } => panic!("step {step}: not finite"),
        Arrived::Sample(_) => panic!("nobody asked for a sample"),
    };
    arrived.into_iter().map(metrics).collect()
}

/// The special tokens of batches made here.
pub const SPECIALS: Specials = Specials { pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 };

/// A batch of random words: rows of every length from 5 tokens to `row_len`, in two segments, masked.
pub fn random_batch(rows: usize, row_len: usize, vocab: u32, masking: Masking, seed: u64) -> Batch {
    let mut batch = Batch::new(rows, row_len, rows * masking.slots_max(row_len));
    let mut random = Sequence::new(Key::new(seed, 0, Stream::Pack), 0);
    for row in 0..rows {
        // The first row is full, so that the longest shape occurs.
        let tokens = if row == 0 { row_len } else { 5 + random.below(row_len - 4) };
        let second = 1 + random.below(tokens);
        for column in 0..tokens {
            let n = row * row_len + column;
            batch.ids[n] = match column {
                0 => SPECIALS.cls,
                _ if column == tokens - 1 => SPECIALS.sep,
                _ => 5 + random.below(vocab as usize - 5) as u32,
            };
            batch.attention[n] = 1;
            batch.type_ids[n] = u32::from(column >= second);
        }
    }
    mask::hide(&mut batch, &masking, Key::new(seed, 0, Stream::Mask), 0, SPECIALS, &mut Vec::new());
    batch
}

/// A model, its memory and a batch: a training step of which any part can be run.
pub struct Rig {
    pub model: Model,
    pub engine: Engine,
    pub batch: Batch,
    pub step: Step,
}

impl Rig {
    /// `config`'s networks over `vocab` words, with weights drawn from seed 1, and `batch`, whose shape `config` must have.
    pub fn new(backend: &Backend, config: &Config, vocab: u32, batch: Batch) -> Self {
        Self::of_passes(backend, config, vocab, batch, config.passes())
    }

    /// The same with other passes over the same networks.
    pub fn of_passes(backend: &Backend, config: &Config, vocab: u32, batch: Batch, passes: &'static [Pass]) -> Self {
        let mut spec = ModelSpec::from_config(config, vocab, SPECIALS.pad, None);
        spec.shape.passes = passes;
        if let Some(train) = &mut spec.train {
            // A batch may have room for more slots than its rows need.
            train.size.slots = batch.slot_label.len() as u32;
        }
        let model = Model::record(spec, KernelChoices::default(), backend.limits());
        let mut engine = block_on(backend.trainer(&model)).unwrap();
        weights::initialise(&model, &mut engine, 1);
        let totals = StepTotals::of(std::slice::from_ref(&batch));
        let (weights, rates) = (LossWeights { mlm: 1.0, rtd: 50.0 }, Rates { lr: 0.0, corrections: [1.0; 2] });
        let step = step::block(model.spec.shape.passes, weights, &totals, (5, 3), rates);
        let mut rig = Self { model, engine, batch, step };
        rig.load();
        rig
    }

    pub fn io(&self) -> Io {
        self.model.io.clone().expect("recorded for training")
    }

    /// Hands the batch and the step block to the engine.
    pub fn load(&mut self) {
        let (io, mut words) = (self.io(), Vec::new());
        io.pack(&self.batch, &mut words);
        self.engine.write(&io.input, &words);
        self.engine.set_step(&self.step);
    }

    pub fn run(&mut self, first: Stage, last: Stage) {
        let range = self.model.plan.span(first, last);
        block_on(self.engine.run_all(range)).unwrap();
    }

    pub fn read(&mut self, tensor: &Tensor) -> Vec<u32> {
        block_on(self.engine.read(tensor)).unwrap()
    }

    pub fn read_f32(&mut self, tensor: &Tensor) -> Vec<f32> {
        block_on(self.engine.read_f32(tensor)).unwrap()
    }

    /// Every gradient: name, group, values.
    pub fn gradients(&mut self) -> Vec<(String, Group, Vec<f32>)> {
        gradients(&self.model, &mut self.engine)
    }
}

/// Every gradient now: name, group, values.
pub fn gradients(model: &Model, engine: &mut Engine) -> Vec<(String, Group, Vec<f32>)> {
    let read = |parameter: &electroscope::model::Parameter| {
        let gradient = parameter.gradient.as_ref().expect("recorded for training");
        let values = block_on(engine.read_f32(gradient)).unwrap();
        (parameter.entry.name.clone(), parameter.entry.group, values)
    };
    model.parameters.iter().map(read).collect()
}

pub fn norm(values: impl IntoIterator<Item = f32>) -> f64 {
    values.into_iter().map(|v| f64::from(v).powi(2)).sum::<f64>().sqrt()
}

/// The norm of the difference, divided by the norm of `b`.
pub fn distance(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    norm(a.iter().zip(b).map(|(a, b)| a - b)) / norm(b.iter().copied()).max(f64::MIN_POSITIVE)
}

/// A seeded standard normal vector.
pub fn normals(len: usize, site: u32) -> Vec<f32> {
    let mut random = Sequence::new(Key::new(2026, 1, Stream::Init), site);
    let mut normal = || (-2.0 * random.unit().ln()).sqrt() * (std::f64::consts::TAU * random.unit()).cos();
    (0..len).map(|_| normal() as f32).collect()
}
