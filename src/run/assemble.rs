//! Puts a session together: config, text and a backend -> loader, held-out rows, model, engine with its weights -> [`Session`].
//! Runs use it, and so does `eval`, which trains nothing.

use super::kernels::{self, Wish};
use super::request;
use super::source::{KeepGoing, Text};
use crate::batch::{HeldOut, Loader, Masking, Packing, Recipe, Split, hold_out};
use crate::config::{Config, Precision};
use crate::hub::Networks;
use crate::message::{self, Message};
use crate::model::io::PassSize;
use crate::model::ledger::Shape;
use crate::model::{Model, ModelSpec, slots_per_row};
use crate::objective::{self, Head};
use crate::plan::KernelChoices;
use crate::text::unknown::Unknown;
use crate::train::checkpoint::Checkpoint;
use crate::train::engine::{self, Backend};
use crate::train::event::{CorpusInfo, Preparing};
use crate::train::padding::Padding;
use crate::train::rules::RuleRows;
use crate::train::session::{OWN_SLOTS, Parts, Position, SPOILED_ROWS, Session};
use crate::train::shares::TokenShares;
use crate::train::shelf::Shelf;
use crate::train::swaps::Swaps;
use crate::train::tuning::offered;
use crate::train::weights;
use crate::{Error, Result};
use std::task::Poll;

/// How many fixed rows the readout has.
const READOUT_ROWS: u32 = 4;
/// The longest row of the readout, in tokens.
const READOUT_TOKENS: u32 = 48;

/// How many sentences a run offers to try its judge on.
const EXAMPLES: usize = 8;

/// Where the weights come from.
pub enum WeightsFrom<'a> {
    /// The weights are drawn from the run's seed.
    Seed,
    /// The weights come from other networks, with the notices from reading them.
    Networks(&'a Networks, &'a [Message]),
    /// The weights come from the checkpoint of a run that continues.
    Checkpoint(&'a Checkpoint, Position),
}

/// A session, and the notices about it.
pub struct Assembly {
    pub session: Session,
    /// The held-out tokens that the tokenizer does not know.
    pub held_out_unknown: Unknown,
    pub corpus: CorpusInfo,
    pub notices: Vec<Message>,
    pub kernels: KernelChoices,
}

/// What a session needs besides its configuration and its text.
pub struct Start<'a> {
    pub from: WeightsFrom<'a>,
    /// The seed of a new run. A run that continues has its own.
    pub seed: u64,
    pub kernels: &'a Wish,
    /// The shelf that keeps measured choices.
    pub shelf: &'a Shelf,
}

pub async fn assemble(
    config: &Config,
    text: &Text,
    backend: &Backend,
    Start { from, seed, kernels: wish, shelf }: &Start<'_>,
    going: KeepGoing<'_>,
    tell: &mut dyn FnMut(Preparing),
) -> Result<Assembly> {
    let seed = *seed;
    let seed = if let WeightsFrom::Checkpoint(checkpoint, _) = from { checkpoint.state.seed } else { seed };
    let recipe = recipe(config, seed);
    let specials = text.tokenizer.specials();
    let (split, counts) = if text.only_held_out {
        (Split::to_look_at(&text.cache)?, text.cache.counts().to_vec())
    } else {
        let split = Split::new(&text.cache, seed, recipe.row_len)?;
        let counts = split.train_counts(&text.cache);
        (split, counts)
    };
    let held_out_counts = split.held_out.counts(&text.cache);
    let unigram_entropy = hold_out::entropy_nats(&held_out_counts);
    let held_out_unknown = Unknown::of_counts(&held_out_counts, specials.unk);
    let mut corpus = CorpusInfo {
        name: text.name.clone(),
        lang: text.builtin.map(|(language, _)| language.code().to_owned()),
        level: text.builtin.map(|(_, level)| level),
        train_tokens: Some(split.train.tokens(&text.cache)),
        valid_tokens: Some(split.held_out.tokens(&text.cache)),
        vocab_size: text.tokenizer.vocab_size() as u64,
        unknown_share: Some(text.unknown.token_share()),
        unknown_char_share: Some(text.unknown.char_share()),
        unigram_entropy: Some(unigram_entropy),
        swap_examples: Vec::new(),
    };
    let inference = Recipe { accumulate: 1, ..recipe };
    let held_out_rows =
        |recipe, rows: u32| HeldOut::with_rows(text.cache.clone(), &split.held_out, recipe, specials, rows as usize);
    let mut held_out = held_out_rows(inference, config.eval_rows)?;
    let readout = readout_size(config);
    let readout_recipe = Recipe { rows: readout.rows as usize, row_len: readout.row_len as usize, ..inference };
    let readout_rows = held_out_rows(readout_recipe, READOUT_ROWS)?;
    let mut spec = ModelSpec::from_config(config, text.tokenizer.vocab_size() as u32, specials.pad, Some(readout));
    // Networks that were read keep their own sizes, even if the preset has others.
    let mut read = match from {
        WeightsFrom::Seed => None,
        WeightsFrom::Networks(networks, notices) => Some(((*networks).clone(), notices.to_vec())),
        WeightsFrom::Checkpoint(checkpoint, _) => Some(checkpoint.networks()?),
    };
    if let Some((networks, _)) = &read {
        // A run that continues trains the networks of its checkpoint, even if a new run would train others.
        let passes = if networks.aux.is_some() { config.objective.passes } else { config.passes() };
        spec.shape = weights::shape_from_networks(networks, passes)?;
    }
    let words = text.tokenizer.vocab_size();
    let padding = read.as_mut().map(|(networks, _)| Padding::hide(networks, words)).unwrap_or_default();
    let mut config = config.clone();
    let mut notices = read.as_ref().map(|(_, notices)| notices.clone()).unwrap_or_default();
    if let WeightsFrom::Networks(..) = from {
        notices.extend(padded(spec.shape.main.vocab as usize, words));
        notices.extend(keep_sizes(&mut config, &spec.shape));
        // The configuration is stored with the networks' sizes, so it must be valid with them too.
        config.check()?;
    }
    check_segments(&config, &spec.shape)?;
    backend.check(config.precision)?;
    if config.precision == Precision::F16 && backend.gpu().is_none() {
        notices.push(Message::new("f16-on-cpu"));
    }
    spec.check(&backend.limits())?;
    check_memory(&spec, &config, backend, true)?;
    let own = match from {
        WeightsFrom::Checkpoint(checkpoint, _) => own_kernels(checkpoint, backend, wish, &mut notices),
        WeightsFrom::Seed | WeightsFrom::Networks(..) => None,
    };
    let kernels = match own {
        Some(own) if wish.pinned.is_none() && !wish.retune => own,
        _ => {
            let record = |choices| Model::record(spec.clone(), choices, backend.limits()).plan;
            until_stopped(going, kernels::choose(backend, &record, wish, shelf, tell)).await?
        }
    };
    let model = Model::record(spec, kernels.clone(), backend.limits());
    let mut engine = backend.trainer(&model).await?;
    match &read {
        Some((networks, _)) => weights::load_run(&model, &mut engine, networks),
        None => weights::initialise(&model, &mut engine, seed),
    }
    if let WeightsFrom::Checkpoint(checkpoint, _) = from {
        weights::load_moments(&model, &mut engine, &checkpoint.moments()?)?;
    }
    let judged = objective::have(model.spec.shape.passes, Head::Rtd);
    let grammar = text.builtin.filter(|_| judged);
    let rules = grammar.map(|(language, level)| RuleRows::of_grammar(language, level, &text.tokenizer, inference));
    let swaps = match grammar {
        _ if !judged => None,
        Some((language, level)) => Some(Swaps::of_grammar(language, level, &text.tokenizer, inference)?),
        None => Some(Swaps::of_rows(&mut held_out, &counts, &text.tokenizer, inference)),
    };
    if let Some(swaps) = &swaps {
        corpus.swap_examples = swaps.examples(&text.tokenizer, EXAMPLES);
    }
    let shares = match from {
        WeightsFrom::Checkpoint(checkpoint, _) => {
            TokenShares::from_tensors(&checkpoint.statistics()?, text.tokenizer.vocab_size())?
        }
        WeightsFrom::Seed | WeightsFrom::Networks(..) => TokenShares::new(text.tokenizer.vocab_size()),
    };
    let (planned_steps, position) = match from {
        // A run that continues may have been extended: then only its configuration has the new length.
        WeightsFrom::Checkpoint(checkpoint, position) => {
            (checkpoint.state.planned_steps.max(config.steps), Some(*position))
        }
        WeightsFrom::Seed | WeightsFrom::Networks(..) => (config.steps, None),
    };
    let parts = Parts {
        config,
        model,
        engine,
        loader: Loader::new(text.cache.clone(), split.train, recipe, specials)?,
        held_out,
        readout_rows,
        rules: rules.transpose()?,
        swaps,
        shares,
        tokenizer: text.tokenizer.clone(),
        counts,
        unigram_entropy,
        unknown_share: held_out_unknown.token_share(),
        padding,
        seed,
        planned_steps,
    };
    let session = Session::new(parts, position)?;
    Ok(Assembly { session, held_out_unknown, corpus, notices, kernels })
}

/// Refuses a model for which there is not enough memory, and says with how many rows at once there would be. `prepared`: whether the
/// text is ready.
///
/// # Errors
/// The memory does not suffice.
pub(super) fn check_memory(spec: &ModelSpec, config: &Config, backend: &Backend, prepared: bool) -> Result<()> {
    if backend.kind() != engine::Kind::Wgsl {
        // Burn's memory is not in the plan.
        return Ok(());
    }
    let with_rows = |rows: u32| {
        let config = Config { batch: rows, ..config.clone() };
        let train = ModelSpec::from_config(&config, config.vocab_size, spec.pad_id, None).train;
        let spec = ModelSpec { train, ..spec.clone() };
        backend.check_memory(&Model::record(spec, KernelChoices::default(), backend.limits()).plan, prepared)
    };
    with_rows(config.batch).map_err(|error| {
        let mut halves = (1..u32::BITS).map(|n| config.batch >> n).take_while(|rows| *rows > 0);
        match halves.find(|rows| with_rows(*rows).is_ok()) {
            Some(rows) => Error::failed("rows-exceed-memory")
                .with("batch", config.batch)
                .with("why", &error.message)
                .with("rows", rows)
                .with("pieces", config.accumulate * config.batch.div_ceil(rows))
                .kind(error.kind)
                .hint("help-smaller-pieces"),
            None => error,
        }
    })
}

/// Rows with two segments need a segment table with two rows.
fn check_segments(config: &Config, shape: &Shape) -> Result<()> {
    if config.packing == Packing::Segments && shape.main.segments < 2 {
        return Err(Error::failed("one-segment-known"));
    }
    Ok(())
}

/// Runs `work` until it is done or `going` gives an error. `going` is asked whenever the work is woken.
async fn until_stopped<T>(going: KeepGoing<'_>, work: impl Future<Output = Result<T>>) -> Result<T> {
    let mut work = std::pin::pin!(work);
    std::future::poll_fn(|cx| match going() {
        Ok(()) => work.as_mut().poll(cx),
        Err(stopped) => Poll::Ready(Err(stopped)),
    })
    .await
}

/// The kernel choices of the run that continues, as far as this device can run them; none if it moved here without any. Adds a
/// notice if its numbers may now differ.
fn own_kernels(
    checkpoint: &Checkpoint,
    backend: &Backend,
    wish: &Wish,
    notices: &mut Vec<Message>,
) -> Option<KernelChoices> {
    let own: KernelChoices = serde_json::from_value(checkpoint.state.kernels.clone()).unwrap_or_default();
    let then = request::adapter_of(checkpoint);
    let now = kernels::device(backend);
    // Earlier versions did not name processors.
    let then = then.unwrap_or_else(|| if backend.gpu().is_none() { now.clone() } else { "cpu".to_owned() });
    let moved = then != now;
    if moved {
        notices.push(Message::new("run-moved").with("then", then).with("now", now));
    } else if wish.retune || wish.pinned.is_some() {
        notices.push(Message::new("other-kernels"));
    }
    let own = backend.gpu().map_or(own.clone(), |gpu| offered(own, gpu.summary.features));
    (!moved || !own.0.is_empty()).then_some(own)
}

/// Says that the networks have more rows than the tokenizer has words.
fn padded(rows: usize, words: usize) -> Option<Message> {
    let told =
        || Message::new("vocabulary-padded").with("rows", rows).with("words", words).with("beyond", rows - words);
    (rows > words).then(told)
}

/// Writes the sizes of the networks that were read into the run's configuration. Returns a notice that names the sizes that
/// changed.
fn keep_sizes(config: &mut Config, shape: &Shape) -> Option<Message> {
    let main = &shape.main;
    // The vocabulary gets no notice: it is compared elsewhere, and in most runs it is smaller than the setting.
    config.vocab_size = main.vocab;
    let mut sizes = vec![
        ("embedding_size", &mut config.embedding_size, main.embedding),
        ("hidden_size", &mut config.hidden_size, main.hidden),
        ("layers", &mut config.layers, main.layers),
        ("heads", &mut config.heads, main.heads),
        ("ffn_size", &mut config.ffn_size, main.ffn),
        ("max_positions", &mut config.max_positions, main.positions),
    ];
    if let Some(aux) = &shape.aux {
        sizes.extend([
            ("generator_hidden_size", &mut config.generator_hidden_size, aux.hidden),
            ("generator_heads", &mut config.generator_heads, aux.heads),
            ("generator_ffn_size", &mut config.generator_ffn_size, aux.ffn),
        ]);
    }
    let mut others = Vec::new();
    for (name, asked, theirs) in sizes {
        if *asked != theirs {
            others.push(Message::new("size-kept").with("name", name).with("is", theirs).with("asked", *asked));
            *asked = theirs;
        }
    }
    (!others.is_empty()).then(|| Message::new("sizes-kept").with("sizes", message::listed(others)))
}

/// How a configuration cuts text into batches.
pub fn recipe(c: &Config, seed: u64) -> Recipe {
    Recipe {
        rows: c.batch as usize,
        accumulate: c.accumulate as usize,
        row_len: c.seq_len as usize,
        packing: c.packing,
        masking: Masking { mask_prob: c.mask_prob, with_replacement: c.mask_with_replacement },
        seed,
    }
}

/// The size of the readout's pass: a few short rows, as many with a wrong word if there is a judge, and one for a person's text.
pub fn readout_size(c: &Config) -> PassSize {
    let row_len = c.seq_len.min(READOUT_TOKENS);
    let slots = slots_per_row(&Config { seq_len: row_len, ..c.clone() });
    // The last row is a person's own text, in which more words may be masked.
    let spoiled = if objective::have(c.passes(), Head::Rtd) { SPOILED_ROWS } else { 0 };
    PassSize { rows: READOUT_ROWS + spoiled + 1, row_len, slots: READOUT_ROWS * slots + OWN_SLOTS }
}
