//! Compares the Fluent files with each other and with the code: every code has its sentence in both languages, with its facts, and
//! no sentence is left over.

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Messages that belong to no panel: their keys are the codes of the engine.
const CODES: [&str; 2] = ["events", "errors"];

type Names = BTreeSet<String>;

/// Keys of a file, attributes as `key.attribute`, each with the names of its values. Read line by line: an entry starts at a line's
/// start.
fn keys(ftl: &str) -> BTreeMap<String, Names> {
    let mut found: BTreeMap<String, Names> = BTreeMap::new();
    let (mut message, mut current) = (String::new(), None);
    for line in ftl.lines() {
        let name = line.split_once(" =").map(|(name, _)| name.trim());
        if line.starts_with(|c: char| c.is_ascii_lowercase()) {
            message = name.unwrap_or_default().to_owned();
            current = Some(message.clone());
        } else if let Some(attribute) = name.filter(|name| is_attribute(name)) {
            current = Some(format!("{message}{attribute}"));
        }
        let Some(key) = current.as_ref().filter(|_| !line.starts_with('#')) else { continue };
        let names = found.entry(key.clone()).or_default();
        names.extend(
            line.split('$')
                .skip(1)
                .map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>()),
        );
    }
    found
}

fn is_attribute(name: &str) -> bool {
    name.strip_prefix('.').is_some_and(is_key)
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

#[cfg(not(target_arch = "wasm32"))] // the files of the code
fn all_keys() -> BTreeMap<String, Names> {
    FILES.iter().flat_map(|(_, en, _)| keys(en)).collect()
}

/// The product's code, file by file, without its tests.
#[cfg(not(target_arch = "wasm32"))] // the files of the code
fn sources() -> Vec<(String, String)> {
    fn read(folder: &Path, into: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                read(&path, into);
            } else if name.ends_with(".rs") && !name.ends_with("/tests.rs") && !name.contains("/tests/") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("\nmod tests {").next().unwrap_or_default();
                into.push((
                    name,
                    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n"),
                ));
            }
        }
    }
    let mut found = Vec::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}

/// The text up to the bracket that closes the one before it, strings respected.
fn argument(text: &str) -> &str {
    let (mut depth, mut quoted, mut escaped) = (1, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[..at];
        }
    }
    text
}

fn literal(text: &str) -> Option<&str> {
    text.trim_start().strip_prefix('"')?.split('"').next()
}

/// The literals of an expression that can be keys.
fn key_literals(text: &str) -> Vec<&str> {
    text.split('"').skip(1).step_by(2).filter(|text| is_key(text)).collect()
}

/// A place in the code that makes a message: its code, the facts that follow, and the advice it names.
#[derive(Debug, Default, PartialEq)]
struct Site {
    code: String,
    facts: Names,
    hints: Vec<String>,
}

/// What a file's code makes with one of `makers`. A code that is no literal is as it stands in the code: the check refuses it.
fn sites(code: &str, makers: &[&str]) -> Vec<Site> {
    let starts = makers.iter().flat_map(|maker| code.match_indices(maker).map(|(at, maker)| at + maker.len()));
    starts
        .map(|start| {
            let inside = argument(&code[start..]);
            let mut site = Site { code: literal(inside).unwrap_or(inside.trim()).to_owned(), ..Site::default() };
            let mut rest = code[start + inside.len() + 1..].trim_start();
            while let Some(call) = rest.strip_prefix('.') {
                let Some((method, after)) = call.split_once('(') else { break };
                let inside = argument(after);
                match method {
                    "with" => site.facts.extend(literal(inside).map(str::to_owned)),
                    "hint" => site.hints = key_literals(inside).into_iter().map(str::to_owned).collect(),
                    _ if is_key(&method.replace('_', "-")) => {}
                    _ => break,
                }
                rest = after[inside.len() + 1..].trim_start();
            }
            site
        })
        .collect()
}

/// The parts of a macro's arguments, cut at the commas that no bracket holds.
fn parts(arguments: &str) -> Vec<&str> {
    let (mut rest, mut found) = (arguments, Vec::new());
    while !rest.trim().is_empty() {
        let (mut at, mut depth, mut quoted, mut escaped) = (rest.len(), 0_i32, false, false);
        for (place, c) in rest.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                '(' | '[' | '{' if !quoted => depth += 1,
                ')' | ']' | '}' if !quoted => depth -= 1,
                ',' if !quoted && depth == 0 => {
                    at = place;
                    break;
                }
                _ => {}
            }
        }
        found.push(rest[..at].trim());
        rest = rest.get(at + 1..).unwrap_or_default();
    }
    found
}

/// What a file's code says with `t!(strings, "key", name = value)`, where the key is a literal.
fn spoken_sites(code: &str) -> Vec<Site> {
    let calls =
        code.match_indices("t!(").filter(|(at, _)| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
    calls
        .filter_map(|(at, call)| {
            let parts = parts(argument(&code[at + call.len()..]));
            let code = literal(parts.get(1)?)?.to_owned();
            let facts = parts[2..].iter().filter_map(|part| Some(part.split_once('=')?.0.trim().to_owned())).collect();
            Some(Site { code, facts, ..Site::default() })
        })
        .collect()
}

/// What is wrong with the messages that a file's code makes.
fn faults(code: &str, known: &BTreeMap<String, Names>) -> Vec<String> {
    let mut found = Vec::new();
    let nothing = Names::new();
    let made = sites(code, &["Error::usage(", "Error::failed(", "Message::new("]);
    let mut hinted: BTreeSet<String> = made.iter().flat_map(|site| site.hints.clone()).collect();
    // Advice that an error is given later brings its facts along; the site's code is the first of them.
    for mut later in sites(code, &["error.with("]) {
        later.facts.insert(later.code);
        let (fit, rest): (Vec<_>, Vec<_>) =
            later.hints.into_iter().partition(|hint| known.get(hint) == Some(&later.facts));
        hinted.extend(fit);
        found.extend(rest.into_iter().map(|hint| format!("{hint}: the code gives {:?}", later.facts)));
    }
    for site in made {
        let Some(sentence) = known.get(&site.code) else {
            found.push(format!("no sentence for {}", site.code));
            continue;
        };
        found.extend(
            site.hints
                .iter()
                .filter(|hint| !hint.starts_with("help-") && !known.contains_key(*hint))
                .map(|h| format!("no advice {h}")),
        );
        let own = known.get(&format!("{}.help", site.code)).unwrap_or(&nothing);
        let advice = site.hints.iter().filter_map(|hint| known.get(hint)).flatten();
        let wanted: Names = sentence.iter().chain(own).chain(advice).cloned().collect();
        if wanted != site.facts {
            found.push(format!("{}: its sentence names {wanted:?}, the code gives {:?}", site.code, site.facts));
        }
    }
    for site in spoken_sites(code) {
        let known = known.get(&site.code);
        if known != Some(&site.facts) {
            found.push(format!("t!({}): its sentence names {known:?}, the code gives {:?}", site.code, site.facts));
        }
    }
    // `doing` is handed on from a call that has the literal, which is looked at below.
    for site in sites(code, &["Error::io("])
        .into_iter()
        .filter(|site| !site.code.starts_with("doing,") && !site.code.starts_with("io-"))
    {
        if !known.contains_key(&site.code) {
            found.push(format!("no words for {}", site.code));
        }
    }
    // What is chosen in one place and used in another cannot be compared with its facts, so it has none.
    for key in key_literals(code).into_iter().filter(|key| key.starts_with("help-") || key.starts_with("io-")) {
        match known.get(key) {
            None => found.push(format!("no words for {key}")),
            Some(names) if !names.is_empty() && !hinted.contains(key) => {
                found.push(format!("{key} names {names:?}, and is not written in the .hint() of a message"));
            }
            Some(_) => {}
        }
    }
    found
}

#[test]
fn both_languages_say_the_same_things() {
    for (name, en, pt) in FILES {
        let [en, pt] = [en, pt].map(keys);
        assert!(!en.is_empty(), "{name}.ftl is empty");
        assert_eq!(en, pt, "{name}.ftl: keys and values differ");
        for key in en.keys().filter(|_| !CODES.contains(&name)) {
            assert!(key.starts_with(name), "{name}.ftl: {key} does not begin with its file's name");
        }
    }
}

#[test]
fn every_file_parses() {
    for (name, en, pt) in FILES {
        for (lang, text) in [("en", en), ("pt", pt)] {
            if let Err((_, errors)) = FluentResource::try_new(text.to_owned()) {
                panic!("{lang}/{name}.ftl: {errors:?}");
            }
        }
    }
}

/// Keys of panels stand in the code as literals, `"panel-words"`: each must exist, and each message of any file must be used.
#[cfg(not(target_arch = "wasm32"))] // the files of the code
#[test]
fn every_key_of_the_code_exists_and_every_message_is_used() {
    let code = sources();
    let strings = Strings::of(Lang::En);
    let panels = FILES.iter().map(|(name, ..)| *name).filter(|name| !CODES.contains(name));
    let prefixes: Vec<String> = panels.map(|name| format!("{name}-")).collect();
    let used: BTreeSet<&str> = code.iter().flat_map(|(_, code)| key_literals(code)).collect();
    let spoken = ["/src/app/", "/src/screen/", "/src/view/", "/src/cli/"];
    let of_views = code.iter().filter(|(name, _)| spoken.iter().any(|room| name.contains(room)));
    let missing: BTreeSet<_> = of_views
        .flat_map(|(_, code)| key_literals(code))
        .filter(|key| prefixes.iter().any(|p| key.starts_with(p.as_str())))
        .filter(|key| !strings.has(key))
        .collect();
    assert!(missing.is_empty(), "no message for {missing:?}");
    let all = FILES.iter().flat_map(|(_, en, _)| keys(en).into_keys());
    let whole: String = code.iter().map(|(_, code)| code.as_str()).collect();
    let idle: Vec<_> = all
        .filter(|key| !key.contains('.') && !used.contains(key.as_str()))
        .filter(|key| !whole.contains(&format!("\"{key}\"")))
        .collect();
    assert!(idle.is_empty(), "messages that nothing shows: {idle:?}");
}

#[cfg(not(target_arch = "wasm32"))] // the files of the code
#[test]
fn every_code_has_its_sentence_with_exactly_its_facts() {
    let known = all_keys();
    let mut found = Vec::new();
    // The error itself makes its message of any code that it is given.
    for (name, code) in sources().into_iter().filter(|(name, _)| !name.ends_with("/src/error.rs")) {
        found.extend(faults(&code, &known).into_iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_code_without_a_sentence_and_a_fact_too_many_are_found() {
    let known = keys("a-b = { $x } { $y }\n    .help = try { $z }\nc-d = c\nhelp-it = do { $x }\n");
    let one = |code: &str| faults(code, &known).len();
    assert_eq!(one(r#"Error::usage("a-b").with("x", f(1)).with("y", ")").at(place).with("z", 3);"#), 0);
    assert_eq!(one(r#"Error::usage("a-b").with("x", 1).with("y", 2)"#), 1, "the advice's fact is missing");
    assert_eq!(one(r#"Message::new("c-d").with("x", 1)"#), 1, "nobody names this fact");
    assert_eq!(one(r#"Error::failed("c-d").hint("help-it").with("x", 1)"#), 0);
    assert_eq!(one(r#"Error::failed("c-d").hint("help-us")"#), 1);
    assert_eq!(one(r#"t!(cx.strings, "a-b", x = f(1, ","), y = a == b)"#), 0);
    assert_eq!([one(r#"t!(cx, "a-b", x = 1)"#), one(r#"t!(cx, "c-d", x = 1)"#), one(r#"t!(cx, "no-such")"#)], [1; 3]);
    assert_eq!(one(r#"Error::failed(code)"#), 1, "nobody knows its facts");
    assert_eq!(one(r#"error.with("x", 1).hint("help-it")"#), 0);
    assert_eq!(one(r#"error.with("y", 1).hint("help-it")"#), 2, "told once for the facts, once for where it stands");
    assert_eq!([one(r#"let way = "help-us";"#), one(r#"let way = "help-it";"#)], [1, 1]);
    assert_eq!([one(r#"Error::failed("no-such")"#), one(r#"Error::io("io-no-such", p, &e)"#)], [1, 1]);
}

#[test]
fn numbers_and_plurals_follow_the_language() {
    let [en, pt] = [Lang::En, Lang::Pt].map(Strings::of);
    assert_eq!(t!(en, "app-step", step = 12_345_u64), "step 12,345");
    assert_eq!(t!(pt, "app-step", step = 12_345_u64), "passo 12.345");
    assert_eq!(en.t("no-such-key"), "no-such-key");
}

#[test]
fn numbers_inside_sentences_are_written_as_beside_them() {
    let said = |message: &Message| [Lang::En, Lang::Pt].map(|lang| text(message, lang));
    let safe = Message::new("checkpoint-is-safe").with("step", 1200_u64);
    assert_eq!(
        said(&safe),
        ["the checkpoint of step 1,200 is safe", "o ponto de controle do passo 1.200 está a salvo"]
    );
    let float = |value: f32| Message::new("parity-float").with("value", value).with("bits", "0x0");
    assert_eq!(said(&float(1.5e-7)), ["1.5e-7 (0x0)", "1,5e-7 (0x0)"]);
    assert_eq!(said(&float(f32::NAN))[0], "NaN (0x0)");
    let place = Message::new("parity-place")
        .with("kernel", "gelu.forward")
        .with("variant", "plain")
        .with("dispatch", 3_u64)
        .with("case", "gelu plain")
        .with("what", "y[2, 3]");
    let whole = |value: u32| Message::new("parity-whole").with("value", value).with("bits", "0x1");
    let wrong = |share: f64| {
        let wrong = Message::new("parity-wrong").with("place", &place).with("at", 5_u64).with("got", float(0.25));
        wrong.with("want", whole(1)).with("share", share)
    };
    let [en, pt] = said(&wrong(2.5));
    assert_eq!(
        en,
        "gelu.forward (plain), dispatch 3 of gelu plain: y[2, 3][5]: got 2.5e-1 (0x0), want 1 (0x1), 2.500 of the tolerance"
    );
    assert!(pt.contains("obtido 2,5e-1 (0x0), esperado 1 (0x1), 2,500 da tolerância"), "{pt}");
    assert!(said(&wrong(f64::INFINITY))[0].ends_with("inf of the tolerance"));
}

#[test]
fn a_preset_says_what_it_is_for_as_its_file_does() {
    for (preset, _) in crate::config::PRESETS {
        let needs = crate::model::Needs::of(preset).unwrap();
        let [en, pt] = [Lang::En, Lang::Pt].map(|lang| text(&needs.purpose(), lang));
        assert!(en == needs.about && pt != en, "{preset}: {en}, {pt}");
    }
}

/// Portuguese has one word for each thing: `substituído` for what the generator replaced. `Troca` is a swap that a test makes.
#[test]
fn portuguese_has_one_term_for_each_thing() {
    let others = ["troc", "troqu", "taxa-base", " checkpoint ", " preset "];
    for (_, _, pt) in FILES {
        let (mut key, mut found) = ("", Vec::new());
        for line in pt.lines().filter(|line| !line.starts_with('#')) {
            let named = line.split_once(" =").filter(|(name, _)| !name.starts_with(' '));
            key = named.map_or(key, |(name, _)| name);
            let words = format!("{} ", line.split_once(" =").map_or(line, |(_, words)| words).to_lowercase());
            if !key.contains("swap") && others.iter().any(|other| words.contains(other)) {
                found.push(line);
            }
        }
        assert!(found.is_empty(), "other words for the same thing: {found:#?}");
    }
}

#[test]
fn a_sentence_changes_with_a_number_in_it() {
    let said = |message: &Message| [Lang::En, Lang::Pt].map(|lang| text(message, lang));
    let damaged = |others: u64, steps: &str| {
        let why = Message::new("file-of-other-content");
        let message = Message::new("checkpoint-damaged").with("step", 30_u64).with("why", &why);
        said(&message.with("others", others).with("steps", steps))
    };
    let [en, pt] = damaged(0, "");
    assert_eq!(
        en,
        "the checkpoint of step 30 is damaged: its content is not what its checkpoint wrote (SHA-256 differs)"
    );
    assert!(pt.starts_with("o ponto de controle do passo 30 está danificado: ") && !pt.contains(" (e também"), "{pt}");
    let [en, pt] = damaged(1, "20");
    assert!(en.ends_with(" (and so are those of step 20)") && pt.ends_with(" (e também o do passo 20)"), "{en} {pt}");
    let [en, pt] = damaged(2, "20, 10");
    assert!(en.ends_with(" of step 20, 10)") && pt.ends_with(" (e também os dos passos 20, 10)"), "{en} {pt}");

    let missing = |count: u64, more: u64| {
        said(&Message::new("tensors-missing").with("count", count).with("names", "a, b").with("more", more))
    };
    assert_eq!(missing(2, 0), ["2 missing: a, b", "faltam 2: a, b"]);
    assert_eq!(missing(1, 0)[1], "falta 1: a, b");
    assert_eq!(missing(1_200, 1_198), ["1,200 missing: a, b and 1,198 more", "faltam 1.200: a, b e mais 1.198"]);

    let help = |count: u64, steps: &str| {
        let error = Error::usage("no-such-checkpoint").with("step", 3_u64).with("count", count).with("steps", steps);
        [Lang::En, Lang::Pt].map(|lang| crate::view::words::error(&error, lang))
    };
    let [en, pt] = help(0, "");
    assert!(en.ends_with("it has none") && pt.ends_with("não há nenhum"), "{en} {pt}");
    assert!(help(1, "4")[1].ends_with("há o do passo 4"));
}

#[test]
fn a_corpus_tells_its_files_in_both_languages() {
    let (form, why) =
        (Message::new("form-table").with("field", "text"), Message::new("word-of-folder").with("word", "val"));
    let form = Message::new("form-packed").with("form", form).with("packing", "zstd");
    let file = crate::text::Role::HeldOut.listed("val/a.csv.zst", 1_260_000, form, why);
    let [en, pt] = [Lang::En, Lang::Pt].map(|lang| text(&file, lang));
    assert_eq!(en, r#"held out  val/a.csv.zst  (1.3 MB, table, column "text", zstd; "val" in the name of its folder)"#);
    assert_eq!(pt, r#"reservado  val/a.csv.zst  (1,3 MB, tabela, coluna "text", zstd; "val" no nome da pasta)"#);
    let shared =
        Message::new("held-out-text-is-trained-on").with("held_out", 1_u64).with("of", 2_u64).with("training", 3_u64);
    assert!(
        text(&shared, Lang::En).starts_with("of 2 held-out documents, 1 is also in the text to train on (3 times)")
    );
    assert!(
        text(&shared, Lang::Pt).starts_with("de 2 documentos reservados, 1 está também no texto de treino (3 vezes)")
    );
}

#[test]
fn a_warning_is_written_as_each_language_writes_numbers() {
    let message = Message::new("judge-at-base-rate").with("millions", 2.5625).with("auc", Some(0.515));
    let [en, pt] = [Lang::En, Lang::Pt].map(|lang| text(&message, lang));
    assert!(
        en.starts_with("after 2.6 M tokens the judge") && en.contains("(AUC 0.52; chance is 0.50). Easier"),
        "{en}"
    );
    assert!(pt.contains("(AUC 0,52; o acaso dá 0,50). Sub"), "{pt}");
    let collapsed = Message::new("generator-collapsed").with("top", 0.8);
    assert!(text(&collapsed, Lang::Pt).contains("80% das suas amostras"), "{}", text(&collapsed, Lang::Pt));
    let unknown = Message::new("generator-collapsed").with("top", None);
    assert!(text(&unknown, Lang::En).contains(": ? of its samples"));
}

#[test]
fn an_error_has_its_place_and_its_advice() {
    let source = std::io::Error::from(std::io::ErrorKind::NotFound);
    let gone = Error::io("io-read-state", Path::new("a/b"), &source);
    let [en, pt] = [Lang::En, Lang::Pt].map(|lang| error(&gone, lang));
    let help = "check the path; relative paths start at the current folder";
    assert_eq!(en, format!("a/b: cannot read the state: {source}\n  help: {help}"));
    assert!(pt.starts_with("a/b: não foi possível ") && pt.contains("\n  ajuda: confira o caminho"), "{pt}");
    // Whole inside another message, as in a warning.
    let safe = Message::new("checkpoint-is-safe").with("step", 1200_u64);
    let warning = Message::new("checkpoint-not-written").with("error", Message::from(&gone)).with("safe", safe);
    let told = text(&warning, Lang::En);
    assert_eq!(
        told,
        format!(
            "{en}\n  training goes on, and the checkpoint is tried again soon; the checkpoint of step 1,200 is safe"
        )
    );
}

#[test]
fn an_event_has_its_english_sentence_beside_its_code() {
    use crate::train::event::{Preparing, Saved, Warning, WarningKind};
    let warning =
        Warning { kind: WarningKind::NonFinite, step: 7, message: Message::new("non-finite").with("step", 7_u64) };
    let line: serde_json::Value = serde_json::from_str(&json(&Event::Warning(warning.clone()))).unwrap();
    assert_eq!(
        (&line["code"], &line["facts"]["step"], &line["kind"]),
        (&"non-finite".into(), &7.into(), &"non_finite".into())
    );
    assert!(line["message"].as_str().unwrap().starts_with("a loss or the gradient is not a finite number at step 7"));
    assert!(line.get("message_pt").is_none());
    let failed = Error::failed("cache-gone").at("runs/x").hint("help-free-space");
    let failed = Event::Failed(Failure::new(&failed, 3, Some(Saved { step: 2, path: "p".into() })));
    let line = json(&failed);
    let value: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        value["message"],
        "runs/x: the token cache is gone right after it was written\n  help: free some space, or choose another folder"
    );
    assert_eq!(value["hint"], "free some space, or choose another folder");
    // What is written is read: the sentence is not taken for a message without a code.
    assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), failed);
    let preparing = Event::Preparing(Preparing { message: Message::new("counting-words"), share: Some(0.5) });
    assert_eq!(serde_json::from_str::<Event>(&json(&preparing)).unwrap(), preparing);
}

#[test]
fn a_log_of_an_earlier_version_is_read_and_shown_as_it_is() {
    let old =
        r#"{"event":"warning","kind":"notice","step":3,"message":"mind the gap","message_pt":"cuidado com o vão"}"#;
    let Event::Warning(warning) = serde_json::from_str(old).unwrap() else { panic!("{old}") };
    assert_eq!(text(&warning.message, Lang::Pt), "mind the gap");
    let old = r#"{"event":"device","executor":"cpu","name":"2 threads","backend":null,"reason":"it was asked for"}"#;
    let Event::Device(device) = serde_json::from_str(old).unwrap() else { panic!("{old}") };
    assert_eq!(text(&device.reason, Lang::En), "it was asked for");
    let old = r#"{"event":"failed","message":"full\n  help: free some","hint":"free some","kind":"other","step":1}"#;
    let Event::Failed(failed) = serde_json::from_str(old).unwrap() else { panic!("{old}") };
    assert_eq!(failure(&failed, Lang::En), "full\n  help: free some");
}

/// The places that may have a name of their own for a metric.
const PLACES: [&str; 4] = ["curve", "page", "line", "eval"];

#[test]
fn every_metric_has_its_name_in_both_languages() {
    for lang in [Lang::En, Lang::Pt] {
        let strings = Strings::of(lang);
        for metric in Metric::ALL {
            let label = metric.about().label;
            assert!(strings.has(label), "{lang:?}: no {label}");
            assert_eq!(strings.metric(metric, "a place without a name of its own"), strings.t(label));
        }
    }
    let (_, en, _) = FILES.into_iter().find(|(name, ..)| *name == "metrics").unwrap();
    let attributes = keys(en).into_keys().filter_map(|key| key.split_once('.').map(|(_, place)| place.to_owned()));
    let idle: Vec<String> = attributes.filter(|place| !PLACES.contains(&place.as_str())).collect();
    assert!(idle.is_empty(), "names for places that do not exist: {idle:?}");
    assert_eq!(Strings::of(Lang::Pt).metric(Metric::TrivialRtdLoss, "curve"), "taxa de base");
}
