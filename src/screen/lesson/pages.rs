//! The nine pages as data: what each says, asks and points at. The words stand in `assets/strings`.

use crate::screen::panel::{Mark, PanelId};

/// A page: its text, its question with options, its answer, and the thing that is marked meanwhile.
pub struct Page {
    pub title: &'static str,
    pub text: &'static str,
    pub question: &'static str,
    pub options: [&'static str; 3],
    /// Which of the options is right.
    pub right: usize,
    pub answer: &'static str,
    pub mark: Mark,
    /// The panel in which the thing is marked.
    pub panel: PanelId,
}

pub const PAGES: [Page; 9] = [
    Page {
        title: "lesson-1-title",
        text: "lesson-1-text",
        question: "lesson-1-question",
        options: ["lesson-1-a", "lesson-1-b", "lesson-1-c"],
        right: 1,
        answer: "lesson-1-answer",
        mark: Mark::OriginalRow,
        panel: PanelId::Flow,
    },
    Page {
        title: "lesson-2-title",
        text: "lesson-2-text",
        question: "lesson-2-question",
        options: ["lesson-2-a", "lesson-2-b", "lesson-2-c"],
        right: 0,
        answer: "lesson-2-answer",
        mark: Mark::MaskedRow,
        panel: PanelId::Flow,
    },
    Page {
        title: "lesson-3-title",
        text: "lesson-3-text",
        question: "lesson-3-question",
        options: ["lesson-3-a", "lesson-3-b", "lesson-3-c"],
        right: 1,
        answer: "lesson-3-answer",
        mark: Mark::GeneratorRow,
        panel: PanelId::Flow,
    },
    Page {
        title: "lesson-4-title",
        text: "lesson-4-text",
        question: "lesson-4-question",
        options: ["lesson-4-a", "lesson-4-b", "lesson-4-c"],
        right: 2,
        answer: "lesson-4-answer",
        mark: Mark::GeneratorRow,
        panel: PanelId::Flow,
    },
    Page {
        title: "lesson-5-title",
        text: "lesson-5-text",
        question: "lesson-5-question",
        options: ["lesson-5-a", "lesson-5-b", "lesson-5-c"],
        right: 1,
        answer: "lesson-5-answer",
        mark: Mark::JudgeRow,
        panel: PanelId::Flow,
    },
    Page {
        title: "lesson-6-title",
        text: "lesson-6-text",
        question: "lesson-6-question",
        options: ["lesson-6-a", "lesson-6-b", "lesson-6-c"],
        right: 0,
        answer: "lesson-6-answer",
        mark: Mark::Legend,
        panel: PanelId::Flow,
    },
    Page {
        title: "lesson-7-title",
        text: "lesson-7-text",
        question: "lesson-7-question",
        options: ["lesson-7-a", "lesson-7-b", "lesson-7-c"],
        right: 1,
        answer: "lesson-7-answer",
        mark: Mark::JudgeRow,
        panel: PanelId::Flow,
    },
    Page {
        title: "lesson-8-title",
        text: "lesson-8-text",
        question: "lesson-8-question",
        options: ["lesson-8-a", "lesson-8-b", "lesson-8-c"],
        right: 2,
        answer: "lesson-8-answer",
        mark: Mark::Curves,
        panel: PanelId::Curves,
    },
    Page {
        title: "lesson-9-title",
        text: "lesson-9-text",
        question: "lesson-9-question",
        options: ["lesson-9-a", "lesson-9-b", "lesson-9-c"],
        right: 1,
        answer: "lesson-9-answer",
        mark: Mark::Verdicts,
        panel: PanelId::Verdicts,
    },
];

/// GLUE points of the five objectives at the same compute, base size (Clark et al. 2020, table 5).
pub const OBJECTIVES: [(&str, f64); 5] =
    [("ELECTRA", 85.0), ("All-Tokens MLM", 84.3), ("Replace MLM", 82.4), ("ELECTRA 15%", 82.4), ("BERT", 82.2)];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Lang;
    use crate::view::words::Strings;

    /// The right answer of every question is among its options, and every page has a text.
    #[test]
    fn every_page_is_whole_in_both_languages() {
        for strings in [Lang::En, Lang::Pt].map(Strings::of) {
            for page in &PAGES {
                let options = page.options.map(|key| strings.t(key));
                assert!(page.right < options.len());
                assert!(options.iter().all(|o| !o.is_empty() && o.len() < 60), "{options:?}");
                assert!(options[0] != options[1] && options[1] != options[2] && options[0] != options[2]);
                let words = strings.t(page.text).split_whitespace().count();
                assert!((40..140).contains(&words), "{}: {words} words", page.title);
                assert!(strings.t(page.question).ends_with('?'), "{}", page.question);
            }
        }
    }

    #[test]
    fn the_figures_of_the_text_are_those_of_the_chart() {
        let [en, pt] = [Lang::En, Lang::Pt].map(Strings::of);
        let points =
            |name| OBJECTIVES.iter().find(|(objective, _)| *objective == name).map(|(_, points)| *points).unwrap();
        for (strings, lang) in [(&en, Lang::En), (&pt, Lang::Pt)] {
            let said = |key: &str, name| {
                let (text, number) = (strings.t(key), lang.decimal(points(name), 1));
                assert!(text.contains(&number), "{key}: {number} in {text}");
            };
            said("lesson-7-question", "ELECTRA");
            said("lesson-7-answer", "ELECTRA 15%");
            said("lesson-7-answer", "BERT");
            said("lesson-4-answer", "Replace MLM");
            said("lesson-9-answer", "All-Tokens MLM");
        }
    }
}
