//! The words that the page's script writes, in both languages: names of the script -> Fluent messages -> JSON.

use crate::message::Fact;
use crate::view::Lang;
use crate::view::words::Strings;
use serde_json::{Map, Value};

/// What the script calls a word (`t().verdict.caught` is in a group), and its message.
const WORDS: [(&str, &str); 58] = [
    ("step", "page-step"),
    ("play", "page-play"),
    ("pause", "page-pause"),
    ("moment", "page-moment"),
    ("caught", "page-caught"),
    ("missed", "page-missed"),
    ("alarm", "page-alarm"),
    ("lucky", "page-lucky"),
    ("scale", "page-scale"),
    ("was", "page-was"),
    ("reads", "page-reads"),
    ("noJudge", "page-no-judge"),
    ("masked", "page-masked"),
    ("unmasked", "page-unmasked"),
    ("byHand", "page-by-hand"),
    ("luckyGuess", "page-lucky-guess"),
    ("judge", "page-judge"),
    ("says", "page-says"),
    ("verdict.caught", "page-verdict-caught"),
    ("verdict.missed", "page-verdict-missed"),
    ("verdict.alarm", "page-verdict-alarm"),
    ("verdict.lucky", "page-verdict-lucky"),
    ("verdict.passed", "page-verdict-passed"),
    ("guesses", "page-guesses"),
    ("overTime", "page-over-time"),
    ("dots", "page-dots"),
    ("pick", "page-pick"),
    ("stepAxis", "page-step-axis"),
    ("lossAxis", "page-loss-axis"),
    ("linear", "page-linear"),
    ("log", "page-log"),
    ("heldOut", "page-held-out"),
    ("trainStep", "page-train-step"),
    ("chance", "page-chance"),
    ("each", "page-each"),
    ("mean", "page-mean"),
    ("steps", "page-steps"),
    ("charts.mlm", "page-charts-mlm"),
    ("charts.rtd", "page-charts-rtd"),
    ("charts.auc", "page-charts-auc"),
    ("charts.pr", "page-charts-pr"),
    ("charts.acc", "page-charts-acc"),
    ("charts.grad", "page-charts-grad"),
    ("charts.lr", "page-charts-lr"),
    ("charts.rate", "page-charts-rate"),
    ("matrix", "page-matrix"),
    ("wasReplaced", "page-was-replaced"),
    ("wasOriginal", "page-was-original"),
    ("judgedReplaced", "page-judged-replaced"),
    ("judgedOriginal", "page-judged-original"),
    ("tokens", "page-tokens"),
    ("base", "page-base"),
    ("rows", "page-rows"),
    ("calibration", "page-calibration"),
    ("ece", "page-ece"),
    ("said", "page-said"),
    ("true", "page-true"),
    ("bars", "page-bars"),
];

/// What the script fills in by itself is left as `{name}`.
const BLANKS: [&str; 3] = ["blind", "error", "right"];

/// `{"en": {...}, "pt": {...}}`
pub(super) fn words() -> Value {
    [Lang::En, Lang::Pt].into_iter().map(|lang| (lang.code().to_owned(), Value::Object(words_in(lang)))).collect()
}

fn words_in(lang: Lang) -> Map<String, Value> {
    let blanks = BLANKS.map(|name| (name, Fact::from(format!("{{{name}}}"))));
    let mut words = Map::new();
    for (name, key) in WORDS {
        let text = Value::from(Strings::of(lang).with(key, &blanks));
        if let Some((group, name)) = name.split_once('.') {
            words.entry(group).or_insert_with(|| Map::new().into())[name] = text;
        } else {
            words.insert(name.to_owned(), text);
        }
    }
    words
}
