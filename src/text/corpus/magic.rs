//! Tells from its first bytes what a file is: packed, a kind of file without plain text, or text in UTF-8 or UTF-16.

use super::file::{Encoding, Packing};
use crate::text::readers::packed::is_zstd;
use crate::{Error, Result};

pub const PARQUET: &[u8] = b"PAR1";
const GZIP: &[u8] = b"\x1f\x8b";

/// What a person can do with a file that is not read.
#[derive(Clone, Copy)]
enum Remedy {
    Unpack,
    SaveAsText,
    Export,
}

/// The kinds of files that are not read: where their mark stands, the mark, the name of the kind, and what to do.
const REFUSED: &[(usize, &[u8], &str, Remedy)] = &[
    (0, b"\xfd7zXZ\0", "xz", Remedy::Unpack),
    (0, b"PK\x03\x04", "zip (docx, epub, xlsx)", Remedy::Unpack),
    (0, b"PK\x05\x06", "zip", Remedy::Unpack),
    (0, b"7z\xbc\xaf\x27\x1c", "7z", Remedy::Unpack),
    (0, b"Rar!\x1a\x07", "rar", Remedy::Unpack),
    (0, b"\x04\x22\x4d\x18", "lz4", Remedy::Unpack),
    (0, b"LZIP", "lzip", Remedy::Unpack),
    (0, b"\x5d\x00\x00", "lzma", Remedy::Unpack),
    (0, b"\x1f\x9d", "compress (.Z)", Remedy::Unpack),
    (0, b"\xff\x06\x00\x00sNaPpY", "snappy", Remedy::Unpack),
    (257, b"ustar", "tar", Remedy::Unpack),
    (0, b"%PDF-", "PDF", Remedy::SaveAsText),
    (0, b"%!PS", "PostScript", Remedy::SaveAsText),
    (0, b"{\\rtf", "RTF", Remedy::SaveAsText),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Microsoft Office (doc, xls)", Remedy::SaveAsText),
    (0, b"\xff\xfe\0\0", "UTF-32", Remedy::SaveAsText),
    (0, b"\0\0\xfe\xff", "UTF-32", Remedy::SaveAsText),
    (0, b"ARROW1", "Arrow", Remedy::Export),
    (0, b"\xff\xff\xff\xff", "Arrow", Remedy::Export),
    (0, b"ORC", "ORC", Remedy::Export),
    (0, b"Obj\x01", "Avro", Remedy::Export),
    (0, b"SQLite format 3\0", "SQLite", Remedy::Export),
    (0, b"\x89HDF\r\n\x1a\n", "HDF5", Remedy::Export),
    (0, b"\x93NUMPY", "NumPy", Remedy::Export),
    (0, b"\x80\x02", "pickle", Remedy::Export),
    (0, b"\x80\x03", "pickle", Remedy::Export),
    (0, b"\x80\x04\x95", "pickle", Remedy::Export),
    (0, b"\x80\x05\x95", "pickle", Remedy::Export),
    (0, b"\x89PNG\r\n\x1a\n", "PNG", Remedy::Export),
    (0, b"\xff\xd8\xff", "JPEG", Remedy::Export),
    (0, b"GIF8", "GIF", Remedy::Export),
    (0, b"\x7fELF", "ELF", Remedy::Export),
];

/// How a file with these first bytes is compressed.
pub fn packing(head: &[u8]) -> Packing {
    if head.starts_with(GZIP) {
        return Packing::Gzip;
    }
    if is_zstd(head) { Packing::Zstd } else { Packing::None }
}

/// The error for a kind of file that is not read.
pub fn refused(head: &[u8]) -> Option<Error> {
    let zero = head.contains(&0);
    // A text may begin with the letters of a mark, but it has no zero byte.
    let at = |start: usize, mark: &[u8]| {
        head.get(start..).is_some_and(|head| head.starts_with(mark))
            && (zero || !mark.iter().all(u8::is_ascii_alphanumeric))
    };
    // After "BZh" and a digit comes a block, or the end mark of an empty file.
    if head.starts_with(b"BZh") && (at(4, b"1AY&SY") || at(4, b"\x17rE8P\x90")) {
        return Some(of_kind("bzip2", Remedy::Unpack));
    }
    let found = REFUSED.iter().find(|(start, mark, ..)| at(*start, mark));
    found.map(|(.., kind, remedy)| of_kind(kind, *remedy))
}

/// The error for what is still packed after it was unpacked.
pub fn packed_twice(head: &[u8], packing: Packing) -> Option<Error> {
    let inner = if head.starts_with(PARQUET) {
        "parquet"
    } else {
        match self::packing(head) {
            Packing::None => return None,
            Packing::Gzip => "gzip",
            Packing::Zstd => "zstd",
        }
    };
    (packing != Packing::None).then(|| Error::failed("file-is-packed-twice").with("kind", inner))
}

fn of_kind(kind: &str, remedy: Remedy) -> Error {
    match remedy {
        Remedy::Unpack => Error::failed("file-is-packed").with("kind", kind),
        Remedy::SaveAsText => Error::failed("file-is-document").with("kind", kind),
        Remedy::Export => Error::failed("file-is-no-text").with("kind", kind),
    }
}

/// The error for text that is no corpus: what a server or a version control system gave in its place, or markup.
pub fn refused_text(text: &str) -> Option<Error> {
    let text = text.trim_start();
    let start: String = text.chars().take(64).collect::<String>().to_lowercase();
    if start.starts_with("version https://git-lfs.github.com/spec/") {
        return Some(Error::failed("corpus-is-lfs-pointer"));
    }
    if start.starts_with("<!doctype html") || start.starts_with("<html") {
        return Some(of_kind("HTML", Remedy::SaveAsText));
    }
    let xml = start.starts_with("<?xml") || start.starts_with("<!doctype ") || start.starts_with("<mediawiki");
    xml.then(|| of_kind("XML", Remedy::SaveAsText))
}

/// The encoding of a text. Without a byte order mark, UTF-16 is known by the zero bytes that its spaces and line ends have.
pub fn encoding(head: &[u8]) -> Encoding {
    match head {
        [0xff, 0xfe, ..] => return Encoding::Utf16Le,
        [0xfe, 0xff, ..] => return Encoding::Utf16Be,
        _ if !head.contains(&0) => return Encoding::Utf8,
        _ => {}
    }
    let without_zeros: Vec<u8> = head.iter().copied().filter(|&byte| byte != 0).collect();
    let plain = std::str::from_utf8(&without_zeros).is_ok_and(|text| !text.chars().any(is_odd));
    let read = |unit: fn([u8; 2]) -> u16| {
        let text = utf16(head, unit)?;
        let count = |is: fn(&char) -> bool| text.chars().filter(is).count();
        let [all, latin, blank] =
            [count(|_| true), count(char::is_ascii), count(|c| matches!(c, ' ' | '\n' | '\r' | '\t'))];
        // A text in UTF-8 that a few zero bytes have damaged reads as strange signs, and hardly any letter of ours.
        let likely = latin > 0 && (!plain || 2 * latin >= all) && !text.chars().any(is_odd);
        // In the wrong order letters may look like others, but spaces do not.
        likely.then_some((blank, latin))
    };
    match (read(u16::from_le_bytes), read(u16::from_be_bytes)) {
        (Some(little), Some(big)) if little == big => Encoding::Utf8,
        (Some(little), big) if big.is_none_or(|big| little > big) => Encoding::Utf16Le,
        (_, Some(_)) => Encoding::Utf16Be,
        _ => Encoding::Utf8,
    }
}

/// A character that no text holds.
fn is_odd(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{b}' | '\u{c}')) || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// The text of these bytes, without what is cut off at their end.
fn utf16(head: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let units = head.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let mut read: Vec<_> = char::decode_utf16(units).collect();
    read.pop_if(|last| last.is_err());
    read.into_iter().collect::<std::result::Result<String, _>>().ok()
}

/// The first characters of a text. The error says why it is none; it has no place yet.
pub fn text(head: &[u8], encoding: Encoding) -> Result<String> {
    let unit = match encoding {
        Encoding::Utf8 => {
            let whole = match std::str::from_utf8(head) {
                // A character may be cut off.
                Err(e) if e.error_len().is_none() => &head[..e.valid_up_to()],
                _ => head,
            };
            let text = std::str::from_utf8(whole).map_err(|_| Error::failed("file-not-utf8"))?;
            if text.contains('\0') {
                return Err(Error::failed("binary-file"));
            }
            return Ok(text.trim_start_matches('\u{feff}').to_owned());
        }
        Encoding::Utf16Le => u16::from_le_bytes,
        Encoding::Utf16Be => u16::from_be_bytes,
    };
    let text = utf16(head, unit).ok_or_else(|| Error::failed("utf16-broken"))?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn utf_16_without_a_mark_is_known_in_any_script() {
        for text in [
            "the dog\nsaw it\n",
            "a\u{e7}\u{e3}o e p\u{e3}o\n",
            "\u{43a}\u{43e}\u{448}\u{43a}\u{430} \u{441}\u{43f}\u{438}\u{442}\n",
            "\u{4e00}\u{4e2a}\u{4eba}\u{3002}\n\u{4e00}\u{65e5}\u{3002}\n",
            "\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{5e2}\u{5d5}\u{5dc}\u{5dd}\n",
            "\u{939}\u{93f}\u{928}\u{94d}\u{926}\u{940} \u{915}\u{925}\u{93e}\n",
            "\u{1f600} smile\r\n",
            "x",
        ] {
            assert_eq!(encoding(&bytes(text, u16::to_le_bytes)), Encoding::Utf16Le, "{text:?}");
            assert_eq!(encoding(&bytes(text, u16::to_be_bytes)), Encoding::Utf16Be, "{text:?}");
            assert_eq!(encoding(text.as_bytes()), Encoding::Utf8, "{text:?}");
            let odd = bytes(text, u16::to_le_bytes);
            assert!(text.starts_with(&super::text(&odd[..odd.len() - 1], Encoding::Utf16Le).unwrap()));
        }
    }

    #[test]
    fn a_zero_byte_makes_no_utf_16() {
        for bytes in [
            &b"fine\nwro\0ng and more of it\n"[..],
            b"\0abc def",
            b"a\xc3\xa7\xc3\xa3o\0 boa\n",
            b"\x01\0\x02\0\x03\0",
            b"ab\0\0cd\0\0",
        ] {
            assert_eq!(encoding(bytes), Encoding::Utf8, "{bytes:?}");
            assert_eq!(text(bytes, Encoding::Utf8).unwrap_err().code(), "binary-file");
        }
    }

    #[test]
    fn kinds_are_named() {
        let named = |bytes: &[u8]| refused(bytes).map(|e| e.message.facts.get("kind").unwrap().to_string());
        let mut tar = vec![b'a'; 257];
        tar.extend(b"ustar\0");
        for (bytes, kind) in [
            (&b"BZh91AY&SYabc"[..], "bzip2"),
            (b"\xfd7zXZ\0\0", "xz"),
            (b"%PDF-1.7", "PDF"),
            (&tar, "tar"),
            (b"{\\rtf1", "RTF"),
            (b"\xff\xff\xff\xff\x10", "Arrow"),
            (b"SQLite format 3\0", "SQLite"),
        ] {
            assert_eq!(named(bytes).as_deref(), Some(kind));
        }
        assert_eq!([&b"BZh9 is a name"[..], b"ORChard", b"plain"].map(|bytes| named(bytes).is_some()), [false; 3]);
        assert_eq!(named(b"ORC\0\x01").as_deref(), Some("ORC"));
        let text = |text: &str| refused_text(text).map(|e| e.code().to_owned());
        assert_eq!(text("version https://git-lfs.github.com/spec/v1\noid").as_deref(), Some("corpus-is-lfs-pointer"));
        assert_eq!(text("\n <!DOCTYPE html>").as_deref(), Some("file-is-document"));
        assert_eq!([text("<doc id=\"1\">"), text("<p> he said")], [None, None]);
    }
}
