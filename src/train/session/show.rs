//! Answers what a view asks about the live weights: the readout with a person's text, a batch as far as its step has come,
//! attention, and the embeddings on two axes. None of these answers changes a number of the run.

use super::own_text::OwnRow;
use super::sample::{self, Seen, cells_of_row, proposals};
use super::{Session, spoiled};
use crate::Result;
use crate::batch::{Batch, NONE};
use crate::model::io::Io;
use crate::objective::{self, Head};
use crate::plan::{Plan, Stage};
use crate::train::event::{
    AttentionMap, BatchSample, EmbeddingMap, MapPoint, Network, OwnText, ReadToken, Readout, WordEdit,
};
use crate::train::project::project;
use std::ops::Range;

pub use super::own_text::OWN_SLOTS;

/// How many proposals a readout shows for a slot.
const PROPOSALS: usize = 5;
/// The largest number of words on an embedding map.
const POINTS_MAX: usize = 5000;

/// The readout sentences and the person's text, if there is one, on the live weights.
pub struct Shown {
    pub readout: Readout,
    pub own_text: Option<OwnText>,
}

/// A pass over the readout rows, with its outputs.
struct ReadoutOutputs {
    batch: Batch,
    /// (S, V)
    logits: Vec<f32>,
    tokens: Vec<u32>,
    slots: Vec<u32>,
}

impl Session {
    /// Sets the person's text; a text without a word removes it. Returns whether there is a text now.
    pub fn set_own_text(&mut self, text: &str, edits: &[WordEdit]) -> bool {
        let row_len = self.model.readout.as_ref().map_or(0, |io| io.size.row_len as usize);
        self.own_text = OwnRow::new(text, edits, &self.tokenizer, row_len);
        self.own_text.is_some()
    }

    /// Reads the readout sentences and the person's text with the current weights.
    pub async fn show(&mut self) -> Result<Shown> {
        let Some(io) = self.model.readout.clone() else {
            return Ok(Shown {
                readout: Readout { step: self.step, sentences: Vec::new(), swaps: Vec::new() },
                own_text: None,
            });
        };
        let outputs = self.read_out(&io).await?;
        self.put_back();
        let has = |head| objective::have(self.model.spec.shape.passes, head);
        let seen = Seen {
            batch: &outputs.batch,
            slots: has(Head::Mlm).then_some(&outputs.slots[..]),
            corrupted: None,
            tokens: has(Head::Rtd).then_some(&outputs.tokens[..]),
        };
        let [row, slot_base] = own_place(&io);
        let first = row - self.spoiled.len();
        let swaps = self.spoiled.iter().zip(first..).map(|(of, row)| spoiled::told(of, &seen, row, &self.tokenizer));
        let swaps = swaps.collect();
        let readout = Readout { step: self.step, sentences: self.sentences(&seen, &outputs.logits, first), swaps };
        let (tokenizer, weights) = (&self.tokenizer, self.loss_weights());
        let own_text = self.own_text.as_ref().map(|own| {
            let told = own.told(&seen, (row, slot_base), &outputs.logits, tokenizer, weights);
            OwnText { step: self.step, ..told }
        });
        Ok(Shown { readout, own_text })
    }

    /// The rows of the readout pass: the held-out ones, those with a wrong word, then the person's.
    fn readout_batch(&mut self, io: &Io) -> Batch {
        let size = io.size;
        let mut batch = Batch::new(size.rows as usize, size.row_len as usize, size.slots as usize);
        self.readout_rows.fill(0, &mut batch);
        let [row, slot_base] = own_place(io);
        let specials = self.tokenizer.specials();
        for (spoiled, row) in self.spoiled.iter().zip(row - self.spoiled.len()..) {
            spoiled::fill(spoiled, &mut batch, row, specials);
        }
        if let Some(own) = &self.own_text {
            own.fill(&mut batch, row, slot_base, specials);
        }
        batch
    }

    /// Hands the readout rows to the engine.
    fn feed_readout(&mut self, io: &Io) -> Batch {
        let batch = self.readout_batch(io);
        self.engine.set_step(&self.block_to_look(1));
        let mut words = Vec::new();
        io.pack(&batch, &mut words);
        self.engine.write(&io.input, &words);
        batch
    }

    /// Runs the readout stage and keeps each chunk's logits before their memory is used again.
    async fn read_out(&mut self, io: &Io) -> Result<ReadoutOutputs> {
        let batch = self.feed_readout(io);
        let plan = self.model.plan.clone();
        let stage = plan.stage(Stage::READOUT);
        let (mut logits, mut reached) = (Vec::new(), stage.start);
        for softmax in of_kernel(&plan, &stage, "vocab.forward") {
            self.engine.run_all(reached..softmax + 1).await?;
            logits.extend(self.engine.read_f32(&plan.dispatches[softmax].tensors[0]).await?);
            reached = softmax + 1;
        }
        self.engine.run_all(reached..stage.end).await?;
        let tokens = self.engine.read(&io.token_out).await?;
        let slots = self.engine.read(&io.slots.slot_out).await?;
        Ok(ReadoutOutputs { batch, logits, tokens, slots })
    }

    /// The first `rows` rows, without those that have no token.
    fn sentences(&self, seen: &Seen, logits: &[f32], rows: usize) -> Vec<Vec<ReadToken>> {
        let text = |id: u32| self.tokenizer.token(id).to_owned();
        let (rows_of_words, words) = (self.model.spec.shape.main.vocab as usize, self.tokenizer.vocab_size());
        let all: Vec<usize> = (0..rows).flat_map(|row| cells_of_row(seen.batch, row)).collect();
        sample::rows(seen, 0..rows, &all, self.loss_weights(), |n| {
            let mut token = seen.token(n, &self.tokenizer);
            let slot = seen.batch.token_slot[n];
            if slot != NONE && seen.slots.is_some() {
                token.proposals = proposals(&logits[slot as usize * rows_of_words..][..words], PROPOSALS, &text);
            }
            token
        })
    }

    /// Asks for a few rows of the next step whose numbers arrive.
    pub fn want_sample(&mut self) {
        self.sample_wanted = true;
    }

    /// Whether the micro-batch that is under way has done the pass with this head.
    fn passed(&self, head: Head) -> bool {
        let pass = self.model.spec.shape.passes.iter().find(|pass| pass.head == head);
        let done = |end| self.in_step.as_ref().is_some_and(|now| end <= now.left.start);
        pass.is_some_and(|pass| done(self.model.plan.stage(pass.stage).end))
    }

    /// A few rows of the micro-batch that is under way, as far as its stages have come; none between two steps.
    pub async fn sample(&mut self) -> Result<Option<BatchSample>> {
        if self.stage().is_none() {
            return Ok(None);
        }
        let plan = self.model.plan.clone();
        let here = self.in_step.as_ref().map(|now| now.left.start);
        let slots = match self.passed(Head::Mlm) {
            true => Some(self.engine.read(&self.io.slots.slot_out).await?),
            false => None,
        };
        let tokens = match self.passed(Head::Rtd) {
            true => Some(self.engine.read(&self.io.token_out).await?),
            false => None,
        };
        // After the judge has read the corrupted text, other tensors use its memory.
        let replace = plan.stage(Stage::REPLACE);
        let corrupted = match here == Some(replace.end) && !replace.is_empty() && tokens.is_none() {
            true => Some(self.engine.read(&plan.dispatches[replace.start].tensors[CORRUPTED]).await?),
            false => None,
        };
        let (weights, step) = (self.loss_weights(), self.step + 1);
        let Self { in_step: Some(now), tokenizer, sample_row, .. } = self else { return Ok(None) };
        let (slots, corrupted, tokens) = (slots.as_deref(), corrupted.as_deref(), tokens.as_deref());
        let seen = Seen { batch: &now.batches[now.micro], slots, corrupted, tokens };
        // These are the same rows as after the earlier stages. Only a step that arrives moves on to other rows.
        let rows = sample::next_rows(&mut sample_row.clone(), &now.batches, now.micro);
        Ok(Some(BatchSample { step, ..sample::batch(&seen, tokenizer, weights, rows) }))
    }

    /// The attention in `layer` of `network` (or in its last layer), on the person's text or else on the first readout sentence.
    /// None if the run has no such network.
    pub async fn attention(&mut self, network: Network, layer: u32) -> Result<Option<AttentionMap>> {
        let Some(io) = self.model.readout.clone() else { return Ok(None) };
        let plan = self.model.plan.clone();
        let stage = plan.stage(Stage::ATTENTION);
        let name = match network {
            Network::Generator => "generator.",
            Network::Discriminator => "discriminator.",
        };
        let of_network = |&i: &usize| plan.dispatches[i].tensors[0].label.starts_with(name);
        let maps: Vec<usize> = of_kernel(&plan, &stage, "attention.map").filter(of_network).collect();
        let layers = maps.len() as u32;
        let Some(&at) = maps.get(layer as usize).or(maps.last()) else { return Ok(None) };
        let replaced = of_kernel(&plan, &stage, "corrupt.replace").next();
        let batch = self.feed_readout(&io);
        let (mut read, mut reached) = (batch.masked_ids.clone(), stage.start);
        if let Some(replace) = replaced.filter(|_| network == Network::Discriminator) {
            self.engine.run_all(reached..replace + 1).await?;
            read = self.engine.read(&plan.dispatches[replace].tensors[CORRUPTED]).await?;
            reached = replace + 1;
        }
        self.engine.run_all(reached..at + 1).await?;
        let shares = &plan.dispatches[at].tensors[SHARES];
        let all = self.engine.read_f32(shares).await?;
        self.put_back();
        let [_, heads, t, _] = shares.dims();
        let row = if self.own_text.is_some() { own_place(&io)[0] } else { 0 };
        let cells = cells_of_row(&batch, row);
        let (heads, t) = (heads as usize, t as usize);
        let queries = (0..heads).flat_map(|head| (0..cells.len()).map(move |q| ((row * heads + head) * t + q) * t));
        Ok(Some(AttentionMap {
            step: self.step,
            network,
            layer: layer.min(layers - 1),
            layers,
            heads: heads as u32,
            tokens: cells.iter().map(|&n| self.tokenizer.token(read[n]).to_owned()).collect(),
            probabilities: queries.flat_map(|at| all[at..at + cells.len()].to_vec()).collect(),
        }))
    }

    /// The word embeddings of the `tokens` most frequent words on their two principal axes.
    pub async fn embedding_map(&mut self, tokens: usize) -> Result<EmbeddingMap> {
        // In most runs both networks share these embeddings. Otherwise the judge's are taken.
        let tables = || self.model.parameters.iter().filter(|p| p.entry.name.ends_with("word_embeddings.weight"));
        let table = tables().find(|p| !p.entry.name.starts_with("generator.")).or(tables().next());
        let value = table.expect("every network has word embeddings").value.clone();
        let [_, d] = value.dims();
        let values = self.engine.read_f32(&value).await?;
        let specials = self.tokenizer.specials();
        let mut ids: Vec<u32> = (0..self.counts.len() as u32)
            .filter(|&id| !specials.excludes(id) && self.counts[id as usize] > 0)
            .collect();
        ids.sort_by_key(|&id| (std::cmp::Reverse(self.counts[id as usize]), id));
        ids.truncate(tokens.min(POINTS_MAX));
        let d = d as usize;
        let rows: Vec<f32> = ids.iter().flat_map(|&id| values[id as usize * d..][..d].iter().copied()).collect();
        let projection = project(&rows, d);
        let point = |(&id, [x, y]): (&u32, [f32; 2])| MapPoint {
            id,
            token: self.tokenizer.token(id).to_owned(),
            count: self.counts[id as usize],
            x,
            y,
        };
        Ok(EmbeddingMap {
            step: self.step,
            points: ids.iter().zip(projection.points).map(point).collect(),
            explained: projection.explained,
        })
    }
}

/// The slots of `corrupt.replace` and `attention.map` that are read back.
const CORRUPTED: usize = 5;
const SHARES: usize = 3;

/// The dispatches of a stage that launch this kernel.
fn of_kernel<'a>(plan: &'a Plan, stage: &Range<usize>, label: &'static str) -> impl Iterator<Item = usize> + use<'a> {
    stage.clone().filter(move |&i| plan.dispatches[i].kernel.label == label)
}

/// The person's row and the first of its slots. The row and the slots are the last ones of the pass.
fn own_place(io: &Io) -> [usize; 2] {
    [io.size.rows as usize - 1, io.size.slots.saturating_sub(OWN_SLOTS) as usize]
}
