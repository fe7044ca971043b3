//! Names what a file really is if it is not what its name says: a pointer of Git LFS, a web page, an archive, another format.
//! the bytes of a file -> [`instead`] -> what it is, and what to do about it.

use super::kinds::{PICKLE, ZIP, kind_of};
use crate::Error;
use crate::message::Message;

/// How many bytes are needed to tell.
const HEAD_BYTES: usize = 512;

/// A file of another kind.
struct Impostor {
    what: Message,
    /// The code of the advice.
    hint: &'static str,
}

/// The error for a file that is something else than it should be; none if its first bytes do not say so. `text_is_right`: whether the
/// file should be text.
pub fn instead(bytes: &[u8], text_is_right: bool) -> Option<Error> {
    let found = impostor(&bytes[..bytes.len().min(HEAD_BYTES)])?;
    let wrong = !(text_is_right && found.what.code == "file-is-text");
    wrong.then(|| Error::failed("not-the-file-itself").with("what", found.what).hint(found.hint))
}

/// What `head`, the first bytes of a file, say it is; none if they say nothing.
fn impostor(head: &[u8]) -> Option<Impostor> {
    // The length of a header and its first bracket: a safetensors file, whatever its length looks like.
    if head.get(4..9).is_some_and(|after| after == b"\0\0\0\0{") {
        return None;
    }
    let found = |what: Message, hint: &'static str| Some(Impostor { what, hint });
    if head.is_empty() {
        return found(Message::new("file-is-empty"), "help-fetch-again");
    }
    let Some(kind) = kind_of(head) else { return text_impostor(head) };
    let what = match kind.name {
        ZIP => Message::new("file-is-zip"),
        PICKLE => Message::new("file-is-pickle"),
        other => Message::new("file-is-format").with("format", other),
    };
    found(what, "help-save-as-safetensors")
}

/// The same of text.
fn text_impostor(head: &[u8]) -> Option<Impostor> {
    let found = |what: Message, hint: &'static str| Some(Impostor { what, hint });
    let text = readable(head)?;
    if text.starts_with("version https://git-lfs.github.com/spec/") {
        let size = text.lines().find_map(|line| line.strip_prefix("size ")?.trim().parse::<u64>().ok());
        let what = match size {
            Some(bytes) => Message::new("file-is-lfs-pointer").with("bytes", bytes),
            None => Message::new("file-is-lfs-pointer-cut-off"),
        };
        return found(what, "help-fetch-lfs");
    }
    let lower = text.to_ascii_lowercase();
    if ["<!doctype html", "<html", "<head", "<?xml", "<!--"].iter().any(|begin| lower.starts_with(begin)) {
        return found(Message::new("file-is-web-page"), "help-fetch-again");
    }
    let line: String = text.lines().next().unwrap_or_default().chars().take(60).collect();
    found(Message::new("file-is-text").with("line", format!("{line:?}")), "help-fetch-again")
}

/// The beginning of a text, without white space before it; none if it is not UTF-8 without control characters.
fn readable(head: &[u8]) -> Option<&str> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The last character may be cut in two.
        Err(e) if e.error_len().is_none() => std::str::from_utf8(&head[..e.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    let text = text.trim_start();
    let plain = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\u{c}');
    (!text.is_empty() && text.chars().all(plain)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(head: &[u8]) -> String {
        impostor(head).map_or_else(|| "nothing".to_owned(), |found| format!("{} {}", found.what, found.hint))
    }

    #[test]
    fn what_stands_in_a_files_place_is_named() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 54236116\n";
        assert_eq!(told(pointer), "file-is-lfs-pointer (bytes = 54236116) help-fetch-lfs");
        assert_eq!(told(&pointer[..60]), "file-is-lfs-pointer-cut-off help-fetch-lfs");
        for page in ["<!DOCTYPE html>\n<html>", "\n\n <HTML lang=en>", "\u{feff}<?xml version=\"1.0\"?><Error>"] {
            assert_eq!(told(page.as_bytes()), "file-is-web-page help-fetch-again", "{page}");
        }
        assert_eq!(told(b"PK\x03\x04\0\0\0\0archive/data.pkl"), "file-is-zip help-save-as-safetensors");
        assert_eq!(told(b"\x80\x02}q\0(X\x05\0\0\0"), "file-is-pickle help-save-as-safetensors");
        assert_eq!(told(b"\x80\x04\x95"), "file-is-pickle help-save-as-safetensors");
        for (head, format) in [
            (&b"\x89HDF\r\n\x1a\n\0\0"[..], "HDF5"),
            (b"GGUF\x03\0\0\0", "GGUF"),
            (b"\x1f\x8b\x08\0", "gzip"),
            (b"\x93NUMPY\x01\0", "NumPy"),
            (b"\xff\xd8\xff\xe0", "JPEG"),
            (b"\x04\x22\x4d\x18\0", "lz4"),
        ] {
            assert_eq!(told(head), format!("file-is-format (format = {format}) help-save-as-safetensors"));
        }
        let error = br#"{"error":"Access to model x is restricted."}"#;
        assert!(told(error).starts_with("file-is-text (line = "), "{}", told(error));
        assert!(told(b"Entry not found").contains("Entry not found"));
        assert_eq!(told(b""), "file-is-empty help-fetch-again");
        // The last two are headers of safetensors whose lengths look like the beginnings of a pickle and of gzip.
        let pickle_like = b"\x80\x02\0\0\0\0\0\0{\"a\":";
        let gzip_like = b"\x1f\x8b\x08\0\0\0\0\0{\"a\":";
        for head in [&[0; 40][..], b"\x10\0\0\0\0\0\0\0{}", pickle_like, gzip_like] {
            assert_eq!(told(head), "nothing", "{head:?}");
        }
        assert!(instead(b"[PAD]\n[UNK]\n", true).is_none() && instead(b"[PAD]\n[UNK]\n", false).is_some());
        assert!(instead(pointer, true).unwrap().to_string().contains("help: help-fetch-lfs"));
    }

    #[test]
    fn a_character_that_is_cut_in_two_is_no_reason_to_doubt() {
        assert!(told("Página não encontrada é".as_bytes().split_last().unwrap().1).contains("file-is-text"));
    }
}
