//! Tests what the program says and does about text that a tokenizer does not know, about tokenizers in one file, and about networks
//! whose vocabulary is padded.

use crate::model;
use crate::program::{Ran, command, run};
use electroscope::hub::{HubTensor, Networks, WORD_BIAS, WORD_EMBEDDINGS, read_pair, write_pair};
use serde_json::Value;
use std::path::Path;

/// Sizes of a run that takes a second.
const SMALL: &str = "--preset nano --seed 7 --device cpu --set batch=4 --set seq_len=16 --set hidden_size=16 \
                     --set generator_hidden_size=8 --set embedding_size=8 --set ffn_size=16 --set generator_ffn_size=16 \
                     --set eval_rows=16 --set vocab_size=300 --steps 3 --json";

fn here(dir: &Path, args: &str) -> Ran {
    command(&dir.join("cache")).current_dir(dir).args(args.split_whitespace()).output().unwrap().into()
}

/// A text in a script, without a character of another: words of one to three letters.
fn script(first: u32, letters: u32) -> String {
    let letter = |n: u32| char::from_u32(first + n % letters).unwrap();
    let word = |n: u32| (0..1 + n % 3).map(|i| letter(n * 7 + i * 5)).collect::<String>();
    let line = |l: u32| (0..12).map(|n| word(l * 13 + n * n)).collect::<Vec<_>>().join(" ");
    (0..400).map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn text_that_a_tokenizer_does_not_know_is_refused_unless_told() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(dir.path().join(name), text).unwrap();
    let english = run(["corpus", "--words", "3000"]).good().stdout;
    write("en.txt", english.clone());
    here(dir.path(), "tokenizer train --corpus en.txt --vocab-size 300 --out tok").good();
    here(dir.path(), &format!("train {SMALL} --corpus en.txt --tokenizer tok --out run")).good();
    // Georgian, Armenian, Thaana: neither Russian nor Chinese.
    for (name, first, letters) in [("ka.txt", 0x10d0, 33), ("hy.txt", 0x561, 38), ("dv.txt", 0x780, 24)] {
        write(name, script(first, letters));
        let refused = here(dir.path(), &format!("train {SMALL} --corpus {name} --tokenizer tok --out {name}.run"));
        assert_eq!(refused.status, 2, "{}", refused.stderr);
        let said = &refused.stderr;
        assert!(said.contains("does not know 100.0% of the tokens") && said.contains("unknown_max"), "{said}");
        assert!(!dir.path().join(format!("{name}.run")).exists(), "nothing is written");
        let judged = here(dir.path(), &format!("eval run --corpus {name} --device cpu --json"));
        assert_eq!(judged.status, 2, "{}", judged.stderr);
        assert!(judged.stderr.contains("100.0%") && judged.stdout.is_empty(), "{}", judged.stderr);
    }
    let told = here(dir.path(), "eval run --corpus ka.txt --device cpu --json --unknown-max 1").good();
    assert_eq!(told.events_of("eval")[0]["unknown_share"], 1.0);
    assert_eq!(told.events_of("warning")[0]["code"], "unknown-tokens");
    let own = here(dir.path(), "eval run --device cpu").good().stdout;
    assert!(own.contains("unknown tokens") && own.contains("0.0%"), "{own}");
    // A few words of another script are a warning, in the plan, in the record and in the report.
    let other = script(0x10d0, 33);
    let mut strange = other.split_whitespace();
    let mut mix = |(line, n): (&str, usize)| match n % 3 {
        0 if !line.is_empty() => format!("{line} {}\n", strange.next().unwrap()),
        _ => format!("{line}\n"),
    };
    write("mixed.txt", english.lines().zip(0..).map(&mut mix).collect());
    let mixed = here(dir.path(), &format!("train {SMALL} --corpus mixed.txt --tokenizer tok --out mixed")).good();
    let share = mixed.events_of("plan")[0]["corpus"]["unknown_share"].as_f64().unwrap();
    assert!((0.02..0.25).contains(&share), "{share}");
    assert!(mixed.events_of("warning").iter().any(|warning| warning["code"] == "unknown-tokens"), "{}", mixed.stdout);
    let percent = format!("{:.1}%", 100.0 * share);
    assert!(mixed.stderr.contains(&format!("mixed.txt ({percent} unknown)")), "{}", mixed.stderr);
    let report = std::fs::read_to_string(dir.path().join("mixed/report.html")).unwrap();
    assert!(report.contains("unknown tokens") && report.contains(&percent));
    let insisted = format!("train {SMALL} --corpus hy.txt --tokenizer tok --set unknown_max=1 --out insisted");
    here(dir.path(), &insisted).good();
    here(dir.path(), "eval insisted --device cpu --json").good();
    // A held-out text in another script does not hide behind the text to train on.
    let valid = here(dir.path(), &format!("train {SMALL} --corpus en.txt --valid ka.txt --out valid --tokenizer tok"));
    assert!(valid.status == 2 && valid.stderr.contains("does not know"), "{}", valid.stderr);
}

#[test]
fn a_tokenizer_tells_what_it_covers_and_what_it_does_not_know() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(dir.path().join(name), text).unwrap();
    write("yi.txt", script(0xa000, 1160));
    let train = |args: &str| here(dir.path(), &format!("tokenizer train --json --corpus {args}"));
    let many = train("yi.txt --vocab-size 5000 --out many").good();
    let event = &many.events_of("tokenizer")[0];
    let number = |event: &Value, name: &str| event[name].as_f64().unwrap();
    assert!(number(event, "covered") >= 0.9995 && number(event, "unknown_share") < 0.005, "{event}");
    assert!(number(event, "kept_characters") > 1000.0, "{event}");
    let small = train("yi.txt --vocab-size 600 --out small");
    assert_eq!(small.status, 2);
    assert!(
        small.stderr.contains("these cover") && small.stderr.contains("character_coverage = 0."),
        "{}",
        small.stderr
    );
    let less = train("yi.txt --vocab-size 600 --character-coverage 0.15 --out less");
    assert!(less.status == 2 && less.stderr.contains("--unknown-max 1"), "{}", less.stderr);
    assert!(!dir.path().join("less").exists());
    let told = train("yi.txt --vocab-size 600 --character-coverage 0.15 --unknown-max 1 --out less").good();
    assert!(number(&told.events_of("tokenizer")[0], "unknown_share") > 0.25);
    // Words of more than 100 characters: the reason is their length.
    write("long.txt", format!("{}\n", "ბ".repeat(130)).repeat(40) + "the cat sat on the mat\n");
    let long = train("long.txt --vocab-size 300 --out long");
    assert!(long.status == 2 && long.stderr.contains("more than 100 characters"), "{}", long.stderr);
    let people =
        here(dir.path(), "tokenizer train --corpus yi.txt --vocab-size 5000 --out people --lang pt").good().stdout;
    assert!(people.contains("caracteres têm uma entrada e cobrem"), "{people}");
}

/// Puts `rows` further rows behind the word embeddings of a pair, with biases that would win every choice.
fn pad(model: &Path, rows: usize) {
    let files = electroscope::hub::tokenizer_files(&model.join("discriminator")).unwrap();
    let (mut pair, _) = read_pair(model).unwrap();
    for network in [&mut pair.discriminator, &mut pair.generator] {
        network.config.vocab_size += rows;
        for (name, value) in [(WORD_EMBEDDINGS, 0.5), (WORD_BIAS, 40.0)] {
            let Some(HubTensor { shape, data }) = network.tensors.get_mut(name) else { continue };
            let width = shape.get(1).copied().unwrap_or(1);
            shape[0] += rows;
            data.extend((0..rows * width).map(|i| value + i as f32 / 64.0));
        }
    }
    std::fs::remove_dir_all(model).unwrap();
    write_pair(model, &pair, &files).unwrap();
}

#[test]
fn a_padded_vocabulary_is_trained_on_and_kept_and_never_shown() {
    let dir = tempfile::tempdir().unwrap();
    let model = dir.path().join("model");
    model::write_random(&model, 40, 5);
    let words = model::tokenizer().vocab_size();
    let fill = "fill model the~[MASK]~sat --top 1000 --json --device cpu";
    let filled = |args: &str| {
        let args: Vec<String> = args.split(' ').map(|arg| arg.replace('~', " ")).collect();
        let ran: Ran = command(&dir.path().join("cache")).current_dir(dir.path()).args(args).output().unwrap().into();
        ran.good().events_of("fill")[0]["masks"][0]["proposals"].as_array().unwrap().clone()
    };
    let ids =
        |proposals: &[Value]| proposals.iter().map(|proposal| proposal["id"].as_u64().unwrap()).collect::<Vec<_>>();
    let plain = filled(fill);
    // To a multiple of 8, of 64, and far beyond.
    for rows in [3, 37, 1000] {
        pad(&model, rows);
        let padded = filled(fill);
        assert_eq!((padded.len(), ids(&padded)), (words, ids(&plain)), "{rows} more");
        let sum: f64 = padded.iter().map(|proposal| proposal["probability"].as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-5, "{sum}");
    }
    let (before, _) = read_pair(&model).unwrap();
    std::fs::write(
        dir.path().join("text.txt"),
        "the dog sat on a ball . a cat drank in the run , o ação .\n".repeat(300),
    )
    .unwrap();
    let args = "train --init model --corpus text.txt --out run --preset nano --device cpu --json --steps 6 --set batch=4 \
                --set seq_len=16 --set eval_rows=16 --set temperature=1000 --set readout_every=2";
    let ran = here(dir.path(), args).good();
    assert!(ran.events_of("warning").iter().any(|warning| warning["code"] == "vocabulary-padded"), "{}", ran.stdout);
    assert_eq!(ran.events_of("plan")[0]["corpus"]["vocab_size"], words);
    for event in ran.events_of("readout").iter().chain(&ran.events_of("eval")) {
        let text = event.to_string();
        for beyond in words..words + 1040 {
            assert!(
                !text.contains(&format!("\"id\":{beyond},")) && !text.contains(&format!("_id\":{beyond},")),
                "{beyond}"
            );
        }
    }
    here(dir.path(), "eval run --device cpu --json").good();
    here(dir.path(), "train --resume --out run --steps 8 --device cpu --json").good();
    here(dir.path(), "export run --to out").good();
    let (after, _) = read_pair(&dir.path().join("out")).unwrap();
    assert_eq!(after.generator.config.vocab_size, words + 1040);
    let bias = |networks: &Networks| networks.aux.as_ref().unwrap().tensors[WORD_BIAS].data.clone();
    let [before, after] = [before, after].map(|pair| bias(&pair.into()));
    assert_eq!(before[words..], after[words..], "what is hidden is kept to the bit");
    assert_ne!(before[..words], after[..words]);
    // The other way round it is another model's tokenizer.
    std::fs::write(dir.path().join("more.txt"), format!("{}\nmore\n", model::tokenizer().vocab().join("\n"))).unwrap();
    let small = dir.path().join("small");
    model::write_random(&small, 40, 5);
    let refused =
        here(dir.path(), "train --init small --tokenizer more.txt --corpus text.txt --out x --device cpu --steps 1");
    assert!(refused.status == 2 && refused.stderr.contains("the tokenizer"), "{}", refused.stderr);
}

#[test]
fn a_tokenizer_in_one_file_is_taken_and_a_pointer_is_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("en.txt"), run(["corpus", "--words", "3000"]).good().stdout).unwrap();
    here(dir.path(), "tokenizer train --corpus en.txt --vocab-size 300 --out tok").good();
    let ran =
        here(dir.path(), &format!("train {SMALL} --corpus en.txt --tokenizer tok/tokenizer.json --out run")).good();
    let entries = ran.events_of("plan")[0]["corpus"]["vocab_size"].as_u64().unwrap();
    assert!(entries > 100, "{entries}");
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 440449768\n";
    for (file, lang, told) in [
        ("run.bin", "en", "git lfs pull"),
        ("vocab.txt", "en", "a pointer of Git LFS to a file of 440,449,768 bytes"),
        ("tokenizer.json", "pt", "um ponteiro do Git LFS para um arquivo de 440.449.768 bytes"),
    ] {
        std::fs::write(dir.path().join(file), pointer).unwrap();
        let refused =
            here(dir.path(), &format!("train {SMALL} --lang {lang} --corpus en.txt --tokenizer {file} --out x"));
        assert!(refused.status == 1 && refused.stderr.contains(told), "{}", refused.stderr);
    }
}
