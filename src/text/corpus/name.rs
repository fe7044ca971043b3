//! What the names of a file and of its folders say about it: held-out text, a note about the data, or a kind of file without text.
//! "wiki.test-2.jsonl" -> its parts -> [`Word`].

use std::path::Path;

/// The last name of a path.
pub fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What a name says that a text is kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// The held-out text of a run.
    HeldOut,
    /// Text for judging a finished model.
    Judging,
}

/// A part of a name that says what a text is kept for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub kept: Kept,
    /// The part as it stands in the name.
    pub word: String,
    /// Whether it stands in the name of a folder.
    pub of_folder: bool,
}

const HELD_OUT: &[&str] = &[
    "valid",
    "validation",
    "val",
    "eval",
    "evaluation",
    "heldout",
    "holdout",
    // Portuguese, with and without accents.
    "validacao",
    "valida\u{e7}\u{e3}o",
    "avaliacao",
    "avalia\u{e7}\u{e3}o",
];
const JUDGING: &[&str] = &[
    "test", "tests", "testing", "tst", "dev", "devel", // the two halves of a test, as CoNLL has them
    "testa", "testb", // tests of news, as WMT has them
    "newstest", "newsdev", "devtest", // Portuguese
    "teste", "testes",
];
/// What may follow a word without a mark between them: "testset", "validationdata".
const ENDINGS: &[&str] = &["set", "sets", "data", "split", "file", "files", "text", "texts", "corpus"];

/// The word of a file's or a folder's name that says what the text is kept for. Every part of the name is looked at, and the last
/// one that says something counts.
pub fn word_of(name: &str, of_folder: bool) -> Option<Word> {
    let parts = parts(name);
    let pair = |n: usize| {
        let [first, second] = [parts.get(n)?, parts.get(n + 1)?];
        let held_out = ["held", "hold"].contains(&&*first.to_lowercase()) && second.to_lowercase() == "out";
        held_out.then(|| (Kept::HeldOut, format!("{first}-{second}")))
    };
    let found = (0..parts.len())
        .rev()
        .find_map(|n| kept_for(parts[n]).map(|kept| (kept, parts[n].to_owned())).or_else(|| pair(n)));
    found.map(|(kept, word)| Word { kept, word, of_folder })
}

/// The letters and digits between two marks, and also between a small and a capital letter: "wikiTest" has two parts.
fn parts(name: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for piece in name.split(|c: char| !c.is_alphanumeric() && !is_accent(c)) {
        let (mut start, mut before) = (0, None);
        for (at, c) in piece.char_indices() {
            if before.is_some_and(char::is_lowercase) && c.is_uppercase() {
                parts.push(&piece[start..at]);
                start = at;
            }
            before = Some(c);
        }
        parts.push(&piece[start..]);
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// macOS writes an accent as a character of its own.
fn is_accent(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

fn kept_for(part: &str) -> Option<Kept> {
    let lower: String = part.to_lowercase().chars().filter(|c| !is_accent(*c)).collect();
    // Numbers of pieces and years: "valid2", "00test", "newstest2014".
    let bare = lower.trim_matches(|c: char| c.is_ascii_digit());
    let known = |word: &str| {
        if HELD_OUT.contains(&word) {
            return Some(Kept::HeldOut);
        }
        JUDGING.contains(&word).then_some(Kept::Judging)
    };
    known(bare).or_else(|| ENDINGS.iter().find_map(|ending| known(bare.strip_suffix(ending)?)))
}

/// Whether a file is a note about the data: its licence, its description.
pub fn is_note(name: &str) -> bool {
    let lower = name.to_lowercase();
    ["source", "license", "licence", "copying", "readme", "manifest", "citation", "dataset_info", "checksums"]
        .iter()
        .any(|note| lower.starts_with(note))
}

/// Endings of program text, markup, settings and lists, which a folder may hold beside its corpus. Their bytes are text, but no
/// text to learn from. A file with one of them is read if it is given by name.
const NO_CORPUS: &[&str] = &[
    "bash", "bat", "bib", "c", "cc", "cfg", "cmake", "conf", "cpp", "cs", "css", "diff", "env", "go", "h", "hpp",
    "htm", "html", "ini", "ipynb", "java", "js", "jsx", "kt", "lock", "log", "lua", "md5", "mk", "patch", "php", "pl",
    "ps1", "py", "r", "rb", "rs", "sh", "sha1", "sha256", "sha512", "sql", "sum", "svg", "swift", "tex", "toml", "ts",
    "xhtml", "xml", "yaml", "yml",
];

/// Those of [`NO_CORPUS`] that are also codes of languages (ISO 639-1, -2, -3 and -5). Corpora of several languages end in them:
/// `europarl.cs` is Czech.
const LANGUAGES: &[&str] =
    &["bat", "bib", "cfg", "cpp", "cs", "css", "env", "log", "lua", "mk", "pl", "sh", "tex", "ts", "xml", "yml"];

/// The ending of a name, in lower case, if files that end so hold no corpus, or hold one only if it is the code of a language.
pub fn ending_without_corpus(name: &str) -> Option<String> {
    ending(without_packing(&name.to_lowercase())).filter(|ending| NO_CORPUS.contains(&ending.as_str()))
}

/// Whether an ending without a corpus is also the code of a language.
pub fn is_language(ending: &str) -> bool {
    LANGUAGES.contains(&ending)
}

/// What the ending of a name promises about the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    Text,
    Json,
    Table,
    Parquet,
    /// No ending, or one that promises nothing.
    Nothing,
}

impl Promise {
    pub fn of(name: &str) -> Self {
        let lower = name.to_lowercase();
        let bare = without_packing(&lower);
        match ending(bare).as_deref() {
            Some("txt" | "text") => Self::Text,
            Some("jsonl" | "ndjson" | "json" | "jsonlines") => Self::Json,
            Some("csv" | "tsv" | "tab") => Self::Table,
            Some("parquet") => Self::Parquet,
            // "train.gz" is text in gzip.
            None if bare.len() < lower.len() => Self::Text,
            _ => Self::Nothing,
        }
    }
}

/// A name without the ending of a packed file.
fn without_packing(lower: &str) -> &str {
    [".gz", ".gzip", ".zst", ".zstd"].iter().find_map(|packed| lower.strip_suffix(packed)).unwrap_or(lower)
}

fn ending(name: &str) -> Option<String> {
    name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, ending)| ending.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(name: &str) -> Option<Kept> {
        word_of(name, false).map(|word| word.kept)
    }

    #[test]
    fn every_part_of_a_name_is_looked_at() {
        for name in [
            "test",
            "wiki.test.txt",
            "webtext.test.jsonl",
            "dev_matched",
            "dev",
            "Test.TXT",
            "test-00000-of-00002.parquet",
            // Others of their kind.
            "newstest2014.en",
            "eng.testa",
            "TestSet.txt",
            "wikiTest.txt",
            "test (1).txt",
            "my+dev+notes.md",
            "teste.txt",
            "corpus.de.dev2.gz",
            "testdata",
            "IWSLT.tst2013.en",
            "testfile.txt",
            "devcorpus.pt",
        ] {
            assert_eq!(kept(name), Some(Kept::Judging), "{name}");
        }
        for name in [
            "validation",
            "val.txt",
            "valid-1",
            "eval",
            "heldout",
            "validation-00000-of-00001.jsonl",
            // Others of their kind.
            "held-out",
            "hold_out.txt",
            "wikitext.holdout.txt",
            "ptb.valid.txt",
            "valset.csv",
            "00valid.txt",
            "EVAL2.json",
            "valida\u{e7}\u{e3}o",
            "validac\u{327}a\u{303}o",
            "avaliacao",
        ] {
            assert_eq!(kept(name), Some(Kept::HeldOut), "{name}");
        }
        for name in [
            "testament.txt",
            "contest.txt",
            "valley.txt",
            "devotion.md",
            "evaluate-me",
            "held",
            "train.txt",
            "asset",
            "medieval.txt",
            "profile.txt",
            "data",
            "out",
        ] {
            assert_eq!(kept(name), None, "{name}");
        }
    }

    #[test]
    fn a_word_is_told_as_it_stands_in_the_name() {
        let word = |name| word_of(name, true).map(|word| word.word);
        assert_eq!(word("Wiki.TEST-2.txt").as_deref(), Some("TEST"));
        assert_eq!(word("held_out.txt").as_deref(), Some("held-out"));
        assert_eq!(word("dev2").as_deref(), Some("dev2"));
    }

    #[test]
    fn endings_promise_or_say_that_there_is_no_corpus() {
        use Promise::*;
        for (name, promise) in [
            ("a.txt.gz", Text),
            ("a.gz", Text),
            ("a.zst", Text),
            ("a.JSON", Json),
            ("a.ndjson.zst", Json),
            ("a.tsv", Table),
            ("a.parquet", Parquet),
            ("wiki_00", Nothing),
            ("a.en", Nothing),
            (".txt", Nothing),
        ] {
            assert_eq!(Promise::of(name), promise, "{name}");
        }
        assert_eq!(ending_without_corpus("setup.PY").as_deref(), Some("py"));
        assert_eq!(ending_without_corpus("dump.xml.gz").as_deref(), Some("xml"));
        assert_eq!(["notes.md", "a.txt", "wiki_00"].map(ending_without_corpus), [None, None, None]);
        assert!(LANGUAGES.iter().all(|ending| NO_CORPUS.contains(ending)) && is_language("cs") && !is_language("rs"));
        assert!(is_note("LICENCE.txt") && is_note("dataset_infos.json") && !is_note("my-source.txt"));
    }
}
