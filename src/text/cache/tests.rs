//! Tests that a cache reads back as it was written, is rebuilt when its text has changed, and notices damage.
#![cfg(not(target_arch = "wasm32"))] // files

use std::path::PathBuf;

use super::*;
use crate::text::tokenizer::{Cleaning, SPECIALS};

fn tokenizer(extra: &[&str]) -> Tokenizer {
    let vocab =
        SPECIALS.iter().chain(["a", "b", "c", "d"].iter()).chain(extra).map(|&token| token.to_owned()).collect();
    Tokenizer::new(vocab, Cleaning::UNCASED, "test").unwrap()
}

fn chunk(text: &str, last: bool, role: Role) -> Result<Chunk> {
    Ok(Chunk { text: text.to_owned(), last, role, share: None })
}

/// Three documents: the first in two pieces, the last held out; empty lines and pieces in between.
fn chunks() -> impl Iterator<Item = Result<Chunk>> {
    [
        chunk("a b\n\nb c d", false, Role::Corpus),
        chunk("", false, Role::Corpus),
        chunk("d", true, Role::Corpus),
        chunk("\n \n", true, Role::Corpus),
        chunk("c c", true, Role::Corpus),
        chunk("a\na", true, Role::HeldOut),
    ]
    .into_iter()
}

fn check_contents(cache: &TokenCache) {
    let documents: Vec<Vec<Vec<u32>>> = (0..cache.documents())
        .map(|document| {
            let sentences = cache.document_sentences(document);
            sentences
                .map(|sentence| {
                    let tokens = cache.sentence(sentence);
                    let mut ids = vec![0; (tokens.end - tokens.start) as usize];
                    cache.copy_ids(tokens.clone(), &mut ids);
                    let mut again = Vec::new();
                    cache.for_each_id(tokens, |id| again.push(id));
                    assert_eq!(ids, again);
                    ids
                })
                .collect()
        })
        .collect();
    assert_eq!(documents, [vec![vec![5, 6], vec![6, 7, 8], vec![8]], vec![vec![7, 7]], vec![vec![5], vec![5]]]);
    assert_eq!((cache.tokens(), cache.sentences(), cache.empty_documents()), (10, 6, 1));
    assert_eq!(cache.document_tokens(1), 6..8);
    assert_eq!([0, 1, 2].map(|d| cache.document_role(d)), [Role::Corpus, Role::Corpus, Role::HeldOut]);
    assert_eq!(cache.counts()[5..9], [3, 2, 3, 2]);
    assert_eq!(cache.counts().iter().sum::<u64>(), cache.tokens());
}

#[test]
fn what_is_written_reads_back() {
    let options = Options::default();
    check_contents(&TokenCache::in_memory(chunks(), &tokenizer(&[]), &options, |_| ()).unwrap());
    let large: Vec<String> = (0..1 << 16).map(|i| format!("x{i}")).collect();
    let large: Vec<&str> = large.iter().map(String::as_str).collect();
    let cache = TokenCache::in_memory(chunks(), &tokenizer(&large), &options, |_| ()).unwrap();
    assert!(matches!(cache.ids(0..1), Ids::Long(_)));
    check_contents(&cache);
}

#[test]
fn hashes_depend_on_the_text_alone() {
    let build = |tokenizer: &Tokenizer, texts: &[&str]| {
        let chunks = texts.iter().map(|text| Ok(Chunk::document(*text))).collect::<Vec<_>>();
        TokenCache::in_memory(chunks.into_iter(), tokenizer, &Options::default(), |_| ()).unwrap()
    };
    let (one, two) = (build(&tokenizer(&[]), &["a b", "c", "a b"]), build(&tokenizer(&["ab"]), &["a b", "c", "a b"]));
    assert_eq!(one.corpus_hash(), two.corpus_hash());
    assert_eq!(one.corpus_hash().len(), 64);
    assert_eq!(one.document_hash(0), one.document_hash(2));
    assert_ne!(one.document_hash(0), one.document_hash(1));
    assert_ne!(one.corpus_hash(), build(&tokenizer(&[]), &["a b", "a b", "c"]).corpus_hash());
}

#[test]
fn badly_compressed_documents_can_be_dropped() {
    let texts = ["aaaaaaaaaa", "a b c d a b c d", "b b"].map(|text| Ok(Chunk::document(text)));
    let options = Options { tokens_per_char_max: Some(0.5) };
    // "aaaaaaaaaa" is one [UNK]; the others have a token for every other character, and one more.
    let cache = TokenCache::in_memory(texts.into_iter(), &tokenizer(&[]), &options, |_| ()).unwrap();
    assert_eq!((cache.documents(), cache.tokens(), cache.dropped()), (1, 1, (2, 10)));
}

#[test]
fn a_corpus_without_text_is_an_error() {
    let none = [chunk(" \n\u{200b}", true, Role::Corpus)].into_iter();
    let error = TokenCache::in_memory(none, &tokenizer(&[]), &Options::default(), |_| ()).unwrap_err();
    assert!(error.code() == "corpus-holds-no-text", "{error}");
}

struct Folder {
    dir: tempfile::TempDir,
    tokenizer: Tokenizer,
}

impl Folder {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), tokenizer: tokenizer(&[]) }
    }

    fn open(&self, name: &str, state: &str) -> Result<(TokenCache, Origin)> {
        let identity = Identity { name: name.into(), state: state.into() };
        open_or_build(self.dir.path(), &identity, &self.tokenizer, &Options::default(), chunks, |_| ())
    }

    fn files(&self) -> Vec<PathBuf> {
        std::fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

#[test]
fn a_cache_is_reused_until_its_inputs_change() {
    let mut folder = Folder::new();
    let (cache, origin) = folder.open("x", "1").unwrap();
    assert_eq!(origin, Origin::Built);
    check_contents(&cache);
    let (again, origin) = folder.open("x", "1").unwrap();
    assert_eq!(origin, Origin::Reused);
    check_contents(&again);
    assert_eq!(again.corpus_hash(), cache.corpus_hash());
    assert!(matches!(folder.open("x", "2").unwrap().1, Origin::Rebuilt(reason) if reason.code == "corpus-has-changed"));
    assert_eq!(folder.files().len(), 1, "the new cache took the folder of the old one, and no draft is left");
    check_contents(&cache);
    assert_eq!(folder.open("y", "1").unwrap().1, Origin::Built);
    folder.tokenizer = tokenizer(&["e"]);
    assert_eq!(folder.open("x", "2").unwrap().1, Origin::Built);
    assert_eq!(folder.files().len(), 3);
}

#[test]
fn every_damage_is_noticed_and_repaired() {
    let folder = Folder::new();
    drop(folder.open("x", "1").unwrap());
    let path = folder.files().remove(0);
    let good = std::fs::read(&path).unwrap();
    let mut damaged: Vec<Vec<u8>> = vec![Vec::new(), good[..100].to_vec(), good[..good.len() - 1].to_vec()];
    damaged.push([good.as_slice(), &[0]].concat());
    for at in (0..good.len()).step_by(5) {
        damaged.push(good.clone());
        damaged.last_mut().unwrap()[at] ^= 1 << (at % 8);
    }
    for bytes in damaged {
        std::fs::write(&path, &bytes).unwrap();
        let (cache, origin) = folder.open("x", "1").unwrap();
        assert!(matches!(origin, Origin::Rebuilt(_)), "{origin:?}");
        check_contents(&cache);
    }
    assert_eq!(std::fs::read(&path).unwrap(), good, "and the same bytes are written again");
}

#[test]
fn an_error_on_the_way_leaves_nothing() {
    let folder = Folder::new();
    let failing = || [chunk("a b", true, Role::Corpus), Err(Error::failed("cache-gone"))].into_iter();
    let identity = Identity { name: "x".into(), state: "1".into() };
    let error = open_or_build(folder.dir.path(), &identity, &folder.tokenizer, &Options::default(), failing, |_| ());
    assert!(error.unwrap_err().to_string().contains("cache-gone"));
    assert!(folder.files().is_empty());
}

#[test]
fn documents_that_are_trained_on_and_held_out_are_counted() {
    let documents = [
        ("a b c", Role::Corpus),
        ("d d", Role::Corpus),
        ("A  b\nC", Role::Corpus),
        ("x", Role::Corpus),
        ("\u{4e2d}", Role::Corpus),
        // Two copies of one document, which other line ends and capitals do not hide.
        ("a\nb c\n", Role::HeldOut),
        ("a b c d", Role::HeldOut),
        // Different words that the vocabulary does not know are different documents.
        ("y", Role::HeldOut),
        ("\u{4e2d}", Role::HeldOut),
        ("", Role::HeldOut),
    ];
    let tokenizer = tokenizer(&[]);
    let count = |documents: &[(&str, Role)]| {
        let chunks = documents.iter().map(|(text, role)| chunk(text, true, *role));
        let cache = TokenCache::in_memory(chunks, &tokenizer, &Options::default(), |_| ()).unwrap();
        copies(&cache, tokenizer.specials().unk)
    };
    assert_eq!(count(&documents), Copies { held_out: 2, of: 4, training: 3 });
    assert_eq!(count(&documents[..5]), Copies { held_out: 0, of: 0, training: 0 });
    assert_eq!(count(&documents[5..]), Copies { held_out: 0, of: 4, training: 0 });
    // More documents than one piece of the work has.
    let many: Vec<(String, Role)> = (0..10_000_u32)
        .map(|n| {
            let words = (0..14).map(|bit| if n >> bit & 1 == 1 { "a" } else { "b" });
            (words.collect::<Vec<_>>().join(" "), if n % 3 == 0 { Role::HeldOut } else { Role::Corpus })
        })
        .collect();
    let mut all: Vec<(&str, Role)> = many.iter().map(|(text, role)| (text.as_str(), *role)).collect();
    assert_eq!(count(&all), Copies { held_out: 0, of: 3334, training: 0 });
    all.extend(many.iter().take(3000).map(|(text, _)| (text.as_str(), Role::Corpus)));
    assert_eq!(count(&all), Copies { held_out: 1000, of: 3334, training: 1000 });
}
