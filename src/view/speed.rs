//! Draws what a step costs: the roofline of each measured preset with every kernel on it, and the same numbers as a table.
//! measured kernels and a device's limits -> [`roofline()`] -> [`html`]: one page that needs no network and no script.
//!
//! A roofline (Williams, Waterman, Patterson 2009, "Roofline: an insightful visual performance model") has FLOPs per byte across
//! and FLOP/s upwards, both logarithmic. Memory limits a kernel under the slope, and arithmetic limits it under the flat part.

mod roofline;

use super::words::Strings;
use super::{Lang, report};
use crate::t;
use crate::tasks::bench::{DeviceLimits, KernelSpeed, Measured};
use std::fmt::Write;

pub use roofline::roofline;

const STYLE: &str = include_str!("speed/page.css");

/// The measurements of a preset on a device, and the device's best.
#[derive(Debug, Clone)]
pub struct Sheet {
    pub limits: DeviceLimits,
    pub measured: Measured,
}

impl Sheet {
    /// The kernels, the longest time first; empty if the device has no clock.
    fn kernels(&self) -> &[KernelSpeed] {
        self.measured.kernels.as_deref().unwrap_or_default()
    }
}

/// The page with all measurements. `command` is the command that repeats them, `version` the program's version.
pub fn html(sheets: &[Sheet], command: &str, version: &str, lang: Lang) -> String {
    let [title, lede, foot] = ["speed-title", "speed-lede", "speed-repeat"].map(|key| Strings::of(lang).t(key));
    let sections: String = sheets.iter().map(|sheet| section(sheet, lang)).collect();
    format!(
        "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title} · Electroscope</title>\n<style>\n{}{STYLE}</style></head>\n<body>\n\
         <header><div class=\"top\"><p class=\"brand\"><strong>Electroscope</strong> <span>{}</span></p></div><h1>{title}</h1>\
         <p class=\"lede\">{lede}</p></header>\n<main>\n{sections}</main>\n<footer>{foot} <code>{}</code></footer>\n</body></html>\n",
        lang.code(),
        report::STYLE,
        report::escape(version),
        report::escape(command),
    )
}

fn section(sheet: &Sheet, lang: Lang) -> String {
    let step = &sheet.measured.step;
    let (preset, device) = (report::escape(&step.preset), report::escape(&step.device));
    let drawn = match roofline(sheet, lang) {
        Some(svg) => format!("<figure>{svg}</figure>{}", table(sheet, lang)),
        None => {
            format!("<p class=\"note\">{}</p>", Strings::of(lang).t("speed-no-times"))
        }
    };
    format!("<section><h2>{preset} · {device}</h2><p class=\"sub\">{}</p>{drawn}</section>\n", summary(sheet, lang))
}

fn summary(sheet: &Sheet, lang: Lang) -> String {
    let (limits, speed) = (&sheet.limits, &sheet.measured.step);
    let known = |value: Option<f64>| value.map_or_else(|| "?".to_owned(), |value| lang.decimal(value, 1));
    let [copy, product] = [limits.copy_gbytes_per_sec, limits.product_gflops_per_sec].map(known);
    let mut text = t!(
        Strings::of(lang),
        "speed-summary",
        rate = speed.tokens_per_sec.round() as u64,
        step = lang.decimal(speed.step_ms, 1),
        copy = copy,
        product = product,
        dispatch = lang.decimal(limits.dispatch_us, 2),
    );
    if let (Some(ms), Some(share)) = (speed.predicted_ms, speed.limit_share) {
        let (best, share) = (lang.decimal(ms, 1), lang.percent(share, 0));
        text.push_str(&format!(" {}", t!(Strings::of(lang), "speed-best", best = best, share = share)));
    }
    text
}

fn table(sheet: &Sheet, lang: Lang) -> String {
    let [kernel, calls, time, intensity_name, reached] =
        ["speed-kernel", "speed-calls", "speed-time", "speed-intensity", "speed-reached"]
            .map(|key| Strings::of(lang).t(key));
    let columns = [&*kernel, &calls, "ms", &time, "GFLOP/s", "GB/s", &intensity_name, &reached];
    let head: String = columns.iter().map(|name| format!("<th scope=\"col\">{name}</th>")).collect();
    let mut body = String::new();
    for spot in sheet.kernels() {
        let reached = spot.limit_share.map_or_else(|| "?".to_owned(), |share| lang.percent(share, 0));
        write!(
            body,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{reached}</td></tr>",
            report::escape(spot.kernel),
            lang.whole(spot.calls),
            lang.decimal(spot.ms, 3),
            lang.percent(spot.share, 1),
            lang.decimal(spot.gflops_per_sec, 2),
            lang.decimal(spot.gbytes_per_sec, 2),
            lang.decimal(intensity(spot), 2),
        )
        .ok();
    }
    format!(
        "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
}

/// FLOPs per byte that is moved.
fn intensity(kernel: &KernelSpeed) -> f64 {
    if kernel.gbytes_per_sec > 0.0 { kernel.gflops_per_sec / kernel.gbytes_per_sec } else { 0.0 }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::tasks::bench::StepSpeed;

    pub fn spot(kernel: &'static str, ms: f64, gflops: f64, gbytes: f64) -> KernelSpeed {
        KernelSpeed {
            kernel,
            calls: 24,
            ms,
            share: ms / 10.0,
            gflops_per_sec: gflops,
            gbytes_per_sec: gbytes,
            product_share: None,
            copy_share: None,
            predicted_ms: None,
            limit_share: Some(0.5),
        }
    }

    pub fn sheet() -> Sheet {
        let step = StepSpeed {
            preset: "nano".into(),
            device: "llvmpipe <16>".into(),
            engine: "wgsl",
            tokens_per_sec: 12_345.0,
            step_ms: 10.0,
            predicted_ms: Some(5.0),
            limit_share: Some(0.5),
            ..StepSpeed::default()
        };
        let kernels = vec![
            spot("matmul.forward", 6.0, 20.0, 2.0),
            spot("layernorm.forward", 3.0, 2.0, 5.0),
            spot("fill.zero", 1.0, 0.0, 8.0),
        ];
        Sheet {
            limits: DeviceLimits {
                copy_gbytes_per_sec: Some(10.0),
                product_gflops_per_sec: Some(40.0),
                dispatch_us: 2.5,
            },
            measured: Measured { step, kernels: Some(kernels) },
        }
    }

    #[test]
    fn the_page_says_what_was_measured_in_either_language() {
        let en = html(&[sheet()], "electroscope bench --preset nano", "0.1.0", Lang::En);
        assert!(en.contains("12,345 tokens/s, 10.0 ms a step"), "{en}");
        assert!(en.contains("So the step would take 5.0 ms: 50% of that speed is reached."));
        assert!(en.contains("nano · llvmpipe &lt;16&gt;") && !en.contains("<16>"));
        assert!(en.contains("<code>electroscope bench --preset nano</code>"));
        let pt = html(&[sheet()], "", "", Lang::Pt);
        assert!(pt.starts_with("<!doctype html>\n<html lang=\"pt\">") && pt.contains("12.345 tokens/s"));
        for outside in ["src=", "<script", "<link", "url(", "@import"] {
            assert!(!en.contains(outside), "{outside}");
        }
    }

    #[test]
    fn a_device_without_a_clock_gets_words_for_a_picture() {
        let mut silent = sheet();
        silent.measured.kernels = None;
        let page = html(&[silent], "", "", Lang::En);
        assert!(page.contains("no clock to trust") && !page.contains("<svg"));
    }
}
