//! One page about a run: what was trained, how well its judge sees, every curve, and the readout sentences at each step.
//! events -> words and tables (here), curves and snapshots (`report/data.rs` -> `report/page.js`) -> HTML that needs no network.
//! The page can be light or dark, English or Portuguese. It shows its words and tables without the script too.

mod cards;
mod data;
mod html;
mod page;
mod run;
mod tables;
#[cfg(test)]
mod tests;
mod text;
mod words;

use crate::train::event::Event;
use crate::view::Lang;
use html::json_for_html;
use page::Page;
use run::Run;

pub(super) use html::escape;

pub(super) const STYLE: &str = include_str!("report/page.css");
const SCRIPT: &str = include_str!("report/page.js");

/// The whole page, first shown in `lang`. It is smaller than a megabyte however long the run is.
pub fn html(events: &[Event], lang: Lang) -> String {
    let run = Run::from_events(events);
    let page = Page { lang };
    let mut body = String::with_capacity(1 << 17);
    body.push_str(&page.header(&run));
    body.push_str("<main>");
    body.push_str(&page.warnings(&run));
    body.push_str(&page.cards(&run));
    body.push_str(&page.drawn_sections(&run));
    body.push_str(&page.next(&run));
    body.push_str(&page.tables(&run));
    body.push_str(&page.settings(&run));
    body.push_str("</main>");
    body.push_str(&page.footer());
    let title = escape(&format!("{} · Electroscope", run.plan.map_or("run", |plan| plan.preset.as_str())));
    format!(
        "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title>\n<style>\n{STYLE}</style></head>\n<body>\n\
         {body}\n<script type=\"application/json\" id=\"words\">{}</script>\n<script type=\"application/json\" id=\"data\">{}</script>\n<script>\n{SCRIPT}</script>\n</body></html>\n",
        lang.code(),
        json_for_html(&words::words()),
        json_for_html(&run.data()),
    )
}
