//! Tells from its first bytes what a file is: packed, a kind of file without plain text, or text in UTF-8 or UTF-16.

use super::file::{Encoding, Packing};
use crate::text::kinds::{GZIP, PARQUET, Sort, kind_of};
use crate::text::readers::packed::is_zstd;
use crate::{Error, Result};

/// How a file with these first bytes is compressed.
pub fn packing(head: &[u8]) -> Packing {
    if head.starts_with(GZIP) {
        return Packing::Gzip;
    }
    if is_zstd(head) { Packing::Zstd } else { Packing::None }
}

/// The error for a kind of file that is not read.
pub fn refused(head: &[u8]) -> Option<Error> {
    kind_of(head).and_then(|kind| of_kind(kind.name, kind.sort))
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

fn of_kind(kind: &str, sort: Sort) -> Option<Error> {
    match sort {
        Sort::Corpus => None,
        Sort::Unpack => Some(Error::failed("file-is-packed").with("kind", kind)),
        Sort::SaveAsText => Some(Error::failed("file-is-document").with("kind", kind)),
        Sort::Export => Some(Error::failed("file-is-no-text").with("kind", kind)),
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
        return of_kind("HTML", Sort::SaveAsText);
    }
    let xml = start.starts_with("<?xml") || start.starts_with("<!doctype ") || start.starts_with("<mediawiki");
    if xml { of_kind("XML", Sort::SaveAsText) } else { None }
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
        let told = |bytes: &[u8]| refused(bytes).map(|e| e.code().to_owned());
        for (bytes, code) in [
            (&b"\xfd7zXZ\0\0"[..], "file-is-packed"),
            (b"%PDF-1.7", "file-is-document"),
            (b"SQLite format 3\0", "file-is-no-text"),
        ] {
            assert_eq!(told(bytes).as_deref(), Some(code));
        }
        assert_eq!([&b"\x1f\x8b\x08\0"[..], b"PAR1\x15\0", b"plain"].map(told), [None, None, None]);
        let text = |text: &str| refused_text(text).map(|e| e.code().to_owned());
        assert_eq!(text("version https://git-lfs.github.com/spec/v1\noid").as_deref(), Some("corpus-is-lfs-pointer"));
        assert_eq!(text("\n <!DOCTYPE html>").as_deref(), Some("file-is-document"));
        assert_eq!([text("<doc id=\"1\">"), text("<p> he said")], [None, None]);
    }
}
