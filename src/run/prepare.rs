//! Makes a run from a request: text, tokenizer, networks, device and session. It refuses what does not fit before it writes
//! anything.

use super::announce::run_shape;
use super::assemble::{Assembly, Start, WeightsFrom, assemble, check_memory};
use super::control::Control;
use super::host::{Host, Near, NetworksWanted, Store};
use super::kernels::{self, Wish, pinned};
use super::minutes::Timing;
use super::record::Record;
use super::source::{self, KeepGoing, TokenizerFrom};
use super::{Request, Run, Sink, request, short};
use crate::Result;
use crate::gpu::DeviceName;
use crate::message::Message;
use crate::model::ModelSpec;
use crate::train::engine::{self, Backend};
use crate::train::event::{Event, Preparing, Saved};
use crate::train::warnings::Monitor;
use std::cell::Cell;
use web_time::Instant;

/// The smallest vocabulary that is worth its memory in a comparison before any text is read.
const VOCAB_LEAST: u32 = 256;

impl<'h, H: Host> Run<'h, H> {
    /// `going` gives an error as soon as somebody wants the preparation to end.
    pub(super) async fn prepare(
        host: &'h mut H,
        request: &Request,
        going: KeepGoing<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<Self> {
        let engine = engine::Kind::named(&request.engine)?;
        let pool = host.threads(request.threads)?;
        let mut told = Vec::new();
        let resumed = request.resume.then(|| request::take_resumed(host, request, &mut told)).transpose();
        if resumed.is_err() {
            told.drain(..).try_for_each(|message| sink(&Event::Preparing(Preparing { message, share: None })))?;
        }
        let (resumed, taken) = resumed?.unzip();
        let (config, builtin) = request::effective_config(host, request, resumed.as_ref())?;
        let wanted = request::wanted(host, request, builtin, resumed.as_ref())?;
        if let (Some(out), None) = (&request.out, &resumed) {
            host.refuse_taken(out)?;
        }
        let backend = Backend::open_for(&DeviceName::from(request.device.as_str()), engine).await?;
        sink(&Event::Device(backend.event()))?;
        told.into_iter().try_for_each(|message| sink(&Event::Preparing(Preparing { message, share: None })))?;
        if resumed.is_none() && request.init.is_none() {
            // This check comes before any text is read. It is done again when the tokenizer gives the true size of the vocabulary.
            ModelSpec::from_config(&config, config.vocab_size, 0, None).check(&backend.limits())?;
            // A short text gives a smaller vocabulary than the setting, so here only what does not depend on it is compared.
            let least = ModelSpec::from_config(&config, config.vocab_size.min(VOCAB_LEAST), 0, None);
            check_memory(&least, &config, &backend, false)?;
        }

        let networks = NetworksWanted::by(config.passes());
        let init = request.init.as_deref().map(|name| host.networks(name, networks)).transpose()?;
        let tokenizer = match (&request.tokenizer, &resumed, &request.init) {
            // A tokenizer that is given for a resumed run must be the run's own. Its hash is compared below.
            (Some(name), ..) => TokenizerFrom::Name(name.clone()),
            (None, Some(r), _) => TokenizerFrom::Checkpoint(&r.checkpoint),
            (None, None, Some(init)) => TokenizerFrom::Name(host.tokenizer_of_networks(init)),
            (None, None, None) => TokenizerFrom::Text,
        };
        // If the listener is gone (a closed pipe), the run ends, but not in the middle of a file.
        let failed = Cell::new(None);
        let mut tell = |preparing| {
            if let Err(error) = sink(&Event::Preparing(preparing)) {
                failed.set(Some(error));
            }
        };
        let listened = || failed.take().map_or(Ok(()), Err);
        let name = request.out.as_deref().or(resumed.as_ref().map(|r| r.out.as_str()));
        let near = Near { run: name, preset: Some(&config.preset) };
        let text = source::open(host, near, &wanted, &config, tokenizer, going, &mut tell)?;
        listened()?;
        going()?;
        if let Some(r) = &resumed {
            let hint = "help-same-text";
            request::check_same_text(&r.checkpoint.state, &text, &r.out, hint)?;
        }
        if resumed.is_none() {
            text.unknown.check(config.unknown_max, text.made)?;
        }
        if let Some((networks, _)) = &init {
            request::check_init(networks, &text, &config)?;
        }
        let from = match (&resumed, &init) {
            (Some(r), _) => WeightsFrom::Checkpoint(&r.checkpoint, r.position),
            (None, Some((networks, notices))) => WeightsFrom::Networks(networks, notices),
            (None, None) => WeightsFrom::Seed,
        };
        let (wish, shelf) = (wish(host, request)?, host.shelf());
        let start = Start { from, seed: request.seed.unwrap_or(1), kernels: &wish, shelf: &shelf };
        let Assembly { session, held_out_unknown, corpus, mut notices, kernels } =
            assemble(&config, &text, &backend, &start, going, &mut tell).await?;
        listened()?;
        going()?;

        if pool.threads < pool.wanted {
            notices.push(Message::new("fewer-threads").with("threads", pool.threads).with("wanted", pool.wanted));
        }
        if resumed.is_none() {
            held_out_unknown.check_held_out(config.unknown_max)?;
            let notice = text.unknown.notice(text.made);
            notices.extend(notice.or_else(|| held_out_unknown.notice_held_out()));
        }
        notices.extend(text.notices.iter().cloned());
        if resumed.is_none() && text.builtin.is_none() {
            // With `--minutes` nobody knows yet how much is read.
            let steps = if request.minutes.is_some() { 0 } else { session.planned_steps };
            let read = steps * u64::from(config.rows()) * u64::from(config.seq_len);
            notices.extend(short::too_short(corpus.train_tokens.unwrap_or(u64::MAX), corpus.vocab_size, read));
        }
        let mut store = match taken {
            Some(store) => store,
            None => host.create(request.out.as_deref(), &config.preset)?,
        };
        match &resumed {
            Some(r) => {
                let step = r.checkpoint.state.step;
                notices.extend(store.set_aside_after(step)?.iter().map(|aside| set_aside(step, aside)));
                let own = r.checkpoint.state.planned_steps;
                if r.planned_steps > own {
                    store.write_config(&session.config)?;
                    let to = r.planned_steps;
                    notices.push(Message::new("run-extended").with("step", step).with("from", own).with("to", to));
                }
            }
            None => store.write_config(&session.config)?,
        }
        store.begin_record()?;
        let mut run = Self {
            monitor: Monitor::new(run_shape(&session)),
            arrived: Vec::new(),
            last_evaluation: None,
            last_checkpoint: resumed
                .as_ref()
                .map(|r| Saved { step: r.checkpoint.state.step, path: r.checkpoint.place() }),
            session,
            host,
            store,
            text,
            corpus,
            wanted,
            kernels,
            engine,
            device: kernels::device(&backend),
            control: Control::new(request.watched, request.patient),
            text_missed: false,
            record: Record::default(),
            config_stale: false,
        };
        let minutes = resumed.as_ref().map_or(request.minutes, |r| request::minutes_left(&r.checkpoint));
        run.control.timing = minutes.map(|minutes| Timing::new(minutes, Instant::now()));
        run.announce(&backend, resumed.as_ref(), notices, sink)?;
        Ok(run)
    }
}

/// Which kernel variants the request asks for.
fn wish(host: &impl Host, request: &Request) -> Result<Wish> {
    let read = |name: &String| pinned(&host.read("io-read-kernels-variants", name)?, name);
    Ok(Wish { pinned: request.kernels.as_ref().map(read).transpose()?, retune: request.retune })
}

/// The notice that a checkpoint is still there, although no command reads it any more.
fn set_aside(step: u64, aside: &str) -> Message {
    Message::new("checkpoint-set-aside").with("step", step).with("path", aside)
}
