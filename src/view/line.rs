//! A run told to a person on standard error: a bar with numbers and one live sentence in a terminal, plain lines elsewhere.
//! events -> `Progress` (what is known now) -> text -> bar or lines. Everything reads without colour.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::message::Message;
use crate::train::event::{
    Device, EvalMetrics, Event, Finished, Metrics, Outcome, Preparing, ReadToken, Readout, RunPlan, StepMetrics,
    Verdict, Warning,
};
use crate::view::{Lang, duration_text, words};

/// The progress view of one run.
pub struct Line {
    progress: Progress,
    sink: Sink,
}

enum Sink {
    Bar(Bar),
    Plain(Plain),
}

/// Three lines that stay at the foot of the terminal.
struct Bar {
    group: MultiProgress,
    steps: ProgressBar,
    numbers: ProgressBar,
    example: ProgressBar,
    bold: bool,
    drawn: Option<Instant>,
}

/// Lines for a log file: often at first, ever more rarely later.
struct Plain {
    out: Box<dyn Write + Send>,
    next_secs: f64,
    /// The readout last printed.
    example: u64,
}

/// A log's line is not folded by anything: an example longer than this is cut around its first mark.
const PLAIN_WIDTH: usize = 160;

impl Line {
    /// A bar where standard error is a terminal, else lines.
    pub fn stderr(lang: Lang) -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if std::io::stderr().is_terminal() && !dumb {
            Self { progress: Progress::new(lang), sink: Sink::Bar(Bar::new(!set("NO_COLOR"))) }
        } else {
            Self::plain(lang, Box::new(std::io::stderr()))
        }
    }

    /// Lines into `out`, without colour.
    pub fn plain(lang: Lang, out: Box<dyn Write + Send>) -> Self {
        Self { progress: Progress::new(lang), sink: Sink::Plain(Plain { out, next_secs: 0.0, example: 0 }) }
    }

    /// Takes one event in and shows what changed. A closed standard error is no reason to stop a run.
    pub fn show(&mut self, event: &Event) {
        self.progress.take(event);
        let Self { progress, sink } = self;
        if let (Event::Finished(_) | Event::Failed(_), Sink::Bar(bar)) = (event, &mut *sink) {
            bar.close(progress);
        }
        if let Some(text) = progress.announcement(event) {
            sink.print(&text);
        }
        match (event, sink) {
            (Event::Step(step), Sink::Bar(bar)) => bar.step(progress, step.step),
            (Event::Step(step), Sink::Plain(plain)) => plain.step(progress, step),
            (Event::Readout(_), Sink::Bar(bar)) => bar.example(progress),
            _ => {}
        }
    }
}

impl Sink {
    fn print(&mut self, text: &str) {
        match self {
            Self::Bar(bar) => bar.group.println(text).ok(),
            Self::Plain(plain) => writeln!(plain.out, "{text}").ok(),
        };
    }
}

impl Bar {
    fn new(colour: bool) -> Self {
        let group = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let line = |template: &str| {
            let style = ProgressStyle::with_template(template).expect("the templates below are valid");
            group.add(ProgressBar::no_length().with_style(style.progress_chars("━╸─")))
        };
        let steps = line(if colour { "{bar:30.cyan/dim} {wide_msg}" } else { "{bar:30} {wide_msg}" });
        let (numbers, example) = (line("{wide_msg}"), line("{wide_msg}"));
        Self { steps, numbers, example, group, bold: colour, drawn: None }
    }

    fn step(&mut self, progress: &Progress, step: u64) {
        // A nano model makes a hundred steps a second; an eye follows ten.
        if self.drawn.is_some_and(|drawn| drawn.elapsed() < Duration::from_millis(100)) {
            return;
        }
        self.drawn = Some(Instant::now());
        if let Some(planned) = progress.planned_steps {
            self.steps.set_length(planned);
        }
        self.steps.set_position(step);
        self.steps.set_message(progress.pace_text());
        self.numbers.set_message(progress.numbers_text());
    }

    fn example(&self, progress: &Progress) {
        let (_, width) = Term::stderr().size();
        if let Some(text) = progress.example_text(usize::from(width), self.bold) {
            self.example.set_message(text);
        }
    }

    /// Turns the bar into lines that stay, above whatever comes next.
    fn close(&self, progress: &Progress) {
        for line in [&self.steps, &self.numbers, &self.example] {
            line.finish_and_clear();
        }
        let example = progress.example_text(PLAIN_WIDTH, self.bold);
        let last = [Some(progress.place_text()), Some(progress.numbers_text()), example];
        for text in last.into_iter().flatten().filter(|_| progress.step > 0) {
            self.group.println(text).ok();
        }
    }
}

impl Plain {
    fn step(&mut self, progress: &Progress, step: &StepMetrics) {
        let elapsed = step.elapsed_secs.unwrap_or(0.0);
        let last = progress.planned_steps == Some(step.step);
        if elapsed < self.next_secs && !last {
            return;
        }
        self.next_secs = elapsed + (elapsed * 0.15).clamp(5.0, 300.0);
        let numbers = progress.numbers_text();
        writeln!(self.out, "{}  {numbers}", progress.place_text()).ok();
        if self.example != progress.readouts {
            self.example = progress.readouts;
            if let Some(text) = progress.example_text(PLAIN_WIDTH, false) {
                writeln!(self.out, "  {text}").ok();
            }
        }
    }
}

/// What is known of a run so far, as far as a line can tell it.
struct Progress {
    lang: Lang,
    planned_steps: Option<u64>,
    unigram_entropy: Option<f64>,
    step: u64,
    elapsed_secs: f64,
    /// Where the pace is measured from: the first step of this sitting.
    since: Option<(u64, f64)>,
    tokens_per_sec: Average,
    mlm_loss: Average,
    rtd_loss: Average,
    trivial: Average,
    auc: Average,
    held_out_auc: Option<f64>,
    readouts: u64,
    sentence: Vec<ReadToken>,
    prepared: Prepared,
}

/// What was told last of the time before the first step: lines stay, so that a share of one piece of work is told by quarters.
#[derive(Default)]
struct Prepared {
    message: Option<Message>,
    share: f32,
    news: bool,
}

impl Prepared {
    fn take(&mut self, preparing: &Preparing) {
        let share = preparing.share.unwrap_or(1.0);
        self.news =
            self.message.as_ref() != Some(&preparing.message) || share >= self.share + 0.25 || share < self.share;
        if self.news {
            self.message = Some(preparing.message.clone());
            self.share = share;
        }
    }
}

impl Progress {
    fn new(lang: Lang) -> Self {
        Self {
            lang,
            planned_steps: None,
            unigram_entropy: None,
            step: 0,
            elapsed_secs: 0.0,
            since: None,
            tokens_per_sec: Average::default(),
            mlm_loss: Average::default(),
            rtd_loss: Average::default(),
            trivial: Average::default(),
            auc: Average::default(),
            held_out_auc: None,
            readouts: 0,
            sentence: Vec::new(),
            prepared: Prepared::default(),
        }
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::Plan(plan) => {
                self.planned_steps = plan.planned_steps;
                self.unigram_entropy = plan.corpus.unigram_entropy;
            }
            Event::Step(step) => self.take_step(step),
            Event::Eval(eval) => {
                self.held_out_auc = eval.metrics.rtd_auc;
                self.unigram_entropy = self.unigram_entropy.or(eval.unigram_entropy);
            }
            Event::Readout(readout) => self.take_readout(readout),
            Event::Resumed { step } => self.step = *step,
            Event::Preparing(preparing) => self.prepared.take(preparing),
            _ => {}
        }
    }

    fn take_step(&mut self, step: &StepMetrics) {
        self.step = step.step;
        self.elapsed_secs = step.elapsed_secs.unwrap_or(self.elapsed_secs);
        self.since.get_or_insert((step.step, self.elapsed_secs));
        let Metrics { mlm_loss, rtd_loss, trivial_rtd_loss, rtd_auc, .. } = step.metrics;
        self.tokens_per_sec.update(step.tokens_per_sec);
        self.mlm_loss.update(mlm_loss);
        self.rtd_loss.update(rtd_loss);
        self.trivial.update(trivial_rtd_loss);
        self.auc.update(rtd_auc);
    }

    /// The sentences take turns, those with nothing to see left out.
    fn take_readout(&mut self, readout: &Readout) {
        let n = readout.sentences.len();
        let first = self.readouts as usize;
        let turn = (0..n).map(|i| &readout.sentences[(first + i) % n]);
        if let Some(sentence) = turn.clone().find(|sentence| sentence.iter().any(is_marked)).or(turn.clone().next()) {
            self.sentence.clone_from(sentence);
            self.readouts += 1;
        }
    }

    fn secs_left(&self) -> Option<f64> {
        let (first_step, first_secs) = self.since?;
        let made = self.step.checked_sub(first_step).filter(|made| *made > 0)?;
        let left = self.planned_steps?.checked_sub(self.step).filter(|left| *left > 0)?;
        Some((self.elapsed_secs - first_secs) / made as f64 * left as f64)
    }

    /// `1,200/4,000  1:04 left  21,300 tokens/s`
    fn pace_text(&self) -> String {
        let lang = self.lang;
        let mut parts = vec![match self.planned_steps {
            Some(planned) => format!("{}/{}", lang.whole(self.step), lang.whole(planned)),
            None => format!("{} {}", lang.pick("step", "passo"), lang.whole(self.step)),
        }];
        if let Some(secs) = self.secs_left() {
            let clock = clock_text(secs);
            parts.push(lang.pick(format!("{clock} left"), format!("faltam {clock}")));
        }
        if let Some(rate) = self.tokens_per_sec.value() {
            parts.push(format!("{} tokens/s", lang.decimal(rate, 0)));
        }
        parts.join("  ")
    }

    /// The same for a line that has no bar beside it.
    fn place_text(&self) -> String {
        let done = self.planned_steps.map(|planned| self.step as f64 / planned.max(1) as f64);
        let percent = done.map_or_else(String::new, |done| format!(" ({:.0}%)", done * 100.0));
        format!("[{}]{percent} {}", clock_text(self.elapsed_secs), self.pace_text())
    }

    fn numbers_text(&self) -> String {
        let held_out = self.held_out_auc;
        let values = [self.mlm_loss.value(), self.rtd_loss.value(), self.trivial.value(), self.auc.value()];
        numbers_text(self.lang, values, self.unigram_entropy, held_out)
    }

    fn example_text(&self, width: usize, bold: bool) -> Option<String> {
        let words = words_from_sentence(&self.sentence, self.lang);
        (!words.is_empty()).then(|| fit(&words, width, bold))
    }

    /// What is worth a line of its own, once.
    fn announcement(&self, event: &Event) -> Option<String> {
        let lang = self.lang;
        match event {
            Event::Device(device) => Some(device_text(device, lang)),
            Event::Plan(plan) => Some(plan_text(plan, lang)),
            Event::Preparing(preparing) if self.prepared.news => {
                let message = words::text(&preparing.message, lang);
                let share = preparing.share.map(|share| format!(" {}", lang.percent(f64::from(share), 0)));
                Some(format!("{message}{}", share.unwrap_or_default()))
            }
            Event::Eval(eval) => Some(eval_text(eval, lang)),
            Event::Readout(_) if self.readouts == 1 => Some(legend_text(lang).to_owned()),
            Event::Warning(warning) => Some(warning_text(warning, lang)),
            Event::Checkpoint { step, path } => Some(match lang {
                Lang::En => format!("checkpoint at step {}: {path}", lang.whole(*step)),
                Lang::Pt => format!("checkpoint no passo {}: {path}", lang.whole(*step)),
            }),
            Event::Resumed { step } => Some(match lang {
                Lang::En => format!("going on after step {}", lang.whole(*step)),
                Lang::Pt => format!("continuando depois do passo {}", lang.whole(*step)),
            }),
            Event::Finished(finished) => Some(finished_text(finished, self.elapsed_secs, lang)),
            // The command line prints the error that ended the run, in one place; what is for views is not for lines.
            _ => None,
        }
    }
}

/// An average over the last twenty values or so: single steps jump.
#[derive(Debug, Clone, Copy, Default)]
struct Average {
    value: f64,
    count: u32,
}

impl Average {
    fn update(&mut self, value: Option<f64>) {
        let Some(value) = value.filter(|value| value.is_finite()) else { return };
        self.count = (self.count + 1).min(20);
        self.value += (value - self.value) / f64::from(self.count);
    }

    fn value(&self) -> Option<f64> {
        (self.count > 0).then_some(self.value)
    }
}

/// `generator 2.59 (unigram 4.41)  judge 0.301 (trivial 0.372)  AUC 0.78, held out 0.77`
fn numbers_text(
    lang: Lang,
    [mlm, rtd, trivial, auc]: [Option<f64>; 4],
    unigram: Option<f64>,
    held_out: Option<f64>,
) -> String {
    let beside = |name: &str, value: Option<f64>, decimals| {
        value.map_or_else(String::new, |value| format!(" ({name} {})", lang.decimal(value, decimals)))
    };
    let mut parts = Vec::with_capacity(3);
    if let Some(mlm) = mlm {
        let unigram = beside(lang.pick("unigram", "unigrama"), unigram, 2);
        parts.push(format!("{} {}{unigram}", lang.pick("generator", "gerador"), lang.decimal(mlm, 2)));
    }
    if let Some(rtd) = rtd {
        let trivial = beside(lang.pick("trivial", "trivial"), trivial, 3);
        parts.push(format!("{} {}{trivial}", lang.pick("judge", "discriminador"), lang.decimal(rtd, 3)));
    }
    if let Some(auc) = auc {
        let held_out = held_out.map_or_else(String::new, |held_out| {
            format!(", {} {}", lang.pick("held out", "reservado"), lang.decimal(held_out, 2))
        });
        parts.push(format!("AUC {}{held_out}", lang.decimal(auc, 2)));
    }
    parts.join("  ")
}

fn eval_text(eval: &EvalMetrics, lang: Lang) -> String {
    let m = &eval.metrics;
    let numbers =
        numbers_text(lang, [m.mlm_loss, m.rtd_loss, m.trivial_rtd_loss, m.rtd_auc], eval.unigram_entropy, None);
    let recall = m.rtd_recall.map_or_else(String::new, |recall| {
        format!("  {} {}", lang.pick("caught", "detectados"), lang.percent(recall, 0))
    });
    match lang {
        Lang::En => format!("held out, step {}: {numbers}{recall}", lang.whole(eval.step)),
        Lang::Pt => format!("texto reservado, passo {}: {numbers}{recall}", lang.whole(eval.step)),
    }
}

/// `device: llvmpipe (vulkan): it was asked for`
pub fn device_text(device: &Device, lang: Lang) -> String {
    let backend = device.backend.as_ref().map_or_else(String::new, |backend| format!(" ({backend})"));
    let reason = words::text(&device.reason, lang);
    format!("{}: {}{backend}: {reason}", lang.pick("device", "dispositivo"), device.name)
}

fn plan_text(plan: &RunPlan, lang: Lang) -> String {
    let mib = lang.whole(plan.peak_bytes.div_ceil(1 << 20));
    let (parameters, tokens) = (lang.rough(plan.parameters), lang.whole(plan.rows * plan.row_tokens));
    let steps = plan.planned_steps.map(|steps| lang.whole(steps));
    let corpus = &plan.corpus.name;
    match lang {
        Lang::En => format!(
            "{}: {parameters} parameters, {} of {tokens} tokens, {mib} MiB, on {corpus}",
            plan.preset,
            steps.map_or_else(|| "steps".to_owned(), |steps| format!("{steps} steps")),
        ),
        Lang::Pt => format!(
            "{}: {parameters} parâmetros, {} de {tokens} tokens, {mib} MiB, com {corpus}",
            plan.preset,
            steps.map_or_else(|| "passos".to_owned(), |steps| format!("{steps} passos")),
        ),
    }
}

fn warning_text(warning: &Warning, lang: Lang) -> String {
    let label = lang.pick("warning", "aviso");
    let step = lang.pick("step", "passo");
    format!("{label} ({step} {}): {}", lang.whole(warning.step), words::text(&warning.message, lang))
}

fn finished_text(finished: &Finished, elapsed_secs: f64, lang: Lang) -> String {
    if finished.run.is_none() && finished.step == 0 {
        return lang
            .pick(
                "stopped before the first step; no run was begun",
                "parado antes do primeiro passo; nenhum treino começou",
            )
            .to_owned();
    }
    let (step, time) = (lang.whole(finished.step), duration_text(elapsed_secs));
    let mut text = match (finished.outcome, lang) {
        (Outcome::Completed, Lang::En) => format!("done: {step} steps in {time}"),
        (Outcome::Completed, Lang::Pt) => format!("pronto: {step} passos em {time}"),
        (Outcome::Stopped, Lang::En) => format!("stopped after step {step}, {time}; --resume goes on from here"),
        (Outcome::Stopped, Lang::Pt) => format!("parado depois do passo {step}, {time}; --resume continua daqui"),
    };
    if let Some(run) = &finished.run {
        text.push_str(&format!("\n{}: {run}", lang.pick("the run", "o treino")));
    }
    if !finished.next.is_empty() {
        text.push_str(lang.pick("\ntry next:", "\nagora experimente:"));
        finished.next.iter().for_each(|command| text.push_str(&format!("\n  {command}")));
    }
    text
}

/// `1:04` or `2:03:04`
fn clock_text(secs: f64) -> String {
    let secs = secs.max(0.0).round() as u64;
    let (hours, minutes, secs) = (secs / 3600, secs / 60 % 60, secs % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{secs:02}") } else { format!("{minutes}:{secs:02}") }
}

fn legend_text(lang: Lang) -> &'static str {
    lang.pick(
        "the judge's marks: [original > replacement p(replaced)], o caught, x missed, ^ false alarm",
        "as marcas do discriminador: [original > substituto p(substituído)], o detectado, x não detectado, ^ alarme falso",
    )
}

/// A piece of the example line.
struct Word {
    text: String,
    marked: bool,
    /// Stands against the piece before it, without a space.
    joined: bool,
}

fn is_marked(token: &ReadToken) -> bool {
    matches!(token.verdict(), Verdict::Caught | Verdict::Missed | Verdict::FalseAlarm)
}

/// `the dog [ate > drank 91% o] the [bone 62% ^].`
fn words_from_sentence(sentence: &[ReadToken], lang: Lang) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::with_capacity(sentence.len());
    for token in sentence.iter().filter(|token| !token.special) {
        let p = lang.percent(token.p_replaced.unwrap_or(0.0), 0);
        let read = token.read();
        let text = match token.verdict() {
            Verdict::Caught => format!("[{} > {read} {p} o]", token.original),
            Verdict::Missed => format!("[{} > {read} {p} x]", token.original),
            Verdict::FalseAlarm => format!("[{read} {p} ^]"),
            Verdict::LuckyGuess | Verdict::Passed | Verdict::None => read.trim_start_matches("##").to_owned(),
        };
        let marked = is_marked(token);
        let joined = !marked && !words.is_empty() && (read.starts_with("##") || is_closing(read));
        words.push(Word { text, marked, joined });
    }
    words
}

fn is_closing(token: &str) -> bool {
    matches!(token, "." | "," | ";" | ":" | "!" | "?" | ")" | "]" | "'" | "’")
}

/// The sentence, or as much of it as fits `width` from a little before its first mark.
fn fit(words: &[Word], width: usize, bold: bool) -> String {
    let widths: Vec<usize> = words.iter().map(|word| word.text.chars().count() + usize::from(!word.joined)).collect();
    let whole: usize = widths.iter().sum();
    let first_mark = words.iter().position(|word| word.marked).unwrap_or(0);
    let start = if whole <= width { 0 } else { first_mark.saturating_sub(2) };
    let mut line = String::new();
    let mut room = width;
    if start > 0 {
        line.push('…');
        room = room.saturating_sub(1);
    }
    for (word, word_width) in words.iter().zip(&widths).skip(start) {
        // One column stays free for the sign that something is left out.
        if *word_width >= room {
            line.push('…');
            break;
        }
        room -= word_width;
        if !word.joined && !line.is_empty() {
            line.push(' ');
        }
        if word.marked && bold {
            line.push_str(&format!("\u{1b}[1m{}\u{1b}[0m", word.text));
        } else {
            line.push_str(&word.text);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::train::event::{Executor, Failure, WarningKind};

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn printed(lang: Lang, events: &[Event]) -> Vec<String> {
        let paper = Paper::default();
        let mut line = Line::plain(lang, Box::new(paper.clone()));
        events.iter().for_each(|event| line.show(event));
        let bytes = paper.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }

    fn token(original: &str, sampled: Option<&str>, p: f64) -> ReadToken {
        ReadToken {
            original: original.into(),
            masked: sampled.is_some(),
            sampled: sampled.map(str::to_owned),
            replaced: sampled.is_some_and(|sampled| sampled != original),
            p_replaced: Some(p),
            special: original.starts_with('['),
            ..Default::default()
        }
    }

    #[test]
    fn a_share_is_told_by_quarters() {
        let of = |message: &str, share| {
            let share = Some(share);
            Event::Preparing(Preparing { message: Message::plain(message.to_owned()), share })
        };
        let mut events: Vec<Event> = (0..=40).map(|i| of("measuring", i as f32 / 40.0)).collect();
        events.push(of("reading", 0.1));
        let told = printed(Lang::En, &events);
        assert_eq!(
            told,
            ["measuring 0%", "measuring 25%", "measuring 50%", "measuring 75%", "measuring 100%", "reading 10%"]
        );
    }

    fn sentence() -> Vec<ReadToken> {
        vec![
            token("[CLS]", None, 0.9),
            token("the", None, 0.02),
            token("dog", Some("dog"), 0.1),
            token("ate", Some("drank"), 0.91),
            token("the", None, 0.03),
            token("bone", None, 0.62),
            token("##s", None, 0.1),
            token("on", Some("with"), 0.2),
            token("mats", None, 0.1),
            token(".", None, 0.0),
            token("[SEP]", None, 0.0),
        ]
    }

    fn example(width: usize, lang: Lang, bold: bool) -> String {
        fit(&words_from_sentence(&sentence(), lang), width, bold)
    }

    #[test]
    fn the_example_reads_without_colour() {
        assert_eq!(
            example(200, Lang::En, false),
            "the dog [ate > drank 91% o] the [bone 62% ^]s [on > with 20% x] mats."
        );
        assert!(example(200, Lang::En, true).contains("\u{1b}[1m[ate > drank 91% o]\u{1b}[0m the"));
    }

    #[test]
    fn a_long_example_is_cut_and_keeps_its_first_mark() {
        for width in [30, 40, 50, 60] {
            let text = example(width, Lang::En, false);
            assert!(text.chars().count() <= width, "{width}: {text}");
            assert!(text.contains("[ate > drank 91% o]") || width < 35, "{width}: {text}");
            assert!(text.ends_with('…'), "{text}");
        }
        let long: Vec<_> = std::iter::repeat_n(token("word", None, 0.0), 40).chain(sentence()).collect();
        let text = fit(&words_from_sentence(&long, Lang::En), 60, false);
        assert!(text.starts_with('…') && text.contains("[ate > drank 91% o]"), "{text}");
    }

    fn step(step: u64, elapsed_secs: f64) -> Event {
        Event::Step(Box::new(StepMetrics {
            step,
            elapsed_secs: Some(elapsed_secs),
            tokens_per_sec: Some(21_300.0),
            metrics: Metrics {
                mlm_loss: Some(2.594),
                rtd_loss: Some(0.3014),
                trivial_rtd_loss: Some(0.372),
                rtd_auc: Some(0.78),
                ..Default::default()
            },
            ..Default::default()
        }))
    }

    fn plan() -> Event {
        Event::Plan(Box::new(crate::train::event::tests::plan()))
    }

    #[test]
    fn a_log_gets_whole_lines_with_place_pace_and_bounds() {
        let lines = printed(Lang::En, &[plan(), step(1, 0.1), step(121, 12.1)]);
        assert_eq!(lines[0], "nano: 188 k parameters, 1,200 steps of 2,048 tokens, 47 MiB, on built-in, first steps");
        assert_eq!(
            lines[2],
            "[0:12] (10%) 121/1,200  1:48 left  21,300 tokens/s  \
             generator 2.59 (unigram 4.41)  judge 0.301 (trivial 0.372)  AUC 0.78"
        );
        let pt = printed(Lang::Pt, &[plan(), step(1, 0.1), step(121, 12.1)]);
        assert_eq!(
            pt[2],
            "[0:12] (10%) 121/1.200  faltam 1:48  21.300 tokens/s  \
             gerador 2,59 (unigrama 4,41)  discriminador 0,301 (trivial 0,372)  AUC 0,78"
        );
    }

    #[test]
    fn a_log_stays_short_however_long_the_run() {
        let two_minutes: Vec<Event> = (1..=1200).map(|n| step(n, n as f64 * 0.1)).collect();
        assert!((15..30).contains(&printed(Lang::En, &two_minutes).len()));
        let two_days: Vec<Event> = (1..=20_000).map(|n| step(n, n as f64 * 8.64)).collect();
        assert!((400..700).contains(&printed(Lang::En, &two_days).len()));
    }

    #[test]
    fn the_last_planned_step_is_always_printed() {
        let lines = printed(Lang::En, &[plan(), step(1, 0.0), step(1199, 1.0), step(1200, 1.1)]);
        assert!(lines.last().unwrap().contains("(100%) 1,200/1,200  21,300"), "nothing is left: {lines:?}");
    }

    #[test]
    fn an_example_follows_each_status_line_and_its_legend_comes_once() {
        let readout = |step| Event::Readout(Readout { step, sentences: vec![sentence()] });
        let lines = printed(Lang::En, &[readout(1), step(1, 0.0), step(2, 0.1), readout(2), step(300, 30.0)]);
        assert_eq!(lines.iter().filter(|line| line.contains("o caught, x missed, ^ false alarm")).count(), 1);
        assert_eq!(lines.iter().filter(|line| line.starts_with("  the dog [ate > drank")).count(), 2);
    }

    #[test]
    fn sentences_take_turns_and_quiet_ones_are_passed_over() {
        let mut progress = Progress::new(Lang::En);
        let quiet = vec![token("hush", None, 0.1)];
        let other = vec![token("cat", Some("hat"), 0.8)];
        let readout = Event::Readout(Readout { step: 1, sentences: vec![sentence(), quiet.clone(), other] });
        let mut shown = || {
            progress.take(&readout);
            progress.example_text(80, false).unwrap()
        };
        assert!(shown().starts_with("the dog"));
        assert_eq!([shown(), shown()], ["[cat > hat 80% o]"; 2].map(str::to_owned));
        progress.take(&Event::Readout(Readout { step: 2, sentences: vec![quiet] }));
        assert_eq!(progress.example_text(80, false).unwrap(), "hush");
    }

    #[test]
    fn the_time_left_after_a_resume_is_measured_in_this_sitting() {
        let mut progress = Progress::new(Lang::En);
        for event in [plan(), Event::Resumed { step: 600 }, step(601, 1000.0), step(701, 1010.0)] {
            progress.take(&event);
        }
        assert!((progress.secs_left().unwrap() - 49.9).abs() < 1e-9, "{:?}", progress.secs_left());
    }

    #[test]
    fn warnings_device_and_end_are_told_in_the_language() {
        let device = Event::Device(Device {
            executor: Executor::Cpu,
            name: "2 threads".into(),
            backend: None,
            reason: Message::new("device-none-found"),
        });
        let warning = Event::Warning(Warning {
            kind: WarningKind::Notice,
            step: 1200,
            message: Message::new("checkpoint-is-safe").with("step", 1100_u64),
        });
        let finished = Event::Finished(Finished {
            outcome: Outcome::Completed,
            step: 1200,
            run: Some("runs/x".into()),
            next: vec!["electroscope detect runs/x \"o cão\"".into()],
        });
        let failed = Event::Failed(Failure { message: Message::plain("told by main"), ..Default::default() });
        let lines = printed(Lang::Pt, &[device, warning, step(1200, 118.0), finished, failed]);
        assert_eq!(lines[0], "dispositivo: 2 threads: nenhum adaptador de GPU foi encontrado");
        assert_eq!(lines[1], "aviso (passo 1.200): o ponto de controle do passo 1100 está a salvo");
        assert_eq!(lines[3], "pronto: 1.200 passos em 1 min 58 s");
        assert_eq!(lines[6], "  electroscope detect runs/x \"o cão\"");
        assert_eq!(lines.len(), 7);
    }

    #[test]
    fn a_run_without_a_judge_shows_its_generator_alone() {
        let metrics = Metrics { mlm_loss: Some(3.0), ..Default::default() };
        let event = Event::Step(Box::new(StepMetrics { step: 1, metrics, ..Default::default() }));
        assert_eq!(printed(Lang::En, &[event]), ["[0:00] step 1  generator 3.00"]);
    }
}
