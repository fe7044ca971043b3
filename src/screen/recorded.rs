//! The run that comes with the program. Its events are thinned and packed. The first frame shows them, so it shows real numbers.
//! `cargo xtask record` -> [`pack`] -> `assets/recorded/LANG.jsonl.gz` -> [`events`] when the app starts.

use crate::train::event::{Event, ReadToken, Readout, StepMetrics, Verdict};
use crate::view::Lang;
use crate::{Error, Result};
use std::io::{Read, Write};

/// The largest size of both recordings together.
pub const BYTES_MAX: usize = 300_000;
/// How many readouts a recording has for the flow strip, and how many points a curve has.
const READOUTS: usize = 60;
const STEPS: usize = 240;
/// How many sentences of a readout are kept, and how many of those with a wrong word.
const SENTENCES: usize = 2;
const SWAPS: usize = 2;
/// The flow strip ends with the most telling readout after this part of the run, when the judge has learned; the curves continue to
/// the end.
const ENDING: f64 = 0.8;

const EN: &[u8] = include_bytes!("../../assets/recorded/en.jsonl.gz");
const PT: &[u8] = include_bytes!("../../assets/recorded/pt.jsonl.gz");

/// The events of the run that was recorded on the text of this language.
///
/// # Errors
/// The recording is damaged. A test finds this mistake of a build.
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

/// Packs a run's events as a recording: with fewer steps and readouts (most happens early), with fewer digits, and with only the
/// last of those events that replace each other.
///
/// # Errors
/// The packing fails.
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
            // A recording does not name the paths of the machine that made it. The state of a watched run is of no use later.
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

/// Whether the later event replaces the earlier one on every screen.
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

/// Lets a step through if it is the first one after the next of `count` marks.
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
        // The marks are half logarithmic and half even, because the take-off lies late in a short run.
        let step = step as f64;
        let log = (step + 1.0).ln() / (self.last + 1.0).ln().max(1e-9);
        let mark = (self.count * (0.5 * log + 0.5 * step / self.last.max(1.0))).floor();
        let keeps = mark > self.passed || step >= self.last;
        self.passed = self.passed.max(mark);
        keeps
    }
}

/// The part of the readouts that is kept.
struct Telling {
    /// The numbers of the chosen readout sentences, the most telling first.
    sentences: Vec<usize>,
    /// The step of the last readout.
    until: u64,
}

/// Chooses a readout near the end, and its sentences, with the most kinds of judgements: they show most of what can
/// happen.
fn telling(events: &[Event], last: u64) -> Telling {
    let readouts = events.iter().filter_map(|event| if let Event::Readout(r) = event { Some(r) } else { None });
    let late = readouts.filter(|r| r.step as f64 >= ENDING * last as f64);
    let best = late.map(|r| (r, choose(&r.sentences, SENTENCES))).max_by_key(|(r, chosen)| (seen(r, chosen), r.step));
    let Some((readout, sentences)) = best else { return Telling { sentences: Vec::new(), until: last } };
    Telling { sentences, until: readout.step }
}

/// How many kinds of judgements the chosen sentences of a readout have; two more if most replacements are caught, as they usually
/// are by a judge of that age.
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
        // A caught replacement shows the most.
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
            readout.swaps.truncate(SWAPS);
            readout.sentences.iter_mut().chain(&mut readout.swaps).flatten().for_each(round_token);
        }
        Event::OwnText(own_text) => own_text.tokens.iter_mut().for_each(|token| round_token(&mut token.token)),
        Event::Batch(sample) => {
            // The panel draws one row.
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

/// `value` with `count` significant digits.
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
        let readout =
            |n| Event::Readout(Readout { step: n, sentences: vec![vec![ReadToken::default()]; 5], swaps: Vec::new() });
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
    fn the_strips_end_with_the_most_telling_readout_near_the_end() {
        let token = |masked, replaced, p| ReadToken { masked, replaced, p_replaced: Some(p), ..ReadToken::default() };
        let plain = vec![token(false, false, 0.1); 4];
        let caught = vec![token(true, true, 0.9), token(false, false, 0.1), token(true, false, 0.2)];
        let missed = vec![token(true, true, 0.3), token(false, false, 0.1)];
        let readout = |step: u64| {
            let shown = match step {
                // This one shows much, but it comes too early.
                75 => [&caught, &caught, &plain],
                // This one has a kind less, but most of its replacements are caught.
                85 => [&plain, &missed, &caught],
                90 => [&plain, &plain, &caught],
                95 => [&missed, &plain, &caught],
                _ => [&plain, &plain, &plain],
            };
            Event::Readout(Readout { step, sentences: shown.map(Clone::clone).to_vec(), swaps: Vec::new() })
        };
        let events: Vec<Event> = (1..=100).map(readout).collect();
        let Telling { sentences, until } = telling(&events, 100);
        assert_eq!((until, sentences), (90, vec![2, 0]));
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
