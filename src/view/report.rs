//! A run told on one page: what was trained, how well its judge sees, every curve, and what it said of the probe sentences at each step.
//! events -> words and tables (here), curves and snapshots (`report/data.rs` -> `report/page.js`) -> HTML that needs no network.
//! Light and dark, English and Portuguese; the words and the tables are there without the script too.

mod data;

use std::fmt::Write;

use crate::train::event::{
    Device, EvalMetrics, Event, Failure, Finished, Metrics, Outcome, Readout, RunPlan, Settings, StepMetrics, Warning,
};
use crate::view::words;
use crate::view::{Lang, duration_text};

pub(super) const STYLE: &str = include_str!("report/page.css");
const SCRIPT: &str = include_str!("report/page.js");
const WORDS: &str = include_str!("report/words.json");
/// Rows of a table: more are for a spreadsheet.
const TABLE_ROWS: usize = 40;
const WARNINGS: usize = 40;
const SETTINGS: usize = 200;

/// The whole page, first shown in `lang`; under a megabyte whatever the run's length.
pub fn html(events: &[Event], lang: Lang) -> String {
    let run = Run::from_events(events);
    let page = Page { lang };
    let mut body = String::with_capacity(1 << 17);
    body.push_str(&page.header(&run));
    body.push_str("<main>");
    body.push_str(&page.warnings(&run));
    body.push_str(&page.cards(&run));
    body.push_str(&page.drawn_sections(&run));
    body.push_str(&page.next(&run));
    body.push_str(&page.tables(&run));
    body.push_str(&page.settings(&run));
    body.push_str("</main>");
    body.push_str(&page.footer());
    let title = escape(&format!("{} · Electroscope", run.plan.map_or("run", |plan| plan.preset.as_str())));
    format!(
        "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title>\n<style>\n{STYLE}</style></head>\n<body>\n\
         {body}\n<script type=\"application/json\" id=\"words\">{WORDS}</script>\n<script type=\"application/json\" id=\"data\">{}</script>\n<script>\n{SCRIPT}</script>\n</body></html>\n",
        lang.code(),
        json_for_html(&run.data()),
    )
}

/// A run's events, sorted by what the page tells.
#[derive(Default)]
struct Run<'a> {
    device: Option<&'a Device>,
    plan: Option<&'a RunPlan>,
    settings: Option<&'a Settings>,
    steps: Vec<&'a StepMetrics>,
    evals: Vec<&'a EvalMetrics>,
    readouts: Vec<&'a Readout>,
    warnings: Vec<&'a Warning>,
    checkpoint: Option<&'a str>,
    end: Option<End<'a>>,
}

enum End<'a> {
    Finished(&'a Finished),
    Failed(&'a Failure),
}

impl<'a> Run<'a> {
    fn from_events(events: &'a [Event]) -> Self {
        let mut run = Self::default();
        for event in events {
            match event {
                Event::Device(device) => run.device = Some(device),
                Event::Plan(plan) => run.plan = Some(plan),
                Event::Config { settings } => run.settings = Some(settings),
                Event::Step(step) => run.steps.push(step),
                Event::Eval(eval) => run.evals.push(eval),
                Event::Readout(readout) => run.readouts.push(readout),
                Event::Warning(warning) => run.warnings.push(warning),
                Event::Checkpoint { path, .. } => run.checkpoint = Some(path),
                // A run that goes on has not ended.
                Event::Resumed { .. } => run.end = None,
                Event::Finished(finished) => run.end = Some(End::Finished(finished)),
                Event::Failed(failure) => run.end = Some(End::Failed(failure)),
                // The rest is not recorded, or says nothing about how the run went.
                _ => {}
            }
        }
        run
    }

    fn last_step(&self) -> u64 {
        let eval = self.evals.last().map_or(0, |eval| eval.step);
        self.steps.last().map_or(0, |step| step.step).max(eval)
    }

    fn elapsed_secs(&self) -> Option<f64> {
        self.steps.last().and_then(|step| step.elapsed_secs)
    }

    fn tokens_seen(&self) -> u64 {
        self.steps.last().map_or(0, |step| step.tokens_seen)
    }

    /// The last evaluation; without one, the last training step stands in.
    fn final_metrics(&self) -> Option<&'a Metrics> {
        let eval = self.evals.last().map(|eval| &eval.metrics);
        eval.or_else(|| self.steps.last().map(|step| &step.metrics))
    }

    fn unigram_entropy(&self) -> Option<f64> {
        let eval = self.evals.last().and_then(|eval| eval.unigram_entropy);
        eval.or_else(|| self.plan.and_then(|plan| plan.corpus.unigram_entropy))
    }

    fn data(&self) -> data::Data {
        let judged = self.evals.iter().rev().find(|eval| eval.confusion.is_some());
        data::Data {
            planned_steps: self.plan.and_then(|plan| plan.planned_steps),
            last_step: self.last_step(),
            unigram_entropy: self.unigram_entropy(),
            series: data::series(&self.steps),
            evals: data::eval_points(&self.evals),
            probe: data::probe(&self.readouts),
            confusion: judged.and_then(|eval| eval.confusion),
            calibration: judged.and_then(|eval| eval.calibration),
        }
    }
}

/// Writes the parts of the page. Every word stands there twice, once in each language; the style shows one of them.
#[derive(Clone, Copy)]
struct Page {
    lang: Lang,
}

impl Page {
    fn header(self, run: &Run) -> String {
        let name = run.plan.map_or_else(String::new, |plan| {
            let folder = plan.run.as_ref().map_or_else(String::new, |run| format!(" · {}", escape(run)));
            format!("{}{folder}", escape(&plan.preset))
        });
        format!(
            "<a class=\"skip\" href=\"#curves\">{}</a>\
             <header><div class=\"top\"><p class=\"brand\"><strong>Electroscope</strong> <span>{name}</span></p>\
             <div class=\"langs\" role=\"group\" aria-label=\"Language / Idioma\">\
             <button type=\"button\" data-lang=\"en\" lang=\"en\" aria-pressed=\"{}\">EN<span class=\"hidden\">glish</span></button>\
             <button type=\"button\" data-lang=\"pt\" lang=\"pt\" aria-pressed=\"{}\">PT<span class=\"hidden\"> (português)</span></button></div></div>\
             <h1>{}</h1>{}{}</header>",
            both("Skip to the curves", "Ir para as curvas"),
            self.lang == Lang::En,
            self.lang == Lang::Pt,
            spoken(|lang| headline(run, lang)),
            spoken_paragraphs(|lang| lede(run, lang)),
            self.state(run),
        )
    }

    /// Where the run stands, in a line.
    fn state(self, run: &Run) -> String {
        let (class, text) = match run.end {
            Some(End::Finished(finished)) if finished.outcome == Outcome::Completed => {
                ("done", both("Schedule completed", "Treino completo"))
            }
            Some(End::Failed(failure)) => {
                let what = spoken(|lang| escape(&words::failure(failure, lang)));
                ("failed", format!("{} {what}", both("Failed:", "Falhou:")))
            }
            _ => ("open", spoken(|lang| unfinished_text(run, lang))),
        };
        format!("<p class=\"state {class}\">{text}</p>")
    }

    fn warnings(self, run: &Run) -> String {
        if run.warnings.is_empty() {
            return String::new();
        }
        let mut items = String::new();
        for warning in run.warnings.iter().take(WARNINGS) {
            let step = spoken(|lang| format!("{} {}", lang.pick("Step", "Passo"), lang.whole(warning.step)));
            let text = spoken(|lang| escape(&words::text(&warning.message, lang)));
            write!(items, "<li><b>{step}</b> {text}</li>").ok();
        }
        section(
            "warnings",
            &both("What to look into", "O que vale olhar"),
            "",
            &format!("<ul class=\"warnings\">{items}</ul>"),
        )
    }

    /// Four numbers, each beside what it has to beat.
    fn cards(self, run: &Run) -> String {
        let Some(m) = run.final_metrics() else { return String::new() };
        let cards = [auc_card(m), judge_card(m), generator_card(m, run.unigram_entropy()), caught_card(m)];
        let cards: String = cards.into_iter().flatten().collect();
        let of = if run.evals.is_empty() {
            both("On the last training step.", "No último passo de treino.")
        } else {
            both(
                "On held-out text, with fixed masks and replacements drawn by the generator as it is now.",
                "No texto reservado, com máscaras fixas e substituições sorteadas pelo gerador atual.",
            )
        };
        section(
            "numbers",
            &both("How well it sees", "Quanto ele enxerga"),
            &of,
            &format!("<div class=\"cards\">{cards}</div>"),
        )
    }

    /// What the script fills in.
    fn drawn_sections(self, run: &Run) -> String {
        let mut html = String::from(
            "<noscript><p class=\"note\"><span lang=\"en\">The curves and snapshots need JavaScript; the numbers behind them are in the tables below.</span>\
             <span lang=\"pt\">As curvas e os instantâneos precisam de JavaScript; os números estão nas tabelas abaixo.</span></p></noscript>",
        );
        if !run.readouts.is_empty() {
            html.push_str(&section(
                "probe",
                &both("What the judge says, word by word", "O que o discriminador diz, palavra por palavra"),
                &both(
                    "The generator fills masked places of these sentences; the judge then reads every token. Move through the training and pick a token.",
                    "O gerador preenche as posições mascaradas destas frases; o discriminador lê cada token. Percorra o treino e escolha um token.",
                ),
                "<div id=\"probe-body\"></div>",
            ));
        }
        if !run.steps.is_empty() {
            html.push_str(&section(
                "curves",
                &both("Curves", "Curvas"),
                &both(
                    "Thin: each step as measured. Thick: the mean of the steps around it. Diamonds: held-out text. Point at a curve, or use the arrow keys on it; click to send the sentences above to that step.",
                    "Fino: cada passo como medido. Grosso: a média dos passos vizinhos. Losangos: texto reservado. Aponte para uma curva, ou use as setas do teclado nela; clique para levar as frases acima até aquele passo.",
                ),
                "<div id=\"curve-tools\"></div><div id=\"curve-grid\"></div>",
            ));
        }
        if run.evals.iter().any(|eval| eval.confusion.is_some()) {
            html.push_str(&section(
                "verdicts",
                &both("Right and wrong", "Acertos e erros"),
                &both(
                    "The last evaluation, at threshold one half. Padding and special tokens are not counted.",
                    "A última avaliação, com limiar de um meio. Preenchimento e tokens especiais não contam.",
                ),
                "<div id=\"verdict-body\"></div>",
            ));
        }
        html
    }

    fn next(self, run: &Run) -> String {
        let Some(End::Finished(finished)) = run.end else { return String::new() };
        if finished.next.is_empty() {
            return String::new();
        }
        let lines: String =
            finished.next.iter().map(|line| format!("<li><code>{}</code></li>", escape(line))).collect();
        section("next", &both("Try next", "Agora experimente"), "", &format!("<ul class=\"commands\">{lines}</ul>"))
    }

    fn tables(self, run: &Run) -> String {
        if run.evals.is_empty() && run.steps.is_empty() {
            return String::new();
        }
        let evals = data::evenly(&run.evals, TABLE_ROWS);
        let steps = data::evenly(&run.steps, TABLE_ROWS);
        let held_out = self.table(
            &both("Held-out text", "Texto reservado"),
            &HELD_OUT_COLUMNS,
            evals.iter().map(|eval| (eval.step, held_out_row(eval))),
        );
        let training = self.table(
            &both("Training steps", "Passos de treino"),
            &TRAINING_COLUMNS,
            steps.iter().map(|step| (step.step, training_row(step))),
        );
        format!(
            "<section id=\"tables\"><details><summary><h2>{}</h2></summary>{held_out}{training}</details></section>",
            both("The numbers behind the curves", "Os números das curvas")
        )
    }

    fn table<const N: usize>(
        self,
        caption: &str,
        columns: &[(&str, &str, usize); N],
        rows: impl Iterator<Item = (u64, [Option<f64>; N])>,
    ) -> String {
        let head: String =
            columns.iter().map(|(en, pt, _)| format!("<th scope=\"col\">{}</th>", both(en, pt))).collect();
        let mut body = String::new();
        for (step, values) in rows {
            write!(body, "<tr><th scope=\"row\">{}</th>", self.number(Some(step as f64), 0)).ok();
            for (value, (_, _, decimals)) in values.into_iter().zip(columns) {
                write!(body, "<td>{}</td>", self.number(value, *decimals)).ok();
            }
            body.push_str("</tr>");
        }
        if body.is_empty() {
            return String::new();
        }
        format!(
            "<div class=\"scroll\" tabindex=\"0\"><table><caption>{caption}</caption><thead><tr><th scope=\"col\">{}</th>{head}</tr></thead>\
             <tbody>{body}</tbody></table></div>",
            both("step", "passo")
        )
    }

    /// A number that the script writes anew when the language changes.
    fn number(self, value: Option<f64>, decimals: usize) -> String {
        match value.filter(|value| value.is_finite()) {
            Some(value) => format!(
                "<span data-n=\"{value:.decimals$}\" data-d=\"{decimals}\">{}</span>",
                self.lang.decimal(value, decimals)
            ),
            None => "–".to_owned(),
        }
    }

    fn settings(self, run: &Run) -> String {
        let mut rows = String::new();
        for (en, pt, value) in run.plan.into_iter().flat_map(plan_facts).chain(run.device.into_iter().map(device_fact))
        {
            write!(rows, "<tr><th scope=\"row\">{}</th><td>{}</td></tr>", both(en, pt), value).ok();
        }
        if let Some(checkpoint) = run.checkpoint {
            let name = both("last checkpoint", "último checkpoint");
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
        section(
            "settings",
            &both("Settings", "Configuração"),
            "",
            &format!("{facts}<dl class=\"settings\">{settings}</dl>"),
        )
    }

    fn footer(self) -> String {
        format!(
            "<footer>{}</footer>",
            both(
                "Made by Electroscope from metrics.jsonl. This page stands alone: it loads nothing.",
                "Feito pelo Electroscope a partir de metrics.jsonl. Esta página se basta: não carrega nada."
            )
        )
    }
}

/// The run's result in one sentence, which is also what AUC means.
fn headline(run: &Run, lang: Lang) -> String {
    let Some(m) = run.final_metrics() else {
        return lang.pick("This run has not measured anything yet", "Este treino ainda não mediu nada").to_owned();
    };
    match (m.rtd_auc, m.mlm_loss) {
        (Some(auc), _) => {
            let times = lang.decimal(auc * 100.0, 0);
            lang.pick(
                format!("Shown a replaced token and an original one, the judge tells which is which <em>{times} times in 100</em>"),
                format!("Diante de um token substituído e um original, o discriminador acerta qual é qual <em>{times} vezes em 100</em>"),
            )
        }
        (None, Some(loss)) => {
            let loss = lang.decimal(loss, 2);
            lang.pick(
                format!("The generator guesses hidden words at <em>{loss} nats</em> a token"),
                format!("O gerador adivinha palavras escondidas com <em>{loss} nats</em> por token"),
            )
        }
        (None, None) => lang.pick("This run gave no loss to report", "Este treino não deu nenhuma perda").to_owned(),
    }
}

/// What was trained and for how long; how good the judge is beside one that does not look.
fn lede(run: &Run, lang: Lang) -> Vec<String> {
    let mut paragraphs = Vec::new();
    if let Some(plan) = run.plan {
        paragraphs.push(trained_text(run, plan, lang));
    }
    let Some(m) = run.final_metrics() else { return paragraphs };
    if let (Some(auc), Some(share), Some(accuracy)) = (m.rtd_auc, m.replaced_share, m.rtd_accuracy) {
        let auc = lang.decimal(auc, 2);
        let [share, blind, accuracy] = [share, share.max(1.0 - share), accuracy].map(|value| lang.percent(value, 1));
        paragraphs.push(lang.pick(
            format!(
                "That figure is the AUC, {auc}: a coin gets 0.50, a perfect judge 1.00. Accuracy says less: {share} of the tokens were \
                 replaced, so always answering the commoner of the two is right for {blind} of them. The judge is right for {accuracy}."
            ),
            format!(
                "Esse número é a AUC, {auc}: uma moeda tira 0,50, um discriminador perfeito 1,00. A acurácia diz menos: {share} dos tokens \
                 foram substituídos, então responder sempre o mais comum dos dois acerta {blind}. O discriminador acerta {accuracy}."
            ),
        ));
    }
    paragraphs
}

fn trained_text(run: &Run, plan: &RunPlan, lang: Lang) -> String {
    let preset = escape(&plan.preset);
    let (parameters, corpus) = (lang.rough(plan.parameters), escape(&plan.corpus.name));
    let (steps, tokens) = (lang.whole(run.last_step()), lang.rough(run.tokens_seen()));
    let time = run
        .elapsed_secs()
        // held together: "1 min 58 s" must not end a line after "1"
        .map_or_else(String::new, |secs| {
            format!(" {} {}", lang.pick("in", "em"), duration_text(secs).replace(' ', "\u{a0}"))
        });
    let device =
        run.device.map_or_else(String::new, |device| format!(" {} {}", lang.pick("on", "em"), escape(&device.name)));
    lang.pick(
        format!("A {preset} ELECTRA ({parameters} parameters) learnt from {tokens} tokens of “{corpus}”: {steps} steps{time}{device}."),
        format!("Um ELECTRA {preset} ({parameters} parâmetros) aprendeu com {tokens} tokens de “{corpus}”: {steps} passos{time}{device}."),
    )
}

fn unfinished_text(run: &Run, lang: Lang) -> String {
    let step = lang.whole(run.last_step());
    let of = run
        .plan
        .and_then(|plan| plan.planned_steps)
        .map_or_else(String::new, |planned| format!(" {} {}", lang.pick("of", "de"), lang.whole(planned)));
    match run.end {
        Some(End::Finished(_)) => lang.pick(
            format!("Stopped at step {step}{of}; --resume goes on from here"),
            format!("Parado no passo {step}{of}; --resume continua daqui"),
        ),
        _ => lang.pick(
            format!("Not finished when this was written: step {step}{of}"),
            format!("Não terminado quando isto foi escrito: passo {step}{of}"),
        ),
    }
}

/// A card: name, value, a scale from 0 to 1 with what is to be beaten marked on it, and a sentence.
fn card(class: &str, name: &str, value: &str, reached: f64, mark: f64, sentence: &str) -> String {
    let [reached, mark] = [reached, mark].map(|place| place.clamp(0.0, 1.0) * 100.0);
    format!(
        "<div class=\"card {class}\"><h3>{name}</h3><p class=\"value\">{value}</p>\
         <div class=\"scale\" aria-hidden=\"true\"><i style=\"width:{reached:.1}%\"></i><b style=\"left:{mark:.1}%\"></b></div><p>{sentence}</p></div>"
    )
}

fn auc_card(m: &Metrics) -> Option<String> {
    let auc = m.rtd_auc?;
    Some(card(
        "judge",
        &both("Judge: AUC", "Discriminador: AUC"),
        &spoken(|lang| lang.decimal(auc, 2)),
        auc,
        0.5,
        &spoken(|lang| {
            lang.pick("chance is 0.50 (the mark), perfect is 1.00", "o acaso dá 0,50 (a marca), o perfeito 1,00")
                .to_owned()
        }),
    ))
}

fn judge_card(m: &Metrics) -> Option<String> {
    let (rtd, trivial) = (m.rtd_loss?, m.trivial_rtd_loss.filter(|trivial| *trivial > 0.0)?);
    let ratio = rtd / trivial;
    let sentence = spoken(|lang| {
        let (bound, by) = (lang.decimal(trivial, 3), lang.percent((1.0 - ratio).abs(), 0));
        let side = if ratio < 1.0 { lang.pick("below", "abaixo de") } else { lang.pick("above", "acima de") };
        lang.pick(
            format!("{by} {side} {bound}, what knowing only the base rate gives"),
            format!("{by} {side} {bound}, que é o que só a taxa-base dá"),
        )
    });
    // The scale ends a quarter beyond the bound, so that a judge worse than it shows.
    let name = both("Judge: loss", "Discriminador: perda");
    Some(card("judge", &name, &spoken(|lang| lang.decimal(rtd, 3)), ratio / 1.25, 0.8, &sentence))
}

fn generator_card(m: &Metrics, unigram: Option<f64>) -> Option<String> {
    let mlm = m.mlm_loss?;
    let name = both("Generator: loss", "Gerador: perda");
    let value = spoken(|lang| lang.decimal(mlm, 2));
    let Some(unigram) = unigram.filter(|unigram| *unigram > 0.0) else {
        return Some(card(
            "generator",
            &name,
            &value,
            0.0,
            0.0,
            &both("nats a masked token", "nats por token mascarado"),
        ));
    };
    let sentence = spoken(|lang| {
        let (bound, hits) = (lang.decimal(unigram, 2), m.sampled_accuracy.map(|hits| lang.percent(hits, 0)));
        let hits = hits.map_or_else(String::new, |hits| {
            lang.pick(
                format!("; {hits} of its samples are the original"),
                format!("; {hits} das amostras são o original"),
            )
        });
        lang.pick(
            format!("nats a token; counting words alone gives {bound}{hits}"),
            format!("nats por token; só contar palavras dá {bound}{hits}"),
        )
    });
    Some(card("generator", &name, &value, mlm / unigram / 1.25, 0.8, &sentence))
}

fn caught_card(m: &Metrics) -> Option<String> {
    let recall = m.rtd_recall?;
    let sentence = spoken(|lang| match m.rtd_precision {
        Some(precision) => {
            let right = lang.percent(precision, 0);
            lang.pick(
                format!("of the replaced tokens; when it raises a flag it is right {right} of the time"),
                format!("dos tokens substituídos; quando acusa, acerta {right} das vezes"),
            )
        }
        None => lang
            .pick("of the replaced tokens: it flags nothing yet", "dos tokens substituídos: ainda não acusa nada")
            .to_owned(),
    });
    let name = both("Judge: caught", "Discriminador: detectados");
    Some(card("judge", &name, &spoken(|lang| lang.percent(recall, 0)), recall, 0.0, &sentence))
}

const HELD_OUT_COLUMNS: [(&str, &str, usize); 10] = [
    ("generator loss", "perda do gerador", 3),
    ("unigram entropy", "entropia unigrama", 3),
    ("judge loss", "perda do discriminador", 4),
    ("trivial loss", "perda trivial", 4),
    ("AUC", "AUC", 3),
    ("precision", "precisão", 3),
    ("recall", "revocação", 3),
    ("accuracy", "acurácia", 3),
    ("sampled right", "amostras certas", 3),
    ("replaced", "substituídos", 3),
];

fn held_out_row(eval: &EvalMetrics) -> [Option<f64>; 10] {
    let m = &eval.metrics;
    [
        m.mlm_loss,
        eval.unigram_entropy,
        m.rtd_loss,
        m.trivial_rtd_loss,
        m.rtd_auc,
        m.rtd_precision,
        m.rtd_recall,
        m.rtd_accuracy,
        m.sampled_accuracy,
        m.replaced_share,
    ]
}

const TRAINING_COLUMNS: [(&str, &str, usize); 9] = [
    ("generator loss", "perda do gerador", 3),
    ("judge loss", "perda do discriminador", 4),
    ("trivial loss", "perda trivial", 4),
    ("AUC", "AUC", 3),
    ("precision", "precisão", 3),
    ("recall", "revocação", 3),
    ("learning rate", "taxa de aprendizado", 6),
    ("gradient norm", "norma do gradiente", 3),
    ("tokens/s", "tokens/s", 0),
];

fn training_row(step: &StepMetrics) -> [Option<f64>; 9] {
    let m = &step.metrics;
    [
        m.mlm_loss,
        m.rtd_loss,
        m.trivial_rtd_loss,
        m.rtd_auc,
        m.rtd_precision,
        m.rtd_recall,
        step.lr,
        step.grad_norm,
        step.tokens_per_sec,
    ]
}

type Fact = (&'static str, &'static str, String);

fn plan_facts(plan: &RunPlan) -> Vec<Fact> {
    let whole = |value: u64| spoken(|lang| lang.whole(value));
    let mib = |bytes: u64| spoken(|lang| format!("{} MiB", lang.decimal(bytes as f64 / f64::from(1 << 20), 1)));
    let mut facts = vec![
        ("parameters", "parâmetros", whole(plan.parameters)),
        ("of the judge", "do discriminador", whole(plan.discriminator_parameters)),
        ("of the generator", "do gerador", whole(plan.generator_parameters)),
        (
            "rows a step × tokens a row",
            "linhas por passo × tokens por linha",
            format!("{} × {}", plan.rows, plan.row_tokens),
        ),
        ("vocabulary", "vocabulário", whole(plan.corpus.vocab_size)),
        ("dispatches a step", "despachos por passo", whole(plan.dispatches)),
        ("peak memory", "pico de memória", mib(plan.peak_bytes)),
    ];
    let arenas = plan.arenas.iter().take(20).map(|arena| format!("{} {}", escape(&arena.name), mib(arena.bytes)));
    facts.push(("arenas", "arenas", arenas.collect::<Vec<_>>().join(" · ")));
    facts.push(("engine", "motor", escape(&plan.engine)));
    facts.push(("seed", "semente", plan.seed.to_string()));
    facts
}

fn device_fact(device: &Device) -> Fact {
    let reason = spoken(|lang| escape(&words::text(&device.reason, lang)));
    let backend = device.backend.as_ref().map_or_else(String::new, |backend| format!(" ({})", escape(backend)));
    ("device", "dispositivo", format!("{}{backend}: {}", escape(&device.name), reason))
}

fn section(id: &str, title: &str, sub: &str, body: &str) -> String {
    let sub = if sub.is_empty() { String::new() } else { format!("<p class=\"sub\">{sub}</p>") };
    format!("<section id=\"{id}\"><h2>{title}</h2>{sub}{body}</section>")
}

/// Plain words in both languages, escaped.
fn both(en: &str, pt: &str) -> String {
    if en == pt {
        return escape(en);
    }
    format!("<span lang=\"en\">{}</span><span lang=\"pt\">{}</span>", escape(en), escape(pt))
}

/// Markup made once for each language.
fn spoken(html: impl Fn(Lang) -> String) -> String {
    let [en, pt] = [Lang::En, Lang::Pt].map(html);
    if en == pt { en } else { format!("<span lang=\"en\">{en}</span><span lang=\"pt\">{pt}</span>") }
}

fn spoken_paragraphs(html: impl Fn(Lang) -> Vec<String>) -> String {
    let paragraphs = |lang: Lang| {
        html(lang)
            .into_iter()
            .map(|text| format!("<p class=\"lede\" lang=\"{}\">{text}</p>", lang.code()))
            .collect::<String>()
    };
    [Lang::En, Lang::Pt].map(paragraphs).concat()
}

pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// JSON that cannot end its `<script>`: the signs that HTML sees are written as escapes, which JSON reads back.
fn json_for_html(data: &data::Data) -> String {
    let json = serde_json::to_string(data).expect("the data has string keys and finite numbers only");
    json.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::message::Message;
    use crate::train::event::{
        Calibration, CalibrationBin, Confusion, Executor, Failure, Proposal, ReadToken, Warning, WarningKind,
        tests::plan,
    };

    const EVIL: &str = "</script><img src=x onerror=alert(1)>&\"'";

    fn metrics(auc: f64) -> Metrics {
        Metrics {
            mlm_loss: Some(2.594),
            rtd_loss: Some(0.2118),
            rtd_auc: Some(auc),
            rtd_accuracy: Some(0.94),
            rtd_recall: Some(0.52),
            rtd_precision: Some(0.75),
            replaced_share: Some(0.1),
            trivial_rtd_loss: Some(0.286),
            ..Default::default()
        }
    }

    fn step(step: u64) -> Event {
        Event::Step(Box::new(StepMetrics {
            step,
            metrics: metrics(0.5 + 0.3 * (step as f64).sin().abs()),
            lr: Some(0.002),
            grad_norm: Some(1.0 / step as f64),
            tokens_per_sec: Some(21_000.0 + step as f64 % 977.0),
            elapsed_secs: Some(step as f64 * 0.1),
            tokens_seen: step * 2001,
        }))
    }

    fn eval(step: u64) -> Event {
        let bin = CalibrationBin { tokens: 9, mean_p_replaced: Some(0.3), replaced_share: Some(0.25) };
        Event::Eval(Box::new(EvalMetrics {
            step,
            metrics: metrics(0.788),
            unigram_entropy: Some(4.43),
            confusion: Some(Confusion { caught: 5, missed: 4, false_alarm: 1, passed: 90 }),
            calibration: Some(Calibration { bins: [bin; 10], expected_error: Some(0.05) }),
            ..Default::default()
        }))
    }

    fn readout(step: u64, sentences: usize, tokens: usize) -> Event {
        let token = |i: usize| ReadToken {
            original: format!("word{}", (step as usize * 31 + i * 7) % 4096),
            masked: i.is_multiple_of(6),
            sampled: i.is_multiple_of(6).then(|| EVIL.to_owned()),
            proposals: (0..10).map(|k| Proposal { id: k, token: format!("guess{k}"), probability: 0.05 }).collect(),
            replaced: i.is_multiple_of(6),
            p_replaced: Some(i as f64 / tokens as f64),
            ..Default::default()
        };
        Event::Readout(Readout { step, sentences: vec![(0..tokens).map(token).collect(); sentences] })
    }

    fn finished() -> Event {
        Event::Finished(Finished {
            outcome: Outcome::Completed,
            step: 1200,
            run: Some("runs/x".into()),
            next: vec!["electroscope detect runs/x \"the dog\"".into()],
        })
    }

    fn whole_run() -> Vec<Event> {
        let device = Device {
            executor: Executor::Cpu,
            name: "2 threads".into(),
            backend: None,
            reason: Message::new("device-none-found"),
        };
        let settings = Settings::from([("lr".to_owned(), json!(0.002)), ("note".to_owned(), json!(EVIL))]);
        let mut events =
            vec![Event::Device(device), Event::Plan(Box::new(plan())), Event::Config { settings }, readout(0, 2, 12)];
        events.extend((1..=1200).map(step));
        events.extend([eval(600), eval(1200), readout(1200, 2, 12), finished()]);
        events
    }

    fn page_data(html: &str) -> Value {
        let (_, rest) = html.split_once("id=\"data\">").unwrap();
        serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
    }

    #[test]
    fn the_headline_says_what_the_auc_means_in_both_languages() {
        let html = html(&whole_run(), Lang::Pt);
        assert!(html.contains("<html lang=\"pt\">"));
        assert!(html.contains("which is which <em>79 times in 100</em>"));
        assert!(html.contains("acerta qual é qual <em>79 vezes em 100</em>"));
        assert!(html.contains("right for 90.0% of them. The judge is right for 94.0%."));
        assert!(html.contains("A nano ELECTRA (188 k parameters) learnt from 2.4 M tokens"));
        assert!(html.contains("1.200 passos em 2\u{a0}min\u{a0}0\u{a0}s em 2 threads"));
        assert!(html.contains("<span lang=\"en\">0.79</span><span lang=\"pt\">0,79</span>"));
        assert!(html.contains("26% below 0.286"));
    }

    #[test]
    fn the_page_stands_alone() {
        let html = html(&whole_run(), Lang::En);
        let (shell, rest) = html.split_once("id=\"data\">").unwrap();
        let shell = format!("{shell}{}", rest.split_once("</script>").unwrap().1);
        let shell = shell.replace("http://www.w3.org/2000/svg", "").replace(&escape(EVIL), "");
        for outside in ["http:", "https:", "src=", "<link", "@import", "url(h", "fetch(", "XMLHttp", "import("] {
            assert!(!shell.contains(outside), "{outside}");
        }
    }

    #[test]
    fn nothing_from_the_run_becomes_markup() {
        let mut events = whole_run();
        let warning = Warning { kind: WarningKind::Notice, step: 3, message: Message::plain(EVIL) };
        events.insert(5, Event::Warning(warning));
        let mut evil = plan();
        (evil.preset, evil.corpus.name, evil.run, evil.engine) =
            (EVIL.into(), EVIL.into(), Some(EVIL.into()), EVIL.into());
        events.insert(2, Event::Plan(Box::new(evil)));
        events.push(Event::Failed(Failure { message: Message::plain(EVIL), ..Default::default() }));
        let html = html(&events, Lang::En);
        assert!(!html.contains("<img"), "{}", &html[html.find("<img").unwrap()..][..80]);
        assert_eq!(html.matches("</script>").count(), 3, "words, data, script");
        let text: String = EVIL.chars().take(32).collect();
        assert!(
            page_data(&html)["probe"]["texts"].as_array().unwrap().contains(&json!(text)),
            "and it reads back whole"
        );
    }

    #[test]
    fn a_long_run_stays_under_a_megabyte() {
        let mut events = whole_run();
        events.pop();
        for n in 1201..=120_000 {
            events.push(step(n));
            if n % 600 == 0 {
                events.push(readout(n, 12, 100));
                events.push(eval(n));
            }
            if n % 200 == 0 {
                let message = "long ".repeat(40);
                let warning = Warning { kind: WarningKind::Notice, step: n, message: Message::plain(message) };
                events.push(Event::Warning(warning));
            }
        }
        let html = html(&events, Lang::En);
        assert!(html.len() < 1_000_000, "{} bytes", html.len());
        let data = page_data(&html);
        let snapshots = data["probe"]["snapshots"].as_array().unwrap();
        assert!(snapshots.len() >= 15, "{} snapshots", snapshots.len());
        assert_eq!(data["probe"]["steps"].as_array().unwrap().last().unwrap(), 120_000);
    }

    #[test]
    fn the_state_of_a_run_is_its_last_word() {
        let state = |events: &[Event]| {
            let html = html(events, Lang::En);
            let (_, rest) = html.split_once("<p class=\"state ").unwrap();
            rest.split_once('"').unwrap().0.to_owned()
        };
        let mut events = whole_run();
        assert_eq!(state(&events), "done");
        events.push(Event::Failed(Failure { message: Message::plain("the disk is full"), ..Default::default() }));
        assert_eq!(state(&events), "failed");
        events.push(Event::Resumed { step: 1200 });
        assert_eq!(state(&events), "open");
    }

    #[test]
    fn runs_with_little_to_tell_make_a_page_too() {
        for events in
            [vec![], vec![Event::Plan(Box::new(plan()))], vec![readout(0, 0, 0)], vec![eval(1)], vec![step(1)]]
        {
            let html = html(&events, Lang::En);
            assert!(html.contains("<h1>") && html.ends_with("</html>\n"));
            page_data(&html);
        }
        let metrics = Metrics { mlm_loss: Some(2.5), ..Default::default() };
        let generator_only = Event::Step(Box::new(StepMetrics { step: 1, metrics, ..Default::default() }));
        assert!(html(&[generator_only], Lang::En).contains("<em>2.50 nats</em>"));
    }

    #[test]
    fn both_languages_have_the_same_words_and_blanks() {
        fn compare(path: &str, en: &Value, pt: &Value) {
            match (en, pt) {
                (Value::Object(en), Value::Object(pt)) => {
                    assert_eq!(en.keys().collect::<Vec<_>>(), pt.keys().collect::<Vec<_>>(), "{path}");
                    en.iter().for_each(|(key, value)| compare(&format!("{path}.{key}"), value, &pt[key]));
                }
                (Value::String(en), Value::String(pt)) => {
                    let blanks = |text: &str| {
                        text.split('{')
                            .skip(1)
                            .filter_map(|rest| rest.split('}').next().map(str::to_owned))
                            .collect::<Vec<_>>()
                    };
                    assert_eq!(blanks(en), blanks(pt), "{path}");
                    assert!(!en.is_empty() && !pt.is_empty(), "{path}");
                }
                _ => panic!("{path}: {en} against {pt}"),
            }
        }
        let words: Value = serde_json::from_str(WORDS).unwrap();
        compare("words", &words["en"], &words["pt"]);
        assert!(!WORDS.contains('<'), "it stands inside a script element");
        // Every word the script asks for is there.
        for (at, _) in SCRIPT.match_indices("t().").filter(|(at, _)| !SCRIPT.as_bytes()[at - 1].is_ascii_alphabetic()) {
            let name: String = SCRIPT[at + 4..].chars().take_while(char::is_ascii_alphanumeric).collect();
            assert!(words["en"].get(&name).is_some(), "{name}");
        }
    }
}
