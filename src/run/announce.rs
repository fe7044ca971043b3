//! Sends the events that come before the first step: the device, the plan, the settings, and the notices of the preparation.

use super::host::{Host, Store};
use super::request::Resumed;
use super::{Run, Sink};
use crate::Result;
use crate::config::Config;
use crate::message::Message;
use crate::objective::NetId;
use crate::plan::Role;
use crate::train::engine::{self, Backend};
use crate::train::event::{self, Arena, Event, News, RunPlan};
use crate::train::kernels::parts;
use crate::train::session::Session;
use crate::train::warnings::{Monitor, RunShape};

impl<H: Host> Run<'_, H> {
    pub(super) fn announce(
        &mut self,
        backend: &Backend,
        resumed: Option<&Resumed>,
        notices: Vec<Message>,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        // The sink got the device as soon as it was known; the record begins here.
        let device = Event::Device(backend.event());
        let news = self.record.append(&mut self.store, &device);
        self.tell_news(news, sink)?;
        let plan = self.plan_event(self.control.timing.is_none().then_some(self.session.planned_steps));
        self.tell(&Event::Plan(Box::new(plan)), sink)?;
        let settings = settings(&self.session.config);
        self.tell(&Event::Config { settings }, sink)?;
        if let Some(r) = resumed {
            // The monitor learns from the steps before the checkpoint. Its warnings about them are dropped, because the run sent
            // them then.
            for event in self.store.events()? {
                match &event {
                    Event::Step(step) if step.step <= r.checkpoint.state.step => drop(self.monitor.observe(step)),
                    Event::Eval(eval) if eval.step <= r.checkpoint.state.step => {
                        drop(self.monitor.observe_evaluation(eval));
                    }
                    _ => {}
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
        // Burn trains the same parameters, but its launches and its other memory are not in the plan.
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
            specials: self.session.tokenizer().names().clone(),
            run: Some(self.store.name()),
        }
    }

    pub(super) fn fix_planned_steps(&mut self, planned: u64, sink: &mut Sink<'_>) -> Result<()> {
        self.session.planned_steps = planned;
        self.session.config.steps = planned;
        self.monitor = Monitor::new(run_shape(&self.session));
        self.write_config(sink)?;
        // The plan is sent again, now with its length. Bars, reports and programs use the last one.
        let plan = self.plan_event(Some(planned));
        self.tell(&Event::Plan(Box::new(plan)), sink)
    }
}

impl<H: Host> Run<'_, H> {
    /// Writes the configuration. If it cannot be written, the run goes on and tries again at the next checkpoint.
    pub(super) fn write_config(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        let what = Message::new("record-configuration");
        let news = match self.store.write_config(&self.session.config) {
            Ok(()) if !std::mem::take(&mut self.config_stale) => return Ok(()),
            Ok(()) => News::again(what, 0),
            Err(_) if std::mem::replace(&mut self.config_stale, true) => return Ok(()),
            Err(error) => News::refused(what, &error),
        };
        self.tell(&news.at(self.session.completed()), sink)
    }
}

/// What the warnings must know of the run.
pub(super) fn run_shape(session: &Session) -> RunShape {
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
