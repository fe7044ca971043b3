//! Turns what was typed into what is run: configuration, text, and the run or the networks to go on from. It checks each before
//! anything is written. [`Options`] -> config, [`Wanted`], [`Resumed`].

use super::minutes::MINUTES_MAX;
use super::source::{Text, Wanted};
use crate::config::{self, Config, Overrides};
use crate::gpu::Choice;
use crate::hub::{Networks, Role};
use crate::objective::{self, Head, NetId};
use crate::text::grammar::Level;
use crate::train::checkpoint::{self, Checkpoint, RunFolder, State};
use crate::train::session::Position;
use crate::view::Lang;
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// What was asked for, as typed.
#[derive(Debug, Clone)]
pub struct Options {
    pub corpus: Vec<PathBuf>,
    pub valid: Vec<PathBuf>,
    pub lang: Lang,
    /// Of the built-in corpus; the preset's own where not given.
    pub level: Option<Level>,
    pub tokenizer: Option<PathBuf>,
    pub init: Option<PathBuf>,
    pub out: Option<PathBuf>,
    pub preset: Option<String>,
    pub config: Option<PathBuf>,
    pub set: Vec<String>,
    pub steps: Option<u64>,
    pub minutes: Option<f64>,
    pub stop_after: Option<u64>,
    pub seed: Option<u64>,
    pub threads: Option<usize>,
    pub device: Choice,
    pub engine: String,
    pub resume: bool,
    /// `--resume=STEP`: an earlier checkpoint than the newest.
    pub resume_step: Option<u64>,
    pub retune: bool,
    /// A view is watching: shorter slices, so that a command is answered and a window drawn in time, and the events that only
    /// views can use.
    pub watched: bool,
    /// The kernels' variants, pinned.
    pub kernels: Option<PathBuf>,
}

/// Where runs go without `--out`.
const RUNS: &str = "runs";

/// A new run's folder: runs/20261123-060102-nano, UTC.
pub fn new_folder(preset: &str) -> PathBuf {
    Path::new(RUNS).join(format!("{}-{preset}", chrono::Utc::now().format("%Y%m%d-%H%M%S")))
}

/// What a resumed run goes on from.
pub struct Resumed {
    pub checkpoint: Checkpoint,
    pub position: Position,
    pub out: PathBuf,
}

pub fn effective_config(options: &Options, resumed: Option<&Resumed>) -> Result<(Config, Option<Level>)> {
    if let Some(r) = resumed {
        let config = run_config(&r.out, &r.checkpoint)?;
        let state = &r.checkpoint.state;
        let fixed = !options.set.is_empty()
            || options.config.is_some()
            || options.preset.is_some()
            || options.minutes.is_some()
            || options
                .level
                .is_some_and(|level| trained_on(&r.checkpoint).is_ok_and(|text| text.builtin != Some(level)))
            || options.steps.is_some_and(|steps| steps != state.planned_steps)
            || options.seed.is_some_and(|seed| seed != state.seed);
        if fixed {
            return Err(Error::usage("a resumed run keeps its own configuration")
                .at(r.out.display())
                .hint("leave --preset, --config, --set, --steps, --minutes, --level and --seed away; to train on with other settings start a new run with --init"));
        }
        let builtin = options.corpus.is_empty().then(|| options.level.unwrap_or_else(|| default_level(&config.preset)));
        return Ok((config, builtin));
    }
    let file = options.config.as_deref().map(read_text).transpose()?;
    // A file that was written for a preset, as a run's own is, brings it along.
    let of_file = file.as_ref().and_then(|(text, _)| config::preset_of(text));
    let preset = options.preset.as_deref().or(of_file.as_deref()).unwrap_or("nano");
    let builtin = options.corpus.is_empty().then(|| options.level.unwrap_or_else(|| default_level(preset)));
    let mut set = options.set.clone();
    if let Some(steps) = options.steps {
        set.push(format!("steps={steps}"));
    }
    // Portuguese keeps its accents by default, whatever text the preset was made for; what is typed comes later and wins.
    if options.lang == Lang::Pt {
        set.insert(0, "strip_accents=false".to_owned());
    }
    let overrides = Overrides { file, set, first_steps: preset == "nano" && builtin == Some(Level::FirstSteps) };
    let mut config = Config::load(preset, &overrides)?;
    if options.steps.is_none() && options.minutes.is_some() {
        // The schedule is fixed once the first steps were timed; until then the rate is in its warm-up.
        config.steps = config.steps.max(1_000_000);
    }
    if options.minutes.is_some_and(|m| !(m > 0.0 && m <= MINUTES_MAX)) {
        return Err(Error::usage(format!("--minutes wants a number above 0, at most {MINUTES_MAX}")));
    }
    Ok((config, builtin))
}

fn default_level(preset: &str) -> Level {
    if preset == "nano" { Level::FirstSteps } else { Level::Stories }
}

/// The configuration that a run's folder holds.
pub fn stored_config(run: &Path) -> Result<Config> {
    let (text, place) = read_text(&run.join("config.toml"))?;
    Config::from_toml(&text, &place)
}

/// The configuration of a checkpoint's run: the one that the run's folder holds, which must be what the checkpoint was trained with.
///
/// # Errors
/// It cannot be read, or was changed since.
pub fn run_config(run: &Path, checkpoint: &Checkpoint) -> Result<Config> {
    let config = stored_config(run)?;
    // Earlier versions did not keep it.
    let Some(serde_json::Value::Object(then)) = checkpoint.state.extra.get(CONFIG) else { return Ok(config) };
    let now = serde_json::to_value(&config).expect("numbers, strings and booleans are JSON");
    // `--minutes` become steps after the first checkpoints.
    let changed = then.iter().find(|(key, value)| *key != "steps" && now.get(key.as_str()) != Some(value));
    let Some((key, value)) = changed else { return Ok(config) };
    Err(Error::usage(format!("{key} = {}, where the run was trained with {value}", now[key.as_str()]))
        .at(run.join("config.toml").display())
        .hint("put it back; to train on with other settings start a new run with --init"))
}

fn read_text(path: &Path) -> Result<(String, String)> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::io("io-read-configuration", path, &e))?;
    Ok((text, path.display().to_string()))
}

/// What `--resume` goes on from, and its folder, in which from now on nobody else writes.
pub fn take_resumed(options: &Options) -> Result<(Resumed, RunFolder)> {
    let out = match &options.out {
        Some(out) => out.clone(),
        None => checkpoint::newest_run(Path::new(RUNS))?
            .ok_or_else(|| Error::usage("there is no run to resume").at(RUNS).hint("name its folder with --out"))?,
    };
    // What cannot be resumed is refused before its folder is touched; what another process wrote until then is found once it is ours.
    find_resumed(options, out.clone())?;
    let folder = RunFolder::open(&out)?;
    Ok((find_resumed(options, out)?, folder))
}

fn find_resumed(options: &Options, out: PathBuf) -> Result<Resumed> {
    let checkpoint = checkpoint::resume_point(&out, options.resume_step)?;
    let position = position(&checkpoint)?;
    let (step, planned) = (checkpoint.state.step, checkpoint.state.planned_steps);
    let run = out.display();
    if step >= planned {
        return Err(Error::usage(format!("the run is finished: {step} of {planned} steps"))
            .at(&run)
            .hint(format!("train its networks on with: electroscope train --init {run}")));
    }
    if options.stop_after.is_some_and(|stop| stop <= step) {
        return Err(Error::usage(format!("the run has taken {step} steps already"))
            .at(&run)
            .hint("give a later --stop-after"));
    }
    Ok(Resumed { checkpoint, position, out })
}

/// Names in state.json.
pub const POSITION: &str = "position";
pub const TRAINED_ON: &str = "trained_on";
pub const ADAPTER: &str = "adapter";
pub const CONFIG: &str = "config";
pub const MINUTES_LEFT: &str = "minutes_left";

/// Of a run whose `--minutes` were not yet made into steps when it ended: what is left of them.
pub fn minutes_left(checkpoint: &Checkpoint) -> Option<f64> {
    let minutes = checkpoint.state.extra.get(MINUTES_LEFT)?.as_f64()?;
    (0.0..=MINUTES_MAX).contains(&minutes).then_some(minutes)
}

/// Where the run of a checkpoint stands.
pub fn position(checkpoint: &Checkpoint) -> Result<Position> {
    from_state(checkpoint, POSITION)
}

/// The text that the run of a checkpoint is trained on.
pub fn trained_on(checkpoint: &Checkpoint) -> Result<Wanted> {
    from_state(checkpoint, TRAINED_ON)
}

/// What the run of a checkpoint was trained on; none: a processor that was not named.
pub fn adapter_of(checkpoint: &Checkpoint) -> Option<String> {
    checkpoint.state.extra.get(ADAPTER).and_then(|name| name.as_str()).map(str::to_owned)
}

fn from_state<T: serde::de::DeserializeOwned>(checkpoint: &Checkpoint, key: &str) -> Result<T> {
    let value = checkpoint.state.extra.get(key).cloned().unwrap_or_default();
    serde_json::from_value(value)
        .map_err(|e| Error::failed(format!("its state.json has no readable {key}: {e}")).at(checkpoint.dir.display()))
}

/// The text to train on, as typed; a resumed run that is told nothing goes on with its own.
pub fn wanted(options: &Options, builtin: Option<Level>, resumed: Option<&Resumed>) -> Result<Wanted> {
    if let Some(r) = resumed.filter(|_| options.corpus.is_empty()) {
        return trained_on(&r.checkpoint);
    }
    // Absolute, so that a run can be resumed from another folder; a path that is not there is told when it is opened.
    let whole = |paths: &[PathBuf]| {
        paths.iter().map(|path| std::fs::canonicalize(path).unwrap_or_else(|_| path.clone())).collect()
    };
    Ok(Wanted { corpus: whole(&options.corpus), valid: whole(&options.valid), builtin, lang: options.lang })
}

/// `hint`: what to do where it is another text.
pub fn check_same_text(state: &State, text: &Text, out: &Path, hint: &'static str) -> Result<()> {
    for (what, then, now) in [
        ("tokenizer", state.tokenizer_hash.as_str(), text.tokenizer.hash()),
        ("corpus", state.corpus_hash.as_str(), &text.cache.corpus_hash()),
    ] {
        if then != now {
            return Err(Error::usage(format!("the {what} is not the one this run was trained on"))
                .at(out.display())
                .hint(hint));
        }
    }
    Ok(())
}

/// The networks of `--init`, as far as the objective trains them.
pub fn read_init(dir: &Path, config: &Config) -> Result<(Networks, Vec<String>)> {
    let passes = config.passes();
    if passes.iter().any(|pass| pass.net == NetId::Aux) {
        let (pair, notices) = checkpoint::read_pair(dir)?;
        return Ok((pair.into(), notices));
    }
    let judges = objective::have(passes, Head::Rtd);
    let role = if judges { Role::Discriminator } else { Role::Encoder };
    let (main, notices) = checkpoint::resolve_model(dir)?.read(role)?;
    Ok((Networks::alone(main, role), notices))
}

pub fn check_init(networks: &Networks, text: &Text, config: &Config) -> Result<()> {
    let sizes = &networks.main.config;
    let (vocab, have) = (sizes.vocab_size, text.tokenizer.vocab_size());
    if vocab != have {
        return Err(Error::usage(format!("the networks have a vocabulary of {vocab}, the tokenizer {have}"))
            .hint("the tokenizer must be the one the networks were trained with: it lies in the folder of --init, and --tokenizer is not needed"));
    }
    let positions = sizes.max_position_embeddings;
    if (config.seq_len as usize) > positions {
        return Err(Error::usage(format!("seq_len = {} exceeds the networks' {positions} positions", config.seq_len))
            .hint(format!("--set seq_len={positions}")));
    }
    Ok(())
}

/// The tokenizer of a pair's folder lies with its networks.
pub fn tokenizer_folder(dir: &Path) -> PathBuf {
    checkpoint::resolve_model(dir)
        .ok()
        .and_then(|model| model.discriminator.or(model.generator))
        .unwrap_or_else(|| dir.to_owned())
}
