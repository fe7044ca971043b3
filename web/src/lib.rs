//! The browser's entry points, compiled to wasm32. A page or a worker calls them. Every entry point awaits, and nothing blocks.
#![cfg(target_arch = "wasm32")]

mod smoke;

use electroscope::gpu::{DeviceName, Gpu, Profile};
use electroscope::host::rehearsal;
use electroscope::lang::Lang;
use electroscope::parity;
use electroscope::screen::checks;
use electroscope::tasks::drill;
use electroscope::train::engine::Backend;
use electroscope::train::shelf::Shelf;
use electroscope::verify::fixture::Comparison;
use electroscope::verify::self_check;
use electroscope::view::words;
use wasm_bindgen::prelude::*;

/// What a page sees of a finished run of the suite.
#[wasm_bindgen]
pub struct Summary {
    pub passed: u32,
    pub failed: u32,
    pub skipped: u32,
}

/// The outcome of each check goes to `report` as one line, in the words of `cargo test`.
struct Suite {
    report: js_sys::Function,
    summary: Summary,
}

impl Suite {
    fn record(&mut self, name: &str, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => {
                self.summary.passed += 1;
                self.line(&format!("test {name} ... ok"));
            }
            Err(why) => {
                self.summary.failed += 1;
                self.line(&format!("test {name} ... FAILED\n  {why}"));
            }
        }
    }

    fn line(&self, text: &str) {
        // If `report` throws, that is an error of the page. The page shows it, and the suite continues to its summary.
        self.report.call1(&JsValue::NULL, &text.into()).ok();
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(text: &str);
}

/// Runs the kernel parity suite on the browser's adapter. `report(line)` is called once for each line, while it runs.
/// A panic ends the module and cannot settle the promise. Its message goes to `console.error`, where the page's host waits for it.
#[wasm_bindgen]
pub async fn run_parity(report: js_sys::Function) -> Summary {
    std::panic::set_hook(Box::new(|info| console_error(&info.to_string())));
    let mut suite = Suite { report, summary: Summary { passed: 0, failed: 0, skipped: 0 } };
    for (name, outcome) in checks::all() {
        suite.record(&format!("screen::{name}"), outcome);
    }
    // Checks that the browser gives what every later check needs: an adapter, WebGPU's default limits, override-sized shared
    // memory.
    suite.record("browser::override_sized_reduction", smoke::run().await);
    match kernels(&suite).await {
        Ok(kernels) => kernels.into_iter().for_each(|(name, outcome)| suite.record(&name, outcome)),
        Err(error) => suite.record("browser::parity", Err(error.to_string())),
    }
    suite.record("browser::interrupted_run", rehearsal::interrupted().await);
    suite.record("browser::nano_steps", nano_steps().await);
    suite.record("browser::chosen_variants", chosen_variants().await);
    suite.summary
}

/// Steps of a whole training plan that the browser takes.
const NANO_STEPS: u64 = 20;
/// How many steps it takes with the fastest kernels.
const CHOSEN_STEPS: u64 = 5;

/// Trains the nano preset on the browser's adapter and on the twins. Every loss of every step must be within its bar.
async fn nano_steps() -> Result<(), String> {
    let backend = Backend::open(&DeviceName::Gpu).await.map_err(told)?;
    within(&self_check::nano_against_twins(&backend, Default::default(), NANO_STEPS).await.map_err(told)?)
}

/// Measures the fastest variants once, and checks that the browser keeps them and that training with them gives the same losses.
async fn chosen_variants() -> Result<(), String> {
    let backend = Backend::open(&DeviceName::Gpu).await.map_err(told)?;
    let config = self_check::nano().map_err(told)?;
    let shelf = Shelf::cache("electroscope-parity");
    let mut measurements = [0; 2];
    let mut chosen = Vec::new();
    for (told_here, retune) in measurements.iter_mut().zip([true, false]) {
        let choices = drill::choose(&config, &backend, &shelf, retune, &mut |_| *told_here += 1).await.map_err(told)?;
        chosen.push(choices);
    }
    let [first, second] = measurements;
    if first == 0 || chosen[0].0.is_empty() {
        return Err("nothing was measured".into());
    }
    if second > 0 || chosen[0] != chosen[1] {
        return Err(format!("what the browser kept was not found again: {second} measurements more"));
    }
    let chosen = chosen.swap_remove(0);
    within(&self_check::nano_against_twins(&backend, chosen, CHOSEN_STEPS).await.map_err(told)?)
}

fn within(comparisons: &[Comparison]) -> Result<(), String> {
    let wrong = comparisons
        .iter()
        .filter(|c| !c.passed())
        .map(|c| format!("{}: {:.1e} of {:.0e}", words::text(&c.name, Lang::En), c.error, c.max));
    let wrong: Vec<String> = wrong.collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join(", ")) }
}

fn told(error: electroscope::Error) -> String {
    error.to_string()
}

/// Compares every kernel on the browser's adapter with its twin. Both are in this module.
async fn kernels(suite: &Suite) -> electroscope::Result<Vec<(String, Result<(), String>)>> {
    let opened = Gpu::open(&DeviceName::Gpu, Profile::Portable).await?;
    suite.line(&opened.reason.to_string());
    let Some(gpu) = opened.gpu else { return Ok(Vec::new()) };
    let summary = parity::run(&gpu, &mut |line| suite.line(line)).await?;
    summary.failures.iter().for_each(|failure| suite.line(&format!("FAIL {}", words::text(failure, Lang::En))));
    let outcome = |failed: usize| if failed == 0 { Ok(()) } else { Err(format!("{failed} wrong")) };
    Ok(summary.kernels.iter().map(|(label, kernel)| (format!("parity::{label}"), outcome(kernel.failed))).collect())
}
