//! Looks into a file: its first bytes, its name and the field that is asked for -> what its bytes are, or why it is not read.
//! The bytes decide. The name matters only if the bytes leave a choice, or if the name promises a format that the bytes do not have.

use std::path::Path;

use super::field::{Field, choose, is_usual};
use super::file::{Encoding, Form, Format, Packing};
use super::name::{Promise, name_of};
use super::{magic, program};
use crate::text::kinds::PARQUET;
use crate::text::readers::json::{First, goes_on};
use crate::text::readers::{Rows, first_value, input, parquet_columns, table};
use crate::{Error, Result};

/// How many bytes of a file are looked at, after unpacking.
const PEEK_BYTES: usize = 1 << 16;

/// Why a file is not read.
#[derive(Debug)]
pub enum Refusal {
    /// It cannot be opened.
    Unreadable(Error),
    /// It is no text, or a kind of file that is not read here, or it has no field for documents.
    OfKind(Error),
    /// It is what it should be, but damaged.
    Damaged(Error),
}

impl Refusal {
    pub fn error(self) -> Error {
        match self {
            Self::Unreadable(error) | Self::OfKind(error) | Self::Damaged(error) => error,
        }
    }
}

/// What the bytes of a file are. `by_name`: whether a person named this file, and not its folder. `field`: the field of documents, if
/// a person named it.
pub fn recognise(path: &Path, by_name: bool, field: Option<&str>) -> std::result::Result<Form, Refusal> {
    let of_kind = |error: Error| Refusal::OfKind(error.at_path(path));
    let promise = Promise::of(&name_of(path));
    let (head, error) = input::peek(path, Packing::None, PEEK_BYTES).map_err(Refusal::Unreadable)?;
    if let Some(error) = error {
        return Err(Refusal::Unreadable(error));
    }
    if head.starts_with(PARQUET) && (promise == Promise::Parquet || head.contains(&0)) {
        return parquet(path, field);
    }
    let packing = magic::packing(&head);
    if let Some(error) = magic::refused(&head).filter(|_| packing == Packing::None) {
        return Err(of_kind(error));
    }
    let head = if packing == Packing::None { head } else { unpacked(path, packing)? };
    if let Some(error) = magic::refused(&head).or_else(|| magic::packed_twice(&head, packing)) {
        return Err(of_kind(error));
    }
    let mut form = Form { format: Format::Text, packing, encoding: magic::encoding(&head), field: None };
    let text = match magic::text(&head, form.encoding) {
        Ok(text) => text,
        // The reader says which byte is wrong. A file of another kind in a folder is only left out.
        Err(_) if by_name || promise != Promise::Nothing => {
            let format = if promise == Promise::Json { Format::Jsonl } else { Format::Text };
            return Ok(Form { format, field: Some(field.unwrap_or("text").to_owned()), ..form });
        }
        Err(error) => return Err(of_kind(error)),
    };
    if let Some(error) = magic::refused_text(&text) {
        return Err(of_kind(error));
    }
    // An empty name may come before the first tab: that of a column with row numbers.
    let table = text.trim_start_matches(['\n', '\r']);
    let text = text.trim_start();
    form.format = match json_format(text, promise) {
        Some(format) => format,
        None if promise == Promise::Json => return Err(of_kind(Error::failed("not-json"))),
        None if promise == Promise::Parquet => return Err(of_kind(Error::failed("not-parquet"))),
        None if text.starts_with("<doc ") => Format::Articles,
        None => table_format(table, promise, field),
    };
    // A folder may hold a file of facts about the data, and its only string is no document.
    with_field(path, form, table, Wanted { field, one_suffices: by_name }).map_err(of_kind)
}

/// Whether a file holds a program, settings or a list. One that cannot be read as text does not: [`recognise`] says what is wrong with it.
pub fn is_program(path: &Path) -> bool {
    let head = |packing| input::peek(path, packing, PEEK_BYTES).map(|(head, _)| head).unwrap_or_default();
    let stored = head(Packing::None);
    let packing = magic::packing(&stored);
    let head = if packing == Packing::None { stored } else { head(packing) };
    magic::text(&head, magic::encoding(&head)).is_ok_and(|text| program::is_program(&text))
}

/// The first bytes of a packed file.
fn unpacked(path: &Path, packing: Packing) -> std::result::Result<Vec<u8>, Refusal> {
    let (head, error) = input::peek(path, packing, PEEK_BYTES).map_err(Refusal::Unreadable)?;
    match error {
        Some(error) if head.is_empty() => Err(Refusal::Damaged(error)),
        // The reader will come to the damage too.
        _ => Ok(head),
    }
}

fn parquet(path: &Path, wanted: Option<&str>) -> std::result::Result<Form, Refusal> {
    let columns = parquet_columns(path).map_err(Refusal::Damaged)?;
    let all = columns.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let texts = columns.iter().filter(|(_, text)| *text).map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let field = choose(&Field { all: &all, texts: &texts, one_suffices: true }, wanted);
    let field = field.map_err(|error| Refusal::OfKind(error.at_path(path)))?;
    // Opening the column now reports what cannot be read, before any document is read.
    Rows::open(path, &field).map_err(Refusal::Damaged)?;
    Ok(Form { format: Format::Parquet, packing: Packing::None, encoding: Encoding::Utf8, field: Some(field) })
}

/// Whether a text is JSON: it begins with an object that has a name, or with an array of objects or strings. Prose may begin with a
/// bracket as well. If the first values have an error, the text counts as JSON only if its name says so.
fn json_format(text: &str, promise: Promise) -> Option<Format> {
    let behind = |open: char| text.strip_prefix(open).map(str::trim_start);
    if behind('{').is_some_and(|rest| rest.starts_with(['"', '}'])) {
        let first = text.split_inclusive('\n').next().unwrap_or_default();
        return Some(if first.ends_with('\n') && goes_on(first) { Format::Json } else { Format::Jsonl });
    }
    let rest = behind('[')?;
    // An array in an array is JSON as well. Reading its first value will show the fault.
    let inner = rest.strip_prefix('[').map(str::trim_start);
    let array = rest.starts_with(['{', '"']) || (rest.starts_with(']') && rest[1..].trim().is_empty());
    let nested =
        inner.is_some_and(|inner| inner.starts_with(['"', '{']) || inner.starts_with(|c: char| c.is_ascii_digit()));
    let json = if rest.starts_with(['{', ']']) {
        array
    } else {
        (array || nested) && (promise == Promise::Json || goes_through(text))
    };
    json.then_some(Format::Json)
}

/// Whether a text that begins with an array consists of arrays, as far as it goes: it may be cut off.
fn goes_through(text: &str) -> bool {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Vec<serde::de::IgnoredAny>>();
    values.find_map(|value| value.err()).is_none_or(|error| error.is_eof())
}

/// Whether a text is a table: its name says so, or its first line names a column for documents among others, and the next rows have as
/// many fields.
fn table_format(text: &str, promise: Promise, wanted: Option<&str>) -> Format {
    let named = promise == Promise::Table;
    let delimiters = [b'\t', b',', b';', b'|'];
    let first = text.lines().next().unwrap_or_default();
    let columns =
        |delimiter: &u8| table::first_rows(first.as_bytes(), *delimiter, true).map_or(0, |rows| rows.names.len());
    // Of the characters that may divide the names, take the one that divides them into most.
    let Some(delimiter) = delimiters.into_iter().rev().max_by_key(columns) else { return Format::Text };
    // If no delimiter divides the header, take one that divides no row.
    let divides_none =
        |delimiter: &u8| table::first_rows(text.as_bytes(), *delimiter, true).is_some_and(|rows| rows.even);
    let alone = || [b',', b';', b'|'].into_iter().find(divides_none);
    let delimiter = if columns(&delimiter) == 1 { alone().unwrap_or(delimiter) } else { delimiter };
    let read = |quoted| table::first_rows(text.as_bytes(), delimiter, quoted);
    let format = |quoted| Format::Table { delimiter, quoted };
    // Tabs often divide fields in which a quotation mark means nothing.
    let quoted = match (read(true), read(false)) {
        (Some(with), Some(without)) if with.even == without.even => delimiter != b'\t' || !loose_marks(text),
        (Some(with), _) => with.even,
        (None, _) => false,
    };
    if named {
        return format(quoted);
    }
    let Some(rows) = read(quoted) else { return Format::Text };
    let is_name = |name: &String| {
        (1..=40).contains(&name.len())
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ' | '.'))
    };
    let holds = |name: &str| wanted.map_or_else(|| is_usual(name), |wanted| wanted == name);
    // In a sentence a space follows a comma.
    let prose = delimiter != b'\t' && first.contains(&format!("{} ", char::from(delimiter)));
    // The column of row numbers has no name.
    let named_columns =
        if rows.names.first().is_some_and(String::is_empty) { &rows.names[1..] } else { &rows.names[..] };
    let table = !prose
        && rows.names.len() > 1
        && named_columns.iter().all(is_name)
        && rows.names.iter().any(|name| holds(name))
        && rows.rows > 0
        && rows.even;
    if table { format(quoted) } else { Format::Text }
}

/// Whether a field begins with a quotation mark and does not end with one, so that its marks are a part of the text.
fn loose_marks(text: &str) -> bool {
    let whole = |field: &str| {
        field.len() > 1 && field.ends_with('"') && !field[1..field.len() - 1].replace("\"\"", "").contains('"')
    };
    let fields = text.lines().flat_map(|line| line.split('\t'));
    let marked: Vec<&str> = fields.filter(|field| field.starts_with('"')).collect();
    // The last line may be cut off.
    marked.iter().rev().skip(1).any(|field| !whole(field))
        || marked.last().is_some_and(|field| !whole(field) && text.ends_with('\n'))
}

/// How the field that holds the documents is chosen.
#[derive(Clone, Copy)]
struct Wanted<'f> {
    field: Option<&'f str>,
    one_suffices: bool,
}

/// `form` with the field that holds the documents.
fn with_field(path: &Path, form: Form, text: &str, wanted: Wanted<'_>) -> Result<Form> {
    let Wanted { field: wanted, one_suffices } = wanted;
    let field = match form.format {
        Format::Jsonl | Format::Json => match first_value(path, &form) {
            Some(First::Fields(fields)) => {
                let all = fields.keys().cloned().collect::<Vec<_>>();
                let texts = fields.iter().filter(|(_, text)| **text).map(|(name, _)| name.clone()).collect::<Vec<_>>();
                Some(choose(&Field { all: &all, texts: &texts, one_suffices }, wanted)?)
            }
            Some(First::String) if form.format == Format::Json => None,
            Some(First::String | First::Other) if form.format == Format::Json => {
                return Err(Error::failed("json-of-other-values"));
            }
            // The reader says what is wrong, and where.
            Some(First::String | First::Other | First::None) | None => Some(wanted.unwrap_or("text").to_owned()),
        },
        Format::Table { delimiter, quoted } => {
            let names = table::first_rows(text.as_bytes(), delimiter, quoted).map_or_else(Vec::new, |rows| rows.names);
            Some(choose(&Field { all: &names, texts: &names, one_suffices: false }, wanted)?)
        }
        Format::Text | Format::Articles | Format::Parquet => None,
    };
    Ok(Form { field, ..form })
}
