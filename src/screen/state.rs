//! Folds a run's events into plain data of bounded size, from which the panels draw. It knows no window.
//! `Event` -> [`RunState::fold`] -> panels. A long run's histories are thinned evenly, so that they stay below their caps.

use super::smooth::{Smooth, Smoother};
use crate::message::Message;
use crate::text::tokenizer::Names;
use crate::train::event::{
    self, AttentionMap, BatchSample, Device, EmbeddingMap, EvalMetrics, Event, Executor, Failure, Finished, Kernels,
    Network, Outcome, OwnText, Preparing, Readout, RunPlan, Settings, StepMetrics,
};
use crate::view::{Lang, words};
use std::collections::{BTreeMap, VecDeque};

/// The largest number of points of a curve: twice as many as a wide window has pixels.
pub const STEPS_MAX: usize = 4096;
/// The largest number of readouts that are kept for scrubbing, of a few sentences each.
pub const READOUTS_MAX: usize = 256;
pub const EVALS_MAX: usize = 512;
pub const CHECKPOINTS_MAX: usize = 512;
/// The largest numbers of attention maps that are kept for each network, and of embedding maps. They take a few megabytes.
pub const ATTENTION_MAX: usize = 32;
pub const MAPS_MAX: usize = 8;
/// The largest number of lines of the log panel.
pub const LOG_MAX: usize = 1024;

/// Where the events come from. The screen says it, because nobody should take a recording for a run of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Source {
    /// The run that came with the program.
    #[default]
    Recorded,
    /// The run that this window trains.
    Live,
    /// An earlier run, opened from its folder.
    Opened(String),
}

/// How far a run is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Phase {
    #[default]
    Idle,
    Preparing,
    Running,
    Paused,
    Evaluating,
    /// Somebody asked the run to end: the last readout, evaluation and checkpoint are under way.
    Stopping,
    Finished,
    Failed,
}

/// What the events of a run say, as data.
#[derive(Debug, Clone, Default)]
pub struct RunState {
    pub source: Source,
    pub phase: Phase,
    pub device: Option<Device>,
    pub plan: Option<RunPlan>,
    pub settings: Option<Settings>,
    pub preparing: Option<Preparing>,
    pub steps: History<StepMetrics, STEPS_MAX>,
    /// The smoothed values after each of `steps`.
    pub smooth: History<Smooth, STEPS_MAX>,
    smoother: Smoother,
    pub evals: History<EvalMetrics, EVALS_MAX>,
    pub readouts: History<Readout, READOUTS_MAX>,
    /// Step and path of each checkpoint, oldest first.
    pub checkpoints: History<(u64, String), CHECKPOINTS_MAX>,
    pub log: Log,
    pub finished: Option<Finished>,
    pub failed: Option<Failure>,
    pub device_lost: Option<Failure>,
    /// Where the run is within a step; none if no view watches the run.
    pub now: Option<event::State>,
    /// The newest rows of a training batch.
    pub batch: Option<BatchSample>,
    /// The person's own text, readout by readout.
    pub own_texts: History<OwnText, READOUTS_MAX>,
    pub kernels: Option<Box<Kernels>>,
    /// The maps that a person asked for, by network.
    pub attention: BTreeMap<Network, History<AttentionMap, ATTENTION_MAX>>,
    pub embedding_maps: History<EmbeddingMap, MAPS_MAX>,
}

impl RunState {
    pub fn new(source: Source) -> Self {
        Self { source, ..Self::default() }
    }

    /// Folds all events of a run.
    pub fn from_events(source: Source, events: impl IntoIterator<Item = Event>) -> Self {
        let mut state = Self::new(source);
        events.into_iter().for_each(|event| state.fold(event));
        state
    }

    /// One of the run's settings; none if the run has not sent them.
    pub fn setting(&self, key: &str) -> Option<&serde_json::Value> {
        self.settings.as_ref()?.get(key)
    }

    /// What the run's tokenizer calls its special tokens; BERT's names before the run has said it.
    pub fn specials(&self) -> Names {
        self.plan.as_ref().map_or_else(Names::default, |plan| plan.specials.clone())
    }

    /// Whether something other than the generator drew replacements, at first or always.
    pub fn other_odds(&self) -> bool {
        self.setting("replacements").and_then(|v| v.as_str()).is_some_and(|who| who != "generator")
    }

    pub fn fold(&mut self, event: Event) {
        self.note(&event);
        match event {
            Event::Device(device) => {
                self.phase = Phase::Preparing;
                self.device = Some(device);
            }
            Event::Plan(plan) => self.plan = Some(*plan),
            Event::Config { settings } => self.settings = Some(settings),
            Event::Preparing(preparing) => {
                self.phase = Phase::Preparing;
                self.preparing = Some(preparing);
            }
            Event::Step(step) => {
                // The numbers of a step may arrive after the run has paused behind it.
                if !matches!(self.phase, Phase::Paused | Phase::Evaluating | Phase::Stopping) {
                    self.phase = Phase::Running;
                }
                self.smooth.push(self.smoother.push(&step));
                self.steps.push(*step);
            }
            Event::Eval(eval) => self.evals.push(*eval),
            Event::Readout(readout) => self.readouts.push(readout),
            Event::Checkpoint { step, path } => self.checkpoints.push((step, path)),
            Event::Resumed { step } => self.forget_after(step),
            Event::DeviceLost(failure) => self.device_lost = Some(failure),
            Event::Finished(finished) => {
                self.phase = Phase::Finished;
                self.finished = Some(finished);
            }
            Event::Failed(failure) => {
                self.phase = Phase::Failed;
                self.failed = Some(failure);
            }
            Event::State(now) => self.stand(now),
            Event::Batch(sample) => self.batch = Some(sample),
            Event::OwnText(own_text) => self.own_texts.push(own_text),
            Event::Kernels(kernels) => self.kernels = Some(kernels),
            Event::Attention(map) => self.attention.entry(map.network).or_default().push(map),
            Event::EmbeddingMap(map) => self.embedding_maps.push(map),
            // A warning is only a line of the log, which is written above.
            Event::Warning(_) => {}
        }
    }

    fn stand(&mut self, now: event::State) {
        self.now = Some(now);
        self.phase = match now.phase {
            event::Phase::Running => Phase::Running,
            event::Phase::Paused => Phase::Paused,
            event::Phase::Evaluating => Phase::Evaluating,
            event::Phase::Stopping => Phase::Stopping,
        };
    }

    /// Forgets everything after `step`, because a resumed run takes those steps again.
    fn forget_after(&mut self, step: u64) {
        self.steps.retain(|s| s.step <= step);
        self.smooth.retain(|s| s.step <= step);
        self.smoother.resume(self.smooth.last());
        self.evals.retain(|e| e.step <= step);
        self.readouts.retain(|r| r.step <= step);
        self.checkpoints.retain(|(at, _)| *at <= step);
        self.own_texts.retain(|p| p.step <= step);
        self.attention.values_mut().for_each(|maps| maps.retain(|map| map.step <= step));
        self.attention.retain(|_, maps| !maps.is_empty());
        self.embedding_maps.retain(|map| map.step <= step);
        (self.finished, self.failed) = (None, None);
    }

    /// Completed optimizer steps.
    pub fn step(&self) -> u64 {
        self.steps.last().map(|s| s.step).or_else(|| self.readouts.last().map(|r| r.step)).unwrap_or(0)
    }

    /// The number of steps of the whole schedule, if it is known.
    pub fn planned_steps(&self) -> Option<u64> {
        self.plan.as_ref().and_then(|plan| plan.planned_steps)
    }

    /// The seconds that the run still needs, by the pace of its last steps; none before a few steps and after the last one.
    pub fn secs_left(&self) -> Option<f64> {
        const STEPS: usize = 50;
        let last = self.steps.last()?;
        let left = self.planned_steps()?.checked_sub(last.step).filter(|left| *left > 0)?;
        let before = self.steps.iter().rev().take(STEPS).last()?;
        let steps = last.step.checked_sub(before.step).filter(|steps| *steps > 0)?;
        let secs = last.elapsed_secs? - before.elapsed_secs?;
        Some(left as f64 * secs / steps as f64).filter(|secs| secs.is_finite() && *secs >= 0.0)
    }

    /// What the networks said at `step`: the newest readout that is not after it, or the first readout if all are later.
    pub fn readout_at(&self, step: Option<u64>) -> Option<&Readout> {
        let Some(step) = step else { return self.readouts.last() };
        let before = self.readouts.iter().take_while(|r| r.step <= step).last();
        before.or_else(|| self.readouts.iter().next())
    }

    /// The evaluation that counted at `step` (the newest where none is given).
    pub fn eval_at(&self, step: Option<u64>) -> Option<&EvalMetrics> {
        let Some(step) = step else { return self.evals.last() };
        self.evals.iter().take_while(|e| e.step <= step).last()
    }

    /// The measured step at or before `step` (the newest where none is given).
    pub fn step_at(&self, step: Option<u64>) -> Option<&StepMetrics> {
        let Some(step) = step else { return self.steps.last() };
        self.steps.iter().take_while(|s| s.step <= step).last()
    }

    /// A network's attention at `step`, in the layer that a person looked at last: the newest map that is not later, else the
    /// first.
    pub fn attention_at(&self, network: Network, step: Option<u64>) -> Option<&AttentionMap> {
        let maps = self.attention.get(&network)?;
        let layer = maps.last()?.layer;
        at(maps.iter().filter(|map| map.layer == layer), step, |map| map.step)
    }

    /// The map of the embeddings at `step`: the newest that is not later, else the first.
    pub fn embedding_map_at(&self, step: Option<u64>) -> Option<&EmbeddingMap> {
        at(self.embedding_maps.iter(), step, |map| map.step)
    }

    /// Adds a line to the log for an event that a person may want to read again.
    fn note(&mut self, event: &Event) {
        use LogLevel::{Error, Info, Warning};
        let step = event.step();
        let mut line = |level, message: Message| self.log.push(LogLine { level, step, message });
        match event {
            Event::Device(device) => {
                let kind = match device.executor {
                    Executor::Gpu => "gpu",
                    Executor::Cpu => "cpu",
                };
                let (name, reason) = (&device.name, &device.reason);
                line(Info, Message::new("log-device").with("kind", kind).with("name", name).with("reason", reason));
            }
            Event::Preparing(p) if p.share.is_none_or(|share| share == 0.0) => line(Info, p.message.clone()),
            Event::Warning(w) => line(Warning, w.message.clone()),
            Event::Checkpoint { path, .. } => line(Info, Message::new("log-checkpoint").with("path", path)),
            Event::Resumed { step } => line(Info, Message::new("log-resumed").with("step", *step)),
            Event::DeviceLost(failure) | Event::Failed(failure) => line(Error, failure.into()),
            Event::Finished(finished) => line(
                Info,
                match finished.outcome {
                    Outcome::Completed => Message::new("log-completed"),
                    Outcome::Stopped => Message::new("stopped-as-asked"),
                },
            ),
            _ => {}
        }
    }
}

/// Of values that belong to steps: the newest that is not after `step`, or the first if all are later; without `step` the newest.
fn at<'a, T>(
    mut taken: impl DoubleEndedIterator<Item = &'a T> + Clone,
    step: Option<u64>,
    of: fn(&T) -> u64,
) -> Option<&'a T> {
    let Some(step) = step else { return taken.next_back() };
    taken.clone().rfind(|value| of(value) <= step).or_else(|| taken.next())
}

/// Values in the order in which they came, never more than `MAX` and the newest one. When it is full, every second value is
/// removed, and from then on only every second new value is kept. So a screen can show a whole run of any length, everywhere at the
/// same resolution.
#[derive(Debug, Clone)]
pub struct History<T, const MAX: usize> {
    kept: Vec<T>,
    /// The newest value, if it is not among the kept ones.
    newest: Option<T>,
    stride: u64,
    seen: u64,
}

impl<T, const MAX: usize> Default for History<T, MAX> {
    fn default() -> Self {
        Self { kept: Vec::new(), newest: None, stride: 1, seen: 0 }
    }
}

impl<T, const MAX: usize> History<T, MAX> {
    pub fn push(&mut self, value: T) {
        if self.seen.is_multiple_of(self.stride) {
            self.newest = None;
            self.kept.push(value);
        } else {
            self.newest = Some(value);
        }
        self.seen += 1;
        if self.kept.len() > MAX {
            let mut index = 0;
            self.kept.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.stride *= 2;
        }
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        self.kept.iter().chain(&self.newest)
    }

    pub fn last(&self) -> Option<&T> {
        self.newest.as_ref().or_else(|| self.kept.last())
    }

    pub fn len(&self) -> usize {
        self.kept.len() + usize::from(self.newest.is_some())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many values came, kept or not. The number changes exactly when the history does, so a panel can use it as the key of a
    /// cache.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.kept.retain(&keep);
        self.newest = self.newest.take().filter(&keep);
        self.seen = self.kept.len() as u64 * self.stride;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    Info,
    Warning,
    Error,
}

#[derive(Debug, Clone, PartialEq)]
pub struct LogLine {
    pub level: LogLevel,
    pub step: Option<u64>,
    pub message: Message,
}

impl LogLine {
    pub fn text(&self, lang: Lang) -> String {
        words::text(&self.message, lang)
    }
}

/// The last lines, and how many warnings and errors came since a person looked at the log.
#[derive(Debug, Clone, Default)]
pub struct Log {
    lines: VecDeque<LogLine>,
    /// How many warnings and errors ever came.
    pub alarms: u64,
}

impl Log {
    pub fn push(&mut self, line: LogLine) {
        self.alarms += u64::from(line.level != LogLevel::Info);
        if self.lines.len() == LOG_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &LogLine> {
        self.lines.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::event::{ReadToken, Warning, WarningKind};

    fn step(step: u64) -> Event {
        Event::Step(Box::new(StepMetrics { step, ..StepMetrics::default() }))
    }

    fn readout(step: u64) -> Event {
        Event::Readout(Readout { step, sentences: vec![vec![ReadToken::default()]], swaps: Vec::new() })
    }

    #[test]
    fn the_time_left_follows_the_pace_of_the_last_steps() {
        let at = |step, secs| {
            Event::Step(Box::new(StepMetrics { step, elapsed_secs: Some(secs), ..StepMetrics::default() }))
        };
        // The first steps are slow, the last 100 take half a second each.
        let slow = (1..=10).map(|n| at(n, 60.0 * n as f64));
        let fast = (11..=110).map(|n| at(n, 600.0 + 0.5 * (n - 10) as f64));
        let mut state = RunState::from_events(Source::Live, slow.chain(fast));
        assert_eq!(state.secs_left(), None, "nobody knows how many steps are planned");
        let plan = crate::screen::recorded::events(Lang::En).unwrap().into_iter().find_map(|event| match event {
            Event::Plan(plan) => Some(plan),
            _ => None,
        });
        let mut plan = plan.unwrap();
        plan.planned_steps = Some(150);
        state.fold(Event::Plan(plan));
        assert!((state.secs_left().unwrap() - 20.0).abs() < 1e-6, "{:?}", state.secs_left());
    }

    #[test]
    fn a_long_run_stays_bounded_and_is_seen_whole() {
        let events = (1..=100_000).flat_map(|n| [step(n), readout(n)]);
        let state = RunState::from_events(Source::Live, events);
        assert!(state.steps.len() <= STEPS_MAX + 1 && state.readouts.len() <= READOUTS_MAX + 1);
        assert!(state.steps.len() > STEPS_MAX / 2 && state.readouts.len() > READOUTS_MAX / 2);
        assert_eq!(state.steps.iter().next().unwrap().step, 1);
        assert_eq!(state.step(), 100_000);
        let steps: Vec<u64> = state.steps.iter().map(|s| s.step).collect();
        assert!(steps.is_sorted_by(|a, b| a < b));
        let gaps = steps.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
        assert!(gaps <= 2 * (100_000 / STEPS_MAX as u64 + 1), "a gap of {gaps}");
    }

    fn written<'a, T: serde::Serialize + 'a>(values: impl Iterator<Item = &'a T>) -> usize {
        values.map(|value| serde_json::to_string(value).unwrap().len()).sum()
    }

    /// The length of a state as text, as a measure of what it holds.
    fn held_bytes(state: &RunState) -> usize {
        written(state.steps.iter())
            + written(state.evals.iter())
            + written(state.readouts.iter())
            + written(state.own_texts.iter())
            + written(state.checkpoints.iter())
            + written(state.batch.iter())
            + written(state.log.lines().map(|line| &line.message))
    }

    #[test]
    fn ten_thousand_watched_steps_hold_no_more_than_two_thousand_did() {
        let sentence = vec![ReadToken { original: "dog".into(), p_replaced: Some(0.5), ..ReadToken::default() }; 20];
        let warn = |step| {
            let text = "a warning of some length, as they are".to_owned();
            Event::Warning(Warning { kind: WarningKind::Notice, step, message: Message::plain(text) })
        };
        // All events that a watched run can send, far more often than it sends them.
        let events = |n: u64| {
            let own_text = event::OwnText { step: n, text: "a dog".into(), ..event::OwnText::default() };
            let rows = vec![sentence.clone()];
            [
                step(n),
                Event::Eval(Box::new(EvalMetrics { step: n, ..EvalMetrics::default() })),
                Event::Readout(Readout { step: n, sentences: vec![sentence.clone(); 3], swaps: Vec::new() }),
                Event::OwnText(own_text),
                Event::Batch(BatchSample { step: n, known: event::Stage::JUDGE, first_row: 0, rows }),
                Event::Checkpoint { step: n, path: "runs/one/checkpoints/step-000000001".into() },
                warn(n),
            ]
        };
        let mut state = RunState::new(Source::Live);
        let mut most = 0;
        for n in 1..=10_000 {
            events(n).into_iter().for_each(|event| state.fold(event));
            if n <= 2_000 && n.is_multiple_of(100) {
                most = most.max(held_bytes(&state));
            }
            if n > 9_000 && n.is_multiple_of(500) {
                let held = held_bytes(&state);
                // Only the steps still grow, up to their cap of 4,096; a step takes a few hundred bytes.
                assert!(held < most + STEPS_MAX * 700, "step {n}: {held} bytes, {most} before");
            }
        }
        let counts = [state.steps.len(), state.evals.len(), state.readouts.len(), state.own_texts.len()];
        let caps = [STEPS_MAX, EVALS_MAX, READOUTS_MAX, READOUTS_MAX];
        assert!(counts.iter().zip(caps).all(|(count, cap)| *count <= cap + 1), "{counts:?}");
    }

    #[test]
    fn scrubbing_finds_what_was_said_then() {
        let state = RunState::from_events(Source::Live, [10, 20, 30].map(readout));
        let at = |step| state.readout_at(step).unwrap().step;
        assert_eq!([None, Some(5), Some(10), Some(29), Some(99)].map(at), [30, 10, 10, 20, 30]);
        assert!(RunState::default().readout_at(Some(3)).is_none());
    }

    #[test]
    fn a_resumed_run_forgets_what_it_overtook() {
        let mut state = RunState::from_events(Source::Live, (1..=9).map(step));
        state.fold(Event::Resumed { step: 4 });
        assert_eq!(state.step(), 4);
        state.fold(step(5));
        assert_eq!(state.steps.iter().map(|s| s.step).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn the_log_keeps_its_last_lines_and_counts_alarms() {
        let warn = |step| {
            let kind = WarningKind::Notice;
            Event::Warning(Warning { kind, step, message: Message::new("checkpoint-is-safe").with("step", step) })
        };
        let state = RunState::from_events(Source::Live, (1..=LOG_MAX as u64 + 5).map(warn));
        assert_eq!(state.log.lines().count(), LOG_MAX);
        assert_eq!(state.log.alarms, LOG_MAX as u64 + 5);
        assert_eq!(state.log.lines().next().unwrap().text(Lang::Pt), "o ponto de controle do passo 6 está a salvo");
    }

    #[test]
    fn phases_follow_the_run() {
        let mut state = RunState::new(Source::Live);
        assert_eq!(state.phase, Phase::Idle);
        let message = Message::plain("no text");
        let preparing = Preparing { message: message.clone(), share: None };
        for (event, want) in [
            (Event::Preparing(preparing), Phase::Preparing),
            (step(1), Phase::Running),
            (Event::Failed(Failure { message, ..Failure::default() }), Phase::Failed),
        ] {
            state.fold(event);
            assert_eq!(state.phase, want);
        }
    }
}
