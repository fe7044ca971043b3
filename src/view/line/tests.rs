//! Tests what is printed for a run's events: the lines, the numbers, the examples, and how many there are.

use std::sync::{Arc, Mutex};

use super::example::{fit, words_from_sentence};
use super::progress::Progress;
use super::*;
use crate::message::Message;
use crate::train::event::{
    Device, Event, Executor, Failure, Finished, Metrics, Outcome, Preparing, ReadToken, Readout, StepMetrics, Warning,
    WarningKind,
};

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
    assert_eq!(example(200, Lang::En, false), "the dog [ate > drank 91% o] the [bone 62% ^]s [on > with 20% x] mats.");
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
    assert_eq!(lines[0], "nano: 188 k parameters, 1,200 steps of 2,048 tokens, 47 MiB, on built-in, first-steps");
    assert_eq!(
        lines[2],
        "[0:12] (10%) 121/1,200  1:48 left  21,300 tokens/s  \
         generator 2.59 (unigram 4.41)  judge 0.301 (trivial 0.372)  AUC 0.78"
    );
    let pt = printed(Lang::Pt, &[plan(), step(1, 0.1), step(121, 12.1)]);
    assert!(pt[0].ends_with(", com texto embutido, primeiros passos"), "{}", pt[0]);
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
    let readout = |step| Event::Readout(Readout { step, sentences: vec![sentence()], swaps: Vec::new() });
    let lines = printed(Lang::En, &[readout(1), step(1, 0.0), step(2, 0.1), readout(2), step(300, 30.0)]);
    assert_eq!(lines.iter().filter(|line| line.contains("o caught, x missed, ^ false alarm")).count(), 1);
    assert_eq!(lines.iter().filter(|line| line.starts_with("  the dog [ate > drank")).count(), 2);
}

#[test]
fn sentences_take_turns_and_quiet_ones_are_passed_over() {
    let mut progress = Progress::new(Lang::En);
    let quiet = vec![token("hush", None, 0.1)];
    let other = vec![token("cat", Some("hat"), 0.8)];
    let readout =
        Event::Readout(Readout { step: 1, sentences: vec![sentence(), quiet.clone(), other], swaps: Vec::new() });
    let mut shown = || {
        progress.take(&readout);
        progress.example_text(80, false).unwrap()
    };
    assert!(shown().starts_with("the dog"));
    assert_eq!([shown(), shown()], ["[cat > hat 80% o]"; 2].map(str::to_owned));
    progress.take(&Event::Readout(Readout { step: 2, sentences: vec![quiet], swaps: Vec::new() }));
    assert_eq!(progress.example_text(80, false).unwrap(), "hush");
}

#[test]
fn a_word_that_the_program_swapped_is_marked_as_a_test() {
    let swap = vec![ReadToken { masked: false, ..token("bone", Some("song"), 0.97) }];
    for (lang, want) in [(Lang::En, "test: [bone > song 97% o]"), (Lang::Pt, "teste: [bone > song 97% o]")] {
        let mut progress = Progress::new(lang);
        progress.take(&Event::Readout(Readout { step: 1, sentences: Vec::new(), swaps: vec![swap.clone()] }));
        assert_eq!(progress.example_text(80, false).unwrap(), want);
    }
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
    assert_eq!(lines[1], "aviso (passo 1.200): o ponto de controle do passo 1.100 está a salvo");
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
