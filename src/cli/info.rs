//! `info`: lists the adapters of this machine, their limits, and what each preset needs of them.

use super::output::Output;
use crate::config::PRESETS;
use crate::gpu::{self, AdapterKind, AdapterSummary};
use crate::host::native::kernels;
use crate::machine::memory::{self, Room};
use crate::model::Needs;
use crate::path::name_of;
use crate::plan::KernelChoices;
use crate::t;
use crate::{Result, cpu, machine};
use serde::Serialize;

#[derive(Serialize)]
#[serde(tag = "event", rename = "adapter")]
struct Adapter<'a> {
    #[serde(flatten)]
    summary: &'a AdapterSummary,
    kernels: Option<Kernels>,
}

/// The variants chosen on an adapter so far, by measurement.
#[derive(Serialize)]
struct Kernels {
    file: String,
    chosen: KernelChoices,
    /// How many times faster they are on average than the median and the slowest variants.
    over_median: f64,
    over_slowest: f64,
}

async fn kernels(summary: &AdapterSummary) -> Option<Kernels> {
    let known = kernels::known(summary).await;
    let [over_median, over_slowest] = known.gains()?;
    let file = name_of(&kernels::file(summary));
    Some(Kernels { file, chosen: known.kernels, over_median, over_slowest })
}

#[derive(Serialize)]
#[serde(tag = "event", rename = "cpu")]
struct Processor {
    threads: usize,
    /// How much memory this process may still take, and what limits it, if the system reports it.
    memory_bytes: Option<u64>,
    memory_limit: Option<String>,
}

/// What a training step of a preset needs, recorded within WebGPU's default limits, and the adapters on which it fits.
#[derive(Serialize)]
#[serde(tag = "event", rename = "preset")]
struct Preset {
    #[serde(flatten)]
    needs: Needs,
    fits: Vec<Fit>,
}

/// Whether an adapter's limits allow it. No adapter says how much memory is free; the step needs `peak_bytes`. The processor's memory
/// also holds what a checkpoint copies.
#[derive(Serialize)]
struct Fit {
    device: String,
    fits: bool,
}

pub async fn run(output: Output) -> Result<()> {
    // Before any driver starts threads of its own.
    machine::start(None)?;
    let adapters = gpu::adapters().await;
    let room = memory::room();
    let (memory_bytes, memory_limit) = room.map(|room| (room.bytes, room.limit.message().code.into_owned())).unzip();
    output.event(&Processor { threads: cpu::threads(), memory_bytes, memory_limit })?;
    output.text(&t!(output.strings(), "terminal-info-threads", threads = cpu::threads()))?;
    if let Some(Room { bytes, limit }) = room {
        output.text(&t!(
            output.strings(),
            "terminal-info-room",
            mib = output.lang.whole(bytes >> 20),
            limit = limit.message()
        ))?;
    }
    for summary in &adapters {
        let kernels = kernels(summary).await;
        let text = adapter_text(summary, output) + &kernels_text(kernels.as_ref(), output);
        output.event(&Adapter { summary, kernels })?;
        output.text(&text)?;
    }
    if adapters.is_empty() {
        output.text(&output.strings().t("terminal-info-no-adapter"))?;
    }
    output.text(&preset_head(output))?;
    for (name, _) in PRESETS {
        let preset = preset(name, room, &adapters)?;
        output.event(&preset)?;
        output.text(&preset_text(&preset, output))?;
    }
    Ok(())
}

fn preset(name: &'static str, room: Option<Room>, adapters: &[AdapterSummary]) -> Result<Preset> {
    let needs = Needs::of(name)?;
    let fit = |a: &AdapterSummary| Fit {
        device: a.name.clone(),
        fits: a.portable && needs.fits(a.buffer_bytes_max, a.binding_bytes_max),
    };
    let held = needs.peak_bytes + needs.copied_bytes;
    let cpu = Fit { device: "cpu".to_owned(), fits: room.is_none_or(|room| held <= room.bytes) };
    let fits = std::iter::once(cpu).chain(adapters.iter().map(fit)).collect();
    Ok(Preset { needs, fits })
}

fn adapter_text(a: &AdapterSummary, output: Output) -> String {
    let lang = output.lang;
    let [binding, buffer] = [a.binding_bytes_max, a.buffer_bytes_max].map(|b| format!("{} MiB", lang.whole(b >> 20)));
    let limits = t!(
        output.strings(),
        "terminal-info-limits",
        binding = binding,
        buffer = buffer,
        buffers = a.storage_buffers_max,
        invocations = a.workgroup_invocations_max,
        workgroup = a.workgroup_bytes_max,
    );
    let [least, most] = a.subgroup_lanes;
    let matrices = a.features.matrices_f32 || a.features.matrices_f16;
    let offers = [
        ("terminal-info-timestamps", a.features.timestamps),
        ("terminal-info-f16", a.features.f16),
        ("terminal-info-matrices", matrices),
        ("terminal-info-subgroups", a.features.subgroups),
    ];
    let offers = offers.into_iter().filter(|(_, there)| *there).map(|(key, _)| output.strings().t(key));
    let offers = offers.collect::<Vec<_>>().join(", ");
    let portable = if a.portable { "terminal-info-portable" } else { "terminal-info-not-portable" };
    let portable = output.strings().t(portable);
    let kind = output.strings().t(match a.kind {
        AdapterKind::Discrete => "terminal-info-discrete",
        AdapterKind::Integrated => "terminal-info-integrated",
        AdapterKind::Virtual => "terminal-info-virtual",
        AdapterKind::Other => "terminal-info-other",
        AdapterKind::Software => "terminal-info-software",
    });
    let name = if a.name.is_empty() { output.strings().t("terminal-info-unnamed") } else { a.name.clone() };
    let (name, driver) = (output.styled("1", &format!("{name} ({kind}, {})", a.backend)), &a.driver);
    format!("{name}\n  {driver}\n  {limits}\n  {offers} ({least}-{most}); {portable}")
}

fn kernels_text(kernels: Option<&Kernels>, output: Output) -> String {
    let Some(Kernels { file, chosen, over_median, over_slowest }) = kernels else {
        return format!("\n  {}", output.strings().t("terminal-info-kernels-unknown"));
    };
    let shapes = chosen.0.keys().filter(|key| key.contains(' ')).count();
    let [median, slowest] = [over_median, over_slowest].map(|times| output.lang.decimal(*times, 1));
    let chosen = t!(output.strings(), "terminal-info-kernels", shapes = shapes, median = median, slowest = slowest);
    format!("\n  {chosen}\n  {file}")
}

fn preset_head(output: Output) -> String {
    let [preset, parameters, memory, activations, dispatches, step, about] = [
        "terminal-info-preset",
        "terminal-info-parameters",
        "terminal-info-memory",
        "terminal-info-activations",
        "terminal-info-dispatches",
        "terminal-info-step",
        "terminal-info-about",
    ]
    .map(|key| output.strings().t(key));
    let width = preset_width(output);
    format!("\n{preset:<width$} {parameters:>11} {memory:>10} {activations:>12} {dispatches:>11} {step:>11}  {about}")
}

/// The width of the column of names: that of its heading, or more.
fn preset_width(output: Output) -> usize {
    output.strings().t("terminal-info-preset").chars().count().max(7)
}

fn preset_text(preset: &Preset, output: Output) -> String {
    let (n, lang) = (&preset.needs, output.lang);
    let mib = |bytes: u64| format!("{} MiB", lang.whole(bytes.div_ceil(1 << 20)));
    let unfit: Vec<&str> = preset.fits.iter().filter(|fit| !fit.fits).map(|fit| fit.device.as_str()).collect();
    let unfit = if unfit.is_empty() {
        String::new()
    } else {
        format!("; {}", t!(output.strings(), "terminal-info-unfit", devices = unfit.join(", ")))
    };
    let width = preset_width(output);
    format!(
        "{:<width$} {:>11} {:>10} {:>12} {:>11} {:>11}  {}{unfit}",
        n.preset,
        lang.rough(n.parameters),
        mib(n.peak_bytes),
        mib(n.activations_bytes),
        lang.whole(n.dispatches as u64),
        lang.decimal(n.flops as f64 / 1e9, 1),
        output.strings().text(&n.purpose()),
    )
}
