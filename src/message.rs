//! What the program says, without words: a code and the facts that its sentence names.
//! a room -> [`Message`] -> an event or an error -> a view. There `view::words` makes the sentence in the reader's language.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// A code that the Fluent files in `assets/strings` have a sentence for, with the facts of that sentence.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct Message {
    pub code: Cow<'static, str>,
    #[serde(skip_serializing_if = "Facts::is_empty")]
    pub facts: Facts,
}

/// The code of text that is shown unchanged. It comes from the system, from a library, or from a log of an earlier version.
pub const PLAIN: &str = "plain";
/// The code of a whole error (place, sentence and advice) that is a fact of another message.
pub const ERROR: &str = "error";

impl Message {
    pub fn new(code: &'static str) -> Self {
        Self { code: Cow::Borrowed(code), facts: Facts::default() }
    }

    /// Text that has no code.
    pub fn plain(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(PLAIN).with("text", text.into().into_owned())
    }

    /// A whole error: its place, its message, and the code of the advice if that is not the message's own.
    pub fn of_error(what: &Self, place: Option<&Fact>, hint: Option<&str>) -> Self {
        let mut whole = Self::new(ERROR).with("what", what);
        if let Some(place) = place {
            whole.facts.set("place", place.clone());
        }
        if let Some(hint) = hint {
            whole.facts.set("hint", hint);
        }
        whole
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, fact: impl Into<Fact>) -> Self {
        self.facts.set(name, fact);
        self
    }

    /// The text of a message that has no code.
    pub fn as_plain(&self) -> Option<&str> {
        match self.facts.get("text") {
            Some(Fact::Text(text)) if self.code == PLAIN => Some(text),
            _ => None,
        }
    }
}

/// Joins messages to a list, as each language writes lists.
pub fn listed(messages: impl IntoIterator<Item = Message>) -> Message {
    messages
        .into_iter()
        .reduce(|first, second| Message::new("listed").with("first", first).with("second", second))
        .unwrap_or_default()
}

/// The same with "and" between them.
pub fn joined(messages: impl IntoIterator<Item = Message>) -> Message {
    messages
        .into_iter()
        .reduce(|first, second| Message::new("joined").with("first", first).with("second", second))
        .unwrap_or_default()
}

/// A fixed form for tests and for programs: `heads-do-not-divide (heads = 3, hidden = 64)`.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = self.as_plain() {
            return f.write_str(text);
        }
        f.write_str(&self.code)?;
        if self.facts.is_empty() {
            return Ok(());
        }
        let facts: Vec<String> = self.facts.iter().map(|(name, fact)| format!("{name} = {fact}")).collect();
        write!(f, " ({})", facts.join(", "))
    }
}

/// A message in JSON. Logs of earlier versions have its English sentence and no code.
#[derive(Deserialize)]
struct Written {
    code: Option<Cow<'static, str>>,
    #[serde(default)]
    facts: Facts,
    #[serde(alias = "reason")]
    message: Option<String>,
}

impl From<Written> for Message {
    fn from(written: Written) -> Self {
        match (written.code, written.message) {
            (Some(code), _) => Self { code, facts: written.facts },
            (None, message) => Self::plain(message.unwrap_or_default()),
        }
    }
}

/// Facts by name, in the order in which they were added.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts(Vec<(Cow<'static, str>, Fact)>);

impl Facts {
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, fact: impl Into<Fact>) {
        let (name, fact) = (name.into(), fact.into());
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = fact,
            None => self.0.push((name, fact)),
        }
    }

    pub fn get(&self, name: &str) -> Option<&Fact> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, fact)| fact)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Fact)> {
        self.0.iter().map(|(name, fact)| (name.as_ref(), fact))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Facts {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Facts {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> serde::de::Visitor<'de> for Map {
            type Value = Facts;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("facts by name")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Facts, A::Error> {
                let mut facts = Facts::default();
                while let Some((name, fact)) = map.next_entry::<String, Fact>()? {
                    facts.set(name, fact);
                }
                Ok(facts)
            }
        }
        deserializer.deserialize_map(Map)
    }
}

/// A number, a name, a place, or a message inside a message. Numbers are not formatted: each language writes them in its own way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fact {
    Whole(u64),
    /// NaN if the value is not known. It is shown as `?`.
    Number(#[serde(with = "null_is_unknown")] f64),
    Text(String),
    Message(Box<Message>),
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(number) => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::Message(message) => write!(f, "{message}"),
        }
    }
}

/// JSON has no NaN.
mod null_is_unknown {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        value.is_finite().then_some(*value).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
    }
}

macro_rules! facts {
    ($($from:ty: $value:ident => $fact:expr;)*) => {
        $(impl From<$from> for Fact {
            fn from($value: $from) -> Self {
                $fact
            }
        })*
    };
}

facts! {
    &str: text => Self::Text(text.to_owned());
    String: text => Self::Text(text);
    &String: text => Self::Text(text.clone());
    Cow<'_, str>: text => Self::Text(text.into_owned());
    &std::path::Path: path => Self::Text(crate::path::name_of(path));
    &std::path::PathBuf: path => Self::Text(crate::path::name_of(path));
    u64: number => Self::Whole(number);
    u32: number => Self::Whole(u64::from(number));
    u16: number => Self::Whole(u64::from(number));
    u8: number => Self::Whole(u64::from(number));
    usize: number => Self::Whole(number as u64);
    f64: number => Self::Number(number);
    f32: number => Self::Number(f64::from(number));
    Option<f64>: number => Self::Number(number.unwrap_or(f64::NAN));
    Message: message => Self::Message(Box::new(message));
    &Message: message => Self::Message(Box::new(message.clone()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_survives_its_way_through_json() {
        let inner = Message::new("inner").with("path", "a/b");
        let message = Message::new("outer").with("n", 3_u64).with("share", 1.0).with("why", inner);
        let text = serde_json::to_string(&message).unwrap();
        assert_eq!(
            text,
            r#"{"code":"outer","facts":{"n":3,"share":1.0,"why":{"code":"inner","facts":{"path":"a/b"}}}}"#
        );
        assert_eq!(serde_json::from_str::<Message>(&text).unwrap(), message);
        assert_eq!(message.to_string(), "outer (n = 3, share = 1, why = inner (path = a/b))");
    }

    #[test]
    fn an_unknown_number_is_null() {
        let text = serde_json::to_string(&Message::new("m").with("x", None)).unwrap();
        assert_eq!(text, r#"{"code":"m","facts":{"x":null}}"#);
        let read: Message = serde_json::from_str(&text).unwrap();
        assert!(matches!(read.facts.get("x"), Some(Fact::Number(x)) if x.is_nan()));
    }

    #[test]
    fn the_sentence_of_an_earlier_version_is_kept_as_it_is() {
        for old in [r#"{"message":"it rises","message_pt":"sobe"}"#, r#"{"reason":"it rises"}"#] {
            let read: Message = serde_json::from_str(old).unwrap();
            assert_eq!(read.as_plain(), Some("it rises"));
            assert_eq!(read.to_string(), "it rises");
        }
    }
}
