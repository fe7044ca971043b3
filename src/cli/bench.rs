//! `bench`: how fast training steps are here, per kernel and per step.

use super::args::BenchArgs;
use super::output::Output;
use crate::config::{Config, Overrides};
use crate::gpu::Choice;
use crate::tasks::bench::{KernelSpeed, Measured, StepSpeed, measure};
use crate::train::engine::Place;
use crate::train::event::Event;
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
            output.note(&note(config, args.seconds, output));
            let measured = measure(config, place, args.seconds).await?;
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
        None => output.text("  (no times per kernel: the device has no timestamps to trust)"),
    }
}

fn step_text(s: &StepSpeed, output: Output) -> String {
    let lang = output.lang;
    let mib = |bytes: u64| format!("{} MiB", lang.whole(bytes.div_ceil(1 << 20)));
    format!(
        "{}  {} on {}: {} x {} rows of {} tokens, {} parameters\n  {} tokens/s, {} ms a step ({} ms host, {} steps), \
         {} dispatches, {} GFLOP, {} moved, {} in memory",
        output.styled("1", &s.preset),
        s.engine,
        s.device,
        s.accumulate,
        s.batch,
        s.seq,
        lang.rough(s.params),
        lang.whole(s.tokens_per_sec.round() as u64),
        lang.decimal(s.step_ms, 2),
        lang.decimal(s.host_ms, 2),
        lang.whole(s.steps),
        lang.whole(s.dispatches),
        lang.decimal(s.flops as f64 / 1e9, 2),
        mib(s.bytes),
        mib(s.peak_bytes),
    )
}

fn kernel_text(k: &KernelSpeed, output: Output) -> String {
    let lang = output.lang;
    format!(
        "  {:<34} {:>6} calls {:>10} ms {:>7} {:>9} GFLOP/s {:>8} GB/s",
        k.kernel,
        k.calls,
        lang.decimal(k.ms, 3),
        lang.percent(k.share, 1),
        lang.decimal(k.gflops_per_sec, 2),
        lang.decimal(k.gbytes_per_sec, 2),
    )
}
