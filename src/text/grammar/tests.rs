//! Tests that the grammar recognises every story that it draws, and that it judges exactly its own language.

use std::collections::{HashMap, HashSet};

use super::*;

const ALL: [(Lang, Level); 4] = [
    (Lang::En, Level::FirstSteps),
    (Lang::Pt, Level::FirstSteps),
    (Lang::En, Level::Stories),
    (Lang::Pt, Level::Stories),
];

/// A language that is so small that drawing finds all of it.
const TINY: &str = "
noun: cow hen owl girl:f boy:m corn:u egg apple
verb: eat/ate/eaten see/saw/seen
adj: old big
pronoun: he=he,she,it,they his=his,her,it,their
table meal Who/n Eat/v Food/n
cow hen | eat | corn apple
girl boy | eat see | egg
table look A/a Who/n
old | cow girl
big | cow hen boy
table other Other/n
hen cow owl
script meal
tense any
var Who/n who
use meal
step 1
- the {Who} {Eat:Who} ({a} {Food}|the {Food}). ~ one ; Food/n sg
- the {A} {Who} {Eat:Who} {Food}. ~ look
step 0-1
- {he:Who} {see:Who} the {Who}.
- {he:Who} {see:Who} {his:Who} {A} {Food}. ~ look(A)
script friends
var Who/n who sg
var Other/n who sg
use meal(Who)
use other
distinct Who Other
step 1
- the {Who} {see:Who} the {Other}.
step 1
- {he:Who} {see:Who} {his:Who} {Food}. ~ meal(Who Food) ; Food/n sg
- {he:Other} {eat:Other}.
";

fn tiny() -> Grammar {
    let text = TINY.replace(" ~ one ; Food/n sg", "");
    Grammar::from_source(Lang::En, Level::FirstSteps, "tiny", &text).unwrap()
}

#[test]
fn judging_is_exact_on_a_language_that_can_be_listed() {
    let grammar = tiny();
    let language: HashSet<String> = grammar.documents(5).take(60_000).map(|s| s.to_string().to_lowercase()).collect();
    // The list is complete, because drawing as many stories again finds nothing new.
    assert!(grammar.documents(6).take(60_000).all(|s| language.contains(&s.to_string().to_lowercase())));
    let spellings: Vec<&str> = grammar.spellings().collect();
    let mut verdicts: HashMap<bool, usize> = HashMap::new();
    for story in grammar.documents(7).take(60) {
        for (s, sentence) in story.sentences.iter().enumerate() {
            for (w, word) in sentence.words.iter().enumerate() {
                for new in &spellings {
                    let lines = story.sentences.iter().enumerate().map(|(i, line)| {
                        let mut text = line.text.clone();
                        if i == s {
                            text.replace_range(word.span(), new);
                        }
                        text.to_lowercase() + "\n"
                    });
                    let text: String = lines.collect();
                    let verdict = story.judge(s, w, new);
                    let inside = language.contains(&text);
                    let same = sentence.word(w).to_lowercase() == *new;
                    let want = if same { verdict == Verdict::Same } else { (verdict == Verdict::Fits) == inside };
                    assert!(want, "{text}: {verdict:?}, in the language: {inside}");
                    *verdicts.entry(inside && !same).or_default() += 1;
                }
            }
        }
    }
    assert!(verdicts[&true] > 150 && verdicts[&false] > 1_500, "both kinds are tried: {verdicts:?}");
}

#[test]
fn every_drawn_story_is_recognised_from_its_text() {
    for (language, level) in ALL {
        let grammar = Grammar::new(language, level).unwrap();
        for story in grammar.documents(11).take(150) {
            let text = story.to_string();
            let parsed =
                grammar.parse(&text).unwrap_or_else(|| panic!("{language:?} {level} is not recognised:\n{text}"));
            assert_eq!(parsed.sentences, story.sentences);
        }
    }
}

#[test]
fn few_draws_are_thrown_away() {
    for (language, level) in ALL {
        let grammar = Grammar::new(language, level).unwrap();
        let drawn = |n: u64| {
            let mut rng = Sequence::new(Key::new(9, n, Stream::Grammar), 0);
            sample::attempt(&grammar.rules, &mut rng).is_some()
        };
        let kept = (0..3_000).filter(|&n| drawn(n)).count();
        assert!(kept > 1_500, "{language:?} {level}: {kept} of 3,000 kept");
    }
}

#[test]
fn stories_keep_faith_across_sentences() {
    use Rule::*;
    let en = Grammar::new(Lang::En, Level::Stories).unwrap();
    let text = "Martin, a proud boy, lives near the beach.\nThe dolphin near the beach jumps over the waves.\n\
                Near the beach he finds a smooth shell.\nIn the end he sits by the sea and watches the sunset.\n";
    for (sentence, from, to, want) in [
        (2, "he", "she", Verdict::Breaks(Reference)),
        (2, "finds", "found", Verdict::Breaks(Tense)),
        (2, "a", "an", Verdict::Breaks(Sound)),
        (1, "jumps", "jump", Verdict::Breaks(Number)),
        (1, "beach", "cave", Verdict::Breaks(Discourse)),
        (0, "martin", "oscar", Verdict::Fits),
        (0, "martin", "mary", Verdict::Breaks(Selection)),
        (0, "proud", "sad", Verdict::Fits),
    ] {
        assert_eq!(judged(&en, text, sentence, from, to), want, "{from} -> {to}");
    }
    let pt = Grammar::new(Lang::Pt, Level::Stories).unwrap();
    let text = "A coruja silenciosa que morava na árvore estava triste.\nA coruja silenciosa caçou o rato perto da árvore.\n\
                Uma vaca veio do curral e viu a coruja.\nNo fim ela dormiu na árvore.\n";
    for (sentence, from, to, want) in [
        (3, "ela", "ele", Verdict::Breaks(Reference)),
        (1, "caçou", "caça", Verdict::Breaks(Tense)),
        (0, "morava", "moravam", Verdict::Breaks(Number)),
        (0, "triste", "tristes", Verdict::Breaks(Number)),
        (0, "silenciosa", "silencioso", Verdict::Breaks(Gender)),
        (1, "rato", "besouro", Verdict::Fits),
    ] {
        assert_eq!(judged(&pt, text, sentence, from, to), want, "{from} -> {to}");
    }
}

#[test]
fn documents_depend_on_seed_and_number_alone() {
    let grammar = Grammar::new(Lang::En, Level::FirstSteps).unwrap();
    let third = grammar.documents(3).nth(2).unwrap().to_string();
    assert_eq!(grammar.document(3, 2).to_string(), third);
    let distinct: HashSet<String> = (0..50).map(|n| grammar.document(3, n).to_string()).collect();
    assert!(distinct.len() > 48);
    assert_ne!(grammar.document(4, 2).to_string(), third);
}

#[test]
fn sentences_are_written_well_and_spans_are_their_words() {
    for (language, level) in ALL {
        let grammar = Grammar::new(language, level).unwrap();
        for story in grammar.documents(1).take(400) {
            assert!((2..=14).contains(&story.sentences.len()), "{story}");
            for sentence in &story.sentences {
                let text = &sentence.text;
                let opens = text.chars().find(|c| c.is_alphanumeric()).unwrap();
                assert!(opens.is_uppercase() && text.ends_with(['.', '!', '?', '"']), "{text}");
                assert!(!text.contains("  ") && !text.contains(" ."), "{text}");
                assert_eq!(grammar.split(text).unwrap(), *sentence);
                let inside: String = (0..sentence.words.len()).map(|w| sentence.word(w)).collect();
                assert_eq!(inside, text.replace(' ', ""));
            }
        }
    }
}

fn judged(grammar: &Grammar, text: &str, sentence: usize, from: &str, to: &str) -> Verdict {
    let story = grammar.parse(text).unwrap_or_else(|| panic!("not a story:\n{text}"));
    let line = &story.sentences[sentence];
    let word = (0..line.words.len()).find(|&w| line.word(w).to_lowercase() == from).unwrap();
    story.judge(sentence, word, to)
}

#[test]
fn english_rules_are_named() {
    use Rule::*;
    let grammar = Grammar::new(Lang::En, Level::FirstSteps).unwrap();
    let text = "The brown cow lives in the meadow.\nIt chews its grass and moos.\nThe cow rests in the meadow.\nThe warm sun shines over the meadow in the morning.\n";
    let text = text.replace("The cow rests in the meadow.\n", "");
    for (sentence, from, to, want) in [
        (0, "cow", "COW", Verdict::Same),
        (1, "grass", "clover", Verdict::Fits),
        (0, "cow", "calf", Verdict::Fits),
        (0, "cow", "cows", Verdict::Breaks(Number)),
        (0, "lives", "live", Verdict::Breaks(Number)),
        (0, "cow", "xyzzy", Verdict::Breaks(UnknownWord)),
        (0, "meadow", "lake", Verdict::Breaks(Selection)),
        (0, "brown", "the", Verdict::Breaks(WordClass)),
        (0, "in", "of", Verdict::Breaks(Wording)),
        (1, "grass", "milk", Verdict::Breaks(Selection)),
        (1, "it", "she", Verdict::Breaks(Reference)),
        (1, "chews", "chewed", Verdict::Breaks(Tense)),
        (2, "meadow", "lake", Verdict::Breaks(Discourse)),
    ] {
        assert_eq!(judged(&grammar, &text, sentence, from, to), want, "{from} -> {to}");
    }
}

/// The words of a sentence of [`Grammar`], in lower case.
fn words_of(sentence: &Sentence) -> Vec<String> {
    (0..sentence.words.len()).map(|word| sentence.word(word).to_lowercase()).collect()
}

fn blame_of(grammar: &Grammar, words: &[String]) -> Vec<Blame> {
    grammar.blame(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Compares the blame in sentences of stories, each with one word of another, with that of trying every word in every place, so that nothing that `blame` does is
/// trusted. Pairs of words are tried only if `pairs` says so; it takes long. Returns how many words had each kind of blame.
fn check_blame(grammar: &Grammar, stories: usize, pairs: bool) -> [usize; 3] {
    let spellings: Vec<&str> = grammar.spellings().collect();
    let mut kinds = [0; 3];
    let sentences: Vec<Vec<String>> =
        grammar.documents(7).take(stories).flat_map(|story| story.sentences).map(|line| words_of(&line)).collect();
    for (n, sentence) in sentences.iter().enumerate() {
        let place = n % sentence.len();
        let other = |other: &&Vec<String>| other.len() == sentence.len() && other[place] != sentence[place];
        // The word that stands there in a sentence of the same length is often of the same kind.
        let Some(other) = sentences[n..].iter().find(other) else { continue };
        let mut words = sentence.clone();
        words[place].clone_from(&other[place]);
        let mends = |changed: &[usize]| {
            let mut tried = words.clone();
            let any = |tried: &mut Vec<String>, last: usize| {
                spellings.iter().any(|spelling| {
                    tried[last] = (*spelling).to_owned();
                    grammar.tells(&tried.join(" "))
                })
            };
            match *changed {
                [one] => any(&mut tried, one),
                [one, two] => spellings.iter().any(|spelling| {
                    tried[one] = (*spelling).to_owned();
                    any(&mut tried, two)
                }),
                _ => grammar.tells(&tried.join(" ")),
            }
        };
        let mut repairs: Vec<Vec<usize>> = (0..words.len()).map(|n| vec![n]).filter(|r| mends(r)).collect();
        if repairs.is_empty() && !mends(&[]) {
            if !pairs {
                continue;
            }
            let pairs = (0..words.len()).flat_map(|m| (m + 1..words.len()).map(move |n| vec![m, n]));
            repairs = pairs.filter(|r| mends(r)).collect();
        }
        for (n, blame) in blame_of(grammar, &words).into_iter().enumerate() {
            let count = repairs.iter().filter(|repair| repair.contains(&n)).count();
            let want = match count {
                _ if mends(&[]) => Blame::None,
                0 => Blame::None,
                all if all == repairs.len() => Blame::Sole,
                _ => Blame::Shared,
            };
            assert_eq!(blame, want, "{} in {words:?}: {repairs:?}", words[n]);
            kinds[blame as usize] += 1;
        }
    }
    kinds
}

#[test]
fn the_blame_is_that_of_trying_every_word_in_every_place() {
    let kinds = check_blame(&tiny(), 100, true);
    assert!(kinds.iter().all(|&count| count > 5), "{kinds:?}");
    // Here things that must differ stand in one row of a table, in two genders.
    let kinds = check_blame(&Grammar::new(Lang::Pt, Level::FirstSteps).unwrap(), 80, false);
    assert!(kinds.iter().all(|&count| count > 5), "{kinds:?}");
}

/// What breaks a rule of the story may fit in its sentence.
#[test]
fn a_sentence_shows_a_wrong_word_if_two_others_speak_against_it() {
    let grammar = Grammar::new(Lang::En, Level::FirstSteps).unwrap();
    let blamed = |text: &str, word: &str| {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        blame_of(&grammar, &words)[words.iter().position(|w| w == word).unwrap()]
    };
    assert_eq!(blamed("the brown cow lives in the meadow .", "cow"), Blame::None);
    assert_eq!(blamed("the brown cow lives in the lake .", "lake"), Blame::Sole);
    assert_eq!(blamed("the brown cow lives in the lake .", "cow"), Blame::None);
    assert_eq!(blamed("the brown cow lives in the xyzzy .", "xyzzy"), Blame::Sole);
    assert_eq!(blamed("the warm sun shines over the lake in the morning .", "lake"), Blame::None);
    assert_eq!(blamed("the pink piglets grunts and sleeps in the mud .", "piglets"), Blame::Sole);
    assert_eq!(blamed("it chews its milk and moos .", "milk"), Blame::Sole);
}

#[test]
fn portuguese_rules_are_named() {
    use Rule::*;
    let grammar = Grammar::new(Lang::Pt, Level::FirstSteps).unwrap();
    let text =
        "As vacas malhadas moram no pasto.\nElas mastigam sua grama e mugem.\nO sol quente brilha no pasto de manhã.\n";
    for (sentence, from, to, want) in [
        (0, "vacas", "VACAS", Verdict::Same),
        (0, "vacas", "bezerros", Verdict::Breaks(Gender)),
        (0, "malhadas", "malhada", Verdict::Breaks(Number)),
        (0, "malhadas", "malhados", Verdict::Breaks(Gender)),
        (0, "malhadas", "brancas", Verdict::Breaks(Selection)),
        (0, "moram", "mora", Verdict::Breaks(Number)),
        (1, "grama", "capim", Verdict::Breaks(Gender)),
        (1, "elas", "eles", Verdict::Breaks(Reference)),
        (2, "pasto", "jardim", Verdict::Breaks(Discourse)),
        (2, "no", "na", Verdict::Breaks(Gender)),
    ] {
        assert_eq!(judged(&grammar, text, sentence, from, to), want, "{from} -> {to}");
    }
}

#[test]
fn word_forms_and_entropy_are_what_each_level_promises() {
    for (language, level) in ALL {
        let grammar = Grammar::new(language, level).unwrap();
        let (forms, nats) = match level {
            Level::FirstSteps => (180..=520, 4.0..5.0),
            Level::Stories => (2_500..=4_500, 5.0..6.5),
        };
        let mut counts: HashMap<u32, f64> = HashMap::new();
        let mut total = 0.0;
        for word in grammar.documents(2).take(20_000).flat_map(|s| s.sentences).flat_map(|s| s.words) {
            *counts.entry(word.id).or_default() += 1.0;
            total += 1.0;
        }
        let entropy: f64 = counts.values().map(|n| -n / total * (n / total).ln()).sum();
        assert!(forms.contains(&counts.len()), "{language:?} {level}: {} forms", counts.len());
        assert!(nats.contains(&entropy), "{language:?} {level}: {entropy} nats");
    }
}

#[test]
fn mistakes_in_a_grammar_are_named_with_their_line() {
    for (text, want) in [
        ("noun: leite", "t:1: grammar-file-wrong (detail = grammar-gender-unknown (lemma = leite)"),
        ("noun: gato gato", "t:1: grammar-file-wrong (detail = grammar-twice (lemma = gato)"),
        ("table t A/n\nvaca", "t:2: grammar-file-wrong (detail = grammar-not-in-list (lemma = vaca, class = Noun)"),
        (
            "noun: vaca\ntable t A/n\nvaca\nscript s\nuse t\nstep 1\n- {mugir:A}.",
            "t:7: grammar-file-wrong (detail = grammar-in-no-list (lemma = mugir)",
        ),
        (
            "noun: vaca\nverb: mugir\ntable t A/n\nvaca\nscript s\nuse t\nstep 1\n- {mugir}.",
            "t:8: grammar-file-wrong (detail = grammar-agrees-with-nothing (hole = mugir)",
        ),
    ] {
        let error = Grammar::from_source(Lang::Pt, Level::FirstSteps, "t", text).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    }
}
