//! Tests every kind of file, every folder rule, and every kind of damage.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use tempfile::TempDir;

use super::*;
use crate::text::readers::LINE_BYTES_MAX;

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    dir
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn open(path: &Path) -> Result<Corpus> {
    Corpus::open(&[path.to_owned()], &[])
}

/// The documents, with the pieces of long ones joined.
fn documents(corpus: &Corpus) -> Result<Vec<(String, Role)>> {
    let mut documents = Vec::new();
    let mut text = String::new();
    for chunk in corpus.chunks() {
        let chunk = chunk?;
        text += &chunk.text;
        if chunk.last {
            documents.push((std::mem::take(&mut text), chunk.role));
        } else {
            text.push('\n');
        }
    }
    assert!(text.is_empty(), "every document ends");
    Ok(documents)
}

fn texts(dir: &TempDir, name: &str) -> Vec<String> {
    documents(&open(&dir.path().join(name)).unwrap()).unwrap().into_iter().map(|(text, _)| text).collect()
}

/// The text of the error for a file with these bytes.
fn error_of(name: &str, bytes: &[u8]) -> String {
    let dir = folder(&[(name, bytes)]);
    let error = open(&dir.path().join(name)).and_then(|corpus| documents(&corpus)).unwrap_err();
    assert!(error.to_string().contains(name), "{error} must name the file");
    error.to_string()
}

/// `rows` as a parquet file, with a column of numbers before the text.
fn parquet_file(column: &str, rows: &[Option<&str>], compression: Compression) -> Vec<u8> {
    let schema = format!("message m {{ required int64 id; optional binary {column} (UTF8); }}");
    let schema = Arc::new(parquet::schema::parser::parse_message_type(&schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, properties).unwrap();
    // Two rows a group, so that there are several groups.
    for rows in rows.chunks(2) {
        let mut group = writer.next_row_group().unwrap();
        let mut ids = group.next_column().unwrap().unwrap();
        ids.typed::<Int64Type>().write_batch(&vec![7; rows.len()], None, None).unwrap();
        ids.close().unwrap();
        let mut texts = group.next_column().unwrap().unwrap();
        let levels: Vec<i16> = rows.iter().map(|row| row.is_some().into()).collect();
        let values: Vec<ByteArray> = rows.iter().flatten().map(|&row| ByteArray::from(row)).collect();
        texts.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None).unwrap();
        texts.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
    bytes
}

#[test]
fn text_is_blocks_between_blank_lines() {
    let text = "\u{feff}\r\n\none\r\n  two \r\n \t \r\n\r\nthree\n\n\n";
    let dir = folder(&[("a.txt", text.as_bytes()), ("b.txt.gz", &gzip(text.as_bytes())), ("c.md", b"no end")]);
    for name in ["a.txt", "b.txt.gz"] {
        assert_eq!(texts(&dir, name), ["one\ntwo", "three"], "{name}");
    }
    assert_eq!(texts(&dir, "c.md"), ["no end"], "a file given by name is read whatever it is called");
}

#[test]
fn gzip_files_of_several_members_are_read_whole() {
    let bytes = [gzip(b"one\n"), gzip(b"two\n")].concat();
    let dir = folder(&[("a.gz", &bytes)]);
    assert_eq!(texts(&dir, "a.gz"), ["one\ntwo"]);
}

#[test]
fn jsonl_is_one_document_a_line() {
    let text = "{\"text\": \"a\\nb\", \"id\": 1}\n\n{\"id\": 2, \"text\": \"ação \\u4e2d\"}";
    let dir = folder(&[("a.jsonl", text.as_bytes()), ("b.jsonl.gz", &gzip(text.as_bytes()))]);
    for name in ["a.jsonl", "b.jsonl.gz"] {
        assert_eq!(texts(&dir, name), ["a\nb", "ação 中"], "{name}");
    }
}

#[test]
fn parquet_is_one_document_a_row() {
    let rows = [Some("one"), None, Some("two\nlines"), Some("três"), None, Some("")];
    for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::GZIP(Default::default())] {
        let dir = folder(&[("a.parquet", &parquet_file("text", &rows, compression))]);
        assert_eq!(texts(&dir, "a.parquet"), ["one", "two\nlines", "três", ""]);
    }
}

#[test]
fn long_documents_come_in_pieces() {
    let line = "word ".repeat(2000);
    let text = [line.trim(); 400].join("\n") + "\n\nend\n";
    let dir = folder(&[("a.txt", text.as_bytes())]);
    let corpus = open(&dir.path().join("a.txt")).unwrap();
    let chunks: Vec<Chunk> = corpus.chunks().map(Result::unwrap).collect();
    assert!(chunks.len() > 3 && chunks.iter().all(|chunk| chunk.text.len() < 1_100_000));
    let documents = documents(&corpus).unwrap();
    assert_eq!(documents.len(), 2);
    // Each piece but the last adds a line end where it was cut.
    assert_eq!(documents[0].0.lines().filter(|line| !line.is_empty()).count(), 400);
    assert_eq!(documents[1].0, "end");
    let shares: Vec<f32> = chunks.iter().map(|chunk| chunk.share.unwrap()).collect();
    assert!(shares.is_sorted() && *shares.last().unwrap() > 0.99, "{shares:?}");
}

#[test]
fn folder_rules() {
    let dir = folder(&[
        ("train.txt", b"train"),
        ("more/books.jsonl", b"{\"text\": \"books\"}"),
        ("more/dev.txt", b"dev"),
        ("valid.txt", b"valid"),
        ("validation-00000-of-00001.jsonl", b"{\"text\": \"v\"}"),
        ("Test.TXT", b"test"),
        ("testament.txt", b"testament"),
        ("SOURCE.txt", b"source"),
        ("LICENSE", b"licence"),
        ("readme.txt", b"readme"),
        ("manifest.tsv", b"manifest"),
        ("table.csv", b"a,b"),
        ("empty.txt", b""),
        (".hidden.txt", b"hidden"),
    ]);
    let corpus = open(dir.path()).unwrap();
    let mut found = documents(&corpus).unwrap();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let name = |text: &str, role| (text.to_owned(), role);
    assert_eq!(
        found,
        [
            name("books", Role::Corpus),
            name("testament", Role::Corpus),
            name("train", Role::Corpus),
            name("v", Role::HeldOut),
            name("valid", Role::HeldOut)
        ]
    );
    let skipped: Vec<String> = corpus.skipped.iter().map(|(path, _)| name_of(path)).collect();
    assert_eq!(
        skipped,
        ["LICENSE", "SOURCE.txt", "Test.TXT", "empty.txt", "manifest.tsv", "dev.txt", "readme.txt", "table.csv"]
    );
    let told = corpus.listing();
    let count = |code: &str| told.iter().filter(|message| message.code == code).count();
    let counts = ["corpus-file-train", "corpus-file-held-out", "corpus-file-skipped"].map(count);
    assert_eq!((told.len(), counts), (5 + 8, [3, 2, 8]), "every file is told: {told:?}");
    let training: Vec<Role> = corpus.training_chunks().map(|chunk| chunk.unwrap().role).collect();
    assert_eq!(training, [Role::Corpus; 3]);
}

#[test]
fn given_held_out_text_replaces_that_of_the_folder() {
    let dir = folder(&[("a/train.txt", b"train"), ("a/valid.txt", b"valid"), ("b/test.txt", b"mine")]);
    let corpus = Corpus::open(&[dir.path().join("a")], &[dir.path().join("b")]).unwrap();
    let found = documents(&corpus).unwrap();
    assert_eq!(found, [("train".to_owned(), Role::Corpus), ("mine".to_owned(), Role::HeldOut)]);
    let judged = Corpus::open_held_out(&[dir.path().join("a")]).unwrap();
    assert!(documents(&judged).unwrap().iter().all(|(_, role)| *role == Role::HeldOut));
}

#[test]
fn a_file_that_is_held_out_is_never_trained_on_and_none_is_read_twice() {
    let dir = folder(&[("a.txt", b"a"), ("b.txt", b"b")]);
    let (a, all) = (dir.path().join("a.txt"), dir.path().to_owned());
    let corpus = Corpus::open(&[all.clone(), dir.path().join("./b.txt")], &[a]).unwrap();
    assert_eq!(documents(&corpus).unwrap(), [("b".to_owned(), Role::Corpus), ("a".to_owned(), Role::HeldOut)]);
}

#[test]
fn the_identity_changes_with_the_files() {
    let dir = folder(&[("a.txt", b"one")]);
    let before = open(dir.path()).unwrap().identity();
    assert_eq!(open(dir.path()).unwrap().identity(), before);
    std::fs::write(dir.path().join("a.txt"), b"other").unwrap();
    let after = open(dir.path()).unwrap().identity();
    assert_eq!(after.name, before.name);
    assert_ne!(after.state, before.state);
}

#[test]
fn wrong_text_is_an_error_with_the_byte() {
    let utf8 = error_of("a.txt", b"fine\nwrong \xe7\xe3o\n");
    assert!(utf8.contains("byte = 11)") && utf8.contains("not-utf8 (byte = 0xe7, line = 2)"), "{utf8}");
    let gz = error_of("a.txt.gz", &gzip(b"fine\nwrong \xe7\xe3o\n"));
    assert!(gz.contains("at-byte-decompressed (") && gz.contains("byte = 11)"), "{gz}");
    let cut = error_of("a.txt", "ends in ção".as_bytes().strip_suffix(b"o").unwrap().strip_suffix(b"\xa3").unwrap());
    assert!(cut.contains("not-utf8") && cut.contains("byte = 10)"), "{cut}");
    let binary = error_of("a.txt", b"PK\x03\x04\x00\x00");
    assert!(binary.contains("binary-file") && binary.contains("byte = 4)"), "{binary}");
    assert!(error_of("a.txt", b"\xff\xfeh\0i\0").contains("utf16-text"));
    assert!(error_of("a.txt", b"").contains("empty-file"));
    let json = error_of("a.jsonl", b"{\"text\": \"a\"}\n{\"txt\": \"b\"}\n");
    assert!(
        json.contains("not-a-json-text (line = 2")
            && json.contains("missing field `text`")
            && json.contains("byte = 14)"),
        "{json}"
    );
    assert!(error_of("a.jsonl", b"{\"text\": \"a\"}\n{\"text\": \"b").contains("line = 2"));
}

#[test]
fn huge_lines_are_an_error() {
    let mut bytes = b"short\n".to_vec();
    bytes.resize(6 + LINE_BYTES_MAX + 1, b'a');
    let error = error_of("a.txt", &bytes);
    assert!(error.contains("line-too-long (line = 2, mib = 16)") && error.contains("byte = 6)"), "{error}");
    bytes.truncate(6 + LINE_BYTES_MAX);
    let dir = folder(&[("a.txt", &bytes)]);
    let letters = texts(&dir, "a.txt")[0].matches('a').count();
    assert_eq!(letters, LINE_BYTES_MAX);
}

#[test]
fn damaged_gzip_is_an_error() {
    let text: String = (0..5000).map(|i| format!("line {i}\n")).collect();
    let mut bytes = gzip(text.as_bytes());
    assert!(error_of("a.gz", &bytes[..bytes.len() / 2]).contains("gzip-cut-off"));
    assert!(error_of("a.gz", b"this is no gzip").contains("gzip-damaged"));
    let checksum = bytes.len() - 8;
    bytes[checksum] ^= 1;
    assert!(error_of("a.gz", &bytes).contains("gzip-damaged"));
}

#[test]
fn unreadable_parquet_is_an_error() {
    let bytes = parquet_file("text", &[Some("one"), Some("two")], Compression::SNAPPY);
    assert!(error_of("a.parquet", &bytes[..bytes.len() - 9]).contains("parquet-damaged"));
    assert!(error_of("a.parquet", b"PAR1 nothing PAR1").contains("parquet-damaged"));
    let named = error_of("a.parquet", &parquet_file("body", &[Some("one")], Compression::SNAPPY));
    assert!(named.contains("no-text-column (columns = id, body)"), "{named}");
}

#[test]
fn every_single_damaged_byte_of_a_parquet_file_is_survived() {
    let rows = [Some("one text"), None, Some("another text"), Some("the third text")];
    let good = parquet_file("text", &rows, Compression::SNAPPY);
    let dir = folder(&[("a.parquet", &good)]);
    let path = dir.path().join("a.parquet");
    let mut outcomes = [0, 0];
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        std::fs::write(&path, bytes).unwrap();
        outcomes[usize::from(open(&path).and_then(|corpus| documents(&corpus)).is_err())] += 1;
    }
    // Some bytes do not matter (statistics, the other column), some must.
    assert!(outcomes[0] > 0 && outcomes[1] > 0, "{outcomes:?}");
}

/// A file that claims to use zstd. Its pages are never read, so only its footer matters.
#[test]
fn zstd_parquet_is_named() {
    let good = parquet_file("text", &[Some("one")], Compression::SNAPPY);
    let zstd = with_codec(&good, Compression::ZSTD(ZstdLevel::default()));
    let error = error_of("a.parquet", &zstd);
    assert!(error.contains("text-column-codec") && error.contains("ZSTD"), "{error}");
}

/// The codec is field 4 of a column's Thrift metadata, right after the path: `text`, then 0x15 and the zigzag number.
fn with_codec(file: &[u8], codec: Compression) -> Vec<u8> {
    assert!(matches!(codec, Compression::ZSTD(_)));
    let mut file = file.to_vec();
    // SNAPPY is 1, zigzag 2; ZSTD is 6, zigzag 12.
    let pattern = b"\x04text\x15\x02";
    let at: Vec<usize> = (0..file.len() - pattern.len()).filter(|&at| file[at..].starts_with(pattern)).collect();
    assert_eq!(at.len(), 1, "the metadata looks different from what this test knows");
    file[at[0] + pattern.len() - 1] = 12;
    file
}

#[test]
fn missing_paths_and_empty_folders_are_told() {
    let missing = open(Path::new("no/such/place")).unwrap_err().to_string();
    assert!(missing.contains("no/such/place") && missing.contains("io-read"), "{missing}");
    let dir = folder(&[("valid.txt", b"only this"), ("notes.csv", b"x")]);
    let nothing = open(dir.path()).unwrap_err().to_string();
    assert!(nothing.contains("nothing-to-train-on"), "{nothing}");
}

/// Two texts of one length and time whose names differ in one byte that is not UTF-8: neither gets the other's token cache.
#[test]
#[cfg(target_os = "linux")]
fn names_of_any_bytes_are_told_apart() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tempfile::tempdir().unwrap();
    let texts = [&b"a\xe8.txt"[..], b"a\xe9.txt", "a\u{fffd}.txt".as_bytes()]
        .map(|name| dir.path().join(std::ffi::OsStr::from_bytes(name)));
    for (text, path) in ["one dog\n", "two dog\n", "six dog\n"].iter().zip(&texts) {
        std::fs::write(path, text).unwrap();
        std::fs::File::open(path).unwrap().set_modified(UNIX_EPOCH).unwrap();
    }
    let found = texts.clone().map(|path| open(&path).unwrap());
    let names: HashSet<String> = found.iter().map(|corpus| corpus.identity().name).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    // In a folder all three are found, under their own names, and the list can be told apart too.
    let whole = open(dir.path()).unwrap();
    assert_eq!(whole.files.iter().map(|file| file.path.clone()).collect::<HashSet<_>>(), texts.into_iter().collect());
    let listed: HashSet<String> = whole.listing().iter().map(ToString::to_string).collect();
    assert_eq!(listed.len(), 3, "{listed:?}");
}
