//! A run on this machine: what was asked for -> corpus, tokenizer, token cache, model, engine -> the session, its files and events. It
//! refuses everything that can be refused before the run's folder exists.

pub mod assemble;
mod commands;
mod control;
mod drive;
mod evaluate;
pub mod kernels;
mod minutes;
pub mod source;
mod tokenizer;
mod told;

pub use evaluate::evaluate;
pub use source::cache_dir;
pub use tokenizer::train_tokenizer;
pub use told::{Options, effective_config, stored_config};

use crate::config::Config;
use crate::error::Kind;
use crate::hub::{self, Networks, replace_file};
use crate::message::Message;
use crate::model::ModelSpec;
use crate::objective::{self, Head, NetId};
use crate::plan::{Choices, Role};
use crate::train::checkpoint::{self, Moments, RunFolder, Snapshot, State};
use crate::train::engine::{self, Place};
use crate::train::event::{
    self, Arena, Command, CorpusInfo, EvalMetrics, Event, Failure, FailureKind, Finished, Outcome, RunPlan, Saved,
    StepMetrics, Warning, WarningKind,
};
use crate::train::kernels::parts;
use crate::train::session::{Arrived, Position, Session};
use crate::train::warnings::{Monitor, RunShape};
use crate::train::weights;
use crate::view::Lang;
use crate::view::log::{Log, read_events, write_report};
use crate::view::tensorboard::TensorBoard;
use crate::{Error, Result, cpu};
use assemble::{Assembly, From, Start, assemble};
use commands::Inbox;
use control::Control;
use futures_channel::mpsc::UnboundedReceiver;
use minutes::Timing;
use source::{Going, Text, Wanted};
use std::cell::{Cell, RefCell};
use std::path::Path;
use std::time::Instant;
use told::Resumed;

/// Trains as asked. Events go to `sink` as they happen, and into the run's folder.
///
/// # Errors
/// What was asked cannot be run (nothing was written), or the run failed (its last whole checkpoint stays).
pub async fn train(
    options: Options,
    commands: UnboundedReceiver<Command>,
    sink: &mut dyn FnMut(&Event) -> Result<()>,
) -> Result<()> {
    if let Some(threads) = options.threads {
        cpu::set_threads(threads);
    }
    let inbox = RefCell::new(Inbox::new(commands));
    let going = || if inbox.borrow_mut().stop_is_heard() { Err(Error::failed("stopped, as asked")) } else { Ok(()) };
    let prepared = Run::prepare(&options, &going, sink).await;
    let mut inbox = inbox.into_inner();
    let mut run = match prepared {
        Ok(run) => run,
        Err(_) if inbox.stop_is_heard() => {
            // Nothing was written, so there is nothing to go on from.
            let finished = Finished { outcome: Outcome::Stopped, step: 0, run: None, next: Vec::new() };
            return sink(&Event::Finished(finished));
        }
        Err(error) => {
            if options.watched {
                sink(&Event::Failed(Failure::new(&error, 0, None)))?;
            }
            return Err(error);
        }
    };
    let outcome = run.drive(options.stop_after, inbox, sink).await;
    run.close(outcome, sink)
}

/// Who listens to a run; a listener that is gone ends it.
type Sink<'a> = dyn FnMut(&Event) -> Result<()> + 'a;

struct Run {
    session: Session,
    folder: RunFolder,
    text: Text,
    corpus: CorpusInfo,
    wanted: Wanted,
    log: Log,
    board: TensorBoard,
    monitor: Monitor,
    lang: Lang,
    arrived: Vec<Arrived>,
    last_checkpoint: Option<Saved>,
    /// Step of the last held-out evaluation of this sitting.
    last_evaluation: Option<u64>,
    kernels: Choices,
    engine: engine::Kind,
    /// What it is trained on, as [`kernels::device`] names it.
    device: String,
    control: Control,
    /// That the text is gone was told.
    text_missed: bool,
}

/// What of a checkpoint is read from the device.
struct Taken {
    position: Position,
    networks: Networks,
    moments: Moments,
}

impl Run {
    /// `going`: an error as soon as somebody wants it to end.
    async fn prepare(options: &Options, going: Going<'_>, sink: &mut Sink<'_>) -> Result<Self> {
        let engine = engine::Kind::named(&options.engine)?;
        let (resumed, taken) = options.resume.then(|| told::take_resumed(options)).transpose()?.unzip();
        let (config, builtin) = told::effective_config(options, resumed.as_ref())?;
        let wanted = told::wanted(options, builtin, resumed.as_ref())?;
        if let (Some(out), None) = (&options.out, &resumed) {
            RunFolder::refuse_taken(out)?;
        }
        let place = Place::open_for(&options.device, engine).await?;
        sink(&Event::Device(place.event()))?;
        if resumed.is_none() && options.init.is_none() {
            // Asked again once the tokenizer tells the true vocabulary; here, before text is read for nothing.
            ModelSpec::from_config(&config, config.vocab_size, 0, None).check(&place.limits())?;
        }

        let init = options.init.as_deref().map(|dir| told::read_init(dir, &config)).transpose()?;
        let tokenizer = match &resumed {
            // One that is given again must be the same: its hash is compared below.
            Some(r) => options.tokenizer.clone().or_else(|| Some(hub::main_folder(&r.checkpoint.dir).1)),
            None => options.tokenizer.clone().or_else(|| options.init.as_deref().map(told::tokenizer_folder)),
        };
        // A listener that is gone (a closed pipe) ends the run, but not in the middle of a file.
        let failed = Cell::new(None);
        let mut tell = |preparing| {
            if let Err(error) = sink(&Event::Preparing(preparing)) {
                failed.set(Some(error));
            }
        };
        let listened = || failed.take().map_or(Ok(()), Err);
        let text = source::open(&wanted, &config, tokenizer.as_deref(), going, &mut tell)?;
        listened()?;
        going()?;
        if let Some(r) = &resumed {
            let hint = "resume with the same --corpus and --valid; on other text start a new run with --init";
            told::check_same_text(&r.checkpoint.state, &text, &r.out, hint)?;
        }
        if let Some((networks, _)) = &init {
            told::check_init(networks, &text, &config)?;
        }
        let from = match (&resumed, &init) {
            (Some(r), _) => From::Checkpoint(&r.checkpoint, r.position),
            (None, Some((networks, notices))) => From::Networks(networks, notices),
            (None, None) => From::Seed,
        };
        let wish = kernels::Wish { file: options.kernels.as_deref(), retune: options.retune };
        let start = Start { from, seed: options.seed.unwrap_or(1), kernels: wish };
        let Assembly { session, corpus, mut notices, kernels } =
            assemble(&config, &text, &place, &start, going, &mut tell).await?;
        listened()?;
        going()?;

        let out = resumed.as_ref().map(|r| r.out.clone()).or_else(|| options.out.clone());
        let out = out.unwrap_or_else(|| told::new_folder(&config.preset));
        let folder = taken.map_or_else(|| RunFolder::create(&out), Ok)?;
        match &resumed {
            Some(r) => {
                let step = r.checkpoint.state.step;
                notices.extend(folder.set_aside_after(step)?.iter().map(|aside| set_aside(step, aside)));
            }
            None => write_config(&out, &session.config)?,
        }
        let mut run = Self {
            log: Log::open(&out)?,
            board: TensorBoard::create(&out)?,
            monitor: Monitor::new(run_shape(&session)),
            lang: options.lang,
            arrived: Vec::new(),
            last_evaluation: None,
            last_checkpoint: resumed
                .as_ref()
                .map(|r| Saved { step: r.checkpoint.state.step, path: r.checkpoint.dir.display().to_string() }),
            session,
            folder,
            text,
            corpus,
            wanted,
            kernels,
            engine,
            device: kernels::device(&place),
            control: Control::new(options.watched),
            text_missed: false,
        };
        let minutes = resumed.as_ref().map_or(options.minutes, |r| told::minutes_left(&r.checkpoint));
        run.control.timing = minutes.map(|minutes| Timing::new(minutes, Instant::now()));
        run.announce(&place, resumed.as_ref(), notices, sink)?;
        Ok(run)
    }

    fn announce(
        &mut self,
        place: &Place,
        resumed: Option<&Resumed>,
        notices: Vec<Message>,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        // The device was told to the sink as soon as it was known; the log begins here.
        let device = Event::Device(place.event());
        self.log.write(&device)?;
        let plan = self.plan_event(self.control.timing.is_none().then_some(self.session.planned_steps));
        self.tell(&Event::Plan(Box::new(plan)), sink)?;
        let settings = settings(&self.session.config);
        self.tell(&Event::Config { settings }, sink)?;
        if let Some(r) = resumed {
            // What was measured before the checkpoint prepares the warnings; what it would say was said then.
            for event in read_events(self.folder.path())? {
                if let Event::Step(step) = &event
                    && step.step <= r.checkpoint.state.step
                {
                    self.monitor.observe(step);
                }
            }
            self.tell(&Event::Resumed { step: r.checkpoint.state.step }, sink)?;
        }
        for notice in notices {
            self.warn(notice, sink)?;
        }
        Ok(())
    }

    /// `planned_steps`: none while `--minutes` still times the first ones.
    fn plan_event(&self, planned_steps: Option<u64>) -> RunPlan {
        let (config, model) = (&self.session.config, &self.session.model);
        let parameters = |net: NetId| {
            let of_network = |p: &&crate::model::Parameter| p.entry.parts.iter().any(|part| part.net == net);
            model.parameters.iter().filter(of_network).map(|p| u64::from(p.entry.len())).sum()
        };
        let arena = |(name, role): (&str, Role)| Arena { name: name.to_owned(), bytes: model.plan.bytes_of(role) };
        // Another engine trains the same parameters; what it launches and what else it holds is its own affair.
        let planned = self.engine == engine::Kind::Wgsl;
        let dispatches = || parts(&model.plan, config.accumulate).iter().map(|(r, times)| r.len() as u64 * times).sum();
        let mut arenas = vec![
            arena(("parameters", Role::Parameters)),
            arena(("gradients", Role::Gradients)),
            arena(("moment1", Role::Moment1)),
            arena(("moment2", Role::Moment2)),
        ];
        if planned {
            arenas.push(arena(("activations", Role::Activation)));
        }
        let held = arenas.iter().map(|arena| arena.bytes).sum();
        RunPlan {
            preset: config.preset.clone(),
            engine: self.engine.name().to_owned(),
            seed: self.session.seed,
            parameters: model.parameter_count(),
            discriminator_parameters: parameters(NetId::Main),
            generator_parameters: parameters(NetId::Aux),
            dispatches: if planned { dispatches() } else { 0 },
            peak_bytes: if planned { model.plan.bytes() } else { held },
            arenas,
            planned_steps,
            warmup_steps: config.warmup_steps(self.session.planned_steps) as u64,
            rows: u64::from(config.rows()),
            row_tokens: u64::from(config.seq_len),
            corpus: self.corpus.clone(),
            run: Some(self.folder.path().display().to_string()),
        }
    }

    /// An event to the run's files and to whoever listens.
    fn tell(&mut self, event: &Event, sink: &mut Sink<'_>) -> Result<()> {
        self.log.write(event)?;
        self.board.write(event)?;
        sink(event)
    }

    fn warn(&mut self, message: Message, sink: &mut Sink<'_>) -> Result<()> {
        let step = self.session.completed();
        self.tell(&Event::Warning(Warning { kind: WarningKind::Notice, step, message }), sink)
    }

    /// Tells the steps that arrived, and what is to be said about them.
    async fn report(&mut self, arrived: &mut Vec<Arrived>, sink: &mut Sink<'_>) -> Result<()> {
        for step in arrived.drain(..) {
            match step {
                Arrived::Step(metrics) => self.tell_step(metrics, sink)?,
                Arrived::Sample(sample) => sink(&Event::Batch(*sample))?,
                Arrived::NonFinite { step, cursor } => {
                    let culprit = self.session.explain_non_finite(step, cursor).await?;
                    return Err(Error::failed(format!(
                        "step {}: the gradient is not finite; {culprit}. No weight was changed by it",
                        step + 1
                    ))
                    .kind(Kind::NonFinite)
                    .at(self.folder.path().display())
                    .hint(self.lower_rate()));
                }
            }
        }
        Ok(())
    }

    /// What to do about a run that left the numbers: a resumed one would keep its rate.
    fn lower_rate(&self) -> String {
        let lr = self.session.config.lr / 2.0;
        let lr = if (1e-6..1e3).contains(&lr) { lr.to_string() } else { format!("{lr:e}") };
        let from = match &self.last_checkpoint {
            Some(_) => format!("; --init {} starts from its last checkpoint's weights", self.folder.path().display()),
            None => String::new(),
        };
        format!("start a new run with a lower rate: --set lr={lr}{from}")
    }

    fn tell_step(&mut self, metrics: Box<StepMetrics>, sink: &mut Sink<'_>) -> Result<()> {
        let warnings = self.monitor.observe(&metrics);
        self.tell(&Event::Step(metrics), sink)?;
        for warning in warnings {
            self.tell(&Event::Warning(warning), sink)?;
        }
        Ok(())
    }

    async fn settle(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        let mut arrived = std::mem::take(&mut self.arrived);
        let settled = self.session.settle(&mut arrived).await;
        let reported = self.report(&mut arrived, sink).await;
        self.arrived = arrived;
        settled.and(reported)
    }

    fn tell_evaluation(&mut self, metrics: EvalMetrics, sink: &mut Sink<'_>) -> Result<()> {
        let (step, non_finite) = (self.session.completed(), metrics.metrics.non_finite);
        self.last_evaluation = Some(step);
        self.tell(&Event::Eval(Box::new(metrics)), sink)?;
        if non_finite {
            return Err(Error::failed(format!("after step {step} what the networks say is not finite"))
                .kind(Kind::NonFinite)
                .at(self.folder.path().display())
                .hint(self.lower_rate()));
        }
        Ok(())
    }

    /// Writes a checkpoint on the way. One that cannot be written (a full disk, a folder that became read-only) ends no run: the
    /// earlier ones stand, and the next may succeed.
    async fn keep_if_possible(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        self.look_for_text(sink)?;
        let taken = self.take_checkpoint(sink).await?;
        match self.write_checkpoint(taken, sink) {
            Err(error) if error.kind == Kind::Failed => {
                let step = self.session.completed();
                let safe = match &self.last_checkpoint {
                    Some(saved) => Message::new("checkpoint-is-safe").with("step", saved.step),
                    None => Message::new("no-checkpoint-yet"),
                };
                let warning = Warning {
                    kind: WarningKind::CheckpointNotWritten,
                    step,
                    message: Message::new("checkpoint-not-written")
                        .with("error", Message::from(&error))
                        .with("safe", safe),
                };
                self.tell(&Event::Warning(warning), sink)
            }
            other => other,
        }
    }

    /// Tells once if the text is no longer where it was.
    fn look_for_text(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        let gone = self.wanted.corpus.iter().chain(&self.wanted.valid).find(|path| !path.exists());
        let Some(path) = gone.filter(|_| !self.text_missed).map(|path| path.display().to_string()) else {
            return Ok(());
        };
        self.text_missed = true;
        let warning = Warning {
            kind: WarningKind::CorpusGone,
            step: self.session.completed(),
            message: Message::new("corpus-gone").with("path", path),
        };
        self.tell(&Event::Warning(warning), sink)
    }

    /// Writes a checkpoint of the weights as they are.
    async fn keep(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        let taken = self.take_checkpoint(sink).await?;
        self.write_checkpoint(taken, sink)
    }

    /// Everything of a checkpoint that the device has: what fails here is the device's fault, not the disk's.
    async fn take_checkpoint(&mut self, sink: &mut Sink<'_>) -> Result<Taken> {
        self.settle(sink).await?;
        let session = &mut self.session;
        let position = session.position();
        let facts = session.facts();
        let networks = weights::read_networks(&session.model, &mut session.engine, facts).await?;
        let moments = weights::read_moments(&session.model, &mut session.engine).await?;
        Ok(Taken { position, networks, moments })
    }

    fn write_checkpoint(&mut self, taken: Taken, sink: &mut Sink<'_>) -> Result<()> {
        let Taken { position, networks, moments } = taken;
        let session = &self.session;
        let mut extra = serde_json::Map::new();
        extra.insert(told::POSITION.into(), serde_json::to_value(position).expect("numbers are JSON"));
        extra.insert(told::ADAPTER.into(), self.device.clone().into());
        extra.insert(told::CONFIG.into(), serde_json::to_value(&session.config).expect("numbers and names are JSON"));
        if let Some(timing) = &self.control.timing {
            extra.insert(told::MINUTES_LEFT.into(), timing.minutes_left().into());
        }
        extra.insert(told::TRAINED_ON.into(), serde_json::to_value(&self.wanted).expect("paths and names are JSON"));
        let state = State {
            format_version: checkpoint::FORMAT_VERSION,
            step: position.step,
            planned_steps: session.planned_steps,
            seed: session.seed,
            cursor: serde_json::to_value(position.cursor).expect("two numbers are JSON"),
            corpus_hash: self.text.cache.corpus_hash(),
            tokenizer_hash: self.text.tokenizer.hash().to_owned(),
            kernels: serde_json::to_value(&self.kernels).expect("a map of strings is JSON"),
            extra,
        };
        let max_positions = session.config.max_positions as usize;
        let files: Vec<(String, Vec<u8>)> = self
            .text
            .tokenizer
            .to_files(max_positions)?
            .into_iter()
            .map(|(name, text)| (name.to_owned(), text.into_bytes()))
            .collect();
        let snapshot = Snapshot { networks: &networks, moments: &moments, tokenizer_files: &files, state: &state };
        let written = self.folder.write(&snapshot, session.config.keep_checkpoints as usize)?;
        let path = written.dir.display().to_string();
        self.last_checkpoint = Some(Saved { step: position.step, path: path.clone() });
        self.tell(&Event::Checkpoint { step: position.step, path }, sink)?;
        for warning in written.warnings {
            self.warn(Message::from(&warning), sink)?;
        }
        Ok(())
    }

    /// Ends the run's files, whatever happened.
    fn close(mut self, outcome: Result<Outcome>, sink: &mut Sink<'_>) -> Result<()> {
        let run = self.folder.path().to_owned();
        let result = match outcome {
            Ok(outcome) => {
                let judged = objective::have(self.session.config.passes(), Head::Rtd);
                let next = next_steps(&run, outcome, judged, self.text.example.as_deref(), self.lang);
                let finished =
                    Finished { outcome, step: self.session.completed(), run: Some(run.display().to_string()), next };
                self.tell(&Event::Finished(finished), sink)
            }
            Err(error) => {
                let failure = Failure::new(&error, self.session.completed(), self.last_checkpoint.clone());
                // The failure that is told is the run's own, not that of writing about it.
                if failure.kind == FailureKind::DeviceLost {
                    self.tell(&Event::DeviceLost(failure.clone()), sink).ok();
                }
                self.tell(&Event::Failed(failure), sink).ok();
                Err(error)
            }
        };
        let report = write_report(&run, self.lang).map(|_| ());
        // A disk that is full refuses the report too: what ended the run is what is told.
        result.and(report)
    }

    fn fix_planned_steps(&mut self, planned: u64, sink: &mut Sink<'_>) -> Result<()> {
        self.session.planned_steps = planned;
        self.session.config.steps = planned;
        self.monitor = Monitor::new(run_shape(&self.session));
        write_config(self.folder.path(), &self.session.config)?;
        // The plan again, now with its length: bars, reports and programs go by the last one.
        let plan = self.plan_event(Some(planned));
        self.tell(&Event::Plan(Box::new(plan)), sink)
    }
}

/// That a checkpoint is still there, though no command reads it any more.
fn set_aside(step: u64, aside: &Path) -> Message {
    Message::new("checkpoint-set-aside").with("step", step).with("path", aside.display())
}

fn write_config(run: &Path, config: &Config) -> Result<()> {
    let path = run.join("config.toml");
    // A run without it cannot be gone on with.
    replace_file(&path, config.to_toml().as_bytes()).map_err(|e| Error::io("io-write-configuration", &path, &e))
}

/// What the warnings must know of the run.
fn run_shape(session: &Session) -> RunShape {
    let planned_steps = session.planned_steps;
    RunShape {
        planned_steps,
        warmup_steps: session.config.warmup_steps(planned_steps) as u64,
        unigram_entropy: Some(session.unigram_entropy()),
    }
}

fn settings(c: &Config) -> event::Settings {
    let value = serde_json::to_value(c).expect("a flat struct of numbers, strings and booleans is JSON");
    match value {
        serde_json::Value::Object(map) => map.into_iter().collect(),
        _ => unreachable!("a struct serialises to an object"),
    }
}

/// What a person may do with the run now.
fn next_steps(run: &Path, outcome: Outcome, judged: bool, example: Option<&str>, lang: Lang) -> Vec<String> {
    let run = run.display();
    // As this program was called: it need not be on anyone's path.
    let program = std::env::args().next().unwrap_or_else(|| "electroscope".to_owned());
    let text = example.unwrap_or(lang.pick("the dog ate the bone", "o cachorro roeu o osso"));
    let mut next = vec![
        match judged {
            true => format!("{program} detect {run} \"{text}\""),
            // No network judges: a word of the text is left to be filled in.
            false => {
                let masked = |(n, word)| if n == 1 { "[MASK]" } else { word };
                let words: Vec<&str> = text.split(' ').enumerate().map(masked).collect();
                format!("{program} fill {run} \"{}\"", words.join(" "))
            }
        },
        format!("{program} eval {run}"),
        format!("{program} export {run} --to model"),
    ];
    if outcome == Outcome::Stopped {
        next.insert(0, format!("{program} train --resume --out {run}"));
    }
    next
}
