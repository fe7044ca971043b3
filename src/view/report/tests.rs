//! Tests the page of a run: what it says in both languages, that it needs nothing but itself, and that no text of the run becomes
//! markup.

use serde_json::{Value, json};

use super::*;
use crate::message::Message;
use crate::train::event::{
    Calibration, CalibrationBin, Confusion, Device, EvalMetrics, Event, Executor, Failure, Finished, Metrics, Outcome,
    Proposal, ReadToken, Readout, Settings, StepMetrics, Warning, WarningKind, tests::plan,
};
use crate::train::metrics::table::{Columns, Metric, Subject};

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
    Event::Readout(Readout { step, sentences: vec![(0..tokens).map(token).collect(); sentences], swaps: Vec::new() })
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
    (evil.preset, evil.corpus.name, evil.run, evil.engine) = (EVIL.into(), EVIL.into(), Some(EVIL.into()), EVIL.into());
    evil.corpus.level = None;
    events.insert(2, Event::Plan(Box::new(evil)));
    events.push(Event::Failed(Failure { message: Message::plain(EVIL), ..Default::default() }));
    let html = html(&events, Lang::En);
    assert!(!html.contains("<img"), "{}", &html[html.find("<img").unwrap()..][..80]);
    assert_eq!(html.matches("</script>").count(), 3, "words, data, script");
    let text: String = EVIL.chars().take(32).collect();
    assert!(
        page_data(&html)["readouts"]["texts"].as_array().unwrap().contains(&json!(text)),
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
    let snapshots = data["readouts"]["snapshots"].as_array().unwrap();
    assert!(snapshots.len() >= 15, "{} snapshots", snapshots.len());
    assert_eq!(data["readouts"]["steps"].as_array().unwrap().last().unwrap(), 120_000);
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
    for events in [vec![], vec![Event::Plan(Box::new(plan()))], vec![readout(0, 0, 0)], vec![eval(1)], vec![step(1)]] {
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
    let words = words::words();
    compare("words", &words["en"], &words["pt"]);
    assert!(!words.to_string().contains('$'), "a blank that the script does not know");
    // The page has every word that the script asks for.
    for (at, _) in SCRIPT.match_indices("t().").filter(|(at, _)| !SCRIPT.as_bytes()[at - 1].is_ascii_alphabetic()) {
        let name: String = SCRIPT[at + 4..].chars().take_while(char::is_ascii_alphanumeric).collect();
        assert!(words["en"].get(&name).is_some(), "{name}");
    }
}

#[test]
fn the_tables_have_the_columns_that_the_table_of_metrics_gives_them() {
    let keys = |columns| tables::metrics(columns).iter().map(|metric| metric.about().key).collect::<Vec<_>>().join(" ");
    assert_eq!(
        keys(Columns::HeldOut),
        "mlm_loss unigram_entropy rtd_loss trivial_rtd_loss token_rtd_loss rtd_auc rtd_auc_context swap_auc rtd_precision \
         rtd_recall rtd_accuracy sampled_accuracy replaced_share swap_caught swap_false_alarms"
    );
    assert_eq!(
        keys(Columns::Training),
        "mlm_loss rtd_loss trivial_rtd_loss rtd_auc rtd_auc_context rtd_precision rtd_recall lr grad_norm tokens_per_sec"
    );
    let html = html(&whole_run(), Lang::Pt);
    assert!(html.contains("<th scope=\"col\"><span lang=\"en\">sampled right</span><span lang=\"pt\">amostras certas"));
    assert!(html.contains("<td><span data-n=\"0.2118\" data-d=\"4\">0,2118</span></td>"), "a judge's loss has four");
}

#[test]
fn the_script_draws_what_the_table_of_metrics_gives_it() {
    let data = page_data(&html(&whole_run(), Lang::En));
    let metrics = data["metrics"].as_array().unwrap();
    let names: Vec<&str> = metrics.iter().map(|metric| metric["name"].as_str().unwrap()).collect();
    let drawn = Metric::reading_order().into_iter().filter(|metric| {
        // Only the window shows the accuracy chart.
        metric.about().subject.is_some_and(|subject| subject != Subject::Accuracy)
    });
    assert_eq!(names, drawn.map(|metric| metric.about().key).collect::<Vec<_>>());
    // The script names charts, and no metric.
    for metric in Metric::ALL {
        assert!(!SCRIPT.contains(&format!("\"{}\"", metric.about().key)) || metric == Metric::Lr, "{metric:?}");
    }
    for metric in metrics {
        let subject = metric["subject"].as_str().unwrap();
        assert_eq!(SCRIPT.matches(&format!("subject: \"{subject}\"")).count(), 1, "{subject} has one chart");
        assert!(
            !metric["label"]["en"].as_str().unwrap().is_empty() && !metric["label"]["pt"].as_str().unwrap().is_empty()
        );
    }
    let of = |name: &str| metrics.iter().find(|metric| metric["name"] == name).unwrap();
    assert_eq!(of("unigram_entropy")["value"], 4.43);
    assert_eq!((&of("rtd_auc")["chance"], &of("rtd_auc_rule")["kind"]), (&json!(0.5), &json!("marks")));
    assert_eq!((&of("rtd_precision")["style"], &of("rtd_recall")["style"]), (&json!("judge"), &json!("plain dots")));
    assert_eq!(
        (&of("lr")["only"], &of("trivial_rtd_loss")["only"], &of("grad_norm")["only"]),
        (&json!(true), &json!(true), &json!(false))
    );
}
