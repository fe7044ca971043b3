//! `bench`: measures how fast training steps are here, per kernel and per step.

use super::args::BenchArgs;
use super::output::Output;
use crate::config::{Config, Overrides};
use crate::gpu::DeviceName;
use crate::host::native::kernels;
use crate::tasks::bench::{DeviceLimits, KernelSpeed, Measured, StepSpeed, limits, measure};
use crate::tasks::versus::{self, Ratio, Versus};
use crate::train::engine::{Backend, Kind};
use crate::train::event::{Event, Preparing};
use crate::view::log::write_page;
use crate::view::speed::{self, Sheet};
use crate::view::words;
use crate::{Error, Result, cpu};
use serde::Serialize;
use std::path::Path;

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

#[derive(Serialize)]
#[serde(tag = "event", rename = "bench_ratio")]
struct BenchRatio<'a> {
    #[serde(flatten)]
    ratio: &'a Ratio,
}

/// Measured where nothing was named: what a laptop trains.
const PRESETS: [&str; 2] = ["nano", "tiny"];

pub async fn run(args: &BenchArgs, output: Output) -> Result<()> {
    let against = args.against.as_deref().map(Kind::named).transpose()?;
    if let Some(threads) = args.threads {
        cpu::set_threads(threads);
    }
    let presets: Vec<&str> =
        if args.preset.is_empty() { PRESETS.to_vec() } else { args.preset.iter().map(String::as_str).collect() };
    // All of what was typed is checked before anything takes its time.
    let overrides = Overrides { set: args.set.clone(), ..Overrides::default() };
    let configs = presets.into_iter().map(|preset| Config::load(preset, &overrides)).collect::<Result<Vec<_>>>()?;
    if let Some(path) = args.report.as_deref() {
        check_report(path)?;
    }
    let devices = if args.device.is_empty() { vec![DeviceName::Auto] } else { args.device.clone() };
    let mut backends = Vec::with_capacity(devices.len());
    for device in &devices {
        backends.push(Backend::open_for(device, against.unwrap_or(Kind::Wgsl)).await?);
    }
    let mut sheets = Vec::new();
    for backend in &backends {
        let device = backend.event();
        output.told(&Event::Device(device.clone()))?;
        let limits = limits(backend).await?;
        output.event(&BenchLimits { device: &device.name, limits: &limits })?;
        output.text(&limits_text(&device.name, &limits, output))?;
        for config in &configs {
            let (file, retune) = (args.kernels.as_deref(), args.retune);
            let mut last = None;
            let mut told = |p: Preparing| {
                if last.replace(p.message.clone()) != Some(p.message.clone()) {
                    output.note(&words::text(&p.message, output.lang));
                }
            };
            let ours = backend.with_wgsl();
            let kernels = kernels::choose_for_drill(config, &ours, file, retune, &mut told).await?;
            output.note(&note(config, args.seconds, output));
            if against.is_some() {
                tell_versus(&versus::measure(config, &ours, kernels, backend, &limits, args.seconds).await?, output)?;
            } else {
                let measured = measure(config, backend, kernels, &limits, args.seconds).await?;
                tell(&measured, output)?;
                sheets.push(Sheet { limits, measured });
            }
        }
    }
    let Some(path) = args.report.as_deref() else { return Ok(()) };
    write_page(path, &speed::html(&sheets, &typed_again(), env!("CARGO_PKG_VERSION"), output.lang))?;
    let place = path.display();
    output.note(&output.lang.pick(format!("drawn: {place}"), format!("desenhado: {place}")));
    Ok(())
}

/// Refuses what cannot be written before anything is measured for it.
fn check_report(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let wrong = |error: Error| Err(error.at(path.display()));
    if path.is_dir() || path.file_name().is_none() {
        return wrong(Error::usage("report-is-a-folder"));
    }
    if !folder.is_dir() {
        return wrong(Error::usage("no-folder-for-report"));
    }
    Ok(())
}

/// The command as it was typed, for whoever wants to repeat it.
fn typed_again() -> String {
    let quoted = |word: String| match word.chars().all(|c| c.is_alphanumeric() || "-_=./:+,".contains(c)) {
        true => word,
        false => format!("'{}'", word.replace('\'', "'\\''")),
    };
    let words = std::env::args().skip(1).map(quoted);
    std::iter::once("electroscope".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
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

fn tell_versus(Versus { ours, other, ratio }: &Versus, output: Output) -> Result<()> {
    for speed in [ours, other] {
        output.event(&BenchStep { speed })?;
        output.text(&step_text(speed, output))?;
    }
    output.event(&BenchRatio { ratio })?;
    let lang = output.lang;
    let (preset, other, turns) = (&ratio.preset, ratio.against, ratio.turns);
    let [times, low, high] = [ratio.ratio, ratio.spread[0], ratio.spread[1]].map(|r| lang.decimal(r, 2));
    output.text(&lang.pick(
        format!("{preset}  {times} x the tokens a second of {other} (medians of {turns} turns; {low} to {high})"),
        format!("{preset}  {times} x os tokens por segundo de {other} (medianas de {turns} turnos; {low} a {high})"),
    ))
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
    let flops = lang.decimal(s.flops as f64 / 1e9, 2);
    let [fastest, slowest] = [s.step_ms_fastest, s.step_ms_slowest].map(|ms| lang.decimal(ms, 2));
    let mut text = lang.pick(
        format!(
            "{preset}  {engine} on {device}: {rows} rows of {seq} tokens, {params} parameters\n  {rate} tokens/s, {step} ms a \
             step ({fastest} to {slowest}, {host} of it the host, {steps} steps), {flops} GFLOP"
        ),
        format!(
            "{preset}  {engine} em {device}: {rows} linhas de {seq} tokens, {params} parâmetros\n  {rate} tokens/s, {step} ms \
             por passo ({fastest} a {slowest}, {host} do host, {steps} passos), {flops} GFLOP"
        ),
    );
    // What only our own plan tells.
    if let (Some(dispatches), Some(bytes), Some(peak_bytes)) = (s.dispatches, s.bytes, s.peak_bytes) {
        let (dispatches, moved, memory) = (lang.whole(dispatches), mib(bytes), mib(peak_bytes));
        text.push_str(&lang.pick(
            format!(", {dispatches} dispatches, {moved} moved, {memory} in memory"),
            format!(", {dispatches} despachos, {moved} movidos, {memory} de memória"),
        ));
    }
    if let (Some(ms), Some(share)) = (s.predicted_ms, s.limit_share) {
        let (predicted, share) = (lang.decimal(ms, 2), lang.percent(share, 0));
        text.push_str(&lang.pick(
            format!("\n  at the device's best it would take {predicted} ms: {share} of that speed is reached"),
            format!("\n  no melhor do dispositivo levaria {predicted} ms: alcança {share} dessa velocidade"),
        ));
    }
    text.push_str(&launched_text(s, output));
    text
}

/// What the host takes to launch a step's dispatches, where there is a device to launch them on.
fn launched_text(s: &StepSpeed, output: Output) -> String {
    let (Some(encode), Some(submit), Some(dispatches)) = (s.encode_ms, s.submit_ms, s.dispatches) else {
        return String::new();
    };
    let lang = output.lang;
    let each = lang.decimal((encode + submit) * 1e3 / dispatches as f64, 2);
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
