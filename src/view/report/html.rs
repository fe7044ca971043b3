//! Pieces of HTML: sections, words in both languages, escapes.

use crate::view::Lang;
use crate::view::words::Strings;

pub(super) fn section(id: &str, title: &str, sub: &str, body: &str) -> String {
    let sub = if sub.is_empty() { String::new() } else { format!("<p class=\"sub\">{sub}</p>") };
    format!("<section id=\"{id}\"><h2>{title}</h2>{sub}{body}</section>")
}

/// The sentence of a key in both languages, escaped for HTML.
pub(super) fn said(key: &str) -> String {
    spoken(|lang| escape(&Strings::of(lang).t(key)))
}

/// The same markup, made once for each language.
pub(super) fn spoken(html: impl Fn(Lang) -> String) -> String {
    let [en, pt] = [Lang::En, Lang::Pt].map(html);
    if en == pt { en } else { format!("<span lang=\"en\">{en}</span><span lang=\"pt\">{pt}</span>") }
}

pub(super) fn spoken_paragraphs(html: impl Fn(Lang) -> Vec<String>) -> String {
    let paragraphs = |lang: Lang| {
        html(lang)
            .into_iter()
            .map(|text| format!("<p class=\"lede\" lang=\"{}\">{text}</p>", lang.code()))
            .collect::<String>()
    };
    [Lang::En, Lang::Pt].map(paragraphs).concat()
}

pub(in crate::view) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// JSON that cannot end its `<script>`: characters that mean something in HTML are written as escapes, which JSON reads back.
pub(super) fn json_for_html(data: &impl serde::Serialize) -> String {
    let json = serde_json::to_string(data).expect("the data has string keys and finite numbers only");
    json.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e")
}
