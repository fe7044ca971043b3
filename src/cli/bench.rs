//! `bench`: measures how fast training steps are here, per kernel and per step.

use super::args::BenchArgs;
use super::output::Output;
use crate::config::{Config, Overrides};
use crate::gpu::DeviceName;
use crate::host::native::kernels;
use crate::path::quoted;
use crate::t;
use crate::tasks::bench::{DeviceLimits, KernelSpeed, Measured, StepSpeed, limits, measure};
use crate::tasks::versus::{self, Ratio, Versus};
use crate::train::engine::{Backend, Kind};
use crate::train::event::{Event, Preparing};
use crate::view::log::write_page;
use crate::view::speed::{self, Sheet};
use crate::view::words;
use crate::{Error, Result, machine};
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

/// The presets that are measured if none is named: those that a laptop can train.
const PRESETS: [&str; 2] = ["nano", "tiny"];

pub async fn run(args: &BenchArgs, output: Output) -> Result<()> {
    let against = args.against.as_deref().map(Kind::named).transpose()?;
    if let Some(threads) = args.threads {
        machine::start(Some(threads))?;
    }
    let presets: Vec<&str> =
        if args.preset.is_empty() { PRESETS.to_vec() } else { args.preset.iter().map(String::as_str).collect() };
    // The whole command line is checked before anything slow begins.
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
    output.note(&t!(output.strings(), "terminal-bench-drawn", path = path));
    Ok(())
}

/// Refuses a report that cannot be written, before anything is measured.
fn check_report(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let wrong = |error: Error| Err(error.at_path(path));
    if path.is_dir() || path.file_name().is_none() {
        return wrong(Error::usage("report-is-a-folder"));
    }
    if !folder.is_dir() {
        return wrong(Error::usage("no-folder-for-report"));
    }
    Ok(())
}

/// The command as a person typed it, so that they can repeat it.
fn typed_again() -> String {
    let words = std::env::args_os().skip(1).map(quoted);
    std::iter::once("electroscope".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

fn note(config: &Config, seconds: f64, output: Output) -> String {
    let seconds = output.lang.decimal(seconds, 0);
    t!(output.strings(), "terminal-bench-measuring", preset = &config.preset, seconds = seconds)
}

fn tell(measured: &Measured, output: Output) -> Result<()> {
    let Measured { step, kernels } = measured;
    for speed in kernels.iter().flatten() {
        output.event(&BenchKernel { preset: &step.preset, device: &step.device, speed })?;
    }
    output.event(&BenchStep { speed: step })?;
    output.text(&step_text(step, output))?;
    let Some(kernels) = kernels else {
        return output.text(&format!("  {}", output.strings().t("terminal-bench-no-times")));
    };
    output.text(&kernel_heading(output))?;
    kernels.iter().try_for_each(|kernel| output.text(&kernel_text(kernel, output)))
}

fn limits_text(device: &str, limits: &DeviceLimits, output: Output) -> String {
    let lang = output.lang;
    let known = |value: Option<f64>| value.map_or_else(|| "?".to_owned(), |value| lang.decimal(value, 1));
    let (copy, product) = (known(limits.copy_gbytes_per_sec), known(limits.product_gflops_per_sec));
    t!(
        output.strings(),
        "terminal-bench-limits",
        device = device,
        copy = copy,
        product = product,
        dispatch = lang.decimal(limits.dispatch_us, 2),
    )
}

fn tell_versus(Versus { ours, other, ratio }: &Versus, output: Output) -> Result<()> {
    for speed in [ours, other] {
        output.event(&BenchStep { speed })?;
        output.text(&step_text(speed, output))?;
    }
    output.event(&BenchRatio { ratio })?;
    let [times, low, high] = [ratio.ratio, ratio.spread[0], ratio.spread[1]].map(|r| output.lang.decimal(r, 2));
    output.text(&t!(
        output.strings(),
        "terminal-bench-ratio",
        preset = &ratio.preset,
        times = times,
        other = ratio.against,
        turns = ratio.turns,
        low = low,
        high = high,
    ))
}

fn step_text(s: &StepSpeed, output: Output) -> String {
    let (lang, strings) = (output.lang, output.strings());
    let mib = |bytes: u64| format!("{} MiB", lang.whole(bytes.div_ceil(1 << 20)));
    let what = t!(
        strings,
        "terminal-bench-step",
        engine = s.engine,
        device = &s.device,
        rows = format!("{} x {}", s.accumulate, s.batch),
        seq = s.seq,
        params = lang.rough(s.params),
    );
    let speed = t!(
        strings,
        "terminal-bench-speed",
        rate = s.tokens_per_sec.round() as u64,
        step = lang.decimal(s.step_ms, 2),
        fastest = lang.decimal(s.step_ms_fastest, 2),
        slowest = lang.decimal(s.step_ms_slowest, 2),
        host = lang.decimal(s.host_ms, 2),
        steps = s.steps,
        flops = lang.decimal(s.flops as f64 / 1e9, 2),
    );
    let mut text = format!("{}  {what}\n  {speed}", output.styled("1", &s.preset));
    // These numbers come from our own plan alone.
    if let (Some(dispatches), Some(bytes), Some(peak_bytes)) = (s.dispatches, s.bytes, s.peak_bytes) {
        let (moved, memory) = (mib(bytes), mib(peak_bytes));
        let own = t!(strings, "terminal-bench-plan", dispatches = dispatches, moved = moved, memory = memory);
        text.push_str(&format!(", {own}"));
    }
    if let (Some(ms), Some(share)) = (s.predicted_ms, s.limit_share) {
        let (predicted, share) = (lang.decimal(ms, 2), lang.percent(share, 0));
        let best = t!(strings, "terminal-bench-predicted", predicted = predicted, share = share);
        text.push_str(&format!("\n  {best}"));
    }
    text.push_str(&launched_text(s, output));
    text
}

/// The host's time to launch a step's dispatches, if they are launched on a device.
fn launched_text(s: &StepSpeed, output: Output) -> String {
    let (Some(encode), Some(submit), Some(dispatches)) = (s.encode_ms, s.submit_ms, s.dispatches) else {
        return String::new();
    };
    let lang = output.lang;
    let each = lang.decimal((encode + submit) * 1e3 / dispatches as f64, 2);
    let [encode, submit] = [encode, submit].map(|ms| lang.decimal(ms, 2));
    let launched = t!(output.strings(), "terminal-bench-launched", encode = encode, submit = submit, each = each);
    format!("\n  {launched}")
}

fn kernel_heading(output: Output) -> String {
    let [calls, time, peak, reached] =
        ["speed-calls", "speed-time", "speed-peak", "speed-reached"].map(|key| output.strings().t(key));
    format!(
        "  {:<34} {calls:>6} {:>12} {time:>7} {:>9} {peak:>6} {:>8} {peak:>6} {reached:>8}",
        "kernel", "ms", "GFLOP/s", "GB/s",
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
