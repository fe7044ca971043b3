//! `bench`: how fast training steps are here, per kernel and per step.

use super::args::BenchArgs;
use super::output::Output;
use crate::config::{Config, Overrides};
use crate::gpu::Choice;
use crate::run::kernels::{self, Wish};
use crate::tasks::bench::{DeviceLimits, KernelSpeed, Measured, StepSpeed, limits, measure};
use crate::train::engine::Place;
use crate::train::event::{Event, Preparing};
use crate::{Error, Result, cpu};
use serde::Serialize;

#[derive(Serialize)]
#[serde(tag = "event", rename = "bench_limits")]
struct BenchLimits<'a> {
    device: &'a str,
    #[serde(flatten)]
    limits: &'a DeviceLimits,
}

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
    if let Some(threads) = args.threads {
        cpu::set_threads(threads);
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
        let device = place.event();
        output.event(&Event::Device(device.clone()))?;
        let limits = limits(place).await?;
        output.event(&BenchLimits { device: &device.name, limits: &limits })?;
        output.text(&limits_text(&device.name, &limits, output))?;
        for config in &configs {
            let wish = Wish { file: args.kernels.as_deref(), retune: args.retune };
            let mut last = None;
            let mut told = |p: Preparing| {
                if last.replace(p.message.clone()) != Some(p.message.clone()) {
                    output.note(&output.lang.pick(p.message, p.message_pt));
                }
            };
            let kernels = kernels::choose_for_drill(config, place, wish, &mut told).await?;
            output.note(&note(config, args.seconds, output));
            let measured = measure(config, place, kernels, &limits, args.seconds).await?;
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
    let Some(kernels) = kernels else {
        return output.text(output.lang.pick(
            "  (no times per kernel: the device has no timestamps to trust)",
            "  (sem tempos por kernel: o dispositivo não tem relógio confiável)",
        ));
    };
    output.text(&kernel_heading(output))?;
    kernels.iter().try_for_each(|kernel| output.text(&kernel_text(kernel, output)))
}

fn limits_text(device: &str, limits: &DeviceLimits, output: Output) -> String {
    let lang = output.lang;
    let known = |value: Option<f64>| value.map_or_else(|| "?".to_owned(), |value| lang.decimal(value, 1));
    let (copy, product) = (known(limits.copy_gbytes_per_sec), known(limits.product_gflops_per_sec));
    let dispatch = lang.decimal(limits.dispatch_us, 2);
    lang.pick(
        format!("{device} at its best: {copy} GB/s copied, {product} GFLOP/s in a product, {dispatch} us a dispatch"),
        format!(
            "{device} no seu melhor: {copy} GB/s copiados, {product} GFLOP/s num produto, {dispatch} us por despacho"
        ),
    )
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
    let [fastest, slowest] = [s.step_ms_fastest, s.step_ms_slowest].map(|ms| lang.decimal(ms, 2));
    let model = match (s.predicted_ms, s.limit_share) {
        (Some(ms), Some(share)) => (lang.decimal(ms, 2), lang.percent(share, 0)),
        _ => ("?".to_owned(), "?".to_owned()),
    };
    let (predicted, share) = model;
    let launched = launched_text(s, output);
    lang.pick(
        format!(
            "{preset}  {engine} on {device}: {rows} rows of {seq} tokens, {params} parameters\n  {rate} tokens/s, {step} ms a \
             step ({fastest} to {slowest}, {host} of it the host, {steps} steps), {dispatches} dispatches, {flops} GFLOP, \
             {moved} moved, {memory} in memory\n  at the device's best it would take {predicted} ms: {share} of that speed is reached{launched}"
        ),
        format!(
            "{preset}  {engine} em {device}: {rows} linhas de {seq} tokens, {params} parâmetros\n  {rate} tokens/s, {step} ms \
             por passo ({fastest} a {slowest}, {host} do host, {steps} passos), {dispatches} despachos, {flops} GFLOP, \
             {moved} movidos, {memory} de memória\n  no melhor do dispositivo levaria {predicted} ms: alcança {share} dessa velocidade{launched}"
        ),
    )
}

/// What the host takes to launch a step's dispatches, where there is a device to launch them on.
fn launched_text(s: &StepSpeed, output: Output) -> String {
    let (Some(encode), Some(submit)) = (s.encode_ms, s.submit_ms) else { return String::new() };
    let lang = output.lang;
    let each = lang.decimal((encode + submit) * 1e3 / s.dispatches as f64, 2);
    let [encode, submit] = [encode, submit].map(|ms| lang.decimal(ms, 2));
    lang.pick(
        format!(
            "\n  launching them takes the host {encode} ms to encode and {submit} ms to submit: {each} us a dispatch"
        ),
        format!(
            "\n  lançá-los custa ao host {encode} ms para codificar e {submit} ms para enviar: {each} us por despacho"
        ),
    )
}

fn kernel_heading(output: Output) -> String {
    let lang = output.lang;
    format!(
        "  {:<34} {:>6} {:>12} {:>7} {:>9} {:>6} {:>8} {:>6} {:>8}",
        "kernel",
        lang.pick("calls", "vezes"),
        "ms",
        lang.pick("time", "tempo"),
        "GFLOP/s",
        lang.pick("peak", "pico"),
        "GB/s",
        lang.pick("peak", "pico"),
        lang.pick("reached", "alcance"),
    )
}

fn kernel_text(k: &KernelSpeed, output: Output) -> String {
    let lang = output.lang;
    let share = |share: Option<f64>| share.map_or_else(|| "?".to_owned(), |share| lang.percent(share, 0));
    format!(
        "  {:<34} {:>6} {:>12} {:>7} {:>9} {:>6} {:>8} {:>6} {:>8}",
        k.kernel,
        k.calls,
        lang.decimal(k.ms, 3),
        lang.percent(k.share, 1),
        lang.decimal(k.gflops_per_sec, 2),
        share(k.product_share),
        lang.decimal(k.gbytes_per_sec, 2),
        share(k.copy_share),
        share(k.limit_share),
    )
}
