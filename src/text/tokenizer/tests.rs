//! Compares ids with those of transformers 5.23 (`AutoTokenizer` on a folder with `model_type: electra`).

use proptest::prelude::*;

use super::*;

#[rustfmt::skip]
const VOCAB: [&str; 43] = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "A", "ç", "c", "##ção", "##cao", "ação", "acao", "the", "The", "sat", ",",
    ".", "中", "文", "x", "##x", "é", "e", "##é", "##e", "[", "]", "'", "😀", "##😀", "co", "##s", "não", "nao", "ß", "ss", "i",
    "##\u{307}", "İ", "##ı", "…", "-",
];

fn vocab() -> Vec<String> {
    VOCAB.map(str::to_owned).to_vec()
}

fn cleaning(lower_case: bool, strip_accents: Option<bool>) -> Cleaning {
    Cleaning { lower_case, strip_accents, split_chinese: true }
}

fn tokenizer(cleaning: Cleaning) -> Tokenizer {
    Tokenizer::new(vocab(), cleaning, "test").unwrap()
}

const TEXTS: [&str; 5] = [
    "The ação, Ação [MASK] [mask] 中文 ÉÉ e\u{301} the.",
    "the\u{a0}sat\u{200b}\tThe\0sat\u{85} x\r\nx\u{fffd}",
    "😀x 😀 [UNK][SEP]the a[CLS]a",
    "cos Não não ß İ … a-x 'the'",
    "e\u{301}e x\u{301}\u{301} \u{301} の中",
];

/// For each cleaning the ids of [`TEXTS`], as transformers gave them.
type Expected = (bool, Option<bool>, [&'static [u32]; 5]);

#[rustfmt::skip]
const EXPECTED: [Expected; 6] = [
    (true, None, [
        &[13, 12, 16, 12, 4, 26, 1, 27, 18, 19, 23, 25, 23, 13, 17], &[13, 15, 1, 20, 20], &[29, 21, 29, 1, 3, 13, 5, 2, 5],
        &[31, 32, 34, 34, 35, 37, 41, 5, 42, 20, 28, 13, 28], &[23, 25, 20, 1, 18]]),
    (true, Some(true), [
        &[13, 12, 16, 12, 4, 26, 1, 27, 18, 19, 23, 25, 23, 13, 17], &[13, 15, 1, 20, 20], &[29, 21, 29, 1, 3, 13, 5, 2, 5],
        &[31, 32, 34, 34, 35, 37, 41, 5, 42, 20, 28, 13, 28], &[23, 25, 20, 1, 18]]),
    (true, Some(false), [
        &[13, 11, 16, 11, 4, 26, 1, 27, 18, 19, 22, 24, 1, 13, 17], &[13, 15, 1, 20, 20], &[29, 21, 29, 1, 3, 13, 5, 2, 5],
        &[31, 32, 33, 33, 35, 37, 38, 41, 5, 42, 20, 28, 13, 28], &[1, 1, 1, 1, 18]]),
    (false, None, [
        &[14, 11, 16, 6, 9, 4, 26, 1, 27, 18, 19, 1, 1, 13, 17], &[13, 15, 1, 20, 20], &[29, 21, 29, 1, 3, 13, 5, 2, 5],
        &[31, 32, 1, 33, 35, 39, 41, 5, 42, 20, 28, 13, 28], &[1, 1, 1, 1, 18]]),
    (false, Some(true), [
        &[14, 12, 16, 6, 10, 4, 26, 1, 27, 18, 19, 1, 23, 13, 17], &[13, 15, 1, 20, 20], &[29, 21, 29, 1, 3, 13, 5, 2, 5],
        &[31, 32, 1, 34, 35, 1, 41, 5, 42, 20, 28, 13, 28], &[23, 25, 20, 1, 18]]),
    (false, Some(false), [
        &[14, 11, 16, 6, 9, 4, 26, 1, 27, 18, 19, 1, 1, 13, 17], &[13, 15, 1, 20, 20], &[29, 21, 29, 1, 3, 13, 5, 2, 5],
        &[31, 32, 1, 33, 35, 39, 41, 5, 42, 20, 28, 13, 28], &[1, 1, 1, 1, 18]]),
];

#[test]
fn ids_are_those_of_transformers() {
    for (lower, strip, expected) in EXPECTED {
        let tokenizer = tokenizer(cleaning(lower, strip));
        let encoded = tokenizer.encode_batch(&TEXTS).unwrap();
        for ((text, encoding), want) in TEXTS.iter().zip(encoded).zip(expected) {
            assert_eq!(encoding.ids, want, "lower {lower}, strip {strip:?}, {text:?}");
        }
    }
}

#[test]
fn a_word_of_more_than_a_hundred_characters_is_unknown() {
    let tokenizer = tokenizer(Cleaning::UNCASED);
    assert_eq!(tokenizer.encode(&"x".repeat(100)).unwrap().ids.len(), 100);
    assert_eq!(tokenizer.encode(&"x".repeat(101)).unwrap().ids, [1]);
}

#[test]
fn offsets_are_bytes_of_the_given_text() {
    let text = "The Ação, 中文 sat";
    let encoding = tokenizer(Cleaning::UNCASED).encode(text).unwrap();
    let pieces: Vec<&str> = encoding.offsets.iter().map(|&(start, end)| &text[start..end]).collect();
    assert_eq!(pieces, ["The", "Ação", ",", "中", "文", "sat"]);
    assert_eq!(encoding.tokens, ["the", "acao", ",", "中", "文", "sat"]);
}

#[test]
fn a_corpus_line_never_gives_special_ids() {
    let tokenizer = tokenizer(Cleaning::UNCASED);
    let mut ids = Vec::new();
    tokenizer.encoder().encode_into("the [MASK] [CLS]a", &mut ids).unwrap();
    assert!(!ids.iter().any(|&id| tokenizer.specials().excludes(id)), "{ids:?}");
    assert_eq!(ids[0], 13);
}

proptest! {
    /// The encoder's shortcut (pieces between ASCII white space, remembered) changes nothing.
    #[test]
    fn the_encoder_agrees_with_the_whole_pipeline(
        words in prop::collection::vec("[a-zA-Zção\u{301}中😀\u{a0}\u{200b}\u{7f}.,'İß\u{3000} \t]{0,12}|\\PC{0,6}", 0..8),
        lower: bool,
        strip in prop::option::of(any::<bool>()),
    ) {
        let line = words.join(" ");
        // The line has no special name, because the two treat those differently on purpose.
        prop_assume!(!SPECIALS.iter().any(|name| line.contains(name)));
        let tokenizer = tokenizer(cleaning(lower, strip));
        let mut encoder = tokenizer.encoder();
        let want = tokenizer.encode(&line).unwrap().ids;
        for _ in 0..2 {
            let mut ids = Vec::new();
            encoder.encode_into(&line, &mut ids).unwrap();
            prop_assert_eq!(&ids, &want);
        }
    }

    /// Any bytes give an error or a tokenizer, never a panic.
    #[test]
    fn any_bytes_are_survived(vocab: Option<Vec<u8>>, json: Option<String>, config: Option<String>) {
        let files = Files {
            vocab_txt: vocab.as_deref(),
            tokenizer_json: json.as_deref().map(str::as_bytes),
            tokenizer_config: config.as_deref().map(str::as_bytes),
        };
        Tokenizer::from_files(files, Cleaning::UNCASED, "test").ok();
    }
}

#[test]
fn saved_files_give_the_same_tokenizer() {
    let dir = tempfile::tempdir().unwrap();
    for (lower, strip, _) in EXPECTED {
        let tokenizer = tokenizer(cleaning(lower, strip));
        for (name, text) in tokenizer.to_files(512).unwrap() {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        // The folder's own cleaning must win over the one that is given here.
        let again = Tokenizer::load(dir.path(), cleaning(!lower, Some(lower))).unwrap();
        assert_eq!(again.hash(), tokenizer.hash());
        assert_eq!(again.vocab(), tokenizer.vocab());
        let bare = Tokenizer::load(&dir.path().join("vocab.txt"), cleaning(lower, strip)).unwrap();
        assert_eq!(bare.hash(), tokenizer.hash());
    }
}

#[test]
fn tokenizer_config_wins_over_the_normaliser_of_tokenizer_json() {
    let [_, (_, json), _] = tokenizer(Cleaning::CASED).to_files(512).unwrap();
    let load = |config: Option<&str>| {
        let files = Files {
            tokenizer_json: Some(json.as_bytes()),
            tokenizer_config: config.map(str::as_bytes),
            ..Files::default()
        };
        Tokenizer::from_files(files, Cleaning::UNCASED, "test").unwrap().cleaning()
    };
    assert_eq!(load(None), Cleaning::CASED);
    assert_eq!(load(Some("{}")), Cleaning::UNCASED, "keys left out have transformers' defaults");
    assert_eq!(load(Some(r#"{"strip_accents": false}"#)), cleaning(true, Some(false)));
}

#[test]
fn errors_name_what_is_wrong() {
    let error = |files: Files<'_>| Tokenizer::from_files(files, Cleaning::UNCASED, "DIR").unwrap_err().to_string();
    let txt = |text| error(Files { vocab_txt: Some(text), ..Files::default() });
    assert!(txt(b"[PAD]\n[UNK]\n[CLS]\n[MASK]\n").contains("name = [SEP]"));
    assert!(txt(b"[PAD]\n\xff\n").contains("vocabulary-not-utf8 (byte = 6)"));
    let json = |text: &str| error(Files { tokenizer_json: Some(text.as_bytes()), ..Files::default() });
    assert!(json("{").contains("tokenizer.json"));
    assert!(json(r#"{"model": {"type": "BPE", "vocab": {}}}"#).contains("not-wordpiece (kind = BPE)"));
    assert!(json(r#"{"model": {"type": "WordPiece", "vocab": {"a": 0, "b": 2}}}"#).contains("vocabulary-id-wrong"));
    assert!(error(Files::default()).contains("no-tokenizer-here"));
    let missing = Tokenizer::load(Path::new("no such file"), Cleaning::UNCASED).unwrap_err();
    assert!(missing.to_string().contains("no such file"));
}

#[test]
fn the_hash_tells_what_changes_ids() {
    let of = |cleaning| tokenizer(cleaning).hash;
    assert_eq!(of(cleaning(true, None)), of(cleaning(true, Some(true))), "BERT's rule: lower case strips accents");
    assert_ne!(of(cleaning(true, None)), of(cleaning(true, Some(false))));
    assert_ne!(of(cleaning(true, None)), of(cleaning(false, None)));
    let mut swapped = vocab();
    swapped.swap(5, 6);
    assert_ne!(Tokenizer::new(swapped, Cleaning::UNCASED, "test").unwrap().hash, of(Cleaning::UNCASED));
}
