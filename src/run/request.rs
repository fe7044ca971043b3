//! Turns a request into what is run: configuration, text, and the run to continue. It checks each before anything is written.
//! [`Request`] -> config, [`Wanted`], [`Resumed`].

use super::host::Host;
use super::minutes::MINUTES_MAX;
use super::source::{Text, Wanted};
use crate::config::{self, Config, Overrides};
use crate::hub::Networks;
use crate::lang::Lang;
use crate::message::Message;
use crate::path::word_of_name;
use crate::text::grammar::Level;
use crate::train::checkpoint::{Checkpoint, State};
use crate::train::event::Request;
use crate::train::session::Position;
use crate::{Error, Result};

/// The checkpoint from which a resumed run continues.
pub struct Resumed {
    pub checkpoint: Checkpoint,
    pub position: Position,
    /// The length of its schedule from now on: its own, or the longer one that was asked for.
    pub planned_steps: u64,
    /// The name of the run.
    pub out: String,
}

/// The configuration that a request gives, and the level of the built-in text if that is used.
pub fn effective_config(
    host: &impl Host,
    options: &Request,
    resumed: Option<&Resumed>,
) -> Result<(Config, Option<Level>)> {
    if let Some(r) = resumed {
        let config = Config { steps: r.planned_steps, ..run_config(host, &r.out, &r.checkpoint)? };
        let state = &r.checkpoint.state;
        let fixed = !options.set.is_empty()
            || options.config.is_some()
            || options.preset.is_some()
            || options.minutes.is_some()
            || options
                .level
                .is_some_and(|level| trained_on(&r.checkpoint).is_ok_and(|text| text.builtin != Some(level)))
            || options.steps.is_some_and(|steps| steps != r.planned_steps)
            || options.seed.is_some_and(|seed| seed != state.seed);
        if fixed {
            return Err(Error::usage("resumed-run-keeps-configuration").at(&r.out));
        }
        let builtin = options.corpus.is_empty().then(|| options.level.unwrap_or_else(|| default_level(&config.preset)));
        return Ok((config, builtin));
    }
    let file = options
        .config
        .as_ref()
        .map(|name| host.read("io-read-configuration", name).map(|text| (text, name.clone())))
        .transpose()?;
    // A file that was written for a preset, such as a run's own, names its preset.
    let of_file = file.as_ref().and_then(|(text, _)| config::preset_of(text));
    let preset = options.preset.as_deref().or(of_file.as_deref()).unwrap_or("nano");
    let builtin = options.corpus.is_empty().then(|| options.level.unwrap_or_else(|| default_level(preset)));
    let mut set = options.set.clone();
    if let Some(steps) = options.steps {
        set.push(format!("steps={steps}"));
    }
    // Portuguese keeps its accents by default, even if the preset strips them. A setting that a person types comes later and wins.
    if options.lang == Lang::Pt {
        set.insert(0, "strip_accents=false".to_owned());
    }
    let overrides = Overrides { file, set, first_steps: preset == "nano" && builtin == Some(Level::FirstSteps) };
    let mut config = Config::load(preset, &overrides)?;
    if options.steps.is_none() && options.minutes.is_some() {
        // The schedule is fixed once the first steps have been timed. Until then the rate is in its warm-up.
        config.steps = config.steps.max(1_000_000);
    }
    if options.minutes.is_some_and(|m| !(m > 0.0 && m <= MINUTES_MAX)) {
        return Err(Error::usage("minutes-out-of-range").with("most", MINUTES_MAX));
    }
    Ok((config, builtin))
}

fn default_level(preset: &str) -> Level {
    if preset == "nano" { Level::FirstSteps } else { Level::Stories }
}

/// The configuration of a checkpoint's run, as its folder holds it. It must be the one with which the checkpoint was trained.
///
/// # Errors
/// The configuration cannot be read, or somebody has changed it.
pub fn run_config(host: &impl Host, run: &str, checkpoint: &Checkpoint) -> Result<Config> {
    let config = host.config(run)?;
    // Earlier versions did not keep the configuration in the checkpoint.
    let Some(serde_json::Value::Object(then)) = checkpoint.state.extra.get(CONFIG) else { return Ok(config) };
    let now = serde_json::to_value(&config).expect("numbers, strings and booleans are JSON");
    // The number of steps may differ, because `--minutes` become steps after the first checkpoints.
    let changed = then.iter().find(|(key, value)| *key != "steps" && now.get(key.as_str()) != Some(value));
    let Some((key, value)) = changed else { return Ok(config) };
    Err(Error::usage("configuration-changed")
        .with("key", key)
        .with("now", now[key.as_str()].to_string())
        .with("then", value.to_string())
        .at(host.config_place(run)))
}

/// Finds the checkpoint from which `--resume` continues, and opens its store. Nobody else writes there from now on.
/// `told`: what a person should know about the choice of the run, also if the run is then refused.
pub fn take_resumed<H: Host>(host: &mut H, options: &Request, told: &mut Vec<Message>) -> Result<(Resumed, H::Store)> {
    let out = match &options.out {
        Some(out) => out.clone(),
        None => {
            let (newest, about) = host.newest_run()?;
            told.extend(about);
            newest
        }
    };
    // A run that cannot be resumed is refused before its place is touched. Once the place is ours, the checkpoint is looked up
    // again, because another process may have written there.
    find_resumed(host, options, &out)?;
    let store = host.open(&out)?;
    Ok((find_resumed(host, options, &out)?, store))
}

fn find_resumed(host: &impl Host, options: &Request, run: &str) -> Result<Resumed> {
    let checkpoint = host.resume_point(run, options.resume_step)?;
    let position = position(&checkpoint)?;
    let step = checkpoint.state.step;
    // If the run was extended and ended before its next checkpoint, only the configuration says so. (Before `--minutes` became
    // steps, the checkpoint has the larger number.)
    let own = checkpoint.state.planned_steps.max(host.config(run)?.steps);
    let planned = options.steps.map_or(own, |steps| steps.max(own));
    if step >= planned {
        return Err(Error::usage("run-is-finished")
            .with("step", step)
            .with("planned", planned)
            .with("run", word_of_name(run))
            .at(run));
    }
    if options.stop_after.is_some_and(|stop| stop <= step) {
        return Err(Error::usage("run-is-further").with("step", step).at(run));
    }
    Ok(Resumed { checkpoint, position, planned_steps: planned, out: run.to_owned() })
}

/// Names in state.json.
pub const POSITION: &str = "position";
pub const TRAINED_ON: &str = "trained_on";
pub const ADAPTER: &str = "adapter";
pub const CONFIG: &str = "config";
pub const MINUTES_LEFT: &str = "minutes_left";

/// The minutes that are left, if the run ended before its `--minutes` became steps.
pub fn minutes_left(checkpoint: &Checkpoint) -> Option<f64> {
    let minutes = checkpoint.state.extra.get(MINUTES_LEFT)?.as_f64()?;
    (0.0..=MINUTES_MAX).contains(&minutes).then_some(minutes)
}

/// Where the run of a checkpoint is.
pub fn position(checkpoint: &Checkpoint) -> Result<Position> {
    from_state(checkpoint, POSITION)
}

/// The text that the run of a checkpoint is trained on.
pub fn trained_on(checkpoint: &Checkpoint) -> Result<Wanted> {
    from_state(checkpoint, TRAINED_ON)
}

/// The device that trained the run of a checkpoint; none for a processor in earlier versions, which did not name it.
pub fn adapter_of(checkpoint: &Checkpoint) -> Option<String> {
    checkpoint.state.extra.get(ADAPTER).and_then(|name| name.as_str()).map(str::to_owned)
}

fn from_state<T: serde::de::DeserializeOwned>(checkpoint: &Checkpoint, key: &str) -> Result<T> {
    let value = checkpoint.state.extra.get(key).cloned().unwrap_or_default();
    serde_json::from_value(value).map_err(|e| {
        Error::failed("state-lacks-key").with("key", key).with("detail", e.to_string()).at(checkpoint.place())
    })
}

/// The text to train on. A resumed run for which no text is given continues with its own.
pub fn wanted(
    host: &impl Host,
    options: &Request,
    builtin: Option<Level>,
    resumed: Option<&Resumed>,
) -> Result<Wanted> {
    if let Some(r) = resumed.filter(|_| options.corpus.is_empty()) {
        return trained_on(&r.checkpoint);
    }
    let whole = |names: &[String]| names.iter().map(|name| host.full_name(name)).collect();
    let (corpus, valid, field) = (whole(&options.corpus), whole(&options.valid), options.text_field.clone());
    Ok(Wanted { corpus, valid, field, builtin, lang: options.lang })
}

/// Refuses a text or a tokenizer that is not the run's own. `hint`: the code of the advice.
pub fn check_same_text(state: &State, text: &Text, out: &str, hint: &'static str) -> Result<()> {
    let refuse = |error: Error| Err(error.at(out).hint(hint));
    if state.tokenizer_hash != text.tokenizer.hash() {
        return refuse(Error::usage("another-tokenizer"));
    }
    if state.corpus_hash != text.cache.corpus_hash() {
        return refuse(Error::usage("another-corpus"));
    }
    Ok(())
}

/// Refuses networks to start from that do not fit the tokenizer or the rows.
pub fn check_init(networks: &Networks, text: &Text, config: &Config) -> Result<()> {
    let sizes = &networks.main.config;
    // The networks may have more rows than the tokenizer has words, because a vocabulary is often padded.
    let (vocab, have) = (sizes.vocab_size, text.tokenizer.vocab_size());
    if vocab < have {
        return Err(Error::usage("init-with-another-tokenizer").with("vocab", vocab).with("have", have));
    }
    let positions = sizes.max_position_embeddings;
    if (config.seq_len as usize) > positions {
        return Err(Error::usage("init-with-fewer-positions")
            .with("seq_len", config.seq_len)
            .with("positions", positions));
    }
    Ok(())
}
