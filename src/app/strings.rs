//! Every text of the window, in English and in Portuguese: Fluent messages, one file a panel, switched while it runs.
//! `assets/strings/{en,pt}/PANEL.ftl` -> [`Strings`] -> `cx.t("flow-heading")`, `t!(cx, "app-step", step = 12)`.

use crate::view::Lang;
use fluent_bundle::types::FluentNumber;
use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// The files, by language: a panel's keys begin with its file's name.
macro_rules! files {
    ($($name:literal),* $(,)?) => {
        [$((
            $name,
            include_str!(concat!("../../assets/strings/en/", $name, ".ftl")),
            include_str!(concat!("../../assets/strings/pt/", $name, ".ftl")),
        )),*]
    };
}

/// Name, English, Portuguese.
pub const FILES: [(&str, &str, &str); 13] = files![
    "app",
    "transport",
    "flow",
    "sentence",
    "curves",
    "verdicts",
    "kernels",
    "attention",
    "map",
    "lesson",
    "data",
    "hardware",
    "log",
];

/// A value in a message: numbers are written as the language does, and choose its plural.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    Whole(u64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}
impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Whole(number)
    }
}
impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Whole(number as u64)
    }
}
impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Whole(u64::from(number))
    }
}

/// The messages of one language.
pub struct Strings {
    pub lang: Lang,
    bundle: FluentBundle<FluentResource>,
}

impl Strings {
    pub fn new(lang: Lang) -> Self {
        let locale: LanguageIdentifier = lang.code().parse().expect("`en` and `pt` are language codes");
        let mut bundle = FluentBundle::new(vec![locale]);
        // Isolation marks are for mixed writing directions; no font draws them.
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(match lang {
            Lang::En => |value: &FluentValue, _: &_| number_text(Lang::En, value),
            Lang::Pt => |value: &FluentValue, _: &_| number_text(Lang::Pt, value),
        }));
        for (_, en, pt) in FILES {
            // What does not parse is left out here and named by the test below.
            let resource = match FluentResource::try_new(lang.pick(en, pt).to_owned()) {
                Ok(resource) | Err((resource, _)) => resource,
            };
            bundle.add_resource_overriding(resource);
        }
        Self { lang, bundle }
    }

    /// The message of `key`; the key itself where there is none, which the tests refuse.
    pub fn t(&self, key: &str) -> String {
        self.with(key, &[])
    }

    pub fn with(&self, key: &str, values: &[(&'static str, Value)]) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let mut args = FluentArgs::with_capacity(values.len());
        for (name, value) in values {
            match value {
                Value::Text(text) => args.set(*name, text.as_str()),
                Value::Whole(number) => args.set(*name, FluentNumber::from(*number as f64)),
            }
        }
        self.bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned()
    }

    pub fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }
}

fn number_text(lang: Lang, value: &FluentValue) -> Option<String> {
    match value {
        FluentValue::Number(number) => Some(lang.whole(number.value.max(0.0) as u64)),
        _ => None,
    }
}

/// `t!(cx, "app-step", step = 12, name = "nano")`: a message with its values, of anything that has `with`.
#[macro_export]
macro_rules! t {
    ($strings:expr, $key:expr $(, $name:ident = $value:expr)* $(,)?) => {
        $strings.with($key, &[$((stringify!($name), $crate::app::strings::Value::from($value))),*])
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// Keys of a file, each with the names of its values. Read line by line: an entry starts at a line's start.
    fn keys(ftl: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut current = None;
        for line in ftl.lines() {
            if line.starts_with(|c: char| c.is_ascii_lowercase()) {
                current = line.split_once(" =").map(|(key, _)| key.to_owned());
            }
            let Some(key) = &current else { continue };
            let names = found.entry(key.clone()).or_default();
            names.extend(
                line.split('$').skip(1).map(|rest| {
                    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>()
                }),
            );
        }
        found
    }

    #[test]
    fn both_languages_say_the_same_things() {
        for (name, en, pt) in FILES {
            let [en, pt] = [en, pt].map(keys);
            assert!(!en.is_empty(), "{name}.ftl is empty");
            assert_eq!(en, pt, "{name}.ftl: keys and values differ");
            for key in en.keys() {
                assert!(key.starts_with(name), "{name}.ftl: {key} does not begin with its file's name");
            }
        }
    }

    #[test]
    fn every_file_parses() {
        for (name, en, pt) in FILES {
            for (lang, text) in [("en", en), ("pt", pt)] {
                if let Err((_, errors)) = FluentResource::try_new(text.to_owned()) {
                    panic!("{lang}/{name}.ftl: {errors:?}");
                }
            }
        }
    }

    /// Keys stand in the code as literals, `"panel-words"`: each must exist, and each message must be used.
    #[test]
    fn every_key_of_the_code_exists_and_every_message_is_used() {
        let code = crate::app::tests::sources();
        let strings = Strings::new(Lang::En);
        let prefixes: Vec<String> = FILES.iter().map(|(name, ..)| format!("{name}-")).collect();
        let literals = code.split('"').skip(1).step_by(2);
        let used: BTreeSet<&str> = literals
            .filter(|text| prefixes.iter().any(|p| text.starts_with(p.as_str())))
            .filter(|text| text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'))
            .collect();
        let missing: Vec<_> = used.iter().filter(|key| !strings.has(key)).collect();
        assert!(missing.is_empty(), "no message for {missing:?}");
        let all = FILES.iter().flat_map(|(_, en, _)| keys(en).into_keys());
        let idle: Vec<_> = all.filter(|key| !used.contains(key.as_str()) && !code.contains(key.as_str())).collect();
        assert!(idle.is_empty(), "messages that nothing shows: {idle:?}");
    }

    #[test]
    fn numbers_and_plurals_follow_the_language() {
        let [en, pt] = [Lang::En, Lang::Pt].map(Strings::new);
        assert_eq!(t!(en, "app-step", step = 12_345_u64), "step 12,345");
        assert_eq!(t!(pt, "app-step", step = 12_345_u64), "passo 12.345");
        assert_eq!(en.t("no-such-key"), "no-such-key");
    }
}
