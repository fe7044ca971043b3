//! Writes the parts of the page, from its header to its footer.
//! a run -> sections of HTML, each with its words in both languages.

use std::fmt::Write;

use super::cards::{auc_card, caught_card, generator_card, judge_card, swaps_card};
use super::data;
use super::html::{escape, said, section, spoken, spoken_paragraphs};
use super::run::{End, Run};
use super::tables::{self, device_fact, plan_facts};
use super::text::{headline, lede, unfinished_text};
use crate::t;
use crate::train::event::Outcome;
use crate::train::metrics::table::{Columns, Metric};
use crate::view::Lang;
use crate::view::words::{self, Strings};

/// The largest number of rows of a table. A spreadsheet is better for more.
const TABLE_ROWS: usize = 40;
const WARNINGS: usize = 40;
const SETTINGS: usize = 200;

/// Writes the parts of the page. The page has every word in both languages; its style shows one of them.
#[derive(Clone, Copy)]
pub(super) struct Page {
    pub(super) lang: Lang,
}

impl Page {
    pub(super) fn header(self, run: &Run) -> String {
        let name = run.plan.map_or_else(String::new, |plan| {
            let folder = plan.run.as_ref().map_or_else(String::new, |run| format!(" · {}", escape(run)));
            format!("{}{folder}", escape(&plan.preset))
        });
        format!(
            "<a class=\"skip\" href=\"#curves\">{}</a>\
             <header><div class=\"top\"><p class=\"brand\"><strong>Electroscope</strong> <span>{name}</span></p>\
             <div class=\"langs\" role=\"group\" aria-label=\"Language / Idioma\">\
             <button type=\"button\" data-lang=\"en\" lang=\"en\" aria-pressed=\"{}\">EN<span class=\"hidden\">glish</span></button>\
             <button type=\"button\" data-lang=\"pt\" lang=\"pt\" aria-pressed=\"{}\">PT<span class=\"hidden\"> {}</span></button></div></div>\
             <h1>{}</h1>{}{}</header>",
            said("report-skip"),
            self.lang == Lang::En,
            self.lang == Lang::Pt,
            Strings::of(Lang::Pt).t("report-portuguese"),
            spoken(|lang| headline(run, lang)),
            spoken_paragraphs(|lang| lede(run, lang)),
            self.state(run),
        )
    }

    /// One line that says how far the run is.
    fn state(self, run: &Run) -> String {
        let (class, text) = match run.end {
            Some(End::Finished(finished)) if finished.outcome == Outcome::Completed => {
                ("done", said("report-completed"))
            }
            Some(End::Failed(failure)) => {
                let what = spoken(|lang| escape(&words::failure(failure, lang)));
                ("failed", format!("{} {what}", said("report-failed")))
            }
            _ => ("open", spoken(|lang| unfinished_text(run, lang))),
        };
        format!("<p class=\"state {class}\">{text}</p>")
    }

    pub(super) fn warnings(self, run: &Run) -> String {
        if run.warnings.is_empty() {
            return String::new();
        }
        let mut items = String::new();
        for warning in run.warnings.iter().take(WARNINGS) {
            let step = spoken(|lang| t!(Strings::of(lang), "report-warning-step", step = warning.step));
            let text = spoken(|lang| escape(&words::text(&warning.message, lang)));
            write!(items, "<li><b>{step}</b> {text}</li>").ok();
        }
        section("warnings", &said("report-warnings"), "", &format!("<ul class=\"warnings\">{items}</ul>"))
    }

    /// The last numbers, each beside the number that it has to beat.
    pub(super) fn cards(self, run: &Run) -> String {
        let Some(m) = run.final_metrics() else { return String::new() };
        let swaps = run.final_swaps().and_then(swaps_card);
        let cards = [swaps, auc_card(m), judge_card(m), generator_card(m, run.unigram_entropy()), caught_card(m)];
        let cards: String = cards.into_iter().flatten().collect();
        let of = if run.evals.is_empty() { said("report-cards-training") } else { said("report-cards-held-out") };
        section("numbers", &said("report-cards"), &of, &format!("<div class=\"cards\">{cards}</div>"))
    }

    /// The sections that the script fills.
    pub(super) fn drawn_sections(self, run: &Run) -> String {
        let mut html = format!("<noscript><p class=\"note\">{}</p></noscript>", said("report-no-script"));
        if !run.readouts.is_empty() {
            let tests = run.readouts.iter().any(|readout| !readout.swaps.is_empty());
            let tests = if tests { format!(" {}", said("report-readouts-tests")) } else { String::new() };
            html.push_str(&section(
                "readouts",
                &said("report-readouts"),
                &format!("{}{tests}", said("report-readouts-about")),
                "<div id=\"readouts-body\"></div>",
            ));
        }
        if !run.steps.is_empty() {
            html.push_str(&section(
                "curves",
                &said("report-curves"),
                &said("report-curves-about"),
                "<div id=\"curve-tools\"></div><div id=\"curve-grid\"></div>",
            ));
        }
        if run.evals.iter().any(|eval| eval.confusion.is_some()) {
            html.push_str(&section(
                "verdicts",
                &said("report-verdicts"),
                &said("report-verdicts-about"),
                "<div id=\"verdict-body\"></div>",
            ));
        }
        html
    }

    pub(super) fn next(self, run: &Run) -> String {
        let Some(End::Finished(finished)) = run.end else { return String::new() };
        if finished.next.is_empty() {
            return String::new();
        }
        let lines: String =
            finished.next.iter().map(|line| format!("<li><code>{}</code></li>", escape(line))).collect();
        section("next", &said("report-next"), "", &format!("<ul class=\"commands\">{lines}</ul>"))
    }

    pub(super) fn tables(self, run: &Run) -> String {
        if run.evals.is_empty() && run.steps.is_empty() {
            return String::new();
        }
        let evals = data::evenly(&run.evals, TABLE_ROWS);
        let steps = data::evenly(&run.steps, TABLE_ROWS);
        let held_out = self.table(
            &said("report-table-held-out"),
            &tables::metrics(Columns::HeldOut),
            &evals,
            |eval| eval.step,
            |eval, metric| metric.of_eval(eval),
        );
        let training = self.table(
            &said("report-table-training"),
            &tables::metrics(Columns::Training),
            &steps,
            |step| step.step,
            |step, metric| metric.of_step(step),
        );
        format!(
            "<section id=\"tables\"><details><summary><h2>{}</h2></summary>{held_out}{training}</details></section>",
            said("report-tables")
        )
    }

    /// A table with a row for each of `records`, which begins with its step.
    fn table<R>(
        self,
        caption: &str,
        columns: &[Metric],
        records: &[R],
        step: impl Fn(&R) -> u64,
        value: impl Fn(&R, Metric) -> Option<f64>,
    ) -> String {
        let name = |metric: &Metric| spoken(|lang| escape(&Strings::of(lang).t(metric.about().label)));
        let head: String = columns.iter().map(|metric| format!("<th scope=\"col\">{}</th>", name(metric))).collect();
        let mut body = String::new();
        for record in records {
            write!(body, "<tr><th scope=\"row\">{}</th>", self.number(Some(step(record) as f64), 0)).ok();
            for metric in columns {
                write!(body, "<td>{}</td>", self.number(value(record, *metric), metric.about().decimals)).ok();
            }
            body.push_str("</tr>");
        }
        if body.is_empty() {
            return String::new();
        }
        format!(
            "<div class=\"scroll\" tabindex=\"0\"><table><caption>{caption}</caption><thead><tr><th scope=\"col\">{}</th>{head}</tr></thead>\
             <tbody>{body}</tbody></table></div>",
            said("report-table-step")
        )
    }

    /// A number that the script writes again when the language changes.
    fn number(self, value: Option<f64>, decimals: usize) -> String {
        match value.filter(|value| value.is_finite()) {
            Some(value) => format!(
                "<span data-n=\"{value:.decimals$}\" data-d=\"{decimals}\">{}</span>",
                self.lang.decimal(value, decimals)
            ),
            None => "–".to_owned(),
        }
    }

    pub(super) fn settings(self, run: &Run) -> String {
        let mut rows = String::new();
        for (key, value) in run.plan.into_iter().flat_map(plan_facts).chain(run.device.into_iter().map(device_fact)) {
            write!(rows, "<tr><th scope=\"row\">{}</th><td>{value}</td></tr>", said(key)).ok();
        }
        if let Some(checkpoint) = run.checkpoint {
            let name = said("report-fact-checkpoint");
            write!(rows, "<tr><th scope=\"row\">{name}</th><td><code>{}</code></td></tr>", escape(checkpoint)).ok();
        }
        let mut settings = String::new();
        for (key, value) in run.settings.into_iter().flatten().take(SETTINGS) {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let value: String = value.chars().take(200).collect();
            write!(
                settings,
                "<div><dt><code>{}</code></dt><dd><code>{}</code></dd></div>",
                escape(key),
                escape(&value)
            )
            .ok();
        }
        if rows.is_empty() && settings.is_empty() {
            return String::new();
        }
        let facts =
            format!("<div class=\"scroll\" tabindex=\"0\"><table class=\"facts\"><tbody>{rows}</tbody></table></div>");
        section("settings", &said("report-settings"), "", &format!("{facts}<dl class=\"settings\">{settings}</dl>"))
    }

    pub(super) fn footer(self) -> String {
        format!("<footer>{}</footer>", said("report-made-by"))
    }
}
