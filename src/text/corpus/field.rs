//! Chooses the field or column that holds the documents: the one that a person named, else "text", else the only one of the usual
//! names.

use crate::{Error, Result};

/// Names that data sets give to their documents when it is not "text".
const USUAL: &[&str] = &[
    "text",
    "content",
    "contents",
    "document",
    "doc",
    "body",
    "raw_content",
    "raw_text",
    "raw",
    "full_text",
    "plain_text",
    "page_content",
    "article",
    "passage",
    "paragraph",
    "sentence",
    "story",
    "texto",
    "conteudo",
    "documento",
];

/// The fields of a file.
pub struct Field<'f> {
    pub all: &'f [String],
    /// Those that may hold documents.
    pub texts: &'f [String],
    /// Whether the only field that may hold documents is taken, whatever it is called.
    pub one_suffices: bool,
}

/// Whether documents often stand under this name.
pub fn is_usual(name: &str) -> bool {
    USUAL.contains(&name.to_lowercase().as_str())
}

/// The field that holds the documents. The error has no place yet.
pub fn choose(fields: &Field<'_>, wanted: Option<&str>) -> Result<String> {
    let &Field { all, texts, one_suffices } = fields;
    let exact = |name: &str| all.iter().find(|field| *field == name).cloned();
    if let Some(wanted) = wanted {
        let missing = || Error::failed("no-such-field").with("field", wanted).with("fields", shortened(all));
        return exact(wanted).ok_or_else(missing);
    }
    if let Some(text) = exact("text") {
        return Ok(text);
    }
    let usual: Vec<&String> = texts.iter().filter(|name| is_usual(name)).collect();
    match (usual.as_slice(), texts) {
        ([one], _) => Ok((*one).clone()),
        ([], [one]) if one_suffices => Ok(one.clone()),
        ([], _) => Err(Error::failed("no-text-field").with("fields", shortened(all))),
        (several, _) => {
            let several: Vec<String> = several.iter().map(|name| (*name).clone()).collect();
            Err(Error::failed("several-text-fields").with("fields", shortened(&several)))
        }
    }
}

/// A few names, each of a length that fits a line.
fn shortened(names: &[String]) -> String {
    let short = |name: &String| {
        let mut short: String = name.chars().take(40).collect();
        if short.len() < name.len() {
            short.push('\u{2026}');
        }
        short
    };
    let mut names: Vec<String> = names.iter().take(13).map(short).collect();
    if names.len() == 13 {
        names[12] = "\u{2026}".to_owned();
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(names: &[&str], wanted: Option<&str>, one_suffices: bool) -> std::result::Result<String, String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        choose(&Field { all: &names, texts: &names, one_suffices }, wanted).map_err(|e| e.code().to_owned())
    }

    #[test]
    fn text_comes_first_then_the_only_usual_name() {
        assert_eq!(chosen(&["content", "text"], None, true).unwrap(), "text");
        assert_eq!(chosen(&["id", "content"], None, true).unwrap(), "content");
        assert_eq!(chosen(&["id", "url", "Passage"], None, false).unwrap(), "Passage");
        assert_eq!(chosen(&["id", "TEXTO"], None, false).unwrap(), "TEXTO");
        assert_eq!(chosen(&["quote"], None, true).unwrap(), "quote");
        assert_eq!(chosen(&["quote"], None, false).unwrap_err(), "no-text-field");
        assert_eq!(chosen(&["id", "quote"], None, true).unwrap_err(), "no-text-field");
        assert_eq!(chosen(&["body", "content"], None, true).unwrap_err(), "several-text-fields");
        assert_eq!(chosen(&["Text", "TEXT"], None, true).unwrap_err(), "several-text-fields");
    }

    #[test]
    fn a_named_field_is_taken_and_no_other() {
        assert_eq!(chosen(&["text", "quote"], Some("quote"), true).unwrap(), "quote");
        assert_eq!(chosen(&["text"], Some("Text"), true).unwrap_err(), "no-such-field");
        let many: Vec<String> = (0..20).map(|n| format!("field {n}")).collect();
        assert_eq!(shortened(&many).split(", ").count(), 13);
    }
}
