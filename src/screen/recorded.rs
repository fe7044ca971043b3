//! The run that comes with the program. Its events are thinned and packed. The first frame shows them, so it shows real numbers.
//! `cargo xtask record` -> [`pack`] -> `assets/recorded/LANG.jsonl.gz` -> [`events`] when the app starts.

use crate::train::event::{Event, ReadToken, Readout, StepMetrics, Verdict};
use crate::view::Lang;
use crate::{Error, Result};
use std::io::{Read, Write};

/// Largest size of both recordings together.
pub const BYTES_MAX: usize = 300_000;
/// Of a recording: what a strip is replayed from, and points of a curve.
const READOUTS: usize = 60;
const STEPS: usize = 240;
/// Sentences of a readout that are kept.
const SENTENCES: usize = 2;
/// The strips end with the most telling readout after this part of the run, while its curves go on to the end: the better the
/// generator, the fewer of its words a young judge calls replaced, and in the last ones there is little left to see.
const ENDING: f64 = 0.2;

const EN: &[u8] = include_bytes!("../../assets/recorded/en.jsonl.gz");
const PT: &[u8] = include_bytes!("../../assets/recorded/pt.jsonl.gz");

/// The recorded run in a language's text.
///
/// # Errors
/// The recording is damaged: that is a mistake of the build, which a test finds.
pub fn events(lang: Lang) -> Result<Vec<Event>> {
    let mut text = String::new();
    let packed = match lang {
        Lang::En => EN,
        Lang::Pt => PT,
    };
    flate2::read::GzDecoder::new(packed)
        .read_to_string(&mut text)
        .map_err(|e| Error::failed("recording-damaged").with("detail", e.to_string()))?;
    let event =
        |line| serde_json::from_str(line).map_err(|e| Error::failed("recording-damaged").with("detail", e.to_string()));
    text.lines().map(event).collect()
}

/// A run's events as a recording: fewer steps and readouts (most happens early), of what replaces itself the last, fewer digits.
///
/// # Errors
/// The packing itself fails.
pub fn pack(events: &[Event]) -> Result<Vec<u8>> {
    let last = events.iter().filter_map(Event::step).max().unwrap_or(0);
    let Telling { sentences, until } = telling(events, last);
    let [mut readouts, mut own_texts, mut steps] = [READOUTS, READOUTS, STEPS].map(|count| Sieve::new(last, count));
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for (n, event) in events.iter().enumerate() {
        let newest = || !events[n + 1..].iter().any(|later| replaces(later, event));
        let kept = match event {
            Event::Readout(r) if r.step >= until => r.step == until,
            Event::Readout(r) => readouts.keeps(r.step),
            Event::OwnText(p) => own_texts.keeps(p.step),
            Event::Step(s) => steps.keeps(s.step),
            // Paths and machines of those who record are nobody's business; where a watched run stood is over.
            Event::Checkpoint { .. } | Event::Preparing(_) | Event::State(_) => false,
            _ => newest(),
        };
        if kept {
            let line = serde_json::to_string(&brief(event, &sentences)).expect("an event is JSON");
            writeln!(packer, "{line}")
                .map_err(|e| Error::failed("cannot-pack-recording").with("detail", e.to_string()))?;
        }
    }
    packer.finish().map_err(|e| Error::failed("cannot-pack-recording").with("detail", e.to_string()))
}

/// Whether of two events only the later is ever shown.
fn replaces(later: &Event, event: &Event) -> bool {
    match (later, event) {
        (Event::Attention(later), Event::Attention(event)) => {
            (later.network, later.layer) == (event.network, event.layer)
        }
        (Event::Plan(_), Event::Plan(_))
        | (Event::Batch(_), Event::Batch(_))
        | (Event::Kernels(_), Event::Kernels(_))
        | (Event::EmbeddingMap(_), Event::EmbeddingMap(_)) => true,
        _ => false,
    }
}

/// Lets a step through when it is the first past the next of `count` marks.
struct Sieve {
    last: f64,
    count: f64,
    passed: f64,
}

impl Sieve {
    fn new(last: u64, count: usize) -> Self {
        Self { last: last as f64, count: count as f64, passed: -1.0 }
    }

    fn keeps(&mut self, step: u64) -> bool {
        // Half logarithmic, half even: the take-off lies late in a short run.
        let step = step as f64;
        let log = (step + 1.0).ln() / (self.last + 1.0).ln().max(1e-9);
        let mark = (self.count * (0.5 * log + 0.5 * step / self.last.max(1.0))).floor();
        let keeps = mark > self.passed || step >= self.last;
        self.passed = self.passed.max(mark);
        keeps
    }
}

/// What of the readouts is kept.
struct Telling {
    /// Of the readout sentences, the most telling first.
    sentences: Vec<usize>,
    /// The step of the last readout.
    until: u64,
}

/// The readout after the beginning, and the sentences of it, whose judgements are of the most kinds: they show more of what can happen.
fn telling(events: &[Event], last: u64) -> Telling {
    let readouts = events.iter().filter_map(|event| if let Event::Readout(r) = event { Some(r) } else { None });
    let late = readouts.filter(|r| r.step as f64 >= ENDING * last as f64);
    let best = late.map(|r| (r, choose(&r.sentences, SENTENCES))).max_by_key(|(r, chosen)| (seen(r, chosen), r.step));
    let Some((readout, sentences)) = best else { return Telling { sentences: Vec::new(), until: last } };
    Telling { sentences, until: readout.step }
}

/// Kinds of judgements in some sentences of a readout: how many there are, and, which weighs as much as two, whether most of what was
/// replaced is caught, as it is by a judge of that age.
fn seen(readout: &Readout, chosen: &[usize]) -> usize {
    let tokens = || chosen.iter().filter_map(|n| readout.sentences.get(*n)).flatten();
    let count = |verdict| tokens().filter(|token| token.verdict() == verdict).count();
    let kinds = KINDS.iter().filter(|kind| count(**kind) > 0).count();
    kinds + 2 * usize::from(count(Verdict::Caught) > count(Verdict::Missed))
}

const KINDS: [Verdict; 4] = [Verdict::Caught, Verdict::LuckyGuess, Verdict::Missed, Verdict::FalseAlarm];

/// The sentences with the most kinds of judgements, the most telling first.
fn choose(sentences: &[Vec<ReadToken>], count: usize) -> Vec<usize> {
    let kinds = |sentence: &[ReadToken]| {
        // One that was caught tells the most.
        let weight = |verdict: Verdict| if verdict == Verdict::Caught { 2 } else { 1 };
        let there = KINDS.into_iter().filter(|v| sentence.iter().any(|token| token.verdict() == *v));
        there.map(weight).sum::<usize>()
    };
    let mut order: Vec<usize> = (0..sentences.len()).collect();
    order.sort_by_key(|n| std::cmp::Reverse(kinds(&sentences[*n])));
    order.truncate(count);
    order
}

fn brief(event: &Event, sentences: &[usize]) -> Event {
    let mut event = event.clone();
    match &mut event {
        Event::Step(step) => round_step(step),
        Event::Readout(readout) => {
            readout.sentences = sentences.iter().filter_map(|n| readout.sentences.get(*n).cloned()).collect();
            readout.sentences.iter_mut().flatten().for_each(round_token);
        }
        Event::OwnText(own_text) => own_text.tokens.iter_mut().for_each(|token| round_token(&mut token.token)),
        Event::Batch(sample) => {
            // One row is drawn.
            if let Some(row) = choose(&sample.rows, 1).pop() {
                sample.rows = vec![sample.rows.swap_remove(row)];
                sample.first_row += row as u32;
            }
            sample.rows.iter_mut().flatten().for_each(round_token);
        }
        Event::Eval(eval) => eval.examples.iter_mut().for_each(|e| e.p_replaced = digits(e.p_replaced, 4)),
        Event::Attention(map) => map.probabilities.iter_mut().for_each(|p| *p = digits(f64::from(*p), 3) as f32),
        Event::EmbeddingMap(map) => {
            for point in &mut map.points {
                (point.x, point.y) = (digits(f64::from(point.x), 4) as f32, digits(f64::from(point.y), 4) as f32);
            }
        }
        Event::Plan(plan) => plan.run = None,
        Event::Finished(finished) => {
            finished.run = None;
            finished.next.clear();
        }
        _ => {}
    }
    event
}

fn round_token(token: &mut ReadToken) {
    let round = |value: &mut Option<f64>, count| *value = value.map(|v| digits(v, count));
    round(&mut token.p_replaced, 4);
    round(&mut token.p_original, 4);
    round(&mut token.logit, 4);
    round(&mut token.loss_share, 3);
    for proposal in &mut token.proposals {
        proposal.probability = digits(f64::from(proposal.probability), 3) as f32;
    }
}

fn round_step(step: &mut StepMetrics) {
    for value in step.values_mut() {
        *value = value.map(|v| digits(v, 4));
    }
    step.elapsed_secs = step.elapsed_secs.map(|v| digits(v, 4));
}

/// `value` with so many significant digits.
fn digits(value: f64, count: i32) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10f64.powi(count - 1 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::state::{RunState, Source};
    use crate::train::event::{AttentionMap, BatchSample, Network, Stage};

    #[test]
    fn both_recordings_fill_the_panels() {
        assert!(EN.len() + PT.len() <= BYTES_MAX, "{} bytes", EN.len() + PT.len());
        for lang in [Lang::En, Lang::Pt] {
            let events = events(lang).unwrap();
            let state = RunState::from_events(Source::Recorded, events);
            assert!(state.plan.is_some() && state.device.is_some() && state.steps.len() > 50, "{lang:?}");
            assert!(state.readouts.len() > 10 && state.evals.len() > 1, "{lang:?}");
            let first = state.step_at(Some(1)).unwrap().metrics.mlm_loss.unwrap();
            let last = state.step_at(None).unwrap().metrics.mlm_loss.unwrap();
            assert!(last < first, "{lang:?}: a recorded run learns");
        }
    }

    #[test]
    fn packing_keeps_the_ends_and_rounds() {
        let step = |n| {
            let mut s = StepMetrics { step: n, ..StepMetrics::default() };
            s.metrics.mlm_loss = Some(1.234_567_8);
            Event::Step(Box::new(s))
        };
        let readout = |n| Event::Readout(Readout { step: n, sentences: vec![vec![ReadToken::default()]; 5] });
        let run: Vec<Event> = (1..=5_000).flat_map(|n| [step(n), readout(n)]).collect();
        let packed = pack(&run).unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
        let kept: Vec<Event> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let state = RunState::from_events(Source::Recorded, kept);
        assert!((100..=STEPS + 2).contains(&state.steps.len()), "{}", state.steps.len());
        assert!((20..=READOUTS + 2).contains(&state.readouts.len()), "{}", state.readouts.len());
        assert_eq!((state.step_at(Some(1)).unwrap().step, state.step()), (1, 5_000));
        assert_eq!(state.step_at(None).unwrap().metrics.mlm_loss, Some(1.235));
        assert_eq!(state.readouts.last().unwrap().sentences.len(), SENTENCES);
    }

    #[test]
    fn the_strips_end_with_the_most_telling_readout_after_the_beginning() {
        let token = |masked, replaced, p| ReadToken { masked, replaced, p_replaced: Some(p), ..ReadToken::default() };
        let plain = vec![token(false, false, 0.1); 4];
        let caught = vec![token(true, true, 0.9), token(false, false, 0.1), token(true, false, 0.2)];
        let missed = vec![token(true, true, 0.3), token(false, false, 0.1)];
        let readout = |step: u64| {
            let shown = match step {
                // Telling, but too early.
                15 => [&caught, &caught, &plain],
                // A kind less, but most of what was replaced is caught.
                60 => [&plain, &missed, &caught],
                70 => [&plain, &plain, &caught],
                95 => [&missed, &plain, &caught],
                _ => [&plain, &plain, &plain],
            };
            Event::Readout(Readout { step, sentences: shown.map(Clone::clone).to_vec() })
        };
        let events: Vec<Event> = (1..=100).map(readout).collect();
        let Telling { sentences, until } = telling(&events, 100);
        assert_eq!((until, sentences), (70, vec![2, 0]));
    }

    #[test]
    fn of_what_replaces_itself_the_last_is_kept() {
        let batch = |step| Event::Batch(BatchSample { step, known: Stage::JUDGE, first_row: 0, rows: Vec::new() });
        let attention = |step, network| {
            let tokens = vec!["a".to_owned()];
            let map = AttentionMap { step, network, layer: 0, layers: 1, heads: 1, tokens, probabilities: vec![1.0] };
            Event::Attention(map)
        };
        let [generator, judge] = [Network::Generator, Network::Discriminator];
        let run = [batch(1), attention(1, generator), attention(1, judge), batch(2), attention(2, judge)];
        let packed = pack(&run).unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
        let kept: Vec<Event> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(kept, [attention(1, generator), batch(2), attention(2, judge)]);
    }

    #[test]
    fn of_a_batch_the_most_telling_row_is_kept_under_its_number() {
        let token = |replaced, p| ReadToken { masked: replaced, replaced, p_replaced: Some(p), ..ReadToken::default() };
        let rows = vec![vec![token(false, 0.1)], vec![token(true, 0.9)], vec![token(true, 0.2)]];
        let sample = Event::Batch(BatchSample { step: 7, known: Stage::JUDGE, first_row: 40, rows: rows.clone() });
        let Event::Batch(kept) = brief(&sample, &[]) else { panic!("a batch stays one") };
        assert_eq!((kept.first_row, kept.rows), (41, vec![rows[1].clone()]));
    }

    #[test]
    fn digits_are_significant_ones() {
        assert_eq!([digits(0.001_234_56, 3), digits(12_345.6, 2), digits(-0.5, 4)], [0.001_23, 12_000.0, -0.5]);
    }
}
