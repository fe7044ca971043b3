//! `bench`: how fast training steps are here, per kernel and per step.

use super::args::BenchArgs;
use super::output::Output;
use crate::config::{Config, Overrides};
use crate::gpu::Choice;
use crate::model::Model;
use crate::run::kernels::{self, Wish};
use crate::tasks::bench::{KernelSpeed, Measured, StepSpeed, measure};
use crate::tasks::drill::Drill;
use crate::train::engine::Place;
use crate::train::event::{Event, Preparing};
use crate::{Error, Result};
use serde::Serialize;

#[derive(Serialize)]
#[serde(tag = "event", rename = "bench_step")]
struct BenchStep<'a> {
    #[serde(flatten)]
    speed: &'a StepSpeed,
}

#[derive(Serialize)]
#[serde(tag = "event", rename = "bench_kernel")]
struct BenchKernel<'a> {
    preset: &'a str,
    device: &'a str,
    #[serde(flatten)]
    speed: &'a KernelSpeed,
}

/// Measured where nothing was named: what a laptop trains.
const PRESETS: [&str; 2] = ["nano", "tiny"];

pub async fn run(args: &BenchArgs, output: Output) -> Result<()> {
    if args.against.is_some() {
        return Err(Error::usage("the engine burn is not in this build")
            .hint("build with --features burn to measure against it"));
    }
    let presets: Vec<&str> =
        if args.preset.is_empty() { PRESETS.to_vec() } else { args.preset.iter().map(String::as_str).collect() };
    // All of what was typed is checked before anything takes its time.
    let overrides = Overrides { set: args.set.clone(), ..Overrides::default() };
    let configs = presets.into_iter().map(|preset| Config::load(preset, &overrides)).collect::<Result<Vec<_>>>()?;
    let devices = if args.device.is_empty() { vec![Choice::Auto] } else { args.device.clone() };
    let mut places = Vec::with_capacity(devices.len());
    for device in &devices {
        places.push(Place::open(device).await?);
    }
    for place in &places {
        output.event(&Event::Device(place.event()))?;
        for config in &configs {
            let record = |choices| Model::record(Drill::spec(config), choices, place.limits()).plan;
            let wish = Wish { file: args.kernels.as_deref(), retune: args.retune };
            let mut last = None;
            let mut told = |p: Preparing| {
                if last.replace(p.message.clone()) != Some(p.message.clone()) {
                    output.note(&output.lang.pick(p.message, p.message_pt));
                }
            };
            Drill::spec(config).check(&place.limits())?;
            let kernels = kernels::choose(place, &record, wish, &mut told).await?;
            output.note(&note(config, args.seconds, output));
            let measured = measure(config, place, kernels, args.seconds).await?;
            tell(&measured, output)?;
        }
    }
    Ok(())
}

fn note(config: &Config, seconds: f64, output: Output) -> String {
    let (preset, seconds) = (&config.preset, output.lang.decimal(seconds, 0));
    output.lang.pick(format!("measuring {preset} for {seconds} s ..."), format!("medindo {preset} por {seconds} s ..."))
}

fn tell(measured: &Measured, output: Output) -> Result<()> {
    let Measured { step, kernels } = measured;
    for speed in kernels.iter().flatten() {
        output.event(&BenchKernel { preset: &step.preset, device: &step.device, speed })?;
    }
    output.event(&BenchStep { speed: step })?;
    output.text(&step_text(step, output))?;
    match kernels {
        Some(kernels) => kernels.iter().try_for_each(|kernel| output.text(&kernel_text(kernel, output))),
        None => output.text(output.lang.pick(
            "  (no times per kernel: the device has no timestamps to trust)",
            "  (sem tempos por kernel: o dispositivo não tem relógio confiável)",
        )),
    }
}

fn step_text(s: &StepSpeed, output: Output) -> String {
    let lang = output.lang;
    let mib = |bytes: u64| format!("{} MiB", lang.whole(bytes.div_ceil(1 << 20)));
    let preset = output.styled("1", &s.preset);
    let (engine, device) = (s.engine, &s.device);
    let rows = format!("{} x {}", s.accumulate, s.batch);
    let (seq, params) = (s.seq, lang.rough(s.params));
    let (rate, steps) = (lang.whole(s.tokens_per_sec.round() as u64), lang.whole(s.steps));
    let [step, host] = [s.step_ms, s.host_ms].map(|ms| lang.decimal(ms, 2));
    let (dispatches, flops) = (lang.whole(s.dispatches), lang.decimal(s.flops as f64 / 1e9, 2));
    let [moved, memory] = [s.bytes, s.peak_bytes].map(mib);
    lang.pick(
        format!(
            "{preset}  {engine} on {device}: {rows} rows of {seq} tokens, {params} parameters\n  {rate} tokens/s, {step} ms a \
             step ({host} ms host, {steps} steps), {dispatches} dispatches, {flops} GFLOP, {moved} moved, {memory} in memory"
        ),
        format!(
            "{preset}  {engine} em {device}: {rows} linhas de {seq} tokens, {params} parâmetros\n  {rate} tokens/s, {step} ms \
             por passo ({host} ms do host, {steps} passos), {dispatches} despachos, {flops} GFLOP, {moved} movidos, {memory} \
             de memória"
        ),
    )
}

fn kernel_text(k: &KernelSpeed, output: Output) -> String {
    let lang = output.lang;
    format!(
        "  {:<34} {:>6} x {:>10} ms {:>7} {:>9} GFLOP/s {:>8} GB/s",
        k.kernel,
        k.calls,
        lang.decimal(k.ms, 3),
        lang.percent(k.share, 1),
        lang.decimal(k.gflops_per_sec, 2),
        lang.decimal(k.gbytes_per_sec, 2),
    )
}
