//! Feeds any bytes as the files of a tokenizer's folder. The reader refuses them, or it gives a tokenizer whose ids stay within its
//! vocabulary.
#![no_main]

use electroscope::text::tokenizer::{Cleaning, Files, Tokenizer};
use libfuzzer_sys::fuzz_target;

type File = Option<Vec<u8>>;

fuzz_target!(|files: (File, File, File, File, File)| {
    let (vocab, json, config, specials, added) = &files;
    let files = Files {
        vocab_txt: vocab.as_deref(),
        tokenizer_json: json.as_deref(),
        tokenizer_config: config.as_deref(),
        special_tokens_map: specials.as_deref(),
        added_tokens: added.as_deref(),
        model_config: None,
    };
    if let Ok(tokenizer) = Tokenizer::from_files(files, Cleaning::UNCASED, "fuzz") {
        let encoding = tokenizer.encode("A ação: naïve [MASK] 北京 12!").expect("a tokenizer that loads encodes");
        assert!(encoding.ids.iter().all(|&id| (id as usize) < tokenizer.vocab_size()));
    }
});
