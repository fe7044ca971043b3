//! Compares ids with those of transformers 5.23 (`AutoTokenizer` on a folder with `model_type: electra`).
#![cfg(not(target_arch = "wasm32"))] // files

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
        words in prop::collection::vec(
            "[a-zA-Zção\u{301}中😀\u{a0}\u{200b}\u{7f}.,'İß\u{3000} \t\r\u{b}\u{c}\u{1c}\u{85}\u{ad}\u{2028}\u{feff}]{0,12}|\\PC{0,6}", 0..8
        ),
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
            ..Files::default()
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

/// What stands between two words: white space, or a control or format character, which is removed, so that the words stand together.
/// The ids are those of transformers 5.23: 13 and 15 are "the" and "sat", 1 is unknown, like "thesat".
#[test]
fn white_space_is_that_of_transformers_in_a_corpus_too() {
    let tokenizer = tokenizer(Cleaning::UNCASED);
    let separates = "\t\n\r \u{a0}\u{1680}\u{2000}\u{2003}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}";
    let vanishes = "\0\u{1}\u{b}\u{c}\u{1c}\u{1d}\u{1e}\u{1f}\u{7f}\u{85}\u{9f}\u{ad}\u{180e}\u{200b}\u{200c}\u{200d}\u{200e}\u{2060}\u{feff}\u{fffd}";
    let cases = separates.chars().map(|c| (c, &[13, 15][..])).chain(vanishes.chars().map(|c| (c, &[1][..])));
    for (c, want) in cases {
        let text = format!("the{c}sat");
        assert_eq!(tokenizer.encode(&text).unwrap().ids, want, "{c:?}");
        let mut ids = Vec::new();
        tokenizer.encoder().encode_into(&text, &mut ids).unwrap();
        assert_eq!(ids, want, "in a corpus, {c:?}");
    }
}

#[test]
fn a_line_without_white_space_has_the_ids_of_the_whole() {
    let tokenizer = tokenizer(Cleaning::UNCASED);
    let dna = "xxxx".repeat(20_000);
    for (line, tokens) in [(dna, 1), ("x,".repeat(40_000), 80_000), ("中x文a".repeat(9_000), 36_000)] {
        let mut ids = Vec::new();
        let counted = tokenizer.encoder().encode_into(&line, &mut ids).unwrap();
        assert_eq!(ids.len(), tokens);
        let unknown = ids.iter().filter(|&&id| id == 1).count();
        assert_eq!((counted.unknown_chars > 0, counted.chars as usize), (unknown > 0, line.chars().count()));
        let start: String = line.chars().take(3000).collect();
        if tokens > 1 {
            let whole = tokenizer.encode(&start).unwrap().ids;
            assert_eq!(ids[..whole.len() - 1], whole[..whole.len() - 1]);
        }
    }
}

#[test]
fn slices_change_no_token_and_no_place() {
    let (usual, stripping) = (tokenizer(Cleaning::UNCASED), added(4, "[MASK]", serde_json::json!({"lstrip": true})));
    let strips = json_with(|json| json["added_tokens"] = serde_json::json!([stripping]));
    let ent = added(43, "sat,sat", serde_json::json!({}));
    let adds = json_with(|json| json["added_tokens"].as_array_mut().unwrap().push(ent));
    let loaded = |json: String| from_folder(&[("tokenizer.json", json)], Cleaning::UNCASED).unwrap();
    let parts =
        ["The sat", "x,x.", " [MASK] ", "[MASK]", "sat,sat", "n\u{e3}o", "\u{4e2d}\u{3002}", "  ", "\n.", "\u{301}"];
    let mut text = String::new();
    for n in 0..60_usize {
        text += parts[n * n % 7];
        text += parts[n * 3 % parts.len()];
    }
    for tokenizer in [usual, loaded(strips), loaded(adds)] {
        let whole = tokenizer.encode_in_slices(&text, text.len()).unwrap();
        assert!(whole.ids.len() > 100 && whole.ids.contains(&tokenizer.specials().mask));
        for bytes in [1, 5, 16, 61, 200] {
            assert_eq!(tokenizer.encode_in_slices(&text, bytes).unwrap(), whole, "{bytes}");
        }
    }
    assert_eq!(tokenizer(Cleaning::UNCASED).slice_end("sat sat.sat", 6), 4);
    assert_eq!(tokenizer(Cleaning::UNCASED).slice_end("sat.sat", 2), 4);
    assert_eq!(tokenizer(Cleaning::UNCASED).slice_end("x\u{3002}x", 2), 4);
}

#[test]
fn what_is_unknown_is_counted_also_in_pieces_that_were_seen_before() {
    let tokenizer = tokenizer(Cleaning::UNCASED);
    let mut encoder = tokenizer.encoder();
    let long = "x".repeat(101);
    let line = format!("the qqq sat, qqqq. {long} the");
    for _ in 0..3 {
        let mut ids = Vec::new();
        let counted = encoder.encode_into(&line, &mut ids).unwrap();
        assert_eq!(ids.iter().filter(|&&id| id == 1).count(), 3);
        assert_eq!(
            (counted.chars, counted.unknown_chars, counted.long_chars),
            (3 + 3 + 4 + 5 + 101 + 3, 3 + 4 + 101, 101)
        );
    }
}

/// A folder's files by name.
fn from_folder(files: &[(&str, String)], bare: Cleaning) -> Result<Tokenizer> {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    Tokenizer::load(dir.path(), bare)
}

fn lines(vocab: &[&str]) -> String {
    vocab.join("\n") + "\n"
}

/// `tokenizer.json` of the test's vocabulary, changed.
fn json_with(change: impl FnOnce(&mut serde_json::Value)) -> String {
    let [_, (_, json), _] = tokenizer(Cleaning::UNCASED).to_files(512).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&json).unwrap();
    change(&mut json);
    json.to_string()
}

fn added(id: u32, content: &str, flags: serde_json::Value) -> serde_json::Value {
    let mut token = serde_json::json!({
        "id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false, "normalized": true, "special": false,
    });
    for (key, value) in flags.as_object().unwrap() {
        token[key] = value.clone();
    }
    token
}

/// The ids of transformers 5.23 for the same folders.
#[test]
fn added_tokens_are_found_wherever_they_are_listed() {
    let text = "The [ENT]sat the-sat,nao newword New-Word thenewword";
    let vocab = || ("vocab.txt", lines(&VOCAB));
    let json = |tokens: Vec<serde_json::Value>| {
        let file = json_with(|json| json["added_tokens"].as_array_mut().unwrap().extend(tokens));
        ("tokenizer.json", file)
    };
    let config = |text: &str| ("tokenizer_config.json", text.to_owned());
    let decoder = serde_json::json!({"added_tokens_decoder": {
        "43": added(43, "[ENT]", serde_json::json!({"special": true, "normalized": false})),
        "44": added(44, "New-Word", serde_json::json!({})),
    }});
    // [ENT] as it is written, new-word in any case.
    let (ent, word) = (43, 44);
    let want = [13, ent, 15, 13, 42, 15, 16, 34, 1, word, 1];
    let tokens = || {
        vec![
            added(43, "[ENT]", serde_json::json!({"special": true, "normalized": false})),
            added(44, "New-Word", serde_json::json!({})),
        ]
    };
    let listed = ("added_tokens.json", r#"{"New-Word": 44, "[ENT]": 43}"#.to_owned());
    let specials = ("special_tokens_map.json", r#"{"additional_special_tokens": ["[ENT]"]}"#.to_owned());
    for (name, folder) in [
        ("tokenizer.json", vec![json(tokens())]),
        ("tokenizer_config.json", vec![vocab(), config(&decoder.to_string())]),
        ("both", vec![json(tokens()), config(&decoder.to_string())]),
        ("added_tokens.json", vec![vocab(), config("{}"), listed, specials]),
    ] {
        let tokenizer = from_folder(&folder, Cleaning::UNCASED).unwrap();
        assert_eq!(tokenizer.vocab_size(), 45, "{name}");
        assert_eq!(tokenizer.encode(text).unwrap().ids, want, "{name}");
        let mut ids = Vec::new();
        tokenizer.encoder().encode_into(text, &mut ids).unwrap();
        assert_eq!(ids, want, "{name}, in a corpus");
        ids.clear();
        tokenizer.encoder().encode_into("[MASK] [ENT] [SEP]", &mut ids).unwrap();
        assert!(ids.contains(&ent) && !ids.iter().any(|&id| tokenizer.specials().excludes(id)), "{name}: {ids:?}");
        // They survive being written and read.
        let written = tokenizer.to_files(512).unwrap();
        let again = from_folder(&written, Cleaning::CASED).unwrap();
        assert_eq!((again.hash(), again.vocab()), (tokenizer.hash(), tokenizer.vocab()), "{name}");
        assert_eq!(again.encode(text).unwrap().ids, want, "{name}");
        assert_ne!(tokenizer.hash(), super::tests::tokenizer(Cleaning::UNCASED).hash());
    }
    // A token of the vocabulary, found before words are cut; one of several words; one that must be a whole word.
    let whole = added(43, "new word", serde_json::json!({"single_word": true}));
    let tokenizer = from_folder(&[json(vec![added(36, "ss", serde_json::json!({})), whole])], Cleaning::UNCASED);
    let tokenizer = tokenizer.unwrap();
    let text = "the New Word sat newwords new words";
    let mut ids = Vec::new();
    tokenizer.encoder().encode_into(text, &mut ids).unwrap();
    assert_eq!(ids, [13, 43, 15, 1, 1, 1]);
    assert_eq!(tokenizer.encode(text).unwrap().ids, ids);
}

#[test]
fn special_tokens_have_the_names_that_the_files_give_them() {
    let roberta = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "the", "sat", "##s"];
    let xlnet = ["<unk>", "<cls>", "<sep>", "<pad>", "<mask>", "the", "sat", "##s"];
    let own = ["_pad_", "_unk_", "_begin_", "_end_", "_gap_", "the", "sat", "##s"];
    let names = |[pad, unk, cls, sep, mask]: [&str; 5]| serde_json::json!({"pad_token": pad, "unk_token": {"content": unk}, "cls_token": cls, "sep_token": sep, "mask_token": mask});
    let of_own = ["_pad_", "_unk_", "_begin_", "_end_", "_gap_"];
    let specials = |pad, unk, cls, sep, mask| Specials { pad, unk, cls, sep, mask };
    for (name, files, want) in [
        ("by the usual names", vec![("vocab.txt", lines(&roberta))], specials(1, 3, 0, 2, 4)),
        ("others that are usual", vec![("vocab.txt", lines(&xlnet))], specials(3, 0, 1, 2, 4)),
        (
            "tokenizer_config.json",
            vec![("vocab.txt", lines(&own)), ("tokenizer_config.json", names(of_own).to_string())],
            specials(0, 1, 2, 3, 4),
        ),
        (
            "special_tokens_map.json",
            vec![("vocab.txt", lines(&own)), ("special_tokens_map.json", names(of_own).to_string())],
            specials(0, 1, 2, 3, 4),
        ),
    ] {
        let tokenizer = from_folder(&files, Cleaning::UNCASED).unwrap();
        assert_eq!(tokenizer.specials(), want, "{name}");
        let mask = tokenizer.names().mask.clone();
        let ids = tokenizer.encode(&format!("the {mask} sats q")).unwrap().ids;
        assert_eq!(ids, [5, want.mask, 6, 7, want.unk], "{name}");
        let again = from_folder(&tokenizer.to_files(64).unwrap(), Cleaning::CASED).unwrap();
        assert_eq!((again.specials(), again.hash()), (want, tokenizer.hash()), "{name}");
        // The same from tokenizer.json alone, which says it by its frame.
        let [_, (_, json), _] = tokenizer.to_files(64).unwrap();
        let alone = from_folder(&[("tokenizer.json", json)], Cleaning::CASED);
        if name != "tokenizer_config.json" && name != "special_tokens_map.json" {
            assert_eq!(alone.unwrap().specials(), want, "{name}");
        }
    }
    let missing = from_folder(
        &[
            ("vocab.txt", lines(&own)),
            ("tokenizer_config.json", names(["_pad_", "_unk_", "_begin_", "_end_", "_x_"]).to_string()),
        ],
        Cleaning::UNCASED,
    );
    assert!(missing.unwrap_err().to_string().contains("vocabulary-lacks-special (entries = 8, name = _x_"));
}

#[test]
fn what_is_not_done_here_is_refused_by_name() {
    let refused = |files: &[(&str, String)]| from_folder(files, Cleaning::UNCASED).unwrap_err().to_string();
    let vocab = || ("vocab.txt", lines(&VOCAB));
    for class in
        ["BertJapaneseTokenizer", "RobertaTokenizerFast", "AlbertTokenizer", "XLMRobertaTokenizer", "CanineTokenizer"]
    {
        let config = serde_json::json!({"tokenizer_class": class}).to_string();
        let told = format!("tokenizer-of-other-kind (class = {class}");
        assert!(refused(&[vocab(), ("tokenizer_config.json", config.clone())]).contains(&told));
        // Older folders name it in the network's config.json.
        assert!(refused(&[vocab(), ("config.json", config)]).contains(&told), "{class}");
    }
    let own_code = r#"{"auto_map": {"AutoTokenizer": ["tokenization_x.XTokenizer", null]}}"#.to_owned();
    assert!(refused(&[vocab(), ("tokenizer_config.json", own_code)]).contains("tokenizer-has-own-code"));
    for (key, value) in [
        ("do_basic_tokenize", serde_json::json!(false)),
        ("never_split", serde_json::json!(["[X]"])),
        ("word_tokenizer_type", serde_json::json!("mecab")),
        ("subword_tokenizer_type", serde_json::json!("character")),
        ("wordpieces_prefix", serde_json::json!("@@")),
        ("split_special_tokens", serde_json::json!(true)),
    ] {
        let config = serde_json::json!({key: value}).to_string();
        let error = refused(&[vocab(), ("tokenizer_config.json", config)]);
        assert!(error.contains(&format!("tokenizer-setting-unknown (key = {key}")), "{error}");
    }
    let nfkc = serde_json::json!({"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"}]});
    let metaspace = serde_json::json!({"type": "Metaspace", "replacement": "_"});
    let digits =
        serde_json::json!({"type": "Sequence", "pretokenizers": [{"type": "BertPreTokenizer"}, {"type": "Digits"}]});
    for (part, key, value, told) in [
        ("normalizer", "", nfkc, "step = normalizer, found = NFKC, Lowercase"),
        ("normalizer", "", serde_json::json!({"type": "Replace"}), "step = normalizer, found = Replace"),
        ("normalizer", "clean_text", serde_json::json!(false), "clean_text = false"),
        ("pre_tokenizer", "", serde_json::json!({"type": "Whitespace"}), "step = pre_tokenizer, found = Whitespace"),
        ("pre_tokenizer", "", metaspace, "step = pre_tokenizer, found = Metaspace"),
        ("pre_tokenizer", "", digits, "step = pre_tokenizer, found = BertPreTokenizer, Digits"),
        ("model", "continuing_subword_prefix", serde_json::json!("@@"), "continuing_subword_prefix = \"@@\""),
        ("model", "max_input_chars_per_word", serde_json::json!(200), "max_input_chars_per_word = 200"),
    ] {
        let json = json_with(|json| match key {
            "" => json[part] = value.clone(),
            key => json[part][key] = value.clone(),
        });
        // Alone, and beside a configuration that says how text is cleaned.
        for more in [vec![], vec![("tokenizer_config.json", r#"{"tokenizer_class": "BertTokenizer"}"#.to_owned())]] {
            let error = refused(&[&[("tokenizer.json", json.clone())][..], &more[..]].concat());
            assert!(error.contains("tokenizer-step-unknown") && error.contains(told), "{error}");
        }
    }
    let unframed = json_with(|json| drop(json["post_processor"]["single"].as_array_mut().unwrap().remove(0)));
    assert!(refused(&[("tokenizer.json", unframed)]).contains("step = post_processor, found = A [SEP]"));
    let gap =
        json_with(|json| json["added_tokens"].as_array_mut().unwrap().push(added(50, "x-y", serde_json::json!({}))));
    assert!(
        refused(&[("tokenizer.json", gap)]).contains("added-token-id-wrong (token = \"x-y\", id = 50, right = 43)")
    );
    // A sequence of one is that one.
    let one = json_with(|json| {
        json["normalizer"] = serde_json::json!({"type": "Sequence", "normalizers": [json["normalizer"]]})
    });
    let tokenizer = from_folder(&[("tokenizer.json", one)], Cleaning::CASED).unwrap();
    assert_eq!(tokenizer.hash(), super::tests::tokenizer(Cleaning::UNCASED).hash());
}

/// Folders as the Hub has them: bert-base-uncased (in three versions), electra-small, bert-base-portuguese-cased, and models that were
/// saved with what they were trained with.
#[test]
fn folders_of_the_hub_load() {
    let of_hub = |change: &dyn Fn(&mut serde_json::Value)| {
        json_with(|json| {
            json["truncation"] =
                serde_json::json!({"direction": "Right", "max_length": 128, "strategy": "LongestFirst", "stride": 0});
            json["padding"] = serde_json::json!({"strategy": {"Fixed": 128}, "direction": "Right", "pad_to_multiple_of": null,
                "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"});
            json["decoder"] = serde_json::json!({"type": "WordPiece", "prefix": "##", "cleanup": true});
            change(json);
        })
    };
    let vocab = || ("vocab.txt", lines(&VOCAB));
    let config = |text: &str| ("tokenizer_config.json", text.to_owned());
    let model = ("config.json", r#"{"architectures": ["BertForMaskedLM"], "model_type": "bert"}"#.to_owned());
    let map = (
        "special_tokens_map.json",
        r#"{"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}"#.to_owned(),
    );
    let decoder = r#"{"added_tokens_decoder": {"0": {"content": "[PAD]", "lstrip": false, "normalized": false, "rstrip": false, "single_word": false, "special": true},
        "4": {"content": "[MASK]", "lstrip": false, "normalized": false, "rstrip": false, "single_word": false, "special": true}},
        "additional_special_tokens": [], "clean_up_tokenization_spaces": true, "cls_token": "[CLS]", "do_basic_tokenize": true,
        "do_lower_case": true, "mask_token": "[MASK]", "max_length": 128, "model_max_length": 1000000000000000019884624838656, "never_split": null,
        "pad_to_multiple_of": null, "pad_token": "[PAD]", "pad_token_type_id": 0, "padding_side": "right", "sep_token": "[SEP]",
        "special_tokens_map_file": null, "name_or_path": "x", "stride": 0, "strip_accents": null, "tokenize_chinese_chars": true,
        "tokenizer_class": "BertTokenizer", "truncation_side": "right", "truncation_strategy": "longest_first", "unk_token": "[UNK]"}"#;
    let newest = r#"{"backend": "tokenizers", "cls_token": "[CLS]", "do_lower_case": true, "is_local": false, "mask_token": "[MASK]",
        "model_max_length": 512, "pad_token": "[PAD]", "sep_token": "[SEP]", "strip_accents": null, "tokenize_chinese_chars": true,
        "tokenizer_class": "BertTokenizer", "unk_token": "[UNK]"}"#;
    let untyped = of_hub(&|json| drop(json["model"].as_object_mut().unwrap().remove("type")));
    let of_bert = of_hub(&|json| {
        json["post_processor"] =
            serde_json::json!({"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]});
        json["decoder"] = serde_json::Value::Null;
    });
    let wrapped = of_hub(&|json| {
        let frame = json["post_processor"].take();
        json["post_processor"] = serde_json::json!({"type": "Sequence", "processors": [frame]});
        json["pre_tokenizer"] =
            serde_json::json!({"type": "Sequence", "pretokenizers": [{"type": "BertPreTokenizer"}]});
    });
    let plain = |text: String| ("tokenizer.json", text);
    let (uncased, cased) = (EXPECTED[0].2, EXPECTED[3].2);
    for (name, files, want) in [
        (
            "the first version",
            vec![
                vocab(),
                plain(untyped.clone()),
                config(r#"{"do_lower_case": true, "model_max_length": 512}"#),
                model.clone(),
            ],
            uncased,
        ),
        (
            "saved by transformers 4",
            vec![vocab(), plain(of_hub(&|_| {})), config(decoder), map.clone(), model.clone()],
            uncased,
        ),
        ("saved by transformers 5", vec![plain(of_hub(&|_| {})), config(newest), model.clone()], uncased),
        ("no configuration", vec![vocab(), plain(untyped), model.clone()], uncased),
        ("electra-small", vec![vocab(), plain(of_hub(&|_| {})), config(r#"{"do_lower_case": true}"#)], uncased),
        (
            "bert-base-portuguese-cased",
            vec![
                vocab(),
                ("added_tokens.json", "{}".to_owned()),
                map,
                config(r#"{"do_lower_case": false}"#),
                model.clone(),
            ],
            cased,
        ),
        (
            "BertProcessing",
            vec![plain(of_bert), config(r#"{"tokenizer_class": "PreTrainedTokenizerFast"}"#), model.clone()],
            uncased,
        ),
        (
            "steps in sequences of one",
            vec![plain(wrapped), config(r#"{"tokenizer_class": "BertTokenizerFast"}"#), model],
            uncased,
        ),
    ] {
        let tokenizer = from_folder(&files, Cleaning::UNCASED).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(tokenizer.specials(), Specials { pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 }, "{name}");
        for (text, ids) in TEXTS.iter().zip(want) {
            assert_eq!(tokenizer.encode(text).unwrap().ids, ids, "{name}: {text}");
        }
    }
}

#[test]
fn one_file_is_read_for_what_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let written = tokenizer(Cleaning::CASED).to_files(512).unwrap();
    for (name, text) in &written {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    std::fs::copy(dir.path().join("tokenizer.json"), dir.path().join("my-tokenizer")).unwrap();
    let load = |name: &str| Tokenizer::load(&dir.path().join(name), Cleaning::UNCASED);
    for name in ["tokenizer.json", "my-tokenizer"] {
        assert_eq!(load(name).unwrap().hash(), tokenizer(Cleaning::CASED).hash(), "{name} says how it cleans");
    }
    assert_eq!(load("vocab.txt").unwrap().hash(), tokenizer(Cleaning::UNCASED).hash());
    let other = load("tokenizer_config.json").unwrap_err().to_string();
    assert!(other.contains("tokenizer_config.json: not-tokenizer-json") && other.contains("model"), "{other}");
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 231508\n";
    for (name, text, told) in [
        ("vocab.txt", pointer, "file-is-lfs-pointer (bytes = 231508)"),
        ("tokenizer.json", pointer, "file-is-lfs-pointer (bytes = 231508)"),
        ("vocab.txt", "<!doctype html><title>404</title>", "file-is-web-page"),
        ("tokenizer.json", "<html>", "file-is-web-page"),
        ("tokenizer.json", "", "file-is-empty"),
    ] {
        std::fs::write(dir.path().join(name), text).unwrap();
        let error = load(name).unwrap_err().to_string();
        assert!(error.contains(told), "{name}: {error}");
    }
}
