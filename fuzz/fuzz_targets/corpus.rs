//! Feeds any bytes as a corpus file of each kind. Every item is text, except that the last one may be an error. The reader always
//! ends and never panics.
#![no_main]

use electroscope::text::corpus::Corpus;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: (u8, Vec<u8>)| {
    let (kind, bytes) = &file;
    let names = ["text", "text.txt", "text.jsonl", "text.json.gz", "text.csv", "text.tsv.zst", "text.parquet"];
    let name = names[usize::from(*kind) % names.len()];
    let path = std::env::temp_dir().join(format!("electroscope-fuzz-{}-{name}", std::process::id()));
    std::fs::write(&path, bytes).expect("the temporary folder can be written");
    if let Ok(corpus) = Corpus::open(std::slice::from_ref(&path), &[], None) {
        let mut failed = false;
        for chunk in corpus.chunks() {
            assert!(!failed, "nothing follows an error");
            failed = chunk.is_err();
        }
    }
    std::fs::remove_file(&path).ok();
});
