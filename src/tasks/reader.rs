//! Reads texts with a trained model: which tokens look replaced, which words fit a blank, and the four stages on one text.
//! RUN or MODEL -> [`Reader::open`] -> [`Reader::detect`], [`Reader::fill`], [`Reader::corrupt`].

use super::windows::{home, windows};
use crate::batch::{Batch, Masking, NONE, mask};
use crate::config::Config;
use crate::hub::{Network, Networks, Role, pair_from_networks};
use crate::message::Message;
use crate::model::io::PassSize;
use crate::model::ledger::Shape;
use crate::model::read::ReadModel;
use crate::objective::{self, NetId, Pass};
use crate::plan::{Elem, KernelChoices, Stage, Step};
use crate::rng::{Key, Stream};
use crate::text::tokenizer::{Cleaning, Encoding, Tokenizer};
use crate::train::checkpoint::{self, read_steadily, resolve_model};
use crate::train::engine::{Backend, Engine};
use crate::train::event::{Proposal, ReadToken};
use crate::train::padding::Padding;
use crate::train::{schedule, session, weights};
use crate::{Error, Result};
use serde::Serialize;
use std::path::Path;

/// Which networks a reading needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The discriminator: is this token the original?
    Judge,
    /// The generator: which word belongs in the blank?
    Propose,
    /// Both: hide, propose, replace, judge.
    Whole,
}

impl Reading {
    fn needs(self, role: Role) -> bool {
        match role {
            Role::Discriminator => self != Self::Propose,
            Role::Encoder | Role::Generator => self != Self::Judge,
        }
    }

    /// The passes that run. A network that is read alone is the main one, whatever its role in training was.
    fn passes(self) -> &'static [Pass] {
        match self {
            Self::Judge => &objective::JUDGE_ORIGINAL,
            Self::Propose => &objective::PROPOSE_ALONE,
            Self::Whole => objective::ELECTRA.passes,
        }
    }
}

/// The judgement of one token of a text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgedToken {
    pub token: String,
    pub id: u32,
    /// Bytes of the text.
    pub start: usize,
    pub end: usize,
    pub logit: f32,
    pub p_replaced: f64,
}

/// One `[MASK]` of a text and what the generator would write there, best first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Blank {
    /// Bytes of the text.
    pub start: usize,
    pub end: usize,
    pub proposals: Vec<Proposal>,
}

/// A token on its way through the four stages, with its place in the text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StagedToken {
    #[serde(flatten)]
    pub token: ReadToken,
    /// Bytes of the text.
    pub start: usize,
    pub end: usize,
    /// What the generator reads here: `[MASK]` in most slots, the token itself in the others.
    pub shown: String,
}

/// A row that is longer than those on which the model was trained (both lengths include `[CLS]` and `[SEP]`). Its last positions
/// are noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong {
    pub tokens: usize,
    pub trained: usize,
}

/// A trained model with the plan that reads texts on one device.
pub struct Reader {
    backend: Backend,
    shape: Shape,
    tokenizer: Tokenizer,
    settings: Settings,
    warnings: Vec<Message>,
    /// The networks from the files, until the first plan takes them.
    networks: Option<Networks>,
    live: Option<Live>,
}

/// How the model was trained, as far as its folder says it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Settings {
    /// Tokens of a row, `[CLS]` and `[SEP]` included.
    row_len: Option<u32>,
    mask_prob: f64,
    temperature: f64,
}

/// A plan for texts up to a length, in memory, with the weights in it.
struct Live {
    model: ReadModel,
    engine: Engine,
}

/// The shortest row of a plan, so that texts of a few words share one plan.
const ROW_LEN_MIN: u32 = 32;
/// `[CLS]` and `[SEP]`.
const FRAME: usize = 2;
/// Proposals shown for each slot of a corrupted text.
const CORRUPT_TOP: usize = 5;
/// The paper's share of hidden tokens, if the model's folder does not say it.
const MASK_PROB: f64 = 0.15;

/// The field of an exported config.json that says how long the trained rows were.
pub const TRAINED_ROW_LEN: &str = "trained_row_len";

impl Reader {
    /// Opens a run (its newest checkpoint), a checkpoint, a pair's folder or, if one network is enough, that network's folder.
    ///
    /// # Errors
    /// The folder, a network or the tokenizer is missing, the checkpoint is damaged, or the kernels do not support the sizes.
    pub fn open(path: &Path, reading: Reading, backend: Backend) -> Result<Self> {
        let read = read_steadily(path, || Self::read(path, reading))?;
        let (networks, shape, tokenizer, settings, warnings) = read;
        Ok(Self { backend, shape, tokenizer, settings, warnings, networks: Some(networks), live: None })
    }

    fn read(path: &Path, reading: Reading) -> Result<(Networks, Shape, Tokenizer, Settings, Vec<Message>)> {
        let found = resolve_model(path)?;
        let mut warnings = Vec::new();
        let mut read = |role: Role| -> Result<Option<Network>> {
            if !reading.needs(role) {
                return Ok(None);
            }
            let (network, more) = found.read(role)?;
            warnings.extend(more);
            Ok(Some(network))
        };
        let mut networks = match (read(Role::Discriminator)?, read(Role::Generator)?) {
            (Some(discriminator), Some(generator)) => {
                let (pair, more) = pair_from_networks(discriminator, generator).map_err(|e| e.at_path(path))?;
                warnings.extend(more);
                pair.into()
            }
            (Some(discriminator), None) => Networks::alone(discriminator, Role::Discriminator),
            (None, Some(words)) => Networks::alone(words, Role::Encoder),
            (None, None) => unreachable!("a reading needs a network"),
        };
        let folder =
            found.folder(if networks.role == Role::Discriminator { networks.role } else { Role::Generator })?;
        let tokenizer = Tokenizer::load(folder, Cleaning::UNCASED)?;
        let shape = weights::shape_from_networks(&networks, reading.passes())?;
        check_sizes(&shape, &tokenizer).map_err(|e| e.at_path(folder))?;
        let settings = settings(&found, &networks.main)?;
        // Nothing is kept of these networks, so what is hidden of them need not come back.
        Padding::hide(&mut networks, tokenizer.vocab_size());
        Ok((networks, shape, tokenizer, settings, warnings))
    }

    /// What a person should know about the model's files.
    pub fn warnings(&self) -> &[Message] {
        &self.warnings
    }

    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// Whether a text of `tokens` tokens reaches positions that were never trained. A person should know this before they trust the
    /// numbers.
    pub fn too_long(&self, tokens: usize) -> Option<TooLong> {
        let trained = self.settings.row_len? as usize;
        let framed = (tokens + FRAME).min(self.positions());
        (framed > trained).then_some(TooLong { tokens: framed, trained })
    }

    fn positions(&self) -> usize {
        self.shape.towers().map(|(_, tower)| tower.positions as usize).min().unwrap_or(0)
    }

    /// p(replaced) of every token of `text`. Texts longer than the model's positions are judged in windows.
    pub async fn detect(&mut self, text: &str) -> Result<Vec<JudgedToken>> {
        let encoding = self.tokenizer.encode(text)?;
        let windows = windows(encoding.ids.len(), self.positions() - FRAME);
        let mut logits = vec![0.0; encoding.ids.len()];
        for (number, window) in windows.iter().enumerate().filter(|(_, window)| !window.is_empty()) {
            self.prepare(window.len() + FRAME, 0).await?;
            let batch = self.row(&encoding.ids[window.clone()]);
            self.write(&batch, 0);
            self.run(Stage::JUDGE).await?;
            let judged = self.judged().await?;
            for token in window.clone().filter(|&token| home(&windows, token) == number) {
                logits[token] = judged[1 + token - window.start];
            }
        }
        let Encoding { ids, tokens, offsets } = encoding;
        let judged = tokens.into_iter().zip(ids).zip(offsets).zip(logits);
        Ok(judged
            .map(|(((token, id), (start, end)), logit)| JudgedToken {
                token,
                id,
                start,
                end,
                logit,
                p_replaced: sigmoid(logit),
            })
            .collect())
    }

    /// The `top` words that the generator would write for each `[MASK]` of `text`.
    ///
    /// # Errors
    /// The text has no `[MASK]`.
    pub async fn fill(&mut self, text: &str, top: usize) -> Result<Vec<Blank>> {
        let encoding = self.tokenizer.encode(text)?;
        let mask = self.tokenizer.specials().mask;
        let windows = windows(encoding.ids.len(), self.positions() - FRAME);
        let blanks: Vec<usize> = (0..encoding.ids.len()).filter(|&i| encoding.ids[i] == mask).collect();
        if blanks.is_empty() {
            let mask = &self.tokenizer.names().mask;
            return Err(Error::usage("no-mask-in-text").with("text", format!("{text:?}")).with("mask", mask));
        }
        let mut filled = Vec::with_capacity(blanks.len());
        for (number, window) in windows.iter().enumerate() {
            let here: Vec<usize> = blanks.iter().copied().filter(|&blank| home(&windows, blank) == number).collect();
            if here.is_empty() {
                continue;
            }
            self.prepare(window.len() + FRAME, here.len()).await?;
            let mut batch = self.row(&encoding.ids[window.clone()]);
            for (slot, &blank) in here.iter().enumerate() {
                add_slot(&mut batch, slot, 1 + blank - window.start);
            }
            self.write(&batch, 0);
            let proposals = self.propose(here.len(), top).await?;
            filled.extend(here.into_iter().zip(proposals).map(|(blank, proposals)| {
                let (start, end) = encoding.offsets[blank];
                Blank { start, end, proposals }
            }));
        }
        Ok(filled)
    }

    /// The four stages on `text`: hide some tokens, propose, replace, judge. Everything random comes from `seed`.
    ///
    /// # Errors
    /// The text is longer than the model's positions, or has no token that may be hidden.
    pub async fn corrupt(&mut self, text: &str, seed: u64) -> Result<Vec<StagedToken>> {
        let encoding = self.tokenizer.encode(text)?;
        let row = encoding.ids.len() + FRAME;
        if row > self.positions() {
            return Err(Error::usage("text-exceeds-positions").with("tokens", row).with("positions", self.positions()));
        }
        let masking = Masking { mask_prob: self.settings.mask_prob, with_replacement: false };
        // As many slots as any row length allows, because the plan's row may be longer than the text.
        self.prepare(row, masking.slots(row, usize::MAX)).await?;
        let mut batch = self.row(&encoding.ids);
        let key = Key::new(seed, 0, Stream::Mask);
        mask::hide(&mut batch, &masking, key, 0, self.tokenizer.specials(), &mut Vec::new());
        if batch.slots == 0 {
            return Err(Error::usage("no-word-to-hide").with("text", format!("{text:?}")));
        }
        self.write(&batch, seed);
        let proposals = self.propose(batch.slots, CORRUPT_TOP).await?;
        self.run(Stage::REPLACE).await?;
        self.run(Stage::JUDGE).await?;
        self.staged(&encoding, &batch, proposals).await
    }

    /// The results for the tokens of a corrupted text.
    async fn staged(
        &mut self,
        encoding: &Encoding,
        batch: &Batch,
        mut proposals: Vec<Vec<Proposal>>,
    ) -> Result<Vec<StagedToken>> {
        let live = self.live.as_mut().expect("the stages ran");
        let output = live.engine.read(&live.model.plan.whole(live.model.io.token_out.buffer, Elem::U32)).await?;
        let outputs = live.model.io.outputs(&output);
        let tokens = (0..encoding.ids.len()).map(|i| {
            let judged = outputs.token(1 + i);
            let slot = batch.token_slot[1 + i];
            let masked = slot != NONE;
            let sampled_id = masked.then_some(judged.corrupted_id);
            let token = ReadToken {
                original_id: encoding.ids[i],
                original: encoding.tokens[i].clone(),
                masked,
                proposals: if masked { std::mem::take(&mut proposals[slot as usize]) } else { Vec::new() },
                sampled_id,
                sampled: sampled_id.map(|id| self.tokenizer.token(id).to_owned()),
                p_replaced: Some(sigmoid(judged.logit)),
                replaced: judged.replaced,
                special: self.tokenizer.specials().excludes(encoding.ids[i]),
                left_visible: masked && batch.masked_ids[1 + i] == batch.ids[1 + i],
                logit: Some(judged.logit.into()),
                ..Default::default()
            };
            let (start, end) = encoding.offsets[i];
            let shown = self.tokenizer.token(batch.masked_ids[1 + i]).to_owned();
            StagedToken { token, start, end, shown }
        });
        Ok(tokens.collect())
    }

    /// Makes a plan for a row of `tokens` and `slots`, if the current plan is too small.
    async fn prepare(&mut self, tokens: usize, slots: usize) -> Result<()> {
        let held = self.live.as_ref().map(|live| live.model.io.size);
        let fits = |size: PassSize| size.row_len as usize >= tokens && size.slots as usize >= slots;
        if held.is_some_and(fits) {
            return Ok(());
        }
        // Lengths are powers of two, so that a stream of texts needs a few plans and not one for each length.
        let row_len = (tokens as u32).next_power_of_two().max(ROW_LEN_MIN).max(held.map_or(0, |size| size.row_len));
        let size = PassSize {
            rows: 1,
            row_len: row_len.min(self.positions() as u32),
            slots: (slots as u32).next_power_of_two().max(held.map_or(1, |size| size.slots)),
        };
        let model = ReadModel::record(&self.shape, size, KernelChoices::default(), self.backend.limits());
        let mut engine = self.backend.engine(&model.plan).await?;
        match (self.live.take(), self.networks.take()) {
            (Some(mut old), _) => {
                for (from, to) in old.model.parameters.iter().zip(&model.parameters) {
                    let values = old.engine.read(&from.value).await?;
                    engine.write(&to.value, &values);
                }
            }
            (None, networks) => {
                let networks = networks.expect("the networks stay until the first plan is made");
                weights::load_networks(&model.parameters, &mut engine, |net| match net {
                    NetId::Main => Some(&networks.main),
                    NetId::Aux => networks.aux.as_ref(),
                });
            }
        }
        self.live = Some(Live { model, engine });
        Ok(())
    }

    /// `[CLS] ids [SEP]` and padding, as one row of the plan.
    fn row(&self, ids: &[u32]) -> Batch {
        let size = self.live.as_ref().expect("prepared").model.io.size;
        let specials = self.tokenizer.specials();
        let mut batch = Batch::new(1, size.row_len as usize, size.slots as usize);
        batch.ids.fill(specials.pad);
        batch.masked_ids.fill(specials.pad);
        batch.put_text(0, ids.iter().copied(), specials);
        batch
    }

    fn write(&mut self, batch: &Batch, seed: u64) {
        let Live { model, engine } = self.live.as_mut().expect("prepared");
        let mut words = Vec::new();
        model.io.pack(batch, &mut words);
        engine.write(&model.io.input, &words);
        let inv_temperature = 1.0 / self.settings.temperature as f32;
        engine.set_step(&Step { inv_temperature, ..Step::seeded(seed, 0) });
    }

    async fn run(&mut self, stage: Stage) -> Result<()> {
        let Live { model, engine } = self.live.as_mut().expect("prepared");
        engine.run_all(model.plan.stage(stage)).await
    }

    /// The logits of the row's tokens, `[CLS]` first.
    async fn judged(&mut self) -> Result<Vec<f32>> {
        let Live { model, engine } = self.live.as_mut().expect("prepared");
        let words = engine.read(&model.io.token_out).await?;
        Ok(words.chunks_exact(2).map(|token| f32::from_bits(token[0])).collect())
    }

    /// Runs the generator; the best `top` words of the first `slots` slots.
    async fn propose(&mut self, slots: usize, top: usize) -> Result<Vec<Vec<Proposal>>> {
        let Live { model, engine } = self.live.as_mut().expect("prepared");
        let mut proposals = Vec::with_capacity(slots);
        let stage = model.plan.stage(Stage::PROPOSE);
        let mut reached = stage.start;
        let word = |id| self.tokenizer.token(id).to_owned();
        // A chunk's logits exist from its softmax to the next chunk's product.
        for softmax in stage.clone().filter(|&i| model.plan.dispatches[i].kernel.label == "vocab.forward") {
            engine.run_all(reached..softmax + 1).await?;
            reached = softmax + 1;
            let logits = &model.plan.dispatches[softmax].tensors[0];
            if proposals.len() < slots {
                let vocab = logits.dims::<2>()[1] as usize;
                let logits = engine.read_f32(logits).await?;
                let rows = logits.chunks_exact(vocab).take(slots - proposals.len());
                // The rows of the word embeddings may be more than the tokenizer's words.
                let words = vocab.min(self.tokenizer.vocab_size());
                proposals.extend(rows.map(|row| session::proposals(&row[..words], top, &word)));
            }
        }
        engine.run_all(reached..stage.end).await?;
        Ok(proposals)
    }
}

fn add_slot(batch: &mut Batch, slot: usize, cell: usize) {
    batch.slot_position[slot] = cell as u32;
    batch.slot_label[slot] = batch.ids[cell];
    batch.token_slot[cell] = slot as u32;
    batch.slots = slot + 1;
}

fn sigmoid(logit: f32) -> f64 {
    1.0 / (1.0 + (-f64::from(logit)).exp())
}

fn check_sizes(shape: &Shape, tokenizer: &Tokenizer) -> Result<()> {
    for (_, tower) in shape.towers() {
        if tower.positions as usize <= FRAME {
            return Err(Error::failed("no-room-between-specials").with("positions", tower.positions));
        }
        if tokenizer.vocab_size() > tower.vocab as usize {
            return Err(Error::failed("tokenizer-of-another-model")
                .with("entries", tokenizer.vocab_size())
                .with("vocab", tower.vocab));
        }
    }
    Ok(())
}

/// What the run's configuration, or the config.json of an exported model, says about the training.
fn settings(found: &checkpoint::Model, network: &Network) -> Result<Settings> {
    if let (Some(config), Some(checkpoint)) = (run_config(found)?, &found.checkpoint) {
        let state = &checkpoint.state;
        let temperature = schedule::temperature(&config, state.step, state.planned_steps);
        return Ok(Settings { row_len: Some(config.seq_len), mask_prob: config.mask_prob, temperature });
    }
    Ok(Settings { row_len: row_len_from_network(network), mask_prob: MASK_PROB, temperature: 1.0 })
}

/// The length of the rows on which a model was trained, if its run or its own config.json says it.
pub fn trained_row_len(found: &checkpoint::Model, network: &Network) -> Result<Option<u32>> {
    Ok(run_config(found)?.map(|config| config.seq_len).or_else(|| row_len_from_network(network)))
}

fn row_len_from_network(network: &Network) -> Option<u32> {
    network.config.extra.get(TRAINED_ROW_LEN)?.as_u64()?.try_into().ok()
}

/// The configuration of the run that a checkpoint lies in.
fn run_config(found: &checkpoint::Model) -> Result<Option<Config>> {
    let Some(run) = found.checkpoint.as_ref().and_then(|checkpoint| checkpoint.dir.parent()?.parent()) else {
        return Ok(None);
    };
    checkpoint::stored_config_if_any(run)
}
