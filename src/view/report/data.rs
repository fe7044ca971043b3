//! Makes the data that the page's script draws: every series decimated, every readout packed. It stays small for long runs too.
//! events -> [`Data`] -> JSON.

use std::collections::HashMap;

use serde::{Serialize, Serializer};

use crate::train::event::{Calibration, Confusion, EvalMetrics, ReadToken, Readout, StepMetrics};
use crate::train::metrics::table::{Baseline, Color, Line, Metric, Smoothing, Subject, Unit};
use crate::view::Lang;
use crate::view::words::Strings;

/// A long series is cut into this many buckets; each keeps its lowest and its highest point.
const BUCKETS: usize = 300;
/// The largest number of readouts, and the room that they may take in the page.
const SNAPSHOTS: usize = 120;
const READOUTS_BYTES: usize = 400_000;
const SENTENCES: usize = 8;
const SENTENCE_TOKENS: usize = 64;
const PROPOSALS: usize = 5;
const TOKEN_CHARS: usize = 32;
/// The subjects of the page's charts; the script draws one chart for each.
const CHARTS: [Subject; 8] = [
    Subject::GeneratorLoss,
    Subject::JudgeLoss,
    Subject::Auc,
    Subject::Verdicts,
    Subject::Guesses,
    Subject::Gradient,
    Subject::LearningRate,
    Subject::Speed,
];

#[derive(Serialize)]
pub struct Data {
    pub planned_steps: Option<u64>,
    pub last_step: u64,
    /// What is drawn, in the order in which people read it.
    pub metrics: Vec<Drawn>,
    pub series: Vec<Series>,
    /// The evaluations, with the names of the event.
    pub evals: Vec<EvalPoint>,
    pub readouts: Readouts,
    pub confusion: Option<Confusion>,
    pub calibration: Option<Calibration>,
}

/// A metric that the script draws, as the table of metrics has it.
#[derive(Serialize)]
pub struct Drawn {
    name: &'static str,
    label: Label,
    unit: Unit,
    /// The chart is the one of this subject.
    subject: Subject,
    kind: Kind,
    /// The class of its colour and, if it has dashes, of its dashes.
    style: &'static str,
    /// Whether its raw steps are left out.
    only: bool,
    /// The value of a level.
    value: Option<f64>,
    /// The value that chance gives for a line, if that is one number.
    chance: Option<f64>,
}

#[derive(Serialize)]
struct Label {
    en: String,
    pt: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// A curve over the steps.
    Line,
    /// A level line across the chart.
    Level,
    /// Marks at the evaluations.
    Marks,
}

/// One curve: as measured, and its mean over `window` steps around each point.
#[derive(Serialize)]
pub struct Series {
    pub name: &'static str,
    pub window: usize,
    pub raw: Vec<(u64, Short)>,
    pub smooth: Vec<(u64, Short)>,
}

/// A number with five significant digits, which is more than a pixel shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Short(pub f64);

impl Serialize for Short {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rounded: f64 = format!("{:.4e}", self.0).parse().expect("a formatted number parses");
        if rounded.fract() == 0.0 && rounded.abs() < 1e9 {
            serializer.serialize_i64(rounded as i64)
        } else {
            serializer.serialize_f64(rounded)
        }
    }
}

/// The values of an evaluation that are drawn, by name.
#[derive(Serialize)]
pub struct EvalPoint {
    step: u64,
    #[serde(flatten)]
    values: Values,
}

/// Values in the order of the metrics, which a map would lose.
struct Values(Vec<(&'static str, Option<Short>)>);

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// The readouts of a run. A token is `[original, flags, p]` or, if another could stand in its place, `[original, flags, p,
/// sampled, [guess, share, ...]]`: there are no guesses if the program put a wrong word there. Texts are indices into `texts`, shares
/// are thousandths (-1 undefined), flags are 1 masked + 2 replaced.
#[derive(Serialize, Default)]
pub struct Readouts {
    pub texts: Vec<String>,
    pub steps: Vec<u64>,
    /// snapshot -> sentence -> token
    pub snapshots: Vec<Vec<Vec<Token>>>,
}

#[derive(Serialize)]
#[serde(untagged)]
pub enum Token {
    Read(usize, u8, i32),
    Masked(usize, u8, i32, usize, Vec<i32>),
}

/// The metrics that are drawn. `level` gives the value of a metric that is one level line.
pub fn drawn(level: impl Fn(Metric) -> Option<f64>) -> Vec<Drawn> {
    let mut drawn: Vec<Drawn> = Vec::new();
    for metric in Metric::reading_order() {
        let about = metric.about();
        let Some(subject) = about.subject.filter(|subject| CHARTS.contains(subject)) else { continue };
        let kind = match about.line {
            Line::Level => Kind::Level,
            Line::Marks | Line::Evaluated => Kind::Marks,
            Line::Solid | Line::Dashed | Line::Dotted | Line::Absent => Kind::Line,
        };
        let first = !drawn.iter().any(|other| other.subject == subject && other.kind == Kind::Line);
        let chance = match about.baseline {
            Some(Baseline::Level(level)) => Some(level),
            Some(Baseline::Of(_)) | None => None,
        };
        let [en, pt] = [Lang::En, Lang::Pt].map(|lang| Strings::of(lang).metric(metric, "page"));
        drawn.push(Drawn {
            name: about.key,
            label: Label { en, pt },
            unit: about.unit,
            subject,
            kind,
            style: style(about.color, first),
            only: about.color == Color::Bound || about.smoothing == Smoothing::Raw,
            value: level(metric).filter(|_| kind == Kind::Level),
            chance: chance.filter(|_| kind == Kind::Line),
        });
    }
    drawn
}

/// The first curve of a chart has the colour of its subject. A second one has dots, so that it can be told apart.
fn style(color: Color, first: bool) -> &'static str {
    match (color, first) {
        (Color::Bound, _) => "bound dash",
        (Color::Generator, true) => "gen",
        (Color::Judge, true) => "judge",
        (Color::Motor, true) => "plain",
        (_, false) => "plain dots",
    }
}

pub fn series(steps: &[&StepMetrics]) -> Vec<Series> {
    let curve = |metric: Metric| {
        let points = steps.iter().filter_map(|step| Some((step.step, metric.of_step(step)?)));
        let points: Vec<(u64, f64)> = points.collect();
        let window = match metric.about().smoothing {
            Smoothing::Mean => (points.len() / 50).clamp(1, 500) | 1,
            Smoothing::Raw => 1,
        };
        let smooth = sampled(&centred_mean(&points, window));
        Series { name: metric.about().key, window, raw: short(&extremes(&points)), smooth: short(&smooth) }
    };
    charted().map(curve).filter(|series| !series.raw.is_empty()).collect()
}

/// The metrics of the page's charts.
fn charted() -> impl Iterator<Item = Metric> {
    let charted = |metric: &Metric| metric.about().subject.is_some_and(|subject| CHARTS.contains(&subject));
    Metric::reading_order().into_iter().filter(charted)
}

fn short(points: &[(u64, f64)]) -> Vec<(u64, Short)> {
    points.iter().map(|(step, value)| (*step, Short(*value))).collect()
}

/// Each point's mean over the `window` points around it. Unlike a running average it does not lag. At the start, where a loss falls
/// fast, the window shrinks on both sides. At the end, where people read a curve, it keeps the half that exists.
fn centred_mean(points: &[(u64, f64)], window: usize) -> Vec<(u64, f64)> {
    let half = window / 2;
    let sums: Vec<f64> = std::iter::once(0.0)
        .chain(points.iter().scan(0.0, |sum, (_, value)| {
            *sum += value;
            Some(*sum)
        }))
        .collect();
    let mean = |i: usize| {
        let back = half.min(i);
        let ahead = back.min(points.len() - 1 - i);
        (sums[i + ahead + 1] - sums[i - back]) / (back + ahead + 1) as f64
    };
    points.iter().enumerate().map(|(i, (step, _))| (*step, mean(i))).collect()
}

/// The cuts of a series of `n` points. Half of them are evenly spaced, half have equal ratios, so that a logarithmic axis shows the
/// beginning too.
fn cuts(n: usize) -> Vec<usize> {
    let half = BUCKETS / 2;
    let even = (0..=half).map(|i| i * n / half);
    let ratio = (n as f64).ln() / half as f64;
    let growing = (0..half).map(|i| (ratio * i as f64).exp() as usize);
    let mut cuts: Vec<usize> = even.chain(growing).collect();
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}

/// The lowest and the highest point between each two cuts, in order, so that no spike is lost.
fn extremes(points: &[(u64, f64)]) -> Vec<(u64, f64)> {
    if points.len() <= 2 * BUCKETS {
        return points.to_vec();
    }
    let mut kept = Vec::with_capacity(2 * BUCKETS);
    for cut in cuts(points.len()).windows(2) {
        let bucket = &points[cut[0]..cut[1]];
        let by_value = |a: &&(u64, f64), b: &&(u64, f64)| a.1.total_cmp(&b.1);
        let low = *bucket.iter().min_by(by_value).expect("cuts differ, so a bucket has a point");
        let high = *bucket.iter().max_by(by_value).expect("cuts differ, so a bucket has a point");
        let (first, last) = if low.0 <= high.0 { (low, high) } else { (high, low) };
        kept.push(first);
        if last.0 != first.0 {
            kept.push(last);
        }
    }
    kept
}

/// The points at the cuts, and the last point.
fn sampled(points: &[(u64, f64)]) -> Vec<(u64, f64)> {
    if points.len() <= 2 * BUCKETS {
        return points.to_vec();
    }
    cuts(points.len()).into_iter().map(|at| points[at.min(points.len() - 1)]).collect()
}

/// At most `count` of `items`, evenly spaced, with the first and the last.
pub fn evenly<T: Clone>(items: &[T], count: usize) -> Vec<T> {
    if items.len() <= count || count < 2 {
        return items.to_vec();
    }
    (0..count).map(|i| items[i * (items.len() - 1) / (count - 1)].clone()).collect()
}

pub fn eval_points(evals: &[&EvalMetrics]) -> Vec<EvalPoint> {
    // The page's tables have the baselines on held-out text.
    let metrics: Vec<Metric> = charted().filter(|metric| metric.about().color != Color::Bound).collect();
    let point = |eval: &EvalMetrics| {
        let measured = metrics.iter().filter(|metric| metric.is_evaluated());
        let values = measured.map(|metric| (metric.about().key, metric.of_eval(eval).map(Short))).collect();
        EvalPoint { step: eval.step, values: Values(values) }
    };
    evenly(evals, BUCKETS).into_iter().map(point).collect()
}

/// As many snapshots as fit into their room.
pub fn readouts(readouts: &[&Readout]) -> Readouts {
    let mut count = SNAPSHOTS;
    loop {
        let readouts = packed(&evenly(readouts, count));
        let bytes = serde_json::to_string(&readouts).expect("readouts have string keys only").len();
        if bytes <= READOUTS_BYTES || count == 2 {
            return readouts;
        }
        count = (count / 2).max(2);
    }
}

fn packed(readouts: &[&Readout]) -> Readouts {
    let mut texts = Texts::default();
    let mut sentence = |tokens: &Vec<ReadToken>| {
        let shown = tokens.iter().filter(|token| !token.special).take(SENTENCE_TOKENS);
        shown.map(|token| texts.token(token)).collect::<Vec<_>>()
    };
    let mut snapshot = |readout: &&Readout| {
        let swaps = readout.swaps.iter().take(SENTENCES);
        readout.sentences.iter().take(SENTENCES).chain(swaps).map(&mut sentence).collect()
    };
    let snapshots = readouts.iter().map(&mut snapshot).collect();
    Readouts { snapshots, steps: readouts.iter().map(|readout| readout.step).collect(), texts: texts.list }
}

/// Holds every token's text once.
#[derive(Default)]
struct Texts {
    list: Vec<String>,
    places: HashMap<String, usize>,
}

impl Texts {
    fn place(&mut self, text: &str) -> usize {
        let text: String = text.chars().take(TOKEN_CHARS).collect();
        *self.places.entry(text).or_insert_with_key(|text| {
            self.list.push(text.clone());
            self.list.len() - 1
        })
    }

    fn token(&mut self, token: &ReadToken) -> Token {
        let thousandths = |share: f64| (share * 1000.0).round() as i32;
        let p = token.p_replaced.filter(|p| p.is_finite()).map_or(-1, thousandths);
        let flags = u8::from(token.masked) | u8::from(token.replaced) << 1;
        let original = self.place(&token.original);
        if !token.masked && token.sampled.is_none() {
            return Token::Read(original, flags, p);
        }
        let guess = |texts: &mut Self, text: &str| i32::try_from(texts.place(text)).unwrap_or(0);
        let proposals = token.proposals.iter().take(PROPOSALS);
        let guesses = proposals.flat_map(|p| [guess(self, &p.token), thousandths(f64::from(p.probability))]).collect();
        Token::Masked(original, flags, p, self.place(token.read()), guesses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::event::Metrics;

    fn ramp(n: u64) -> Vec<(u64, f64)> {
        (1..=n).map(|step| (step, step as f64)).collect()
    }

    #[test]
    fn a_spike_survives_decimation_and_order_is_kept() {
        let mut points = ramp(100_000);
        points[54_321].1 = -7.0;
        points[54_322].1 = 1e6;
        let kept = extremes(&points);
        assert!((400..=600).contains(&kept.len()), "{}", kept.len());
        assert!(kept.contains(&(54_322, -7.0)) && kept.contains(&(54_323, 1e6)));
        assert!(kept.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(extremes(&ramp(600)), ramp(600));
    }

    #[test]
    fn a_long_curve_has_its_beginning_on_a_logarithmic_axis() {
        let smooth = sampled(&ramp(1_000_000));
        assert_eq!((smooth[0].0, smooth[smooth.len() - 1].0), (1, 1_000_000));
        for (from, to) in [(1, 10), (10, 100), (100, 1_000), (1_000, 10_000)] {
            let inside = smooth.iter().filter(|(step, _)| (from..=to).contains(step)).count();
            assert!(inside >= 8, "{inside} points from {from} to {to}");
        }
    }

    #[test]
    fn smoothing_lags_behind_nothing_and_ends_on_a_mean() {
        let smooth = centred_mean(&ramp(101), 21);
        assert_eq!(smooth[..91], ramp(101)[..91], "the mean around a point of a straight line is the point");
        assert_eq!(smooth[100].1, 96.0, "the last eleven points: 91 to 101");
        let flat = centred_mean(&[(1, 0.0), (2, 3.0), (3, 0.0)], 3);
        assert_eq!(flat, [(1, 0.0), (2, 1.0), (3, 1.5)]);
        assert_eq!(centred_mean(&[], 1), []);
    }

    #[test]
    fn evenly_keeps_first_and_last() {
        let items: Vec<u32> = (0..1000).collect();
        let kept = evenly(&items, 60);
        assert_eq!((kept.len(), kept[0], kept[59]), (60, 0, 999));
        assert_eq!(evenly(&items[..5], 60), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn numbers_are_short() {
        let text = |value| serde_json::to_string(&Short(value)).unwrap();
        assert_eq!(
            [2.594_321_987, 0.000_512_345_67, 21_317.123, 0.0].map(text),
            ["2.5943", "0.00051235", "21317", "0"]
        );
    }

    #[test]
    fn undefined_values_leave_a_gap_and_an_absent_curve_is_absent() {
        let steps: Vec<StepMetrics> = (1..=3)
            .map(|step| {
                let rtd_auc = (step != 2).then_some(0.5);
                StepMetrics { step, metrics: Metrics { rtd_auc, ..Default::default() }, ..Default::default() }
            })
            .collect();
        let series = series(&steps.iter().collect::<Vec<_>>());
        assert_eq!(series.iter().map(|series| series.name).collect::<Vec<_>>(), ["rtd_auc"]);
        assert_eq!(series[0].raw, [(1, Short(0.5)), (3, Short(0.5))]);
    }

    #[test]
    fn tokens_are_packed_with_their_guesses() {
        let proposal =
            |token: &str, probability| crate::train::event::Proposal { id: 0, token: token.into(), probability };
        let masked = ReadToken {
            original: "ate".into(),
            masked: true,
            replaced: true,
            sampled: Some("drank".into()),
            p_replaced: Some(0.914),
            proposals: vec![proposal("ate", 0.5), proposal("drank", 0.25)],
            ..Default::default()
        };
        let plain = ReadToken { original: "ate".into(), ..Default::default() };
        let cls = ReadToken { original: "[CLS]".into(), special: true, ..Default::default() };
        let by_hand = ReadToken { masked: false, proposals: Vec::new(), p_replaced: Some(0.2), ..masked.clone() };
        let readout = Readout { step: 7, sentences: vec![vec![cls, masked, plain]], swaps: vec![vec![by_hand]] };
        let json = serde_json::to_value(readouts(&[&readout])).unwrap();
        let want = serde_json::json!({
            "texts": ["ate", "drank"],
            "steps": [7],
            "snapshots": [[[[0, 3, 914, 1, [0, 500, 1, 250]], [0, 0, -1]], [[0, 2, 200, 1, []]]]],
        });
        assert_eq!(json, want);
    }
}
