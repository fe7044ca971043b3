//! Divides a line of WGSL or Rust into keywords, numbers, marks and comments, so that a screen can colour them.

use std::ops::Range;

/// What a piece of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Plain,
    Keyword,
    Number,
    /// `@workgroup_size`, `#[inline]`, `'lifetime`, "text".
    Mark,
    Comment,
}

/// The keywords of both languages.
const KEYWORDS: [&str; 57] = [
    "alias",
    "array",
    "as",
    "atomic",
    "bool",
    "break",
    "case",
    "const",
    "continue",
    "continuing",
    "crate",
    "default",
    "else",
    "enum",
    "f16",
    "f32",
    "false",
    "fn",
    "for",
    "i32",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "mat4x4f",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "ptr",
    "pub",
    "read",
    "read_write",
    "ref",
    "return",
    "self",
    "storage",
    "struct",
    "super",
    "switch",
    "true",
    "type",
    "u32",
    "u64",
    "uniform",
    "use",
    "usize",
    "var",
    "vec2",
    "vec3u",
    "vec4f",
    "vec4u",
    "where",
    "while",
    "workgroup",
];

/// Divides a line of WGSL or Rust into pieces that cover it, each with its kind.
pub fn pieces(line: &str) -> Vec<(Kind, Range<usize>)> {
    let mut pieces: Vec<(Kind, Range<usize>)> = Vec::new();
    let mut at = 0;
    while let Some(first) = line[at..].chars().next() {
        let (kind, len) = piece(&line[at..], first);
        match pieces.last_mut() {
            Some((before, range)) if *before == kind => range.end += len,
            _ => pieces.push((kind, at..at + len)),
        }
        at += len;
    }
    pieces
}

/// The kind and the length of the piece that `rest` begins with.
fn piece(rest: &str, first: char) -> (Kind, usize) {
    let run = |belongs: &dyn Fn(char) -> bool| rest.find(|c: char| !belongs(c)).unwrap_or(rest.len());
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    if rest.starts_with("//") {
        (Kind::Comment, rest.len())
    } else if first == '"' {
        let end = rest[1..].match_indices('"').find(|(n, _)| !rest[..n + 1].ends_with('\\'));
        (Kind::Mark, end.map_or(rest.len(), |(n, _)| n + 2))
    } else if first == '@' || (first == '\'' && rest[1..].starts_with(char::is_alphabetic)) {
        (Kind::Mark, 1 + rest[1..].find(|c| !in_word(c)).unwrap_or(rest.len() - 1))
    } else if rest.starts_with("#[") || rest.starts_with("#![") {
        (Kind::Mark, rest.find(']').map_or(rest.len(), |end| end + 1))
    } else if first.is_ascii_digit() {
        (Kind::Number, run(&|c| in_word(c) || c == '.'))
    } else if in_word(first) {
        let len = run(&in_word);
        let kind = if KEYWORDS.contains(&&rest[..len]) { Kind::Keyword } else { Kind::Plain };
        (kind, len)
    } else {
        (Kind::Plain, first.len_utf8())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(line: &str) -> Vec<(Kind, &str)> {
        pieces(line).into_iter().map(|(kind, range)| (kind, &line[range])).collect()
    }

    #[test]
    fn both_languages_fall_into_pieces() {
        use Kind::{Comment, Keyword, Mark, Number, Plain};
        assert_eq!(
            kinds("@compute fn main(x: f32) { // go"),
            [
                (Mark, "@compute"),
                (Plain, " "),
                (Keyword, "fn"),
                (Plain, " main(x: "),
                (Keyword, "f32"),
                (Plain, ") { "),
                (Comment, "// go"),
            ]
        );
        assert_eq!(kinds("let n = 0x1fu + 2.5;").iter().filter(|(kind, _)| *kind == Number).count(), 2);
        assert!(kinds(r#"println!("a \" // b", x);"#).contains(&(Mark, r#""a \" // b""#)));
        assert!(kinds("#[inline] fn f<'a>()").starts_with(&[(Mark, "#[inline]")]));
        // The two dots of a range do not become part of a number.
        assert!(kinds("for i in letter..n").iter().all(|(kind, _)| *kind != Number));
    }

    #[test]
    fn pieces_cover_every_line_of_every_kernel() {
        for kernel in crate::ops::ALL {
            let source = crate::train::kernels::source(kernel.label).unwrap();
            for line in source.wgsl.lines().chain(source.twin.lines()) {
                let whole: String = pieces(line).into_iter().map(|(_, range)| &line[range]).collect();
                assert_eq!(whole, line);
            }
        }
    }

    #[test]
    fn keywords_are_in_order_and_once() {
        assert!(KEYWORDS.is_sorted_by(|a, b| a < b));
    }
}
