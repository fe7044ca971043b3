//! Paths as text, without losing a byte: as names in requests, events and files, as words of a shell, and as literals of Python.
//! path -> [`name_of`] -> a request, an event, a state.json -> [`path_of`] -> the same path.
//!
//! A path need not be UTF-8: on Unix it is bytes, on Windows sixteen-bit units. A path that is UTF-8 is its own name. Any other gets
//! the name that bash and zsh read as the path: `$'caf\xe9'`. So a name can be pasted into a shell, and JSON can hold it. (A path
//! that itself begins with `$'` gets such a name too, so that no two paths have one name.)

mod part;

pub use part::{part_ending, process_of_part};

use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The name of a path. Different paths have different names.
pub fn name_of(path: &Path) -> String {
    match path.to_str() {
        Some(text) if !text.starts_with(OPEN) => text.to_owned(),
        _ => escaped(path.as_os_str()),
    }
}

/// The path that a name stands for.
pub fn path_of(name: &str) -> PathBuf {
    unescaped(name).and_then(os_string).map_or_else(|| PathBuf::from(name), PathBuf::from)
}

/// A path as a command needs it: one word of a shell that no program takes for an option.
pub fn word_of(path: &Path) -> String {
    // A dash would begin an option, and `--corpus @FILE` is a list of texts.
    let first = path.as_os_str().as_encoded_bytes().first();
    if matches!(first, Some(b'-' | b'@')) {
        quoted(Path::new(".").join(path).as_os_str())
    } else {
        quoted(path.as_os_str())
    }
}

/// The same for a name.
pub fn word_of_name(name: &str) -> String {
    word_of(&path_of(name))
}

/// Any text as one word of a shell.
pub fn quoted(text: impl AsRef<OsStr>) -> String {
    let os = text.as_ref();
    let Some(text) = os.to_str().filter(|text| !text.contains(char::is_control)) else { return escaped(os) };
    let plain = |c: char| c.is_alphanumeric() || "_-./:=+,%@".contains(c) || (cfg!(windows) && c == '\\');
    // zsh takes the word `=x` for the place of the program x.
    if !text.is_empty() && text.chars().all(plain) && !text.starts_with('=') {
        text.to_owned()
    } else if !text.contains(['"', '$', '`', '\\', '!']) {
        format!("\"{text}\"")
    } else if cfg!(windows) {
        format!("\"{}\"", text.replace('"', "\\\""))
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// A path as an expression of Python. If it is not UTF-8, the expression needs `import os`.
pub fn in_python(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let escape = |text: &mut String, byte: u8| write!(text, "\\x{byte:02x}").expect("a string takes everything");
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' | '\'' => text.extend(['\\', c]),
                c if u32::from(c) < 0x20 || c == '\x7f' => escape(&mut text, c as u8),
                c => text.push(c),
            }
        }
        chunk.invalid().iter().for_each(|byte| escape(&mut text, *byte));
    }
    if std::str::from_utf8(bytes).is_ok() {
        return format!("'{text}'");
    }
    // A literal of bytes holds ASCII only.
    let mut ascii = String::new();
    for c in text.chars() {
        match c {
            c if c.is_ascii() => ascii.push(c),
            c => c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| escape(&mut ascii, byte)),
        }
    }
    format!("os.fsdecode(b'{ascii}')")
}

const OPEN: &str = "$'";
const CLOSE: char = '\'';

/// `$'...'`, in which bash and zsh read `\xe9` as a byte.
fn escaped(os: &OsStr) -> String {
    let mut out = String::from(OPEN);
    let byte = |out: &mut String, byte: u8| write!(out, "\\x{byte:02x}").expect("a string takes everything");
    for chunk in os.as_encoded_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' | '\'' => out.extend(['\\', c]),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                // An interactive bash looks for its history after `!`.
                '!' => byte(&mut out, b'!'),
                c if c.is_control() => c.encode_utf8(&mut [0; 4]).bytes().for_each(|b| byte(&mut out, b)),
                c => out.push(c),
            }
        }
        chunk.invalid().iter().for_each(|b| byte(&mut out, *b));
    }
    out.push(CLOSE);
    out
}

/// The bytes of a name in the form of [`escaped`]; none for other names.
fn unescaped(name: &str) -> Option<Vec<u8>> {
    let inner = name.strip_prefix(OPEN)?.strip_suffix(CLOSE)?;
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        match c {
            '\'' => return None,
            '\\' => match rest.next()? {
                'n' => bytes.push(b'\n'),
                't' => bytes.push(b'\t'),
                'r' => bytes.push(b'\r'),
                c @ ('\\' | '\'' | '"') => bytes.push(c as u8),
                'x' => {
                    let [high, low] = [rest.next()?.to_digit(16)?, rest.next()?.to_digit(16)?];
                    bytes.push((high * 16 + low) as u8);
                }
                _ => return None,
            },
            c => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Some(bytes)
}

#[cfg(unix)]
fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    Some(std::os::unix::ffi::OsStringExt::from_vec(bytes))
}

/// Windows' own form of a path is UTF-16 in which a surrogate may stand alone. As bytes, such a unit has the three bytes that UTF-8
/// would give it.
#[cfg(windows)]
fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    let mut wide: Vec<u16> = Vec::with_capacity(bytes.len());
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        if let [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, ..] = *rest {
            wide.push(0xd000 | u16::from(second & 0x3f) << 6 | u16::from(third & 0x3f));
            rest = &rest[3..];
            continue;
        }
        let valid = rest.utf8_chunks().next()?.valid();
        if valid.is_empty() {
            return None;
        }
        wide.extend(valid.encode_utf16());
        rest = &rest[valid.len()..];
    }
    Some(std::os::windows::ffi::OsStringExt::from_wide(&wide))
}

#[cfg(not(any(unix, windows)))]
fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    String::from_utf8(bytes).ok().map(OsString::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_path_is_its_own_name() {
        for path in
            ["runs/20260101-nano", "/tmp/meus textos/ação", "it's", "-x", "", "a\nb", "C:\\texts", "$HOME/x", "'q'"]
        {
            assert_eq!(name_of(Path::new(path)), path);
            assert_eq!(path_of(path), Path::new(path));
        }
        // What only looks like the name of such a path, in a file of an earlier version, stays what it is.
        for name in ["$'", "$'a", "$'a'b'", "$'\\q'", "$'\\x4'", "$'\\xzz'"] {
            assert_eq!(path_of(name), Path::new(name), "{name}");
        }
    }

    #[test]
    fn a_path_that_looks_like_an_escaped_name_keeps_its_own() {
        for path in ["$'", "$'a'", "$'\\x41'", "$'a\\'"] {
            let name = name_of(Path::new(path));
            assert_ne!(name, path);
            assert_eq!(path_of(&name), Path::new(path), "{name}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn every_byte_of_a_path_comes_back() {
        use std::os::unix::ffi::OsStrExt;
        let all: Vec<u8> = (1..=255).collect();
        let paths: [&[u8]; 8] = [
            b"caf\xe9",
            b"/tmp/\xff\xfe/x",
            b"\xed\xa0\x80",
            b"half \xc3",
            b"\xe9'\\!\n\t",
            "ação\u{85}".as_bytes(),
            b"a\xe9\xc3\xa9 41",
            &all,
        ];
        let mut names = std::collections::HashSet::new();
        for path in paths.map(|bytes| Path::new(OsStr::from_bytes(bytes))) {
            let name = name_of(path);
            assert_eq!(path_of(&name), path, "{name}");
            let json = serde_json::to_string(&name).unwrap();
            assert_eq!(path_of(&serde_json::from_str::<String>(&json).unwrap()), path);
            assert!(names.insert(name));
        }
        assert_eq!(name_of(Path::new(OsStr::from_bytes(b"caf\xe9"))), r"$'caf\xe9'");
        assert_ne!(
            name_of(Path::new(OsStr::from_bytes(b"caf\xe9"))),
            name_of(Path::new(OsStr::from_bytes(b"caf\xe8"))),
            "two folders never share a name"
        );
    }

    #[test]
    #[cfg(unix)]
    fn words_are_quoted_only_where_they_must_be() {
        let words =
            ["a/b.txt", "ação", "a b", "it's", "", "~/x", "=ls", "a\"b", "$HOME", "now!", "a;b", "x&", "#1", "*"];
        assert_eq!(
            words.map(quoted),
            [
                "a/b.txt", "ação", "\"a b\"", "\"it's\"", "\"\"", "\"~/x\"", "\"=ls\"", "'a\"b'", "'$HOME'", "'now!'",
                "\"a;b\"", "\"x&\"", "\"#1\"", "\"*\""
            ]
        );
        assert_eq!(quoted("a\nb"), r"$'a\nb'");
        assert_eq!(word_of(Path::new("-x")), "./-x");
        assert_eq!(word_of(Path::new("--out")), "./--out");
        assert_eq!(word_of(Path::new("@list")), "./@list");
        assert_eq!(word_of(Path::new("- x")), "\"./- x\"");
    }

    /// A shell itself says what a word means to it.
    #[test]
    #[cfg(unix)]
    fn bash_reads_every_word_as_the_path_that_it_was() {
        use std::os::unix::ffi::OsStrExt;
        if std::process::Command::new("bash").arg("--version").output().is_err() {
            return println!("SKIP words of a shell: no bash");
        }
        let all: Vec<u8> = (1..=255).filter(|byte| *byte != b'/').collect();
        let paths: [&[u8]; 14] = [
            b"plain",
            b"two words",
            b"it's",
            b"\"quoted\"",
            b"$(rm -r x)",
            b"`id`",
            b"back\\slash",
            b"now!",
            b"line\nbreak",
            b"caf\xe9",
            b"\xe9\xc3\xa9' \\ \"",
            b"~",
            b"{a,b}*?[c]",
            &all,
        ];
        for path in paths.map(|bytes| Path::new(OsStr::from_bytes(bytes))) {
            let line = format!("printf %s {}", word_of(path));
            let read = std::process::Command::new("bash").args(["-c", &line]).output().unwrap().stdout;
            assert_eq!(read, path.as_os_str().as_bytes(), "{line}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn python_literals_hold_every_path() {
        use std::os::unix::ffi::OsStrExt;
        let literal = |bytes: &[u8]| in_python(Path::new(OsStr::from_bytes(bytes)));
        assert_eq!(literal(b"my model"), "'my model'");
        assert_eq!(literal(b"it's\\"), r"'it\'s\\'");
        assert_eq!(literal(b"a\nb"), r"'a\x0ab'");
        assert_eq!(literal("ação".as_bytes()), "'ação'");
        assert_eq!(literal(b"caf\xe9"), r"os.fsdecode(b'caf\xe9')");
        assert_eq!(literal(b"\xc3\xa9\xe9"), r"os.fsdecode(b'\xc3\xa9\xe9')");
    }
}
