//! Computes held-out metrics, a slice at a time, with fixed masks, fixed noise, and replacements that the generator draws as it is
//! now. It also measures whether the judge knows context (`swaps`), and on the built-in text how well it knows the grammar.

use super::Session;
use super::evaluation::{Evaluation, Examples, Part, p_replaced};
use super::readback::Readback;
use crate::Result;
use crate::batch::Batch;
use crate::model::io::Outputs;
use crate::plan::Stage;
use crate::train::event::{EvalMetrics, JUDGE_BINS, JudgeHistogram, SwapPart};
use crate::train::rules::{Judged, RuleRows};
use crate::train::step;
use crate::train::swaps::{SwapLogits, Swaps};
use std::ops::Range;
use std::time::Duration;

impl Session {
    /// Computes the held-out metrics in one go.
    pub async fn evaluate(&mut self) -> Result<EvalMetrics> {
        loop {
            if let Some(metrics) = self.evaluate_slice(crate::train::engine::SLICE).await? {
                return Ok(metrics);
            }
        }
    }

    /// Runs one slice of an evaluation, and begins one if none is under way. Returns the metrics once the evaluation is done. It
    /// may only be called between two steps.
    pub async fn evaluate_slice(&mut self, budget: Duration) -> Result<Option<EvalMetrics>> {
        // The numbers of training must have arrived, because the outputs share one buffer.
        assert!(self.pending.is_empty() && self.in_step.is_none(), "settle before an evaluation");
        let mut now = self.evaluation.take().unwrap_or_else(|| Box::new(self.begin_evaluation()));
        let left = match now.left.take().or_else(|| self.next_batch(&mut now)) {
            Some(left) => left,
            None => return Ok(Some(self.evaluated(*now))),
        };
        let reached = self.engine.run(left.clone(), budget).await?;
        if reached < left.end {
            now.left = Some(reached..left.end);
        } else {
            self.take_batch(&mut now).await?;
        }
        self.evaluation = Some(now);
        Ok(None)
    }

    /// Whether an evaluation is under way.
    pub fn evaluating(&self) -> bool {
        self.evaluation.is_some()
    }

    fn begin_evaluation(&mut self) -> Evaluation {
        self.block = self.block_to_look(0);
        let bins = || vec![0; JUDGE_BINS];
        Evaluation {
            part: Part::HeldOut,
            index: 0,
            left: None,
            held_out: Readback::default(),
            histogram: JudgeHistogram { original: bins(), replaced: bins() },
            examples: Examples::default(),
            rules: Judged::default(),
            swaps: SwapLogits::default(),
        }
    }

    /// Hands the next batch to the engine; returns none if all have run.
    fn next_batch(&mut self, now: &mut Evaluation) -> Option<Range<usize>> {
        while now.index == self.batches(now.part) {
            now.part = match now.part {
                Part::HeldOut => Part::Rules,
                Part::Rules => Part::Swaps,
                Part::Swaps => return None,
            };
            now.index = 0;
            self.block = self.block_to_look(2);
        }
        if now.part == Part::HeldOut {
            self.held_out.fill(now.index, &mut self.eval_batch);
        }
        let batch = batch_of(&self.eval_batch, self.rules.as_ref(), self.swaps.as_ref(), now);
        step::load(&mut self.engine, &self.io, &self.block, batch, &mut self.words);
        Some(self.model.plan.stage(Stage::EVALUATE))
    }

    fn batches(&self, part: Part) -> usize {
        match part {
            Part::HeldOut => self.held_out.batches(),
            Part::Rules => self.rules.as_ref().map_or(0, |rules| rules.batches().len()),
            Part::Swaps => self.swaps.as_ref().map_or(0, |swaps| swaps.batches().len()),
        }
    }

    /// Adds the results of the batch that ran.
    async fn take_batch(&mut self, now: &mut Evaluation) -> Result<()> {
        self.engine.collect(now.index as u64);
        let (passes, judged, watched) = (self.model.spec.shape.passes, self.judged(), self.watched);
        let Self { engine, io, tokenizer, eval_batch, rules, swaps, shares, .. } = self;
        let Evaluation { part, index, held_out, histogram, examples, rules: of_rules, swaps: of_swaps, .. } = &mut *now;
        engine
            .drain(true, |_, _, blocks| {
                let out = io.outputs(blocks[0]);
                match part {
                    Part::HeldOut => {
                        held_out.add(passes, &out, eval_batch, shares);
                        if judged {
                            count(histogram, &out, eval_batch);
                        }
                        if judged && watched {
                            examples.add(&out, eval_batch, tokenizer);
                        }
                    }
                    Part::Rules => {
                        rules.iter().for_each(|rules| rules.judge(&rules.batches()[*index], &out, tokenizer, of_rules));
                    }
                    Part::Swaps => {
                        swaps.iter().for_each(|swaps| swaps.judge(&swaps.batches()[*index], &out, of_swaps));
                    }
                }
            })
            .await?;
        let batch = batch_of(&self.eval_batch, self.rules.as_ref(), self.swaps.as_ref(), now);
        step::move_on(&mut self.block, batch);
        now.index += 1;
        Ok(())
    }

    fn evaluated(&self, mut done: Evaluation) -> EvalMetrics {
        let measured = done.held_out.fold.finish(self.loss_weights());
        let swaps = self.swaps.as_ref().map(|swaps| swaps.scores(&done.swaps)).unwrap_or_default();
        let all = swaps.iter().find(|score| score.part == SwapPart::All).copied();
        EvalMetrics {
            step: self.step,
            metrics: measured.metrics,
            elapsed_secs: Some(self.clock.secs()),
            tokens_seen: self.tokens_seen,
            unigram_entropy: Some(self.unigram_entropy),
            unknown_share: Some(self.unknown_share),
            rtd_auc_rule: done.rules.auc(),
            rules: done.rules.counts(),
            swap_auc: all.and_then(|all| all.auc),
            swap_pairs_right: all.map(|all| all.pairs_right),
            swap_caught: all.map(|all| all.caught),
            swap_false_alarms: all.map(|all| all.false_alarms),
            swap_beside_auc: all.and_then(|all| all.beside_auc),
            swaps,
            confusion: self.judged().then_some(measured.confusion),
            calibration: self.judged().then_some(measured.calibration),
            histogram: self.judged().then_some(done.histogram),
            examples: done.examples.told,
        }
    }
}

/// The batch that is evaluated now.
fn batch_of<'b>(
    held_out: &'b Batch,
    rules: Option<&'b RuleRows>,
    swaps: Option<&'b Swaps>,
    now: &Evaluation,
) -> &'b Batch {
    let rules = rules.filter(|_| now.part == Part::Rules).map(|rules| &rules.batches()[now.index].batch);
    let swaps = swaps.filter(|_| now.part == Part::Swaps).map(|swaps| &swaps.batches()[now.index].batch);
    rules.or(swaps).unwrap_or(held_out)
}

fn count(histogram: &mut JudgeHistogram, out: &Outputs, batch: &Batch) {
    for n in (0..batch.ids.len()).filter(|&n| batch.eligible[n] == 1) {
        let token = out.token(n);
        let p = p_replaced(token.logit);
        // A NaN belongs to no bin. The metrics say that there was one.
        if p.is_finite() {
            let bins = if token.replaced { &mut histogram.replaced } else { &mut histogram.original };
            bins[((p * JUDGE_BINS as f64) as usize).min(JUDGE_BINS - 1)] += 1;
        }
    }
}
