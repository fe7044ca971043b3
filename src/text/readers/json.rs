//! Reads JSON: an object in each line, objects one after another or in an array, or an array of strings. It reads one field of an
//! object and ignores the others, whatever they hold: null, NaN (which Python writes), half a pair of UTF-16.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io::BufRead;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::checked::without_zero;
use super::input::{Input, LINE_BYTES_MAX, Piece};
use super::lines::Lines;
use crate::{Error, Result};

/// JSON lines.
pub struct Objects {
    pub lines: Lines,
    field: String,
}

impl Objects {
    pub fn new(input: Input, field: String) -> Self {
        Self { lines: Lines::new(input), field }
    }

    /// The text of the next line that is not blank. A null text is an empty document.
    pub fn next(&mut self) -> Result<Option<Piece>> {
        loop {
            let start = self.lines.offset;
            let found = match self.lines.next()? {
                None => return Ok(None),
                Some("") => continue,
                Some(line) => document(line, Some(&self.field)),
            };
            return match found {
                Ok(text) => Ok(Some((text, true))),
                Err(error) => {
                    Err(self.lines.input.place.placed(error.wrong_line(self.lines.number, &self.field), start))
                }
            };
        }
    }
}

/// The values of an array, or values one after another.
pub struct Values {
    pub input: Input,
    /// The field of an object; none if the values are strings.
    field: Option<String>,
    /// The position of the next byte in the unpacked text.
    offset: u64,
    /// The number of values before this one.
    number: u64,
    /// Whether they stand in an array; none until the first byte is seen.
    array: Option<bool>,
}

impl Values {
    pub fn new(input: Input, field: Option<String>) -> Self {
        let offset = input.start;
        Self { input, field, offset, number: 0, array: None }
    }

    pub fn next(&mut self) -> Result<Option<Piece>> {
        let Some((start, value)) = self.cut()? else { return Ok(None) };
        let placed = |values: &Self, error| values.input.place.placed(error, start);
        let text = match std::str::from_utf8(&value) {
            Ok(text) => text,
            Err(e) => {
                let error = Error::failed("row-not-utf8").with("byte", e.valid_up_to());
                return Err(placed(self, error));
            }
        };
        match document(text, self.field.as_deref()) {
            Ok(text) => Ok(Some((text, true))),
            Err(wrong) => Err(placed(self, wrong.wrong_value(self.number, self.field.as_deref().unwrap_or_default()))),
        }
    }

    /// The bytes of the next value, and where they begin.
    pub fn cut(&mut self) -> Result<Option<(u64, Vec<u8>)>> {
        if self.array.is_none() {
            self.array = Some(self.peek()? == Some(b'['));
            if self.array == Some(true) {
                self.skip(1);
            }
        }
        let array = self.array == Some(true);
        let next = self.peek()?;
        if !array && next.is_none() {
            return Ok(None);
        }
        if array && next == Some(b']') {
            self.skip(1);
            return match self.peek()? {
                None => Ok(None),
                Some(_) => Err(self.wrong(Error::failed("bytes-after-json"))),
            };
        }
        if array && self.number > 0 {
            if next != Some(b',') {
                return Err(self.unexpected(next));
            }
            self.skip(1);
        }
        let next = self.peek()?;
        let start = self.offset;
        let value = match next {
            Some(b'{' | b'[' | b'"') => self.value()?,
            Some(b'n' | b'N') if array => self.word()?,
            other => return Err(self.unexpected(other)),
        };
        self.number += 1;
        Ok(Some((start, value)))
    }

    fn wrong(&self, error: Error) -> Error {
        self.input.place.placed(error, self.offset)
    }

    fn unexpected(&self, byte: Option<u8>) -> Error {
        self.wrong(match byte {
            None => Error::failed("json-cut-off"),
            Some(byte) => Error::failed("json-unexpected").with("byte", char::from(byte).escape_default().to_string()),
        })
    }

    /// The next byte that is no white space, which stays where it is.
    fn peek(&mut self) -> Result<Option<u8>> {
        loop {
            let bytes = match self.input.reader.fill_buf() {
                Ok(bytes) => bytes,
                Err(e) => return Err(self.input.place.read_error(&e, self.offset)),
            };
            if bytes.is_empty() {
                return Ok(None);
            }
            let blank = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let next = bytes.get(blank).copied();
            self.skip(blank);
            if next.is_some() {
                return Ok(next);
            }
        }
    }

    fn skip(&mut self, bytes: usize) {
        self.input.reader.consume(bytes);
        self.offset += bytes as u64;
    }

    /// The letters of a null that begins here.
    fn word(&mut self) -> Result<Vec<u8>> {
        let mut word = Vec::new();
        while let Some(byte) = self.peek()?.filter(u8::is_ascii_alphabetic).filter(|_| word.len() < 8) {
            word.push(byte);
            self.skip(1);
        }
        Ok(word)
    }

    /// The bytes up to the end of the object, array or string that begins here.
    fn value(&mut self) -> Result<Vec<u8>> {
        let (start, mut value, mut scan) = (self.offset, Vec::new(), Scan::default());
        loop {
            let bytes = match self.input.reader.fill_buf() {
                Ok(bytes) => bytes,
                Err(e) => return Err(self.input.place.read_error(&e, self.offset)),
            };
            if bytes.is_empty() {
                return Err(self.wrong(Error::failed("json-cut-off")));
            }
            let end = bytes.iter().position(|&byte| scan.ends_with(byte));
            let taken = end.map_or(bytes.len(), |end| end + 1);
            value.extend_from_slice(&bytes[..taken]);
            self.skip(taken);
            if value.len() > LINE_BYTES_MAX {
                let error = Error::failed("json-value-too-long").with("mib", LINE_BYTES_MAX >> 20);
                return Err(self.input.place.placed(error, start));
            }
            if end.is_some() {
                return Ok(value);
            }
        }
    }
}

/// Finds where a JSON value ends.
#[derive(Default)]
struct Scan {
    depth: u32,
    quoted: bool,
    escaped: bool,
}

impl Scan {
    /// Takes the next byte, and says whether the value ends with it.
    fn ends_with(&mut self, byte: u8) -> bool {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.quoted => self.escaped = true,
            b'"' => {
                self.quoted = !self.quoted;
                return !self.quoted && self.depth == 0;
            }
            b'{' | b'[' if !self.quoted => self.depth += 1,
            b'}' | b']' if !self.quoted => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }
}

/// Whether a line ends inside an object or array that it begins, so that the value goes on in the next line.
pub fn goes_on(line: &str) -> bool {
    let mut scan = Scan::default();
    let ended = line.bytes().any(|byte| scan.ends_with(byte));
    !ended && scan.depth > 0 && !scan.quoted
}

/// Why a value gives no document.
enum Wrong {
    /// It is no JSON, or no object, or its field is no string.
    Json(serde_json::Error),
    /// It has no such field; the names of those that it has.
    Missing(String),
    Text(Error),
}

impl Wrong {
    fn wrong_line(self, line: u64, field: &str) -> Error {
        match self {
            Self::Json(e) => {
                Error::failed("not-a-json-text").with("line", line).with("field", field).with("detail", e.to_string())
            }
            Self::Missing(fields) => {
                Error::failed("json-line-without-field").with("line", line).with("field", field).with("fields", fields)
            }
            Self::Text(error) => error,
        }
    }

    fn wrong_value(self, number: u64, field: &str) -> Error {
        match self {
            Self::Json(e) => Error::failed("json-value-wrong").with("number", number).with("detail", e.to_string()),
            Self::Missing(fields) => Error::failed("json-value-without-field")
                .with("number", number)
                .with("field", field)
                .with("fields", fields),
            Self::Text(error) => error,
        }
    }
}

/// The text of a value: of a field of an object, or of a string. Null gives an empty text.
fn document(value: &str, field: Option<&str>) -> std::result::Result<String, Wrong> {
    let read = |value: &str| match field {
        Some(field) => Ok(field_of(value, field)?.map(|text| text.map(Cow::into_owned))),
        None => serde_json::from_str::<Option<String>>(value).map(Some),
    };
    // Python's NaN is no JSON. It is rare, so it is only looked for after a failure.
    let found = read(value).or_else(|e| read(&tamed(value, false)).map_err(|_| Wrong::Json(e)))?;
    let text = found.ok_or_else(|| Wrong::Missing(names(value)))?.unwrap_or_default();
    match without_zero(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(Wrong::Text(error)),
    }
}

fn names(object: &str) -> String {
    fields(object).map(|fields| fields.into_keys().take(12).collect::<Vec<_>>().join(", ")).unwrap_or_default()
}

/// A field that is there: its text, or null.
type Text<'de> = Option<Cow<'de, str>>;

/// The field of an object; none if it has no such field.
fn field_of<'de>(object: &'de str, field: &str) -> serde_json::Result<Option<Text<'de>>> {
    let mut json = serde_json::Deserializer::from_str(object);
    let found = json.deserialize_map(TheField(field))?;
    json.end()?;
    Ok(found)
}

struct TheField<'f>(&'f str);

impl<'de> Visitor<'de> for TheField<'_> {
    type Value = Option<Text<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(ours) = map.next_key_seed(IsKey(self.0.as_bytes()))? {
            if ours {
                found = Some(map.next_value_seed(TheText)?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Whether a key is this one. It is compared as bytes, because a key that is not read may hold anything.
struct IsKey<'f>(&'f [u8]);

impl<'de> DeserializeSeed<'de> for IsKey<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<bool, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for IsKey<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, key: &str) -> std::result::Result<bool, E> {
        Ok(key.as_bytes() == self.0)
    }

    fn visit_bytes<E>(self, key: &[u8]) -> std::result::Result<bool, E> {
        Ok(key == self.0)
    }
}

/// A string or null.
struct TheText;

impl<'de> DeserializeSeed<'de> for TheText {
    type Value = Text<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Text<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TheText {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or null")
    }

    fn visit_unit<E>(self) -> std::result::Result<Text<'de>, E> {
        Ok(None)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> std::result::Result<Text<'de>, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<Text<'de>, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }
}

/// JSON in which NaN and infinities are null, and, if asked for, halves of UTF-16 pairs are the character for what is unknown.
fn tamed(json: &str, halves: bool) -> String {
    let (mut tame, mut rest, mut quoted) = (String::with_capacity(json.len()), json, false);
    while let Some(c) = rest.chars().next() {
        let escape = quoted && c == '\\';
        let number = ["NaN", "Infinity", "-Infinity"].iter().find(|name| !quoted && rest.starts_with(**name));
        let (now, taken) = match number {
            Some(number) => ("null", number.len()),
            None if escape && rest[1..].starts_with('u') => match unit_escape(rest) {
                (taken, false) if halves => ("\\ufffd", taken),
                (taken, _) => (&rest[..taken], taken),
            },
            None => {
                let taken = c.len_utf8() + if escape { rest[1..].chars().next().map_or(0, char::len_utf8) } else { 0 };
                (&rest[..taken], taken)
            }
        };
        quoted ^= c == '"';
        tame.push_str(now);
        rest = &rest[taken..];
    }
    tame
}

/// How many bytes the escape has that begins here, and whether it is no half of a pair.
fn unit_escape(rest: &str) -> (usize, bool) {
    let unit = |at: usize| {
        let escape = rest.get(at..at + 6)?;
        u16::from_str_radix(escape.strip_prefix("\\u")?, 16).ok()
    };
    match (unit(0), unit(6)) {
        (None, _) => (2, true),
        (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => (12, true),
        (Some(unit), _) => (6, !(0xd800..0xe000).contains(&unit)),
    }
}

/// The fields of an object, and whether each may hold a document: it is a string or null.
pub fn fields(object: &str) -> Option<BTreeMap<String, bool>> {
    let values: BTreeMap<String, MayHold> = serde_json::from_str(&tamed(object, true)).ok()?;
    Some(values.into_iter().map(|(name, MayHold(text))| (name, text)).collect())
}

struct MayHold(bool);

impl<'de> serde::Deserialize<'de> for MayHold {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = MayHold;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, _: &str) -> std::result::Result<MayHold, E> {
        Ok(MayHold(true))
    }

    fn visit_unit<E>(self) -> std::result::Result<MayHold, E> {
        Ok(MayHold(true))
    }

    fn visit_bool<E>(self, _: bool) -> std::result::Result<MayHold, E> {
        Ok(MayHold(false))
    }

    fn visit_i64<E>(self, _: i64) -> std::result::Result<MayHold, E> {
        Ok(MayHold(false))
    }

    fn visit_u64<E>(self, _: u64) -> std::result::Result<MayHold, E> {
        Ok(MayHold(false))
    }

    fn visit_f64<E>(self, _: f64) -> std::result::Result<MayHold, E> {
        Ok(MayHold(false))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<MayHold, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(MayHold(false))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<MayHold, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(MayHold(false))
    }
}

/// What the first value of a file is: the fields of an object, a string, or something else.
pub enum First {
    Fields(BTreeMap<String, bool>),
    /// A string or null.
    String,
    Other,
    /// There is no value.
    None,
}

impl First {
    pub fn of(value: &str) -> Self {
        match fields(value) {
            Some(fields) => Self::Fields(fields),
            None if serde_json::from_str::<Option<String>>(&tamed(value, true)).is_ok() => Self::String,
            None => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unread_fields_may_hold_anything() {
        for unread in [
            "null",
            "NaN",
            "[1, -Infinity, {\"text\": 1}]",
            r#""\ud800""#,
            r#""\udc00 \ud83d""#,
            "{\"\\ud800\": NaN}",
            "Infinity",
            r#""NaN \" NaN""#,
        ] {
            let line = format!("{{\"a\": {unread}, \"text\": \"NaN \\\"b\\u00e7\", \"\\ud800\": {unread}}}");
            assert!(matches!(document(&line, Some("text")), Ok(text) if text == "NaN \"b\u{e7}"), "{line}");
            let seen = fields(&line).unwrap();
            assert_eq!((seen.len(), seen["text"]), (3, true), "{line}");
        }
    }

    #[test]
    fn the_field_itself_is_a_string_or_null() {
        let empty = |line: &str| matches!(document(line, Some("text")), Ok(text) if text.is_empty());
        assert!(empty(r#"{"text": null}"#) && empty(r#"{"text": NaN}"#) && empty(r#"{"text": ""}"#));
        for line in [
            r#"{"text": 1}"#,
            r#"{"text": ["a"]}"#,
            r#"{"text": "\ud800"}"#,
            r#"{"text": "a"} b"#,
            r#"{"text": "a""#,
            r#""text""#,
            r#"{"text": {"text": "a"}}"#,
        ] {
            assert!(matches!(document(line, Some("text")), Err(Wrong::Json(_))), "{line}");
        }
        assert!(matches!(document(r#"{"text": "a\u0000b"}"#, Some("text")), Err(Wrong::Text(_))));
        assert!(
            matches!(document(r#"{"Text": "a", "b": NaN}"#, Some("text")), Err(Wrong::Missing(fields)) if fields == "Text, b")
        );
        assert!(
            matches!(document(r#"{"te\u0078t": "a"}"#, Some("text")), Ok(text) if text == "a"),
            "a key may be escaped"
        );
    }

    #[test]
    fn pairs_of_escapes_stay_whole() {
        assert_eq!(tamed(r#""\ud83d\ude00 \ud83d \\ud800" NaN"#, true), r#""\ud83d\ude00 \ufffd \\ud800" null"#);
        assert_eq!(tamed(r#""\ud83d" -Infinity"#, false), r#""\ud83d" null"#);
        assert_eq!(tamed("\"\\u\u{e7}\u{e7}", true), "\"\\u\u{e7}\u{e7}", "a damaged escape stays what it is");
    }

    #[test]
    fn a_value_that_goes_on_is_told_from_a_damaged_line() {
        assert!(goes_on("{") && goes_on("{\"a\": [1,") && goes_on("[{\"a\": 1},"));
        assert!(!goes_on("{\"a\": 1}") && !goes_on("{\"text\": \"b") && !goes_on("{}{"));
    }
}
