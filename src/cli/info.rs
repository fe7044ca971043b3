//! `info`: the adapters of this machine, their limits, and what each preset needs of them.

use super::output::Output;
use crate::config::{Config, PRESETS};
use crate::gpu::{self, AdapterSummary};
use crate::model::{Model, ModelSpec};
use crate::plan::{Choices, Limits, Role, Stage};
use crate::run::kernels;
use crate::{Result, cpu};
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
    chosen: Choices,
    /// Times that they are faster than the median variant and than the slowest, in the mean.
    over_median: f64,
    over_slowest: f64,
}

fn kernels(summary: &AdapterSummary) -> Option<Kernels> {
    let known = kernels::known(summary);
    let [over_median, over_slowest] = known.gains()?;
    let file = kernels::file(summary).display().to_string();
    Some(Kernels { file, chosen: known.kernels, over_median, over_slowest })
}

#[derive(Serialize)]
#[serde(tag = "event", rename = "cpu")]
struct Processor {
    threads: usize,
}

/// What a training step of a preset takes, recorded within WebGPU's default limits.
#[derive(Serialize)]
#[serde(tag = "event", rename = "preset")]
struct Needs {
    preset: &'static str,
    about: String,
    parameters: u64,
    parameters_bytes: u64,
    gradients_bytes: u64,
    moments_bytes: u64,
    activations_bytes: u64,
    peak_bytes: u64,
    /// The largest buffer, and the largest range of one that a kernel binds.
    buffer_bytes: u64,
    binding_bytes: u64,
    dispatches: usize,
    flops: u64,
    rows: u32,
    row_tokens: u32,
    fits: Vec<Fit>,
}

/// Whether an adapter's limits allow it. How much memory is free no adapter tells: `peak_bytes` is what must be.
#[derive(Serialize)]
struct Fit {
    device: String,
    fits: bool,
}

pub async fn run(output: Output) -> Result<()> {
    let adapters = gpu::adapters().await;
    output.event(&Processor { threads: cpu::threads() })?;
    let threads = output.lang.pick("threads", "threads de CPU");
    output.text(&format!("cpu executor: {} {threads}", cpu::threads()))?;
    for summary in &adapters {
        let kernels = kernels(summary);
        let text = adapter_text(summary, output) + &kernels_text(kernels.as_ref(), output);
        output.event(&Adapter { summary, kernels })?;
        output.text(&text)?;
    }
    if adapters.is_empty() {
        output.text(
            output.lang.pick("no GPU adapter (Vulkan, Metal, DX12)", "nenhum adaptador de GPU (Vulkan, Metal, DX12)"),
        )?;
    }
    output.text(&preset_head(output))?;
    for (preset, _) in PRESETS {
        let needs = needs(preset, &adapters)?;
        output.event(&needs)?;
        output.text(&preset_text(&needs, output))?;
    }
    Ok(())
}

fn needs(preset: &'static str, adapters: &[AdapterSummary]) -> Result<Needs> {
    let config = Config::preset(preset)?;
    // The padding's id shapes nothing.
    let model = Model::record(
        ModelSpec::from_config(&config, config.vocab_size, 0, None),
        Choices::default(),
        Limits::default(),
    );
    let plan = &model.plan;
    let bytes = |role| plan.bytes_of(role);
    let buffer_bytes = plan.buffers.iter().map(|b| u64::from(b.len) * 4).max().unwrap_or(0);
    let bound = plan.dispatches.iter().flat_map(|d| d.tensors.iter()).map(|t| t.bytes());
    let binding_bytes = bound.max().unwrap_or(0);
    let step = plan.span(Stage::Mask, Stage::Update);
    let fit = |a: &AdapterSummary| Fit {
        device: a.name.clone(),
        fits: a.portable && buffer_bytes <= a.buffer_bytes_max && binding_bytes <= a.binding_bytes_max,
    };
    let cpu = Fit { device: "cpu".to_owned(), fits: true };
    Ok(Needs {
        preset,
        about: config.about.clone(),
        parameters: model.parameter_count(),
        parameters_bytes: bytes(Role::Parameters),
        gradients_bytes: bytes(Role::Gradients),
        moments_bytes: bytes(Role::Moment1) + bytes(Role::Moment2),
        activations_bytes: bytes(Role::Activation),
        peak_bytes: plan.bytes(),
        buffer_bytes,
        binding_bytes,
        dispatches: step.len(),
        flops: plan.flops(step) * u64::from(config.accumulate),
        rows: config.rows(),
        row_tokens: config.seq_len,
        fits: std::iter::once(cpu).chain(adapters.iter().map(fit)).collect(),
    })
}

fn adapter_text(a: &AdapterSummary, output: Output) -> String {
    let lang = output.lang;
    let [binding, buffer] = [a.binding_bytes_max, a.buffer_bytes_max].map(|b| format!("{} MiB", lang.whole(b >> 20)));
    let (buffers, invocations) = (a.storage_buffers_max, a.workgroup_invocations_max);
    let workgroup = lang.whole(a.workgroup_bytes_max.into());
    let limits = lang.pick(
        format!(
            "{binding} a binding, {buffer} a buffer, {buffers} storage buffers, {invocations} invocations and {workgroup} bytes \
             a workgroup"
        ),
        format!(
            "{binding} por ligação, {buffer} por buffer, {buffers} buffers de armazenamento, {invocations} invocações e \
             {workgroup} bytes por grupo"
        ),
    );
    let [least, most] = a.subgroup_lanes;
    let offers = [("timestamps", a.features.timestamps), ("f16", a.features.f16), ("subgroups", a.features.subgroups)];
    let offers: Vec<&str> = offers.into_iter().filter(|(_, there)| *there).map(|(name, _)| name).collect();
    let portable = if a.portable {
        lang.pick("meets WebGPU's default limits", "cumpre os limites padrão do WebGPU")
    } else {
        lang.pick(
            "below WebGPU's default limits: it cannot train",
            "abaixo dos limites padrão do WebGPU: não pode treinar",
        )
    };
    let (name, driver) = (output.styled("1", &a.to_string()), &a.driver);
    format!("{name}\n  {driver}\n  {limits}\n  {} ({least}-{most}); {portable}", offers.join(", "))
}

fn kernels_text(kernels: Option<&Kernels>, output: Output) -> String {
    let lang = output.lang;
    let Some(Kernels { file, chosen, over_median, over_slowest }) = kernels else {
        return lang
            .pick(
                "\n  kernels: not measured yet; the first training run does it",
                "\n  kernels: ainda não medidos; o primeiro treino faz isso",
            )
            .to_owned();
    };
    let shapes = lang.whole(chosen.0.keys().filter(|key| key.contains(' ')).count() as u64);
    let [median, slowest] = [over_median, over_slowest].map(|times| lang.decimal(*times, 1));
    lang.pick(
        format!(
            "\n  kernels: chosen for {shapes} shapes, {median} times faster than the median variant, {slowest} times faster \
             than the slowest\n  {file}"
        ),
        format!(
            "\n  kernels: escolhidos para {shapes} formas, {median} vezes mais rápidos que a variante mediana, {slowest} vezes \
             mais que a mais lenta\n  {file}"
        ),
    )
}

fn preset_head(output: Output) -> String {
    let [preset, parameters, memory, activations, dispatches, step] = output.lang.pick(
        ["preset", "parameters", "memory", "activations", "dispatches", "GFLOP/step"],
        ["preset", "parâmetros", "memória", "ativações", "despachos", "GFLOP/passo"],
    );
    format!(
        "\n{preset:<7} {parameters:>11} {memory:>10} {activations:>12} {dispatches:>11} {step:>11}  {}",
        output.lang.pick("for", "para")
    )
}

fn preset_text(n: &Needs, output: Output) -> String {
    let lang = output.lang;
    let mib = |bytes: u64| format!("{} MiB", lang.whole(bytes.div_ceil(1 << 20)));
    let unfit: Vec<&str> = n.fits.iter().filter(|fit| !fit.fits).map(|fit| fit.device.as_str()).collect();
    let unfit = if unfit.is_empty() {
        String::new()
    } else {
        format!("; {} {}", lang.pick("not on", "não em"), unfit.join(", "))
    };
    format!(
        "{:<7} {:>11} {:>10} {:>12} {:>11} {:>11}  {}{unfit}",
        n.preset,
        lang.rough(n.parameters),
        mib(n.peak_bytes),
        mib(n.activations_bytes),
        lang.whole(n.dispatches as u64),
        lang.decimal(n.flops as f64 / 1e9, 1),
        n.about,
    )
}
