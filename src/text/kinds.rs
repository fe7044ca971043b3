//! The one table of the marks with which files of other kinds begin: the first bytes of a file -> [`Kind`]. [`super::impostor`] asks
//! it about the files of models; `corpus` asks it about texts.

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// For people.
    pub name: &'static str,
    pub sort: Sort,
}

/// What a person could do with a file to get its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Nothing: a corpus may be such a file.
    Corpus,
    Unpack,
    SaveAsText,
    Export,
}

pub const ZIP: &str = "zip (docx, epub, xlsx)";
pub const PICKLE: &str = "pickle";
pub const PARQUET: &[u8] = b"PAR1";
pub const GZIP: &[u8] = b"\x1f\x8b";
pub const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The kinds: where their mark stands, the mark, the name.
const KINDS: &[(usize, &[u8], &str, Sort)] = &[
    (0, GZIP, "gzip", Sort::Corpus),
    (0, &ZSTD, "zstd", Sort::Corpus),
    (0, PARQUET, "parquet", Sort::Corpus),
    (0, b"\xfd7zXZ\0", "xz", Sort::Unpack),
    (0, b"PK\x03\x04", ZIP, Sort::Unpack),
    (0, b"PK\x05\x06", ZIP, Sort::Unpack),
    (0, b"7z\xbc\xaf\x27\x1c", "7z", Sort::Unpack),
    (0, b"Rar!\x1a\x07", "RAR", Sort::Unpack),
    (0, b"\x04\x22\x4d\x18", "lz4", Sort::Unpack),
    (0, b"LZIP", "lzip", Sort::Unpack),
    (0, b"\x5d\x00\x00", "lzma", Sort::Unpack),
    (0, b"\x1f\x9d", "compress (.Z)", Sort::Unpack),
    (0, b"\xff\x06\x00\x00sNaPpY", "snappy", Sort::Unpack),
    (257, b"ustar", "tar", Sort::Unpack),
    (0, b"%PDF-", "PDF", Sort::SaveAsText),
    (0, b"%!PS", "PostScript", Sort::SaveAsText),
    (0, b"{\\rtf", "RTF", Sort::SaveAsText),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Microsoft Office (doc, xls)", Sort::SaveAsText),
    (0, b"\xff\xfe\0\0", "UTF-32", Sort::SaveAsText),
    (0, b"\0\0\xfe\xff", "UTF-32", Sort::SaveAsText),
    (0, b"ARROW1", "Arrow", Sort::Export),
    (0, b"\xff\xff\xff\xff", "Arrow", Sort::Export),
    (0, b"ORC", "ORC", Sort::Export),
    (0, b"Obj\x01", "Avro", Sort::Export),
    (0, b"SQLite format 3\0", "SQLite", Sort::Export),
    (0, b"\x89HDF\r\n\x1a\n", "HDF5", Sort::Export),
    (0, b"\x93NUMPY", "NumPy", Sort::Export),
    (0, b"GGUF", "GGUF", Sort::Export),
    // The later protocols go on with the length of a frame. Without it these are letters of a text in UTF-16.
    (0, b"\x80\x02", PICKLE, Sort::Export),
    (0, b"\x80\x03", PICKLE, Sort::Export),
    (0, b"\x80\x04\x95", PICKLE, Sort::Export),
    (0, b"\x80\x05\x95", PICKLE, Sort::Export),
    (0, b"\x89PNG\r\n\x1a\n", "PNG", Sort::Export),
    (0, b"\xff\xd8\xff", "JPEG", Sort::Export),
    (0, b"GIF8", "GIF", Sort::Export),
    (0, b"\x7fELF", "ELF", Sort::Export),
];

/// The kind of a file with these first bytes, if its mark is known.
pub fn kind_of(head: &[u8]) -> Option<Kind> {
    // A message of Arrow has a length behind its mark, which is not below zero.
    if head.starts_with(&[0xff; 8]) {
        return None;
    }
    let zero = head.contains(&0);
    // A text may begin with the letters of a mark, but it has no zero byte.
    let at = |start: usize, mark: &[u8]| {
        head.get(start..).is_some_and(|head| head.starts_with(mark))
            && (zero || !mark.iter().all(u8::is_ascii_alphanumeric))
    };
    // After "BZh" and a digit comes a block, or the end mark of an empty file.
    if head.starts_with(b"BZh") && (at(4, b"1AY&SY") || at(4, b"\x17rE8P\x90")) {
        return Some(Kind { name: "bzip2", sort: Sort::Unpack });
    }
    let found = KINDS.iter().find(|(start, mark, ..)| at(*start, mark));
    found.map(|&(_, _, name, sort)| Kind { name, sort })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_by_their_marks() {
        let named = |bytes: &[u8]| kind_of(bytes).map(|kind| kind.name);
        let mut tar = vec![b'a'; 257];
        tar.extend(b"ustar\0");
        for (bytes, name) in [
            (&b"BZh91AY&SYabc"[..], "bzip2"),
            (b"\xfd7zXZ\0\0", "xz"),
            (b"\x1f\x8b\x08", "gzip"),
            (b"\x28\xb5\x2f\xfd", "zstd"),
            (b"PAR1\x15\0", "parquet"),
            (b"Rar!\x1a\x07\0", "RAR"),
            (b"%PDF-1.7", "PDF"),
            (&tar, "tar"),
            (b"{\\rtf1", "RTF"),
            (b"\xff\xff\xff\xff\x10", "Arrow"),
            (b"SQLite format 3\0", "SQLite"),
            (b"ORC\0\x01", "ORC"),
            (b"GGUF\x03\0\0\0", "GGUF"),
            (b"PK\x05\x06", ZIP),
            (b"\x80\x05\x95\x1a\0", PICKLE),
        ] {
            assert_eq!(named(bytes), Some(name));
        }
        assert_eq!(named(&[0xff; 8]), None, "the length of a damaged file");
        // Texts that begin with the letters of a mark, and one in UTF-16 that begins in Armenian.
        for text in
            [&b"BZh9 is a name"[..], b"ORChard", b"GGUF is a format", b"PAR1 and PAR2", b"plain", b"\x80\x05a\0"]
        {
            assert_eq!(named(text), None);
        }
    }
}
