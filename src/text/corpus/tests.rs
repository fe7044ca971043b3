//! Tests every form of file and every kind of damage; `names` tests which files are read and for what.

mod names;

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use tempfile::TempDir;

use super::*;
use crate::text::readers::input::LINE_BYTES_MAX;

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

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

fn utf16(text: &str, mark: bool, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    mark.then_some('\u{feff}')
        .into_iter()
        .chain(text.chars())
        .collect::<String>()
        .encode_utf16()
        .flat_map(bytes)
        .collect()
}

fn open(path: &Path) -> Result<Corpus> {
    Corpus::open(&[path.to_owned()], &[], None)
}

/// What each path was taken for: `train`, `held out` or the code of the reason why it is skipped.
fn verdicts(corpus: &Corpus) -> Vec<(String, String)> {
    let read = corpus.files.iter().map(|file| (name_of(&file.path), format!("{:?}", file.role)));
    let skipped = corpus.skipped.iter().map(|(path, reason)| (name_of(path), reason.message().code.into_owned()));
    read.chain(skipped).collect()
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
        assert_eq!(texts(&dir, "a.parquet"), ["one", "", "two\nlines", "três", "", ""], "null is an empty document");
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
    let binary = error_of("a.txt", b"some\x00\x00 text");
    assert!(binary.contains("binary-file") && binary.contains("byte = 4)"), "{binary}");
    assert!(error_of("a.txt", b"").contains("empty-file"));
    let json = error_of("a.jsonl", b"{\"text\": \"a\"}\n{\"txt\": \"b\"}\n");
    assert!(
        json.contains("json-line-without-field (line = 2")
            && json.contains("field = text, fields = txt")
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
    assert!(error_of("a.gz", b"\x1f\x8bthis is no gzip").contains("gzip-damaged"));
    let checksum = bytes.len() - 8;
    bytes[checksum] ^= 1;
    assert!(error_of("a.gz", &bytes).contains("gzip-damaged"));
}

#[test]
fn unreadable_parquet_is_an_error() {
    let bytes = parquet_file("text", &[Some("one"), Some("two")], Compression::SNAPPY);
    assert!(error_of("a.parquet", &bytes[..bytes.len() - 9]).contains("parquet-damaged"));
    assert!(error_of("a.parquet", b"PAR1 nothing PAR1").contains("parquet-damaged"));
    assert!(error_of("a.parquet", b"not a parquet file").contains("not-parquet"));
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
    assert!(error.contains("column-codec (column = text, codec = ZSTD"), "{error}");
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
    let dir = folder(&[("valid.txt", b"only this"), ("notes.csv", b"x,y\n1,2\n"), ("empty/none.txt", b"")]);
    let nothing = open(dir.path()).unwrap_err().to_string();
    for told in
        ["nothing-to-train-on", "valid.txt", "skipped-held-out", "no-text-field (fields = x, y)", "skipped-empty"]
    {
        assert!(nothing.contains(told), "{nothing}");
    }
    let held_out = Corpus::open(&[dir.path().to_owned()], &[dir.path().join("empty")], None).unwrap_err().to_string();
    assert!(held_out.contains("no-text-file-found"), "an empty --valid is no request for a split: {held_out}");
}

/// Files of every form, with the documents "one" and "", under names that say little of it.
fn files_of_every_form() -> Vec<(&'static str, Vec<u8>)> {
    let (lines, table) = ("{\"text\": \"one\", \"n\": NaN}\n{\"text\": null}\n", "id,text\n1,one\n2,\n");
    let quoted = "name\ttext\nx\t\"one\"\ny\t\n";
    vec![
        ("lines.json", lines.into()),
        ("lines.ndjson", lines.into()),
        ("lines.txt", lines.into()),
        ("wiki_00", lines.into()),
        ("array.json", b"[{\"text\": \"one\"},\n {\"n\": [1], \"text\": null}]\n".to_vec()),
        ("strings.json", b" [\"one\", \"\"]".to_vec()),
        ("null.json", b"[\"one\", null]".to_vec()),
        ("many-lines.jsonl", b"{\n  \"text\": \"one\"\n}\n{\n  \"text\": null\n}\n".to_vec()),
        ("table.csv", table.into()),
        ("table.txt", table.into()),
        ("semicolons.csv", table.replace(',', ";").into()),
        ("tabs.tsv", quoted.into()),
        ("packed.txt", gzip(lines.as_bytes())),
        ("packed.csv.zst", zstd(table.as_bytes())),
        ("packed", zstd(lines.as_bytes())),
        ("unpacked.jsonl.gz", lines.into()),
        ("little.jsonl", utf16(lines, false, u16::to_le_bytes)),
        ("big.csv", utf16(table, true, u16::to_be_bytes)),
        ("both.csv.gz", gzip(&utf16(table, false, u16::to_be_bytes))),
        ("column.dat", parquet_file("text", &[Some("one"), None], Compression::SNAPPY)),
        ("marked.csv", format!("\u{feff}{table}").into()),
    ]
}

#[test]
fn a_file_is_what_its_bytes_say() {
    let files = files_of_every_form();
    let dir = folder(&files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect::<Vec<_>>());
    for (name, _) in &files {
        assert_eq!(texts(&dir, name), ["one", ""], "{name}");
    }
    let all = open(dir.path()).unwrap();
    assert_eq!((all.files.len(), all.skipped.len()), (files.len(), 0), "in a folder too: {:?}", all.skipped);
}

#[test]
fn any_damaged_byte_of_any_form_is_survived() {
    let dir = folder(&[]);
    let mut outcomes = [0, 0];
    for (name, good) in files_of_every_form() {
        let path = dir.path().join(name);
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << (at % 8);
            std::fs::write(&path, bytes).unwrap();
            outcomes[usize::from(open(&path).and_then(|corpus| documents(&corpus)).is_err())] += 1;
        }
    }
    assert!(outcomes[0] > 100 && outcomes[1] > 100, "{outcomes:?}");
}

#[test]
fn text_stays_text_whatever_it_looks_like() {
    for (name, text) in [
        ("a.gz", "this is no gzip"),
        ("a.txt", "[1] a note, {not} json"),
        ("b.txt", "{{Infobox|x}} of a page"),
        ("c.txt", "[[Category:x]] of a page"),
        ("d.txt", "Text, and more of it.\nAnother line, too."),
        ("e.txt", "PAR1 is a mark"),
        ("corpus.en", "the dog"),
        ("part-00000", "the dog"),
        ("notes.md", "# the dog"),
    ] {
        let dir = folder(&[(name, text.as_bytes())]);
        assert_eq!(texts(&dir, name), [text], "{name}");
        assert_eq!(open(dir.path()).unwrap().files.len(), 1, "{name}");
    }
    let article = "<doc id=\"1\" title=\"Dog\">\nDog\n\nThe dog barks.\n</doc>\n<doc id=\"2\">\nCat\n</doc>\n";
    let dir = folder(&[("wiki_01", article.as_bytes())]);
    assert_eq!(texts(&dir, "wiki_01"), ["Dog\nThe dog barks.", "Cat"]);
}

#[test]
fn what_is_not_read_is_refused_by_its_true_kind() {
    for (name, bytes, told) in [
        ("a.txt.bz2", &b"BZh91AY&SY\x01\x02"[..], "file-is-packed (kind = bzip2)"),
        ("a.txt", b"BZh91AY&SY\x01\x02", "file-is-packed (kind = bzip2)"),
        ("a.xz", b"\xfd7zXZ\0\0\x04", "file-is-packed (kind = xz)"),
        ("a.docx", b"PK\x03\x04\x14\0", "file-is-packed (kind = zip (docx, epub, xlsx))"),
        ("a.txt", b"%PDF-1.4\n%\xe2\xe3", "file-is-document (kind = PDF)"),
        ("a.arrow", b"\xff\xff\xff\xff\x78\0\0\0", "file-is-no-text (kind = Arrow)"),
        ("a.jsonl", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "corpus-is-lfs-pointer"),
        ("a.csv", b"<!DOCTYPE html>\n<title>404</title>", "file-is-document (kind = HTML)"),
        ("a.txt", b"<?xml version=\"1.0\"?><mediawiki>", "file-is-document (kind = XML)"),
        ("a.jsonl", b"the dog\n", "not-json"),
        ("a.jsonl", b"{'text': 'the dog'}\n", "not-json"),
        ("a.json", b"[[\"a\", 1]]", "json-of-other-values"),
        ("a.json", b"{\"version\": 1,\n \"data\": [{\"text\": \"a\"}]}", "no-text-field (fields = data, version)"),
        ("a.csv", b"a,b\n1,2\n", "no-text-field (fields = a, b)"),
        ("a.csv", b"body,content\n1,2\n", "several-text-fields (fields = body, content)"),
        ("a.jsonl", b"{\"story\": \"x\", \"article\": \"y\"}\n", "several-text-fields (fields = article, story)"),
    ] {
        let error = error_of(name, bytes);
        assert!(error.contains(told), "{name}: {error}");
        let dir = folder(&[(name, bytes), ("good.txt", b"good")]);
        let beside = open(dir.path()).unwrap();
        assert_eq!((beside.files.len(), beside.skipped.len()), (1, 1), "{name}: in a folder it is only left out");
        assert!(beside.listing().iter().any(|message| message.to_string().contains(told)), "{name}: and told");
    }
    assert!(error_of("a.gz", &gzip(&gzip(b"text"))).contains("file-is-packed-twice (kind = gzip)"));
    assert!(error_of("a.tgz", &gzip(&[&[b'a'; 257][..], b"ustar\0"].concat())).contains("file-is-packed (kind = tar)"));
}

#[test]
fn every_reader_is_equally_strict() {
    for (name, bytes, told) in [
        ("a.jsonl", &b"{\"text\": \"a\"}\n{\"text\": \"b\\u0000\"}\n"[..], "row-is-binary"),
        ("a.jsonl", b"{\"text\": \"a\"}\n{\"text\": \"\\ud83d\"}\n", "not-a-json-text (line = 2"),
        ("a.jsonl", b"{\"text\": \"a\"}\n{\"text\": 3}\n", "not-a-json-text (line = 2"),
        ("a.json", b"[{\"text\": \"a\"}, {\"text\": \"b\\u0000\"}]", "row-is-binary"),
        ("a.json", b"[{\"text\": \"a\"}, {\"txt\": \"b\"}]", "json-value-without-field (number = 2"),
        ("a.json", b"[{\"text\": \"a\"} {\"text\": \"b\"}]", "json-unexpected (byte = {)"),
        ("a.json", b"[{\"text\": \"a\"}, 3]", "json-unexpected (byte = 3)"),
        ("a.json", b"[{\"text\": \"a\"}", "json-cut-off"),
        ("a.json", b"[{\"text\": \"a\"}]\n[]", "bytes-after-json"),
        ("a.csv", b"id,text\n1,a\n2,b\xe7\n", "not-utf8 (byte = 0xe7, line = 3)"),
        ("a.csv", b"id,text\n1,a\n2,b,c\n", "table-row-of-other-length (fields = 3, columns = 2)"),
        ("a.tsv", b"id\ttext\n1\ta\n2\tb\0\n", "binary-file"),
    ] {
        let error = error_of(name, bytes);
        assert!(error.contains(told), "{name}: {error}");
    }
    // A zero byte beyond the first bytes.
    let rows: String = (0..20_000).map(|n| format!("{n},row\n")).collect();
    assert!(error_of("a.csv", format!("id,text\n{rows}1,a\0b\n").as_bytes()).contains("row-is-binary"));
    // A quotation mark that is never closed.
    let open = format!("id,text\n1,\"{}", "a\n".repeat(LINE_BYTES_MAX / 2 + 40_000));
    assert!(error_of("a.csv", open.as_bytes()).contains("row-too-long"));
    let half = utf16("the dog\n", false, u16::to_le_bytes);
    assert!(error_of("a.txt", &half[..half.len() - 1]).contains("utf16-broken"));
}

#[test]
fn zeros_may_follow_a_packed_file_and_nothing_else() {
    let text: String = (0..5000).map(|i| format!("line {i}\n")).collect();
    let twice = |packed: &[u8], between: &[u8], end: &[u8]| [packed, between, packed, end].concat();
    for (name, packed) in [("a.gz", gzip(text.as_bytes())), ("a.zst", zstd(text.as_bytes()))] {
        let dir = folder(&[
            ("twice", &twice(&packed, b"", b"")),
            ("padded", &twice(&packed, b"", &[0; 5000])),
            ("three", &twice(&packed, b"", &[0; 3])),
        ]);
        for file in ["twice", "padded", "three"] {
            assert_eq!(texts(&dir, file)[0].lines().count(), 10_000, "{name}, {file}");
        }
        for end in [&b"garbage"[..], b"\0\0garbage", b"\0\0\0\0garbage", b"x", b"\x1f\x8bxx and more bytes"] {
            let error = error_of(name, &twice(&packed, b"", end));
            assert!(error.contains("bytes-after-"), "{name}, {end:?}: {error}");
        }
        assert!(error_of(name, &packed[..packed.len() - 5]).contains("-cut-off"), "{name}");
        assert!(error_of(name, &packed[..7]).contains("-cut-off"), "{name}");
    }
    let packed = zstd(text.as_bytes());
    let skippable = b"\x5a\x2a\x4d\x18\x05\0\0\0hello";
    let dir =
        folder(&[("a.zst", &twice(&packed, skippable, skippable)), ("b.zst", &[&skippable[..], &packed].concat())]);
    assert_eq!(texts(&dir, "a.zst")[0].lines().count(), 10_000);
    assert_eq!(texts(&dir, "b.zst")[0].lines().count(), 5_000);
    let mut wrong = packed.clone();
    let last = wrong.len() - 1;
    wrong[last] ^= 1;
    assert!(error_of("a.zst", &wrong).contains("zstd-damaged (detail = checksum-differs)"));
}

#[test]
fn the_field_of_documents_is_named_or_plain_to_see() {
    let rows = parquet_file("story", &[Some("one")], Compression::SNAPPY);
    let dir = folder(&[
        ("a.jsonl", b"{\"id\": \"7\", \"content\": \"one\", \"story\": \"two\"}"),
        ("b.csv", b"id,Document\n7,one\n"),
        ("c.parquet", &rows),
        ("d.json", b"[{\"quote\": \"one\", \"n\": 1}]"),
        ("e.jsonl", b"{\"content\": \"one\", \"text\": \"two\"}"),
    ]);
    for name in ["b.csv", "c.parquet", "d.json"] {
        assert_eq!(texts(&dir, name), ["one"], "{name}");
    }
    assert_eq!(texts(&dir, "e.jsonl"), ["two"], "\"text\" comes first");
    let folder = open(dir.path()).unwrap();
    let skipped: Vec<String> = folder.skipped.iter().map(|(path, _)| name_of(path)).collect();
    assert_eq!(skipped, ["a.jsonl", "d.json"], "in a folder the only string may be a fact about the data");
    let named = |name: &str, field| {
        let corpus = Corpus::open(&[dir.path().join(name)], &[], Some(field))?;
        Ok(documents(&corpus)?.remove(0).0)
    };
    for (name, field, text) in [
        ("a.jsonl", "story", "two"),
        ("a.jsonl", "id", "7"),
        ("b.csv", "id", "7"),
        ("c.parquet", "story", "one"),
        ("e.jsonl", "content", "one"),
    ] {
        assert_eq!(named(name, field).unwrap(), text, "{name}, {field}");
    }
    for name in ["a.jsonl", "b.csv", "c.parquet", "d.json"] {
        let error: Error = named(name, "body").unwrap_err();
        assert!(error.to_string().contains("no-such-field (field = body, fields = "), "{error}");
    }
    assert!(named("c.parquet", "id").unwrap_err().to_string().contains("column-not-strings (column = id)"));
}

#[test]
fn a_table_of_one_column_keeps_what_its_marks_enclose() {
    let marked = "text\n\"He came.\nThen he left.\"\nplain\there\n\"a \"\"word\"\"\"\n";
    let dir = folder(&[("one.csv", marked.as_bytes()), ("two.tsv", b"text\nHello, world; again | and\nyes\n")]);
    let texts = |name: &str| -> Vec<String> {
        documents(&open(&dir.path().join(name)).unwrap()).unwrap().into_iter().map(|(text, _)| text).collect()
    };
    assert_eq!(texts("one.csv"), ["He came.\nThen he left.", "plain\there", "a \"word\""]);
    assert_eq!(texts("two.tsv"), ["Hello, world; again | and", "yes"]);
}

#[test]
fn a_column_of_row_numbers_needs_no_name() {
    let dir =
        folder(&[("wiki", b"\ttext\n0\tfirst one\n1\tsecond one\n"), ("w.csv", b",text\n0,first one\n1,second one\n")]);
    for name in ["wiki", "w.csv"] {
        let documents = documents(&open(&dir.path().join(name)).unwrap()).unwrap();
        assert_eq!(
            documents.into_iter().map(|(text, _)| text).collect::<Vec<_>>(),
            ["first one", "second one"],
            "{name}"
        );
    }
}

#[test]
fn prose_may_begin_with_a_bracket() {
    let prose = [
        "[\"Stop,\" he said.] And he went.",
        "[[1984]] is a novel.",
        "[\"\"] is an empty list",
        "[[\"a\"]] (see below)",
    ];
    let json = ["[\"a\", \"b\"]", "[\"a\",\n \"b\"]\n", "[{\"text\": \"a\", \"score\": NaN}, {\"text\": \"b\"}]"];
    for (texts, is_text) in [(&prose[..], true), (&json[..], false)] {
        for text in texts {
            let dir = folder(&[("notes", text.as_bytes())]);
            let corpus = open(&dir.path().join("notes")).unwrap();
            assert_eq!(corpus.files[0].form.format == Format::Text, is_text, "{text}");
        }
    }
}
