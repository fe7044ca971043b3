//! Feeds any bytes as the files of a tokenizer's folder. The reader refuses them, or it gives a tokenizer whose ids stay within its
//! vocabulary.
#![no_main]

use electroscope::text::tokenizer::{Cleaning, Files, Tokenizer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|files: (Option<Vec<u8>>, Option<Vec<u8>>, Option<Vec<u8>>)| {
    let (vocab, json, config) = &files;
    let files = Files {
        vocab_txt: vocab.as_deref(),
        tokenizer_json: json.as_deref(),
        tokenizer_config: config.as_deref(),
    };
    if let Ok(tokenizer) = Tokenizer::from_files(files, Cleaning::UNCASED, "fuzz") {
        let encoding = tokenizer.encode("A ação: naïve [MASK] 北京 12!").expect("a tokenizer that loads encodes");
        assert!(encoding.ids.iter().all(|&id| (id as usize) < tokenizer.vocab_size()));
    }
});
