//! Every sentence for people, in English and in Portuguese: Fluent messages, one file for each panel and each kind of message.
//! `assets/strings/{en,pt}/FILE.ftl` -> [`Strings`] -> `cx.t("flow-heading")`, `t!(cx, "app-step", step = 12)`; and an event's or
//! an error's [`Message`] -> [`text`], [`error`], [`json`].

use crate::error::Error;
use crate::lang::Lang;
use crate::message::{ERROR, Fact, Facts, Message};
use crate::train::event::{Event, Failure};
use crate::train::metrics::table::Metric;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::types::{FluentNumber, FluentNumberOptions, FluentNumberStyle};
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::fmt::Write;
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

/// Lists the files by language. The key of a panel's message begins with its file's name.
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
pub const FILES: [(&str, &str, &str); 21] = files![
    "app",
    "transport",
    "flow",
    "sentence",
    "curves",
    "verdicts",
    "kernels",
    "attention",
    "map",
    "metrics",
    "lesson",
    "glossary",
    "data",
    "hardware",
    "log",
    "terminal",
    "speed",
    "report",
    "page",
    "events",
    "errors",
];

/// The messages of one language.
pub struct Strings {
    pub lang: Lang,
    bundle: FluentBundle<FluentResource>,
}

static STRINGS: LazyLock<[Strings; 2]> = LazyLock::new(|| [Lang::En, Lang::Pt].map(Strings::new));

impl Strings {
    pub fn of(lang: Lang) -> &'static Self {
        let [en, pt] = &*STRINGS;
        match lang {
            Lang::En => en,
            Lang::Pt => pt,
        }
    }

    fn new(lang: Lang) -> Self {
        let locale: LanguageIdentifier = lang.code().parse().expect("`en` and `pt` are language codes");
        let mut bundle = FluentBundle::new_concurrent(vec![locale]);
        // Isolation marks are for mixed writing directions. Both languages run left to right, and no font draws the marks.
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(match lang {
            Lang::En => |value: &FluentValue, _: &_| number_text(Lang::En, value),
            Lang::Pt => |value: &FluentValue, _: &_| number_text(Lang::Pt, value),
        }));
        bundle.add_builtins().expect("nothing else of this bundle is called NUMBER");
        bundle
            .add_function("COUNT", move |values, _| count_text(lang, values).into())
            .and_then(|()| bundle.add_function("SCIENTIFIC", move |values, _| scientific_text(lang, values).into()))
            .expect("nothing else of this bundle has these names");
        for (_, en, pt) in FILES {
            // An entry that does not parse is left out here; a test names it.
            let text = match lang {
                Lang::En => en,
                Lang::Pt => pt,
            };
            let resource = match FluentResource::try_new(text.to_owned()) {
                Ok(resource) | Err((resource, _)) => resource,
            };
            bundle.add_resource_overriding(resource);
        }
        Self { lang, bundle }
    }

    /// The text of `key`, or the key itself if there is no such message. Tests refuse such keys.
    pub fn t(&self, key: &str) -> String {
        self.with(key, &[])
    }

    pub fn with(&self, key: &str, values: &[(&'static str, Fact)]) -> String {
        let args = values.iter().map(|(name, fact)| (*name, self.value(fact, true))).collect();
        self.format(key, &args).unwrap_or_else(|| key.to_owned())
    }

    /// The sentence of a message, or its code and facts if this version has no sentence for it. A whole number is written without
    /// separators, as in files and settings, unless the sentence asks for them with `COUNT($n)`.
    pub fn text(&self, message: &Message) -> String {
        if message.code == ERROR {
            return self.whole_error(message);
        }
        self.format(&message.code, &self.args(&message.facts)).unwrap_or_else(|| message.to_string())
    }

    /// Place, sentence and advice.
    fn error(&self, place: Option<&Fact>, what: &Message, hint: Option<&str>) -> String {
        let mut text = match place {
            Some(Fact::Message(place)) => format!("{}: ", self.text(place)),
            Some(place) => format!("{place}: "),
            None => String::new(),
        };
        text.push_str(&self.text(what));
        if let Some(help) = self.help(what, hint) {
            write!(text, "\n  {}: {help}", self.t("error-help-label")).expect("a string takes everything");
        }
        text
    }

    fn whole_error(&self, message: &Message) -> String {
        let hint = match message.facts.get("hint") {
            Some(Fact::Text(hint)) => Some(hint.as_str()),
            _ => None,
        };
        match message.facts.get("what") {
            Some(Fact::Message(what)) => self.error(message.facts.get("place"), what, hint),
            _ => message.to_string(),
        }
    }

    /// The advice for an error: the one that the error names, else its message's own.
    fn help(&self, what: &Message, hint: Option<&str>) -> Option<String> {
        let args = self.args(&what.facts);
        match hint {
            Some(hint) => Some(self.format(hint, &args).unwrap_or_else(|| hint.to_owned())),
            None => self.format(&format!("{}.help", what.code), &args),
        }
    }

    /// Formats `key`, which is a message or an attribute of one: `message.help`.
    fn format(&self, key: &str, args: &FluentArgs) -> Option<String> {
        let (name, attribute) = key.split_once('.').map_or((key, None), |(name, attribute)| (name, Some(attribute)));
        let message = self.bundle.get_message(name)?;
        let pattern = match attribute {
            Some(attribute) => message.get_attribute(attribute)?.value(),
            None => message.value()?,
        };
        Some(self.bundle.format_pattern(pattern, Some(args), &mut Vec::new()).into_owned())
    }

    fn args<'f>(&self, facts: &'f Facts) -> FluentArgs<'f> {
        facts.iter().map(|(name, fact)| (name, self.value(fact, false))).collect()
    }

    fn value<'f>(&self, fact: &'f Fact, use_grouping: bool) -> FluentValue<'f> {
        // A selector such as `[0]` matches only a number whose options are the default ones. Groups begin at a thousand.
        let number = |value: f64| {
            let use_grouping = use_grouping || value.abs() < 1000.0;
            FluentNumber::new(value, FluentNumberOptions { use_grouping, ..Default::default() }).into()
        };
        match fact {
            Fact::Text(text) => text.as_str().into(),
            Fact::Whole(value) => number(*value as f64),
            Fact::Number(value) => number(*value),
            Fact::Message(message) => self.text(message).into(),
        }
    }

    /// A metric's name. If `place` (`curve`, `page`, `line` or `eval`) has its own name for the metric, it is that one.
    pub fn metric(&self, metric: Metric, place: &str) -> String {
        let label = metric.about().label;
        let own = self.format(&format!("{label}.{place}"), &FluentArgs::new());
        own.unwrap_or_else(|| self.t(label))
    }

    /// The name of an arena, or its own name if it has no words.
    pub fn arena(&self, name: &str) -> String {
        match name {
            "parameters" => self.t("hardware-arena-parameters"),
            "gradients" => self.t("hardware-arena-gradients"),
            "moment1" => self.t("hardware-arena-moment1"),
            "moment2" => self.t("hardware-arena-moment2"),
            "activations" => self.t("hardware-arena-activations"),
            _ => name.to_owned(),
        }
    }

    pub fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }
}

/// A number as the language writes it, with the options of `NUMBER`: digits after the separator, groups of three, percent.
fn number_text(lang: Lang, value: &FluentValue) -> Option<String> {
    let FluentValue::Number(number) = value else { return None };
    let (mut value, options) = (number.value, &number.options);
    if value.is_nan() {
        return Some("?".to_owned());
    }
    if value.is_infinite() {
        return Some(value.to_string());
    }
    let percent = options.style == FluentNumberStyle::Percent;
    if percent {
        value *= 100.0;
    }
    let digits = options.maximum_fraction_digits.or(percent.then_some(0));
    let text = match digits {
        Some(digits) => format!("{value:.digits$}"),
        None => value.to_string(),
    };
    let digits = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let text = if options.use_grouping {
        lang.decimal(value, digits)
    } else {
        text.replace('.', lang.decimal_mark().encode_utf8(&mut [0; 1]))
    };
    Some(if percent { format!("{text}%") } else { text })
}

/// `COUNT($n)`: a number with its digits in groups.
fn count_text(lang: Lang, values: &[FluentValue]) -> String {
    match values.first() {
        Some(FluentValue::Number(number)) => lang.decimal(number.value, 0),
        Some(FluentValue::String(text)) => text.to_string(),
        _ => "?".to_owned(),
    }
}

/// `SCIENTIFIC($value)`: the shortest digits that tell an f32 from its neighbours, and a power of ten.
fn scientific_text(lang: Lang, values: &[FluentValue]) -> String {
    let Some(FluentValue::Number(number)) = values.first() else { return "?".to_owned() };
    format!("{:e}", number.value as f32).replace('.', lang.decimal_mark().encode_utf8(&mut [0; 1]))
}

/// The sentence of a message.
pub fn text(message: &Message, lang: Lang) -> String {
    Strings::of(lang).text(message)
}

/// The text of an error: `place: what happened`, and the advice on a line of its own.
pub fn error(error: &Error, lang: Lang) -> String {
    Strings::of(lang).error(error.place.as_ref(), &error.message, error.hint)
}

/// The same for the error that ended a run.
pub fn failure(failure: &Failure, lang: Lang) -> String {
    Strings::of(lang).error(failure.place.as_ref(), &failure.message, failure.advice.as_deref())
}

/// The word before an error on a terminal.
pub fn label(lang: Lang) -> String {
    Strings::of(lang).t("error-label")
}

/// An event as one line of JSON, for programs and for a run's record. It has codes and facts, and the English sentence too.
pub fn json(event: &Event) -> String {
    let mut line = serde_json::to_string(event).expect("an event has string keys only");
    let en = Strings::of(Lang::En);
    let mut add = |name: &str, text: String| {
        line.pop();
        write!(line, ",\"{name}\":{}}}", serde_json::Value::from(text)).expect("a string takes everything");
    };
    match event {
        Event::Device(device) => add("reason", en.text(&device.reason)),
        Event::Preparing(preparing) => add("message", en.text(&preparing.message)),
        Event::Warning(warning) => add("message", en.text(&warning.message)),
        Event::DeviceLost(failed) | Event::Failed(failed) => {
            add("message", failure(failed, Lang::En));
            if let Some(help) = en.help(&failed.message, failed.advice.as_deref()) {
                add("hint", help);
            }
        }
        _ => {}
    }
    line
}

/// The same with the end of its line.
pub fn json_line(event: &Event) -> String {
    let mut line = json(event);
    line.push('\n');
    line
}

/// `t!(cx, "app-step", step = 12, name = "nano")`: a message with its values. `cx` is anything that has the method `with`.
#[macro_export]
macro_rules! t {
    ($strings:expr, $key:expr $(, $name:ident = $value:expr)* $(,)?) => {
        $strings.with($key, &[$((stringify!($name), $crate::message::Fact::from($value))),*])
    };
}

#[cfg(test)]
mod tests;
