//! `verify`: checks kernels, whole steps and gradients on this machine's device, and reports every comparison. If one fails, the
//! exit status is 1.

use super::args::VerifyArgs;
use super::output::Output;
use crate::config::Precision;
use crate::gpu::AdapterKind;
use crate::hub::write_safetensors;
use crate::message::Message;
use crate::plan::Elem;
use crate::t;
use crate::train::engine::{Backend, Kind};
use crate::verify::fixture::{Comparison, Computed, Fixture};
use crate::verify::{against_burn, self_check};
use crate::view::Lang;
use crate::view::line::device_text;
use crate::view::words;
use crate::{Error, Result, ops, parity};
use serde::Serialize;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Code and facts are the suite's. `suite` and `name` are in English.
#[derive(Serialize)]
#[serde(tag = "event", rename = "comparison")]
struct Compared<'a> {
    suite: &'a str,
    #[serde(flatten)]
    code: &'a Message,
    name: String,
    error: f64,
    max: f64,
    passed: bool,
}

#[derive(Serialize)]
#[serde(tag = "event", rename = "failure")]
struct Failure<'a> {
    suite: &'a str,
    #[serde(flatten)]
    failure: &'a Message,
    /// The English sentence.
    message: String,
}

#[derive(Serialize)]
#[serde(tag = "event", rename = "verify")]
struct Verified<'a> {
    device: &'a str,
    kind: &'a str,
    comparisons: usize,
    failed: usize,
    /// How many of those that failed store numbers as f16.
    failed_in_f16: usize,
    passed: bool,
}

pub async fn run(args: &VerifyArgs, output: Output) -> Result<()> {
    let backend = Backend::open(&args.machine.device).await?;
    let device = backend.event();
    output.told(&crate::train::event::Event::Device(device.clone()))?;
    output.text(&device_text(&device, output.lang))?;
    let mut tally = Tally { output, comparisons: 0, failed: 0, failed_in_f16: 0 };
    // Fixtures are read before anything runs, so that a wrong path is reported at once.
    let fixtures = args.fixture.iter().map(|dir| Fixture::read(dir).map(|fixture| (dir, fixture)));
    let fixtures = fixtures.collect::<Result<Vec<_>>>()?;
    whole(&backend, &mut tally).await?;
    for (dir, fixture) in &fixtures {
        let computed = fixture.compare(&backend).await.map_err(|e| e.at_path(dir))?;
        let name = folder_name(dir);
        let suite = Message::new("suite-fixture").with("name", Path::new(&name));
        tally.suite(&suite, Precision::F32, &computed.comparisons)?;
        if let Some(to) = &args.dump {
            dump(&computed, to, &name)?;
        }
        if backend.stores(Precision::F16) {
            let halves = fixture.compare_in(&backend, Precision::F16).await.map_err(|e| e.at_path(dir))?;
            let suite = Message::new("suite-fixture-f16").with("name", Path::new(&name));
            tally.suite(&suite, Precision::F16, &halves.comparisons)?;
        }
    }
    if cfg!(feature = "burn") {
        let burn = Backend::open_for(&args.machine.device, Kind::Burn).await?;
        against(&burn, &fixtures, &mut tally).await?;
    }
    let Tally { comparisons, failed, failed_in_f16, .. } = tally;
    let (device, kind, passed) = (&device.name, device_kind(&backend), failed == 0);
    output.event(&Verified { device, kind, comparisons, failed, failed_in_f16, passed })?;
    if failed > 0 {
        return Err(Error::failed("comparisons-failed")
            .with("failed", failed)
            .with("comparisons", comparisons)
            .with("kind", kind)
            .hint(advice(backend.gpu().is_some(), failed == failed_in_f16))
            .at(device));
    }
    output.text(&t!(output.strings(), "terminal-verify-passed", comparisons = comparisons))
}

/// What computed the numbers: a graphics device, a driver that computes on the processor, or this program on the processor.
fn device_kind(backend: &Backend) -> &'static str {
    match backend.gpu() {
        None => "processor",
        Some(gpu) if gpu.summary.kind == AdapterKind::Software => "software",
        Some(_) => "graphics",
    }
}

/// The advice if comparisons failed: on a device or on the processor, only with f16 storage or also without.
fn advice(on_device: bool, only_f16: bool) -> &'static str {
    match (on_device, only_f16) {
        (_, true) => "help-verify-f16",
        (true, false) => "help-verify-device",
        (false, false) => "help-verify-processor",
    }
}

/// Runs all checks that need no fixture.
async fn whole(backend: &Backend, tally: &mut Tally) -> Result<()> {
    match backend.gpu() {
        Some(gpu) => kernels(gpu, tally).await?,
        None => tally.output.text(&tally.output.strings().t("terminal-verify-twins"))?,
    }
    let differences = self_check::finite_differences(backend).await?;
    tally.suite(&Message::new("suite-finite-differences"), Precision::F32, &differences)?;
    let repeated = self_check::repeatability(backend).await?;
    tally.suite(&Message::new("suite-repeatability"), Precision::F32, &repeated)?;
    if backend.gpu().is_some() {
        let steps = self_check::against_twins(backend).await?;
        tally.suite(&Message::new("suite-twins"), Precision::F32, &steps)?;
        if backend.stores(Precision::F16) {
            let steps = self_check::f16_against_twins(backend).await?;
            tally.suite(&Message::new("suite-twins-f16"), Precision::F16, &steps)?;
        }
    }
    Ok(())
}

/// Compares our engine with the Burn engine, and the Burn engine with the fixtures, which show who is right if the two differ.
async fn against(burn: &Backend, fixtures: &[(&PathBuf, Fixture)], tally: &mut Tally) -> Result<()> {
    for (what, settings) in against_burn::cases() {
        let suite = Message::new("suite-burn").with("what", what);
        tally.suite(&suite, Precision::F32, &against_burn::compare(burn, settings).await?)?;
    }
    for (dir, fixture) in fixtures {
        let computed = fixture.compare(burn).await.map_err(|e| e.at_path(dir))?;
        let suite = Message::new("suite-fixture-burn").with("name", Path::new(&folder_name(dir)));
        tally.suite(&suite, Precision::F32, &computed.comparisons)?;
    }
    Ok(())
}

async fn kernels(gpu: &crate::gpu::Gpu, tally: &mut Tally) -> Result<()> {
    let output = tally.output;
    let summary = parity::run(gpu, &mut |_| {}).await?;
    let mut suites = [Vec::new(), Vec::new()];
    for (label, kernel) in &summary.kernels {
        let spec = ops::ALL.iter().find(|spec| spec.label == *label);
        let halves = spec.is_some_and(|spec| spec.slots.iter().any(|slot| slot.elem == Elem::F16));
        suites[usize::from(halves)].push(Comparison {
            name: Message::plain(*label),
            // A kernel can fail without a large error, if it leaves numbers out or writes where it should not.
            error: if kernel.failed > 0 { kernel.worst.max(1.0 + f64::EPSILON) } else { kernel.worst },
            max: 1.0,
        });
    }
    tally.suite(&Message::new("suite-kernels"), Precision::F32, &suites[0])?;
    if !suites[1].is_empty() {
        tally.suite(&Message::new("suite-kernels-f16"), Precision::F16, &suites[1])?;
    }
    for failure in &summary.failures {
        output.event(&Failure { suite: "kernels", failure, message: words::text(failure, Lang::En) })?;
        output.text(&t!(output.strings(), "terminal-verify-failure", what = failure))?;
    }
    Ok(())
}

/// What has been compared so far.
struct Tally {
    output: Output,
    comparisons: usize,
    failed: usize,
    failed_in_f16: usize,
}

/// How many comparisons of a suite people see if all pass. Failures are always shown.
const SHOWN: usize = 5;

impl Tally {
    /// Reports a suite: every comparison to programs, the worst ones to people. `precision`: how the suite stores numbers.
    fn suite(&mut self, suite: &Message, precision: Precision, comparisons: &[Comparison]) -> Result<()> {
        let failed = comparisons.iter().filter(|c| !c.passed()).count();
        self.comparisons += comparisons.len();
        self.failed += failed;
        if precision == Precision::F16 {
            self.failed_in_f16 += failed;
        }
        let english = words::text(suite, Lang::En);
        for c in comparisons {
            let name = words::text(&c.name, Lang::En);
            let (error, max, passed) = (c.error, c.max, c.passed());
            self.output.event(&Compared { suite: &english, code: suite, name, error, max, passed })?;
        }
        let (strings, count) = (self.output.strings(), comparisons.len());
        self.output.text(&match failed {
            0 => t!(strings, "terminal-verify-suite", suite = suite, count = count),
            _ => t!(strings, "terminal-verify-suite-failed", suite = suite, count = count, failed = failed),
        })?;
        let mut worst: Vec<&Comparison> = comparisons.iter().collect();
        worst.sort_by(|a, b| share(b).total_cmp(&share(a)));
        for c in worst.iter().enumerate().filter(|(i, c)| *i < SHOWN || !c.passed()).map(|(_, c)| c) {
            self.output.text(&self.comparison_text(c))?;
        }
        Ok(())
    }
}

impl Tally {
    fn comparison_text(&self, c: &Comparison) -> String {
        let (strings, lang) = (self.output.strings(), self.output.lang);
        let name = format!("{:<64}", strings.text(&c.name));
        let (error, max) = (format!("{:>9}", lang.scientific(c.error, 2)), lang.scientific(c.max, 0));
        if c.passed() {
            t!(strings, "terminal-verify-comparison", name = name, error = error, max = max)
        } else {
            t!(strings, "terminal-verify-comparison-failed", name = name, error = error, max = max)
        }
    }
}

/// The error of a comparison as a share of its bar.
fn share(c: &Comparison) -> f64 {
    if c.max > 0.0 { c.error / c.max } else { c.error }
}

/// DIR/NAME.safetensors and DIR/NAME.json.
fn dump(computed: &Computed, dir: &Path, name: &OsStr) -> Result<()> {
    std::fs::create_dir_all(dir).map_err(|e| Error::io("io-create-folder", dir, &e))?;
    let path = ending_in(dir.join(name), ".safetensors");
    let write = || {
        let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
        let tensors = computed.tensors.iter().map(|(name, tensor)| (name.clone(), tensor));
        write_safetensors(&mut file, tensors)?;
        std::io::Write::flush(&mut file)
    };
    write().map_err(|e| Error::io("io-write-tensors", &path, &e))?;
    let path = ending_in(dir.join(name), ".json");
    let mut text = serde_json::to_string_pretty(&computed.expected_form)
        .map_err(|e| Error::failed("numbers-not-json").with("detail", e.to_string()).at_path(&path))?;
    text.push('\n');
    std::fs::write(&path, text).map_err(|e| Error::io("io-write-numbers", &path, &e))
}

/// The last part of a folder's real path, which also works for `.` and `x/..`.
fn folder_name(dir: &Path) -> OsString {
    let whole = std::fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned());
    whole.file_name().map_or_else(|| "fixture".into(), OsStr::to_owned)
}

/// The name may hold a point itself, so nothing of it is replaced.
fn ending_in(path: PathBuf, ending: &str) -> PathBuf {
    let mut whole = path.into_os_string();
    whole.push(ending);
    whole.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_fits_the_device() {
        for lang in [Lang::En, Lang::Pt] {
            let of = |kind: &'static str, on_device, only_f16| {
                let error = Error::failed("comparisons-failed")
                    .with("failed", 2_usize)
                    .with("comparisons", 90_usize)
                    .with("kind", kind);
                words::error(&error.hint(advice(on_device, only_f16)), lang)
            };
            let (processor, graphics, software) =
                (of("processor", false, false), of("graphics", true, false), of("software", true, false));
            // Whoever computes on the processor already is not sent to it.
            assert!(!processor.contains("--device cpu") && !processor.contains("precision=f32"), "{processor}");
            assert!(graphics.contains("--device cpu") && software.contains("--device cpu"), "{graphics} {software}");
            for kind in ["processor", "graphics", "software"] {
                let halves = of(kind, kind != "processor", true);
                assert!(halves.contains("--set precision=f32") && !halves.contains("--device"), "{halves}");
            }
            let first_lines = [&processor, &graphics, &software].map(|text| text.lines().next().map(str::to_owned));
            assert!(first_lines[0] != first_lines[1] && first_lines[1] != first_lines[2], "{first_lines:?}");
        }
    }
}
